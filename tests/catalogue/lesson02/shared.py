"""What answers to several exercises of lesson 02 use."""

import torch

MOVES = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])


def walk(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_without_edges(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    after = torch.where(home[..., None], positions, positions + MOVES[actions])
    return after, torch.zeros_like(home)


def walk_unclipped(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    after = torch.where(home[..., None], positions, positions + MOVES[actions])
    return after, ((after < 0) | (after >= size)).any(-1)


def walk_off_by_one(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted > size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_on_a_ring(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = torch.remainder(positions + MOVES[actions], size)
    return torch.where(home[..., None], positions, wanted), torch.zeros_like(home)


def walk_away_from_home(positions, actions, goals, size):
    wanted = positions + MOVES[actions]
    after = wanted.clamp(0, size - 1)
    return after, (after != wanted).any(-1)


def walk_home_pays(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    bumped = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | bumped)[..., None], positions, wanted), bumped


def walk_any_goal(positions, actions, goals, size):
    home = (positions[:, :, None] == goals[None, None]).all(-1).any(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_in_a_mirror(positions, actions, goals, size):
    moves = torch.tensor([[-1, 0], [1, 0], [0, 1], [0, -1]])
    home = (positions == goals).all(-1)
    wanted = positions + moves[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_below_zero(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    outside = (wanted >= size).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home
