"""Gymnasium's multi-agent form: one environment whose spaces, observations and rewards are tuples, one entry an agent.

Level-based foraging (LBF) and the multi-robot warehouse (RWARE; Papoudakis et al. 2021) come in it. Needs PettingZoo,
through whose bridge they go, and each its own package: see README, "Other people's worlds".
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import getattr_static

import numpy as np

try:
    import gymnasium
    from gymnasium import Env, spaces
    from pettingzoo import ParallelEnv
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. Gymnasium's team environments go through the bridge to PettingZoo, which "
                              "needs it: pip install pettingzoo") from error

from qmix_course import errors
from qmix_course.envs import foreign
from qmix_course.envs.base import TeamEnv
from qmix_course.envs.pettingzoo import from_parallel_env


def from_gymnasium(env: Env | Callable[[], Env], num_envs: int = 1, episode_limit: int | None = None,
                   reward: str = "mean", only_the_clock: Callable[[Env], bool] | None = None,
                   images: bool = False) -> TeamEnv:
    """A Gymnasium environment with a Tuple of actions and of observations as a team environment.

    Its reset gives a tuple of observations, its step a list of rewards too, one of each an agent; the flags are one for
    all, or one an agent. A mask is read from the info's "action_mask", a row an agent. All else is as
    ``from_parallel_env`` has it: ``env`` may be a function that makes one, ``reward`` is the "mean" or the "sum" over
    the agents, the state is all observations side by side, ``episode_limit`` is by default the environment's own (its
    spec's ``max_episode_steps``, or what it or a wrapper around it keeps under such a name).

    ``only_the_clock(env)``: for environments that report their time limit as an end. It is asked at a step that is
    flagged terminated; True makes it truncated.
    """
    errors.function("only_the_clock", only_the_clock)
    if isinstance(env, Env):
        return from_parallel_env(_Parallel(env, only_the_clock), num_envs, episode_limit, reward, images)
    if not callable(env):
        raise TypeError("env: expected a Gymnasium environment or a function that makes one, got "
                        f"{errors.describe(env)}")
    return from_parallel_env(lambda: _Parallel(env(), only_the_clock), num_envs, episode_limit, reward, images)


def foraging(name: str = "Foraging-5x5-2p-1f-v3", num_envs: int = 1, episode_limit: int | None = None,
             reward: str = "sum") -> TeamEnv:
    """Level-based foraging: agents collect food that a level, their own or together, is enough for.

    ``reward``: the "sum" over the agents is 1 for all food. LBF 2 flags its time limit (50 steps) as an end; while food
    is left it is a cut. It also places agents where none of the last episode's stand, so that a seed does not bring a
    start back; here every reset is that of a new environment.
    """
    make = _maker("lbforaging", name)
    return from_gymnasium(lambda: _Forgetful(make()), num_envs, episode_limit, reward,
                          only_the_clock=lambda env: bool(env.unwrapped.field.any()))


def warehouse(name: str = "rware-tiny-2ag-v2", num_envs: int = 1, episode_limit: int | None = None,
              reward: str = "sum") -> TeamEnv:
    """The multi-robot warehouse: shelves that are asked for go to the goal and back; 1 for each delivery.

    It never ends: RWARE 2 flags its time limit (500 steps) as an end, and it is a cut.
    """
    return from_gymnasium(_maker("rware", name), num_envs, episode_limit, reward, only_the_clock=lambda env: True)


def _maker(package: str, name: str) -> Callable[[], Env]:
    try:
        __import__(package)                                     # it registers its environments
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{error}. {name} needs it: pip install {package}") from error
    try:
        gymnasium.spec(name)
    except gymnasium.error.Error as error:
        raise ValueError(f"name: expected an environment of {package}, got {errors.brief(name)}. {error}") from error
    return lambda: gymnasium.make(name, disable_env_checker=True)


class _Forgetful(gymnasium.Wrapper):
    """LBF without the agents' places in the last episode."""

    def reset(self, **options):
        for player in self.unwrapped.players:
            player.position = None
        return super().reset(**options)


class _Parallel(ParallelEnv):
    """One such environment, spoken to as PettingZoo's."""

    def __init__(self, env: Env, only_the_clock: Callable[[Env], bool] | None):
        self.env, self._only_the_clock = env, only_the_clock
        errors.instance("env", env, Env)
        self.name = env.spec.id if env.spec is not None else type(env.unwrapped).__name__
        self.metadata = {"name": self.name}
        self._sees, self._acts = (self._spaces(which) for which in ("observation_space", "action_space"))
        if len(self._sees) != len(self._acts):
            raise ValueError(f"action_space of {self.name}: expected one entry for each of {len(self._sees)} "
                             f"observations, got {len(self._acts)}")
        self.possible_agents = [f"agent {i}" for i in range(len(self._acts))]
        self.max_cycles = _limit(env)
        foreign.takes_a_seed(self.name, env.unwrapped.reset)        # wrappers take one and hand it on
        for method in foreign.MASK_METHODS:                         # the bridge says a word if there is one
            if callable(getattr_static(type(env.unwrapped), method, None)):     # a property may want a reset first
                setattr(self, method, getattr(env.unwrapped, method))

    def _spaces(self, which: str) -> tuple:
        space = getattr(self.env, which)
        if not isinstance(space, spaces.Tuple):
            raise TypeError(f"{which} of {self.name}: expected a Tuple with one entry an agent, got "
                            f"{foreign.came(space)}")
        return tuple(space.spaces)

    def observation_space(self, agent):
        return self._sees[self.possible_agents.index(agent)]

    def action_space(self, agent):
        return self._acts[self.possible_agents.index(agent)]

    def reset(self, seed=None, options=None):
        came = self.env.reset(seed=seed)                            # not every environment takes options
        if not isinstance(came, tuple) or len(came) != 2:
            raise ValueError(f"reset of {self.name}: expected a tuple (observations, info), got {foreign.came(came)}")
        observations, info = came
        self.agents = self.possible_agents[:]
        return self._each("observations", observations), self._infos(info)

    def step(self, actions):
        came = self.env.step(tuple(actions[agent] for agent in self.possible_agents))
        if not isinstance(came, tuple) or len(came) != 5:
            raise ValueError(f"step of {self.name}: expected a tuple (observations, rewards, terminated, truncated, "
                             f"info), got {foreign.came(came)}")
        observations, rewards, terminated, truncated, info = came
        terminated, truncated = self._flags("terminated", terminated), self._flags("truncated", truncated)
        if self._only_the_clock is not None and any(terminated.values()) and self._only_the_clock(self.env):
            terminated, truncated = dict.fromkeys(terminated, False), dict.fromkeys(truncated, True)
        return (self._each("observations", observations), self._each("rewards", rewards), terminated, truncated,
                self._infos(info))

    def _each(self, field: str, values) -> dict:
        """One of ``values`` for each agent."""
        n = len(self.possible_agents)
        if not _is_row(values) or len(values) != n:
            raise ValueError(f"{field} of {self.name}: expected one for each of {n} agents, got {foreign.came(values)}")
        return dict(zip(self.possible_agents, values))

    def _flags(self, field: str, value) -> dict:
        flags = self._each(field, value) if _is_row(value) else dict.fromkeys(self.possible_agents, value)
        return {agent: foreign.flag(f"{field} of {self.name}", each) for agent, each in flags.items()}

    def _infos(self, info) -> dict:
        """Each agent's: its mask, and what the bridge has a word for, another mask's name or a clock that ran out."""
        infos = {agent: {} for agent in self.possible_agents}
        for key, value in foreign.mapping(f"info of {self.name}", info).items():
            if key == "TimeLimit.truncated":
                value = [value] * len(infos)
            elif value is None or key != "action_mask" and not foreign.named_as_mask(key):
                continue
            elif key != "action_mask" and not _is_row(value):
                continue                                        # a number or a word is no mask
            elif key != "action_mask" and len(value) != len(infos):
                infos[key] = value                              # beside the agents'
                continue
            for agent, each in self._each(key, value).items():
                infos[agent][key] = each
        return infos

    def render(self):
        return self.env.render()

    def close(self):
        self.env.close()


def _is_row(values) -> bool:
    return isinstance(values, (tuple, list)) or isinstance(values, np.ndarray) and values.ndim > 0


def _limit(env: Env) -> int | None:
    """The environment's own time limit: of its spec, of a wrapper around it, or where LBF and RWARE keep theirs."""
    own = [env.spec.max_episode_steps] if env.spec is not None else []
    while isinstance(env, gymnasium.Wrapper):
        own, env = own + foreign.limits_of(env), env.env
    return next((limit for limit in own + foreign.limits_of(env) if limit is not None), None)
