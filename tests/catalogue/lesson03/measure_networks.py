"""Answers to 03.8."""

from qmix_course import exact
from qmix_course.algorithms import IQL
from qmix_course.checks.lesson03.measure_networks import PLAN
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig, train
from tests.catalogue.experiments import answers

ROLES = MatrixGame([[1.0, 2.0], [0.0, 1.0]])


def side_by_side(arm, seeds, hidden=(16,), updates=200):
    options = {"one network": dict(shared=True), "one network with an id": dict(shared=True, agent_id=True),
               "two networks": {}}[arm]
    teams = [IQL.for_env(ROLES, seed=seed, hidden=hidden, **options) for seed in seeds]
    fit_seeds(teams, [exact.every_step(ROLES)] * len(teams), TrainConfig(learning_rate=5e-3), updates)
    return [evaluate(ROLES, team).mean_return for team in teams]


def one_after_the_other(arm, seeds):
    return [side_by_side(arm, [seed])[0] for seed in seeds]


def usual_width(arm, seeds):
    """The library's own width, where the text gives another."""
    return side_by_side(arm, seeds, hidden=(64, 64))


def half_the_updates(arm, seeds):
    return side_by_side(arm, seeds, updates=100)


def by_playing(arm, seeds):
    """With a replay memory and ε = 1 instead of the complete data: everything else does not stay as it was."""
    rewards = []
    for seed in seeds:
        game = ROLES.clone(32)
        team = IQL.for_env(game, seed=seed, shared=arm.startswith("one"), agent_id="id" in arm, hidden=(16,))
        train(game, team, TrainConfig(seed=seed, total_steps=2_000, learning_rate=1e-2, epsilon_end=1.0,
                                      batch_size=64, evaluate_every=2_000))
        rewards.append(evaluate(ROLES, team).mean_return)
    return rewards


def always_0(arm, seeds):
    return side_by_side(arm, [0] * len(seeds))


def by_place(arm, seeds):
    return side_by_side(arm, range(len(seeds)))


MEASURED = {"one network": [1.0] * 8, "one network with an id": [2.0] * 8, "two networks": [2.0] * 8}
ANSWERS = answers(PLAN, [side_by_side, one_after_the_other], MEASURED, "B",
                  (always_0, by_place, usual_width, half_the_updates, by_playing))
