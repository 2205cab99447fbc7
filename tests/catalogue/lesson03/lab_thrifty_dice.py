"""Answers to 03.7."""

import torch

from tests.catalogue import Answers
from tests.catalogue.lesson03.shared import (
    any_action,
    back_to_the_best,
    by_the_values,
    dice_for_the_first_axis,
    others_only,
    probabilities,
    swapped,
    team_die,
    unmasked,
)


def with_coin(make):
    """The listing with another coin: ``make(key, q, epsilon, generator)``."""
    def mended(q, available, epsilon, generator):
        best = q.masked_fill(~available, -torch.inf).argmax(-1)
        key = torch.rand(q.shape, generator=generator)
        random = key.masked_fill(~available, -1.0).argmax(-1)
        coin = make(key, q, epsilon, generator)
        return torch.where(coin, random, best)
    return mended


def named(name, function):
    function.__name__ = name
    return function


own_coin = named("own_coin", with_coin(
    lambda key, q, epsilon, generator: torch.rand(q.shape[:-1], generator=generator) < epsilon))
listing = named("listing", with_coin(lambda key, q, epsilon, generator: key[..., 0] < epsilon))
last_key = named("last_key", with_coin(lambda key, q, epsilon, generator: key[..., -1] < epsilon))
large_key = named("large_key", with_coin(lambda key, q, epsilon, generator: key[..., 0] > 1 - epsilon))
mean_key = named("mean_key", with_coin(lambda key, q, epsilon, generator: key.mean(-1) < epsilon))
largest_key = named("largest_key", with_coin(lambda key, q, epsilon, generator: key.amax(-1) < epsilon))
smallest_key = named("smallest_key", with_coin(lambda key, q, epsilon, generator: (key.amin(-1) < epsilon)
                                               & (epsilon > 0)))
team = named("team", with_coin(
    lambda key, q, epsilon, generator: (torch.rand(q.shape[:-2], generator=generator) < epsilon)[..., None]))
one = named("one", with_coin(lambda key, q, epsilon, generator: torch.rand((), generator=generator) < epsilon))
fixed_seed = named("fixed_seed", with_coin(
    lambda key, q, epsilon, generator: torch.rand(q.shape[:-1], generator=generator.manual_seed(1)) < epsilon))
global_coin = named("global_coin", with_coin(lambda key, q, epsilon, generator: torch.rand(q.shape[:-1]) < epsilon))


def new_dice(q, available, epsilon, generator):
    """The coin stays the first key; the random action gets numbers of its own."""
    best = q.masked_fill(~available, -torch.inf).argmax(-1)
    coin = torch.rand(q.shape, generator=generator)[..., 0] < epsilon
    random = torch.multinomial(available.double().flatten(0, -2), 1, generator=generator).reshape(best.shape)
    return torch.where(coin, random, best)


def one_key_more(q, available, epsilon, generator):
    key = torch.rand((*q.shape[:-1], q.shape[-1] + 1), generator=generator)
    random = key[..., 1:].masked_fill(~available, -1.0).argmax(-1)
    return torch.where(key[..., 0] < epsilon, random, q.masked_fill(~available, -torch.inf).argmax(-1))


def stretched(q, available, epsilon, generator):
    """Thrifty and right: below ε, the coin divided by ε is uniform again."""
    coin = torch.rand(q.shape[:-1], generator=generator)
    place = (coin / max(epsilon, 1e-12) * available.sum(-1)).long().clamp(max=available.sum(-1) - 1)
    random = ((available.cumsum(-1) - 1 == place[..., None]) & available).int().argmax(-1)
    return torch.where(coin < epsilon, random, q.masked_fill(~available, -torch.inf).argmax(-1))


ANSWERS = Answers(
    right=[("E", own_coin), (" e", new_dice), ("E", one_key_more), ("E", stretched), ("E", probabilities)],
    wrong=[
        ("the coin and the random action still depend on each other", ("E", listing)),
        ("the coin and the random action still depend on each other", ("E", last_key)),
        ("the coin and the random action still depend on each other", ("E", large_key)),
        ("the symptom is hidden: all actions are even, but ε is no longer ε", ("E", mean_key)),
        ("the symptom is hidden: all actions are even, but ε is no longer ε", ("E", largest_key)),
        ("the symptom is hidden: all actions are even, but ε is no longer ε", ("E", smallest_key)),
        ("the symptom is hidden: one coin for the team", ("E", team)),
        ("the symptom is hidden: one random action for the team", ("E", team_die)),
        ("the random action is not uniform any more", ("E", back_to_the_best)),
        ("the random action is not uniform any more", ("E", by_the_values)),
        ("the symptom is hidden: one coin for all", ("E", one)),
        ("the symptom is hidden behind a second generator with a fixed seed", ("E", fixed_seed)),
        ("the coin comes from other dice", ("E", global_coin)),
        ("the mask was lost in the repair", ("E", any_action)),
        ("the repair never explores with the best action", ("E", others_only)),
        ("with ε = 0 it is not always the best action any more", ("E", unmasked)),
        ("with ε = 0 it is not always the best action any more", ("E", swapped)),
        ("the symptom is hidden: rows share their chance", ("E", dice_for_the_first_axis)),
        ("the mask is blamed", ("A", own_coin)), ("ties are blamed", ("B", own_coin)),
        ("the rate is blamed", ("C", own_coin)), ("chance is blamed", ("D", own_coin)),
    ],
)
