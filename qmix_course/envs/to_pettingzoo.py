"""A team environment as PettingZoo's ``ParallelEnv``."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces
from pettingzoo import ParallelEnv

from qmix_course import errors
from qmix_course.envs.base import ResetNeeded, TeamEnv, TeamStep


def as_parallel_env(env: TeamEnv) -> ParallelEnv:
    """``env`` (one row) as a PettingZoo environment with agents "agent_0", "agent_1", …

    Every agent is paid the team's reward. An agent's info holds its "action_mask"; where ``env`` closes actions, the
    observation is PettingZoo's dict of "observation" and "action_mask" as well. ``options`` of ``reset`` is not used.
    """
    if not isinstance(env, TeamEnv):
        raise TypeError(f"env: expected a TeamEnv, got {errors.describe(env)}")
    if env.num_envs != 1:
        raise ValueError(f"env: expected one row (num_envs=1), got {env.num_envs}")
    return _AsParallelEnv(env)


class _AsParallelEnv(ParallelEnv):
    metadata = {"name": "qmix_course", "render_modes": [], "is_parallelizable": True}
    render_mode = None

    def __init__(self, env: TeamEnv):
        self.env, spec = env, env.spec
        self.episode_limit = spec.episode_limit
        self.metadata = self.metadata | {"name": type(env).__name__}
        self.possible_agents = [f"agent_{i}" for i in range(spec.n_agents)]
        self.agents: list[str] = []
        self._step: TeamStep | None = None
        self.state_space = spaces.Box(-np.inf, np.inf, (spec.state_dim,), np.float32)
        self._observation_spaces = {agent: self._observed(spec) for agent in self.possible_agents}
        self._action_spaces = {agent: spaces.Discrete(spec.n_actions) for agent in self.possible_agents}

    def _observed(self, spec) -> spaces.Space:
        box = spaces.Box(-np.inf, np.inf, (spec.obs_dim,), np.float32)
        if not self.env.masks_actions:
            return box
        return spaces.Dict({"observation": box, "action_mask": spaces.Box(0, 1, (spec.n_actions,), np.int8)})

    def observation_space(self, agent: str) -> spaces.Space:
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space:
        return self._action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict | None = None):
        self._step = self.env.reset(seed=seed)
        self.agents = list(self.possible_agents)
        return self._observe(), self._infos()

    def step(self, actions: dict[str, int]):
        if not isinstance(actions, dict):
            raise TypeError(f"actions: expected a dict with one for each agent, got {errors.describe(actions)}")
        if set(actions) != set(self.agents) or not self.agents:
            raise ValueError(f"actions: expected one for each of {self.agents} (none: call reset), got {list(actions)}")
        everyone = list(self.agents)
        chosen = [errors.whole_number(f"actions[{a!r}]", actions[a], at_least=0) for a in self.possible_agents]
        if max(chosen) >= self.env.spec.n_actions:
            raise ValueError(f"actions: expected 0 to {self.env.spec.n_actions - 1}, got {actions}")
        self._step = self.env.step(torch.tensor([chosen]))
        rewards = dict.fromkeys(everyone, float(self._step.reward))
        terminated = dict.fromkeys(everyone, bool(self._step.terminated))
        truncated = dict.fromkeys(everyone, bool(self._step.truncated))
        if self._step.ended:
            self.agents = []
        return self._observe(), rewards, terminated, truncated, self._infos()

    def state(self) -> np.ndarray:
        if self._step is None:
            raise ResetNeeded("state: the environment has not been reset; call reset() first")
        return self._step.state[0].numpy().astype(np.float32)

    def _observe(self) -> dict:
        seen = {agent: obs.numpy().astype(np.float32) for agent, obs in zip(self.possible_agents, self._step.obs[0])}
        if not self.env.masks_actions:
            return seen
        return {agent: {"observation": seen[agent], **info} for agent, info in self._infos().items()}

    def _infos(self) -> dict[str, dict]:
        return {agent: {"action_mask": mask.numpy().astype(np.int8)}
                for agent, mask in zip(self.possible_agents, self._step.available[0])}

    def render(self) -> None:
        return None

    def close(self) -> None:
        return None
