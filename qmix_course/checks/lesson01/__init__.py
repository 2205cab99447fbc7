"""The exercises of lesson 01, in its order."""

from qmix_course.checks.lesson01 import (
    cost_of_independence,
    credits,
    iql_step,
    iql_values,
    joint_numbers,
    lab_nobodys_doing,
    turning_payoff,
)

EXERCISES = (turning_payoff.EXERCISE, joint_numbers.EXERCISE, iql_values.EXERCISE, iql_step.EXERCISE, credits.EXERCISE,
             cost_of_independence.EXERCISE, lab_nobodys_doing.EXERCISE)
