"""Answers to the exercises of lesson 00."""

from tests.catalogue.lesson00 import one_step_target

CATALOGUE = {
    "00.1": one_step_target.ANSWERS,
}
