"""Answers to 11.5."""

from dataclasses import replace

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX
from qmix_course.checks.lesson11.measure_twice import PLAN
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

GAME = MatrixGame("qtran")


def side_by_side(arm, seeds, hidden=(32,), wide=64, updates=200):
    data = exact.every_step(GAME)
    if arm == "(0, 0) twice":
        data = replace(data, **{name: torch.cat([value, value[:1]]) for name, value in vars(data).items()})
    teams = [QMIX.for_env(GAME, seed=seed, hidden=hidden, embed_dim=wide if arm == "wider mixer" else 16,
                          hypernet_dim=32) for seed in seeds]
    fit_seeds(teams, [data] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates)
    return [evaluate(GAME, team).mean_return for team in teams]


def read_from_the_table(arm, seeds):
    """One team after the other, and the payoff of its greedy joint action in place of an episode."""
    earned = []
    for seed in seeds:
        data = exact.every_step(GAME)
        team = QMIX.for_env(GAME, seed=seed, hidden=(32,), embed_dim=64 if arm.startswith("wider") else 16,
                            hypernet_dim=32)
        which = [0, *range(9)] if arm.endswith("twice") else list(range(9))
        fit_seeds([team], [replace(data, **{name: value[which] for name, value in vars(data).items()})],
                  TrainConfig(learning_rate=5e-3, tau=0.1), 200)
        first, second = exact.agent_qs(team, GAME.model())[0].argmax(-1)
        earned.append(GAME.payoff[first, second])
    return earned


def longer(arm, seeds):
    """Other sizes and more updates: what is measured does not hang on them."""
    return side_by_side(arm, seeds, hidden=(48,), wide=128, updates=300)


MEASURED = {"as it is": [0.0] * 8, "wider mixer": [0.0] * 8, "(0, 0) twice": [8.0] * 8}
ANSWERS = answers(PLAN, [side_by_side, read_from_the_table, longer], MEASURED, "C")
