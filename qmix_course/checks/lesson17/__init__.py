"""The exercises of lesson 17, in its order."""

from qmix_course.checks.lesson17 import lab_units, measure_units, side_by_side, team_outcome

EXERCISES = (team_outcome.EXERCISE, side_by_side.EXERCISE, measure_units.EXERCISE, lab_units.EXERCISE)
