"""Answers to the exercises of lesson 09."""

from tests.catalogue import together
from tests.catalogue.lesson09 import (
    average_by_steps,
    causes,
    edges,
    expected_reward,
    first_for_good,
    lab_earns_nothing,
    measure_dice,
)

CATALOGUE = together({
    "09.1": average_by_steps.ANSWERS,
    "09.2": first_for_good.ANSWERS,
    "09.3": expected_reward.ANSWERS,
    "09.4": lab_earns_nothing.ANSWERS,
    "09.5": causes.ANSWERS,
    "09.6": measure_dice.ANSWERS,
}, edges.EDGES)
