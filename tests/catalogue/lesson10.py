"""Answers to 10.1, twins, and 10.3, agreement. Lesson 10's others are in lesson10_values and lesson10_judges."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers, lesson10_judges, lesson10_values, together
from tests.catalogue.lesson10_edges import EDGES

# ---- 10.1 ----

OPPOSITE = torch.tensor([1, 0, 3, 2])


def twin(positions, actions, size):
    return (size - 1 - positions).flip(-2), OPPOSITE[actions].flip(-1)


def twin_by_bits(positions, actions, size):
    positions = torch.stack([positions[..., 1, :], positions[..., 0, :]], dim=-2)
    return -positions + (size - 1), actions[..., [1, 0]] ^ 1


def twin_in_loops(positions, actions, size):
    cells, moves = positions.reshape(-1, 2, 2).clone(), actions.reshape(-1, 2).clone()
    names = ["up", "down", "left", "right"]
    other_way = {"up": "down", "down": "up", "left": "right", "right": "left"}
    for b in range(len(cells)):
        old, chosen = cells[b].tolist(), moves[b].tolist()
        for i in (0, 1):
            row, column = old[1 - i]
            cells[b, i] = torch.tensor([size - row - 1, size - column - 1])
            moves[b, i] = names.index(other_way[names[chosen[1 - i]]])
    return cells.view(positions.shape), moves.view(actions.shape)


def twin_by_rotating(positions, actions, size):
    """A half turn is two quarter turns."""
    turn = torch.tensor([3, 2, 0, 1])
    for _ in range(2):
        positions = torch.stack([positions[..., 1], size - 1 - positions[..., 0]], dim=-1)
        actions = turn[actions]
    return positions.roll(1, dims=-2), actions.roll(1, dims=-1)


def twin_same_names(positions, actions, size):
    return size - 1 - positions, OPPOSITE[actions]


def twin_forgets_actions_owner(positions, actions, size):
    return (size - 1 - positions).flip(-2), OPPOSITE[actions]


def twin_forgets_positions_owner(positions, actions, size):
    return size - 1 - positions, OPPOSITE[actions].flip(-1)


def twin_same_directions(positions, actions, size):
    return (size - 1 - positions).flip(-2), actions.flip(-1)


def twin_up_down_only(positions, actions, size):
    turned = torch.where(actions < 2, 1 - actions, actions)
    return (size - 1 - positions).flip(-2), turned.flip(-1)


def twin_flipped_rows(positions, actions, size):
    turned = positions.clone()
    turned[..., 0] = size - 1 - turned[..., 0]
    return turned.flip(-2), torch.tensor([1, 0, 2, 3])[actions].flip(-1)


def twin_flipped_columns(positions, actions, size):
    turned = positions.clone()
    turned[..., 1] = size - 1 - turned[..., 1]
    return turned.flip(-2), torch.tensor([0, 1, 3, 2])[actions].flip(-1)


def twin_quarter(positions, actions, size):
    turned = torch.stack([positions[..., 1], size - 1 - positions[..., 0]], dim=-1)
    return turned.flip(-2), torch.tensor([3, 2, 0, 1])[actions].flip(-1)


def twin_over_the_diagonal(positions, actions, size):
    return positions.flip(-1).flip(-2), torch.tensor([2, 3, 0, 1])[actions].flip(-1)


def twin_counts_down(positions, actions, size):
    return (size - 1 - positions).flip(-2), (3 - actions).flip(-1)


def twin_off_by_one(positions, actions, size):
    return (size - positions).flip(-2), (actions ^ 1).flip(-1)


def twin_only_exchanged(positions, actions, size):
    return positions.flip(-2), OPPOSITE[actions].flip(-1)


def twin_of_five(positions, actions, size):
    return (4 - positions).flip(-2), (actions ^ 1).flip(-1)


def twin_flips_the_batch(positions, actions, size):
    return (size - 1 - positions).flip(0), OPPOSITE[actions].flip(0)


def twin_same_names_and_directions(positions, actions, size):
    return size - 1 - positions, actions


def twin_in_place(positions, actions, size):
    positions.neg_().add_(size - 1)
    return positions.flip(-2), OPPOSITE[actions].flip(-1)


# ---- 10.3 ----

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


# ---- ----

ANSWERS = {
    "10.1": Answers(
        right=[twin, twin_by_bits, twin_in_loops, twin_by_rotating],
        wrong=[
            ("the agents are not exchanged", twin_same_names),
            ("the agents are not exchanged", twin_same_names_and_directions),
            ("the positions change their owners, and the actions do not", twin_forgets_actions_owner),
            ("the actions change their owners, and the positions do not", twin_forgets_positions_owner),
            ("the board is turned, and the directions are not", twin_same_directions),
            ("up and down are turned, left and right are not", twin_up_down_only),
            ("the board is flipped from top to bottom, and not turned", twin_flipped_rows),
            ("the board is flipped from left to right, and not turned", twin_flipped_columns),
            ("the board is turned by 90 degrees only", twin_quarter),
            ("rows and columns are exchanged", twin_over_the_diagonal),
            ("the four actions are counted backwards", twin_counts_down),
            ("the turned positions are off the board", twin_off_by_one),
            ("the agents are exchanged, and the positions are not turned", twin_only_exchanged),
            ("the size of the board is ignored", twin_of_five),
            ("the boards of the batch are exchanged, and not the agents", twin_flips_the_batch),
            ("your answer changes what it was given", twin_in_place),
        ]),
    **lesson10_values.CATALOGUE,
    "10.3": Answers(
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
        ]),
    **lesson10_judges.CATALOGUE,
}

CATALOGUE = together(ANSWERS, EDGES)
