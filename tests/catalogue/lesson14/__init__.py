"""Answers to the exercises of lesson 14."""

from tests.catalogue.lesson14 import breaks, keeps_igm, lab_promise, lambda_for_table, measure_random, pull

CATALOGUE = {
    "14.1": lambda_for_table.ANSWERS,
    "14.2": breaks.ANSWERS,
    "14.3": pull.ANSWERS,
    "14.4": keeps_igm.ANSWERS,
    "14.5": lab_promise.ANSWERS,
    "14.6": measure_random.ANSWERS,
}
