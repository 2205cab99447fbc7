"""Answers to 05.1."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def by_matmul(agent_qs, w1, b1, w2, v):
    n_agents, embed_dim = agent_qs.shape[-1], b1.shape[-1]
    w1 = w1.abs().unflatten(-1, (n_agents, embed_dim))
    hidden = F.elu((agent_qs.unsqueeze(-2) @ w1).squeeze(-2) + b1)
    return (hidden * w2.abs()).sum(-1) + v


def by_einsum(agent_qs, w1, b1, w2, v):
    first = torch.abs(w1).reshape(*agent_qs.shape, -1)
    x = torch.einsum("...n,...ne->...e", agent_qs, first) + b1
    bent = torch.where(x >= 0, x, torch.expm1(x))
    return torch.einsum("...e,...e->...", bent, torch.abs(w2)) + v


def agent_by_agent(agent_qs, w1, b1, w2, v):
    total = b1
    for i, part in enumerate(w1.split(b1.shape[-1], dim=-1)):
        total = total + agent_qs[..., i:i + 1] * part.abs()
    return v + sum(F.elu(total[..., k]) * w2[..., k].abs() for k in range(b1.shape[-1]))


def number_by_number(agent_qs, w1, b1, w2, v):
    if agent_qs.dim() > 1:
        return torch.stack([number_by_number(*parts) for parts in zip(agent_qs, w1, b1, w2, v)])
    n, e = len(agent_qs), len(b1)
    out = float(v)
    for k in range(e):
        x = float(b1[k])
        for i in range(n):
            x += abs(float(w1[i * e + k])) * float(agent_qs[i])
        out += abs(float(w2[k])) * (x if x > 0 else np.exp(x) - 1)
    return torch.tensor(out)


def layer(first=torch.abs, second=torch.abs, bias=lambda b: b, level=lambda v: v, unit=F.elu, out=lambda x: x,
          q=lambda q: q,
          sums=lambda x: x, reduce=torch.sum):
    """The layer with one of its parts replaced."""
    def answer(agent_qs, w1, b1, w2, v):
        w1 = first(w1.unflatten(-1, (agent_qs.shape[-1], b1.shape[-1])))
        hidden = unit(sums((q(agent_qs).unsqueeze(-1) * w1).sum(-2)) + bias(b1))
        return out(reduce(hidden * second(w2), dim=-1)) + level(v)
    return answer


def same(x):
    return x


def only_first_abs(agent_qs, w1, b1, w2, v):
    w1 = w1.abs().view(*w1.shape[:-1], agent_qs.shape[-1], -1)
    hidden = F.elu(torch.matmul(agent_qs[..., None, :], w1)[..., 0, :] + b1)
    return (hidden * w2).sum(-1) + v


def turned_pieces(agent_qs, w1, b1, w2, v):
    w1 = w1.abs().view(*w1.shape[:-1], b1.shape[-1], agent_qs.shape[-1])              # [E, N]
    hidden = F.elu((w1 @ agent_qs[..., None])[..., 0] + b1)
    return (hidden * w2.abs()).sum(-1) + v


def turned_and_no_v(agent_qs, w1, b1, w2, v):
    return turned_pieces(agent_qs, w1, b1, w2, 0 * v)


def across_the_batch(agent_qs, w1, b1, w2, v):
    lead, n, e = agent_qs.shape[:-1], agent_qs.shape[-1], b1.shape[-1]
    q, b1, w2 = agent_qs.reshape(-1, n), b1.reshape(-1, e), w2.reshape(-1, e)
    w1 = w1.abs().reshape(n, -1, e)
    hidden = F.elu(torch.einsum("bn,nbe->be", q, w1) + b1)
    return (hidden * w2.abs()).sum(-1).view(lead) + v


def bias_after(agent_qs, w1, b1, w2, v):
    w1 = w1.abs().unflatten(-1, (agent_qs.shape[-1], b1.shape[-1]))
    hidden = F.elu((agent_qs.unsqueeze(-2) @ w1).squeeze(-2)) + b1
    return (hidden * w2.abs()).sum(-1) + v


def elu_on_all(agent_qs, w1, b1, w2, v):
    return F.elu(by_matmul(agent_qs, w1, b1, w2, v))


def in_place(agent_qs, w1, b1, w2, v):
    return by_matmul(agent_qs, w1.abs_(), b1, w2.abs_(), v)


def in_float32(*parts):
    return by_matmul(*(part.float() for part in parts)).double()


ANSWERS = Answers(
    right=[by_matmul, by_einsum, agent_by_agent, number_by_number],
    wrong=[
        ("no weight is made non-negative", layer(same, same)),
        ("W1 keeps its negative weights", layer(first=same)),
        ("w2 keeps its negative weights", only_first_abs),
        ("a bias is made non-negative too", layer(bias=torch.abs)),
        ("a bias is made non-negative too", layer(bias=torch.abs, level=torch.abs)),
        ("V is made non-negative too", layer(level=torch.abs)),
        ("W1 is cut into pieces of the wrong length", turned_pieces),
        ("W1 is cut into pieces of the wrong length", turned_and_no_v),
        ("W1 is cut across the samples of the batch", across_the_batch),
        ("there is no activation between the two layers", layer(unit=same)),
        ("another activation stands where ELU should be", layer(unit=F.relu)),
        ("another activation stands where ELU should be", layer(unit=torch.tanh)),
        ("ELU is applied once more at the end", layer(out=F.elu)),
        ("ELU is applied once more at the end", elu_on_all),
        ("V is missing", layer(level=torch.zeros_like)),
        ("b1 is missing", layer(bias=torch.zeros_like)),
        ("b1 is added after the activation", bias_after),
        ("the hidden units are averaged", layer(reduce=torch.mean)),
        ("negative weights are cut off, not made positive", layer(F.relu, F.relu)),
        ("negative weights are cut off, not made positive", layer(lambda w: w.clamp(min=0), lambda w: w.clamp(min=0))),
        ("softmax in place of the absolute value", layer(lambda w: w.softmax(-1), lambda w: w.softmax(-1))),
        ("softmax in place of the absolute value", layer(lambda w: w.softmax(-2), lambda w: w.softmax(-1))),
        ("another way to make weights non-negative than the one asked for", layer(F.softplus, F.softplus)),
        ("another way to make weights non-negative than the one asked for", layer(torch.exp, torch.exp)),
        ("another way to make weights non-negative than the one asked for", layer(torch.square, torch.square)),
        ("another activation stands where ELU should be", layer(unit=F.selu)),
        ("negative weights are cut off, not made positive", layer(first=F.relu)),
        ("the utilities are made non-negative", layer(q=torch.abs)),
        ("the sum is made non-negative, not the weights in it", layer(first=same, sums=torch.abs)),
        ("the sum is made non-negative, not the weights in it", layer(sums=torch.abs)),
        ("your answer changes what it was given", in_place),
        ("nearly right: precision was lost on the way", in_float32),
    ],
)
