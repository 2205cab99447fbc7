"""Answers to the exercises of lesson 09."""

import numpy as np
import torch

from tests.catalogue import Answers, together
from tests.catalogue.lesson09_causes import CAUSES
from tests.catalogue.lesson09_dice import DICE
from tests.catalogue.lesson09_edges import EDGES

nan = float("nan")


# ---- 09.1 ------------------------------------------------------------------------------------------------------------

def comprehension(steps, values, width):
    averages = []
    for now in steps:
        recent = [x for then, x in zip(steps, values) if now - width < then <= now and x == x]
        averages.append(sum(recent) / len(recent) if recent else nan)
    return averages


def in_numpy(steps, values, width):
    steps, values = np.array(steps), np.array(values)
    inside = (steps[None] <= steps[:, None]) & (steps[None] > steps[:, None] - width) & ~np.isnan(values)
    count = inside.sum(1)
    total = (inside * np.nan_to_num(values)).sum(1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).tolist()


def two_ends(steps, values, width):
    result, left = [], 0
    for right, step in enumerate(steps):
        while steps[left] <= step - width:
            left += 1
        result.append(float(torch.tensor(values[left:right + 1]).nanmean()))
    return result


def as_array(steps, values, width):
    return np.array(in_numpy(steps, values, width))


def by_entries(steps, values, width):
    result = []
    for k in range(len(values)):
        recent = [x for x in values[max(0, k - width + 1): k + 1] if x == x]
        result.append(sum(recent) / len(recent) if recent else nan)
    return result


def closed_window(steps, values, width):
    result = []
    for now in steps:
        recent = [x for then, x in zip(steps, values) if now - width <= then and then <= now and x == x]
        result.append(np.mean(recent) if recent else nan)
    return result


def zero_for_nan(steps, values, width):
    return comprehension(steps, [x if x == x else 0.0 for x in values], width)


def nansum_over_count(steps, values, width):
    result = []
    for now in steps:
        recent = [x for then, x in zip(steps, values) if now - width < then <= now]
        result.append(np.nansum(recent) / len(recent))
    return result


def nan_spreads(steps, values, width):
    return [float(np.mean([x for then, x in zip(steps, values) if now - width < then <= now])) for now in steps]


def centred(steps, values, width):
    result = []
    for now in steps:
        recent = [x for then, x in zip(steps, values) if abs(then - now) <= width / 2 and x == x]
        result.append(sum(recent) / len(recent) if recent else nan)
    return result


def forward(steps, values, width):
    return comprehension([-s for s in steps[::-1]], values[::-1], width)[::-1]


def no_upper_end(steps, values, width):
    result = []
    for now in steps:
        recent = [x for then, x in zip(steps, values) if now - then < width and x == x]
        result.append(sum(recent) / len(recent) if recent else nan)
    return result


def over_width(steps, values, width):
    result = []
    for now in steps:
        recent = [x for then, x in zip(steps, values) if now - width < then <= now and x == x]
        result.append(sum(recent) / width if recent else nan)
    return result


def zero_if_empty(steps, values, width):
    return [0.0 if m != m else m for m in comprehension(steps, values, width)]


def at_least_one(steps, values, width):
    result = []
    for now in steps:
        recent = [x for then, x in zip(steps, values) if now - width < then <= now and x == x]
        result.append(sum(recent) / max(len(recent), 1))
    return result


def so_far(steps, values, width):
    return [float(np.nanmean(values[:k + 1])) if any(x == x for x in values[:k + 1]) else nan for k in range(len(values))]


def without_now(steps, values, width):
    result = []
    for k, now in enumerate(steps):
        recent = [values[j] for j in range(k) if steps[j] > now - width and values[j] == values[j]]
        result.append(sum(recent) / len(recent) if recent else nan)
    return result


def holes(steps, values, width):
    return [nan if x != x else m for x, m in zip(values, comprehension(steps, values, width))]


def dropped(steps, values, width):
    kept = [(s, x) for s, x in zip(steps, values) if x == x]
    return comprehension([s for s, _ in kept], [x for _, x in kept], width)


def waits(steps, values, width):
    return [m if now >= width else nan for now, m in zip(steps, comprehension(steps, values, width))]


def rounded(steps, values, width):
    return [round(m, 3) for m in comprehension(steps, values, width)]


# ---- 09.2 ------------------------------------------------------------------------------------------------------------

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


# ---- 09.4 ------------------------------------------------------------------------------------------------------------

def both(counts, rewards):
    return torch.where(counts, rewards, 0.0).sum(1), counts.sum(1)


def minus_itself(rewards, ended):
    return both(~(ended.cumsum(1) - ended.long() > 0), rewards)


def shifted(rewards, ended):
    over = ended.cumsum(1) > 0
    return both(~torch.cat([torch.zeros_like(over[:, :1]), over[:, :-1]], 1), rewards)


def board_loop(rewards, ended):
    returns, lengths = [], []
    for row, ends in zip(rewards, ended):
        total, length = 0.0, 0
        for reward, end in zip(row, ends):
            total, length = total + reward.item(), length + 1
            if end:
                break
        returns.append(total)
        lengths.append(length)
    return torch.tensor(returns), torch.tensor(lengths)


def playing(rewards, ended):
    returns, lengths = torch.zeros(len(rewards)), torch.zeros(len(rewards), dtype=torch.int64)
    alive = torch.ones(len(rewards), dtype=torch.bool)
    for t in range(rewards.shape[1]):
        returns += rewards[:, t] * alive
        lengths += alive
        alive = alive & ~ended[:, t]
    return returns, lengths


def by_last(rewards, ended):
    t = torch.arange(rewards.shape[1])
    last = torch.where(ended.any(1), ended.long().argmax(1), rewards.shape[1] - 1)
    return both(t[None] <= last[:, None], rewards)


def unchanged(rewards, ended):
    return both(~(ended.cumsum(1) > 0), rewards)


def at_most_one(rewards, ended):
    return both(ended.cumsum(1) <= 1, rewards)


def greater_one(rewards, ended):
    return both(~(ended.cumsum(1) > 1), rewards)


def up_to_second_end(rewards, ended):
    return both(ended.cumsum(1) - ended.long() <= 1, rewards)


def no_mask(rewards, ended):
    return both(torch.ones_like(ended), rewards)


def ends_too(rewards, ended):
    return both(~(ended.cumsum(1) > 0) | ended, rewards)


def plus_ten(rewards, ended):
    returns, lengths = unchanged(rewards, ended)
    return returns + 10 * ended.any(1), lengths + ended.any(1)


def shifted_twice(rewards, ended):
    over = ended.cumsum(1) - ended.long() > 0
    return both(~torch.cat([torch.zeros_like(over[:, :1]), over[:, :-1]], 1), rewards)


def length_plus_one(rewards, ended):
    returns, lengths = unchanged(rewards, ended)
    return returns, lengths + ended.any(1)


def returns_alone(rewards, ended):
    return minus_itself(rewards, ended)[0], unchanged(rewards, ended)[1]


def needs_an_end(rewards, ended):
    counts = ~(ended.cumsum(1) - ended.long() > 0) & ended.any(1, keepdim=True)
    return both(counts, rewards)


def rolled(rewards, ended):
    return both(~(ended.cumsum(1) > 0).roll(1, 1), rewards)


def first_true(rewards, ended):
    last = ended.long().argmax(1)
    return both(torch.arange(rewards.shape[1])[None] <= last[:, None], rewards)


def by_length(rewards, ended):
    returns, lengths = minus_itself(rewards, ended)
    return returns / lengths, lengths


ANSWERS = {
    "09.1": Answers(
        right=[comprehension, in_numpy, two_ends, as_array],
        wrong=[
            ("the window counts entries, not steps", by_entries),
            ("one step too many at the old end", closed_window),
            ("an entry without a value counts as 0", zero_for_nan),
            ("an entry without a value counts as 0", nansum_over_count),
            ("one entry without a value spoils its neighbours", nan_spreads),
            ("the average looks ahead", centred),
            ("the average looks ahead", forward),
            ("the average looks ahead", no_upper_end),
            ("the sum is divided by the width", over_width),
            ("a window without a value gives 0", zero_if_empty),
            ("a window without a value gives 0", at_least_one),
            ("the average of everything so far", so_far),
            ("the newest entry is missing", without_now),
            ("an entry without a value gets no average", holes),
            ("entries without a value are gone from the result", dropped),
            ("the first entries get no average", waits),
            ("nearly right: precision was lost on the way", rounded),
        ],
    ),
    "09.2": Answers(
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
    ),
    **DICE,
    "09.4": Answers(
        right=[(1, minus_itself), (2, shifted), (1, board_loop), (1, playing), (2, by_last)],
        wrong=[
            ("the last step of the episode is still missing", (1, unchanged)),
            ("the symptom is hidden: the second episode counts too", (1, at_most_one)),
            ("the symptom is hidden: the second episode counts too", (1, greater_one)),
            ("the symptom is hidden: two whole episodes are added up", (1, up_to_second_end)),
            ("the symptom is hidden: everything counts", (4, no_mask)),
            ("the symptom is hidden: the rewards of all ends are added", (2, ends_too)),
            ("the symptom is hidden: 10 is added", (4, plus_ten)),
            ("one step of the next episode counts", (1, shifted_twice)),
            ("only the length is mended", (3, length_plus_one)),
            ("only the return is mended", (4, returns_alone)),
            ("boards without an end are lost", (1, needs_an_end)),
            ("the first step is lost when an episode ends", (1, rolled)),
            ("a board without an end counts for one step", (1, first_true)),
            ("the mean of the rewards, not their sum", (1, by_length)),
        ],
    ),
    **CAUSES,
}

CATALOGUE = together(ANSWERS, EDGES)
