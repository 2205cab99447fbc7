"""Answers to 16.2."""

import math

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def delta_of(epsilon, n_actions):
    return -math.log(1 - epsilon + epsilon / n_actions)


def moved(sigma, departure, delta):
    return sigma * 1.01 if departure < delta else sigma / 1.01


def kl(q, noisy):
    p, r = torch.softmax(q, -1), torch.softmax(noisy, -1)
    return (p * torch.log(p / r)).sum(-1)


def by_probabilities(sigma, q, noisy, epsilon):
    departure = kl(q, noisy).mean()
    return torch.tensor(moved(sigma, departure, delta_of(epsilon, q.shape[-1]))), departure


def by_torch(sigma, q, noisy, epsilon):
    each = F.kl_div(noisy.log_softmax(-1), q.log_softmax(-1), reduction="none", log_target=True)
    departure = float(each.sum()) / (q.shape[0] * q.shape[1])
    return [moved(sigma, departure, delta_of(epsilon, q.shape[-1])), departure]


def by_loops(sigma, q, noisy, epsilon):
    total = sum(kl(q[b, i], noisy[b, i]).item() for b in range(len(q)) for i in range(q.shape[1]))
    departure = total / (len(q) * q.shape[1])
    factor = 1.01 if math.exp(-departure) > 1 - epsilon + epsilon / q.shape[-1] else 1 / 1.01
    return sigma * factor, departure


def measured_by(measure):
    def answer(sigma, q, noisy, epsilon):
        departure = float(measure(q, noisy))
        return moved(sigma, departure, delta_of(epsilon, q.shape[-1])), departure
    return answer


reversed_kl = measured_by(lambda q, noisy: kl(noisy, q).mean())
torch_kl_reversed = measured_by(lambda q, noisy: F.kl_div(q.log_softmax(-1), noisy.softmax(-1),
                                                          reduction="none").sum(-1).mean())
team_kl = measured_by(lambda q, noisy: kl(q, noisy).sum(-1).mean())
batchmean = measured_by(lambda q, noisy: F.kl_div(noisy.log_softmax(-1), q.softmax(-1), reduction="batchmean"))
total_kl = measured_by(lambda q, noisy: kl(q, noisy).sum())
mean_kl = measured_by(lambda q, noisy: F.kl_div(noisy.log_softmax(-1), q.softmax(-1), reduction="mean"))
over_agents = measured_by(lambda q, noisy: (q.softmax(1) * (q.log_softmax(1) - noisy.log_softmax(1))).sum(1).mean())
squared = measured_by(lambda q, noisy: F.mse_loss(q, noisy))


def stepping(step):
    def answer(sigma, q, noisy, epsilon):
        departure = kl(q, noisy).mean().item()
        return step(sigma, departure, epsilon, q.shape[-1]), departure
    return answer


simple_delta = stepping(lambda s, d, e, a: moved(s, d, -math.log(1 - e) if e < 1 else math.inf))
wrong_way = stepping(lambda s, d, e, a: s * 1.01 if d > delta_of(e, a) else s / 1.01)
ninety_nine = stepping(lambda s, d, e, a: s * 1.01 if d < delta_of(e, a) else s * 0.99)
fixed_step = stepping(lambda s, d, e, a: s + 0.01 if d < delta_of(e, a) else s - 0.01)

delta_is_epsilon = stepping(lambda s, d, e, a: moved(s, d, e))
negative_delta = stepping(lambda s, d, e, a: moved(s, d, math.log(1 - e + e / a)))
ties_grow = stepping(lambda s, d, e, a: s * 1.01 if d <= delta_of(e, a) else s / 1.01)
ten_percent = stepping(lambda s, d, e, a: s * 1.1 if d < delta_of(e, a) else s / 1.1)


def in_bits(sigma, q, noisy, epsilon):
    departure = kl(q, noisy).mean().item()
    return moved(sigma, departure, delta_of(epsilon, q.shape[-1])), departure / math.log(2)


ANSWERS = Answers(
    right=[by_probabilities, by_torch, by_loops],
    wrong=[
        ("the divergence is taken the other way round", reversed_kl),
        ("the divergence is taken the other way round", torch_kl_reversed),
        ("added up over the agents", team_kl),
        ("added up over the agents", batchmean),
        ("added up over everything", total_kl),
        ("averaged over the actions", mean_kl),
        ("the softmax goes over the agents", over_agents),
        ("values are compared, not play", squared),
        ("delta forgets that a random action may be the greedy one", simple_delta),
        ("sigma moves the wrong way", wrong_way),
        ("the step down is not the inverse of the step up", ninety_nine),
        ("sigma grows by a fixed amount", fixed_step),
        ("delta is epsilon itself", delta_is_epsilon),
        ("delta has lost its minus sign", negative_delta),
        ("a tie counts as too little", ties_grow),
        ("the divergence is right, sigma is not", ten_percent),
        ("sigma is right, the divergence is not", in_bits),
    ],
)
