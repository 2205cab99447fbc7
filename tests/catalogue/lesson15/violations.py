"""Answers to 15.1."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def gap_of(q, joint, v):
    return q[:, 0].unsqueeze(2) + q[:, 1].unsqueeze(1) - joint + v.view(-1, 1, 1)


def own_of(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(2)


def both_of(available):
    return available[:, 0].unsqueeze(2) & available[:, 1].unsqueeze(1)


def at(gap, own):
    return gap[torch.arange(len(gap)), own[:, 0], own[:, 1]]


def by_mask(q, joint, v, available):
    gap = gap_of(q, joint, v)
    lowest = torch.where(both_of(available), gap, torch.inf).flatten(1).min(1).values
    return at(gap, own_of(q, available)), torch.minimum(lowest, torch.zeros_like(lowest))


def by_loops(q, joint, v, available):
    first, second = [], []
    for b in range(len(q)):
        mine = [[a for a in range(q.shape[2]) if available[b, i, a]] for i in range(2)]
        gap = {u: (q[b, 0, u[0]] + q[b, 1, u[1]] - joint[b][u] + v[b]).item() for u in itertools.product(*mine)}
        own = tuple(max(mine[i], key=lambda a: q[b, i, a].item()) for i in range(2))
        first.append(gap[own])
        second.append(min(0.0, *gap.values()))
    return torch.tensor(first), torch.tensor(second)


def by_numpy(q, joint, v, available):
    q, joint, v, available = (each.numpy() for each in (q, joint, v, available))
    gap = q[:, 0, :, None] + q[:, 1, None, :] - joint + v[:, None, None]
    own = np.where(available, q, -np.inf).argmax(2)
    mask = available[:, 0, :, None] & available[:, 1, None, :]
    lowest = np.where(mask, gap, 0.0).min((1, 2)).clip(max=0)
    return [torch.from_numpy(gap[np.arange(len(gap)), own[:, 0], own[:, 1]]), torch.from_numpy(lowest)]


def best_sum_is_own(q, joint, v, available):
    """ū is the best entry of Q′ among those that can be played."""
    q_sum = (q[:, 0].unsqueeze(2) + q[:, 1].unsqueeze(1)).masked_fill(~both_of(available), -torch.inf)
    gap = gap_of(q, joint, v)
    return gap.flatten(1).gather(1, q_sum.flatten(1).argmax(1, keepdim=True)).squeeze(1), \
        gap.masked_fill(~both_of(available), 1e9).amin((1, 2)).clamp(max=0)


def no_mask(q, joint, v, available):
    gap = gap_of(q, joint, v)
    return at(gap, q.argmax(2)), gap.amin((1, 2)).clamp(max=0)


def free_agents(q, joint, v, available):
    gap = gap_of(q, joint, v)
    return at(gap, q.argmax(2)), gap.masked_fill(~both_of(available), torch.inf).amin((1, 2)).clamp(max=0)


def free_gaps(q, joint, v, available):
    gap = gap_of(q, joint, v)
    return at(gap, own_of(q, available)), gap.amin((1, 2)).clamp(max=0)


def times_mask(q, joint, v, available):
    gap = gap_of(q, joint, v)
    return at(gap, (q * available).argmax(2)), gap.masked_fill(~both_of(available), torch.inf).amin((1, 2)).clamp(max=0)


def best_of_the_table(q, joint, v, available):
    gap, both = gap_of(q, joint, v), both_of(available)
    best = joint.masked_fill(~both, -torch.inf).flatten(1).argmax(1, keepdim=True)
    return gap.flatten(1).gather(1, best).squeeze(1), gap.masked_fill(~both, torch.inf).amin((1, 2)).clamp(max=0)


def against_the_best(q, joint, v, available):
    gap, both = gap_of(q, joint, v), both_of(available)
    reached = q.masked_fill(~available, -torch.inf).amax(2).sum(1)
    best = joint.masked_fill(~both, -torch.inf).amax((1, 2))
    return reached - best + v, gap.masked_fill(~both, torch.inf).amin((1, 2)).clamp(max=0)


def minus_v(q, joint, v, available):
    return by_mask(q, joint, -v, available)


def without_v(q, joint, v, available):
    return by_mask(q, joint, 0 * v, available)


def table_minus_sum(q, joint, v, available):
    gap = -gap_of(q, joint, v)
    return at(gap, own_of(q, available)), gap.masked_fill(~both_of(available), -torch.inf).amax((1, 2)).clamp(min=0)


def mean_of_the_two(q, joint, v, available):
    return by_mask(q / 2, joint, v, available)


def transposed(q, joint, v, available):
    return by_mask(q, joint.transpose(1, 2), v, available)


def lowest(change):
    def answer(q, joint, v, available):
        gap, both = gap_of(q, joint, v), both_of(available)
        return at(gap, own_of(q, available)), change(gap, both)

    return answer


not_cut = lowest(lambda gap, both: gap.masked_fill(~both, torch.inf).amin((1, 2)))
cut_wrong = lowest(lambda gap, both: gap.masked_fill(~both, torch.inf).amin((1, 2)).clamp(min=0))
highest = lowest(lambda gap, both: gap.masked_fill(~both, -torch.inf).amax((1, 2)).clamp(max=0))
added = lowest(lambda gap, both: (gap.clamp(max=0) * both).sum((1, 2)))
averaged = lowest(lambda gap, both: (gap.clamp(max=0) * both).sum((1, 2)) / both.sum((1, 2)))
one_for_all = lowest(lambda gap, both: gap.masked_fill(~both, torch.inf).min().clamp(max=0).expand(len(gap)))


def squared(q, joint, v, available):
    first, second = by_mask(q, joint, v, available)
    return first ** 2, second ** 2


def absolute(q, joint, v, available):
    first, second = by_mask(q, joint, v, available)
    return first.abs(), second


def sizes(q, joint, v, available):
    first, second = by_mask(q, joint, v, available)
    return first, -second


def all_absolute(q, joint, v, available):
    return tuple(each.abs() for each in by_mask(q, joint, v, available))


def exchanged_numbers(q, joint, v, available):
    return by_mask(q, joint, v, available)[::-1]


def without_own(q, joint, v, available):
    gap, both, own = gap_of(q, joint, v), both_of(available).clone(), own_of(q, available)
    both[torch.arange(len(q)), own[:, 0], own[:, 1]] = False
    return at(gap, own), gap.masked_fill(~both, torch.inf).amin((1, 2)).clamp(max=0)


ANSWERS = Answers(
    right=[by_mask, by_loops, by_numpy, best_sum_is_own],
    wrong=[
        ("actions that are not available are counted in", no_mask),
        ("ū holds actions that are not available", free_agents),
        ("the lowest gap is one that cannot be played", free_gaps),
        ("zero is no mask", times_mask),
        ("ū is taken from Q_jt", best_of_the_table),
        ("the sum at ū is held against the best entry of Q_jt", against_the_best),
        ("V has the wrong sign", minus_v),
        ("V is left out", without_v),
        ("the gap is turned around", table_minus_sum),
        ("the mean of the utilities, not their sum", mean_of_the_two),
        ("the two agents are exchanged", transposed),
        ("a lowest gap above 0 is no violation", not_cut),
        ("the wrong side is cut off at 0", cut_wrong),
        ("the highest gap, not the lowest", highest),
        ("all violations are added up", added),
        ("the mean violation, not the lowest gap", averaged),
        ("squares, as in the losses", squared),
        ("the sign of the gap at ū is lost", absolute),
        ("the size of the violation, without its sign", sizes),
        ("both numbers have lost their sign", all_absolute),
        ("the two numbers are exchanged", exchanged_numbers),
        ("ū itself is left out of the minimum", without_own),
        ("one lowest gap for all states", one_for_all),
    ],
)
