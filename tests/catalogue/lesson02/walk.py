"""Answers to 02.1."""

import numpy as np
import torch

from tests.catalogue import Answers
from tests.catalogue.lesson02.shared import (
    MOVES,
    walk,
    walk_any_goal,
    walk_away_from_home,
    walk_below_zero,
    walk_home_pays,
    walk_in_a_mirror,
    walk_off_by_one,
    walk_on_a_ring,
    walk_unclipped,
    walk_without_edges,
)


def walk_in_loops(positions, actions, goals, size):
    after, bumped = positions.clone(), torch.zeros(actions.shape, dtype=torch.bool)
    for b in range(positions.shape[0]):
        for i in range(positions.shape[1]):
            r, c = positions[b, i].tolist()
            if [r, c] == goals[i].tolist():
                continue
            a = int(actions[b, i])
            r, c = (r - 1, c) if a == 0 else (r + 1, c) if a == 1 else (r, c - 1) if a == 2 else (r, c + 1)
            if r in range(size) and c in range(size):
                after[b, i] = torch.tensor([r, c])
            else:
                bumped[b, i] = True
    return after, bumped


def walk_clamped(positions, actions, goals, size):
    away = (positions != goals).any(dim=2)
    wanted = positions + MOVES[actions] * away.unsqueeze(-1)
    after = wanted.clamp(0, size - 1)
    return after, (after != wanted).any(dim=2)


def walk_numpy(positions, actions, goals, size):
    p, a, g = positions.numpy(), actions.numpy(), goals.numpy()
    step = np.stack([(a == 1).astype(int) - (a == 0), (a == 3).astype(int) - (a == 2)], axis=-1)
    step[(p == g).all(-1)] = 0
    after = np.clip(p + step, 0, size - 1)
    return torch.from_numpy(after), torch.from_numpy((after != p + step).any(-1))


def walk_xy(positions, actions, goals, size):
    moves = torch.tensor([[0, -1], [0, 1], [-1, 0], [1, 0]])
    home = (positions == goals).all(-1)
    wanted = positions + moves[actions]
    outside = ((wanted < 0) | (wanted > size - 1)).any(-1)
    return torch.where((home | outside).unsqueeze(-1), positions, wanted), outside & ~home


def walk_upside_down(positions, actions, goals, size):
    moves = torch.tensor([[1, 0], [-1, 0], [0, -1], [0, 1]])
    home = (positions == goals).all(-1)
    wanted = positions + moves[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside).unsqueeze(-1), positions, wanted), outside & ~home


def walk_never_bumps(positions, actions, goals, size):
    after, _ = walk_clamped(positions, actions, goals, size)
    return after, (after < 0).any(-1) | (after >= size).any(-1)


def walk_standing_pays(positions, actions, goals, size):
    after, _ = walk(positions, actions, goals, size)
    return after, (after == positions).all(-1)


def walk_half_home(positions, actions, goals, size):
    home = (positions == goals).any(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_one_stops_all(positions, actions, goals, size):
    home = (positions == goals).all(-1).any(-1, keepdim=True)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_five(positions, actions, goals, size):
    return walk(positions, actions, goals, 5)


def walk_in_place(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    positions += MOVES[actions] * ~home[..., None]
    bumped = ((positions < 0) | (positions >= size)).any(-1)
    return positions.clamp_(0, size - 1), bumped


ANSWERS = Answers(
    right=[walk, walk_in_loops, walk_clamped, walk_numpy],
    wrong=[
        ("rows and columns are swapped", walk_xy),
        ("up and down are turned around", walk_upside_down),
        ("agents leave the board", walk_without_edges),
        ("agents leave the board", walk_unclipped),
        ("the board is one row and one column too large", walk_off_by_one),
        ("the board is a ring", walk_on_a_ring),
        ("nobody notices a bump", walk_never_bumps),
        ("an agent walks away from its goal", walk_away_from_home),
        ("an agent on its goal pays for the edge", walk_home_pays),
        ("an agent on its goal counts as bumped because it stands still", walk_standing_pays),
        ("every goal stops every agent", walk_any_goal),
        ("an agent counts as home when only its row or its column is right", walk_half_home),
        ("the size of the board is ignored", walk_five),
        ("one agent that is home stops the whole board", walk_one_stops_all),
        ("left and right are turned around", walk_in_a_mirror),
        ("the board has no edge at row 0 or column 0", walk_below_zero),
        ("your answer changes what it was given", walk_in_place),
    ],
)
