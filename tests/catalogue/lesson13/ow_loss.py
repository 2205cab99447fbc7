"""Answers to 13.3."""

import numpy
import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def loss_with(weigh=None, total=None, ends=True, discount=True, detach=True, finish=lambda loss: loss, cut=None):
    def ow_loss(q_tot, q_hat, ahead, reward, terminated, mask, gamma, alpha):
        if cut == "q_tot":
            q_tot = q_tot.detach()
        if cut == "q_hat":
            q_hat = q_hat.detach()
        future = (gamma if discount else 1) * (ahead.detach() if detach else ahead)
        y = reward + (future * ~terminated if ends else future)
        w = weigh(q_tot, q_hat, y, alpha) if weigh else torch.where(q_tot < y, 1.0, alpha)
        one, two = (q_tot - y) ** 2, (q_hat - y) ** 2
        return finish(total(one, two, w, mask) if total else ((w * one + two) * mask).sum() / mask.sum())
    return ow_loss


def two_means_added(q_tot, q_hat, ahead, reward, terminated, mask, gamma, alpha):
    with torch.no_grad():
        y = torch.where(terminated, reward, reward + gamma * ahead)
        w = alpha + (1 - alpha) * (y > q_tot).to(q_tot.dtype)
    played = mask.bool()
    return (w * (q_tot - y).pow(2))[played].mean() + F.mse_loss(q_hat[played], y[played])


def mean_of_row_means(q_tot, q_hat, ahead, reward, terminated, mask, gamma, alpha):
    y = (reward + gamma * ahead * ~terminated).detach()
    errors = torch.where(q_tot < y, 1.0, alpha) * (q_tot - y) ** 2 + (q_hat - y) ** 2
    return ((errors * mask).sum(1) / mask.sum(1).clamp(min=1)).mean()


def branches(q_tot, q_hat, ahead, reward, terminated, mask, gamma, alpha):
    error = q_tot - (reward + gamma * ahead.detach() * (1 - terminated.double()))
    low, high = error.clamp(max=0), error.clamp(min=0)
    judge = q_hat - q_tot.detach() + error.detach()
    return ((low.square() + alpha * high.square() + judge.square()) * mask).sum() / mask.count_nonzero()


def numpy_loss(q_tot, q_hat, ahead, reward, terminated, mask, gamma, alpha):
    q, hat, a, r, e, m = (part.detach().numpy() for part in (q_tot, q_hat, ahead, reward, terminated, mask))
    y = r + gamma * a * ~e
    w = numpy.where(q < y, 1.0, alpha)
    return float(((w * (q - y) ** 2 + (hat - y) ** 2) * m).sum() / m.sum())


ANSWERS = Answers(
    right=[loss_with(), two_means_added, branches],
    wrong=[
        ("Q̂* is weighted too", loss_with(total=lambda one, two, w, m: (w * (one + two) * m).sum() / m.sum())),
        ("the weights are on the wrong network",
         loss_with(total=lambda one, two, w, m: ((one + w * two) * m).sum() / m.sum())),
        ("nothing is weighted", loss_with(weigh=lambda q, hat, y, alpha: torch.ones_like(q))),
        ("divided by the sum of the weights",
         loss_with(total=lambda one, two, w, m: (w * one * m).sum() / (w * m).sum() + (two * m).sum() / m.sum())),
        ("Q̂*'s error is missing", loss_with(total=lambda one, two, w, m: (w * one * m).sum() / m.sum())),
        ("Q_tot's error is missing", loss_with(total=lambda one, two, w, m: (two * m).sum() / m.sum())),
        ("alpha is on the wrong side", loss_with(weigh=lambda q, hat, y, alpha: torch.where(q < y, alpha, 1.0))),
        ("the wrong network is compared with y",
         loss_with(weigh=lambda q, hat, y, alpha: torch.where(hat < y, 1.0, alpha))),
        ("Q_tot is compared with Q̂*", loss_with(weigh=lambda q, hat, y, alpha: torch.where(q < hat, 1.0, alpha))),
        ("the weight is squared with the error",
         loss_with(total=lambda one, two, w, m: ((w * w * one + two) * m).sum() / m.sum())),
        ("the end of an episode is ignored", loss_with(ends=False)),
        ("the end is turned round", lambda q, h, a, r, end, m, gamma,
         alpha: loss_with()(q, h, a, r, ~end, m, gamma, alpha)),
        ("the errors are not squared",
         loss_with(total=lambda one, two, w, m: ((w * one.sqrt() + two.sqrt()) * m).sum() / m.sum())),
        ("the discount factor is missing", loss_with(discount=False)),
        ("the mask is forgotten", loss_with(total=lambda one, two, w, m: (w * one).mean() + two.mean())),
        ("divided by all entries", loss_with(total=lambda one, two, w, m: ((w * one + two) * m).mean())),
        ("every row counts the same, however long it is", mean_of_row_means),
        ("the sum, not the mean", loss_with(total=lambda one, two, w, m: ((w * one + two) * m).sum())),
        ("the mean of the two losses", loss_with(finish=lambda loss: loss / 2)),
        ("the gradient flows through the target", loss_with(detach=False)),
        ("nothing can be learned from this loss", numpy_loss),
        ("nothing can be learned from this loss", loss_with(cut="q_tot")),
        ("nothing can be learned from this loss", loss_with(finish=torch.Tensor.detach)),
        ("Q̂* cannot learn from this loss", loss_with(cut="q_hat")),
    ],
)
