"""17.3 · Measure it: in which units: change one thing, train over seeds, conclude no more than was measured."""

from __future__ import annotations

from dataclasses import replace

from qmix_course import exact
from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import LongWay
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

UNITS = {"in metres": 1.0, "in centimetres": 100.0}


class AsItComes(QMIX):
    def scaled(self, state):
        return state


def run(arm, seeds) -> list[float]:
    way, unit = LongWay(steps=6, near=4.0), UNITS[arm]
    batch, model = exact.every_step(way), way.model()
    batch = replace(batch, state=batch.state * unit)
    teams = [AsItComes.for_env(way, seed=seed, hidden=(32,), gamma=0.9) for seed in seeds]
    fit_seeds(teams, [batch] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates=200)
    seen = replace(model, state=model.state * unit)
    return [exact.q_tot(team, seen)[-1, 1, 0].item() for team in teams]


def one_by_one(arm, seeds) -> list[float]:
    """The sums within a step in another order: in centimetres the last bit of a weight decides how a team ends."""
    return [run(arm, [seed])[0] for seed in seeds]


def picture(numbers) -> str:
    """What the numbers say of centimetres: as good as metres, wrong on one side, or wrong on both."""
    metres, other = (numbers[arm] for arm in UNITS)
    if sum(abs(each - 10) < 0.5 for each in metres) < 0.9 * len(metres):
        return "neither"
    off = [each - 10 for each in other if abs(each - 10) >= 0.5]
    if len(off) < 0.5 * len(other):
        return "equal"
    sides = {each > 0 for each in off}
    return "both sides" if len(sides) == 2 else "one side"


PLAN = experiment.Plan(
    arms=tuple(UNITS), run=run, close=0.2, also=one_by_one, given=True,
    follows={
        "A": lambda numbers: picture(numbers) == "equal",
        "B": lambda numbers: picture(numbers) == "one side",
        "C": lambda numbers: False,
        "D": lambda numbers: picture(numbers) == "both sides",
    },
    told={
        "A": "a spread is called equality",
        "B": "a spread is called a bias",
        "C": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("a spread is called equality",
            "In how many seeds of each list is the number within a half of 10?",
            "in metres all seeds agree to two digits, in centimetres hardly two of them do"),
    Mistake("a spread is called a bias",
            "Are all the numbers in centimetres on the same side of 10?",
            "some are above and some below: what is wrong is not the size but that it depends on the first weights"),
    Mistake("more is concluded than was measured",
            "Which of your numbers is a reward that a team earned?",
            "a value was measured, and no reward: a wrong value may still be the largest one"),
)

EXERCISE = Exercise(
    number="17.3", title="Measure it: in which units", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="change one thing, train over seeds, conclude no more than was measured",
    hints=(
        "`data(unit)` gives what the teams learn from, `believed(team, unit)` what one of them believes. What is "
        "left for you is to make the teams and to train them.",
        "One list of teams, one for each seed; one call of `fit` for all of them, with the arm's data."),
    mistakes=MISTAKES, look=PLAN.look)
