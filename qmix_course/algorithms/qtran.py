"""QTRAN: no restriction on the team's value; two linear conditions tie the agents to it instead (Son et al. 2019)."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course import errors
from qmix_course.algorithms.base import Algorithm, masked_mean, own_best
from qmix_course.algorithms.vdn import VDN
from qmix_course.envs.base import Model, TeamSpec
from qmix_course.replay import Batch


class QTRAN(VDN):
    """Unlike VDN, the sum Q′ = Σ_i Q_i need not be the team's value. That is Q_jt(s, u), which may be any function.

    ū: each agent's own best available action. It is a best joint action for Q_jt if, with some V_jt(s) (theorem 1),

        Q′(u) − Q_jt(s, u) + V_jt(s) = 0 for u = ū (4a), and ≥ 0 for every other u (4b).

    Three losses: L_td makes Q_jt right; L_opt and L_nopt ask for the two conditions, with Q_jt held fixed.
    ``alternative``: QTRAN-alt (theorem 2), where the smallest of (4b) over each agent's own actions must be 0, not
    merely ≥ 0. ``opt_weight``, ``nopt_weight``: what L_opt and L_nopt count beside L_td. ``joint_dim``: the width of
    the hidden layers of Q_jt and V_jt. In the paper these two read the agents' hidden layers, so that L_td shapes the
    agents too, and QTRAN-alt has one more joint network an agent, whose target takes the maximum of Q_jt over what one
    agent could change in ū′. Here both read the state, as PyMARL's ``coma_critic`` variant does, and both versions aim
    at Q_jt(s′, ū′). In a game of one step the two targets are the same.
    """

    value_name = "Q_jt"

    def __init__(self, spec: TeamSpec, alternative: bool = False, opt_weight: float = 1.0, nopt_weight: float = 1.0,
                 joint_dim: int = 64, **options):
        super().__init__(spec, **options)
        self.alternative = errors.switch("alternative", alternative)
        self.opt_weight = errors.number("opt_weight", opt_weight, low=0.0)
        self.nopt_weight = errors.number("nopt_weight", nopt_weight, low=0.0)
        joint_dim = errors.whole_number("joint_dim", joint_dim)
        self.q_jt = three_layers(spec.state_dim + spec.n_agents * spec.n_actions, joint_dim)
        self.v_jt = three_layers(spec.state_dim, joint_dim)

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        td, opt, nopt = self.losses(batch, target)
        return td + self.opt_weight * opt + self.nopt_weight * nopt

    def losses(self, batch: Batch, target: Algorithm) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """L_td, L_opt and L_nopt of ``batch``, each a mean over the steps that were played."""
        self.check_loss(batch, target)
        q = self.online_qs(batch)                                                           # [B, T or T+1, N, A]
        now, state, available = q[:, :batch.actions.shape[1]], batch.state[:, :-1], batch.available[:, :-1]
        q_jt, v_jt = self.q_joint(batch.actions, state), self.v_joint(state)                # [B, T] each
        with torch.no_grad():
            judge = q[:, 1:] if self.double_q else target.unroll(batch, batch.obs.shape[1])[:, 1:]
            next_best = own_best(judge, batch.available[:, 1:])        # ū′, and not Q_jt's own argmax
            y = self.targets(batch, target.q_joint(next_best, batch.state[:, 1:]))          # [B, T]
        best = own_best(now, available)
        opt = self.q_tot(now, best, state) - self.q_joint(best, state).detach() + v_jt
        if self.alternative:
            nopt = self.smallest_gaps(now, batch.actions, state, available).square().mean(-1)
        else:
            nopt = (self.q_tot(now, batch.actions, state) - q_jt.detach() + v_jt).clamp(max=0).square()
        return tuple(masked_mean(each, batch.mask) for each in ((q_jt - y).square(), opt.square(), nopt))

    def played_values(self, batch: Batch) -> torch.Tensor:
        """Q_jt[B, T] of the steps of ``batch``: what the team is worth, where Q′ only says how to choose."""
        return self.q_joint(batch.actions, batch.state[:, :-1])

    def smallest_gaps(self, q: torch.Tensor, actions: torch.Tensor, state: torch.Tensor, available: torch.Tensor):
        """min over agent i's own available actions of Q′ − Q_jt + V_jt, the others' actions as played: [B, T, N].

        q[B, T, N, A], actions[B, T, N], state[B, T, S], available[B, T, N, A] bool.
        """
        played = q.gather(-1, actions.unsqueeze(-1))                                        # [B, T, N, 1]
        q_sum = played.sum(-2, keepdim=True) - played + q                                   # [B, T, N, A]
        joint = switches(actions, q.shape[-1])                                              # [B, T, N, A, N]
        q_jt = self.q_joint(joint, state[..., None, None, :].expand(*joint.shape[:-1], -1)).detach()
        gaps = q_sum - q_jt + self.v_joint(state)[..., None, None]
        return gaps.masked_fill(~available, torch.inf).amin(-1)

    def q_joint(self, actions: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Q_jt(s, u)[...] of any joint actions[..., N] in state[..., S]."""
        one_hot = (actions.unsqueeze(-1) == torch.arange(self.spec.n_actions, device=actions.device)).to(state.dtype)
        return self.q_jt(torch.cat([self.scaled(state), one_hot.flatten(-2)], -1)).squeeze(-1)

    def v_joint(self, state: torch.Tensor) -> torch.Tensor:
        """V_jt(s)[...], the correction, learned; theorem 1 says that it must come to max_u Q_jt(s, u) − Q′(ū)."""
        return self.v_jt(self.scaled(state)).squeeze(-1)

    @torch.no_grad()
    def joint_table(self, model: Model) -> torch.Tensor:
        """Q_jt[X, A, ..., A] of every joint action in every state of ``model``; ``exact.q_tot`` gives Q′ in this shape.
        """
        n_agents, n_actions, states = self.spec.n_agents, self.spec.n_actions, len(model.state)
        joint = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)
        state = model.state.unsqueeze(1).expand(-1, len(joint), -1)
        return self.q_joint(joint.expand(states, -1, -1), state).view(states, *[n_actions] * n_agents)


def switches(actions: torch.Tensor, n_actions: int) -> torch.Tensor:
    """Every joint action in which one agent at most plays something else: actions[..., N] → [..., N, A, N].

    Entry [..., i, a, :] is ``actions`` with agent i's own replaced by a.
    """
    own = torch.eye(actions.shape[-1], dtype=torch.bool, device=actions.device).unsqueeze(1)           # [N, 1, N]
    return torch.where(own, torch.arange(n_actions, device=actions.device).view(-1, 1), actions[..., None, None, :])


def three_layers(inputs: int, hidden: int) -> nn.Sequential:
    """[..., inputs] → [..., 1]."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
                         nn.Linear(hidden, 1))
