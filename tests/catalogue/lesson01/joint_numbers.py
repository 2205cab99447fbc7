"""Answers to 01.2."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def index_by_loop(actions, n_actions):
    index = 0
    for column in actions.T:
        index = index * n_actions + column
    return index


def index_by_powers(actions, n_actions):
    powers = n_actions ** torch.arange(actions.shape[1] - 1, -1, -1)
    return (actions * powers).sum(-1)


def index_by_list(actions, n_actions):
    joint = list(itertools.product(range(n_actions), repeat=actions.shape[1]))
    return torch.tensor([joint.index(tuple(u)) for u in actions.tolist()])


def index_by_numpy(actions, n_actions):
    return torch.from_numpy(np.ravel_multi_index(actions.numpy().T, (n_actions,) * actions.shape[1]))


def actions_by_division(index, n_agents, n_actions):
    return torch.stack([index // n_actions ** (n_agents - 1 - i) % n_actions for i in range(n_agents)], -1)


def actions_by_product(index, n_agents, n_actions):
    joint = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)
    return joint[index]


def actions_by_numpy(index, n_agents, n_actions):
    return torch.from_numpy(np.stack(np.unravel_index(index.numpy(), (n_actions,) * n_agents), 1))


def actions_by_divmod(index, n_agents, n_actions):
    rows = []
    for k in index.tolist():
        row = []
        for _ in range(n_agents):
            k, u = divmod(k, n_actions)
            row.append(u)
        rows.append(row[::-1])
    return torch.tensor(rows)


def index_little(actions, n_actions):
    return (actions * n_actions ** torch.arange(actions.shape[1])).sum(1)


def actions_little(index, n_agents, n_actions):
    return torch.stack([index // n_actions ** i % n_actions for i in range(n_agents)], 1)


def actions_not_turned(index, n_agents, n_actions):
    columns = []
    for _ in range(n_agents):
        columns.append(index % n_actions)
        index = index // n_actions
    return torch.stack(columns, 1)


def index_base_agents(actions, n_actions):
    n_agents = actions.shape[1]
    return (actions * n_agents ** torch.arange(n_agents - 1, -1, -1)).sum(1)


def index_power_too_many(actions, n_actions):
    n = actions.shape[1]
    return sum(actions[:, i] * n_actions ** (n - i) for i in range(n))


def index_products(actions, n_actions):
    n = actions.shape[1]
    return sum(actions[:, i] * n_actions * (n - 1 - i) for i in range(n - 1)) + actions[:, -1]


def index_sum(actions, n_actions):
    return actions.sum(1)


def index_from_one(actions, n_actions):
    return index_by_loop(actions, n_actions) + 1


def index_of_two(actions, n_actions):
    return n_actions * actions[:, 0] + actions[:, -1]


def actions_no_remainder(index, n_agents, n_actions):
    return torch.stack([index // n_actions ** (n_agents - 1 - i) for i in range(n_agents)], 1)


def actions_from_one(index, n_agents, n_actions):
    return actions_by_division(index - 1, n_agents, n_actions)


def actions_base_agents(index, n_agents, n_actions):
    return torch.stack([index // n_agents ** (n_agents - 1 - i) % n_actions for i in range(n_agents)], 1)


def actions_remainder_first(index, n_agents, n_actions):
    columns = [index % n_actions ** (n_agents - 1 - i) for i in range(n_agents - 1)]
    return torch.stack([*columns, index % n_actions], 1)


def index_in(dtype):
    def answer(actions, n_actions):
        powers = torch.tensor(n_actions, dtype=dtype) ** torch.arange(actions.shape[1] - 1, -1, -1, dtype=dtype)
        return (actions.to(dtype) * powers).sum(-1, dtype=dtype).long()
    return answer


def actions_in(dtype):
    def answer(index, n_agents, n_actions):
        return torch.stack([(index.to(dtype) / n_actions ** (n_agents - 1 - i)).floor().long() % n_actions
                            for i in range(n_agents)], 1)
    return answer


def index_by_largest(actions, n_actions):
    return index_by_loop(actions, int(actions.max()) + 1)


def index_by_dictionary(actions, n_actions):
    numbers = {u: k for k, u in enumerate(itertools.product(range(n_actions), repeat=actions.shape[1]))}
    return torch.tensor([numbers[tuple(u)] for u in actions.tolist()])


def actions_one_by_one(index, n_agents, n_actions):
    return torch.tensor([next(itertools.islice(itertools.product(range(n_actions), repeat=n_agents), k, None))
                         for k in index.tolist()])


BOTH = (index_by_loop, actions_by_division)

ANSWERS = Answers(
    right=[BOTH, (index_by_powers, actions_by_product), (index_by_list, actions_by_numpy),
           (index_by_numpy, actions_by_divmod), (index_by_dictionary, actions_one_by_one),
           (index_in(torch.float64), actions_in(torch.float64))],
    wrong=[
        ("the first agent changes fastest, not the last", (index_little, actions_little)),
        ("the first agent changes fastest, not the last", (index_by_loop, actions_not_turned)),
        ("the number of agents stands where the number of actions should", (index_base_agents, actions_by_division)),
        ("the number of agents stands where the number of actions should", (index_by_loop, actions_base_agents)),
        ("one power too many", (index_power_too_many, actions_by_division)),
        ("products where powers should be", (index_products, actions_by_division)),
        ("different joint actions get the same number", (index_sum, actions_by_division)),
        ("the numbers begin at one", (index_from_one, actions_from_one)),
        ("the numbers begin at one", (index_by_loop, actions_from_one)),
        ("only the first and the last agent count", (index_of_two, actions_by_division)),
        ("an agent's number holds what belongs to the agents before it", (index_by_loop, actions_no_remainder)),
        ("a remainder where a quotient should be", (index_by_loop, actions_remainder_first)),
        ("the number of actions is read off the data", (index_by_largest, actions_by_division)),
        ("large numbers lose their last digits", (index_in(torch.float32), actions_by_division)),
        ("large numbers lose their last digits", (index_in(torch.int32), actions_by_division)),
        ("large numbers lose their last digits", (index_by_loop, actions_in(torch.float32))),
    ],
)
