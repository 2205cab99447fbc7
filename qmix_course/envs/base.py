"""The batched contract of an environment: one environment is a batch of one.

A team of ``N`` agents acts in ``B`` independent copies at once. Everything that goes in or out is a CPU torch tensor:
floats in torch's default dtype, actions int64, flags bool.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass, fields, replace

import torch

from qmix_course import checkpoint, errors, strangers

OUTCOME = ("reward", "terminated", "truncated")


class ResetNeeded(RuntimeError, ValueError):
    """``step`` was called before ``reset``, or while an episode that has ended waits for its reset."""


@dataclass(frozen=True)
class TeamSpec:
    """The sizes of a team task. ``episode_limit`` counts steps."""

    n_agents: int
    n_actions: int
    obs_dim: int
    state_dim: int
    episode_limit: int

    def __post_init__(self):
        for field in fields(self):        # a plain int, whatever kind of whole number came
            most = errors.LONGEST if field.name == "episode_limit" else errors.MOST
            object.__setattr__(self, field.name, errors.whole_number(field.name, getattr(self, field.name),
                                                                     at_most=most))


@dataclass(frozen=True)
class TeamStep:
    """What the team meets after a reset or a step.

    obs[B, N, O] · state[B, S] · available[B, N, A] bool · reward[B] · terminated[B] bool · truncated[B] bool

    ``terminated``: the task ended, nothing comes after. ``truncated``: only the clock ran out, so the value of what
    would have come still counts. ``state`` is for training only; no agent reads it when it acts.
    """

    obs: torch.Tensor
    state: torch.Tensor
    available: torch.Tensor
    reward: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor

    @property
    def ended(self) -> torch.Tensor:
        """[B] bool: the rows whose episode is over, for whichever reason."""
        return self.terminated | self.truncated

    def copy(self) -> TeamStep:
        """The same in tensors of its own."""
        return TeamStep(**{name: value.clone() for name, value in vars(self).items()})


@dataclass(frozen=True)
class Model:
    """Every state of an enumerable task and what every joint action does there (``X`` states, none of them final).

    state[X, S] · obs[X, N, O], what the agents see there · next_state[X, A, ..., A] int64, a row of ``state`` ·
    reward[X, A, ..., A] · terminated[X, A, ..., A] bool (there ``next_state`` means nothing and is 0) · start[K] int64,
    the equally likely rows in which an episode begins. One ``A`` axis an agent, in the agents' order.
    """

    state: torch.Tensor
    obs: torch.Tensor
    next_state: torch.Tensor
    reward: torch.Tensor
    terminated: torch.Tensor
    start: torch.Tensor


class TeamEnv(ABC):
    """The base of every environment: it checks what comes in; a subclass writes the rules.

    A subclass sets ``spec`` and ``num_envs`` by calling ``super().__init__`` and writes ``_begin`` and ``_advance``,
    ``clone`` and, where it can, ``state_dict``, ``load_state_dict`` and ``model``. What it returns belongs to the
    caller, who may write into it.
    """

    masks_actions = False           # whether an action can be unavailable; if not, ``available`` is all True

    def __init__(self, spec: TeamSpec, num_envs: int):
        self.spec = spec
        self.num_envs = errors.whole_number("num_envs", num_envs)
        # What the last step brought, apart from the tensors that the caller got. None before the first reset.
        self._outcome: dict[str, torch.Tensor] | None = None
        self._waiting = False                       # whether any row has ended
        self._looked_at: dict[str, list] = {}       # shapes and types of what each method last gave, which were right
        self._available: torch.Tensor | None = None     # kept only where ``masks_actions``
        self._generator = torch.Generator()

    def reset(self, seed: int | None = None, where: torch.Tensor | None = None, **start) -> TeamStep:
        """Begin new episodes and return the full batch.

        ``seed`` starts the environment's own random generator afresh. ``where[B]`` (bool) picks the rows to reset: they
        come back with reward 0 and both flags False, all others unchanged. Without it every row is reset.
        ``start`` holds what an environment offers besides (the grid world: ``positions``).
        """
        if seed is not None:
            seed = errors.seed("seed", seed)
        if where is None:
            where = torch.ones(self.num_envs, dtype=torch.bool)
        else:
            errors.tensor("where", where, (self.num_envs,), torch.bool)
            if self._outcome is None and not where.all():
                raise ResetNeeded("reset: the first reset must cover every row; call reset() without where")
        start = self._check_start(**start)
        before, self._outcome = self._outcome, None         # if what follows fails, only a reset of all makes sense
        if seed is not None:
            self._seed(seed)
        with strangers.asked("_begin", self):
            step = self._begin(where, **start)
        self._look("_begin", step)
        if bool((step.ended & where).any()):
            raise ValueError(f"_begin of {type(self).__name__}: expected both flags False where an episode begins, got "
                             f"one that has ended in row(s) {(step.ended & where).nonzero().flatten().tolist()[:8]}; "
                             "draw another start there, or end it at the first step")
        if before is not None and not where.all():          # in tensors of our own: one may be two of its fields
            step = replace(step, **{name: torch.where(where, getattr(step, name), before[name])
                                    for name in OUTCOME})
        return self._remember(step)

    def step(self, actions: torch.Tensor) -> TeamStep:
        """Play one joint action in every row and return what follows; nothing is reset.

        ``actions[B, N]``, int64. Raises ``ResetNeeded`` before the first reset and while any row has ended. A reward
        that ``_advance`` gives in another dtype comes back in torch's default one.
        """
        if self._outcome is None:
            raise ResetNeeded("step: the environment has not been reset; call reset() first")
        if self._waiting:
            rows = (self._outcome["terminated"] | self._outcome["truncated"]).nonzero().flatten().tolist()
            raise ResetNeeded(f"step: the episode in row(s) {rows[:8]} has ended; "
                              "call reset(where=step.terminated | step.truncated) first")
        errors.tensor("actions", actions, (self.num_envs, self.spec.n_agents), torch.int64)
        self._check_actions(actions)
        self._outcome = None                        # if it fails midway, only a reset of all makes sense
        with strangers.asked("_advance", self):
            step = self._advance(actions)
        self._look("_advance", step)
        return self._remember(step)

    def _seed(self, seed: int) -> None:
        """Everything random begins afresh from ``seed``."""
        self._generator.manual_seed(seed)

    def _look(self, method: str, step) -> None:
        """What a method gives must be tensors of the contract's shapes. (``check_env`` looks at much more.)"""
        spec, rows, name = self.spec, self.num_envs, type(self).__name__
        errors.instance(f"{method} of {name}", step, TeamStep)
        forms = [(getattr(value, "shape", None), getattr(value, "dtype", None)) for value in vars(step).values()]
        if forms == self._looked_at.get(method):
            return
        shapes = {"obs": (spec.n_agents, spec.obs_dim), "state": (spec.state_dim,),
                  "available": (spec.n_agents, spec.n_actions)}
        for field, value in vars(step).items():
            dtype = torch.bool if field in ("available", "terminated", "truncated") else getattr(value, "dtype", None)
            errors.tensor(f"{method} of {name}: {field}", value, (rows, *shapes.get(field, ())), dtype)
        self._looked_at[method] = forms

    def _remember(self, step: TeamStep) -> TeamStep:
        if step.reward.dtype is not torch.get_default_dtype():          # whole numbers, say
            step = replace(step, reward=step.reward.to(torch.get_default_dtype()))
        self._outcome = {name: getattr(step, name).clone() for name in OUTCOME}
        self._waiting = bool(step.ended.any())
        if self.masks_actions:
            self._available = step.available.clone()
        return step

    def _check_actions(self, actions: torch.Tensor) -> None:
        low, high = actions.numpy().min(), actions.numpy().max()
        if low < 0 or high >= self.spec.n_actions:
            raise ValueError(f"actions: expected 0 to {self.spec.n_actions - 1}, got {low} to {high}")
        if self.masks_actions and not self._available.gather(-1, actions.unsqueeze(-1)).all():
            row, agent, _ = (~self._available.gather(-1, actions.unsqueeze(-1))).nonzero()[0].tolist()
            raise ValueError(f"actions: action {int(actions[row, agent])} is not available "
                             f"to agent {agent} in row {row}")

    def _check_start(self, **start) -> dict:
        if start:
            raise TypeError(f"reset: {type(self).__name__} knows no argument {', '.join(start)}")
        return {}

    @abstractmethod
    def _begin(self, where: torch.Tensor, **start) -> TeamStep:
        """Begin new episodes in the rows ``where``; return the full batch with reward 0 and both flags False.

        The other rows come with what their agents observe now; ``reset`` fills in what their last step had brought.
        """

    @abstractmethod
    def _advance(self, actions: torch.Tensor) -> TeamStep:
        """Play ``actions[B, N]``, already checked; return the full batch."""

    @abstractmethod
    def clone(self, num_envs: int | None = None) -> TeamEnv:
        """The same task, not yet reset, with ``num_envs`` rows (default: as many as here)."""

    def _another(self, written_by: type[TeamEnv], *arguments) -> TeamEnv:
        """For ``clone``, which ``written_by`` writes: another environment of this very class, which may be a subclass.

        What was set on this one from outside is handed on. A subclass with an ``__init__`` of its own is refused:
        nobody but itself knows how it is made.
        """
        if type(self).__init__ is not written_by.__init__:
            raise TypeError(f"clone: {type(self).__name__} has an __init__ of its own, so it must write "
                            f"clone(num_envs) too; that of {written_by.__name__} would make another task")
        made = type(self)(*arguments)
        for name in vars(self).keys() - vars(made).keys():
            setattr(made, name, deepcopy(vars(self)[name]))
        return made

    def model(self) -> Model:
        """Every state and what every joint action does there; ``TypeError`` where the task cannot be enumerated."""
        raise TypeError(f"model: {type(self).__name__} cannot list its states")

    def settings(self) -> dict:
        """What makes this the task it is: numbers, words, and what is made of them, under names that do not begin with
        _. A checkpoint of another one is refused."""
        own = checkpoint.plain({name: value for name, value in vars(self).items() if not name.startswith("_")})
        return {"environment": type(self).__name__} | own | vars(self.spec)

    def state_dict(self) -> dict:
        """Everything that the rest of a run depends on, as tensors and plain numbers (for exact resume)."""
        outcome = None if self._outcome is None else self._outcome.copy()
        available = self._available if self.masks_actions and outcome is not None else None
        return {"outcome": outcome, "available": available, "generator": self._generator.get_state(),
                "num_envs": self.num_envs, "spec": vars(self.spec).copy()}

    def load_state_dict(self, saved: dict) -> None:
        """Go on from where ``state_dict`` was called; ``ValueError`` if that was an environment of other sizes."""
        num_envs, spec, generator, outcome, available = errors.entries(
            "saved", saved, ("num_envs", "spec", "generator", "outcome", "available"))
        for name, there, here in (("num_envs", num_envs, self.num_envs), ("spec", spec, vars(self.spec))):
            if type(there) is not type(here) or there != here:
                raise ValueError(f"saved[{name!r}]: expected an environment with {here}, got {errors.describe(there)}")
        errors.generator_state("saved['generator']", generator)
        self._check_outcome(outcome, available)
        self._generator.set_state(generator)
        self._outcome, self._available = outcome, available
        self._waiting = self._outcome is not None and bool(
            (self._outcome["terminated"] | self._outcome["truncated"]).any())

    def _check_outcome(self, outcome: dict | None, available: torch.Tensor | None) -> None:
        """What the last step brought, in a saved state: None before the first reset."""
        rows, spec = self.num_envs, self.spec
        if outcome is not None:
            for name, value in zip(OUTCOME, errors.entries("saved['outcome']", outcome, OUTCOME)):
                errors.tensor(f"saved['outcome'][{name!r}]", value, (rows,), None if name == "reward" else torch.bool)
        if (outcome is not None and self.masks_actions) != (available is not None):
            wanted = "a tensor" if available is None else "None"
            raise ValueError(f"saved['available']: expected {wanted}, got {errors.describe(available)}")
        if available is not None:
            errors.tensor("saved['available']", available, (rows, spec.n_agents, spec.n_actions), torch.bool)

