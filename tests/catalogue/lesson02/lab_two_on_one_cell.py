"""Answers to 02.7."""

import copy

import torch

from tests.catalogue import Answers

MOVES = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])


def move_a_copy(positions, actions, size):
    after = positions.clone()
    after += MOVES[actions]
    after.clamp_(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], positions, after)


def move_by_a_sum(positions, actions, size):
    after = positions + MOVES[actions]
    after.clamp_(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], positions, after)


def move_in_loops(positions, actions, size):
    after = copy.deepcopy(positions)
    for b in range(len(positions)):
        for i in range(2):
            after[b, i] = (after[b, i] + MOVES[actions[b, i]]).clamp(0, size - 1)
        if torch.equal(after[b, 0], after[b, 1]):
            after[b] = positions[b]
    return after


def move_as_it_was(positions, actions, size):
    after = positions
    after += MOVES[actions]
    after.clamp_(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], positions, after)


def move_remembers(positions, actions, size):
    before = positions.clone()
    after = positions
    after += MOVES[actions]
    after.clamp_(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], before, after)


def move_copies_too_early(positions, actions, size):
    positions = positions.clone()
    after = positions
    after += MOVES[actions]
    after.clamp_(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], positions, after)


def move_second_waits(positions, actions, size):
    after = (positions + MOVES[actions]).clamp(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    after[shared, 1] = positions[shared, 1]
    return after


def move_all_wait(positions, actions, size):
    after = (positions + MOVES[actions]).clamp(0, size - 1)
    return positions.clone() if (after[:, 0] == after[:, 1]).all(-1).any() else after


def move_into_free_cells(positions, actions, size):
    after = (positions + MOVES[actions]).clamp(0, size - 1)
    stays = (after == positions.flip(1)).all(-1) | (after[:, :1] == after[:, 1:]).all(-1)
    return torch.where(stays[..., None], positions, after)


def move_without_edge(positions, actions, size):
    after = positions + MOVES[actions]
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], positions, after)


def move_no_trade(positions, actions, size):
    after = (positions + MOVES[actions]).clamp(0, size - 1)
    stays = (after[:, 0] == after[:, 1]).all(-1) | (after == positions.flip(1)).all(-1).all(-1)
    return torch.where(stays[:, None, None], positions, after)


def move_out_of_line(positions, actions, size):
    after = (positions + MOVES[actions]).clamp(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).any(-1)
    return torch.where(shared[:, None, None], positions, after)


ANSWERS = Answers(
    right=[("D", move_a_copy), (" d ", move_by_a_sum), ("D", move_in_loops)],
    wrong=[
        ("your answer changes what it was given", ("D", move_as_it_was)),
        ("your answer changes what it was given", ("C", move_remembers)),
        ("two agents still end on one cell", ("D", move_copies_too_early)),
        ("the symptom is hidden: only one agent moves away", ("D", move_second_waits)),
        ("the symptom is hidden: all boards stay as they were", ("E", move_all_wait)),
        ("the symptom is hidden: nobody may enter a cell that was taken", ("D", move_into_free_cells)),
        ("agents that trade places are sent back", ("B", move_no_trade)),
        ("agents in one row or column are sent back", ("C", move_out_of_line)),
        ("the edge of the board was lost in the repair", ("A", move_without_edge)),
        ("the edge is blamed", ("A", move_a_copy)),
        ("trading places is blamed", ("B", move_by_a_sum)),
        ("the comparison is blamed", ("C", move_a_copy)),
        ("other boards are blamed", ("E", move_in_loops)),
    ],
)
