"""Answers to 04.3."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def monotone_by_sorting(table, q):
    for i in range(len(q)):
        order = q[i].argsort()
        steps = table.index_select(i, order).diff(dim=i).movedim(i, 0)
        if (steps < 0).any() or (steps[q[i][order].diff() == 0] != 0).any():
            return False
    return True


def monotone_by_pairs(table, q):
    n_agents, n_actions = q.shape
    joint = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)
    chosen = q[torch.arange(n_agents), joint]
    below = (chosen.unsqueeze(1) <= chosen.unsqueeze(0)).all(-1)
    flat = table.flatten()
    return not (below & (flat.unsqueeze(1) > flat.unsqueeze(0))).any()


def monotone_with_a_dictionary(table, q):
    seen = {}
    joint = list(itertools.product(range(q.shape[1]), repeat=q.shape[0]))
    for u in joint:
        key = tuple(q[i, a].item() for i, a in enumerate(u))
        if seen.setdefault(key, table[u].item()) != table[u].item():
            return False
    return all(seen[x] <= seen[y] for x in seen for y in seen if all(a <= b for a, b in zip(x, y)))


def monotone_by_groups(table, q):
    """One representative for each group of equal utilities."""
    for i in range(len(q)):
        moved = table.movedim(i, 0)
        levels, which = q[i].unique(return_inverse=True)
        groups = [moved[which == k] for k in range(len(levels))]
        if any((group != group[0]).any() for group in groups):
            return np.bool_(False)
        if (torch.stack([group[0] for group in groups]).diff(dim=0) < 0).any():
            return np.bool_(False)
    return np.bool_(True)


def monotone_both_ways(table, q):
    """Two sorts: ties in one order and in the other."""
    for way in (1, -1):
        sorted_table = table
        for i, row in enumerate(q):
            position = sorted(range(len(row)), key=lambda a: (row[a].item(), way * a))
            sorted_table = sorted_table.index_select(i, torch.tensor(position))
        if any((sorted_table.diff(dim=i) < -1e-12).any() for i in range(table.dim())):
            return torch.tensor(False)
    return torch.tensor(True)


def unsorted(table, q):
    return all(bool((table.diff(dim=i) >= 0).all()) for i in range(table.dim()))


def any_order(table, q):
    def rises(t):
        return all((t.diff(dim=i) >= 0).all() for i in range(t.dim()))

    if table.dim() == 1:
        return True
    orders = list(itertools.permutations(range(len(table))))
    for choice in itertools.product(orders, repeat=table.dim()):
        t = table
        for i, order in enumerate(choice):
            t = t.index_select(i, torch.tensor(order))
        if rises(t):
            return True
    return False


def descending(table, q):
    for i in range(len(q)):
        steps = table.movedim(i, 0)[q[i].argsort(descending=True)].diff(dim=0)
        ties = q[i].sort(descending=True)[0].diff() == 0
        if (steps < 0).any() or (steps[ties] != 0).any():
            return False
    return True


def ranks_for_order(table, q):
    for i in range(len(q)):
        rank = q[i].argsort().argsort()
        if (table.movedim(i, 0)[rank].diff(dim=0) < 0).any():
            return False
    return True


def one_order(table, q):
    order = q[0].argsort()
    level = q[0][order].diff() == 0
    for i in range(len(q)):
        steps = table.movedim(i, 0)[order].diff(dim=0)
        if (steps < 0).any() or (steps[level] != 0).any():
            return False
    return True


def first_agent(table, q):
    order = q[0].argsort()
    steps = table[order].diff(dim=0)
    return not (steps < 0).any() and not (steps[q[0][order].diff() == 0] != 0).any()


def two_agents(table, q):
    return monotone_by_pairs_of(table, q, range(min(len(q), 2)))


def monotone_by_pairs_of(table, q, agents):
    for i in agents:
        order = q[i].argsort()
        steps = table.movedim(i, 0)[order].diff(dim=0)
        if (steps < 0).any() or (steps[q[i][order].diff() == 0] != 0).any():
            return False
    return True


def any_agent(table, q):
    return any(monotone_by_pairs_of(table, q, [i]) for i in range(len(q)))


def no_thought_of_ties(table, q):
    for i in range(len(q)):
        if (table.movedim(i, 0)[q[i].argsort(stable=True)].diff(dim=0) < 0).any():
            return False
    return True


def ties_of_the_first_agent(table, q):
    for i in range(len(q)):
        order = q[i].argsort(stable=True)
        steps = table.movedim(i, 0)[order].diff(dim=0)
        if (steps < 0).any() or i == 0 and (steps[q[i][order].diff() == 0] != 0).any():
            return False
    return True


def ties_skipped(table, q):
    for i in range(len(q)):
        moved = table.movedim(i, 0)
        for a, b in itertools.permutations(range(q.size(1)), 2):
            if q[i, a] < q[i, b] and (moved[a] > moved[b]).any():
                return False
    return True


def strictly(table, q):
    for i in range(len(q)):
        moved = table.movedim(i, 0)
        for a, b in itertools.permutations(range(q.size(1)), 2):
            if q[i, a] < q[i, b] and not (moved[a] < moved[b]).all():
                return False
            if q[i, a] == q[i, b] and not (moved[a] == moved[b]).all():
                return False
    return True


def together(table, q):
    n_agents, n_actions = q.shape
    joint = list(itertools.product(range(n_actions), repeat=n_agents))
    for u in joint:
        for v in joint:
            if all(q[i, u[i]] < q[i, v[i]] for i in range(n_agents)) and table[u] > table[v]:
                return False
    return True


def others_at_their_best(table, q):
    best = q.argmax(1).tolist()
    for i in range(len(q)):
        place = [*best[:i], slice(None), *best[i + 1:]]
        order = q[i].argsort()
        steps = table[tuple(place)][order].diff()
        if (steps < 0).any() or (steps[q[i][order].diff() == 0] != 0).any():
            return False
    return True


def means_rise(table, q):
    for i in range(len(q)):
        means = table.movedim(i, 0).reshape(len(table), -1).mean(1)
        if (means[q[i].argsort(stable=True)].diff() < -1e-9).any():
            return False
    return True


def sorted_by_the_sum(table, q):
    total = torch.zeros(())
    for row in q:
        total = total.unsqueeze(-1) + row
    return bool((table.flatten()[total.flatten().argsort(stable=True)].diff() >= 0).all())


def only_igm(table, q):
    return bool(table[tuple(q.argmax(1))] >= table.max())


def is_the_sum(table, q):
    total = torch.zeros(())
    for row in q:
        total = total.unsqueeze(-1) + row
    return torch.allclose(total, table)


def monotone(fall=0.0, tie=0.0, level=0.0):
    """A fall of at most ``fall`` is none, ``tie``: so far apart may entries be, ``level``: so far apart are utilities
    still equal."""
    def answer(table, q):
        for i, utilities in enumerate(q):
            order = utilities.argsort()
            steps, gaps = table.movedim(i, 0)[order].diff(dim=0), utilities[order].diff()
            if (steps < -fall).any() or (steps[gaps <= level].abs() > max(tie, fall)).any():
                return False
        return True
    return answer


def first_tie_only(table, q):
    for i, utilities in enumerate(q):
        order = utilities.argsort()
        steps, tied = table.movedim(i, 0)[order].diff(dim=0), utilities[order].diff() == 0
        if (steps[~tied] < 0).any() or (steps[tied][:1] != 0).any():
            return False
    return True


ANSWERS = Answers(
    right=[monotone_by_sorting, monotone_by_pairs, monotone_with_a_dictionary, monotone_both_ways, monotone_by_groups,
           monotone()],
    wrong=[
        *[("a small fall is overlooked", monotone(fall=small)) for small in (0.1, 0.05, 1e-3, 1e-6, 1e-8)],
        *[("two actions with equal utilities have different entries", monotone(tie=small))
          for small in (0.05, 1e-6, 1e-8)],
        *[("two utilities that differ a little count as equal", monotone(level=small)) for small in (0.05, 1e-6, 1e-8)],
        ("the table is tested as it stands, without the utilities", unsorted),
        ("some other order is right, but the utilities are given", any_order),
        ("sorted the wrong way round", descending),
        ("ranks are used where an order is needed", ranks_for_order),
        ("one agent's order is used for all", one_order),
        ("only the first agent is looked at", first_agent),
        ("only two agents are looked at", two_agents),
        ("one agent that rises is enough for your answer", any_agent),
        ("two actions with equal utilities have different entries", no_thought_of_ties),
        ("two actions with equal utilities have different entries", ties_skipped),
        ("two actions with equal utilities have different entries", ties_of_the_first_agent),
        ("two actions with equal utilities have different entries", first_tie_only),
        ("a level stretch is counted as a fall", strictly),
        ("only steps in which all utilities rise together are tested", together),
        ("the others are left at their best actions only", others_at_their_best),
        ("the means rise, but not every entry does", means_rise),
        ("entries are compared that need not be ordered", sorted_by_the_sum),
        ("IGM was tested, which is less", only_igm),
        ("the table is held against the sum of the utilities", is_the_sum),
    ],
)
