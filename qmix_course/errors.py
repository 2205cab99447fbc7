"""The checks at the public doors: one line each, and one way to say what came and what was expected."""

from __future__ import annotations

import math
import os
import reprlib
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import torch

MOST = 2**31 - 1                        # what is laid out in memory; counts of steps may go up to LONGEST
LONGEST = 2**63 - 1

class Faults(ValueError):
    """What a check found in somebody's own code: ``faults``, one sentence for each."""

    def __init__(self, what: str, faults: list[str]):
        super().__init__("\n- ".join([f"{what}: {len(faults)} fault{'s' * (len(faults) > 1)}", *faults]))
        self.faults = list(faults)


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = _SHORT.maxset = 12


def brief(value) -> str:
    """``repr(value)`` on one line, cut where it is long; it does not fail, whatever came."""
    try:
        if isinstance(value, int) and value.bit_length() > 200:     # Python refuses to write very long ones
            return f"{'-' if value < 0 else ''}(more than 10**{int(value.bit_length() * 0.30102)})"
        return " ".join(_SHORT.repr(value).split())
    except Exception:
        return "(which cannot be shown)"


def describe(value) -> str:
    """Short words for what came: a tensor or an array by dtype and shape, anything else by type and value."""
    try:
        if isinstance(value, torch.Tensor):
            return _tensor_words(value)
        if type(value).__module__ == "numpy" and hasattr(value, "shape") and value.shape:
            return f"{type(value).__name__} of {value.dtype} with shape {tuple(value.shape)}"
    except Exception:
        return f"a {type(value).__name__} that cannot be shown"
    return f"{type(value).__name__} {brief(value)}"


def _tensor_words(value: torch.Tensor) -> str:
    dtype = str(value.dtype).removeprefix("torch.")
    if value.is_nested:
        return f"a nested tensor of {dtype}"
    layout = "" if value.layout is torch.strided else f"{str(value.layout).removeprefix('torch.').removeprefix('_')} "
    where = "" if value.device.type == "cpu" else f" on {value.device}"
    return f"a {layout}tensor of {dtype} with shape {tuple(value.shape)}{where}"


def whole_number(name: str, value, at_least: int = 1, at_most: int = MOST) -> int:
    """``value`` as an int from ``at_least`` to ``at_most``; True and 3.0 are refused."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected a whole number, got {describe(value)}")
    value = int(value)
    if value < at_least:
        raise ValueError(f"{name}: expected at least {at_least}, got {brief(value)}")
    if value > at_most:
        raise ValueError(f"{name}: expected at most {at_most}, got {brief(value)}")
    return value


def number(name: str, value, low: float = -math.inf, high: float = math.inf, above: float = -math.inf) -> float:
    """``value`` as a finite float in [low, high] that is also greater than ``above``."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {describe(value)}")
    try:
        result = float(value)               # first, so that what is checked is what is used
    except OverflowError:
        result = math.inf
    if not math.isfinite(result) or not low <= result <= high or not result > above:
        bounds = [f"at least {low:g}"] if low > -math.inf else []
        bounds += [f"greater than {above:g}"] if above > -math.inf else []
        bounds += [f"at most {high:g}"] if high < math.inf else []
        raise ValueError(f"{name}: expected a finite number {' and '.join(bounds)}".rstrip() + f", got {brief(value)}")
    return result


def seed(name: str, value) -> int:
    """``value`` as an int that a torch generator takes."""
    value = whole_number(name, value, at_least=0, at_most=math.inf)
    if value >= 2**63:
        raise ValueError(f"{name}: expected less than 2**63, got {brief(value)}")
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
        near = get_close_matches(value, known, cutoff=0.6)
        hint = f"; near it: {', '.join(near)}" if near and len(known) > len(near) else ""
        raise ValueError(f"{name}: unknown name {brief(value)}, expected one of {', '.join(known)}{hint}")
    return value


def instance(name: str, value, kind: type):
    """``value`` if it is a ``kind``: an environment, a team, a batch, a generator."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise TypeError(f"{name}: expected {article} {kind.__name__}, got {describe(value)}")
    return value


def generator(name: str, value) -> torch.Generator | None:
    """``value`` if it is a random generator on the CPU, or None for torch's global one."""
    if value is not None and instance(name, value, torch.Generator).device.type != "cpu":
        raise ValueError(f"{name}: expected a generator on the CPU, got one on {value.device}")
    return value


def device(name: str, value) -> str:
    """``value`` as the name of a device that torch has here: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``."""
    if not isinstance(value, (str, torch.device)):
        raise TypeError(f"{name}: expected the name of a device, as 'cpu' or 'cuda', got {describe(value)}")
    try:
        wanted = torch.device(value)
    except RuntimeError:
        raise ValueError(f"{name}: expected the name of a device, as 'cpu' or 'cuda', got {brief(value)}") from None
    have = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (wanted.index or 0) >= have.get(wanted.type, 0):
        seen = ", ".join(f"{count} {kind}" for kind, count in have.items() if count and kind != "cpu") or "no other"
        raise ValueError(f"{name}: expected cpu or a device that torch sees here ({seen}), got {brief(str(value))}")
    return str(wanted)


def function(name: str, value):
    """``value`` if it can be called, or None."""
    if value is not None and not callable(value):
        raise TypeError(f"{name}: expected a function or None, got {describe(value)}")
    return value


def path(name: str, value) -> Path:
    """``value`` as a path, if it can be the name of a file."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name}: expected the path of a file, got {describe(value)}")
    try:
        text = os.fspath(value)
        fits = isinstance(text, str) and "\0" not in text and len(os.fsencode(text)) < 4096
    except Exception:                                       # text that no file system takes
        fits = False
    if not fits:
        raise ValueError(f"{name}: expected the path of a file, got {describe(value)}")
    return Path(text)


def widths(name: str, value, at_least: int = 0) -> list[int]:
    """The widths of hidden layers, ``at_least`` so many of them."""
    if not isinstance(value, (tuple, list)) or len(value) < at_least:
        raise TypeError(f"{name}: expected the widths of the hidden layers, as (64, 64), got {describe(value)}")
    return [whole_number(name, width) for width in value]


def sequence(name: str, value, of: str) -> list:
    """``value`` as a list, if it is a list, a tuple or a range."""
    if not isinstance(value, (list, tuple, range)):
        raise TypeError(f"{name}: expected a list of {of}, got {describe(value)}")
    return list(value)


def entries(name: str, value, keys) -> list:
    """What a dict holds under ``keys``, all of which it must have."""
    if not isinstance(value, dict):
        raise TypeError(f"{name}: expected a dict, got {describe(value)}")
    for key in keys:
        if key not in value:
            raise ValueError(f"{name}[{key!r}]: expected an entry of this name, got a dict of {brief(list(value))}")
    return [value[key] for key in keys]


def tensor(name: str, value, shape: tuple, dtype: torch.dtype | None = None) -> torch.Tensor:
    """``value`` if it is a tensor of that shape and dtype.

    ``shape`` holds numbers, and letters such as ``"B"`` where any length will do; a leading ``...`` stands for any
    axes. Tensors without numbers of their own in plain order (sparse, quantised, nested, on the meta device) are
    refused.
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name}: expected a tensor of shape {spell(shape)}, got {describe(value)}")
    if value.layout is not torch.strided or value.is_nested or value.is_meta or value.is_quantized:
        raise TypeError(f"{name}: expected a plain (dense) tensor of shape {spell(shape)}, got {describe(value)}")
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


def numbers(name: str, value, wanted: str = "a table of numbers", nan: bool = False) -> np.ndarray:
    """``value`` (a tensor, an array, a number, or lists of them) as a new float64 array of finite numbers (``nan``: or
    NaN)."""
    try:
        with np.errstate(over="ignore"):
            array = np.array(_plain(value), dtype=np.float64)
    except Exception:        # ragged rows, tensors without numbers: each type has its own words
        raise TypeError(f"{name}: expected {wanted}, got {describe(value)}") from None
    if np.isinf(array).any() or (not nan and np.isnan(array).any()):
        raise ValueError(f"{name}: expected finite numbers{' or NaN' if nan else ''}, got NaN or infinity in "
                         f"{describe(value)}")
    return array


def _plain(value):
    """Tensors (they may need gradients), arrays, numbers, and lists of them, as what numpy turns into floats."""
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, torch.Tensor):
        value = tensor("", value, (...,), value.dtype).detach().cpu()
        return value.to(torch.float64).numpy() if not value.is_complex() else None
    if isinstance(value, Real):
        return number("", value) if isinstance(value, Integral) else float(value)
    if not (isinstance(value, (range, np.generic)) or hasattr(type(value), "__array__")):
        raise TypeError
    value = np.asanyarray(value)
    if value.dtype.kind not in "biuf" or np.ma.is_masked(value):        # what stands behind a mask is not read
        raise TypeError
    return value


def finite(value: torch.Tensor) -> bool:
    """Whether every number of a tensor is. (A finite sum has neither NaN nor infinity in it, and is quick; one of
    finite numbers may overflow.)"""
    return math.isfinite(value.detach().sum()) or bool(value.isfinite().all())


def has_axes(value, count: int) -> bool:
    """Whether ``value`` is a plain tensor with that many axes; anything else is left to ``tensor``, which says what is
    wrong."""
    return (isinstance(value, torch.Tensor) and value.layout is torch.strided and not value.is_nested
            and not value.is_quantized
            and value.dim() == count)


def between(name: str, value: torch.Tensor, low: int, high: int) -> torch.Tensor:
    """``value`` if all its entries lie in low … high; an empty tensor has none that do not."""
    if value.numel():
        lowest, highest = (int(each) for each in value.aminmax())
        if lowest < low or highest > high:
            raise ValueError(f"{name}: expected {low} to {high}, got {lowest} to {highest}")
    return value


def generator_state(name: str, value) -> torch.Tensor:
    """``value`` if it is what ``torch.Generator.get_state`` gives."""
    tensor(name, value, ("bytes",), torch.uint8)
    try:
        torch.Generator().set_state(value)
    except RuntimeError:
        raise ValueError(f"{name}: expected the state of a random generator, got {describe(value)}") from None
    return value


def spell(shape: tuple) -> str:
    """(..., "B", 3) as "[..., B, 3]"."""
    return "[" + ", ".join("..." if part is ... else str(part) for part in shape) + "]"
