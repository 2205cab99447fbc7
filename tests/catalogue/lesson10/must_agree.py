"""Answers to 10.3."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def must_agree(q):
    highest = q.flatten(1).amax(1).reshape(-1, *[1] * (q.dim() - 1))
    best = q > highest - 1e-9
    combined = torch.ones_like(best)
    for own in range(1, q.dim()):
        others = tuple(axis for axis in range(1, q.dim()) if axis != own)
        combined = combined & (best.sum(others, keepdim=True) > 0 if others else best)
    return (combined & ~best).flatten(1).any(1)


def agree_by_counting(q):
    """The combinations of good actions contain the best ones; so compare how many there are of each."""
    found = []
    for table in q:
        best = torch.isclose(table, table.max(), rtol=0, atol=1e-9)
        where = best.nonzero()
        combinations = 1
        for column in where.T:
            combinations *= len(column.unique())
        found.append(combinations != len(where))
    return torch.tensor(found)


def agree_by_sets(q):
    answers = []
    for table in q.numpy():
        best = {tuple(int(k) for k in u) for u in np.argwhere(table >= table.max() - 1e-9)}
        good = [set(column) for column in zip(*best)]
        answers.append(any(u not in best for u in itertools.product(*good)))
    return torch.tensor(answers)


def agree_by_exchange(q):
    """A set is a product exactly when any two of its members may exchange any one part."""
    answers = []
    for table in q:
        best = set(map(tuple, (table >= table.max() - 1e-9).nonzero().tolist()))
        answers.append(any(one[:i] + (two[i],) + one[i + 1:] not in best
                           for one in best for two in best for i in range(table.dim())))
    return torch.tensor(answers)


def best_of(q, room=1e-9):
    return q >= q.flatten(1).max(1).values.view(-1, *[1] * (q.dim() - 1)) - room


def good_of(best):
    """Each agent's good actions [X, A]."""
    return [best.transpose(1, i).flatten(2).any(2) if best.dim() > 2 else best for i in range(1, best.dim())]


def combined_of(best):
    n = best.dim() - 1
    out = torch.ones_like(best)
    for i, good in enumerate(good_of(best)):
        out &= good.view(len(best), *[-1 if k == i else 1 for k in range(n)])
    return out


def agree_if_ties(q):
    return best_of(q).flatten(1).sum(1) > 1


def agree_if_all_choose(q):
    return torch.stack([good.sum(1) > 1 for good in good_of(best_of(q))]).all(0)


def agree_if_somebody_chooses(q):
    return torch.stack([good.sum(1) > 1 for good in good_of(best_of(q))]).any(0)


def agree_forgets_the_best(q):
    return combined_of(best_of(q)).flatten(1).any(1)


def agree_on_everything(q):
    return (~best_of(q)).flatten(1).any(1)


def agree_wrong_axes(q):
    if q.dim() == 2:
        return torch.zeros(len(q), dtype=torch.bool)
    best = best_of(q)
    combined = torch.ones_like(best)
    goods = good_of(best)[::-1]
    for i, good in enumerate(goods):
        combined &= good.view(len(best), *[-1 if k == i else 1 for k in range(q.dim() - 1)])
    return (combined & ~best).flatten(1).any(1)


def agree_global_best(q):
    best = q >= q.max() - 1e-9
    return (combined_of(best) & ~best).flatten(1).any(1)


def agree_exactly(q):
    best = best_of(q, 0.0)
    return (combined_of(best) & ~best).flatten(1).any(1)


def agree_roughly(q):
    best = best_of(q, 0.101)
    return (combined_of(best) & ~best).flatten(1).any(1)


def agree_in_pairs(q):
    best = best_of(q)
    found = torch.zeros(len(q), dtype=torch.bool)
    n = q.dim() - 1
    for i in range(n):
        for j in range(i + 1, n):
            others = tuple(k + 1 for k in range(n) if k not in (i, j))
            pair = best.sum(others) > 0 if others else best
            found |= (pair.any(2)[:, :, None] & pair.any(1)[:, None] & ~pair).flatten(1).any(1)
    return found


def agree_turned_around(q):
    return ~must_agree(q)


def agree_by_share(q):
    top = q.flatten(1).amax(1).view(-1, *[1] * (q.dim() - 1)).expand_as(q)
    best = torch.isclose(q, top, rtol=1e-2)
    return (combined_of(best) & ~best).flatten(1).any(1)


ANSWERS = Answers(
    right=[must_agree, agree_by_counting, agree_by_sets, agree_by_exchange],
    wrong=[
        ("every state with several best joint actions counts", agree_if_ties),
        ("it is enough that everybody has a choice", agree_if_all_choose),
        ("every state with several best joint actions counts", agree_if_somebody_chooses),
        ("combinations that are best are counted as well", agree_forgets_the_best),
        ("actions that are in no best plan are counted as well", agree_on_everything),
        ("the agents' good actions are swapped", agree_wrong_axes),
        ("one best value is used for all states", agree_global_best),
        ("values that are equal but for rounding are told apart", agree_exactly),
        ("values that differ are taken for equal", agree_roughly),
        ("the agents are compared two by two only", agree_in_pairs),
        ("the answer is turned around", agree_turned_around),
        ("the room for rounding is not the same for all values", agree_by_share),
    ])
