"""Answers to the exercises of lesson 11."""

from tests.catalogue.lesson11 import lab_half_head, least_error, makers, measure_twice, smallest_class

CATALOGUE = {
    "11.1": smallest_class.ANSWERS,
    "11.2": least_error.ANSWERS,
    "11.3": makers.ANSWERS,
    "11.4": lab_half_head.ANSWERS,
    "11.5": measure_twice.ANSWERS,
}
