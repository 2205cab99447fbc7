"""Independent Q-learning: every agent learns alone, as if the others were part of the world (Tan 1993)."""

from __future__ import annotations

import torch

from qmix_course.algorithms.base import Algorithm, masked_mean
from qmix_course.replay import Batch


class IQL(Algorithm):
    """Each agent's own value of its own action is pulled towards r + γ · its own best next value."""

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        self.check_loss(batch, target)
        q = self.online_qs(batch)                                                           # [B, T or T+1, N, A]
        with torch.no_grad():
            y = self.targets(batch, self.best_next(q, batch, target))                       # [B, T, N]
        return masked_mean(((self.chosen(q, batch) - y) ** 2).mean(-1), batch.mask)
