"""What the tests of other people's environments share: their packages, random play, what an environment draws."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import redirect_stdout

import pytest
import torch

from qmix_course.algorithms import QMIX
from qmix_course.training import TrainConfig, train


def package(name: str):
    """The package; without it these tests are skipped, but not in ``make test-worlds``, which has installed it."""
    with redirect_stdout(sys.stdout):               # importing jaxmarl puts another stdout in place of pytest's
        if os.environ.get("QMIX_COURSE_WORLDS"):
            return importlib.import_module(name)
        return pytest.importorskip(name, reason=f"{name} is not installed; make test-worlds installs it")


def drawn(generator: torch.Generator) -> int:
    """The next seed that an environment draws from a generator like this one."""
    return int(torch.randint(2**31 - 1, (), generator=generator))


def random_actions(available: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """[B, N], each of the available[B, N, A] ones as likely."""
    rows, agents, _ = available.shape
    return torch.multinomial(available.flatten(0, 1).to(torch.float32), 1, generator=generator).view(rows, agents)


def random_return(env, episodes: int, seed: int = 0) -> float:
    """The mean return of at least so many episodes of random play."""
    generator, step, finished = torch.Generator().manual_seed(seed), env.reset(seed=seed), []
    returns = torch.zeros(env.num_envs)
    while len(finished) < episodes:
        step = env.step(random_actions(step.available, generator))
        returns += step.reward
        if step.ended.any():
            finished += returns[step.ended].tolist()
            returns[step.ended] = 0.0
            step = env.reset(where=step.ended)
    return sum(finished) / len(finished)


def really_trains(env, **changes):
    """A short run of QMIX: its history is there, every weight has moved, the loss is a number."""
    team = QMIX.for_env(env, shared=True, hidden=(16,))
    before = [weights.clone() for weights in team.parameters()]
    config = {"total_steps": 40 * env.num_envs, "learning_starts": 8 * env.num_envs, "batch_size": 16,
              "update_every": 4, "evaluate_every": 20 * env.num_envs} | changes
    history = train(env, team, TrainConfig(**config))
    assert len(history) == 2 and history.updates[-1] >= 10 and history.loss[-1] < float("inf")
    assert all(not torch.equal(a, b) for a, b in zip(before, team.parameters()))
    return history
