"""The exercises of lesson 07, in its order."""

from qmix_course.checks.lesson07 import (
    best_next,
    lab_limit,
    lab_unavailable,
    measure_gamma,
    qmix_update,
    td_targets,
    which_count,
    who_hears,
)

EXERCISES = (who_hears.EXERCISE, best_next.EXERCISE, td_targets.EXERCISE, which_count.EXERCISE, qmix_update.EXERCISE,
             lab_unavailable.EXERCISE, lab_limit.EXERCISE, measure_gamma.EXERCISE)
