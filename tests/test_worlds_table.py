"""The table of worlds: what is stored belongs to today's script, its pieces run, and nothing is trained twice."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from outside import package

from benchmarks.tables import __main__ as runner
from benchmarks.tables import worlds, worlds_rules
from qmix_course import data, experiment
from qmix_course.choices import make_env
from qmix_course.evaluation import evaluate
from qmix_course.intervals import bootstrap, iqm

# LBF and mpe2 pay agents differently, which the bridge says once: here they are a team
# Of a run of 640 steps nobody expects that it finds a reward in every world.
pytestmark = [pytest.mark.filterwarnings("ignore:.*does not pay all agents the same"),
              pytest.mark.filterwarnings("ignore:train. every reward in")]
EMBEDDED = [name for name, world in worlds.WORLDS.items() if world.package is None]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


@pytest.fixture
def tiny(monkeypatch):
    """The same worlds, but hardly any steps, one seed, and few episodes at the end."""
    few = {"evaluate_every": 320, "evaluation_episodes": 2, "learning_starts": 128, "batch_size": 16}
    monkeypatch.setattr(worlds, "WORLDS", {name: replace(world, steps=640, settings=world.settings | few)
                                           for name, world in worlds.WORLDS.items()})
    monkeypatch.setattr(worlds, "SEEDS", range(1))
    monkeypatch.setattr(worlds, "EPISODES", 4)


def only(monkeypatch, *names):
    monkeypatch.setattr(worlds, "WORLDS", {name: worlds.WORLDS[name] for name in names})


def stored() -> dict:
    return data.load("worlds")["worlds"]


# ---- what is stored --------------------------------------------------------------------------------------------------

def test_what_is_stored_was_measured_with_todays_settings():
    assert data.load("worlds")["settings"] == {"episodes": worlds.EPISODES, "dtype": worlds.DTYPE}
    assert list(stored()) == [name for name in worlds.WORLDS if name in stored()]
    for name, found in stored().items():
        world = worlds.WORLDS[name]
        assert found["env"] == world.env and found["settings"] == worlds.COMMON | world.settings
        assert found["published"] == world.published and found["date"] and found["torch"]
        assert found["steps"] == world.steps and list(found["rules"]) == ["random", *world.rules]
        assert list(found["runs"]) == list(worlds.WAYS)
        for runs in found["runs"].values():
            assert [run["seed"] for run in runs] == [*worlds.SEEDS] and len(runs) >= 5
            for run in runs:
                assert len(run["steps"]) == len(run["greedy"]) == world.steps // world.settings["evaluate_every"]
                assert run["steps"][-1] == world.steps and ("won" in run) == (world.full is not None)


@pytest.mark.parametrize("name", [name for name in EMBEDDED if name in stored()])
def test_what_needs_no_training_is_the_same_again(name):
    assert worlds.by_hand(name)["rules"] == stored()[name]["rules"]


def test_a_line_says_the_interquartile_mean_and_its_interval_and_every_seed():
    lines = worlds.show(data.load("worlds"))
    for found in stored().values():
        got = [run["return"] for run in found["runs"]["qmix"]]
        low, high = bootstrap(got)
        words = [f"{iqm(got):.2f}", f"{low:.2f}", f"{high:.2f}", *(f"{each:.2f}" for each in got)]
        assert any(line.lstrip().startswith("QMIX") and all(word in line for word in words) for line in lines)
        assert any(found["published"] in line for line in lines)


def test_the_results_page_has_the_stored_table_and_what_is_published():
    page = (worlds.FOLDER.parents[1] / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert worlds.markdown(data.load("worlds")) in page
    words = " ".join(page.split())
    for published, _ in worlds.SPREAD.values():
        assert f"{published} (here {worlds.in_mpe2s_units(published):.1f})".replace("-", "−") in words


# ---- the pieces ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", worlds.WORLDS)
def test_a_tiny_run_of_each_world(name, tiny, monkeypatch, tmp_path):
    if worlds.WORLDS[name].package is not None:
        package(worlds.WORLDS[name].package)
    only(monkeypatch, name)
    tasks = worlds.tasks(folder=tmp_path)
    assert len(tasks) == 1 + len(worlds.WAYS)
    found = worlds.collect([function(*arguments) for function, arguments in tasks])
    assert list(found["worlds"]) == [name] and found["core_seconds"] >= 0
    world = found["worlds"][name]
    for way in worlds.WAYS:
        run, = world["runs"][way]
        assert run["steps"] == [320, 640] and len(run["greedy"]) == 2 and run["seed"] == 0
        assert 0 <= run.get("won", 0) <= 1 and run["length"] > 0
    assert torch.get_default_dtype() == torch.float64
    assert len(worlds.show(found)) == 2 + 2 + len(world["rules"]) + len(worlds.WAYS)


def test_nothing_is_done_twice(tiny, monkeypatch, tmp_path):
    """A second call trains nothing, plays nothing and says the same; a run that is missing is the only one made."""
    only(monkeypatch, "speaker")
    tasks = worlds.tasks(folder=tmp_path)
    first = [function(*arguments) for function, arguments in tasks]
    made, train = [], experiment.train
    monkeypatch.setattr(experiment, "train", lambda *args, **options: made.append(args[2].seed) or train(
        *args, **options))
    played = []
    monkeypatch.setattr(worlds, "load_team", lambda *args: played.append(args))
    assert [function(*arguments) for function, arguments in tasks] == first and not made and not played
    (tmp_path / "runs" / tasks[2][1][1]["name"] / "history.csv").unlink()
    again = [function(*arguments) for function, arguments in tasks]
    assert made == [0]
    assert [run | {"seconds": 0} for run in again[1:]] == [run | {"seconds": 0} for run in first[1:]]


def test_a_run_that_was_killed_goes_on_where_it_was(tiny, monkeypatch, tmp_path):
    only(monkeypatch, "speaker")
    whole = worlds.run(*worlds.tasks(folder=tmp_path / "whole")[1][1])
    arguments, train = worlds.tasks(folder=tmp_path / "killed")[1][1], experiment.train
    with monkeypatch.context() as patch:
        patch.setattr(experiment, "train", lambda *args, **options: train(*args, **options | {
            "stop": lambda: (tmp_path / "killed/runs" / arguments[1]["name"] / "checkpoint.pt").exists()}))
        with pytest.raises(SystemExit):
            worlds.run(*arguments)
    resumed = []
    monkeypatch.setattr(experiment, "train", lambda *args, **options: resumed.append(options["resume"]) or train(
        *args, **options))
    assert worlds.run(*arguments) | {"seconds": 0} == whole | {"seconds": 0} and resumed == [True]


def test_a_failed_run_is_named(tiny, monkeypatch, tmp_path):
    only(monkeypatch, "speaker")
    monkeypatch.setattr(experiment, "train", lambda *_, **__: 1 / 0)
    with pytest.raises(RuntimeError, match="ow-qmix.*seed0.*ZeroDivisionError"):
        worlds.run(*worlds.tasks(folder=tmp_path)[-1][1])


def test_a_world_whose_package_is_missing_is_left_out_and_its_stored_rows_stay(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(worlds, "find_spec", lambda package: None)
    kept = {"worlds": {"lbf_5x5": {"runs": {"qmix": [{"seconds": 7.0}]}}}}
    monkeypatch.setattr(worlds.data, "load", lambda name: kept)
    tasks = worlds.tasks(folder=tmp_path)
    assert {arguments[0] for _, arguments in tasks} == set(EMBEDDED)
    assert "LBF 5x5-2p-1f is left out: lbforaging is not installed" in capsys.readouterr().out
    found = worlds.collect([])
    assert found["worlds"] == kept["worlds"] and found["core_seconds"] == 7


def test_the_quick_form_is_another_plan_with_the_same_settings():
    for name in worlds.WORLDS:
        small, whole = worlds.plan(name, quick=True), worlds.plan(name)
        assert small.settings == whole.settings and 8 * small.steps == whole.steps and len(small.seeds) == 2
        assert not {run["name"] for run in small.runs()} & {run["name"] for run in whole.runs()}


def test_the_quick_form_leaves_what_is_stored_alone(tiny, monkeypatch, tmp_path, capsys):
    only(monkeypatch, "speaker")
    monkeypatch.setattr(worlds, "QUICK", {"seeds": range(1), "steps": 1})
    monkeypatch.setattr(worlds, "FOLDER", tmp_path / "runs")
    monkeypatch.setattr(runner, "QUICK", tmp_path / "small")
    monkeypatch.setattr(runner, "ProcessPoolExecutor", InPlace)
    before = (runner.DATA / "worlds.json").read_bytes()
    monkeypatch.setattr(sys, "argv", ["make tables", "--quick"])
    runner.main()
    assert {path.name for path in (tmp_path / "small").iterdir()} == {"worlds.json", "worlds.png"}
    assert "speaker and listener" in capsys.readouterr().out and (runner.DATA / "worlds.json").read_bytes() == before
    monkeypatch.setattr(sys, "argv", ["make tables", "games", "--quick"])
    with pytest.raises(SystemExit):
        runner.main()
    assert "worlds alone has a small form" in capsys.readouterr().err


class InPlace(ThreadPoolExecutor):
    """In this process, so that the tiny worlds are seen."""

    def __init__(self, jobs, **_):
        super().__init__(1)


def test_the_folder_of_the_runs_is_not_for_git():
    assert worlds.FOLDER.relative_to(worlds.FOLDER.parents[1]).parts[0] == "build"
    assert "build/" in (worlds.FOLDER.parents[1] / ".gitignore").read_text(encoding="utf-8").split()


def test_published_returns_of_simple_spread_are_told_in_mpe2s_units():
    """What the older package would have paid at each step, worked out from where mpe2's agents are."""
    package("mpe2")
    env = make_env(worlds.WORLDS["spread"].env, 8)
    dice, step = torch.Generator().manual_seed(0), env.reset(seed=0)
    ours, theirs = torch.zeros(8), torch.zeros(8)
    for _ in range(25):
        step = env.step(torch.randint(5, (8, 3), generator=dice))
        ours += step.reward
        for row, one in enumerate(env._envs):
            agents, landmarks = (torch.tensor(np.array([each.state.p_pos for each in group]))
                                 for group in (one.unwrapped.world.agents, one.unwrapped.world.landmarks))
            nearest = torch.cdist(landmarks, agents).amin(1).sum()
            touching = (torch.cdist(agents, agents) < 0.3).sum(1)               # with itself, too
            theirs[row] += sum(-nearest - each for each in touching)
    assert (touching > 1).any() or (theirs < -75).all()
    for mine, old in zip(ours.tolist(), theirs.tolist()):
        assert worlds.in_mpe2s_units(old) == pytest.approx(mine)


# ---- the rules -------------------------------------------------------------------------------------------------------

def played(name: str, team=None, rows: int = 64):
    env = make_env(worlds.WORLDS[name].env, rows)
    return evaluate(env, worlds_rules.draws(env.spec) if team is None else team(env), seed=3)


def test_whoever_is_told_the_goal_walks_there():
    env = make_env(worlds.WORLDS["speaker"].env, 64)
    team, step = worlds.WORLDS["speaker"].rules["told the goal"](env), env.reset(seed=0)
    for _ in range(24):
        step = env.step(team(step.obs, step.available))
    there = env.places
    away = (there["landmarks"][torch.arange(64), there["goal"]] - there["listener"]).norm(dim=-1)
    assert away.max() < 0.2 and torch.equal(step.obs[:, 1, 8:].argmax(-1), there["goal"])


def test_in_lbf_both_load_together_and_collect_everything():
    package("lbforaging")
    rule = worlds.WORLDS["lbf_5x5"].rules["told together"]
    assert played("lbf_5x5", rule).returns.min() > 0.999 > played("lbf_5x5").mean_return


def test_a_path_goes_around_what_stands_in_the_way():
    # food at (0, 2); one stands at (0, 0), the other beside the food; (0, 1) is taken, so the way leads below
    obs = torch.tensor([[[0.0, 2, 3, 0, 0, 1, 0, 1, 2], [0, 2, 3, 0, 1, 2, 0, 0, 1]]])
    assert worlds_rules.fetch_together(obs, size=5).tolist() == [[2, 0]]
    beside = torch.tensor([[[0.0, 2, 3, 1, 2, 1, 0, 1, 2], [0, 2, 3, 0, 1, 2, 1, 2, 1]]])
    assert worlds_rules.fetch_together(beside, size=5).tolist() == [[5, 5]]
    eaten = torch.tensor([[[-1.0, -1, 0, 1, 2, 1, 0, 1, 2]] * 2])
    assert worlds_rules.fetch_together(eaten, size=5).tolist() == [[0, 0]]


def test_landmarks_are_given_out_so_that_the_least_is_walked():
    """Two agents on a line, both nearest to the same landmark: one of them takes the other one."""
    ways = torch.tensor([[[[1.0, 0], [-5.0, 0]], [[0.5, 0], [-5.5, 0]]]])       # [B, N, landmark, 2]
    obs = torch.cat([torch.zeros(1, 2, 4), ways.flatten(2)], -1)
    assert worlds_rules.one_landmark_each(obs).tolist() in ([[1, 2]], [[2, 1]])


def test_rules_beat_chance():
    for name, package_name in (("spread", "mpe2"), ("smax_3m", "jaxmarl")):
        if name in worlds.WORLDS:
            package(package_name)
            for rule in worlds.WORLDS[name].rules.values():
                assert played(name, rule).mean_return > played(name).mean_return + 1


def test_what_draws_has_no_favourite():
    """Speaker and listener: five actions, three of them open to the speaker; each as likely as the others."""
    env = make_env(worlds.WORLDS["speaker"].env, 5_000)
    q, _ = worlds_rules.draws(env.spec).act_values(env.reset(seed=0).obs)
    listens = q[:, 1].argmax(-1).bincount(minlength=5)
    speaks = q[:, 0, :3].argmax(-1).bincount(minlength=3)
    assert (listens - 1_000).abs().max() < 130 and (speaks - 1_667).abs().max() < 170
