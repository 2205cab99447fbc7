"""Answers to 05.1."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def by_factors(agent_qs, w1, b1, w2):
    w1, w2 = w1.abs(), w2.abs()
    x = (agent_qs.unsqueeze(-2) @ w1).squeeze(-2) + b1
    return (w1 * (w2 * x.clamp(max=0).exp()).unsqueeze(-2)).sum(-1)


def by_einsum(agent_qs, w1, b1, w2):
    x = torch.einsum("...n,...ne->...e", agent_qs, w1.abs()) + b1
    return torch.einsum("...ne,...e,...e->...n", w1.abs(), torch.where(x > 0, 1.0, x.exp()), w2.abs())


def by_autograd(agent_qs, w1, b1, w2):
    with torch.enable_grad():
        q = agent_qs.clone().requires_grad_()
        hidden = F.elu((q.unsqueeze(-1) * w1.abs()).sum(-2) + b1)
        return torch.autograd.grad((hidden * w2.abs()).sum(), q)[0]


def slip(first=torch.abs, second=torch.abs, forward=torch.abs, bend=lambda x: x.clamp(max=0).exp(), bias=1.0):
    def answer(agent_qs, w1, b1, w2):
        x = (agent_qs.unsqueeze(-2) @ forward(w1)).squeeze(-2) + bias * b1
        return (first(w1) * (second(w2) * bend(x)).unsqueeze(-2)).sum(-1)
    return answer


def raw(weights):
    return weights


ANSWERS = Answers(
    right=[by_factors, by_einsum, by_autograd],
    wrong=[("the weights are taken with their signs", slip(first=raw, second=raw, forward=raw)),
           ("the first layer's weights are taken with their signs", slip(first=raw, forward=raw)),
           ("the second layer's weights are taken with their signs", slip(second=raw)),
           ("what goes into the units is made with the weights' signs", slip(forward=raw)),
           ("the bias is left out", slip(bias=0.0)),
           ("ELU is taken for a straight line", slip(bend=torch.ones_like)),
           ("below 0 the slope is taken to be 0", slip(bend=lambda x: (x > 0).double())),
           ("the height of ELU stands where its slope belongs", slip(bend=F.elu)),
           ("ELU + 1 is taken for its slope, on the right side too", slip(bend=lambda x: F.elu(x) + 1)),
           ("e to the x is taken for the slope on both sides", slip(bend=torch.exp)),
           ("e to the x, minus 1, is taken for the slope below 0",
            slip(bend=lambda x: torch.where(x > 0, 1.0, F.elu(x)))),
           ("the exponential runs over", slip(bend=lambda x: x.exp() * (x <= 0) + (x > 0))),
           ("the utilities themselves are factors",
            lambda agent_qs, w1, b1, w2: agent_qs * by_factors(agent_qs, w1, b1, w2)),
           ("the slopes are made to add up to 1",
            lambda *given: by_factors(*given) / by_factors(*given).sum(-1, keepdim=True)),
           ("a slope is below zero", slip(first=raw, second=raw, forward=raw, bend=torch.ones_like)),
           ("a slope is below zero", slip(second=raw, bend=F.elu)),
           ("a slope is below zero", slip(first=raw, second=raw, forward=raw, bend=lambda x: (x > 0).double())),
           ("the units are averaged, not added up",
            lambda agent_qs, w1, b1, w2: by_factors(agent_qs, w1, b1, w2) / w1.shape[-1])])
