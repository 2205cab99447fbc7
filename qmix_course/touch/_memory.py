"""What one unit of a GRU holds in the cue task, step by step."""

from __future__ import annotations

from qmix_course.touch._piece import Piece


def memory() -> Piece:
    """A GRU unit of one number that sees a cue once and must hold it through a corridor: its update gate
    z = σ(keep + listen · shown), its proposal n = tanh(write · cue), and h = (1 − z) n + z h at every step. The weights
    on h are 0. The start is the lesson's unit: a gate of σ(3) that does not listen to the cue."""
    return Piece(("memory",), {"keep": 3, "listen": 0, "write": 2},
                 "what a memory of one number holds, step by step, for gates that you set.")
