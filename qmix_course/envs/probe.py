"""One environment under test: it is played, what comes back is looked at, and copies of it are kept."""

from __future__ import annotations

import contextlib
import random
from dataclasses import fields

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from qmix_course import errors, strangers
from qmix_course.envs.base import TeamEnv, TeamStep

NAMES = tuple(field.name for field in fields(TeamStep))


class Stop(Exception):
    """A fault was told after which nothing more can be learned from this environment."""


class Draws(TorchFunctionMode):
    """Notes what torch draws from a generator: which function, and how many numbers of which shape."""

    def __init__(self):
        super().__init__()
        self.made = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        came = function(*args, **(kwargs or {}))
        if (kwargs or {}).get("generator") is not None:
            self.made.append((function.__name__, tuple(came.shape)))
        return came


class Probe:
    """``env``, played from outside. Each fault goes into ``faults`` once, in words.

    ``scribble``: the fields that are written into as soon as they came, as whoever calls an environment may.
    """

    def __init__(self, env: TeamEnv, faults: dict[str, str], scribble: tuple[str, ...] = ()):
        self.env, self.faults, self.scribble = env, faults, scribble        # faults: what it is -> the sentence
        self.came: TeamStep | None = None       # what the last call returned, and what it held then
        self.now: TeamStep | None = None
        self.drawn: list | None = None          # a list: of each call the method, the rows, what it drew (or None)

    def fault(self, words: str, kind: str = "") -> None:
        """``kind``: what is told once only, wherever it happens."""
        self.faults.setdefault(kind or words, words)

    def reset(self, seed: int | None = None, where: torch.Tensor | None = None) -> TeamStep:
        given = None if where is None else where.clone()
        step = self._call("_begin", lambda: self.env.reset(seed=seed, where=given), where)
        if given is not None and not torch.equal(given, where):
            self.fault("_begin: wrote into `where`, which belongs to the caller; expected it to stay as it was")
        return step

    def step(self, actions: torch.Tensor) -> TeamStep:
        given = actions.clone()
        step = self._call("_advance", lambda: self.env.step(given))
        if not torch.equal(given, actions):
            self.fault("_advance: wrote into `actions`, which belong to the caller and go into the replay; expected "
                       "them to stay as they were (work on actions.clone())")
        return step

    def _call(self, method: str, call, where: torch.Tensor | None = None) -> TeamStep:
        """What the environment answers. It is looked at before the base class, or anybody else, has touched it."""
        inner, own = getattr(self.env, method), vars(self.env).get(method)      # own: what __init__ may have put there
        seen = None

        def heard(*given, **named):
            nonlocal seen
            seen = inner(*given, **named)
            self._look(method, seen, where)
            return seen

        setattr(self.env, method, heard)
        watched = self.drawn is not None
        foreign = foreign_dice(self.env) if watched else None
        try:
            with Draws() if watched else contextlib.nullcontext() as draws:
                step = call()
        except Stop:
            raise
        except Exception as error:
            self.fault(f"{method}: raised {strangers.told(error)}; expected a TeamStep",
                       f"{method} raised {type(error).__name__}")
            raise Stop from error
        finally:
            delattr(self.env, method) if own is None else setattr(self.env, method, own)
        if watched:                                             # None: drawn from what cannot be looked into
            known = foreign_dice(self.env) == foreign
            rows = None if where is None else where.tolist()
            self.drawn.append((method, rows, [draws.made, dice_of(self.env)] if known else None))
        if step is not seen:                                    # a subclass may have a reset or step of its own
            self._look(method, step, where)
        self._same_as_then(method)
        self.came, self.now = step, copy_of(step)
        for name in self.scribble:
            scribble(getattr(step, name))
        return self.now

    def _look(self, method: str, step, where: torch.Tensor | None) -> None:
        broken = False
        for kind, words, breaks in faults_of(step, self.env.spec, self.env.num_envs):
            self.fault(f"{method}: {words}", kind)
            broken |= breaks
        if broken:
            raise Stop
        if method == "_begin":
            rows = torch.ones(self.env.num_envs, dtype=torch.bool) if where is None else where
            for name, wanted in (("reward", 0), ("terminated", False), ("truncated", False)):
                if (getattr(step, name)[rows] != 0).any():
                    self.fault(f"_begin: {name} is {getattr(step, name)[rows].tolist()[:8]} in the rows that begin; "
                               f"expected {wanted} before the first step", f"{name} at the reset")
                    if name != "reward":
                        raise Stop                              # no step can follow

    def _same_as_then(self, method: str) -> None:
        """What was returned before must still hold what it held."""
        if self.came is None or self.scribble:
            return
        for name in differences(self.came, self.now):
            self.fault(f"{method}: wrote into the {name} that an earlier call had returned, so that before and after "
                       f"hold the same numbers in the replay; expected a new tensor each time (return {name}.clone())",
                       f"{name} written into")

    def play(self, steps: int, style: str = "random", dice: int = 0, other: str | None = None,
             resets: bool = True) -> list[TeamStep]:
        """Copies of what ``steps`` steps brought, from ``now`` on; rows that have ended are reset before the next one,
        and what the reset brought is among the copies if ``resets``.

        ``style``: "random", or each agent's "first" or "last" available action. ``other``: the style of row 0, if that
        is another one.
        """
        drawn, shape, trip = torch.Generator().manual_seed(dice), self.now.available.shape, []
        order = torch.arange(1.0, shape[-1] + 1)
        for _ in range(steps):
            if self.now.ended.any():
                again = self.reset(where=self.now.ended)
                trip += [again] if resets else []
            scores = {"random": torch.rand(shape, generator=drawn), "other": torch.rand(shape, generator=drawn),
                      "last": order.expand(shape), "first": order.flip(0).expand(shape)}
            chosen = scores[style].clone()
            if other is not None:
                chosen[0] = scores[other][0]
            trip.append(self.step((chosen * self.now.available).argmax(-1)))
        return trip


def faults_of(step, spec, rows: int):
    """(its kind, what is wrong with one TeamStep, whether nothing more can be told after it)."""
    if not isinstance(step, TeamStep):
        yield "type", f"returned {errors.describe(step)}; expected a TeamStep", True
        return
    n, default, default_words = spec.n_agents, torch.get_default_dtype(), ", torch's default dtype"
    shapes = {"obs": (rows, n, spec.obs_dim), "state": (rows, spec.state_dim), "available": (rows, n, spec.n_actions)}
    for name in NAMES:
        value, shape = getattr(step, name), shapes.get(name, (rows,))
        dtype = default if name in ("obs", "state", "reward") else torch.bool
        try:
            errors.tensor(name, value, shape, value.dtype if isinstance(value, torch.Tensor) else dtype)
        except (TypeError, ValueError) as error:
            yield f"{name} shape", str(error), True
            continue
        if value.dtype is not dtype:
            yield f"{name} dtype", (f"{name}: expected {str(dtype).removeprefix('torch.')}"
                   f"{default_words * (dtype is default)}, got "
                   f"{errors.describe(value)}"), value.dtype.is_complex or (dtype is torch.bool)
        elif value.device.type != "cpu" or value.requires_grad:
            yield f"{name} place", (f"{name}: expected a tensor on the CPU that asks for no gradient, got one "
                                    f"{'with a gradient' if value.requires_grad else f'on {value.device}'}"), True
        elif dtype is default and not errors.finite(value):
            row = int((~value.isfinite()).nonzero()[0, 0])
            yield f"{name} finite", f"{name}: expected finite numbers, got NaN or infinity (first in row {row})", False
    masks, both = step.available, None
    if isinstance(masks, torch.Tensor) and masks.dtype is torch.bool and masks.shape == shapes["available"]:
        if not masks.any(-1).all():
            row, agent = (~masks.any(-1)).nonzero()[0].tolist()
            yield "none available", (
                f"available: agent {agent} in row {row} has no action at all; expected at least one for every agent "
                "at every step, also for one that is out of the game and after the end"), True
    if all(isinstance(v, torch.Tensor) and v.dtype is torch.bool and v.shape == (rows,)
           for v in (step.terminated, step.truncated)):
        both = step.terminated & step.truncated
        if both.any():
            yield "both", (
                f"terminated and truncated are both True in row {int(both.nonzero()[0])}; expected one of them: "
                "truncated only where nothing but the clock ended the episode"), False


def copy_of(step: TeamStep) -> TeamStep:
    return TeamStep(**{name: getattr(step, name).detach().clone() for name in NAMES})


def scribble(value: torch.Tensor) -> None:
    try:
        value.logical_not_() if value.dtype is torch.bool else value.add_(7.25)
    except RuntimeError:            # expanded: nobody can write into it
        pass


def differences(one: TeamStep, two: TeamStep, rows=slice(None)) -> list[str]:
    """The fields in which two steps differ, in these rows."""
    return [name for name in NAMES if not same(getattr(one, name)[rows], getattr(two, name)[rows])]


def same(one: torch.Tensor, two: torch.Tensor) -> bool:
    if one.shape != two.shape or torch.equal(one, two):
        return one.shape == two.shape
    return torch.allclose(one.double(), two.double(), rtol=1e-6, atol=1e-6, equal_nan=True)


def dice_of(env: TeamEnv) -> list:
    """The states of all random generators that its next step may draw from, as far as they can be seen from here."""
    found = [torch.get_rng_state().numpy().tobytes(), *foreign_dice(env)]
    return found + [value.get_state().numpy().tobytes() for value in parts_of(env)
                    if isinstance(value, torch.Generator)]


def foreign_dice(env: TeamEnv) -> list:
    """Those that are not torch's."""
    of_numpy = np.random.get_state()
    found = [of_numpy[1].tobytes(), of_numpy[2], hash(random.getstate())]
    for value in parts_of(env):
        if isinstance(value, np.random.Generator):
            found.append(str(value.bit_generator.state))
        elif isinstance(value, np.random.RandomState):
            found.append(str(value.get_state()))
        elif isinstance(value, random.Random):
            found.append(str(value.getstate()))
    return found


def parts_of(env: TeamEnv, most: int = 300) -> list:
    """What the environment holds, and what that holds, the nearest first."""
    parts, known = [env], {id(env)}
    for part in parts:
        inside = part if isinstance(part, (list, tuple)) else part.values() if isinstance(part, dict) else \
            () if isinstance(part, (torch.Tensor, np.ndarray, type)) else getattr(part, "__dict__", {}).values()
        for each in inside:
            if id(each) not in known and len(parts) < most:
                known.add(id(each))
                parts.append(each)
    return parts


def drew_alike(one: Probe, two: Probe) -> int:
    """For how many steps both drew the same numbers for the same purposes; −1 if not even at the reset before them."""
    steps = -1
    for a, b in zip(one.drawn, two.drawn):
        if a[-1] is None or a != b:
            break
        steps += steps < 0 or a[0] == "_advance"
    return steps
