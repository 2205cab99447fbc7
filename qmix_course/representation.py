"""What a team value of two agents can be, exactly: the best table of a payoff in each of four nested classes.

additive ⊂ qmix ⊂ monotone ⊂ igm. ``additive``: Q_1(u1) + Q_2(u2), what VDN makes. ``qmix``: in some order of each
agent's actions the table never falls and has increasing differences; that is what a ``QMixer`` makes in one state (up
to any error, however small: ``mixer_for``). ``monotone``: in some order of each agent's actions the table never falls.
``igm``: any table, since utilities that point at its largest entry always exist.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch

from qmix_course import errors
from qmix_course.cones import best_rising, best_sum, best_supermodular, mixed_differences
from qmix_course.mixers import QMixer

CLASSES = ("additive", "qmix", "monotone", "igm")
TINY = 1e-9                             # entries that differ by less than this, relative to the largest, are equal


@dataclass(frozen=True)
class Fit:
    """A best table[A, A] of its class: its error Σ w (table − payoff)², and both agents' actions from worst to best."""

    kind: str
    table: torch.Tensor
    error: float
    orders: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def best(self) -> list[tuple[int, int]]:
        """The joint actions with the largest entry: what a team with this Q_tot may choose."""
        reach = self.table >= self.table.max() - TINY * (1 + self.table.abs().max())
        return [tuple(u) for u in reach.nonzero().tolist()]


@dataclass(frozen=True)
class Place:
    """Where a table belongs: the smallest class, the orders that show it, and why it is in no smaller one ("" if there
    is none)."""

    kind: str
    orders: tuple[tuple[int, ...], tuple[int, ...]]
    why: str


def classify(payoff) -> Place:
    """The smallest of the four classes that holds payoff[A, A], with what shows it."""
    table = _square("payoff", payoff)
    tiny = TINY * (1 + np.abs(table).max())
    orders = []
    for rows, who in ((table, "agent 1"), (table.T, "agent 2")):
        # one of any two actions must be the better one throughout
        for a, b in itertools.combinations(range(len(table)), 2):
            step = rows[b] - rows[a]
            if step.max() > tiny and step.min() < -tiny:
                best = np.unravel_index(table.argmax(), table.shape)
                orders = tuple(tuple([*(k for k in range(len(table)) if k != at), int(at)]) for at in best)
                return Place("igm", orders, f"{who}: action {b} is better than {a} where the other plays "
                                            f"{step.argmax()}, and worse where the other plays {step.argmin()}")
        orders.append(tuple(int(a) for a in (rows.sum(1) / tiny).round().argsort(kind="stable")))
    orders = tuple(orders)
    differences = mixed_differences(table[np.ix_(*orders)])
    if differences.min() < -tiny:
        i, j = np.unravel_index(differences.argmin(), differences.shape)
        (a, b), (c, d) = orders[0][i:i + 2], orders[1][j:j + 2]
        return Place("monotone", orders, f"from {a} to {b} agent 1 gains {differences.min():.6g} more when agent 2 "
                                         f"goes from {c} to {d}: "
                                         "less than nothing")
    if differences.max() > tiny:
        return Place("qmix", orders, f"what agent 1 gains depends on agent 2: a mixed difference of "
                                     f"{differences.max():.6g}")
    return Place("additive", orders, "")


def best_table(payoff, kind: str, weights=None) -> Fit:
    """The first of ``best_tables``."""
    return best_tables(payoff, kind, weights)[0]


def best_tables(payoff, kind: str, weights=None) -> list[Fit]:
    """All tables of the class ``kind`` that are nearest to payoff[A, A] in (weighted) squared error.

    ``weights``[A, A] > 0 say how much each squared error counts, by default 1: how often a joint action is played, for
    example. With the orders fixed the tables of a class are a convex cone, and the nearest one is unique. So all pairs
    of orders are tried, (A!)² of them; several of them may do equally well. The additive table and the one of ``igm``
    are unique.
    """
    errors.choice("kind", kind, CLASSES)
    payoff = _square("payoff", payoff)
    weights = _weights(weights, payoff)
    if kind in ("additive", "igm"):
        table = payoff if kind == "igm" else best_sum(payoff, weights)
        return [_fit(kind, table, payoff, weights, classify(table).orders)]
    found = {orders: _best_in(payoff, weights, kind, orders) for orders in _pairs(len(payoff))}
    fits = [_fit(kind, table, payoff, weights, orders) for orders, table in found.items()]
    spread = payoff - np.average(payoff, weights=weights)               # a constant costs nothing, however large it is
    limit = min(fit.error for fit in fits) + TINY * (1 + float((weights * spread**2).sum()))
    kept: list[Fit] = []
    for fit in fits:
        scale = 1 + np.abs(payoff).max()
        if fit.error <= limit and all((fit.table - other.table).abs().max() > 1e-6 * scale for other in kept):
            kept.append(fit)
    return kept


def errors_by_order(payoff, kind: str, weights=None) -> tuple[torch.Tensor, list[tuple[int, ...]]]:
    """The least error of ``kind`` ("qmix" or "monotone") for every pair of orders, [A!, A!], and the orders themselves.

    Entry [i, j] belongs to the orders i of agent 1 and j of agent 2, each from worst to best.
    """
    errors.choice("kind", kind, ("qmix", "monotone"))
    payoff = _square("payoff", payoff)
    weights = _weights(weights, payoff)
    orders = list(itertools.permutations(range(len(payoff))))
    least = [[_fit(kind, _best_in(payoff, weights, kind, (rows, columns)), payoff, weights, (rows, columns)).error
              for columns in orders] for rows in orders]
    return torch.tensor(least), orders


# ---- one pair of orders
# --------------------------------------------------------------------------------------------------

def _best_in(payoff: np.ndarray, weights: np.ndarray, kind: str, orders) -> np.ndarray:
    """The nearest table of ``kind`` with these orders, in the payoff's own order of actions."""
    at = np.ix_(*orders)
    table = np.empty_like(payoff)
    table[at] = (best_rising if kind == "monotone" else best_supermodular)(payoff[at], weights[at])
    return table


# ---- from a table to a mixer
# ---------------------------------------------------------------------------------------------

def mixer_for(table, closeness: float = 1e-3) -> tuple[torch.Tensor, QMixer]:
    """Utilities q[2, A] and a ``QMixer`` (float64, for the state [1.0]) whose Q_tot is table[A, A] up to about
    ``closeness`` × its range (1e-5 to 0.1).

    ``ValueError``: the table is not in the class ``qmix``. Utilities of very different sizes make each of the ``steps``
    out of one unit: the k-th best action is above the one below it by closeness^k, and a unit with a steep enough
    weight sees that step.
    """
    table = _square("table", table)
    # below, float64 no longer tells the actions apart
    closeness = errors.number("closeness", closeness, low=1e-5, high=0.1)
    place = classify(table)
    if place.kind not in ("additive", "qmix"):
        raise ValueError(f"table: expected one that a QMixer can make, got one that is only {place.kind} ({place.why})")
    n, ordered = len(table), table[np.ix_(*place.orders)]
    gaps = closeness ** np.arange(n - 1)
    ladder = np.concatenate([[0.0], gaps.cumsum()])        # [A]: worst to best
    q = torch.zeros(2, n, dtype=torch.float64)                          # utilities so close together need float64
    for i, order in enumerate(place.orders):
        q[i, list(order)] = torch.as_tensor(ladder)
    # (agent 1's slope, agent 2's slope, bias, height): max(0, slope · (x − ladder[a − 1])) is 0 below action a, then
    # about 1
    rise = [(1 / gaps[a], 0.0, -ladder[a] / gaps[a], ordered[a + 1, 0] - ordered[a, 0]) for a in range(n - 1)]
    rise += [(0.0, 1 / gaps[b], -ladder[b] / gaps[b], ordered[0, b + 1] - ordered[0, b]) for b in range(n - 1)]
    rise += [(1 / gaps[a], 1 / gaps[b], -ladder[a] / gaps[a] - ladder[b] / gaps[b] - 1,
              mixed_differences(ordered)[a, b])
             for a in range(n - 1) for b in range(n - 1)]
    units = np.array(rise)
    sharp = 1 / closeness                                               # ELU(sharp · z) / sharp is near max(0, z)
    mixer = QMixer(2, 1, embed_dim=len(units), hypernet_dim=0).double()
    heights = units[:, 3].clip(0) / sharp
    with torch.no_grad():
        for parameter in mixer.parameters():
            parameter.zero_()
        for layer, values in ((mixer.hyper_w1, sharp * units[:, :2].T.ravel()), (mixer.hyper_b1, sharp * units[:, 2]),
                              (mixer.hyper_w2, heights), (mixer.hyper_b2[-1], [ordered[0, 0]])):
            layer.bias.copy_(torch.as_tensor(values))        # the weights stay 0: every state gets the same head
    return q, mixer


# ---- small parts
# ---------------------------------------------------------------------------------------------------------

def _pairs(n: int):
    return itertools.product(itertools.permutations(range(n)), repeat=2)


def _fit(kind: str, table: np.ndarray, payoff: np.ndarray, weights: np.ndarray, orders) -> Fit:
    return Fit(kind, torch.tensor(table, dtype=torch.get_default_dtype()),
               float((weights * (table - payoff) ** 2).sum()), orders)


def _square(name: str, value) -> np.ndarray:
    """[A, A] in float64; with more than four actions there are too many pairs of orders."""
    table = errors.numbers(name, value, "a table of numbers [A, A]")
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not 2 <= len(table) <= 4:
        raise ValueError(f"{name}: expected a table [A, A] with A from 2 to 4, got shape {list(table.shape)}")
    return table


def _weights(value, payoff: np.ndarray) -> np.ndarray:
    if value is None:
        return np.ones_like(payoff)
    weights = _square("weights", value)
    if weights.shape != payoff.shape or not (weights > 0).all():
        raise ValueError(f"weights: expected numbers above 0 in the payoff's shape {list(payoff.shape)}, got "
                         f"{weights.tolist()}")
    return weights
