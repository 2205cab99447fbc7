"""The exercises of lesson 14, in its order."""

from qmix_course.checks.lesson14 import breaks, keeps_igm, lab_promise, lambda_for_table, measure_random, pull

EXERCISES = (lambda_for_table.EXERCISE, breaks.EXERCISE, pull.EXERCISE, keeps_igm.EXERCISE, lab_promise.EXERCISE,
             measure_random.EXERCISE)
