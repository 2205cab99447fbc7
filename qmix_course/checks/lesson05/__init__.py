"""The exercises of lesson 05, in its order."""

from qmix_course.checks.lesson05 import (
    count_parameters,
    judge_mixer,
    lab_monotone,
    lab_neighbours,
    measure_state,
    mixing_net,
    not_negative,
    voices,
)

EXERCISES = (voices.EXERCISE, not_negative.EXERCISE, count_parameters.EXERCISE, mixing_net.EXERCISE,
             judge_mixer.EXERCISE, lab_monotone.EXERCISE, lab_neighbours.EXERCISE, measure_state.EXERCISE)
