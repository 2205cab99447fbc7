"""Checks at the door of the plotting functions, for what `errors` does not cover: arrays, cells, labels, axes."""

from numbers import Real

import numpy as np
import torch
from matplotlib.axes import Axes

from qmix_course import errors

whole = errors.whole_number
switch = errors.switch
BOARD = 100                     # cells along a side that a picture can still show


def size_of(name, value):
    """The cells along a side of a board."""
    return whole(name, value, 1, BOARD)


def array(name, value, ndim=None, shape=None, allow_nan=True):
    """Return `value` (tensor, array or nested list of numbers) as a float64 numpy array.

    `shape` may hold None for a free axis. Infinite values are refused, NaN only without `allow_nan`.
    """
    result = errors.numbers(name, value, "a tensor, an array or a list of numbers in rows of one length", allow_nan)
    ndim = len(shape) if shape is not None else ndim
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name}: expected {ndim} axes, got shape {list(result.shape)}")
    if shape is not None and any(want not in (None, got) for want, got in zip(shape, result.shape)):
        expected = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name}: expected shape [{expected}], got {list(result.shape)}")
    if result.size == 0:
        raise ValueError(f"{name}: expected at least one number, got shape {list(result.shape)}")
    return result


def integers(name, value, shape, low, high=None):
    """Like `array`, for whole numbers from `low` to `high`; returns int64."""
    result = array(name, value, shape=shape, allow_nan=False)
    if (np.round(result) != result).any():
        raise ValueError(f"{name}: expected whole numbers, got {errors.describe(value)}")
    rounded = result.clip(-2.0**62, 2.0**62).astype(np.int64)
    if rounded.min() < low or (high is not None and rounded.max() > high):
        upper = "" if high is None else f" and at most {high}"
        raise ValueError(f"{name}: expected numbers of at least {low}{upper}, got {rounded.min()} to {rounded.max()}")
    return rounded


def cells(name, value, size, count=None, low=0):
    """Cells (row, column) of a board: int64 [count, 2], each coordinate from `low` to size - 1."""
    try:
        return integers(name, value, shape=(count, 2), low=low, high=size - 1)
    except ValueError as error:
        raise ValueError(f"{error} (cells of a board of size {size})") from None


def number(name, value):
    """A finite real number; an array or a tensor without axes will do."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        value = float(array(name, value, ndim=0, allow_nan=False))
    return errors.number(name, value)


def height(name, value):
    """Where to draw a line: a number, or None for no line."""
    return None if value is None else number(name, value)


def pair(name, value, strict=True):
    """(low, high) in order; equal only without `strict`."""
    low, high = array(name, value, shape=(2,), allow_nan=False)
    if low > high or (strict and low == high):
        raise ValueError(f"{name}: expected (low, high) with low below high, got {errors.brief(value)}")
    return float(low), float(high)


def labels(name, value, count):
    """A list of `count` texts, or None."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, (list, tuple, range)):
        raise TypeError(f"{name}: expected a list of {count} labels, got {errors.describe(value)}")
    if len(value) != count:
        raise ValueError(f"{name}: expected {count} labels, got {len(value)}")
    for each in value:
        if not isinstance(each, (str, Real)):
            raise TypeError(f"{name}: expected texts or numbers, got {errors.describe(each)}")
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
    try:
        return getattr(thing, wanted)
    except Exception:                       # whatever came has no such thing
        raise TypeError(f"{name}: expected an object with .{wanted:.80}, got {errors.describe(thing)}") from None


def form(name, value, none=False):
    """A form in which numbers are written, as "{:.2f}"; with ``none`` also None, for no numbers."""
    try:
        fits = (none and value is None) or (isinstance(value, str) and value.format(1.0) != value.format(22.0))
    except Exception:                       # braces that mean something else
        fits = False
    if not fits:
        raise (ValueError if isinstance(value, str) else TypeError)(
            f'{name}: expected a form for numbers, as "{{:.2f}}", got {errors.describe(value)}')
    return value


def named(name, value, of):
    """A dict with at least one entry, each under a name."""
    if not isinstance(value, dict) or not value:
        raise TypeError(f"{name}: expected a dict name -> {of}, got {errors.describe(value)}")
    for key in value:
        if not isinstance(key, (str, Real)):
            raise TypeError(f"{name}: expected names that are texts or numbers, got {errors.describe(key)}")
    return value
