"""Answers to 12.1."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def _told(numbers, count):
    return (numbers.unsqueeze(-1) == torch.arange(count)).double()


def _ids(obs):
    return torch.eye(obs.shape[2]).expand(obs.shape[0], obs.shape[1], -1, -1)


def _shifted(actions, fill=-1):
    return torch.cat([torch.full_like(actions[:, :1], fill), actions[:, :-1]], 1)


def shifted_one_hot(obs, actions, n_actions):
    told = F.one_hot(actions, n_actions).to(obs.dtype)
    told = torch.cat([torch.zeros_like(told[:, :1]), told[:, :-1]], 1)
    return torch.cat([obs, told, _ids(obs)], -1)


def padded(obs, actions, n_actions):
    told = F.pad(F.one_hot(actions, n_actions)[:, :-1], (0, 0, 0, 0, 1, 0))
    ids = F.one_hot(torch.arange(obs.shape[2]), obs.shape[2])[None, None].repeat(*obs.shape[:2], 1, 1)
    return torch.cat((obs, told.double(), ids.double()), dim=3)


def filled_in(obs, actions, n_actions):
    b, t, n, o = obs.shape
    out = torch.zeros(b, t, n, o + n_actions + n)
    out[..., :o] = obs
    for step in range(1, t):
        for i in range(n):
            out[torch.arange(b), step, i, o + actions[:, step - 1, i]] = 1.0
    for i in range(n):
        out[:, :, i, o + n_actions + i] = 1
    return out


def counted_from_the_data(obs, actions, n_actions):
    told = F.one_hot(actions).to(obs.dtype)
    told = torch.cat([torch.zeros_like(told[:, :1]), told[:, :-1]], 1)
    return torch.cat([obs, told, _ids(obs)], -1)


def current(obs, actions, n_actions):
    return torch.cat([obs, F.one_hot(actions, n_actions).to(obs.dtype), _ids(obs)], -1)


def next_action(obs, actions, n_actions):
    told = F.one_hot(actions, n_actions).to(obs.dtype)
    told = torch.cat([told[:, 1:], torch.zeros_like(told[:, :1])], 1)
    return torch.cat([obs, told, _ids(obs)], -1)


def rolled(obs, actions, n_actions):
    return torch.cat([obs, F.one_hot(actions.roll(1, 1), n_actions).double(), _ids(obs)], -1)


def zero_at_the_start(obs, actions, n_actions):
    return torch.cat([obs, F.one_hot(_shifted(actions, 0), n_actions).double(), _ids(obs)], -1)


def clamped(obs, actions, n_actions):
    last = _shifted(actions).clamp(min=0)
    return torch.cat([obs, F.one_hot(last, n_actions).double(), _ids(obs)], -1)


def of_the_other(obs, actions, n_actions):
    return torch.cat([obs, _told(_shifted(actions.roll(1, 2)), n_actions), _ids(obs)], -1)


def action_number(obs, actions, n_actions):
    return torch.cat([obs, _shifted(actions).unsqueeze(-1).double(), _ids(obs)], -1)


def id_number(obs, actions, n_actions):
    ids = torch.arange(obs.shape[2]).view(1, 1, -1, 1).expand(*obs.shape[:3], 1).double()
    return torch.cat([obs, _told(_shifted(actions), n_actions), ids], -1)


def all_the_first(obs, actions, n_actions):
    ids = torch.zeros(*obs.shape[:3], obs.shape[2])
    ids[..., 0] = 1.0
    return torch.cat([obs, _told(_shifted(actions), n_actions), ids], -1)


def ids_from_the_end(obs, actions, n_actions):
    return torch.cat([obs, _told(_shifted(actions), n_actions), _ids(obs).flip(-1)], -1)


def two_steps_back(obs, actions, n_actions):
    return torch.cat([obs, _told(_shifted(_shifted(actions)), n_actions), _ids(obs)], -1)


def first_observation(obs, actions, n_actions):
    return torch.cat([obs[:, :1].expand_as(obs), _told(_shifted(actions), n_actions), _ids(obs)], -1)


def without_ids(obs, actions, n_actions):
    return torch.cat([obs, _told(_shifted(actions), n_actions)], -1)


def id_before_action(obs, actions, n_actions):
    return torch.cat([obs, _ids(obs), _told(_shifted(actions), n_actions)], -1)


def id_first(obs, actions, n_actions):
    return torch.cat([_ids(obs), obs, _told(_shifted(actions), n_actions)], -1)


ANSWERS = Answers(
    right=[shifted_one_hot, padded, filled_in],
    wrong=[("the action of the same step is shown", current),
           ("the number of actions is read off the data", counted_from_the_data),
           ("shifted the wrong way", next_action),
           ("the last action of the episode is shown at its start", rolled),
           ("no action looks like action 0", zero_at_the_start),
           ("no action looks like action 0", clamped),
           ("an agent is told what another one did", of_the_other),
           ("the action as one number", action_number),
           ("the agent's id as one number", id_number),
           ("all agents are told the same id", all_the_first),
           ("nobody is told who it is", without_ids),
           ("the part with the id is not right", ids_from_the_end),
           ("the part with the last action is not right", two_steps_back),
           ("the part with the observation is not right", first_observation),
           ("the right parts in another order", id_before_action),
           ("the right parts in another order", id_first)])
