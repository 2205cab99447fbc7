"""Answers to 03.2."""

import random

import numpy as np
import torch

from tests.catalogue import Answers
from tests.catalogue.lesson03.shared import (
    any_action,
    back_to_the_best,
    best_of,
    by_the_values,
    coins,
    dice_for_the_first_axis,
    others_only,
    probabilities,
    random_of,
    swapped,
    team_die,
    unmasked,
)


def keys(q, available, epsilon, generator):
    random_actions = random_of(q, available, generator)
    return torch.where(coins(q, epsilon, generator), random_actions, best_of(q, available))


def multinomial(q, available, epsilon, generator):
    weights = available.double().flatten(0, -2)
    drawn = torch.multinomial(weights, 1, generator=generator).view(q.shape[:-1])
    explores = torch.bernoulli(torch.full(q.shape[:-1], float(epsilon)), generator=generator).bool()
    actions = best_of(q, available)
    actions[explores] = drawn[explores]
    return actions


def agent_by_agent(q, available, epsilon, generator):
    rows, masks = q.reshape(-1, q.shape[-1]), available.reshape(-1, q.shape[-1])
    can, best = [[a for a, yes in enumerate(mask) if yes] for mask in masks.tolist()], best_of(rows, masks).tolist()
    actions = []
    for k in range(len(rows)):
        if torch.rand((), generator=generator).item() < epsilon:
            actions.append(can[k][int(torch.randint(len(can[k]), (), generator=generator))])
        else:
            actions.append(best[k])
    return torch.tensor(actions).reshape(q.shape[:-1])


def noise_first(q, available, epsilon, generator):
    """Where the coin falls, the values are replaced by noise."""
    coin = torch.rand(q.shape[:-1] + (1,), generator=generator) < epsilon
    values = torch.where(coin, torch.randn(q.shape, generator=generator), q)
    return values.masked_fill(~available, float("-inf")).argmax(-1)


def numpy_dice(q, available, epsilon, generator):
    dice = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    noise = np.where(available.numpy(), dice.random(tuple(q.shape)), -1).argmax(-1)
    explores = dice.random(tuple(q.shape[:-1])) < epsilon
    return torch.from_numpy(np.where(explores, noise, best_of(q, available).numpy()))


def multiplied(q, available, epsilon, generator):
    return torch.where(coins(q, epsilon, generator), random_of(q, available, generator), (q * available).argmax(-1))


def always_some_noise(q, available, epsilon, generator):
    noisy = q + 0.7 * torch.randn(q.shape, generator=generator)
    return torch.where(coins(q, epsilon, generator), random_of(q, available, generator), best_of(noisy, available))


def worst(q, available, epsilon, generator):
    lowest = q.masked_fill(~available, torch.inf).argmin(-1)
    return torch.where(coins(q, epsilon, generator), random_of(q, available, generator), lowest)


def counts_only(q, available, epsilon, generator):
    """A number below how many there are, instead of one of those that there are."""
    drawn = (torch.rand(q.shape[:-1], generator=generator) * available.sum(-1)).long()
    return torch.where(coins(q, epsilon, generator), drawn, best_of(q, available))


def global_coin(q, available, epsilon, generator):
    coin = torch.rand(q.shape[:-1]) < epsilon
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def pythons_coin(q, available, epsilon, generator):
    coin = torch.tensor([random.random() < epsilon for _ in range(q[..., 0].numel())]).view(q.shape[:-1])
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def starts_again(q, available, epsilon, generator):
    generator.manual_seed(0)
    return keys(q, available, epsilon, generator)


def own_generator(q, available, epsilon, generator):
    return keys(q, available, epsilon, torch.Generator().manual_seed(3))


def one_for_all(q, available, epsilon, generator):
    if torch.rand(1, generator=generator).item() < epsilon:
        return random_of(q, available, generator)
    return best_of(q, available)


def key_is_coin(q, available, epsilon, generator):
    key = torch.rand(q.shape, generator=generator)
    drawn = key.masked_fill(~available, -1.0).argmax(-1)
    return torch.where(key[..., 0] < epsilon, drawn, best_of(q, available))


def rounds_up(q, available, epsilon, generator):
    coin = torch.rand(q.shape[:-1], generator=generator) < epsilon**2
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def a_coin_for_each_action(q, available, epsilon, generator):
    coin = (torch.rand(q.shape, generator=generator) < epsilon).any(-1) & (epsilon > 0)
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def normal_coin(q, available, epsilon, generator):
    coin = (torch.randn(q.shape[:-1], generator=generator).abs() < epsilon) | (epsilon == 1)
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def team_coin(q, available, epsilon, generator):
    coin = torch.rand(q.shape[:-2], generator=generator) < epsilon
    return torch.where(coin[..., None], random_of(q, available, generator), best_of(q, available))


def first_agents_coin(q, available, epsilon, generator):
    coin = coins(q, epsilon, generator)[..., :1].expand(q.shape[:-1])
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def team_coin_for_batches(q, available, epsilon, generator):
    """Right for one team, wrong for a batch [B, N, A]."""
    if q.dim() != 3:
        return keys(q, available, epsilon, generator)
    coin = torch.rand(len(q), 1, generator=generator) < epsilon
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def no_noise_below(q, available, epsilon, generator):
    return keys(q, available, max(epsilon, 0.05), generator)


def thrifty_and_right(q, available, epsilon, generator):
    """The coin from the keys: how large the largest one is says nothing about which one it is."""
    key = torch.rand(q.shape, generator=generator)
    coin = key.amax(-1) ** q.shape[-1] < epsilon
    return torch.where(coin, key.masked_fill(~available, -1.0).argmax(-1), best_of(q, available))


def batch_shares_coins(q, available, epsilon, generator):
    """One coin for each agent in each sample, kept for all its time steps."""
    if q.dim() < 4:
        return keys(q, available, epsilon, generator)
    coin = (torch.rand((q.shape[0], 1, q.shape[2]), generator=generator) < epsilon).expand(q.shape[:-1])
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def a_fixed_share(q, available, epsilon, generator):
    """Exactly ε of all agents explore, chosen at random."""
    size = q[..., 0].numel()
    coin = (torch.randperm(size, generator=generator) < round(epsilon * size)).view(q.shape[:-1])
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def same_numbers_twice(q, available, epsilon, generator):
    """Coin and keys begin at the same state of the generator."""
    state = generator.get_state()
    coin = coins(q, epsilon, generator)
    generator.set_state(state)
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def lopsided(q, available, epsilon, generator):
    """Half of the time the smaller of two random actions."""
    one, two = random_of(q, available, generator), random_of(q, available, generator)
    drawn = torch.where(torch.rand(one.shape, generator=generator) < 0.5, one, torch.minimum(one, two))
    return torch.where(coins(q, epsilon, generator), drawn, best_of(q, available))


def takes_turns(q, available, epsilon, generator):
    """Where one agent's coin falls, its neighbour's does not."""
    u = torch.rand((*q.shape[:-2], 1), generator=generator)
    odd = torch.arange(q.shape[-2]) % 2 == 1
    return torch.where(torch.where(odd, 1 - u, u) < epsilon, random_of(q, available, generator), best_of(q, available))


def rejection(q, available, epsilon, generator):
    """Draws again where the action is not available."""
    drawn = torch.randint(q.shape[-1], q.shape[:-1], generator=generator)
    while (bad := ~available.gather(-1, drawn[..., None]).squeeze(-1)).any():
        drawn = torch.where(bad, torch.randint(q.shape[-1], q.shape[:-1], generator=generator), drawn)
    return torch.where(torch.rand(drawn.shape, generator=generator) > epsilon, best_of(q, available), drawn)


def spoils_q(q, available, epsilon, generator):
    q[~available] = -torch.inf
    return torch.where(coins(q, epsilon, generator), random_of(q, available, generator), q.argmax(-1))


def filled_with(number):
    def answer(q, available, epsilon, generator):
        best = torch.where(available, q, number(q) if callable(number) else number).argmax(-1)
        return torch.where(coins(q, epsilon, generator), random_of(q, available, generator), best)
    return answer


def a_die_of_a_hundred(q, available, epsilon, generator):
    coin = torch.randint(100, q.shape[:-1], generator=generator) < 100 * epsilon
    return torch.where(coin, random_of(q, available, generator), best_of(q, available))


def keys_for_one_row(q, available, epsilon, generator):
    random = torch.rand(q.shape[-2:], generator=generator).expand(q.shape).masked_fill(~available, -1).argmax(-1)
    return torch.where(coins(q, epsilon, generator), random, best_of(q, available))


ANSWERS = Answers(
    right=[keys, multinomial, agent_by_agent, probabilities, noise_first, numpy_dice, rejection, thrifty_and_right],
    wrong=[
        ("the best action may be an unavailable one", unmasked),
        ("the mask is multiplied into the values", multiplied),
        ("ε and 1 − ε are swapped", swapped),
        ("with ε = 0 it is not always the best action", always_some_noise),
        ("with ε = 0 it is not always the best action", worst),
        ("exploring picks unavailable actions", any_action),
        ("exploring picks unavailable actions", counts_only),
        ("random numbers from somewhere else", global_coin),
        ("random numbers from somewhere else", pythons_coin),
        ("every call draws the same numbers", starts_again),
        ("every call draws the same numbers", own_generator),
        ("one coin for the whole batch", one_for_all),
        ("exploring never takes the best action", others_only),
        ("the random action is not uniform over the available ones", back_to_the_best),
        ("the random action is not uniform over the available ones", by_the_values),
        ("the random action is not uniform over the available ones", key_is_coin),
        ("it explores with another probability than ε", rounds_up),
        ("it explores with another probability than ε", a_coin_for_each_action),
        ("it explores with another probability than ε", normal_coin),
        ("one coin for the team", team_coin),
        ("one coin for the team", first_agents_coin),
        ("one coin for the team", team_coin_for_batches),
        ("with ε = 0 it is not always the best action", no_noise_below),
        ("one coin for the team", takes_turns),
        ("one coin for the team", a_fixed_share),
        ("the random action is not uniform over the available ones", same_numbers_twice),
        ("the random action is not uniform over the available ones", lopsided),
        ("one random action for the team", team_die),
        ("rows of the batch share their chance", batch_shares_coins),
        ("rows of the batch share their chance", dice_for_the_first_axis),
        ("the stand-in for −∞ is not low enough", filled_with(-1e9)),
        ("the stand-in for −∞ is not low enough", filled_with(lambda q: 2 * q.min() - 1)),
        ("the stand-in for −∞ is not low enough", filled_with(torch.finfo(torch.float64).min)),
        ("it explores with another probability than ε", a_die_of_a_hundred),
        ("rows of the batch share their chance", keys_for_one_row),
        ("your answer changes what it was given", spoils_q),
    ],
)
