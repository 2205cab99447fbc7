"""Answers to 16.5."""

from dataclasses import replace

from qmix_course.algorithms import QMIX
from qmix_course.checks.lesson16.measure_guessing import CONFIG, PLAN, SIZES
from qmix_course.envs import MStepGame
from qmix_course.evaluation import play
from qmix_course.seeds import train_seeds
from qmix_course.training import train
from tests.catalogue.experiments import answers

SCHEDULES = {"always 0.05": (0.05, 0.05), "falls": (1.0, 0.05), "always 1": (1.0, 1.0)}


def settings(arm):
    start, end = SCHEDULES[arm]
    return replace(CONFIG, epsilon_start=start, epsilon_end=end)


def side_by_side(arm, seeds):
    game = MStepGame(3, num_envs=32)
    teams = [QMIX.for_env(game, seed=seed, **SIZES) for seed in seeds]
    return [history.greedy_return[-1] for history in train_seeds(game, teams, settings(arm), list(seeds))]


def one_by_one(arm, seeds):
    returns = []
    for seed in seeds:
        game = MStepGame(3, num_envs=32)
        team = QMIX.for_env(game, seed=seed, **SIZES)
        train(game, team, replace(settings(arm), seed=seed))
        returns.append(play(MStepGame(3), team).rewards.sum().item())
    return returns


def best_look(arm, seeds):
    """The best of four looks in place of the last."""
    game = MStepGame(3, num_envs=32)
    teams = [QMIX.for_env(game, seed=seed, **SIZES) for seed in seeds]
    config = replace(settings(arm), evaluate_every=1_000)
    return [max(history.greedy_return) for history in train_seeds(game, teams, config, list(seeds))]


MEASURED = {"always 0.05": [6.0, 6.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0],
            "falls": [6.0, 6.0, 3.0, 3.0, 3.0, 3.0, 6.0, 3.0],
            "always 1": [6.0, 6.0, 6.0, 6.0, 0.0, 6.0, 6.0, 6.0]}
ANSWERS = answers(PLAN, [side_by_side, one_by_one], MEASURED, "D", looks=(best_look,))
