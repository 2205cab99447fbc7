"""11.5 · Measure it: a wider mixer, or one row more: tell what the class forbids from what the data decide."""

from __future__ import annotations

from dataclasses import replace

import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.learner import Learner
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

WIDTH = {"as it is": 16, "wider mixer": 64, "(0, 0) twice": 16}
TIMES = {"as it is": 1, "wider mixer": 1, "(0, 0) twice": 2}


def run(arm, seeds, **settings) -> list[float]:
    game = MatrixGame("qtran")
    rows = exact.every_step(game)
    which = torch.cat([torch.zeros(TIMES[arm] - 1, dtype=torch.int64), torch.arange(9)])     # row 0 is (0, 0)
    data = replace(rows, **{name: value[which] for name, value in vars(rows).items()})
    teams = [QMIX.for_env(game, seed=seed, hidden=(32,), embed_dim=WIDTH[arm], hypernet_dim=32) for seed in seeds]
    fit_seeds(teams, [data] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1, **settings), updates=200)
    return [evaluate(game, team).mean_return for team in teams]


def unclipped(arm, seeds) -> list[float]:
    """As a loop of one's own trains that leaves long gradients as they are."""
    return run(arm, seeds, max_grad_norm=1e9)


def found(numbers) -> tuple[bool, ...]:
    """For each arm, whether most of its teams settle for the 8."""
    return tuple(sum(number > 7 for number in numbers[arm]) > len(numbers[arm]) / 2 for arm in WIDTH)


def closer(room: Room, measure) -> None:
    """What the teams are and what they see, where a training is another one than the text's."""
    for arm in WIDTH:
        seen = []
        with room.watching(Learner, "update", lambda learner, batches, *_, **__: seen.append((learner.algorithms,
                                                                                              batches))):
            room.ask(measure, arm, [experiment.FRESH], may_seed=True)
        for teams, batches in seen[:1]:             # nobody is seen who wrote a loop of updates by hand
            width = getattr(getattr(teams[0], "mixer", None), "embed_dim", None)
            if width != WIDTH[arm]:
                raise room.wrong(NOT_WIDER if arm == "wider mixer" and width == WIDTH["as it is"] else OTHER_WIDTH,
                                 f"run: measure({arm!r}, [{experiment.FRESH}])\nexpected: an embed_dim of {WIDTH[arm]}"
                                 f"\ngot:      {width}")
            first = int((batches[0].actions == 0).all(-1).sum())
            if (first, len(batches[0].actions)) != (TIMES[arm], TIMES[arm] + 8):
                raise room.wrong(OTHER_ROWS, f"run: measure({arm!r}, [{experiment.FRESH}])\nexpected: "
                                             f"{TIMES[arm] + 8} rows, {TIMES[arm]} of them of (0, 0)\n"
                                             f"got:      {len(batches[0].actions)} rows, {first} of them of (0, 0)")


PLAN = experiment.Plan(
    arms=tuple(WIDTH), run=run, close=1e-6, also=unclipped, given=True, closer=closer,
    follows={
        "A": lambda numbers: not any(found(numbers)),
        "B": lambda numbers: found(numbers)[1],
        "C": lambda numbers: found(numbers) == (False, False, True),
        "D": lambda numbers: False,
    },
    told={
        "A": "a payoff that cannot be made is taken for a choice that cannot be made",
        "B": "a failure blamed on the size of the mixer",
        "D": "the right choice is taken for the right table",
    })


NOT_WIDER, OTHER_WIDTH = "the wider mixer is no wider", "an arm has another width than the text gives it"
OTHER_ROWS = "an arm sees other rows than the text gives it"

MISTAKES = (
    *experiment.COMMON,
    Mistake(NOT_WIDER,
            "Look at team.mixer.embed_dim of a team of this arm. What was to be changed?",
            "an arm in which nothing was changed says nothing about the change, even if its numbers are as expected"),
    Mistake(OTHER_WIDTH,
            "Which embed_dim has the team in the cell above? Which arm has another one, and which?",
            "an arm that differs in more than its one change, or starts elsewhere, answers another question"),
    Mistake(OTHER_ROWS,
            "How many rows do the teams of this arm see, and how many of them are (0, 0)? times counts all of them.",
            "the claim is about one row more; with two more, or with none, another claim was measured"),
    Mistake("a payoff that cannot be made is taken for a choice that cannot be made",
            "In which of your arms do teams settle for the 8?",
            "the class has no table that is the payoff, and it has tables that prefer the 8"),
    Mistake("a failure blamed on the size of the mixer",
            "What do the teams with the wider mixer earn?",
            "more units move neither the bound of the class nor the valley in which training begins"),
    Mistake("the right choice is taken for the right table",
            "You measured what the teams play. Which least error did step 4 of the lesson find for this game?",
            "a table of QMIX's class stays far from this payoff, whichever joint action it ranks first"),
)

EXERCISE = Exercise(
    number="11.5", title="Measure it: a wider mixer, or one row more", answers=experiment.ANSWERS, difficulty=3,
    minutes=12, practises="tell what a class forbids from what the data decide",
    hints=(
        "The width is embed_dim of QMIX.for_env; how often (0, 0) is among the rows is the second argument of train.",
        "Two dictionaries from the arm's name, one to the width and one to the count, keep measure short.",
        "Step 5 of the lesson: at first the agents learn the mean of what each action pays. With ten rows, what is "
        "that mean for action 0, and what for the others?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
