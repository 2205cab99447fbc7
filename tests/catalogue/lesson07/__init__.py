"""Answers to the exercises of lesson 07."""

from tests.catalogue import together
from tests.catalogue.lesson07 import (
    best_next,
    edges,
    lab_limit,
    lab_unavailable,
    measure_gamma,
    qmix_update,
    td_targets,
    which_count,
    who_hears,
)

CATALOGUE = together({
    "07.1": who_hears.ANSWERS,
    "07.2": best_next.ANSWERS,
    "07.3": td_targets.ANSWERS,
    "07.4": which_count.ANSWERS,
    "07.5": qmix_update.ANSWERS,
    "07.6": lab_unavailable.ANSWERS,
    "07.7": lab_limit.ANSWERS,
    "07.8": measure_gamma.ANSWERS,
}, edges.EDGES)
