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

    @torch.no_grad()
    def begin_orthogonal(self, gain: float) -> None:
        """Another start: orthogonal weights (Saxe et al. 2014) times ``gain``, and no bias."""
        for copy in self.weight:
            nn.init.orthogonal_(copy, gain)
        self.bias.zero_()


class StackedNorm(nn.Module):
    """``copies`` layer norms side by side, each with its own scale and shift: x[copies, M, H] → the same shape."""

    def __init__(self, copies: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(copies, 1, width))
        self.bias = nn.Parameter(torch.zeros(copies, 1, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addcmul(self.bias, F.layer_norm(x, x.shape[-1:]), self.weight)


class MLPAgents(nn.Module):
    """One multilayer perceptron an agent (or one for all, ``shared``): obs[B, T, N, O] → q[B, T, N, A].

    It remembers nothing: ``last_actions`` and ``memory`` are there because agents that do remember take them too.
    Agent i's values depend on agent i's observation and on nothing else. ``agent_id``: a network is also told whose it
    is, as a one-hot vector, so that one for all can still treat them differently. ``layer_norm``: each hidden layer is
    normalised before its ReLU (Ba et al. 2016). ``orthogonal``: the weights start orthogonal, times √2 so that ReLU
    keeps sizes, the last layer's times 0.01, so that all actions start nearly equal.
    """

    memory_dim = 0                      # M, the numbers that an agent carries from step to step

    def __init__(self, n_agents: int, obs_dim: int, n_actions: int, hidden: tuple[int, ...] = (64, 64),
                 shared: bool = False, agent_id: bool = False, layer_norm: bool = False, orthogonal: bool = False):
        super().__init__()
        self.n_agents = errors.whole_number("n_agents", n_agents)
        self.obs_dim = errors.whole_number("obs_dim", obs_dim)
        self.n_actions = errors.whole_number("n_actions", n_actions)
        hidden = errors.widths("hidden", hidden)
        self.copies = 1 if errors.switch("shared", shared) else n_agents
        self.agent_id = errors.switch("agent_id", agent_id)
        normed = hidden if errors.switch("layer_norm", layer_norm) else ()
        errors.switch("orthogonal", orthogonal)
        sizes = [obs_dim + n_agents * agent_id, *hidden, n_actions]
        self.layers = nn.ModuleList(StackedLinear(self.copies, i, o) for i, o in zip(sizes, sizes[1:]))
        self.norms = nn.ModuleList(StackedNorm(self.copies, width) for width in normed)
        if orthogonal:
            for layer in self.layers:
                layer.begin_orthogonal(0.01 if layer is self.layers[-1] else math.sqrt(2))

    def forward(self, obs: torch.Tensor, last_actions: torch.Tensor | None = None, memory: None = None):
        """q[B, T, N, A] and the memory, which is None, from obs[B, T, N, O]."""
        *hidden, last = self.layers             # (a slice of a ModuleList would make new modules, at every step)
        errors.tensor("obs", obs, ("B", "T", self.n_agents, self.obs_dim), last.weight.dtype)
        batch, time = obs.shape[:2]
        if self.agent_id:        # each with its own row of ones and zeros
            numbers = torch.eye(self.n_agents, dtype=obs.dtype, device=obs.device)
            obs = torch.cat([obs, numbers.expand(batch, time, -1, -1)], -1)
        x = obs.permute(2, 0, 1, 3).reshape(self.copies, -1, obs.shape[-1])             # agents first: [copies, M, O]
        for number, layer in enumerate(hidden):
            x = layer(x)
            x = F.relu(self.norms[number](x) if self.norms else x)
        return last(x).view(self.n_agents, batch, time, self.n_actions).permute(1, 2, 0, 3), None


class StackedGRU(nn.Module):
    """``copies`` gated recurrent units side by side, each ``nn.GRU``'s equations with weights of its own:
    x[copies, T, M, H] and before[copies, M, H] → the memory after each step, [copies, T, M, H].

    What the inputs contribute is one batched product for all T steps; only the memory's part goes step by step.
    """

    def __init__(self, copies: int, hidden: int):
        super().__init__()
        bound = 1 / math.sqrt(hidden)
        self.weight_x = nn.Parameter(torch.empty(copies, hidden, 3 * hidden).uniform_(-bound, bound))
        self.weight_h = nn.Parameter(torch.empty(copies, hidden, 3 * hidden).uniform_(-bound, bound))
        self.bias_x = nn.Parameter(torch.empty(copies, 1, 3 * hidden).uniform_(-bound, bound))
        self.bias_h = nn.Parameter(torch.empty(copies, 1, 3 * hidden).uniform_(-bound, bound))

    def forward(self, x: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        memory, after = before, []
        from_x = torch.baddbmm(self.bias_x, x.flatten(1, 2), self.weight_x)                 # [copies, T·M, 3H]
        for step in from_x.unflatten(1, x.shape[1:3]).unbind(1):                            # [copies, M, 3H]
            reset_x, update_x, new_x = step.chunk(3, -1)
            reset_h, update_h, new_h = torch.baddbmm(self.bias_h, memory, self.weight_h).chunk(3, -1)
            reset, update = torch.sigmoid(reset_x + reset_h), torch.sigmoid(update_x + update_h)
            memory = torch.lerp(torch.tanh(new_x + reset * new_h), memory, update)
            after.append(memory)
        return torch.stack(after, 1)


class GRUAgents(nn.Module):
    """Agents that remember: a linear layer, a gated recurrent unit, a linear layer, as in PyMARL.

    (Hausknecht & Stone 2015 put a recurrent layer, theirs an LSTM, into a Q-network.)

    obs[B, T, N, O], last_actions[B, T, N] int64 (−1: none), memory[B, N, H] (None: zeros) → q[B, T, N, A], memory[B, N,
    H]. Agent i's values depend on what agent i has observed and done since its memory was zero, and on nothing else.
    ``shared``: one network for all agents (True), or one for each. ``agent_id``, ``last_action``: whether a network is
    also told whose it is and what that agent did last, each as a one-hot vector. ``hidden``: H.
    """

    def __init__(self, n_agents: int, obs_dim: int, n_actions: int, hidden: int = 64, shared: bool = True,
                 agent_id: bool = True, last_action: bool = True):
        super().__init__()
        self.n_agents = errors.whole_number("n_agents", n_agents)
        self.obs_dim = errors.whole_number("obs_dim", obs_dim)
        self.n_actions = errors.whole_number("n_actions", n_actions)
        self.memory_dim = errors.whole_number("hidden", hidden)
        self.copies = 1 if errors.switch("shared", shared) else n_agents
        self.agent_id = errors.switch("agent_id", agent_id)
        self.last_action = errors.switch("last_action", last_action)
        self.parts = [obs_dim, n_actions * last_action, n_agents * agent_id]                # what the first layer reads
        self.encoder = StackedLinear(self.copies, sum(self.parts), hidden)
        self.gru = nn.GRU(hidden, hidden) if shared else StackedGRU(n_agents, hidden)
        self.head = StackedLinear(self.copies, hidden, n_actions)

    def forward(self, obs: torch.Tensor, last_actions: torch.Tensor, memory: torch.Tensor | None = None):
        """q[B, T, N, A] and the memory[B, N, H] after the last step, from the memory before the first."""
        features, memory = self.remember(obs, last_actions, memory)
        values = self.head(features.flatten(1, 2))                                          # [copies, T·M, A]
        return self._outside(values.unflatten(1, features.shape[1:3]), len(obs)), memory

    def remember(self, obs: torch.Tensor, last_actions: torch.Tensor, memory: torch.Tensor | None = None):
        """What is remembered after each step, [copies, T, M, H], and after the last one, memory[B, N, H].

        All steps go through each layer in one call. M counts the agents that share a copy: B · N if shared, else B.
        """
        memory = self._checked(obs, last_actions, memory)
        x = self._inside(self._encode(obs, last_actions))                                   # [copies, T, M, H]
        before = self._inside(memory.unsqueeze(1)).squeeze(1)                               # [copies, M, H]
        if isinstance(self.gru, nn.GRU):
            features = self.gru(x.squeeze(0), before.contiguous())[0].unsqueeze(0)     # a GPU asks for it
        else:
            features = self.gru(x, before)
        return features, self._outside(features[:, -1:], len(obs)).squeeze(1)

    def _checked(self, obs: torch.Tensor, last_actions: torch.Tensor, memory: torch.Tensor | None) -> torch.Tensor:
        """The memory before the first step; all three must be of these agents' sizes."""
        errors.tensor("obs", obs, ("B", "T", self.n_agents, self.obs_dim), self.encoder.weight.dtype)
        batch, time = obs.shape[:2]
        errors.tensor("last_actions", last_actions, (batch, time, self.n_agents), torch.int64)
        lowest, highest = (int(each) for each in last_actions.aminmax())
        if lowest < -1 or highest >= self.n_actions:
            raise ValueError(f"last_actions: expected -1 to {self.n_actions - 1}, got {lowest} to {highest}")
        if memory is None:
            memory = obs.new_zeros(batch, self.n_agents, self.memory_dim)
        errors.tensor("memory", memory, (batch, self.n_agents, self.memory_dim), obs.dtype)
        return memory

    def _encode(self, obs: torch.Tensor, last_actions: torch.Tensor) -> torch.Tensor:
        """The first layer of (observation, last action, agent's number), the last two one-hot: [B, T, N, H].

        A one-hot vector times a matrix is one row of it: the rows are looked up, and the vectors are never written.
        """
        of_obs, of_action, of_agent = self.encoder.weight.split(self.parts, 1)              # [copies, ·, H] each
        told = self.encoder.bias                                                            # [copies, 1, H]
        if self.agent_id:        # [N, 1, H]: agent i's own row
            told = told + (of_agent[0] if self.copies == 1 else of_agent.diagonal().T).unsqueeze(1)
        if self.last_action:                                        # −1, no action yet, finds a row of zeros, the first
            told = (told + F.pad(of_action, (0, 0, 1, 0))).expand(self.n_agents, -1, -1)    # [N, 1 + A, H]
            told = told[torch.arange(self.n_agents, device=obs.device), last_actions + 1]   # [B, T, N, H]
        else:
            told = told.squeeze(1)
        seen = obs @ of_obs[0] if self.copies == 1 else torch.einsum("btno,noh->btnh", obs, of_obs)
        return seen.add_(told).relu_()

    def _inside(self, x: torch.Tensor) -> torch.Tensor:
        """[B, T, N, F] as the layers want it: [copies, T, M, F]."""
        if self.copies > 1:
            return x.permute(2, 1, 0, 3)
        return x.transpose(0, 1).flatten(1, 2).unsqueeze(0)

    def _outside(self, x: torch.Tensor, batch: int) -> torch.Tensor:
        """[copies, T, M, F] back to [B, T, N, F]."""
        if self.copies > 1:
            return x.permute(2, 1, 0, 3)
        return x.squeeze(0).unflatten(1, (batch, self.n_agents)).transpose(0, 1)
