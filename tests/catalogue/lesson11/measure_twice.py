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


def side_by_side(arm, seeds, hidden=(32,), width=16, wide=64, more=1, updates=200, hyper=32,
                 rate=5e-3, pays=1.0):
    data = exact.every_step(GAME)
    if arm == "(0, 0) twice":
        data = replace(data, **{name: torch.cat([value, *[value[:1]] * more]) for name, value in vars(data).items()})
        data.reward[0] *= pays
    teams = [QMIX.for_env(GAME, seed=seed, hidden=hidden, embed_dim=wide if arm == "wider mixer" else width,
                          hypernet_dim=hyper if arm == "wider mixer" else 32) for seed in seeds]
    fit_seeds(teams, [data] * len(teams), TrainConfig(learning_rate=rate, tau=0.1), updates)
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
    """The same numbers come out, and the text's teams were not measured."""
    return side_by_side(arm, seeds, updates=300)


def wider_agents(arm, seeds):
    return side_by_side(arm, seeds, hidden=(48,))


def wider_hypernets_too(arm, seeds):
    return side_by_side(arm, seeds, hyper=128)


def faster(arm, seeds):
    return side_by_side(arm, seeds, rate=1e-2)


def its_reward_twice(arm, seeds):
    """The row of (0, 0) comes once, and pays twice as much."""
    return side_by_side(arm, seeds, more=0, pays=2.0)


def by_hand(arm, seeds):
    """A loop of updates of one's own, which the check does not see."""
    data, earned = exact.every_step(GAME), []
    which = [0] * (arm == "(0, 0) twice") + list(range(9))
    data = replace(data, **{name: value[which] for name, value in vars(data).items()})
    for seed in seeds:
        team = QMIX.for_env(GAME, seed=seed, hidden=(32,), embed_dim=64 if arm == "wider mixer" else 16,
                            hypernet_dim=32)
        optimiser = torch.optim.Adam(team.parameters(), lr=5e-3)
        for _ in range(200):                                    # one step ends the game: no target looks further
            optimiser.zero_grad()
            team.loss(data, team).backward()
            optimiser.step()
        earned.append(evaluate(GAME, team).mean_return)
    return earned


def not_wider(arm, seeds):
    return side_by_side(arm, seeds, wide=16)


def wider_elsewhere(arm, seeds):
    """The networks that write the weights are four times as wide, and the mixer is as it was."""
    return side_by_side(arm, seeds, wide=16, hyper=128)


def from_32(arm, seeds):
    return side_by_side(arm, seeds, width=32)


def four_times_32(arm, seeds):
    return side_by_side(arm, seeds, width=32, wide=128)


def eight_times(arm, seeds):
    return side_by_side(arm, seeds, wide=128)


def three_times(arm, seeds):
    return side_by_side(arm, seeds, more=2)


def both_changes(arm, seeds):
    return side_by_side(arm, seeds, width=64 if arm == "(0, 0) twice" else 16)


MEASURED = {"as it is": [0.0] * 8, "wider mixer": [0.0] * 8, "(0, 0) twice": [8.0] * 8}
BY_HAND = MEASURED | dict.fromkeys(("as it is", "wider mixer"), [0.0, -12.0, *[0.0] * 6])       # nothing is clipped
ANSWERS = answers(PLAN, [side_by_side, read_from_the_table], MEASURED, "C",
                  (longer, wider_agents, wider_hypernets_too, faster))
ANSWERS = replace(ANSWERS, right=[*ANSWERS.right, (by_hand, BY_HAND, "C")],
                  wrong=[*ANSWERS.wrong, *((name, (measure, MEASURED, "C")) for name, measure in (
    ("two arms are the same experiment", not_wider),
    ("the wider mixer is no wider", wider_elsewhere),
    ("an arm has another width than the text gives it", from_32),
    ("an arm has another width than the text gives it", four_times_32),
    ("an arm has another width than the text gives it", eight_times),
    ("an arm has another width than the text gives it", both_changes),
    ("an arm sees other rows than the text gives it", three_times),
    ("an arm sees other rows than the text gives it", its_reward_twice)))])
