"""The exercises of lesson 20, in its order."""

from qmix_course.checks.lesson20 import best_of, improvement, lab_figure, measure_rate

EXERCISES = (improvement.EXERCISE, best_of.EXERCISE, measure_rate.EXERCISE, lab_figure.EXERCISE)
