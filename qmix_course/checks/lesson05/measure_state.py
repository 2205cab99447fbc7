"""05.8 · Measure it: a mixer without the state: change one thing, train over seeds,
conclude no more than was measured."""

from __future__ import annotations

from dataclasses import replace

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import LongWay
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

ARMS = "with the state", "without the state"
SIZES = {"hidden": (32,), "embed_dim": 32, "hypernet_dim": 0, "gamma": 0.9}


class StateBlind(QMIX):
    def scaled(self, state):
        return torch.zeros_like(state)


def run(arm, seeds) -> list[float]:
    game = LongWay(steps=6, near=4.0)
    batch, model = exact.every_step(game), game.model()
    batch.obs[:] = 1.0
    kind = QMIX if arm == ARMS[0] else StateBlind
    teams = [kind.for_env(game, seed=seed, **SIZES) for seed in seeds]
    fit_seeds(teams, [batch] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates=300)
    nothing_seen = replace(model, obs=torch.ones_like(model.obs))
    return [exact.q_tot(team, nothing_seen)[-1, 1, 0].item() for team in teams]


def seen(numbers) -> str:
    """What the numbers say of the teams without the state: right, below or above in nearly every seed, or a mixture."""
    sees, blind = (numbers[arm] for arm in ARMS)
    if sum(abs(each - 10) < 0.5 for each in sees) < 0.9 * len(sees):
        return "neither"
    shares = {"right": sum(abs(each - 10) < 0.5 for each in blind), "below": sum(each <= 9.5 for each in blind),
              "above": sum(each >= 10.5 for each in blind)}
    return next((name for name, count in shares.items() if count >= 0.9 * len(blind)), "mixed")


PLAN = experiment.Plan(
    arms=ARMS, run=run, close=0.15, given=True, begins=ARMS[1:],    # which numbers the mixer reads is up to them
    follows={
        "A": lambda numbers: seen(numbers) == "right",
        "B": lambda numbers: seen(numbers) == "mixed",
        "C": lambda numbers: False,
        "D": lambda numbers: seen(numbers) == "below",
    },
    told={
        "A": "two different sizes called equal",
        "B": "chance blamed for what happens in every seed",
        "C": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("two different sizes called equal",
            "What do the two lists say, and what is going on in the last place really worth?",
            "one of the teams is off by a third; that both would walk to the end does not make its values right"),
    Mistake("chance blamed for what happens in every seed",
            "How far apart are the seeds of one arm? How far apart are the two arms?",
            "every seed without the state ends at the same wrong value, so it is no accident of a start"),
    Mistake("more is concluded than was measured",
            "Which of your numbers is a reward that a team earned?",
            "a value was measured, and no reward: both teams would walk to the end"),
)

EXERCISE = Exercise(
    number="05.8", title="Measure it: a mixer without the state", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="change one thing, train over seeds, conclude no more than was measured",
    hints=(
        "Which method of QMIX hands the state to the mixer? Lesson 05 overrides it in Going further, under A state in "
        "large units.",
        "A subclass of QMIX with one method is enough. What must that method give, so that no state differs from any "
        "other, and the shape stays?",
        "measure makes one team for each seed, hands all of them to fit at once, and asks believed about each.",
    ),
    mistakes=MISTAKES, look=PLAN.look)
