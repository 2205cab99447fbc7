"""Answers to 04.1."""

import numpy as np
import torch

from tests.catalogue import Answers


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
        result.append(bool((table[u1, u2] >= table[u1][may[1]]).all()
                           and (table[u1, u2] >= table[:, u2][may[0]]).all()))
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


def igm(utility=-torch.inf, entry=-torch.inf, holds=torch.ge, both=torch.logical_and):
    """Fills what is not available with ``utility`` and ``entry``, and compares what is reached by ``holds``."""
    def answer(tables, q, available):
        fill = utility(q)[..., None] if callable(utility) else torch.full((*q.shape[:-1], 1), float(utility))
        own = torch.where(available, q, fill).argmax(-1)
        reached = tables[torch.arange(len(tables)), own[:, 0], own[:, 1]]
        can = both(available[:, 0, :, None], available[:, 1, None, :])
        return holds(reached, tables.masked_fill(~can, entry).amax((1, 2)))
    return answer


ANSWERS = Answers(
    right=[igm_masked_fill, igm_loops, igm_flat, igm_no_regret, igm(), igm(holds=torch.eq)],
    wrong=[
        *[("the stand-in for an unavailable action is not low enough", igm(utility=number))
          for number in (-1e3, -1e9, -1e30)],
        ("the stand-in for an unavailable action is not low enough", igm(utility=lambda q: q.amin(-1) - 1)),
        ("the stand-in for an unavailable action is not low enough", igm(utility=lambda q: 2 * q.min() - 1)),
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
)
