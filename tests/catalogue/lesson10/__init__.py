"""Answers to the exercises of lesson 10."""

from tests.catalogue import together
from tests.catalogue.lesson10 import (
    edges,
    lab_clock,
    lab_one_way,
    measure_starts,
    must_agree,
    peeks,
    policy_value,
    twin,
)

CATALOGUE = together({
    "10.1": twin.ANSWERS,
    "10.2": policy_value.ANSWERS,
    "10.3": must_agree.ANSWERS,
    "10.4": peeks.ANSWERS,
    "10.5": lab_one_way.ANSWERS,
    "10.6": lab_clock.ANSWERS,
    "10.7": measure_starts.ANSWERS,
}, edges.EDGES)
