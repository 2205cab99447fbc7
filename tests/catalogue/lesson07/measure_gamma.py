"""Answers to 07.8."""

from qmix_course import exact
from qmix_course.algorithms import VDN
from qmix_course.checks.lesson07.measure_gamma import PLAN
from qmix_course.envs import LongWay
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

WAY = LongWay(steps=6, near=4.0)


def side_by_side(arm, seeds):
    gamma = float(arm.removeprefix("gamma "))
    teams = [VDN.for_env(WAY, seed=seed, hidden=(16,), gamma=gamma) for seed in seeds]
    fit_seeds(teams, [exact.every_step(WAY)] * len(teams), TrainConfig(learning_rate=1e-2, tau=0.1), updates=400)
    return [evaluate(WAY, team).mean_return for team in teams]


def wider_and_longer(arm, seeds):
    """Other sizes and more updates, where the text says that everything else stays."""
    teams = [VDN.for_env(WAY, seed=seed, hidden=(32,), gamma=float(arm[-4:])) for seed in seeds]
    fit_seeds(teams, [exact.every_step(WAY)] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates=600)
    return [evaluate(WAY, team).mean_return for team in teams]


def one_after_the_other(arm, seeds):
    return [side_by_side(arm, [seed])[0] for seed in seeds]


def always_0(arm, seeds):
    return side_by_side(arm, [0] * len(seeds))


def by_place(arm, seeds):
    return side_by_side(arm, range(len(seeds)))


def by_theory(arm, seeds):
    """What the paper says, without a training."""
    return [10.0 if 10 * float(arm.removeprefix("gamma ")) ** 5 > 4 else 4.0 for _ in seeds]


MEASURED = {"gamma 0.8": [4.0] * 8, "gamma 0.87": [10.0] * 8, "gamma 0.95": [10.0] * 8}
ANSWERS = answers(PLAN, [side_by_side, one_after_the_other], MEASURED, "C",
                  (always_0, by_place, by_theory, wider_and_longer))
