"""What an experiment trained, seen at its optimisers: in how many steps, from which weights, with which gradients.

Many teams end at the same few numbers: whether an arm was trained as the text says is often not seen in them. It is
seen where the teams learn. Everything kept is a sum over teams, so teams side by side and one by one look alike.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from qmix_course.checks.room import Room

LOOKED_AT = (1, 3)          # the steps at which sums are kept: the third one knows how the target network follows
CLOSE = 1e-6                # side by side or one by one, the last bits of a sum are others
BEFORE: weakref.WeakSet = weakref.WeakSet()         # functions that trained when they were asked: they may remember


@dataclass
class Run:
    """One optimiser: its steps so far, and sums over all its weights and gradients at some of them."""

    steps: int = 0
    sums: list[float] = field(default_factory=list)


@contextlib.contextmanager
def watching(room: Room) -> Iterator[list[Run]]:
    """The runs of torch's Adam that happen meanwhile."""
    runs, known = [], {}

    def notice(optimiser, *_, **__):
        if id(optimiser) not in known:
            known[id(optimiser)] = optimiser, Run()          # kept, or another one might come to its place in memory
            runs.append(known[id(optimiser)][1])
        run = known[id(optimiser)][1]
        run.steps += 1
        if run.steps in LOOKED_AT:
            run.sums += _sums(optimiser)

    with room.watching(torch.optim.Adam, "step", notice):
        yield runs


def _sums(optimiser) -> list[float]:
    pairs = [(weight.detach().cpu().double(), weight.grad.detach().cpu().double())
             for group in optimiser.param_groups for weight in group["params"]
             if weight.grad is not None and weight.grad.layout == torch.strided]
    weights, gradients = zip(*pairs) if pairs else ((), ())
    return [sum(each.sum().item() for each in weights), sum(each.square().sum().item() for each in weights),
            sum(each.sum().item() for each in gradients), sum(each.square().sum().item() for each in gradients)]


def holds(runs: list[Run], wanted: list[Run], begun: bool = False) -> bool:
    """Whether all of ``wanted`` is among ``runs``, in runs that follow upon each other; others may stand beside it.
    ``begun``: as many steps from the same first weights are enough."""
    kept = slice(2 if begun else None)
    return all(_within([run.sums[kept] for run in runs if run.steps == steps],
                       [run.sums[kept] for run in wanted if run.steps == steps])
               for steps in {run.steps for run in wanted})


def alike(runs: list[Run], others: list[Run]) -> bool:
    """Whether the same was trained here and there; also where nothing is seen on either side."""
    return holds(runs, others) and holds(others, runs)


def _within(rows: list[list[float]], wanted: list[list[float]]) -> bool:
    goal = [sum(column) for column in zip(*wanted)]
    for first in range(len(rows)):
        total = [0.0] * len(goal)
        for row in rows[first:]:
            total = [a + b for a, b in zip(total, row)]
            if all(abs(a - b) <= CLOSE * (1 + abs(b)) for a, b in zip(total, goal)):
                return True
    return False


def difference(measure: Callable, runs: list[Run], wanted: list[Run], begun: bool = False) -> str | None:
    """What of ``wanted`` is not among ``runs``, in words; None where all of it is, or where there is nothing to see.
    ``begun``: see ``holds``."""
    if runs:
        with contextlib.suppress(TypeError):                # a callable that cannot be told again by a weak reference
            BEFORE.add(measure)
    if not wanted or holds(runs, wanted, begun):
        return None
    if not runs:
        return None if _seen(measure) else "it trains nothing"
    steps, asked = sorted({run.steps for run in runs}), sorted({run.steps for run in wanted})
    if not set(asked) <= set(steps):
        return (f"its teams learn in {' or '.join(map(str, steps))} updates, those of the text in "
                f"{' or '.join(map(str, asked))}")
    if not holds(runs, wanted, begun=True):
        return "its teams learn in as many updates as the text's, but begin with other weights: other sizes or seeds"
    return ("its teams learn in as many updates as the text's, from the same first weights, but from other data or "
            "with other settings")


def _seen(measure: Callable) -> bool:
    with contextlib.suppress(TypeError):
        return measure in BEFORE
    return True
