"""Answers to 07.1."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def gathered(q, actions):
    q = q[:, :-1]
    return q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def one_hot(q, actions):
    picked = F.one_hot(actions, num_classes=q.shape[-1]).to(q.dtype)
    return (q[:, :actions.shape[1]] * picked).sum(dim=3)


def looped(q, actions):
    result = torch.empty(actions.shape, dtype=q.dtype)
    for b in range(actions.shape[0]):
        for t in range(actions.shape[1]):
            for n in range(actions.shape[2]):
                result[b, t, n] = q[b, t, n, actions[b, t, n]]
    return result


def indexed(q, actions):
    B, T, N = actions.shape
    return q[torch.arange(B)[:, None, None], torch.arange(T)[None, :, None], torch.arange(N), actions]


def along_dim_einsum(q, actions):
    return torch.einsum("btna,btna->btn", q[:, :-1], torch.eye(q.size(-1), dtype=q.dtype)[actions])


def last_times(q, actions):
    return torch.take_along_dim(q[:, 1:], actions[..., None], dim=-1)[..., 0]


def greedy(q, actions):
    values, _ = q[:, :-1].max(dim=-1)
    return values


def first_agents_action(q, actions):
    team = actions[:, :, 0]
    B, T = team.shape
    return torch.stack([torch.stack([q[b, t, :, team[b, t]] for t in range(T)]) for b in range(B)])


def no_squeeze(q, actions):
    return torch.gather(q[:, :-1], 3, actions.unsqueeze(3))


def bare_squeeze(q, actions):
    return torch.gather(q[:, :-1], 3, actions.unsqueeze(3)).squeeze()


def flattened(q, actions):
    n = actions.numel()
    return q.view(-1, q.shape[-1])[range(n), actions.view(-1)].view(actions.shape)


def summed(q, actions):
    return torch.einsum("btna->btn", q[:, :-1])


def averaged(q, actions):
    return q[:, :-1].mean(dim=3)


def through_numpy(q, actions):
    q = q[:, :-1].detach().numpy()
    return torch.from_numpy(np.take_along_axis(q, actions.numpy()[..., None], -1)[..., 0])


def through_items(q, actions):
    return torch.tensor([[[q[b, t, n, u].item() for n, u in enumerate(team)] for t, team in enumerate(row)]
                         for b, row in enumerate(actions)])


ANSWERS = Answers(
    right=[gathered, one_hot, looped, indexed, along_dim_einsum],
    wrong=[
        ("the times have slipped by one", last_times),
        ("the best action, not the one that was played", greedy),
        ("one agent's action for the whole team", first_agents_action),
        ("the axis of the actions is still there", no_squeeze),
        ("every axis of length one is gone", bare_squeeze),
        ("the rows have slipped: T + 1 times against T", flattened),
        ("the values of all actions together", summed),
        ("the values of all actions averaged", averaged),
        ("the gradient is cut off", through_numpy),
        ("the gradient is cut off", through_items),
    ],
)
