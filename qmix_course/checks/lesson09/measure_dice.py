"""09.6 · Measure it: which curve do you believe?: change one thing, train over seeds, conclude no more than measured.
"""

from __future__ import annotations

from functools import cache
from statistics import median

from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import GridWorld
from qmix_course.seeds import train_seeds
from qmix_course.training import History, TrainConfig

ARMS = ("0.05 exploring", "0.8 exploring", "0.05 greedy", "0.8 greedy")
SIZES = {"hidden": (32,), "embed_dim": 8, "hypernet_dim": 16}
BEST = 8.65


def config(epsilon: float) -> TrainConfig:
    return TrainConfig(total_steps=3_500, learning_starts=200, evaluate_every=500, epsilon_start=epsilon,
                       epsilon_end=epsilon)


@cache
def trained(epsilon: float, seeds: tuple[int, ...]) -> list[History]:
    """Both curves come from one training."""
    game = GridWorld(num_envs=16, episode_limit=30)
    teams = [QMIX.for_env(game, seed=seed, **SIZES) for seed in seeds]
    return train_seeds(game, teams, config(epsilon), list(seeds))


def run(arm, seeds) -> list[float]:
    epsilon, which = arm.split()
    return [getattr(history, f"{which}_return")[-1] for history in trained(float(epsilon), tuple(seeds))]


def gap(numbers) -> float:
    """By how much the exploring curve of 0.05 ends above that of 0.8."""
    return median(numbers["0.05 exploring"]) - median(numbers["0.8 exploring"])


def lead(numbers) -> float:
    """By how much more of the teams with 0.8 than of those with 0.05 play optimally."""
    return experiment.share(numbers["0.8 greedy"], BEST) - experiment.share(numbers["0.05 greedy"], BEST)


PLAN = experiment.Plan(
    arms=ARMS, run=run, given=True, dear=True,
    follows={
        "A": lambda numbers: gap(numbers) >= 10 and lead(numbers) < -0.1,
        "B": lambda numbers: gap(numbers) < 10,
        "C": lambda numbers: gap(numbers) >= 10 and lead(numbers) >= -0.1,
        "D": lambda numbers: False,
    },
    told={
        "A": "what exploring costs is taken for what the team has not learned",
        "B": "a difference in the numbers that the conclusion leaves out",
        "D": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("what exploring costs is taken for what the team has not learned",
            "Compare the two greedy rows, team by team. Which arm has more teams at 8.65?",
            "with ε = 0.8 a perfect team loses some twenty points to its dice; the curve shows the dice"),
    Mistake("a difference in the numbers that the conclusion leaves out",
            "Where do the two exploring rows lie? Is there a seed in which they are close?",
            "the exploring curve falls with ε, whatever the team has learned"),
    Mistake("more is concluded than was measured",
            "Was another ε tried, or a shorter training? On how many tasks?",
            "two values of ε on one small task do not say which ε is best, here or elsewhere"),
)

EXERCISE = Exercise(
    number="09.6", title="Measure it: which curve do you believe?", answers=experiment.ANSWERS, difficulty=2,
    minutes=12, practises="tell what exploring costs from what a team has learned, over seeds",
    hints=(
        "arm.split() gives the two words of an arm's name; float(...) makes a number of the first.",
        "train_seeds gives one history for each seed. Its columns exploring_return and greedy_return are lists.",
        "Lay the two greedy rows side by side, then the two exploring ones.",
    ),
    mistakes=MISTAKES, look=PLAN.look)
