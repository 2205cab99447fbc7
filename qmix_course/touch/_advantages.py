"""QPLEX's λ against the agents' advantages, joint action by joint action."""

from __future__ import annotations

from qmix_course.envs import PAYOFFS
from qmix_course.touch._piece import Piece


def advantages() -> Piece:
    """Q_tot = V + λ_1 A_1 + λ_2 A_2 on QPLEX's game 3: pick a joint action and pull its λ until the entry is right;
    then let λ fall below zero and see IGM break. V = 8, and each agent's advantages begin at 0, −1, −1."""
    data = {"payoff": PAYOFFS["qplex3"], "v": 8, "advantages": [[0, -1, -1], [0, -1, -1]]}
    return Piece(("advantages",), data,
                 "λ against the agents' advantages: make a payoff table, one joint action at a time.")
