"""Answers to 01.1."""

from fractions import Fraction

import torch

from tests.catalogue import Answers

ANSWERS = Answers(
    right=[13, 13.0, torch.tensor(13.0), Fraction(13), 2 * 7 - 1],
    wrong=[
        ("the partner's second action is left out", 7),
        ("a sum, not an average", 6),
        ("the wrong entry stands beside x", 14),
        ("the average of the whole table", 26.0),
        ("both ones of the table are counted", 12),
        ("one of the two sides is discounted, the other is not", 13.14),
        ("the first step of 2A is compared with the second step of 2B", 12.86),
        ("a value in place of the payoff", 4.5),
        ("the sign of the one is wrong", 15),
    ],
)
