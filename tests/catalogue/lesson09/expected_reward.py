"""Answers to 09.3."""

import numpy as np
import torch

from tests.catalogue import Answers


def outer(payoff, actions, epsilon):
    n_actions = len(payoff)
    chances = torch.full((2, n_actions), epsilon / n_actions)
    chances[[0, 1], actions] += 1 - epsilon
    return chances[0] @ payoff @ chances[1]


def four_cases(payoff, actions, epsilon):
    i, j = actions
    keep = 1 - epsilon
    return (keep * keep * payoff[i, j] + keep * epsilon * payoff[i].mean() + epsilon * keep * payoff[:, j].mean()
            + epsilon ** 2 * payoff.mean())


def one_after_the_other(payoff, actions, epsilon):
    values = (1 - epsilon) * payoff[actions[0]] + epsilon * payoff.mean(0)
    return float((1 - epsilon) * values[actions[1]] + epsilon * values.mean())


def with_einsum(payoff, actions, epsilon):
    n = payoff.shape[0]
    p = (1 - epsilon) * np.eye(n)[actions.numpy()] + epsilon / n
    return np.einsum("i,ij,j->", p[0], payoff.numpy(), p[1])


def one_coin(payoff, actions, epsilon):
    return (1 - epsilon) * payoff[actions[0], actions[1]] + epsilon * payoff.mean()


def others_only(payoff, actions, epsilon):
    n = len(payoff)
    p = torch.full((2, n), epsilon / (n - 1))
    p[0, actions[0]] = p[1, actions[1]] = 1 - epsilon
    return (p[0].unsqueeze(1) * p[1] * payoff).sum()


def share_forgotten(payoff, actions, epsilon):
    n = len(payoff)
    p = torch.full((2, n), epsilon / n)
    p[0, actions[0]] = p[1, actions[1]] = 1 - epsilon
    return (p[0].unsqueeze(1) * p[1] * payoff).sum()


def three_cases(payoff, actions, epsilon):
    keep = 1 - epsilon
    return (keep ** 2 * payoff[actions[0], actions[1]] + keep * epsilon * payoff[actions[0]].mean() + epsilon ** 2
            * payoff.mean())


def too_much(payoff, actions, epsilon):
    i, j = actions
    return (1 - epsilon) * payoff[i, j] + epsilon * payoff[i].mean() + epsilon * payoff[:, j].mean()


def greedy(payoff, actions, epsilon):
    return payoff[actions[0], actions[1]]


def two_outcomes(payoff, actions, epsilon):
    return (1 - epsilon) ** 2 * payoff[actions[0], actions[1]] + epsilon ** 2 * payoff.mean()


def exchanged(payoff, actions, epsilon):
    return four_cases(payoff, actions.flip(0), epsilon)


def columns_first(payoff, actions, epsilon):
    return four_cases(payoff.T, actions, epsilon)


def own_argmax(payoff, actions, epsilon):
    return four_cases(payoff, np.unravel_index(int(payoff.argmax()), payoff.shape), epsilon)


def turned(payoff, actions, epsilon):
    return four_cases(payoff, actions, 1 - epsilon)


def whole_epsilon(payoff, actions, epsilon):
    p = torch.full((2, len(payoff)), epsilon)
    p[[0, 1], actions] += 1 - epsilon
    return p[0] @ payoff @ p[1]


def only_first(payoff, actions, epsilon):
    return (1 - epsilon) * payoff[actions[0], actions[1]] + epsilon * payoff[:, actions[1]].mean()


def only_second(payoff, actions, epsilon):
    return (1 - epsilon) * payoff[actions[0], actions[1]] + epsilon * payoff[actions[0]].mean()


def joint_draw(payoff, actions, epsilon):
    together = (1 - epsilon) ** 2
    return together * payoff[actions[0], actions[1]] + (1 - together) * payoff.mean()


ANSWERS = Answers(
    right=[outer, four_cases, one_after_the_other, with_einsum],
    wrong=[
        ("one coin for the whole team", one_coin),
        ("the random action is never the greedy one", others_only),
        ("the chances do not sum to 1", share_forgotten),
        ("the chances do not sum to 1", three_cases),
        ("the chances do not sum to 1", too_much),
        ("the dice are ignored", greedy),
        ("the cases with one random agent are missing", two_outcomes),
        ("the agents are exchanged", columns_first),
        ("the agents are exchanged", exchanged),
        ("the best entry of the table, not the given actions", own_argmax),
        ("ε and 1 − ε are exchanged", turned),
        ("each of the random actions gets the whole ε", whole_epsilon),
        ("only one of the agents explores", only_first),
        ("only one of the agents explores", only_second),
        ("the joint action is drawn as one", joint_draw),
    ],
)
