"""Checks at the door of every plotting function: what came, what was expected, by the argument's name."""

import numbers

import numpy as np
from matplotlib.axes import Axes


def array(name, value, ndim=None, shape=None, allow_nan=True):
    """Return `value` (tensor, array or nested list of numbers) as a float64 numpy array.

    `shape` may hold None for a free axis. Infinite values are refused, NaN only without `allow_nan`.
    """
    value = _plain(value)
    if value is None or isinstance(value, (str, bytes, dict, set)):
        raise TypeError(f"{name} must be a tensor, an array or a list of numbers, got {type(value).__name__}")
    try:
        result = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a tensor, an array or an even list of numbers, got {value!r:.80}") from None
    if ndim is None and shape is not None:
        ndim = len(shape)
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {list(result.shape)}")
    if shape is not None and any(want is not None and want != got for want, got in zip(shape, result.shape)):
        expected = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} must have shape [{expected}], got {list(result.shape)}")
    if result.size == 0:
        raise ValueError(f"{name} is empty, expected at least one number (shape {list(result.shape)})")
    if np.isinf(result).any() or (not allow_nan and np.isnan(result).any()):
        raise ValueError(f"{name} must hold finite numbers{' or NaN' if allow_nan else ''}, got {value!r:.80}")
    return result


def _plain(value):
    """Tensors, alone or in lists, as lists of numbers; they may need gradients."""
    if hasattr(value, "detach"):
        return value.detach().cpu().tolist()
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def integers(name, value, shape, low=None, high=None):
    """Like `array`, for whole numbers from `low` to `high`; returns int64."""
    result = array(name, value, shape=shape, allow_nan=False)
    whole = result.astype(np.int64)
    if (whole != result).any():
        raise ValueError(f"{name} must hold whole numbers, got {value!r:.80}")
    if (low is not None and whole.min() < low) or (high is not None and whole.max() > high):
        raise ValueError(f"{name} must lie between {low} and {high}, got {whole.min()} to {whole.max()}")
    return whole


def cells(name, value, size, count=None):
    """Cells (row, column) of a board: int64 [count, 2], each coordinate from 0 to size - 1."""
    return integers(name, value, shape=(count, 2), low=0, high=size - 1)


def whole(name, value, low):
    """A whole number of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
    return int(value)


def number(name, value):
    """A finite real number."""
    value = _plain(value)
    if isinstance(value, (np.number, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r:.80}")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return float(value)


def pair(name, value, strict=True):
    """(low, high) in order; equal only without `strict`."""
    low, high = array(name, value, shape=(2,), allow_nan=False)
    if low > high or (strict and low == high):
        raise ValueError(f"{name} must be (low, high) with low < high, got {value!r}")
    return float(low), float(high)


def labels(name, value, count):
    """A list of `count` texts, or None."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, (list, tuple, range)):
        raise TypeError(f"{name} must be a list of {count} labels, got {value!r:.80}")
    if len(value) != count:
        raise ValueError(f"{name} must hold {count} labels, got {len(value)}")
    return [str(text) for text in value]


def text(name, value):
    """A text or None."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {type(value).__name__}")
    return value


def axes(value, name="ax"):
    """Matplotlib axes or None."""
    if value is not None and not isinstance(value, Axes):
        raise TypeError(f"{name} must be matplotlib axes, got {type(value).__name__}")
    return value


def attribute(name, thing, wanted):
    """Read `thing.wanted`, or say which attribute is missing."""
    if not hasattr(thing, wanted):
        raise TypeError(f"{name} must have the attribute .{wanted}, got {type(thing).__name__}")
    return getattr(thing, wanted)
