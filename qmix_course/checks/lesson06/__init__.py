"""The exercises of lesson 06, in its order."""

from qmix_course.checks.lesson06 import (
    hard_copy,
    lab_copy,
    lab_slot,
    measure_copy,
    never_drawn,
    replay,
    soft_update,
    updates_until,
)

EXERCISES = (never_drawn.EXERCISE, replay.EXERCISE, soft_update.EXERCISE, updates_until.EXERCISE, hard_copy.EXERCISE,
             lab_slot.EXERCISE, lab_copy.EXERCISE, measure_copy.EXERCISE)
