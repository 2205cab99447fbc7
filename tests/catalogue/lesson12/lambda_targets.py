"""Answers to 12.3."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def _backwards(reward, terminated, next_value, gamma, step):
    """y from the end: ``step(t, y)`` gives what is ahead of step t, before γ."""
    y = torch.zeros_like(reward)
    for t in range(reward.shape[1] - 1, -1, -1):
        y[:, t] = reward[:, t] + gamma * step(t, y) * ~terminated[:, t]
    return y


def next_mask(reward, terminated, next_value, mask, gamma, lam):
    played = F.pad(mask[:, 1:], (0, 1))
    y = F.pad(torch.zeros_like(reward), (0, 1))
    for t in range(reward.shape[1] - 1, -1, -1):
        share = lam * played[:, t]
        y[:, t] = reward[:, t] + gamma * ~terminated[:, t] * (next_value[:, t] + share
                                                              * (y[:, t + 1] - next_value[:, t]))
    return y[:, :-1]


def as_numbers(reward, terminated, next_value, mask, gamma, lam):
    y = torch.zeros_like(reward)
    for b in range(reward.shape[0]):
        later = None
        for t in range(int(mask[b].sum()) - 1, -1, -1):
            v = next_value[b, t]
            ahead = v if later is None else (1 - lam) * v + lam * later
            later = reward[b, t] + (0 if terminated[b, t] else gamma * ahead)
            y[b, t] = later
    return y


def n_step_sums(reward, terminated, next_value, mask, gamma, lam):
    """The definition: a weighted sum of n-step returns."""
    r, v, y = reward.numpy(), next_value.numpy(), np.zeros(tuple(reward.shape))
    for b, length in enumerate(mask.sum(1).int().tolist()):
        for t in range(length):
            left = 1.0
            for n in range(1, length - t + 1):
                g = sum(gamma ** k * r[b, t + k] for k in range(n))
                if not terminated[b, t + n - 1]:
                    g += gamma ** n * v[b, t + n - 1]
                weight = left if n == length - t else (1 - lam) * left
                y[b, t] += weight * g
                left -= weight
    return torch.from_numpy(y)


def starts_with_the_last_value(reward, terminated, next_value, mask, gamma, lam):
    """Begins with y = the last next value, as if every row were full."""
    later, y = next_value[:, -1], []
    for t in reversed(range(reward.shape[1])):
        ahead = (1 - lam) * next_value[:, t] + lam * later
        later = reward[:, t] + gamma * torch.where(terminated[:, t], 0.0, ahead)
        y.insert(0, later)
    return torch.stack(y, 1)


def mask_of_the_same_step(reward, terminated, next_value, mask, gamma, lam):
    y = F.pad(torch.zeros_like(reward), (0, 1))
    for t in reversed(range(reward.shape[1])):
        share = lam * mask[:, t] if t + 1 < reward.shape[1] else 0.0
        y[:, t] = reward[:, t] + gamma * ~terminated[:, t] * ((1 - share) * next_value[:, t] + share * y[:, t + 1])
    return y[:, :-1]


def masks_the_later(reward, terminated, next_value, mask, gamma, lam):
    """Takes the padding out of y, and forgets that the next value counts in full then."""
    later = torch.zeros_like(reward[:, 0])
    y = torch.zeros_like(reward)
    for t in reversed(range(reward.shape[1])):
        ahead = (1 - lam) * next_value[:, t] + lam * later
        y[:, t] = reward[:, t] + gamma * torch.where(terminated[:, t], 0.0, ahead)
        later = y[:, t] * mask[:, t]
    return y


def ends_at_the_mask(reward, terminated, next_value, mask, gamma, lam):
    last = (mask - F.pad(mask[:, 1:], (0, 1))).bool()
    return as_numbers(reward, terminated | last, next_value, mask, gamma, lam)


def no_ends(reward, terminated, next_value, mask, gamma, lam):
    return next_mask(reward, torch.zeros_like(terminated), next_value, mask, gamma, lam)


def exchanged(reward, terminated, next_value, mask, gamma, lam):
    return next_mask(reward, terminated, next_value, mask, gamma, 1 - lam)


def one_discount(reward, terminated, next_value, mask, gamma, lam):
    y, later, played = torch.zeros_like(reward), torch.zeros_like(reward[:, 0]), torch.zeros_like(mask[:, 0])
    for t in reversed(range(reward.shape[1])):
        share = lam * played
        ahead = gamma * (1 - share) * next_value[:, t] + share * later
        y[:, t] = reward[:, t] + ahead.masked_fill(terminated[:, t], 0)
        later, played = y[:, t].clone(), mask[:, t]
    return y


def from_one_step_targets(reward, terminated, next_value, mask, gamma, lam):
    one = reward + gamma * next_value * ~terminated
    share = lam * F.pad(mask[:, 1:], (0, 1))
    return reward + gamma * ~terminated * ((1 - share) * next_value + share * F.pad(one[:, 1:], (0, 1)))


def both_in_full(reward, terminated, next_value, mask, gamma, lam):
    share = lam * F.pad(mask[:, 1:], (0, 1))
    return _backwards(reward, terminated, next_value, gamma, lambda t,
                      y: next_value[:, t] + (share[:, t] * y[:, t + 1] if t + 1 < y.shape[1] else 0))


def nothing_at_the_end(reward, terminated, next_value, mask, gamma, lam):
    return next_mask(reward * ~terminated, terminated, next_value, mask, gamma, lam)


def one_step(reward, terminated, next_value, mask, gamma, lam):
    return reward + gamma * next_value * ~terminated


def sums_of_rewards(reward, terminated, next_value, mask, gamma, lam):
    return next_mask(reward, terminated, next_value, mask, gamma, 1.0)


ANSWERS = Answers(
    right=[next_mask, as_numbers, n_step_sums],
    wrong=[("the target of the last step looks into the padding", starts_with_the_last_value),
           ("the target of the last step looks into the padding", mask_of_the_same_step),
           ("the last step loses a part of its next value", masks_the_later),
           ("a row that was cut counts as one that ended", ends_at_the_mask),
           ("a terminated step still looks ahead", no_ends),
           ("λ and 1 − λ are exchanged", exchanged),
           ("the later target is not discounted", one_discount),
           ("only one step further than before", from_one_step_targets),
           ("λ makes no difference", one_step),
           ("as if λ were always 1", sums_of_rewards),
           ("the last steps are right, those before them are not", both_in_full),
           ("a last played step is not right", nothing_at_the_end)])
