"""Answers to 01.7."""

import numpy
import torch

from tests.catalogue import Answers


def exchanged(payoff, actions):
    team = payoff[actions[:, 0], actions[:, 1]]
    baseline = torch.stack([payoff.mean(0)[actions[:, 1]], payoff.mean(1)[actions[:, 0]]], 1)
    return team.unsqueeze(1) - baseline


def looked_up(payoff, actions):
    """The agent's own actions as the columns of what its partner left open."""
    rows, columns = actions.T
    own = payoff.T[columns].mean(1), payoff[rows].mean(1)
    return torch.stack([payoff[rows, columns] - each for each in own], -1)


def by_loops(payoff, actions):
    given = torch.zeros(len(actions), 2, dtype=payoff.dtype)
    for b, (u1, u2) in enumerate(actions.tolist()):
        given[b, 0] = payoff[u1, u2] - sum(payoff[k, u2] for k in range(payoff.shape[0])) / payoff.shape[0]
        given[b, 1] = payoff[u1, u2] - sum(payoff[u1, k] for k in range(payoff.shape[1])) / payoff.shape[1]
    return given


def in_numpy(payoff, actions):
    table, plays = payoff.numpy(), actions.numpy()
    parts = [(table - table.mean(axis, keepdims=True))[plays[:, 0], plays[:, 1]] for axis in (0, 1)]
    return torch.from_numpy(numpy.stack(parts, 1))


def unchanged(payoff, actions):
    team = payoff[actions[:, 0], actions[:, 1]]
    baseline = torch.stack([payoff.mean(1)[actions[:, 0]], payoff.mean(0)[actions[:, 1]]], 1)
    return team.unsqueeze(1) - baseline


def given(first, second=None):
    """An answer from ``first(own, partner, got, payoff)`` for agent 1's number and ``second`` for agent 2's."""

    def answer(payoff, actions):
        rows = []
        for u1, u2 in actions.tolist():
            got, column, row = payoff[u1, u2], payoff[:, u2], payoff[u1]
            rows.append([first(column, row, got, payoff), (second or first)(row, column, got, payoff)])
        return torch.tensor(rows, dtype=payoff.dtype)

    return answer


def own_mean(own, partner, got, payoff):
    return got - own.mean()


def partners_mean(own, partner, got, payoff):
    return got - partner.mean()


def without_the_played(payoff, actions):
    team, (rows, columns) = payoff[actions[:, 0], actions[:, 1]], payoff.shape
    sums = payoff.sum(0)[actions[:, 1]] - team, payoff.sum(1)[actions[:, 0]] - team
    return torch.stack([team - sums[0] / max(1, rows - 1), team - sums[1] / max(1, columns - 1)], 1)


def against_the_batch(payoff, actions):
    team = payoff[actions[:, 0], actions[:, 1]]
    return (team - team.mean()).unsqueeze(1).expand(-1, 2)


def team_alone(payoff, actions):
    return payoff[actions[:, 0], actions[:, 1]].unsqueeze(1).expand(-1, 2)


ANSWERS = Answers(
    right=[("D", exchanged), (" d ", looked_up), ("D", by_loops), ("D", in_numpy), ("D", given(own_mean))],
    wrong=[
        ("each agent is still compared with what its partner could have done", ("D", unchanged)),
        ("the symptom is hidden: one mean over the whole table for both",
         ("D", given(lambda own, partner, got, payoff: got - payoff.mean()))),
        ("the symptom is hidden: nothing is subtracted", ("D", team_alone)),
        ("compared with the best of its own actions, not with their mean",
         ("D", given(lambda own, partner, got, payoff: got - own.max()))),
        ("the action that was played is left out of the mean", ("D", without_the_played)),
        ("the sum of its own actions is subtracted, not their mean",
         ("D", given(lambda own, partner, got, payoff: got - own.sum()))),
        ("the median of its own actions, not their mean",
         ("D", given(lambda own, partner, got, payoff: got - own.median()))),
        ("only agent 1 is compared with itself", ("D", given(own_mean, partners_mean))),
        ("only agent 2 is compared with itself", ("D", given(partners_mean, own_mean))),
        ("only agent 1 is compared with itself",
         ("D", lambda payoff, actions: exchanged(payoff, actions)[:, :1].expand(-1, 2))),
        ("only agent 2 is compared with itself",
         ("D", lambda payoff, actions: exchanged(payoff, actions)[:, 1:].expand(-1, 2))),
        ("half of what is subtracted is still the partner's",
         ("D", lambda payoff, actions: (exchanged(payoff, actions) + unchanged(payoff, actions)) / 2)),
        ("compared with its own action 0 alone", ("D", given(lambda own, partner, got, payoff: got - own[0]))),
        ("compared with the mean reward of the batch", ("D", against_the_batch)),
        ("the signs are turned round", ("D", lambda payoff, actions: -exchanged(payoff, actions))),
        ("random play is blamed", ("A", exchanged)),
        ("the running mean is blamed", ("B", looked_up)),
        ("one number for both is blamed", ("C", by_loops)),
        ("every baseline is blamed", ("E", in_numpy)),
    ],
)
