"""The agents' networks: from what one agent observes to the value of each of its actions."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course import errors


class StackedLinear(nn.Module):
    """``copies`` linear layers side by side: x[copies, M, inputs] → [copies, M, outputs], in one batched product.

    Each copy starts as ``nn.Linear`` does, uniform in ±1/√inputs. (A plain ``nn.init`` call on a tensor of shape
    [copies, inputs, outputs] would take inputs × outputs, or the number of copies, for the fan-in.)
    """

    def __init__(self, copies: int, inputs: int, outputs: int):
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(copies, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(copies, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


class MLPAgents(nn.Module):
    """One multilayer perceptron an agent (or one for all, ``shared``): obs[B, T, N, O] → q[B, T, N, A].

    It remembers nothing: ``last_actions`` and ``memory`` are there because agents that do remember take them too.
    Agent i's values depend on agent i's observation and on nothing else.
    """

    def __init__(self, n_agents: int, obs_dim: int, n_actions: int, hidden: tuple[int, ...] = (64, 64),
                 shared: bool = False):
        super().__init__()
        self.n_agents = errors.whole_number("n_agents", n_agents)
        self.obs_dim = errors.whole_number("obs_dim", obs_dim)
        self.n_actions = errors.whole_number("n_actions", n_actions)
        if not isinstance(hidden, (tuple, list)):
            raise TypeError(f"hidden: expected the widths of the hidden layers, as (64, 64), got {errors.describe(hidden)}")
        hidden = [errors.whole_number("hidden", width) for width in hidden]
        self.copies = 1 if errors.switch("shared", shared) else n_agents
        sizes = [obs_dim, *hidden, n_actions]
        self.layers = nn.ModuleList(StackedLinear(self.copies, i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, obs: torch.Tensor, last_actions: torch.Tensor | None = None, memory: None = None):
        """q[B, T, N, A] and the memory, which is None, from obs[B, T, N, O]."""
        errors.tensor("obs", obs, ("B", "T", self.n_agents, self.obs_dim), self.layers[0].weight.dtype)
        batch, time = obs.shape[:2]
        x = obs.flatten(0, 1).transpose(0, 1).reshape(self.copies, -1, self.obs_dim)    # agents first: [copies, M, O]
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        q = self.layers[-1](x)
        return q.view(self.n_agents, batch, time, self.n_actions).permute(1, 2, 0, 3), None
