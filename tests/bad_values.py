"""What people, and programs, hand to a door by mistake: one maker for each kind, told what would have been right."""

import datetime
import enum
import itertools
import pathlib
import warnings
from decimal import Decimal
from fractions import Fraction
from unittest import mock

import numpy as np
import torch

from qmix_course.algorithms import VDN
from qmix_course.envs import GridWorld, TwoStepGame
from qmix_course.replay import Batch
from qmix_course.training import TrainConfig

LEFT_OUT = object()                     # no value at all: the entry of a dict is missing


class Angry:
    """Whatever Python asks of it by itself, it refuses."""

    def _refuse(self, *_):
        raise RuntimeError("do not ask me")

    __repr__ = __str__ = __len__ = __eq__ = __bool__ = __iter__ = __float__ = __int__ = __index__ = _refuse
    __getitem__ = __hash__ = __contains__ = __lt__ = __gt__ = __le__ = __ge__ = _refuse
    __call__ = __array__ = __fspath__ = _refuse


class AngryAttributes:
    def __getattr__(self, name):
        raise RuntimeError(f"do not ask me for {name}")


class Long:
    def __repr__(self):
        return "x" * 100_000 + "\n" * 1_000


class Yes:
    """It agrees with everything."""

    def __eq__(self, other):
        return True

    def __len__(self):
        return 2

    def __getitem__(self, at):
        return self

    def __float__(self):
        return 0.5

    def __index__(self):
        return 2

    __hash__ = object.__hash__


class Word(str):
    pass


class Level(enum.Enum):
    HIGH = 3


class Marked(torch.Tensor):
    """A tensor of a kind of one's own."""



VALUES = {
    "None": None, "True": True, "False": False, "-1": -1, "0": 0, "1": 1, "3": 3, "2**31": 2**31, "2**62": 2**62,
    "2**63": 2**63, "2**64": 2**64, "10**400": 10**400, "-10**400": -(10**400), "10**5000": 10**5000,
    "0.5": 0.5, "-0.5": -0.5, "3.0": 3.0, "nan": float("nan"), "inf": float("inf"), "-inf": -float("inf"),
    "1e308": 1e308,
    "complex": 1 + 2j, "Fraction": Fraction(1, 3), "huge Fraction": Fraction(10**400, 3),
    "tiny Fraction": Fraction(1, 10**400),
    "Decimal": Decimal("0.5"), "Decimal NaN": Decimal("NaN"), "no text": "", "text": "grid", "number as text": "3",
    "surrogate": "\ud800", "null": "a\0b", "long text": "a" * 100_000, "own text": Word("grid"), "bytes": b"grid",
    "bytearray": bytearray(b"grid"), "no list": [], "list": [1, 2], "ragged": [[1], [2, 3]],
    "list of None": [None, None],
    "list of text": ["1", "2"], "nested": [[[[[]]]]], "no tuple": (), "tuple": (1, 2, 3), "pair of huge": (0, 10**400),
    "no dict": {}, "dict": {"a": 1}, "dict of None": {None: None}, "set": {1, 2}, "frozenset": frozenset({1}),
    "Ellipsis": ..., "NotImplemented": NotImplemented, "range": range(3), "module": torch, "class": GridWorld,
    "int": int,
    "function": abs, "dtype": torch.float32, "device": torch.device("cpu"),
    "path": pathlib.Path("no/such/folder/file.pt"),
    "date": datetime.date(2020, 1, 1), "error": ValueError("no"), "enum": Level.HIGH,
    "np.nan": np.float64("nan"), "np.int64": np.int64(-3), "np.int8": np.int8(2), "np.bool": np.bool_(True),
    "np.longdouble": np.longdouble("1e400"), "np.complex": np.complex128(1j),
    "np.datetime": np.datetime64("2020-01-01"),
    "np.masked": np.ma.masked, "array 0-d": np.array(3), "array": np.array([1, 2]),
    "array of text": np.array(["a", "b"]),
    "array of objects": np.array([None, 1], dtype=object), "array 0": np.zeros((0,)),
    "complex array": np.array([1j, 2]),
    "structured": np.zeros(2, dtype=[("a", int)]), "array of dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "tensor 0-d": torch.tensor(3), "tensor": torch.zeros(2, 3), "tensor of nothing": torch.zeros(0),
    "meta": torch.zeros(2, 3, device="meta"), "sparse": torch.eye(2).to_sparse(),
}
FRESH = {
    "lambda": lambda: lambda *_: None, "object": object, "generator": lambda: (k for k in range(2)),
    "iterator": lambda: iter([1, 2]),
    "endless": itertools.count, "angry": Angry, "angry attributes": AngryAttributes, "long": Long, "yes": Yes,
    "mock": mock.MagicMock,
    "mock tensor": lambda: mock.MagicMock(spec=torch.Tensor), "list of angry": lambda: [Angry(), Angry()],
    "network": lambda: torch.nn.Linear(1, 1), "torch generator": torch.Generator, "env": TwoStepGame,
    "team": lambda: VDN.for_env(TwoStepGame()),
    "spec": lambda: TwoStepGame().spec, "batch": lambda: Batch.padding(1, 1, TwoStepGame().spec),
    "step": lambda: TwoStepGame().reset(),
    "config": TrainConfig, "list of envs": lambda: [TwoStepGame()],
    "list of tensors": lambda: [torch.zeros(2), torch.zeros(3)],
}

DTYPES = (torch.bool, torch.uint8, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32,
          torch.float64)


def almost(label, good):
    """Almost ``good``, a tensor: another shape, dtype, layout or device, or other numbers; LEFT_OUT where there is no
    such."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")             # torch calls some of these layouts prototypes
        base = good.detach().clone()

        def floats():
            return base.to(torch.float32)

        def flat():
            return floats().reshape(-1)

        made = {
            "one axis more": lambda: base.unsqueeze(0),
            "one axis less": lambda: base[0] if base.dim() else base.reshape(1),
            "no axes": lambda: floats().sum(),
            "twice the rows": lambda: torch.cat([base, base]) if base.dim() else base.repeat(2),
            "wider": lambda: base.repeat(*[1] * max(base.dim() - 1, 0), 2),
            "no rows": lambda: base[:0] if base.dim() else base.reshape(1)[:0],
            "no columns": lambda: base[..., :0] if base.dim() else base.reshape(1)[:0],
            "sparse": lambda: floats().to_sparse(),
            "quantised": lambda: torch.quantize_per_tensor(floats(), 0.1, 0, torch.quint8),
            "meta": lambda: base.to("meta"),
            "nested": lambda: torch.nested.nested_tensor([flat(), flat()[:1]]), "same sparse": lambda: base.to_sparse(),
            "jagged": lambda: torch.nested.nested_tensor([flat()[:, None], flat()[:1, None]], layout=torch.jagged),
            "array": lambda: base.numpy(), "list": lambda: base.tolist(),
            "tuple": lambda: tuple(base) if base.dim() else (base,),
            "marked": lambda: base.as_subclass(Marked), "sparse csr": lambda: flat()[:, None].to_sparse_csr(),
            "mkldnn": lambda: floats().to_mkldnn(),
            "names": lambda: [str(k) for k in base.reshape(-1).tolist()],
            "array of objects": lambda: base.numpy().astype(object),
            "of complex": lambda: torch.complex(floats(), floats()),
            "asks for gradients": lambda: floats().requires_grad_(),
        }
        for dtype in DTYPES:
            made[str(dtype)] = lambda dtype=dtype: base.to(dtype)
        for number in (-1, 1, 7, 10**9, -(2**63)) if good.dtype in (torch.int64, torch.uint8) else ():
            made[f"all {number}"] = lambda number=number: torch.full_like(base, number, dtype=torch.int64)
        for number in ("nan", "inf", "-inf", "1e30") if good.is_floating_point() else ():
            made[f"all {number}"] = lambda number=number: torch.full_like(base, float(number))
        if good.is_floating_point():
            made["one nan"] = lambda: torch.where(torch.arange(base.numel()).reshape(base.shape) == 0, torch.nan, base)
        if good.dtype == torch.bool:
            made |= {"all True": lambda: torch.ones_like(base), "all False": lambda: torch.zeros_like(base)}
        try:
            return made[label]() if label in made else LEFT_OUT
        except RuntimeError:                # a layout that takes no tensor with these axes
            return LEFT_OUT


ALMOST = ["one axis more", "one axis less", "no axes", "twice the rows", "wider", "no rows", "no columns", "sparse",
          "quantised", "meta",
          "nested", "same sparse", "jagged", "array", "list", "tuple", "marked", "sparse csr", "mkldnn", "names",
          "array of objects",
          "of complex", "asks for gradients", "one nan", "all True", "all False", *map(str, DTYPES),
          *(f"all {number}" for number in (-1, 1, 7, 10**9, -(2**63), "nan", "inf", "-inf", "1e30"))]
LABELS = [*VALUES, *FRESH, *(f"almost: {label}" for label in ALMOST)]


def make(label: str, good):
    """The value of that kind, for a place where ``good`` would have been right; LEFT_OUT where it has none."""
    if label in VALUES:
        return VALUES[label]
    if label in FRESH:
        return FRESH[label]()
    return almost(label.removeprefix("almost: "), good) if isinstance(good, torch.Tensor) else LEFT_OUT
