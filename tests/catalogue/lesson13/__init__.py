"""Answers to the exercises of lesson 13."""

from tests.catalogue.lesson13 import (
    balance,
    central_weights,
    lab_beyond_rules,
    measure_alpha,
    ow_loss,
)

CATALOGUE = {
    "13.1": central_weights.ANSWERS,
    "13.2": balance.ANSWERS,
    "13.3": ow_loss.ANSWERS,
    "13.4": lab_beyond_rules.ANSWERS,
    "13.5": measure_alpha.ANSWERS,
}
