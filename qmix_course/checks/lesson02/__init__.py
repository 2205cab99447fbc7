"""The exercises of lesson 02, in its order."""

from qmix_course.checks.lesson02 import (
             end_flags,
             lab_last_row,
             lab_two_on_one_cell,
             leaks,
             observe,
             settle,
             team_step,
             walk,
)

EXERCISES = (walk.EXERCISE, settle.EXERCISE, team_step.EXERCISE, observe.EXERCISE, leaks.EXERCISE, end_flags.EXERCISE,
             lab_two_on_one_cell.EXERCISE, lab_last_row.EXERCISE)
