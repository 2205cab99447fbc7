"""Answers to 05.8."""

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX
from qmix_course.checks.lesson05.measure_state import PLAN
from qmix_course.envs import LongWay
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

WAY = LongWay(steps=6, near=4.0)
SIZES = dict(hidden=(32,), embed_dim=32, hypernet_dim=0, gamma=0.9)


def believed(team):
    utilities, _ = team.agents(torch.ones(1, 1, 2, 6), torch.full((1, 1, 2), -1))
    played = utilities[0, 0, [0, 1], [1, 0]]
    return team.mixer(played, team.scaled(WAY.model().state[-1])).item()


class Zeros(QMIX):
    def scaled(self, state):
        return torch.zeros_like(state)


class AlwaysTheStart(QMIX):
    def scaled(self, state):
        return torch.eye(6)[0].expand_as(state)


def with_kind(blind, updates=300, **sizes):
    def measure(arm, seeds):
        kind = QMIX if arm == "with the state" else blind
        teams = [kind.for_env(WAY, seed=seed, **SIZES | sizes) for seed in seeds]
        data = exact.every_step(WAY)                    # in the dtype of the moment
        data.obs[:] = 1.0
        fit_seeds(teams, [data] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates)
        return torch.tensor([believed(team) for team in teams])
    return measure


def always_0(arm, seeds):
    return with_kind(Zeros)(arm, [0] * len(seeds))


def one_arm_longer(arm, seeds):
    """The arm without the state gets more updates: then two things are changed."""
    return with_kind(Zeros, 400 if arm == "without the state" else 300)(arm, seeds)


def one_arm_wider(arm, seeds):
    return with_kind(Zeros, embed_dim=64 if arm == "without the state" else 32)(arm, seeds)


OTHERS = (always_0, with_kind(Zeros, 150), with_kind(Zeros, embed_dim=16), with_kind(Zeros, hidden=(64,)),
          with_kind(Zeros, hypernet_dim=64), one_arm_longer, one_arm_wider)
MEASURED = {"with the state": [10.0] * 8, "without the state": [6.66, 6.67, 6.66, 6.67, 6.65, 6.66, 6.66, 6.66]}
ANSWERS = answers(PLAN, [with_kind(Zeros), with_kind(AlwaysTheStart)], MEASURED, "D", OTHERS)
