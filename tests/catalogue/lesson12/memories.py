"""Answers to 12.2."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def _walk(cell, x, first, before=None, after=None):
    """``before(h, first, t)`` and ``after(h, first, t)`` change the memory; the memory after each step is kept."""
    h, kept = torch.zeros(x.shape[0], cell.hidden_size), []
    for t in range(x.shape[1]):
        if before:
            h = before(h, first, t)
        h = cell(x[:, t], h)
        kept.append(h)
        if after:
            h = after(h, first, t)
    return torch.stack(kept, dim=1)


def times_mask(cell, x, first):
    return _walk(cell, x, first, lambda h, first, t: h * (~first[:, t]).double().unsqueeze(1))


def chosen_with_where(cell, x, first):
    return _walk(cell, x, first, lambda h, first, t: torch.where(first[:, t, None], torch.zeros_like(h), h))


def row_by_row(cell, x, first):
    rows = []
    for b in range(len(x)):
        h, row = None, []
        for t in range(x.shape[1]):
            if first[b, t]:
                h = torch.zeros(1, cell.hidden_size)
            h = cell(x[b, t][None], h)
            row.append(h[0])
        rows.append(torch.stack(row))
    return torch.stack(rows)


def by_index(cell, x, first):
    def empty(h, first, t):
        h = h.clone()
        h[first[:, t]] = 0
        return h
    return _walk(cell, x, first, empty)


def never_emptied(cell, x, first):
    return _walk(cell, x, first)


def any_row(cell, x, first):
    return _walk(cell, x, first, lambda h, first, t: torch.zeros_like(h) if first[:, t].any() else h)


def all_rows(cell, x, first):
    return _walk(cell, x, first, lambda h, first, t: torch.zeros_like(h) if first[:, t].all() else h)


def too_late(cell, x, first):
    return _walk(cell, x, first, after=lambda h, first, t: h * ~first[:, t, None])


def too_early(cell, x, first):
    flags = torch.cat([first[:, 1:], first[:, -1:]], 1)
    return _walk(cell, x, flags, lambda h, first, t: h.masked_fill(first[:, t, None], 0))


def emptied_input(cell, x, first):
    return _walk(cell, x.masked_fill(first.unsqueeze(-1), 0.0), first)


def emptied_output(cell, x, first):
    h, kept = torch.zeros(len(x), cell.hidden_size), []
    for t in range(x.shape[1]):
        h = cell(x[:, t], h) * ~first[:, t:t + 1]
        kept.append(h)
    return torch.stack(kept, 1)


def writes_into_what_it_kept(cell, x, first):
    h, kept = torch.zeros(x.shape[0], cell.hidden_size), []
    for t in range(x.shape[1]):
        h[first[:, t]] = 0
        h = cell(x[:, t], h)
        kept.append(h)
    return torch.stack(kept, 1)


def turned_around(cell, x, first):
    return _walk(cell, x, first, lambda h, first, t: h * first[:, t, None])


def batch_mean_memory(cell, x, first):
    return _walk(cell, x, first, lambda h, first, t: h.mean(0, keepdim=True).expand_as(h) * ~first[:, t, None])


def second_episode_only(cell, x, first):
    """Looks for one new start in each row."""
    again = F.pad(first[:, 1:].int(), (0, 1)).argmax(1) + 1
    return _walk(cell, x, first, lambda h, first, t: h.masked_fill(((again == t) & first[:, t])[:, None], 0.0))


def halved(cell, x, first):
    return _walk(cell, x, first, lambda h, first, t: torch.where(first[:, t, None], 0.01 * h, h))


def no_memory(cell, x, first):
    return torch.stack([cell(x[:, t]) for t in range(x.shape[1])], 1)


ANSWERS = Answers(
    right=[times_mask, chosen_with_where, row_by_row, by_index],
    wrong=[("the memory runs on from episode to episode", never_emptied),
           ("one row that begins empties all memories", any_row),
           ("a memory is emptied only when all rows begin together", all_rows),
           ("emptied one step too late", too_late),
           ("emptied one step too early", too_early),
           ("the observation is emptied, not the memory", emptied_input),
           ("what was just remembered is thrown away", emptied_output),
           ("a memory that was kept is emptied afterwards", writes_into_what_it_kept),
           ("emptied everywhere but at the start", turned_around),
           ("nothing is ever remembered", no_memory),
           ("one row's steps reach another row", batch_mean_memory),
           ("an episode still remembers the one before it", second_episode_only),
           ("an episode still remembers the one before it", halved)])
