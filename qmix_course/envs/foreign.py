"""What crosses the border from somebody else's environment, read for its meaning: shapes, values, agreement.

Nothing is cast and nothing is broadcast. ``what`` names the field, the agent and the environment ("reward of b in
leaving"); a value that is not what it should be raises ``ValueError`` with that name, what was expected and what came.
"""

from __future__ import annotations

import inspect
import math
import reprlib
from collections import OrderedDict
from collections.abc import Mapping
from numbers import Integral

import numpy as np
from gymnasium import spaces

PICTURE = 32                # pixels along the shorter side
MASK_METHODS = ("action_mask", "action_masks", "get_action_mask", "get_action_masks", "get_avail_actions",
                "get_available_actions", "available_actions", "get_legal_actions", "legal_actions", "valid_actions")
ROUNDING = 1e-6             # what counts as the same float, relative to its size (to 1 if that is smaller)


def came(value) -> str:
    """Short words for what came, however large it is."""
    if isinstance(value, (np.ndarray, np.generic)):
        words = f"{type(value).__name__} of {value.dtype} with shape {value.shape}"
        return f"{words}: {value.tolist()!r}" if value.size <= 8 else words
    return f"{type(value).__name__} {reprlib.repr(value)}"


def mapping(what: str, value) -> Mapping:
    """``value`` if it is a dictionary."""
    if type(value) is not dict and not isinstance(value, Mapping):        # (the first is quicker, and usual)
        raise ValueError(f"{what}: expected a dict, got {came(value)}")
    return value


def entries(what: str, value, names: list) -> Mapping:
    """``value`` if it is a dictionary that speaks of those ``names`` alone: what stands under another would be lost."""
    others = set(mapping(what, value)) - set(names)
    if others:
        raise ValueError(f"{what}: expected entries for {names} alone, got one for {min(map(repr, others))}")
    return value


def different(names) -> bool:
    """Whether these are a list of different things that can be keys."""
    if not isinstance(names, (list, tuple)):
        return False
    try:
        return len(set(names)) == len(names)
    except TypeError:
        return False


def numbers(what: str, value, shape: tuple | None = None) -> np.ndarray:
    """``value`` as an array of finite plain numbers, of exactly that shape (None: any)."""
    if type(value) is np.ndarray and value.dtype.kind == "f" and value.shape == shape and np.isfinite(value).all():
        return value                        # what comes most often
    if shape is None:
        expected = "finite numbers"
    else:
        expected = f"finite numbers of shape {shape}" if shape else "one finite number"
    try:
        array = np.asarray(value)
    except Exception as error:              # ragged lists, tensors that ask for gradients: every type has its own words
        raise ValueError(f"{what}: expected {expected}, got {came(value)}") from error
    if array.dtype.kind not in "buif" or (shape is not None and array.shape != shape):
        raise ValueError(f"{what}: expected {expected}, got {came(value)}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{what}: expected {expected}, got NaN or infinity in {came(value)}")
    if np.ma.is_masked(value):              # numpy would read what stands behind the mask
        raise ValueError(f"{what}: expected {expected}, got hidden entries in {came(value)}")
    return array


def flag(what: str, value) -> bool:
    """``value`` if it is a bool, or the whole number 0 or 1."""
    if type(value) is bool:
        return value
    try:
        array = numbers(what, value, ())
    except ValueError:
        array = None
    if array is None or array.dtype.kind not in "bui" or array not in (0, 1):
        raise ValueError(f"{what}: expected True or False (or 1 or 0), got {came(value)}")
    return bool(array)


def reward(what: str, value) -> float:
    """``value`` as a float, if it is one finite number (not a bool, not an array with axes)."""
    if type(value) in (float, np.float64) and math.isfinite(value):
        return float(value)
    array = numbers(what, value, ())
    if array.dtype.kind == "b":
        raise ValueError(f"{what}: expected one finite number, got {came(value)}")
    return float(array)


def pay(paid: list[float], n_agents: int, how: str) -> float:
    """The team's reward: the "sum" of what was ``paid``, or its "mean" over all ``n_agents``, in play or not."""
    if how == "mean" and len(paid) == n_agents and len(set(paid)) == 1:
        return paid[0]                      # one reward that all share stays what it is, to the last bit
    return sum(paid) / (n_agents if how == "mean" else 1)


def action_mask(what: str, value, n_actions: int) -> np.ndarray:
    """[A] bool, from one 0 or 1 (False or True) for each action; nothing else is a mask."""
    expected = f"0 or 1 (or False or True) for each of {n_actions} actions"
    try:
        array = numbers(what, value, (n_actions,))
    except ValueError as error:
        raise ValueError(f"{what}: expected {expected}, got {came(value)}") from error
    if not ((array == 0) | (array == 1)).all():
        raise ValueError(f"{what}: expected {expected}, got {came(value)}; additive masks and lists of actions "
                         "are not read")
    return array == 1


def named_as_mask(key) -> bool:
    """Whether ``key`` is a name under which masks are handed out."""
    return any(word in str(key).lower() for word in ("mask", "avail", "legal", "valid"))


def could_be_mask(value, n_actions: int) -> bool:
    """Whether ``value`` is a row of 0 and 1, one for each action."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return False
    return array.shape == (n_actions,) and array.dtype.kind in "biuf" and bool(np.isin(array, (0, 1)).all())


def state(what: str, value, shape: tuple | None = None) -> np.ndarray:
    """``value`` as an array of at least one finite number, of the ``shape`` that it had before (None: the first)."""
    array = numbers(what, value, shape)
    if not array.size:
        raise ValueError(f"{what}: expected at least one number, got {came(value)}")
    return array


def action_count(what: str, space) -> int:
    """The size of a Discrete action space that counts from 0; ``TypeError`` for any other."""
    if not isinstance(space, spaces.Discrete) or space.start != 0:
        raise TypeError(f"{what}: expected Discrete actions from 0, got {came(space)}; only those are supported")
    return int(space.n)


def is_image(shape: tuple, dtype) -> bool:
    """Whether such an array is a picture: three axes or more, two of bytes, or two that are both long. (A table of
    what a few neighbours are like has two axes as well; one of them is short.)"""
    return len(shape) >= 3 or (len(shape) == 2 and (np.dtype(dtype) == np.uint8 or min(shape) >= PICTURE))


def own_limit(env, metadata: Mapping):
    """What an environment says of its time limit, under the names in use; None if nothing."""
    found = [getattr(env, "max_cycles", None), metadata.get("max_cycles"), *limits_of(env)]
    return next((limit for limit in found if limit is not None), None)


def limits_of(env) -> list[int]:
    """The time limits that Gymnasium's environments and wrappers keep as attributes, where they are numbers of steps.
    """
    found = [getattr(env, name, None) for name in ("max_steps", "_max_episode_steps", "max_episode_steps")]
    return [each for each in found if isinstance(each, Integral) and not isinstance(each, bool) and each > 0]


def takes_a_seed(name: str, reset) -> None:
    """``ValueError`` if ``reset``, that of the environment ``name``, cannot be called with a seed."""
    try:
        signature = inspect.signature(reset)
    except ValueError:                                       # compiled code need not have one
        return
    try:
        signature.bind(seed=0)
    except TypeError:
        raise ValueError(f"reset of {name}: expected it to take a seed, as in reset(seed=0)") from None


class Observed:
    """How the observations of one agent are read: ``size`` numbers, in the order of ``gymnasium.spaces.flatten``.

    An "action_mask" in a Dict is no part of what is observed; it comes out beside it. ``images``: the shapes of the
    pictures in it.
    """

    def __init__(self, what: str, space):
        self.what, self.space, self.images = what, space, []
        if not isinstance(space, spaces.Space):
            raise TypeError(f"{what}: expected a gymnasium space, got {came(space)}")
        self._mask_inside = isinstance(space, spaces.Dict) and "action_mask" in space.spaces
        if self._mask_inside:
            space = spaces.Dict(OrderedDict((k, part) for k, part in space.spaces.items() if k != "action_mask"))
        self._seen = space                                   # what is observed, without the mask
        self._look(space)
        self.size = int(spaces.flatdim(space))
        if not self.size:
            raise TypeError(f"{what}: expected at least one number to observe, got {came(space)}")
        self._bounds = None
        if type(space) is spaces.Box:
            low, high = _bounds(space)
            if space.dtype.kind == "f":                      # so that neither NaN nor infinity lies between them
                most = np.finfo(space.dtype).max
                low, high = np.maximum(low, -most), np.minimum(high, most)
            self._bounds = low, high

    def _look(self, space) -> None:
        if isinstance(space, (spaces.Dict, spaces.Tuple)):
            for part in space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces:
                self._look(part)
        elif isinstance(space, spaces.Box):
            if is_image(space.shape, space.dtype):
                self.images.append(space.shape)
        elif not isinstance(space, (spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
            raise TypeError(f"{self.what}: expected Box, Discrete, MultiDiscrete, MultiBinary, or a Dict or Tuple of "
                            f"those, got {came(space)}")

    def split(self, value) -> tuple:
        """The observation, and the mask that came inside it or None."""
        if not isinstance(value, Mapping):
            return value, None
        # PettingZoo's tutorial puts a dict around the observation that its space does not tell of.
        wrapped = not isinstance(self._seen, spaces.Dict) and set(value) <= {"observation", "action_mask"}
        if wrapped and "observation" in value:
            return value["observation"], value.get("action_mask")
        if self._mask_inside and value.get("action_mask") is None:
            raise ValueError(f"{self.what}: expected an 'action_mask' in it, as its space says, got {came(value)}")
        return {key: part for key, part in value.items() if key != "action_mask"}, value.get("action_mask")

    def read(self, value) -> np.ndarray:
        """[size], from a value that is in the space."""
        if (self._bounds is not None and type(value) is np.ndarray and value.dtype == self._seen.dtype
                and value.shape == self._seen.shape):       # as it should be: nothing to convert
            low, high = self._bounds
            if ((value >= low) & (value <= high)).all():
                return value.ravel()
        inside = _inside(self.what, self._seen, value)
        with np.errstate(over="ignore"):                     # too large for the space's own dtype: found out just below
            flat = spaces.flatten(self._seen, inside)
        return numbers(self.what, flat, (self.size,))


def _bounds(space: spaces.Box) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest value that counts as inside, for each number."""
    low, high = space.low, space.high
    if space.dtype.kind == "f":
        with np.errstate(over="ignore"):                     # beyond the largest float all is inside
            low, high = low - ROUNDING * np.maximum(1, np.abs(low)), high + ROUNDING * np.maximum(1, np.abs(high))
    return low, high


def _inside(what: str, space, value):
    """``value`` in the form that ``flatten`` reads rightly; ``ValueError`` if it is not in the space."""
    if isinstance(space, spaces.Dict):
        if not isinstance(value, Mapping) or set(value) != set(space.spaces):
            raise ValueError(f"{what}: expected a dict with {sorted(map(str, space.spaces))}, got {came(value)}")
        return {key: _inside(f"{what}, part {key!r}", part, value[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        if not isinstance(value, (tuple, list)) or len(value) != len(space.spaces):
            raise ValueError(f"{what}: expected a tuple of {len(space.spaces)}, got {came(value)}")
        return tuple(_inside(f"{what}, part {i}", part, value[i]) for i, part in enumerate(space.spaces))
    array = numbers(what, value, space.shape)
    if isinstance(space, spaces.Box):
        low, high = _bounds(space)
    elif isinstance(space, spaces.MultiBinary):
        low, high = 0, 1
    else:
        choices = space.n if isinstance(space, spaces.Discrete) else space.nvec
        low, high = space.start, space.start + (choices - 1)
    whole = space.dtype.kind in "bui"
    broken = whole and array.dtype.kind == "f" and (array != np.floor(array)).any()
    outside = (array < low) | (array > high)
    if broken or outside.any():
        first = f"; entry {int(outside.argmax())} is {array.flat[int(outside.argmax())]:g}" if outside.any() else ""
        raise ValueError(f"{what}: expected a value in {reprlib.repr(space)}, got {came(value)}{first}")
    return array if array.dtype == space.dtype else array.astype(np.int64 if whole else np.float64)
