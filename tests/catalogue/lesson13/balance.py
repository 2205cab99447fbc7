"""Answers to 13.2."""

import torch

from tests.catalogue import Answers


def iterate(values, alpha, rounds=100):
    q = values.mean(-1, keepdim=True)
    for _ in range(rounds):
        w = torch.where(q < values, 1.0, alpha)
        q = (w * values).sum(-1, keepdim=True) / w.sum(-1, keepdim=True)
    return q.squeeze(-1)


def bisect(values, alpha):
    low, high = values.amin(-1), values.amax(-1)
    for _ in range(80):
        q = (low + high) / 2
        error = values - q.unsqueeze(-1)
        up = torch.where(error > 0, error, alpha * error).sum(-1) > 0
        low, high = torch.where(up, q, low), torch.where(up, high, q)
    return (low + high) / 2


def by_splits(values, alpha):
    ordered = values.sort(-1, descending=True).values
    k = torch.arange(1, values.shape[-1] + 1)
    head = ordered.cumsum(-1)
    q = (head + alpha * (head[:, -1:] - head)) / (k + alpha * (values.shape[-1] - k))
    return q.amax(-1)


def by_gradient(values, alpha):
    q = values.mean(-1).clone().requires_grad_()
    optimiser = torch.optim.LBFGS([q], lr=0.5, max_iter=2000, tolerance_grad=1e-12, tolerance_change=1e-15)

    def closure():
        optimiser.zero_grad()
        error = values - q.unsqueeze(-1)
        loss = (torch.where(error > 0, 1.0, alpha) * error**2).sum()
        loss.backward()
        return loss
    optimiser.step(closure)
    return q.detach()


def on_a_grid(values, alpha):
    result = []
    for row in values:
        grid = torch.linspace(row.min().item(), row.max().item(), 4001)
        error = grid.unsqueeze(1) - row
        result.append(grid[(torch.where(error < 0, 1.0, alpha) * error**2).sum(-1).argmin()])
    return torch.stack(result)


def in_float32(values, alpha):
    return bisect(values.float(), alpha).double()


def best_of_the_given(values, alpha):
    error = values.unsqueeze(-1) - values.unsqueeze(-2)                   # [B, K candidates, K]
    loss = (torch.where(error < 0, 1.0, alpha) * error.square()).sum(-1)
    return values.gather(-1, loss.argmin(-1, keepdim=True)).squeeze(-1)


def pessimist(values, alpha):
    q = values.mean(-1, keepdim=True)
    for _ in range(200):
        w = torch.where(values > q, alpha, 1.0)
        q = (w * values).sum(-1, keepdim=True) / w.sum(-1, keepdim=True)
    return q.squeeze(-1)


def weighed_once(values, alpha):
    w = torch.where(values > values.mean(-1, keepdim=True), 1.0, alpha)
    return (w * values).sum(-1) / w.sum(-1)


def above_zero(values, alpha):
    w = torch.where(values > 0, 1.0, alpha)
    return (w * values).sum(-1) / w.sum(-1)


def two_means(values, alpha):
    result = []
    for row in values:
        above, below = row[row > row.mean()], row[row <= row.mean()]
        result.append((above.mean() + alpha * below.mean()) / (1 + alpha) if len(above) else row.mean())
    return torch.stack(result)


def largest_and_mean(values, alpha):
    return alpha * values.mean(-1) + (1 - alpha) * values.max(-1).values


def quantile(values, alpha):
    return torch.quantile(values, 1 / (1 + alpha), dim=-1)


def whole_table(values, alpha):
    return iterate(values.reshape(1, -1), alpha).expand(len(values))


ANSWERS = Answers(
    right=[iterate, bisect, by_splits, by_gradient],
    wrong=[
        ("the plain mean", lambda values, alpha: values.mean(-1)),
        ("the largest value", lambda values, alpha: values.max(-1).values),
        ("alpha is on the side that pulls up", pessimist),
        ("weighed only once", weighed_once),
        ("weighed a few times, and not until nothing moves", lambda values, alpha: iterate(values, alpha, 2)),
        ("weighed a few times, and not until nothing moves", lambda values, alpha: iterate(values, alpha, 3)),
        ("weighed a few times, and not until nothing moves", lambda values, alpha: iterate(values, alpha, 6)),
        ("near, and more than a millionth off", on_a_grid),
        ("near, and more than a millionth off", in_float32),
        ("near, and more than a millionth off", lambda values, alpha: iterate(values, alpha) + 2e-6),
        ("one of the values themselves", best_of_the_given),
        ("positive values are the good ones", above_zero),
        ("values are compared with their mean", two_means),
        ("a mixture of the largest value and the mean", largest_and_mean),
        ("a quantile", quantile),
        ("alpha enters squared", lambda values, alpha: iterate(values, alpha * alpha)),
        ("one number for all rows", whole_table),
    ],
)
