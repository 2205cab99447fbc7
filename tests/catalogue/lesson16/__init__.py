"""Answers to the exercises of lesson 16."""

from tests.catalogue.lesson16 import adapt, lab_latent, lucky_chance, measure_guessing, mi_bound

CATALOGUE = {
    "16.1": lucky_chance.ANSWERS,
    "16.2": adapt.ANSWERS,
    "16.3": mi_bound.ANSWERS,
    "16.4": lab_latent.ANSWERS,
    "16.5": measure_guessing.ANSWERS,
}
