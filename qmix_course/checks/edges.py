"""The limits of a text, tried one at a time: what an answer gets wrong only there has one cause, and it is known."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

from qmix_course.checks import values
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def at_the_edge(room: Room, answer, cases: list[tuple], truth: Callable, name: str, tolerance: float = 1e-9,
                function: str | None = None, patience: float = float("inf")) -> None:
    """Hold ``answer`` against ``truth(*case)`` in cases at one limit of the text: an answer that was right everywhere
    else and fails here has the mistake ``name``. ``function``: what the learner calls it, where an exercise has
    several.
    ``patience``: an answer that is right, but computes for more seconds than this in one case, is not asked about
    those behind it."""
    function = function or next(iter(room.exercise.answers))
    for case in cases:
        begin = time.process_time()
        got = room.ask(answer, *case)
        slow, want = time.process_time() - begin > patience, truth(*copy.deepcopy(case))
        problem = values.problem(got, want, tolerance)
        if problem and problem.kind == "wrong shape or type":
            raise Found(Verdict(problem.kind, problem.text,
                                "Print what your answer gives for one small case, and its shape "
                                "and dtype.", values.call(function, case)))
        if problem:
            raise room.wrong(name, "\n".join(filter(None, [values.call(function, case), values.table(got, want)])))
        if slow:
            return
