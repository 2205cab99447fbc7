"""Wrong answers to 05.4 about weights and units: their signs, limits and number, and what a unit computes."""

import torch
from torch.nn import functional as F

from tests.catalogue.lesson05.mixing_net_right import AsInTheLesson


class WithAFloor(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = F.softplus(self.hyper_w1(state)).view(len(state), agent_qs.shape[1], -1) + 0.01
        hidden = F.elu((agent_qs[:, :, None] * w1).sum(1) + self.hyper_b1(state))
        return (hidden * (F.softplus(self.hyper_w2(state)) + 0.01)).sum(1) + self.hyper_b2(state).squeeze(-1)


class NoAbs(AsInTheLesson):
    def first(self, raw):
        return raw

    second = first


class SignedFirst(AsInTheLesson):
    def first(self, raw):
        return raw


class SignedSecond(AsInTheLesson):
    def second(self, raw):
        return raw


class AbsOfTheInput(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state.abs()).view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class Sine(AsInTheLesson):
    def unit(self, x):
        return torch.sin(x)


class AbsOfTheSum(AsInTheLesson):
    def unit(self, x):
        return F.elu(x.abs())


class Clipped(AsInTheLesson):
    def first(self, raw):
        return F.relu(raw)


class ClippedBoth(AsInTheLesson):
    def first(self, raw):
        return raw.clamp(min=0)

    second = first


class ReLUUnits(AsInTheLesson):
    def unit(self, x):
        return F.relu(x)


class TanhUnits(AsInTheLesson):
    def unit(self, x):
        return torch.tanh(x)


class SoftplusUnits(AsInTheLesson):
    def unit(self, x):
        return F.softplus(x)


class EluAtTheEnd(AsInTheLesson):
    def forward(self, agent_qs, state):
        return F.elu(super().forward(agent_qs, state))


class NoUnits(AsInTheLesson):
    def unit(self, x):
        return x


class HardCoded(AsInTheLesson):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, 32)


class OneUnit(AsInTheLesson):
    """The units all see the same weighted sum."""

    def first(self, raw):
        w1 = raw.abs().view(-1, self.n_agents, self.embed_dim)
        return w1[:, :, :1].expand_as(w1).reshape(raw.shape)

    def forward(self, agent_qs, state):
        w1 = self.first(self.hyper_w1(state)).view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state)[:, :1])
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class SoftmaxWeights(AsInTheLesson):
    def first(self, raw):
        return raw.softmax(-1)

    second = first


class SoftmaxOverAgents(AsInTheLesson):
    def first(self, raw):
        return raw.view(-1, self.n_agents, self.embed_dim).softmax(1)


class SigmoidWeights(AsInTheLesson):
    def second(self, raw):
        return raw.sigmoid()


class TwiceSigmoid(AsInTheLesson):
    def second(self, raw):
        return 2 * raw.sigmoid()


class SigmoidFirst(AsInTheLesson):
    def first(self, raw):
        return 1.5 * raw.sigmoid()


class ClampedAbove(AsInTheLesson):
    def first(self, raw):
        return raw.clamp(min=1e-3)
