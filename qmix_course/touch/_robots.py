"""An episode of robots on a plane, step by step."""

from __future__ import annotations

from qmix_course.touch._piece import Piece


def robots(places, goals, close, rewards, size: float, view: float, title: str, end: str, seconds: float = 0.25,
           still: str = "") -> Piece:
    """A film of one episode of Formation: it plays once, can be paused and stepped, and stands still where less motion
    is asked for. Dashed circles are as far as a robot sees, thin lines join those who see each other, thick red ones
    those who are in each other's way.

    Lists of numbers: ``places`` [T+1, N, 2] and ``goals`` [N, 2] (the shape, where it is looked for in the end) as
    (x, y), ``close`` [T+1] lists of pairs in each other's way, ``rewards`` [T]; ``end``: how it went. ``still``: the
    HTML of a picture for where no scripts run. What is in it may come out of training, so a comparison of stored
    outputs leaves it out.
    """
    data = {"places": places, "goals": goals, "close": close, "rewards": [round(float(each), 4) for each in rewards],
            "size": size, "view": view, "title": title, "end": end, "seconds": seconds}
    return Piece(("robots",), data, f"{title}, robots to play, pause and step through.", learned=True, still=still)
