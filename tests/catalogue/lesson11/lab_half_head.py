"""Answers to 11.4."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def make(name, treat_1, treat_2=None):
    """A head that treats raw_w1 and raw_w2 in this way."""
    treat_2 = treat_2 or treat_1

    def answer(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
        w1, w2 = treat_1(raw_w1), treat_2(raw_w2)
        hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + raw_b1)
        return (hidden * w2).sum(1) + raw_v

    answer.__name__ = name
    return answer


with_abs = make("with_abs", torch.abs)
with_softplus = make("with_softplus", F.softplus)
with_exp = make("with_exp", torch.exp)
with_square = make("with_square", torch.square)
mixed = make("mixed", torch.abs, F.softplus)
as_it_was = make("as_it_was", torch.relu)
untreated = make("untreated", lambda x: x)
first_untreated = make("first_untreated", lambda x: x, torch.abs)
second_untreated = make("second_untreated", torch.abs, lambda x: x)
leaky = make("leaky", F.leaky_relu)
first_only = make("first_only", torch.abs, torch.relu)
second_only = make("second_only", torch.relu, F.softplus)
floored = make("floored", lambda x: x.relu() + 0.01)
clamped = make("clamped", lambda x: x.clamp(min=1e-3))
elu_only = make("elu_only", F.elu)
with_sigmoid = make("with_sigmoid", torch.sigmoid)
with_softmax = make("with_softmax", lambda x: x.softmax(-1))
detached = make("detached", lambda x: x.detach().abs())
turned = make("turned", lambda x: -x.abs(), torch.abs)
with_root = make("with_root", lambda x: x.abs().sqrt())
with_log = make("with_log", lambda x: x.abs().log1p())
with_small_square = make("with_small_square", lambda x: x**2 / 100)
clamped_far_away = make("clamped_far_away", lambda x: x.clamp(-10, 10).abs())
softsign = make("softsign", lambda x: x.abs() / (1 + x.abs()))
nearly_elu = make("nearly_elu", lambda x: F.elu(x) + 0.98)
flat_far_below = make("flat_far_below", lambda x: x.clamp(min=-3).abs())


def straight_through(x):
    """Never below zero on the way there, and on the way back as if nothing had been cut off."""
    return x + (x.relu() - x).detach()


class Passes(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.relu()

    @staticmethod
    def backward(ctx, slope):
        return slope


with_straight_through = make("with_straight_through", straight_through)
with_passes = make("with_passes", Passes.apply)
abs_then_straight = make("abs_then_straight", torch.abs, straight_through)
straight_then_softplus = make("straight_then_softplus", straight_through, F.softplus)
straight_then_relu = make("straight_then_relu", straight_through, torch.relu)
relu_then_straight = make("relu_then_straight", torch.relu, Passes.apply)
straight_then_nothing = make("straight_then_nothing", straight_through, lambda x: x)
nothing_then_straight = make("nothing_then_straight", lambda x: x, straight_through)
nothing_then_relu = make("nothing_then_relu", lambda x: x, torch.relu)
softmax_then_straight = make("softmax_then_straight", lambda x: x.softmax(-1), straight_through)
share_of_units = make("share_of_units", lambda x: x.abs() / x.shape[-1], straight_through)


def loops(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    total = []
    for q, w1, b1, w2, v in zip(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
        total.append(sum(F.elu(sum(q[i] * abs(w1[i, k]) for i in range(len(q))) + b1[k]) * abs(w2[k])
                         for k in range(len(b1))) + v)
    return torch.stack(total)


def batched(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    hidden = F.elu(torch.bmm(agent_qs.unsqueeze(1), raw_w1.abs()).squeeze(1) + raw_b1)
    return torch.bmm(hidden.unsqueeze(1), raw_w2.abs().unsqueeze(2)).view(-1) + raw_v


def biases_too(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    return with_abs(agent_qs, raw_w1, raw_b1.abs(), raw_w2, raw_v)


def value_too(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    return with_abs(agent_qs, raw_w1, raw_b1, raw_w2, raw_v.abs())


def everything(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    return with_abs(agent_qs, raw_w1, raw_b1.abs(), raw_w2, raw_v.abs())


def positive_utilities(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    return with_abs(agent_qs.abs(), raw_w1, raw_b1, raw_w2, raw_v)


def abs_of_the_product(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, raw_w1).abs() + raw_b1)
    return (hidden * raw_w2.abs()).sum(1) + raw_v


def abs_behind_the_unit(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, raw_w1) + raw_b1).abs()
    return (hidden * raw_w2.abs()).sum(1) + raw_v


def abs_at_the_end(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, raw_w1) + raw_b1)
    return (hidden * raw_w2).sum(1).abs() + raw_v


def without_v(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    return with_abs(agent_qs, raw_w1, raw_b1, raw_w2, raw_v * 0)


def other_unit(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    hidden = F.relu(torch.einsum("bn,bne->be", agent_qs, raw_w1.abs()) + raw_b1)
    return (hidden * raw_w2.abs()).sum(1) + raw_v


def mean_of_units(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, raw_w1.abs()) + raw_b1)
    return (hidden * raw_w2.abs()).mean(1) + raw_v


def as_numbers(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    with torch.no_grad():
        return with_abs(agent_qs, raw_w1, raw_b1, raw_w2, raw_v)


ANSWERS = Answers(
    right=[("D", with_abs), (" d", with_abs), ("D", with_softplus), ("D", with_exp), ("D", with_square), ("D", mixed),
           ("D", with_straight_through), ("D", with_passes), ("D", abs_then_straight), ("D", straight_then_softplus),
           ("D", loops), ("D", batched), ("D", with_root), ("D", with_log), ("D", with_small_square)],
    wrong=[
        ("the listing as it was", ("D", as_it_was)),
        ("weights below zero", ("D", untreated)),
        ("weights below zero", ("D", elu_only)),
        ("one of the two kinds of weights is below zero", ("D", first_untreated)),
        ("one of the two kinds of weights is below zero", ("D", second_untreated)),
        ("one of the two kinds of weights is below zero", ("D", turned)),
        ("a leak lets weights below zero", ("D", leaky)),
        ("only one of the two kinds of weights is repaired", ("D", first_only)),
        ("only one of the two kinds of weights is repaired", ("D", second_only)),
        ("only one of the two kinds of weights is repaired", ("D", straight_then_relu)),
        ("only one of the two kinds of weights is repaired", ("D", relu_then_straight)),
        ("one of the two kinds of weights is below zero", ("D", straight_then_nothing)),
        ("one of the two kinds of weights is below zero", ("D", nothing_then_straight)),
        ("one of the two kinds of weights is below zero", ("D", nothing_then_relu)),
        ("the weights have a ceiling", ("D", softmax_then_straight)),
        ("the weights are right, and something else has changed", ("D", share_of_units)),
        ("no gradient reaches the weights that came out negative", ("D", floored)),
        ("no gradient reaches the weights that came out negative", ("D", clamped)),
        ("no gradient reaches the weights that came out negative", ("D", detached)),
        ("the biases are made non-negative too", ("D", biases_too)),
        ("V is made non-negative too", ("D", value_too)),
        ("everything is made non-negative", ("D", everything)),
        ("the utilities are made positive", ("D", positive_utilities)),
        ("the absolute value is taken of the product", ("D", abs_of_the_product)),
        ("the absolute value is taken behind the unit", ("D", abs_behind_the_unit)),
        ("the absolute value is taken at the end", ("D", abs_at_the_end)),
        ("V is lost", ("D", without_v)),
        ("the weights have a ceiling", ("D", with_sigmoid)),
        ("the weights have a ceiling", ("D", with_softmax)),
        ("the weights have a ceiling", ("D", clamped_far_away)),
        ("the weights have a ceiling", ("D", softsign)),
        ("a leak lets weights below zero", ("D", nearly_elu)),
        ("no gradient reaches the weights that came out negative", ("D", flat_far_below)),
        ("the weights are right, and something else has changed", ("D", other_unit)),
        ("the weights are right, and something else has changed", ("D", mean_of_units)),
        ("nothing can be learned from it", ("D", as_numbers)),
        ("the step size is blamed", ("A", with_abs)),
        ("the class of the table is blamed", ("B", with_softplus)),
        ("ELU is blamed", ("C", loops)),
        ("biases and V are blamed", ("E", batched)),
    ],
)
