"""05.4: making mixers of a learner's class, and asking them for values and slopes."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.room import Room


def make(room: Room, MixingNet: type, seed: int, n: int, s: int, e: int | None = None) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = room.ask(MixingNet, n, s) if e is None else room.ask(MixingNet, n, s, e)
    if not isinstance(made, nn.Module):
        raise room.misfit(f"expected a module (nn.Module), got {values.describe(made)}",
                          "What must a class inherit from, so that an optimiser finds its parameters?")
    return made.double()


def redraw(made: nn.Module, seed: int, scale: float) -> None:
    """New random parameters: every layer's outputs are of the size of ``scale``, whatever its width."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            spread = scale / max(parameter.shape[-1], 1) ** 0.5 if parameter.dim() > 1 else 0.6 * scale
            parameter.copy_(spread * torch.randn(parameter.shape, generator=generator))


def draw(seed: int, *shape: int, scale: float = 1.0) -> torch.Tensor:
    return (scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))).round(decimals=2)


def ask(room: Room, made: nn.Module, q: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """Q_tot[...] for q[..., N] and state[..., S]: the axes before the last are folded into the batch."""
    with torch.no_grad():
        got = room.ask(made, q.reshape(-1, q.shape[-1]), state.reshape(-1, state.shape[-1]), may_change=(0, 1))
    return got.view(q.shape[:-1])


def slopes(room: Room, made: nn.Module, q: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """dQ_tot/dQ_i: [..., N]."""
    flat = q.reshape(-1, q.shape[-1]).clone().requires_grad_()
    got = room.ask(made, flat, state.reshape(-1, state.shape[-1]), may_change=(0, 1))
    slope = torch.autograd.grad(got.sum(), flat, allow_unused=True)[0] if got.requires_grad else None
    return (torch.zeros_like(flat) if slope is None else slope).view(q.shape)
