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


WRONG = {
    SeesOthers: "forward: agent 0's values changed with the observation of another agent",
    SeesRows: "forward: row 0's values changed with the observation of another row",
    SeesLater: "forward: values changed with an observation that came later",
    SharesMemory: "forward: agent 0's values changed with the memory of another agent",
    SharesActions: "forward: agent 0's values changed with the last action of another agent",
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
