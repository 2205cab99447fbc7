"""Answers to 07.6."""

import torch

from tests.catalogue import Answers


def _finish(next_q, reward, terminated, gamma):
    return reward + gamma * torch.where(terminated, 0.0, next_q.sum(-1))


def untouched(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best[:, :-1]).squeeze(-1), reward, terminated, gamma)


def mended_index(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best[:, 1:]).squeeze(-1), reward, terminated, gamma)


def cut_at_the_end(online_q, target_q, available, reward, terminated, gamma):
    best = torch.where(available, online_q, -torch.inf).argmax(-1, keepdim=True)
    next_q_tot = target_q.gather(-1, best).squeeze(-1).sum(-1)[:, 1:]
    return reward + gamma * ~terminated * next_q_tot


def cut_at_the_start(online_q, target_q, available, reward, terminated, gamma):
    online_q, target_q, available = online_q[:, 1:], target_q[:, 1:], available[:, 1:]
    best = online_q.masked_fill(~available, -torch.inf).max(-1).indices
    picked = torch.nn.functional.one_hot(best, online_q.shape[-1])
    return reward + gamma * (target_q * picked).sum((2, 3)).masked_fill(terminated, 0)


def masked_target(fill):
    def mended(online_q, target_q, available, reward, terminated, gamma):
        best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
        next_q = target_q.masked_fill(~available, fill)[:, 1:].gather(-1, best[:, :-1]).squeeze(-1)
        return _finish(next_q, reward, terminated, gamma)
    return mended


def other_if_unavailable(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)[:, :-1]
    possible = available[:, 1:].gather(-1, best)
    fallback = target_q.masked_fill(~available, -torch.inf)[:, 1:].argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, torch.where(possible, best, fallback)).squeeze(-1), reward, terminated,
                   gamma)


def both_early(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, :-1].gather(-1, best[:, :-1]).squeeze(-1), reward, terminated, gamma)


def plain_maximum(online_q, target_q, available, reward, terminated, gamma):
    return _finish(target_q.masked_fill(~available, -torch.inf).amax(-1)[:, 1:], reward, terminated, gamma)


def online_maximum(online_q, target_q, available, reward, terminated, gamma):
    return _finish(online_q[:, 1:].masked_fill(~available[:, 1:], -torch.inf).amax(-1), reward, terminated, gamma)


def swapped(online_q, target_q, available, reward, terminated, gamma):
    return mended_index(target_q, online_q, available, reward, terminated, gamma)


def mask_moved(online_q, target_q, available, reward, terminated, gamma):
    best = online_q[:, :-1].masked_fill(~available[:, 1:], -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best).squeeze(-1), reward, terminated, gamma)


def mask_lost(online_q, target_q, available, reward, terminated, gamma):
    return _finish(target_q[:, 1:].gather(-1, online_q[:, 1:].argmax(-1, keepdim=True)).squeeze(-1), reward, terminated,
                   gamma)


def times_the_mask(online_q, target_q, available, reward, terminated, gamma):
    best = (online_q * available)[:, 1:].argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best).squeeze(-1), reward, terminated, gamma)


def mask_left_behind(online_q, target_q, available, reward, terminated, gamma):
    best = online_q[:, 1:].masked_fill(~available[:, :-1], -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best).squeeze(-1), reward, terminated, gamma)


def value_left_behind(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, :-1].gather(-1, best[:, 1:]).squeeze(-1), reward, terminated, gamma)


ANSWERS = Answers(
    right=[(3, mended_index), (3, cut_at_the_end), (3, cut_at_the_start)],
    wrong=[
        ("the choice still falls one step too early", (3, untouched)),
        ("the choice still falls one step too early", (3, masked_target(0.0))),
        ("the choice still falls one step too early", (3, masked_target(-9999999))),
        ("the choice still falls one step too early", (3, other_if_unavailable)),
        ("now the action is also valued one step too early", (3, both_early)),
        ("the action is chosen at the right time, and valued one step too early", (3, value_left_behind)),
        ("no double-Q any more", (3, plain_maximum)),
        ("the online network values its own choice", (3, online_maximum)),
        ("the roles are swapped", (3, swapped)),
        ("only the mask was moved", (1, mask_moved)),
        ("the mask is gone", (3, mask_lost)),
        ("an action that nobody can take counts as 0 in the choice", (3, times_the_mask)),
        ("the mask is still that of the step before", (1, mask_left_behind)),
    ],
)
