"""What breaks no rule and is worth a word: units of observations, a state that never changes, a time-out called an end.

That nothing is said of the course's own worlds, test_check_env.py holds for all of them: there a warning is an error.
"""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from outside import package
from own_envs import Walk, twist

from qmix_course.algorithms import QMIX, VDN
from qmix_course.choices import make_env
from qmix_course.envs import Formation, GridWorld, LongWay, SpeakerListener, TwoStepGame, check_env
from qmix_course.envs.doubts import state_doubt, units_doubt
from qmix_course.errors import Faults
from qmix_course.training import TrainConfig, train

SHORT = TrainConfig(total_steps=1_600, learning_starts=64, batch_size=64, evaluate_every=400)


class Battery(GridWorld):
    """The grid world, and one more number an agent: what is left in its battery, from 100 down."""

    full = 100.0

    def __init__(self, size=4, n_agents=2, num_envs=1, **options):
        super().__init__(size, n_agents, num_envs, **options)
        self.spec = replace(self.spec, obs_dim=self.spec.obs_dim + 1)

    def _more(self, step):
        left = self.full * (1 - torch.as_tensor(self._clock).to(step.obs.dtype) / self.spec.episode_limit)
        return replace(step, obs=torch.cat([step.obs, left[:, None, None].expand(-1, self.spec.n_agents, 1)], -1))

    def _begin(self, where, **start):
        return self._more(super()._begin(where, **start))

    def _advance(self, actions):
        return self._more(super()._advance(actions))

    def clone(self, num_envs=None):
        made = type(self)(self.size, self.spec.n_agents, num_envs or self.num_envs)
        made.full = self.full
        return made


def said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(each.message) for each in caught]


def test_one_entry_in_other_units_is_named_once_by_the_check_and_by_train():
    words, = said(lambda: check_env(Battery()))
    assert words.startswith("check_env, Battery: observations come in several units: entry 6 (up to 100), while")
    assert "never exceeds 1." in words and "divide each entry" in words
    team = VDN.for_env(Battery())
    words, = said(lambda: train(Battery(num_envs=16), team, SHORT))
    assert words.startswith("train: observations come in several units: entry 6 (up to 100)")


def test_what_was_said_of_units_is_not_said_again_by_a_run_that_goes_on(tmp_path):
    file, longer = tmp_path / "checkpoint.pt", replace(SHORT, total_steps=2_400)

    def run(config, resume):
        env = Battery(num_envs=8)
        return said(lambda: train(env, VDN.for_env(env), config, checkpoint=file, resume=resume))

    assert sum("several units" in words for words in run(SHORT, False)) == 1
    assert sum("several units" in words for words in run(longer, True)) == 0


def test_what_is_in_one_unit_is_not_named():
    class Small(Battery):
        full = 30.0
    assert said(lambda: check_env(Small())) == []
    assert said(lambda: train(GridWorld(num_envs=16), QMIX.for_env(GridWorld()), SHORT)) == []


@pytest.mark.parametrize("sizes, named", [
    ([1, 1, 100], "entry 2 (up to 100)"), ([1, 640, 2, 480], "entry 1 (up to 640), entry 3 (up to 480)"),
    ([1, 1, *[99] * 5], "entry 2 (up to 99), entry 3 (up to 99), entry 4 (up to 99) and 2 more"),
    ([1, 19], None), ([0.01, 1], None), ([45, 49], None)])
def test_which_entries_count_as_far_larger(sizes, named):
    obs = torch.rand(64, 2, len(sizes), generator=torch.Generator().manual_seed(0)) * torch.tensor(sizes)
    obs[0, 0], obs[1, 1] = torch.tensor(sizes), -torch.tensor(sizes)
    words = units_doubt(obs)
    assert (words is None) if named is None else f"several units: {named}, while" in words
    assert units_doubt(obs[:20]) is None                                # too few to say anything


@pytest.mark.parametrize("sizes, named", [
    ([51, 100, 140], "entry 0 (up to 51), entry 1 (up to 100), entry 2 (up to 140)."), ([100], "entry 0 (up to 100)."),
    ([0, 0, 100], "entry 2 (up to 100)."), ([3, 55], "entry 1 (up to 55)."),
    ([500, 500, 360, 700, 360, 500, 500, 1], "entry 0 (up to 500), entry 1 (up to 500), entry 2 (up to 360) and 4 m")])
def test_large_observations_are_said_also_where_nothing_is_small(sizes, named):
    obs = torch.rand(64, 2, len(sizes), generator=torch.Generator().manual_seed(0)) * torch.tensor(sizes)
    obs[0, 0] = torch.tensor(sizes)
    words = units_doubt(obs)
    assert f"observations are large: {named}" in words and "divide each entry" in words


def test_a_state_that_never_changes_is_said():
    still = twist(state=lambda env, step: torch.ones_like(step.state))
    words, = said(lambda: check_env(still()))
    assert words.startswith("check_env, Twisted: the state was the same at every step")
    obs, state = torch.rand(40, 2, 3), torch.zeros(40, 4)
    assert "the same" in state_doubt(obs, state)
    assert state_doubt(torch.ones(40, 2, 3), state) is None             # a task of one state has nothing else to say
    state[39, 2] = 1
    assert state_doubt(obs, state) is None


def test_faults_are_still_raised_beside_a_word():
    both = twist(state=lambda env, step: torch.ones_like(step.state), obs=lambda env, step: step.obs.double())
    with pytest.raises(Faults, match="obs: expected float32"), pytest.warns(UserWarning, match="same at every step"):
        check_env(both())


@pytest.mark.parametrize("make", [lambda: LongWay(), lambda: LongWay(12), lambda: Formation("ring", 4),
                                  lambda: SpeakerListener(), lambda: TwoStepGame(), lambda: Walk()])
def test_nothing_is_said_of_a_right_world(make):
    assert said(lambda: check_env(make())) == []


OUTSIDE = {"lbf:Foraging-5x5-2p-1f-v3": "lbforaging", "lbf:Foraging-8x8-2p-2f-coop-v3": "lbforaging",
           "rware:rware-tiny-2ag-v2": "rware", "vmas:balance": "vmas", "vmas:navigation": "vmas",
           "vmas:flocking": "vmas", "smax:3m": "jaxmarl", "overcooked:cramped_room": "jaxmarl",
           "pettingzoo:mpe2.simple_spread_v3": "mpe2", "pettingzoo:mpe2.simple_speaker_listener_v4": "mpe2",
           "pettingzoo:mpe2.simple_tag_v3": "mpe2"}


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_is_said_of_other_peoples_worlds(name):
    package(OUTSIDE[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                                 # other people's
        env, dice = make_env(name, 3), torch.Generator().manual_seed(0)
        step = env.reset(seed=0)
        steps = [step]
        for _ in range(120):
            if step.ended.any():
                steps.append(env.reset(where=step.ended))
                step = steps[-1]
            step = env.step((torch.rand(step.available.shape, generator=dice) * step.available).argmax(-1))
            steps.append(step)
    obs, state = torch.cat([each.obs for each in steps]), torch.cat([each.state for each in steps])
    assert units_doubt(obs) is None and state_doubt(obs, state) is None
    task = getattr(env, "_task", None)
    assert task is None or "limit" not in task.noticed


# ---- a time-out that is called an end --------------------------------------------------------------------------------

def world(**names):
    """A PettingZoo world that flags its time limit of 5 steps as an end, and says that limit under these names."""
    package("pettingzoo")
    from parallel_worlds import World

    def make():
        made = World(cycles=5)
        for name, value in names.items():
            if name == "metadata":
                made.metadata = made.metadata | value
            else:
                setattr(made, name, value)
        return made
    return make


def played(env, episodes):
    for _ in range(episodes):
        step = env.reset(seed=0)
        while not step.ended.any():
            step = env.step(torch.zeros(env.num_envs, 2, dtype=torch.int64))


@pytest.mark.parametrize("names", [{"max_cycles": 5}, {"metadata": {"max_cycles": 5}}, {"max_steps": 5},
                                   {"_max_episode_steps": 5}, {"max_steps": np.int64(5)}])
def test_an_end_at_the_environments_own_limit_is_said_once(names):
    from qmix_course.envs import from_parallel_env

    env = from_parallel_env(world(**names), episode_limit=9)
    assert said(lambda: played(env, 2)) == []
    words, = said(lambda: played(env, 4))
    assert "flagged all 3 episodes that lasted until its own limit of 5 steps as terminated" in words
    assert "it is a cut" in words and said(lambda: played(env.clone(), 9)) == []
    env = from_parallel_env(world(**names))
    assert env.spec.episode_limit == 5                                  # known without being told
    assert len(said(lambda: check_env(env))) == 1


def test_it_is_not_guessed():
    """Where no limit is known, where episodes end otherwise, and where one of them was a cut, nothing is said."""
    from parallel_worlds import World

    from qmix_course.envs import from_parallel_env

    assert said(lambda: played(from_parallel_env(world(), episode_limit=9), 6)) == []
    assert said(lambda: played(from_parallel_env(world(max_cycles=7)), 6)) == []
    assert said(lambda: played(from_parallel_env(world(max_steps=lambda: 5), episode_limit=9), 6)) == []
    turns = []

    def sometimes(world, right):
        if world.t == 5:
            turns.append(1)
        return dict.fromkeys(right, world.t == 5 and len(turns) > 1)

    cut = World(cycles=5, terminations=sometimes, truncations=lambda w, right: dict.fromkeys(right, w.t == 5))
    cut.max_cycles = 5
    assert said(lambda: played(from_parallel_env(cut), 6)) == []


def test_lbfs_time_limit_is_told_as_a_cut_and_nothing_is_said():
    package("lbforaging")
    assert not any("own limit" in words for words in said(lambda: played(make_env("lbf:Foraging-5x5-2p-1f-v3", 2), 5)))
    import gymnasium

    from qmix_course.envs import from_gymnasium
    raw = from_gymnasium(lambda: gymnasium.make("Foraging-5x5-2p-1f-v3", disable_env_checker=True), num_envs=2)
    assert any("its own limit of 50 steps as terminated" in words for words in said(lambda: played(raw, 4)))
