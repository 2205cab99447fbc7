"""06.4 · How far back a tau looks: translate tau into a number of updates."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def updates_until(share: float, tau: float) -> int:
    """By counting. The same as the ceiling of ``log(1 − share) / log(1 − tau)``."""
    rest, updates = 1.0, 0
    while 1 - rest < share:
        rest, updates = rest * (1 - tau), updates + 1
    return updates


# What people compute before they round, in place of log(1 − share) / log(1 − tau).
DELAYS: tuple[tuple[str, Callable], ...] = (
    ("a rule of thumb, not the number itself", lambda share, tau: -math.log(1 - share) / tau),
    ("a rule of thumb, not the number itself", lambda share, tau: 1 / tau),
    ("share is what is left, not what is gone", lambda share, tau: math.log(share) / math.log(1 - tau)),
    ("every update goes equally far", lambda share, tau: share / tau),
    ("tau and 1 − tau are exchanged", lambda share, tau: math.log(1 - share) / math.log(tau)),
    ("always half of the way", lambda share, tau: math.log(0.5) / math.log(1 - tau)),
    ("always half of the way", lambda share, tau: math.log(2) / tau),
)

# Ways to make a whole number of it, and what each is called when the number itself was right.
ROUNDINGS: tuple[tuple[str, Callable], ...] = (
    ("one update too few", math.floor), ("one update too few", lambda x: max(1, math.floor(x))),
    ("one update too few", lambda x: math.floor(x) - 1), ("rounded to the nearest", round),
    ("rounded to the nearest", lambda x: max(1, round(x))), ("one update too many", lambda x: math.floor(x) + 2),
    ("", math.ceil), ("", float),
)

# Exactly the share is gone after a whole number of updates, and no way of reckoning rounds off: "at least" decides.
# From end to end of what the text allows, and no draw among them.
ENDS = ((0.90005, 0.0001), (0.9999, 0.0004), (0.99985, 0.0001), (0.0001, 0.5), (0.9999, 0.8), (0.9998, 0.9999),
        (0.0001, 0.9999))
DRAWS = ((0.5, 0.5), (0.75, 0.5), (0.875, 0.5), (0.9375, 0.5), (0.4375, 0.25), (0.9375, 0.75))


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(64)
    cases = [(0.5, 0.4), (0.5, 0.02), (0.9, 0.001), (0.3, 0.8), (0.99, 0.005), *ENDS, *DRAWS]
    while len(cases) < 30 + len(DRAWS):
        share, tau = (torch.rand(2, generator=generator) * torch.tensor([0.97, 0.6]) + 0.01).round(decimals=3).tolist()
        exact = math.log(1 - share) / math.log(1 - tau)
        if abs(exact - round(exact)) > 0.02:            # no draw: rounding in the last digit must not decide
            cases.append((share, tau))
    cases.sort(key=lambda case: updates_until(*case))
    given = [room.ask(answer, *case) for case in cases]
    expected = [updates_until(*case) for case in cases]
    drawn = [case in DRAWS for case in cases]
    if all(values.loosely_equal(got, want + draw, 1e-9) for got, want, draw in zip(given, expected, drawn)):
        raise room.wrong("exactly the share is enough", values.call("updates_until", DRAWS[0]) + "\n"
                         + values.table(given[cases.index(DRAWS[0])], updates_until(*DRAWS[0])))
    try:
        room.match(given, expected, cases)
    except Found as found:
        name = _delay_mistake(given, cases) or _where_it_fails(given, expected, cases)
        if name is None:
            raise
        raise room.wrong(name, found.verdict.detail) from None
    return Verdict("correct")


def _delay_mistake(given: list, cases: list[tuple]) -> str | None:
    """The slip that explains all answers (of draws, there are several): in the number, or only in how it is made whole.
    """
    given, cases = zip(*((got, case) for got, case in zip(given, cases) if case not in DRAWS))

    def explained(delay, rounding):
        return all(values.loosely_equal(got, rounding(delay(*case)), 1e-9) for got, case in zip(given, cases))

    def exact(share, tau):
        return math.log(1 - share) / math.log(1 - tau)

    tried = [(name, exact, rounding) for name, rounding in ROUNDINGS if name]
    tried += [(name, delay, rounding) for name, delay in DELAYS for _, rounding in ROUNDINGS]
    return next((name for name, delay, rounding in tried if explained(delay, rounding)), None)


def _where_it_fails(given: list, expected: list, cases: list[tuple]) -> str | None:
    """What is right for many cases and goes wrong where tau is small."""
    fails = [k for k, (got, want) in enumerate(zip(given, expected)) if values.problem(got, want, 1e-9)]
    if not all(isinstance(given[k], int) for k in fails):
        return None
    if all(given[k] == math.ceil(-math.log(1 - cases[k][0]) / cases[k][1]) for k in fails):
        return "a rule of thumb, not the number itself"
    passed = [want for k, want in enumerate(expected) if k not in fails]
    if all(given[k] < expected[k] for k in fails) and passed and min(expected[k] for k in fails) > max(passed):
        return "the count stops before the share is reached"
    return None


MISTAKES = (
    Mistake("exactly the share is enough",
            "Let tau be 0.5. After one update, exactly half of the way is gone. Is that at least half?",
            "\"at least\" includes the share itself; where the logarithms give a whole number, none is to be added"),
    Mistake("one update too few",
            "Make as many soft updates as you say. Has the target gone far enough by then?",
            "after that many updates the target is still short of the share"),
    Mistake("rounded to the nearest",
            "Take 34.3. Is the target there after 34 updates?",
            "the first update by which the share is reached is asked for, so a fraction counts as one more"),
    Mistake("one update too many",
            "Make one soft update less than you say. Has the target already gone far enough?",
            "the smallest such number is asked for"),
    Mistake("a rule of thumb, not the number itself",
            "Try tau = 0.4 and count by hand. For which tau is the rule good enough?",
            "ln 2 / tau and its kin hold for small tau only; the exercise asks for every tau"),
    Mistake("share is what is left, not what is gone",
            "Try share = 0.9 and share = 0.1. Which of them should take longer?",
            "what is left shrinks by 1 − tau; what is gone is 1 minus that"),
    Mistake("every update goes equally far",
            "The second update: is the way that is left still the whole one?",
            "each update goes the part tau of what is left, so the steps get shorter and shorter"),
    Mistake("tau and 1 − tau are exchanged",
            "Try a tiny tau. Does it take your target many updates, or few?",
            "the distance shrinks by the factor 1 − tau with each update, not by tau"),
    Mistake("always half of the way",
            "Does your answer change with the share?",
            "the half is the lesson's example; any share is asked for"),
    Mistake("the count stops before the share is reached",
            "A tau of 0.0001 needs tens of thousands of updates. What ends your count: the share, or a number of "
            "yours?",
            "a limit that is high enough for one tau is too low for a smaller one"),
)

EXERCISE = Exercise(
    number="06.4", title="How far back a tau looks", answers={"updates_until": "function"}, difficulty=2, minutes=7,
    practises="translate tau into a number of updates",
    hints=("What is left of the distance after one update? After two? After n?",
           "You may count in a loop, or solve the inequality with logarithms.",
           "With logarithms: dividing by a negative number turns the inequality round, and the answer has to be a "
           "whole number that is large enough."),
    mistakes=MISTAKES, look=look)
