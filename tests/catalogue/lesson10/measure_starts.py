"""Answers to 10.7."""

from dataclasses import replace

from qmix_course import algorithms, exact
from qmix_course.checks.lesson10.measure_starts import CONFIG, PLAN
from qmix_course.envs import GridWorld
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import train
from tests.catalogue.experiments import answers


def graded(teams):
    """For each team, the share of all starts from which it earns the best return."""
    board = GridWorld(size=3)
    starts = board.placements()
    every = GridWorld(size=3, num_envs=len(starts))
    oracle = exact.solve(board, gamma=1.0)
    best = oracle.v[oracle.index(every.reset(positions=starts).state)].tolist()
    return [sum(abs(got - most) < 1e-6 for got, most in
                zip(evaluate(every, team, positions=starts).returns.tolist(), best)) / len(best) for team in teams]


def side_by_side(arm, seeds):
    env = GridWorld(size=3, num_envs=32)
    teams = [getattr(algorithms, arm).for_env(env, seed=seed, hidden=(32,)) for seed in seeds]
    train_seeds(env, teams, CONFIG, list(seeds))
    return graded(teams)


def one_after_the_other(arm, seeds):
    env, teams = GridWorld(size=3, num_envs=32), []
    for seed in seeds:
        teams.append(getattr(algorithms, arm).for_env(env, seed=seed, hidden=(32,)))
        train(env.clone(), teams[-1], replace(CONFIG, seed=seed))
    return graded(teams)


COUNTS = {"IQL": [20, 53, 40, 22, 54, 8, 54, 45], "VDN": [60, 64, 64, 58, 55, 58, 60, 57],
          "QMIX": [65, 67, 67, 68, 67, 68, 68, 68]}
MEASURED = {arm: [count / 71 for count in row] for arm, row in COUNTS.items()}
ANSWERS = answers(PLAN, [side_by_side, one_after_the_other], MEASURED, "D")
