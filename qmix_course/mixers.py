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


class DuplexMixer(Mixer):
    """QPLEX's mixer: Q_tot = Σ_i Q_i + Σ_i (λ_i(s, u) − 1) A_i (Wang et al. 2021, section 3).

    Each Q_i is first rescaled by the state, Q_i ← w_i(s) Q_i + b_i(s) with w_i > 0, which leaves its argmax alone.
    A_i = Q_i − (Q_i of agent i's best available action) is 0 there and negative elsewhere, and λ_i > 0. So with every
    agent's best action the team has Σ_i (w_i max Q_i + b_i), and any other joint action has that much plus Σ_i λ_i A_i,
    which is less.

    Unlike the other mixers it must be told which actions were taken and what the best ones are worth:
    ``q_tot = mixer(agent_qs[..., N], state[..., S], best_qs[..., N], actions[..., N] int64)`` gives ``[...]``.
    ``heads``: the terms that add up to λ. ``hypernet_dim``: hidden width of w and b, 0 for a single linear layer.
    ``head_hidden``: hidden widths of the heads; the authors' code has (64, 64) and 10 heads in matrix games, and () and
    4 heads in StarCraft. Theirs have hidden layers of their own, these share them: with () the two are the same.
    """

    TINY = 1e-10                        # as in the authors' code: above zero stays above zero

    def __init__(self, n_agents: int, state_dim: int, n_actions: int, heads: int = 10, hypernet_dim: int = 64,
                 head_hidden: tuple[int, ...] = (64, 64)):
        super().__init__(n_agents, errors.whole_number("state_dim", state_dim))
        self.n_actions = errors.whole_number("n_actions", n_actions)
        self.heads = errors.whole_number("heads", heads)
        scale_hidden = [hypernet_dim] if errors.whole_number("hypernet_dim", hypernet_dim, at_least=0) else []
        head_hidden = errors.widths("head_hidden", head_hidden)
        self.hyper_w = perceptron(state_dim, *scale_hidden, n_agents)
        self.hyper_b = perceptron(state_dim, *scale_hidden, n_agents)
        self.head_key = perceptron(state_dim, *head_hidden, heads)
        self.head_agent = perceptron(state_dim, *head_hidden, heads * n_agents)
        self.head_action = perceptron(state_dim + n_agents * n_actions, *head_hidden, heads * n_agents)

    def forward(self, agent_qs: torch.Tensor, state: torch.Tensor, best_qs: torch.Tensor, actions: torch.Tensor
                ) -> torch.Tensor:
        """Q_tot[...] of the actions[..., N] worth agent_qs[..., N], where the best available ones are worth
        best_qs[..., N]."""
        errors.tensor("agent_qs", agent_qs, (..., self.n_agents), next(self.parameters()).dtype)
        leading = agent_qs.shape[:-1]
        errors.tensor("state", state, (*leading, self.state_dim), agent_qs.dtype)
        errors.tensor("best_qs", best_qs, (*leading, self.n_agents), agent_qs.dtype)
        errors.tensor("actions", actions, (*leading, self.n_agents), torch.int64)
        flat = (x.reshape(-1, x.shape[-1]) for x in (agent_qs, state, best_qs, actions))
        try:
            return self.mix(*flat).view(leading)
        except RuntimeError:        # looked for here only: it would cost every call, and vmap cannot look
            errors.between("actions", actions, 0, self.n_actions - 1)
            raise

    def mix(self, agent_qs: torch.Tensor, state: torch.Tensor, best_qs: torch.Tensor,
            actions: torch.Tensor) -> torch.Tensor:
        w, b = self.positive(self.hyper_w(state)), self.hyper_b(state)                              # [M, N]
        own, best = w * agent_qs + b, w * best_qs + b                                               # [M, N]
        return own.sum(1) + ((self.importance(state, actions) - 1) * self.advantages(own, best)).sum(1)

    def advantages(self, own: torch.Tensor, best: torch.Tensor) -> torch.Tensor:
        """A_i[M, N] ≤ 0, detached: through it no gradient reaches the agents, w or b (as in the authors' code).

        The agents learn through Σ_i w_i Q_i alone, as they would in a weighted VDN; λ learns to explain the rest.
        """
        return (own - best).detach()

    def importance(self, state: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """λ[M, N] > 0: a sum over heads of |key(s)| · sigmoid(agent_i(s)) · sigmoid(action_i(s, u)).

        The authors add their 1e-10 to each key, where a sigmoid that underflows still makes 0 of it; here it is added
        last.
        """
        one_hot = state.new_zeros(*actions.shape, self.n_actions).scatter(-1, actions.unsqueeze(-1), 1.0)   # [M, N, A]
        key = self.head_key(state).abs().unsqueeze(2)                                               # [M, heads, 1]
        agent = self.head_agent(state).unflatten(1, (self.heads, -1)).sigmoid()                     # [M, heads, N]
        action = self.head_action(torch.cat([state, one_hot.flatten(1)], 1)).unflatten(1, (self.heads, -1)).sigmoid()
        return self.positive((key * agent * action).sum(1))

    def positive(self, weights: torch.Tensor) -> torch.Tensor:
        """Above zero: this line keeps the order of every agent's values, for w, and IGM, for λ."""
        return weights.abs() + self.TINY


class CentralMixer(Mixer):
    """Any function of the agents' values and the state: a ReLU network of both, plus V(s) (Rashid et al. 2020).

    Nothing keeps its weights above zero, so the best joint action need not be made of each agent's best one. As in the
    authors' code: three hidden layers, ``hidden`` units each, and V(s) with one hidden layer of the same width.
    """

    def __init__(self, n_agents: int, state_dim: int, hidden: int = 256):
        super().__init__(n_agents, errors.whole_number("state_dim", state_dim))
        hidden = errors.whole_number("hidden", hidden)
        self.net = perceptron(n_agents + state_dim, hidden, hidden, hidden, 1)
        self.state_value = perceptron(state_dim, hidden, 1)

    def mix(self, agent_qs: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return (self.net(torch.cat([agent_qs, state], 1)) + self.state_value(state)).squeeze(1)


def perceptron(*sizes: int) -> nn.Sequential:
    """Linear layers of these widths with ReLU between them."""
    layers = [part for i, o in zip(sizes, sizes[1:]) for part in (nn.Linear(i, o), nn.ReLU())]
    return nn.Sequential(*layers[:-1])
