"""The exercises of lesson 09, in its order."""

from qmix_course.checks.lesson09 import (
    average_by_steps,
    causes,
    expected_reward,
    first_for_good,
    lab_earns_nothing,
    measure_dice,
)

EXERCISES = (average_by_steps.EXERCISE, first_for_good.EXERCISE, expected_reward.EXERCISE, lab_earns_nothing.EXERCISE,
             causes.EXERCISE, measure_dice.EXERCISE)
