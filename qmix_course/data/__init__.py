"""Stored measurements that lessons show: each file was made by the script that it names, on the day that it names."""

from __future__ import annotations

import json
from importlib import resources

from qmix_course import errors, teams
from qmix_course.algorithms import QMIX
from qmix_course.envs import Skirmish

NAMES = ("reference", "sweep", "two_step", "games", "m_step", "memory", "predator_prey", "skirmish", "formation",
         "worlds", "tricks", "scale", "gpu", "fused")


def load(name: str) -> dict:
    """The stored measurement ``name``, one of ``NAMES``: ``made_by``, ``date``, ``settings`` and the results.

    ``reference``: ``runs``, one a seed, each with the columns of a ``History``.
    ``sweep``: ``points``, one a setting that was tried, the default first, each with one entry a seed.
    The others are written by ``make tables``, and say in benchmarks/tables/NAME.py what they hold:
    ``two_step``, ``games``: ``runs`` of an algorithm hold one entry a seed, with the learned tables.
    ``m_step``, ``memory``, ``predator_prey``: greedy returns, one a seed, for each way of exploring or learning.
    ``skirmish``: for each scenario the ``runs`` of each method, one a seed: the share of battles ``won`` at each of
    ``steps``, and what the team does at the end (``deeds``), and what rules of thumb do (``rules``).
    ``formation``: ``runs`` of each arm, one a seed: the ``return`` after the last step, what Q_tot ``believed`` at the
    start and what the team ``got`` (discounted), and the mixer's ``weights``; ``talk``: speaker and listener.
    ``worlds``: other people's worlds and this course's: for each the ``runs`` of each method, one a seed (``greedy``
    returns at ``steps``, the ``return`` of many episodes after the last one, in battles the share ``won``), what a
    random team and ``rules`` written by hand get, and what is ``published``.
    ``tricks`` (benchmarks/tricks.py): a score for each seed, by environment, algorithm and trick; and a random search.
    ``scale``, ``gpu``, ``fused`` (benchmarks of these names): where a run's time goes, what rows, seeds side
    by side, threads, processes and compiling change; updates on a GPU; a fused JAX loop beside the course's own.
    What was not measured is NaN; an algorithm without a table has NaN in its place.
    """
    errors.choice("name", name, NAMES)
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return _null_as_nan(json.loads(text))


def soldiers() -> QMIX:
    """The team whose battle opens lesson 00: trained on ``Skirmish("2s3z")`` by benchmarks/soldiers.py."""
    team = QMIX.for_env(Skirmish("2s3z"), shared=True, double_q=True)
    with resources.as_file(resources.files(__name__) / "soldiers.pt") as path:
        return teams.load_team(path, team)


def _null_as_nan(value):
    if isinstance(value, list):
        return [float("nan") if each is None else _null_as_nan(each) for each in value]
    if isinstance(value, dict):
        return {key: _null_as_nan(each) for key, each in value.items()}
    return value
