"""06.1 · A row that nobody draws: reckon with batches that are drawn without replacement."""

from __future__ import annotations

import numpy

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def chance_never_drawn(held: int, batch_size: int, updates: int) -> float:
    """Factor by factor: missed by one batch, and by the next one, …"""
    chance = 1.0
    for _ in range(updates):
        chance *= (held - batch_size) / held
    return chance


def look(room: Room, answer) -> Verdict:
    cases = [(4, 1, 2), (2, 1, 1), (5, 5, 3), (1, 1, 1), (50, 8, 1), (50, 8, 20), (500, 64, 7), (1000, 10, 100)]
    room.compare(answer, [*cases, (10_000, 64, 300), (7, 6, 2)], chance_never_drawn)
    for case in ((10, 3, 0), (5, 5, 0), (1, 1, 0)):
        got = room.ask(answer, *case)
        if values.problem(got, 1.0, 1e-9):
            raise room.wrong("no update was made, and yet it was drawn",
                             values.call("never_drawn", case) + "\n" + values.table(got, 1.0))
    return Verdict("correct")


MISTAKES = (
    Mistake("the rows of a batch are drawn with replacement",
            "A batch of all rows that are held misses none of them. Does it in your formula?",
            "without replacement a row that was drawn cannot be drawn again by the same batch, so a batch reaches more "
            "rows",
            lambda n, k, m: (1 - 1 / n) ** (k * m)),
    Mistake("a batch counts as one row",
            "How many of the rows are in one batch?",
            "a batch of k rows misses a given row k times less easily than a single draw",
            lambda n, k, m: (1 - 1 / n) ** m),
    Mistake("the chance that it is drawn",
            "Try it with 0 updates. How sure is it then that the row was never drawn?",
            "this is the opposite event: the two chances add up to 1",
            lambda n, k, m: 1 - (1 - k / n) ** m),
    Mistake("the chance that every batch holds it",
            "Is it your row that is inside each batch, or outside?",
            "the row must be outside the first batch, and outside the second one, and so on",
            lambda n, k, m: (k / n) ** m),
    Mistake("the chances are added up",
            "Take many updates. Does your chance stay between 0 and 1?",
            "several batches may hold the same row, and a sum counts it each time",
            lambda n, k, m: 1 - m * k / n),
    Mistake("only one batch is looked at",
            "Your answer does not change with the number of updates. Should it?",
            "with every further batch it gets less likely that the row was missed by all",
            lambda n, k, m: 1 - k / n),
    Mistake("an approximation for large memories",
            "Try it with a batch of all rows that are held. What should come out, exactly?",
            "the exponential is near only where the batch is small compared with the memory",
            lambda n, k, m: float(numpy.exp(-k * m / n))),
    Mistake("all batches come from one shuffle",
            "Your batches never share a row with an earlier one. What does each draw start from?",
            "every batch is drawn afresh from all rows, also from those that an earlier batch held",
            lambda n, k, m: max(0.0, 1 - m * k / n)),
    Mistake("no update was made, and yet it was drawn",
            "With 0 updates nothing was drawn yet, however large a batch would be. Does your code ask that first?",
            "the chance is 1 before the first batch, also where one batch takes every row that is held"),
)

EXERCISE = Exercise(
    number="06.1", title="A row that nobody draws", answers={"never_drawn": "function"}, difficulty=2, minutes=6,
    practises="reckon with batches that are drawn without replacement",
    hints=("Begin with one batch. Which share of the rows is in it? Then how likely is it that your row is not?",
           "The batches are drawn independently. What does one do with the chances of independent events that must all "
           "happen?"),
    mistakes=MISTAKES, look=look)
