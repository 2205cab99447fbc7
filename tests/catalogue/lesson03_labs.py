"""Answers to the labs of lesson 03."""

import torch

from tests.catalogue import Answers
from tests.catalogue import lesson03_dice as dice

# ---- 03.6 ----------------------------------------------------------------------------------------------------------------


def through(x, weights, biases):
    for weight, bias in zip(weights[:-1], biases[:-1]):
        x = torch.baddbmm(bias, x, weight).relu()
    return torch.baddbmm(biases[-1], x, weights[-1])


def transposed(obs, weights, biases):
    q = through(obs.flatten(0, 1).transpose(0, 1), weights, biases)
    return q.transpose(0, 1).unflatten(0, obs.shape[:2])


def permuted(obs, weights, biases):
    batch, time, n_agents, obs_dim = obs.shape
    x = obs.permute(2, 0, 1, 3).reshape(n_agents, batch * time, obs_dim)
    q = through(x, weights, biases)
    return q.reshape(n_agents, batch, time, -1).permute(1, 2, 0, 3)


def in_a_loop(obs, weights, biases):
    rows = []
    for i in range(obs.shape[2]):
        x = obs[:, :, i]
        for weight, bias in zip(weights[:-1], biases[:-1]):
            x = (x @ weight[i] + bias[i]).relu()
        rows.append(x @ weights[-1][i] + biases[-1][i])
    return torch.stack(rows, 2)


def einsum(obs, weights, biases):
    x = obs
    for k, (weight, bias) in enumerate(zip(weights, biases)):
        x = torch.einsum("btni,nio->btno", x if k == 0 else x.relu(), weight) + bias.squeeze(1)
    return x


def as_it_was(obs, weights, biases):
    batch, time, n_agents, obs_dim = obs.shape
    q = through(obs.flatten(0, 1).reshape(n_agents, batch * time, obs_dim), weights, biases)
    return q.transpose(0, 1).unflatten(0, (batch, time))


def viewed(obs, weights, biases):
    q = through(obs.contiguous().view(obs.shape[2], -1, obs.shape[3]), weights, biases)
    return q.transpose(0, 1).unflatten(0, obs.shape[:2])


def reshaped_back(obs, weights, biases):
    batch, time, n_agents, obs_dim = obs.shape
    q = through(obs.flatten(0, 1).reshape(n_agents, batch * time, obs_dim), weights, biases)
    return q.reshape(batch, time, n_agents, -1)


def sample_by_sample(obs, weights, biases):
    return torch.cat([as_it_was(sample[None], weights, biases) for sample in obs])


def reshaped_at_the_end(obs, weights, biases):
    batch, time, n_agents, _ = obs.shape
    return through(obs.flatten(0, 1).transpose(0, 1), weights, biases).reshape(batch, time, n_agents, -1)


def time_first(obs, weights, biases):
    q = through(obs.permute(2, 1, 0, 3).flatten(1, 2), weights, biases)
    return q.transpose(0, 1).unflatten(0, obs.shape[:2])


def first_for_all(obs, weights, biases):
    x = obs
    for k, (weight, bias) in enumerate(zip(weights, biases)):
        x = (x if k == 0 else x.relu()) @ weight[0] + bias[0]
    return x


def relu_forgotten(obs, weights, biases):
    x = obs.flatten(0, 1).transpose(0, 1)
    for weight, bias in zip(weights, biases):
        x = x @ weight + bias
    return x.transpose(0, 1).unflatten(0, obs.shape[:2])


# ---- 03.7 ----------------------------------------------------------------------------------------------------------------


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
smallest_key = named("smallest_key", with_coin(lambda key, q, epsilon, generator: (key.amin(-1) < epsilon) & (epsilon > 0)))
team = named("team", with_coin(
    lambda key, q, epsilon, generator: (torch.rand(q.shape[:-2], generator=generator) < epsilon)[..., None]))
one = named("one", with_coin(lambda key, q, epsilon, generator: torch.rand((), generator=generator) < epsilon))
fixed_seed = named("fixed_seed", with_coin(
    lambda key, q, epsilon, generator: torch.rand(q.shape[:-1], generator=generator.manual_seed(1)) < epsilon))
global_coin = named("global_coin", with_coin(lambda key, q, epsilon, generator: torch.rand(q.shape[:-1]) < epsilon))
neighbours_key = named("neighbours_key", with_coin(lambda key, q, epsilon, generator: key[..., 0].roll(1, -1) < epsilon))
next_rows_key = named("next_rows_key", with_coin(
    lambda key, q, epsilon, generator: key[..., 0].flatten().roll(q.shape[-2]).view(q.shape[:-1]) < epsilon))


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


CATALOGUE = {
    "03.6": Answers(
        right=[(2, transposed), (2, permuted), (2, in_a_loop), (2, einsum)],
        wrong=[
            ("agents still get observations that are not theirs", (2, as_it_was)),
            ("agents still get observations that are not theirs", (2, viewed)),
            ("the symptom is hidden: undone at the end, but through the wrong networks", (6, reshaped_back)),
            ("the symptom is hidden: every sample for itself, time steps still mixed", (2, sample_by_sample)),
            ("right on the way in, mixed up on the way out", (2, reshaped_at_the_end)),
            ("samples and time steps have changed places", (2, time_first)),
            ("everybody goes through the first network", (4, first_for_all)),
            ("the relu was lost in the repair", (2, relu_forgotten)),
        ],
    ),
    "03.7": Answers(
        right=[(4, own_coin), (3, new_dice), (4, one_key_more), (2, one_key_more), (4, stretched), (4, dice.probabilities)],
        wrong=[
            ("the coin and the random action still hang together", (4, listing)),
            ("the coin and the random action still hang together", (4, last_key)),
            ("the coin and the random action still hang together", (4, large_key)),
            ("the symptom is hidden: all actions are even, but ε is no longer ε", (4, mean_key)),
            ("the symptom is hidden: all actions are even, but ε is no longer ε", (4, largest_key)),
            ("the symptom is hidden: all actions are even, but ε is no longer ε", (4, smallest_key)),
            ("the symptom is hidden: one coin for the team", (4, team)),
            ("the symptom is hidden: one random action for the team", (4, dice.team_die)),
            ("the random action is not uniform any more", (4, dice.back_to_the_best)),
            ("the random action is not uniform any more", (4, dice.by_the_values)),
            ("the symptom is hidden: one coin for all", (4, one)),
            ("the symptom is hidden behind a second generator with a fixed seed", (4, fixed_seed)),
            ("the coin comes from other dice", (4, global_coin)),
            ("the mask was lost in the repair", (4, dice.any_action)),
            ("the repair never explores with the best action", (4, dice.others_only)),
            ("with ε = 0 it is not always the best action any more", (4, dice.unmasked)),
            ("with ε = 0 it is not always the best action any more", (4, dice.swapped)),
            ("the symptom is hidden: rows share their chance", (4, dice.dice_for_the_first_axis)),
        ],
    ),
}
