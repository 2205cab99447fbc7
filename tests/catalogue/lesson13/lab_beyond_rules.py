"""Answers to 13.4."""

import operator

import torch

from tests.catalogue import Answers


def lab(now, after=None, full=lambda alike, better, possible: alike | better, higher=operator.gt):
    def mended(q, available, q_hat, actions, reward, terminated, gamma, alpha):
        rows = torch.arange(len(reward))
        last = (after or (lambda q, av: q[:, 1].masked_fill(~av[:, 1], -torch.inf).argmax(-1)))(q, available)
        ahead = q_hat[rows, 1, last[:, 0], last[:, 1]]
        y = reward + gamma * torch.where(terminated, 0.0, ahead)
        greedy = now(q, available, actions, q_hat)
        q_greedy = q_hat[rows, 0, greedy[:, 0], greedy[:, 1]]
        possible = available[:, 0].gather(-1, greedy.unsqueeze(-1)).squeeze(-1).all(-1)
        return y, torch.where(full((actions == greedy).all(-1), higher(y, q_greedy), possible), 1.0, alpha)
    return mended


def masked(q, available, actions, q_hat):
    return q[:, 0].masked_fill(~available[:, 0], -torch.inf).argmax(-1)


def masked_where(q, available, actions, q_hat):
    return torch.where(available[:, 0], q[:, 0], q[:, 0].min() - 1).max(-1).indices


def filled_with(number):
    return lambda q, available, actions, q_hat: q[:, 0].masked_fill(~available[:, 0], number).argmax(-1)


def lowered(q, available, actions, q_hat):
    return (q[:, 0] - 1000.0 * ~available[:, 0]).argmax(-1)


def unmasked(q, available, actions, q_hat):
    return q[:, 0].argmax(-1)


def times_mask(q, available, actions, q_hat):
    return (q[:, 0] * available[:, 0]).argmax(-1)


def filled_with_zero(q, available, actions, q_hat):
    return q[:, 0].masked_fill(~available[:, 0], 0).argmax(-1)


def other_time(q, available, actions, q_hat):
    return q[:, 0].masked_fill(~available[:, 1], -torch.inf).argmax(-1)


def next_action(q, available, actions, q_hat):
    return q[:, 1].masked_fill(~available[:, 1], -torch.inf).argmax(-1)


def played_instead(q, available, actions, q_hat):
    best = q[:, 0].argmax(-1)
    possible = available[:, 0].gather(-1, best.unsqueeze(-1)).squeeze(-1)
    return torch.where(possible, best, actions)


def judge_chooses(q, available, actions, q_hat):
    both = available[:, 0, 0].unsqueeze(2) & available[:, 0, 1].unsqueeze(1)
    flat = torch.where(both, q_hat[:, 0], -torch.inf).flatten(1).argmax(-1)
    return torch.stack(torch.unravel_index(flat, q_hat.shape[2:]), -1)


def half(q, available, q_hat, actions, reward, terminated, gamma, alpha):
    rows = torch.arange(len(reward))
    y, _ = lab(masked)(q, available, q_hat, actions, reward, terminated, gamma, alpha)
    first, second = q[:, 0].argmax(-1).T
    full = (actions == masked(q, available, actions, q_hat)).all(-1) | (y > q_hat[rows, 0, first, second])
    return y, torch.where(full, 1.0, alpha)


def one_is_enough(q, available, q_hat, actions, reward, terminated, gamma, alpha):
    rows = torch.arange(len(reward))
    y, _ = lab(masked)(q, available, q_hat, actions, reward, terminated, gamma, alpha)
    greedy = masked(q, available, actions, q_hat)
    full = (actions == greedy).any(-1) | (y > q_hat[rows, 0, greedy[:, 0], greedy[:, 1]])
    return y, torch.where(full, 1.0, alpha)


def against_the_largest(q, available, q_hat, actions, reward, terminated, gamma, alpha):
    y, _ = lab(masked)(q, available, q_hat, actions, reward, terminated, gamma, alpha)
    greedy = q[:, 0].masked_fill(~available[:, 0], -torch.inf).argmax(-1)
    full = (actions == greedy).all(-1) | (y > q_hat[:, 0].flatten(1).amax(1))
    return y, torch.where(full, 1.0, alpha)


ANSWERS = Answers(
    right=[("D", lab(masked)), (" d", lab(masked_where)), ("D", lab(filled_with(-1e9)))],
    wrong=[
        ("a target that is no higher counts in full", ("D", lab(masked, higher=operator.ge))),
        ("an action that cannot be taken is still greedy", ("D", lab(unmasked))),
        ("the greedy action is mended in one place of two", ("D", half)),
        ("targets are held against the largest entry of Q̂*", ("D", against_the_largest)),
        ("one agent's greedy action is enough in your version", ("D", one_is_enough)),
        ("an impossible action counts as 0", ("D", lab(times_mask))),
        ("an impossible action counts as 0", ("D", lab(filled_with_zero))),
        ("an impossible action gets a number that real values can lie below", ("D", lab(filled_with(-10.0)))),
        ("an impossible action gets a number that real values can lie below", ("D", lab(filled_with(-99.0)))),
        ("an impossible action gets a number that real values can lie below", ("D", lab(filled_with(-9999.0)))),
        ("an impossible action gets a number that real values can lie below", ("D", lab(lowered))),
        ("the mask of the next step", ("D", lab(other_time))),
        ("the greedy action of the next step", ("D", lab(next_action))),
        ("the action played stands in for the impossible one", ("D", lab(played_instead))),
        ("rows with an impossible favourite count alpha",
         ("D", lab(unmasked, full=lambda alike, better, possible: (alike | better) & possible))),
        ("rows with an impossible favourite count in full",
         ("D", lab(unmasked, full=lambda alike, better, possible: alike | better | ~possible))),
        ("the judge chooses", ("D", lab(judge_chooses))),
        ("the mask of the target is gone", ("D", lab(masked, after=lambda q, av: q[:, 1].argmax(-1)))),
        ("the greedy joint action no longer counts in full",
         ("D", lab(masked, full=lambda alike, better, possible: better))),
        ("the target is blamed", ("A", lab(masked))), ("alpha is blamed", ("B", lab(masked))),
        ("the comparison is blamed", ("C", lab(masked))), ("the word both is blamed", ("E", lab(masked))),
    ],
)
