"""What the checks of lesson 10 share: mistakes that are the right rule with a twist."""

from __future__ import annotations

from functools import partial

from qmix_course.checks.exercise import Mistake

UNKNOWN = "the values are not the expected ones"       # the title of a wrong answer that no mistake explains


def twisted(rule, *mistakes: tuple[str, str, str, str]) -> tuple[Mistake, ...]:
    """Mistakes from (twist, name, hint, why): ``rule`` with a twist is what somebody with the misconception computes."""
    return tuple(Mistake(name, hint, why, partial(rule, twist=twist) if twist else None) for twist, name, hint, why in mistakes)
