"""The replay memory: rows go in, uniform samples without replacement come out."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

import torch

from qmix_course import errors
from qmix_course.envs.base import TeamSpec

# The fields of a batch, their axes, and their dtype (None: a floating-point one).
FIELDS = (("obs", ("B", "T+1", "N", "O"), None), ("state", ("B", "T+1", "S"), None),
          ("available", ("B", "T+1", "N", "A"), torch.bool),
          ("actions", ("B", "T", "N"), torch.int64), ("last_actions", ("B", "T+1", "N"), torch.int64),
          ("reward", ("B", "T"), None),
          ("terminated", ("B", "T"), torch.bool), ("mask", ("B", "T"), None), ("memory", ("B", "N", "M"), None))


@dataclass(frozen=True)
class Batch:
    """``B`` rows of ``T`` steps, with what came before each and what came after the last.

    obs[B, T+1, N, O] · state[B, T+1, S] · available[B, T+1, N, A] bool · actions[B, T, N] int64 ·
    last_actions[B, T+1, N] int64 (−1 at an episode's start) · reward[B, T] · terminated[B, T] bool · mask[B, T] (1 for
    a step that was played, 0 for padding) · memory[B, N, M], with which the agents began the row (M = 0 for those
    without)

    A plain transition is a sequence of length one. ``terminated`` says that nothing comes after; a step at which only
    the clock ran out has it False, so its target looks at what would have come. Padding has ``available`` True and
    ``last_actions`` −1 (no action), everything else 0. ``memory`` may be left out where M = 0.
    """

    obs: torch.Tensor
    state: torch.Tensor
    available: torch.Tensor
    actions: torch.Tensor
    last_actions: torch.Tensor
    reward: torch.Tensor
    terminated: torch.Tensor
    mask: torch.Tensor
    memory: torch.Tensor | None = None

    def __post_init__(self):
        if self.memory is None and isinstance(self.actions, torch.Tensor) and isinstance(self.reward, torch.Tensor):
            known = errors.has_axes(self.actions, 3)
            rows, n_agents = (self.actions.shape[0], self.actions.shape[-1]) if known else (0, 0)
            object.__setattr__(self, "memory", self.obs.new_zeros(rows, n_agents, 0))     # nothing is remembered: M = 0
        for name, axes, dtype in FIELDS:
            value = getattr(self, name)
            if (not isinstance(value, torch.Tensor) or value.layout is not torch.strided or value.is_nested
                or value.is_meta or value.is_quantized):
                errors.tensor(name, value, axes, dtype)

    def agree(self) -> None:
        """Raise unless the fields have the contract's dtypes, and the same rows, steps and agents."""
        for name, axes, dtype in FIELDS:
            value = getattr(self, name)
            if (type(value) is not torch.Tensor or value.layout is not torch.strided or value.is_nested or value.is_meta
                    or value.is_quantized or value.dim() != len(axes)):
                errors.tensor(name, value, axes, dtype)
            if value.dtype is not dtype and (dtype is not None or not value.is_floating_point()):
                errors.tensor(name, value, axes, dtype)
        rows, length, n = self.actions.shape
        for name, wanted in (("obs", (rows, length + 1, n)), ("state", (rows, length + 1)),
                             ("available", (rows, length + 1, n)),
                             ("last_actions", (rows, length + 1, n)), ("reward", (rows, length)),
                             ("terminated", (rows, length)),
                             ("mask", (rows, length)), ("memory", (rows, n) if self.memory.shape[-1] else ())):
            if getattr(self, name).shape[:len(wanted)] != wanted:
                raise ValueError(f"{name}: expected its leading axes to be {wanted}, as actions[B, T, N] = "
                                 f"{(rows, length, n)} says, got {errors.describe(getattr(self, name))}")

    @staticmethod
    def padding(rows: int, length: int, spec: TeamSpec, memory_dim: int = 0, device: str = "cpu") -> Batch:
        """``rows`` rows of nothing but padding, ``length`` steps long."""
        rows, length = errors.whole_number("rows", rows, at_least=0), errors.whole_number("length", length)
        memory_dim = errors.whole_number("memory_dim", memory_dim, at_least=0)
        n, dtype = errors.instance("spec", spec, TeamSpec).n_agents, torch.get_default_dtype()
        with torch.device(errors.device("device", device)):
            return Batch(
                obs=torch.zeros(rows, length + 1, n, spec.obs_dim, dtype=dtype),
                state=torch.zeros(rows, length + 1, spec.state_dim, dtype=dtype),
                available=torch.ones(rows, length + 1, n, spec.n_actions, dtype=torch.bool),
                actions=torch.zeros(rows, length, n, dtype=torch.int64),
                last_actions=torch.full((rows, length + 1, n), -1),
                reward=torch.zeros(rows, length, dtype=dtype),
                terminated=torch.zeros(rows, length, dtype=torch.bool),
                mask=torch.zeros(rows, length, dtype=dtype),
                memory=torch.zeros(rows, n, memory_dim, dtype=dtype))

    def check(self, length: int, spec: TeamSpec, memory_dim: int = 0) -> None:
        """Raise unless every field has the shape, dtype and range that the contract gives it."""
        rows, default = self.obs.shape[0] if self.obs.dim() else 0, torch.get_default_dtype()
        sizes = {"B": rows, "T": length, "T+1": length + 1, "N": spec.n_agents, "O": spec.obs_dim,
                 "S": spec.state_dim, "A": spec.n_actions, "M": memory_dim}
        for name, axes, dtype in FIELDS:
            value, shape, dtype = getattr(self, name), tuple(sizes[axis] for axis in axes), dtype or default
            if value.shape != shape or value.dtype is not dtype:
                errors.tensor(name, value, shape, dtype)
        for name in ("obs", "state", "reward", "memory"):
            if not errors.finite(getattr(self, name)):
                raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        for name, lowest in (("actions", 0), ("last_actions", -1)):
            errors.between(name, getattr(self, name), lowest, spec.n_actions - 1)
        if not self.available.any(-1).all():
            raise ValueError("available: expected at least one available action for every agent, got a row without any")
        if not ((self.mask == 0) | (self.mask == 1)).all():
            raise ValueError("mask: expected 0 for padding and 1 for a step that was played, got something else")


def bytes_a_row(length: int, spec: TeamSpec, memory_dim: int = 0) -> int:
    """What a row of ``length`` steps takes in memory. For whole episodes that is in proportion to
    ``spec.episode_limit``."""
    a_float, a_bool, an_int = torch.get_default_dtype().itemsize, 1, 8
    # before a step
    moment = spec.n_agents * (spec.obs_dim * a_float + spec.n_actions * a_bool + an_int) + spec.state_dim * a_float
    step = spec.n_agents * an_int + 2 * a_float + a_bool                # actions; reward and mask; terminated
    return (length + 1) * moment + length * step + spec.n_agents * memory_dim * a_float


def machine_bytes(device: str = "cpu") -> int | None:
    """The memory of this machine, or of its GPU ``device``; None where it does not say."""
    try:
        if torch.device(device).type == "cuda":
            return torch.cuda.get_device_properties(device).total_memory
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


class ReplayBuffer:
    """The last ``capacity`` rows, each ``length`` steps long, in space taken once. ``memory_dim``: M, see ``Batch``.

    A new row takes the place of the oldest one, whole. ``len(buffer)`` counts the rows that can be drawn. The space is
    ``capacity`` × ``bytes_a_row``; ``ValueError`` before it is taken if that is more than the whole machine has. Rows
    may come from another ``device``; samples are where the memory is.
    """

    def __init__(self, capacity: int, spec: TeamSpec, length: int = 1, memory_dim: int = 0, device: str = "cpu"):
        self.capacity = errors.whole_number("capacity", capacity)
        self.length = errors.whole_number("length", length)
        self.memory_dim = errors.whole_number("memory_dim", memory_dim, at_least=0)
        self.spec, self.device = errors.instance("spec", spec, TeamSpec), errors.device("device", device)
        needed, there = self.capacity * bytes_a_row(self.length, spec, self.memory_dim), machine_bytes(self.device)
        if there is not None and needed > there:
            raise ValueError(f"capacity: expected rows that fit into this machine's {there / 2**30:.1f} GiB of memory, "
                             f"got {self.capacity:,} of {self.length:,} steps, {needed / 2**30:,.1f} GiB; choose a "
                             f"smaller capacity{', or a shorter episode_limit' if self.length > 1 else ''}")
        self._rows = Batch.padding(self.capacity, self.length, spec, self.memory_dim, self.device)
        self._size = 0                 # rows that were written
        self._next = 0                 # where the next row goes

    def __len__(self) -> int:
        return self._size

    @torch.no_grad()
    def add(self, rows: Batch) -> None:
        """Write ``rows``, oldest first. Refuses wrong shapes and dtypes, NaN, and actions out of range, before writing.
        """
        errors.instance("rows", rows, Batch).check(self.length, self.spec, self.memory_dim)
        count = rows.obs.shape[0]
        if count > self.capacity:
            raise ValueError(f"rows: expected at most capacity = {self.capacity}, got {count}")
        if self._next + count <= self.capacity:
            places = slice(self._next, self._next + count)
        else:                                               # the last of them at the end, the rest from the start
            places = (self._next + torch.arange(count)) % self.capacity
        for field in fields(Batch):
            getattr(self._rows, field.name)[places] = getattr(rows, field.name).to(self.device)
        self._next = (self._next + count) % self.capacity
        self._size = min(self._size + count, self.capacity)

    def sample(self, batch_size: int, generator: torch.Generator | None = None) -> Batch:
        """``batch_size`` different rows, every set of that size equally likely. The copies are the caller's own.

        T is the longest of them, not ``length``: what would be padding in every row is left out, and costs nothing.
        """
        batch_size, generator = errors.whole_number("batch_size", batch_size), errors.generator("generator", generator)
        if batch_size > self._size:
            raise ValueError(f"batch_size: expected at most the {self._size} rows in the buffer, got {batch_size}")
        places = distinct(self._size, batch_size, generator).to(self.device)
        rows = {name: getattr(self._rows, name) for name, _, _ in FIELDS}
        if self.length > 1:
            played = rows["mask"][places].amax(0).nonzero()
            longest = int(played.max()) + 1 if len(played) else 1
            steps = {"T": longest, "T+1": longest + 1}
            rows |= {name: rows[name][:, :steps[axes[1]]] for name, axes, _ in FIELDS if axes[1] in steps}
        return Batch(**{name: value.index_select(0, places) for name, value in rows.items()})

    def rewards(self) -> tuple[float, float]:
        """Mean and spread (standard deviation) of the rewards of all steps in memory that were played; 0, 0 of none."""
        played = self._rows.reward[:self._size][self._rows.mask[:self._size] > 0]
        if not len(played):
            return 0.0, 0.0
        if (played == played[0]).all():             # computed, the spread would be what rounding leaves, as 1e-8
            return played[0].item(), 0.0
        return played.mean().item(), played.std(correction=0).item()

    def state_dict(self) -> dict:
        """The rows that were written, and where the next one goes."""
        rows = {name: getattr(self._rows, name)[:self._size].to("cpu", copy=True) for name, _, _ in FIELDS}
        return {"rows": rows, "next": self._next}

    def load_state_dict(self, saved: dict) -> None:
        """Hold exactly what ``state_dict`` saw."""
        saved_rows, following = errors.entries("saved", saved, ("rows", "next"))
        names = [field.name for field in fields(Batch)]
        try:
            rows = Batch(**dict(zip(names, errors.entries("saved['rows']", saved_rows, names))))
            rows.check(self.length, self.spec, self.memory_dim)
        except (TypeError, ValueError) as error:
            raise type(error)(str(error) if str(error).startswith("saved") else f"saved['rows']: {error}") from None
        count = rows.obs.shape[0]
        if rows.obs.shape[0] > self.capacity:
            raise ValueError(f"saved: expected at most capacity = {self.capacity} rows, got {count}")
        following = errors.whole_number("saved['next']", following, at_least=0, at_most=self.capacity - 1)
        if count < self.capacity and following != count:
            raise ValueError(f"saved['next']: expected {count}, the number of rows that were written, got {following}")
        self._size, self._next = count, following
        for field in fields(Batch):
            getattr(self._rows, field.name)[:self._size] = getattr(rows, field.name).detach().to(self.device)


def distinct(n: int, k: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """[k] int64: ``k`` different numbers below ``n``, every set equally likely."""
    if k * k > n:                                        # crowded: shuffle all of them
        return torch.randperm(n, generator=generator)[:k]
    while True:                                          # roomy: throw a draw away as a whole if it holds one twice
        drawn = torch.randint(n, (k,), generator=generator)
        if drawn.unique().numel() == k:
            return drawn
