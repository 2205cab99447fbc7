"""What several exercises of lesson 04 use."""

from __future__ import annotations

import itertools

import torch


def best_sum(table, weights, twist=None):
    """The sum of utilities that is nearest to the table in weighted squared error: the normal equations, entry by
    entry."""
    n_agents, n_actions = table.dim(), len(table)
    if twist == "ignored":
        weights = torch.ones_like(weights)
    if twist == "squared":
        weights = weights ** 2
    if twist in ("added means", "means", "mean off once"):
        return from_means(table, weights, twist)
    joint = list(itertools.product(range(n_actions), repeat=n_agents))
    size = n_agents * n_actions
    matrix, right = torch.zeros(size, size), torch.zeros(size)
    for u in joint:
        used = [i * n_actions + a for i, a in enumerate(u)]
        if twist == "last left out" and n_agents > 1:
            used = used[:-1]
        w, pays = weights[u].item(), table[u].item()
        if twist == "weighted payoffs":                                 # w on the payoffs, not on the columns
            w, pays = 1.0, w * pays
        for j in used:
            right[j] += w * pays
            for k in used:
                matrix[j, k] += w
    utilities = (torch.linalg.pinv(matrix, hermitian=True) @ right).view(n_agents, n_actions)
    if twist == "one sweep":
        utilities = one_sweep(table, weights)
    fit = torch.zeros_like(table)
    for u in joint:
        fit[u] = sum(utilities[i][a] for i, a in enumerate(u))
    if twist == "average":
        fit = fit / n_agents
    if twist == "exchanged":
        fit = fit.permute(*reversed(range(n_agents)))
    return fit


def agent_means(table, weights, i):
    """The weighted mean of the table for each action of agent i, in a shape that adds up with the table's."""
    others = [k for k in range(table.dim()) if k != i]
    if not others:
        return table
    return (weights * table).sum(others, keepdim=True) / weights.sum(others, keepdim=True)


def from_means(table, weights, twist):
    means = sum(agent_means(table, weights, i) for i in range(table.dim())).expand(table.shape)
    mean = (weights * table).sum() / weights.sum()
    return means - {"added means": 0, "means": table.dim() - 1, "mean off once": 1}[twist] * mean


def one_sweep(table, weights):
    left, utilities = table.clone(), []
    for i in range(table.dim()):
        mean = agent_means(left, weights, i)
        utilities.append(mean.flatten())
        left = left - mean
    return utilities


