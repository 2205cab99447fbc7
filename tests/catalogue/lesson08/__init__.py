"""Answers to the exercises of lesson 08."""

from tests.catalogue import together
from tests.catalogue.lesson08 import (
    count_run,
    edges,
    first_step,
    greedy_episodes,
    lab_every_fiftieth,
    measure_schedule,
    stop_step,
    train_loop,
)

CATALOGUE = together({
    "08.1": count_run.ANSWERS,
    "08.2": first_step.ANSWERS,
    "08.3": train_loop.ANSWERS,
    "08.4": greedy_episodes.ANSWERS,
    "08.5": stop_step.ANSWERS,
    "08.6": lab_every_fiftieth.ANSWERS,
    "08.7": measure_schedule.ANSWERS,
}, edges.EDGES)
