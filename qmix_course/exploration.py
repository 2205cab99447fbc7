"""How the team explores: a schedule for ε, and ε-greedy with one coin an agent."""

from __future__ import annotations

import torch

from qmix_course import errors


def linear_schedule(start: float, end: float, steps: int, step: int) -> float:
    """The value at ``step`` of a straight line from ``start`` (step 0) to ``end`` (``steps`` and after)."""
    errors.number("start", start)
    errors.number("end", end)
    errors.whole_number("steps", steps)
    errors.whole_number("step", step, at_least=0)
    return start + (end - start) * min(1.0, step / steps)


def greedy(q: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
    """Each agent's best available action: q[..., N, A], available[..., N, A] bool → [..., N] int64."""
    errors.tensor("q", q, (..., "N", "A"))
    if not q.isfinite().all():
        raise ValueError("q: expected finite numbers, got NaN or infinity")
    check_available(available, q)
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def epsilon_greedy(q: torch.Tensor, available: torch.Tensor, epsilon: float,
                   generator: torch.Generator | None = None) -> torch.Tensor:
    """Each agent, on its own coin, plays a random available action with probability ε and its best one otherwise.

    q[..., N, A], available[..., N, A] bool → actions[..., N] int64. The random action may be the best one too.
    """
    epsilon = errors.number("epsilon", epsilon, 0.0, 1.0)
    best = greedy(q, available)
    key = torch.rand(q.shape, generator=generator, dtype=torch.float64)      # the largest key among the available wins
    random = key.masked_fill(~available, -1.0).argmax(-1)
    coin = torch.rand(best.shape, generator=generator, dtype=torch.float64) < epsilon
    return torch.where(coin, random, best)


def check_available(available: torch.Tensor, q: torch.Tensor) -> None:
    """``available`` has q's shape, is bool, and leaves every agent something to do."""
    errors.tensor("available", available, tuple(q.shape), torch.bool)
    if not available.any(-1).all():
        raise ValueError("available: expected at least one available action for every agent, got a row without any")
