"""Answers to 09.6."""

from dataclasses import replace

from qmix_course.algorithms import QMIX
from qmix_course.checks.lesson09.measure_dice import PLAN, SIZES, config
from qmix_course.envs import GridWorld
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import train
from tests.catalogue.experiments import answers


def side_by_side(arm, seeds):
    epsilon, which = arm.split()
    game = GridWorld(num_envs=16, episode_limit=30)
    teams = [QMIX.for_env(game, seed=seed, **SIZES) for seed in seeds]
    histories = train_seeds(game, teams, config(float(epsilon)), list(seeds))
    if which == "greedy":
        return [evaluate(GridWorld(episode_limit=30), team).mean_return for team in teams]
    return [history.exploring_return[-1] for history in histories]


def one_by_one(arm, seeds):
    rows = []
    for seed in seeds:
        game = GridWorld(num_envs=16, episode_limit=30)
        settings = replace(config(0.05 if arm.startswith("0.05") else 0.8), seed=seed)
        history = train(game, QMIX.for_env(game, seed=seed, **SIZES), settings)
        rows.append({"exploring": history.exploring_return[-1], "greedy": history.greedy_return[-1]})
    return [row[arm.split()[1]] for row in rows]


def too_short(arm, seeds):
    """Arms of one ε still share a training, and it is another one than the text's."""
    epsilon, which = arm.split()
    game = GridWorld(num_envs=16, episode_limit=30)
    teams = [QMIX.for_env(game, seed=seed, **SIZES) for seed in seeds]
    histories = train_seeds(game, teams, replace(config(float(epsilon)), total_steps=1_000), list(seeds))
    return [getattr(history, f"{which}_return")[-1] for history in histories]


MEASURED = {
    "0.05 exploring": [8.465277778, 5.753571429, 7.012328767, 8.382272727,
                       8.360000000, 7.609558824, 7.786190476, 8.411739130],
    "0.8 exploring": [-12.957894737, -15.078947368, -12.008333333, -12.517391304,
                      -14.841666667, -13.152777778, -9.297727273, -10.154761905],
    "0.05 greedy": [8.65] * 8,
    "0.8 greedy": [8.65] * 8,
}
ANSWERS = answers(PLAN, [side_by_side, one_by_one], MEASURED, "C", (too_short,))
