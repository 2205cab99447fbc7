"""09.1 · An average over steps: smooth a curve whose entries are not evenly spaced, and treat missing entries as
missing."""

from __future__ import annotations

import math

import numpy
import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

NAN = float("nan")


def mean(numbers: list) -> float:
    return sum(numbers) / len(numbers) if numbers else NAN


def measured(numbers: list) -> list:
    return [x for x in numbers if not math.isnan(x)]


def windows(steps, rows, inside) -> list[list]:
    """For each entry the values of the entries that are ``inside(their step, this step)``."""
    return [[x for then, x in zip(steps, rows) if inside(then, now)] for now in steps]


def average_by_steps(steps, rows, width):
    return [mean(measured(part)) for part in windows(steps, rows, lambda then, now: now - width < then <= now)]


def averages(inside, of=lambda part, width: mean(measured(part))):
    """A version with another window or another mean, for the mistakes."""
    return lambda steps, rows, width: [of(part, width) for part in
                                       windows(steps, rows, lambda then, now: inside(then, now, width))]


def trailing(then, now, width):
    return now - width < then <= now


def _kept(averages: list) -> list:
    last, kept = NAN, []
    for average in averages:
        last = last if math.isnan(average) else average
        kept.append(last)
    return kept


def average_cases() -> list[tuple]:
    cases = [([2, 3, 6, 9], [4.0, 8.0, 1.5, 7.0], 3), ([10], [2.5], 1), ([5, 9], [NAN, 3.0], 2)]
    generator = torch.Generator().manual_seed(9)
    for count, gap, width in ((8, 3, 4), (15, 40, 100), (12, 5, 1), (20, 7, 20), (9, 2, 1000)):
        steps = torch.randint(1, gap + 1, (count,), generator=generator).cumsum(0).tolist()
        rows = (6 * torch.randn(count, generator=generator)).round(decimals=2).tolist()
        missing = torch.rand(count, generator=generator) < 0.3
        cases.append((steps, [NAN if gone else x for x, gone in zip(rows, missing.tolist())], width))
    cases.append(([4, 8, 12, 16], [NAN, 1.0, NAN, 5.0], 4))
    cases += [([10, 20, 30], [0.0, 4.0, NAN], 15), ([1, 2, 3, 9], [-1.5, 1.5, NAN, 0.0], 2),
              ([0, 5, 10], [2.0, NAN, 4.0], 6)]
    cases.append(([100, 200, 300, 400, 500], [-60.0, -60.0, 8.65, 8.65, 8.65], 200))
    return cases


def look(room: Room, given) -> Verdict:
    def answer(*case):
        result = given(*case)                               # an array in place of a list is no misunderstanding
        return result.tolist() if isinstance(result, (torch.Tensor, numpy.ndarray)) and result.ndim == 1 else result

    cases = average_cases()
    for steps, rows, width in cases[3:]:
        first, half = room.ask(answer, steps, rows, width), len(rows) // 2
        later = room.ask(answer, steps, rows[:half] + [x + 50.0 for x in rows[half:]], width)
        if (isinstance(first, (list, tuple)) and isinstance(later, (list, tuple))
            and len(first) == len(rows) == len(later)):
            if values.problem(list(later[:half]), list(first[:half]), 1e-9):
                raise room.wrong("the average looks ahead", f"With the steps {steps} and the width {width}, the first\n"
                                 f"{half} averages change when only the values from place {half} on do.")
    room.compare(answer, cases, average_by_steps)
    return Verdict("correct")


MISTAKES = (
    Mistake("the window counts entries, not steps",
            "Your window holds a number of entries. The width is a number of environment steps: how far apart are the "
            "entries?",
            "where the entries are not evenly spaced, the same number of entries spans more or fewer steps",
            lambda s, x, w: [mean(measured(x[max(0, k - w + 1): k + 1])) for k in range(len(x))]),
    Mistake("one step too many at the old end",
            "Does an entry that is exactly `width` steps old still belong to the window? Look at < and ≤ in the "
            "formula.",
            "with entries at every step the window would hold one entry more than its width says",
            averages(lambda then, now, w: now - w <= then <= now)),
    Mistake("an entry without a value counts as 0",
            "NaN says that nothing was measured. Which two places must leave that entry out: the sum, and what else?",
            "a return of 0 is a measurement, no return is none; here zeros would pull the curve up or down",
            averages(trailing, lambda part, w: mean([0.0 if math.isnan(x) else x for x in part]))),
    Mistake("a measured 0 is left out",
            "0 is a return like any other, and it was measured. What does `if x` make of it?",
            "the curve forgets all that earned exactly nothing",
            averages(trailing, lambda part, w: mean([x for x in measured(part) if x != 0]))),
    Mistake("an average of 0 is taken for none",
            "The values of a window can sum to 0. How do you ask whether the window holds any: by how many they are, "
            "or by their sum?",
            "gains and losses that even out would leave a hole in the curve",
            averages(trailing, lambda part, w: mean(measured(part)) or NAN)),
    Mistake("what was measured at step 0 is lost",
            "A curve can begin at step 0, before anything was learned. Is that step inside your first windows?",
            "the window reaches back before the start, and the entry at step 0 lies in it",
            averages(lambda then, now, w: then != 0 and now - w < then <= now)),
    Mistake("one entry without a value spoils its neighbours",
            "What is NaN plus a number? Leave out what was not measured.",
            "one missing entry makes a hole in the curve as wide as the window",
            averages(trailing, lambda part, w: mean(part))),
    Mistake("the average looks ahead",
            "Change only the last value. Which of your averages change? Only those of entries that come later may.",
            "during the run later entries do not exist yet, and the curve seems to rise before the team does", None),
    Mistake("the sum is divided by the width",
            "By what does a mean divide: by how wide the window is, or by how many values lie in it?",
            "the average then depends on how often somebody measured",
            averages(trailing, lambda part, w: sum(measured(part)) / w if measured(part) else NAN)),
    Mistake("a window without a value gives 0",
            "Nothing was measured in the window. Is 0 then the average?",
            "the curve shows a return that nobody measured",
            averages(trailing, lambda part, w: mean(measured(part)) if measured(part) else 0.0)),
    Mistake("the average of everything so far",
            "Old entries never leave your window. What is the width for?",
            "the bad returns of the beginning hold the curve down for ever",
            averages(lambda then, now, w: then <= now)),
    Mistake("the newest entry is missing",
            "Does the entry itself belong to its window? Look at the right end of the inequality.",
            "the curve comes later than it must",
            averages(lambda then, now, w: now - w < then < now)),
    Mistake("an empty window keeps the average before it",
            "In the window nothing was measured. What does the text want there?",
            "the curve would go on as if somebody had looked",
            lambda s, x, w: _kept(average_by_steps(s, x, w))),
    Mistake("an entry without a value gets no average",
            "Nothing was measured at this entry, but in its window something was. What is the mean of that?",
            "the curve has holes where the window holds enough to go by",
            lambda s, x, w: [NAN if math.isnan(own) else m for own, m in zip(x, average_by_steps(s, x, w))]),
    Mistake("entries without a value are gone from the result",
            "How long is your list, and how long is the one you were given?",
            "the averages no longer stand beside their steps, so that the curve is drawn in the wrong place",
            lambda s, x, w: [m for own, m in zip(x, average_by_steps(s, x, w)) if not math.isnan(own)]),
    Mistake("the first entries get no average",
            "At the beginning the window reaches back before the start. What is the mean of the values that do lie in "
            "it?",
            "a part of the run that was measured is not shown",
            lambda s, x, w: [NAN if now < w else m for now, m in zip(s, average_by_steps(s, x, w))]),
)

EXERCISE = Exercise(
    number="09.1", title="An average over steps", answers={"average_by_steps": "function"}, difficulty=2, minutes=10,
    practises="smooth a curve whose entries are not evenly spaced, and treat missing entries as missing",
    hints=("Take one place k. Which entries lie in its window? Go through all of them and ask for two things.",
           "The two things: how old is the entry, measured in steps, and was anything measured there?",
           "How many values have you collected? That is what to divide by, and if it is none, there is no mean."),
    mistakes=MISTAKES, look=look, off_limits=("qmix_course.plots.moving_average",))
