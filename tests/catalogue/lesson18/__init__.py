"""Answers to the exercises of lesson 18."""

from tests.catalogue.lesson18 import lab_still, meetings, places, pooled, shared

CATALOGUE = {
    "18.1": places.ANSWERS,
    "18.2": pooled.ANSWERS,
    "18.3": meetings.ANSWERS,
    "18.4": shared.ANSWERS,
    "18.5": lab_still.ANSWERS,
}
