"""Answers to 04.7."""

from dataclasses import replace

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX, VDN
from qmix_course.checks import experiment
from qmix_course.checks.lesson04.measure_mixer import PLAN
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.mixers import Mixer, VDNMixer
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig, train
from tests.catalogue.experiments import answers

GAME = MatrixGame([[6.0, -2.0], [-3.0, 1.0]])


def mixer(made):
    """A kind of mixer that makes ``made(Q_1, Q_2)``."""

    class Made(Mixer):
        def mix(self, agent_qs, state):
            return made(agent_qs[..., 0], agent_qs[..., 1])

    return Made


def softplus(x):
    return torch.log(1 + x.exp())


MIXERS = {"sum": VDNMixer, "product": mixer(lambda a, b: a * b),
          "positive product": mixer(lambda a, b: softplus(a) * softplus(b))}


def with_mixers(mixers=MIXERS, updates=300, learning_rate=5e-3, hidden=(16,), look=None):
    def measure(arm, seeds):
        teams = [VDN.for_env(GAME, seed=seed, hidden=hidden) for seed in seeds]
        for team in teams:
            team.mixer = mixers[arm](2)
        fit_seeds(teams, [exact.every_step(GAME)] * len(teams), TrainConfig(learning_rate=learning_rate), updates)
        return [(look or (lambda team: evaluate(GAME, team).mean_return))(team) for team in teams]

    return measure


def one_after_the_other(arm, seeds):
    return [with_mixers()(arm, [seed])[0] for seed in seeds]


def one_mixer_for_all(arm, seeds):
    """No weights in it: one object may serve all teams."""
    only = MIXERS[arm](2)
    return with_mixers({arm: lambda n_agents: only})(arm, seeds)


def always_0(arm, seeds):
    return with_mixers()(arm, [0] * len(seeds))


def by_place(arm, seeds):
    return with_mixers()(arm, range(len(seeds)))


def mixer_after_training(arm, seeds):
    """A mixer says nothing once the agents have learned."""
    teams = [VDN.for_env(GAME, seed=seed, hidden=(16,)) for seed in seeds]
    fit_seeds(teams, [exact.every_step(GAME)] * len(teams), TrainConfig(learning_rate=5e-3), 300)
    for team in teams:
        team.mixer = MIXERS[arm](2)
    return [evaluate(GAME, team).mean_return for team in teams]


def by_playing(arm, seeds):
    """With a replay memory and ε = 1 instead of the complete data."""
    rewards = []
    for seed in seeds:
        game = GAME.clone(32)
        team = VDN.for_env(game, seed=seed, hidden=(16,))
        team.mixer = MIXERS[arm](2)
        train(game, team, TrainConfig(seed=seed, total_steps=2_000, learning_rate=1e-2, epsilon_end=1.0,
                                      batch_size=64, evaluate_every=2_000))
        rewards.append(evaluate(GAME, team).mean_return)
    return rewards


def qmix_for_the_sum(arm, seeds):
    if arm != "sum":
        return with_mixers()(arm, seeds)
    teams = [QMIX.for_env(GAME, seed=seed, hidden=(16,)) for seed in seeds]
    fit_seeds(teams, [exact.every_step(GAME)] * len(teams), TrainConfig(learning_rate=5e-3), 300)
    return [evaluate(GAME, team).mean_return for team in teams]


def positive(made):
    return with_mixers(MIXERS | {"positive product": mixer(made)})


def off_by(team):
    return (exact.q_tot(team, GAME.model())[0] - GAME.payoff).abs().max().item()


OTHERS = (always_0, by_place, with_mixers(updates=100), with_mixers(learning_rate=1e-3),
          with_mixers(hidden=(64, 64)), by_playing, qmix_for_the_sum,
          positive(lambda a, b: a.abs() * b.abs()), positive(lambda a, b: a.relu() * b.relu()),
          positive(lambda a, b: a.exp() * b.exp()), positive(lambda a, b: softplus(a * b)),
          positive(lambda a, b: a * softplus(b)))
LOOKS = (with_mixers(look=off_by), with_mixers(look=lambda team: exact.q_tot(team, GAME.model()).max().item()))
MEASURED = {"sum": [6.0] * 8, "product": [1.0, 6.0, 1.0, 6.0, 1.0, 6.0, 1.0, 1.0], "positive product": [6.0] * 8}
ANSWERS = answers(PLAN, [with_mixers(), one_after_the_other, one_mixer_for_all], MEASURED, "C", OTHERS, LOOKS)
AFTERWARDS = MEASURED | {"product": [6.0] * 8}
ANSWERS = replace(ANSWERS, wrong=[*ANSWERS.wrong, *(
    (experiment.SAME_ARMS.name, (mixer_after_training, numbers, letter))
    for numbers, letter in ((AFTERWARDS, "D"), (MEASURED, "C")))])
