"""MAVEN: QMIX whose agents share a random number for an episode, so that they explore together (Mahajan et al. 2019).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course import errors
from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.algorithms.base import Algorithm, masked_mean, taken
from qmix_course.algorithms.qmix import QMIX
from qmix_course.envs.base import TeamSpec, TeamStep
from qmix_course.mixers import QMixer
from qmix_course.replay import Batch


class MAVEN(QMIX):
    """Unlike QMIX, agents and mixer read a latent z, one of ``n_latents`` = Z, drawn when an episode begins and then
    fixed.

    z travels as a one-hot vector in the agents' memory[B, N, M], so M = Z, or Z + H with ``recurrent`` agents. Replay
    rows are whole episodes. Three losses:

    - QMIX's, for the values given z; it learns about z only from episodes that were played with z.
    - Minus ``mi_weight`` times a lower bound on the mutual information between z and behaviour, E[log q(z | behaviour,
      s)]
      + H(z), where q is a discriminator. It and the agents raise the bound together: different z shall act differently.
    - A regression R̂(s_0, z) on the episode's return. From it z is drawn: p(z | s_0) = softmax(R̂(s_0, ·) /
      ``temperature``).

    The paper climbs E[return] + temperature · H(p) by policy gradient; that softmax is where the climb ends, for
    fixed agents. A regression given z does not mind how often which z was drawn, so it may learn from old episodes; a
    policy gradient would have to reweigh them. (The authors' code has both, neither reweighs.) Nothing is drawn in
    greedy play, where z is the one with the highest R̂; the authors' code draws it there too, from its policy or
    uniformly.

    Other differences from that code: its policy over z has a floor of 0.1 under ε and a scale of 20 on the scores, here
    there is neither; it has two optimisers with two clippings, here one serves all three losses, so that where returns
    are large and clipping bites, the TD gradient is shortened too. Left out: its options for a recurrent discriminator
    and for the bound as an extra reward, both off in its StarCraft configuration.
    ``discriminator_dim``: hidden width of q and R̂. ``options`` go to the agents.
    """

    recurrent = True                    # in the sense of replay: a row is a whole episode

    def __init__(self, spec: TeamSpec, n_latents: int = 8, mi_weight: float = 0.1, temperature: float = 1.0,
                 discriminator_dim: int = 32, embed_dim: int = 32, hypernet_dim: int = 64, **options):
        n_latents = errors.whole_number("n_latents", n_latents)
        super().__init__(spec, embed_dim=embed_dim, hypernet_dim=hypernet_dim, n_latents=n_latents, **options)
        self.n_latents = n_latents
        self.mi_weight = errors.number("mi_weight", mi_weight, low=0.0)
        self.temperature = errors.number("temperature", temperature, above=0.0)
        hidden = errors.whole_number("discriminator_dim", discriminator_dim)
        # as in the authors' code
        self.mixer = QMixer(spec.n_agents, spec.state_dim + n_latents, embed_dim, hypernet_dim)
        self.discriminator = two_layers(spec.n_agents * spec.n_actions + spec.state_dim, hidden, n_latents)
        self.returns = two_layers(spec.state_dim, hidden, n_latents)                                  # R̂(s_0, ·)

    def make_agents(self, recurrent: bool, **options) -> LatentAgents:
        return LatentAgents(self.spec, recurrent=recurrent, **options)

    # ---- the latent ------------------------------------------------------------------------------------------------

    def expected_returns(self, state: torch.Tensor) -> torch.Tensor:
        """R̂(s_0, ·)[..., Z] after first states[..., S]."""
        return self.returns(self.scaled(state))

    def z_policy(self, state: torch.Tensor) -> torch.Tensor:
        """p(z | s_0)[B, Z] after first states[B, S]."""
        return torch.softmax(self.expected_returns(state) / self.temperature, -1)

    @torch.no_grad()
    def start(self, batch: TeamStep, generator: torch.Generator | None = None) -> torch.Tensor:
        """memory[B, N, M] of fresh episodes: one z a row, the same for all its agents, drawn from the policy over z.

        With ``generator=None``, in greedy play, nothing is drawn: the z with the highest R̂. This is the one place on
        the acting path that reads the state (the first one only), as in the paper.
        """
        errors.instance("batch", batch, TeamStep)
        state = batch.state.to(self.device)
        if errors.generator("generator", generator) is None:
            z = self.expected_returns(state).argmax(-1)
        else:                                               # the generator is on the CPU, as the run's dice all are
            z = torch.multinomial(self.z_policy(state).cpu(), 1, generator=generator).squeeze(1)
        return self.memory_of(z).to(batch.state.device)

    def memory_of(self, z: torch.Tensor) -> torch.Tensor:
        """memory[B, N, M] with which an episode with latent z[B] (int64, 0 to Z − 1) begins."""
        errors.between("z", errors.tensor("z", z, ("B",), torch.int64), 0, self.n_latents - 1)
        memory = self.returns[0].weight.new_zeros(len(z), self.spec.n_agents, self.memory_dim)
        memory[..., :self.n_latents] = F.one_hot(z.to(memory.device), self.n_latents).to(memory.dtype).unsqueeze(1)
        return memory

    def with_latent(self, state: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """[B, T, S + Z]: what the mixer reads, from state[B, T, S] and z[B, Z]."""
        return torch.cat([self.scaled(state), z.unsqueeze(1).expand(-1, state.shape[1], -1)], -1)

    def latent(self, memory: torch.Tensor) -> torch.Tensor:
        """z as a one-hot vector, [B, Z], from memory[B, N, M]."""
        return memory[:, 0, :self.n_latents]

    # ---- learning --------------------------------------------------------------------------------------------------

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        self.check_loss(batch, target)
        q, z = self.online_qs(batch), self.latent(batch.memory)        # [B, T or T+1, N, A], [B, Z]
        q_tot = self.mixer(self.chosen(q, batch), self.with_latent(batch.state[:, :-1], z)) # [B, T]
        with torch.no_grad():
            next_state = target.with_latent(batch.state[:, 1:], z)                          # [B, T, S + Z]
            next_q_tot = target.mixer(self.best_next(q, batch, target), next_state)         # [B, T]
            y = self.targets(batch, next_q_tot)                                             # [B, T]
        td = masked_mean((q_tot - y) ** 2, batch.mask)
        return td - self.mi_weight * self.bound(q, batch) + self.return_loss(batch)

    def played_values(self, batch: Batch) -> torch.Tensor:
        """Q_tot[B, T] of the steps of ``batch``, given the z with which they were played."""
        q = self.chosen(self.unroll(batch, batch.actions.shape[1]), batch)
        return self.mixer(q, self.with_latent(batch.state[:, :-1], self.latent(batch.memory)))

    def bound(self, q: torch.Tensor, batch: Batch) -> torch.Tensor:
        """E[log q(z | behaviour, s)] + H(z), a scalar between −∞ and log Z, over the steps that were played.

        Behaviour at a step is every agent's softmax of its values q[B, T or T+1, N, A], as in the authors' code: unlike
        the actions it has a gradient. An available action's share is never 0, an unavailable one's always. H is the
        entropy of the z in ``batch``; it has no gradient here, but without it the sum is no bound.
        """
        length, z = batch.actions.shape[1], self.latent(batch.memory)
        behaviour = q[:, :length].masked_fill(~batch.available[:, :length], -torch.inf).softmax(-1)
        read = torch.cat([behaviour.flatten(2), self.scaled(batch.state[:, :length])], -1)
        guess = self.discriminator(read).log_softmax(-1)                                    # [B, T, Z]
        right = (guess * z.unsqueeze(1)).sum(-1)                                            # [B, T]
        frequency = (batch.mask.sum(1, keepdim=True) * z).sum(0) / batch.mask.sum()         # [Z]
        return masked_mean(right, batch.mask) + torch.special.entr(frequency).sum()

    def return_loss(self, batch: Batch) -> torch.Tensor:
        """The mean over the rows of (R̂(s_0, z) − the row's undiscounted return)²."""
        guess = (self.expected_returns(batch.state[:, 0]) * self.latent(batch.memory)).sum(-1)       # [B]
        return (guess - (batch.reward * batch.mask).sum(1)).square().mean()

    # ---- one latent at a time --------------------------------------------------------------------------------------

    def q_tot(self, q: torch.Tensor, actions: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        raise TypeError("q_tot: MAVEN's mixer reads the latent; fix one first: team.fixed(z).q_tot(q, actions, state)")

    def fixed(self, z: int) -> FixedLatent:
        """This team as it plays with latent ``z``, 0 to Z − 1, in every episode."""
        return FixedLatent(self, z)

    @torch.no_grad()
    def settled(self, state: torch.Tensor) -> FixedLatent:
        """This team with the latent that greedy play takes after the first state[S]; ``exact`` enumerates this one."""
        return self.fixed(int(self.expected_returns(state.to(self.device)).argmax()))


class LatentAgents(nn.Module):
    """Agents whose output layer is made by a hypernetwork of (z, agent), one linear layer, as in the authors' code.

    obs[B, T, N, O], last_actions[B, T, N], memory[B, N, M] whose first Z entries are z → q[B, T, N, A], memory[B, N,
    M]. Below the output layer stand the hidden layers of ``MLPAgents``, or a ``GRUAgents`` with ``recurrent``;
    ``options`` are theirs. Like the authors' layer, the one that is made has no bias: q = W(z, agent) h.
    """

    def __init__(self, spec: TeamSpec, n_latents: int, recurrent: bool, **options):
        super().__init__()
        if recurrent:
            self.body = GRUAgents(spec.n_agents, spec.obs_dim, spec.n_actions, **options)
            width = self.body.memory_dim
            del self.body.head                                          # its place is taken
        else:
            *hidden, width = errors.widths("hidden", options.get("hidden", (64, 64)), at_least=1)
            self.body = MLPAgents(spec.n_agents, spec.obs_dim, width, **options | {"hidden": hidden})
        self.n_latents, self.n_actions, self.width = n_latents, spec.n_actions, width
        self.memory_dim = n_latents + self.body.memory_dim
        self.hyper = nn.Linear(n_latents + spec.n_agents, spec.n_actions * width)

    def forward(self, obs: torch.Tensor, last_actions: torch.Tensor, memory: torch.Tensor | None = None):
        if memory is None:
            raise ValueError("memory: expected the latent in memory[B, N, M], got None; team.start(...) draws one, "
                             "team.memory_of(z) and team.fixed(z) choose one")
        errors.tensor("memory", memory, (len(obs), obs.shape[2], self.memory_dim), obs.dtype)
        z, rest = memory[..., :self.n_latents], memory[..., self.n_latents:]
        if isinstance(self.body, GRUAgents):
            features, rest = self.body.remember(obs, last_actions, rest)
            features = self.body._outside(features, len(obs))                               # [B, T, N, H]
        else:
            features = F.relu(self.body(obs)[0])                                            # its "actions" are features
        q = torch.einsum("btnh,bnah->btna", features, self.output_layer(z))
        return q, torch.cat([z, rest], -1)

    def output_layer(self, z: torch.Tensor) -> torch.Tensor:
        """W(z, agent)[B, N, A, H] from z[B, N, Z]."""
        agent = torch.eye(z.shape[1], dtype=z.dtype, device=z.device).expand(len(z), -1, -1)
        return self.hyper(torch.cat([z, agent], -1)).unflatten(-1, (self.n_actions, self.width))


class FixedLatent:
    """A MAVEN team that always takes the same z: it can be evaluated, and enumerated by ``exact``, like any other team.
    """

    def __init__(self, team: MAVEN, z: int):
        z = errors.whole_number("z", z, at_least=0)
        if z >= team.n_latents:
            raise ValueError(f"z: expected 0 to {team.n_latents - 1}, got {z}")
        self.team, self.z, self.spec, self.device = team, z, team.spec, team.device

    def start(self, batch: TeamStep, generator: torch.Generator | None = None) -> torch.Tensor:
        return self._memory(len(errors.instance("batch", batch, TeamStep).state)).to(batch.state.device)

    def act_values(self, obs: torch.Tensor, last_actions: torch.Tensor, memory: torch.Tensor | None = None):
        errors.tensor("obs", obs, ("B", self.spec.n_agents, self.spec.obs_dim))
        return self.team.act_values(obs, last_actions, self._memory(len(obs)) if memory is None else memory)

    def q_tot(self, q: torch.Tensor, actions: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The team's value[...] of the joint actions[..., N], from all agents' values q[..., N, A] and the state[...,
        S]."""
        z = F.one_hot(torch.tensor(self.z), self.team.n_latents).to(state).expand(*state.shape[:-1], -1)
        return self.team.mixer(taken(q, actions), torch.cat([self.team.scaled(state), z], -1))

    def _memory(self, rows: int) -> torch.Tensor:
        return self.team.memory_of(torch.full((rows,), self.z))


def two_layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
