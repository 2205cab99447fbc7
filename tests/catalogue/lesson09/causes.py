"""Answers to 09.5."""

import torch

from tests.catalogue import Answers


def pick(letters):
    """Four numbers, for the runs A to D in turn."""
    return dict(zip("ABCD", letters))


ANSWERS = Answers(
    right=[{"A": 6, "B": 3, "C": 4, "D": 1}, {"D": 1, "C": 4, "B": 3, "A": 6}, dict(A=6, B=3, C=4, D=1),
           pick([6, 3, 4, 1]),
           pick(torch.tensor([6, 3, 4, 1])), pick([6.0, 3.0, 4.0, 1.0])],
    wrong=[
        ("A: a late curve taken for dice that never calm down", {"A": 1, "B": 3, "C": 4, "D": 6}),
        ("A: a late curve taken for dice that never calm down", pick([1, 1, 1, 1])),
        ("A: a late curve taken for dice that never calm down", pick([1, 2, 3, 4])),
        ("D: a curve that never arrives taken for one that is late", {"A": 2, "B": 3, "C": 4, "D": 6}),
        ("B: more than the best, put down to dice", {"A": 6, "B": 2, "C": 4, "D": 1}),
        ("B: more than the best, put down to dice", pick([6, 1, 4, 3])),
        ("B: more than the best, put down to an average", {"A": 3, "B": 6, "C": 4, "D": 1}),
        ("C: the play blamed where the play does not matter", {"A": 6, "B": 3, "C": 1, "D": 4}),
        ("C: the play blamed where the play does not matter", {"A": 6, "B": 3, "C": 2, "D": 1}),
        ("C: too many rewards for a belief that is too small", {"A": 6, "B": 4, "C": 3, "D": 1}),
        ("C: a belief that settles taken for one that runs away", {"A": 6, "B": 3, "C": 5, "D": 1}),
        ("C: a wrong height taken for a late arrival", {"A": 4, "B": 3, "C": 6, "D": 1}),
        ("dice seen in an evaluation that shows none", {"A": 6, "B": 3, "C": 4, "D": 2}),
        ("dice seen in an evaluation that shows none", {"A": 2, "B": 3, "C": 4, "D": 1}),
        ("rewards after the end where no return is too high", {"A": 6, "B": 3, "C": 4, "D": 3}),
        ("runaway values suspected of a player who plays well", {"A": 5, "B": 3, "C": 4, "D": 1}),
        ("runaway values suspected of a player who plays well", {"A": 6, "B": 3, "C": 4, "D": 5}),
        ("B: wrong values cannot pay", {"A": 6, "B": 5, "C": 4, "D": 1}),
        ("a time limit suspected where it cannot hurt", {"A": 6, "B": 3, "C": 4, "D": 4}),
    ],
)
