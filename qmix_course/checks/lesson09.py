"""The checks of lesson 09: averages over steps, and the step from which on a run is good."""

from __future__ import annotations

import math

import numpy
import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson09_causes import CAUSES_EXERCISES
from qmix_course.checks.lesson09_dice import DICE
from qmix_course.checks.lesson09_labs import LABS
from qmix_course.checks.room import REMEMBERS, Room
from qmix_course.checks.verdict import Verdict

NAN = float("nan")


# ---- 09.1 ------------------------------------------------------------------------------------------------------------

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


def average_cases() -> list[tuple]:
    cases = [([2, 3, 6, 9], [4.0, 8.0, 1.5, 7.0], 3), ([10], [2.5], 1), ([5, 9], [NAN, 3.0], 2)]
    generator = torch.Generator().manual_seed(9)
    for count, gap, width in ((8, 3, 4), (15, 40, 100), (12, 5, 1), (20, 7, 20), (9, 2, 1000)):
        steps = torch.randint(1, gap + 1, (count,), generator=generator).cumsum(0).tolist()
        rows = (6 * torch.randn(count, generator=generator)).round(decimals=2).tolist()
        missing = torch.rand(count, generator=generator) < 0.3
        cases.append((steps, [NAN if gone else x for x, gone in zip(rows, missing.tolist())], width))
    cases.append(([4, 8, 12, 16], [NAN, 1.0, NAN, 5.0], 4))
    cases.append(([100, 200, 300, 400, 500], [-60.0, -60.0, 8.65, 8.65, 8.65], 200))
    return cases


def look_at_average(room: Room, given) -> Verdict:
    def answer(*case):
        result = given(*case)                               # an array in place of a list is no misunderstanding
        return result.tolist() if isinstance(result, (torch.Tensor, numpy.ndarray)) and result.ndim == 1 else result

    cases = average_cases()
    for steps, rows, width in cases[3:]:
        first, half = room.ask(answer, steps, rows, width), len(rows) // 2
        later = room.ask(answer, steps, rows[:half] + [x + 50.0 for x in rows[half:]], width)
        if isinstance(first, (list, tuple)) and isinstance(later, (list, tuple)) and len(first) == len(rows) == len(later):
            if values.problem(list(later[:half]), list(first[:half]), 1e-9):
                raise room.wrong("the average looks ahead", f"With the steps {steps} and the width {width}, the first\n"
                                 f"{half} averages change when only the values from place {half} on do.")
    room.compare(answer, cases, average_by_steps)
    return Verdict("correct")


AVERAGE_MISTAKES = (
    Mistake("the window counts entries, not steps",
            "Your window holds a number of entries. The width is a number of environment steps: how far apart are the entries?",
            "where the entries are not evenly spaced, the same number of entries spans more or fewer steps",
            lambda s, x, w: [mean(measured(x[max(0, k - w + 1): k + 1])) for k in range(len(x))]),
    Mistake("one step too many at the old end",
            "Does an entry that is exactly `width` steps old still belong to the window? Look at < and ≤ in the formula.",
            "with entries at every step the window would hold one entry more than its width says",
            averages(lambda then, now, w: now - w <= then <= now)),
    Mistake("an entry without a value counts as 0",
            "NaN says that nothing was measured. Which two places must leave that entry out: the sum, and what else?",
            "a return of 0 is a measurement, no return is none; here zeros would pull the curve up or down",
            averages(trailing, lambda part, w: mean([0.0 if math.isnan(x) else x for x in part]))),
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
    Mistake("an entry without a value gets no average",
            "Nothing was measured at this entry, but in its window something was. What is the mean of that?",
            "the curve has holes where the window holds enough to go by",
            lambda s, x, w: [NAN if math.isnan(own) else m for own, m in zip(x, average_by_steps(s, x, w))]),
    Mistake("entries without a value are gone from the result",
            "How long is your list, and how long is the one you were given?",
            "the averages no longer stand beside their steps, so that the curve is drawn in the wrong place",
            lambda s, x, w: [m for own, m in zip(x, average_by_steps(s, x, w)) if not math.isnan(own)]),
    Mistake("the first entries get no average",
            "At the beginning the window reaches back before the start. What is the mean of the values that do lie in it?",
            "a part of the run that was measured is not shown",
            lambda s, x, w: [NAN if now < w else m for now, m in zip(s, average_by_steps(s, x, w))]),
)


# ---- 09.2 ------------------------------------------------------------------------------------------------------------

def is_best(returns, best, tolerance=1e-9):
    return [abs(x - best) <= tolerance for x in returns]


def first_for_good(steps, returns, best):
    return settled(steps, is_best(returns, best))


def settled(steps, good):
    """The step at which the last unbroken row of True begins, if it reaches the end."""
    found = None
    for step, fine in zip(steps, good):
        found = None if not fine else step if found is None else found
    return found


def stretches(steps, good) -> list[list]:
    """The unbroken rows of good entries, each as its list of steps."""
    found, before = [], False
    for step, fine in zip(steps, good):
        if fine:
            found = found if before else [*found, []]
            found[-1].append(step)
        before = fine
    return found


def begins(pick):
    """A wrong version: the beginning of one of the good stretches, wherever it lies."""
    def version(steps, returns, best):
        found = stretches(steps, is_best(returns, best))
        return pick(found)[0] if found and pick(found) else None
    return version


def last_bad(steps, returns, best):
    good = is_best(returns, best)
    if not good[-1]:
        return None
    bad = [step for step, fine in zip(steps, good) if not fine]
    return bad[-1] if bad else steps[0]


def not_from_the_start(steps, returns, best):
    return None if all(is_best(returns, best)) else first_for_good(steps, returns, best)


def number_of_entry(steps, returns, best):
    found = first_for_good(steps, returns, best)
    return None if found is None else steps.index(found)


def for_good_cases() -> list[tuple]:
    way = -0.65 - 0.65 - 0.65                               # -1.95, but for the last digits
    cases = [
        ([100, 200, 300, 400], [-64.0, 8.65, 7.5, 8.65], 8.65), ([5], [2.0], 2.0), ([5], [1.0], 2.0),
        ([10, 20, 30], [8.65, 8.65, 8.65], 8.65), ([10, 20, 30], [1.0, 8.65, 1.0], 8.65), ([10, 20, 30], [-3.0, 1.0, 1.0], 8.65),
        ([32, 64, 96, 160], [-64.0, way, -1.95, way], -1.95), ([7, 8, 9, 12], [0.0, -1.0, 0.0, 0.0], 0.0),
        ([3, 6, 9], [-5.0, -2.5, -2.5], -2.5), ([3, 6, 9, 12], [4.0, 4.0, 3.99, 4.0], 4.0),
        ([10, 20, 30, 40, 50, 60], [2.0, 7.0, 7.0, 7.0, 1.0, 7.0], 7.0), ([10, 20, 30, 40], [7.0, 7.0, 7.0, 1.0], 7.0),
        ([10, 20, 30, 40, 50, 60], [7.0, 1.0, 7.0, 7.0, 1.0, 7.0], 7.0),
        ([10, 20, 30, 40, 50], [8.4, 8.64, 8.65, 8.45, 8.65], 8.65), ([10, 20, 30], [8.65, 7.9, 8.1], 8.65)]
    generator = torch.Generator().manual_seed(92)
    for count, chance in ((12, 0.5), (15, 0.8), (9, 0.9), (20, 0.7)):
        steps = torch.randint(5, 60, (count,), generator=generator).cumsum(0).tolist()
        good = (torch.rand(count, generator=generator) < chance).tolist()
        other = (3 * torch.randn(count, generator=generator)).round(decimals=2).clamp(max=5.0).tolist()
        cases.append((steps, [8.65 if fine else x for fine, x in zip(good, other)], 8.65))
        cases.append((steps, [*[8.65 if fine else x for fine, x in zip(good, other)][:-2], 8.65, 8.65], 8.65))
    for bad in (3, 40):                                     # a single bad entry in a long run
        cases.append((list(range(10, 810, 10)), [1.5 if k == bad else 8.65 for k in range(80)], 8.65))
    return cases


def look_at_for_good(room: Room, answer) -> Verdict:
    # None is a result here. Room.ask lets it pass where an argument may change; a number cannot, so nothing is lost.
    cases = for_good_cases()
    given = [room.ask(answer, *case, may_change=(2,)) for case in cases]
    expected = [first_for_good(*case) for case in cases]
    if not values.same(given[0], room.ask(answer, *cases[0], may_change=(2,))):
        raise room.wrong(REMEMBERS.name)
    steps_right = all(values.problem(got, want, 1e-9) is None for got, want in zip(given, expected) if want is not None)
    if steps_right and all(got is not None for got, want in zip(given, expected) if want is None):
        raise room.wrong("a run that ends badly gets a step too", "\n".join(
            [values.call("first_for_good", cases[2]), "expected: None", f"got:      {given[2]}"]))
    room.match(given, expected, cases)
    return Verdict("correct")


FOR_GOOD_MISTAKES = (
    Mistake("the first time, not for good",
            "After that step, is every return the best one? A team can lose what it had.",
            "one lucky evaluation would count as solved, and runs that lose it again would look fast",
            begins(lambda found: found[0])),
    Mistake("the first time, if the run ends well",
            "You look at the last return, and at the first good one. What about those in between?",
            "a run that loses the best return and finds it again would seem to have had it all the time",
            lambda s, x, best: begins(lambda found: found[0])(s, x, best) if is_best(x, best)[-1] else None),
    Mistake("the last step that was not good",
            "At the step you give, was the return the best one? You are one entry away.",
            "at that entry the team was still not good",
            last_bad),
    Mistake("the number of the entry, not its step",
            "How far apart are two entries? The answer is in environment steps.",
            "runs that are measured at different intervals could not be compared",
            number_of_entry),
    Mistake("the last good stretch, though the run goes on badly",
            "Look at a run whose last return is bad. Is there a step from which on all are good?",
            "the run ended as a failure, and would be counted among the solved ones",
            begins(lambda found: found[-1])),
    Mistake("the longest good stretch",
            "A long good stretch may end before the run does. Which of the stretches reaches the last entry?",
            "what came after the stretch decides whether it was for good",
            begins(lambda found: max(found, key=len))),
    Mistake("good twice in a row counts as for good",
            "Two good entries, and then a bad one: was that for good?",
            "any fixed number of good entries can be followed by a bad one",
            begins(lambda found: next((stretch for stretch in found if len(stretch) > 1), None))),
    Mistake("a run that ends badly gets a step too",
            "What does your function give if the last return is not the best one? What should it say?",
            "a number in the place of 'never' is taken for a success in every mean and every plot", None),
    Mistake("a run that is good from the beginning gets no step",
            "What if there is no bad entry at all? From which step on are all returns good then?",
            "the best runs would be counted as failures",
            not_from_the_start),
    Mistake("the comparison is exact",
            "Print -0.65 - 0.65 - 0.65 == -1.95. What does comparing a sum of floats need?",
            "sums of rewards are rounded in their last digits, so that two equal returns may differ there",
            lambda s, x, best: settled(s, [r == best for r in x])),
    Mistake("nearly the best counts as the best",
            "How far from the best may a return be? 8.64 is another way to play than 8.65.",
            "a detour costs little on this board, and would go unnoticed",
            None),
    Mistake("the best of this run is taken for the best return",
            "A run may never reach the best return. With which number do you compare?",
            "every run is then as good as itself",
            lambda s, x, best: settled(s, is_best(x, max(x)))),
)


def near_enough(room: Room, answer) -> Verdict:
    """As ``look_at_for_good``; before it, a probe for answers that let a detour pass, whatever their tolerance."""
    for top, distance in ((8.65, 0.001), (8.65, 0.01), (4.0, 0.02), (8.65, 0.05), (8.65, 0.1), (8.65, 0.2), (8.65, 0.5),
                          (8.65, 1.0)):
        case = ([10, 20, 30, 40], [-20.0, top - distance, top, top], top)
        if values.problem(room.ask(answer, *case, may_change=(2,)), 20, 0.0) is None and \
                values.problem(room.ask(answer, [10, 20, 30], [-20.0, 3.0, 8.65], 8.65, may_change=(2,)), 30, 0.0) is None and \
                values.problem(room.ask(answer, [10, 20, 30], [-20.0, 8.65, -20.0], 8.65, may_change=(2,)), 20, 0.0) is not None:
            raise room.wrong("nearly the best counts as the best",
                             "\n".join([values.call("first_for_good", case), "expected: 30", "got:      20"]))
    return look_at_for_good(room, answer)


EXERCISES = (
    Exercise(
        number="09.1", title="An average over steps", answers={"average_by_steps": "function"}, difficulty=2, minutes=10,
        practises="smooth a curve whose entries are not evenly spaced, and treat missing entries as missing",
        hints=("Take one place k. Which entries lie in its window? Go through all of them and ask for two things.",
               "The two things: how old is the entry, measured in steps, and was anything measured there?",
               "How many values have you collected? That is what to divide by, and if it is none, there is no mean."),
        mistakes=AVERAGE_MISTAKES, look=look_at_average, off_limits=("qmix_course.plots.moving_average",)),
    Exercise(
        number="09.2", title="Solved, and for good", answers={"first_for_good": "function"}, difficulty=2, minutes=8,
        practises="tell a run that touches the best return from one that keeps it",
        hints=("Make a list of True and False first: is this return the best one, but for rounding?",
               "Look from the end of the run. How far back are all entries good?",
               "Three runs to try: good from the beginning, never good, good until the last entry but one."),
        mistakes=FOR_GOOD_MISTAKES, look=near_enough),
    *DICE,
    *LABS,
    *CAUSES_EXERCISES,
)
