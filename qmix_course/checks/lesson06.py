"""The exercises of lesson 06: the replay memory and the target network."""

from __future__ import annotations

from qmix_course.checks.lesson06_memory import MEMORY, STORE_LAB
from qmix_course.checks.lesson06_targets import LEARN_LAB, TARGETS, learn_case

__all__ = ("EXERCISES", "learn_case")

EXERCISES = (*MEMORY, *TARGETS, STORE_LAB, LEARN_LAB)
