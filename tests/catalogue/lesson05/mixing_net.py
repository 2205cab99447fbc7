"""Answers to 05.4."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.catalogue import Answers


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


class WithAFloor(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = F.softplus(self.hyper_w1(state)).view(len(state), agent_qs.shape[1], -1) + 0.01
        hidden = F.elu((agent_qs[:, :, None] * w1).sum(1) + self.hyper_b1(state))
        return (hidden * (F.softplus(self.hyper_w2(state)) + 0.01)).sum(1) + self.hyper_b2(state).squeeze(-1)


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


ANSWERS = Answers(
    right=[AsInTheLesson, AsInThePaper, OneHypernetwork, OwnTensors, Squares, reads(lambda state: state)],
    wrong=[
        ("the state is not read as it comes", reads(torch.relu)),
        ("the state is not read as it comes", reads(torch.tanh, "hyper_b2")),
        ("the state is not read as it comes", reads(lambda state: state.clamp(0, 1), "hyper_w1")),
        ("the state is not read as it comes", reads(lambda state: state.clamp(-10, 10), "hyper_b1")),
        ("the state is not read as it comes", reads(lambda state: state / state.norm(dim=1, keepdim=True), "hyper_w2")),
        ("the weights have a floor", WithAFloor),
        ("weights that no optimiser finds", PlainList),
        ("weights that no optimiser finds", MadeInForward),
        ("a hypernetwork is cut off from its gradient", Detached),
        ("a hypernetwork is cut off from its gradient", DetachedV),
        ("no gradient reaches the agents", DetachedAgents),
        ("a sample's Q_tot depends on the others in its batch", AcrossTheBatch),
        ("a sample's Q_tot depends on the others in its batch", FirstStateForAll),
        ("a sample's Q_tot depends on the others in its batch", BatchNormed),
        ("an agent's utility does not count", LastAgentLost),
        ("neither layer's weights are held non-negative", NoAbs),
        ("W1 is not held non-negative", SignedFirst),
        ("W1 is not held non-negative", AbsOfTheInput),
        ("w2 is not held non-negative", SignedSecond),
        ("Q_tot falls as a utility rises", Sine),
        ("Q_tot falls as a utility rises", AbsOfTheSum),
        ("the state is not used at all", Blind),
        ("the state is not used at all", BlindParameters),
        ("weights are cut off at zero", Clipped),
        ("weights are cut off at zero", ClippedBoth),
        ("the hidden layer is not one of ELU units", ReLUUnits),
        ("the hidden layer is not one of ELU units", TanhUnits),
        ("the hidden layer is not one of ELU units", SoftplusUnits),
        ("the hidden layer is not one of ELU units", EluAtTheEnd),
        ("there is no activation in between", NoUnits),
        ("embed_dim makes no difference", HardCoded),
        ("embed_dim makes no difference", OneUnit),
        ("the weights have a ceiling", SoftmaxWeights),
        ("the weights have a ceiling", SoftmaxOverAgents),
        ("the weights have a ceiling", SigmoidWeights),
        ("the weights have a ceiling", TwiceSigmoid),
        ("the weights have a ceiling", SigmoidFirst),
        ("weights are cut off at zero", ClampedAbove),
        ("a state and its mirror image are one to the mixer", AbsState),
        ("a state and its mirror image are one to the mixer", AbsTwice),
        ("a part of the state is not read", FirstFour),
        ("the state does not reach the weights", OnlyShift),
        ("the state does not reach the weights", StateAsInput),
        ("the state reaches the weights of one layer only", PlainW2),
        ("b1 is missing", NoB1),
        ("V is missing", NoV),
        ("a bias does not come from the state", PlainV),
        ("b1 is held to one sign", AbsB1),
        ("V is held to one sign", AbsV),
        ("V is held to one sign", ReLUV),
        ("your answer changes what it was given", Doubles),
    ],
)
