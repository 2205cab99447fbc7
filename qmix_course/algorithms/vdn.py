"""Value decomposition networks: one team value, the sum of the agents' values (Sunehag et al. 2018)."""

from __future__ import annotations

import torch

from qmix_course.algorithms.base import Algorithm, masked_mean, td_target
from qmix_course.envs.base import TeamSpec
from qmix_course.mixers import Mixer, VDNMixer
from qmix_course.replay import Batch


class VDN(Algorithm):
    """Unlike IQL, one TD error a step, on Q_tot; its gradient reaches every agent through the mixer."""

    def __init__(self, spec: TeamSpec, **options):
        super().__init__(spec, **options)
        self.mixer: Mixer = VDNMixer(spec.n_agents)

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        q = self.online_qs(batch)                                                           # [B, T or T+1, N, A]
        q_tot = self.mixer(self.chosen(q, batch), batch.state[:, :-1])                      # [B, T]
        with torch.no_grad():
            next_q_tot = target.mixer(self.best_next(q, batch, target), batch.state[:, 1:]) # the next state, s′
            y = td_target(batch.reward, batch.terminated, next_q_tot, self.gamma)           # [B, T]
        return masked_mean((q_tot - y) ** 2, batch.mask)
