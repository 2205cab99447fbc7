"""08.7 · Measure it: can a sum find the 8?: what a team prefers depends on the data that its exploration makes."""

from __future__ import annotations

from dataclasses import replace

from qmix_course.algorithms import VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

# arm → epsilon_end, epsilon_steps
SCHEDULES = {"stays at 1": (1.0, 1), "falls in 500 steps": (0.05, 500), "falls in 2,000 steps": (0.05, 2_000)}
CONFIG = TrainConfig(total_steps=3_000, update_every=8, batch_size=64, learning_rate=3e-3, tau=0.05,
                     epsilon_start=1.0, epsilon_end=1.0, evaluate_every=3_000)


def run(arm, seeds) -> list[float]:
    end, steps = SCHEDULES[arm]
    teams = [VDN.for_env(TwoStepGame(), seed=seed, hidden=(32,)) for seed in seeds]
    train_seeds(TwoStepGame(num_envs=32), teams, replace(CONFIG, epsilon_end=end, epsilon_steps=steps), list(seeds))
    return [evaluate(TwoStepGame(), team).mean_return for team in teams]


def eights(numbers) -> tuple[float, ...]:
    """For each arm, the share of its teams that earn 8."""
    return tuple(sum(number > 7.5 for number in numbers[arm]) / len(numbers[arm]) for arm in SCHEDULES)


def as_measured(numbers) -> bool:
    random, quick, slow = eights(numbers)
    return random <= 0.2 and 0 < quick < 1 and slow >= 0.7


PLAN = experiment.Plan(
    arms=tuple(SCHEDULES), run=run, close=1e-6, given=True, dear=True,
    follows={
        "A": lambda numbers: max(eights(numbers)) <= 0.2,
        "B": as_measured,
        "C": lambda numbers: False,
        "D": lambda numbers: False,
        "E": lambda numbers: False,
    },
    told={
        "A": "what the lesson found with other data is expected of all data",
        "C": "the two falling schedules are told apart the wrong way round",
        "D": "a return of 8 is taken for right values",
        "E": "a mean hides that there are two kinds of outcomes",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("what the lesson found with other data is expected of all data",
            "Look at the two arms in which ε falls. How many of their teams earn 8?",
            "least squares follows the data: where (1, 1) is played most, the sum is closest to the 8"),
    Mistake("the two falling schedules are told apart the wrong way round",
            "Count the teams that earn 8 in both arms. In which are there more?",
            "with 500 steps a team often plays by its first guess, before it has seen enough of the 8"),
    Mistake("a return of 8 is taken for right values",
            "Did you measure a value? How close can any sum come to 0, 1, 1, 8 in all four places at once?",
            "0 + 8 is not 1 + 1: every sum is off by 1.5 or more somewhere, whatever it earns"),
    Mistake("a mean hides that there are two kinds of outcomes",
            "Print the list of the arm with 500 steps. Is there a 7.5 in it?",
            "a team earns 7 or 8; the seed decides which, and the mean is what none of them earns"),
)

EXERCISE = Exercise(
    number="08.7", title="Measure it: can a sum find the 8?", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="tell what a mixer can represent from what a team does with the data that it makes",
    hints=(
        "An arm's name says two numbers of TrainConfig: where ε ends, and after how many steps. A dictionary from the "
        "name to the two keeps measure short.",
        "dataclasses.replace makes a changed copy of CONFIG. train_seeds wants as many seeds as teams.",
        "Lesson 04 asks in *Break it* whether the sum is to blame, or the data. Which joint actions fill the memory "
        "once ε has fallen?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
