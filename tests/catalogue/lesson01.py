"""Answers to the exercises 01.1 to 01.3; the others stand in lesson01_team."""

import itertools
from fractions import Fraction

import numpy as np
import torch

from tests.catalogue import Answers
from tests.catalogue.lesson01_team import TEAM

# ---- 01.2 ----


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


# ---- 01.3 ----

def by_product(payoff, partner, agent):
    return payoff @ partner if agent == 0 else partner @ payoff


def by_loops(payoff, partner, agent):
    values = []
    for own in range(payoff.shape[agent]):
        total = 0.0
        for other in range(len(partner)):
            total += partner[other] * (payoff[own, other] if agent == 0 else payoff[other, own])
        values.append(float(total))
    return torch.tensor(values)


def by_einsum(payoff, partner, agent):
    return torch.einsum("ab,b->a" if agent == 0 else "ab,a->b", payoff, partner)


def by_tensordot(payoff, partner, agent):
    return torch.tensordot(payoff, partner, ([1 - agent], [0]))


def plain_mean(payoff, partner, agent):
    return payoff.mean(1 - agent)


def wrong_axis(payoff, partner, agent):
    return (payoff * partner[:, None]).sum(0) if agent == 0 else (payoff * partner[None]).sum(1)


def no_agent(payoff, partner, agent):
    return payoff @ partner


def second_agent(payoff, partner, agent):
    return partner @ payoff


def plain_sum(payoff, partner, agent):
    return payoff.sum(dim=1 - agent)


def hopeful(payoff, partner, agent):
    return payoff.amax(1 - agent)


def fearful(payoff, partner, agent):
    return payoff.amin(1 - agent)


def favourite(payoff, partner, agent):
    return payoff.select(1 - agent, int(partner.argmax()))


def mean_of_products(payoff, partner, agent):
    return (payoff * partner).mean(1) if agent == 0 else (payoff.T * partner).mean(1)


def turned_partner(payoff, partner, agent):
    return by_product(payoff, partner.flip(0), agent)


def broadcast(payoff, partner, agent):
    return (payoff * partner).sum(1 - agent)


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


CATALOGUE = {
    "01.1": Answers(
        right=[13, 13.0, torch.tensor(13.0), Fraction(13), 2 * 7 - 1],
        wrong=[
            ("the partner's second action is left out", 7),
            ("a sum, not an average", 6),
            ("the wrong entry stands beside x", 14),
            ("the average of the whole table", 26.0),
            ("both ones of the table are counted", 12),
            ("one of the two sides is discounted, the other is not", 13.14),
            ("the first step of 2A is compared with the second step of 2B", 12.86),
            ("a value in place of the payoff", 4.5),
            ("the sign of the one is wrong", 15),
        ],
    ),
    "01.2": Answers(
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
    ),
    "01.3": Answers(
        right=[by_product, by_loops, by_einsum, by_tensordot],
        wrong=[
            ("every action of the partner counts the same", plain_mean),
            ("the average runs over one's own actions", wrong_axis),
            ("both agents get the values of the first", no_agent),
            ("both agents get the values of the second", second_agent),
            ("the payoffs are added up, not averaged", plain_sum),
            ("the partner is expected to do what is best", hopeful),
            ("the partner is expected to do what is worst", fearful),
            ("only the partner's favourite action counts", favourite),
            ("divided by the number of actions on top", mean_of_products),
            ("the probabilities belong to other actions", turned_partner),
            ("the probabilities lie along the second agent's own actions", broadcast),
        ],
    ),
    **TEAM,
}
