"""Answers to the exercises of lesson 17."""

from tests.catalogue.lesson17 import lab_units, measure_units, side_by_side, team_outcome

CATALOGUE = {
    "17.1": team_outcome.ANSWERS,
    "17.2": side_by_side.ANSWERS,
    "17.3": measure_units.ANSWERS,
    "17.4": lab_units.ANSWERS,
}
