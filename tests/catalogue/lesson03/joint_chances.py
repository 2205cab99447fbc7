"""Answers to 03.1."""

import itertools

import torch

from tests.catalogue import Answers


def own(q, available, epsilon):
    """[N, A]: how often each agent plays each action."""
    best = torch.nn.functional.one_hot(q.masked_fill(~available, -torch.inf).argmax(1), q.shape[1])
    return (1 - epsilon) * best + epsilon * available / available.sum(1, keepdim=True)


def product(rows):
    table = rows[0]
    for row in rows[1:]:
        table = table.unsqueeze(-1) * row
    return table


def by_products(q, available, epsilon):
    return product(own(q, available, epsilon))


def by_einsum(q, available, epsilon):
    letters = "abcdef"[:len(q)]
    return torch.einsum(",".join(letters) + "->" + letters, *own(q, available, epsilon))


def by_entries(q, available, epsilon):
    n, actions = q.shape
    table = torch.zeros([actions] * n)
    for u in itertools.product(range(actions), repeat=n):
        chance = 1.0
        for i, a in enumerate(u):
            allowed = [k for k in range(actions) if available[i, k]]
            best = max(allowed, key=lambda k, i=i: float(q[i, k]))
            chance *= (epsilon / len(allowed) if a in allowed else 0.0) + (1 - epsilon if a == best else 0.0)
        table[u] = chance
    return table


def rows_by(rule):
    return lambda q, available, epsilon: product(rule(q, available, epsilon))


def greedy_rows(q, available):
    return own(q, available, 0.0)


def one_coin(q, available, epsilon):
    return (1 - epsilon) * product(own(q, available, 0.0)) + epsilon * product(own(q, available, 1.0))


def without_best(q, available, epsilon):
    best = greedy_rows(q, available)
    count = available.sum(1, keepdim=True)
    others = (available & (best == 0)) / (count - 1).clamp(min=1)
    return torch.where(count == 1, best, (1 - epsilon) * best + epsilon * others)


def not_drawn(q, available, epsilon):
    best = greedy_rows(q, available)
    return torch.where(best == 1, 1 - epsilon, own(q, available, epsilon))


def over_all(q, available, epsilon):
    return (1 - epsilon) * greedy_rows(q, available) + epsilon / q.shape[1]


def unmasked(q, available, epsilon):
    return own(q, torch.ones_like(available), epsilon)


def best_of(values):
    def rule(q, available, epsilon):
        best = torch.nn.functional.one_hot(values(q, available).argmax(1), q.shape[1])
        return (1 - epsilon) * best + epsilon * available / available.sum(1, keepdim=True)
    return rule


def averaged(q, available, epsilon):
    rows, n = own(q, available, epsilon), len(q)
    return sum(row.view([-1 if k == i else 1 for k in range(n)]) for i, row in enumerate(rows)).expand(
        [q.shape[1]] * n) / n


def rarest(q, available, epsilon):
    table = own(q, available, epsilon)[0]
    for row in own(q, available, epsilon)[1:]:
        table = torch.minimum(table.unsqueeze(-1), row)
    return table


def reversed_agents(q, available, epsilon):
    return by_products(q.flip(0), available.flip(0), epsilon)


ANSWERS = Answers(
    right=[by_products, by_einsum, by_entries],
    wrong=[("one coin decides for the whole team", one_coin),
           ("a random action is never the best one", rows_by(without_best)),
           ("the chances do not add up to 1", rows_by(not_drawn)),
           ("random draws fall on unavailable actions too", rows_by(over_all)),
           ("the mask is not used", rows_by(unmasked)),
           ("the best action may be one that cannot be taken", rows_by(best_of(lambda q, available: q))),
           ("the mask is multiplied in", rows_by(best_of(lambda q, available: q * available))),
           ("the stand-in for an unavailable action is not low enough",
            rows_by(best_of(lambda q, available: q.masked_fill(~available, -1e3)))),
           ("the stand-in for an unavailable action is not low enough",
            rows_by(best_of(lambda q, available: torch.where(available, q, 2 * q.min() - 1)))),
           ("ε and 1 − ε are exchanged", lambda q, available, epsilon: by_products(q, available, 1 - epsilon)),
           ("all agents have the first agent's chances",
            lambda q, available, epsilon: product(own(q, available, epsilon)[:1].expand_as(q))),
           ("the agents' chances stand side by side, and are not put together", own),
           ("the agents' chances are averaged", averaged),
           ("the rarest agent's chance is taken for the team's", rarest),
           ("the agents' axes stand in the wrong order", reversed_agents)])
