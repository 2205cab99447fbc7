"""An episode on the board, step by step."""

from __future__ import annotations

from qmix_course.touch._piece import Piece


def film(positions, actions, rewards, size: int, goals, title: str, seconds: float = 0.5, still: str = "") -> Piece:
    """A film that plays once, can be paused, stepped and pulled, and stands still where less motion is asked for.

    Lists of numbers: ``positions`` [T+1, N, 2] and ``goals`` [N, 2] as (row, column), ``actions`` [T, N] (0 up, 1 down,
    2 left, 3 right, −1 none), ``rewards`` [T]. ``still``: the HTML of a picture for where no scripts run. What is in
    it may come out of training, so a comparison of stored outputs leaves it out.
    """
    data = {"positions": positions, "actions": actions, "rewards": [round(float(reward), 4) for reward in rewards],
            "size": size, "goals": goals, "title": title, "seconds": seconds}
    return Piece(("board", "film"), data, f"{title}, an episode to play, pause and step through.", learned=True,
                 still=still)
