"""Small networks and batches on which the update of lesson 07 is tried."""

from __future__ import annotations

import torch
from torch import nn

AGENTS, MIXER, TARGET_AGENTS, TARGET_MIXER, OPTIMISER, BATCH, GAMMA = range(7)      # the places of the arguments

# batch, agents, actions, observation, state, gamma, optimiser, which rows terminated, old gradients
WORLDS = {
    1: (1, 1, 2, 2, 2, 0.5, "sgd", [False], None),
    2: (5, 2, 3, 3, 4, 0.9, "sgd", [False, True, False, False, True], 0.5),
    3: (4, 3, 4, 2, 3, 0.97, "adam", [True, False, False, True], -1.0),
    4: (3, 3, 3, 4, 2, 1.0, "sgd", [False, False, False], 0.5),
    5: (2, 2, 2, 3, 3, 0.8, "sgd", [True, True], None),
}
LOW = 6             # all next values near −1e30, under a mixer that hides nothing of it; a gradient as long as that
HIGH = 7            # all next values near 50
ALL = {**WORLDS, LOW: (4, 2, 3, 3, 4, 0.9, "sgd", [False, True, False, False], None),
       HIGH: (5, 2, 3, 3, 4, 0.9, "sgd", [False, True, False, False, False], None)}


class SmallAgents(nn.Module):
    """obs[B, T, N, O] → q[B, T, N, A], each agent with weights of its own."""

    def __init__(self, n_agents: int, obs_dim: int, n_actions: int):
        super().__init__()
        self.nets = nn.ModuleList(nn.Sequential(nn.Linear(obs_dim, 4), nn.Tanh(), nn.Linear(4, n_actions))
                                  for _ in range(n_agents))
        self.inputs = obs_dim

    def forward(self, obs):
        if obs.dim() != 4 or obs.shape[2:] != (len(self.nets), self.inputs):
            raise ValueError(f"agents: expected obs[B, T, N, O] = [B, T, {len(self.nets)}, {self.inputs}], got "
                             f"{list(obs.shape)}")
        return torch.stack([net(obs[:, :, i]) for i, net in enumerate(self.nets)], dim=2)


class SmallMixer(nn.Module):
    """agent_qs[B, N], state[B, S] → q_tot[B]; monotone in the agents' values."""

    def __init__(self, n_agents: int, state_dim: int, embed_dim: int = 3):
        super().__init__()
        self.sizes = n_agents, state_dim, embed_dim
        self.w1, self.b1 = nn.Linear(state_dim, n_agents * embed_dim), nn.Linear(state_dim, embed_dim)
        self.w2, self.v = nn.Linear(state_dim, embed_dim), nn.Linear(state_dim, 1)

    def forward(self, agent_qs, state):
        n_agents, state_dim, embed_dim = self.sizes
        if agent_qs.dim() != 2 or agent_qs.shape[1] != n_agents:
            raise ValueError(f"mixer: expected agent_qs[B, N] = [B, {n_agents}], got {list(agent_qs.shape)}")
        if state.shape != (len(agent_qs), state_dim):
            raise ValueError(f"mixer: expected state[B, S] = [{len(agent_qs)}, {state_dim}], got {list(state.shape)}")
        hidden = (agent_qs.unsqueeze(2) * self.w1(state).abs().view(-1, n_agents, embed_dim)).sum(1) + self.b1(state)
        return (nn.functional.elu(hidden) * self.w2(state).abs()).sum(1) + self.v(state).squeeze(1)


class PlainMixer(nn.Module):
    """agent_qs[B, N], state[B, S] → q_tot[B]: a weighted sum, so that very low values come through."""

    def __init__(self, n_agents: int, state_dim: int):
        super().__init__()
        self.w, self.v = nn.Linear(state_dim, n_agents), nn.Linear(state_dim, 1)

    def forward(self, agent_qs, state):
        return (agent_qs * self.w(state).abs()).sum(1) + self.v(state).squeeze(1)


def update_case(number: int) -> tuple:
    """The arguments of ``qmix_update`` in case ``number`` (1 to 7), new at every call: small networks and a batch.

    In the cases 2, 3 and 4 the online weights still have gradients from before. In case 6 all next values are near
    −1e30, in case 7 near 50.
    """
    rows, n_agents, n_actions, obs_dim, state_dim, gamma, kind, _, old = ALL[number]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7_050 + number)
        agents, target_agents = (SmallAgents(n_agents, obs_dim, n_actions).double() for _ in range(2))
        mixer, target_mixer = ((PlainMixer if number == LOW else SmallMixer)(n_agents, state_dim).double()
                               for _ in range(2))
    for net in target_agents.nets:
        net[-1].bias.data += {LOW: -1e30, HIGH: 50.0}.get(number, 0.0)
    weights = [*agents.parameters(), *mixer.parameters()]
    for parameter in weights:
        parameter.grad = None if old is None else torch.full_like(parameter, old)
    rate = 1e-31 if number == LOW else 0.1
    optimiser = torch.optim.SGD(weights, lr=rate) if kind == "sgd" else torch.optim.Adam(weights, lr=0.01)
    return agents, mixer, target_agents, target_mixer, optimiser, batch_of(number, 0), gamma


def batch_of(number: int, which: int) -> dict[str, torch.Tensor]:
    """Batch ``which`` (0 or 1) of case ``number``."""
    rows, n_agents, n_actions, obs_dim, state_dim, _, _, terminated, _ = ALL[number]
    generator = torch.Generator().manual_seed(100 * number + which)

    def draw(*shape):
        return torch.randn(rows, *shape, dtype=torch.float64, generator=generator).round(decimals=2)

    available = torch.rand(rows, n_agents, n_actions, generator=generator) < 0.6
    lucky = torch.randint(0, n_actions, (rows, n_agents, 1), generator=generator)
    return {"obs": draw(n_agents, obs_dim), "state": draw(state_dim),
            "actions": torch.randint(0, n_actions, (rows, n_agents), generator=generator), "reward": 2 * draw(),
            "terminated": torch.tensor(terminated), "next_obs": draw(n_agents, obs_dim), "next_state": draw(state_dim),
            "next_available": available.scatter(-1, lucky, True)}
