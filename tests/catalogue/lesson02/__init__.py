"""Answers to the exercises of lesson 02."""

from tests.catalogue import together
from tests.catalogue.lesson02 import (
    end_flags,
    lab_last_row,
    lab_two_on_one_cell,
    leaks,
    observe,
    settle,
    team_step,
    walk,
    wide,
)

CATALOGUE = together({
    "02.1": walk.ANSWERS,
    "02.2": settle.ANSWERS,
    "02.3": team_step.ANSWERS,
    "02.4": observe.ANSWERS,
    "02.5": leaks.ANSWERS,
    "02.6": end_flags.ANSWERS,
    "02.7": lab_two_on_one_cell.ANSWERS,
    "02.8": lab_last_row.ANSWERS,
}, wide.ANSWERS)
