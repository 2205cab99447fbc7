"""Answers to 14.6."""

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX, QPLEX, VDN
from qmix_course.checks.lesson14.measure_random import PLAN
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig
from tests.catalogue.experiments import answers

KINDS = {"VDN": (VDN, {}), "QMIX": (QMIX, dict(embed_dim=16, hypernet_dim=16)),
         "QPLEX": (QPLEX, dict(hypernet_dim=0, head_hidden=(16,)))}


def taught(arm, seed, games):
    kind, sizes = KINDS[arm]
    teams = [kind.for_env(game, seed=seed, hidden=(16,), **sizes) for game in games]
    fit_seeds(teams, [exact.every_step(game) for game in games], TrainConfig(learning_rate=1e-2, tau=0.1), 150)
    return teams


def drawn(seed):
    return 20 * torch.rand(10, 3, 3, generator=torch.Generator().manual_seed(seed)) - 10


def read_from_the_utilities(arm, seeds):
    found = []
    for seed in seeds:
        games = [MatrixGame(table) for table in drawn(seed)]
        teams = taught(arm, seed, games)
        played = [exact.agent_qs(team, game.model())[0].argmax(-1) for team, game in zip(teams, games)]
        found.append(sum(int(3 * u[0] + u[1] == game.payoff.argmax()) for u, game in zip(played, games)) / 10)
    return found


def one_game_after_the_other(arm, seeds):
    shares = []
    for seed in seeds:
        hits = 0
        for table in drawn(seed):
            game = MatrixGame(table)
            team, = taught(arm, seed, [game])
            belief = exact.q_tot(team, game.model())[0]
            hits += int(belief.argmax() == table.argmax())
        shares.append(hits / 10)
    return torch.tensor(shares)


def near_enough(arm, seeds):
    """What pays nearly as much as the best is counted too."""
    shares = []
    for seed in seeds:
        games = [MatrixGame(table) for table in drawn(seed)]
        short = [game.payoff.max().item() - evaluate(game, team).mean_return
                 for team, game in zip(taught(arm, seed, games), games)]
        shares.append(sum(each < 0.05 for each in short) / 10)
    return shares


MEASURED = {"VDN": [0.2, 0.6, 0.4, 0.3, 0.4, 0.2, 0.3, 0.2], "QMIX": [0.5, 0.6, 0.4, 0.4, 0.6, 0.5, 0.4, 0.1],
            "QPLEX": [0.9, 0.9, 0.9, 0.8, 0.9, 0.9, 0.7, 0.8]}
ANSWERS = answers(PLAN, [read_from_the_utilities, one_game_after_the_other], MEASURED, "B", looks=(near_enough,))
