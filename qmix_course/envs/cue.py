"""Cue: what the first observation shows decides which joint action pays at the end."""

from __future__ import annotations

from dataclasses import replace

import torch

from qmix_course import errors
from qmix_course.envs.base import TeamStep
from qmix_course.envs.matrix import LONGEST_GAME, TableGame


class Cue(TableGame):
    """A cue, a corridor in which nothing is to be seen, and a choice that only the cue decides.

    Two agents, two actions. The cue c, 0 or 1 with equal chance, is shown to both in the first observation and never
    again. ``corridor`` steps follow (0 or more), then the last step: agent 0 must play c and agent 1 the other action,
    1 − c. That pays 1, anything else 0, and the episode terminates after corridor + 2 steps. What is played before the
    last step changes nothing, with one exception: if there is a ``door`` (None: there is none) and both play 1 in the
    first step, that pays ``door`` and the episode terminates at once.

    Observation, the same for both: is the cue 0, is it 1 (both 0 after the first step), is this the last step; O = 3.
    State: one-hot, cue and step; S = 2 (corridor + 2). ``reset(cues=…)``, cues[B] int64, sets the cues of the rows.
    """

    def __init__(self, corridor: int = 2, num_envs: int = 1, door: float | None = None):
        self.corridor = errors.whole_number("corridor", corridor, at_least=0, at_most=LONGEST_GAME - 2)
        self.door = None if door is None else errors.number("door", door)
        steps = self.corridor + 2
        super().__init__(num_envs, n_agents=2, n_actions=2, n_states=2 * steps, episode_limit=steps)
        self.spec = replace(self.spec, obs_dim=3)
        self._shown = torch.zeros(2 * steps, 3, dtype=torch.float64)        # [X, O] what both see in each state
        for cue in (0, 1):
            first, last = cue * steps, (cue + 1) * steps - 1
            for at in range(first, last):
                self._next[at], self._final[at] = at + 1, False
            self._reward[last, cue, 1 - cue] = 1.0
            self._shown[first, cue], self._shown[last, 2] = 1.0, 1.0
            if self.door is not None:
                self._reward[first, 1, 1], self._final[first, 1, 1] = self.door, True
                self._next[first, 1, 1] = 0

    def _see(self, reward: torch.Tensor, terminated: torch.Tensor) -> TeamStep:
        step = super()._see(reward, terminated)
        return replace(step, obs=self._shown[self._at].to(step.state.dtype).unsqueeze(1).repeat(1, 2, 1))

    def _begin(self, where: torch.Tensor, cues: torch.Tensor | None = None) -> TeamStep:
        if cues is None:
            cues = torch.zeros(self.num_envs, dtype=torch.int64)
            cues[where] = torch.randint(2, (int(where.sum()),), generator=self._generator)
        self._at = torch.where(where, cues * self.spec.episode_limit, self._at)
        return self._see(torch.zeros(self.num_envs), torch.zeros(self.num_envs, dtype=torch.bool))

    def _check_start(self, cues: torch.Tensor | None = None, **unknown) -> dict:
        super()._check_start(**unknown)
        if cues is None:
            return {}
        errors.tensor("cues", cues, (self.num_envs,), torch.int64)
        if not ((cues == 0) | (cues == 1)).all():
            raise ValueError(f"cues: expected 0 or 1 in every row, got {cues.tolist()[:8]}")
        return {"cues": cues}

    def model(self):
        plain = super().model()
        return replace(plain, obs=self._shown.to(plain.state.dtype).unsqueeze(1).repeat(1, 2, 1),
                       start=torch.tensor([0, self.spec.episode_limit]))

    def clone(self, num_envs: int | None = None) -> Cue:
        return self._another(Cue, self.corridor, self.num_envs if num_envs is None else num_envs, self.door)
