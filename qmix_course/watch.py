"""Watches on a run: a loss that is no number stops it by name; values that no reward seen can pay are said, once, and
so are observations in several units."""

from __future__ import annotations

import math
import warnings

import torch

from qmix_course.algorithms import Algorithm, masked_mean
from qmix_course.envs.doubts import units_doubt
from qmix_course.replay import Batch

SLACK = 2.0                             # how many times what can be paid values may reach before a word is said


class TrainingDiverged(ArithmeticError, ValueError):
    """The loss or its gradient is NaN or infinite: nothing can be learned from it."""


def check_finite(name: str, value: float, where: str) -> None:
    """``TrainingDiverged`` if ``value`` is NaN or infinite. ``where``: which update, in words."""
    if not math.isfinite(value):
        raise TrainingDiverged(f"{name}: {value} {where}. The weights are as the update before left them. Values have "
                               "grown beyond what a float holds: try a smaller learning_rate, and look at how large "
                               "rewards and observations are")


class Watch:
    """What the rewards that a run has seen can pay, and whether its team still believes in less.

    Whatever the policy, no state is worth more than h · r⁺ + e⁺. r⁺: the largest reward of a step after which the task
    went on, e⁺: that of a step that ended it, 0 if all were negative. h: 1 / (1 − γ), as a target looks beyond the
    clock, or the step limit with γ = 1. The smallest rewards give the lower bound.
    """

    def __init__(self, gamma: float, episode_limit: int):
        self.horizon = 1 / (1 - gamma) if gamma < 1 else float(episode_limit)
        self.going, self.ending = [0.0, 0.0], [0.0, 0.0]                # the smallest and the largest reward
        self.beyond = 0.0                                               # by how much the last look was too far out
        self.said = self.looked = False                                 # looked: at the units of the observations

    def see(self, rows: Batch) -> None:
        """Take note of the rewards of ``rows``."""
        if not len(rows.reward):
            return
        played = rows.mask > 0
        rewards, ended = rows.reward[played], rows.terminated[played]
        for seen, paid in ((self.going, rewards[~ended]), (self.ending, rewards[ended])):
            if len(paid):
                low, high = paid.aminmax()
                seen[:] = min(seen[0], low.item()), max(seen[1], high.item())

    def bounds(self, mean: float = 0.0, spread: float = 1.0) -> tuple[float, float]:
        """The least and the most that a state can be worth, as far as the rewards seen go: each less ``mean``, divided
        by ``spread``."""
        going, ending = ([(reward - mean) / spread for reward in seen] for seen in (self.going, self.ending))
        low, high = (self.horizon * min(going[0], 0.0) + min(ending[0], 0.0),
                     self.horizon * max(going[1], 0.0) + max(ending[1], 0.0))
        return low, high

    @torch.no_grad()
    def believed(self, algorithm: Algorithm, batch: Batch) -> float:
        """The mean of what ``algorithm`` holds the played steps of ``batch`` to be worth."""
        return masked_mean(algorithm.played_values(batch), batch.mask).item()

    def look(self, algorithm: Algorithm, batch: Batch, steps: int, mean: float = 0.0, spread: float = 1.0) -> None:
        """Warn, once, if the mean of what is believed of ``batch`` was beyond ``SLACK`` × (what can be paid + 1) at
        two looks in a row and is not on its way back. The 1 is for fresh networks, which start near 0 and know
        nothing of rewards yet. ``mean``, ``spread``: the units in which the team learns, as in ``bounds``."""
        if not self.looked:
            self.looked = True
            played = batch.obs[:, :batch.mask.shape[1]][batch.mask > 0]
            if words := units_doubt(played):
                warnings.warn(f"train: {words}", RuntimeWarning, stacklevel=5)
        low, high = self.bounds(mean, spread)
        try:
            value, before = self.believed(algorithm, batch), self.beyond
        except Exception as error:      # a team of one's own may value in another way
            if not self.said:
                self.said = True
                warnings.warn(f"values: nobody watches whether they grow beyond what rewards can pay, because "
                              f"{type(algorithm).__name__}.played_values(batch) does not work "
                              f"({type(error).__name__}: {str(error)[:200]}). The run goes on. A team that values a "
                              "batch in its own way writes this method", RuntimeWarning, stacklevel=5)
            return
        self.beyond = max(value - SLACK * (high + 1), SLACK * (low - 1) - value, 0.0)
        # While every reward was 0, only values that double count: those of a fresh network may be large and slow.
        back = self.beyond < (before / 2 if high > low else 2 * before)
        if self.said or before == 0 or back:
            return
        self.said = True
        warnings.warn(
            f"values: after {steps:,} steps {algorithm.value_name} is {value:.4g} in the mean of a batch, but the "
            f"rewards seen so far cannot pay {'more' if value > high else 'less'} than "
            f"{high if value > high else low:.4g}. What is learned feeds on its "
            "own errors. Try a smaller learning_rate, a slower target (tau, target_every), or double_q=True, and look "
            "at the size of the observations", RuntimeWarning, stacklevel=5)

    def state_dict(self) -> dict:
        return {"going": list(self.going), "ending": list(self.ending), "beyond": self.beyond, "said": self.said}

    def load_state_dict(self, saved: dict) -> None:
        self.going, self.ending = list(saved["going"]), list(saved["ending"])
        self.beyond, self.said = saved["beyond"], saved["said"]


def no_update(run) -> str:
    """What is said of a ``Run`` that ended without one."""
    return (f"the run ended without a single update. {len(run.buffer)} replay rows were stored and an update needs "
            f"batch_size = {run.config.batch_size}")
