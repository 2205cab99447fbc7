"""13.5 · Measure it: how much weight is enough?: change one thing, train over seeds,
conclude no more than was measured."""

from __future__ import annotations

import torch

from qmix_course.algorithms import CWQMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.exact import every_step
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

ALPHAS = {"alpha 1": 1.0, "alpha 0.5": 0.5, "alpha 0.1": 0.1}
SIZES = {"hidden": (16,), "embed_dim": 8, "hypernet_dim": 16, "central_dim": 16}


def payoff() -> torch.Tensor:
    """8 in the corner, −12 for a misunderstanding with it, 0 elsewhere: five actions each."""
    table = torch.zeros(5, 5)
    table[0, :], table[:, 0] = -12.0, -12.0
    table[0, 0] = 8.0
    return table


def run(arm, seeds) -> list[float]:
    game = MatrixGame(payoff())
    teams = [CWQMIX.for_env(game, seed=seed, alpha=ALPHAS[arm], **SIZES) for seed in seeds]
    fit_seeds(teams, [every_step(game)] * len(teams), TrainConfig(learning_rate=2e-2, tau=0.1), updates=100)
    return [evaluate(game, team).mean_return for team in teams]


def found(numbers) -> tuple[bool, ...]:
    """For each arm, whether most of its teams play the joint action that pays 8."""
    return tuple(sum(numbers[arm]) / len(numbers[arm]) > 4 for arm in ALPHAS)


PLAN = experiment.Plan(
    arms=tuple(ALPHAS), run=run, given=True, close=1e-6,
    follows={
        "A": lambda numbers: found(numbers) == (False, True, True),
        "B": lambda numbers: found(numbers) == (False, False, True),
        "C": lambda numbers: not any(found(numbers)),
        "D": lambda numbers: False,
    },
    told={
        "A": "any weight below 1 taken for enough",
        "C": "a difference in the numbers that the conclusion leaves out",
        "D": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("any weight below 1 taken for enough",
            "What do the teams with alpha 0.5 earn?",
            "eight misunderstandings at half weight still pull harder than one success at full weight"),
    Mistake("a difference in the numbers that the conclusion leaves out",
            "Which arm earns something else in every seed?",
            "with a small enough weight the monotone table gives up the misunderstandings and keeps the 8"),
    Mistake("more is concluded than was measured",
            "On how many tables did you try it? What would ten actions instead of five change in the balance?",
            "how small alpha must be depends on the payoffs and on how many misunderstandings there are"),
)

EXERCISE = Exercise(
    number="13.5", title="Measure it: how much weight is enough?", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="change one thing, train over seeds, conclude no more than was measured",
    hints=(
        "CWQMIX takes alpha as an option; the other sizes are in the text.",
        "The arms' names hold the numbers. A dictionary from the name to the number keeps measure short.",
        "Exercise 13.2 tells where the pulls balance: it may help to understand what you measured.",
    ),
    mistakes=MISTAKES, look=PLAN.look)
