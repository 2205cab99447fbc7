"""The checks at the public doors: one line each, and one way to say what came and what was expected."""

from __future__ import annotations

import math
from numbers import Integral, Real

import torch


def describe(value) -> str:
    """Short words for what came: a tensor by dtype and shape, anything else by type and value."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')} with shape {tuple(value.shape)}"
    return f"{type(value).__name__} {value!r}"


def whole_number(name: str, value, at_least: int = 1) -> int:
    """``value`` as an int that is at least ``at_least``; True and 3.0 are refused."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected a whole number, got {describe(value)}")
    if value < at_least:
        raise ValueError(f"{name}: expected at least {at_least}, got {value}")
    return int(value)


def number(name: str, value, low: float = -math.inf, high: float = math.inf, above: float = -math.inf) -> float:
    """``value`` as a finite float in [low, high] that is also greater than ``above``."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {describe(value)}")
    if not math.isfinite(value) or not low <= value <= high or not value > above:
        bounds = [f"at least {low:g}"] if low > -math.inf else []
        bounds += [f"greater than {above:g}"] if above > -math.inf else []
        bounds += [f"at most {high:g}"] if high < math.inf else []
        raise ValueError(f"{name}: expected a finite number {' and '.join(bounds)}".rstrip() + f", got {value!r}")
    return float(value)


def seed(name: str, value) -> int:
    """``value`` as an int that a torch generator takes."""
    value = whole_number(name, value, at_least=0)
    if value >= 2**63:
        raise ValueError(f"{name}: expected less than 2**63, got {value}")
    return value


def switch(name: str, value) -> bool:
    """``value`` if it is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {describe(value)}")
    return value


def choice(name: str, value, known) -> str:
    """``value`` if it is one of the ``known`` names."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected one of {', '.join(known)}, got {describe(value)}")
    if value not in known:
        raise ValueError(f"{name}: unknown name {value!r}, expected one of {', '.join(known)}")
    return value


def tensor(name: str, value, shape: tuple, dtype: torch.dtype | None = None) -> torch.Tensor:
    """``value`` if it is a tensor of that shape and dtype.

    ``shape`` holds numbers, and letters such as ``"B"`` where any length will do; a leading ``...`` stands for any axes.
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name}: expected a tensor of shape {spell(shape)}, got {describe(value)}")
    if dtype is not None and value.dtype != dtype:
        raise TypeError(f"{name}: expected dtype {str(dtype).removeprefix('torch.')}, got {describe(value)}")
    if dtype is None and not value.is_floating_point():
        raise TypeError(f"{name}: expected a floating-point tensor, got {describe(value)}")
    wanted, got = shape, tuple(value.shape)
    if shape and shape[0] is ...:
        wanted = shape[1:]
        fits = len(got) >= len(wanted)
        got = got[len(got) - len(wanted):] if fits else got
    else:
        fits = len(got) == len(wanted)
    if not fits or any(w != g for w, g in zip(wanted, got) if not isinstance(w, str)):
        raise ValueError(f"{name}: expected shape {spell(shape)}, got {describe(value)}")
    return value


def spell(shape: tuple) -> str:
    """(..., "B", 3) as "[..., B, 3]"."""
    return "[" + ", ".join("..." if part is ... else str(part) for part in shape) + "]"
