"""Answers to the exercises of lesson 13."""

from tests.catalogue.lesson13 import balance, judged, lab_beyond_rules, largest_alpha, measure_alpha

CATALOGUE = {
    "13.1": largest_alpha.ANSWERS,
    "13.2": balance.ANSWERS,
    "13.3": judged.ANSWERS,
    "13.4": lab_beyond_rules.ANSWERS,
    "13.5": measure_alpha.ANSWERS,
}
