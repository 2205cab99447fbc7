"""How the team explores: a schedule for ε, ε-greedy with one coin for each agent, and noise on the agents' weights."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.func import functional_call, vmap

from qmix_course import errors, strangers
from qmix_course.agents import GRUAgents


def another_seed(seed: int) -> int:
    """A seed for a second generator beside one that ``seed`` started: with the same, the two would draw the same
    numbers."""
    return int(torch.randint(2**62, (), generator=torch.Generator().manual_seed(seed)))


def linear_schedule(start: float, end: float, steps: int, step: int) -> float:
    """The value at ``step`` of a straight line from ``start`` (step 0) to ``end`` (``steps`` and after)."""
    start, end = errors.number("start", start), errors.number("end", end)
    steps = errors.whole_number("steps", steps, at_most=errors.LONGEST)
    step = errors.whole_number("step", step, at_least=0, at_most=errors.LONGEST)
    return start + (end - start) * min(1.0, step / steps)


def greedy(q: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
    """Each agent's best available action: q[..., N, A], available[..., N, A] bool → [..., N] int64."""
    errors.tensor("q", q, (..., "N", "A"))
    if not errors.finite(q):
        raise ValueError("q: expected finite numbers, got NaN or infinity; are all observations finite, and the "
                         "weights of the networks?")
    check_available(available, q)
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def epsilon_greedy(q: torch.Tensor, available: torch.Tensor, epsilon: float,
                   generator: torch.Generator | None = None) -> torch.Tensor:
    """Each agent, on its own coin, plays a random available action with probability ε and its best one otherwise.

    q[..., N, A], available[..., N, A] bool → actions[..., N] int64. The random action may be the best one too.
    """
    epsilon, generator = errors.number("epsilon", epsilon, 0.0, 1.0), errors.generator("generator", generator)
    best = greedy(q, available)
    key = torch.rand(q.shape, generator=generator, dtype=torch.float64)      # the largest key among the available wins
    random = key.masked_fill(~available, -1.0).argmax(-1)
    coin = torch.rand(best.shape, generator=generator, dtype=torch.float64) < epsilon
    return torch.where(coin, random, best)


def check_available(available: torch.Tensor, q: torch.Tensor) -> None:
    """``available`` has q's shape, is bool, and leaves every agent something to do."""
    errors.tensor("available", available, (...,), torch.bool)
    if available.shape != q.shape:
        raise ValueError(f"available: expected the shape of q, {tuple(q.shape)}, got {errors.describe(available)}")
    if not available.any(-1).all():
        raise ValueError("available: expected at least one available action for every agent, got a row without any")


def target_divergence(epsilon: float, n_actions: int) -> float:
    """δ = −log(1 − ε + ε/A): the Kullback–Leibler divergence from a greedy agent's play to ε-greedy play over A
    actions.

    (Plappert et al. 2018.) So noise of that divergence explores about as much as ε-greedy does.
    """
    epsilon = errors.number("epsilon", epsilon, 0.0, 1.0)
    return -math.log(1 - epsilon + epsilon / errors.whole_number("n_actions", n_actions, at_most=errors.LONGEST))


def divergence(q: torch.Tensor, noisy: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
    """KL(softmax q ‖ softmax noisy)[...] over the available actions; all three are [..., A]."""
    errors.tensor("q", q, (..., "A"))
    errors.tensor("noisy", noisy, (..., "A"), q.dtype)
    if noisy.shape != q.shape:
        raise ValueError(f"noisy: expected the shape of q, {tuple(q.shape)}, got {errors.describe(noisy)}")
    for name, values in (("q", q), ("noisy", noisy)):
        if not errors.finite(values):
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    check_available(available, q)
    log_p, log_noisy = (each.masked_fill(~available, -torch.inf).log_softmax(-1) for each in (q, noisy))
    return (log_p.exp() * (log_p - log_noisy).masked_fill(~available, 0.0)).sum(-1)


class ParameterNoise:
    """Exploring by noise on the weights: a team plays a whole episode greedily by θ̃ = θ + σ ξ (Plappert et al. 2018).

    ξ is standard normal and redrawn when an episode begins, for each of ``rows`` environments on its own; θ are the
    weights of ``agents`` as they are at each step, and are never changed. All agents of one row are perturbed at once,
    so they depart from their habits together, and in one direction of the weights all through an episode.

    σ adapts: after each step it grows by 1% if the team's play, KL(softmax Q ‖ softmax Q̃) averaged over rows and
    agents, differs less than ``target_divergence(ε, A)``, and shrinks by 1% if not. Both the rule and the 1% are those
    of the published code. That perturbs hidden layers with layer normalisation; the course's agents have none.
    """

    def __init__(self, agents: nn.Module, rows: int, generator: torch.Generator, sigma: float = 0.05):
        self.agents = errors.instance("agents", agents, nn.Module)
        self.generator = errors.generator("generator", generator)
        self.rows = errors.whole_number("rows", rows)
        self.sigma = errors.number("sigma", sigma, above=0.0)
        self.noise = {name: torch.empty(self.rows, *weight.shape, dtype=weight.dtype, device=weight.device)     # ξ
                      for name, weight in agents.named_parameters()}
        self.redraw(torch.ones(self.rows, dtype=torch.bool))

    def redraw(self, where: torch.Tensor) -> None:
        """A new ξ for the rows ``where[B]``."""
        errors.tensor("where", where, (self.rows,), torch.bool)
        for noise in self.noise.values():
            drawn = torch.randn(noise[where].shape, generator=self.generator, dtype=noise.dtype)
            noise[where] = drawn.to(noise.device)

    def act(self, q: torch.Tensor, available: torch.Tensor, epsilon: float, *inputs: torch.Tensor | None):
        """actions[B, N] and the new memory: each agent greedy by its perturbed values; then σ takes one step towards
        δ(ε).

        q[B, N, A]: the unperturbed values · inputs: obs[B, N, O], last_actions[B, N], memory[B, N, M] or None.
        """
        noisy, memory = self.act_values(*inputs)
        departure = divergence(q, noisy, available).mean()
        grow = bool(departure < target_divergence(epsilon, q.shape[-1]))
        self.sigma *= 1.01 if grow else 1 / 1.01
        return greedy(noisy, available), memory

    def act_values(self, obs: torch.Tensor, last_actions: torch.Tensor, memory: torch.Tensor | None = None):
        """The perturbed values q̃[B, N, A] and the new memory; ``Algorithm.act_values`` with a θ̃ for each row."""
        weights = {name: weight.detach() + self.sigma * self.noise[name]
                   for name, weight in self.agents.named_parameters()}
        here, there = next(iter(weights.values())).device, obs.device
        inputs = [None if x is None else x.to(here) for x in (obs.unsqueeze(1), last_actions.unsqueeze(1), memory)]

        def one(weights, *inputs):
            q, memory = functional_call(self.agents, weights, tuple(None if x is None else x.unsqueeze(0)
                                                                    for x in inputs))
            return q.squeeze((0, 1)), None if memory is None else memory.squeeze(0)

        if any(isinstance(part, GRUAgents) for part in self.agents.modules()):      # torch cannot vectorise nn.GRU
            played = [one({name: w[row] for name, w in weights.items()},
                          *(None if x is None else x[row] for x in inputs))
                      for row in range(self.rows)]
            q, memory = (None if parts[0] is None else torch.stack(parts) for parts in zip(*played))
        else:
            present = tuple(None if x is None else 0 for x in inputs)
            every_row = vmap(one, in_dims=(0, *present), out_dims=(0, None if memory is None else 0))
            try:
                q, memory = every_row(weights, *inputs)
            except RuntimeError as error:           # one layer under two names, dropout, …
                if not strangers.of_vmap(error):
                    raise
                raise ValueError(f"parameter_noise: {type(self.agents).__name__} cannot be vectorised over rows with "
                                 f"other weights each ({strangers.told(error)}); explore by epsilon") from error
        return q.to(there), None if memory is None else memory.to(there)

    def state_dict(self) -> dict:
        return {"sigma": self.sigma, "noise": {name: noise.clone() for name, noise in self.noise.items()}}

    def load_state_dict(self, saved: dict) -> None:
        sigma, noise = errors.entries("saved", saved, ("sigma", "noise"))
        sigma = errors.number("saved['sigma']", sigma, above=0.0)
        for name, value in zip(self.noise, errors.entries("saved['noise']", noise, self.noise)):
            errors.tensor(f"saved['noise'][{name!r}]", value, tuple(self.noise[name].shape), self.noise[name].dtype)
        self.sigma = sigma
        self.noise = {name: noise[name].to(old.device, copy=True) for name, old in self.noise.items()}
