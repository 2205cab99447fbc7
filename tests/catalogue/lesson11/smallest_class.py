"""Answers to 11.1."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def every_order(table):
    smallest = 3
    for rows, columns in itertools.product(itertools.permutations(range(len(table))), repeat=2):
        ordered = table[list(rows)][:, list(columns)]
        if (ordered.diff(dim=0) >= 0).all() and (ordered.diff(dim=1) >= 0).all():
            mixed = ordered.diff(dim=0).diff(dim=1)
            smallest = min(smallest, 0 if (mixed == 0).all() else 1 if (mixed >= 0).all() else 2)
    return ["additive", "qmix", "monotone", "igm"][smallest]


def by_comparing_actions(table):
    """Sorting by means gives the only candidate; it must rise."""
    t = table.numpy()
    t = t[t.sum(1).argsort(kind="stable")]
    t = t[:, t.sum(0).argsort(kind="stable")]
    if (np.diff(t, axis=0) < 0).any() or (np.diff(t, axis=1) < 0).any():
        return "igm"
    mixed = t[1:, 1:] + t[:-1, :-1] - t[1:, :-1] - t[:-1, 1:]
    if not mixed.any():
        return "additive"
    return "qmix" if mixed.min() >= 0 else "monotone"


def best_last_or_first(table):
    """Sorted from best to worst; a mixed difference does not change when both axes are turned."""
    table = table[table.mean(1).argsort(descending=True)][:, table.mean(0).argsort(descending=True)]
    if bool((table.diff(dim=0) > 0).any()) or bool((table.diff(dim=1) > 0).any()):
        return "igm"
    mixed = table.diff(dim=1).diff(dim=0)
    return "additive" if bool((mixed == 0).all()) else "qmix" if bool((mixed >= 0).all()) else "monotone"


def all_pairs_of_pairs(table):
    """Every two actions of each agent, not only neighbours."""
    n, found = len(table), []
    for rows in itertools.permutations(range(n)):
        for columns in itertools.permutations(range(n)):
            pairs = list(itertools.combinations(range(n), 2))
            rises = all(table[rows[a], c] <= table[rows[b], c] for a, b in pairs for c in range(n))
            rises = rises and all(table[r, columns[a]] <= table[r, columns[b]] for a, b in pairs for r in range(n))
            if rises:
                mixed = [table[rows[b], columns[d]] - table[rows[b], columns[c]] - table[rows[a], columns[d]]
                         + table[rows[a], columns[c]]
                         for a, b in pairs for c, d in pairs]
                found.append(0 if all(m == 0 for m in mixed) else 1 if all(m >= 0 for m in mixed) else 2)
    return ("additive", "qmix", "monotone", "igm")[min(found, default=3)]


def judge(mixed, rises=True):
    if not rises:
        return "igm"
    return "additive" if bool((mixed == 0).all()) else "qmix" if bool((mixed >= 0).all()) else "monotone"


def ordered_by_means(table):
    return table[table.mean(1).argsort()][:, table.mean(0).argsort()]


def rises(table):
    return bool((table.diff(dim=0) >= 0).all() and (table.diff(dim=1) >= 0).all())


def as_it_stands(table):
    return judge(table.diff(dim=0).diff(dim=1), rises(table))


def unsorted_differences(table):
    return judge(table.diff(dim=0).diff(dim=1), rises(ordered_by_means(table)))


def one_order_for_both(table):
    names = ["additive", "qmix", "monotone", "igm"]
    found = []
    for order in itertools.permutations(range(len(table))):
        both = table[list(order)][:, list(order)]
        found.append(names.index(as_it_stands(both)))
    return names[min(found)]


def rows_only(table):
    found = ["igm"]
    for rows, columns in itertools.product(itertools.permutations(range(len(table))), repeat=2):
        ordered = table[list(rows)][:, list(columns)]
        if (ordered.diff(dim=0) >= 0).all():
            found.append(judge(ordered.diff(dim=0).diff(dim=1)))
    return min(found, key=["additive", "qmix", "monotone", "igm"].index)


def every_table_is_igm(table):
    best = divmod(int(table.argmax()), len(table))
    if table[best] == table.max():
        return "igm"
    return "monotone"


def qmix_before_additive(table):
    said = every_order(table)
    return "qmix" if said == "additive" else said


def decreasing(table):
    ordered = ordered_by_means(table)
    return judge(-ordered.diff(dim=0).diff(dim=1), rises(ordered))


def absolute(table):
    ordered = ordered_by_means(table)
    return judge(ordered.diff(dim=0).diff(dim=1).abs(), rises(ordered))


def monotone_is_qmix(table):
    said = every_order(table)
    return "qmix" if said == "monotone" else said


def strict_differences(table):
    ordered = ordered_by_means(table)
    mixed = ordered.diff(dim=0).diff(dim=1)
    if not rises(ordered):
        return "igm"
    return "additive" if (mixed == 0).all() else "qmix" if (mixed > 0).all() else "monotone"


def strict_rises(table):
    ordered = ordered_by_means(table)
    strictly = bool((ordered.diff(dim=0) > 0).all() and (ordered.diff(dim=1) > 0).all())
    return judge(ordered.diff(dim=0).diff(dim=1), strictly)


def any_positive(table):
    ordered = ordered_by_means(table)
    mixed = ordered.diff(dim=0).diff(dim=1)
    if not rises(ordered):
        return "igm"
    return "additive" if (mixed == 0).all() else "qmix" if (mixed > 0).any() else "monotone"


def first_square(table):
    ordered = ordered_by_means(table)
    return judge(ordered[1, 1] - ordered[1, 0] - ordered[0, 1] + ordered[0, 0], rises(ordered))


def outer_corners(table):
    ordered = ordered_by_means(table)
    return judge(ordered[-1, -1] - ordered[-1, 0] - ordered[0, -1] + ordered[0, 0], rises(ordered))


def diagonal_squares(table):
    ordered = ordered_by_means(table)
    return judge(ordered.diff(dim=0).diff(dim=1).diagonal(), rises(ordered))


def sum_of_differences(table):
    ordered = ordered_by_means(table)
    return judge(ordered.diff(dim=0).diff(dim=1).sum(), rises(ordered))


def same_axis_twice(table):
    ordered = ordered_by_means(table)
    mixed = torch.cat([ordered.diff(n=2, dim=0).flatten(), ordered.diff(n=2, dim=1).flatten()])
    return judge(mixed, rises(ordered))


def never_tested(table):
    return judge(ordered_by_means(table).diff(dim=0).diff(dim=1))


def differences_only(table):
    names = ["additive", "qmix", "monotone", "igm"]
    found = []
    for rows, columns in itertools.product(itertools.permutations(range(len(table))), repeat=2):
        found.append(judge(table[list(rows)][:, list(columns)].diff(dim=0).diff(dim=1)))
    return min(found, key=names.index)


def sorted_by_one_line(table):
    table = table[table[:, 0].argsort(stable=True)][:, table[0].argsort(stable=True)]
    return judge(table.diff(dim=0).diff(dim=1), rises(table))


def by_their_best(table):
    table = table[table.amax(1).argsort(stable=True)][:, table.amax(0).argsort(stable=True)]
    return judge(table.diff(dim=0).diff(dim=1), rises(table))


def either_sign(table):
    said = every_order(table)
    return "qmix" if said == "monotone" and every_order(-table) != "monotone" else said


def rounded(table):
    return every_order(table.round())


def in_quarters(table):
    return every_order((4 * table).long())


def best_corner_only(table):
    """Looks at the two best actions of each agent."""
    ordered = ordered_by_means(table)
    return every_order(ordered[-2:, -2:])


def never_igm(table):
    said = every_order(table)
    return "monotone" if said == "igm" else said


def negative_entries_are_igm(table):
    return every_order(table) if bool((table >= 0).all()) else "igm"


def small_falls_are_forgiven(table):
    """A tolerance where the text says that none is needed."""
    ordered = ordered_by_means(table)
    mixed = ordered.diff(dim=0).diff(dim=1)
    if not rises(ordered):
        return "igm"
    return "additive" if (mixed == 0).all() else "qmix" if (mixed > -0.3).all() else "monotone"


def quarters_must_matter(table):
    ordered = ordered_by_means(table)
    mixed = ordered.diff(dim=0).diff(dim=1)
    if not rises(ordered):
        return "igm"
    return "additive" if (mixed == 0).all() else "qmix" if (mixed > 0.3).any() and (mixed >= 0).all() else "monotone"


def close_is_additive(table):
    ordered = ordered_by_means(table)
    mixed = ordered.diff(dim=0).diff(dim=1)
    return "additive" if rises(ordered) and (mixed >= 0).all() and (mixed < 0.3).all() else judge(mixed, rises(ordered))


def by_means(falls):
    """Sorted by means, and ``falls`` says whether the table falls somewhere."""
    def answer(table):
        ordered = ordered_by_means(table)
        return judge(ordered.diff(dim=0).diff(dim=1), not falls(ordered))

    return answer


rows_after_sorting = by_means(lambda ordered: (ordered.diff(dim=0) < 0).any())
columns_after_sorting = by_means(lambda ordered: (ordered.diff(dim=1) < 0).any())
both_after_sorting = by_means(lambda ordered: (ordered.diff(dim=0) < 0).any() and (ordered.diff(dim=1) < 0).any())
small_steps_down = by_means(lambda ordered: (ordered.diff(dim=0) < -1).any() or (ordered.diff(dim=1) < -1).any())


ANSWERS = Answers(
    right=[every_order, by_comparing_actions, best_last_or_first, all_pairs_of_pairs, in_quarters],
    wrong=[
        ("the actions are taken in the order in which they are numbered", as_it_stands),
        ("the mixed differences are taken before sorting", unsorted_differences),
        ("both agents are sorted by the same order", one_order_for_both),
        ("only one agent's steps are tested for falls", rows_only),
        ("the largest class, not the smallest", every_table_is_igm),
        ("a sum is not told apart", qmix_before_additive),
        ("the sign of the mixed difference is turned around", decreasing),
        ("the sign of the mixed difference is lost", absolute),
        ("the sign of the mixed difference is lost", monotone_is_qmix),
        ("a mixed difference of zero is counted as a fall", strict_differences),
        ("a level stretch is counted as a fall", strict_rises),
        ("one positive mixed difference is enough for your answer", any_positive),
        ("only the first mixed difference is looked at", first_square),
        ("only the four outer corners are looked at", outer_corners),
        ("only the four outer corners are looked at", sum_of_differences),
        ("only the squares on the diagonal are looked at", diagonal_squares),
        ("one agent's own steps are compared, not how they depend on the other", same_axis_twice),
        ("sorted by means, and never tested for falls", never_tested),
        ("mixed differences alone decide, in whatever order", differences_only),
        ("sorted by one row and one column only", sorted_by_one_line),
        ("sorted by the best that each action can pay", by_their_best),
        ("mixed differences of either sign are accepted", either_sign),
        ("quarters are rounded away", rounded),
        ("a table that rises in no order is put into a smaller class", never_igm),
        ("a table that rises in no order is put into a smaller class", rows_after_sorting),
        ("a table that rises in no order is put into a smaller class", columns_after_sorting),
        ("a table that rises in no order is put into a smaller class", both_after_sorting),
        ("a table that rises in no order is put into a smaller class", small_steps_down),
        ("a table that rises in some order is put into the largest class", negative_entries_are_igm),
        ("a negative mixed difference goes unnoticed", small_falls_are_forgiven),
        ("a table that QMIX can make is refused", quarters_must_matter),
        ("additive and qmix are confused", close_is_additive),
        ("a negative mixed difference goes unnoticed", best_corner_only),
    ],
)
