"""Answers to the exercises 08.1, 08.2 and 08.5; the others stand in lesson08_loop.py."""

import math

import numpy as np

from qmix_course.exploration import linear_schedule
from tests.catalogue import Answers, lesson08_loop, together
from tests.catalogue.lesson08_edges import EDGES

# ---- 08.1 ----


def by_formula(total_steps, rows, learning_starts, update_every, batch_size):
    calls = -(-total_steps // rows)
    played = calls * rows
    updates = max(0, played - learning_starts) // update_every
    return calls, updates, updates * batch_size / played


def by_playing(total_steps, rows, learning_starts, update_every, batch_size):
    steps = calls = updates = drawn = 0
    while steps < total_steps:
        steps += rows
        calls += 1
        while updates < (steps - learning_starts) // update_every:
            updates += 1
            drawn += batch_size
    return calls, updates, drawn / steps


def with_numpy(total_steps, rows, learning_starts, update_every, batch_size):
    calls = int(np.ceil(total_steps / rows))
    late = np.clip(calls * rows - learning_starts, 0, None)
    return calls, int(late // update_every), float(late // update_every * batch_size / (calls * rows))


def floor_calls(total_steps, rows, learning_starts, update_every, batch_size):
    calls = total_steps // rows
    updates = max(0, calls * rows - learning_starts) // update_every
    return calls, updates, updates * batch_size / max(1, calls * rows)


def always_one_more(total_steps, rows, learning_starts, update_every, batch_size):
    calls = total_steps // rows + 1
    updates = max(0, calls * rows - learning_starts) // update_every
    return calls, updates, updates * batch_size / (calls * rows)


def start_left_out_first(total_steps, rows, learning_starts, update_every, batch_size):
    """The most likely one: right but for the steps that the last call plays beyond total_steps."""
    calls = math.ceil(total_steps / rows)
    updates = max(0, total_steps - learning_starts) // update_every
    return calls, updates, updates * batch_size / total_steps


def total_stored(total_steps, rows, learning_starts, update_every, batch_size):
    calls, updates, _ = by_formula(total_steps, rows, learning_starts, update_every, batch_size)
    return calls, updates, updates * batch_size / total_steps


def whole_ratio(total_steps, rows, learning_starts, update_every, batch_size):
    calls, updates, _ = by_formula(total_steps, rows, learning_starts, update_every, batch_size)
    return calls, updates, updates * batch_size // (calls * rows)


def exactly_total(total_steps, rows, learning_starts, update_every, batch_size):
    calls = math.ceil(total_steps / rows)
    updates = max(0, total_steps - learning_starts) // update_every
    return calls, updates, updates * batch_size / (calls * rows)


def a_call_a_step(total_steps, rows, learning_starts, update_every, batch_size):
    played = total_steps * rows
    updates = max(0, played - learning_starts) // update_every
    return total_steps, updates, updates * batch_size / played


def updates_in_calls(total_steps, rows, learning_starts, update_every, batch_size):
    calls = -(-total_steps // rows)
    updates = max(0, (calls - learning_starts) // update_every)
    return calls, updates, updates * batch_size / (calls * rows)


def from_the_first_step(total_steps, rows, learning_starts, update_every, batch_size):
    calls = -(-total_steps // rows)
    updates = calls * rows // update_every
    return calls, updates, updates * batch_size / (calls * rows)


def all_made_up(total_steps, rows, learning_starts, update_every, batch_size):
    calls = -(-total_steps // rows)
    updates = 0 if calls * rows < learning_starts else calls * rows // update_every
    return calls, updates, updates * batch_size / (calls * rows)


def round_updates(total_steps, rows, learning_starts, update_every, batch_size):
    calls = -(-total_steps // rows)
    updates = round(max(0, calls * rows - learning_starts) / update_every)
    return calls, updates, updates * batch_size / (calls * rows)


def below_zero(total_steps, rows, learning_starts, update_every, batch_size):
    calls = -(-total_steps // rows)
    updates = (calls * rows - learning_starts) // update_every
    return calls, updates, updates * batch_size / (calls * rows)


def if_for_while(total_steps, rows, learning_starts, update_every, batch_size):
    steps = calls = updates = due = 0
    while steps < total_steps:
        steps, calls = steps + rows, calls + 1
        new = max(0, steps - learning_starts) // update_every
        if new > due:
            updates += 1
        due = new
    return calls, updates, updates * batch_size / steps


def multiples_only(total_steps, rows, learning_starts, update_every, batch_size):
    steps = calls = updates = 0
    while steps < total_steps:
        steps, calls = steps + rows, calls + 1
        if steps >= learning_starts and steps % update_every == 0:
            updates += 1
    return calls, updates, updates * batch_size / steps


def upside_down(total_steps, rows, learning_starts, update_every, batch_size):
    calls, updates, _ = by_formula(total_steps, rows, learning_starts, update_every, batch_size)
    return calls, updates, calls * rows / (updates * batch_size) if updates else math.inf


def one_drawn(total_steps, rows, learning_starts, update_every, batch_size):
    calls, updates, _ = by_formula(total_steps, rows, learning_starts, update_every, batch_size)
    return calls, updates, updates / (calls * rows)


def from_the_text(total_steps, rows, learning_starts, update_every, batch_size):
    calls, updates, _ = by_formula(total_steps, rows, learning_starts, update_every, batch_size)
    return calls, updates, batch_size / update_every


def two_digits(total_steps, rows, learning_starts, update_every, batch_size):
    calls, updates, ratio = by_formula(total_steps, rows, learning_starts, update_every, batch_size)
    return calls, updates, round(ratio, 3)


# ---- 08.2 ----

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


# ---- 08.5 ----

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



ANSWERS = {
    "08.1": Answers(
        right=[by_formula, by_playing, with_numpy],
        wrong=[
            ("the last call is left out", floor_calls),
            ("one call too many", always_one_more),
            ("what the last call stored beyond total_steps is forgotten", total_stored),
            ("the ratio is cut to a whole number", whole_ratio),
            ("the run is taken to end at exactly total_steps", exactly_total),
            ("updates and ratio are counted from total_steps", start_left_out_first),
            ("one call for every step", a_call_a_step),
            ("the updates are counted in calls", updates_in_calls),
            ("learning_starts is ignored", from_the_first_step),
            ("updates from before learning_starts are made up for", all_made_up),
            ("half an update is rounded up", round_updates),
            ("less than no update", below_zero),
            ("one update a call at the most", if_for_while),
            ("only calls that hit a multiple of update_every are counted", multiples_only),
            ("the ratio is upside down", upside_down),
            ("one transition for each update", one_drawn),
            ("the ratio is that of an endless run", from_the_text),
            ("nearly right: precision was lost on the way", two_digits),
        ],
    ),
    "08.2": Answers(
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
            ("the line goes on below its end", no_floor),
            ("a value that is never reached gets a step all the same", end_at_last),
            ("the line falls to 0, not to `end`", down_to_zero),
            ("a curve in place of the straight line", geometric),
            ("one call too late", after_the_call),
        ],
    ),
    "08.3": lesson08_loop.LOOP,
    "08.4": lesson08_loop.GREEDY,
    "08.5": Answers(
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
    ),
    "08.6": lesson08_loop.LAB,
}

CATALOGUE = together(ANSWERS, EDGES)
