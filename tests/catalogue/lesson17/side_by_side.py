"""Answers to 17.2."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def row_by_row(seen, masks, names, sizes, n_actions):
    obs = torch.zeros(len(names), max(sizes))
    available = torch.zeros(len(names), max(n_actions), dtype=torch.bool)
    for i, name in enumerate(names):
        if name in seen:
            obs[i, :sizes[i]] = seen[name]
            available[i, :n_actions[i]] = masks.get(name, torch.tensor(True))
        else:
            available[i, 0] = True
    return obs, available


def padded(seen, masks, names, sizes, n_actions):
    wide, most, rows, open_ = max(sizes), max(n_actions), [], []
    for name, size, count in zip(names, sizes, n_actions):
        there = name in seen
        rows.append(F.pad(seen[name] if there else torch.zeros(size), (0, wide - size)))
        mask = masks[name] if name in masks else torch.ones(count, dtype=torch.bool)
        open_.append(F.pad(mask if there else torch.arange(count) == 0, (0, most - count)))
    return torch.stack(rows), torch.stack(open_)


def everything_exists(seen, masks, names, sizes, n_actions):
    obs, available = row_by_row(seen, masks, names, sizes, n_actions)
    for i, name in enumerate(names):
        if name in seen:
            available[i, n_actions[i]:] = True
    return obs, available


def nothing_for_the_gone(seen, masks, names, sizes, n_actions):
    obs, available = row_by_row(seen, masks, names, sizes, n_actions)
    for i, name in enumerate(names):
        available[i] &= name in seen
    return obs, available


def anything_for_the_gone(seen, masks, names, sizes, n_actions):
    obs, available = row_by_row(seen, masks, names, sizes, n_actions)
    for i, name in enumerate(names):
        if name not in seen:
            available[i, :n_actions[i]] = True
    return obs, available


def moved_up(seen, masks, names, sizes, n_actions):
    obs, available = row_by_row(seen, masks, names, sizes, n_actions)
    there = [i for i, name in enumerate(names) if name in seen]
    order = there + [i for i in range(len(names)) if i not in there]
    obs, available = obs[order], available[order]
    available[len(there):] = torch.arange(available.shape[1]) == 0
    return obs, available


def no_masks(seen, masks, names, sizes, n_actions):
    return row_by_row(seen, {}, names, sizes, n_actions)


def only_the_masked(seen, masks, names, sizes, n_actions):
    first = {name: torch.arange(count) == 0 for name, count in zip(names, n_actions)}
    return row_by_row(seen, first | masks, names, sizes, n_actions)


def in_front(seen, masks, names, sizes, n_actions):
    obs, available = row_by_row(seen, masks, names, sizes, n_actions)
    obs = torch.zeros_like(obs)
    for i, name in enumerate(names):
        if name in seen:
            obs[i, obs.shape[1] - sizes[i]:] = seen[name]
    return obs, available


def who_sees_something(seen, masks, names, sizes, n_actions):
    """In play is who has a number above or below 0 before it."""
    obs, available = torch.zeros(len(names), max(sizes)), torch.zeros(len(names), max(n_actions), dtype=torch.bool)
    for i, name in enumerate(names):
        obs[i, :sizes[i]] = seen.get(name, torch.zeros(sizes[i]))
        available[i, :n_actions[i]] = masks.get(name, True) if obs[i].any() else torch.arange(n_actions[i]) == 0
    return obs, available


ANSWERS = Answers(
    right=[row_by_row, padded],
    wrong=[("who sees zeros alone is taken for gone", who_sees_something),
           ("actions that an agent does not have are available", everything_exists),
           ("who is gone may do nothing at all", nothing_for_the_gone),
           ("who is gone may do anything", anything_for_the_gone),
           ("who is there moves up into the place of who is gone", moved_up),
           ("the masks are not used", no_masks),
           ("who comes without a mask may play the first action alone", only_the_masked),
           ("the zeros stand in front of the observation", in_front)])
