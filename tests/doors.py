"""What a door is, what its documents allow for an argument, and those who are called. The doors: door_table*.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Integral, Real

import matplotlib
import numpy as np
import torch

from qmix_course import algorithms as algos
from qmix_course import envs, errors, exploration, plots, replay
from qmix_course.config import REWARD_UNITS, TrainConfig


@dataclass(frozen=True)
class Slot:
    """An argument: ``good`` makes a right value, ``legal`` says whether another one is right too.

    ``called``: other names by which a refusal may call it.
    """

    good: Callable[[], object]
    legal: Callable[[object], bool] = lambda value: False
    called: tuple[str, ...] = ()


@dataclass(frozen=True)
class Door:
    """``call(owner, **arguments)``; ``owner`` makes what the method belongs to, None for a function."""

    name: str
    call: Callable
    slots: dict[str, Slot]
    owner: Callable[[], object] = field(default=lambda: None)
    at_most: float = 5.0                # seconds


def function(name, call, /, **slots):
    return Door(name, lambda _, **arguments: call(**arguments), slots)


def method(name, owner, /, **slots):
    return Door(name, lambda it, **arguments: getattr(it, name.split(".")[-1])(**arguments), slots, owner)


def entries(name, owner, read=lambda owner: owner.state_dict(), /, **also):
    """A method that takes one dict, ``read(owner)``: every entry of it is an argument, and ``also`` says what tensors
    it may be."""
    slots = {key: same_kind(lambda key=key: read(owner())[key], also=also.get(key)) for key in read(owner())}
    return Door(name, lambda it, **saved: getattr(it, name.split(".")[-1])(saved), slots, owner)


# ---- what is legal where
# -------------------------------------------------------------------------------------------------

def fixed(value):
    return lambda: value


def is_whole(value, low, high):
    return isinstance(value, Integral) and not isinstance(value, bool) and low <= value <= high


def is_number(value, low=-np.inf, high=np.inf, above=-np.inf):
    return (isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(float(value)))
            and low <= float(value) <= high and float(value) > above)


def whole(good, low=1, high=errors.MOST, none=False, **more):
    return Slot(fixed(good), lambda v: is_whole(v, low, high) or (none and v is None), **more)


def number(good, *bounds, none=False, **named):
    return Slot(fixed(good), lambda v: is_number(v, *bounds, **named) or (none and v is None))


def seed(none=False):
    return Slot(fixed(0), lambda v: is_whole(v, 0, 2**63 - 1) or (none and v is None))


def switch(good=False):
    return Slot(fixed(good), lambda v: isinstance(v, bool))


def word(good, *known):
    return Slot(fixed(good), lambda v: isinstance(v, str) and v in known)


def text(good="a title", none=True):
    return Slot(fixed(good), lambda v: isinstance(v, str) or (none and v is None))


def thing(good, *kinds, none=False, **more):
    return Slot(good, lambda v: isinstance(v, kinds) or (none and v is None), **more)


def plain(value):
    return (isinstance(value, torch.Tensor) and value.layout is torch.strided and not value.is_nested
            and not value.is_meta
            and not value.is_quantized)


def tensor(good, also=lambda v: True, free=False, none=False, **more):
    """As ``good`` in dtype and shape (``free``: but for the first axis), and ``also`` true of it."""
    like = good()

    def legal(value):
        if value is None:
            return none
        return bool(plain(value) and value.dtype == like.dtype and value.dim() == like.dim()
                    and value.shape[free:] == like.shape[free:] and also(value))
    return Slot(good, legal, **more)


def within(low, high):
    return lambda value: bool((value >= low).all() and (value <= high).all())


def same_kind(good, called=("saved",), also=None):
    """For an entry of a saved state: a value of one's own type, and of a tensor's dtype and shape."""
    like = good()
    if isinstance(like, torch.Tensor):
        return tensor(good, also or (lambda v: v.dtype == torch.bool or torch.equal(v, like)), called=called)
    return Slot(good, also or (lambda v: not isinstance(v, dict) and type(v) is type(like) and v == like), called)


def finite(value):
    return bool(value.isfinite().all())


def actions(rows=2, agents=2, n_actions=4, lowest=0, **more):
    return tensor(lambda: torch.zeros(rows, agents, dtype=torch.int64),
                  lambda v: bool((v >= lowest).all() and (v < n_actions).all()), **more)


def floats(*shape, also=finite, **more):
    return tensor(lambda: torch.linspace(0.1, 0.9, int(np.prod(shape))).reshape(shape), also, **more)


def numbers(good, nan=False, whole=False, low=-np.inf, high=np.inf, none=False, **more):
    """For figures: a table of numbers of ``good``'s shape (None in ``good``'s place: any), as a tensor, an array or
    lists."""
    like = np.array(good)

    def legal(value):
        if value is None:
            return none
        if isinstance(value, torch.Tensor):
            value = value.detach().double().numpy() if plain(value) and not value.is_complex() else None
        if not isinstance(value, (np.ndarray, np.generic, list, tuple, range, Real)):
            return False
        value = np.asarray(value)
        if value.dtype == object:                           # Python's own exact numbers
            value = np.array([float(each) for each in value.ravel()]).reshape(value.shape)
        if value.dtype.kind not in "buif" or value.ndim != like.ndim or value.size == 0 or np.isinf(value).any():
            return False
        if whole and (np.nan_to_num(value) != np.round(np.nan_to_num(value))).any():
            return False
        known = value[~np.isnan(value)] if value.dtype.kind == "f" else value
        return bool((nan or known.size == value.size) and (known >= low).all() and (known <= high).all())
    return Slot(lambda: torch.tensor(good), legal, **more)


# ---- who is called
# -------------------------------------------------------------------------------------------------------

def grid(**options):
    env = envs.GridWorld(**({"size": 3, "num_envs": 2} | options))
    env.reset(seed=0)
    return env


def game():
    env = envs.TwoStepGame(num_envs=2)
    env.reset(seed=0)
    return env


def matrix():
    env = envs.MatrixGame("climbing", num_envs=2)
    env.reset(seed=0)
    return env


def m_step():
    env = envs.MStepGame(3, num_envs=2)
    env.reset(seed=0)
    return env


def long_way():
    env = envs.LongWay(3, num_envs=2)
    env.reset(seed=0)
    return env


def parallel():
    from qmix_course.envs.to_pettingzoo import as_parallel_env

    env = as_parallel_env(envs.TwoStepGame())
    env.reset(seed=0)
    return env


def hunt():
    env = envs.PredatorPrey(4, 2, 1, 1, 5, 0.0, num_envs=2)
    env.reset(seed=0)
    return env


def robots():
    env = envs.Formation(n_agents=2, num_envs=2, episode_limit=5)
    env.reset(seed=0)
    return env


def words():
    env = envs.SpeakerListener(5, num_envs=2)
    env.reset(seed=0)
    return env


def skirmish():
    env = envs.Skirmish("2m_vs_1m", num_envs=2, episode_limit=4)
    near = torch.tensor([[12.0, 12.0], [12.0, 13.0]], dtype=torch.float64)
    env.reset(seed=0, team=near, enemies=torch.tensor([[16.0, 12.0]], dtype=torch.float64))
    return env


def cue():
    env = envs.Cue(num_envs=2)
    env.reset(seed=0)
    return env


def team(kind=algos.QMIX, **options):
    return kind.for_env(grid(), **options)


def rows(count=3):
    spec = envs.TwoStepGame().spec
    return replay.Batch.padding(count, 1, spec)


def memory():
    buffer = replay.ReplayBuffer(8, envs.TwoStepGame().spec)
    buffer.add(rows())
    return buffer


def noise():
    return exploration.ParameterNoise(team().agents, 2, torch.Generator().manual_seed(0))


def batch_fields():
    """The fields of a batch: any plain tensors; what they hold is looked at where they are used."""
    return {name: Slot(lambda name=name: vars(rows())[name], lambda v,
                       name=name: plain(v) or (name == "memory" and v is None))
            for name in vars(rows())}


def row_slots():
    """The fields of a batch that goes into the memory."""
    slots = {}
    for name, value in vars(rows()).items():
        also = {"actions": lambda v: bool((v >= 0).all() and (v < 2).all()),
                "last_actions": lambda v: bool((v >= -1).all() and (v < 2).all()),
                "available": lambda v: bool(v.any(-1).all()), "mask": lambda v: bool(((v == 0) | (v == 1)).all()),
                "terminated": lambda v: True}.get(name, finite)
        # the number of rows is read off the observations; if it is too large, the state is told to be too short
        called = ("rows", "state") if name == "obs" else ("rows",)
        slots[name] = tensor(lambda name=name: vars(rows())[name], also, none=name == "memory", called=called)
    return slots


def env_slot(make=grid, **more):
    return thing(make, envs.TeamEnv, **more)


DEVICE = Slot(fixed("cpu"), lambda v: isinstance(v, (str, torch.device)) and str(v) in ("cpu", "cpu:0"))


def config_slots():
    bounds = {"total_steps": 1, "capacity": 128, "learning_starts": 0, "update_every": 1, "epsilon_steps": 1,
              "evaluate_every": 1}
    return ({name: whole(getattr(TrainConfig(), name), low, errors.MOST if name == "capacity" else errors.LONGEST,
                         called=("batch_size",))
             for name, low in bounds.items()}
            | {"seed": seed(), "batch_size": whole(128, 1, 10_000), "learning_rate": number(1e-3, above=0.0),
               "evaluation_episodes": whole(1),
               "learning_rate_steps": whole(9_000, 8_000, errors.LONGEST, none=True),
               "reward_units": word("as paid", *REWARD_UNITS),
               "max_grad_norm": number(1.0, above=0.0), "tau": number(0.02, 0.0, 1.0, 0.0),
               "epsilon_start": number(1.0, 0.0, 1.0),
               "epsilon_end": number(0.1, 0.0, 1.0), "parameter_noise": switch(),
               "compile": Slot(fixed(False), lambda v: isinstance(v, bool)), "device": DEVICE,
               "target_every": Slot(fixed(None), lambda v: v is None)})


class Film:
    """What a film strip reads."""

    def __init__(self, **fields):
        vars(self).update(fields)


FILM = {"positions": numbers([[[0, 0], [2, 2]], [[1, 0], [2, 2]]], whole=True, low=0, high=2),
        "rewards": numbers([0.5]),
        "actions": numbers([[1, 0]], whole=True, low=-1, high=3),
        "goals": numbers([[2, 0], [0, 2]], whole=True, low=0, high=2),
        "size": whole(3)}
HISTORY = {name: numbers([0.1, 0.2], nan=name != "steps")
           for name in ("steps", "exploring_return", "greedy_return", "loss", "epsilon")}
AX = thing(lambda: None, matplotlib.axes.Axes, none=True)


def axes():
    return plots.panels()[1]
