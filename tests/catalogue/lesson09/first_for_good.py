"""Answers to 09.2."""

import numpy as np

from tests.catalogue import Answers


def from_the_end(steps, returns, best):
    found = None
    for step, value in zip(reversed(steps), reversed(returns)):
        if abs(value - best) > 1e-9:
            break
        found = step
    return found


def every(steps, returns, best):
    for k, step in enumerate(steps):
        if all(abs(x - best) < 1e-9 for x in returns[k:]):
            return step


def with_numpy(steps, returns, best):
    bad = np.flatnonzero(~np.isclose(returns, best, rtol=0, atol=1e-9))
    if len(bad) == 0:
        return steps[0]
    return None if bad[-1] == len(steps) - 1 else np.array(steps)[bad[-1] + 1]


def not_below(steps, returns, best):
    bad = [k for k, x in enumerate(returns) if x < best - 1e-9]
    after = bad[-1] + 1 if bad else 0
    return steps[after] if after < len(steps) else None


def touched(steps, returns, best):
    return next((s for s, x in zip(steps, returns) if abs(x - best) < 1e-9), None)


def ends_well(steps, returns, best):
    return touched(steps, returns, best) if abs(returns[-1] - best) < 1e-9 else None


def still_bad(steps, returns, best):
    if abs(returns[-1] - best) > 1e-9:
        return None
    k = len(returns) - 1
    while k > 0 and abs(returns[k] - best) <= 1e-9:
        k -= 1
    return steps[k]


def entry_number(steps, returns, best):
    return next((k for k in range(len(steps)) if all(abs(x - best) < 1e-9 for x in returns[k:])), None)


def last_rise(steps, returns, best):
    found = None
    for k in range(len(steps)):
        if abs(returns[k] - best) < 1e-9 and (k == 0 or abs(returns[k - 1] - best) >= 1e-9):
            found = steps[k]
    return found


def longest(steps, returns, best):
    best_length, found, length = 0, None, 0
    for k, x in enumerate(returns):
        length = length + 1 if abs(x - best) < 1e-9 else 0
        if length > best_length:
            best_length, found = length, steps[k - length + 1]
    return found


def twice(steps, returns, best):
    for k in range(len(steps) - 1):
        if abs(returns[k] - best) < 1e-9 and abs(returns[k + 1] - best) < 1e-9:
            return steps[k]
    return None


def last_step_if_never(steps, returns, best):
    found = from_the_end(steps, returns, best)
    return steps[-1] if found is None else found


def minus_one_if_never(steps, returns, best):
    found = every(steps, returns, best)
    return found if found is not None else -1


def infinity_if_never(steps, returns, best):
    found = every(steps, returns, best)
    return float("inf") if found is None else found


def argmin_of_all(steps, returns, best):
    bad = [k for k, x in enumerate(returns) if abs(x - best) > 1e-9]
    if not bad or bad[-1] == len(steps) - 1:
        return None
    return steps[bad[-1] + 1]


def exactly(steps, returns, best):
    return next((s for k, s in enumerate(steps) if all(x == best for x in returns[k:])), None)


def within_one(steps, returns, best):
    return next((s for k, s in enumerate(steps) if all(abs(x - best) <= 1 for x in returns[k:])), None)


def within_a_bit(steps, returns, best):
    return next((s for k, s in enumerate(steps) if all(x > best - 0.05 for x in returns[k:])), None)


def rounded_to_tenths(steps, returns, best):
    return next((s for k, s in enumerate(steps) if all(round(x, 1) == round(best, 1) for x in returns[k:])), None)


def own_maximum(steps, returns, best):
    return from_the_end(steps, returns, max(returns))


ANSWERS = Answers(
    right=[from_the_end, every, with_numpy, not_below],
    wrong=[
        ("the first time, not for good", touched),
        ("the first time, if the run ends well", ends_well),
        ("the last step that was not good", still_bad),
        ("the number of the entry, not its step", entry_number),
        ("the last good stretch, though the run goes on badly", last_rise),
        ("the longest good stretch", longest),
        ("good twice in a row counts as for good", twice),
        ("a run that ends badly gets a step too", last_step_if_never),
        ("a run that ends badly gets a step too", minus_one_if_never),
        ("a run that ends badly gets a step too", infinity_if_never),
        ("a run that is good from the beginning gets no step", argmin_of_all),
        ("the comparison is exact", exactly),
        ("nearly the best counts as the best", within_one),
        ("nearly the best counts as the best", within_a_bit),
        ("nearly the best counts as the best", rounded_to_tenths),
        ("the best of this run is taken for the best return", own_maximum),
    ],
)
