"""Playing with exploration, and writing what happened into rows for the replay memory."""

from __future__ import annotations

from dataclasses import fields

import torch

from qmix_course import errors
from qmix_course.algorithms import Algorithm
from qmix_course.envs.base import TeamEnv, TeamStep
from qmix_course.evaluation import check_team
from qmix_course.exploration import ParameterNoise, epsilon_greedy
from qmix_course.replay import Batch


def row_length(env: TeamEnv, algorithm: Algorithm) -> int:
    """The steps of a replay row: a whole episode for recurrent algorithms, one for the others."""
    return env.spec.episode_limit if algorithm.recurrent else 1


def env_state(env: TeamEnv) -> dict | None:
    """What ``env.state_dict`` gives, or None where it says, by ``TypeError`` or ``NotImplementedError``, that it
    cannot."""
    try:
        return env.state_dict()
    except (TypeError, NotImplementedError):
        return None


class Collector:
    """Plays ``algorithm`` in every row of ``env`` and hands out finished replay rows.

    A row is ``length`` steps long: 1 (a transition), or a whole episode, padded, for recurrent algorithms. It is
    finished when it is full or its episode ends, whichever comes first, so it never runs across an end.
    """

    def __init__(self, env: TeamEnv, algorithm: Algorithm, seed: int, generator: torch.Generator,
                 parameter_noise: bool = False):
        check_team(env, algorithm)
        seed, parameter_noise = errors.seed("seed", seed), errors.switch("parameter_noise", parameter_noise)
        self.env, self.algorithm, self.generator = env, algorithm, errors.generator("generator", generator)
        self.length = row_length(env, algorithm)
        self.step_now: TeamStep = env.reset(seed=seed)
        algorithm.see(self.step_now.state)
        self.memory = algorithm.start(self.step_now, generator)             # [B, N, M] or None
        self.last_actions = torch.full((env.num_envs, env.spec.n_agents), -1)
        self.memory_dim = algorithm.memory_dim
        self.rows = Batch.padding(env.num_envs, self.length, env.spec, self.memory_dim)    # the rows being written
        self.filled = torch.zeros(env.num_envs, dtype=torch.int64)          # [B] how many steps of each are
        self.returns = torch.zeros(env.num_envs)                            # [B] of the episodes being played
        self.finished_returns: list[float] = []
        self.episodes = 0
        self.noise = ParameterNoise(algorithm.agents, env.num_envs, generator) if parameter_noise else None

    @torch.no_grad()
    def step(self, epsilon: float) -> Batch:
        """Play one joint action in every row, each agent from its own observation; the replay rows that are finished.
        """
        now = self.step_now
        q, memory = self.algorithm.act_values(now.obs, self.last_actions, self.memory)
        if self.noise is None:
            actions = epsilon_greedy(q, now.available, epsilon, self.generator)
        else:
            actions, memory = self.noise.act(q, now.available, epsilon, now.obs, self.last_actions, self.memory)
        now = now.copy()                    # an environment may write what follows into the tensors that it gave
        then = self.env.step(actions)
        self.algorithm.see(then.state)
        if self.length == 1:
            finished = self._transitions(now, actions, then)
        else:
            self._write(now, actions, then)
            finished = self._take_rows((self.filled == self.length) | then.ended)
        self.returns += then.reward
        self.step_now, self.memory, self.last_actions = then, memory, actions
        if then.ended.any():
            self._begin_again(then.ended)
        return finished

    def _transitions(self, now: TeamStep, actions: torch.Tensor, then: TeamStep) -> Batch:
        """Rows of one step: each is finished as soon as it is played."""
        dtype = self.rows.reward.dtype                  # what the environment pays may come in another one
        return Batch(
            obs=torch.stack([now.obs, then.obs], 1), state=torch.stack([now.state, then.state], 1).to(dtype),
            available=torch.stack([now.available, then.available], 1), actions=actions.unsqueeze(1).clone(),
            last_actions=torch.stack([self.last_actions, actions], 1),
            reward=then.reward.unsqueeze(1).to(dtype, copy=True), terminated=then.terminated.unsqueeze(1).clone(),
            mask=torch.ones_like(self.rows.mask), memory=self.memory.clone() if self.memory_dim else self.rows.memory)

    def _write(self, now: TeamStep, actions: torch.Tensor, then: TeamStep) -> None:
        rows, at = self.rows, (torch.arange(self.env.num_envs), self.filled)
        after = (at[0], self.filled + 1)
        dtype = rows.reward.dtype
        rows.obs[at], rows.state[at], rows.available[at] = now.obs, now.state.to(dtype), now.available
        rows.obs[after], rows.state[after], rows.available[after] = then.obs, then.state.to(dtype), then.available
        rows.actions[at], rows.last_actions[at], rows.last_actions[after] = actions, self.last_actions, actions
        rows.reward[at], rows.terminated[at], rows.mask[at] = then.reward.to(dtype), then.terminated, 1.0
        if self.memory_dim:                                                 # with what each row began
            rows.memory.copy_(torch.where((self.filled == 0).view(-1, 1, 1), self.memory, rows.memory))
        self.filled = self.filled + 1

    def _take_rows(self, done: torch.Tensor) -> Batch:
        """Copies of the rows ``done[B]``; their places are padding again."""
        if not done.any():
            return Batch.padding(0, self.length, self.env.spec, self.memory_dim)
        empty = Batch.padding(1, self.length, self.env.spec, self.memory_dim)
        taken = {}
        for field in fields(Batch):
            rows = getattr(self.rows, field.name)
            taken[field.name] = rows[done]
            rows[done] = getattr(empty, field.name)
        self.filled = self.filled.masked_fill(done, 0)
        return Batch(**taken)

    def _begin_again(self, ended: torch.Tensor) -> None:
        """Reset the rows ``ended[B]`` of everything that belongs to one episode."""
        self.finished_returns += self.returns[ended].tolist()
        self.episodes += int(ended.sum())
        self.returns[ended] = 0.0
        self.step_now = self.env.reset(where=ended)
        self.last_actions = self.last_actions.masked_fill(ended.unsqueeze(1), -1)
        self.algorithm.see(self.step_now.state)
        fresh = self.algorithm.start(self.step_now, self.generator)
        if fresh is not None:
            self.memory = torch.where(ended.view(-1, *[1] * (fresh.dim() - 1)), fresh, self.memory)
        if self.noise is not None:
            self.noise.redraw(ended)

    def take_returns(self) -> list[float]:
        """The returns of the episodes that ended since the last call."""
        taken, self.finished_returns = self.finished_returns, []
        return taken

    def state_dict(self) -> dict:
        return {"now": vars(self.step_now).copy(), "memory": self.memory, "last_actions": self.last_actions,
                "rows": {k: v.clone() for k, v in vars(self.rows).items()}, "filled": self.filled,
                "returns": self.returns.clone(), "finished_returns": list(self.finished_returns),
                "episodes": self.episodes, "noise": None if self.noise is None else self.noise.state_dict()}

    def begin_anew(self, saved: dict, seed: int) -> None:
        """Go on from ``state_dict`` with a new episode in every row; what was half played is left out."""
        self.__init__(self.env, self.algorithm, seed, self.generator, self.noise is not None)
        self.episodes, self.finished_returns = saved["episodes"], list(saved["finished_returns"])

    def load_state_dict(self, saved: dict) -> None:
        self.step_now = TeamStep(**saved["now"])
        self.rows = Batch(**{name: value.clone() for name, value in saved["rows"].items()})
        self.memory, self.last_actions, self.filled = saved["memory"], saved["last_actions"], saved["filled"]
        self.returns, self.finished_returns = saved["returns"].clone(), list(saved["finished_returns"])
        self.episodes = saved["episodes"]
        if self.noise is not None:
            self.noise.load_state_dict(saved["noise"])
