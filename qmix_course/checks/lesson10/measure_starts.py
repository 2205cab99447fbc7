"""10.7 · Measure it: three algorithms with one return: what all starts tell of teams that one start calls equal."""

from __future__ import annotations

from functools import cache
from statistics import median

from qmix_course import exact
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import GridWorld
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

KINDS = {"IQL": IQL, "VDN": VDN, "QMIX": QMIX}
CONFIG = TrainConfig(total_steps=4_000, update_every=16, batch_size=64, learning_rate=3e-3, epsilon_steps=1_300,
                     evaluate_every=4_000)


@cache
def every_start():
    """All starts of the board with three rows, an environment with a row for each, and the best return from each."""
    board = GridWorld(size=3)
    starts = board.placements()
    tester = GridWorld(size=3, num_envs=len(starts))
    oracle = exact.solve(board, gamma=1.0)
    return starts, tester, oracle.v[oracle.index(tester.reset(positions=starts).state)]


def share(team) -> float:
    """From how many of all starts the greedy team earns the best return, as a share."""
    starts, tester, best = every_start()
    return float(((evaluate(tester, team, positions=starts).returns - best).abs() < 1e-6).double().mean())


def run(arm, seeds) -> list[float]:
    env = GridWorld(size=3, num_envs=32)
    teams = [KINDS[arm].for_env(env, seed=seed, hidden=(32,)) for seed in seeds]
    train_seeds(env, teams, CONFIG, list(seeds))
    return [share(team) for team in teams]


def middle(numbers) -> tuple[float, ...]:
    return tuple(median(numbers[arm]) for arm in KINDS)


def ordered(numbers) -> bool:
    iql, vdn, qmix = middle(numbers)
    return qmix > vdn + 0.02 and vdn > iql + 0.02


PLAN = experiment.Plan(
    arms=tuple(KINDS), run=run, close=0.02, given=True, dear=True,
    follows={
        "A": lambda numbers: max(middle(numbers)) - min(middle(numbers)) <= 0.02,
        "B": lambda numbers: False,
        "C": lambda numbers: False,
        "D": ordered,
        "E": lambda numbers: False,
    },
    told={
        "A": "the return from one start is taken for the policy",
        "B": "the gap is put down to bad luck",
        "C": "most starts are taken for all starts",
        "E": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("the return from one start is taken for the policy",
            "All earn the best return from the official start. Do your three lists look alike as well?",
            "the official start is one of 71, and what a team does elsewhere its return does not say"),
    Mistake("the gap is put down to bad luck",
            "Which of IQL's numbers is the largest? Does it reach the middle of QMIX's?",
            "IQL's seeds do differ most, but the best of them stays below a usual QMIX team"),
    Mistake("most starts are taken for all starts",
            "What is the largest number in your three lists?",
            "no team was optimal from every start, and the share says by how much"),
    Mistake("more is concluded than was measured",
            "Which of your numbers come from teams that began elsewhere, or were trained for longer?",
            "one board, one length of training and one start were measured, and nothing else"),
)

EXERCISE = Exercise(
    number="10.7", title="Measure it: three algorithms, one return", answers=experiment.ANSWERS, difficulty=3,
    minutes=12, practises="judge algorithms by all starts where one start calls them equal",
    hints=(
        "KINDS has the class behind each arm's name. All three are made with for_env and trained with the same CONFIG.",
        "train_seeds wants as many seeds as teams. share gives the number of one finished team.",
        "Compare the middles of the three lists (statistics.median), and then look at the lists themselves.",
    ),
    mistakes=MISTAKES, look=PLAN.look)
