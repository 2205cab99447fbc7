"""An algorithm of one's own by name, MODULE:CLASS: trained, resumed, evaluated, swept, and what is refused."""

import json
import sys
from pathlib import Path

import pytest

from qmix_course.__main__ import main
from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.algorithms import Algorithm
from qmix_course.choices import ALGORITHMS, algorithm_called, make_run, team_options
from qmix_course.plan import Plan

SHORT = ["--steps", "320", "--set", "learning_starts=64", "--set", "evaluate_every=160", "--set", "num_envs=8", "--set",
         "batch_size=16"]
CODE = """
from qmix_course.agents import MLPAgents
from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import GridWorld

class Narrow(QMIX):
    "Agents of one width, which must be given."
    def make_agents(self, recurrent, width):
        return MLPAgents(self.spec.n_agents, self.spec.obs_dim, self.spec.n_actions, hidden=(width,))

class Scaled(VDN):
    def __init__(self, spec, factor=1.0, **options):
        super().__init__(spec, **options)
        self.factor = factor
    def loss(self, batch, target):
        return self.factor * super().loss(batch, target)

class Bare(QMIX):
    def __init__(self, spec):
        super().__init__(spec, gamma=0.9)

class Breaks(QMIX):
    def make_agents(self, recurrent):
        return {}["agents"]

number = 3
"""


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_teams.py").write_text(CODE)
    (tmp_path / "my_typo.py").write_text("import json\n\nprint(undefined)\n")
    (tmp_path / "my_syntax.py").write_text("def f(:\n")


def test_it_is_trained_resumed_and_evaluated(capsys):
    arguments = ["train", "--algorithm", "my_teams:Narrow", "--set", "width=6", *SHORT]
    assert main(arguments) == 0
    folder = Path("runs/grid-my_teams-Narrow-seed0-width6-learning_starts64-evaluate_every160-num_envs8-batch_size16")
    assert "my_teams:Narrow on grid, seed 0: 320 steps" in capsys.readouterr().out
    _, team, _ = make_run(json.loads((folder / "run.json").read_text()))
    assert type(team).__name__ == "Narrow" and team.agents.layers[0].weight.shape[-1] == 6
    longer = ["480" if word == "320" else word for word in arguments]
    assert main([*longer, "--resume"]) == 0 and main(["evaluate", str(folder)]) == 0
    assert "480 steps of training" in capsys.readouterr().out
    other = ["width=7" if word == "width=6" else word for word in longer]
    assert main([*other, "--resume", "--run", str(folder)]) == 2        # another option: another team
    assert "with the options {'width': 6}, got {'width': 7}" in capsys.readouterr().err


def test_it_stands_beside_the_courses_own_in_a_sweep(tmp_path, capsys):
    (tmp_path / "study.toml").write_text(
        "env = 'two-step'\nalgorithm = ['qmix', 'my_teams:Scaled', 'my_teams:Bare']\nseeds = 1\nsteps = 320\n"
        "[settings]\nlearning_starts = 64\nevaluate_every = 160\n")
    assert main(["sweep", "study.toml", "--jobs", "2"]) == 0            # in processes of their own
    assert "3 runs: 0 were there, 3 trained now, 0 failed" in capsys.readouterr().out
    assert main(["sweep", "study.toml", "--jobs", "1"]) == 0
    assert "3 were there, 0 trained now" in capsys.readouterr().out
    assert main(["report", "runs/study"]) == 0 and "my_teams:Scaled" in capsys.readouterr().out


def test_a_second_sweep_knows_the_folder_and_the_code_of_its_own_time(tmp_path, monkeypatch):
    """In one process, as a notebook is; the processes of the first one would know neither."""
    for place in ("First", "Second"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        monkeypatch.syspath_prepend(tmp_path / place)
        monkeypatch.delitem(sys.modules, "own_teams", raising=False)
        Path("own_teams.py").write_text(f"from qmix_course.algorithms import VDN\n\nclass {place}(VDN):\n    pass\n")
        Path("study.toml").write_text(f"env = 'two-step'\nalgorithm = 'own_teams:{place}'\nseeds = 2\nsteps = 320\n"
                                      "[settings]\nlearning_starts = 64\nevaluate_every = 160\n")
        assert main(["sweep", "study.toml", "--jobs", "2"]) == 0


def test_what_it_takes_is_what_can_be_set():
    own = {name: team_options(algorithm_called(f"my_teams:{name}")[0]) for name in ("Narrow", "Scaled", "Bare")}
    assert own["Narrow"]["width"] and "gamma" in own["Narrow"] and "hidden" not in own["Narrow"]
    assert own["Scaled"]["factor"] is False and "hidden" in own["Scaled"] and own["Bare"] == {}
    for kind, _ in ALGORITHMS.values():                     # the course's own: nothing must be given
        options = team_options(kind)
        assert not any(options.values()) and {"gamma", "double_q", "recurrent", "hidden", "shared"} <= set(options)
        kind.for_env(make_run({"env": "two-step", "algorithm": "iql", "seed": 0})[0], **{
            name: value for name, value in (("gamma", 0.5), ("hidden", (4,)), ("shared", True))})


def test_what_skirmish_sets_goes_only_to_who_takes_it():
    choices = {"env": "skirmish:3m", "seed": 0}
    for name, both in (("my_teams:Scaled", True), ("my_teams:Bare", False)):
        team = make_run(choices | {"algorithm": name})[1]
        assert team.double_q == both and (team.agents.layers[0].weight.shape[0] == 1) == both


@pytest.mark.parametrize("name, settings, words", [
    ("my_teams:Narrow", [], "my_teams:Narrow needs width: add --set width=VALUE"),
    ("my_teams:Narrow", ["hidden=[8]"], "settings: unknown name 'hidden', expected one of .*width"),
    ("my_teams:Narrow", ["width=6", "gamma=3"], "gamma: expected a finite number"),
    ("my_teams:Breaks", [], "my_teams:Breaks could not be made; it raised KeyError: 'agents' .my_teams.py, line 24, in "
                            "make_agents"),
    ("my_teams:Nothing", [], "expected a class in .*my_teams.py, got 'Nothing', which is not there"),
    ("my_teams:number", [], "my_teams:number to be a subclass of Algorithm, .* got int 3"),
    ("my_teams:GridWorld", [], "to be a subclass of Algorithm, .* got the class GridWorld"),
    ("nobody_has_this:Team", [], "one of iql, .*, or MODULE:CLASS, got 'nobody_has_this:Team'; there is no module"),
    ("my_typo:Team", [], "the module my_typo raised NameError: .* .my_typo.py, line 3, in <module>"),
    ("my_syntax:Team", [], "the module my_syntax raised SyntaxError: .*my_syntax.py, line 1"),
    (":Team", [], "expected one of iql")])
def test_what_is_refused_by_name(name, settings, words, capsys, tmp_path):
    with pytest.raises((ValueError, TypeError), match=words):
        make_run({"env": "grid", "algorithm": name, "seed": 0,
                  "settings": {each.split("=")[0]: json.loads(each.split("=")[1]) for each in settings}})
    assert main(["train", "--algorithm", name, *[word for each in settings for word in ("--set", each)]]) == 2
    assert capsys.readouterr().err.startswith("qmix_course: ") and not (tmp_path / "runs").exists()
    plan = Plan("grid", name, 1, settings={each.split("=")[0]: json.loads(each.split("=")[1]) for each in settings})
    with pytest.raises(ValueError, match=words):
        plan.check()


def test_one_that_a_plan_does_not_know_is_refused_at_once():
    with pytest.raises(ValueError, match="algorithm: unknown name 'qmax', expected one of iql.*MODULE:CLASS"):
        Plan("grid", "qmax")


def test_all_that_the_old_rule_let_be_set_can_still_be_set():
    """Every argument with a default of every class on the way, as it was before one's own classes came in."""
    import inspect
    for kind, _ in ALGORITHMS.values():
        inits = [each.__init__ for each in (*kind.__mro__, MLPAgents, GRUAgents) if "__init__" in vars(each)]
        team = {name for init in inits for name, each in inspect.signature(init).parameters.items()
                if each.kind is each.POSITIONAL_OR_KEYWORD and each.default is not each.empty}
        assert set(team_options(kind)) == team and issubclass(kind, Algorithm)
