"""An arm that is trained as another one is told apart, also where the seeds of the check give both the same numbers."""

import functools

import pytest
import torch

from qmix_course.checks import check, experiment
from tests.catalogue.lesson15 import measure_ten_times
from tests.test_catalogue import CATALOGUE

# arm, and the arm whose training it silently gets: their numbers are the same at both seeds that are trained again
ALIKE = {"03.8": ("one network with an id", "two networks"),
         "04.7": ("positive product", "sum"), "06.8": ("tau 1", "tau 0.1"),
         "07.8": ("gamma 0.95", "gamma 0.87"), "12.5": ("last action", "nothing more"),
         "13.5": ("alpha 0.5", "alpha 1"),
         "15.5": ("as it is", "ten times the steps"), "16.5": ("always 0.05", "falls"),
         "21.3": ("few updates, large batches", "few updates")}


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


@pytest.mark.parametrize("number", ["12.5", "15.5", "21.3"])
def test_two_arms_that_are_exchanged_are_told(number):
    arm, other = ALIKE[number]
    measure, measured, letter = CATALOGUE[number].right[0]
    turned = {arm: other, other: arm}
    verdict = check(number, lambda each, seeds: measure(turned.get(each, each), seeds),
                    {each: measured[turned.get(each, each)] for each in measured}, letter)
    assert (verdict.kind, verdict.title) == ("wrong", experiment.SAME_ARMS.name), verdict


@pytest.mark.parametrize("number", ["03.8", "07.8", "11.5", "12.5", "13.5"])
def test_numbers_that_are_known_by_heart_are_no_training(number):
    _, measured, letter = CATALOGUE[number].right[0]
    assert all(len(set(row)) == 1 for row in measured.values())
    verdict = check(number, lambda arm, seeds: [measured[arm][0]] * len(seeds), measured, letter)
    assert (verdict.kind, verdict.title) == ("wrong", experiment.OTHERWISE.name) and "trains nothing" in verdict.detail


@pytest.mark.parametrize("number", ["12.5"])
def test_who_remembers_what_was_trained_may_ask_twice(number):
    measure, measured, letter = CATALOGUE[number].right[0]
    kept = functools.cache(lambda arm, seeds: tuple(measure(arm, seeds)))

    def remembered(arm, seeds):
        return kept(arm, tuple(seeds))

    assert [check(number, remembered, measured, letter).kind for _ in range(2)] == ["correct"] * 2


def test_who_keeps_every_team_and_trains_the_new_ones_is_right():
    measure, measured, letter = CATALOGUE["13.5"].right[0]
    kept = {}

    def remembered(arm, seeds):
        for seed in seeds:
            if (arm, seed) not in kept:
                kept[arm, seed], = measure(arm, [seed])
        return [kept[arm, seed] for seed in seeds]

    assert {arm: remembered(arm, range(8)) for arm in measured} == measured
    assert check("13.5", remembered, measured, letter).kind == "correct"


def test_whoever_sorts_the_seeds_is_right():
    """A sweep lists its runs so, and 20.3 hands out a function that measures by one."""
    measure, measured, letter = CATALOGUE["17.3"].right[0]
    assert check("17.3", lambda arm, seeds: measure(arm, sorted(seeds)), measured, letter).kind == "correct"


@pytest.mark.parametrize("moved, told", [(0, "only the better of the two cues is judged"),
                                         (50, experiment.OTHERWISE.name)])
def test_numbers_that_a_wrong_look_explains_are_put_down_to_it_only_where_the_teams_are_the_texts(moved, told):
    right, measured, letter = CATALOGUE["12.5"].right[0]

    def always_1(arm, seeds):
        right(arm, [seed + moved for seed in seeds])
        return [1.0] * len(seeds)

    verdict = check("12.5", always_1, measured, letter)
    assert (verdict.kind, verdict.title) == ("wrong", told), verdict


def test_a_right_training_that_is_looked_at_in_another_way_is_told_so_and_another_training_is_not():
    right, measured, letter = CATALOGUE["13.5"].right[0]

    def counted_otherwise(arm, seeds):
        return [2 * number + 1 for number in right(arm, seeds)]

    def other_teams(arm, seeds):
        return counted_otherwise(arm, [seed + 50 for seed in seeds])

    def once_more(arm, seeds):
        """Trains what the text asks for, and other teams as well, whose numbers it gives."""
        right(arm, seeds)
        return other_teams(arm, seeds)

    for measure, told in ((counted_otherwise, experiment.ANOTHER_LOOK), (other_teams, experiment.OTHERWISE),
                          (once_more, experiment.OTHERWISE)):
        verdict = check("13.5", measure, measured, letter)
        assert (verdict.kind, verdict.title) == ("wrong", told.name), verdict


@pytest.mark.parametrize("change", [{"ten times the weight": {"nopt_weight": 100.0}},
                                    {"ten times the weight": {"nopt_weight": 10.0, "n_steps": 5_000}},
                                    {"ten times the steps": {"n_steps": 1_000}}])
def test_where_the_text_gives_the_training_another_one_is_told(change):
    """Among 15.5's seeds all of these give the numbers that the text's arms give."""
    _, measured, letter = CATALOGUE["15.5"].right[0]
    settings = measure_ten_times.SETTINGS | change

    def measure(arm, seeds):
        u1, u2 = measure_ten_times.learn(seeds, **settings[arm]).argmax(2).unbind(1)
        return measure_ten_times.PAYOFF[u1, u2].tolist()

    verdict = check("15.5", measure, measured, letter)
    assert (verdict.kind, verdict.title) == ("wrong", experiment.OTHERWISE.name), verdict


def test_where_rounding_grows_one_by_one_is_right_too():
    """In centimetres a team that is trained alone ends elsewhere than beside others: the sums have another order."""
    together, _, letter = CATALOGUE["17.3"].right[0]

    def one_by_one(arm, seeds):
        return [together(arm, [seed])[0] for seed in seeds]

    measured = {arm: one_by_one(arm, range(8)) for arm in ("in metres", "in centimetres")}
    assert check("17.3", one_by_one, measured, letter).kind == "correct"
