"""Answers to 13.3."""

import torch

from tests.catalogue import Answers


def at(table, u):
    return table[tuple(int(action) for action in u)]


def backwards(reward, q, gamma, pick=None, start=lambda q: 0.0):
    pick = pick or (lambda t, table, reward, q: at(table[t], q[t].argmax(-1)))
    table, after = torch.zeros_like(reward), start(q)
    for t in range(len(reward) - 1, -1, -1):
        table[t] = reward[t] + gamma * after
        after = pick(t, table, reward, q)
    return table


def all_at_once(reward, q, gamma):
    """What the agents' choices pay, step by step, then discounted sums of what is ahead."""
    steps = len(reward)
    n_actions = q.shape[-1]
    place = torch.zeros(steps, dtype=torch.int64)
    for agent in range(q.shape[1]):
        place = place * n_actions + q[:, agent].argmax(-1)
    path = reward.reshape(steps, -1).gather(1, place[:, None])[:, 0]
    ahead = torch.tensor([sum(gamma ** (k - t) * float(path[k]) for k in range(t + 1, steps)) for t in range(steps)])
    return reward + ahead.reshape(-1, *[1] * q.shape[1])


def by_recursion(reward, q, gamma):
    if len(reward) == 1:
        return reward.clone()
    later = by_recursion(reward[1:], q[1:], gamma)
    best = later[0]
    for own in q[1]:
        best = best[own.argmax()]
    return torch.cat([(reward[0] + gamma * best)[None], later])


def picking(pick, **options):
    return lambda reward, q, gamma: backwards(reward, q, gamma, pick, **options)


def reward_best(t, table, reward, q):
    return table[t].flatten()[reward[t].flatten().argmax()]


def wrong_step(t, table, reward, q):
    return at(table[t], q[t - 1].argmax(-1)) if t else 0.0


def undiscounted(reward, q, gamma):
    return backwards(reward, q, 1.0)


def discounted_twice(reward, q, gamma):
    table, after, power = torch.zeros_like(reward), 0.0, 1.0
    for t in range(len(reward) - 1, -1, -1):
        table[t] = reward[t] + power * after
        after, power = at(table[t], q[t].argmax(-1)), power * gamma
    return table


def played_only(reward, q, gamma):
    table = backwards(reward, q, gamma)
    return torch.stack([at(table[t], q[t].argmax(-1)) for t in range(len(reward))])


def forwards(reward, q, gamma):
    table, before = torch.zeros_like(reward), 0.0
    for t in range(len(reward)):
        table[t] = reward[t] + gamma * before
        before = at(table[t], q[t].argmax(-1))
    return table


ANSWERS = Answers(
    right=[backwards, all_at_once, by_recursion],
    wrong=[("the judge chooses for itself", picking(lambda t, table, reward, q: table[t].max())),
           ("the agents' own values are believed", picking(lambda t, table, reward, q: q[t].amax(-1).sum())),
           ("the judge chooses for itself", picking(reward_best)),
           ("the judge looks one step ahead and no further",
            picking(lambda t, table, reward, q: at(reward[t], q[t].argmax(-1)))),
           ("the choice of one step is looked up in the table of the next", picking(wrong_step)),
           ("the discount factor is missing", undiscounted),
           ("the discount is taken more than once", discounted_twice),
           ("something is expected after the last step", picking(None, start=lambda q: q[-1].amax(-1).sum())),
           ("only the played joint action is judged", played_only),
           ("the way goes forwards, and values come from behind", forwards),
           ("the next joint action is any one, by chance", picking(lambda t, table, reward, q: table[t].mean())),
           ("the agents take the worst action",
            picking(lambda t, table, reward, q: at(table[t], q[t].argmin(-1))))])
