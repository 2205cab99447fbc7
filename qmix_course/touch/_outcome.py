"""One step of somebody else's environment, and what it is for the team."""

from __future__ import annotations

from qmix_course.touch._piece import Piece


def outcome() -> Piece:
    """Three agents, each with a reward and a flag of its own (plays on, terminated, truncated, both, or out since an
    earlier step), and the team's clock: what ``from_parallel_env`` makes of the step, and the target that a learner
    takes from it, with γ = 0.9 and 10 for the value of what comes. Begins with both flags for everybody."""
    data = {"names": ["robot 1", "robot 2", "robot 3"], "rewards": [1, 1, 4], "flags": [3, 3, 3], "gamma": 0.9,
            "next": 10}
    return Piece(("outcome",), data, "one step of somebody's environment: is it an end or a cut, who is paid what, and "
                                     "what does the target become?")
