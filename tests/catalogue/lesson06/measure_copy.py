"""Answers to 06.8."""

from dataclasses import replace

from qmix_course import exact
from qmix_course.algorithms import VDN
from qmix_course.checks.lesson06.measure_copy import PLAN
from qmix_course.envs import LongWay
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

WAY = LongWay(steps=6, near=4.0)


def side_by_side(arm, seeds):
    tau = float(arm.split()[1])
    teams = [VDN.for_env(WAY, seed=seed, hidden=(16,), gamma=0.99) for seed in seeds]
    fit_seeds(teams, [exact.every_step(WAY)] * len(teams), TrainConfig(learning_rate=1e-2, tau=tau), updates=300)
    return [evaluate(WAY, team).mean_return for team in teams]


def one_by_one(arm, seeds):
    config = replace(TrainConfig(learning_rate=1e-2), tau={"tau 1": 1.0, "tau 0.1": 0.1, "tau 0.01": 0.01}[arm])
    rewards = []
    for seed in seeds:
        team = VDN.for_env(WAY, seed=seed, hidden=(16,), gamma=0.99)
        fit_seeds([team], [exact.every_step(WAY)], config, updates=300)
        rewards.append(float(evaluate(WAY, team).returns[0]))
    return rewards


def changed(seeds_of=list, hidden=(16,), gamma=0.99, learning_rate=1e-2, updates=300):
    """Another experiment with the same numbers."""
    def measure(arm, seeds):
        teams = [VDN.for_env(WAY, seed=seed, hidden=hidden, gamma=gamma) for seed in seeds_of(seeds)]
        config = TrainConfig(learning_rate=learning_rate, tau=float(arm.split()[1]))
        fit_seeds(teams, [exact.every_step(WAY)] * len(teams), config, updates=updates)
        return [evaluate(WAY, team).mean_return for team in teams]
    return measure


OTHERS = (changed(seeds_of=lambda seeds: [0] * len(seeds)), changed(seeds_of=lambda seeds: range(len(seeds))),
          changed(hidden=(64, 64)), changed(gamma=0.95), changed(learning_rate=TrainConfig().learning_rate),
          changed(updates=250))
MEASURED = {"tau 1": [10.0] * 8, "tau 0.1": [10.0] * 8, "tau 0.01": [4.0] * 8}
ANSWERS = answers(PLAN, [side_by_side, one_by_one], MEASURED, "A", OTHERS)
