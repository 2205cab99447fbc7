"""Answers to the exercises of lesson 05: the layer, the weights, the count. The rest is in the modules beside."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.catalogue import Answers
from tests.catalogue.lesson05_judges import JUDGES
from tests.catalogue.lesson05_labs import LABS
from tests.catalogue.lesson05_nets import NETS

# ---- 05.1 --------------------------------------------------------------------------------------------------------------


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


def layer(first=torch.abs, second=torch.abs, bias=lambda b: b, level=lambda v: v, unit=F.elu, out=lambda x: x, q=lambda q: q,
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


LAYER = Answers(
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

# ---- 05.2 --------------------------------------------------------------------------------------------------------------


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


WEIGHTS = Answers(
    right=[(lambda raw: (raw - 2 ** 0.5).abs(), lambda raw: (raw + (raw * raw + 4).sqrt()) / 2), (absolute, softplus), (mirrored, elu_plus_one), (square, exponential), (two_halves, softplus_by_hand),
           (shifted, hyperbola), (log_of_one_plus, lambda raw: 2 ** raw), (lambda raw: raw * raw.sign(), softplus),
           (lambda raw: torch.maximum(raw, -raw), lambda raw: -F.logsigmoid(-raw)),
           (lambda raw: F.leaky_relu(raw).abs(), softplus)],
    wrong=[
        ("some sizes of weight are out of reach", (absolute, lambda raw: F.softplus(raw) + 0.01)),
        ("some sizes of weight are out of reach", (absolute, lambda raw: F.softplus(raw) + 1e-8)),
        ("touches_zero never is exactly zero", (lambda raw: raw.abs() + 1e-8, softplus)),
        ("the weights have a ceiling", (lambda raw: raw.abs().clamp(max=1e3), softplus)),
        ("a branch that is not taken spoils the gradient", (lambda raw: torch.where(raw > 0, raw * raw.sqrt(), -raw), softplus)),
        ("a branch that is not taken spoils the gradient", (absolute, lambda raw: torch.where(raw > 0, 1 + raw.sqrt(), raw.exp()))),
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
        ("no gradient reaches the hypernetwork", (absolute, lambda raw: torch.tensor(np.log1p(np.exp(raw.detach().numpy()))))),
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

# ---- 05.3 --------------------------------------------------------------------------------------------------------------


def by_formula(n_agents, state_dim, embed_dim, hypernet_dim):
    def linear(a, b):
        return a * b + b

    def weights(outputs):
        return linear(state_dim, hypernet_dim) + linear(hypernet_dim, outputs) if hypernet_dim else linear(state_dim, outputs)

    return {"hyper_w1": weights(n_agents * embed_dim), "hyper_b1": linear(state_dim, embed_dim), "hyper_w2": weights(embed_dim),
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
    return {"hyper_w1": S * H + H * N * E if H else S * N * E, "hyper_b1": S * E, "hyper_w2": S * H + H * E if H else S * E,
            "hyper_b2": S * E + E}


def always_two(n_agents, state_dim, embed_dim, hypernet_dim):
    N, S, E, H = n_agents, state_dim, embed_dim, hypernet_dim
    return count(hyper_w1=lambda *_: S * H + H + H * N * E + N * E, hyper_w2=lambda *_: S * H + H + H * E + E)(N, S, E, H)


def always_one(n_agents, state_dim, embed_dim, hypernet_dim):
    return by_formula(n_agents, state_dim, embed_dim, 0)


def weights_of_the_mixer(n_agents, state_dim, embed_dim, hypernet_dim):
    return {"hyper_w1": n_agents * embed_dim, "hyper_b1": embed_dim, "hyper_w2": embed_dim, "hyper_b2": 1}


COUNT = Answers(
    right=[by_formula, by_building, with_the_ones],
    wrong=[
        ("biases are left out", no_biases),
        ("biases are left out", count(hyper_b2=lambda n, s, e, h: s * e + e + e)),
        ("biases are left out", count(hyper_w1=lambda n, s, e, h: s * h + h * n * e + n * e if h else (s + 1) * n * e)),
        ("the first paper's single layer is not counted as one", always_two),
        ("hypernet_dim makes no difference", always_one),
        ("hyper_w1 writes one weight a unit, whatever the number of agents",
         count(hyper_w1=lambda n, s, e, h: by_formula(1, s, e, h)["hyper_w1"])),
        ("hyper_w1 is counted once for each agent", count(hyper_w1=lambda n, s, e, h: n * by_formula(1, s, e, h)["hyper_w1"])),
        ("hyper_b1 is counted as two layers", count(hyper_b1=lambda n, s, e, h: by_formula(n, s, e, h)["hyper_w2"])),
        ("hyper_b1 writes a bias for each agent", count(hyper_b1=lambda n, s, e, h: (s + 1) * n * e)),
        ("hyper_w2 writes a weight for each agent", count(hyper_w2=lambda n, s, e, h: by_formula(n, s, e, h)["hyper_w1"])),
        ("the hidden layer of V(s) has another width", count(hyper_b2=lambda n, s, e, h: s * h + h + h + 1 if h else s + 1)),
        ("the hidden layer of V(s) has another width", count(hyper_b2=lambda n, s, e, h: s * h + h + h + 1)),
        ("V(s) is counted as a single layer", count(hyper_b2=lambda n, s, e, h: s + 1)),
        ("V(s) is counted with E outputs", count(hyper_b2=lambda n, s, e, h: (s + 1) * e + (e + 1) * e)),
        ("the weights that are written are counted, not those that write them", weights_of_the_mixer),
    ],
)

CATALOGUE = {"05.1": LAYER, "05.2": WEIGHTS, "05.3": COUNT, "05.4": NETS, "05.5": JUDGES, **LABS}
