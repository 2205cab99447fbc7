"""PettingZoo environments with parts that are missing or of another kind, and what becomes of the ones inside."""

import warnings

import numpy as np
import pytest
import torch

pytest.importorskip("pettingzoo")
from gymnasium import spaces  # noqa: E402
from parallel_worlds import World, at, refused  # noqa: E402
from pettingzoo import ParallelEnv  # noqa: E402

from qmix_course.envs import from_parallel_env  # noqa: E402

ZEROS = torch.zeros(1, 2, dtype=torch.int64)


@pytest.mark.parametrize("infos, words", [(None, "infos of tampered: expected a dict"),
                                          ({"a": None, "b": {}}, "info of a in tampered"),
                                          ([], "infos of tampered"), ({"a": {}, "b": [1]}, "info of b in tampered")])
def test_infos(infos, words):
    with pytest.raises(ValueError, match=words):
        from_parallel_env(World(infos=at(0, infos)), episode_limit=20)
    refused(from_parallel_env(World(infos=at(2, infos)), episode_limit=20), 2, words)
    env = from_parallel_env(World(infos=lambda w, right: {}), episode_limit=20)                # nothing to say is fine
    env.reset(seed=0)
    env.step(ZEROS)


@pytest.mark.parametrize("observations", [None, [1, 2], np.zeros((2, 6))], ids=["None", "list", "array"])
def test_observations_that_are_no_dict(observations):
    refused(from_parallel_env(World(observations=at(2, observations)), episode_limit=20), 2,
            "observations of tampered: expected a dict")


@pytest.mark.parametrize("came", [lambda w, r: r[0], lambda w, r: (*r, {}), lambda w, r: None, lambda w, r: list(r)],
                         ids=["obs", "three", "None", "list"])
def test_what_reset_gives(came):
    """The old interface gave only observations: a dict of two agents, which unpacks into two names."""
    with pytest.raises(ValueError, match="reset of tampered: expected a tuple"):
        from_parallel_env(World(reset=came), episode_limit=20)


@pytest.mark.parametrize("came", [lambda w, r: (*r[:2], r[2], r[4]), lambda w, r: (*r, {}), lambda w, r: None, lambda w,
                                  r: r[0]],
                         ids=["four", "six", "None", "dict"])
def test_what_step_gives(came):
    refused(from_parallel_env(World(step=at(2, came)), episode_limit=20), 2, "step of tampered: expected a tuple")


class Bare(ParallelEnv):
    """Nothing that PettingZoo asks for, until a test writes it."""

    def reset(self, seed=None, options=None):
        self.agents = ["a"]
        return {"a": 1}, {"a": {}}

    def step(self, actions):
        return {"a": 1}, {"a": 0.0}, {"a": False}, {"a": False}, {"a": {}}


def test_parts_that_are_missing():
    bare = Bare()
    with pytest.raises(ValueError, match="metadata of Bare: expected a dict"):
        from_parallel_env(bare, episode_limit=20)
    bare.metadata = {}
    for wrong in (None, [], "ab", ["a", "a"], 2):
        bare.possible_agents = wrong
        with pytest.raises(ValueError, match="possible_agents of Bare: expected a list"):
            from_parallel_env(bare, episode_limit=20)
    del bare.possible_agents
    with pytest.raises(ValueError, match="possible_agents of Bare"):
        from_parallel_env(bare, episode_limit=20)
    bare.possible_agents = ["a"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")        # PettingZoo's own word on the missing method
        with pytest.raises(ValueError, match="observation_space of a in Bare: expected a space"):
            from_parallel_env(bare, episode_limit=20)
        bare.observation_spaces, bare.action_spaces = {"a": spaces.Discrete(2)}, {}
        with pytest.raises(ValueError, match="action_space of a in Bare: expected a space"):
            from_parallel_env(bare, episode_limit=20)
        bare.action_spaces = {"a": spaces.Discrete(2)}
        with pytest.raises(ValueError, match="episode_limit: Bare does not say"):
            from_parallel_env(bare)
        assert from_parallel_env(bare, episode_limit=3).reset(seed=0).obs.tolist() == [[[0.0, 1.0]]]
        bare.reset = lambda options=None: ({"a": 1}, {"a": {}})
        with pytest.raises(ValueError, match="reset of Bare: expected it to take a seed"):
            from_parallel_env(bare, episode_limit=3)


@pytest.mark.parametrize("cycles", [None, 0, -3, 2.5, "25", True])
def test_max_cycles_that_is_no_limit(cycles):
    world = World()
    world.max_cycles = cycles
    with pytest.raises(ValueError, match="episode_limit: tampered does not say how long"):
        from_parallel_env(world)
    assert from_parallel_env(world, episode_limit=7).spec.episode_limit == 7
    world.max_cycles = np.int64(9)
    assert from_parallel_env(world).spec.episode_limit == 9


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "0", True])
def test_wrong_seeds(seed):
    with pytest.raises((ValueError, TypeError), match="seed"):
        from_parallel_env(World(), episode_limit=20).reset(seed=seed)


def test_rows_must_be_alike():
    made = []

    def make(**other):
        made.append(World(**(other if len(made) % 2 else {})))
        return made[-1]
    for other in ({"acts": 4}, {"cycles": 7}, {"team": "ba"}, {"team": "abc"}, {"seen": spaces.Discrete(6)}):
        with pytest.raises(ValueError, match="env: expected the same agents and spaces.*row 1"):
            from_parallel_env(lambda: make(**other), num_envs=2, episode_limit=20)
    assert len(made) == 10 and all(world.closed == 1 for world in made)       # what was made in vain is closed


@pytest.mark.parametrize("change", [{"acts": spaces.Discrete(2)}, {"seen": spaces.Box(0, 2, (6,), np.float32)},
                                    {"possible_agents": ["b", "a"]}, {"acts": spaces.Discrete(3, start=1)}], ids=str)
def test_spaces_that_change_at_a_reset_are_refused(change):
    """With fewer actions than before, one that does not exist would be played."""
    class Changing(World):
        resets = 0

        def reset(self, seed=None, options=None):
            self.resets += 1
            if self.resets == 3:
                vars(self).update(change)
            return super().reset(seed, options)
    env = from_parallel_env(Changing(), episode_limit=20)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="reset of tampered: expected agents and spaces to stay as they were"):
        env.reset(seed=0)


def test_names_that_cannot_be_keys():
    with pytest.raises(ValueError, match="possible_agents of tampered: expected a list of different agents"):
        from_parallel_env(lambda: World(team=(["a"], ["b"])), episode_limit=20)


def test_spaces_that_cannot_be_asked_for():
    class Table(World):
        action_space = {"a": spaces.Discrete(3), "b": spaces.Discrete(3)}
    with pytest.raises(ValueError, match="action_space of a in tampered: expected a space, got TypeError"):
        from_parallel_env(Table(), episode_limit=20)


def test_a_call_that_does_not_fit_says_which():
    class Odd(World):
        def state(self, agent):
            return np.zeros(2)
    with pytest.raises(TypeError, match="agent") as caught:
        from_parallel_env(Odd(), episode_limit=20)
    assert caught.value.__notes__ == ["raised in state of tampered"]


def test_close_and_reset_once():
    worlds = [World(), World()]
    given = iter(worlds)
    env = from_parallel_env(lambda: next(given), num_envs=2, episode_limit=20)
    env.reset(seed=0)
    env.close()
    assert [world.closed for world in worlds] == [1, 1]
    with pytest.raises(RuntimeError, match="reset"):
        env.step(torch.zeros(2, 2, dtype=torch.int64))
    seeds = []
    world = World(reset=lambda w, right: seeds.append(1) or right)
    from_parallel_env(world, episode_limit=20)
    assert len(seeds) == 1 and not world.closed


def test_one_that_cannot_be_copied():
    world = World()
    world.window = (piece for piece in "a generator cannot be copied")
    with pytest.raises(TypeError, match="tampered cannot be copied.*function that makes one"):
        from_parallel_env(world, episode_limit=20).clone()


def test_what_is_kept_by_a_clone():
    env = from_parallel_env(World, num_envs=2, episode_limit=7, reward="sum", images=True).clone(num_envs=3)
    assert (env.num_envs, env.spec.episode_limit, env.reward, env.images) == (3, 7, "sum", True)
    assert env.settings()["reward"] == "sum"
