"""Answers to 12.4."""

import torch

from tests.catalogue import Answers


def _finish(q, available, reward, terminated, gamma):
    q = q.masked_fill(~available[:, 1:], -torch.inf)
    return reward + gamma * torch.where(terminated, 0.0, q.amax(-1).sum(-1))


@torch.no_grad()
def whole_walk(target, obs, last_actions, available, reward, terminated, gamma):
    q = target(obs, last_actions)[0][:, 1:]
    return _finish(q, available, reward, terminated, gamma)


@torch.no_grad()
def warmed_up(target, obs, last_actions, available, reward, terminated, gamma):
    """Reads the first observation for the memory alone."""
    _, memory = target(obs[:, :1], last_actions[:, :1])
    q, _ = target(obs[:, 1:], last_actions[:, 1:], memory)
    return _finish(q, available, reward, terminated, gamma)


def step_by_step(target, obs, last_actions, available, reward, terminated, gamma):
    memory, values = None, []
    for t in range(obs.shape[1]):
        q, memory = target(obs[:, t:t + 1], last_actions[:, t:t + 1], memory)
        values.append(q.detach().squeeze(1))
    return _finish(torch.stack(values[1:], 1), available, reward, terminated, gamma)


@torch.no_grad()
def untouched(target, obs, last_actions, available, reward, terminated, gamma):
    q, _ = target(obs[:, 1:], last_actions[:, 1:])
    return _finish(q, available, reward, terminated, gamma)


@torch.no_grad()
def zeros_for_a_memory(target, obs, last_actions, available, reward, terminated, gamma):
    """A disguise: the memory is written out, and is the same zeros."""
    memory = torch.zeros(obs.shape[0], obs.shape[2], target.memory_dim)
    q, _ = target(obs[:, 1:], last_actions[:, 1:], memory)
    return _finish(q, available, reward, terminated, gamma)


@torch.no_grad()
def random_memory(target, obs, last_actions, available, reward, terminated, gamma):
    """A disguise: begins late with a memory of ones."""
    q, _ = target(obs[:, 1:], last_actions[:, 1:], torch.ones(obs.shape[0], obs.shape[2], target.memory_dim))
    return _finish(q, available, reward, terminated, gamma)


@torch.no_grad()
def too_early(target, obs, last_actions, available, reward, terminated, gamma):
    q, _ = target(obs[:, :-1], last_actions[:, :-1])
    return _finish(q, available, reward, terminated, gamma)


@torch.no_grad()
def from_the_end(target, obs, last_actions, available, reward, terminated, gamma):
    _, memory = target(obs, last_actions)
    q, _ = target(obs[:, 1:], last_actions[:, 1:], memory)
    return _finish(q, available, reward, terminated, gamma)


@torch.no_grad()
def read_twice(target, obs, last_actions, available, reward, terminated, gamma):
    _, memory = target(obs[:, :2], last_actions[:, :2])
    return _finish(target(obs[:, 1:], last_actions[:, 1:], memory)[0], available, reward, terminated, gamma)


@torch.no_grad()
def forgets(target, obs, last_actions, available, reward, terminated, gamma):
    q = torch.cat([target(obs[:, t:t + 1], last_actions[:, t:t + 1])[0] for t in range(1, obs.shape[1])], 1)
    return _finish(q, available, reward, terminated, gamma)


@torch.no_grad()
def nothing_done(target, obs, last_actions, available, reward, terminated, gamma):
    q, _ = target(obs, torch.full_like(last_actions, -1))
    return _finish(q[:, 1:], available, reward, terminated, gamma)


@torch.no_grad()
def unmasked(target, obs, last_actions, available, reward, terminated, gamma):
    q, _ = target(obs, last_actions)
    return reward + gamma * torch.where(terminated, 0.0, q[:, 1:].amax(-1).sum(-1))


@torch.no_grad()
def low_fill(target, obs, last_actions, available, reward, terminated, gamma):
    q = target(obs, last_actions)[0][:, 1:].masked_fill(~available[:, 1:], -99.0)
    return reward + gamma * torch.where(terminated, 0.0, q.amax(-1).sum(-1))


@torch.no_grad()
def lowered(target, obs, last_actions, available, reward, terminated, gamma):
    q = target(obs, last_actions)[0][:, 1:] - 1000.0 * ~available[:, 1:]
    return reward + gamma * torch.where(terminated, 0.0, q.amax(-1).sum(-1))


@torch.no_grad()
def old_mask(target, obs, last_actions, available, reward, terminated, gamma):
    q, _ = target(obs, last_actions)
    q = q[:, 1:].masked_fill(~available[:, :-1], -torch.inf)
    return reward + gamma * torch.where(terminated, 0.0, q.amax(-1).sum(-1))


@torch.no_grad()
def lamp_in_every_step(target, obs, last_actions, available, reward, terminated, gamma):
    shown = obs.clone()
    shown[:, 1:] = obs[:, :1]
    q, _ = target(shown[:, 1:], last_actions[:, 1:])
    q = q.masked_fill(~available[:, 1:], -torch.inf)
    return reward + gamma * torch.where(terminated, 0.0, q.amax(-1).sum(-1))


@torch.no_grad()
def told_too_much(target, obs, last_actions, available, reward, terminated, gamma):
    _, memory = target(obs[:, :1], last_actions[:, 1:2])
    q, _ = target(obs[:, 1:], last_actions[:, 1:], memory)
    q = q.masked_fill(~available[:, 1:], -torch.inf)
    return reward + gamma * torch.where(terminated, 0.0, q.amax(-1).sum(-1))


LATE = "the target network still never sees the first observation"

ANSWERS = Answers(
    right=[("B", whole_walk), ("B", warmed_up), ("B", step_by_step), (" b", whole_walk)],
    wrong=[(LATE, ("B", untouched)),
           (LATE, ("B", zeros_for_a_memory)),
           (LATE, ("B", random_memory)),
           ("now the values are those of the steps before", ("B", too_early)),
           ("the first observation stands in for all the others", ("B", lamp_in_every_step)),
           ("it starts with a memory from the end of the episode", ("B", from_the_end)),
           ("one observation is read twice", ("B", read_twice)),
           ("the first observation is read with a later action", ("B", told_too_much)),
           ("each step starts with an empty memory", ("B", forgets)),
           ("the last actions are gone", ("B", nothing_done)),
           ("unavailable actions may win now", ("B", unmasked)),
           ("an unavailable action gets a number that real values can lie below", ("B", low_fill)),
           ("an unavailable action gets a number that real values can lie below", ("B", lowered)),
           ("the mask belongs to another step", ("B", old_mask)),
           ("the agents' memory is blamed", ("A", whole_walk)),
           ("the copy of the target network is blamed", ("C", warmed_up)),
           ("gamma is blamed", ("D", whole_walk)), ("the training is called too short", ("E", step_by_step))])
