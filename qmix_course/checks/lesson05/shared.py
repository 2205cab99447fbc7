"""What several exercises of lesson 05 use."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.lesson05 import rules
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found

# The first case of both labs, as a learner can type it: two samples, two agents, three hidden units.
TINY = ("torch.tensor([[1.0, -2.0], [0.5, 1.0]])", "torch.tensor([[1.0, -1.0], [-2.0, 0.5]])",
        "lambda s: s @ torch.tensor([[1.0, -2.0, 0.5, 0.0, 1.0, -1.0], [0.5, 1.0, -1.0, 2.0, -0.5, 1.5]])",
        "lambda s: s @ torch.tensor([[0.5, -1.0, 0.0], [1.0, 0.0, -0.5]])",
        "lambda s: s @ torch.tensor([[1.0, -1.0, 0.5], [0.0, 2.0, -1.5]])",
        "lambda s: s @ torch.tensor([[-1.0], [2.0]])")


def lab_cases(sizes, hidden: int) -> list[tuple]:
    """(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2) for each (B, N, S, E)."""
    cases = [tuple(map(eval, TINY))]
    for k, (rows, n, s, e) in enumerate(sizes):
        generator = torch.Generator().manual_seed(1_000 + k)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(k)
            nets = [nn.Linear(s, n * e) if k % 2
                    else nn.Sequential(nn.Linear(s, hidden), nn.ReLU(), nn.Linear(hidden, n * e)),
                    nn.Linear(s, e), nn.Sequential(nn.Linear(s, hidden), nn.Tanh(), nn.Linear(hidden, e)),
                    nn.Sequential(nn.Linear(s, e), nn.ReLU(), nn.Linear(e, 1))]
        for net in nets:
            for parameter in net.double().parameters():
                with torch.no_grad():
                    parameter.copy_(torch.randn(parameter.shape, generator=generator).round(decimals=2))
        agent_qs, state = ((1.5 * torch.randn(rows, width, generator=generator)).round(decimals=2) for width in (n, s))
        cases.append((agent_qs, state, *nets))
    return cases


def written(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2) -> tuple:
    """What the hypernetworks write, for the mixing layer of 05.1."""
    with torch.no_grad():
        return agent_qs, hyper_w1(state), hyper_b1(state), hyper_w2(state), hyper_b2(state)[:, 0]


def team_value(*case) -> torch.Tensor:
    return rules.mixed(*written(*case))


def _explain(room: Room, found: Found, answer, cases: list[tuple], wrongs: tuple) -> Found:
    """``found``, with a detail that a learner can use; by name if one of ``wrongs`` gives the same numbers."""
    if found.verdict.kind == "wrong" and found.verdict.title == UNNAMED:
        given = [room.ask(answer, *case).detach() for case in cases]
        want = team_value(*cases[0])
        detail = found.verdict.detail
        if not torch.allclose(given[0], want, rtol=1e-9, atol=1e-9):
            name = next(name for name, kind in room.exercise.answers.items() if kind == "function")
            detail = f"run: {name}({', '.join(TINY)})\n{values.table(given[0], want)}"
        found = Found(replace(found.verdict, detail=detail))
        for name, wrong in wrongs:
            expected = [wrong(*case) for case in cases]
            if all(torch.allclose(got, want, rtol=1e-9, atol=1e-9) for got, want in zip(given, expected)):
                return room.wrong(name, detail)
    return found
