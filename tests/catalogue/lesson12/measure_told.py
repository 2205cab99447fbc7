"""Answers to 12.5."""

from dataclasses import replace

import torch

from qmix_course.algorithms import VDN
from qmix_course.checks.lesson12.measure_told import CONFIG, PLAN, Told
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import train
from tests.catalogue import Answers
from tests.catalogue.experiments import answers


def side_by_side(arm, seeds, hidden=(32,)):
    """All teams at once; each plays the two cues one after the other."""
    teams = [VDN.for_env(Told(arm), seed=seed, hidden=hidden) for seed in seeds]
    train_seeds(Told(arm, num_envs=32), teams, CONFIG, list(seeds))
    return [sum(evaluate(Told(arm), team, cues=torch.tensor([cue])).mean_return for cue in (0, 1)) / 2
            for team in teams]


def one_after_the_other(arm, seeds):
    found = []
    for seed in seeds:
        team = VDN.for_env(Told(arm), seed=seed, hidden=(32,))
        train(Told(arm, num_envs=32), team, replace(CONFIG, seed=seed))
        found.append(evaluate(Told(arm, num_envs=2), team, cues=torch.tensor([0, 1])).mean_return)
    return found


def wider(arm, seeds):
    """Another size, where the text says that everything else stays."""
    return side_by_side(arm, seeds, hidden=(48,))


def judged_by(*cues):
    """The best of what a team earns with each of these cues."""
    def measure(arm, seeds):
        teams = [VDN.for_env(Told(arm), seed=seed, hidden=(32,)) for seed in seeds]
        train_seeds(Told(arm, num_envs=32), teams, CONFIG, list(seeds))
        return [max(evaluate(Told(arm), team, cues=torch.tensor([cue])).mean_return for cue in cues) for team in teams]
    return measure


MEASURED = {"nothing more": [0.5] * 8, "last action": [0.5] * 8, "last looks": [1.0] * 8}
USUAL = answers(PLAN, [side_by_side, one_after_the_other], MEASURED, "D", (wider,))
ANSWERS = Answers(USUAL.right, [
    *USUAL.wrong, ("only the better of the two cues is judged", (judged_by(0, 1), MEASURED, "D")),
    ("only one of the two cues is judged", (judged_by(0), MEASURED, "D"))])
