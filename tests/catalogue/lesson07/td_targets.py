"""Answers to 07.3."""

import torch

from tests.catalogue import Answers


def chosen_by_where(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, reward, reward + gamma * next_q_tot)


def by_product(reward, terminated, next_q_tot, gamma):
    return reward + gamma * (1 - terminated.float()) * next_q_tot


def by_index(reward, terminated, next_q_tot, gamma):
    y = reward.clone()
    y[~terminated] += gamma * next_q_tot[~terminated]
    return y


def by_list(reward, terminated, next_q_tot, gamma):
    y = []
    for r, done, q in zip(reward, terminated, next_q_tot):
        y.append(r if done else r + gamma * q)
    return torch.stack(y)


def never_ends(reward, terminated, next_q_tot, gamma):
    return reward + gamma * next_q_tot


def only_the_end(reward, terminated, next_q_tot, gamma):
    return reward + gamma * terminated.double() * next_q_tot


def pays_nothing(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, torch.zeros_like(reward), reward + gamma * next_q_tot)


def undiscounted(reward, terminated, next_q_tot, gamma):
    return reward + torch.where(terminated, 0.0, next_q_tot)


def reward_discounted(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, gamma * reward, gamma * reward + next_q_tot)


def all_discounted(reward, terminated, next_q_tot, gamma):
    return gamma * (reward + next_q_tot.masked_fill(terminated, 0))


def squared_gamma(reward, terminated, next_q_tot, gamma):
    next_q_tot = gamma * next_q_tot
    return reward + gamma * next_q_tot * ~terminated


def usual_gamma(reward, terminated, next_q_tot, gamma=0.99):
    return reward + 0.99 * torch.where(terminated, 0.0, next_q_tot)


def rewardless(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, 0.0, gamma * next_q_tot)


def if_any(reward, terminated, next_q_tot, gamma):
    if terminated.any():
        return reward
    return reward + gamma * next_q_tot


def column_and_row(reward, terminated, next_q_tot, gamma):
    return reward.view(-1, 1) + gamma * ~terminated * next_q_tot


def rounded(*inputs):
    return chosen_by_where(*inputs).round(decimals=4)


def adds_in_place(reward, terminated, next_q_tot, gamma):
    reward += gamma * next_q_tot * ~terminated
    return reward


ANSWERS = Answers(
    right=[chosen_by_where, by_product, by_index, by_list],
    wrong=[
        ("the end of an episode is ignored", never_ends),
        ("the end is turned round", only_the_end),
        ("a terminated step pays nothing at all", pays_nothing),
        ("the discount factor is missing", undiscounted),
        ("the discount factor is on the reward", reward_discounted),
        ("everything is discounted", all_discounted),
        ("discounted twice", squared_gamma),
        ("the discount factor is a fixed number", usual_gamma),
        ("the reward is missing", rewardless),
        ("one row that ended ends the whole batch", if_any),
        ("a table in place of a list", column_and_row),
        ("your answer changes what it was given", adds_in_place),
        ("nearly right: precision was lost on the way", rounded),
    ],
)
