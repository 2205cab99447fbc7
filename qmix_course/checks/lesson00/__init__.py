"""The exercises of lesson 00, in its order."""

from qmix_course.checks.lesson00 import one_step_target

EXERCISES = (one_step_target.EXERCISE,)
