"""Answers to 10.1."""

import torch

from tests.catalogue import Answers

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


ANSWERS = Answers(
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
    ])
