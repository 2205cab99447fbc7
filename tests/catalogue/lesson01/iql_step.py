"""Answers to 01.4."""

import numpy as np
import torch

from tests.catalogue import Answers


def step_plain(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    new = q.clone()
    for i in range(len(q)):
        y = reward
        if not terminated:
            y += gamma * max(q[i, next_obs[i]].tolist())
        new[i, obs[i], actions[i]] = (1 - rate) * q[i, obs[i], actions[i]] + rate * y
    return new


def step_at_once(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    agents = torch.arange(q.shape[0])
    y = reward + gamma * (not terminated) * q[agents, next_obs].amax(-1)
    error = torch.zeros_like(q)
    error[agents, obs, actions] = y - q[agents, obs, actions]
    return q + rate * error


def step_numpy(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    table = q.numpy().copy()
    for i, (o, u, after) in enumerate(zip(obs.tolist(), actions.tolist(), next_obs.tolist())):
        y = reward if terminated else reward + gamma * np.max(table[i][after])
        table[i, o, u] += rate * (y - table[i, o, u])
    return torch.from_numpy(table)


def learns(target, change=lambda old, y, rate: old + rate * (y - old), who=None):
    """An answer that computes its target so: target(q, i, o, u, r, o', ended, γ)."""
    def answer(q, obs, actions, reward, next_obs, terminated, rate, gamma):
        new = q.clone()
        for i in range(len(q) if who is None else who):
            y = target(q, i, obs, actions[i], reward, next_obs, terminated, gamma)
            old = q[i, obs[i], actions[i]]
            new[i, obs[i], actions[i]] = change(old, y, rate)
        return new
    return answer


def y_search_from(lowest):
    return (lambda q, i, obs, u, r, after, ended,
            gamma: r + gamma * (1 - ended) * max([lowest, *q[i, after[i]].tolist()]))


def y_no_zeros(q, i, obs, u, r, after, ended, gamma):
    return (r or 1.0) + (gamma or 0.99) * (1 - ended) * q[i, after[i]].max()


def y_right(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (1 - ended) * q[i, after[i]].max()


def y_end(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * q[i, after[i]].max()


def y_turned(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * ended * q[i, after[i]].max()


def y_nothing(q, i, obs, u, r, after, ended, gamma):
    return 0 if ended else r + gamma * q[i, after[i]].max()


def y_tilde(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (-1 - int(ended)) * q[i, after[i]].max()          # ~ended, spelt out: Python 3.12 warns of it


def y_no_gamma(q, i, obs, u, r, after, ended, gamma):
    return r + (0 if ended else q[i, after[i]].max())


def y_team_best(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[torch.arange(len(q)), after].max()


def y_team_sum(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * sum(q[k, after[k]].max() for k in range(len(q)))


def y_first_obs(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[0]].max()


def y_first_table(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[0, after[i]].max()


def y_any_obs(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i].max()


def y_before(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, obs[i]].max()


def y_same_action(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i], u]


def y_mean(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i]].mean()


def y_argmax(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i]].argmax()


def y_share(q, i, obs, u, r, after, ended, gamma):
    return r / len(q) + gamma * (not ended) * q[i, after[i]].max()


def y_gamma_on_reward(q, i, obs, u, r, after, ended, gamma):
    return gamma * r + (not ended) * q[i, after[i]].max()


def y_gamma_on_all(q, i, obs, u, r, after, ended, gamma):
    return gamma * (r + (not ended) * q[i, after[i]].max())


def y_no_reward(q, i, obs, u, r, after, ended, gamma):
    return gamma * (not ended) * q[i, after[i]].max()


def y_worst(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i]].min()


def step_of_the_sum(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    agents, new = torch.arange(len(q)), q.clone()
    future = 0.0 if terminated else q[agents, next_obs].amax(-1).sum()
    new[agents, obs, actions] += rate * (reward + gamma * future - q[agents, obs, actions].sum())
    return new


def step_of_a_row(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    new = q.clone()
    for i in range(len(q)):
        y = reward if terminated else reward + gamma * q[i, next_obs[i]].max()
        new[i, obs[i]] += rate * (y - q[i, obs[i]])
    return new


def step_in_place(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    for i in range(len(q)):
        y = reward + (0 if terminated else gamma * q[i, next_obs[i]].max())
        q[i, obs[i], actions[i]] += rate * (y - q[i, obs[i], actions[i]])
    return q


ANSWERS = Answers(
    right=[step_plain, step_at_once, step_numpy, learns(y_right)],
    wrong=[
        ("the end of an episode is ignored", learns(y_end)),
        ("the end is turned round", learns(y_turned)),
        ("a terminated step pays nothing at all", learns(y_nothing)),
        ("~ on a Python bool", learns(y_tilde)),
        ("the discount factor is missing", learns(y_no_gamma)),
        ("the discount factor is on the reward", learns(y_gamma_on_reward)),
        ("everything is discounted", learns(y_gamma_on_all)),
        ("the reward is missing", learns(y_no_reward)),
        ("the worst next value, not the best", learns(y_worst)),
        ("one error for the whole team", step_of_the_sum),
        ("a whole row of the table moves", step_of_a_row),
        ("the best next value of the whole team", learns(y_team_best)),
        ("the agents' futures are added up", learns(y_team_sum)),
        ("every agent looks up the first agent's observation", learns(y_first_obs)),
        ("every agent takes its future from the first agent's table", learns(y_first_table)),
        ("the best value anywhere, not at the next observation", learns(y_any_obs)),
        ("the future is read at the old observation", learns(y_before)),
        ("the next action is taken to be the one just played", learns(y_same_action)),
        ("the mean of the next values, not the best", learns(y_mean)),
        ("the number of the best action, not its value", learns(y_argmax)),
        ("the reward is divided among the agents", learns(y_share)),
        ("the entry jumps to its target", learns(y_right, lambda old, y, rate: y)),
        ("the target is added, not the distance to it", learns(y_right, lambda old, y, rate: old + rate * y)),
        ("the old value and the target have changed places",
         learns(y_right, lambda old, y, rate: rate * old + (1 - rate) * y)),
        ("the step goes away from the target", learns(y_right, lambda old, y, rate: old - rate * (y - old))),
        ("only the first agent learns", learns(y_right, who=1)),
        ("only the first two agents learn",
         lambda q, *rest: torch.cat([step_plain(q[:2], *(r[:2] if isinstance(r, torch.Tensor) else r for r in rest)),
                                     q[2:]])),
        ("a zero is taken for a missing number", learns(y_no_zeros)),
        ("a zero is taken for a missing number", learns(y_right, lambda old, y, rate: old + (rate or 0.1) * (y - old))),
        ("a fixed number takes part where values may have any size", learns(y_search_from(-1000))),
        ("a fixed number takes part where values may have any size", learns(y_search_from(-1e9))),
        ("your answer changes what it was given", step_in_place),
    ],
)
