"""The exercises of lesson 10, in its order."""

from qmix_course.checks.lesson10 import lab_clock, lab_one_way, measure_starts, must_agree, peeks, policy_value, twin

EXERCISES = (twin.EXERCISE, policy_value.EXERCISE, must_agree.EXERCISE, peeks.EXERCISE, lab_one_way.EXERCISE,
             lab_clock.EXERCISE, measure_starts.EXERCISE)
