"""Answers to 01.3."""

import torch

from tests.catalogue import Answers


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


ANSWERS = Answers(
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
)
