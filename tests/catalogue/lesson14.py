"""Answers to the exercises of lesson 14: λ for a table, the mixer, the pull, ten judgements, the lab."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers
from tests.catalogue.lesson14_lab import LAB
from tests.catalogue.lesson14_mixer import MIXER

# ---- 14.1 --------------------------------------------------------------------------------------------------------------


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


def lam_with(numerator=lambda table, q: table - q.amax(1).sum(), total=deviations, at_best=1.0, after=lambda lam, q: lam):
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


# ---- 14.3 --------------------------------------------------------------------------------------------------------------


def level(payoff, u):
    """V by trying how many of the best entries are held down."""
    order = payoff.flatten().sort(descending=True).values
    own, v = payoff[u], payoff[u]
    for k in range(1, len(order) + 1):
        if order[k - 1] > v:
            v = (own + order[:k].sum()) / (k + 1)
    return v


def pull_by_loops(payoff, u):
    v = level(payoff, u).item()
    sums = torch.zeros(payoff.dim(), len(payoff))
    for joint in itertools.product(range(len(payoff)), repeat=payoff.dim()):
        y = payoff[joint].item()
        error = v - y if joint == tuple(u) or y > v else 0.0
        for i, action in enumerate(joint):
            sums[i, action] += error
    return sums


def pull_by_bisection(payoff, u):
    low, high = payoff[u].item(), payoff.max().item()
    for _ in range(200):
        v = (low + high) / 2
        slope = (v - payoff[u]) - (payoff - v).clamp(min=0).sum()
        low, high = (v, high) if slope < 0 else (low, v)
    errors = (v - payoff).clamp(max=0)
    errors[u] = v - payoff[u]
    return sums_of(errors)


def sums_of(errors):
    n = errors.dim()
    return torch.stack([errors.sum([k for k in range(n) if k != i]) if n > 1 else errors for i in range(n)])


def pull_with(v_of=level, errors_of=None, finish=lambda sums, payoff: sums):
    def answer(payoff, u):
        v = v_of(payoff, u)
        errors = torch.minimum(payoff, torch.as_tensor(v)) - payoff
        errors[u] = v - payoff[u]
        if errors_of is not None:
            errors = errors_of(errors, payoff, v, u)
        return finish(sums_of(errors), payoff)
    return answer


def all_better(payoff, u):
    better = payoff[payoff > payoff[u]]
    return torch.cat([payoff[u].view(1), better]).mean()


def halfway(payoff, u):
    return (payoff[u] + payoff.max()) / 2


def without_u(errors, payoff, v, u):
    errors = errors.clone()
    errors[u] = 0.0
    return errors


def only_u(errors, payoff, v, u):
    kept = torch.zeros_like(errors)
    kept[u] = errors[u]
    return kept


def own_axis(payoff, u):
    right = pull_by_loops(payoff, u)
    return right.flip(0)


# ---- 14.4 --------------------------------------------------------------------------------------------------------------

TRUE = {"A": True, "B": False, "C": True, "D": False, "E": False, "F": False, "G": True, "H": True, "I": False, "J": True}


def flip(*letters):
    return {letter: said != (letter in letters) for letter, said in TRUE.items()}


CATALOGUE = {
    "14.1": Answers(
        right=[by_loops, by_meshgrid, by_einsum_letters, lam_with()],
        wrong=[
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
        ]),
    **MIXER,
    "14.3": Answers(
        right=[pull_by_loops, pull_by_bisection, pull_with()],
        wrong=[
            ("the sign is turned round", pull_with(finish=lambda sums, payoff: -sums)),
            ("the errors are averaged", pull_with(finish=lambda sums, payoff: sums / len(payoff) ** (payoff.dim() - 1))),
            ("V is what the joint action pays", pull_with(v_of=lambda payoff, u: payoff[u])),
            ("V is the largest payoff", pull_with(v_of=lambda payoff, u: payoff.max())),
            ("entries below V pull V down", pull_with(v_of=all_better)),
            ("V listens to one better entry only", pull_with(v_of=halfway)),
            ("λ is not used", pull_with(errors_of=lambda errors, payoff, v, u: v - payoff)),
            ("λ is not used", pull_with(errors_of=lambda errors, payoff, v, u: payoff.mean() - payoff)),
            ("the joint action itself has an error too", pull_with(errors_of=without_u)),
            ("the better entries have errors too", pull_with(errors_of=only_u)),
            ("the agents changed places", own_axis),
        ]),
    "14.4": Answers(
        right=[TRUE, dict(reversed(TRUE.items()))],
        wrong=[(f"{letter} is judged wrongly", flip(letter)) for letter in TRUE]
        + [("A is judged wrongly", dict.fromkeys(TRUE, False)), ("B is judged wrongly", dict.fromkeys(TRUE, True)),
           ("D is judged wrongly", flip("D", "I"))]),
    **LAB,
}
