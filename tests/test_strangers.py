"""Somebody else's code that fails: its error keeps its kind and its words, and says which call of which environment it
came from."""

import os

import numpy as np
import pytest
import torch
from own_envs import Walk

from qmix_course import strangers
from qmix_course.__main__ import main
from qmix_course.envs import GridWorld, ResetNeeded
from qmix_course.experiment import sweep
from qmix_course.plan import Plan

FIRST = torch.ones(1, 2, dtype=torch.int64)
FAILING = """
import torch
from qmix_course.envs import GridWorld, ResetNeeded
class Failing(GridWorld):
    def _advance(self, actions):
        raise ValueError("need at least one array")
def make(num_envs): return Failing(num_envs=num_envs)
def never(num_envs): return {}["x"]
def refuses(num_envs): raise ValueError("no board today")
"""


class Failing(Walk):
    """Fails in the method called ``where``, or returns nothing from it."""

    def __init__(self, where, nothing=False):
        super().__init__()
        self.where, self.nothing = where, nothing

    def _begin(self, where):
        return self._fail() if self.where == "_begin" else super()._begin(where)

    def _advance(self, actions):
        return self._fail() if self.where == "_advance" else super()._advance(actions)

    def _fail(self):
        return None if self.nothing else {}["gone"]


def said(error):
    return strangers.words_of(error.value)


@pytest.mark.parametrize("where", ["_begin", "_advance"])
def test_ones_own_environment(where):
    env = Failing(where)
    with pytest.raises(KeyError, match="^'gone'") as error:
        env.reset(seed=0)
        env.step(FIRST)
    assert said(error).startswith(f"'gone' (raised in {where} of Failing (test_strangers.py, line ")
    assert said(error).endswith(", in _fail))")
    env = Failing(where, nothing=True)
    with pytest.raises(TypeError, match=f"{where} of Failing: expected a TeamStep, got NoneType None"):
        env.reset(seed=0)
        env.step(FIRST)


def test_our_own_words_need_no_note():
    env = Walk()
    env.reset(seed=0)
    with pytest.raises(ValueError) as error:
        env.step(5 * FIRST)
    assert strangers.notes_of(error.value) == [] and said(error) == str(error.value)


@pytest.mark.parametrize("call", ["reset", "step", "state"])
def test_the_bridge_from_pettingzoo(call):
    pytest.importorskip("pettingzoo")
    from test_pettingzoo_agents import Leaving

    from qmix_course.envs import from_parallel_env

    env = from_parallel_env(Leaving("none"), episode_limit=4)
    inside = env._envs[0]

    def fail(*given, **named):
        return np.concatenate([])

    with pytest.raises(ValueError, match="^need at least one array to concatenate") as error:
        if call == "state":
            type(inside).state = lambda self: np.zeros(3)
            try:
                env = from_parallel_env(Leaving("none"), episode_limit=4)
            finally:
                del type(inside).state
            inside = env._envs[0]
        setattr(inside, call, fail)
        env.reset(seed=0)
        env.step(torch.zeros(1, 2, dtype=torch.int64))
    assert len(strangers.notes_of(error.value)) == 1                    # the bridge itself adds no second one
    assert f"(raised in {call} of leaving (test_strangers.py, line" in said(error)


@pytest.fixture
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "failing_worlds.py").write_text(FAILING)


def test_the_command_line_says_it(somewhere_else, capsys):
    assert main(["evaluate", "--env", "failing_worlds:make"]) == 2
    assert capsys.readouterr().err == ("qmix_course: need at least one array (raised in _advance of Failing "
                                       "(failing_worlds.py, line 6, in _advance))\n")
    assert main(["evaluate", "--env", "failing_worlds:refuses"]) == 2
    assert capsys.readouterr().err == ("qmix_course: no board today (raised in the call of failing_worlds:refuses "
                                       "(failing_worlds.py, line 9, in refuses))\n")
    with pytest.raises(KeyError) as error:
        main(["evaluate", "--env", "failing_worlds:never"])
    assert "raised in the call of failing_worlds:never" in said(error)


def test_a_sweep_says_it(somewhere_else, tmp_path):
    swept = sweep(Plan("failing_worlds:make", "vdn", seeds=1), tmp_path / "swept", jobs=1)
    assert list(swept.failed.values()) == ["ValueError: need at least one array (raised in _advance of Failing "
                                           "(failing_worlds.py, line 6, in _advance))"]
    with pytest.raises(ValueError, match=r"plain: no board today \(raised in the call of failing_worlds:refuses"):
        sweep(Plan("failing_worlds:refuses", "vdn", seeds=1), tmp_path / "other", jobs=1)


def test_a_folder_whose_name_begins_like_ours_is_not_ours():
    """As a person's own qmix_course_mine/ beside the course's folder."""
    code = compile("raise ValueError('mine')", strangers.OURS.rstrip(os.sep) + f"_mine{os.sep}meet.py", "exec")
    with pytest.raises(ValueError) as error, strangers.asked("step", "meeting"):
        exec(code, {})
    assert not strangers.is_ours(error.value) and "raised in step of meeting (meet.py, line 1" in said(error)


def test_what_is_no_error_passes():
    """Ctrl-C, an exit, a generator's end."""
    for kind in (KeyboardInterrupt, SystemExit, GeneratorExit):
        with pytest.raises(kind) as error, strangers.asked("step", GridWorld()):
            raise kind
        assert strangers.notes_of(error.value) == []


class Half(Walk):
    """Moves, and then fails, when it is ``told``."""

    told = None

    def _begin(self, where):
        step = super()._begin(where)
        return {}["gone"] if self.told == "_begin" else step

    def _advance(self, actions):
        step = super()._advance(actions)
        return {}["gone"] if self.told == "_advance" else step


@pytest.mark.parametrize("method", ["_begin", "_advance"])
def test_what_failed_midway_wants_a_reset_of_all_rows(method):
    env = Half(num_envs=2, limit=1)
    env.reset(seed=0)
    step = env.step(FIRST.repeat(2, 1)) if method == "_begin" else None
    env.told = method
    with pytest.raises(KeyError, match="gone"):
        env.reset(where=step.ended) if step else env.step(FIRST.repeat(2, 1))
    env.told = None
    with pytest.raises(ResetNeeded, match="has not been reset"):
        env.step(FIRST.repeat(2, 1))
    with pytest.raises(ResetNeeded, match="every row"):
        env.reset(where=torch.tensor([True, False]))
    assert not env.reset().ended.any()
