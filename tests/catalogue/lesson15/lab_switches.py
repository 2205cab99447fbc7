"""Answers to 15.4."""

import torch

from tests.catalogue import Answers


def played_of(q, actions):
    return q.gather(2, actions.unsqueeze(2)).squeeze(2)


def mended_scatter(q, actions):
    others = played_of(q, actions).unsqueeze(1).repeat(1, q.shape[1], 1)
    own = torch.arange(q.shape[1]).view(1, -1, 1).expand(len(q), -1, 1)
    others = others.scatter(2, own, 0.0)
    return q + others.sum(2, keepdim=True)


def mended_in_place(q, actions):
    others = played_of(q, actions).unsqueeze(1).repeat(1, q.shape[1], 1)
    own = torch.arange(q.shape[1]).view(1, -1, 1).expand(len(q), -1, 1)
    others.scatter_(2, own, 0.0)
    return q + others.sum(2, keepdim=True)


def mended_by_difference(q, actions):
    played = q.gather(2, actions.unsqueeze(2))
    return played.sum(1, keepdim=True) - played + q


def mended_by_mask(q, actions):
    played, n = played_of(q, actions), q.shape[1]
    return q + (played.unsqueeze(1) * (1 - torch.eye(n))).sum(2, keepdim=True)


def mended_by_loops(q, actions):
    rows = []
    for i in range(q.shape[1]):
        others = sum((q[torch.arange(len(q)), j, actions[:, j]] for j in range(q.shape[1]) if j != i),
                     torch.zeros(len(q)))
        rows.append(q[:, i] + others.unsqueeze(1))
    return torch.stack(rows, 1)


def unchanged(q, actions):
    return q + played_of(q, actions).sum(1).view(-1, 1, 1)


def everybody_out(q, actions):
    others = played_of(q, actions).unsqueeze(1).repeat(1, q.shape[1], 1)
    return q + (0.0 * others).sum(2, keepdim=True)


def wrong_axis(q, actions):
    others = played_of(q, actions).unsqueeze(1).repeat(1, q.shape[1], 1)
    own = torch.arange(q.shape[1]).view(1, -1, 1).expand(len(q), -1, 1)
    others = others.scatter(1, own, 0.0)
    return q + others.sum(2, keepdim=True)


def flipped(q, actions):
    return q + played_of(q, actions).flip(1).unsqueeze(2)


def rolled(q, actions):
    return q + played_of(q, actions).roll(-1, 1).unsqueeze(2)


def mean_of_others(q, actions):
    n = q.shape[1]
    return q + (mended_by_mask(q, actions) - q) / max(n - 1, 1)


def others_alone(q, actions):
    return (mended_by_mask(q, actions) - q).contiguous()


def nobody_switches(q, actions):
    return played_of(q, actions).sum(1).view(-1, 1, 1).expand_as(q).clone()


def others_at_their_best(q, actions):
    best = q.amax(2, keepdim=True)
    return best.sum(1, keepdim=True) - best + q


def taken_out_twice(q, actions):
    played = q.gather(2, actions.unsqueeze(2))
    return mended_scatter(q, actions) - played


def behind_the_back(q, actions):
    others = played_of(q, actions).unsqueeze(1).repeat(1, q.shape[1], 1)
    own = torch.arange(q.shape[1]).view(1, -1, 1).expand(len(q), -1, 1)
    others.data.scatter_(2, own, 0.0)
    return q + others.sum(2, keepdim=True)


def others_detached(q, actions):
    return q + (mended_by_mask(q, actions) - q).detach()


def all_detached(q, actions):
    return mended_scatter(q, actions).detach()


ANSWERS = Answers(
    right=[("C", mended_scatter), (" c", mended_in_place), ("C", mended_by_difference), ("C", mended_by_mask),
           ("C", mended_by_loops)],
    wrong=[
        ("what the agent played is still in the sum", ("C", unchanged)),
        ("everybody is taken out", ("C", everybody_out)),
        ("one agent is taken out of every copy", ("C", wrong_axis)),
        ("right for two agents only", ("C", flipped)),
        ("only one of the others is kept", ("C", rolled)),
        ("the mean of the others, not their sum", ("C", mean_of_others)),
        ("the switch itself is missing", ("C", others_alone)),
        ("nobody switches", ("C", nobody_switches)),
        ("the others play their best, not what they played", ("C", others_at_their_best)),
        ("what the agent played is taken out twice", ("C", taken_out_twice)),
        ("the sums are right, the gradient is not", ("C", behind_the_back)),
        ("the sums are right, the gradient is not", ("C", others_detached)),
        ("nothing can be learned from it", ("C", all_detached)),
        ("the reading of the values is blamed", ("A", mended_scatter)),
        ("another agent is blamed", ("B", mended_scatter)),
        ("the batch is blamed", ("D", mended_scatter)), ("the gradient is blamed", ("E", mended_scatter)),
    ],
)
