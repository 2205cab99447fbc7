"""04.7 · Measure it: right about everything, or safe: change one thing, train over seeds,
conclude no more than was measured."""

from __future__ import annotations

from torch.nn import functional as F

from qmix_course.algorithms import VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.exact import every_step
from qmix_course.mixers import Mixer, VDNMixer
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

PAYOFF, BEST = ((6.0, -2.0), (-3.0, 1.0)), 6.0           # the product of (-2, 1) and (-3, 1), or of (2, -1) and (3, -1)


class Product(Mixer):
    def mix(self, agent_qs, state):
        return agent_qs.prod(-1)


class PositiveProduct(Mixer):
    def mix(self, agent_qs, state):
        return F.softplus(agent_qs).prod(-1)


MIXERS = {"sum": VDNMixer, "product": Product, "positive product": PositiveProduct}
SAFE = "sum", "positive product"


def run(arm, seeds) -> list[float]:
    game = MatrixGame(PAYOFF)
    teams = [VDN.for_env(game, seed=seed, hidden=(16,)) for seed in seeds]
    for team in teams:
        team.mixer = MIXERS[arm](2)
    fit_seeds(teams, [every_step(game)] * len(teams), TrainConfig(learning_rate=5e-3), updates=300)
    return [evaluate(game, team).mean_return for team in teams]


def shares(numbers) -> dict[str, float]:
    return {arm: experiment.share(numbers[arm], BEST) for arm in MIXERS}


def the_seed_decides(numbers) -> bool:
    found = shares(numbers)
    return all(found[arm] == 1 for arm in SAFE) and 0 < found["product"] < 1


def product_is_best(numbers) -> bool:
    found = shares(numbers)
    return all(found["product"] > found[arm] for arm in SAFE)


PLAN = experiment.Plan(
    arms=tuple(MIXERS), run=run, given=True, close=1e-6,
    follows={
        "A": product_is_best,
        "B": lambda numbers: all(2 < number < 4 for number in numbers["product"]),
        "C": the_seed_decides,
        "D": lambda numbers: False,
        "E": lambda numbers: False,
    },
    told={
        "A": "a mixer that can make the table taken for one that finds the way",
        "B": "an average that no team earns",
        "D": "more is concluded than was measured",
        "E": "the table blamed, although it is right",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("a mixer that can make the table taken for one that finds the way",
            "What do the teams with the product earn, seed by seed? And those with the sum?",
            "every table of the product is right, and half of its teams walk away from the 6"),
    Mistake("an average that no team earns",
            "Look at the list itself. Which numbers stand in it?",
            "a mean says nothing about one team where every team earns one of two numbers"),
    Mistake("more is concluded than was measured",
            "How many games did you try, and how many mixers that never fall? Try one more: the minimum of the two "
            "utilities, with the seeds 0 to 29.",
            "with the minimum 18 of 100 teams earn 1 here: IGM says that agents reach the largest entry of Q_tot, and "
            "not that Q_tot is right about where it is"),
    Mistake("the table blamed, although it is right",
            "Train one team with the product whose seed earns 1, and call error on it.",
            "its Q_tot is right about all four joint actions; what is broken is the way from utilities to a choice"),
)

EXERCISE = Exercise(
    number="04.7", title="Measure it: right about everything, or safe", answers=experiment.ANSWERS, difficulty=3,
    minutes=12, practises="change one thing, train over seeds, conclude no more than was measured",
    hints=(
        "Difference in Break it shows how a mixer of one's own is written, and how a team gets it.",
        "Two small subclasses of Mixer. Every team needs its mixer before fit is called.",
        "One list of teams, one for each seed; a mixer for each; one call of fit; one greedy evaluation for each team.",
    ),
    mistakes=MISTAKES, look=PLAN.look)
