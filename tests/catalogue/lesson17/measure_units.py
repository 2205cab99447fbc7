"""Answers to 17.3."""

from dataclasses import replace

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX
from qmix_course.checks.lesson17.measure_units import PLAN
from qmix_course.envs import LongWay
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

WAY = LongWay(steps=6, near=4.0)
UNITS = {"in metres": 1.0, "in centimetres": 100.0}


class AsItComes(QMIX):
    def scaled(self, state):
        return state


def believed(team, unit):
    model = WAY.model()
    return exact.q_tot(team, replace(model, state=model.state * unit))[-1, 1, 0].item()


def together(arm, seeds, updates=200, rate=5e-3, **sizes):
    batch = exact.every_step(WAY)
    batch = replace(batch, state=batch.state * UNITS[arm])
    teams = [AsItComes.for_env(WAY, seed=seed, **dict(hidden=(32,), gamma=0.9) | sizes) for seed in seeds]
    fit_seeds(teams, [batch] * len(teams), TrainConfig(learning_rate=rate, tau=0.1), updates)
    return [believed(team, UNITS[arm]) for team in teams]


def as_a_tensor(arm, seeds):
    return torch.tensor(together(arm, list(seeds)))


def longer(arm, seeds):
    return together(arm, seeds, updates=400)


def narrower(arm, seeds):
    return together(arm, seeds, embed_dim=16)


MEASURED = {"in metres": [10.001, 10.001, 10.0, 9.995, 10.0, 9.998, 10.001, 10.0],
            "in centimetres": [11.493, 16.887, 13.915, -2.176, 8.405, 1.155, 19.383, 15.87]}
ANSWERS = answers(PLAN, [together, as_a_tensor], MEASURED, "D", (longer, narrower))
