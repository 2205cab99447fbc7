"""Answers to 05.3."""

import numpy as np
import torch
from torch import nn

from tests.catalogue import Answers


def by_formula(n_agents, state_dim, embed_dim, hypernet_dim):
    def linear(a, b):
        return a * b + b

    def weights(outputs):
        return (linear(state_dim, hypernet_dim) + linear(hypernet_dim, outputs)
                if hypernet_dim else linear(state_dim, outputs))

    return {"hyper_w1": weights(n_agents * embed_dim), "hyper_b1": linear(state_dim, embed_dim),
            "hyper_w2": weights(embed_dim),
            "hyper_b2": linear(state_dim, embed_dim) + linear(embed_dim, 1)}


def by_building(n_agents, state_dim, embed_dim, hypernet_dim):
    def chain(*sizes):
        return nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])

    middle = [hypernet_dim] if hypernet_dim > 0 else []
    nets = {"hyper_w1": chain(state_dim, *middle, n_agents * embed_dim), "hyper_b1": chain(state_dim, embed_dim),
            "hyper_w2": chain(state_dim, *middle, embed_dim), "hyper_b2": chain(state_dim, embed_dim, 1)}
    return {name: sum(p.numel() for p in net.parameters()) for name, net in nets.items()}


def with_the_ones(n_agents, state_dim, embed_dim, hypernet_dim):
    S, E, N, H = state_dim + 1, embed_dim, n_agents, hypernet_dim
    if H == 0:
        w1, w2 = S * N * E, S * E
    else:
        w1, w2 = S * H + (H + 1) * N * E, S * H + (H + 1) * E
    return dict(hyper_w1=np.int64(w1), hyper_b1=S * E, hyper_w2=torch.tensor(w2), hyper_b2=S * E + E + 1)


def count(**replaced):
    """The right counts with some replaced by a function of N, S, E, H."""
    def answer(n_agents, state_dim, embed_dim, hypernet_dim):
        right = by_formula(n_agents, state_dim, embed_dim, hypernet_dim)
        return right | {key: formula(n_agents, state_dim, embed_dim, hypernet_dim) for key, formula in replaced.items()}
    return answer


def no_biases(n_agents, state_dim, embed_dim, hypernet_dim):
    N, S, E, H = n_agents, state_dim, embed_dim, hypernet_dim
    return {"hyper_w1": S * H + H * N * E if H else S * N * E, "hyper_b1": S * E,
            "hyper_w2": S * H + H * E if H else S * E,
            "hyper_b2": S * E + E}


def always_two(n_agents, state_dim, embed_dim, hypernet_dim):
    N, S, E, H = n_agents, state_dim, embed_dim, hypernet_dim
    return count(hyper_w1=lambda *_: S * H + H + H * N * E + N * E,
                 hyper_w2=lambda *_: S * H + H + H * E + E)(N, S, E, H)


def always_one(n_agents, state_dim, embed_dim, hypernet_dim):
    return by_formula(n_agents, state_dim, embed_dim, 0)


def weights_of_the_mixer(n_agents, state_dim, embed_dim, hypernet_dim):
    return {"hyper_w1": n_agents * embed_dim, "hyper_b1": embed_dim, "hyper_w2": embed_dim, "hyper_b2": 1}


ANSWERS = Answers(
    right=[by_formula, by_building, with_the_ones],
    wrong=[
        ("biases are left out", no_biases),
        ("biases are left out", count(hyper_b2=lambda n, s, e, h: s * e + e + e)),
        ("biases are left out", count(hyper_w1=lambda n, s, e, h: s * h + h * n * e + n * e if h else (s + 1) * n * e)),
        ("the first paper's single layer is not counted as one", always_two),
        ("hypernet_dim makes no difference", always_one),
        ("hyper_w1 writes one weight a unit, whatever the number of agents",
         count(hyper_w1=lambda n, s, e, h: by_formula(1, s, e, h)["hyper_w1"])),
        ("hyper_w1 is counted once for each agent",
         count(hyper_w1=lambda n, s, e, h: n * by_formula(1, s, e, h)["hyper_w1"])),
        ("hyper_b1 is counted as two layers", count(hyper_b1=lambda n, s, e, h: by_formula(n, s, e, h)["hyper_w2"])),
        ("hyper_b1 writes a bias for each agent", count(hyper_b1=lambda n, s, e, h: (s + 1) * n * e)),
        ("hyper_w2 writes a weight for each agent",
         count(hyper_w2=lambda n, s, e, h: by_formula(n, s, e, h)["hyper_w1"])),
        ("the hidden layer of V(s) has another width",
         count(hyper_b2=lambda n, s, e, h: s * h + h + h + 1 if h else s + 1)),
        ("the hidden layer of V(s) has another width", count(hyper_b2=lambda n, s, e, h: s * h + h + h + 1)),
        ("V(s) is counted as a single layer", count(hyper_b2=lambda n, s, e, h: s + 1)),
        ("V(s) is counted with E outputs", count(hyper_b2=lambda n, s, e, h: (s + 1) * e + (e + 1) * e)),
        ("the weights that are written are counted, not those that write them", weights_of_the_mixer),
    ],
)
