"""A small world for the checks of lesson 08: tables say what happens, and a log remembers who did what to it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep

STATES, MOST = 11, 400


class Endless(Exception):
    """More steps or updates than any right answer makes."""


@dataclass(frozen=True)
class Case:
    """One world: its rows, its step limit, the chance that a joint action ends the task, its sizes and its seed."""

    rows: int
    limit: int
    ends: float
    seed: int
    n_agents: int = 2
    n_actions: int = 3
    masked: bool = False
    low: bool = False           # the team's values are far below 0
    high: bool = False          # the team's values are far above 0
    lowest: bool = False        # a state's worst action is worth the lowest finite number


class TableWorld(TeamEnv):
    """Each row is in one of 11 states. obs[B, N, 3] = (state, agent, clock); state[B, 4] = (state, row, episode,
    clock).

    Every episode of a row begins in another state. ``log`` holds ("reset", rows) and ("step", states before, actions).
    """

    def __init__(self, case: Case):
        super().__init__(TeamSpec(case.n_agents, case.n_actions, 3, 4, case.limit), case.rows)
        self.case, self.masks_actions = case, case.masked
        draw, joint = torch.Generator().manual_seed(case.seed), case.n_actions ** case.n_agents
        self.next = torch.randint(STATES, (STATES, joint), generator=draw)
        self.reward = (3 * torch.randn(STATES, joint, generator=draw, dtype=torch.float64)).round(decimals=2)
        self.ends = torch.rand(STATES, joint, generator=draw, dtype=torch.float64) < case.ends
        self.allowed = torch.rand(STATES, case.n_agents, case.n_actions, generator=draw, dtype=torch.float64) < 0.6
        self.allowed[:, :, -1] |= ~self.allowed.any(-1)
        if not case.masked:
            self.allowed = torch.ones_like(self.allowed)
        self.row, self.log, self.steps = torch.arange(case.rows), [], 0
        self.x, self.clock, self.episode = (torch.zeros(case.rows, dtype=torch.int64) for _ in range(3))

    def first_state(self, row, episode):
        """Where an episode of a row begins."""
        return (4 * row + 7 * episode + 1) % STATES

    def joint(self, actions: torch.Tensor) -> torch.Tensor:
        """actions[B, N] → the column of the tables [B]."""
        return (actions * self.case.n_actions ** torch.arange(self.case.n_agents)).sum(-1)

    def _begin(self, where: torch.Tensor) -> TeamStep:
        self.log.append(("reset", where.tolist()))
        self.episode = self.episode + (where & (self.clock > 0))
        self.x = torch.where(where, self.first_state(self.row, self.episode), self.x)
        self.clock = torch.where(where, 0, self.clock)
        nothing = torch.zeros(self.num_envs, dtype=torch.bool)
        return self._pack(torch.zeros(self.num_envs), nothing, nothing.clone())

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        self.log.append(("step", self._state().tolist(), actions.tolist()))
        self.steps += 1
        if self.steps > max(MOST, 2 * self.case.limit):
            raise Endless
        entry = (self.x, self.joint(actions))
        reward, terminated = self.reward[entry].clone(), self.ends[entry]
        self.x, self.clock = self.next[entry], self.clock + 1
        return self._pack(reward, terminated, (self.clock >= self.case.limit) & ~terminated)

    def _state(self) -> torch.Tensor:
        return torch.stack([self.x, self.row, self.episode, self.clock], -1).to(torch.get_default_dtype())

    def _pack(self, reward, terminated, truncated) -> TeamStep:
        agents = torch.arange(self.case.n_agents)
        obs = torch.stack([self.x[:, None] + 0 * agents, agents + 0 * self.x[:, None],
                           self.clock[:, None] + 0 * agents], -1)
        return TeamStep(obs.to(torch.get_default_dtype()), self._state(), self.allowed[self.x].clone(),
                        reward.to(torch.get_default_dtype()), terminated.clone(), truncated)

    def clone(self, num_envs: int | None = None) -> TableWorld:
        return TableWorld(self.case)


class Recorder:
    """The pieces that a training loop is given; each writes into the log of its world."""

    def __init__(self, world: TableWorld):
        self.world, self.log, self.learned = world, world.log, 0

    @staticmethod
    def epsilon_at(steps) -> float:
        return 1.0 / (1.0 + steps)

    def act(self, now, epsilon) -> torch.Tensor:
        told = _told("act: its first argument", now)
        asked = sum(event[0] == "act" for event in self.log)
        code = torch.tensor(told["state"]).sum(-1).long()[:, None] + asked
        actions = (code * (1 + torch.arange(self.world.case.n_agents)) + code // 3) % self.world.case.n_actions
        self.log.append(("act", told["state"], float(epsilon), actions.tolist()))
        return actions

    def store(self, now, actions, then) -> None:
        before, after = _told("store: its first argument", now), _told("store: its third argument", then)
        if not isinstance(actions, torch.Tensor):
            raise TypeError(f"store: its second argument should be the actions, got {type(actions).__name__}")
        self.log.append(("store", before, actions.tolist(), after))

    def learn(self) -> float:
        self.log.append(("learn",))
        self.learned += 1
        if self.learned > MOST:
            raise Endless
        return 1.0 / self.learned

    def move_target(self) -> None:
        self.log.append(("target",))


def _told(name: str, step) -> dict:
    """What a step holds, copied at once."""
    if not isinstance(step, TeamStep):
        raise TypeError(f"{name} should be what reset or step returned, got {type(step).__name__}")
    return {part: getattr(step, part).tolist() for part in ("state", "obs", "reward", "terminated", "truncated")}
