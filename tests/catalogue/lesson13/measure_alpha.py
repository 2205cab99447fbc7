"""Answers to 13.5."""

from qmix_course import exact
from qmix_course.algorithms import CWQMIX
from qmix_course.checks.lesson13.measure_alpha import PLAN, payoff
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

GAME = MatrixGame(payoff())


def sized(updates, width):
    def measure(arm, seeds):
        teams = [CWQMIX.for_env(GAME, seed=seed, alpha=float(arm.split()[-1]), hidden=(width,), embed_dim=8,
                                hypernet_dim=16, central_dim=16) for seed in seeds]
        fit_seeds(teams, [exact.every_step(GAME)] * len(teams), TrainConfig(learning_rate=2e-2, tau=0.1), updates)
        return [evaluate(GAME, team).mean_return for team in teams]
    return measure


def one_after_the_other(arm, seeds):
    return [sized(100, 16)(arm, [seed])[0] for seed in seeds]


def always_0(arm, seeds):
    return sized(100, 16)(arm, [0] * len(seeds))


MEASURED = {"alpha 1": [0.0] * 8, "alpha 0.5": [0.0] * 8, "alpha 0.1": [8.0] * 8}
ANSWERS = answers(PLAN, [sized(100, 16), one_after_the_other], MEASURED, "B",
                  (always_0, sized(50, 16), sized(120, 24)))
