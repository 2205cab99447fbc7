"""The recurrent QMIX update step by step, put together as the first public implementations do it: a GRU cell called
once a time step, from a Python loop, by the online and by the target network; then stack, gather, mask, maximise, mix.

It is here to be timed against, and to be a second opinion on the numbers (tests/test_sequence_bench.py).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course.algorithms import QMIX
from qmix_course.replay import Batch


class LoopAgent(nn.Module):
    """One network for all agents: inputs[M, I], memory[M, H] → q[M, A], memory[M, H] for a single time step."""

    def __init__(self, inputs: int, hidden: int, n_actions: int):
        super().__init__()
        self.encoder = nn.Linear(inputs, hidden)
        self.cell = nn.GRUCell(hidden, hidden)
        self.head = nn.Linear(hidden, n_actions)

    def forward(self, inputs: torch.Tensor, memory: torch.Tensor):
        memory = self.cell(F.relu(self.encoder(inputs)), memory)
        return self.head(memory), memory


class LoopQMIX(nn.Module):
    """The recurrent double-Q QMIX, agents shared, with ``algorithm``'s sizes and copies of its weights."""

    def __init__(self, algorithm: QMIX):
        super().__init__()
        agents, self.spec, self.gamma = algorithm.agents, algorithm.spec, algorithm.gamma
        self.agent = LoopAgent(agents.encoder.weight.shape[1], agents.memory_dim, agents.n_actions)
        self.mixer = deepcopy(algorithm.mixer)
        with torch.no_grad():
            for own, other in zip(self.parameters(), self.in_order(algorithm), strict=True):
                own.copy_(other)

    @staticmethod
    def in_order(algorithm: QMIX, part: Callable = lambda parameter: parameter) -> list[torch.Tensor]:
        """The parameters of ``algorithm``, or a ``part`` of each, its gradient, say, in this network's order and
        shapes."""
        encoder, gru, head = algorithm.agents.encoder, algorithm.agents.gru, algorithm.agents.head
        return [part(encoder.weight)[0].t(), part(encoder.bias)[0, 0], *map(part, gru.parameters()),
                part(head.weight)[0].t(), part(head.bias)[0, 0], *map(part, algorithm.mixer.parameters())]

    def inputs(self, batch: Batch, one_hot: torch.Tensor, t: int) -> torch.Tensor:
        """What the agents read at step t: observation, last action, own number: [B·N, I]."""
        rows, n = batch.obs.shape[0], self.spec.n_agents
        last = one_hot[:, t - 1] if t > 0 else torch.zeros_like(one_hot[:, 0])
        numbers = torch.eye(n, dtype=batch.obs.dtype, device=batch.obs.device).unsqueeze(0).expand(rows, -1, -1)
        return torch.cat([part.reshape(rows * n, -1) for part in (batch.obs[:, t], last, numbers)], 1)

    def unroll(self, batch: Batch, one_hot: torch.Tensor) -> torch.Tensor:
        """q[B, T+1, N, A], one step after the other from a memory of zeros."""
        rows, n = batch.obs.shape[0], self.spec.n_agents
        memory = batch.obs.new_zeros(rows * n, self.agent.cell.hidden_size)
        q = []
        for t in range(batch.obs.shape[1]):
            values, memory = self.agent(self.inputs(batch, one_hot, t), memory)
            q.append(values.view(rows, n, -1))
        return torch.stack(q, 1)

    def mix(self, agent_qs: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Q_tot[B, T] by two batched matrix products, [M, 1, N] × [M, N, E] and [M, 1, E] × [M, E, 1]."""
        mixer, flat = self.mixer, state.reshape(-1, state.shape[-1])
        w1 = mixer.hyper_w1(flat).abs().view(-1, mixer.n_agents, mixer.embed_dim)
        w2 = mixer.hyper_w2(flat).abs().view(-1, mixer.embed_dim, 1)
        b1, v = mixer.hyper_b1(flat).unsqueeze(1), mixer.hyper_b2(flat).unsqueeze(1)
        hidden = F.elu(torch.bmm(agent_qs.reshape(-1, 1, mixer.n_agents), w1) + b1)
        return (torch.bmm(hidden, w2) + v).view(agent_qs.shape[:-1])

    def loss(self, batch: Batch, target: LoopQMIX) -> torch.Tensor:
        """The loss. No ``no_grad`` here: a target whose weights ask for gradients costs a graph that is then thrown
        away."""
        one_hot = F.one_hot(batch.actions, self.spec.n_actions).to(batch.obs.dtype)        # [B, T, N, A]
        q = self.unroll(batch, one_hot)                                                    # [B, T+1, N, A]
        chosen = q[:, :-1].gather(3, batch.actions.unsqueeze(3)).squeeze(3)                # [B, T, N]
        target_q = target.unroll(batch, one_hot)[:, 1:]
        judge = q.clone().detach()
        judge[~batch.available] = -torch.inf
        best = judge[:, 1:].max(3, keepdim=True).indices
        next_q_tot = target.mix(target_q.gather(3, best).squeeze(3), batch.state[:, 1:])
        y = batch.reward + self.gamma * (1 - batch.terminated.to(batch.reward.dtype)) * next_q_tot
        error = (self.mix(chosen, batch.state[:, :-1]) - y.detach()) * batch.mask
        return (error ** 2).sum() / batch.mask.sum()
