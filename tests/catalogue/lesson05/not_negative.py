"""Answers to 05.2."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def absolute(raw):
    return raw.abs()


def mirrored(raw):
    return torch.where(raw < 0, -raw, raw)


def square(raw):
    return raw ** 2


def two_halves(raw):
    return F.relu(raw) + F.relu(-raw)


def log_of_one_plus(raw):
    return torch.log1p(raw.abs())


def shifted(raw):
    return 0.5 * (raw - 0.3).abs()


def softplus(raw):
    return F.softplus(raw)


def softplus_by_hand(raw):
    return torch.logaddexp(raw, torch.zeros_like(raw))


def elu_plus_one(raw):
    return F.elu(raw) + 1


def exponential(raw):
    return torch.exp(raw)


def hyperbola(raw):
    return (raw + torch.sqrt(raw ** 2 + 4)) / 2


def relu(raw):
    return torch.relu(raw)


def clamped(raw):
    return raw.clamp(min=1e-6)


def sigmoid(raw):
    return torch.sigmoid(raw)


def softmax(raw):
    return raw.softmax(-1)


def softmax_of_all(raw):
    return raw.flatten().softmax(0).view(raw.shape)


def share(raw):
    return raw.abs() / raw.abs().sum()


def from_the_least(raw):
    return raw - raw.min()


def detached(raw):
    return raw.detach().abs()


def root_of_square(raw):
    return torch.sqrt(raw ** 2)


def root(raw):
    return raw.abs().sqrt()


def almost_zero(raw):
    return raw.abs() + 1e-3


def elu(raw):
    return F.elu(raw)


def leaky(raw):
    return F.leaky_relu(raw)


def cosine(raw):
    return 1 - torch.cos(raw)


def high_elu(raw):
    return F.elu(raw) + 1.5


def with_a_gap(raw):
    return torch.where(raw > 0, raw + 2, raw.exp())


def remembers(raw, seen=[]):
    seen.append(1)
    return raw.abs() + len(seen) * 1e-3


ANSWERS = Answers(
    right=[(lambda raw: (raw - 2 ** 0.5).abs(), lambda raw: (raw + (raw * raw + 4).sqrt()) / 2), (absolute, softplus),
           (mirrored, elu_plus_one), (square, exponential), (two_halves, softplus_by_hand),
           (shifted, hyperbola), (log_of_one_plus, lambda raw: 2 ** raw), (lambda raw: raw * raw.sign(), softplus),
           (lambda raw: torch.maximum(raw, -raw), lambda raw: -F.logsigmoid(-raw)),
           (lambda raw: F.leaky_relu(raw).abs(), softplus)],
    wrong=[
        ("some sizes of weight are out of reach", (absolute, lambda raw: F.softplus(raw) + 0.01)),
        ("some sizes of weight are out of reach", (absolute, lambda raw: F.softplus(raw) + 1e-8)),
        ("touches_zero never is exactly zero", (lambda raw: raw.abs() + 1e-8, softplus)),
        ("the weights have a ceiling", (lambda raw: raw.abs().clamp(max=1e3), softplus)),
        ("a branch that is not taken spoils the gradient",
         (lambda raw: torch.where(raw > 0, raw * raw.sqrt(), -raw), softplus)),
        ("a branch that is not taken spoils the gradient",
         (absolute, lambda raw: torch.where(raw > 0, 1 + raw.sqrt(), raw.exp()))),
        ("a weight below zero", (absolute, elu)),
        ("a weight below zero", (lambda raw: raw, softplus)),
        ("a weight below zero", (absolute, leaky)),
        ("a weight below zero", (absolute, F.silu)),
        ("a weight below zero", (lambda raw: raw ** 3, softplus)),
        ("softmax: the weights of a row share one whole", (absolute, softmax)),
        ("softmax: the weights of a row share one whole", (absolute, softmax_of_all)),
        ("softmax: the weights of a row share one whole", (lambda raw: raw.softmax(0), softplus)),
        ("a weight depends on its neighbours", (lambda raw: 2 * share(raw), softplus)),
        ("a weight depends on its neighbours", (from_the_least, softplus)),
        ("no gradient reaches the hypernetwork", (detached, softplus)),
        ("no gradient reaches the hypernetwork",
         (absolute, lambda raw: torch.tensor(np.log1p(np.exp(raw.detach().numpy()))))),
        ("the slope is zero over a whole stretch", (relu, softplus)),
        ("the slope is zero over a whole stretch", (absolute, clamped)),
        ("the slope is zero over a whole stretch", (lambda raw: F.relu(raw) ** 2, softplus)),
        ("the slope is zero over a whole stretch", (absolute, lambda raw: F.relu(raw) + 0.01)),
        ("the slope is infinite or NaN at a point", (root_of_square, softplus)),
        ("the slope is infinite or NaN at a point", (root, softplus)),
        ("the weights have a ceiling", (absolute, sigmoid)),
        ("the weights have a ceiling", (cosine, softplus)),
        ("the weights have a ceiling", (absolute, lambda raw: 1 + torch.tanh(raw / 10))),
        ("touches_zero never is exactly zero", (almost_zero, softplus)),
        ("touches_zero never is exactly zero", (softplus, elu_plus_one)),
        ("touches_zero never is exactly zero", (lambda raw: torch.sqrt(raw ** 2 + 1e-6), softplus)),
        ("stays_above does not always rise", (absolute, almost_zero)),
        ("stays_above does not always rise", (absolute, square)),
        ("the two functions have changed places", (softplus, absolute)),
        ("some sizes of weight are out of reach", (absolute, high_elu)),
        ("some sizes of weight are out of reach", (absolute, with_a_gap)),
        ("the same question got two different answers", (remembers, softplus)),
        ("your answer changes what it was given", (lambda raw: raw.abs_(), softplus)),
    ],
)
