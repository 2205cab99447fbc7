"""Answers to 07.2."""

import torch

from tests.catalogue import Answers


def filled(q, available):
    return q.masked_fill(~available, -torch.inf).amax(dim=-1)


def where_max(q, available):
    return torch.where(available, q, torch.tensor(float("-inf"))).max(-1).values


def choose_then_value(q, available):
    candidates = q.clone()
    candidates[available == 0] = -float("inf")
    best = candidates.argmax(dim=2)
    return q.gather(2, best.unsqueeze(2)).squeeze(2)


def by_agent(q, available):
    B, N, _ = q.shape
    return torch.stack([torch.stack([q[b, n][available[b, n]].max() for n in range(N)]) for b in range(B)])


def lowest_float(q, available):
    lowest = torch.finfo(q.dtype).min
    return (q * available + lowest * (~available).double()).amax(-1)


def everything(q, available):
    return q.max(dim=-1)[0]


def zeroed(q, available):
    return torch.where(available, q, torch.zeros_like(q)).max(-1).values


def inverted(q, available):
    return q.masked_fill(available, float("-inf")).max(-1).values


def index_of_best(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def across_agents(q, available):
    return q.masked_fill(~available, -torch.inf).max(dim=1).values


def first_agents_mask(q, available):
    return torch.stack([q[:, n].masked_fill(~available[:, 0], -torch.inf).amax(-1) for n in range(q.shape[1])], 1)


def mask_after(q, available):
    best = q.argmax(-1, keepdim=True)
    q = q.masked_fill(~available, -torch.inf)
    return q.gather(-1, best).squeeze(-1)


def infinity_times_zero(q, available):
    penalty = (1 - available.double()) * float("-inf")
    return (q + penalty).max(-1).values


def expected(q, available):
    random_policy = available / available.sum(-1, keepdim=True)
    return (random_policy * q).sum(-1)


def worst(q, available):
    return torch.where(available, q, torch.inf).min(-1)[0]


def minus_9999999(q, available):
    return q.masked_fill(~available, -9999999).max(dim=2)[0]


def minus_1e10(q, available):
    return (q - 1e10 * (~available)).amax(-1)


def below_the_lowest_of_all(q, available):
    return torch.where(available, q, 2 * q.min() - 1).amax(-1)


def fills_in_place(q, available):
    q[~available] = -torch.inf
    return q.amax(-1)


ANSWERS = Answers(
    right=[filled, where_max, choose_then_value, by_agent, lowest_float],
    wrong=[
        ("unavailable actions are chosen too", everything),
        ("an unavailable action counts as 0", zeroed),
        ("available is turned round", inverted),
        ("the number of the best action, not its value", index_of_best),
        ("the maximum runs over the agents", across_agents),
        ("one agent's actions are allowed to all", first_agents_mask),
        ("chosen first, masked afterwards", mask_after),
        ("infinity times zero", infinity_times_zero),
        ("the mean of the available values, not the best", expected),
        ("the worst available value, not the best", worst),
        ("a number that is not low enough", minus_9999999),
        ("a number that is not low enough", minus_1e10),
        ("a number that is not low enough", below_the_lowest_of_all),
        ("your answer changes what it was given", fills_in_place),
    ],
)
