"""Stored measurements that lessons show: each file was made by the script that it names, on the day that it names."""

from __future__ import annotations

import json
from importlib import resources

from qmix_course import errors

NAMES = ("reference", "sweep")


def load(name: str) -> dict:
    """The stored measurement ``name``, one of ``NAMES``: ``made_by``, ``date``, ``settings`` and the results.

    ``reference``: ``runs``, one a seed, each with the columns of a ``History``.
    ``sweep``: ``points``, one a setting that was tried, the default first, each with one entry a seed.
    What was not measured is NaN.
    """
    errors.choice("name", name, NAMES)
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return _null_as_nan(json.loads(text))


def _null_as_nan(value):
    if isinstance(value, list):
        return [float("nan") if each is None else _null_as_nan(each) for each in value]
    if isinstance(value, dict):
        return {key: _null_as_nan(each) for key, each in value.items()}
    return value
