"""The exercises of lesson 11, in its order."""

from qmix_course.checks.lesson11 import lab_half_head, least_error, makers, measure_twice, smallest_class

EXERCISES = (smallest_class.EXERCISE, least_error.EXERCISE, makers.EXERCISE, lab_half_head.EXERCISE,
             measure_twice.EXERCISE)
