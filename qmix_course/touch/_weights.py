"""α as a slider, and the pulls of Weighted QMIX on each cell of a table."""

from __future__ import annotations

from qmix_course.envs import PAYOFFS, penalty
from qmix_course.touch._piece import Piece

GAMES = {"climbing": PAYOFFS["climbing"], "QPLEX's game 3": PAYOFFS["qplex3"], "QPLEX's game 1": PAYOFFS["qplex1"],
         "QTRAN's game": PAYOFFS["qtran"], "penalty(−25)": penalty(-25)}


def weights() -> Piece:
    """The table of QMIX's class with the smallest optimistic loss Σ w (Q_tot − y)², w = 1 where Q_tot < y and α
    elsewhere, for five games, and the pull w (y − Q_tot) on each of its cells. Computed in the browser, exactly."""
    return Piece(("cones", "weights"), {"games": GAMES},
                 "α as a slider, with the nearest table of QMIX's class and the pull on each of its cells.")
