"""20.3 · A sweep and two sentences: compare two settings over seeds, and say what follows."""

from __future__ import annotations

import math
from numbers import Real

import torch

from qmix_course import intervals
from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment, values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict
from qmix_course.envs import TwoStepGame
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

RATES = {"rate 4e-3": 4e-3, "rate 1e-3": 1e-3}
FIRST, SECOND = RATES
STEPS, LOOKS = 3_000, 500
SLACK = 0.06                    # other draws of the bootstrap, another way to take a quantile


def histories(arm, seeds):
    """In float64, as a sweep trains, whatever torch's default is here."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        env = TwoStepGame(num_envs=32)
        teams = [QMIX.for_env(env, seed=seed) for seed in seeds]
        return train_seeds(env, teams, TrainConfig(total_steps=STEPS, evaluate_every=LOOKS, learning_rate=RATES[arm]),
                           list(seeds))
    finally:
        torch.set_default_dtype(before)


def run(arm, seeds) -> list[float]:
    return [history.greedy_return[-1] for history in histories(arm, seeds)]


def interval_of(numbers) -> tuple[float, float]:
    return intervals.improvement(numbers[FIRST], numbers[SECOND])[1:]


PLAN = experiment.Plan(
    arms=tuple(RATES), run=run, close=1e-6, seeds=10, given=True, dear=True, in_here=False,
    follows={
        "A": lambda numbers: interval_of(numbers)[0] > 0.5,
        "B": lambda numbers: interval_of(numbers)[1] < 0.5,
        "C": lambda numbers: interval_of(numbers)[0] <= 0.5 <= interval_of(numbers)[1],
        "D": lambda numbers: False,
    },
    told={
        "B": "the conclusion is the wrong way round",
        "C": "a difference that the interval shows is left out",
        "D": "more is concluded than was measured",
    })


def look(room: Room, measure, measured, interval, conclusion) -> Verdict:
    verdict = PLAN.look(room, measure, measured, conclusion)
    low, high = ends(room, interval)
    numbers = {arm: [float(each) for each in measured[arm]] for arm in RATES}
    wanted = interval_of(numbers)
    if any(_same((low, high), at(numbers, level)) for level in LEVELS) and not _same((low, high), wanted):
        raise room.wrong(LEVEL, f"interval: got ({low:.3g}, {high:.3g})")
    if not near((low, high), wanted):
        for name, other in OTHERS.items():
            if near((low, high), other(numbers)):
                raise room.wrong(name, f"interval: got ({low:.3g}, {high:.3g})")
        raise room.wrong(ANOTHER, f"got ({low:.3g}, {high:.3g})")
    return verdict


def ends(room: Room, interval) -> tuple[float, float]:
    given = list(interval) if isinstance(interval, (tuple, list)) or hasattr(interval, "tolist") else []
    if len(given) == 2:
        given = [each.item() if hasattr(each, "item") else each for each in given]
    if len(given) != 2 or any(isinstance(each, bool) or not isinstance(each, Real) or not math.isfinite(each)
                              for each in given):
        raise room.misfit(f"interval: expected two numbers, (low, high), got {values.describe(interval)}",
                          "intervals.improvement gives three numbers: the probability, and the two ends.")
    return float(given[0]), float(given[1])


def at(numbers, level) -> tuple[float, float]:
    return intervals.improvement(numbers[FIRST], numbers[SECOND], level=level)[1:]


def _same(got, want) -> bool:
    return all(abs(a - b) < 1e-9 for a, b in zip(got, want))


def near(got, want) -> bool:
    return all(abs(a - b) <= SLACK for a, b in zip(got, want))


LEVELS = 0.5, 0.8, 0.9, 0.99
LEVEL = "the interval is that of another level"
ANOTHER = "the interval is not that of your numbers"
OTHERS = {
    "the interval is the other arm's": lambda numbers: tuple(1 - end for end in reversed(interval_of(numbers))),
    "the ends are exchanged": lambda numbers: interval_of(numbers)[::-1],
    "the interval is that of a return, not of a probability": lambda numbers: intervals.bootstrap(numbers[FIRST]),
}
MISTAKES = (
    *experiment.COMMON,
    Mistake("the conclusion is the wrong way round", "Whose scores are the ours of your improvement?",
            "above 0.5 means that the first arm scores higher"),
    Mistake("a difference that the interval shows is left out", "On which side of 0.5 is your whole interval?",
            "to find a difference and call it none is as wrong as the other way round"),
    Mistake("more is concluded than was measured",
            "How many tasks, steps and learning rates did you try?",
            "one game, one budget and two rates say nothing about others"),
    Mistake("the interval is the other arm's", "For which of the two arms is it the probability to score higher?",
            "ours and theirs were exchanged", None),
    Mistake("the ends are exchanged", "Which of your two ends is the lower one?", "(low, high), in this order"),
    Mistake("the interval is that of a return, not of a probability",
            "Can a probability be 7 or 8? The text asks for the interval of the probability of improvement.",
            "an interval of each arm's return does not say how surely one is better"),
    Mistake(LEVEL, "How many per cent does the sentence in the text speak of? Which level did you ask for?",
            "a 90% interval misses the truth twice as often as it says when it is called a 95% interval"),
    Mistake(ANOTHER,
            "It wants the 95% interval of the probability that a run of \"rate 4e-3\" scores higher than one of "
            "\"rate 1e-3\", from the numbers in measured. Did they change since?",
            "whoever reads an interval computes it again from the runs"),
)

EXERCISE = Exercise(
    number="20.3", title="A sweep and two sentences",
    answers={"measure": "function", "measured": "value", "interval": "value", "conclusion": "value"},
    difficulty=3, minutes=12, core=True,
    practises="sweep two settings over seeds, state the interval, conclude what follows and no more",
    hints=("Plan takes the seeds as a list, and the learning rate in its settings. The score is the last look of a "
           "run, not its best one.",
           "report.last_scores(rows) has the last scores for each environment and team, in the order of the seeds.",
           "intervals.improvement(ours, theirs) gives the probability and the two ends of its interval."),
    mistakes=MISTAKES, look=look)
