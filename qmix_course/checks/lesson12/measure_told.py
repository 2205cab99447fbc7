"""12.5 · Measure it: a note to oneself: a rule that can be written down is not yet one that training finds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import torch
from torch.nn import functional as F

from qmix_course.algorithms import VDN
from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import Cue
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

NUMBERS = {"nothing more": 0, "last action": 2, "last looks": 9}       # arm → how many numbers an agent is told besides


class Told(Cue):
    """The cue task, in which an agent is told more than it sees: what it did last, or what it saw in all steps before.
    """

    def __init__(self, extra: str, num_envs: int = 1):
        super().__init__(corridor=2, num_envs=num_envs)
        self.extra, self.told = extra, torch.zeros(self.num_envs, 2, NUMBERS[extra])
        self.spec = replace(self.spec, obs_dim=3 + NUMBERS[extra])

    def _begin(self, where, cues=None):
        self.told = self.told.masked_fill(where[:, None, None], 0.0)
        return super()._begin(where, cues)

    def _advance(self, actions):
        if self.extra == "last action":
            self.told = F.one_hot(actions, 2).to(self.told)
        elif self.extra == "last looks":
            seen = self._shown[self._at].to(self.told).unsqueeze(1).expand(-1, 2, -1)
            self.told = torch.cat([seen, self.told[..., :-3]], -1)
        return super()._advance(actions)

    def _see(self, reward, terminated):
        step = super()._see(reward, terminated)
        return replace(step, obs=torch.cat([step.obs, self.told.to(step.obs)], -1))

    def clone(self, num_envs=None):
        return Told(self.extra, self.num_envs if num_envs is None else num_envs)


CONFIG = TrainConfig(total_steps=8_000, capacity=2_000, batch_size=64, update_every=32, learning_rate=1e-2, tau=0.05,
                     epsilon_steps=5_000, evaluate_every=8_000)


def mean(pair) -> float:
    return sum(pair) / len(pair)


def run(arm, seeds, of=mean) -> list[float]:
    return [of(pair) for pair in _by_cue(arm, tuple(seeds))]


@cache
def _by_cue(arm: str, seeds: tuple[int, ...]) -> list[list[float]]:
    """What each team earns with either cue."""
    teams = [VDN.for_env(Told(arm), seed=seed, hidden=(32,)) for seed in seeds]
    train_seeds(Told(arm, num_envs=32), teams, CONFIG, list(seeds))
    return [[evaluate(Told(arm), team, cues=torch.tensor([cue])).mean_return for cue in (0, 1)] for team in teams]


def first(pair) -> float:
    return pair[0]


def most(row) -> bool:
    """Whether most teams are right about both cues."""
    return sum(number > 0.75 for number in row) > len(row) / 2


PLAN = experiment.Plan(
    arms=tuple(NUMBERS), run=run, given=True, dear=True, close=1e-6,
    follows={
        "A": lambda numbers: most(numbers["last action"]) and most(numbers["last looks"]),
        "B": lambda numbers: not any(most(row) for row in numbers.values()),
        "C": lambda numbers: False,
        "D": lambda numbers: not most(numbers["last action"]) and most(numbers["last looks"]),
    },
    told={
        "A": "what a rule could do is taken for what the teams do",
        "B": "a memory is taken for a recurrent network",
        "C": "what was not learned is said to be impossible",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("what a rule could do is taken for what the teams do",
            "Look at the numbers of the last action once more, not at the rule. How many teams earn 1?",
            "that a good rule exists says nothing of whether training finds it"),
    Mistake("a memory is taken for a recurrent network",
            "What do the teams earn that are told their last looks?",
            "a window that reaches back to the cue remembers it too; a recurrent network is one way of several"),
    Mistake("what was not learned is said to be impossible",
            "The lesson's Going further asks whether the last action is a memory. What does the rule earn that "
            "it plays there?",
            "a rule of look and last action earns 1 there; teams that do not find it prove nothing of all rules"),
    Mistake("only the better of the two cues is judged",
            "A team that always gives the same answer is right about one of the two cues. What does your measure say "
            "of it, and what is the mean over both cues?",
            "every answer suits one of the cues, so a team that knows nothing earns 1 as well", partial(run, of=max)),
    Mistake("only one of the two cues is judged",
            "How many episodes are in your mean, and with which cues? The text asks for both.",
            "whoever always gives the same answer then earns 1 or 0 by luck", partial(run, of=first)),
)

EXERCISE = Exercise(
    number="12.5", title="Measure it: a note to oneself", answers=experiment.ANSWERS, difficulty=3, minutes=12,
    practises="tell what agents could do from what training brings them to do",
    hints=(
        "Told takes the name of the arm. The teams and the world that they are trained in both need it.",
        "train_seeds wants as many seeds as teams: each team plays episodes of its own.",
        "While a team explores, a die chose its last action. What does that say about the cue? And as long as nobody "
        "reads a note, what is it worth to write one?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
