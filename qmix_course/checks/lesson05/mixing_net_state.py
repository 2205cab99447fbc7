"""05.4: do all four hypernetworks read the state as it comes, and can a weight be of any size?

Asked of mixers with one hidden unit, whose W1, b1, w2 and V can be computed from their values.
"""

from __future__ import annotations

import torch

from qmix_course.checks.lesson05.mixing_net_calls import make, redraw
from qmix_course.checks.lesson05.mixing_net_unit import take_apart
from qmix_course.checks.room import Room

N, S, ROWS, DRAWS = 3, 4, 12, 8
PARTS = ("W1", "b1", "w2", "V(s)")

# From where to where one number of the state moves, and how large the parameters are drawn, so that no unit is far off.
MOVES = {1.5: ((-1.0, -2.0), (0.1, 0.4)), 0.5: ((3.0, 5.0), (-3.0, -5.0)), 0.05: ((30.0, 50.0), (-30.0, -50.0)),
         5e-3: ((300.0, 500.0), (-300.0, -500.0))}


def examine(room: Room, MixingNet: type) -> None:
    mixers = [make(room, MixingNet, seed, N, S, 1) for seed in range(DRAWS)]
    state = torch.randn(ROWS, S, generator=torch.Generator().manual_seed(90))
    for scale, moves in MOVES.items():
        tries = [(j, low, high) for j in range(S) for low, high in moves]
        pairs = [_with(state, j, low, high) for j, low, high in tries]
        moved, enough = _moved(room, mixers, tuple(map(torch.cat, zip(*pairs))), scale)
        for (j, low, high), parts in zip(tries, moved.view(4, len(tries), ROWS).any(2).T.tolist()):
            for part, moves_here in zip(PARTS, parts):
                if enough and not moves_here:
                    raise room.wrong("the state is not read as it comes",
                                     f"{part} is the same for {low:g} and for {high:g} as number "
                                     f"{j + 1} of {S} in the state, in {DRAWS} random mixers")
    moved, enough = _moved(room, mixers, (10 * state, 30 * state), 0.1)
    for part, moves_here in zip(PARTS, moved.any(1).tolist()):
        if enough and not moves_here:
            raise room.wrong("the state is not read as it comes",
                             f"{part} is the same in s and in 3 s, for {ROWS} random states")
    _has_no_floor(room, mixers)


def _with(state: torch.Tensor, j: int, *numbers: float) -> list[torch.Tensor]:
    """The state with each of ``numbers`` in its place j."""
    changed = [state.clone() for _ in numbers]
    for each, number in zip(changed, numbers):
        each[:, j] = number
    return changed


def _moved(room: Room, mixers: list, states: tuple, scale: float) -> tuple[torch.Tensor, bool]:
    """[4, rows]: whether each part differs between the two states in any mixer; and whether most of them could be read.
    """
    moved, read = torch.zeros(4, len(states[0]), dtype=torch.bool), 0
    for seed, mixer in enumerate(mixers):
        redraw(mixer, 700 + seed, scale)
        units = [take_apart(room, mixer, state, N) for state in states]
        if None in units:
            continue
        good = units[0][-1] & units[1][-1]
        read += int(good.sum())
        for k, (here, there) in enumerate(zip(units[0][:4], units[1][:4])):
            differs = (here - there).abs() > 1e-4 * torch.maximum(here.abs(), there.abs()) + 1e-9
            moved[k] |= (differs.any(1) if differs.dim() > 1 else differs) & good
    return moved, read > moved[0].numel() * len(mixers) // 2


def _has_no_floor(room: Room, mixers: list) -> None:
    """Among many weights there are some near zero, however the function that makes them is written."""
    state = torch.randn(200, S, generator=torch.Generator().manual_seed(98))
    least = [torch.inf, torch.inf]
    for scale in (1.5, 3.0, 6.0, 12.0):
        for seed, mixer in enumerate(mixers):
            redraw(mixer, 800 + seed, scale)
            unit = take_apart(room, mixer, state, N)
            if unit is not None and bool(unit[-1].any()):
                for k, weights in enumerate((unit[0], unit[2])):
                    least[k] = min(least[k], weights[unit[-1]].min().item())
        if max(least) < 5e-3:
            return
    name = "W1" if least[0] >= 5e-3 else "w2"
    raise room.wrong("the weights have a floor",
                     f"the smallest weight of {name} among thousands, in mixers of all sizes: {max(least):.3g}")
