"""07.8 · Measure it: what gamma decides: change one thing, train over seeds, conclude no more than was measured."""

from __future__ import annotations

from qmix_course.algorithms import VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import LongWay
from qmix_course.evaluation import evaluate
from qmix_course.exact import every_step
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

GAMMAS = {"gamma 0.8": 0.8, "gamma 0.87": 0.87, "gamma 0.95": 0.95}


def run(arm, seeds) -> list[float]:
    game = LongWay(steps=6, near=4.0)
    teams = [VDN.for_env(game, seed=seed, hidden=(16,), gamma=GAMMAS[arm]) for seed in seeds]
    fit_seeds(teams, [every_step(game)] * len(teams), TrainConfig(learning_rate=1e-2, tau=0.1), updates=400)
    return [evaluate(game, team).mean_return for team in teams]


def arrived(numbers) -> tuple[bool, ...]:
    """For each arm, whether most of its teams walk to the end."""
    return tuple(sum(numbers[arm]) / len(numbers[arm]) > 7 for arm in GAMMAS)


PLAN = experiment.Plan(
    arms=tuple(GAMMAS), run=run, given=True, close=1e-6,
    follows={
        "A": lambda numbers: False,
        "B": lambda numbers: len(set(arrived(numbers))) == 1,
        "C": lambda numbers: arrived(numbers) == (False, True, True),
        "D": lambda numbers: arrived(numbers) == (False, False, True),
    },
    told={
        "A": "a team blamed for doing what it was asked",
        "B": "a difference in the numbers that the conclusion leaves out",
        "D": "the border put on the wrong side of an arm",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("a team blamed for doing what it was asked",
            "At the start, what is 10 worth that comes five steps later, with gamma 0.8? Compare it with 4.",
            "by its own gamma the team has found the better way, and more updates change nothing"),
    Mistake("a difference in the numbers that the conclusion leaves out",
            "Do the teams of all three arms earn the same?",
            "the discount decides which of the two ways is worth more at the start"),
    Mistake("the border put on the wrong side of an arm",
            "What does the middle arm earn? At which gamma are the two ways worth the same?",
            "the two ways are equal where gamma to the fifth power is 0.4, which is below 0.87"),
)

EXERCISE = Exercise(
    number="07.8", title="Measure it: what gamma decides", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="change one thing, train over seeds, conclude no more than was measured",
    hints=(
        "Where does gamma live: in the algorithm or in TrainConfig? The docstring of Algorithm says it.",
        "The arms' names hold the numbers. A dictionary from the name to the number keeps measure short.",
        "Before you conclude, compute at the start: what is it worth to stop, and what to walk on?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
