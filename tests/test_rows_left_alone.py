"""What a reset of some rows gives for the others, however somebody's environment makes its tensors."""

from dataclasses import replace

import pytest
import torch
from own_envs import Walk

from qmix_course.envs import check_env


class OneForBoth(Walk):
    """One tensor for both flags, as one writes it."""

    def _begin(self, where):
        none = torch.zeros(self.num_envs, dtype=torch.bool)
        return replace(super()._begin(where), terminated=none, truncated=none)


class Expanded(Walk):
    """One number that stands for all rows."""

    def _begin(self, where):
        none, nothing = torch.tensor(False).expand(self.num_envs), torch.tensor(0.0).expand(self.num_envs)
        return replace(super()._begin(where), terminated=none, truncated=none, reward=nothing)


class WholeAtFirst(Walk):
    """A reward of 0 that is a whole number, where the others are none."""

    def _begin(self, where):
        return replace(super()._begin(where), reward=torch.zeros(self.num_envs, dtype=torch.int64))


@pytest.mark.parametrize("kind", [Walk, OneForBoth, Expanded, WholeAtFirst])
def test_rows_outside_of_where_keep_what_their_last_step_brought(kind):
    env = kind(num_envs=3, limit=1)
    env.reset(seed=0)
    before = env.step(torch.ones(3, 2, dtype=torch.int64))
    assert before.truncated.all() and not before.terminated.any() and (before.reward != 0).all()
    for first in (True, False):
        after = env.reset(where=torch.tensor([first, False, False]))
        assert after.truncated.tolist() == [False, True, True] and not after.terminated.any()
        assert after.reward.tolist() == [0.0, *before.reward[1:].tolist()]
        after.truncated.fill_(True)                                     # the caller's own, whatever the environment did
    assert not env.reset(where=torch.tensor([False, True, True])).ended.any()


@pytest.mark.parametrize("kind", [OneForBoth, Expanded])
def test_check_env_has_nothing_against_them(kind):
    check_env(kind(num_envs=3))
