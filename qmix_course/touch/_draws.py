"""How many seeds: small studies, drawn again and again from many runs of two methods."""

from __future__ import annotations

from qmix_course import errors, intervals
from qmix_course.touch._piece import Piece

FEWEST, MOST, BEGIN = 2, 40, 3          # seeds on each side: least, most, at the start


def draws(pools: dict) -> Piece:
    """Studies of a few seeds each, drawn without replacement from ``pools``: two names and their scores[K] from 0 to 1,
    the first one the baseline, K at least 80. Shown: the runs, the difference of the interquartile means with its 95%
    bootstrap interval (1,000 samples), and a count of what such studies would have concluded."""
    errors.instance("pools", pools, dict)
    if len(pools) != 2 or not all(isinstance(name, str) and name for name in pools):
        raise ValueError(f"pools: expected two names and their scores, got {errors.describe(pools)}")
    scores = {}
    for name, each in pools.items():
        each = errors.numbers(f"pools[{name!r}]", each, "a list of scores")
        if each.ndim != 1 or len(each) < 2 * MOST or each.min() < 0 or each.max() > 1:
            raise ValueError(f"pools[{name!r}]: expected at least {2 * MOST} scores from 0 to 1, got "
                             f"{errors.describe(pools[name])}")
        scores[name] = each.round(4)
    data = {"names": list(scores), "pools": [each.tolist() for each in scores.values()],
            "iqm": [round(intervals.iqm(each), 2) for each in scores.values()], "seeds": [FEWEST, MOST, BEGIN]}
    return Piece(("draws",), data, "small studies drawn from many runs of two methods: how often does the conclusion "
                                   "change with the seeds?")
