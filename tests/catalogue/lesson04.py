"""Answers to the exercises of lesson 04: IGM, rings and monotone tables. The fits are in lesson04_fits."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers
from tests.catalogue.lesson04_fits import FITS

# ---- 04.1 --------------------------------------------------------------------------------------------------------------


def igm_masked_fill(tables, q, available):
    own_choice = q.masked_fill(~available, -torch.inf).argmax(-1)
    reached = tables[torch.arange(len(tables)), own_choice[:, 0], own_choice[:, 1]]
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return reached >= tables.masked_fill(~both, -torch.inf).amax((1, 2))


def igm_loops(tables, q, available):
    result = []
    for table, utilities, may in zip(tables, q, available):
        actions = [[a for a in range(q.shape[-1]) if may[i, a]] for i in range(2)]
        u1, u2 = (max(actions[i], key=lambda a: utilities[i, a].item()) for i in range(2))
        result.append(all(table[u1, u2] >= table[v1, v2] for v1 in actions[0] for v2 in actions[1]))
    return torch.tensor(result)


def igm_flat(tables, q, available):
    n_actions = q.size(-1)
    scores = torch.where(available, q, torch.full_like(q, float("-inf")))
    joint = scores[:, 0].argmax(1) * n_actions + scores[:, 1].argmax(1)
    mask = torch.einsum("bi,bj->bij", available[:, 0].double(), available[:, 1].double()).bool()
    flat = torch.where(mask, tables, -torch.inf).flatten(1)
    return flat.gather(1, joint[:, None]).squeeze(1) == flat.max(1).values


def igm_no_regret(tables, q, available):
    """No playable entry is larger than the one that is reached."""
    best = np.where(available.numpy(), q.numpy(), -np.inf).argmax(2)
    reached = tables.numpy()[np.arange(len(q)), best[:, 0], best[:, 1]]
    playable = available.numpy()[:, 0, :, None] * available.numpy()[:, 1, None, :]
    better = (tables.numpy() > reached[:, None, None]) & playable
    return torch.from_numpy(~better.any((1, 2)))


def igm_as_in_the_lesson(tables, q, available):
    result = []
    for table, utilities in zip(tables, q):
        own_choice = tuple(utilities.argmax(1))
        result.append(bool(table[own_choice] >= table.max() - 1e-12))
    return torch.tensor(result)


def igm_free_agents(tables, q, available):
    a, b = q.argmax(-1).T
    mask = available[:, 0].unsqueeze(2) & available[:, 1].unsqueeze(1)
    return tables[range(len(q)), a, b] >= tables.masked_fill(~mask, -1e9).flatten(1).max(1)[0]


def igm_free_maximum(tables, q, available):
    q = q.masked_fill(~available, -torch.inf)
    a, b = q.argmax(-1).unbind(1)
    return tables[torch.arange(len(q)), a, b] == tables.amax((-1, -2))


def igm_or(tables, q, available):
    a, b = q.masked_fill(~available, -torch.inf).argmax(-1).unbind(1)
    either = available[:, 0, :, None] | available[:, 1, None, :]
    return tables[torch.arange(len(q)), a, b] >= tables.masked_fill(~either, -torch.inf).amax((1, 2))


def stand_in(number):
    def answer(tables, q, available):
        a, b = q.masked_fill(~available, number).argmax(-1).unbind(1)
        both = available[:, 0, :, None] & available[:, 1, None, :]
        return tables[torch.arange(len(q)), a, b] >= tables.masked_fill(~both, number).amax((1, 2))

    answer.__name__ = f"stand_in_{number:g}"
    return answer


def igm_penalty(tables, q, available):
    a, b = (q - 1e9 * ~available).argmax(-1).unbind(1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), a, b] >= (tables - 1e9 * ~both).amax((1, 2))


def margin(width):
    def answer(tables, q, available):
        a, b = q.masked_fill(~available, -torch.inf).argmax(-1).unbind(1)
        both = available[:, 0, :, None] & available[:, 1, None, :]
        return tables[torch.arange(len(q)), a, b] >= tables.masked_fill(~both, -torch.inf).amax((1, 2)) - width

    answer.__name__ = f"margin_{width}"
    return answer


def igm_times_mask(tables, q, available):
    a, b = (q * available).argmax(-1).unbind(1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), a, b] >= tables.masked_fill(~both, -torch.inf).amax((1, 2))


def igm_table_times_mask(tables, q, available):
    a, b = q.masked_fill(~available, -torch.inf).argmax(-1).unbind(1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), a, b] >= (tables * both).amax((1, 2))


def igm_both_times_mask(tables, q, available):
    a, b = (q * available).argmax(-1).unbind(1)
    tables = tables * (available[:, 0, :, None] & available[:, 1, None, :])
    return tables[torch.arange(len(q)), a, b] >= tables.amax((1, 2))


def igm_minus_99(tables, q, available):
    a, b = q.masked_fill(~available, -99).argmax(-1).unbind(1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), a, b] >= tables.masked_fill(~both, -99).amax((1, 2))


def igm_positions(tables, q, available):
    n = q.size(-1)
    own = q.masked_fill(~available, -torch.inf).argmax(-1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    best = tables.masked_fill(~both, -torch.inf).flatten(1).argmax(1)
    return (best // n == own[:, 0]) & (best % n == own[:, 1])


def igm_each_alone(tables, q, available):
    own = q.masked_fill(~available, -torch.inf).argmax(-1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    tables = tables.masked_fill(~both, -torch.inf)
    best = tables.amax((1, 2))
    rows, columns = tables.amax(2), tables.amax(1)
    at = torch.arange(len(q))
    return (rows[at, own[:, 0]] == best) & (columns[at, own[:, 1]] == best)


def igm_no_single_switch(tables, q, available):
    result = []
    for table, utilities, may in zip(tables, q, available):
        u1, u2 = utilities.masked_fill(~may, -torch.inf).argmax(-1)
        result.append(bool((table[u1, u2] >= table[u1][may[1]]).all() and (table[u1, u2] >= table[:, u2][may[0]]).all()))
    return torch.tensor(result)


def igm_argmax_over_agents(tables, q, available):
    own = q.masked_fill(~available, -torch.inf).argmax(1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), own[:, 0], own[:, 1]] >= tables.masked_fill(~both, -torch.inf).amax((1, 2))


def igm_strictly(tables, q, available):
    own = q.masked_fill(~available, -torch.inf).argmax(-1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), own[:, 0], own[:, 1]] > tables.masked_fill(~both, -torch.inf).amax((1, 2))


def igm_misses(tables, q, available):
    return ~igm_masked_fill(tables, q, available)


def igm_masks_exchanged(tables, q, available):
    own = q.masked_fill(~available, -torch.inf).argmax(-1)
    both = available[:, 1, :, None] & available[:, 0, None, :]
    return tables[torch.arange(len(q)), own[:, 0], own[:, 1]] >= tables.masked_fill(~both, -torch.inf).amax((1, 2))


def igm_exchanged(tables, q, available):
    own = q.masked_fill(~available, -torch.inf).argmax(-1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), own[:, 1], own[:, 0]] >= tables.masked_fill(~both, -torch.inf).amax((1, 2))


def igm_sum_of_maxima(tables, q, available):
    both = available[:, 0, :, None] & available[:, 1, None, :]
    best = tables.masked_fill(~both, -torch.inf).amax((1, 2))
    return torch.isclose(q.masked_fill(~available, -torch.inf).amax(-1).sum(-1), best)


def igm_one_answer(tables, q, available):
    return bool(igm_masked_fill(tables, q, available).all())


def igm_one_maximum(tables, q, available):
    own = q.masked_fill(~available, -torch.inf).argmax(-1)
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return tables[torch.arange(len(q)), own[:, 0], own[:, 1]] >= tables[both].max()


def igm_masks_in_place(tables, q, available):
    q[~available] = -torch.inf
    return igm_masked_fill(tables, q, available)


# ---- 04.2 --------------------------------------------------------------------------------------------------------------

GOOD = {"additive": [[0, 1, 2], [10, 11, 12], [20, 21, 22]], "monotone": [[0, 1, 2], [10, 11, 12], [20, 21, 99]],
        "igm": [[9, 1, 2], [3, 8, 4], [5, 6, 7]], "utilities": [[1, 0, 0], [1, 0, 0]]}
SORTED_OTHERWISE = {"additive": torch.tensor([[0.3], [-0.9], [4.0]]) + torch.tensor([0.1, 7.0, -0.2]),
                    "monotone": np.array([[8.0, 2.0, 7.0], [1.0, 0.0, 0.5], [5.0, 1.5, 4.0]]),
                    "igm": torch.tensor([[1, 2, 3], [6, 5, 4], [7, 9, 8]]), "utilities": np.array([[0, 1, 2.5], [-1, 4, -2.0]])}

# ---- 04.3 --------------------------------------------------------------------------------------------------------------


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


def igm(utility=-torch.inf, entry=-torch.inf, holds=torch.ge, both=torch.logical_and):
    """Fills what is not available with ``utility`` and ``entry``, and compares what is reached by ``holds``."""
    def answer(tables, q, available):
        fill = utility(q)[..., None] if callable(utility) else torch.full((*q.shape[:-1], 1), float(utility))
        own = torch.where(available, q, fill).argmax(-1)
        reached = tables[torch.arange(len(tables)), own[:, 0], own[:, 1]]
        can = both(available[:, 0, :, None], available[:, 1, None, :])
        return holds(reached, tables.masked_fill(~can, entry).amax((1, 2)))
    return answer


def monotone(fall=0.0, tie=0.0, level=0.0):
    """A fall of at most ``fall`` is none, ``tie``: so far apart may entries be, ``level``: so far apart are utilities still equal."""
    def answer(table, q):
        for i, utilities in enumerate(q):
            order = utilities.argsort()
            steps, gaps = table.movedim(i, 0)[order].diff(dim=0), utilities[order].diff()
            if (steps < -fall).any() or (steps[gaps <= level].abs() > max(tie, fall)).any():
                return False
        return True
    return answer


CATALOGUE = {
    "04.1": Answers(
        right=[igm_masked_fill, igm_loops, igm_flat, igm_no_regret, igm(), igm(holds=torch.eq)],
        wrong=[
            *[("the stand-in for an unavailable action is not low enough", igm(utility=number)) for number in (-1e3, -1e9, -1e30)],
            ("the stand-in for an unavailable action is not low enough", igm(utility=lambda q: q.amin(-1) - 1)),
            ("the stand-in for an unavailable action is not low enough", igm(utility=lambda q: q.amax(-1) - 10)),
            ("a small lead is overlooked", igm(holds=torch.isclose)),
            ("a small lead is overlooked", igm(holds=lambda one, two: one >= two - 1e-12)),
            ("two actions that are both unavailable count as one that can be played", igm(both=torch.eq)),
            *[("right only where every action is available", stand_in(number)) for number in (-1e3, -1e6, -1e9, -1e12)],
            ("right only where every action is available", igm_penalty),
            *[("a small lead is overlooked", margin(width)) for width in (0.1, 0.01, 0.005)],
            ("actions that are not available are counted in", igm_as_in_the_lesson),
            ("the agents choose actions that are not available", igm_free_agents),
            ("the team's best joint action is not available", igm_free_maximum),
            ("a joint action is counted in when only one agent can play its part", igm_or),
            ("zero is no mask", igm_times_mask),
            ("zero is no mask for the table either", igm_table_times_mask),
            ("positions are compared, not values", igm_positions),
            ("each agent is tested on its own", igm_each_alone),
            ("only one agent at a time may switch in your test", igm_no_single_switch),
            ("the largest is taken over the agents, not over the actions", igm_argmax_over_agents),
            ("no state ever passes your test", igm_strictly),
            ("the answer is turned around", igm_misses),
            ("the two agents are exchanged", igm_exchanged),
            ("the utilities' values are held against the table's", igm_sum_of_maxima),
            ("one answer for the whole batch", igm_one_answer),
            ("the largest entry of all states is used for each", igm_one_maximum),
            ("right only where every action is available", igm_minus_99),
            ("right only where every action is available", igm_masks_exchanged),
            ("right only where every action is available", igm_both_times_mask),
            ("your answer changes what it was given", igm_masks_in_place),
        ],
    ),
    "04.2": Answers(
        right=[GOOD, SORTED_OTHERWISE],
        wrong=[
            ("an entry comes twice", GOOD | {"additive": [[0, 1, 2], [1, 2, 3], [2, 3, 4]]}),
            ("an entry comes twice", GOOD | {"igm": [[8, 0, 0], [0, 4, 0], [0, 0, 4]]}),
            ("the additive table is no sum", GOOD | {"additive": [[1, 2, 3], [4, 5, 6], [7, 8, 10]]}),
            ("the additive table is no sum", GOOD | {"additive": [[1, 2, 4], [3, 6, 12], [5, 10, 20]]}),      # a product
            ("the monotone table is additive too", GOOD | {"monotone": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}),
            ("no order makes the monotone table rise", GOOD | {"monotone": [[1, 2, 3], [4, 6, 5], [7, 8, 9.5]]}),
            ("the last table is monotone", GOOD | {"igm": [[9, 8, 6.5], [7, 6, 5], [4, 2, 1]]}),
            ("the last table is additive", GOOD | {"igm": [[9, 8, 7], [6, 5, 4], [3, 2, 1]]}),
            ("an agent is undecided", GOOD | {"utilities": [[1, 0, 0], [0, 0, 0]]}),
            ("the two agents' utilities are exchanged",
             GOOD | {"igm": [[1, 9, 2], [8, 3, 4], [5, 6, 7]], "utilities": [[0, 1, 0], [1, 0, 0]]}),
            ("the utilities miss the largest entry", GOOD | {"utilities": [[0, 1, 0], [0, 1, 0]]}),
            ("the utilities miss the largest entry", GOOD | {"utilities": [[-9, -1, -2], [-9, -8, -7]]}),
        ],
    ),
    "04.3": Answers(
        right=[monotone_by_sorting, monotone_by_pairs, monotone_with_a_dictionary, monotone_both_ways, monotone_by_groups, monotone()],
        wrong=[
            *[("a small fall is overlooked", monotone(fall=small)) for small in (0.1, 0.05, 1e-3, 1e-6, 1e-8)],
            *[("two actions with equal utilities have different entries", monotone(tie=small)) for small in (0.05, 1e-6, 1e-8)],
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
            ("a level stretch is counted as a fall", strictly),
            ("only steps in which all utilities rise together are tested", together),
            ("the others are left at their best actions only", others_at_their_best),
            ("the means rise, but not every entry does", means_rise),
            ("entries are compared that need not be ordered", sorted_by_the_sum),
            ("IGM was tested, which is less", only_igm),
            ("the table is held against the sum of the utilities", is_the_sum),
        ],
    ),
    **FITS,
}
