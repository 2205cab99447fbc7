"""Showing values to a learner: what was given, what was expected, where the two differ, and a call to run."""

from __future__ import annotations

import numpy
import torch

LONGEST_CALL = 700      # characters of a call that a learner would still want to run
FITS = 24               # numbers that a person looks through, or works out on paper


def describe(value) -> str:
    """A short name of what was given: ``a tensor of shape [2, 3], int64``."""
    if isinstance(value, torch.Tensor):
        return (f"{_manner(value)} of shape {list(value.shape) if not value.is_nested else 'unequal'}, "
                f"{str(value.dtype).removeprefix('torch.')}")
    if isinstance(value, numpy.ndarray):
        return f"a numpy array of shape {list(value.shape)}, {value.dtype}"
    if type(value) in (bool, int, float, complex,
                       str) and not (isinstance(value, int) and abs(value) >= 10**30) and len(repr(value)) < 40:
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def _manner(tensor: torch.Tensor) -> str:
    if tensor.is_nested:
        return "a nested tensor"
    if tensor.is_quantized:
        return "a quantised tensor"
    if tensor.layout != torch.strided:
        return "a sparse tensor"
    if tensor.is_meta:
        return "a tensor without values (on meta)"
    return "a tensor"


def readable(tensor: torch.Tensor) -> bool:
    """Whether this is a plain table of numbers: not sparse, nested, quantised, or without values."""
    return not (tensor.is_nested or tensor.is_quantized or tensor.is_meta) and tensor.layout == torch.strided


def size(case) -> int:
    """How many numbers a case holds, so that the smallest one can be shown."""
    if isinstance(case, torch.Tensor):
        return case.numel()
    if isinstance(case, numpy.ndarray):
        return case.size
    if isinstance(case, dict):
        return size(tuple(case.values()))
    if isinstance(case, (list, tuple, set, frozenset)):
        return sum(map(size, case))
    return 1


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
    """``expected`` and ``got``, one under the other, and where or by how much they differ; of many numbers those that
    differ."""
    left, right = _numbers(got), _numbers(want)
    if left is None or right is None or left.shape != right.shape:
        return _parts(got, want)
    measured = left.is_floating_point() or right.is_floating_point()
    differ = _differ(left, right, measured)
    if right.numel() > FITS and len(differ):
        rows = [f"  {place}: expected {_number(right[tuple(place)].item())}, got {_number(left[tuple(place)].item())}"
                for place in differ[:5].tolist()]
        return "\n".join([f"{len(differ)} of {right.numel()} entries differ"
                          + (", the first of them:" if len(differ) > 5 else ":"), *rows])
    lines = [f"expected: {_shown(want)}", f"got:      {_shown(got)}"]
    if measured:
        lines += ([f"largest difference: {_number(float((left.double() - right.double()).abs().max()))}"]
                  if right.numel() else [])
    elif right.dim() and len(differ):
        lines.append(f"different at: "
                     f"{', '.join(str(place if len(place) > 1 else place[0]) for place in differ.tolist())}")
    return "\n".join(lines)


def _numbers(value) -> torch.Tensor | None:
    try:
        found = torch.as_tensor(value).detach()
        return found if type(found) is torch.Tensor and readable(found) and not found.is_complex() else None
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _differ(left: torch.Tensor, right: torch.Tensor, measured: bool) -> torch.Tensor:
    """Where two tensors differ, as rows of indices."""
    if not measured:
        return (left != right).nonzero()
    return (~torch.isclose(left.double(), right.double(), rtol=1e-9, atol=1e-9, equal_nan=True)).nonzero()


def _parts(got, want) -> str:
    """As ``table`` for what is no table: all of it, or, where that is much, the first part that differs."""
    whole = "\n".join([f"expected: {_shown(want)}", f"got:      {_shown(got)}"])
    keys = None
    if len(whole) > LONGEST_CALL and isinstance(want, dict) and isinstance(got, dict) and got.keys() == want.keys():
        keys = list(want)
    elif (len(whole) > LONGEST_CALL and isinstance(want, (list, tuple)) and isinstance(got, (list, tuple))
          and len(got) == len(want)):
        keys = range(len(want))
    for key in keys or ():
        if _shown(got[key]) != _shown(want[key]):
            return f"in part {key!r}, the first that differs\n{table(got[key], want[key])}"
    return whole if len(whole) <= 3 * LONGEST_CALL else whole[:3 * LONGEST_CALL] + " …"


def _shown(value) -> str:
    if isinstance(value, torch.Tensor) and (type(value) not in (torch.Tensor, torch.nn.Parameter)
                                            or not readable(value)):
        return describe(value)
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
    if isinstance(value, str):
        return value
    if isinstance(value, int) and abs(value) >= 10**30:
        return f"a number of {value.bit_length() * 3 // 10} digits"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
