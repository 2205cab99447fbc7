"""18.4 · Shared or separate: one network for two robots or two, over seeds."""

from __future__ import annotations

import torch

from qmix_course.algorithms import VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import Formation
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

ARMS = {"separate": False, "shared": True}
CONFIG = TrainConfig(total_steps=4_000, epsilon_steps=2_000, evaluate_every=4_000)


def run(arm, seeds) -> list[float]:
    """In float64, as the notebook trains, whatever torch's default is here."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        env, many = (Formation("line", 2, size=4.0, num_envs=rows) for rows in (32, 256))
        teams = [VDN.for_env(env, seed=seed, shared=ARMS[arm]) for seed in seeds]
        train_seeds(env, teams, CONFIG, list(seeds))
        return [evaluate(many, team).terminated.double().mean().item() for team in teams]
    finally:
        torch.set_default_dtype(before)


def ahead(numbers) -> float:
    """In which share of all pairs of a separate and a shared team the separate one gets there more often."""
    pairs = [(one, other) for one in numbers["separate"] for other in numbers["shared"]]
    return sum((one > other) + 0.5 * (one == other) for one, other in pairs) / len(pairs)


PLAN = experiment.Plan(
    arms=tuple(ARMS), run=run, close=0.05, given=True, dear=True,
    follows={
        "A": lambda numbers: ahead(numbers) <= 0.2,
        "B": lambda numbers: 0.2 < ahead(numbers) < 0.8,
        "C": lambda numbers: False,
        "D": lambda numbers: ahead(numbers) >= 0.8,
    },
    told={
        "A": "the conclusion is the wrong way round",
        "B": "a difference that the numbers show is left out",
        "C": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("the conclusion is the wrong way round",
            "Sort both lists. From which of the two are the largest numbers?",
            "that one network sees twice as much is a reason to expect it; the numbers say something else here"),
    Mistake("a difference that the numbers show is left out",
            "Take one number of each list, in all ways. How often is the separate team's the larger one?",
            "the lists overlap a little, but nine of ten such pairs point the same way"),
    Mistake("more is concluded than was measured",
            "For how many steps did you train, how many robots, and which shape?",
            "two robots and 4,000 steps say nothing about ten robots, or about a hundred times as many steps"),
)

EXERCISE = Exercise(
    number="18.4", title="Measure it: shared or separate", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="hold one network for all against one for each, over seeds, and conclude no more than was measured",
    hints=(
        "`team_for(arm, seed)` makes a team, `learn(teams, seeds)` trains a list of them, `share(team)` judges one.",
        "One list of teams, one for each seed; one call of `learn` for all of them."),
    mistakes=MISTAKES, look=PLAN.look)
