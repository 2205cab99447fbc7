"""Check of lesson 05: the learner's whole mixer, examined from the outside.

With one hidden unit a mixer of the lesson's kind is V + w2 ELU(w1·q + b1), and its w1, b1, w2 and V can be computed from
its values alone. So nothing needs to be known of the names and layers inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course.checks import lesson05_net_state, values
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson05_net_mistakes import NET_MISTAKES
from qmix_course.checks.room import REMEMBERS, Room
from qmix_course.checks.verdict import Found, Verdict

SIZES = ((1, 1, 1, 1), (2, 3, 1, 4), (2, 8, None, 6), (3, 5, 4, 1), (4, 2, 7, 5), (3, 3, 3, 3))   # N, S, E, B
FAR = 1e5
DRAWS = 12


def look_at_net(room: Room, MixingNet: type) -> Verdict:
    for k, (n, s, e, rows) in enumerate(SIZES):
        made = _make(room, MixingNet, k, n, s, e)
        _has_the_right_shape(room, made, n, s, e, rows)
        for scale in (None, 1.5):
            if scale:
                redraw(made, 60 + k, scale)
            _reaches_its_parameters(room, made, n, s)
            _keeps_samples_apart(room, made, n, s)
    _uses_the_utilities(room, MixingNet)
    _never_falls(room, MixingNet)
    _one_unit_is_as_it_should_be(room, MixingNet)
    _reads_all_of_the_state(room, MixingNet)
    lesson05_net_state.examine(room, MixingNet, _make, redraw, _take_apart)
    _more_units_do_more(room, MixingNet)
    return Verdict("correct")


# ---- making and calling ------------------------------------------------------------------------------------------------

def _make(room: Room, MixingNet: type, seed: int, n: int, s: int, e: int | None = None) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = room.ask(MixingNet, n, s) if e is None else room.ask(MixingNet, n, s, e)
    if not isinstance(made, nn.Module):
        raise Found(Verdict("wrong shape or type", f"expected a module (nn.Module), got {values.describe(made)}",
                            "What must a class inherit from, so that an optimiser finds its parameters?"))
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


def _values(room: Room, made: nn.Module, q: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
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


def _call(n: int, s: int, e: int | None, rows: int = 2) -> str:
    return f"run: MixingNet({n}, {s}{'' if e is None else f', {e}'})(torch.zeros({rows}, {n}), torch.zeros({rows}, {s}))"


# ---- what every module must do -----------------------------------------------------------------------------------------

def _has_the_right_shape(room: Room, made, n: int, s: int, e: int | None, rows: int) -> None:
    q, state = draw(1, rows, n), draw(2, rows, s)
    got = room.ask(made, q, state)
    if not isinstance(got, torch.Tensor) or got.shape != (rows,) or not got.is_floating_point():
        raise Found(Verdict("wrong shape or type", f"expected a tensor of shape [{rows}], float64, got {values.describe(got)}",
                            "One number for each sample: agent_qs[B, N], state[B, S] -> [B].", _call(n, s, e, rows)))
    if not values.same(got.detach(), room.ask(made, q, state).detach()):
        if _foreign_leaves(made, got):
            raise room.wrong("weights that no optimiser finds", _call(n, s, e))
        raise room.wrong(REMEMBERS.name)


def _reaches_its_parameters(room: Room, made, n: int, s: int) -> None:
    """Whatever the result depends on is a parameter, and every parameter that matters gets a gradient."""
    q, state = draw(3, 40, n), draw(4, 40, s)
    got = room.ask(made, q, state)
    parameters = list(made.parameters())
    if not parameters or _foreign_leaves(made, got):
        raise room.wrong("weights that no optimiser finds", f"{sum(p.numel() for p in parameters)} parameters were found")
    names = [name for name, _ in made.named_parameters()]
    grads = torch.autograd.grad(got.sum(), parameters, allow_unused=True) if got.requires_grad else [None] * len(parameters)
    for name, parameter, grad in zip(names, parameters, grads):
        if grad is None or not bool(grad.any()):
            before = parameter.detach().clone()
            with torch.no_grad():
                parameter.add_(draw(5, *parameter.shape))
                moved = not torch.equal(room.ask(made, q, state), got)
                parameter.copy_(before)
            if moved and grad is None:
                raise room.wrong("a hypernetwork is cut off from its gradient", f"no gradient reaches {name}, and Q_tot "
                                                                                "depends on it")


def _foreign_leaves(made: nn.Module, got: torch.Tensor) -> bool:
    """Whether gradients run into tensors that are not among the module's parameters."""
    known, seen, queue = {id(p) for p in made.parameters()}, set(), [got.grad_fn]
    while queue:
        node = queue.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable") and id(node.variable) not in known:
            return True
        queue += [following for following, _ in node.next_functions]
    return False


def _keeps_samples_apart(room: Room, made, n: int, s: int) -> None:
    q, state = draw(6, 5, n), draw(7, 5, s)
    together = room.ask(made, q, state).detach()
    alone = torch.cat([room.ask(made, q[k:k + 1], state[k:k + 1]).detach().view(1) for k in range(len(q))])
    if not torch.allclose(together, alone, rtol=1e-9, atol=1e-9):
        raise room.wrong("a sample's Q_tot depends on the others in its batch", f"the five samples of a batch\ntogether: "
                         f"{[round(x, 3) for x in together.tolist()]}\nalone:    {[round(x, 3) for x in alone.tolist()]}")


def _uses_the_utilities(room: Room, MixingNet: type) -> None:
    for n, e in ((1, 3), (2, 3), (4, None)):
        made = _make(room, MixingNet, n, n, 3, e)
        q, state = draw(8, 60, n), draw(9, 60, 3)
        changed = torch.stack([(_values(room, made, q + torch.eye(n)[i], state) - _values(room, made, q, state)).abs().max()
                               for i in range(n)])
        if bool((changed < 1e-12).any()):
            raise room.wrong("an agent's utility does not count", f"Q_tot ignores agent {int(changed.argmin()) + 1} of {n}")
        if not bool((slopes(room, made, q, state) != 0).any()):
            raise room.wrong("no gradient reaches the agents", "Q_tot changes with a utility, but the gradient is zero")


# ---- monotone ----------------------------------------------------------------------------------------------------------

def _never_falls(room: Room, MixingNet: type) -> None:
    for k, (n, s, e) in enumerate(((1, 2, 1), (3, 3, 1), (2, 3, 4), (4, 2, 2), (2, 8, None))):
        for seed in range(4):
            made = _make(room, MixingNet, seed, n, s, e)
            if seed:
                redraw(made, 100 * k + seed, 1.5)
            q, state = draw(10 + seed, 200, n, scale=3.0), draw(20 + seed, 200, s, scale=2.0)
            slope = slopes(room, made, q, state)
            if bool((slope < -1e-10).any()):
                row, agent = divmod(int(slope.argmin()), n)
                detail = (f"MixingNet({n}, {s}{'' if e is None else f', {e}'}): in {int((slope < 0).any(1).sum())} of {len(q)} "
                          "random samples "
                          f"Q_tot falls as a utility rises\nthe steepest: dQ_tot/dQ_{agent + 1} = {slope[row, agent].item():.3g}")
                raise room.wrong(_why_it_falls(room, MixingNet), detail)


def _why_it_falls(room: Room, MixingNet: type) -> str:
    """With one hidden unit: slopes of both signs at one state come from W1, a surface that bends down from w2."""
    inward = downward = turning = False
    for seed in range(6):
        made = _make(room, MixingNet, seed, 3, 3, 1)
        redraw(made, 300 + seed, 1.5)
        state = draw(30 + seed, 40, 1, 3).expand(-1, 30, -1)
        q = draw(40 + seed, 40, 30, 3, scale=2.0)
        slope = slopes(room, made, q, state)
        signs = [(slope > 1e-9).any(1), (slope < -1e-9).any(1)]                 # [states, N]
        turning |= bool((signs[0] & signs[1]).any())
        inward |= bool((signs[0].any(1) & signs[1].any(1)).any())
        f = _values(room, made, q, state)
        middle = _values(room, made, (q + q.roll(1, 1)) / 2, state)
        downward |= bool((middle - (f + f.roll(1, 1)) / 2 > 1e-9 * (1 + f.abs())).any())
    if turning:
        return "Q_tot falls as a utility rises"
    if inward:
        return "neither layer's weights are held non-negative" if downward else "W1 is not held non-negative"
    return "w2 is not held non-negative" if downward else "Q_tot falls as a utility rises"


# ---- one hidden unit, taken apart --------------------------------------------------------------------------------------

@dataclass
class Unit:
    """V + w2 ELU(w1·q + b1): w1[D, M, N], b1[D, M], w2[D, M], v[D, M] for D draws of the parameters and M states."""

    w1: torch.Tensor
    b1: torch.Tensor
    w2: torch.Tensor
    v: torch.Tensor


def _take_apart(room: Room, made, state: torch.Tensor, n: int) -> tuple | None:
    """(w1[M, N], b1[M], w2[M], v[M], fits[M]) of a mixer with one unit; ``fits``: it is one ELU unit. None: it has no bend.

    Far up Q_tot is a straight line, far down a constant; the two would meet where the unit's input is −1, and there
    Q_tot lies w2/e above the constant.
    """
    ones = torch.ones(len(state), n)
    slope, low_slope = slopes(room, made, FAR * ones, state), slopes(room, made, -FAR * ones, state)
    if torch.allclose(slope, low_slope, rtol=1e-6, atol=1e-12):
        return None
    steep = slope.sum(1)
    floor = _values(room, made, -FAR * ones, state)
    crossing = _values(room, made, FAR * ones, state) - steep * FAR
    meet = (floor - crossing) / steep
    w2 = torch.e * (_values(room, made, meet[:, None] * ones, state) - floor)
    w1 = slope / w2[:, None]
    b1, v = -1 - meet * w1.sum(1), floor + w2
    inputs = torch.linspace(-4, 4, 17)[:, None].expand(-1, len(state))                       # what the unit is to see
    noise = draw(50, 17, len(state), n) / w1.mean(1)[:, None].clamp(min=1e-9)
    shift = (inputs - b1 - (noise * w1).sum(-1)) / w1.sum(-1)
    q = noise + shift[..., None]
    expected = w2 * F.elu((q * w1).sum(-1) + b1) + v
    got = _values(room, made, q, state.expand(17, -1, -1))
    fits = ((got - expected).abs() < 1e-5 * (1 + w2.abs() + v.abs() + got.abs())).all(0)
    return w1, b1, w2, v, fits


def _clipped(room: Room, made, state: torch.Tensor, n: int) -> float:
    """The share of slopes that are exactly zero far up, where an ELU unit is straight."""
    return (slopes(room, made, FAR * torch.ones(len(state), n), state) == 0).double().mean().item()


def _one_unit_is_as_it_should_be(room: Room, MixingNet: type) -> None:
    n, s, states = 3, 4, 40
    state = torch.cat([draw(61, states // 2, s), -draw(61, states // 2, s)])
    found, floors, levels = [], [], []
    zero = 0.0
    parts = [_make(room, MixingNet, seed, n, s, 1) for seed in range(DRAWS)]
    for seed, made in enumerate(parts):
        redraw(made, 400 + seed, 1.5)
        floors.append(_values(room, made, torch.zeros(states, n), state))
        levels.append(_values(room, made, torch.ones(states, n), state))
        zero += _clipped(room, made, state, n) / DRAWS
    if not any(bool((f - f[:1]).abs().max() > 1e-9) for f in floors + levels):
        raise room.wrong("the state is not used at all", "Q_tot is the same in 40 random states")
    if 0.02 < zero < 0.98:
        raise room.wrong("weights are cut off at zero", f"far up, where ELU has slope 1, {round(100 * zero)} of 100 slopes "
                         "dQ_tot/dQ_i are exactly 0")
    if zero >= 0.98:
        raise room.wrong("the hidden layer is not one of ELU units", "far up, where ELU has slope 1, every slope is exactly 0")
    for made in parts:
        unit = _take_apart(room, made, state, n)
        if unit is None:
            raise room.wrong("there is no activation in between", "the slopes far up and far down are the same")
        if not bool(unit[-1].all()):
            sizes = {sum(p.numel() for p in _make(room, MixingNet, 0, n, s, e).parameters()) for e in (1, 5)}
            if len(sizes) == 1:
                raise room.wrong("embed_dim makes no difference", "MixingNet(3, 4, 1) and MixingNet(3, 4, 5) have the same "
                                 f"number of parameters, {sizes.pop()}")
            raise room.wrong("the hidden layer is not one of ELU units", "with embed_dim=1 and a fixed state, Q_tot should be "
                                                                         "V + w2 "
                             "ELU(w1·q + b1) for some numbers; it is not")
        found.append(unit[:-1])
    _judge(room, Unit(*(torch.stack(column) for column in zip(*found))), _largest(room, parts, state, n))


def _largest(room: Room, parts: list, state: torch.Tensor, n: int) -> tuple[float, float]:
    """The largest weights of W1 and of w2 after all parameters were drawn two and four times as large, where they can be read."""
    most = [0.0, 0.0]
    for scale in (3.0, 6.0):
        for seed, made in enumerate(parts):
            redraw(made, 400 + seed, scale)
            unit = _take_apart(room, made, state, n)
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
            raise room.wrong("the weights have a ceiling", f"the largest weight of {name} in 12 random mixers: "
                                                           f"{weights.max().item():.3g}, "
                             f"and {larger:.3g} with larger parameters")
        least = weights.flatten(1).amin(1)
        if int(((least - least.min()).abs() < 1e-4 * least.min()).sum()) >= 3 and least.min() > 1e-9:
            raise room.wrong("weights are cut off at zero", f"the least weight of {name} is exactly the same in several random "
                                                            "mixers: "
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
            raise room.wrong(f"{name} is held to one sign", f"{label} was never {'below' if part.min() > -1e-4 else 'above'} "
                                                            "zero, in 12 "
                             "random mixers and 40 states each")
    for part, label in ((unit.w1, "W1"), (unit.w2, "w2"), (unit.b1, "b1"), (unit.v, "V(s)")):
        here, mirrored = part.chunk(2, dim=1)                # the second half of the states is the first with all signs turned
        if bool(((here - mirrored).abs() < 1e-4 * (1 + here.abs())).all()):
            raise room.wrong("a state and its mirror image are one to the mixer", f"{label} is the same in s and in −s, for 20 "
                                                                                  "random states")


def _reads_all_of_the_state(room: Room, MixingNet: type) -> None:
    for n, s, e in ((2, 3, 4), (3, 8, None), (1, 5, 2)):
        made = _make(room, MixingNet, 7, n, s, e)
        redraw(made, 70 + n, 1.5)
        q, state = draw(71, 60, n), draw(72, 60, s)
        for j in range(s):
            if (_values(room, made, q, state + torch.eye(s)[j]) - _values(room, made, q, state)).abs().max() < 1e-12:
                raise room.wrong("a part of the state is not read", f"number {j + 1} of {s} in the state changes nothing")


def _more_units_do_more(room: Room, MixingNet: type) -> None:
    """With several units there are several bends: no single unit explains the values."""
    for seed in range(4):
        made = _make(room, MixingNet, seed, 2, 3, 4)
        redraw(made, 500 + seed, 1.5)
        unit = _take_apart(room, made, draw(62, 20, 3), 2)
        if unit is not None and not bool(unit[-1].all()):
            return
    raise room.wrong("embed_dim makes no difference", "with embed_dim=4, Q_tot still bends like a single hidden unit")


NET = Exercise(
    number="05.4", title="A mixer of your own", answers={"MixingNet": "class"}, difficulty=4, minutes=15,
    practises="build the mixer with its four hypernetworks",
    hints=("Make four networks in __init__, each from the state to the numbers of one part: W1, b1, w2, V. Two of them need "
           "the treatment of "
           "exercise 05.2, two must not have it.",
           "In forward, W1 comes as one long row for each sample. Give it a shape with the axes sample, agent, unit.",
           "Keep the sample axis first throughout and check the shape after each line with a batch of 5, 3 agents and 4 units.",
           "V(s) comes as [B, 1] out of its last layer. Take away that axis by its number, so that a batch of one keeps its "
           "own."),
    mistakes=NET_MISTAKES, look=look_at_net, off_limits=("qmix_course.mixers.QMixer",))
