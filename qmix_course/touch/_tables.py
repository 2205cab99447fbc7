"""A payoff table to edit, its class, and the nearest tables of three classes."""

from __future__ import annotations

from qmix_course.envs import PAYOFFS, penalty
from qmix_course.touch._piece import Piece

GAMES = {
    "2 × 2: state 2B of the two-step game": ((0, 1), (1, 8)),
    "2 × 2: OR": ((0, 1), (1, 1)),
    "2 × 2: two equal optima": PAYOFFS["two_optima"],
    "3 × 3: QTRAN's game": PAYOFFS["qtran"],
    "3 × 3: climbing": PAYOFFS["climbing"],
    "3 × 3: penalty(−25)": penalty(-25),
    "3 × 3: QPLEX's game 3": PAYOFFS["qplex3"],
    "3 × 3: QPLEX's game 1": PAYOFFS["qplex1"],
}


def tables() -> Piece:
    """A 2 × 2 or 3 × 3 payoff to edit: the smallest class that holds it, and the nearest additive, QMIX-like and
    monotone tables with what a team that believes them plays.

    All of it is computed in the browser, exactly, as ``representation.classify`` and ``best_tables`` do with equal
    weights.
    """
    return Piece(("cones", "tables"), {"games": GAMES},
                 "a payoff table to edit, with its class and the nearest table of each class.")
