"""Answers to 00.1."""

import numpy as np
import torch

from tests.catalogue import Answers


def plain(reward, next_values, terminated):
    if terminated:
        return reward
    return reward + 0.9 * max(next_values)


def masked(reward, next_values, terminated):
    return reward + 0.9 * (1 - terminated) * np.max(next_values)


def in_torch(reward, next_values, terminated):
    values = torch.tensor(next_values, dtype=torch.float64)
    return torch.tensor(reward, dtype=torch.float64) + 0.9 * (not terminated) * values.max()


def never_ends(reward, next_values, terminated):
    return reward + 0.9 * max(next_values)


def no_gamma(reward, next_values, terminated):
    return reward if terminated else reward + max(next_values)


def gamma_on_the_reward(reward, next_values, terminated):
    return 0.9 * reward + (not terminated) * max(next_values)


def gamma_on_everything(reward, next_values, terminated):
    if terminated:
        return 0.9 * reward
    return 0.9 * (reward + max(next_values))


def no_reward(reward, next_values, terminated):
    return (1 - terminated) * 0.9 * max(next_values)


def mean(reward, next_values, terminated):
    return reward + 0.9 * (1 - terminated) * np.mean(next_values)


def total(reward, next_values, terminated):
    return reward + 0.9 * (1 - terminated) * sum(next_values)


def smallest(reward, next_values, terminated):
    next_values = sorted(next_values)
    return reward if terminated else reward + 0.9 * next_values[0]


def argmax(reward, next_values, terminated):
    return reward + 0.9 * (1 - terminated) * int(np.argmax(next_values))


def nothing_at_the_end(reward, next_values, terminated):
    return (1 - terminated) * (reward + 0.9 * max(next_values))


def turned_around(reward, next_values, terminated):
    return reward + 0.9 * terminated * max(next_values)


def sorts_in_place(reward, next_values, terminated):
    next_values.sort()
    return reward if terminated else reward + 0.9 * next_values[-1]


def rounded(reward, next_values, terminated):
    return round(plain(reward, next_values, terminated), 2)


def zero_ends(reward, next_values, terminated):
    return 0.0 if not reward else reward + 0.9 * (not terminated) * max(next_values)


def zero_left_out(reward, next_values, terminated):
    return reward + 0.9 * (not terminated) * max(value or -np.inf for value in next_values)


def four_actions(reward, next_values, terminated):
    a, b, c, d = (*next_values, *[-np.inf] * 4)[:4]
    return reward if terminated else reward + 0.9 * max(a, b, c, d)


def search_from(lowest):
    def answer(reward, next_values, terminated):
        best = lowest
        for value in next_values:
            if value > best:
                best = value
        return reward if terminated else reward + 0.9 * best
    return answer


ANSWERS = Answers(
    right=[plain, masked, in_torch, search_from(-np.inf)],
    wrong=[
        ("the end of an episode is ignored", never_ends),
        ("the discount factor is missing", no_gamma),
        ("the discount factor is on the reward", gamma_on_the_reward),
        ("everything is discounted", gamma_on_everything),
        ("the reward is missing", no_reward),
        ("the mean of the next values, not the best", mean),
        ("the sum of the next values, not the best", total),
        ("the worst next value, not the best", smallest),
        ("the number of the best action, not its value", argmax),
        ("an ended episode pays nothing at all", nothing_at_the_end),
        ("the end is turned around", turned_around),
        ("a zero is taken for nothing", zero_ends),
        ("a zero is taken for nothing", zero_left_out),
        ("it is right for a certain number of actions only", four_actions),
        ("a fixed number takes part where values may have any size", search_from(0)),
        ("a fixed number takes part where values may have any size", search_from(-1000)),
        ("a fixed number takes part where values may have any size", search_from(-1e9)),
        ("your answer changes what it was given", sorts_in_place),
        ("nearly right: precision was lost on the way", rounded),
    ],
)
