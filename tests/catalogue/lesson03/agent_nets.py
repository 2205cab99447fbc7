"""Answers to 03.3."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from tests.catalogue import Answers


def net(o, h, a, act=nn.ReLU, bias=True):
    return nn.Sequential(nn.Linear(o, h, bias=bias), act(), nn.Linear(h, h, bias=bias), act(),
                         nn.Linear(h, a, bias=bias))


class Loop(nn.Module):
    """A Sequential for each agent."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.nets = nn.ModuleList(self.make(obs_dim, n_actions, hidden) for _ in range(n_agents))

    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions)

    def forward(self, obs):
        return torch.stack([one(obs[:, :, i]) for i, one in enumerate(self.nets)], 2)


class Stacked(nn.Module):
    """Stacked tensors, one batched product a layer."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        sizes = [obs_dim, hidden, hidden, n_actions]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for i, o in zip(sizes, sizes[1:]):
            self.start(n_agents, i, o)

    def start(self, n_agents, i, o):
        bound = 1 / math.sqrt(i)
        self.weights.append(nn.Parameter(torch.empty(n_agents, i, o).uniform_(-bound, bound)))
        self.biases.append(nn.Parameter(torch.empty(n_agents, 1, o).uniform_(-bound, bound)))

    def inside(self, obs):
        return obs.flatten(0, 1).transpose(0, 1)

    def outside(self, q, obs):
        return q.transpose(0, 1).unflatten(0, obs.shape[:2])

    def forward(self, obs):
        x = self.inside(obs)
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = torch.baddbmm(bias, x, weight)
            x = x.relu() if k < 2 else x
        return self.outside(x, obs)


class Einsum(nn.Module):
    """He's start, biases of zero, einsum over all axes."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        sizes = [obs_dim, hidden, hidden, n_actions]
        for k, (i, o) in enumerate(zip(sizes, sizes[1:])):
            setattr(self, f"w{k}", nn.Parameter(torch.randn(n_agents, o, i) * (2 / i) ** 0.5))
            setattr(self, f"b{k}", nn.Parameter(torch.zeros(n_agents, o)))

    def forward(self, obs):
        x = torch.einsum("btni,noi->btno", obs, self.w0) + self.b0
        x = torch.einsum("btni,noi->btno", x.clamp(min=0), self.w1) + self.b1
        return torch.einsum("btni,noi->btno", torch.maximum(x, torch.zeros_like(x)), self.w2) + self.b2


class Convolution(nn.Module):
    """Grouped convolutions: each group is an agent."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(n_agents * obs_dim, n_agents * hidden, 1, groups=n_agents), nn.ReLU(),
            nn.Conv1d(n_agents * hidden, n_agents * hidden, 1, groups=n_agents), nn.ReLU(),
            nn.Conv1d(n_agents * hidden, n_agents * n_actions, 1, groups=n_agents))

    def forward(self, obs):
        q = self.body(obs.flatten(2).transpose(1, 2))                                         # [B, N * A, T]
        return q.transpose(1, 2).unflatten(2, (obs.shape[2], -1))


class OneVector(nn.Module):
    """All weights of all agents in one long vector."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.shapes = [(obs_dim, hidden), (hidden, hidden), (hidden, n_actions)]
        self.theta = nn.Parameter(torch.stack([torch.cat([(torch.rand((i + 1) * o) * 2 - 1) / i**0.5
                                                          for i, o in self.shapes])
                                               for _ in range(n_agents)]))

    def forward(self, obs):
        out = []
        for agent, theta in enumerate(self.theta):
            x, at = obs.select(2, agent), 0
            for k, (i, o) in enumerate(self.shapes):
                weight, bias = theta[at:at + i * o].view(i, o), theta[at + i * o:at + (i + 1) * o]
                x, at = (x if k == 0 else F.relu(x)) @ weight + bias, at + (i + 1) * o
            out.append(x.unsqueeze(-2))
        return torch.cat(out, dim=-2)


class Lazy(Loop):
    """Layers that find out their inputs when they are first called."""

    def make(self, obs_dim, n_actions, hidden):
        return nn.Sequential(nn.LazyLinear(hidden), nn.ReLU(), nn.LazyLinear(hidden), nn.ReLU(),
                             nn.LazyLinear(n_actions))


class Vmapped(nn.Module):
    """One stacked network, mapped over the agents."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        stacked, _ = torch.func.stack_module_state([net(obs_dim, hidden, n_actions) for _ in range(n_agents)])
        self.keys, self.stacked = list(stacked), nn.ParameterList(nn.Parameter(part.detach())
                                                                  for part in stacked.values())
        self.pattern = [net(obs_dim, hidden, n_actions)]

    def forward(self, obs):
        def one(parts, own):
            return torch.func.functional_call(self.pattern[0], dict(zip(self.keys, parts)), (own,))

        return torch.vmap(one, in_dims=(0, 2), out_dims=2)(list(self.stacked), obs)


class PlainList(Loop):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__(n_agents, obs_dim, n_actions, hidden)
        del self.nets
        self.nets = [self.make(obs_dim, n_actions, hidden) for _ in range(n_agents)]


class Detached(Loop):
    def forward(self, obs):
        return super().forward(obs).detach()


class NoGrad(Loop):
    @torch.no_grad()
    def forward(self, obs):
        return super().forward(obs)


class FirstLayerCutOff(nn.Module):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.first = nn.ModuleList(nn.Linear(obs_dim, hidden) for _ in range(n_agents))
        self.second = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(n_agents))
        self.third = nn.ModuleList(nn.Linear(hidden, n_actions) for _ in range(n_agents))

    def forward(self, obs):
        hidden = [F.relu(layer(obs[:, :, i])).detach() for i, layer in enumerate(self.first)]
        return torch.stack([c(F.relu(b(x))) for b, c, x in zip(self.second, self.third, hidden)], 2)


class Reshaped(Stacked):
    def inside(self, obs):
        return obs.reshape(obs.shape[2], -1, obs.shape[3])


class TimeForBatch(Stacked):
    def inside(self, obs):
        return obs.permute(2, 1, 0, 3).flatten(1, 2)


class ReshapedTwice(Reshaped):
    def outside(self, q, obs):
        return q.reshape(*obs.shape[:3], -1)


class SeesAll(nn.Module):
    """Each agent's network reads everybody."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.nets = nn.ModuleList(net(n_agents * obs_dim, hidden, n_actions) for _ in range(n_agents))

    def forward(self, obs):
        return torch.stack([one(obs.flatten(2)) for one in self.nets], 2)


class OneForTheTeam(nn.Module):
    """One network from all observations to all values."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.net = net(n_agents * obs_dim, hidden, n_agents * n_actions)

    def forward(self, obs):
        return self.net(obs.flatten(2)).unflatten(-1, (obs.shape[2], -1))


class NormOverAgents(Loop):
    def forward(self, obs):
        return super().forward(obs - obs.mean(2, keepdim=True))


class NormOverBatch(Loop):
    def forward(self, obs):
        return super().forward(obs - obs.mean(0, keepdim=True))


class OverTheBatch(Loop):
    def forward(self, obs):
        return super().forward((obs - obs.mean((0, 1), keepdim=True))
                               / (obs.std((0, 1), correction=0, keepdim=True) + 1e-5))


class LastStepOnly(Loop):
    def forward(self, obs):
        return super().forward(obs[:, -1:]).expand(-1, obs.shape[1], -1, -1)


class CurvedWhenWide(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions, nn.GELU if hidden > 1 else nn.ReLU)


class Single(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions).float()

    def forward(self, obs):
        return super().forward(obs.float()).double()


class ReluOnTheInput(Loop):
    def forward(self, obs):
        return super().forward(obs.relu())


class SharedTrunk(nn.Module):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.trunk = net(obs_dim, hidden, hidden)[:4]
        self.heads = nn.ModuleList(nn.Linear(hidden, n_actions) for _ in range(n_agents))

    def forward(self, obs):
        return torch.stack([head(self.trunk(obs[:, :, i])) for i, head in enumerate(self.heads)], 2)


class ReluForTheFirst(Stacked):
    """In place, on one slice only."""

    def forward(self, obs):
        x = self.inside(obs)
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = torch.baddbmm(bias, x, weight)
            if k < 2:
                x = torch.cat([x[:1].relu(), x[1:]])
        return self.outside(x, obs)


class SharedNet(nn.Module):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.net = net(obs_dim, hidden, n_actions)

    def forward(self, obs):
        return self.net(obs)


class OneTimesN(Loop):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__(1, obs_dim, n_actions, hidden)
        self.nets = nn.ModuleList([self.nets[0]] * n_agents)


class AlwaysTheFirst(Loop):
    def forward(self, obs):
        return self.nets[0](obs) + 0 * super().forward(obs)


class Always64(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, 64, n_actions)


class Default32(Loop):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=32):
        super().__init__(n_agents, obs_dim, n_actions, hidden)


class NoBias(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions, bias=False)


class OneHidden(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return nn.Sequential(nn.Linear(obs_dim, hidden), nn.ReLU(), nn.Linear(hidden, n_actions))


class ThreeHidden(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return nn.Sequential(*list(net(obs_dim, hidden, hidden)), nn.ReLU(), nn.Linear(hidden, n_actions))


class HalfWidth(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return nn.Sequential(nn.Linear(obs_dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden // 2), nn.ReLU(),
                             nn.Linear(hidden // 2, n_actions))


class NoRelu(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions, nn.Identity)


class SecondReluOnly(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return nn.Sequential(nn.Linear(obs_dim, hidden), nn.Linear(hidden, hidden), nn.ReLU(),
                             nn.Linear(hidden, n_actions))


class FirstReluOnly(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return nn.Sequential(nn.Linear(obs_dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden),
                             nn.Linear(hidden, n_actions))


class ReluAtTheEnd(Loop):
    def forward(self, obs):
        return super().forward(obs).relu()


class Softmax(Loop):
    def forward(self, obs):
        return super().forward(obs).softmax(-1)


class TanhAtTheEnd(Loop):
    def forward(self, obs):
        return super().forward(obs).tanh()


class Tanh(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions, nn.Tanh)


class Leaky(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions, nn.LeakyReLU)


class Elu(Loop):
    def make(self, obs_dim, n_actions, hidden):
        return net(obs_dim, hidden, n_actions, nn.ELU)


class Residual(Loop):
    def forward(self, obs):
        rows = []
        for i, one in enumerate(self.nets):
            first = one[1](one[0](obs[:, :, i]))
            rows.append(one[4](first + one[3](one[2](first))))
        return torch.stack(rows, 2)


class Advantage(Loop):
    """The mean over the actions taken away."""

    def forward(self, obs):
        q = super().forward(obs)
        return q - q.mean(-1, keepdim=True)


class Randn(Stacked):
    def start(self, n_agents, i, o):
        self.weights.append(nn.Parameter(torch.randn(n_agents, i, o)))
        self.biases.append(nn.Parameter(torch.zeros(n_agents, 1, o)))


class Rand(Stacked):
    def start(self, n_agents, i, o):
        self.weights.append(nn.Parameter(torch.rand(n_agents, i, o)))
        self.biases.append(nn.Parameter(torch.rand(n_agents, 1, o)))


class Careless(Stacked):
    def start(self, n_agents, i, o):
        self.weights.append(nn.Parameter(nn.init.kaiming_uniform_(torch.empty(n_agents, i, o), a=math.sqrt(5))))
        self.biases.append(nn.Parameter(torch.zeros(n_agents, 1, o)))


class Zeros(Stacked):
    def start(self, n_agents, i, o):
        self.weights.append(nn.Parameter(torch.zeros(n_agents, i, o)))
        self.biases.append(nn.Parameter(torch.zeros(n_agents, 1, o)))


class Copies(Loop):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__(n_agents, obs_dim, n_actions, hidden)
        for one in self.nets[1:]:
            one.load_state_dict(self.nets[0].state_dict())


class Dropout(Loop):
    def forward(self, obs):
        return F.dropout(super().forward(obs), 0.5)


ANSWERS = Answers(
    right=[Loop, Stacked, Einsum, Convolution, OneVector, Lazy, Vmapped],
    wrong=[
        ("the weights are hidden from PyTorch", PlainList),
        ("no gradient reaches the weights", Detached),
        ("no gradient reaches the weights", NoGrad),
        ("no gradient reaches the weights", FirstLayerCutOff),
        ("samples, time steps and agents are mixed up", Reshaped),
        ("samples, time steps and agents are mixed up", TimeForBatch),
        ("samples, time steps and agents are mixed up", NormOverBatch),
        ("samples, time steps and agents are mixed up", OverTheBatch),
        ("samples, time steps and agents are mixed up", LastStepOnly),
        ("there is no relu", ReluForTheFirst),
        ("another activation", CurvedWhenWide),
        ("nearly right: precision was lost on the way", Single),
        ("it computes something else", ReluOnTheInput),
        ("the parameters do not add up", SharedTrunk),
        ("an agent's weights change with its place in the batch", ReshapedTwice),
        ("an agent's values depend on another agent's observation", SeesAll),
        ("an agent's values depend on another agent's observation", OneForTheTeam),
        ("an agent's values depend on another agent's observation", NormOverAgents),
        ("all agents share one network", SharedNet),
        ("all agents share one network", OneTimesN),
        ("all agents share one network", AlwaysTheFirst),
        ("the width is not the one asked for", Always64),
        ("the width is not the one asked for", Default32),
        ("the biases are missing", NoBias),
        ("another number of hidden layers", OneHidden),
        ("another number of hidden layers", ThreeHidden),
        ("the parameters do not add up", HalfWidth),
        ("there is no relu", NoRelu),
        ("one of the two relus is missing", FirstReluOnly),
        ("one of the two relus is missing", SecondReluOnly),
        ("the last layer is squeezed", ReluAtTheEnd),
        ("the last layer is squeezed", Softmax),
        ("the last layer is squeezed", TanhAtTheEnd),
        ("another activation", Tanh),
        ("another activation", Leaky),
        ("another activation", Elu),
        ("it computes something else", Residual),
        ("the last layer is squeezed", Advantage),
        ("the first weights are far too large", Randn),
        ("the first weights are far too large", Rand),
        ("the first weights are far too small", Careless),
        ("the first weights are far too small", Zeros),
        ("all agents start alike", Copies),
        ("the same question got two different answers", Dropout),
    ],
)
