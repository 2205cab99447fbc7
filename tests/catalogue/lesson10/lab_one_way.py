"""Answers to 10.5."""

import torch

from tests.catalogue import Answers
from tests.catalogue.lesson10.shared import line


def right_states(q, actions):
    best = q.flatten(1).amax(1)
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] > best - 1e-9


def right_by_gather(q, actions):
    a = q.shape[-1]
    flat = q.flatten(1)
    best = torch.isclose(flat, flat.max(1, keepdim=True).values, rtol=0.0, atol=1e-9)
    played = actions[:, 0] * a + actions[:, 1]
    return best.gather(1, played[:, None])[:, 0]


def right_in_loops(q, actions):
    return torch.tensor([abs(table.max().item() - table[u, v].item()) < 1e-6
                         for table, (u, v) in zip(q, actions.tolist())])


def right_rounded(q, actions):
    n_actions = q.shape[-1]
    q = q.round(decimals=6).flatten(1)
    played = actions[:, 0] * n_actions + actions[:, 1]
    return q[torch.arange(len(q)), played] == q.max(1)[0]


def first_best(q, actions):
    best = q.flatten(1).round(decimals=9).argmax(1)
    return actions[:, 0] * q.shape[-1] + actions[:, 1] == best


def last_best(q, actions):
    n = q.shape[-1]
    best = n * n - 1 - q.flatten(1).flip(1).argmax(1)
    return actions[:, 0] * n + actions[:, 1] == best


def first_or_last(q, actions):
    return first_best(q, actions) | last_best(q, actions)


def exactly_best(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] == q.amax((1, 2))


def nearly_best(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] >= q.amax((1, 2)) - 0.101


def good_halves(q, actions):
    best = q > q.amax((1, 2), keepdim=True) - 1e-9
    x = torch.arange(len(q))
    return best.any(2)[x, actions[:, 0]] & best.any(1)[x, actions[:, 1]]


def a_good_half(q, actions):
    best = q > q.amax((1, 2), keepdim=True) - 1e-9
    x = torch.arange(len(q))
    return best.any(2)[x, actions[:, 0]] | best.any(1)[x, actions[:, 1]]


def best_response(q, actions):
    x = torch.arange(len(q))
    row = q[x, actions[:, 0]]
    return row[x, actions[:, 1]] >= row.max(1).values - 1e-9


def one_best_for_all(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] > q.max() - 1e-9


def other_axis(q, actions):
    return q[torch.arange(len(q)), actions[:, 1], actions[:, 0]] > q.amax((1, 2)) - 1e-9


def all_right(q, actions):
    return torch.ones(len(q), dtype=torch.bool)


def to_one_digit(q, actions):
    q = q.round(decimals=1)
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] == q.amax((1, 2))


def by_share(q, actions):
    return torch.isclose(q[torch.arange(len(q)), actions[:, 0], actions[:, 1]], q.amax((1, 2)), rtol=1e-3)


ANSWERS = Answers(
    right=[*line(2, right_states, right_in_loops), *line(4, right_by_gather, right_rounded)],
    wrong=[
        ("one best joint action still stands for all of them", (4, first_best)),
        ("another one of the best joint actions stands for all of them", (2, last_best)),
        ("the symptom is hidden: two of the best joint actions are accepted", (2, first_or_last)),
        ("values that are equal but for rounding are told apart", (2, exactly_best)),
        ("the symptom is hidden: anything near the best is accepted", (4, nearly_best)),
        ("the symptom is hidden: good halves are taken for a good whole", (2, good_halves)),
        ("the symptom is hidden: one good half is enough", (2, a_good_half)),
        ("the symptom is hidden: the best answer to the other's action is enough", (2, best_response)),
        ("one best value is used for all states", (2, one_best_for_all)),
        ("the agents' axes were exchanged in the repair", (2, other_axis)),
        ("the symptom is hidden: everybody is declared right", (4, all_right)),
        ("the room for rounding is not the same for all values", (4, to_one_digit)),
        ("the room for rounding is not the same for all values", (4, by_share)),
    ])
