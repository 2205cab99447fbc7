"""Answers to the exercises of lesson 01."""

from tests.catalogue.lesson01 import (
    cost_of_independence,
    credits,
    iql_step,
    iql_values,
    joint_numbers,
    lab_nobodys_doing,
    turning_payoff,
)

CATALOGUE = {
    "01.1": turning_payoff.ANSWERS,
    "01.2": joint_numbers.ANSWERS,
    "01.3": iql_values.ANSWERS,
    "01.4": iql_step.ANSWERS,
    "01.5": credits.ANSWERS,
    "01.6": cost_of_independence.ANSWERS,
    "01.7": lab_nobodys_doing.ANSWERS,
}
