"""Agents with one mistake each, for ``check_agents``."""

import torch
from torch import nn

from qmix_course.agents import GRUAgents, MLPAgents

SIZES = 3, 4, 5                                                 # n_agents, obs_dim, n_actions


class Plain(MLPAgents):
    def __init__(self):
        super().__init__(*SIZES)


class Remember(GRUAgents):
    def __init__(self):
        super().__init__(*SIZES, hidden=8)


class SeesOthers(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs + obs.mean(2, keepdim=True), last_actions, memory)


class SeesRows(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs - obs.mean(0, keepdim=True), last_actions, memory)


class SeesLater(Remember):
    def forward(self, obs, last_actions, memory=None):
        return super().forward(obs.flip(1).cumsum(1).flip(1), last_actions, memory)


class SharesMemory(Remember):
    def forward(self, obs, last_actions, memory=None):
        memory = memory if memory is None else memory.mean(1, keepdim=True).expand_as(memory).contiguous()
        return super().forward(obs, last_actions, memory)


class SharesActions(Remember):
    def forward(self, obs, last_actions, memory=None):
        return super().forward(obs, last_actions.roll(1, 2), memory)


class Drops(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(nn.functional.dropout(obs), last_actions, memory)


class KeepsItself(Remember):
    """The memory is kept in the module, and nobody resets it."""

    kept = None

    def forward(self, obs, last_actions, memory=None):
        q, after = super().forward(obs, last_actions, self.kept)
        self.kept = after.detach()
        return q, after


class Forgets(Remember):
    def forward(self, obs, last_actions, memory=None):
        return super().forward(obs, last_actions, None)


class StartsWithOnes(Remember):
    def forward(self, obs, last_actions, memory=None):
        memory = obs.new_ones(len(obs), 3, 8) if memory is None else memory
        return super().forward(obs, last_actions, memory)


class Detached(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        q, memory = super().forward(obs, last_actions, memory)
        return q.detach(), memory


class InAList(nn.Module):
    memory_dim = 0

    def __init__(self):
        super().__init__()
        self.first, self.rest = nn.Linear(4, 6), [nn.Linear(6, 5)]

    def forward(self, obs, last_actions=None, memory=None):
        return self.rest[0](self.first(obs).relu()), None


class NoPair(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs)[0]


class WrongShape(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs)[0].transpose(1, 2), None


class MemoryNotNone(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs)[0], obs


class NoMemoryDim(Plain):
    memory_dim = None


class OneHotMinusOne(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        nn.functional.one_hot(last_actions, 5)
        return super().forward(obs)


class Writes(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        obs[..., 0] = 0.0
        return super().forward(obs)


class NaNs(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs)[0].log(), None


class Double(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs)[0].double(), None


class Leader(Plain):
    """All read what the first one sees."""

    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs + obs[:, :, :1], last_actions, memory)


class RowsAbove(Remember):
    def forward(self, obs, last_actions, memory=None):
        return super().forward(obs.cumsum(0), last_actions, memory)


class HowMany(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs / len(obs), last_actions, memory)


class AllBegin(Remember):
    """Where one row begins, all forget."""

    def forward(self, obs, last_actions, memory=None):
        begins = memory is not None and (last_actions[:, 0] == -1).any()
        return super().forward(obs, last_actions, torch.zeros_like(memory) if begins else memory)


class Cut(Remember):
    """Nothing is learned back through the memory."""

    def forward(self, obs, last_actions, memory=None):
        steps = []
        for t in range(obs.shape[1]):
            q, memory = super().forward(obs[:, t:t + 1], last_actions[:, t:t + 1], memory)
            memory = memory.detach()
            steps.append(q)
        return torch.cat(steps, 1), memory


class OneLearns(Plain):
    def forward(self, obs, last_actions=None, memory=None):
        q, memory = super().forward(obs, last_actions, memory)
        return torch.cat([q[:, :, :1], q[:, :, 1:].detach()], 2), memory


class WritesMemory(Remember):
    def forward(self, obs, last_actions, memory=None):
        q, after = super().forward(obs, last_actions, memory)
        if memory is not None:
            memory.copy_(after.detach())
        return q, after


class FromTheEnd(Plain):
    def __init__(self):
        super().__init__()
        self.actions = nn.Parameter(torch.randn(5, 4))

    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(obs + self.actions[last_actions], last_actions, memory)


class Apart(nn.Module):
    """A long short-term memory, both halves in one tensor, and an encoder for each agent."""

    memory_dim = 12

    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleList(nn.Linear(4, 6) for _ in range(3))
        self.cell, self.head = nn.LSTMCell(6, 6), nn.Linear(6, 5)

    def forward(self, obs, last_actions, memory=None):
        memory = obs.new_zeros(len(obs), 3, 12) if memory is None else memory
        values, memories = [], []
        for agent, encoder in enumerate(self.encoders):
            kept, steps = memory[:, agent].split(6, -1), []
            for t in range(obs.shape[1]):
                kept = self.cell(encoder(obs[:, t, agent]).relu(), kept)
                steps.append(self.head(kept[0]))
            values.append(torch.stack(steps, 1))
            memories.append(torch.cat(kept, -1))
        return torch.stack(values, 2), torch.stack(memories, 1)


class Average(nn.Module):
    """A leaky average of what was seen: nothing is learned in it, and no gradient is wanted."""

    memory_dim = 4

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 5)

    def forward(self, obs, last_actions, memory=None):
        memory = obs.new_zeros(len(obs), 3, 4) if memory is None else memory
        steps = []
        for now in obs.unbind(1):
            memory = 0.5 * memory + 0.5 * now.detach()
            steps.append(self.head(torch.cat([now, memory], -1)))
        return torch.stack(steps, 1), memory


class Window(Average):
    """The last two observations."""

    memory_dim = 4

    def forward(self, obs, last_actions, memory=None):
        memory = obs.new_zeros(len(obs), 3, 4) if memory is None else memory
        before = torch.cat([memory.unsqueeze(1), obs[:, :-1]], 1)
        return self.head(torch.cat([obs, before], -1)), obs[:, -1]


class Frozen(Plain):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 4).requires_grad_(False)

    def forward(self, obs, last_actions=None, memory=None):
        return super().forward(self.encoder(obs).tanh(), last_actions, memory)


class Table(nn.Module):
    """Rounded observations look up a row: no gradient goes into the observations."""

    memory_dim = 0

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(3, 16, 5))

    def forward(self, obs, last_actions=None, memory=None):
        return self.table[torch.arange(3), ((obs > 0.5) * torch.tensor([1, 2, 4, 8])).sum(-1)], None


class OneScripted(Plain):
    """The last agent follows a rule."""

    def forward(self, obs, last_actions=None, memory=None):
        q, memory = super().forward(obs, last_actions, memory)
        return torch.cat([q[:, :, :2], torch.eye(5)[0].expand(*q.shape[:2], 1, 5)], 2), memory


RIGHT = [Apart, Average, Window, Frozen, Table, OneScripted]
WRONG = {
    Leader: "forward: an agent's values changed with the observation of another agent",
    RowsAbove: "forward: a row's values changed with the observation of another row",
    HowMany: "forward: a row alone and the same row among others",
    AllBegin: "forward: a row alone and the same row among others",
    Cut: "forward: what was seen earlier changes later values, and no gradient",
    OneLearns: "forward: the values of agent 1 depend on the weights, and no gradient",
    WritesMemory: "forward: wrote into memory",
    FromTheEnd: "forward: last action −1 (none yet) is read as action 4",
    SeesOthers: "forward: an agent's values changed with the observation of another agent",
    SeesRows: "forward: a row's values changed with the observation of another row",
    SeesLater: "forward: values changed with an observation that came later",
    SharesMemory: "forward: an agent's values changed with the memory of another agent",
    SharesActions: "forward: an agent's values changed with the last action of another agent",
    Drops: "forward: the same inputs gave other values the second time",
    KeepsItself: "forward: the same inputs gave other values the second time",
    Forgets: "forward: one call for four steps and four calls",
    StartsWithOnes: "forward: a memory of zeros and None gave other values",
    Detached: "forward: q: no gradient reaches a registered weight",
    InAList: "parameters: weights of shape",
    NoPair: "forward: expected a pair (q, memory)",
    WrongShape: "forward: q: expected shape [3, 4, 3, 5]",
    MemoryNotNone: "forward: expected None for the memory",
    NoMemoryDim: "memory_dim: expected a whole number",
    OneHotMinusOne: "forward: raised RuntimeError",
    Writes: "forward: wrote into obs",
    NaNs: "forward: q: expected finite numbers",
    Double: "forward: q: expected dtype float32",
}


def made(kind):
    torch.manual_seed(1)
    return kind()
