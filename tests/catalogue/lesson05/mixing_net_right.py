"""Right answers to 05.4; the wrong ones differ from one of them in one thing."""

import torch
from torch import nn
from torch.nn import functional as F


class AsInTheLesson(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.n_agents, self.embed_dim = n_agents, embed_dim

        def two_layers(middle, outputs):
            return nn.Sequential(nn.Linear(state_dim, middle), nn.ReLU(), nn.Linear(middle, outputs))

        self.hyper_w1, self.hyper_b1 = two_layers(64, n_agents * embed_dim), nn.Linear(state_dim, embed_dim)
        self.hyper_w2, self.hyper_b2 = two_layers(64, embed_dim), two_layers(embed_dim, 1)

    def forward(self, agent_qs, state):
        w1 = self.first(self.hyper_w1(state)).view(-1, self.n_agents, self.embed_dim)
        b1, v = self.hyper_b1(state), self.hyper_b2(state).squeeze(-1)
        w2 = self.second(self.hyper_w2(state))
        hidden = self.unit((agent_qs.unsqueeze(-1) * w1).sum(1) + b1)
        return (hidden * w2).sum(-1) + v

    def first(self, raw):
        return raw.abs()

    def second(self, raw):
        return raw.abs()

    def unit(self, x):
        return F.elu(x)


class AsInThePaper(nn.Module):
    """Single layers, a module of units, matrix products."""

    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.w1 = nn.ModuleList(nn.Linear(state_dim, embed_dim) for _ in range(n_agents))
        self.b1, self.w2 = nn.Linear(state_dim, embed_dim), nn.Linear(state_dim, embed_dim)
        self.v = nn.Sequential(nn.Linear(state_dim, embed_dim), nn.ReLU(), nn.Linear(embed_dim, 1))
        self.elu = nn.ELU()

    def forward(self, agent_qs, state):
        w1 = torch.stack([net(state) for net in self.w1], dim=1).abs()
        hidden = self.elu(torch.bmm(agent_qs.unsqueeze(1), w1) + self.b1(state).unsqueeze(1))
        return torch.bmm(hidden, self.w2(state).abs().unsqueeze(2)).view(-1) + self.v(state).view(-1)


class OneHypernetwork(nn.Module):
    """One network writes everything; softplus and elu + 1 for the weights; rows [E, N]."""

    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.sizes = [n_agents * embed_dim, embed_dim, embed_dim, 1]
        self.net = nn.Sequential(nn.Linear(state_dim, 16), nn.Tanh(), nn.Linear(16, sum(self.sizes)))

    def forward(self, agent_qs, state):
        w1, b1, w2, v = self.net(state).split(self.sizes, dim=-1)
        w1 = F.softplus(w1).unflatten(-1, (-1, agent_qs.shape[-1]))
        x = torch.einsum("ben,bn->be", w1, agent_qs) + b1
        return torch.einsum("be,be->b", F.elu(x), F.elu(w2) + 1) + v[:, 0]


class OwnTensors(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.a = nn.Parameter(torch.randn(n_agents, state_dim + 1, embed_dim) / 3)
        self.b = nn.Parameter(torch.randn(state_dim + 1, 2 * embed_dim + 1) / 3)

    def forward(self, agent_qs, state):
        s = torch.cat([state, torch.ones(len(state), 1)], dim=1)
        w1, rest = torch.einsum("bs,nse->bne", s, self.a) ** 2, s @ self.b
        e = self.a.shape[-1]
        h = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + rest[:, :e])
        return (h * rest[:, e:2 * e].exp()).mean(-1) + rest[:, -1]


class Squares(AsInTheLesson):
    def first(self, raw):
        return raw.square()

    def second(self, raw):
        return raw.exp()


def reads(look, *parts):
    """The lesson's mixer with ``look(state)`` in front of some of its hypernetworks."""
    class Reads(AsInTheLesson):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            for part in parts or ("hyper_w1", "hyper_b1", "hyper_w2", "hyper_b2"):
                setattr(self, part, nn.Sequential(Look(look), getattr(self, part)))
    return Reads


class Look(nn.Module):
    def __init__(self, look):
        super().__init__()
        self.look = look

    def forward(self, state):
        return self.look(state)
