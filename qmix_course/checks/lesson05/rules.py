"""The mixing layer of lesson 05 by plain loops, its usual distortions, and the search for the one behind an answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import torch
from torch.nn import functional as F

from qmix_course.checks import values
from qmix_course.checks.room import UNNAMED
from qmix_course.checks.verdict import Found


def mixed(agent_qs, w1, b1, w2, v) -> torch.Tensor:
    """Q_tot[...] of agent_qs[..., N] and raw weights w1[..., N·E], w2[..., E], biases b1[..., E], v[...]: number by
    number."""
    n_agents, embed_dim = agent_qs.shape[-1], b1.shape[-1]
    rows = zip(agent_qs.reshape(-1, n_agents).tolist(), w1.reshape(-1, n_agents * embed_dim).tolist(),
               b1.reshape(-1, embed_dim).tolist(), w2.reshape(-1, embed_dim).tolist(), v.reshape(-1).tolist())
    totals = []
    for q, first, bias, second, level in rows:
        total = level
        for k in range(embed_dim):
            x = bias[k] + sum(q[i] * abs(first[i * embed_dim + k]) for i in range(n_agents))
            total += abs(second[k]) * (x if x >= 0 else math.expm1(x))
        totals.append(total)
    return torch.tensor(totals, dtype=torch.float64).view(v.shape)


def twisted(agent_qs, w1, b1, w2, v, *twists: str) -> torch.Tensor:
    """The same with some things done wrong; each twist is one of them."""
    n_agents, embed_dim = agent_qs.shape[-1], b1.shape[-1]
    first = w1.unflatten(-1, (n_agents, embed_dim))
    if "order" in twists:
        first = w1.unflatten(-1, (embed_dim, n_agents)).transpose(-1, -2)

    def weights(raw, layer):
        ways = {"relu": F.relu, "softplus": F.softplus, "square": torch.square, "exp": torch.exp,
                "elu + 1": lambda x: F.elu(x) + 1,
                "softmax": lambda x: x.softmax(-1),
                "softmax over agents": lambda x: x.softmax(-2 if layer == "w1" else -1)}
        if f"{layer} signed" in twists:
            return raw
        return next((way(raw) for name, way in ways.items() if {name, f"{layer} {name}"} & set(twists)), raw.abs())

    q = agent_qs.abs() if "q abs" in twists else agent_qs
    sums = (q.unsqueeze(-1) * weights(first, "w1")).sum(-2)
    sums = sums.abs() if "sum abs" in twists else sums
    bias = torch.zeros_like(b1) if {"no b1", "b1 late"} & set(twists) else b1.abs() if "b1 abs" in twists else b1
    activations = {"no unit": lambda x: x, "relu unit": F.relu, "tanh unit": torch.tanh, "softplus unit": F.softplus,
                   "selu unit": F.selu, "sigmoid unit": torch.sigmoid, "leaky unit": F.leaky_relu}
    unit = next((function for name, function in activations.items() if name in twists), F.elu)
    hidden = unit(sums + bias) + (b1 if "b1 late" in twists else 0)
    terms = hidden * weights(w2, "w2")
    total = terms.mean(-1) if "mean" in twists else terms.sum(-1)
    total = F.elu(total) if "elu before v" in twists else total
    level = torch.zeros_like(v) if "no v" in twists else v.abs() if "v abs" in twists else v
    return F.elu(total + level) if "elu at the end" in twists else total + level


def name_twist(room, found: Found, answer, cases: list[tuple], twists: dict[str, str],
               wrong: Callable = twisted) -> Found:
    """``found``, or a mistake by name: of the fewest twists (three at most) that explain every answer, the first one's.

    ``twists``: twist → name of the mistake.
    """
    if found.verdict.title != UNNAMED:
        return found
    given = [room.ask(answer, *case) for case in cases]
    for many in (1, 2, 3):
        for some in combinations(twists, many):
            if all(values.loosely_equal(got, wrong(*case, *some), 1e-9) for got, case in zip(given, cases)):
                return room.wrong(twists[some[0]], found.verdict.detail)
    return found
