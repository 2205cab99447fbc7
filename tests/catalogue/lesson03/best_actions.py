"""Answers to 03.1."""

import numpy as np
import torch

from tests.catalogue import Answers


def filled(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def in_numpy(q, available):
    values = np.where(available.numpy(), q.numpy(), -np.inf)
    return torch.from_numpy(np.asarray(values.argmax(axis=-1)))


def by_loops(q, available):
    rows, masks = q.reshape(-1, q.shape[-1]), available.reshape(-1, q.shape[-1])
    actions = torch.zeros(len(rows), dtype=torch.long)
    for k, (row, mask) in enumerate(zip(rows, masks)):
        numbers = mask.nonzero()[:, 0]
        actions[k] = numbers[row[numbers].argmax()]
    return actions.view(q.shape[:-1])


def last_of_equals(q, available):
    order = torch.where(available, q, torch.full_like(q, float("-inf"))).sort(dim=-1, stable=True)
    return order.indices[..., -1]


def shifted_product(q, available):
    return ((q - q.min() + 1) * available).max(-1).indices


def smallest_of_its_type(q, available):
    return torch.where(available, q, torch.finfo(q.dtype).min).max(dim=-1)[1]


def filled_with(number):
    return lambda q, available: q.masked_fill(~available, number).argmax(-1)


def no_mask(q, available):
    return q.argmax(dim=-1)


def times_mask(q, available):
    return (q * available.float()).argmax(-1)


def zero_fill(q, available):
    q = q.clone()
    q[~available] = 0
    return q.argmax(-1)


def minus_a_lot(q, available):
    return q.masked_fill(~available, -1e9).argmax(-1)


def minus_seven_nines(q, available):
    return (q - 9999999.0 * (1 - available.double())).argmax(-1)


def minus_one(q, available):
    return torch.where(available, q, -1.0).argmax(-1)


def filled_the_available(q, available):
    return q.masked_fill(available, float("-inf")).argmax(-1)


def minimum(q, available):
    return torch.where(available, q, torch.inf).min(-1).indices


def its_value(q, available):
    return q.masked_fill(~available, -torch.inf).max(-1).values


def second_axis(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(dim=q.dim() - 2)


def squeezed(q, available):
    rows, masks = q.reshape(-1, q.shape[-1]), available.reshape(-1, q.shape[-1])
    return torch.stack([row[mask].argmax() for row, mask in zip(rows, masks)]).view(q.shape[:-1])


def infinity_times_zero(q, available):
    return (q - torch.inf * (1.0 - available.double())).argmax(-1)


def team_sum(q, available):
    values = q.masked_fill(~available, -torch.inf).sum(-2, keepdim=True)
    return values.argmax(-1).expand(q.shape[:-1]).clone()


def looks_for_the_value(q, available):
    best = q.masked_fill(~available, -torch.inf).amax(-1, keepdim=True)
    return (q == best).int().argmax(-1)


def search_from_the_first(q, available):
    actions = torch.zeros(q.shape[:-1], dtype=torch.long)
    for index in np.ndindex(*q.shape[:-1]):
        for action in range(q.shape[-1]):
            if available[index][action] and q[index][action] > q[index][actions[index]]:
                actions[index] = action
    return actions


def search_from_minus_1000(q, available):
    actions = torch.zeros(q.shape[:-1], dtype=torch.long)
    for index in np.ndindex(*q.shape[:-1]):
        largest = -1000
        for action in range(q.shape[-1]):
            if available[index][action] and q[index][action] > largest:
                actions[index], largest = action, q[index][action]
    return actions


def softmax_first(q, available):
    return (torch.softmax(q, -1) * available).argmax(-1)


def in_place(q, available):
    q[~available] = -torch.inf
    return q.argmax(-1)


ANSWERS = Answers(
    right=[filled, in_numpy, by_loops, last_of_equals, filled_with(-torch.inf)],
    wrong=[
        ("two values that differ count as equal", shifted_product),
        ("two values that differ count as equal", lambda q, can: filled(q.float(), can)),
        ("two values that differ count as equal", lambda q,
         can: q.masked_fill(~can, -torch.inf).softmax(-1).argmax(-1)),
        ("the stand-in for −∞ is not low enough", smallest_of_its_type),
        ("the stand-in for −∞ is not low enough", filled_with(-1e30)),
        ("the stand-in for −∞ is not low enough", lambda q, can: torch.where(can, q, q.min() - 1).argmax(-1)),
        ("the stand-in for −∞ is not low enough", lambda q, can: torch.where(can, q, q - 10).argmax(-1)),
        ("the mask is not used", no_mask),
        ("the mask is multiplied in", times_mask),
        ("the mask is multiplied in", zero_fill),
        ("the stand-in for −∞ is not low enough", minus_a_lot),
        ("the stand-in for −∞ is not low enough", minus_seven_nines),
        ("the stand-in for −∞ is not low enough", minus_one),
        ("the mask is turned around", filled_the_available),
        ("the worst action, not the best", minimum),
        ("the value, not the action's number", its_value),
        ("the largest along the agents", second_axis),
        ("the position among the available ones", squeezed),
        ("−∞ times 0", infinity_times_zero),
        ("one action for the whole team", team_sum),
        ("the stand-in for −∞ is not low enough", search_from_minus_1000),
        ("the search begins with an action that may be unavailable", search_from_the_first),
        ("a softmax has swallowed the differences", softmax_first),
        ("an unavailable action that is as good", looks_for_the_value),
        ("your answer changes what it was given", in_place),
    ],
)
