"""08.2 · When is exploration down to a value?: read a schedule as the loop reads it."""

from __future__ import annotations

import math
from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.values import problem
from qmix_course.checks.verdict import Found, Verdict


def first_step(start, end, steps, value, rows, twist=None):
    """By search over the calls of the loop; ``twist``: with a mistake."""
    value = value or end if twist == "zero is none" else value

    def epsilon(step):
        part = step / steps if twist == "no end" else min(1.0, step / steps)
        if twist == "geometric":
            return start * (end / start) ** part if start > 0 and end > 0 else 0.0
        if twist == "to zero":
            return start * (1 - part)
        return start + (end - start) * part

    stride = 1 if twist in ("every step", "rounded down", "calls") else rows
    if twist == "strict":
        reached = lambda e: e < value                                               # noqa: E731
    elif twist == "at least":
        reached = lambda e: e >= value                                              # noqa: E731
    else:
        reached = lambda e: e <= value                                              # noqa: E731
    last = 40 * steps if twist == "no end" else steps + rows
    if twist == "no end" and start == end and value < end:
        return math.inf
    step = 0
    while not reached(epsilon(step)):
        step += stride
        if step > last:
            return steps if twist == "never is the end" else math.inf
    if twist == "rounded down":
        return step // rows * rows
    if twist == "calls":
        return -(-step // rows)
    if twist == "nearest":
        exact = (start - value) / (start - end) * steps / rows if start > end else 0.0
        return math.inf if value < end else rows * max(0, round(exact))
    if twist == "after the call":
        return max(step, rows)
    if twist == "one call late":
        return step + rows
    return step


def schedule_cases() -> list[tuple]:
    cases = [(1.0, 0.0, 8, 0.5, 1), (1.0, 0.0, 8, 0.5, 3), (1.0, 0.5, 16, 0.5, 4), (1.0, 0.5, 16, 0.25, 4),
             (0.75, 0.25, 64, 0.5, 5), (1.0, 0.25, 16, 0.25, 7),
             (1.0, 0.05, 3000, 0.5, 32), (1.0, 0.05, 3000, 0.04, 32), (1.0, 0.05, 3000, 1.0, 32),
             (0.5, 0.1, 40, 0.7, 3),
             (0.25, 0.25, 10, 0.25, 2), (0.25, 0.25, 10, 0.125, 2), (0.25, 0.25, 10, 0.5, 2), (1.0, 0.0, 4, 0.0, 8),
             (1.0, 0.0, 5, 0.6, 64), (1.0, 0.25, 48, 0.0, 8), (1.0, 0.05, 20_000, 0.1, 1), (0.9, 0.0, 100, 0.0, 7)]
    generator = torch.Generator().manual_seed(8)
    while len(cases) < 48:
        high, low, part = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
        start, end = round(0.5 + high / 2, 2), round(low / 2, 2)
        steps, rows = (int(torch.randint(1, most, (), generator=generator)) for most in (900, 40))
        value = round(end + part * (start - end), 2)
        meets = (start - value) / (start - end) * steps if start > end else 0.5
        # no case that rounding could decide
        if start > end and end < value < start and abs(meets - round(meets)) > 1e-6:
            cases.append((start, end, steps, value, rows))
    return cases


def look(room: Room, answer) -> Verdict:
    try:
        room.compare(answer, schedule_cases(), lambda *case: float(first_step(*case)))
    except Found as found:
        # Found only after `steps`, or taken to be out of reach: either way it is the value `end` itself that is missed.
        cases = schedule_cases()
        wrong = [case for case in cases if problem(room.ask(answer, *case), float(first_step(*case)), 0.0)]
        if found.verdict.title == UNNAMED:
            if all(start == end for start, end, *_ in wrong):
                raise room.wrong("ε that never falls is taken for one that never gets there",
                                 found.verdict.detail) from None
            if all(steps > 5000 for _, _, steps, *_ in wrong):
                raise room.wrong("the search ends before ε gets there", found.verdict.detail) from None
        at_end = room.ask(answer, 1.0, 0.25, 16, 0.25, 7) if found.verdict.title == UNNAMED else 21
        if problem(at_end, math.inf, 0.0) is None:
            raise room.wrong("`end` itself is taken to be out of reach", found.verdict.detail) from None
        raise
    return Verdict("correct")


MISTAKES = tuple(Mistake(name, hint, why, twist and partial(first_step, twist=twist)) for twist, name, hint, why in (
    ("every step", "the rows are left out",
     "The loop asks for ε once a call. At which steps is that, with 32 rows?",
     "the loop never sees the steps in between"),
    ("rounded down", "the call before the value is reached",
     "At your step, put ε in: is it at `value` already, or still above it?",
     "rounded down, ε is still too large in that call"),
    ("calls", "calls instead of steps",
     "Asked are environment steps. One call has as many as there are rows.",
     "steps are what the settings and the curves are counted in"),
    ("strict", "only below the value, not at it",
     "What does your function say when ε is exactly `value`?",
     "\"at most\" includes the value itself, which matters most for `value = end`"),
    ("at least", "the wrong side of the value",
     "ε falls. Is it at the beginning above or below `value`, and which one is asked for?",
     "this is true from the first step on, and says nothing"),
    ("no end", "the line goes on below its end",
     "What is ε long after `steps`? Can it ever be lower than `end`?",
     "the straight line stops falling at `end`, so lower values are never reached"),
    ("never is the end", "a value that is never reached gets a step all the same",
     "What if `value` is smaller than `end`? Does ε get there at all?",
     "whoever waits for that step believes that exploration has gone down further than it ever does"),
    ("to zero", "the line falls to 0, not to `end`",
     "At step `steps`, ε should be `end`. What is yours?",
     "the team would explore less than it is told to"),
    ("geometric", "a curve in place of the straight line",
     "Half way through, the straight line is at the mean of start and end. Where is yours?",
     "a geometric schedule is another one; this one falls by the same amount in each step"),
    ("nearest", "the nearest call, not the next one",
     "Half of your answers lie a call too early. What is ε there: at most `value`, or a little more?",
     "rounding to the nearest call takes one in which ε is still too large"),
    ("zero is none", "a value of 0 counts as none",
     "Ask for the value 0 with an `end` above it. Is ε ever that small?",
     "0 is a number like any other; `or` and `if value` take it for nothing"),
    (None, "ε that never falls is taken for one that never gets there",
     "Let start and end be equal, and `value` not below them. What is ε in the very first call?",
     "a constant ε is at most `value` from the beginning, or never"),
    (None, "the search ends before ε gets there",
     "With 1 row and a schedule over 20 000 steps, how many calls does it take? What ends your search?",
     "a limit that is high enough for one schedule is too low for a longer one"),
    (None, "`end` itself is taken to be out of reach",
     "Does ε ever equal `end`? Look for the first call at which it does; it may come after step number `steps`.",
     "from `steps` on ε is exactly `end`, so that value is reached, in the first call that is not earlier"),
    ("after the call", "ε is looked up after the first call",
     "How many steps were played before the very first call?",
     "the first call comes at step 0, where ε may be low enough already"),
    ("one call late", "one call too late",
     "Before the first call 0 steps were played. With which number of steps is ε looked up in a call, that before it "
     "or that after?",
     "ε is looked up before the steps of the call are counted"),
))

EXERCISE = Exercise(
    number="08.2", title="When is exploration down to a value?", answers={"first_step": "function"}, difficulty=3,
    minutes=10,
    practises="read a schedule as the loop reads it",
    hints=("The loop looks at ε at the steps 0, rows, 2 · rows, … and at no others.",
           "You can search for the step, with the schedule of the lesson, or solve the equation of a straight line for "
           "it.",
           "If you solve: round up to the next call. And think of the two ends: a value that ε has at step 0, and "
           "one that it never has."),
    mistakes=MISTAKES, look=look)
