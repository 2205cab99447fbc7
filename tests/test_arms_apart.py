"""An arm that is trained as another one is told apart, also where the seeds of the check give both the same numbers."""

import pytest
import torch

from qmix_course.checks import check, experiment
from tests.test_catalogue import CATALOGUE

# arm, and the arm whose training it silently gets: their numbers are the same at both seeds that are trained again
ALIKE = {"03.8": ("one network with an id", "two networks"), "06.8": ("tau 1", "tau 0.1"),
         "07.8": ("gamma 0.95", "gamma 0.87"), "13.5": ("alpha 0.5", "alpha 1"), "16.5": ("always 0.05", "falls")}


@pytest.fixture(autouse=True)
def as_in_a_notebook():
    torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("number", ALIKE)
def test_an_arm_that_is_trained_as_another_is_told(number):
    arm, other = ALIKE[number]
    measure, measured, letter = CATALOGUE[number].right[0]
    assert measure(arm, [7, experiment.FRESH]) == measure(other, [7, experiment.FRESH])
    verdict = check(number, lambda each, seeds: measure(other if each == arm else each, seeds),
                    measured | {arm: measured[other]}, letter)
    assert verdict.kind == "wrong" and verdict.title == experiment.SAME_ARMS.name, verdict
    assert repr(arm) in verdict.detail and repr(other) in verdict.detail


@pytest.mark.parametrize("number", ["06.8", "16.5"])
def test_who_trains_all_arms_and_takes_one_is_right(number):
    measure, measured, letter = CATALOGUE[number].right[0]

    def wasteful(arm, seeds):
        return {each: measure(each, seeds) for each in measured}[arm]

    assert check(number, wasteful, measured, letter).kind == "correct"
