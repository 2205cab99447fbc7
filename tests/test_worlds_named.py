"""Worlds by name: what --env takes, what a run remembers of it, and what is refused."""

import json

import pytest
from outside import package

from qmix_course.__main__ import EXAMPLES, main
from qmix_course.choices import make_run
from qmix_course.envs import GridWorld
from qmix_course.envs.named import WORLDS, named_world

pytestmark = pytest.mark.filterwarnings("ignore")                       # other people's code
NEEDS = {"lbf": "lbforaging", "rware": "rware", "vmas": "vmas", "smax": "jaxmarl", "overcooked": "jaxmarl",
         "pettingzoo": "mpe2"}
SHORT = ["--steps", "160", "--set", "num_envs=4", "--set", "learning_starts=40", "--set", "batch_size=16", "--set",
         "evaluate_every=80", "--set", "evaluation_episodes=2", "--set", "hidden=[8]"]


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_worlds.py").write_text("""
from qmix_course.envs import GridWorld
number = 3
def small(num_envs): return GridWorld(size=3, num_envs=num_envs)
def three(num_envs): return 3
def one_row(num_envs): return GridWorld()
class GivesUp: pass
def rule(obs, available): return obs
""")
    (tmp_path / "needs_more.py").write_text("import a_package_that_nobody_has")


def test_every_world_has_an_example():
    assert {name.split(":")[0] for name in EXAMPLES} == set(WORLDS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_run_is_trained_evaluated_and_resumed_where_it_was_trained(name, capsys):
    world, _, task = name.partition(":")
    if world in NEEDS:
        package(NEEDS[world])
    assert main(["train", "--env", name, "--run", "run", *SHORT]) == 0
    assert f"qmix on {name}, seed 0: 160 steps" in capsys.readouterr().out
    chosen = json.loads(open("run/run.json").read())
    assert chosen["env"] == name and chosen["settings"]["hidden"] == [8]
    env, team, config = make_run(chosen)
    assert env.num_envs == 4 and config.total_steps == 160
    assert task.split(".")[-1] in getattr(env, "name", task)
    assert main(["evaluate", "run"]) == 0 and "160 steps of training" in capsys.readouterr().out
    longer = ["240" if word == "160" else word for word in SHORT]
    assert main(["train", "--env", name, "--run", "run", "--resume", *longer]) == 0
    capsys.readouterr()
    assert main(["evaluate", "run"]) == 0 and "240 steps of training" in capsys.readouterr().out


def test_ones_own_function_and_settings(capsys):
    settings = ["--set", "learning_rate=5e-4", "--set", "gamma=0.9", "--set", "hidden=[8, 4]"]
    assert main(["train", "--env", "my_worlds:small", "--steps", "320", "--set", "learning_starts=64", *settings]) == 0
    folder = "runs/my_worlds-small-qmix-seed0-learning_starts64-learning_rate0.0005-gamma0.9-hidden84"
    assert "best possible is 9.75" in capsys.readouterr().out
    env, team, config = make_run(json.loads(open(f"{folder}/run.json").read()))
    assert isinstance(env, GridWorld) and env.size == 3 and team.gamma == 0.9 and config.learning_rate == 5e-4
    assert main(["evaluate", folder]) == 0


@pytest.mark.parametrize("name, words", [
    ("my_worlds:three", "what my_worlds:three returned: expected a TeamEnv, got int 3"),
    ("my_worlds:GivesUp", "my_worlds:GivesUp to be a function of num_envs that returns a TeamEnv, got a class"),
    ("my_worlds:one_row", "expected my_worlds:one_row to return num_envs = 32 rows, got 1"),
    ("my_worlds:rule", "my_worlds:rule to be a function of num_envs .* called as rule.num_envs=32.: .*'obs'"),
    ("my_worlds:number", "expected a function in .*my_worlds.py, got 'number'"),
    ("my_worlds:", "expected a function in .*my_worlds.py, got ''"),
    ("nobody_has_this:make", "one of skirmish, formation, lbf, .* there is no module 'nobody_has_this'"),
    ("nobody.has.this:make", "there is no module 'nobody.has.this'"), ("my_worlds.more:make", "there is no module"),
    (":make", "expected WORLD:TASK"), (".my_worlds:small", "expected WORLD:TASK"), ("a b:c", "expected WORLD:TASK"),
    ("needs_more:make", "a_package_that_nobody_has"),
    ("pettingzoo:nothing.here", "expected a module with a parallel_env after pettingzoo:.*'nothing.here'"),
    ("pettingzoo:", "expected a module with a parallel_env"),
    ("pettingzoo:.x", "expected a module with a parallel_env"),
    ("pettingzoo:json", "expected a module with a parallel_env after pettingzoo:.*'json'"),
    ("skirmish:marines", "scenario"), ("formation:star", "shape"), ("formation:4", "shape"),
    ("formation:line9", "n_agents")])
def test_what_is_refused_by_name(name, words, capsys):
    with pytest.raises((ValueError, TypeError, ImportError), match=words):
        named_world(name, 32)
    assert main(["train", "--env", name]) == 2
    assert "qmix_course: " in capsys.readouterr().err


def test_settings_that_nobody_has(capsys):
    for setting, words in (("learning_rat=1e-3", "near it: learning_rate"), ("learning_rate", "NAME=VALUE"),
                           ("learning_rate=fast", "learning_rate: expected a number, got str 'fast'"),
                           ("total_steps=2.5", "total_steps: expected a whole number"), ("gamma=2", "gamma"),
                           ("num_envs=0", "num_envs")):
        assert main(["train", "--set", setting]) == 2
        assert words in capsys.readouterr().err, setting


def test_a_package_that_is_missing_is_named(monkeypatch, capsys):
    for package_name, name in (("lbforaging", "lbf:Foraging-5x5-2p-1f-v3"), ("vmas", "vmas:balance"),
                               ("jaxmarl", "smax:3m")):
        monkeypatch.setitem(__import__("sys").modules, package_name, None)
        assert main(["train", "--env", name]) == 2
        assert f"pip install {package_name}" in capsys.readouterr().err
