"""The exercises of lesson 13, in its order."""

from qmix_course.checks.lesson13 import (
    balance,
    central_weights,
    lab_beyond_rules,
    measure_alpha,
    ow_loss,
)

EXERCISES = (central_weights.EXERCISE, balance.EXERCISE, ow_loss.EXERCISE, lab_beyond_rules.EXERCISE,
             measure_alpha.EXERCISE)
