"""Answers to 04.2."""

import numpy as np
import torch

from tests.catalogue import Answers

GOOD = {"additive": [[0, 1, 2], [10, 11, 12], [20, 21, 22]], "monotone": [[0, 1, 2], [10, 11, 12], [20, 21, 99]],
        "igm": [[9, 1, 2], [3, 8, 4], [5, 6, 7]], "utilities": [[1, 0, 0], [1, 0, 0]]}
SORTED_OTHERWISE = {"additive": torch.tensor([[0.3], [-0.9], [4.0]]) + torch.tensor([0.1, 7.0, -0.2]),
                    "monotone": np.array([[8.0, 2.0, 7.0], [1.0, 0.0, 0.5], [5.0, 1.5, 4.0]]),
                    "igm": torch.tensor([[1, 2, 3], [6, 5, 4], [7, 9, 8]]),
                    "utilities": np.array([[0, 1, 2.5], [-1, 4, -2.0]])}

ANSWERS = Answers(
    right=[GOOD, SORTED_OTHERWISE],
    wrong=[
        ("an entry comes twice", GOOD | {"additive": [[0, 1, 2], [1, 2, 3], [2, 3, 4]]}),
        ("an entry comes twice", GOOD | {"igm": [[8, 0, 0], [0, 4, 0], [0, 0, 4]]}),
        ("the additive table is no sum", GOOD | {"additive": [[1, 2, 3], [4, 5, 6], [7, 8, 10]]}),
        ("the additive table is no sum", GOOD | {"additive": [[1, 2, 4], [3, 6, 12], [5, 10, 20]]}),      # a product
        ("the monotone table is additive too", GOOD | {"monotone": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}),
        ("no order makes the monotone table rise", GOOD | {"monotone": [[1, 2, 3], [4, 6, 5], [7, 8, 9.5]]}),
        ("the last table is monotone", GOOD | {"igm": [[9, 8, 6.5], [7, 6, 5], [4, 2, 1]]}),
        ("the last table is additive", GOOD | {"igm": [[9, 8, 7], [6, 5, 4], [3, 2, 1]]}),
        ("an agent is undecided", GOOD | {"utilities": [[1, 0, 0], [0, 0, 0]]}),
        ("the two agents' utilities are exchanged",
         GOOD | {"igm": [[1, 9, 2], [8, 3, 4], [5, 6, 7]], "utilities": [[0, 1, 0], [1, 0, 0]]}),
        ("the utilities miss the largest entry", GOOD | {"utilities": [[0, 1, 0], [0, 1, 0]]}),
        ("the utilities miss the largest entry", GOOD | {"utilities": [[-9, -1, -2], [-9, -8, -7]]}),
    ],
)
