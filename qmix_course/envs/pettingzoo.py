"""To and from PettingZoo's ParallelEnv (Terry et al. 2021). Needs: pip install pettingzoo."""

from __future__ import annotations

from copy import deepcopy
from typing import Callable

import numpy as np
import torch

try:
    from gymnasium import spaces
    from pettingzoo import ParallelEnv
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f'{error}. The bridge to PettingZoo needs it: pip install pettingzoo') from error

from qmix_course import errors
from qmix_course.envs.base import ResetNeeded, TeamEnv, TeamSpec, TeamStep


def as_parallel_env(env: TeamEnv) -> ParallelEnv:
    """``env`` (one row) as a PettingZoo environment with agents "agent_0", "agent_1", …

    Every agent is paid the team's reward. An agent's info holds its "action_mask". ``options`` of ``reset`` is not used.
    """
    if not isinstance(env, TeamEnv):
        raise TypeError(f"env: expected a TeamEnv, got {errors.describe(env)}")
    if env.num_envs != 1:
        raise ValueError(f"env: expected one row (num_envs=1), got {env.num_envs}")
    return _AsParallelEnv(env)


def from_parallel_env(env: ParallelEnv | Callable[[], ParallelEnv], num_envs: int = 1,
                      episode_limit: int | None = None) -> TeamEnv:
    """A PettingZoo environment as a team environment.

    ``env``: an environment, or a function that makes one (needed for ``num_envs`` > 1). ``episode_limit``: the steps
    after which an episode is cut (default: the environment's own ``max_cycles``).

    The team's reward is the mean of the agents' rewards, so a reward that all share stays what it is. Observations and
    action sets of different sizes are filled up (with zeros; with actions that are never available). An agent that has
    left observes zeros and can only play action 0, which is not passed on; the mean is over those still playing. The state is the environment's own ``state()``
    or, where it has none, all observations side by side. Such an environment cannot be saved for an exact resume. It is
    reset once here, to see what its state looks like.
    """
    return _FromParallelEnv(env, num_envs, episode_limit)


class _AsParallelEnv(ParallelEnv):
    metadata = {"name": "qmix_course", "render_modes": [], "is_parallelizable": True}
    render_mode = None

    def __init__(self, env: TeamEnv):
        self.env, spec = env, env.spec
        self.metadata = self.metadata | {"name": type(env).__name__}
        self.possible_agents = [f"agent_{i}" for i in range(spec.n_agents)]
        self.agents: list[str] = []
        self._step: TeamStep | None = None
        self.state_space = spaces.Box(-np.inf, np.inf, (spec.state_dim,), np.float32)
        self._observation_spaces = {a: spaces.Box(-np.inf, np.inf, (spec.obs_dim,), np.float32) for a in self.possible_agents}
        self._action_spaces = {a: spaces.Discrete(spec.n_actions) for a in self.possible_agents}

    def observation_space(self, agent: str) -> spaces.Space:
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space:
        return self._action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict | None = None):
        self._step = self.env.reset(seed=seed)
        self.agents = list(self.possible_agents)
        return self._observe(), self._infos()

    def step(self, actions: dict[str, int]):
        if set(actions) != set(self.agents) or not self.agents:
            raise ValueError(f"actions: expected one for each of {self.agents} (none: call reset), got {list(actions)}")
        chosen = [errors.whole_number(f"actions[{agent!r}]", actions[agent], at_least=0) for agent in self.agents]
        self._step = self.env.step(torch.tensor([chosen]))
        everyone = self.agents
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

    def _observe(self) -> dict[str, np.ndarray]:
        return {a: o.numpy().astype(np.float32) for a, o in zip(self.possible_agents, self._step.obs[0])}

    def _infos(self) -> dict[str, dict]:
        return {a: {"action_mask": m.numpy().astype(np.int8)} for a, m in zip(self.possible_agents, self._step.available[0])}

    def render(self) -> None:
        return None

    def close(self) -> None:
        return None


class _FromParallelEnv(TeamEnv):
    masks_actions = True

    def __init__(self, env, num_envs: int, episode_limit: int | None):
        errors.whole_number("num_envs", num_envs)
        if isinstance(env, ParallelEnv):
            if num_envs != 1:
                raise ValueError(f"env: expected a function that makes an environment for num_envs = {num_envs}, "
                                 "got one environment")
            self._make, self._envs = None, [env]
        elif callable(env):
            self._make, self._envs = env, [env() for _ in range(num_envs)]
        else:
            raise TypeError(f"env: expected a PettingZoo ParallelEnv or a function that makes one, got {errors.describe(env)}")
        for made in self._envs:
            if not isinstance(made, ParallelEnv):
                raise TypeError(f"env: expected a PettingZoo ParallelEnv, got {errors.describe(made)}")
        if len({id(made) for made in self._envs}) < num_envs:
            raise ValueError("env: expected a function that makes a new environment at every call, got the same one twice")
        first = self._envs[0]
        self.name = str(first.metadata.get("name", type(first.unwrapped).__name__))
        self._names = list(first.possible_agents)
        self._sizes = [_observation_size(self.name, a, first.observation_space(a)) for a in self._names]
        self._choices = [_action_count(self.name, a, first.action_space(a)) for a in self._names]
        if episode_limit is None:
            episode_limit = getattr(first.unwrapped, "max_cycles", None)
            if episode_limit is None:
                raise ValueError(f"episode_limit: {self.name} does not say how long an episode lasts; give a number of steps")
        first.reset(seed=0)
        self._own_state = _has_state(first)
        state_dim = int(np.size(first.state())) if self._own_state else sum(self._sizes)
        super().__init__(TeamSpec(len(self._names), max(self._choices), max(self._sizes), state_dim,
                                  errors.whole_number("episode_limit", episode_limit)), num_envs)
        self._clock = [0] * num_envs
        self._now = self._blank()                   # what the agents observe now, row by row

    def _begin(self, where: torch.Tensor) -> TeamStep:
        for row in where.nonzero().flatten().tolist():
            seed = int(torch.randint(2**31 - 1, (), generator=self._generator))
            observations, infos = self._envs[row].reset(seed=seed)
            self._clock[row] = 0
            self._fill(row, observations, infos, acting=self._envs[row].agents)
        return self._outcome_of_now()

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        step = self._outcome_of_now()
        for row, (env, chosen) in enumerate(zip(self._envs, actions.tolist())):
            playing = list(env.agents)
            observations, rewards, terminated, truncated, infos = env.step(
                {agent: action for agent, action in zip(self._names, chosen) if agent in playing})
            self._clock[row] += 1
            # Where only the clock ran out, what an agent could have done next still counts for its target.
            acting = [agent for agent in playing if not terminated.get(agent, False)]
            self._fill(row, observations, infos, acting)
            step.reward[row] = float(np.mean([rewards[agent] for agent in playing]))
            over = not env.agents
            step.terminated[row] = over and not any(truncated.get(agent, False) for agent in playing)
            step.truncated[row] = (over or self._clock[row] >= self.spec.episode_limit) and not step.terminated[row]
        if not step.reward.isfinite().all():
            self._outcome = None                    # it has moved on all the same: only a reset makes sense now
            raise ValueError(f"reward: {self.name} paid NaN or infinity; reset the environment")
        for name in ("obs", "state", "available"):
            getattr(step, name)[:] = getattr(self._now, name)
        return step

    def _outcome_of_now(self) -> TeamStep:
        """A copy of what the agents observe now, with reward 0 and both flags False."""
        return TeamStep(**{name: value.clone() for name, value in vars(self._now).items()})

    def _blank(self) -> TeamStep:
        spec, rows = self.spec, self.num_envs
        return TeamStep(
            obs=torch.zeros(rows, spec.n_agents, spec.obs_dim), state=torch.zeros(rows, spec.state_dim),
            available=torch.zeros(rows, spec.n_agents, spec.n_actions, dtype=torch.bool), reward=torch.zeros(rows),
            terminated=torch.zeros(rows, dtype=torch.bool), truncated=torch.zeros(rows, dtype=torch.bool))

    def _fill(self, row: int, observations: dict, infos: dict, acting: list[str]) -> None:
        """Write what the agents of one row observe, what those that are still ``acting`` may do, and the state."""
        step = self._now
        dtype = step.obs.dtype
        step.obs[row], step.available[row] = 0.0, False
        for i, agent in enumerate(self._names):
            seen, mask = observations.get(agent), infos.get(agent, {}).get("action_mask")
            if isinstance(seen, dict):
                seen, mask = seen["observation"], seen.get("action_mask", mask)
            if seen is not None:
                step.obs[row, i, :self._sizes[i]] = torch.as_tensor(np.asarray(seen).ravel(), dtype=dtype)
            if agent in acting and mask is not None:
                step.available[row, i, :self._choices[i]] = torch.as_tensor(np.asarray(mask), dtype=torch.bool)
            elif agent in acting:
                step.available[row, i, :self._choices[i]] = True
            else:
                step.available[row, i, 0] = True
            if not step.available[row, i].any():
                raise ValueError(f"action_mask: {self.name} leaves {agent} no action at all")
        if self._own_state:
            step.state[row] = torch.as_tensor(np.asarray(self._envs[row].state()).ravel(), dtype=dtype)
        else:
            step.state[row] = torch.cat([step.obs[row, i, :size] for i, size in enumerate(self._sizes)])

    def clone(self, num_envs: int | None = None) -> TeamEnv:
        """From a function: new environments. From one environment: a deep copy of it, with one row."""
        source = deepcopy(self._envs[0]) if self._make is None else self._make
        return _FromParallelEnv(source, self.num_envs if num_envs is None else num_envs, self.spec.episode_limit)

    def state_dict(self) -> dict:
        raise TypeError(f"state_dict: {self.name} cannot hand out its inner state, so a run in it cannot be resumed exactly; "
                        "train without a checkpoint")

    def load_state_dict(self, saved: dict) -> None:
        raise TypeError(f"load_state_dict: {self.name} cannot take an inner state")


def _observation_size(name: str, agent: str, space: spaces.Space) -> int:
    if isinstance(space, spaces.Dict) and "observation" in space.spaces:
        space = space["observation"]
    if not isinstance(space, (spaces.Box, spaces.MultiBinary)):
        raise TypeError(f"env: {agent} of {name} observes a {type(space).__name__}; only Box and MultiBinary are supported")
    return int(np.prod(space.shape))


def _action_count(name: str, agent: str, space: spaces.Space) -> int:
    if not isinstance(space, spaces.Discrete) or space.start != 0:
        raise TypeError(f"env: {agent} of {name} acts in {space}; only Discrete actions from 0 are supported")
    return int(space.n)


def _has_state(env: ParallelEnv) -> bool:
    try:
        env.state()
    except (NotImplementedError, AttributeError):
        return False
    return True
