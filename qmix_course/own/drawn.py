"""Batches for ``check_algorithm``, drawn, and what is changed in them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import torch

from qmix_course.algorithms import Algorithm
from qmix_course.envs.base import TeamSpec, TeamStep
from qmix_course.replay import FIELDS, Batch


def fresh_memory(algorithm: Algorithm, rows: int) -> torch.Tensor | None:
    return algorithm.start(moment(algorithm.spec, rows), torch.Generator().manual_seed(0))


def moment(spec: TeamSpec, rows: int) -> TeamStep:
    dice, no = torch.Generator().manual_seed(1), torch.zeros(rows, dtype=torch.bool)
    return TeamStep(torch.rand(rows, spec.n_agents, spec.obs_dim, generator=dice),
                    torch.rand(rows, spec.state_dim, generator=dice),
                    torch.ones(rows, spec.n_agents, spec.n_actions, dtype=torch.bool), torch.zeros(rows), no, no)


def drawn_batch(algorithm: Algorithm, rows: int = 8) -> Batch:
    """Drawn rows. Whole episodes of 1 to 3 steps where rows are episodes, else one step each; half of them end."""
    spec, dice = algorithm.spec, torch.Generator().manual_seed(2)
    length = 3 if algorithm.recurrent else 1
    empty = Batch.padding(rows, length, spec, algorithm.memory_dim)
    lengths = torch.arange(rows) % length + 1
    steps = torch.arange(length + 1)
    seen, played = steps <= lengths.unsqueeze(1), steps[:-1] < lengths.unsqueeze(1)             # [B, T+1], [B, T]

    def drawn(like: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
        return torch.rand(like.shape, generator=dice) * where.view(*where.shape, *[1] * (like.dim() - 2))

    available = torch.rand(empty.available.shape, generator=dice) < 0.6
    actions = torch.randint(spec.n_actions, empty.actions.shape, generator=dice) * played.unsqueeze(-1)
    available[:, :-1].scatter_(-1, actions.unsqueeze(-1), True)
    available[..., 0] |= ~available.any(-1)
    last = torch.cat([torch.full_like(actions[:, :1], -1), actions.masked_fill(~played.unsqueeze(-1), -1)], 1)
    ends = (torch.arange(rows) // length % 2 == 0).unsqueeze(1) & (steps[:-1] == lengths.unsqueeze(1) - 1)
    memory = fresh_memory(algorithm, rows)
    return replace(empty, obs=drawn(empty.obs, seen), state=drawn(empty.state, seen), actions=actions,
                   last_actions=last, available=available | ~seen.view(*seen.shape, 1, 1),
                   reward=drawn(empty.reward, played), terminated=ends, mask=played.to(empty.mask.dtype),
                   memory=empty.memory if memory is None else memory)


def twins(algorithm: Algorithm, seed: int = 3) -> tuple[Algorithm, Algorithm]:
    """A copy that learns, and a target with other weights of about the same size: larger ones would drown the rest."""
    online, target = deepcopy(algorithm), deepcopy(algorithm)
    dice = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in target.parameters():
            size = 0.5 * weights.abs().mean() or 0.1
            weights.add_(size * torch.randn(weights.shape, generator=dice, dtype=weights.dtype))
    return online, target


def rows_of(batch: Batch, order: torch.Tensor) -> Batch:
    return Batch(**{name: getattr(batch, name)[order] for name, _, _ in FIELDS})


def changed(batch: Batch, name: str, places: tuple, values: torch.Tensor | None = None) -> Batch:
    """The batch with other values of one field in these places: 1 − x where none are given."""
    field = getattr(batch, name).clone()
    field[places] = 1 - field[places] if values is None else values
    return replace(batch, **{name: field})


def place_after(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """For indexing: each row, and the place after its last step."""
    return torch.arange(len(batch.mask)), batch.mask.sum(1).long()
