"""To and from PettingZoo's ParallelEnv (Terry et al. 2021). Needs PettingZoo: pip install pettingzoo."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch

try:
    from pettingzoo import AECEnv, ParallelEnv
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. The bridge to PettingZoo needs it: pip install pettingzoo") from error

from qmix_course import errors
from qmix_course.envs import foreign
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep
from qmix_course.envs.pettingzoo_row import Row, Seen, Task
from qmix_course.envs.to_pettingzoo import as_parallel_env

__all__ = ["as_parallel_env", "from_parallel_env"]


def from_parallel_env(env: ParallelEnv | Callable[[], ParallelEnv], num_envs: int = 1,
                      episode_limit: int | None = None, reward: str = "mean", images: bool = False) -> TeamEnv:
    """A PettingZoo environment as a team environment.

    ``env``: an environment, or a function that makes one (needed for ``num_envs`` > 1). ``episode_limit``: the steps
    after which an episode is cut (default: the environment's own ``max_cycles``, an attribute or in its metadata, or
    ``max_steps``). The first one is reset once here, to
    see what it is like.

    - **Actions** are Discrete, counted from 0. A mask (0 or 1, False or True, for each action) is read from the
      observation's "action_mask" or the info's; an agent that comes with one needs one at every step. Where an agent
      has fewer actions than another, the rest is never available.
    - **Observations** are Box, Discrete, MultiDiscrete, MultiBinary, and Dict and Tuple of those, flattened as
      ``gymnasium.spaces.flatten`` does, with zeros behind the shorter ones. Pictures (three axes, or two of bytes) are
      refused unless ``images`` is True. The **state** is the environment's own ``state()`` or, where it has none, all
      observations side by side.
    - **Reward**: the "mean" or the "sum", over *all* ``possible_agents``, of what the environment pays; who has left
      or not yet joined counts with 0 unless it is paid. So a reward that all share stays what it is under "mean" while
      all play. Where agents' rewards differ, this is said once: for rivals the number means nothing.
    - **Agents** not in play (gone, or not there yet) observe zeros and can only play action 0, which is not passed on.
      One that was flagged is out for the rest of the episode; one that joins plays from then on.
    - **Ends**: an episode is over when nobody is in play or "__all__" is flagged. If anybody who still played, or
      "__all__", is flagged terminated in that last step, it has terminated, whatever else is flagged truncated. If
      nobody is flagged at all it counts as terminated, or as truncated at ``episode_limit``; this is said once. So is
      it where all episodes that last until the environment's own limit are flagged terminated, or where the info of
      one that is calls it TimeLimit.truncated: a time-out is a cut.
      A truncated step needs last observations (and masks; one that leaves no action counts as all), a terminated one
      does not.

    Whatever else comes back (a value outside its space, NaN, a missing reward or flag, one for somebody who is no
    agent, spaces that change at a reset, None, …) raises ``ValueError`` with the field, the agent and the environment
    in it, and a reset of all rows is needed. ``close`` closes what is inside. An exact resume is not possible.
    """
    return _FromParallelEnv(env, num_envs, episode_limit, reward, images)


class _FromParallelEnv(TeamEnv):
    masks_actions = True

    def __init__(self, env, num_envs: int, episode_limit: int | None, reward: str, images: bool,
                 said: set | None = None):
        errors.whole_number("num_envs", num_envs)
        self.reward = errors.choice("reward", reward, ("mean", "sum"))
        self.images = errors.switch("images", images)
        if episode_limit is not None:
            episode_limit = errors.whole_number("episode_limit", episode_limit)
        self._said = set() if said is None else said          # what was warned of already, shared with clones
        self._make, self._envs = _make(env, num_envs)
        try:
            task = Task(self._envs[0], reward, episode_limit)
            self.name, self._task = task.name, task
            self._rows = [Row(task, env, row) for row, env in enumerate(self._envs)]
            first_sight = task.look(self._envs[0], images)
            spec = TeamSpec(len(task.names), max(task.choices), max(task.sizes), task.state_dim, task.episode_limit)
            super().__init__(spec, num_envs)
            # Row by row: what the agents observe now, which actions are open to them, and the state.
            self._obs = np.zeros((num_envs, spec.n_agents, spec.obs_dim))
            self._open = np.zeros((num_envs, spec.n_agents, spec.n_actions), dtype=bool)
            self._state = np.zeros((num_envs, spec.state_dim))
            self._write(0, self._rows[0].begin(*first_sight))
            self._sight((0.0, False, False))                  # read in full, before anybody trains
        except BaseException:
            if self._make is not None:                        # nobody else can close these
                self.close()
            raise

    def _begin(self, where: torch.Tensor) -> TeamStep:
        for row in where.nonzero().flatten().tolist():
            seed = int(torch.randint(2**31 - 1, (), generator=self._generator))
            self._write(row, self._rows[row].reset(seed))
        return self._sight(*[(0.0, False, False)] * self.num_envs)

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        outcomes = []                                         # of each row: reward, terminated, truncated
        for row, chosen in enumerate(actions.tolist()):
            seen, *outcome = self._rows[row].step(chosen)
            self._write(row, seen)
            outcomes.append(outcome)
        step = self._sight(*outcomes)
        for words in self._task.news(self._said):
            warnings.warn(words, stacklevel=3)                # at the line that called step
        return step

    def _write(self, row: int, seen: Seen) -> None:
        """Put what the agents of one row see where the batch has its place for it."""
        sizes, obs, available = self._task.sizes, self._obs[row], self._open[row]
        obs.fill(0.0)
        for i, (numbers, mask) in enumerate(zip(seen.obs, seen.available)):
            if numbers is not None:
                obs[i, :sizes[i]] = numbers
            available[i, :len(mask)] = mask
        if seen.state is not None:
            self._state[row] = seen.state
        else:
            self._state[row] = np.concatenate([obs[i, :size] for i, size in enumerate(sizes)])

    def _sight(self, *outcomes: tuple[float, bool, bool]) -> TeamStep:
        """What was written, and what each row brought, in tensors of their own. Refuses what torch's dtype cannot hold.
        """
        reward, terminated, truncated = (np.array(each) for each in zip(*outcomes))
        dtype, task = torch.get_default_dtype(), self._task
        near = np.float64 if dtype is torch.float64 else np.float32         # (numpy has not all of torch's)
        with np.errstate(over="ignore"):                                    # found out just below
            obs, state, reward = (torch.from_numpy(each.astype(near)).to(dtype)
                                  for each in (self._obs, self._state, reward))
        if not (errors.finite(obs) and errors.finite(state) and errors.finite(reward)):
            for row in range(self.num_envs):
                for observed, numbers in zip(task.observed, obs[row]):
                    foreign.numbers(f"{observed.what}, as {dtype}", numbers)
                foreign.numbers(f"state of {self.name}, as {dtype}", state[row])
                foreign.numbers(f"reward of the team in {self.name}, as {dtype}", reward[row], ())
        available = torch.from_numpy(self._open.copy())
        return TeamStep(obs, state, available, reward, torch.from_numpy(terminated), torch.from_numpy(truncated))

    def close(self) -> None:
        """Close the environments inside; a reset is needed before the next step, if they stand one."""
        self._outcome = None
        for env in self._envs:
            env.close()

    def clone(self, num_envs: int | None = None) -> TeamEnv:
        """From a function: new environments. From one environment: a deep copy of it, with one row."""
        source = self._make
        if source is None:
            try:
                source = deepcopy(self._envs[0])
            except Exception as error:
                raise TypeError(f"env: {self.name} cannot be copied ({error}); give from_parallel_env a function "
                                "that makes one") from error
        return _FromParallelEnv(source, self.num_envs if num_envs is None else num_envs, self.spec.episode_limit,
                                self.reward, self.images, self._said)

    def state_dict(self) -> dict:
        raise TypeError(f"state_dict: {self.name} cannot hand out its inner state, so a run in it cannot be resumed "
                        "exactly")

    def load_state_dict(self, saved: dict) -> None:
        raise TypeError(f"load_state_dict: {self.name} cannot take an inner state")


def _make(env, num_envs: int) -> tuple[Callable | None, list[ParallelEnv]]:
    """The function that makes them, if ``env`` is one, and ``num_envs`` different environments."""
    expected = "expected a PettingZoo ParallelEnv or a function that makes one"
    if isinstance(env, ParallelEnv):
        if num_envs != 1:
            raise ValueError(f"env: expected a function that makes an environment for num_envs = {num_envs}, such as "
                             "lambda: simple_spread_v3.parallel_env(), got one environment")
        return None, [env]
    if not callable(env):
        raise TypeError(f"env: {expected}, got {errors.describe(env)}{_way(env)}")
    envs = [env() for _ in range(num_envs)]
    for made in envs:
        if not isinstance(made, ParallelEnv):
            raise TypeError(f"env: {expected}, got a function that makes {errors.describe(made)}{_way(made)}")
    if len({id(made) for made in envs}) < num_envs:
        raise ValueError("env: expected a function that makes a new environment at every call, got the same one twice")
    return env, envs


def _way(env) -> str:
    """How ``env`` becomes a ParallelEnv, if it is near to one."""
    if isinstance(env, AECEnv):
        return "; pettingzoo.utils.aec_to_parallel turns the other kind into one"
    try:
        near = hasattr(env, "possible_agents") or hasattr(env, "agents")
    except Exception:                       # whatever came cannot even be asked
        near = False
    if near:
        return (f"; if it has that form, say so: class {type(env).__name__}(pettingzoo.ParallelEnv), with metadata, "
                "possible_agents, observation_space, action_space, reset and step")
    return ""
