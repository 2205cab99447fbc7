"""The form of a checked experiment, tried on one that needs no training."""

import math
from dataclasses import replace

import numpy
import pytest
import torch

from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room

MIXED, BEYOND = "the larger one called the smaller", "more is concluded than was measured"
ASKED = []


def run(arm, seeds):
    ASKED.append((arm, tuple(seeds)))
    return [{"small": 1.0, "large": 5.0}[arm] + seed / 10_000 for seed in seeds]


PLAN = experiment.Plan(
    arms=("small", "large"), run=run, close=1e-3, seeds=5,
    follows={"A": lambda numbers: numbers["small"][0] < numbers["large"][0],
             "B": lambda numbers: numbers["small"][0] > numbers["large"][0], "C": lambda numbers: False},
    told={"B": MIXED, "C": BEYOND})
EXERCISE = Exercise(
    number="99.1", title="A form", answers=experiment.ANSWERS, difficulty=1, minutes=2, practises="", hints=("", ""),
    look=PLAN.look,
    mistakes=(*experiment.COMMON, Mistake(MIXED, "hint one", "why"), Mistake(BEYOND, "hint two", "why")))
MEASURED = {arm: run(arm, range(5)) for arm in PLAN.arms}


def judge(measure=run, measured=MEASURED, conclusion="A"):
    return Room(EXERCISE).judge((measure, measured, conclusion))


@pytest.mark.parametrize("measured", [
    MEASURED, {arm: tuple(row) for arm, row in MEASURED.items()},
    {arm: torch.tensor(row) for arm, row in MEASURED.items()}, {arm: numpy.array(row) for arm, row in MEASURED.items()},
    {arm: [torch.tensor([each]) for each in row] for arm, row in MEASURED.items()},
    {arm: [numpy.float64(each) for each in row] for arm, row in MEASURED.items()},
    {"large": run("large", range(30)), "small": run("small", range(30))}])
@pytest.mark.parametrize("letter", ["A", "a", " A "])
def test_right_numbers_in_any_kind_of_row(measured, letter):
    assert judge(measured=measured, conclusion=letter).kind == "correct"


def test_right_measures_may_give_tensors_or_round_a_little():
    assert judge(lambda arm, seeds: torch.tensor(run(arm, seeds))).kind == "correct"
    assert judge(lambda arm, seeds: [round(each, 3) for each in run(arm, seeds)]).kind == "correct"


def test_the_check_trains_by_its_own_hand_the_last_seed_and_one_that_nobody_was_asked_for():
    experiment.TRAINED.clear()
    ASKED.clear()
    judge(lambda arm, seeds: [{"small": 1.0, "large": 5.0}[arm]] * len(seeds))
    assert ASKED == [(arm, (4, experiment.FRESH)) for arm in PLAN.arms]


@pytest.mark.parametrize("dear", [False, True])
def test_four_of_the_other_seeds_are_measured_again_and_the_numbers_decide_which(dear):
    asked, chosen, arms = [], set(), set()

    def measure(arm, seeds):
        asked.append((arm, list(seeds)))
        return run(arm, seeds)

    exercise = replace(EXERCISE, look=replace(PLAN, dear=dear).look)
    for count in range(5, 25):
        asked.clear()
        assert Room(exercise).judge((measure, {arm: run(arm, range(count)) for arm in PLAN.arms}, "A")
                                    ).kind == "correct"
        assert all(seeds == [count - 1, experiment.FRESH] for _, seeds in asked[:2])
        again = [pair for pair in asked if len(pair[1]) > 2]
        assert len(again) == (1 if dear else 2)
        assert all(len(set(seeds)) == 4 and set(seeds) <= set(range(count - 1)) for _, seeds in again)
        chosen |= set(again[0][1])
        arms |= {arm for arm, _ in again}
    assert len(chosen) > 15 and arms == set(PLAN.arms)


def test_one_number_made_up_is_found_where_its_seed_is_measured_again():
    """Of the four between the first listed and the last of five seeds, each."""
    for arm in PLAN.arms:
        for seed in range(4):
            row = [*MEASURED[arm]]
            row[seed] += 0.01
            assert told(judge(measured=MEASURED | {arm: row})) == ("wrong", experiment.NOT_MEASURED.name)


def told(verdict):
    return verdict.kind, verdict.title


@pytest.mark.parametrize("measure", [
    lambda arm, seeds: run("small", seeds), lambda arm, seeds: [2.5] * len(seeds),
    lambda arm, seeds: run("large", seeds)])
def test_an_arm_that_changes_nothing(measure):
    assert told(judge(measure)) == ("wrong", experiment.SAME_ARMS.name)


@pytest.mark.parametrize("measure", [
    lambda arm, seeds: [number + 0.37 for number in run(arm, seeds)],                   # looks at something else
    lambda arm, seeds: [number + 0.02 for number in run(arm, seeds)],                   # nearly
    lambda arm, seeds: run(arm, [seed + 100 for seed in seeds]),                        # seeds of its own
    lambda arm, seeds: run("small", seeds) if arm == "small" else [4.0] * len(seeds)])  # one arm is another one
def test_what_was_trained_or_looked_at_in_another_way_is_not_sent_to_paper(measure):
    verdict = judge(measure)
    assert told(verdict) == ("wrong", experiment.OTHERWISE.name) and "paper" not in repr(verdict)
    assert "run: measure(" in verdict.detail and "expected: (" in verdict.detail


def test_a_mistake_that_explains_the_numbers_comes_before_an_arm_that_changes_nothing():
    known = Mistake("only the larger arm is looked at", "Which arm?", "why", lambda arm, seeds: run("large", seeds))
    exercise = replace(EXERCISE, mistakes=(*EXERCISE.mistakes, known))
    assert told(Room(exercise).judge((known.wrong, MEASURED, "A"))) == ("wrong", known.name)


@pytest.mark.parametrize("measured", [
    {arm: row[:4] for arm, row in MEASURED.items()}, MEASURED | {"small": MEASURED["small"] * 2},
    {arm: [] for arm in MEASURED}])
def test_too_few_seeds(measured):
    assert told(judge(measured=measured)) == ("wrong", experiment.TOO_FEW.name)


@pytest.mark.parametrize("measured", [
    {arm: [*row[:-1], row[-1] + 0.01] for arm, row in MEASURED.items()},            # one of them made up
    {arm: [*(each + 0.01 for each in row[:-1]), row[-1]] for arm, row in MEASURED.items()},     # all but the last one
    {"small": [9.0] * 5, "large": [9.0] * 5}])                                      # from which nothing follows
def test_numbers_that_were_not_measured(measured):
    assert told(judge(measured=measured)) == ("wrong", experiment.NOT_MEASURED.name)


def test_right_numbers_with_the_arms_exchanged_are_noticed():
    """The conclusion follows from these numbers; but they are not what measure gives."""
    turned = {"small": MEASURED["large"], "large": MEASURED["small"]}
    assert told(judge(measured=turned, conclusion="B")) == ("wrong", experiment.NOT_MEASURED.name)
    assert judge(lambda arm, seeds: run({"small": "large", "large": "small"}[arm], seeds), turned, "B").kind == "wrong"


@pytest.mark.parametrize("letter, name", [("B", MIXED), ("C", BEYOND)])
def test_each_wrong_conclusion_is_told_its_own_mistake_and_nothing_is_trained_for_it(letter, name):
    experiment.TRAINED.clear()
    ASKED.clear()
    assert told(judge(conclusion=letter)) == ("wrong", name) and not ASKED


@pytest.mark.parametrize("changes, words", [
    (dict(measured=[1.0, 2.0]), "measured: expected a dict"),
    (dict(measured={"small": [1.0] * 5}), "measured: expected"),
    (dict(measured=MEASURED | {"large": 5.0}), r"measured['large']: expected a list"),
    (dict(measured=MEASURED | {"large": torch.tensor(5.0)}), r"measured['large']: expected a list"),
    (dict(measured=MEASURED | {"large": [5.0, math.nan, 5.0, 5.0, 5.0]}), "expected finite numbers"),
    (dict(measured=MEASURED | {"large": ["5"] * 5}), "expected finite numbers"),
    (dict(measured=MEASURED | {"large": [True] * 5}), "expected finite numbers"),
    (dict(conclusion="D"), "conclusion: expected one letter, A to C"), (dict(conclusion=1), "conclusion: expected"),
    (dict(conclusion="the large one"), "conclusion: expected"), (dict(conclusion=["A"]), "conclusion: expected"),
    (dict(measure=lambda arm, seeds: 5.0), "expected a list with one number for each seed"),
    (dict(measure=lambda arm, seeds: run(arm, range(8))), "expected one number for each of 2 seeds, got 8"),
    (dict(measure=lambda arm, seeds: {"small": 1.0}), "expected a list")])
def test_what_is_no_measurement_or_no_letter(changes, words):
    verdict = judge(**changes)
    assert verdict.kind == "wrong shape or type" and words in verdict.title, verdict


@pytest.mark.parametrize("answers", [(..., ..., ...), (run, ..., ...), (run, MEASURED, ...), (..., MEASURED, "A")])
def test_what_is_left_open_is_not_attempted(answers):
    assert Room(EXERCISE).judge(answers).kind == "not attempted"


def test_an_error_in_measure_is_the_learners():
    assert judge(lambda arm, seeds: seeds[99]).kind == "error in your code"


def test_a_check_can_watch_what_an_answer_calls_and_leaves_it_as_it_was():
    class Trainer:
        def update(self, by):
            return by + 1

    before, seen, room = Trainer.update, [], Room(EXERCISE)
    with room.watching(Trainer, "update", lambda trainer, by: seen.append(by)):
        assert room.ask(lambda: Trainer().update(by=3)) == 4
    assert seen == [3] and Trainer.update is before
    with pytest.raises(ZeroDivisionError), room.watching(Trainer, "update", lambda *_: None):
        room.ask(lambda: 1 / 0)
    assert Trainer.update is before
    with pytest.raises(TypeError), room.watching(Trainer, "update", lambda *_: None):
        room.ask(lambda: Trainer().update())
    assert Trainer.update is before
