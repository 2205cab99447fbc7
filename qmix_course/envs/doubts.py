"""What breaks no rule of an environment and makes learning harder: said in words, for whoever made it to judge."""

from __future__ import annotations

import torch

LARGE, TIMES = 50.0, 20.0           # an entry is far larger than others from this size, and so many times theirs, on
FEW = 32                            # of fewer steps nothing is said
SMALL, SPREAD = 0.1, (0.01, 100.0)    # rewards: the size, and the spreads between which nothing is said
CLOCK = 10                          # a shorter task may well last as long as its limit, and really end there


def units_doubt(obs: torch.Tensor) -> str | None:
    """A word on obs[..., O] where some entries are far larger than others, or large and nothing is small.

    A far larger one drowns the others: what a layer makes of it is many times what it makes of them. And values start
    far out and learn slowly where all are large. Entries are compared by the largest size that each was seen with;
    those that are always 0 do not count.
    """
    sizes = obs.reshape(-1, obs.shape[-1]).abs().amax(0).double()
    seen = sizes[sizes > 0]
    if len(obs) < FEW or not (sizes >= LARGE).any():
        return None
    small = seen.quantile(0.25, interpolation="lower")
    large = ((sizes >= LARGE) & (sizes >= TIMES * small)).nonzero().flatten().tolist()
    several = bool(large)
    large = large or (sizes >= LARGE).nonzero().flatten().tolist()
    named = ", ".join(f"entry {entry} (up to {sizes[entry].item():.3g})" for entry in large[:3])
    more = f" and {len(large) - 3} more" if len(large) > 3 else ""
    if not several:
        return (f"observations are large: {named}{more}. They are not scaled here, and a team learns slowly from "
                "numbers of that size: divide each entry by the largest value that it can have")
    return (f"observations come in several units: {named}{more}, while a quarter of the entries never exceeds "
            f"{small.item():.3g}. Large numbers drown small ones, and observations are not scaled here: divide each "
            "entry by the largest value that it can have")


def state_doubt(obs: torch.Tensor, state: torch.Tensor) -> str | None:
    """A word on state[T, ...] that is the same at every step, although what is observed, obs[T, ...], is not."""
    if len(state) < FEW or (state != state[0]).any() or not (obs != obs[0]).any():
        return None
    return ("the state was the same at every step, while observations were not, so a mixer that reads it (QMIX) learns "
            "nothing from it; return what is the case, or all observations side by side")


def sight_doubt(obs: torch.Tensor, state: torch.Tensor) -> str | None:
    """A word on obs[T, ...] that are the same at every step, although the state[T, ...] is not."""
    if len(obs) < FEW or (obs != obs[0]).any() or not (state != state[0]).any():
        return None
    return ("observations were the same at every step, while the state was not: agents act on what they observe and "
            "see nothing of the state, so they cannot tell one step from another")


def clock_doubt(lengths: list[int], terminated: list[bool], limit: int) -> str | None:
    """A word where all episodes, of whatever play, last until the ``limit`` and are flagged terminated there."""
    if limit < CLOCK or not lengths or set(lengths) != {limit} or not all(terminated):
        return None
    return (f"all {len(lengths)} episodes lasted until episode_limit = {limit} and were flagged terminated. If only "
            "the clock ran out there, it is a cut, and the team learns that the clock kills: flag truncated. If the "
            "task itself is over then, all is well")


def cut_doubt(lengths: list[int], truncated: list[bool], limit: int) -> str | None:
    """A word where an episode was cut before the ``limit``."""
    early = [steps for steps, cut in zip(lengths, truncated) if cut and steps < limit]
    if not early:
        return None
    return (f"an episode was cut (truncated) after {early[0]} steps, before episode_limit = {limit}. If the task was "
            "over there, flag terminated, or a team learns that more would have come; if it has a clock of its own, "
            "episode_limit can be that")


def blank_doubt(obs: torch.Tensor, truncated: torch.Tensor, ended: torch.Tensor) -> str | None:
    """A word where the last obs[T, B, N, O] of cut episodes are all 0, and no others are."""
    blank = (obs == 0).flatten(2).all(-1)
    if not truncated.any() or not blank[truncated].all() or blank[~ended].any():
        return None
    return ("the last observations of episodes that were cut are all 0. What would have come is valued by them: return "
            "what agents see there")


def reward_doubt(size: float, spread: float) -> str | None:
    """A word on rewards of at most that ``size``, and with that ``spread``, in whose units little is learned."""
    if spread == 0 or SPREAD[0] <= spread <= SPREAD[1] or (spread < SPREAD[0] and size > SMALL):
        return None
    return (f"rewards were {'small' if spread < 1 else 'large'}: none is larger than {size:.3g}, either way, and their "
            f"spread is {spread:.2g}. A team learns slowly in such units: reward_units=\"spread\" divides by it")
