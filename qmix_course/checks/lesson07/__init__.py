"""The exercises of lesson 07, in its order."""

from qmix_course.checks.lesson07 import (
    best_next,
    chosen_values,
    lab_limit,
    lab_unavailable,
    measure_gamma,
    qmix_update,
    td_loss,
    td_targets,
)

EXERCISES = (chosen_values.EXERCISE, best_next.EXERCISE, td_targets.EXERCISE, td_loss.EXERCISE, qmix_update.EXERCISE,
             lab_unavailable.EXERCISE, lab_limit.EXERCISE, measure_gamma.EXERCISE)
