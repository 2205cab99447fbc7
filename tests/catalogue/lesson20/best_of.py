"""Answers to 20.2."""

import itertools
import math

import numpy as np

from tests.catalogue import Answers


def by_ranks(scores, n):
    return sum(x * math.comb(i, n - 1) for i, x in enumerate(sorted(scores))) / math.comb(len(scores), n)


def by_listing(scores, n):
    if math.comb(len(scores), n) > 200_000:
        return by_ranks(scores, n)
    best = [max(each) for each in itertools.combinations(scores, n)]
    return sum(best) / len(best)


def by_differences(scores, n):
    """P(the best is at most v_i) = C(i, n) / C(N, n)."""
    v, N = np.sort(scores), len(scores)
    at_most = np.array([math.comb(i, n) / math.comb(N, n) for i in range(N + 1)])
    return float((v * np.diff(at_most)).sum())


def with_replacement(scores, n):
    v, N = np.sort(scores), len(scores)
    rank = np.arange(1, N + 1)
    return float((v * ((rank / N) ** n - ((rank - 1) / N) ** n)).sum())


def shared_once(scores, n):
    return by_ranks(sorted(set(scores)), min(n, len(set(scores))))


def quantile(scores, n):
    return sorted(scores)[min(len(scores) - 1, round(n / (n + 1) * (len(scores) - 1)))]


ANSWERS = Answers(
    right=[by_ranks, by_listing, by_differences],
    wrong=[
        ("the same try may be drawn twice", with_replacement),
        ("it is the best of all tries, whatever n is", lambda scores, n: max(scores)),
        ("only the first n tries are looked at", lambda scores, n: max(scores[:n])),
        ("it is the mean, not the best", lambda scores, n: sum(scores) / len(scores)),
        ("it is the worst of n, not the best", lambda scores, n: -by_ranks([-x for x in scores], n)),
        ("it is the mean of the n best", lambda scores, n: float(np.mean(sorted(scores)[-n:]))),
        ("equal scores count once", shared_once),
        ("the number of choices is missing", lambda scores, n: by_ranks(scores, n) * math.comb(len(scores), n)),
        ("a quantile stands in for the expectation", quantile),
    ],
)
