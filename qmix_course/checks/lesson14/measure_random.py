"""14.6 · Measure it: tables that nobody chose: tell how a method does on hard cases from how it does on any."""

from __future__ import annotations

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX, QPLEX, VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

MAKE = {"VDN": lambda game, seed: VDN.for_env(game, seed=seed, hidden=(16,)),
        "QMIX": lambda game, seed: QMIX.for_env(game, seed=seed, hidden=(16,), embed_dim=16, hypernet_dim=16),
        "QPLEX": lambda game, seed: QPLEX.for_env(game, seed=seed, hidden=(16,), hypernet_dim=0, head_hidden=(16,))}


def random_games(seed: int) -> list[MatrixGame]:
    generator = torch.Generator().manual_seed(seed)
    return [MatrixGame(table) for table in 20 * torch.rand(10, 3, 3, generator=generator) - 10]


def run(arm, seeds) -> list[float]:
    games = [(game, seed) for seed in seeds for game in random_games(seed)]
    teams = [MAKE[arm](game, seed) for game, seed in games]
    fit_seeds(teams, [exact.every_step(game) for game, _ in games], TrainConfig(learning_rate=1e-2, tau=0.1),
              updates=150)
    best = [evaluate(game, team).mean_return == game.payoff.max().item() for (game, _), team in zip(games, teams)]
    return torch.tensor(best).double().view(-1, 10).mean(1).tolist()


def mean(row) -> float:
    return sum(row) / len(row)


PLAN = experiment.Plan(
    arms=tuple(MAKE), run=run, close=0.05, given=True, dear=True,
    fresh=1_118,                        # there teams settle for 0.002 and for 0.06 less than the best
    follows={
        "A": lambda numbers: min(numbers["QPLEX"]) == 1.0,
        "B": lambda numbers: (mean(numbers["QPLEX"]) > 0.65 and min(numbers["QPLEX"]) < 1.0
                              and max(mean(numbers["QMIX"]), mean(numbers["VDN"])) < 0.65),
        "C": lambda numbers: mean(numbers["QMIX"]) >= 0.65,
        "D": lambda numbers: mean(numbers["QPLEX"]) <= 0.65,
    },
    told={
        "A": "what can be made is taken for what is found",
        "C": "what a class lacks is thought to be rare",
        "D": "games picked for being hard are taken for all games",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("what can be made is taken for what is found",
            "Is there a seed of QPLEX below 1? Its tables have IGM like all others.",
            "every table is in reach for QPLEX, and training still misses some"),
    Mistake("games picked for being hard are taken for all games",
            "What is the mean of your eight QPLEX numbers? QTRAN's game was made to show a failure.",
            "where papers look for hard cases, a count over those says little about the others"),
    Mistake("what a class lacks is thought to be rare",
            "What is the mean of your eight QMIX numbers?",
            "most tables of three actions are not monotone in any order, and there QMIX often misses the best"),
)

EXERCISE = Exercise(
    number="14.6", title="Measure it: tables that nobody chose", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="tell how a method does on hard cases from how it does on any",
    hints=(
        "For one seed: ten games, ten teams made by MAKE[arm], one call of fit. Then compare what each team earns with "
        "the largest entry of its game's payoff.",
        "The numbers of an arm lie well apart. Which statements does their mean decide, and which one their minimum?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
