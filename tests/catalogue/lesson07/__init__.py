"""Answers to the exercises of lesson 07."""

from tests.catalogue import together
from tests.catalogue.lesson07 import (
    best_next,
    chosen_values,
    edges,
    lab_limit,
    lab_unavailable,
    measure_gamma,
    qmix_update,
    td_loss,
    td_targets,
)

CATALOGUE = together({
    "07.1": chosen_values.ANSWERS,
    "07.2": best_next.ANSWERS,
    "07.3": td_targets.ANSWERS,
    "07.4": td_loss.ANSWERS,
    "07.5": qmix_update.ANSWERS,
    "07.6": lab_unavailable.ANSWERS,
    "07.7": lab_limit.ANSWERS,
    "07.8": measure_gamma.ANSWERS,
}, edges.EDGES)
