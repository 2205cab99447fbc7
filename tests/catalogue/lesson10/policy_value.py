"""Answers to 10.2."""

import numpy as np
import torch

from tests.catalogue import Answers


def refuse(gamma):
    if not (0 <= gamma < 1):
        raise ValueError(f"gamma must be at least 0 and less than 1, not {gamma}")


def tables_of(next_state, reward, terminated, policy):
    x = torch.arange(len(policy))
    u, v = policy.T
    return next_state[x, u, v], reward[x, u, v], terminated[x, u, v]


def policy_value(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    matrix = torch.eye(len(policy))
    for x in range(len(policy)):
        if not ends[x]:
            matrix[x, then[x]] -= gamma
    return torch.linalg.solve(matrix, paid)


def value_by_sweeps(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v = torch.zeros_like(paid)
    while True:
        new = paid + gamma * v[then] * ~ends
        if (new - v).abs().max() < 1e-11:
            return new
        v = new


def value_by_doubling(next_state, reward, terminated, policy, gamma):
    """2, 4, 8, ... steps at once: what they earn, where they lead, what is left of the discount."""
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    left = gamma * (1.0 - ends.double())
    for _ in range(14):
        paid, left, then = paid + left * paid[then], left * left[then], then[then]
    return paid


def value_start_by_start(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    found = []
    for x in range(len(policy)):
        total, factor, at = 0.0, 1.0, x
        while factor > 1e-11:
            u, v = policy[at].tolist()
            total += factor * reward[at, u, v].item()
            factor *= gamma
            if terminated[at, u, v]:
                break
            at = next_state[at, u, v].item()
        found.append(total)
    return torch.tensor(found)


def value_numpy(next_state, reward, terminated, policy, gamma):
    if gamma < 0 or gamma >= 1:
        raise ValueError("gamma")
    p, n = policy.numpy(), len(policy)
    a = reward.shape[1]
    row = np.arange(n) * a * a + p[:, 0] * a + p[:, 1]
    then, paid, ends = (t.numpy().reshape(-1)[row] for t in (next_state, reward, terminated))
    follows = np.eye(n)[then] * (1.0 - ends)[:, None]
    return torch.from_numpy(np.linalg.inv(np.eye(n) - gamma * follows) @ paid)


def sweeps(paid, then, ends, gamma, count=6000):
    v = torch.zeros_like(paid)
    for _ in range(count):
        v = paid + gamma * torch.where(ends, 0.0, v[then])
    return v


def value_swapped(next_state, reward, terminated, policy, gamma):
    return value_by_sweeps(next_state, reward, terminated, policy[:, [1, 0]], gamma)


def value_of_the_best(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    v = torch.zeros(len(reward))
    for _ in range(3500):
        v = torch.amax(reward + gamma * v[next_state] * ~terminated, dim=(1, 2))
    return v


def value_of_dice(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    v = torch.zeros(len(reward))
    for _ in range(3500):
        v = (reward + gamma * v[next_state] * ~terminated).mean((1, 2))
    return v


def value_without_end(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, _ = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, torch.zeros(len(paid), dtype=torch.bool), gamma)


def value_unpaid_end(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v = torch.zeros_like(paid)
    for _ in range(3500):
        v = torch.where(ends, 0.0, paid + gamma * v[then])
    return v


def value_early(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v = torch.zeros_like(paid)
    for _ in range(3500):
        v = gamma * (paid + torch.where(ends, 0.0, v[then]))
    return v


def value_gamma_twice(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma * gamma)


def value_first(next_state, reward, terminated, policy, gamma):
    return tables_of(next_state, reward, terminated, policy)[1]


def value_transposed(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    follows = torch.nn.functional.one_hot(then, len(paid)).double() * ~ends[:, None]
    return torch.linalg.solve(torch.eye(len(paid)) - gamma * follows.T, paid)


def value_circles_are_nothing(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    found = []
    for x in range(len(paid)):
        total, factor, at, met = 0.0, 1.0, x, set()
        while at not in met:
            met.add(at)
            total, factor = total + factor * float(paid[at]), factor * gamma
            if ends[at]:
                break
            at = int(then[at])
        else:
            total = 0.0
        found.append(total)
    return torch.tensor(found)


def value_of_100_steps(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma, 100)


def value_of_one_round(next_state, reward, terminated, policy, gamma):
    """As many steps as there are states."""
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma, len(paid))


def value_stops_early(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v, new = torch.full_like(paid, torch.inf), torch.zeros_like(paid)
    while (new - v).abs().max() > 1e-3:
        v, new = new, paid + gamma * torch.where(ends, 0.0, new[then])
    return new


def value_any_gamma(next_state, reward, terminated, policy, gamma):
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma)


def value_of_one(next_state, reward, terminated, policy, gamma):
    if not 0 <= gamma <= 1:
        raise ValueError("gamma")
    return value_any_gamma(next_state, reward, terminated, policy, gamma)


def value_of_negative(next_state, reward, terminated, policy, gamma):
    if gamma >= 1:
        raise ValueError("gamma")
    return value_any_gamma(next_state, reward, terminated, policy, gamma)


ANSWERS = Answers(
    right=[policy_value, value_by_sweeps, value_by_doubling, value_start_by_start, value_numpy],
    wrong=[
        ("the agents' actions are swapped", value_swapped),
        ("the best policy is judged, and not this one", value_of_the_best),
        ("all joint actions are averaged", value_of_dice),
        ("the end of an episode is ignored", value_without_end),
        ("the last reward of an episode is lost", value_unpaid_end),
        ("the first reward is discounted already", value_early),
        ("γ is applied twice at every step", value_gamma_twice),
        ("only the first reward is counted", value_first),
        ("the values flow in the wrong direction", value_transposed),
        ("a policy that goes round in a circle is worth 0", value_circles_are_nothing),
        ("the sum is cut off", value_of_100_steps),
        ("the sum is cut off", value_of_one_round),
        ("it stops while the values still change", value_stops_early),
        ("a γ is accepted for which there is no answer", value_any_gamma),
        ("a γ is accepted for which there is no answer", value_of_one),
        ("a γ is accepted for which there is no answer", value_of_negative),
    ])
