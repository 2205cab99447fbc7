"""The exercises of lesson 08, in its order."""

from qmix_course.checks.lesson08 import (
             count_run,
             first_step,
             greedy_episodes,
             lab_every_fiftieth,
             measure_schedule,
             stop_step,
             train_loop,
)

EXERCISES = (count_run.EXERCISE, first_step.EXERCISE, train_loop.EXERCISE, greedy_episodes.EXERCISE, stop_step.EXERCISE,
             lab_every_fiftieth.EXERCISE, measure_schedule.EXERCISE)
