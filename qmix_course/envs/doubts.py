"""What breaks no rule of an environment and makes learning harder: said in words, for whoever made it to judge."""

from __future__ import annotations

import torch

LARGE, TIMES = 50.0, 20.0           # an entry is far larger than others from this size, and so many times theirs, on
FEW = 32                            # of fewer steps nothing is said


def units_doubt(obs: torch.Tensor) -> str | None:
    """A word on obs[..., O] where some entries are far larger than others.

    Such an entry drowns the others: what a layer makes of it is many times what it makes of them. Entries are compared
    by the largest size that each was seen with; those that are always 0 do not count.
    """
    sizes = obs.reshape(-1, obs.shape[-1]).abs().amax(0).double()
    seen = sizes[sizes > 0]
    if len(obs) < FEW or len(seen) < 2:
        return None
    small = seen.quantile(0.25, interpolation="lower")
    large = ((sizes >= LARGE) & (sizes >= TIMES * small)).nonzero().flatten().tolist()
    if not large:
        return None
    named = ", ".join(f"entry {entry} (up to {sizes[entry].item():.3g})" for entry in large[:3])
    more = f" and {len(large) - 3} more" if len(large) > 3 else ""
    return (f"observations come in several units: {named}{more}, while a quarter of the entries never exceeds "
            f"{small.item():.3g}. Large numbers drown small ones, and observations are not scaled here: divide each "
            "entry by the largest value that it can have")


def state_doubt(obs: torch.Tensor, state: torch.Tensor) -> str | None:
    """A word on state[T, ...] that is the same at every step, although what is observed, obs[T, ...], is not."""
    if len(state) < FEW or (state != state[0]).any() or not (obs != obs[0]).any():
        return None
    return ("the state was the same at every step, while observations were not, so a mixer that reads it (QMIX) learns "
            "nothing from it; return what is the case, or all observations side by side")
