"""Amdahl's law: a few doublings to spend on the parts of a run."""

from __future__ import annotations

from qmix_course import errors
from qmix_course.touch._piece import Piece

MOST = 10                               # parts


def parts(shares: dict[str, float], doublings: int = 6) -> Piece:
    """A run taken apart: ``shares`` of its time by name (numbers above 0; what counts is their ratios). ``doublings``
    are there to be spent, each of which makes one part twice as fast. Shown at once: what is left of each part, and how
    many times as fast the whole is (1 / Σ p / 2^k, as lesson 21's ``speed_up``)."""
    errors.instance("shares", shares, dict)
    if not 2 <= len(shares) <= MOST or not all(isinstance(name, str) and name for name in shares):
        raise ValueError(f"shares: expected 2 to {MOST} names and their shares, got {errors.describe(shares)}")
    sizes = [errors.number(f"shares[{name!r}]", each, above=0.0) for name, each in shares.items()]
    whole = errors.number("the sum of shares", sum(sizes))
    doublings = errors.whole_number("doublings", doublings, at_least=1, at_most=20)
    data = {"names": list(shares), "shares": [round(each / whole, 4) for each in sizes], "doublings": doublings}
    return Piece(("parts",), data, f"{doublings} doublings to spend on the parts of a run: how many times as fast does "
                                   "the whole get?")
