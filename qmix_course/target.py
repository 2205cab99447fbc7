"""How the target network follows the online one: a little after every update, or all at once now and then."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course import errors


def soft_update(target: nn.Module, online: nn.Module, tau: float) -> None:
    """target ← target + τ (online − target), parameter by parameter.

    ``ValueError`` unless the two have the same parameters, by name, shape and dtype; then nothing has changed.
    """
    errors.number("tau", tau, high=1.0, above=0.0)
    check_twins(target, online)
    with torch.no_grad():
        for old, new in zip(target.parameters(), online.parameters()):
            old.lerp_(new, tau)


def hard_update(target: nn.Module, online: nn.Module) -> None:
    """target ← online. ``ValueError`` as in ``soft_update``."""
    check_twins(target, online)
    target.load_state_dict(online.state_dict())


def check_twins(target: nn.Module, online: nn.Module) -> None:
    """The two must be networks of one architecture."""
    kinds = []
    for name, network in (("target", target), ("online", online)):
        if not isinstance(network, nn.Module):
            raise TypeError(f"{name}: expected a torch.nn.Module, got {errors.describe(network)}")
        kinds.append({key: f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
                      for key, value in network.state_dict(keep_vars=True).items()})
    for key in kinds[0] | kinds[1]:
        there, here = (kind.get(key, "nothing") for kind in kinds)
        if there != here:
            raise ValueError(f"target, online: expected networks of one architecture, got {there} and {here} for {key}")
