"""From the agents' values to the team's: Q_tot = f(Q_1, …, Q_N; state)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course import errors


class Mixer(nn.Module):
    """The base of every mixer: it checks shapes; a subclass writes ``mix``.

    ``q_tot = mixer(agent_qs[..., N], state[..., S])`` gives ``[...]``; the leading axes are any, and the same for both.
    With ``state_dim=None`` the state is not read and may be left out.
    """

    def __init__(self, n_agents: int, state_dim: int | None = None):
        super().__init__()
        self.n_agents = errors.whole_number("n_agents", n_agents)
        self.state_dim = None if state_dim is None else errors.whole_number("state_dim", state_dim)

    def forward(self, agent_qs: torch.Tensor, state: torch.Tensor | None = None) -> torch.Tensor:
        """Q_tot[...] of the values agent_qs[..., N] in state[..., S]."""
        weight = next(self.parameters(), None)
        errors.tensor("agent_qs", agent_qs, (..., self.n_agents), None if weight is None else weight.dtype)
        if self.state_dim is not None:
            errors.tensor("state", state, (..., self.state_dim))
            if state.shape[:-1] != agent_qs.shape[:-1]:
                raise ValueError(f"state: expected the leading axes of agent_qs, {tuple(agent_qs.shape[:-1])}, "
                                 f"got {tuple(state.shape[:-1])}")
            if state.dtype != agent_qs.dtype:
                raise TypeError(f"state: expected the dtype of agent_qs, {agent_qs.dtype}, got {state.dtype}")
            state = state.reshape(-1, self.state_dim)
        return self.mix(agent_qs.reshape(-1, self.n_agents), state).view(agent_qs.shape[:-1])

    def mix(self, agent_qs: torch.Tensor, state: torch.Tensor | None) -> torch.Tensor:
        """agent_qs[M, N], state[M, S] → Q_tot[M], where M counts all leading axes in one."""
        raise NotImplementedError(f"{type(self).__name__} must write mix(agent_qs, state)")


class VDNMixer(Mixer):
    """Q_tot = Σ_i Q_i (Sunehag et al. 2018, equation 3). It has no weights and does not see the state."""

    def mix(self, agent_qs: torch.Tensor, state: torch.Tensor | None) -> torch.Tensor:
        return agent_qs.sum(-1)


class QMixer(Mixer):
    """Q_tot = w2(s) · ELU(Q W1(s) + b1(s)) + V(s) with W1, w2 ≥ 0 (Rashid et al. 2018, section 4).

    Four hypernetworks turn the state into the weights and biases of a small network that mixes the agents' values.
    ``embed_dim`` (``E``) is the width of that small network; ``hypernet_dim`` the hidden width of the two
    hypernetworks that make weights, or 0 for a single linear layer (the first paper).
    """

    def __init__(self, n_agents: int, state_dim: int, embed_dim: int = 32, hypernet_dim: int = 64):
        super().__init__(n_agents, errors.whole_number("state_dim", state_dim))
        self.embed_dim = errors.whole_number("embed_dim", embed_dim)
        self.hypernet_dim = errors.whole_number("hypernet_dim", hypernet_dim, at_least=0)
        self.hyper_w1 = self._hypernet(n_agents * embed_dim)
        self.hyper_b1 = nn.Linear(state_dim, embed_dim)
        self.hyper_w2 = self._hypernet(embed_dim)
        self.hyper_b2 = nn.Sequential(nn.Linear(state_dim, embed_dim), nn.ReLU(), nn.Linear(embed_dim, 1))   # V(s)

    def _hypernet(self, outputs: int) -> nn.Module:
        if self.hypernet_dim == 0:
            return nn.Linear(self.state_dim, outputs)
        return nn.Sequential(nn.Linear(self.state_dim, self.hypernet_dim), nn.ReLU(),
                             nn.Linear(self.hypernet_dim, outputs))

    def mix(self, agent_qs: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        w1 = self.non_negative(self.hyper_w1(state)).view(-1, self.n_agents, self.embed_dim)       # [M, N, E]
        b1 = self.hyper_b1(state)                                                                # [M, E]
        w2 = self.non_negative(self.hyper_w2(state))                                             # [M, E]
        v = self.hyper_b2(state).squeeze(1)                                                      # [M]
        hidden = F.elu((agent_qs.unsqueeze(2) * w1).sum(1) + b1)                                 # [M, E]
        return (hidden * w2).sum(1) + v

    def non_negative(self, weights: torch.Tensor) -> torch.Tensor:
        """This line is the monotonicity: no weight that a Q_i passes through is below zero."""
        return weights.abs()
