"""Wrong answers to 03.3 about samples, steps and agents: who reads what, with whose weights, and whether they learn."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.catalogue.lesson03.agent_nets_right import Loop, Stacked, net


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


class Copies(Loop):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        super().__init__(n_agents, obs_dim, n_actions, hidden)
        for one in self.nets[1:]:
            one.load_state_dict(self.nets[0].state_dict())
