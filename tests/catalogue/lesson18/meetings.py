"""Answers to 18.3."""

import torch

from tests.catalogue import Answers


def _pairs(before, after):
    way = before[:, None] - before[:, :, None]
    return way, after[:, None] - after[:, :, None] - way


def _others(table):
    return table & ~torch.eye(table.shape[-1], dtype=torch.bool)


def _at(before, after, t):
    way, turn = _pairs(before, after)
    return (way + t * turn).square().sum(-1).sqrt()


def _time(before, after):
    way, turn = _pairs(before, after)
    return (-(way * turn).sum(-1, keepdim=True) / turn.square().sum(-1, keepdim=True)).nan_to_num(0.0, 0.0, 0.0)


def by_the_parabola(before, after, near):
    return _others(_at(before, after, _time(before, after).clamp(0, 1)) < near)


def in_loops(before, after, near):
    rows, count = before.shape[:2]
    table = torch.zeros(rows, count, count, dtype=torch.bool)
    for b in range(rows):
        for i in range(count):
            for j in range(i):
                d, e = before[b, i] - before[b, j], after[b, i] - after[b, j]
                square = float(((e - d) ** 2).sum())
                t = 0.0 if square == 0 else min(1.0, max(0.0, -float((d * (e - d)).sum()) / square))
                table[b, i, j] = table[b, j, i] = bool(((d + t * (e - d)) ** 2).sum() < near ** 2)
    return table


def end(before, after, near):
    return _others(_at(before, after, 1.0) < near)


def ends(before, after, near):
    return _others(torch.minimum(_at(before, after, 0.0), _at(before, after, 1.0)) < near)


def middle(before, after, near):
    return _others(_at(before, after, 0.5) < near)


def moments(before, after, near):
    return _others(torch.stack([_at(before, after, t) for t in torch.linspace(0, 1, 1_001).tolist()]).amin(0) < near)


def few_moments(before, after, near):
    return _others(torch.stack([_at(before, after, t) for t in torch.linspace(0, 1, 11).tolist()]).amin(0) < near)


def any_time(before, after, near):
    return _others(_at(before, after, _time(before, after)) < near)


def no_guard(before, after, near):
    way, turn = _pairs(before, after)
    t = (-(way * turn).sum(-1, keepdim=True) / turn.square().sum(-1, keepdim=True)).clamp(0, 1)
    return _others((way + t * turn).square().sum(-1).sqrt() < near)


def oneself(before, after, near):
    return _at(before, after, _time(before, after).clamp(0, 1)) < near


def upper(before, after, near):
    return by_the_parabola(before, after, near).triu(1)


def border(before, after, near):
    return _others(_at(before, after, _time(before, after).clamp(0, 1)) <= near)


def with_a_large_guard(before, after, near):
    way = before[:, None] - before[:, :, None]
    turn = after[:, None] - after[:, :, None] - way
    t = (-(way * turn).sum(-1) / ((turn * turn).sum(-1) + 1e-2)).clamp(0, 1)
    return ((way + t.unsqueeze(-1) * turn).norm(dim=-1) < near) & ~torch.eye(before.shape[1], dtype=torch.bool)


ANSWERS = Answers(
    right=[by_the_parabola, in_loops],
    wrong=[("what keeps you from 0 / 0 moves the moment", with_a_large_guard),
           ("only the end of the step is looked at", end), ("only the two ends of the step are looked at", ends),
           ("only the middle of the step is looked at", middle),
           ("only some moments of the step are looked at", moments),
           ("only some moments of the step are looked at", few_moments),
           ("a meeting before or after the step counts", any_time), ("who goes side by side is never near", no_guard),
           ("a robot meets itself", oneself), ("each pair is told once", upper),
           ("who is exactly at the border counts as near", border)])
