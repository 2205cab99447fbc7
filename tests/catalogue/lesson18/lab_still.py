"""Answers to 18.5."""

import torch

from tests.catalogue import Answers


def _told(at, view, which, near=None):
    """What each robot is told of those whom which[N, K] names."""
    away = at[:, None] - at[:, :, None]
    others = away[:, torch.arange(at.shape[1])[:, None], which]
    seen = (others.square().sum(-1, keepdim=True) <= view ** 2) if near is None else near(others)
    return torch.cat([seen, torch.where(seen, others / view, 0.0)], -1).flatten(2)


def _others(count):
    return torch.tensor([[j for j in range(count) if j != i] for i in range(count)])


def a_table(at, view):
    return _told(at, view, _others(at.shape[1]))


def a_mask(at, view):
    rows, count = at.shape[:2]
    away = at[:, None] - at[:, :, None]
    others = away[:, ~torch.eye(count, dtype=torch.bool)].view(rows, count, count - 1, 2)
    near = (others ** 2).sum(-1, keepdim=True).sqrt() <= view
    return torch.cat([near.to(at.dtype), near * others / view], -1).flatten(2)


def unchanged(at, view):
    return _told(at, view, torch.arange(1, at.shape[1]).expand(at.shape[1], -1))


def last_left_out(at, view):
    return _told(at, view, torch.arange(at.shape[1] - 1).expand(at.shape[1], -1))


def itself_too(at, view):
    return _told(at, view, torch.arange(at.shape[1]).expand(at.shape[1], -1))


def round_about(at, view):
    count = at.shape[1]
    return _told(at, view, torch.tensor([[(i + k) % count for k in range(1, count)] for i in range(count)]))


def border(at, view):
    return _told(at, view, _others(at.shape[1]), lambda ways: ways.square().sum(-1, keepdim=True) < view ** 2)


def square(at, view):
    return _told(at, view, _others(at.shape[1]), lambda ways: ways.abs().amax(-1, keepdim=True) <= view)


def _parts(at, view):
    return a_table(at, view).unflatten(2, (-1, 3)).clone()


def backwards(at, view):
    parts = _parts(at, view)
    parts[..., 1:] *= -1
    return parts.flatten(2)


def units(at, view):
    parts = _parts(at, view)
    parts[..., 1:] *= view
    return parts.flatten(2)


def far(at, view):
    ways = _told(at, 1e9, _others(at.shape[1])).unflatten(2, (-1, 3))[..., 1:] * 1e9 / view
    return torch.cat([_parts(at, view)[..., :1], ways], -1).flatten(2)


def who_is_not_here(at, view):
    """The others are those at another place."""
    rows, robots = at.shape[:2]
    seen = torch.zeros(rows, robots, robots - 1, 3)
    for b in range(rows):
        for i in range(robots):
            ways = at[b] - at[b, i]
            ways = ways[(ways != 0).any(-1)]
            here = (ways.square().sum(-1, keepdim=True) <= view ** 2).double()
            seen[b, i, :len(ways)] = torch.cat([here, here * ways / view], -1)
    return seen.flatten(2)


def nearest_first(at, view):
    away = at[:, None] - at[:, :, None]
    order = away.square().sum(-1).argsort(dim=-1, stable=True)[..., 1:]
    others = away.gather(2, order.unsqueeze(-1).expand(-1, -1, -1, 2))
    near = others.square().sum(-1, keepdim=True) <= view ** 2
    return torch.cat([near, torch.where(near, others / view, 0.0)], -1).flatten(2)


def three_robots(at, view):
    return (a_table if at.shape[1] == 3 else unchanged)(at, view)


ANSWERS = Answers(
    right=[a_table, a_mask],
    wrong=[("who stands on the same place is taken for the robot itself", who_is_not_here),
           ("the first robot is left out everywhere", unchanged),
           ("now the last robot is left out everywhere", last_left_out), ("a robot sees itself", itself_too),
           ("the others come in another order", round_about), ("the others come nearest first", nearest_first),
           ("right for three robots only", three_robots), ("the ways point back", backwards),
           ("who is out of view is still told", far), ("who stands exactly at the border is not seen", border),
           ("the ways are not in units of the view", units), ("the view is a square", square)])
