"""The exercises of lesson 06: the replay memory and the target network."""

from __future__ import annotations

from qmix_course.checks.lesson06_hard import HARD
from qmix_course.checks.lesson06_labs import LABS, learn_case
from qmix_course.checks.lesson06_memory import MEMORY
from qmix_course.checks.lesson06_numbers import DELAY, NEVER
from qmix_course.checks.lesson06_targets import SOFT

__all__ = ("EXERCISES", "learn_case")

EXERCISES = (NEVER, MEMORY, SOFT, DELAY, HARD, *LABS)
