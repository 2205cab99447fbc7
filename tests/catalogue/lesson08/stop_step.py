"""Answers to 08.5."""

import math

import numpy as np

from tests.catalogue import Answers


def counting(steps, greedy_returns, best, patience):
    streak = 0
    for step, value in zip(steps, greedy_returns):
        streak = streak + 1 if abs(value - best) < 1e-6 else 0
        if streak == patience:
            return step
    return float("inf")


def by_windows(steps, greedy_returns, best, patience):
    for last in range(patience, len(steps) + 1):
        if all(math.isclose(value, best, rel_tol=0, abs_tol=1e-6) for value in greedy_returns[last - patience:last]):
            return steps[last - 1]
    return math.inf


def by_convolution(steps, greedy_returns, best, patience):
    good = (np.abs(np.array(greedy_returns, dtype=float) - best) < 1e-6).astype(int)
    sums = np.concatenate([[0], np.cumsum(good)])
    full = np.flatnonzero(sums[patience:] - sums[:max(0, len(sums) - patience)] == patience)
    return steps[full[0] + patience - 1] if len(full) else np.inf


def in_total(steps, greedy_returns, best, patience):
    count = 0
    for step, value in zip(steps, greedy_returns):
        if abs(value - best) < 1e-6:
            count += 1
            if count == patience:
                return step
    return math.inf


def exactly(steps, greedy_returns, best, patience):
    streak = 0
    for step, value in zip(steps, greedy_returns):
        streak = streak + 1 if value == best else 0
        if streak == patience:
            return step
    return math.inf


def nearly(steps, greedy_returns, best, patience):
    streak = 0
    for step, value in zip(steps, greedy_returns):
        streak = streak + 1 if abs(value - best) < 0.05 else 0
        if streak == patience:
            return step
    return math.inf


def where_it_began(steps, greedy_returns, best, patience):
    for k in range(len(steps) - patience + 1):
        if all(abs(value - best) < 1e-6 for value in greedy_returns[k:k + patience]):
            return steps[k]
    return math.inf


def does_not_stop(steps, greedy_returns, best, patience):
    streak, found = 0, math.inf
    for step, value in zip(steps, greedy_returns):
        streak = streak + 1 if abs(value - best) < 1e-6 else 0
        if streak >= patience:
            found = step
    return found


def more_than_patience(steps, greedy_returns, best, patience):
    streak = 0
    for step, value in zip(steps, greedy_returns):
        if abs(value - best) < 1e-6:
            streak += 1
        else:
            streak = 0
        if streak > patience:
            return step
    return math.inf


def counts_before(steps, greedy_returns, best, patience):
    streak = 1
    for step, value in zip(steps, greedy_returns):
        if abs(value - best) >= 1e-6:
            streak = 1
            continue
        streak += 1
        if streak >= patience:
            return step
    return math.inf


def the_end_alone(steps, greedy_returns, best, patience):
    if len(steps) < patience:
        return math.inf
    return steps[-1] if all(abs(value - best) < 1e-6 for value in greedy_returns[-patience:]) else math.inf


def which_look(steps, greedy_returns, best, patience):
    streak = 0
    for k, value in enumerate(greedy_returns):
        streak = streak + 1 if abs(value - best) < 1e-6 else 0
        if streak == patience:
            return k
    return math.inf


def no_progress(steps, greedy_returns, best, patience):
    top, waited = -math.inf, 0
    for step, value in zip(steps, greedy_returns):
        if value > top + 1e-8:
            top, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            return step
    return math.inf


def short_windows(steps, greedy_returns, best, patience):
    for k in range(len(steps)):
        if all(abs(value - best) < 1e-6 for value in greedy_returns[max(0, k - patience + 1):k + 1]):
            return steps[k]
    return math.inf


def windows_round_the_corner(steps, greedy_returns, best, patience):
    for k in range(len(steps)):
        if all(abs(value - best) < 1e-6 for value in greedy_returns[k + 1 - patience:k + 1]):
            return steps[k]
    return math.inf


def stop_when(is_best):
    """The right rule, with another idea of which returns count."""
    def stop_step(steps, greedy_returns, best, patience):
        streak = 0
        for step, value in zip(steps, greedy_returns):
            streak = streak + 1 if is_best(value, best) else 0
            if streak == patience:
                return step
        return math.inf
    return stop_step


ANSWERS = Answers(
    right=[counting, by_windows, by_convolution],
    wrong=[
        ("the tolerance is not that of the text", stop_when(lambda value, best: abs(value - best) < 1e-2)),
        ("the tolerance is not that of the text", stop_when(lambda value, best: abs(value - best) < 1e-5)),
        ("the tolerance is not that of the text", stop_when(lambda value, best: abs(value - best) < 1e-8)),
        ("the tolerance is not that of the text", stop_when(lambda value, best: round(value, 2) == best)),
        ("the tolerance is not that of the text", stop_when(np.isclose)),
        ("the tolerance is not that of the text", stop_when(lambda value, best: value >= best - 1e-3)),
        ("a return above `best` counts as `best`", stop_when(lambda value, best: value >= best - 1e-6)),
        ("a return above `best` counts as `best`", stop_when(lambda value, best: value - best > -1e-6)),
        ("the looks are not counted in a row", in_total),
        ("the returns are compared to the last digit", exactly),
        ("a return that is nearly the best counts as the best", nearly),
        ("the step at which the streak began", where_it_began),
        ("the last streak, not the first", does_not_stop),
        ("one look too late", more_than_patience),
        ("one look too early", counts_before),
        ("only the end of the history is looked at", the_end_alone),
        ("the number of the look, not its step", which_look),
        ("it waits for the returns to stop rising", no_progress),
        ("fewer looks than asked for are enough", short_windows),
        ("fewer looks than asked for are enough", windows_round_the_corner),
    ],
)
