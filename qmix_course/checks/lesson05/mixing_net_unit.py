"""05.4: a mixer with one hidden unit, taken apart from outside.

Such a mixer of the lesson's kind is V + w2 ELU(w1·q + b1), and its w1, b1, w2 and V can be computed from its values
alone. So nothing needs to be known of the names and layers inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from qmix_course.checks.lesson05.mixing_net_calls import ask, draw, make, redraw, slopes
from qmix_course.checks.room import Room

FAR = 1e5
DRAWS = 12


@dataclass
class Unit:
    """V + w2 ELU(w1·q + b1): w1[D, M, N], b1[D, M], w2[D, M], v[D, M] for D draws of the parameters and M states."""

    w1: torch.Tensor
    b1: torch.Tensor
    w2: torch.Tensor
    v: torch.Tensor


def take_apart(room: Room, made, state: torch.Tensor, n: int) -> tuple | None:
    """(w1[M, N], b1[M], w2[M], v[M], fits[M]) of a mixer with one unit; ``fits``: it is one ELU unit. None: it has no
    bend.

    Far up Q_tot is a straight line, far down a constant; the two would meet where the unit's input is −1, and there
    Q_tot lies w2/e above the constant.
    """
    ones = torch.ones(len(state), n)
    slope, low_slope = slopes(room, made, FAR * ones, state), slopes(room, made, -FAR * ones, state)
    if torch.allclose(slope, low_slope, rtol=1e-6, atol=1e-12):
        return None
    steep = slope.sum(1)
    floor = ask(room, made, -FAR * ones, state)
    crossing = ask(room, made, FAR * ones, state) - steep * FAR
    meet = (floor - crossing) / steep
    w2 = torch.e * (ask(room, made, meet[:, None] * ones, state) - floor)
    w1 = slope / w2[:, None]
    b1, v = -1 - meet * w1.sum(1), floor + w2
    inputs = torch.linspace(-4, 4, 17)[:, None].expand(-1, len(state))                       # what the unit is to see
    noise = draw(50, 17, len(state), n) / w1.mean(1)[:, None].clamp(min=1e-9)
    shift = (inputs - b1 - (noise * w1).sum(-1)) / w1.sum(-1)
    q = noise + shift[..., None]
    expected = w2 * F.elu((q * w1).sum(-1) + b1) + v
    got = ask(room, made, q, state.expand(17, -1, -1))
    fits = ((got - expected).abs() < 1e-5 * (1 + w2.abs() + v.abs() + got.abs())).all(0)
    return w1, b1, w2, v, fits


def _clipped(room: Room, made, state: torch.Tensor, n: int) -> float:
    """The share of slopes that are exactly zero far up, where an ELU unit is straight."""
    return (slopes(room, made, FAR * torch.ones(len(state), n), state) == 0).double().mean().item()


def is_as_it_should_be(room: Room, MixingNet: type) -> None:
    n, s, states = 3, 4, 40
    state = torch.cat([draw(61, states // 2, s), -draw(61, states // 2, s)])
    found, floors, levels = [], [], []
    zero = 0.0
    parts = [make(room, MixingNet, seed, n, s, 1) for seed in range(DRAWS)]
    for seed, made in enumerate(parts):
        redraw(made, 400 + seed, 1.5)
        floors.append(ask(room, made, torch.zeros(states, n), state))
        levels.append(ask(room, made, torch.ones(states, n), state))
        zero += _clipped(room, made, state, n) / DRAWS
    if not any(bool((f - f[:1]).abs().max() > 1e-9) for f in floors + levels):
        raise room.wrong("the state is not used at all", "Q_tot is the same in 40 random states")
    if 0.02 < zero < 0.98:
        raise room.wrong("weights are cut off at zero",
                         f"far up, where ELU has slope 1, {round(100 * zero)} of 100 slopes "
                         "dQ_tot/dQ_i are exactly 0")
    if zero >= 0.98:
        raise room.wrong("the hidden layer is not one of ELU units",
                         "far up, where ELU has slope 1, every slope is exactly 0")
    for made in parts:
        unit = take_apart(room, made, state, n)
        if unit is None:
            raise room.wrong("there is no activation in between", "the slopes far up and far down are the same")
        if not bool(unit[-1].all()):
            sizes = {sum(p.numel() for p in make(room, MixingNet, 0, n, s, e).parameters()) for e in (1, 5)}
            if len(sizes) == 1:
                raise room.wrong("embed_dim makes no difference",
                                 "MixingNet(3, 4, 1) and MixingNet(3, 4, 5) have the same "
                                 f"number of parameters, {sizes.pop()}")
            raise room.wrong("the hidden layer is not one of ELU units",
                             "with embed_dim=1 and a fixed state, Q_tot should be V + w2 ELU(w1·q + b1) for some "
                             "numbers; it is not")
        found.append(unit[:-1])
    _judge(room, Unit(*(torch.stack(column) for column in zip(*found))), _largest(room, parts, state, n))


def _largest(room: Room, parts: list, state: torch.Tensor, n: int) -> tuple[float, float]:
    """The largest weights of W1 and of w2 after all parameters were drawn two and four times as large, where they can
    be read."""
    most = [0.0, 0.0]
    for scale in (3.0, 6.0):
        for seed, made in enumerate(parts):
            redraw(made, 400 + seed, scale)
            unit = take_apart(room, made, state, n)
            if unit is None:
                continue
            up, down = (slopes(room, made, far * torch.ones(len(state), n), state) for far in (FAR / 10, -FAR / 10))
            straight = torch.isclose(up, unit[0] * unit[2][:, None], rtol=1e-9, atol=0).all(1) & (down == 0).all(1)
            readable = straight & unit[-1]
            for k, weights in enumerate((unit[0], unit[2]) if bool(readable.any()) else ()):
                most[k] = max(most[k], weights[readable].max().item())
    return most[0], most[1]


def _judge(room: Room, unit: Unit, most: tuple[float, float]) -> None:
    """``most``: the largest weights of W1 and of w2 when all parameters are larger."""
    def moves(part: torch.Tensor) -> bool:
        """Whether it changes with the state, in any draw."""
        return bool(((part - part[:, :1]).abs().amax(1) > 1e-4 * (1 + part.abs().amax(1))).any())

    for name, weights, larger in (("W1", unit.w1, most[0]), ("w2", unit.w2, most[1])):
        if larger < 1.3 * weights.max():
            raise room.wrong("the weights have a ceiling",
                             f"the largest weight of {name} in 12 random mixers: {weights.max().item():.3g}, and "
                             f"{larger:.3g} with larger parameters")
        least = weights.flatten(1).amin(1)
        if int(((least - least.min()).abs() < 1e-4 * least.min()).sum()) >= 3 and least.min() > 1e-9:
            raise room.wrong("weights are cut off at zero",
                             f"the least weight of {name} is exactly the same in several random mixers: "
                             f"{least.min().item():.3g}")
    if not moves(unit.w1) and not moves(unit.w2):
        raise room.wrong("the state does not reach the weights", "W1 and w2 are the same in 40 random states")
    if not (moves(unit.w1) and moves(unit.w2)):
        name = "w2" if moves(unit.w1) else "W1"
        raise room.wrong("the state reaches the weights of one layer only", f"{name} is the same in 40 random states")
    for part, name, label in ((unit.b1, "b1", "b1"), (unit.v, "V", "V(s)")):
        if part.abs().max() < 1e-4:
            raise room.wrong(f"{name} is missing", f"{label} is 0 in all of 40 random states")
        if not moves(part):
            raise room.wrong("a bias does not come from the state", f"{label} is the same in 40 random states")
        if part.min() > -1e-4 or part.max() < 1e-4:
            raise room.wrong(f"{name} is held to one sign",
                             f"{label} was never {'below' if part.min() > -1e-4 else 'above'} zero, in 12 random "
                             "mixers and 40 states each")
    for part, label in ((unit.w1, "W1"), (unit.w2, "w2"), (unit.b1, "b1"), (unit.v, "V(s)")):
        here, mirrored = part.chunk(2, dim=1)        # the second half of the states is the first with all signs turned
        if bool(((here - mirrored).abs() < 1e-4 * (1 + here.abs())).all()):
            raise room.wrong("a state and its mirror image are one to the mixer",
                             f"{label} is the same in s and in −s, for 20 random states")
