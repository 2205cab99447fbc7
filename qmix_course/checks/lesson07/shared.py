"""What several exercises of lesson 07 use."""

from __future__ import annotations

import math

import torch


def distinct(generator: torch.Generator, *shape: int) -> torch.Tensor:
    """Numbers in steps of 0.1 around zero, no two alike."""
    count = math.prod(shape)
    order = torch.randperm(count, generator=generator).to(torch.float64)
    return ((order - count // 2) / 10).reshape(shape)
