"""Answers to 08.2."""

import math

import numpy as np

from qmix_course.exploration import linear_schedule
from tests.catalogue import Answers


def by_search(start, end, steps, value, rows):
    step = 0
    while linear_schedule(start, end, steps, step) > value:
        if step >= steps:
            return float("inf")
        step += rows
    return step


def by_the_line(start, end, steps, value, rows):
    if value >= start:
        return 0
    if value < end:
        return float("inf")
    return rows * math.ceil((start - value) / (start - end) * steps / rows)


def with_arrays(start, end, steps, value, rows):
    looks = np.arange(0, steps + rows, rows)
    below = np.interp(looks, [0, steps], [start, end]) <= value
    return int(looks[below.argmax()]) if below.any() else np.inf


def own_line(start, end, steps, value, rows):
    for call in range(steps // rows + 2):
        fraction = min(call * rows, steps) / steps
        if (1 - fraction) * start + fraction * end <= value:
            return call * rows
    return math.inf


def any_step(start, end, steps, value, rows):
    for step in range(steps + 1):
        if linear_schedule(start, end, steps, step) <= value:
            return step
    return math.inf


def floor_to_rows(start, end, steps, value, rows):
    if value < end:
        return math.inf
    return 0 if value >= start else math.ceil((start - value) / (start - end) * steps) // rows * rows


def to_the_nearest(start, end, steps, value, rows):
    if value < end:
        return math.inf
    return 0 if value >= start else round((start - value) / (start - end) * steps / rows) * rows


def never_the_end(start, end, steps, value, rows):
    if value <= end:
        return math.inf
    return by_the_line(start, end, steps, value, rows)


def up_to_steps(start, end, steps, value, rows):
    for step in range(0, steps + 1, rows):
        if linear_schedule(start, end, steps, step) <= value:
            return step
    return math.inf


def number_of_calls(start, end, steps, value, rows):
    step = by_search(start, end, steps, value, rows)
    return step if step == math.inf else step // rows


def strictly_below(start, end, steps, value, rows):
    for step in range(0, steps + rows, rows):
        if linear_schedule(start, end, steps, step) < value:
            return step
    return float("inf")


def other_side(start, end, steps, value, rows):
    for step in range(0, steps + rows, rows):
        if linear_schedule(start, end, steps, step) >= value:
            return step
    return float("inf")


def no_floor(start, end, steps, value, rows):
    step = 0
    while start + (end - start) * step / steps > value:
        step += rows
        if step > 50 * steps:
            return math.inf
    return step


def end_at_last(start, end, steps, value, rows):
    if value < end:
        return steps
    return by_search(start, end, steps, value, rows)


def down_to_zero(start, end, steps, value, rows):
    step = 0
    while start * (1 - min(1.0, step / steps)) > value:
        step += rows
    return step


def geometric(start, end, steps, value, rows):
    for step in range(0, steps + rows, rows):
        now = start * (end / start) ** min(1.0, step / steps) if end > 0 else 0.0
        if now <= value:
            return step
    return math.inf


def after_the_call(start, end, steps, value, rows):
    step = 0
    while True:
        epsilon = linear_schedule(start, end, steps, step)
        step += rows
        if epsilon <= value:
            return step
        if step > steps + rows:
            return math.inf


def looks_after_the_first(start, end, steps, value, rows):
    if value < end:
        return math.inf
    step = rows
    while linear_schedule(start, end, steps, step) > value:
        step += rows
    return step


def zero_is_none(start, end, steps, value, rows):
    return by_search(start, end, steps, value or end, rows)


ANSWERS = Answers(
    right=[by_search, by_the_line, with_arrays, own_line],
    wrong=[
        ("the rows are left out", any_step),
        ("the call before the value is reached", floor_to_rows),
        ("the nearest call, not the next one", to_the_nearest),
        ("`end` itself is taken to be out of reach", never_the_end),
        ("`end` itself is taken to be out of reach", up_to_steps),
        ("calls instead of steps", number_of_calls),
        ("only below the value, not at it", strictly_below),
        ("the wrong side of the value", other_side),
        ("a value of 0 counts as none", zero_is_none),
        ("the line goes on below its end", no_floor),
        ("a value that is never reached gets a step all the same", end_at_last),
        ("the line falls to 0, not to `end`", down_to_zero),
        ("a curve in place of the straight line", geometric),
        ("ε is looked up after the first call", looks_after_the_first),
        ("one call too late", after_the_call),
    ],
)
