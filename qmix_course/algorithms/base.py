"""What every algorithm of the course has: the agents' networks, the constants, and how a loss is put together."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course import checkpoint, errors, row_groups
from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep
from qmix_course.replay import Batch


class Algorithm(nn.Module):
    """The online networks and the constants. ``train`` owns the target: a frozen deep copy of the algorithm.

    ``gamma``: the discount factor γ. ``double_q``: the online network chooses the next action, the target network
    values it (van Hasselt et al. 2016). ``td_lambda``: λ of the targets, see ``td_lambda_target``; 0 looks one step
    ahead, and so does any λ where a replay row is a single step. ``recurrent``: the agents remember. ``options`` go to
    ``MLPAgents``, or to ``GRUAgents`` if they remember.
    """

    value_name = "Q_i"              # what ``played_values`` gives, in a word
    recurrent = False               # False: a replay row is one transition; True: one whole padded episode

    def __init__(self, spec: TeamSpec, gamma: float = 0.99, double_q: bool = False, td_lambda: float = 0.0,
                 recurrent: bool = False, **options):
        super().__init__()
        self.spec = errors.instance("spec", spec, TeamSpec)
        self.gamma = errors.number("gamma", gamma, 0.0, 1.0)
        self.double_q = errors.switch("double_q", double_q)
        self.td_lambda = errors.number("td_lambda", td_lambda, 0.0, 1.0)
        self.recurrent = errors.switch("recurrent", recurrent) or type(self).recurrent
        self.agents = self.make_agents(recurrent, **options)
        self.memory_dim = self.agents.memory_dim            # M, the numbers that each agent carries through an episode
        self.register_buffer("largest_state", torch.zeros(spec.state_dim))     # max |s_j| of all that ``see`` was shown

    def make_agents(self, recurrent: bool, **options) -> nn.Module:
        """The agents' networks."""
        sizes = self.spec.n_agents, self.spec.obs_dim, self.spec.n_actions
        return GRUAgents(*sizes, **options) if recurrent else MLPAgents(*sizes, **options)

    @classmethod
    def for_env(cls, env: TeamEnv, seed: int = 0, **options) -> Algorithm:
        """An algorithm with the sizes of ``env.spec``; ``seed`` draws its first weights and nothing else.

        Torch's global generator is left as it was. ``options``: ``gamma``, ``double_q``, ``td_lambda``, ``recurrent``;
        what the agents take (``MLPAgents``, ``GRUAgents``: ``hidden``, ``shared``, …); what the algorithm adds
        (``QMIX``: ``embed_dim``, ``hypernet_dim``).
        """
        seed = errors.seed("seed", seed)
        errors.instance("env", env, TeamEnv)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(env.spec, **options)

    def settings(self) -> dict:
        """The name, the constants and the sizes of all weights: a checkpoint of another algorithm is refused."""
        own = checkpoint.plain({name: value for name, value in vars(self).items() if name != "training"})
        shapes = {name: str(tuple(value.shape)) for name, value in self.state_dict().items()}
        return {"name": type(self).__name__} | own | {"shape": shapes}

    @property
    def device(self) -> torch.device:
        """Where the weights are. ``act_values`` and ``start`` take and give tensors wherever the environment's are."""
        return self.largest_state.device

    # ---- the state's units -----------------------------------------------------------------------------------------

    @torch.no_grad()
    def see(self, state: torch.Tensor) -> None:
        """Take note of how large the numbers of states[..., S] are; ``train`` shows every state that is played.

        NaN and infinity are refused. Networks that are ``Algorithm`` themselves (OW-QMIX's Q̂*) take note too.
        """
        errors.tensor("state", state, (..., self.spec.state_dim))
        size = state.to(self.device).abs()
        if (size <= self.largest_state).all():          # nearly always; NaN is not, and goes on
            return
        largest = size.reshape(-1, self.spec.state_dim).amax(0)
        if not errors.finite(largest):
            component = int((~largest.isfinite()).nonzero()[0])
            raise ValueError(f"state: expected finite numbers from the environment, got NaN or infinity in component "
                             f"{component}")
        for part in self.modules():
            if isinstance(part, Algorithm):
                torch.maximum(part.largest_state, largest, out=part.largest_state)

    def scaled(self, state: torch.Tensor) -> torch.Tensor:
        """state[..., S] as the networks that read it get it: no larger than 1, whatever units the environment has.

        Each component ÷ the largest size that it has had, or ÷ 1 if it never exceeded 1. Where the whole state stayed
        below 1, all of it ÷ its largest number. So a state that is at most 1, and somewhere is 1, comes as it is, and
        nothing changes before ``see`` was shown something. Unscaled, a mixer's gain grows with the square of the state:
        two hypernetworks multiply. A team whose mixer reads something else than the environment's state overrides this.
        """
        if state.shape[-1] != self.spec.state_dim:
            raise ValueError(f"state: expected {self.spec.state_dim} numbers, as the environment's state has, got "
                             f"{errors.describe(state)}; a mixer that reads something else needs a method scaled of "
                             f"its own")
        scale = torch.maximum(self.largest_state, self.largest_state.amax().clamp(max=1.0))
        return state / torch.where(scale > 0, scale, 1.0)

    # ---- acting ----------------------------------------------------------------------------------------------------

    def start(self, batch: TeamStep, generator: torch.Generator | None = None) -> torch.Tensor | None:
        """The memory[B, N, M] of fresh episodes that begin with ``batch``: zeros, or None where nothing is remembered.

        What an algorithm draws for a whole episode it draws from ``generator``; in greedy play there is none.
        """
        errors.instance("batch", batch, TeamStep)
        return batch.obs.new_zeros(*batch.obs.shape[:2], self.memory_dim) if self.memory_dim else None

    def act_values(self, obs: torch.Tensor, last_actions: torch.Tensor, memory: torch.Tensor | None = None):
        """q[B, N, A] and the new memory from obs[B, N, O], last_actions[B, N]: each agent from its own observation."""
        errors.tensor("obs", obs, ("B", self.spec.n_agents, self.spec.obs_dim))
        errors.tensor("last_actions", last_actions, (len(obs), self.spec.n_agents), torch.int64)
        here, there = self.device, obs.device
        memory = None if memory is None else memory.to(here)
        q, memory = self.agents(obs.to(here).unsqueeze(1), last_actions.to(here).unsqueeze(1), memory)
        return q.squeeze(1).to(there), None if memory is None else memory.to(there)

    # ---- learning --------------------------------------------------------------------------------------------------

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        """The loss of ``batch``, a scalar: the mean of the squared TD errors over the steps that were played."""
        raise NotImplementedError(f"{type(self).__name__} must write loss(batch, target)")

    def played_values(self, batch: Batch) -> torch.Tensor:
        """What the team believes the steps of ``batch`` to be worth: [B, T]. Without a mixer, the mean over the agents'
        Q_i."""
        return self.chosen(self.unroll(batch, batch.actions.shape[1]), batch).mean(-1)

    def check_loss(self, batch: Batch, target: Algorithm) -> None:
        """What a loss is made of must be of this algorithm's kind and sizes."""
        errors.instance("batch", batch, Batch).agree()
        if not isinstance(target, type(self)):
            errors.instance("target", target, Algorithm)
            if not isinstance(self, type(target)) or _sizes(self) != _sizes(target):       # VDN is a base of QMIX
                raise TypeError(f"target: expected a {type(self).__name__} like the one that learns, got a "
                                f"{type(target).__name__}")
        spec = self.spec
        sizes = [("actions", batch.actions, spec.n_agents), ("obs", batch.obs, spec.obs_dim),
                 ("available", batch.available, spec.n_actions), ("memory", batch.memory, self.memory_dim)]
        if type(self).scaled is Algorithm.scaled:               # else the mixer may read something else as its state
            sizes.append(("state", batch.state, spec.state_dim))
        for name, got, wanted in sizes:
            if got.shape[-1] != wanted:
                raise ValueError(f"batch.{name}: expected a last axis of {wanted}, got {errors.describe(got)}")
        if target.spec != spec:
            raise ValueError(f"target: expected one made for {spec}, got one for {target.spec}")

    def online_qs(self, batch: Batch) -> torch.Tensor:
        """The online agents' values: q[B, T, N, A], or q[B, T+1, N, A] with ``double_q``, which asks them about the
        last observation too."""
        return self.unroll(batch, batch.obs.shape[1] if self.double_q else batch.actions.shape[1])

    def unroll(self, batch: Batch, length: int) -> torch.Tensor:
        """The agents' values of the first ``length`` observations of each row: q[B, length, N, A].

        They start at the first observation, with the memory with which the row began. What stands at padding means
        nothing.
        """
        if self.memory_dim and row_groups.is_wide(self.agents, batch):
            return row_groups.unroll(self.agents, batch, length)
        memory = batch.memory if self.memory_dim else None
        return self.agents(batch.obs[:, :length], batch.last_actions[:, :length], memory)[0]

    def chosen(self, q: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The values of the actions that were played: q[B, T or T+1, N, A] → [B, T, N]."""
        return taken(q[:, :batch.actions.shape[1]], batch.actions, "batch.actions")

    def best_next(self, q: torch.Tensor, batch: Batch, target: Algorithm) -> torch.Tensor:
        """[B, T, N]: the target network's value of each agent's best available next action.

        The target network is unrolled from the first observation, like the online one. With ``double_q`` the online
        values q[B, T+1, N, A] choose the action, without it the target's own (and q is not read).
        """
        target_q = target.unroll(batch, batch.obs.shape[1])[:, 1:]
        judge = q.detach()[:, 1:] if self.double_q else target_q
        best = own_best(judge, batch.available[:, 1:])
        return target_q.gather(-1, best.unsqueeze(-1)).squeeze(-1)

    def targets(self, batch: Batch, next_value: torch.Tensor) -> torch.Tensor:
        """The targets y of the steps of ``batch``: next_value[B, T] → [B, T], or [B, T, N] → [B, T, N] for one an
        agent."""
        reward, terminated, mask = batch.reward, batch.terminated, batch.mask
        if next_value.dim() == 3:
            reward, terminated, mask = (each.unsqueeze(-1) for each in (reward, terminated, mask))
        if self.td_lambda == 0:
            return td_target(reward, terminated, next_value, self.gamma)
        return td_lambda_target(reward, terminated, next_value, mask, self.gamma, self.td_lambda)


def own_best(q: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
    """Each agent's own best available action: q[..., N, A], available[..., N, A] bool → [..., N]."""
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def td_target(reward: torch.Tensor, terminated: torch.Tensor, next_value: torch.Tensor, gamma: float) -> torch.Tensor:
    """y = r + γ · next value, and y = r where the task ended: three tensors of one shape, or with [..., 1] against
    [..., N]."""
    return reward + gamma * torch.where(terminated, 0.0, next_value)


def td_lambda_target(reward: torch.Tensor, terminated: torch.Tensor, next_value: torch.Tensor, mask: torch.Tensor,
                     gamma: float, td_lambda: float) -> torch.Tensor:
    """y_t = r_t + γ ((1 − λ) · next value + λ · y_{t+1}): time is the second axis (Sutton & Barto 2018, equation
    12.18).

    λ = 0 is ``td_target``; λ = 1 adds up the rewards of the row. The last step that was played has no y_{t+1}, and
    takes the next value alone; nothing follows a step at which the task ended. The later actions were those of an
    exploring team, which λ > 0 does not correct for.
    """
    after = follows = torch.zeros_like(next_value[:, 0])            # y_{t+1}, and 1 where that step was played
    y = []
    for t in reversed(range(next_value.shape[1])):
        share = td_lambda * follows
        ahead = (1 - share) * next_value[:, t] + share * after
        after = td_target(reward[:, t], terminated[:, t], ahead, gamma)
        follows = mask[:, t].expand_as(after)
        y.append(after)
    return torch.stack(y[::-1], 1)


def masked_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean of values[B, T] over the steps that were played: masked sum / mask sum; NaN if none was."""
    return (values * mask).sum() / mask.sum()


def taken(q: torch.Tensor, actions: torch.Tensor, name: str = "actions") -> torch.Tensor:
    """Each agent's value of the action that it took: q[..., N, A], actions[..., N] → [..., N].

    ``ValueError``, by ``name``, where such an action does not exist.
    """
    try:
        return q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
    except RuntimeError:                                    # looked for here only: it would cost every update
        errors.between(name, actions, 0, q.shape[-1] - 1)
        raise


def _sizes(algorithm: Algorithm) -> dict:
    return {name: weights.shape for name, weights in algorithm.named_parameters()}
