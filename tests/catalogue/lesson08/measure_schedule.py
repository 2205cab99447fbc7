"""Answers to 08.7."""

from dataclasses import replace

from qmix_course.algorithms import VDN
from qmix_course.checks.lesson08.measure_schedule import CONFIG, PLAN
from qmix_course.envs import TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import train
from tests.catalogue.experiments import answers


def schedule(arm):
    if arm == "stays at 1":
        return {"epsilon_end": 1.0}
    return {"epsilon_end": 0.05, "epsilon_steps": int(arm.split()[2].replace(",", ""))}


def side_by_side(arm, seeds):
    teams = [VDN.for_env(TwoStepGame(), seed=seed, hidden=(32,)) for seed in seeds]
    train_seeds(TwoStepGame(num_envs=32), teams, replace(CONFIG, **schedule(arm)), list(seeds))
    return [evaluate(TwoStepGame(), team).mean_return for team in teams]


def one_after_the_other(arm, seeds):
    found = []
    for seed in seeds:
        team = VDN.for_env(TwoStepGame(), seed=seed, hidden=(32,))
        history = train(TwoStepGame(num_envs=32), team, replace(CONFIG, seed=seed, **schedule(arm)))
        found.append(history.greedy_return[-1])
    return found


def one_run_seed(arm, seeds):
    """The first weights differ, and all chance of the run is the same."""
    teams = [VDN.for_env(TwoStepGame(), seed=seed, hidden=(32,)) for seed in seeds]
    train_seeds(TwoStepGame(num_envs=32), teams, replace(CONFIG, **schedule(arm)), [0] * len(teams))
    return [evaluate(TwoStepGame(), team).mean_return for team in teams]


def fewer_rows(arm, seeds):
    teams = [VDN.for_env(TwoStepGame(), seed=seed, hidden=(32,)) for seed in seeds]
    train_seeds(TwoStepGame(num_envs=8), teams, replace(CONFIG, **schedule(arm)), list(seeds))
    return [evaluate(TwoStepGame(), team).mean_return for team in teams]


MEASURED = {"stays at 1": [7.0] * 8, "falls in 500 steps": [7.0, 8.0, 7.0, 8.0, 8.0, 8.0, 8.0, 7.0],
            "falls in 2,000 steps": [8.0, 8.0, 8.0, 7.0, 8.0, 8.0, 8.0, 8.0]}
ANSWERS = answers(PLAN, [side_by_side, one_after_the_other], MEASURED, "B", (one_run_seed, fewer_rows))
