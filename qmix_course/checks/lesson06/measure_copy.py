"""06.8 · Measure it: how slow may the copy be?: change one thing, train over seeds,
conclude no more than was measured."""

from __future__ import annotations

from qmix_course.algorithms import VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import LongWay
from qmix_course.evaluation import evaluate
from qmix_course.exact import every_step
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

TAUS = {"tau 1": 1.0, "tau 0.1": 0.1, "tau 0.01": 0.01}


def run(arm, seeds) -> list[float]:
    game = LongWay(steps=6, near=4.0)
    teams = [VDN.for_env(game, seed=seed, hidden=(16,), gamma=0.99) for seed in seeds]
    fit_seeds(teams, [every_step(game)] * len(teams), TrainConfig(learning_rate=1e-2, tau=TAUS[arm]), updates=300)
    return [evaluate(game, team).mean_return for team in teams]


def arrived(numbers) -> tuple[bool, ...]:
    """For each arm, whether most of its teams walk to the end."""
    return tuple(sum(numbers[arm]) / len(numbers[arm]) > 7 for arm in TAUS)


PLAN = experiment.Plan(
    arms=tuple(TAUS), run=run, close=1e-6, given=True,
    follows={
        "A": lambda numbers: arrived(numbers) == (True, True, False),
        "B": lambda numbers: not arrived(numbers)[0] and any(arrived(numbers)),
        "C": lambda numbers: False,
        "D": lambda numbers: len(set(arrived(numbers))) == 1,
    },
    told={
        "B": "the copy's benefit expected, and not looked for in the numbers",
        "C": "more is concluded than was measured",
        "D": "a difference in the numbers that the conclusion leaves out",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("the copy's benefit expected, and not looked for in the numbers",
            "What do the teams with tau 1 earn? Is there a copy that lags behind in that arm?",
            "with every step of the task in each batch there is no noise for a slow copy to keep away"),
    Mistake("more is concluded than was measured",
            "Was anything drawn at random in these updates? Is that so in a training with a replay memory?",
            "these data are complete and free of noise, and lesson 06 shows a run in which it is otherwise"),
    Mistake("a difference in the numbers that the conclusion leaves out",
            "Which arm earns something else in every seed?",
            "the slowest copy keeps the news of the end back for longer than the 300 updates last"),
)

EXERCISE = Exercise(
    number="06.8", title="Measure it: how slow may the copy be?", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="change one thing, train over seeds, conclude no more than was measured",
    hints=(
        "Which field of TrainConfig says how far the copy moves after each update? With which value is it no copy at "
        "all?",
        "The arms' names hold the numbers. A dictionary from the name to the number keeps measure short.",
        "After the updates, each team plays one greedy episode: evaluate(WAY, team).mean_return.",
    ),
    mistakes=MISTAKES, look=PLAN.look)
