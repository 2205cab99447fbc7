"""Right answers to 03.3; the wrong ones differ from one of them in one thing."""

import math

import torch
from torch import nn
from torch.nn import functional as F


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
