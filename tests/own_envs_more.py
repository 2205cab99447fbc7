"""More of ``own_envs.Walk`` with one mistake each, right ones that are not usual, and habits that break no rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from own_envs import Walk


class NextRowsReward(Walk):
    """Each row is paid what the row above earned."""

    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=step.reward.roll(1, 0))


class RowBelow(Walk):
    """Each row is paid what the row below earned, and the last one what it earned itself."""

    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=torch.cat([step.reward[1:], step.reward[-1:]]))


class Potential(Walk):
    """What was paid last is taken off again, and is set back only where all rows begin."""

    _last = None

    def _begin(self, where):
        if where.all():
            self._last = None
        return super()._begin(where)

    def _advance(self, actions):
        step = super()._advance(actions)
        last = torch.zeros(self.num_envs) if self._last is None else self._last
        self._last = self._at.sum(-1) / 8.0
        return replace(step, reward=self._last - last)

    def state_dict(self):
        return super().state_dict() | {"last": self._last}

    def load_state_dict(self, saved):
        super().load_state_dict(saved)
        self._last = saved["last"]


class SeedsAll(Walk):
    """Always the same dice, and everybody's."""

    def _begin(self, where):
        torch.manual_seed(0)
        step = super()._begin(where)
        self._at = torch.where(where.unsqueeze(-1), torch.randint(0, 3, (self.num_envs, 2)), self._at)
        return self._see(step.reward, step.terminated, step.truncated)


class SeedsNumpy(Walk):
    def _seed(self, seed):
        super()._seed(seed)
        np.random.seed(seed % 2**32)

    def _begin(self, where):
        step = super()._begin(where)
        starts = torch.from_numpy(np.random.randint(0, 3, (self.num_envs, 2)))
        self._at = torch.where(where.unsqueeze(-1), starts, self._at)
        return self._see(step.reward, step.terminated, step.truncated)


class ManyKinds(Walk):
    """Right: what is drawn, and how much of each kind, depends on what is played; all together it is always as much."""

    def _advance(self, actions):
        step, up = super()._advance(actions), actions[:, 0] == 2
        extra = torch.zeros(self.num_envs)
        extra[up] = torch.rand(int(up.sum()), generator=self._generator)
        extra[~up] = torch.rand(int((~up).sum()), generator=self._generator) - 1
        return replace(step, reward=step.reward + extra)


class Arrivals(Walk):
    """Right: one draw takes more or fewer dice, by what is played."""

    def _advance(self, actions):
        step = super()._advance(actions)
        came = torch.poisson(3.0 * (actions == 2), generator=self._generator).sum(-1)
        return replace(step, reward=step.reward + came)


class Dice:
    def __init__(self, seed=0):
        self.numpy = np.random.default_rng(seed)


class HiddenDice(Walk):
    """Right: the dice lie in an object, and are thrown row by row where they are needed."""

    def __init__(self, *given, **options):
        super().__init__(*given, **options)
        self.world = Dice()

    def _seed(self, seed):
        super()._seed(seed)
        self.world = Dice(seed)

    def _advance(self, actions):
        step = super()._advance(actions)
        extra = [self.world.numpy.random() if action == 2 else 0.0 for action in actions[:, 0].tolist()]
        return replace(step, reward=step.reward + torch.tensor(extra, dtype=step.reward.dtype))

    def state_dict(self):
        raise TypeError("state_dict: the dice cannot be written down")


class NoActions(Walk):
    def _advance(self, actions):
        return super()._advance(torch.ones_like(actions))


class AllAlike(Walk):
    """One start for all rows, another one each time."""

    def _begin(self, where):
        step = super()._begin(where)
        start = torch.randint(0, 3, (1, 2), generator=self._generator)
        self._at = torch.where(where.unsqueeze(-1), start, self._at)
        return self._see(step.reward, step.terminated, step.truncated)


class OneEarly(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, truncated=(self._clock >= self.spec.episode_limit - 1) & ~step.terminated)


class Swapped(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, truncated=step.terminated, terminated=step.truncated)


class BeginsItself(Walk):
    """The last step of an episode brings the first observation of the next one."""

    def _advance(self, actions):
        step = super()._advance(actions)
        if not step.ended.any():
            return step
        begun = self._begin(step.ended)
        return replace(step, obs=begun.obs, state=begun.state, available=begun.available)


class BlankEnd(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, obs=step.obs.masked_fill(step.ended.view(-1, 1, 1), 0.0))

    def _see(self, *outcome):
        step = super()._see(*outcome)
        return replace(step, obs=step.obs + 1.0)


# what breaks no rule: name: (the environment, how its one word begins)
DOUBTED = {
    "no actions": (lambda: NoActions(limit=30), "actions made no difference"),
    "all rows alike": (lambda: AllAlike(), "all rows began in the same way"),
    "one step early": (lambda: OneEarly(limit=12), "an episode was cut (truncated) after 11 steps"),
    "swapped flags": (lambda: Swapped(limit=12), "an episode was cut (truncated) after "),
    "begins itself": (lambda: BeginsItself(limit=12), "chance is drawn where an episode ends"),
    "blank end": (lambda: BlankEnd(limit=12), "the last observations of episodes that were cut are all 0"),
}
# name: (the environment, how its one sentence begins, what else stands in it)
WRONG = {
    "next row's reward": (lambda: NextRowsReward(), "_advance: reward of row 1 or 2 changed with the actions of row 0",
                          ""),
    "next row's reward, with chance": (lambda: NextRowsReward(slip=0.3),
                                       "_advance: reward of row 1 or 2 changed with the actions of row 0", ""),
    "the row below's reward": (lambda: RowBelow(), "_begin: row 0 was reset on its own", "reward"),
    "potential": (lambda: Potential(), "_begin: row 0 was reset on its own", "reward"),
    "potential, with chance": (lambda: Potential(slip=0.3), "_begin: row 0 was reset on its own", "reward"),
    "seeds all": (lambda: SeedsAll(), "_begin or _advance: draws from torch's global generator", "self._generator"),
    "seeds numpy": (lambda: SeedsNumpy(), "_begin or _advance: draws from numpy's global generator", "sets it"),
}
