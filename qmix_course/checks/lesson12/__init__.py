"""The exercises of lesson 12, in its order."""

from qmix_course.checks.lesson12 import lab_late_target, lambda_targets, measure_told, memories, window_curve

EXERCISES = (window_curve.EXERCISE, memories.EXERCISE, lambda_targets.EXERCISE, lab_late_target.EXERCISE,
             measure_told.EXERCISE)
