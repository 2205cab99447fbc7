"""18.2 · A state in any order: pooled over the robots that are there."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def pooled(seen, there, twist=None):
    """The truth, row by row."""
    rows = []
    for each, here in zip(seen, there):
        given = each if twist == "all" else each[here]
        count = len(given)
        if count:
            mean, most = given.sum(0) / (len(here) if twist == "over all" else count), given.max(0).values
            if twist == "sum":
                mean = given.sum(0)
            if twist == "zeros in the maximum":
                most = (each * here[:, None]).max(0).values
            if twist == "floor":
                most = most.clamp(min=-1e4)
            if twist == "largest size":
                most = given.abs().max(0).values
            if twist == "minimum":
                most = given.min(0).values
        else:
            mean, most = each.new_zeros(each.shape[1]), each.new_zeros(each.shape[1])
            if twist == "nan":
                mean = mean + torch.nan
            if twist == "infinite":
                most = most - torch.inf
        share = here.sum().to(each) / (1 if twist == "count" else len(here))
        parts = {"turned": [most, mean, share[None]], "share first": [share[None], mean, most]}
        rows.append(torch.cat(parts.get(twist, [mean, most, share[None]])))
    return torch.stack(rows)


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(182)
    found = []
    for rows, robots, length in ((4, 3, 2), (1, 1, 3), (6, 5, 4), (3, 2, 1)):
        seen = torch.randn(rows, robots, length, generator=generator, dtype=torch.float64)
        there = torch.rand(rows, robots, generator=generator) < 0.6
        there[-1] = rows == 1                               # nobody at all in the last row of a batch
        seen[0] = -seen[0].abs() - 0.1                      # all below zero: a zero would be the largest
        there[0, 0] = True
        if rows == 6:
            there[1], there[2] = True, False
            there[2, 3] = True
        found.append((seen, there))
    return [*found, (1e6 * found[0][0], found[0][1])]       # numbers in another unit


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), pooled)
    return Verdict("correct")


EXERCISE = Exercise(
    number="18.2", title="A state in any order", answers={"pooled_state": "function"}, difficulty=3, minutes=10,
    practises="pool over a set of varying size, so that neither order nor absence changes what is said", core=True,
    hints=("Multiply by there.unsqueeze(-1), or fill with masked_fill, before you sum or take the maximum.",
           "What must stand in the place of an absent robot so that the maximum never takes it?",
           "Where nobody is there: divide by a count of at least 1, and set the maximum to 0 in those rows."),
    mistakes=twisted(
        pooled,
        ("all", "the absent are counted in",
         "Change the numbers of a robot that is not there. Does your state change?",
         "what stands in the place of somebody absent is no observation"),
        ("over all", "the mean is taken over everybody's number",
         "Two of four robots are there, and both say 1. What is their mean?",
         "the sum has to be divided by how many are there"),
        ("sum", "a sum, where a mean was asked for",
         "Four robots that all see the same, and two of them: is your first part equal?",
         "a sum grows with the team; the state's scale would change with it"),
        ("zeros in the maximum", "the absent have a zero in the maximum",
         "All that are there say −2. What is the largest, and what do you give?",
         "zero is a number like any other; it must be −∞ that stands in for the absent"),
        ("floor", "a finite number stands in for the absent in the maximum",
         "Your stand-in is a number. What if all that are there say less than that?",
         "numbers come in any unit; only −∞ lies below all of them"),
        ("largest size", "the largest size, where the largest number was asked for",
         "Of −3 and 2, which one is larger?", "the sign of what was seen is lost"),
        ("minimum", "the smallest was taken", "Of 2 and 5, which one is the largest?", "min and max were exchanged"),
        ("nan", "where nobody is there, the mean is not a number",
         "0 / 0. What do you divide by in a row in which nobody is there?",
         "one NaN in a state makes the whole loss NaN"),
        ("infinite", "where nobody is there, the maximum is not finite",
         "The largest of nothing came out as −∞. What does the text ask for there?",
         "an infinite number in a state makes the whole loss NaN"),
        ("count", "a count, where a share was asked for",
         "The last number should be between 0 and 1.",
         "a share keeps its scale when the team grows"),
        ("turned", "mean and maximum are exchanged", "Which part comes first?",
         "the order of the parts is agreed; whoever reads the state relies on it"),
        ("share first", "the share stands in front", "Which part comes last?",
         "the order of the parts is agreed; whoever reads the state relies on it")),
    look=look)
