"""Answers to 03.4."""

import torch

from tests.catalogue import Answers


def with_eye(obs):
    batch, time, n_agents, _ = obs.shape
    return torch.cat([obs, torch.eye(n_agents).expand(batch, time, n_agents, n_agents)], dim=-1)


def with_one_hot(obs):
    numbers = torch.nn.functional.one_hot(torch.arange(obs.size(2)), obs.size(2))
    return torch.cat((obs, numbers.repeat(obs.size(0), obs.size(1), 1, 1).to(obs)), 3)


def entry_by_entry(obs):
    made = torch.zeros(*obs.shape[:3], obs.shape[3] + obs.shape[2])
    made[..., :obs.shape[3]] = obs
    for agent in range(obs.shape[2]):
        made[:, :, agent, obs.shape[3] + agent] = 1
    return made


def appends_its_number(obs):
    number = torch.arange(obs.shape[2]).double().reshape(1, 1, -1, 1).repeat(obs.shape[0], obs.shape[1], 1, 1)
    return torch.cat([obs, number], -1)


def appends_from_one(obs):
    number = torch.ones_like(obs[..., :1]).cumsum(2)
    return torch.cat([obs, number], -1)


def id_first(obs):
    return torch.cat([torch.eye(obs.shape[2]).expand(*obs.shape[:2], -1, -1), obs], -1)


def always_the_first(obs):
    numbers = torch.zeros(*obs.shape[:3], obs.shape[2])
    numbers[..., 0] = 1
    return torch.cat([obs, numbers], -1)


def flipped(obs):
    return torch.cat([obs, torch.eye(obs.shape[2]).flip(0).expand(*obs.shape[:2], -1, -1)], -1)


def rolled(obs):
    return torch.cat([obs, torch.eye(obs.shape[2]).roll(1, dims=1).expand(*obs.shape[:2], -1, -1)], -1)


def times_number(obs):
    size = obs.shape[1]
    return torch.cat([obs, torch.eye(size)[None, :, None].repeat(obs.shape[0], 1, obs.shape[2], 1)], -1)


def samples_number(obs):
    size = obs.shape[0]
    return torch.cat([obs, torch.eye(size)[:, None, None].repeat(1, obs.shape[1], obs.shape[2], 1)], -1)


def all_ones(obs):
    return torch.cat([obs, torch.ones(*obs.shape[:3], obs.shape[2])], -1)


def in_blocks(obs):
    batch, time, n_agents, _ = obs.shape
    ids = torch.eye(n_agents).repeat_interleave(batch * time, dim=0)
    return torch.cat([obs, ids.view(batch, time, n_agents, n_agents)], -1)


def agents_loop_and_reshape(obs):
    batch, time, n_agents, size = obs.shape
    rows = [torch.cat([obs[:, :, i], torch.eye(n_agents)[i].expand(batch, time, n_agents)], -1)
            for i in range(n_agents)]
    seen = torch.stack([row[..., :size] for row in rows], 2).permute(0, 2, 1, 3).reshape(batch, time, n_agents, size)
    return torch.cat([seen, torch.stack([row[..., size:] for row in rows], 2)], -1)


ANSWERS = Answers(
    right=[with_eye, with_one_hot, entry_by_entry],
    wrong=[
        ("the number itself, not one-hot", appends_its_number),
        ("the number itself, counted from 1", appends_from_one),
        ("the number stands in front", id_first),
        ("every agent has the same number", always_the_first),
        ("the numbers go the wrong way", flipped),
        ("off by one", rolled),
        ("the number of the time step", times_number),
        ("the number of the sample", samples_number),
        ("ones for everybody", all_ones),
        ("the numbers are dealt out in blocks", in_blocks),
        ("the observations change hands", agents_loop_and_reshape),
    ],
)
