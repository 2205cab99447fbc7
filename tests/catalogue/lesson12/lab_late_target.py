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


LATE = "the target network still never sees the first observation"

ANSWERS = Answers(
    right=[(1, whole_walk), (1, warmed_up), (1, step_by_step)],
    wrong=[(LATE, (1, untouched)),
           (LATE, (1, zeros_for_a_memory)),
           (LATE, (1, random_memory)),
           ("now the values are those of the steps before", (1, too_early)),
           ("it starts with a memory from the end of the episode", (1, from_the_end)),
           ("one observation is read twice", (1, read_twice)),
           ("each step starts with an empty memory", (1, forgets)),
           ("the last actions are gone", (1, nothing_done)),
           ("unavailable actions may win now", (1, unmasked)),
           ("an unavailable action gets a number that real values can lie below", (1, low_fill)),
           ("an unavailable action gets a number that real values can lie below", (1, lowered)),
           ("the mask belongs to another step", (1, old_mask))])
