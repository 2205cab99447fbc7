"""What an experiment is to do: environment × algorithm × variant × seed, from Python or from a small TOML file."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import torch

from qmix_course import errors, strangers
from qmix_course.choices import ALGORITHMS, PRESETS, make_run

DTYPES = {"float32": torch.float32, "float64": torch.float64}
PLAIN = "plain"                 # the name of the variant that changes nothing


@dataclass(frozen=True)
class Plan:
    """Every combination of ``env``, ``algorithm``, ``variants`` and ``seeds`` is one run.

    ``env``, ``algorithm``: one name or several, as ``python -m qmix_course train`` knows them. ``seeds``: a list, or
    how many, from 0 on. ``settings``: fields of ``TrainConfig`` and options of the team, the same for all runs.
    ``variants``: a name for each table of further settings, as ``grid`` and ``search`` make them. ``steps``: of every
    run, by default the preset's. ``scale``: for an environment, the returns that count as 0 and as 1. Float64 is the
    default because its results are the same on all processors.
    """

    env: Sequence[str] | str
    algorithm: Sequence[str] | str
    seeds: Sequence[int] | int = 5
    steps: int | None = None
    settings: Mapping = field(default_factory=dict)
    variants: Mapping = field(default_factory=lambda: {PLAIN: {}})
    scale: Mapping = field(default_factory=dict)
    preset: str = "default"
    punishment: float | None = None
    dtype: str = "float64"

    def __post_init__(self):
        read = {name: _names(name, getattr(self, name)) for name in ("env", "algorithm")}
        for name in read["algorithm"]:
            if ":" not in name:                                 # else one of somebody's own, which check() looks up
                errors.choice("algorithm", name, [*ALGORITHMS, "MODULE:CLASS"])
        seeds = self.seeds
        if not isinstance(seeds, (list, tuple, range)):
            seeds = range(errors.whole_number("seeds", seeds, at_most=100_000))
        read["seeds"] = tuple(errors.seed("seeds", seed) for seed in seeds)
        _distinct("seeds", read["seeds"])
        if self.steps is not None:
            read["steps"] = errors.whole_number("steps", self.steps, at_most=errors.LONGEST)
        if self.punishment is not None:
            read["punishment"] = errors.number("punishment", self.punishment, high=0.0)
        read["settings"] = _table("settings", self.settings)
        variants = _table("variants", self.variants)
        read["variants"] = {name: _table(f"variants.{name}", each) for name, each in variants.items()} or {PLAIN: {}}
        read["scale"] = {name: _scale(f"scale.{name}", each) for name, each in _table("scale", self.scale).items()}
        for name in read["scale"]:
            errors.choice("scale", name, read["env"])
        errors.choice("preset", self.preset, PRESETS)
        errors.choice("dtype", self.dtype, DTYPES)
        for name, value in read.items():
            object.__setattr__(self, name, value)

    def runs(self) -> list[dict]:
        """What ``choices.make_run`` needs for each run, with ``variant`` and ``name``, the run's folder."""
        found = []
        for env, algorithm, variant, seed in itertools.product(self.env, self.algorithm, self.variants, self.seeds):
            run = {"env": env, "algorithm": algorithm, "variant": variant, "seed": seed, "preset": self.preset,
                   "steps": self.steps, "punishment": self.punishment, "dtype": self.dtype,
                   "settings": self.settings | self.variants[variant]}
            found.append(run | {"name": run_name(run)})
        return found

    def check(self) -> None:
        """Put every kind of run together once, without training: what cannot be is refused before the work begins."""
        seen = set()
        for run in self.runs():
            kind = json.dumps([run["env"], run["algorithm"], run["settings"]])
            if kind not in seen:
                seen.add(kind)
                try:
                    make_run(run)
                except (TypeError, ValueError) as error:
                    raise ValueError(f"{run['env']}, {run['algorithm']}, {run['variant']}: "
                                     f"{strangers.words_of(error)}") from error


def run_name(run: dict) -> str:
    """A folder's name: readable, and another one for whatever changes what the run computes."""
    what = {name: value for name, value in run.items() if name not in ("name", "variant")}
    digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:10]
    text = f"{run['env']}-{run['algorithm']}-{run['variant']}"[:80]
    return f"{re.sub(r'[^A-Za-z0-9_.=-]+', '_', text)}-seed{run['seed']}-{digest}"


def read_plan(path: str | Path) -> Plan:
    """The plan in a TOML file: the fields of ``Plan`` by name, where ``[grid]`` or ``[search]`` may make the variants.

    ``[grid]`` holds a list for each setting, and every combination is a variant. ``[search]`` holds ``tries`` and
    ``seed``, and ``[search.ranges]`` what ``search`` draws from. ``ValueError`` names what the file has wrong.
    """
    path = errors.path("path", path)
    if not path.is_file():
        raise FileNotFoundError(f"plan: there is no file {path}")
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"plan: {path} is no TOML file ({error})") from error
    makers = [name for name in ("variants", "grid", "search") if name in read]
    if len(makers) > 1:
        raise ValueError(f"plan: {path}: expected one of variants, grid and search, got {' and '.join(makers)}")
    try:
        for name in read:
            errors.choice("plan", name, [each.name for each in fields(Plan)] + ["grid", "search"])
        for name in ("env", "algorithm"):
            errors.entries("plan", read, (name,))
        if "grid" in read:
            read["variants"] = grid(**_table("grid", read.pop("grid")))
        if "search" in read:
            tries, ranges = errors.entries("search", read["search"], ("tries", "ranges"))
            read["variants"] = search(ranges, tries, read.pop("search").get("seed", 0))
        return Plan(**read)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def grid(**values: Sequence) -> dict[str, dict]:
    """Variants for every combination: ``grid(learning_rate=[1e-3, 4e-3], double_q=[False, True])`` makes four."""
    for name, each in values.items():
        if not errors.sequence(name, each, "values"):
            raise ValueError(f"{name}: expected at least one value, got none")
    return _named([dict(zip(values, each)) for each in itertools.product(*values.values())])


def search(ranges: Mapping, tries: int, seed: int = 0) -> dict[str, dict]:
    """``tries`` variants drawn at random, with a generator of their own.

    ``ranges`` holds for each setting a list, of which one is drawn, or ``{"low": …, "high": …}``, between which numbers
    are drawn evenly; with ``"log": True`` evenly on a log scale. Whole numbers if both ends are; else three digits.
    """
    if not _table("ranges", ranges):
        raise ValueError("ranges: expected at least one setting, got none")
    tries, dice = errors.whole_number("tries", tries, at_most=100_000), random.Random(errors.seed("seed", seed))
    draws = {name: _draw(f"ranges.{name}", each) for name, each in ranges.items()}
    return _named([{name: draw(dice) for name, draw in draws.items()} for _ in range(tries)])


def _draw(name: str, wanted):
    if isinstance(wanted, (list, tuple)) and wanted:
        return lambda dice: dice.choice(wanted)
    if not isinstance(wanted, Mapping) or not {"low", "high"} <= set(wanted) <= {"low", "high", "log"}:
        raise ValueError(f"{name}: expected a list, or a table of low, high and perhaps log, got "
                         f"{errors.describe(wanted)}")
    log = errors.switch(f"{name}.log", wanted.get("log", False))
    low = errors.number(f"{name}.low", wanted["low"], above=0.0 if log else -math.inf)
    high = errors.number(f"{name}.high", wanted["high"], low=low)
    whole = isinstance(wanted["low"], int) and isinstance(wanted["high"], int)

    def draw(dice: random.Random):
        x = math.exp(dice.uniform(math.log(low), math.log(high))) if log else dice.uniform(low, high)
        return round(x) if whole else float(f"{x:.3g}")
    return draw


def _named(variants: list[dict]) -> dict[str, dict]:
    """Variants under the names of what they change; one that was drawn twice is one."""
    return {", ".join(f"{name}={json.dumps(value)}" for name, value in each.items()) or PLAIN: each
            for each in variants}


def _names(name: str, value) -> tuple[str, ...]:
    value = (value,) if isinstance(value, str) else tuple(errors.sequence(name, value, "names"))
    for each in value:
        if not isinstance(each, str):
            raise TypeError(f"{name}: expected a name, got {errors.describe(each)}")
    return _distinct(name, value)


def _distinct(name: str, values: tuple) -> tuple:
    if not values:
        raise ValueError(f"{name}: expected at least one, got none")
    if len(set(values)) < len(values):
        raise ValueError(f"{name}: expected each once, got {errors.brief(values)}")
    return values


def _table(name: str, value) -> dict:
    """``value`` as a dict from names to what a JSON file can hold."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TypeError(f"{name}: expected a table of names and values, got {errors.describe(value)}")
    try:
        json.dumps(dict(value))
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected numbers, texts and lists, got {errors.describe(value)}") from None
    return dict(value)


def _scale(name: str, value) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise TypeError(f"{name}: expected the returns that count as 0 and as 1, got {errors.describe(value)}")
    low, high = (errors.number(name, each) for each in value)
    if low == high:
        raise ValueError(f"{name}: expected two different returns, got {errors.brief(value)}")
    return low, high
