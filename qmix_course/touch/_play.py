"""A board to play, and the table of a team that plays on it."""

from __future__ import annotations

import numpy as np
import torch

from qmix_course import errors, exact
from qmix_course.envs import GridWorld
from qmix_course.touch._piece import Piece

MOST = 6                                # cells a side: the table has size⁴ letters


def play(size: int = 5) -> Piece:
    """The grid world for a person, by keys, mouse or touch: both agents' moves, and what everybody observes.

    The rules are those of ``GridWorld(size)``. The team that plays on when asked is a perfect one, computed exactly.
    """
    size = errors.whole_number("size", size, at_least=2, at_most=MOST)
    return Piece(("board", "play"), {"size": size, "team": perfect(size)},
                 "a board on which you move both agents, and see observations, state and reward at each step.")


def perfect(size: int) -> str:
    """A table of joint actions that are all optimal (γ = 0.99); of several equally good ones the first."""
    solution = exact.solve(GridWorld(size))
    q = solution.q.flatten(1).numpy()
    best = q >= q.max(1, keepdims=True) - 1e-4        # rounding must not decide between equals, in float32 either
    return letters(GridWorld(size), torch.from_numpy(best.argmax(1)))


def letters(env: GridWorld, joint: torch.Tensor) -> str:
    """joint[X] int64, 4 · action of agent 1 + action of agent 2, in the order of ``env.placements()``, as a table: one
    letter from 0 to f for each pair of cells (row · size + column of agent 1, then of agent 2), 0 where there is
    no such placement."""
    cells = (env.placements().numpy() @ [env.size, 1]).T                                            # [2, X]
    table = np.zeros((env.size**2, env.size**2), dtype=int)
    table[cells[0], cells[1]] = joint.numpy()
    return "".join(f"{action:x}" for action in table.ravel())
