"""04.5 · How often must it be played?: compute at which data VDN changes its mind in the two-step game."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.lesson04.shared import best_sum
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

NEEDED = 5 / 14
SHARES = (          # what people find instead
    (100 * NEEDED, "percent in place of a share"),
    ((1 - NEEDED) / 3, "the share of each of the others"),
    (1 - NEEDED, "the share of all others together"),
    (5 / 9, "the share is counted against the other three, not of all"),
    (5 / 3, "how many times as often as each of the others"),
    (0.625, "the other three have too much weight"),
    (4.93 / 14.56, "the way to 2B was not discounted"),
    (5.0707070707 / 13.4343434343, "the way to 2A was not discounted"),
    (0.3008517, "the weights count twice"),
)


def look(room: Room, share) -> Verdict:
    try:
        share = float(share)
    except (TypeError, ValueError, RuntimeError):
        share = float("nan")
    if not abs(share) < 1e6:
        raise room.misfit("share: expected one number", "A fraction such as 3 / 4 or a decimal number will do.")
    if abs(share - NEEDED) < 5e-4:
        return Verdict("correct")
    for value, name in SHARES:
        if abs(share - value) < 5e-4 * max(1, abs(value)):
            raise room.wrong(name)
    if not 0 < share < 1:
        raise room.wrong("no share lies there", f"got: {share:.6g}")
    rest = (1 - share) / 3
    fit = best_sum(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([[rest, rest], [rest, share]]))
    detail = f"at {share:.6g} VDN's way to 2B is worth {0.99 * fit.max().item():.3f}"
    raise room.wrong("that is more than is needed" if share > NEEDED else "that is not enough", detail)


MISTAKES = twisted(
    None,
    (None, "percent in place of a share", "A share lies between 0 and 1.",
     "the weights of all four joint actions add up to 1"),
    (None, "the share of each of the others",
     "Is this how often (1, 1) comes, or how often one of the other three does?",
     "asked was the share of (1, 1)"),
    (None, "the share of all others together", "Is this how often (1, 1) comes, or how often it does not?",
     "asked was the share of (1, 1)"),
    (None, "the share is counted against the other three, not of all",
     "You have (1, 1) against the rest. Of how many visits in all is that?",
     "a share is a part of the whole, and (1, 1) is in the whole as well"),
    (None, "how many times as often as each of the others",
     "You found a ratio of two weights. What do the four add up to?",
     "a ratio of two weights is no share: the four shares must add up to 1"),
    (None, "the other three have too much weight",
     "If (1, 1) has the share p, what is left for the other three, and for each one of them?",
     "the three of them share the rest, so that each has a third of it"),
    (None, "the way to 2B was not discounted",
     "2B is reached one step later. What is its best entry worth in the first step?",
     "6.93 is a value of the first step, and the fit is one of the second"),
    (None, "the way to 2A was not discounted", "Both tables are one step away. Is 7 or 6.93 the value of going to 2A?",
     "both ways take one step, so γ stands on both sides"),
    (None, "the weights count twice",
     "In the least squares problem, is a row multiplied by its weight or by the root of it?",
     "an error that is multiplied by w and then squared counts w² times"),
    (None, "no share lies there", "The share of (1, 1) is more than none and less than all.",
     "shares are between 0 and 1"),
    (None, "that is more than is needed",
     "VDN prefers 2B there already. Come down until the two ways are worth the same.",
     "the smallest share was asked for, where the two ways are worth the same"),
    (None, "that is not enough", "VDN still goes to 2A there. Where are the two ways worth the same?",
     "the two ways are worth the same only at a larger share"),
)

EXERCISE = Exercise(
    number="04.5", title="How often must it be played?", answers={"share": "value"}, difficulty=3, minutes=10,
    practises="compute at which data VDN changes its mind in the two-step game",
    hints=("Both ways take one step. So what must the best entry of VDN's fit to 2B be worth?",
           "Find it by trial: fit 2B for a few shares, as in 'Break it' of the lesson, and narrow it down.",
           "By hand: the fit is off by +c/w, −c/w, −c/w, +c/w in the four entries, where w is the weight of an entry, "
           "and no sum can change the value of 0 + 8 − 1 − 1."),
    mistakes=MISTAKES, look=look)
