"""Wrong answers to 05.4 about what goes in: whether utilities, state and gradients reach weights and biases."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.catalogue.lesson05.mixing_net_right import AsInTheLesson, AsInThePaper


class PlainList(AsInThePaper):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, embed_dim)
        layers = list(self.w1)
        del self.w1
        self.w1 = layers


class MadeInForward(AsInTheLesson):
    def forward(self, agent_qs, state):
        self.__dict__["hyper_b1"] = nn.Linear(state.shape[1], self.embed_dim)
        return super().forward(agent_qs, state)


class Detached(AsInTheLesson):
    def first(self, raw):
        return raw.detach().abs()


class DetachedV(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1).detach()


class DetachedAgents(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs.detach(), state)


class AcrossTheBatch(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(self.n_agents, -1, self.embed_dim)
        hidden = F.elu(torch.einsum("bn,nbe->be", agent_qs, w1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class FirstStateForAll(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state[:1].expand_as(state))


class BatchNormed(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, (state - state.mean(0)) / (state.std(0, correction=0) + 1))


class LastAgentLost(AsInTheLesson):
    def forward(self, agent_qs, state):
        some = torch.cat([agent_qs[:, :-1], torch.zeros_like(agent_qs[:, -1:])], 1) if self.n_agents > 1 else agent_qs
        return super().forward(some, state)


class Blind(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, torch.zeros_like(state))


class BlindParameters(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.w1, self.b1 = nn.Parameter(torch.randn(n_agents, embed_dim)), nn.Parameter(torch.randn(embed_dim))
        self.w2, self.v = nn.Parameter(torch.randn(embed_dim)), nn.Parameter(torch.randn(()))

    def forward(self, agent_qs, state):
        return F.elu(agent_qs @ self.w1.abs() + self.b1) @ self.w2.abs() + self.v


class AbsState(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state.abs())


class AbsTwice(AsInTheLesson):
    """The input of hyper_w1 and its output."""

    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state.abs()).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class FirstFour(AsInTheLesson):
    """Only the positions of two agents."""

    def forward(self, agent_qs, state):
        return super().forward(agent_qs, torch.cat([state[:, :4], torch.zeros_like(state[:, 4:])], 1))


class OnlyShift(AsInTheLesson):
    def forward(self, agent_qs, state):
        nowhere = torch.zeros_like(state)
        return super().forward(agent_qs, nowhere) + (self.hyper_b2(state) - self.hyper_b2(nowhere)).squeeze(-1)


class StateAsInput(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.first, self.second = nn.Linear(n_agents + state_dim, embed_dim), nn.Linear(embed_dim, 1)

    def forward(self, agent_qs, state):
        hidden = F.elu(F.linear(torch.cat([agent_qs, state], -1), self.first.weight.abs(), self.first.bias))
        return F.linear(hidden, self.second.weight.abs(), self.second.bias).squeeze(-1)


class PlainW2(AsInTheLesson):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, embed_dim)
        self.w2 = nn.Parameter(torch.randn(embed_dim))

    def second(self, raw):
        return self.w2.abs()


class NoB1(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(1) @ w1).squeeze(1))
        return (hidden * self.hyper_w2(state).abs()).sum(1) + self.hyper_b2(state).squeeze(1)


class NoV(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(1) @ w1).squeeze(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(1)


class PlainV(NoV):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, embed_dim)
        self.v = nn.Parameter(torch.randn(1))

    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state) + self.v


class AbsB1(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(1) @ w1).squeeze(1) + self.hyper_b1(state).abs())
        return (hidden * self.hyper_w2(state).abs()).sum(1) + self.hyper_b2(state).squeeze(1)


class AbsV(NoV):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state) + self.hyper_b2(state).abs().squeeze(1)


class ReLUV(NoV):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state) + F.relu(self.hyper_b2(state)).squeeze(1)


class Doubles(AsInTheLesson):
    def forward(self, agent_qs, state):
        agent_qs *= 1.5
        return super().forward(agent_qs, state)
