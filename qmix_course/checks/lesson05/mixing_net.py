"""05.4 · A mixer of your own: build the mixer with its four hypernetworks, examined from outside."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson05 import mixing_net_state, mixing_net_unit
from qmix_course.checks.lesson05.mixing_net_calls import ask, draw, make, redraw, slopes
from qmix_course.checks.lesson05.mixing_net_mistakes import NET_MISTAKES
from qmix_course.checks.lesson05.mixing_net_unit import take_apart
from qmix_course.checks.room import REMEMBERS, Room
from qmix_course.checks.verdict import Verdict

SIZES = ((1, 1, 1, 1), (2, 3, 1, 4), (2, 8, None, 6), (3, 5, 4, 1), (4, 2, 7, 5), (3, 3, 3, 3))   # N, S, E, B


def look(room: Room, MixingNet: type) -> Verdict:
    for k, (n, s, e, rows) in enumerate(SIZES):
        made = make(room, MixingNet, k, n, s, e)
        _has_the_right_shape(room, made, n, s, e, rows)
        for scale in (None, 1.5):
            if scale:
                redraw(made, 60 + k, scale)
            _reaches_its_parameters(room, made, n, s)
            _keeps_samples_apart(room, made, n, s)
    _uses_the_utilities(room, MixingNet)
    _never_falls(room, MixingNet)
    mixing_net_unit.is_as_it_should_be(room, MixingNet)
    _reads_all_of_the_state(room, MixingNet)
    mixing_net_state.examine(room, MixingNet)
    _more_units_do_more(room, MixingNet)
    return Verdict("correct")


def _call(n: int, s: int, e: int | None, rows: int = 2) -> str:
    return (f"run: MixingNet({n}, {s}{'' if e is None else f', {e}'})(torch.zeros({rows}, {n}), torch.zeros({rows}, "
            f"{s}))")


def _has_the_right_shape(room: Room, made, n: int, s: int, e: int | None, rows: int) -> None:
    q, state = draw(1, rows, n), draw(2, rows, s)
    got = room.ask(made, q, state)
    if not isinstance(got, torch.Tensor) or got.shape != (rows,) or not got.is_floating_point():
        raise room.misfit(f"expected a tensor of shape [{rows}], float64, got "
                          f"{values.describe(got)}", "One number for each sample: agent_qs[B, N], state[B, S] -> [B].",
                          _call(n, s, e, rows))
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
        raise room.wrong("weights that no optimiser finds",
                         f"{sum(p.numel() for p in parameters)} parameters were found")
    names = [name for name, _ in made.named_parameters()]
    grads = (torch.autograd.grad(got.sum(), parameters, allow_unused=True)
             if got.requires_grad else [None] * len(parameters))
    for name, parameter, grad in zip(names, parameters, grads):
        if grad is None or not bool(grad.any()):
            before = parameter.detach().clone()
            with torch.no_grad():
                parameter.add_(draw(5, *parameter.shape))
                moved = not torch.equal(room.ask(made, q, state), got)
                parameter.copy_(before)
            if moved and grad is None:
                raise room.wrong("a hypernetwork is cut off from its gradient",
                                 f"no gradient reaches {name}, and Q_tot depends on it")


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
        raise room.wrong("a sample's Q_tot depends on the others in its batch",
                         f"the five samples of a batch\ntogether: "
                         f"{[round(x, 3) for x in together.tolist()]}\nalone:    "
                         f"{[round(x, 3) for x in alone.tolist()]}")


def _uses_the_utilities(room: Room, MixingNet: type) -> None:
    for n, e in ((1, 3), (2, 3), (4, None)):
        made = make(room, MixingNet, n, n, 3, e)
        q, state = draw(8, 60, n), draw(9, 60, 3)
        changed = torch.stack([(ask(room, made, q + torch.eye(n)[i], state) - ask(room, made, q, state)).abs().max()
                               for i in range(n)])
        if bool((changed < 1e-12).any()):
            raise room.wrong("an agent's utility does not count",
                             f"Q_tot ignores agent {int(changed.argmin()) + 1} of {n}")
        if not bool((slopes(room, made, q, state) != 0).any()):
            raise room.wrong("no gradient reaches the agents", "Q_tot changes with a utility, but the gradient is zero")


def _never_falls(room: Room, MixingNet: type) -> None:
    for k, (n, s, e) in enumerate(((1, 2, 1), (3, 3, 1), (2, 3, 4), (4, 2, 2), (2, 8, None))):
        for seed in range(4):
            made = make(room, MixingNet, seed, n, s, e)
            if seed:
                redraw(made, 100 * k + seed, 1.5)
            q, state = draw(10 + seed, 200, n, scale=3.0), draw(20 + seed, 200, s, scale=2.0)
            slope = slopes(room, made, q, state)
            if bool((slope < -1e-10).any()):
                row, agent = divmod(int(slope.argmin()), n)
                detail = (f"MixingNet({n}, {s}{'' if e is None else f', {e}'}): in {int((slope < 0).any(1).sum())} of "
                          f"{len(q)} "
                          "random samples "
                          f"Q_tot falls as a utility rises\nthe steepest: dQ_tot/dQ_{agent + 1} = "
                          f"{slope[row, agent].item():.3g}")
                raise room.wrong(_why_it_falls(room, MixingNet), detail)


def _why_it_falls(room: Room, MixingNet: type) -> str:
    """With one hidden unit: slopes of both signs at one state come from W1, a surface that bends down from w2."""
    inward = downward = turning = False
    for seed in range(6):
        made = make(room, MixingNet, seed, 3, 3, 1)
        redraw(made, 300 + seed, 1.5)
        state = draw(30 + seed, 40, 1, 3).expand(-1, 30, -1)
        q = draw(40 + seed, 40, 30, 3, scale=2.0)
        slope = slopes(room, made, q, state)
        signs = [(slope > 1e-9).any(1), (slope < -1e-9).any(1)]                 # [states, N]
        turning |= bool((signs[0] & signs[1]).any())
        inward |= bool((signs[0].any(1) & signs[1].any(1)).any())
        f = ask(room, made, q, state)
        middle = ask(room, made, (q + q.roll(1, 1)) / 2, state)
        downward |= bool((middle - (f + f.roll(1, 1)) / 2 > 1e-9 * (1 + f.abs())).any())
    if turning:
        return "Q_tot falls as a utility rises"
    if inward:
        return "neither layer's weights are held non-negative" if downward else "W1 is not held non-negative"
    return "w2 is not held non-negative" if downward else "Q_tot falls as a utility rises"


def _reads_all_of_the_state(room: Room, MixingNet: type) -> None:
    for n, s, e in ((2, 3, 4), (3, 8, None), (1, 5, 2)):
        made = make(room, MixingNet, 7, n, s, e)
        redraw(made, 70 + n, 1.5)
        q, state = draw(71, 60, n), draw(72, 60, s)
        for j in range(s):
            if (ask(room, made, q, state + torch.eye(s)[j]) - ask(room, made, q, state)).abs().max() < 1e-12:
                raise room.wrong("a part of the state is not read",
                                 f"number {j + 1} of {s} in the state changes nothing")


def _more_units_do_more(room: Room, MixingNet: type) -> None:
    """With several units there are several bends: no single unit explains the values."""
    for seed in range(4):
        made = make(room, MixingNet, seed, 2, 3, 4)
        redraw(made, 500 + seed, 1.5)
        unit = take_apart(room, made, draw(62, 20, 3), 2)
        if unit is not None and not bool(unit[-1].all()):
            return
    raise room.wrong("embed_dim makes no difference", "with embed_dim=4, Q_tot still bends like a single hidden unit")


EXERCISE = Exercise(
    number="05.4", title="A mixer of your own", answers={"MixingNet": "class"}, difficulty=4, minutes=15, core=True,
    practises="build the mixer with its four hypernetworks",
    hints=("Make four networks in __init__, each from the state to the numbers of one part: W1, b1, w2, V. Two of them "
           "need the treatment of "
           "exercise 05.2, two must not have it.",
           "In forward, W1 comes as one long row for each sample. Give it a shape with the axes sample, agent, unit.",
           "Keep the sample axis first throughout and check the shape after each line with a batch of 5, 3 agents and "
           "4 units.",
           "V(s) comes as [B, 1] out of its last layer. `squeeze(-1)` takes away that axis and no other; a bare "
           "`squeeze()` would also take the first axis of a batch of one."),
    mistakes=NET_MISTAKES, look=look, off_limits=("qmix_course.mixers.QMixer",))
