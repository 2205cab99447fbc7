"""Answers to 14.3."""

import itertools

import torch

from tests.catalogue import Answers


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


ANSWERS = Answers(
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
    ])
