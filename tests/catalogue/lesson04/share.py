"""Answers to 04.5."""

import numpy as np
import torch

from tests.catalogue import Answers

ANSWERS = Answers(
    right=[5 / 14, 0.3571, torch.tensor(0.35714), np.float64(5) / 14],
    wrong=[
        ("that is not enough", 0.25),
        ("that is not enough", 0.35),
        ("that is more than is needed", 0.85),
        ("that is more than is needed", 0.36),
        ("percent in place of a share", 35.71),
        ("the share of each of the others", 3 / 14),
        ("the share of all others together", 9 / 14),
        ("the share is counted against the other three, not of all", 5 / 9),
        ("how many times as often as each of the others", 5 / 3),
        ("the other three have too much weight", 0.625),
        ("the way to 2B was not discounted", 0.3386),
        ("the way to 2A was not discounted", 0.3774),
        ("the weights count twice", 0.3009),
        ("no share lies there", 7),
    ],
)
