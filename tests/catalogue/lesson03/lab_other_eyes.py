"""Answers to 03.6."""

import torch

from tests.catalogue import Answers


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


def relu_to_the_end(obs, weights, biases):
    x = obs
    for weight, bias in zip(weights, biases):
        x = (torch.einsum("btni,nio->btno", x, weight) + bias.squeeze(1)).relu()
    return x


ANSWERS = Answers(
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
        ("a relu after the last layer too", (2, relu_to_the_end)),
    ],
)
