"""Answers to the exercises of lesson 19."""

from tests.catalogue.lesson19 import lab_too_easy, largest, masks, targets, volley

CATALOGUE = {
    "19.1": targets.ANSWERS,
    "19.2": volley.ANSWERS,
    "19.3": masks.ANSWERS,
    "19.4": largest.ANSWERS,
    "19.5": lab_too_easy.ANSWERS,
}
