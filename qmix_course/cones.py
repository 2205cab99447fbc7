"""Least squares over tables that are a sum, never fall, or have increasing differences: the arithmetic behind
representation.py.

Tables and weights are float64 arrays [A, A], the actions of both agents already in order, from worst to best.
"""

from __future__ import annotations

import itertools

import numpy as np


def mixed_differences(table):
    """T[i+1, j+1] − T[i+1, j] − T[i, j+1] + T[i, j]: table[A, A] → [A−1, A−1], as a tensor or an array. Nowhere
    negative: increasing differences."""
    return table[1:, 1:] - table[1:, :-1] - table[:-1, 1:] + table[:-1, :-1]


def best_sum(payoff: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The nearest Q_1(u1) + Q_2(u2): weighted least squares."""
    n = len(payoff)
    one_hot = np.eye(n)
    design = np.concatenate([one_hot.repeat(n, 0), np.tile(one_hot, (n, 1))], 1)                     # [A·A, 2A]
    root = np.sqrt(weights).ravel()
    utilities = np.linalg.lstsq(root[:, None] * design, root * payoff.ravel(), rcond=None)[0]
    return (design @ utilities).reshape(n, n)


def best_supermodular(payoff: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The nearest table that never falls, as it stands, and has increasing differences: non-negative least squares.

    Such a table is a constant plus a non-negative combination of ``steps``, in exactly one way: the numbers are its
    rises along the first row and column and its mixed differences.
    """
    design = steps(len(payoff)).reshape(-1, payoff.size).T                                           # [A·A, blocks]
    root = np.sqrt(weights).ravel()
    # Of the constant we know only that it leaves no mean error, whatever the steps: take the weighted means out.
    share = weights.ravel() / weights.sum()
    centred = design - share @ design
    heights = nnls(root[:, None] * centred, root * (payoff.ravel() - share @ payoff.ravel()))
    return (share @ payoff.ravel() + centred @ heights).reshape(payoff.shape)


def steps(n: int) -> np.ndarray:
    """The building blocks 1[i ≥ a], 1[j ≥ b] and 1[i ≥ a, j ≥ b] for a, b from 1 to n − 1: [(n−1)(n+1), n, n]."""
    up = (np.arange(n) >= np.arange(1, n)[:, None]).astype(float)                                    # [n − 1, n]
    whole = np.ones(n)
    blocks = [np.outer(a, whole) for a in up] + [np.outer(whole, b) for b in up]
    return np.array(blocks + [np.outer(a, b) for a in up for b in up]).reshape(-1, n, n)


def nnls(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """x ≥ 0 with the least |matrix x − target|², exactly, by active sets (Lawson & Hanson 1974, chapter 23).

    At the end no column that is in use pulls either way, and no other one would help: the conditions of an optimum.
    """
    tiny = 1e-12 * (1 + np.abs(matrix).max()) * (1 + np.abs(target).max()) * len(target)
    x, used = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1], dtype=bool)
    for _ in range(30 * (1 + len(x))):
        pull = matrix.T @ (target - matrix @ x)
        pull[used] = -np.inf
        if not len(pull) or pull.max() <= tiny:
            return x
        used[pull.argmax()] = True
        while True:
            free = np.zeros_like(x)
            free[used] = np.linalg.lstsq(matrix[:, used], target, rcond=None)[0]
            below = used & (free <= 0)
            if not below.any():
                break
            share = (x[below] / (x[below] - free[below])).min()         # go as far towards it as x ≥ 0 allows
            x += share * (free - x)
            used &= x > 1e-14 * (1 + x.max())
            x[~used] = 0.0
        x = free
    raise RuntimeError("nnls: the active set did not settle")


def best_rising(payoff: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The nearest table that never falls, as it stands: isotonic regression by the max–min formula.

    fit(x) = the largest, over upper sets U with x, of the smallest, over lower sets L with x, mean of the payoff over U
    ∩ L (Robertson, Wright & Dykstra 1988, theorem 1.4.4).
    """
    upper = staircases(len(payoff))                                                                  # [U, A·A]
    lower = 1.0 - upper        # the same, from below
    upper, lower = upper[upper.any(1)], lower[lower.any(1)]
    with np.errstate(invalid="ignore"):        # sets that do not meet have no mean, and are never asked
        mean = (upper * (weights * payoff).ravel()) @ lower.T / ((upper * weights.ravel()) @ lower.T)
    fit = [mean[np.ix_(upper[:, k] > 0, lower[:, k] > 0)].min(1).max() for k in range(payoff.size)]
    return np.array(fit).reshape(payoff.shape)


def staircases(n: int) -> np.ndarray:
    """All upper sets of the n × n cells, as zeros and ones [C(2n, n), n·n]: in row i the cells from some column on,
    and further to the left the further down."""
    starts = itertools.combinations_with_replacement(range(n, -1, -1), n)        # never rises from row to row
    return np.array([[[float(j >= start) for j in range(n)] for start in each] for each in starts]).reshape(-1, n * n)
