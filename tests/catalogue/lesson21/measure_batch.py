"""Answers to 21.3."""

import numpy as np
import torch

from qmix_course.algorithms import QMIX
from qmix_course.checks.lesson21.measure_batch import ARMS, PLAN, STEPS, run
from qmix_course.envs import TwoStepGame
from qmix_course.training import TrainConfig, train
from tests.catalogue.experiments import answers


def one_by_one(arm, seeds):
    """In float64, as the exercise's notebook is."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    rows, every, batch = ARMS[arm]
    scores = []
    for seed in seeds:
        env = TwoStepGame(num_envs=rows)
        config = TrainConfig(seed=seed, total_steps=STEPS, update_every=every, batch_size=batch, evaluate_every=512)
        scores.append(train(env, QMIX.for_env(env, seed=seed), config).greedy_return[-1])
    torch.set_default_dtype(before)
    return scores


def side_by_side(arm, seeds):
    return np.array(run(arm, list(seeds)))


# What both give for the seeds 0 to 9; test_lesson21.py holds it.
MEASURED = {"many updates": [8.0] * 10, "few updates": [7.0, 7.0, 7.0, 8.0, 7.0, 7.0, 7.0, 7.0, 8.0, 8.0],
            "few updates, large batches": [7.0, 7.0, 7.0, 8.0, 7.0, 7.0, 7.0, 7.0, 8.0, 8.0]}
ANSWERS = answers(PLAN, [one_by_one, side_by_side], MEASURED, "B")
