"""What several exercises of lesson 03 use."""

from __future__ import annotations

import torch


def distinct(shape, generator, centre: float = 0.0) -> torch.Tensor:
    """Numbers with two decimals, no two of them equal."""
    count = torch.Size(shape).numel()
    drawn = (torch.randperm(2 * count, generator=generator)[:count] - count).double() / 100 + centre
    return drawn.round(decimals=2).reshape(shape)


def masks(shape, generator, share: float = 0.5) -> torch.Tensor:
    """Which actions are available: at least one in each row."""
    mask = torch.rand(shape, generator=generator) < share
    sure = torch.randint(shape[-1], shape[:-1], generator=generator)
    return mask.scatter(-1, sure[..., None], True)
