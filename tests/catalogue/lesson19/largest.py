"""Answers to 19.4."""

import torch

from tests.catalogue import Answers


def _three(nearest, weakest, kite):
    return {"nearest": nearest, "weakest": weakest, "kite": kite}


ANSWERS = Answers(
    right=[_three(4, 5, 6), _three(torch.tensor(4), 5.0, 6), {"kite": 6, "weakest": 5, "nearest": 4}],
    wrong=[("half of the reward was taken for half of the battles", _three(5, 5, 7)),
           ("a single win was taken for enough", _three(5, 5, 6)), ("every battle had to be won", _three(4, 4, 4)),
           ("that is the first number that is too many", _three(5, 6, 7)),
           ("one more would still be beaten", _three(3, 4, 5)), ("the numbers belong to other rules", _three(6, 5, 4)),
           ("those are battles, not zealots", _three(6, 139, 199)),
           ("a battle that ended was taken for one that was won", _three(8, 8, 8)),
           ("the same number for every rule", _three(5, 5, 5)),
           ("these are not the numbers of this experiment", _three(4, 5, 5))])
