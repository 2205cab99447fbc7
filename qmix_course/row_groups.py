"""A wide recurrent batch, unrolled in groups of rows of about one length: the same values, sooner on a CPU."""

from __future__ import annotations

import math

import torch
from torch import nn

from qmix_course.agents import GRUAgents
from qmix_course.replay import Batch

# So many agents a step, over all rows of a group, stay in the processor's cache with what they write down for the
# gradient, [T, M, 3H] in several copies. And in a group of rows of about one length there is little padding: an eighth
# to a quarter of all steps is saved where rows are half as long as the longest to as long as it. Groups of 64 agents
# were slower, of 500 too. Where all rows have one length nothing is gained and nothing lost (benchmarks/sequences.py).
WIDE = 240


def is_wide(agents: nn.Module, batch: Batch) -> bool:
    """Whether a network with a memory that all agents share would have more than ``WIDE`` of them a step, on a CPU.

    Only ``GRUAgents`` as they are: others, MAVEN's or one's own, may hold something of the whole batch at once.
    """
    rows, n_agents, _ = batch.memory.shape
    shared = type(agents) is GRUAgents and agents.copies == 1
    return shared and rows * n_agents > WIDE and batch.obs.device.type == "cpu"


def unroll(agents: nn.Module, batch: Batch, length: int) -> torch.Tensor:
    """The values of the first ``length`` observations of each row, q[B, length, N, A], and 0 in most of the padding.

    One group after the other goes from the first observation to the one after the last step of its longest row.
    """
    rows, n_agents, _ = batch.memory.shape
    played = (batch.mask != 0) * torch.arange(1, batch.mask.shape[1] + 1)               # [B, T]: a step's number, or 0
    order = played.amax(1).argsort(stable=True)                                         # short rows first
    q = []
    for group in order.tensor_split(min(rows, math.ceil(rows * n_agents / WIDE))):
        steps = min(int(played[group[-1]].amax()) + 1, length)
        values, _ = agents(batch.obs[group, :steps], batch.last_actions[group, :steps], batch.memory[group])
        q.append(torch.cat([values, values.new_zeros(len(group), length - steps, *values.shape[2:])], 1))
    return torch.cat(q).index_select(0, order.argsort())                                # as the batch has them
