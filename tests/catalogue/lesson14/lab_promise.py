"""Answers to 14.5."""

import torch

from tests.catalogue import Answers


def lab(next_best, first=lambda q, available: q.masked_fill(~available, -torch.inf).amax(-1), value=None, ended=True):
    """The listing with another maximum ahead, or another one now."""
    def mended_errors(q, next_q, actions, available, next_available, reward, terminated, w, b, lam, next_w, next_b):
        own = q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
        best = first(q, available)
        own, best = w * own + b, w * best + b
        q_tot = own.sum(-1) + ((lam - 1) * (own - best).detach()).sum(-1)
        top = next_best(next_q, next_available, available)
        next_value = (next_w * top + next_b).sum(-1) if value is None else value(top, w, b)
        target = reward + 0.99 * (torch.where(terminated, 0.0, next_value) if ended else next_value)
        return q_tot - target
    return mended_errors


def masked(next_q, next_available, available):
    return next_q.masked_fill(~next_available, -torch.inf).amax(-1)


def with_a_large_number(next_q, next_available, available):
    return torch.where(next_available, next_q, -1e9).max(dim=-1).values


def by_argmax(next_q, next_available, available):
    best = next_q.masked_fill(~next_available, -torch.inf).argmax(-1, keepdim=True)
    return next_q.gather(-1, best).squeeze(-1)


def unmasked(next_q, next_available, available):
    return next_q.max(-1).values


def argmax_unmasked(next_q, next_available, available):
    return next_q.gather(-1, next_q.argmax(-1, keepdim=True)).squeeze(-1)


def masked_by_now(next_q, next_available, available):
    return next_q.masked_fill(~available, -torch.inf).amax(-1)


def multiplied(next_q, next_available, available):
    return (next_q * next_available).amax(-1)


def filled_with_zero(next_q, next_available, available):
    return next_q.masked_fill(~next_available, 0.0).amax(-1)


def filled_with(number):
    return lambda next_q, next_available, available: torch.where(next_available, next_q, number).amax(-1)


def lowered(next_q, next_available, available):
    return (next_q - 10.0 * ~next_available).amax(-1)


def mean_of_both(next_q, next_available, available):
    return (masked(next_q, next_available, available) + unmasked(next_q, next_available, available)) / 2


def both_masks(next_q, next_available, available):
    return next_q.masked_fill(~(next_available & available), -torch.inf).amax(-1)


def averaged_next(next_q, next_available, available):
    return (next_q * next_available).sum(-1) / next_available.sum(-1)


ANSWERS = Answers(
    right=[("D", lab(masked)), ("D", lab(with_a_large_number)), ("D", lab(by_argmax)), (" d", lab(masked))],
    wrong=[
        ("unavailable actions still count in the target", ("D", lab(unmasked))),
        ("unavailable actions still count in the target", ("D", lab(argmax_unmasked))),
        ("the target has the mask of the step before", ("D", lab(masked_by_now))),
        ("the target has both masks", ("D", lab(both_masks))),
        ("unavailable actions count as 0", ("D", lab(multiplied))),
        ("unavailable actions count as 0", ("D", lab(filled_with_zero))),
        ("an unavailable action gets a number that real values can lie below", ("D", lab(filled_with(-10.0)))),
        ("an unavailable action gets a number that real values can lie below", ("D", lab(filled_with(-99.0)))),
        ("an unavailable action gets a number that real values can lie below", ("D", lab(lowered))),
        ("unavailable actions still count in the target", ("D", lab(mean_of_both))),
        ("the first maximum lost its mask in the repair", ("D", lab(masked, first=lambda q, available: q.amax(-1)))),
        ("the target takes a mean", ("D", lab(averaged_next))),
        ("something else was changed in the repair", ("D", lab(masked, ended=False))),
        ("something else was changed in the repair", ("D", lab(masked, value=lambda top, w, b: top.sum(-1)))),
        ("something else was changed in the repair", ("D", lab(masked, value=lambda top, w, b: (w * top + b).sum(-1)))),
        ("gamma is blamed", ("A", lab(masked))), ("the advantages are blamed", ("B", lab(by_argmax))),
        ("the mask of the step before is blamed", ("C", lab(masked))),
        ("the end of the episode is blamed", ("E", lab(with_a_large_number))),
    ])
