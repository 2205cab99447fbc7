"""Answers to 08.1."""

import math

import numpy as np

from tests.catalogue import Answers


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


ANSWERS = Answers(
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
)
