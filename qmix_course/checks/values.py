"""Comparing what an answer gave with what was expected."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from numbers import Integral, Real

import numpy
import torch
from torch import nn

from qmix_course.checks.show import (  # noqa: F401 - checks ask for both here
    FITS,
    LONGEST_CALL,
    call,
    describe,
    literal,
    readable,
    size,
    table,
)

CLOSE = 1e-2            # off by less than this, relatively, and the idea may be right


@dataclass(frozen=True)
class Problem:
    """What is wrong with one result: ``kind`` as in a verdict, ``text``, ``close``: the numbers are near the right
    ones."""

    kind: str
    text: str
    close: bool = False


def same(a, b) -> bool:
    """Whether two values are equal in type and in every bit; NaN equals NaN."""
    if a is b:
        return True
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if not (readable(a) and readable(b)):
            return a.layout == b.layout and a.is_meta == b.is_meta and a.is_nested == b.is_nested
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


def plain(value):
    """The same value in its plain type: a tensor, float or whole number of a class of its own, which may compare as
    it likes, becomes one of ours; a tensor comes to the processor's memory."""
    if isinstance(value, torch.Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            value = (value if type(value) in (torch.Tensor, nn.Parameter)
                     else torch.Tensor.as_subclass(value, torch.Tensor))
            return value if value.is_cpu or value.is_meta else value.cpu()
    if isinstance(value, numpy.ndarray):
        return value if type(value) is numpy.ndarray else numpy.asarray(value)
    if isinstance(value, (float, int)) and type(value) not in (float, int, bool):
        return float.__float__(value) if isinstance(value, float) else int.__int__(value)
    return value


def problem(got, want, tolerance: float) -> Problem | None:
    """What keeps ``got`` from being ``want``, or None. Numbers may come as tensors with one element."""
    got = plain(got)
    if isinstance(want, torch.Tensor) and want.dim() > 0:
        return _tensor_problem(got, want, tolerance)
    if isinstance(want, (tuple, list)) and _is_row(got) and not any(isinstance(w, (bool, torch.Tensor)) for w in want):
        got = list(got)                             # a row of numbers is one, of whatever type
    if isinstance(want, torch.Tensor):
        want = want.item()
    if isinstance(got, (torch.Tensor, numpy.ndarray, numpy.generic)):
        if isinstance(got, torch.Tensor) and (not readable(got) or got.numel()
                                              != 1) or getattr(got, "size", 1) != 1 and (
                not isinstance(got, torch.Tensor)):
            return _shape(f"expected {_kind_of(want)}, got {describe(got)}")
        got = plain(got.item())
    if isinstance(want, bool):
        if not isinstance(got, bool):
            return _shape(f"expected True or False, got {describe(got)}")
        return None if got == want else Problem("wrong", f"expected {want}, got {got}")
    if isinstance(want, Real):
        if isinstance(got, bool) or not isinstance(got, Real):
            return _shape(f"expected one number, got {describe(got)}")
        if isinstance(want, Integral) and not isinstance(got, Integral):
            return _shape(f"expected a whole number, got {describe(got)}")
        return _value_problem(_scalar(got), _scalar(want), tolerance)
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
    if want is None and isinstance(got, Real) and not isinstance(got, bool):    # "never" is an answer too, as "20" is
        return Problem("wrong", f"expected None, got {got}")
    if type(got) is not type(want):
        return _shape(f"expected {_kind_of(want)}, got {describe(got)}")
    return None if same(got, want) else Problem("wrong", f"expected {want!r}, got {got!r}")


def _is_row(value) -> bool:
    return (isinstance(value, numpy.ndarray) or isinstance(value, torch.Tensor) and readable(value)) and value.ndim > 0


def _tensor_problem(got, want: torch.Tensor, tolerance: float) -> Problem | None:
    if (not isinstance(got, torch.Tensor) or not readable(got) or got.shape != want.shape
        or _family(got.dtype) != _family(want.dtype)):
        return _shape(f"expected {describe(want)}, got {describe(got)}")
    if want.is_floating_point():
        return _value_problem(got.detach().double(), want.detach().double(), tolerance)
    if torch.equal(got.long(), want.long()):
        return None
    return Problem("wrong", "the entries differ")


def _value_problem(got: torch.Tensor, want: torch.Tensor, tolerance: float) -> Problem | None:
    if _close(got, want, tolerance):
        return None
    return Problem("wrong", "the values differ", close=_close(got, want, CLOSE))


def _scalar(number: Real) -> torch.Tensor:
    try:
        return torch.tensor(float(number), dtype=torch.float64)
    except OverflowError:                       # a whole number beyond all floats
        return torch.tensor(-math.inf if number < 0 else math.inf, dtype=torch.float64)


def _close(got: torch.Tensor, want: torch.Tensor, tolerance: float) -> bool:
    return torch.allclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)


def _family(dtype: torch.dtype) -> str:
    return ("bool" if dtype == torch.bool else "floating" if dtype.is_floating_point else "complex"
            if dtype.is_complex else "whole")


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
        left = torch.as_tensor(plain(got)).detach()
        right = torch.as_tensor(claimed).detach()
        if left.is_complex() or right.is_complex() or not readable(left):
            return False
        return left.shape == right.shape and _close(left.double(), right.double(), max(tolerance, 1e-9))
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return type(got) is type(claimed) and same(got, claimed)


# ---- digits that were lost
# ---------------------------------------------------------------------------------------------

def numbers(value) -> torch.Tensor:
    """All floating point numbers in a result, one after the other; whole numbers and everything else left out."""
    value = plain(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        parts = [numbers(part) for part in value]
        return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)
    if isinstance(value, torch.Tensor) and value.is_floating_point() and readable(value):
        return value.detach().double().reshape(-1)
    if isinstance(value, (numpy.ndarray, numpy.floating)) and numpy.asarray(value).dtype.kind == "f":
        return torch.tensor(numpy.asarray(value, dtype=float).reshape(-1), dtype=torch.float64)
    return torch.tensor([value] if isinstance(value, float) else [], dtype=torch.float64)


def lost_digits(given: list, expected: list) -> str:
    """What explains how the numbers given differ from the expected ones: "float32" (or a shorter type), "rounding", or
    nothing."""
    got, want = numbers(given), numbers(expected)
    if got.shape != want.shape:
        return ""
    told = ~(got.isnan() & want.isnan())        # where both say that there is no number, no digit is lost
    got, want = got[told], want[told]
    if torch.equal(got, want) or not got.isfinite().all() or not want.isfinite().all():
        return ""
    scale = want.abs().max().clamp(min=1e-3)
    for dtype, digit, ulps in ((torch.float32, 2.0**-24, 100), (torch.float16, 2.0**-11, 4),
                               (torch.bfloat16, 2.0**-8, 4)):
        if torch.equal(got.to(dtype).double(), got) and not torch.equal(want.to(dtype).double(), want) and bool(
                ((got - want).abs() <= ulps * digit * (scale if dtype == torch.float32 else want.abs())).all()):
            return "float32"
    # float32 on the way
    if bool(((got - want).abs() <= 32 * 2.0**-24 * want.abs().clamp(min=1e-3 * float(scale))).all()):
        return "float32"
    for digits in range(1, 10):
        power = 10.0**digits
        if _close((got * power).round() / power, got, 1e-12) and bool(((got - want).abs() <= 0.5001 / power).all()) \
                and _close(got, want, max(CLOSE, 0.5 / power)):             # a tie may have gone either way
            return "rounding"
        leading = 10.0**(digits - 1 - want.abs().clamp(min=1e-300).log10().floor())
        for candidate in ((want * power).round() / power, (want * power).trunc() / power,
                          (want * leading).round() / leading):
            if _close(got, candidate, 1e-12) and _close(got, want, max(CLOSE, 0.5 / power)):
                return "rounding"
    return ""


def what_next(problems: list, given: list, expected: list, case: tuple, wanted) -> str:
    """What to think about when no mistake explains the values; ``case`` is shown, of which ``wanted`` is expected."""
    got, want = (numbers(results) for results in (given, expected))
    if got.isnan().any() and not want.isnan().any():
        return ("There is a nan among your numbers. Which step divides 0 by 0, takes inf from inf or 0 times inf, or "
                "takes the logarithm or a root of a negative number?")
    if all(problem is None or problem.close for problem in problems):
        return ("Close, but not the exact values. Is something estimated from samples, searched on a grid, rounded on "
                "the way, or stopped before its end? Or is one small term different?")
    if size(case) + size(wanted) > FITS:
        return ("What have those that differ in common? Make a small case of your own whose result you know, and run "
                "your function on it.")
    if not _by_hand(case):
        return ("Make the smallest case that you can think of, print what your function has after each step, and hold "
                "every step against the text.")
    return "Work this one case out on paper, step by step, and compare."


def _by_hand(case) -> bool:
    """Whether there are only numbers and words in a case: no environment, team or whole run."""
    if dataclasses.is_dataclass(case) and not isinstance(case, type):
        case = [getattr(case, field.name) for field in dataclasses.fields(case)]
    if isinstance(case, dict):
        case = list(case.values())
    if isinstance(case, (list, tuple, set, frozenset)):
        return all(map(_by_hand, case))
    return case is None or isinstance(case, (torch.Tensor, numpy.ndarray, numpy.generic, Real, str, range))
