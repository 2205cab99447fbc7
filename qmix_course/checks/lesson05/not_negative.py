"""05.2 · Two ways not to be negative: say what a function must do to keep weights non-negative and learnable."""

from __future__ import annotations

from collections.abc import Callable

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import REMEMBERS, Room
from qmix_course.checks.verdict import Verdict

EDGE = 20.0                                         # the exercise speaks of raw numbers between −20 and 20
SIZES = (1e-6, 1e-4, 0.01, 0.1, 0.5, 1.0, 1.5, 3.0, 8.0, 15.0)  # weights that must be reachable


def look(room: Room, touches_zero, stays_above) -> Verdict:
    generator = torch.Generator().manual_seed(52)
    both = (("touches_zero", touches_zero), ("stays_above", stays_above))
    for name, function in both:
        _is_elementwise(room, name, function, generator)
        _lets_learning_through(room, name, function, generator)
    line = torch.linspace(-EDGE, EDGE, 401)
    lines = [room.ask(function, line).detach() for _, function in both]
    for (name, function), y in zip(both, lines):
        if bool((y < 0).any()):
            raise room.wrong("a weight below zero", _at(name, line, y, y < 0))
    lowest = [_lowest(room, function, line, y) for (_, function), y in zip(both, lines)]
    rises = [bool((y.diff() > 0).all()) for y in lines]
    for (name, function) in both:
        _has_no_ceiling(room, name, function)
    if rises[0] and lowest[0] > 0 and not rises[1] and lowest[1] < 1e-9:
        raise room.wrong("the two functions have changed places")
    if lowest[0] > 1e-12 or rises[0]:
        raise room.wrong("touches_zero never is exactly zero", f"the smallest weight that was found: {lowest[0]:.3g}")
    if not rises[1] or bool((lines[1] == 0).any()):
        where = (lines[1].diff() <= 0).nonzero()[:1].flatten().tolist() or [0]
        pair = line[where[0]:where[0] + 2]
        raise room.wrong("stays_above does not always rise", values.call("stays_above", (pair.round(decimals=2),)))
    far = torch.linspace(-300, 300, 2401)
    falls = room.ask(stays_above, far).detach().nan_to_num(posinf=1e300).diff() < -1e-9
    if bool(falls.any()):
        raise room.wrong("stays_above does not always rise",
                         values.call("stays_above", (far[falls.nonzero()[0, 0]:][:2],)))
    for name, function in both:
        _has_no_floor(room, name, function)
        _reaches_all_sizes(room, name, function)
    return Verdict("correct")


def _result(room: Room, name: str, function: Callable, raw: torch.Tensor) -> torch.Tensor:
    got = room.ask(function, raw)
    if not isinstance(got, torch.Tensor) or got.shape != raw.shape or not got.is_floating_point():
        raise room.misfit(f"{name}: expected {values.describe(raw)}, got "
                          f"{values.describe(got)}", "One weight for each raw number, in the same place.",
                          values.call(name, (raw,)))
    return got.detach()


def _is_elementwise(room: Room, name: str, function: Callable, generator: torch.Generator) -> None:
    """Each number, asked for alone, must give what it gave among the others."""
    for shape in ((1,), (3,), (7,), (2, 5), (2, 3, 4)):
        raw = (3 * torch.randn(shape, generator=generator)).round(decimals=2)
        got = _result(room, name, function, raw)
        if not values.same(got, _result(room, name, function, raw)):
            raise room.wrong(REMEMBERS.name)
        alone = torch.stack([_result(room, name, function, number.view(1)) for number in raw.flatten()]).view(shape)
        if not torch.allclose(got, alone, rtol=1e-9, atol=1e-12):
            sums = [got.sum(axis) for axis in range(got.dim())]
            known = any(torch.allclose(total, torch.ones_like(total)) for total in sums)
            raise room.wrong("softmax: the weights of a row share one whole"
                             if known else "a weight depends on its neighbours",
                             values.call(name, (raw[..., :3].reshape(-1)[:3],)))


def _lets_learning_through(room: Room, name: str, function: Callable, generator: torch.Generator) -> None:
    """The slope is neither cut, nor zero at random places, nor NaN or infinite anywhere."""
    raw = (2 * EDGE * torch.rand(400, generator=generator) - EDGE)
    slope = _slope(room, name, function, raw)
    y = _result(room, name, function, raw)
    if bool((y < 0).any()) and not bool((slope == 0).any()):
        raise room.wrong("a weight below zero", _at(name, raw, y, y < 0))
    if bool((slope.isnan() & y.isfinite()).double().mean() > 0.02):
        at = raw[slope.isnan() & y.isfinite()][0].item()
        raise room.wrong("a branch that is not taken spoils the gradient", 
                         f"{name}: at {at:.2f} the weight is a number and its slope is NaN")
    if bool((slope == 0).any()):
        dead = raw[slope == 0]
        both = (f"slope exactly 0 at {len(dead)} of {len(raw)} raw numbers between −20 and 20, for example at "
                f"{dead[0].item():.2f}")
        raise room.wrong("the slope is zero over a whole stretch", f"{name}: {both}")
    special = torch.tensor([0.0, 1.0, -1.0, 20.0, -20.0])
    bad = ~_slope(room, name, function, special).isfinite()
    if bool(bad.any()):
        raise room.wrong("the slope is infinite or NaN at a point", f"{name}: at {special[bad][0].item():g}")


def _slope(room: Room, name: str, function: Callable, raw: torch.Tensor) -> torch.Tensor:
    raw = raw.clone().requires_grad_()
    got = room.ask(function, raw, may_change=(0,))
    if not isinstance(got, torch.Tensor) or not got.requires_grad:
        raise room.wrong("no gradient reaches the hypernetwork", f"{name}: the result does not know where it came from")
    slope = torch.autograd.grad(got.sum(), raw, allow_unused=True)[0]
    return torch.zeros_like(raw) if slope is None else slope


def _has_no_ceiling(room: Room, name: str, function: Callable) -> None:
    far = 10.0 ** torch.arange(0, 300, 3)
    most = torch.cat([_result(room, name, function, far),
                      _result(room, name, function, -far)]).nan_to_num(nan=-1.0).max()
    later = torch.cat([_result(room, name, function, sign * 10.0 ** torch.arange(150, 300, 3)) for sign in (1, -1)])
    if most < 50 or not (later.max() > _most_up_to(room, name, function, 1e100) or most == torch.inf):
        raise room.wrong("the weights have a ceiling", f"{name}: the largest weight that was found: {most.item():.3g}")


def _most_up_to(room: Room, name: str, function: Callable, end: float) -> float:
    far = torch.logspace(0, torch.tensor(end).log10().item(), 40)
    return torch.cat([_result(room, name, function, far),
                      _result(room, name, function, -far)]).nan_to_num(nan=-1.0).max().item()


def _has_no_floor(room: Room, name: str, function: Callable) -> None:
    """A function that comes to zero somewhere does so here, up to rounding, or comes nearer and nearer to it far out.
    """
    far = 10.0 ** torch.arange(0, 300, 3)
    least = torch.cat([_result(room, name, function, far),
                       _result(room, name, function, -far)]).nan_to_num(nan=1.0).min().item()
    if least > 1e-100 and _lowest(room, function, *_line(room, function)) > 1e-12:
        raise room.wrong("some sizes of weight are out of reach",
                         f"{name}: no raw number was found for a weight below {least:.3g}")


def _line(room: Room, function: Callable) -> tuple[torch.Tensor, torch.Tensor]:
    line = torch.linspace(-EDGE, EDGE, 401)
    return line, room.ask(function, line).detach()


def _lowest(room: Room, function: Callable, line: torch.Tensor, y: torch.Tensor) -> float:
    return float(room.ask(function, torch.tensor([_argmin(room, function, line, y)])).detach())


def _argmin(room: Room, function: Callable, line: torch.Tensor, y: torch.Tensor) -> float:
    """Where the smallest value on the line is, found by looking closer and closer."""
    lowest, where, step = float(y.min()), float(line[y.argmin()]), float(line[1] - line[0])
    for start in line[y <= y.min() * (1 + 1e-9) + 1e-12][:8].tolist():
        middle, width = start, step
        for _ in range(14):
            near = torch.linspace(middle - width, middle + width, 41).clamp(-EDGE, EDGE)
            found = room.ask(function, near).detach()
            middle, width = near[found.argmin()].item(), width / 10
            if float(found.min()) < lowest:
                lowest, where = float(found.min()), middle
    return where


def _reaches_all_sizes(room: Room, name: str, function: Callable) -> None:
    """For every size there is a raw number: a bracket on a wide grid, then bisection inside it."""
    wide = 10.0 ** torch.linspace(-3, 8, 900)
    grid = torch.cat([-wide.flip(0), torch.linspace(-EDGE, EDGE, 801), wide]).sort().values
    lowest = _argmin(room, function, *_line(room, function))
    grid = torch.cat([grid, torch.tensor([lowest])]).sort().values
    y = _result(room, name, function, grid)
    for size in SIZES:
        crossings = ((y[:-1] - size) * (y[1:] - size) <= 0).nonzero().flatten()[:6]
        low, high = grid[crossings].clone(), grid[crossings + 1].clone()
        for _ in range(60 if len(crossings) else 0):
            middle = (low + high) / 2
            same_side = (_result(room, name, function, middle) > size) == (_result(room, name, function, high) > size)
            low, high = torch.where(same_side, low, middle), torch.where(same_side, middle, high)
        ends = torch.cat([low, high])
        if not len(ends) or (_result(room, name, function, ends) - size).abs().min() > 1e-4 * max(size, 0.1):
            raise room.wrong("some sizes of weight are out of reach",
                             f"{name}: no raw number was found for the weight {size:g}")


def _at(name: str, raw: torch.Tensor, y: torch.Tensor, where: torch.Tensor) -> str:
    worst = torch.where(where, y, torch.inf).argmin()
    return f"run: {name}(torch.tensor([{raw[worst].item():.2f}]))\ngot:      {y[worst].item():.3g}"


MISTAKES = (
    Mistake("a weight below zero",
            "The run line below gives a raw number. Which sign does its weight have, and which must it have?",
            "one negative weight is enough to make Q_tot fall somewhere"),
    Mistake("softmax: the weights of a row share one whole",
            "Raise one raw number and leave the others. What happens to the other weights? And how large can all of "
            "them be together?",
            "weights that sum to 1 cannot let two agents count fully, and each depends on all the raw numbers of its "
            "row"),
    Mistake("a weight depends on its neighbours",
            "Ask for [1, 2, 3] and for [2] alone. Is the weight of 2 the same?",
            "a weight then changes because another one does: the state can no longer set them one by one"),
    Mistake("no gradient reaches the hypernetwork",
            "The hypernetwork learns through these weights. Where does your function cut them off from it?",
            "without a gradient the hypernetwork keeps its first random weights for ever"),
    Mistake("the slope is zero over a whole stretch",
            "What would the hypernetwork learn from a raw number at which the weight does not move?",
            "ReLU and clamp are non-negative, but where they cut off the slope is zero: nothing pulls the weight back"),
    Mistake("the slope is infinite or NaN at a point",
            "Work out the slope of your function at that point by hand. Does autograd multiply infinity by zero there?",
            "one NaN among the gradients makes every parameter NaN at the next step of the optimiser"),
    Mistake("a branch that is not taken spoils the gradient",
            "torch.where works out both of its branches for every raw number. What does the one that is not taken give "
            "there?",
            "its NaN is multiplied by 0 on the way back, and NaN times 0 is NaN: keep the other branch's input where "
            "it is defined"),
    Mistake("the weights have a ceiling",
            "Put in 1, 100 and 10,000, and the same below zero. Does the weight go on growing?",
            "sigmoid and tanh level off: however much an agent matters, its weight stays below the ceiling"),
    Mistake("touches_zero never is exactly zero",
            "For which raw number is the weight exactly 0? A very small one is not enough for this function.",
            "in 2A the utilities must not matter at all; a weight that only comes near zero gets there slowly"),
    Mistake("stays_above does not always rise",
            "Take two raw numbers. Does the larger one always make the larger weight here, also below zero?",
            "where the weight falls or stands still, two raw numbers make one weight"),
    Mistake("the two functions have changed places",
            "One of your two functions can be exactly zero. Is it the one whose name says so?",
            "both are good, but each is asked for in the other's place"),
    Mistake("some sizes of weight are out of reach",
            "Your function makes small weights or large ones, but is there a raw number for every size in between and "
            "below?",
            "a least weight above zero, or a gap, keeps the state from setting an agent's influence as it needs"),
)

EXERCISE = Exercise(
    number="05.2", title="Two ways not to be negative", answers={"touches_zero": "function", "stays_above": "function"},
    difficulty=2, minutes=8, practises="say what a function must do to keep weights non-negative and learnable",
    hints=("Sketch each function over the raw numbers from −3 to 3 before you write it. One has a lowest point, the "
           "other has none.",
           "The lesson's Going further shows three functions side by side. Which one comes to exactly zero, and which "
           "two never do?",
           "Look at the slopes in the right half of that figure: which of the functions would fail if a whole stretch "
           "of it were flat?"),
    mistakes=MISTAKES, look=look)
