"""The exercises of lesson 13, in its order."""

from qmix_course.checks.lesson13 import balance, judged, lab_beyond_rules, largest_alpha, measure_alpha

EXERCISES = (largest_alpha.EXERCISE, balance.EXERCISE, judged.EXERCISE, lab_beyond_rules.EXERCISE,
             measure_alpha.EXERCISE)
