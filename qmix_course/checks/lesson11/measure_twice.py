"""11.5 · Measure it: a wider mixer, or one row more: tell what the class forbids from what the data decide."""

from __future__ import annotations

from dataclasses import replace

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

WIDTH = {"as it is": 16, "wider mixer": 64, "(0, 0) twice": 16}
TIMES = {"as it is": 1, "wider mixer": 1, "(0, 0) twice": 2}


def run(arm, seeds) -> list[float]:
    game = MatrixGame("qtran")
    rows = exact.every_step(game)
    which = torch.cat([torch.zeros(TIMES[arm] - 1, dtype=torch.int64), torch.arange(9)])     # row 0 is (0, 0)
    data = replace(rows, **{name: value[which] for name, value in vars(rows).items()})
    teams = [QMIX.for_env(game, seed=seed, hidden=(32,), embed_dim=WIDTH[arm], hypernet_dim=32) for seed in seeds]
    fit_seeds(teams, [data] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates=200)
    return [evaluate(game, team).mean_return for team in teams]


def found(numbers) -> tuple[bool, ...]:
    """For each arm, whether most of its teams settle for the 8."""
    return tuple(sum(number > 7 for number in numbers[arm]) > len(numbers[arm]) / 2 for arm in WIDTH)


PLAN = experiment.Plan(
    arms=tuple(WIDTH), run=run, close=1e-6,
    follows={
        "A": lambda numbers: not any(found(numbers)),
        "B": lambda numbers: found(numbers)[1],
        "C": lambda numbers: found(numbers) == (False, False, True),
        "D": lambda numbers: False,
    },
    told={
        "A": "a payoff that cannot be made is taken for a choice that cannot be made",
        "B": "a failure blamed on the size of the mixer",
        "D": "the right choice is taken for the right table",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("a payoff that cannot be made is taken for a choice that cannot be made",
            "In which of your arms do teams settle for the 8?",
            "the class has no table that is the payoff, and it has tables that prefer the 8"),
    Mistake("a failure blamed on the size of the mixer",
            "What do the teams with the wider mixer earn?",
            "more units move neither the bound of the class nor the valley in which training begins"),
    Mistake("the right choice is taken for the right table",
            "You measured what the teams play. Which least error did step 4 of the lesson find for this game?",
            "a table of QMIX's class stays far from this payoff, whichever joint action it ranks first"),
)

EXERCISE = Exercise(
    number="11.5", title="Measure it: a wider mixer, or one row more", answers=experiment.ANSWERS, difficulty=3,
    minutes=12, practises="tell what a class forbids from what the data decide",
    hints=(
        "The width is embed_dim of QMIX.for_env; how often (0, 0) is among the rows is the second argument of fit.",
        "Two dictionaries from the arm's name, one to the width and one to the count, keep measure short.",
        "Step 5 of the lesson: at first the agents learn the mean of what each action pays. With ten rows, what is "
        "that mean for action 0, and what for the others?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
