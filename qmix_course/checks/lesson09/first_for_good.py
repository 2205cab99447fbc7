"""09.2 · Solved, and for good: tell a run that touches the best return from one that keeps it."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import REMEMBERS, Room
from qmix_course.checks.verdict import Verdict


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
        ([10, 20, 30], [8.65, 8.65, 8.65], 8.65), ([10, 20, 30], [1.0, 8.65, 1.0], 8.65),
        ([10, 20, 30], [-3.0, 1.0, 1.0], 8.65),
        ([32, 64, 96, 160], [-64.0, way, -1.95, way], -1.95), ([7, 8, 9, 12], [0.0, -1.0, 0.0, 0.0], 0.0),
        ([3, 6, 9], [-5.0, -2.5, -2.5], -2.5), ([3, 6, 9, 12], [4.0, 4.0, 3.99, 4.0], 4.0),
        ([10, 20, 30, 40, 50, 60], [2.0, 7.0, 7.0, 7.0, 1.0, 7.0], 7.0), ([10, 20, 30, 40], [7.0, 7.0, 7.0, 1.0], 7.0),
        ([10, 20, 30, 40, 50, 60], [7.0, 1.0, 7.0, 7.0, 1.0, 7.0], 7.0),
        ([0, 10, 20], [2.0, 2.0, 2.0], 2.0), ([0, 4, 8, 12], [3.5, 1.0, 3.5, 3.5], 3.5),
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
    wrong = [case for case, got, want in zip(cases, given, expected) if values.problem(got, want, 1e-9)]
    if wrong and all(0 in (steps[0], best) for steps, _, best in wrong):
        raise room.wrong("a number that is 0 counts as nothing", "\n".join([
            values.call("first_for_good", wrong[0]), f"expected: {first_for_good(*wrong[0])}"]))
    steps_right = all(values.problem(got, want, 1e-9) is None for got, want in zip(given, expected) if want is not None)
    if steps_right and all(got is not None for got, want in zip(given, expected) if want is None):
        raise room.wrong("a run that ends badly gets a step too", "\n".join(
            [values.call("first_for_good", cases[2]), "expected: None", f"got:      {given[2]}"]))
    room.match(given, expected, cases)
    _how_close(room, answer)
    return Verdict("correct")


def _how_close(room: Room, answer) -> None:
    """One return that is nearly the best one, close to the two sides of what the text allows."""
    for best in (8.65, 0.0, -1.95, 120.0):
        for off in (-9e-10, 9e-10, -1.1e-9, -4e-9, -1e-8, -1e-7, -1e-6, -1e-5, -1e-4):
            case = ([10, 20, 30], [best - 20.0, best + off, best], best)
            got = room.ask(answer, *case, may_change=(2,))
            if values.problem(got, first_for_good(*case), 0.0):
                raise room.wrong("the tolerance is not that of the text", "\n".join([
                    values.call("first_for_good", case), f"expected: {first_for_good(*case)}", f"got:      {got}"]))


MISTAKES = (
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
    Mistake("the tolerance is not that of the text",
            "Which distance from `best` does the text allow? Try one return a little nearer than that and one a little "
            "further off, for a small and for a large `best`.",
            "with another tolerance, or one that grows with `best`, two people call different returns the best"),
    Mistake("a number that is 0 counts as nothing",
            "Step 0 is a step, and 0 can be the best return. What do `if x`, `not x` and `x or …` make of 0?",
            "a run that is good from its first look on would lose its beginning"),
    Mistake("nearly the best counts as the best",
            "How far from the best may a return be? 8.64 is another way to play than 8.65.",
            "a detour costs little on this board, and would go unnoticed",
            None),
    Mistake("the best of this run is taken for the best return",
            "A run may never reach the best return. With which number do you compare?",
            "every run is then as good as itself",
            lambda s, x, best: settled(s, is_best(x, max(x)))),
)


def look(room: Room, answer) -> Verdict:
    """As ``look_at_for_good``; before it, a probe for answers that let a detour pass, whatever their tolerance."""
    for top, distance in ((8.65, 0.001), (8.65, 0.01), (4.0, 0.02), (8.65, 0.05), (8.65, 0.1), (8.65, 0.2), (8.65, 0.5),
                          (8.65, 1.0)):
        case = ([10, 20, 30, 40], [-20.0, top - distance, top, top], top)
        if values.problem(room.ask(answer, *case, may_change=(2,)), 20, 0.0) is None and \
                values.problem(room.ask(answer, [10, 20, 30], [-20.0, 3.0, 8.65], 8.65, may_change=(2,)), 30,
                               0.0) is None and \
                values.problem(room.ask(answer, [10, 20, 30], [-20.0, 8.65, -20.0], 8.65, may_change=(2,)), 20,
                               0.0) is not None:
            raise room.wrong("nearly the best counts as the best",
                             "\n".join([values.call("first_for_good", case), "expected: 30", "got:      20"]))
    return look_at_for_good(room, answer)


EXERCISE = Exercise(
    number="09.2", title="Solved, and for good", answers={"first_for_good": "function"}, difficulty=2, minutes=8,
    practises="tell a run that touches the best return from one that keeps it",
    hints=("Make a list of True and False first: is this return the best one, but for rounding?",
           "Look from the end of the run. How far back are all entries good?",
           "Three runs to try: good from the beginning, never good, good until the last entry but one."),
    mistakes=MISTAKES, look=look)
