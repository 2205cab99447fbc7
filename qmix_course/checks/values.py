"""Comparing what an answer gave with what was expected, and showing the two."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from numbers import Integral, Real

import numpy
import torch
from torch import nn

NEARLY = 1e-2           # off by less than this, relatively, and the digits were lost rather than the idea
LONGEST_CALL = 700      # characters of a call that a learner would still want to run


@dataclass(frozen=True)
class Problem:
    """What is wrong with one result: ``kind`` as in a verdict, ``text``, ``nearly``: only digits are missing."""

    kind: str
    text: str
    nearly: bool = False


def describe(value) -> str:
    """A short name of what was given: ``a tensor of shape [2, 3], int64``."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {list(value.shape)}, {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, numpy.ndarray):
        return f"a numpy array of shape {list(value.shape)}, {value.dtype}"
    if isinstance(value, (bool, int, float, str)) and len(repr(value)) < 40:
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def same(a, b) -> bool:
    """Whether two values are equal in type and in every bit; NaN equals NaN."""
    if a is b:
        return True
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return bool(((a == b) | (a.isnan() & b.isnan())).all()) if a.is_floating_point() else torch.equal(a, b)
    if isinstance(a, numpy.ndarray) and isinstance(b, numpy.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and numpy.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, nn.Module) and isinstance(b, nn.Module):
        return same(dict(a.state_dict()), dict(b.state_dict()))
    if isinstance(a, torch.Generator) and isinstance(b, torch.Generator):
        return True                                                     # drawing from it is what it is for
    if dataclasses.is_dataclass(a) and type(a) is type(b):
        return same({f.name: getattr(a, f.name) for f in dataclasses.fields(a)},
                    {f.name: getattr(b, f.name) for f in dataclasses.fields(b)})
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if type(a).__eq__ is object.__eq__:
        return type(a) is type(b)                                       # an object that cannot be compared
    try:
        return bool(a == b)
    except Exception:
        return type(a) is type(b)


def problem(got, want, tolerance: float) -> Problem | None:
    """What keeps ``got`` from being ``want``, or None. Numbers may come as tensors with one element."""
    if isinstance(want, torch.Tensor) and want.dim() > 0:
        return _tensor_problem(got, want, tolerance)
    if isinstance(want, torch.Tensor):
        want = want.item()
    if isinstance(got, (torch.Tensor, numpy.ndarray, numpy.generic)):
        if isinstance(got, torch.Tensor) and got.numel() != 1 or getattr(got, "size", 1) != 1 and not isinstance(got, torch.Tensor):
            return _shape(f"expected {_kind_of(want)}, got {describe(got)}")
        got = got.item()
    if isinstance(want, bool):
        if not isinstance(got, bool):
            return _shape(f"expected True or False, got {describe(got)}")
        return None if got == want else Problem("wrong", f"expected {want}, got {got}")
    if isinstance(want, Real):
        if isinstance(got, bool) or not isinstance(got, Real):
            return _shape(f"expected one number, got {describe(got)}")
        if isinstance(want, Integral) and not isinstance(got, Integral):
            return _shape(f"expected a whole number, got {describe(got)}")
        return _value_problem(torch.tensor(float(got), dtype=torch.float64), torch.tensor(float(want), dtype=torch.float64), tolerance)
    if isinstance(want, (tuple, list)):
        if not isinstance(got, (tuple, list)):
            return _shape(f"expected {len(want)} values, got {describe(got)}")
        if len(got) != len(want):
            return _shape(f"expected {len(want)} values, got {len(got)}")
        return next(filter(None, (problem(g, w, tolerance) for g, w in zip(got, want))), None)
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return _shape(f"expected a dictionary, got {describe(got)}")
        if got.keys() != want.keys():
            return _shape(f"expected the keys {sorted(map(str, want))}, got {sorted(map(str, got))}")
        return next(filter(None, (problem(got[key], want[key], tolerance) for key in want)), None)
    if type(got) is not type(want):
        return _shape(f"expected {_kind_of(want)}, got {describe(got)}")
    return None if same(got, want) else Problem("wrong", f"expected {want!r}, got {got!r}")


def _tensor_problem(got, want: torch.Tensor, tolerance: float) -> Problem | None:
    if not isinstance(got, torch.Tensor):
        return _shape(f"expected {describe(want)}, got {describe(got)}")
    if got.shape != want.shape:
        return _shape(f"expected {describe(want)}, got {describe(got)}")
    if _family(got.dtype) != _family(want.dtype):
        return _shape(f"expected {describe(want)}, got {describe(got)}")
    if want.is_floating_point():
        return _value_problem(got.detach().double(), want.detach().double(), tolerance)
    if torch.equal(got.long(), want.long()):
        return None
    return Problem("wrong", "the entries differ")


def _value_problem(got: torch.Tensor, want: torch.Tensor, tolerance: float) -> Problem | None:
    if _close(got, want, tolerance):
        return None
    return Problem("wrong", "the values differ", nearly=_close(got, want, NEARLY))


def _close(got: torch.Tensor, want: torch.Tensor, tolerance: float) -> bool:
    return torch.allclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)


def _family(dtype: torch.dtype) -> str:
    return "bool" if dtype == torch.bool else "floating" if dtype.is_floating_point else "whole"


def _kind_of(value) -> str:
    return "one number" if isinstance(value, Real) and not isinstance(value, bool) else describe(value)


def _shape(text: str) -> Problem:
    return Problem("wrong shape or type", text)


def loosely_equal(got, claimed, tolerance: float) -> bool:
    """Whether two results hold the same numbers in the same shape, whatever their types."""
    if isinstance(got, dict) and isinstance(claimed, dict):
        return got.keys() == claimed.keys() and all(loosely_equal(got[key], claimed[key], tolerance) for key in got)
    if isinstance(got, (list, tuple)) and isinstance(claimed, (list, tuple)) and len(got) == len(claimed):
        return all(loosely_equal(g, c, tolerance) for g, c in zip(got, claimed))
    try:
        left = torch.as_tensor(got).detach().double()
        right = torch.as_tensor(claimed).detach().double()
    except (TypeError, ValueError, RuntimeError):
        return type(got) is type(claimed) and same(got, claimed)
    return left.shape == right.shape and _close(left, right, max(tolerance, 1e-9))


# ---- showing -----------------------------------------------------------------------------------------------------------

def size(case: tuple) -> int:
    """How many numbers a case holds, so that the smallest one can be shown."""
    return sum(value.numel() if isinstance(value, torch.Tensor) else size(tuple(value)) if isinstance(value, (list, tuple)) else 1
               for value in case)


def literal(value) -> str | None:
    """Python text that gives this value again, or None."""
    if isinstance(value, torch.Tensor):
        if value.dtype in (torch.float64, torch.int64, torch.bool):
            return f"torch.tensor({value.tolist()})" if value.numel() else None
        return None
    if isinstance(value, torch.Generator):
        return f"torch.Generator().manual_seed({value.initial_seed()})"
    if isinstance(value, (bool, int, float, str)) or value is None:
        return repr(value)
    if isinstance(value, (list, tuple)):
        parts = [literal(part) for part in value]
        if None in parts:
            return None
        inner = ", ".join(parts)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(parts) == 1 else ''})"
    return None


def call(name: str, case: tuple) -> str:
    """A line that a learner can run, ``run: name(inputs)``; empty when the inputs cannot be written down shortly."""
    parts = [literal(value) for value in case]
    text = "" if None in parts else f"run: {name}({', '.join(parts)})"
    return text if len(text) <= LONGEST_CALL else ""


def table(got, want) -> str:
    """``expected``, ``got`` and the largest difference, one under the other."""
    lines = [f"expected: {_shown(want)}", f"got:      {_shown(got)}"]
    try:
        left, right = torch.as_tensor(got).detach().double(), torch.as_tensor(want).detach().double()
        if left.shape == right.shape and not (torch.as_tensor(want).dtype == torch.bool):
            lines.append(f"largest difference: {_number(float((left - right).abs().max()))}")
    except (TypeError, ValueError, RuntimeError):
        pass
    return "\n".join(lines)


def _shown(value) -> str:
    if isinstance(value, (torch.Tensor, numpy.ndarray)) and value.ndim:
        rows = value.tolist()
        if value.ndim == 2:
            return "".join("\n  [" + ", ".join(map(_number, row)) + "]" for row in rows)
        return _nested(rows)
    if isinstance(value, (torch.Tensor, numpy.generic, numpy.ndarray)):
        return _number(value.item())
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(map(_shown, value)) + ")"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(part)}" for key, part in value.items()) + "}"
    return _number(value)


def _nested(rows) -> str:
    return "[" + ", ".join(map(_nested, rows)) + "]" if isinstance(rows, list) else _number(rows)


def _number(value) -> str:
    if isinstance(value, bool) or not isinstance(value, float):
        return repr(value) if not isinstance(value, str) else value
    return f"{value:.6g}"
