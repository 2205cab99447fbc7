"""VMAS, robots in a plane, simulated in batched torch (Bettini et al. 2022). Needs it: pip install vmas."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager

import torch

from qmix_course import errors, strangers
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep


def from_vmas(scenario: str | Callable, num_envs: int = 32, episode_limit: int = 100, reward: str = "mean",
              device: str = "cpu", **options) -> TeamEnv:
    """A scenario of VMAS as a team environment: ``num_envs`` rows are one batch there too, stepped in one call.

    ``scenario``: its name, as "balance", or a function or class that makes one of your own. ``options`` go to it, as
    ``n_agents=4``. ``device``: where VMAS simulates; what comes back is on the CPU.

    - **Actions** are VMAS's discrete ones: for a robot in the plane nine (not at all, down or up, times the same to the
      left or right), times what it can say if it speaks. Where an agent has fewer than another, the rest is never
      available.
    - **Observations** are each agent's own, with zeros behind the shorter ones. The **state** is all of them side by
      side.
    - **Reward**: the "mean" or the "sum" of what the agents are paid.
    - **Ends**: where the scenario is done, the episode terminates; after ``episode_limit`` steps it is cut.

    VMAS keeps one random state for all environments of a process; here each has its own, drawn from ``reset``'s seed
    (that of a GPU, on which some scenarios draw, it does not keep). An exact resume is not possible.
    """
    return _FromVMAS(scenario, num_envs, episode_limit, reward, device, options)


class _FromVMAS(TeamEnv):
    def __init__(self, scenario, num_envs: int, episode_limit: int, reward: str, device: str, options: dict):
        num_envs = errors.whole_number("num_envs", num_envs)
        episode_limit = errors.whole_number("episode_limit", episode_limit, at_most=errors.LONGEST)
        self.reward = errors.choice("reward", reward, ("mean", "sum"))
        self.device = errors.device("device", device)
        self._scenario, self._options = scenario, options
        self.name, made, vmas = _made(scenario)
        self._shared = vmas.simulator.environment.Environment.vmas_random_state
        self._dice = self._shared[:]
        with self._own_dice(), strangers.asked("make_env", self.name):
            self._env = vmas.make_env(made, num_envs, device=device, continuous_actions=False, seed=0,
                                      terminated_truncated=True, **options)
            observations = self._env.get_from_scenario(True, False, False, False)[0]
        for agent, obs in zip(self._env.agents, observations):
            if not isinstance(obs, torch.Tensor) or obs.dim() != 2:
                raise TypeError(f"observation of {agent.name} in {self.name}: expected a tensor of shape "
                                f"[{num_envs}, O], got {errors.describe(obs)}")
        self._sizes = [obs.shape[1] for obs in observations]
        self._choices = [space.n for space in self._env.action_space.spaces]
        self.masks_actions = len(set(self._choices)) > 1
        super().__init__(TeamSpec(len(self._sizes), max(self._choices), max(self._sizes), sum(self._sizes),
                                  episode_limit), num_envs)
        self._clock = torch.zeros(num_envs, dtype=torch.int64)          # steps of each row's episode
        self._obs = observations                                        # each agent's, as it came last

    @contextmanager
    def _own_dice(self):
        """Between the lines of this ``with``, VMAS's one random state is ours."""
        before, self._shared[:] = self._shared[:], self._dice
        try:
            yield
        finally:
            self._dice, self._shared[:] = self._shared[:], before

    def _begin(self, where: torch.Tensor) -> TeamStep:
        with self._own_dice():
            self._env.seed(int(torch.randint(2**31 - 1, (), generator=self._generator)))
            if where.all():
                self._env.reset(return_observations=False)
            else:
                for row in where.nonzero().flatten().tolist():
                    self._env.reset_at(row, return_observations=False)
            observations = self._env.get_from_scenario(True, False, False, False)[0]
        # The others keep what they saw: an observation that VMAS draws would be another one if it is asked for again.
        rows = where.unsqueeze(1).to(self.device)
        self._obs = [torch.where(rows, new, old) for new, old in zip(observations, self._obs)]
        self._clock[where] = 0
        none = torch.zeros(self.num_envs, dtype=torch.bool)
        return self._see(torch.zeros(self.num_envs), none, none.clone())

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        with self._own_dice():
            self._obs, paid, done, _, _ = self._env.step([each.unsqueeze(1) for each in actions.to(self.device).T])
        self._clock += 1
        terminated = done.to("cpu", torch.bool)
        return self._see(self._pay(paid), terminated, ~terminated & (self._clock >= self.spec.episode_limit))

    def _pay(self, paid: list[torch.Tensor]) -> torch.Tensor:
        """[B], from what each agent is paid[B]. A reward that all share stays what it is, to the last bit."""
        each = torch.stack(paid, 1).to("cpu", torch.get_default_dtype())                            # [B, N]
        if not errors.finite(each):
            self._refuse("reward", int((~each.isfinite()).nonzero()[0, 1]))
        if self.reward == "sum":
            return each.sum(1)
        return torch.where((each == each[:, :1]).all(1), each[:, 0], each.mean(1))

    def _see(self, reward: torch.Tensor, terminated: torch.Tensor, truncated: torch.Tensor) -> TeamStep:
        spec, rows = self.spec, self.num_envs
        state = torch.cat(self._obs, 1).to("cpu", torch.get_default_dtype())
        if not errors.finite(state):
            self._refuse("observation", next(i for i, own in enumerate(self._obs) if not errors.finite(own)))
        obs = torch.zeros(rows, spec.n_agents, spec.obs_dim)
        for i, own in enumerate(state.split(self._sizes, 1)):
            obs[:, i, :self._sizes[i]] = own
        available = torch.arange(spec.n_actions) < torch.tensor(self._choices).unsqueeze(1)         # [N, A]
        return TeamStep(obs, state, available.repeat(rows, 1, 1), reward, terminated, truncated)

    def _refuse(self, field: str, agent: int) -> None:
        raise ValueError(f"{field} of {self._env.agents[agent].name} in {self.name}: expected finite numbers, got NaN "
                         "or infinity")

    def clone(self, num_envs: int | None = None) -> TeamEnv:
        return _FromVMAS(self._scenario, self.num_envs if num_envs is None else num_envs, self.spec.episode_limit,
                         self.reward, self.device, self._options)

    def state_dict(self) -> dict:
        raise TypeError(f"state_dict: {self.name} cannot hand out its inner state, so a run in it cannot be resumed "
                        "exactly")

    def load_state_dict(self, saved: dict) -> None:
        raise TypeError(f"load_state_dict: {self.name} cannot take an inner state")


def _made(scenario) -> tuple:
    """The scenario's name, what ``make_env`` takes, and the package."""
    try:
        import vmas
        import vmas.simulator.environment
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{error}. VMAS's scenarios need it: pip install vmas") from error

    if isinstance(scenario, str):
        known = [*vmas.scenarios, *vmas.mpe_scenarios, *vmas.debug_scenarios]
        return errors.choice("scenario", scenario, known), scenario, vmas
    made = scenario() if callable(scenario) else None
    if not isinstance(made, vmas.simulator.scenario.BaseScenario):
        raise TypeError("scenario: expected a name, or a function or class that makes a scenario, got "
                        f"{errors.describe(scenario)}")
    return type(made).__name__, made, vmas
