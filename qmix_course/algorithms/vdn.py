"""Value decomposition networks: one team value, the sum of the agents' values (Sunehag et al. 2018)."""

from __future__ import annotations

import torch

from qmix_course.algorithms.base import Algorithm, masked_mean, taken
from qmix_course.envs.base import TeamSpec
from qmix_course.mixers import Mixer, VDNMixer
from qmix_course.replay import Batch


class VDN(Algorithm):
    """Unlike IQL, one TD error a step, on Q_tot; its gradient reaches every agent through the mixer."""

    value_name = "Q_tot"

    def __init__(self, spec: TeamSpec, **options):
        super().__init__(spec, **options)
        self.mixer: Mixer = VDNMixer(spec.n_agents)

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        self.check_loss(batch, target)
        q = self.online_qs(batch)                                                           # [B, T or T+1, N, A]
        q_tot = self.mixer(self.chosen(q, batch), self.scaled(batch.state[:, :-1]))         # [B, T]
        with torch.no_grad():
            next_state = target.scaled(batch.state[:, 1:])                                  # s′
            next_q_tot = target.mixer(self.best_next(q, batch, target), next_state)         # [B, T]
            y = self.targets(batch, next_q_tot)                                             # [B, T]
        return masked_mean((q_tot - y) ** 2, batch.mask)

    def played_values(self, batch: Batch) -> torch.Tensor:
        """Q_tot[B, T] of the steps of ``batch``."""
        return self.q_tot(self.unroll(batch, batch.actions.shape[1]), batch.actions, batch.state[:, :-1])

    def q_tot(self, q: torch.Tensor, actions: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The team's value[...] of the joint actions[..., N], from all agents' values q[..., N, A] and the state[...,
        S]."""
        return self.mixer(taken(q, actions), self.scaled(state))
