"""Answers to the exercises of lesson 06."""

from tests.catalogue import together
from tests.catalogue.lesson06 import (
    edges,
    hard_copy,
    lab_copy,
    lab_slot,
    measure_copy,
    never_drawn,
    replay,
    soft_update,
    updates_until,
)

CATALOGUE = together({
    "06.1": never_drawn.ANSWERS,
    "06.2": replay.ANSWERS,
    "06.3": soft_update.ANSWERS,
    "06.4": updates_until.ANSWERS,
    "06.5": hard_copy.ANSWERS,
    "06.6": lab_slot.ANSWERS,
    "06.7": lab_copy.ANSWERS,
    "06.8": measure_copy.ANSWERS,
}, edges.EDGES)
