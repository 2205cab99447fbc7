"""Answers to the exercises of lesson 05."""

from tests.catalogue.lesson05 import (
    count_parameters,
    judge_mixer,
    lab_monotone,
    lab_neighbours,
    measure_state,
    mixing_net,
    not_negative,
    voices,
)

CATALOGUE = {
    "05.1": voices.ANSWERS,
    "05.2": not_negative.ANSWERS,
    "05.3": count_parameters.ANSWERS,
    "05.4": mixing_net.ANSWERS,
    "05.5": judge_mixer.ANSWERS,
    "05.6": lab_monotone.ANSWERS,
    "05.7": lab_neighbours.ANSWERS,
    "05.8": measure_state.ANSWERS,
}
