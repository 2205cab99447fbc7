"""Answers to 18.4."""

import torch

from qmix_course.algorithms import VDN
from qmix_course.checks.lesson18.shared import PLAN
from qmix_course.envs import Formation
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

PAIR, MANY = (Formation("line", 2, size=4.0, num_envs=rows) for rows in (32, 256))


def together(arm, seeds):
    teams = [VDN.for_env(PAIR, seed=seed, shared=arm == "shared") for seed in seeds]
    train_seeds(PAIR, teams, TrainConfig(total_steps=4_000, epsilon_steps=2_000, evaluate_every=4_000), list(seeds))
    return [evaluate(MANY, team).terminated.double().mean().item() for team in teams]


def as_a_tensor(arm, seeds):
    return torch.tensor(together(arm, list(seeds)))


MEASURED = {"separate": [0.91796875, 0.9609375, 0.875, 0.9765625, 0.98046875, 0.765625, 0.88671875, 0.79296875],
            "shared": [0.4140625, 0.4375, 0.27734375, 0.83984375, 0.68359375, 0.85546875, 0.8046875, 0.32421875]}
ANSWERS = answers(PLAN, [together, as_a_tensor], MEASURED, "D")
