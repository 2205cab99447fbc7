"""Answers to 09.1."""

import numpy as np
import torch

from tests.catalogue import Answers

nan = float("nan")


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
    return [float(np.nanmean(values[:k + 1])) if any(x == x for x in values[:k + 1]) else nan
            for k in range(len(values))]


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


def keeps_the_last(steps, values, width):
    last, means = nan, []
    for mean in comprehension(steps, values, width):
        last = mean if mean == mean else last
        means.append(last)
    return means


ANSWERS = Answers(
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
        ("an empty window keeps the average before it", keeps_the_last),
        ("an entry without a value gets no average", holes),
        ("entries without a value are gone from the result", dropped),
        ("the first entries get no average", waits),
        ("nearly right: precision was lost on the way", rounded),
    ],
)
