"""QPLEX: VDN with a mixer that moves the agents' advantages, not their values, about (Wang et al. 2021)."""

from __future__ import annotations

import torch

from qmix_course import errors
from qmix_course.algorithms.base import Algorithm, masked_mean, own_best, taken
from qmix_course.algorithms.vdn import VDN
from qmix_course.envs.base import TeamSpec
from qmix_course.mixers import DuplexMixer
from qmix_course.replay import Batch


class QPLEX(VDN):
    """Unlike VDN, the mixer is a ``DuplexMixer``, which also reads the joint action and the best available values.

    ``heads``, ``hypernet_dim``, ``head_hidden``: its sizes. It can make every table that has IGM, not only monotone
    ones.
    """

    def __init__(self, spec: TeamSpec, heads: int = 10, hypernet_dim: int = 64, head_hidden: tuple[int, ...] = (64, 64),
                 **options):
        heads = errors.whole_number("heads", heads)                         # before anything is drawn
        hypernet_dim = errors.whole_number("hypernet_dim", hypernet_dim, at_least=0)
        head_hidden = errors.widths("head_hidden", head_hidden)
        super().__init__(spec, **options)
        self.mixer = DuplexMixer(spec.n_agents, spec.state_dim, spec.n_actions, heads, hypernet_dim, head_hidden)

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        self.check_loss(batch, target)
        length = batch.actions.shape[1]
        q = self.online_qs(batch)                                                           # [B, T or T+1, N, A]
        q_tot = self.q_tot(q[:, :length], batch.actions, batch.state[:, :-1], batch.available[:, :-1])      # [B, T]
        with torch.no_grad():
            target_q = target.unroll(batch, batch.obs.shape[1])[:, 1:]                      # [B, T, N, A]
            # Without double-Q the target's own best actions have no advantage, and what is left is the state's value.
            # With it the online agents choose, and the target mixes that joint action like any other, as in the
            # authors' code.
            judge = q[:, 1:] if self.double_q else target_q
            available = batch.available[:, 1:]
            best = own_best(judge, available)                                               # [B, T, N]
            y = self.targets(batch, target.q_tot(target_q, best, batch.state[:, 1:], available))            # [B, T]
        return masked_mean((q_tot - y) ** 2, batch.mask)

    def played_values(self, batch: Batch) -> torch.Tensor:
        q, available = self.unroll(batch, batch.actions.shape[1]), batch.available[:, :-1]
        return self.q_tot(q, batch.actions, batch.state[:, :-1], available)

    def q_tot(self, q: torch.Tensor, actions: torch.Tensor, state: torch.Tensor, available: torch.Tensor | None = None
              ) -> torch.Tensor:
        """The team's value[...] of the joint actions[..., N], from all agents' values q[..., N, A] and the state[...,
        S].

        ``available``[..., N, A] says which actions the best one is taken from; all of them if it is left out.
        """
        own = taken(q, actions)
        best = (q if available is None else q.masked_fill(~available, -torch.inf)).amax(-1)
        return self.mixer(own, self.scaled(state), best, actions)
