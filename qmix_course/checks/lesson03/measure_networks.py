"""03.8 · Measure it: one network or two: change one thing, train over seeds, conclude no more than was measured."""

from __future__ import annotations

from qmix_course.algorithms import IQL
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.exact import every_step
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

PAYOFF = ((1.0, 2.0), (0.0, 1.0))            # one for each agent in its own role: action 0 for agent 1, 1 for agent 2
OPTIONS = {"one network": {"shared": True}, "one network with an id": {"shared": True, "agent_id": True},
           "two networks": {}}


def run(arm, seeds) -> list[float]:
    game = MatrixGame(PAYOFF)
    teams = [IQL.for_env(game, seed=seed, hidden=(16,), **OPTIONS[arm]) for seed in seeds]
    fit_seeds(teams, [every_step(game)] * len(teams), TrainConfig(learning_rate=5e-3), updates=200)
    return [evaluate(game, team).mean_return for team in teams]


def means(numbers) -> list[float]:
    return [sum(numbers[arm]) / len(numbers[arm]) for arm in OPTIONS]


def pattern(one, with_id, two) -> str:
    """How the means stand to each other, each against two networks."""
    return "".join("=" if abs(mean - two) < 0.25 else "<" if mean < two else ">" for mean in (one, with_id))


PLAN = experiment.Plan(
    arms=tuple(OPTIONS), run=run, given=True, close=1e-6,
    follows={
        "A": lambda numbers: pattern(*means(numbers)) == "<<",
        "B": lambda numbers: pattern(*means(numbers)) == "<=",
        "C": lambda numbers: pattern(*means(numbers)) == "==",
        "D": lambda numbers: False,
    },
    told={
        "A": "sharing blamed, although one arm shares and loses nothing",
        "C": "a difference in the numbers that the conclusion leaves out",
        "D": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("sharing blamed, although one arm shares and loses nothing",
            "Which of your arms share a network? What does each of them earn?",
            "the network that is told who asks is shared too, and earns as much as two networks"),
    Mistake("a difference in the numbers that the conclusion leaves out",
            "Put the three lists side by side. Is one of them different in every seed?",
            "two agents with one network and one observation have the same values, so they play the same action"),
    Mistake("more is concluded than was measured",
            "On how many games did you try it? Did any of your numbers say how fast a team learned?",
            "one small game in which the roles differ says nothing about games in which they do not"),
)

EXERCISE = Exercise(
    number="03.8", title="Measure it: one network or two", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="change one thing, train over seeds, conclude no more than was measured",
    hints=(
        "MLPAgents says in its docstring which of its options share a network, and which tell it whose it is.",
        "IQL.for_env hands options that it does not know to the agents. One dictionary with three entries is enough: "
        "from the arm to its options.",
        "One list of teams, one for each seed; one call of fit; one greedy evaluation for each team.",
    ),
    mistakes=MISTAKES, look=PLAN.look)
