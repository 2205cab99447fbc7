"""16.5 · Measure it: a team that only guesses: change one thing, train over seeds, conclude no more than was measured.
"""

from __future__ import annotations

from dataclasses import replace

from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import MStepGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

M = 3                                                           # steps; the jackpot is M + 3
EPSILONS = {"always 0.05": (0.05, 0.05), "falls": (1.0, 0.05), "always 1": (1.0, 1.0)}
CONFIG = TrainConfig(total_steps=4_000, learning_starts=200, update_every=32, learning_rate=3e-3, tau=0.05,
                     epsilon_steps=2_000, evaluate_every=4_000)
SIZES = {"hidden": (32,), "embed_dim": 8, "hypernet_dim": 16}


def run(arm, seeds) -> list[float]:
    game = MStepGame(M, num_envs=32)
    start, end = EPSILONS[arm]
    teams = [QMIX.for_env(game, seed=seed, **SIZES) for seed in seeds]
    train_seeds(game, teams, replace(CONFIG, epsilon_start=start, epsilon_end=end), list(seeds))
    return [evaluate(MStepGame(M), team).mean_return for team in teams]


def ahead(numbers, arm) -> bool:
    """Clearly more of its teams end at the jackpot than of either other arm's."""
    return experiment.ahead(numbers, arm, M + 3)


def mean(numbers, arm) -> float:
    return sum(numbers[arm]) / len(numbers[arm])


PLAN = experiment.Plan(
    arms=tuple(EPSILONS), run=run, given=True, dear=True, fresh=1_016,     # always 1: its last look is not its best
    follows={
        "A": lambda numbers: mean(numbers, "always 1") < 1,
        "B": lambda numbers: ahead(numbers, "always 0.05"),
        "C": lambda numbers: ahead(numbers, "falls"),
        "D": lambda numbers: ahead(numbers, "always 1"),
        "E": lambda numbers: False,
    },
    told={
        "A": "what a team plays is taken for what it learns",
        "B": "keeping the habit is taken for finding the end",
        "C": "the usual schedule is taken for the best one",
        "E": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("what a team plays is taken for what it learns",
            "Whose return do you measure: that of the guesses, or that of greedy play afterwards? What is it?",
            "the target takes the best next action, not the one that was played: guesses teach a policy of their own"),
    Mistake("keeping the habit is taken for finding the end",
            "How many teams of this arm earn 6, and how many earn 3? Play one of those with 3: what does it never try?",
            "a habit that is hardly ever left meets neither the other branch nor the surprise at the end"),
    Mistake("the usual schedule is taken for the best one",
            "Count the teams at 6 in each arm. Which has the most?",
            "once ε has fallen, whatever branch the team is in by then is nearly all that it sees"),
    Mistake("more is concluded than was measured",
            "For which m did you measure? What does Step 1 of the lesson say about ε = 1 where m is 10?",
            "guessing meets the jackpot once in 4 to the power of m episodes: 64 here, a million there"),
)

EXERCISE = Exercise(
    number="16.5", title="Measure it: a team that only guesses", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="tell what a team plays while it learns from what it learns",
    hints=(
        "epsilon_start and epsilon_end are settings: replace(CONFIG, epsilon_start=..., epsilon_end=...).",
        "A dictionary from the arm's name to its two numbers keeps measure short.",
        "The check of the numbers is a count: how many of each arm's teams end at 6?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
