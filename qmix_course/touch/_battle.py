"""A battle of Skirmish, step by step."""

from __future__ import annotations

from qmix_course.touch._piece import Piece


def battle(places, health, full, shots, rewards, n: int, letters: str, part, title: str, end: str,
           seconds: float = 0.4, still: str = "") -> Piece:
    """A film of a battle: it plays once, can be paused and stepped, and stands still where less motion is asked for.

    Lists of numbers: ``places`` [T+1, U, 2] as (x, y), ``health`` [T+1, U], ``full`` [U], ``shots`` [T] lists of
    (shooter, target), ``rewards`` [T]; the first ``n`` of the ``U`` units are the team. ``letters``: each unit's kind,
    or a blank; ``part``: the corners x, y, x, y of what is shown; ``end``: how it went. ``still``: the HTML of a
    picture for where no scripts run. What is in it may come out of training, so a comparison of stored outputs leaves
    it out.
    """
    data = {"places": places, "health": health, "full": full, "shots": shots, "n": n, "letters": letters, "part": part,
            "rewards": [round(float(reward), 4) for reward in rewards], "title": title, "end": end, "seconds": seconds}
    return Piece(("battle",), data, f"{title}, a battle to play, pause and step through.", learned=True, still=still)
