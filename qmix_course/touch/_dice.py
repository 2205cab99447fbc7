"""Epsilon as a slider: the greedy return, the exact exploring return, and the dice of one episode."""

from __future__ import annotations

import torch

from qmix_course import errors
from qmix_course.envs import GridWorld
from qmix_course.touch._piece import Piece
from qmix_course.touch._play import perfect

STEPS = 20                              # ε from 0 to 1 in steps of 1/20


def dice(epsilon: float = 0.75) -> Piece:
    """A perfect team on the 5×5 grid world: its greedy return and its exploring return over ε, exactly, beside one
    episode whose coins are shown one by one. ``epsilon`` (0 to 1) is where the slider begins, to the nearest 0.05."""
    epsilon = round(STEPS * errors.number("epsilon", epsilon, 0.0, 1.0)) / STEPS
    epsilons = [k / STEPS for k in range(STEPS + 1)]
    table = perfect(5)
    data = {"size": 5, "team": table, "epsilons": epsilons, "epsilon": epsilon,
            "returns": [round(expected_return(5, table, each), 2) for each in epsilons]}
    return Piece(("board", "dice"), data, "ε as a slider over the greedy and the exploring return of a perfect team, "
                                          "with the dice of one episode.")


def expected_return(size: int, table: str, epsilon: float, limit: int = 100) -> float:
    """The exact mean return, undiscounted, of a team that plays ``table`` (see ``letters``) ε-greedily from the
    official start: backwards from the time limit."""
    env = GridWorld(size)
    model, cells = env.model(), env.placements() @ torch.tensor([size, 1])                          # cells [X, 2]
    joint = torch.tensor([int(table[a * size**2 + b], 16) for a, b in cells.tolist()])
    coin = torch.full((len(joint), 2, 4), epsilon / 4, dtype=torch.float64)
    coin += (1 - epsilon) * torch.nn.functional.one_hot(torch.stack([joint // 4, joint % 4], 1), 4)
    chances = coin[:, 0, :, None] * coin[:, 1, None, :]                                             # [X, A, A]
    reward, v = model.reward.double().round(decimals=6), torch.zeros(len(joint), dtype=torch.float64)
    for _ in range(limit):
        v = (chances * (reward + torch.where(model.terminated, 0.0, v[model.next_state]))).sum((1, 2))
    return float(v[model.start].mean())
