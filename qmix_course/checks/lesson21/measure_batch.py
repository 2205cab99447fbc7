"""21.3 · Measure it: large batches: does a larger batch make up for fewer updates?"""

from __future__ import annotations

import torch

from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import TwoStepGame
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

# rows of the environment, steps for each update, rows of a batch
ARMS = {"many updates": (32, 16, 128), "few updates": (256, 128, 128), "few updates, large batches": (256, 128, 1_024)}
STEPS = 4_096


def histories(arm, seeds):
    """In float64, whatever torch's default is here."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        rows, every, batch = ARMS[arm]
        env = TwoStepGame(num_envs=rows)
        config = TrainConfig(total_steps=STEPS, update_every=every, batch_size=batch, evaluate_every=512)
        return train_seeds(env, [QMIX.for_env(env, seed=seed) for seed in seeds], config, list(seeds))
    finally:
        torch.set_default_dtype(before)


def run(arm, seeds) -> list[float]:
    return [history.greedy_return[-1] for history in histories(arm, seeds)]


def best(numbers, arm) -> float:
    """The share of teams that play the best joint action."""
    return sum(each > 7.5 for each in numbers[arm]) / len(numbers[arm])


def lost(numbers) -> bool:
    """Whether fewer updates, with the same batch, are clearly worse."""
    return best(numbers, "many updates") - best(numbers, "few updates") >= 0.4


def brought_back(numbers) -> bool:
    return best(numbers, "few updates, large batches") - best(numbers, "few updates") >= 0.3


PLAN = experiment.Plan(
    arms=tuple(ARMS), run=run, close=1e-6, given=True, dear=True,
    follows={
        "A": lambda numbers: lost(numbers) and brought_back(numbers),
        "B": lambda numbers: lost(numbers) and not brought_back(numbers),
        "C": lambda numbers: False,
        "D": lambda numbers: not lost(numbers),
    },
    told={
        "A": "a large batch is taken for many updates",
        "C": "two things were changed, and one of them is blamed",
        "D": "a difference that the numbers show is left out",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("a large batch is taken for many updates",
            "In how many seeds of each arm is the last return 8? Compare the two arms that make few updates.",
            "an update with eight times the rows is a better step, and one step"),
    Mistake("two things were changed, and one of them is blamed",
            "What differs between the first arm and the second? Rows, and what else? Which arm has 256 rows and all "
            "the updates?",
            "no arm changes the rows alone; the lesson's Break it did"),
    Mistake("a difference that the numbers show is left out",
            "In how many seeds of each arm is the last return 8?",
            "to see a difference and call it none is as wrong as the other way round"),
)

EXERCISE = Exercise(
    number="21.3", title="Measure it: large batches", answers=experiment.ANSWERS, difficulty=3, minutes=12, core=True,
    practises="change one thing, train over seeds, conclude no more than was measured",
    hints=("`settings(arm)` gives the environment and the settings. What is left for you is a team for each seed, and "
           "to train it with that seed.",
           "train_seeds(env, teams, config, seeds) trains all of them at once; train does one after the other.",
           "The number that counts is the last one of greedy_return."),
    mistakes=MISTAKES, look=PLAN.look)
