"""Answers to 07.4."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def usual_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * (~terminated) * next_q_tot.detach()
    return ((q_tot - y).pow(2) * mask).sum() / mask.sum()


def picked_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    with torch.no_grad():
        y = torch.where(terminated, reward, reward + gamma * next_q_tot)
    played = mask.bool()
    return F.mse_loss(q_tot[played], y[played])


def weighted_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    weights = mask / mask.sum()
    errors = (q_tot - reward - gamma * next_q_tot.data.masked_fill(terminated, 0)) * mask
    return torch.einsum("bt,bt,bt->", errors, errors, weights)


def looped_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    next_q_tot = next_q_tot.detach()
    squares = []
    for b in range(q_tot.shape[0]):
        for t in range(q_tot.shape[1]):
            if mask[b, t]:
                y = reward[b, t] if terminated[b, t] else reward[b, t] + gamma * next_q_tot[b, t]
                squares.append((q_tot[b, t] - y) ** 2)
    return sum(squares) / len(squares)


def loss_with(reduce=lambda squares, mask: (squares * mask).sum() / mask.sum(), power=lambda error: error ** 2,
              ended=lambda terminated, truncated: terminated, detach=True, cut=lambda q_tot: q_tot, discount=True):
    """A loss in the usual order of lines, one of which can be exchanged."""
    def td_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
        next_value = next_q_tot.detach() if detach else next_q_tot
        y = reward + (gamma if discount else 1) * torch.where(ended(terminated, truncated), 0.0, next_value)
        return reduce(power(cut(q_tot) - y), mask)
    return td_loss


def maskless(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * torch.where(terminated, 0.0, next_q_tot.detach())
    return F.mse_loss(q_tot, y)


def over_everything(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * torch.where(terminated, 0.0, next_q_tot.detach())
    return F.mse_loss(q_tot * mask, y * mask)


def one_side(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * torch.where(terminated, 0.0, next_q_tot.detach())
    return F.mse_loss(q_tot * mask, y, reduction="sum") / mask.sum()


def without_the_clocks_steps(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return usual_loss(q_tot, next_q_tot, reward, terminated, truncated, mask * (1 - truncated.double()), gamma)


def as_number(*inputs):
    return usual_loss(*inputs).item()


def row_means(squares, mask):
    return torch.stack([row[played > 0].mean() for row, played in zip(squares, mask)]).mean()


def loss_without_asking(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    """The caller's tensor never asks for gradients again."""
    next_q_tot.requires_grad_(False)
    y = reward + gamma * (~terminated) * next_q_tot
    return ((q_tot - y) ** 2 * mask).sum() / mask.sum()


ANSWERS = Answers(
    right=[usual_loss, picked_loss, weighted_loss, looped_loss],
    wrong=[
        ("your answer changes what it was given", loss_without_asking),
        ("the mask is forgotten", maskless),
        ("divided by all entries", over_everything),
        ("the sum, not the mean", loss_with(lambda squares, mask: squares[mask.bool()].sum())),
        ("the mean of the rows' means", loss_with(row_means)),
        ("divided by the number of rows", loss_with(lambda squares, mask: (squares * mask).sum(1).mean())),
        ("a clock that ran out cuts the target", loss_with(ended=lambda terminated, truncated: terminated | truncated)),
        ("truncated in place of terminated", loss_with(ended=lambda terminated, truncated: truncated)),
        ("the end of an episode is ignored", loss_with(ended=lambda terminated, truncated: terminated & truncated)),
        ("the discount factor is missing", loss_with(discount=False)),
        ("the steps at which the clock ran out are left out", without_the_clocks_steps),
        ("half the loss", loss_with(lambda squares, mask: 0.5 * squares[mask > 0].mean())),
        ("only one side of the difference is masked", one_side),
        ("the errors are not squared", loss_with(power=lambda error: error)),
        ("absolute errors", loss_with(power=torch.abs)),
        ("the gradient flows through the target", loss_with(detach=False)),
        ("nothing can be learned from this loss", as_number),
        ("nothing can be learned from this loss", loss_with(cut=torch.Tensor.detach)),
    ],
)
