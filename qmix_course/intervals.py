"""What a few runs say about all runs: interquartile mean, bootstrap intervals, profiles (Agarwal et al. 2021,
arXiv 2108.13264).

Their package rliable cannot be imported with today's pandas, and what it does is short enough to be read: here it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from qmix_course import errors


def iqm(scores) -> float | np.ndarray:
    """The interquartile mean of scores[..., K]: the mean of what is left without the lowest and the highest quarter.

    A quarter of K is rounded down, so with three scores or fewer it is the mean of all.
    """
    scores = np.sort(_scores("scores", scores), axis=-1)
    cut = scores.shape[-1] // 4
    middle = scores[..., cut:scores.shape[-1] - cut].mean(axis=-1)
    return float(middle) if middle.ndim == 0 else middle


def bootstrap(scores, statistic: Callable = iqm, samples: int = 2_000, seed: int = 0, level: float = 0.95) -> tuple:
    """The ends of the ``level`` interval of ``statistic``: draw as many runs as there are, with replacement, again and
    again, and see between which values it falls.

    ``scores``: scores[K] of the runs on one task, or a list of them, one a task; then the draws are stratified: each
    task keeps its number of runs. ``statistic(drawn[samples, K])``, where all tasks' runs stand one behind the other,
    gives a number for each sample, or several: then both ends have as many.
    """
    tasks, draws = _tasks("scores", scores), np.random.default_rng(errors.seed("seed", seed))
    samples = errors.whole_number("samples", samples, at_most=1_000_000)
    if statistic is None:
        raise TypeError("statistic: expected a function, got None")
    errors.function("statistic", statistic)
    tails = _tails(level)
    drawn = [task[draws.integers(len(task), size=(samples, len(task)))] for task in tasks]
    found = statistic(np.concatenate(drawn, axis=-1))
    if np.shape(found)[:1] != (samples,):
        raise ValueError(f"statistic: expected a number for each sample, or several, so [{samples}, ...] from "
                         f"[{samples}, K], got {errors.describe(found)}")
    low, high = np.quantile(found, tails, axis=0)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def profile(scores, thresholds) -> np.ndarray:
    """The performance profile: for each of thresholds[T], the share of scores[..., K] that exceed it. [..., T]"""
    scores, thresholds = _scores("scores", scores), errors.numbers("thresholds", thresholds, "a list of numbers")
    if thresholds.ndim != 1:
        raise ValueError(f"thresholds: expected a list of numbers, got shape {list(thresholds.shape)}")
    return (scores[..., None] > thresholds).mean(axis=-2)


def improvement(ours, theirs, samples: int = 2_000, seed: int = 0, level: float = 0.95) -> tuple[float, float, float]:
    """The probability that a run of ours scores higher than a run of theirs (a tie counts half), and its interval.

    Both are scores[K] on one task, or lists of them, one for each of the same tasks, over which the mean is taken.
    """
    ours, theirs = _tasks("ours", ours), _tasks("theirs", theirs)
    if len(ours) != len(theirs):
        raise ValueError(f"ours, theirs: expected as many tasks of the one as of the other, got {len(ours)} and "
                         f"{len(theirs)}")
    samples = errors.whole_number("samples", samples, at_most=1_000_000)
    draws = np.random.default_rng(errors.seed("seed", seed))
    tails = _tails(level)
    seen, drawn = [], []
    for us, them in zip(ours, theirs):
        better = (us[:, None] > them) + 0.5 * (us[:, None] == them)                 # [runs of ours, runs of theirs]
        rows = draws.integers(len(us), size=(samples, len(us)))
        columns = draws.integers(len(them), size=(samples, len(them)))
        seen.append(better.mean())
        drawn.append([better[row][:, column].mean() for row, column in zip(rows, columns)])
    low, high = np.quantile(np.mean(drawn, axis=0), tails)
    return float(np.mean(seen)), float(low), float(high)


def _tails(level: float) -> tuple[float, float]:
    tail = (1 - errors.number("level", level, high=1.0, above=0.0)) / 2
    return tail, 1 - tail


def _scores(name: str, value) -> np.ndarray:
    array = errors.numbers(name, value, "a list of scores")
    if array.ndim == 0 or not array.size:
        raise ValueError(f"{name}: expected at least one score, got {errors.describe(value)}")
    return array


def _tasks(name: str, value) -> list[np.ndarray]:
    """The scores of each task; a plain list of numbers is one task's."""
    several = isinstance(value, (list, tuple)) and any(
        isinstance(each, Sequence) or isinstance(each, (np.ndarray, torch.Tensor)) and each.ndim > 0 for each in value)
    tasks = [_scores(name, each) for each in (value if several else [value])]
    if any(task.ndim != 1 for task in tasks):
        raise ValueError(f"{name}: expected a list of scores for each task, got {errors.describe(value)}")
    return tasks
