"""Answers to 21.1."""

import math

from tests.catalogue import Answers


def solved(shares, part, wanted):
    left = 1 / wanted - (1 - shares[part])
    return shares[part] / left if left > 0 else math.inf


def searched(shares, part, wanted):
    """By halving: how long may the part take?"""
    others = sum(share for name, share in shares.items() if name != part)
    if others * wanted >= 1:
        return float("inf")
    low, high = 0.0, shares[part]
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (others + middle) * wanted <= 1 else (low, middle)
    return shares[part] / low


def crossed_out(shares, part, wanted):
    p = shares[part]
    under = 1 - wanted * (1 - p)
    return math.inf if under <= 0 else wanted * p / under


def beyond(shares, part, wanted):
    left = 1 / wanted - (1 - shares[part])
    return shares[part] / left if left else math.inf


def guarded(shares, part, wanted):
    """So little time is left that it is called none."""
    left = 1 / wanted - (1 - shares[part])
    return shares[part] / left if left > 1e-6 else math.inf


def the_limit(shares, part, wanted):
    right = solved(shares, part, wanted)
    return right if right < math.inf else 1 / (1 - shares[part])


def less_time(shares, part, wanted):
    left = shares[part] - (wanted - 1)
    return shares[part] / left if left > 0 else math.inf


ANSWERS = Answers(
    right=[solved, searched, crossed_out],
    wrong=[
        ("the part is made as fast as the whole is wanted", lambda shares, part, wanted: wanted),
        ("the wish is divided by the share", lambda shares, part, wanted: wanted / shares[part]),
        ("gains are taken to be in proportion to the share",
         lambda shares, part, wanted: 1 + (wanted - 1) / shares[part]),
        ("a speed-up of x is taken for x less time", less_time),
        ("more is wanted than the part can bring", beyond),
        ("a very large factor is called none", guarded),
        ("it is the limit of the whole, not the factor of the part", the_limit),
        ("it is the share of time that is left, not the factor",
         lambda shares, part, wanted: 1 / solved(shares, part, wanted) if solved(shares, part, wanted) < math.inf
         else math.inf),
    ],
)
