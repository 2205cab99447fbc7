"""Answers to the exercises of lesson 15."""

from tests.catalogue.lesson15 import lab_switches, measure_ten_times, meet_alternative, smallest_gaps, violations

CATALOGUE = {
    "15.1": violations.ANSWERS,
    "15.2": smallest_gaps.ANSWERS,
    "15.3": meet_alternative.ANSWERS,
    "15.4": lab_switches.ANSWERS,
    "15.5": measure_ten_times.ANSWERS,
}
