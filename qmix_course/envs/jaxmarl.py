"""JaxMARL's environments (Rutherford et al. 2024): SMAX, Overcooked. Needs it: pip install jaxmarl."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import torch

from qmix_course import errors, strangers
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep


def smax(scenario: str = "3m", num_envs: int = 32, episode_limit: int = 100, reward: str = "mean",
         **options) -> TeamEnv:
    """SMAX, micromanagement in JAX, against JaxMARL's scripted enemy. ``scenario``: "3m", "8m", "5m_vs_6m", …

    ``options`` go to ``HeuristicEnemySMAX``. The state is its own ``world_state``.
    """
    jaxmarl = _jaxmarl()
    from jaxmarl.environments.smax.smax_env import MAP_NAME_TO_SCENARIO

    scenario = errors.choice("scenario", scenario, MAP_NAME_TO_SCENARIO)
    # It is asked to go on for longer than that: so its "done" means that one side is beaten, and the clock here cuts.
    env = jaxmarl.make("HeuristicEnemySMAX", scenario=MAP_NAME_TO_SCENARIO[scenario],
                       max_steps=errors.whole_number("episode_limit", episode_limit), **options)
    return _FromJaxMARL(env, f"smax {scenario}", num_envs, episode_limit, reward, None)


def overcooked(layout: str = "cramped_room", num_envs: int = 32, episode_limit: int = 400,
               reward: str = "mean") -> TeamEnv:
    """Overcooked: two cooks, onions, plates, 20 for each soup. It never ends; its clock cuts.

    The observations are its small pictures, width × height × 26, laid flat.
    """
    jaxmarl = _jaxmarl()
    from jaxmarl.environments.overcooked import overcooked_layouts

    layout = errors.choice("layout", layout, overcooked_layouts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)     # there is a second Overcooked; papers have the first
        env = jaxmarl.make("overcooked", layout=overcooked_layouts[layout],
                           max_steps=errors.whole_number("episode_limit", episode_limit))
    return _FromJaxMARL(env, f"overcooked {layout}", num_envs, episode_limit, reward, lambda state: True)


def from_jaxmarl(env, num_envs: int = 32, episode_limit: int | None = None, reward: str = "mean",
                 only_the_clock: Callable | None = None) -> TeamEnv:
    """An environment of JaxMARL as a team environment: one compiled call a step for all rows.

    ``episode_limit``: the steps after which an episode is cut (default: the environment's own ``max_steps``).
    ``only_the_clock(state)``: for one that reports its time limit as done; asked of the state of each row that is done
    (in JAX), True makes it truncated.

    - **Actions** are Discrete; what ``get_avail_actions`` closes, and what another agent has more, is unavailable.
    - **Observations** are laid flat, with zeros behind the shorter ones. The **state** is its "world_state" or, where
      it has none, all observations side by side.
    - **Reward**: the "mean" or the "sum" over all agents, dead or alive.
    - **Ends**: "__all__" in ``dones``. One agent's own flag ends nothing.

    JAX's random numbers are drawn from ``reset``'s seed, and a resume is exact. The first call compiles, for seconds;
    what was compiled is kept on disk for the next run (JAX's own cache, in ~/.cache unless JAX has another place).
    """
    _jaxmarl()
    from jaxmarl.environments.multi_agent_env import MultiAgentEnv

    errors.instance("env", env, MultiAgentEnv)
    errors.function("only_the_clock", only_the_clock)
    own = getattr(env, "max_steps", None)
    if episode_limit is None and own is None:
        raise ValueError(f"episode_limit: {env.name} does not say how long an episode lasts; give a number of steps")
    limit = errors.whole_number("episode_limit", own if episode_limit is None else episode_limit)
    if own is not None and limit > own:
        raise ValueError(f"episode_limit: expected at most {env.name}'s own max_steps = {own}, got {limit}")
    return _FromJaxMARL(env, env.name, num_envs, limit, reward, only_the_clock)


class _FromJaxMARL(TeamEnv):
    masks_actions = True

    def __init__(self, env, name: str, num_envs: int, episode_limit: int, reward: str, only_the_clock: Callable | None,
                 programs: _Programs | None = None):
        num_envs = errors.whole_number("num_envs", num_envs)
        self.name, self.reward = name, errors.choice("reward", reward, ("mean", "sum"))
        self._env, self._only_the_clock = env, only_the_clock
        self._programs = programs or _Programs(env, name, reward, only_the_clock)
        super().__init__(TeamSpec(*self._programs.sizes, episode_limit), num_envs)
        self._clock = torch.zeros(num_envs, dtype=torch.int64)      # steps of each row's episode
        self._now = None            # JAX's: the state of every row, and what is seen there (obs, state, available)

    def _draw(self) -> int:
        return int(torch.randint(2**31 - 1, (), generator=self._generator))

    def _begin(self, where: torch.Tensor) -> TeamStep:
        fresh = self._programs.begin(self._draw(), self.num_envs)
        self._now = fresh if self._now is None else self._programs.choose(where.numpy(), fresh, self._now)
        self._clock[where] = 0
        none = torch.zeros(self.num_envs, dtype=torch.bool)
        return self._see(torch.zeros(self.num_envs), none, none.clone())

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        self._now, *outcome = self._programs.advance(self._draw(), self._now[0], actions.numpy())
        reward, ended, cut = (_torch(each) for each in outcome)
        self._clock += 1
        return self._see(reward, ended, ~ended & (cut | (self._clock >= self.spec.episode_limit)))

    def _see(self, reward: torch.Tensor, terminated: torch.Tensor, truncated: torch.Tensor) -> TeamStep:
        obs, state, available = (_torch(each) for each in self._now[1])
        for what, value in (("reward of the team", reward), ("an observation", obs), ("state", state)):
            if not errors.finite(value):
                raise ValueError(f"{what} in {self.name}: expected finite numbers, got NaN or infinity")
        return TeamStep(obs, state, available, reward, terminated, truncated)

    def clone(self, num_envs: int | None = None) -> TeamEnv:
        return _FromJaxMARL(self._env, self.name, self.num_envs if num_envs is None else num_envs,
                            self.spec.episode_limit, self.reward, self._only_the_clock, self._programs)

    def state_dict(self) -> dict:
        now = None if self._now is None else self._programs.save(self._now)
        return super().state_dict() | {"now": now, "clock": self._clock.clone()}

    def load_state_dict(self, saved: dict) -> None:
        now, clock = errors.entries("saved", saved, ("now", "clock"))
        errors.tensor("saved['clock']", clock, (self.num_envs,), torch.int64)
        now = None if now is None else self._programs.load(now, self.num_envs)
        super().load_state_dict(saved)
        self._now, self._clock = now, clock.clone()


class _Programs:
    """What JAX compiles for one environment. All its clones share it, so each number of rows is compiled once.

    ``sizes``: N, A, O, S. "now" is (state, (obs[B, N, O], state[B, S], available[B, N, A])), in JAX's arrays.
    """

    def __init__(self, env, name: str, reward: str, only_the_clock: Callable | None):
        import jax
        import jax.numpy as jnp
        from jaxmarl.environments.spaces import Discrete

        self.jax, agents = jax, list(env.agents)
        for agent in agents:
            if not isinstance(env.action_space(agent), Discrete):
                raise TypeError(f"action of {agent} in {name}: expected Discrete actions, got "
                                f"{errors.describe(env.action_space(agent))}; only those are supported")
        choices = [int(env.action_space(agent).n) for agent in agents]
        with strangers.asked("reset", name):
            seen, state = jax.eval_shape(env.reset, jax.random.PRNGKey(0))
        if not isinstance(seen, dict) or not all(hasattr(seen.get(agent), "shape") for agent in agents):
            raise ValueError(f"observations of {name}: expected a dict with an array for each of {agents}, got "
                             f"{errors.describe(list(seen) if isinstance(seen, dict) else seen)}")
        lengths = [math.prod(seen[agent].shape) for agent in agents]
        own = "world_state" in seen
        state_dim = math.prod(seen["world_state"].shape) if own else sum(lengths)
        self.sizes = len(agents), max(choices), max(lengths), state_dim
        try:
            jax.eval_shape(env.get_avail_actions, state)
            masks = env.get_avail_actions
        except NotImplementedError:
            masks = lambda state: {agent: jnp.ones(n) for agent, n in zip(agents, choices)}

        def side_by_side(parts, width):
            return jnp.stack([jnp.pad(part, (0, width - len(part))) for part in parts])

        def look(obs, state):
            flat = [obs[agent].ravel().astype(jnp.float32) for agent in agents]
            world = obs["world_state"].ravel().astype(jnp.float32) if own else jnp.concatenate(flat)
            opened = masks(state)
            available = [opened[agent].ravel() == 1 for agent in agents]
            return side_by_side(flat, max(lengths)), world, side_by_side(available, max(choices))

        def begin_one(key):
            obs, state = env.reset(key)
            return state, look(obs, state)

        def advance_one(key, state, actions):
            obs, state, rewards, dones, _ = env.step_env(key, state, dict(zip(agents, actions)))
            paid = jnp.stack([rewards[agent] for agent in agents])
            if reward == "sum":
                pay = paid.sum()
            else:                       # one reward that all share stays what it is, to the last bit
                pay = jnp.where((paid == paid[0]).all(), paid[0], paid.mean())
            over = dones["__all__"]
            cut = over & (False if only_the_clock is None else only_the_clock(state))
            return (state, look(obs, state)), pay, over & ~cut, cut

        def keys(seed, count):
            return jax.random.split(jax.random.PRNGKey(seed), count)

        def begin(seed, count):
            return jax.vmap(begin_one)(keys(seed, count))

        def advance(seed, state, actions):
            return jax.vmap(advance_one)(keys(seed, len(actions)), state, actions)

        def choose(where, new, old):
            return jax.tree.map(lambda a, b: jnp.where(where.reshape(-1, *[1] * (a.ndim - 1)), a, b), new, old)

        self.begin, self.advance = jax.jit(begin, static_argnums=1), jax.jit(advance)
        self.choose = jax.jit(choose)

    def save(self, now) -> list[torch.Tensor]:
        """Every array of ``now``; whole numbers as int64, because torch can do little with unsigned ones."""
        arrays = [np.asarray(leaf) for leaf in self.jax.tree.leaves(now)]
        return [torch.tensor(array.astype(np.int64) if array.dtype.kind in "ui" else array) for array in arrays]

    def load(self, saved: list[torch.Tensor], num_envs: int):
        """``now`` again, if ``saved`` holds as many arrays of these shapes."""
        expected, tree = self.jax.tree.flatten(self.jax.eval_shape(lambda: self.begin(0, num_envs)))
        errors.sequence("saved['now']", saved, "tensors")
        if len(saved) != len(expected):
            raise ValueError(f"saved['now']: expected {len(expected)} tensors, got {len(saved)}")
        for number, (leaf, wanted) in enumerate(zip(saved, expected)):
            kind = {"b": torch.bool, "f": None}.get(wanted.dtype.kind, torch.int64)
            errors.tensor(f"saved['now'][{number}]", leaf, wanted.shape, kind)
        arrays = [self.jax.numpy.asarray(leaf.numpy(), wanted.dtype) for leaf, wanted in zip(saved, expected)]
        return self.jax.tree.unflatten(tree, arrays)


def _torch(array) -> torch.Tensor:
    """A tensor of its own, floats in torch's default dtype."""
    tensor = torch.tensor(np.asarray(array))
    return tensor.to(torch.get_default_dtype()) if tensor.is_floating_point() else tensor


def _jaxmarl():
    """The package, with a place on disk for what JAX compiles, unless JAX has been given one."""
    try:
        import jax
        with redirect_stdout(None):                             # it says what it did not find
            import jaxmarl
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{error}. JaxMARL's environments need it: pip install jaxmarl") from error
    if jax.config.jax_compilation_cache_dir is None:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(caches / "qmix_course" / "jax"))
    return jaxmarl
