"""Checks at the door of the plotting functions, for what `errors` does not cover: arrays, cells, labels, axes."""

import numpy as np
from matplotlib.axes import Axes

from qmix_course import errors

whole = errors.whole_number


def array(name, value, ndim=None, shape=None, allow_nan=True):
    """Return `value` (tensor, array or nested list of numbers) as a float64 numpy array.

    `shape` may hold None for a free axis. Infinite values are refused, NaN only without `allow_nan`.
    """
    if value is None or isinstance(value, (str, bytes, dict, set)):
        raise TypeError(f"{name}: expected a tensor, an array or a list of numbers, got {errors.describe(value)}")
    try:
        result = np.array(plain(value), dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected numbers in rows of one length, got {value!r:.80}") from None
    ndim = len(shape) if shape is not None else ndim
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name}: expected {ndim} axes, got shape {list(result.shape)}")
    if shape is not None and any(want not in (None, got) for want, got in zip(shape, result.shape)):
        expected = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name}: expected shape [{expected}], got {list(result.shape)}")
    if result.size == 0:
        raise ValueError(f"{name}: expected at least one number, got shape {list(result.shape)}")
    if np.isinf(result).any() or (not allow_nan and np.isnan(result).any()):
        raise ValueError(f"{name}: expected finite numbers{' or NaN' if allow_nan else ''}, got {value!r:.80}")
    return result


def plain(value):
    """Tensors, alone or in lists, as numbers; they may need gradients."""
    if hasattr(value, "detach"):
        return value.detach().cpu().tolist()
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def integers(name, value, shape, low, high=None):
    """Like `array`, for whole numbers from `low` to `high`; returns int64."""
    result = array(name, value, shape=shape, allow_nan=False)
    rounded = result.astype(np.int64)
    if (rounded != result).any():
        raise ValueError(f"{name}: expected whole numbers, got {value!r:.80}")
    if rounded.min() < low or (high is not None and rounded.max() > high):
        upper = "" if high is None else f" and at most {high}"
        raise ValueError(f"{name}: expected numbers of at least {low}{upper}, got {rounded.min()} to {rounded.max()}")
    return rounded


def cells(name, value, size, count=None):
    """Cells (row, column) of a board: int64 [count, 2], each coordinate from 0 to size - 1."""
    return integers(name, value, shape=(count, 2), low=0, high=size - 1)


def number(name, value):
    """A finite real number; an array or a tensor without axes will do."""
    value = plain(value)
    return errors.number(name, value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value)


def height(name, value):
    """Where to draw a line: a number, or None for no line."""
    return None if value is None else number(name, value)


def pair(name, value, strict=True):
    """(low, high) in order; equal only without `strict`."""
    low, high = array(name, value, shape=(2,), allow_nan=False)
    if low > high or (strict and low == high):
        raise ValueError(f"{name}: expected (low, high) with low below high, got {value!r}")
    return float(low), float(high)


def labels(name, value, count):
    """A list of `count` texts, or None."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, (list, tuple, range)):
        raise TypeError(f"{name}: expected a list of {count} labels, got {errors.describe(value)}")
    if len(value) != count:
        raise ValueError(f"{name}: expected {count} labels, got {len(value)}")
    return [str(each) for each in value]


def text(name, value):
    """A text or None."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name}: expected a text, got {errors.describe(value)}")
    return value


def axes(name, value):
    """Matplotlib axes or None."""
    if value is not None and not isinstance(value, Axes):
        raise TypeError(f"{name}: expected matplotlib axes, got {type(value).__name__}")
    return value


def attribute(name, thing, wanted):
    """Read `thing.wanted`, or say which attribute is missing."""
    if not hasattr(thing, wanted):
        raise TypeError(f"{name}: expected an object with .{wanted}, got {type(thing).__name__}")
    return getattr(thing, wanted)
