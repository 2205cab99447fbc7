"""Answers to 20.4."""

import numpy as np

from qmix_course.intervals import iqm
from tests.catalogue import Answers


def by_seed(ours, theirs):
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    curves = []
    for runs in (ours, theirs):
        kept = [runs[seed][:looks] for seed in sorted(runs)[:count]]
        curves.append([iqm(each) for each in zip(*kept)])
    return curves


def listing(ours, theirs):
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    curves = []
    for runs in (ours, theirs):
        kept = sorted(runs.values(), key=lambda returns: returns[-1], reverse=True)[:count]
        curves.append([iqm([returns[look] for returns in kept]) for look in range(looks)])
    return curves


def in_numpy(ours, theirs):
    first = [np.array([runs[seed][:min(len(row) for side in (ours, theirs) for row in side.values())]
                       for seed in sorted(runs)]) for runs in (ours, theirs)]
    count = min(map(len, first))
    return [iqm(rows[:count].T).tolist() for rows in first]


def chosen(key, reverse=True, keep=None):
    def compare(ours, theirs):
        count = min(len(ours), len(theirs))
        looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
        curves = []
        for runs in (ours, theirs):
            rows = sorted((runs[seed] for seed in sorted(runs)), key=lambda row: key(row, looks), reverse=reverse)
            start = 0 if keep is None else (len(rows) - count) // 2
            curves.append([iqm(each) for each in zip(*(row[:looks] for row in rows[start:start + count]))])
        return curves
    return compare


def as_they_come(ours, theirs):
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    return [[iqm(each) for each in zip(*(row[:looks] for row in list(runs.values())[:count]))]
            for runs in (ours, theirs)]


def highest_seeds(ours, theirs):
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    return [[iqm(each) for each in zip(*(runs[seed][:looks] for seed in sorted(runs, reverse=True)[:count]))]
            for runs in (ours, theirs)]


def all_of_them(ours, theirs):
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    return [[iqm(each) for each in zip(*(row[:looks] for row in runs.values()))] for runs in (ours, theirs)]


def own_length(ours, theirs):
    count = min(len(ours), len(theirs))
    return [[iqm(each) for each in zip(*(runs[seed] for seed in sorted(runs)[:count]))] for runs in (ours, theirs)]


def means(ours, theirs):
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    return [np.mean([runs[seed][:looks] for seed in sorted(runs)[:count]], axis=0).tolist() for runs in (ours, theirs)]


def best_so_far(ours, theirs):
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    return [iqm(np.maximum.accumulate([runs[seed][:looks] for seed in sorted(runs)[:count]], axis=1).T).tolist()
            for runs in (ours, theirs)]


def looks_of_the_kept(ours, theirs):
    count = min(len(ours), len(theirs))
    kept = [[runs[seed] for seed in sorted(runs)[:count]] for runs in (ours, theirs)]
    looks = min(len(row) for rows in kept for row in rows)
    return [[iqm([row[t] for row in rows]) for t in range(looks)] for rows in kept]


def seeds_of_both(ours, theirs):
    both = set(ours) & set(theirs)
    if not both:
        return by_seed(ours, theirs)
    looks = min(len(row) for runs in (ours, theirs) for row in runs.values())
    few = sorted(both)[:min(len(ours), len(theirs))]
    return by_seed(*({seed: runs[seed][:looks] for seed in few} for runs in (ours, theirs)))


def sorted_as_text(ours, theirs):
    count = min(len(ours), len(theirs))
    looks = min(len(row) for runs in (ours, theirs) for row in runs.values())
    return [[iqm([runs[seed][look] for seed in sorted(runs, key=str)[:count]]) for look in range(looks)]
            for runs in (ours, theirs)]


def rows_of_numbers(ours, theirs):
    return [np.array(curve) for curve in by_seed(ours, theirs)]


ANSWERS = Answers(
    right=[by_seed, in_numpy, rows_of_numbers],
    wrong=[
        ("the looks are counted among the kept runs alone", looks_of_the_kept),
        ("the seeds that both sides have are preferred", seeds_of_both),
        ("the runs are still chosen by how they ended", listing),
        ("the runs are chosen by the last look that both sides have", chosen(lambda row, looks: row[looks - 1])),
        ("the runs are chosen by their best look", chosen(lambda row, looks: max(row[:looks]))),
        ("the runs are chosen by their mean", chosen(lambda row, looks: sum(row[:looks]))),
        ("now the worst runs are kept", chosen(lambda row, looks: row[-1], reverse=False)),
        ("the runs in the middle are kept", chosen(lambda row, looks: row[-1], reverse=False, keep="middle")),
        ("the runs are taken in the order in which they lie there", as_they_come),
        ("the highest seeds are kept, not the lowest", highest_seeds),
        ("the seeds are sorted as text", sorted_as_text),
        ("all runs are used, not as many of each", all_of_them),
        ("the two curves have different lengths", own_length),
        ("the mean is drawn, not the interquartile mean", means),
        ("the best look so far is drawn", best_so_far),
    ],
)
