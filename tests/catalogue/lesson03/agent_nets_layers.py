"""Wrong answers to 03.3 about the layers: how many and how wide, what stands between them, and their first weights."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from tests.catalogue.lesson03.agent_nets_right import Loop, Stacked, net


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


class ByAgents(Stacked):
    """Divided by the root of a number, but of the number of agents."""

    def start(self, n_agents, i, o):
        self.weights.append(nn.Parameter(torch.randn(n_agents, i, o) / n_agents ** 0.5))
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


class Dropout(Loop):
    def forward(self, obs):
        return F.dropout(super().forward(obs), 0.5)


class DropoutLayer(Loop):
    """A module of its own, in training as at the start."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__(n_agents, obs_dim, n_actions, hidden)
        self.dropout = nn.Dropout(0.1)

    def forward(self, obs):
        return self.dropout(super().forward(obs))


class Noise(Loop):
    def forward(self, obs):
        q = super().forward(obs)
        return q + 0.01 * torch.randn_like(q)


class RunningMean(Loop):
    """Keeps the mean of what it has seen so far."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__(n_agents, obs_dim, n_actions, hidden)
        self.seen, self.calls = 0, 0

    def forward(self, obs):
        self.seen, self.calls = self.seen + obs.mean(), self.calls + 1
        return super().forward(obs - self.seen / (self.calls + 1))
