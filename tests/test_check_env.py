"""``check_env`` names each mistake with its own sentence, and says nothing of a right environment."""

import pytest
import torch
from own_envs import (
    WRONG,
    BufferObs,
    DeepClone,
    EndsEarly,
    Expanded,
    IgnoresWhere,
    OwnRng,
    OwnStep,
    Walk,
    WritesActions,
)
from own_envs_more import DOUBTED, Arrivals, HiddenDice, ManyKinds
from own_envs_more import WRONG as MORE

from qmix_course.envs import (
    Cue,
    GridWorld,
    MatrixGame,
    MStepGame,
    PredatorPrey,
    Skirmish,
    SpeakerListener,
    TwoStepGame,
    check_env,
)
from qmix_course.errors import Faults

RIGHT = {
    "walk": lambda: Walk(),
    "walk, many rows": lambda: Walk(num_envs=9),
    "walk with chance": lambda: Walk(slip=0.4),
    "walk of one step": lambda: Walk(limit=1),
    "walk of two steps": lambda: Walk(limit=2),
    "deep clones": lambda: DeepClone(),
    "dice of its own": lambda: OwnRng(),
    "ends early": lambda: EndsEarly(num_envs=2),
    "expanded": lambda: Expanded(),
    "two kinds of dice": lambda: ManyKinds(num_envs=4),
    "arrivals": lambda: Arrivals(num_envs=4),
    "hidden dice": lambda: HiddenDice(num_envs=4),
    "grid": lambda: GridWorld(size=3, episode_limit=12),
    "grid, random starts": lambda: GridWorld(size=4, num_envs=5, random_starts=True, episode_limit=15, view=1),
    "grid, three agents": lambda: GridWorld(size=3, n_agents=3, episode_limit=9),
    "matrix": lambda: MatrixGame("climbing"),
    "two-step": lambda: TwoStepGame(num_envs=4),
    "m-step": lambda: MStepGame(4),
    "cue": lambda: Cue(num_envs=2),
    "speaker and listener": lambda: SpeakerListener(episode_limit=6),
    "predator-prey": lambda: PredatorPrey(episode_limit=12),
    "skirmish": lambda: Skirmish("2m_vs_1m", num_envs=3, episode_limit=12),
    "skirmish, two kinds": lambda: Skirmish("2s3z", episode_limit=12),
}


def faults(env):
    try:
        check_env(env)
    except Faults as found:
        assert isinstance(found, ValueError) and str(found).count("\n- ") == len(found.faults)
        return found.faults
    return []


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_right_environments_pass(name, dtype):
    before = torch.get_rng_state()
    torch.set_default_dtype(dtype)
    try:
        assert faults(RIGHT[name]()) == []
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", WRONG | MORE)
def test_each_mistake_is_named_alone(name):
    make, begins, also = (WRONG | MORE)[name]
    found = faults(make())
    wanted = [words for words in found if words.startswith(begins or "_") and also in words]
    assert wanted and (len(found) == 1 or begins is None), found
    assert all(also in words for words in found)
    assert "expected" in found[0] and "\n" not in found[0]


@pytest.mark.parametrize("name", DOUBTED)
def test_what_breaks_no_rule_is_said(name):
    make, begins = DOUBTED[name]
    with pytest.warns(UserWarning) as said:
        assert faults(make()) == []
    word, = [str(each.message) for each in said]
    assert word.partition(": ")[2].startswith(begins), word


def test_actions_that_are_ruled_out_or_do_not_exist():
    found = faults(OwnStep())
    assert [words.split(":")[0] for words in found] == ["step"] * 3
    assert "action 3 of 3" in found[0] and "action -1" in found[1] and "which available rules out" in found[2]


def test_several_at_once():
    class Many(BufferObs, IgnoresWhere, WritesActions):
        pass

    found = faults(Many())
    assert [any(part in words for words in found) for part in
            ("wrote into the obs", "reset(where=...) changed", "wrote into `actions`")] == [True] * 3
    assert len(found) == 3, found


def test_methods_that_an_environment_chose_when_it_was_made_are_played_and_left_there():
    class Chosen(Walk):
        def __init__(self, num_envs=1):
            super().__init__(num_envs)
            self._begin = self.start

        def start(self, where):
            return Walk._begin(self, where)

        def _begin(self, where):
            raise AssertionError("this one is not in use")

        def clone(self, num_envs=None):
            raise RuntimeError("there is only this one")

    env = Chosen()
    assert [words.partition(":")[0] for words in faults(env)] == ["clone"] and env._begin == env.start


def test_what_is_no_environment_is_refused():
    with pytest.raises(TypeError, match="env: expected a TeamEnv"):
        check_env(object())


def test_other_peoples_worlds_pass_through_the_bridge():
    pettingzoo = pytest.importorskip("qmix_course.envs.pettingzoo", reason="needs PettingZoo")
    from parallel_worlds import World

    assert faults(pettingzoo.from_parallel_env(World, episode_limit=5)) == []
    assert faults(pettingzoo.from_parallel_env(World(), episode_limit=8)) == []        # one that cannot be made anew
    world = pytest.importorskip("mpe2.simple_speaker_listener_v4", reason="needs mpe2")
    assert faults(pettingzoo.from_parallel_env(world.parallel_env, num_envs=2)) == []
