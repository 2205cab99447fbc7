"""Answers to 14.1."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def deviations(q, zero=None):
    """Σ_i A_i of every joint action, by broadcasting."""
    zero = q.amax(1) if zero is None else zero
    total = 0.0
    for i in range(len(q)):
        total = total + (q[i] - zero[i]).view([-1 if k == i else 1 for k in range(len(q))])
    return total


def by_loops(table, q):
    lam = torch.ones_like(table)
    v = [row.max().item() for row in q]
    for u in itertools.product(range(q.shape[1]), repeat=len(q)):
        short = sum(v[i] - q[i, u[i]].item() for i in range(len(q)))
        if short > 0:
            lam[u] = (sum(v) - table[u].item()) / short
    return lam


def by_meshgrid(table, q):
    grids = torch.meshgrid(*(q.max(dim=1, keepdim=True).values - q), indexing="ij")
    gap = torch.stack(grids).sum(0)
    lam = (table.max() - table) / gap
    lam[gap == 0] = 1.0
    return lam


def by_einsum_letters(table, q):
    a = (q - q.max(1, keepdim=True)[0]).numpy()
    total = a[0]
    for row in a[1:]:
        total = np.add.outer(total, row)
    with np.errstate(divide="ignore", invalid="ignore"):
        lam = (table.numpy() - table.max().item()) / total
    lam[total == 0] = 1
    return torch.from_numpy(lam)


def lam_with(numerator=lambda table, q: table - q.amax(1).sum(), total=deviations, at_best=1.0, after=lambda lam,
             q: lam):
    def answer(table, q):
        a = total(q)
        away = deviations(q) < 0
        return torch.where(away, after(numerator(table, q) / a, q), torch.tensor(at_best))
    return answer


def flipped_gap(table, q):
    return torch.where(deviations(q) < 0, (q.amax(1).sum() - table) / deviations(q), 1.0)


def positive_gap(table, q):                                     # V − Q below the line, table − V above it
    gap = -deviations(q)
    return torch.where(gap > 0, (table - table.max()) / gap, 1.0)


def no_where(table, q):
    return (table - table.max()) / deviations(q)


def nan_to_num(table, q):
    return no_where(table, q).nan_to_num(0.0)


def clamped(table, q):
    return no_where(table, q).nan_to_num(0.0).clamp(min=1e-10)


def sum_of_chosen(table, q):
    chosen = deviations(q) + q.amax(1).sum()
    return torch.where(deviations(q) < 0, (table - chosen) / deviations(q), 1.0)


def sum_of_chosen_zero(table, q):
    chosen = deviations(q, torch.zeros(len(q)))
    return torch.where(deviations(q) < 0, (table - chosen) / deviations(q), 0.0)


def from_the_mean(table, q):
    a = deviations(q, q.mean(1))
    return torch.where(deviations(q) < 0, (table - q.amax(1).sum()) / a, 1.0)


def counted(q):
    return -sum((q[i] < q[i].max()).double().view([-1 if k == i else 1 for k in range(len(q))]) for i in range(len(q)))


def first_only(q):
    return deviations(q) * 0 + (q[0] - q[0].max()).view([-1] + [1] * (len(q) - 1))


def last_only(q):
    return deviations(q) * 0 + (q[-1] - q[-1].max())


def small_is_zero(table, q):
    total = by_meshgrid_total(q)
    return torch.where(total.abs() < 1e-2, 1.0, (table - q.amax(1).sum()) / total)


def by_meshgrid_total(q):
    return torch.stack(torch.meshgrid(*(q - q.amax(1, keepdim=True)), indexing="ij")).sum(0)


ANSWERS = Answers(
    right=[by_loops, by_meshgrid, by_einsum_letters, lam_with()],
    wrong=[("a second best action that is nearly as good is taken for the best", small_is_zero),
           
        ("λ comes out negative", flipped_gap),
        ("λ comes out negative", positive_gap),
        ("λ comes out negative", lam_with(after=lambda lam, q: -lam, at_best=0.0)),
        ("where nobody deviates stands 0 / 0", no_where),
        ("where nobody deviates stands a 0", nan_to_num),
        ("where nobody deviates stands a 0", clamped),
        ("this is λ − 1", sum_of_chosen),
        ("this is λ − 1", sum_of_chosen_zero),
        ("the advantage is measured from the mean", from_the_mean),
        ("deviating agents are counted, not measured", lam_with(total=counted)),
        ("one agent's advantage stands for all", lam_with(total=first_only)),
        ("one agent's advantage stands for all", lam_with(total=last_only)),
        ("λ was divided among the agents once more", lam_with(after=lambda lam, q: lam / len(q))),
        ("λ was divided among the agents once more", lam_with(after=lambda lam, q: lam * len(q))),
        ("the table is not compared with V", lam_with(numerator=lambda table, q: table)),
        ("the table is not compared with V", lam_with(numerator=lambda table, q: table - q.amax(1).mean())),
        ("the fraction stands upside down", lam_with(after=lambda lam, q: 1 / lam)),
    ])
