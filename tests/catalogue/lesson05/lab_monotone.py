"""Answers to 05.6."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers
from tests.catalogue.lesson05.shared import abs_after_the_cut


def mended(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    b1, v = hyper_b1(state), hyper_b2(state).squeeze(-1)
    w1 = hyper_w1(state).abs()
    w1 = w1.view(len(state), agent_qs.shape[1], -1)
    w2 = hyper_w2(state).abs()
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + b1)
    return (hidden * w2).sum(-1) + v


def sign(first, look_at=lambda s: s, sums=lambda x: x, bias=lambda b: b, level=lambda v: v, second=torch.abs):
    """A repair that turns hyper_w1(look_at(state)) into W1 by ``first``."""
    def answer(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
        w1 = first(hyper_w1(look_at(state))).view(len(state), agent_qs.shape[1], -1)
        hidden = F.elu(sums(torch.einsum("bn,bne->be", agent_qs, w1)) + bias(hyper_b1(state)))
        return (hidden * second(hyper_w2(state))).sum(-1) + level(hyper_b2(state).squeeze(-1))
    return answer


def same(x):
    return x


ANSWERS = Answers(
    right=[(4, mended), (4, abs_after_the_cut), (4, sign(lambda w: torch.where(w < 0, -w, w)))],
    wrong=[
        ("Q_tot still falls: W1 may be negative", (4, sign(same, torch.abs))),
        ("the abs is gone, and W1 may still be negative", (4, sign(same))),
        ("the symptom is hidden: s and −s are one state for W1", (4, sign(torch.abs, torch.abs))),
        ("the symptom is hidden: negative weights are cut off", (4, sign(torch.relu, torch.abs))),
        ("the symptom is hidden: negative weights are cut off", (4, sign(lambda w: w.clamp(min=0)))),
        ("the absolute value is taken after the utilities came in", (4, sign(same, sums=torch.abs))),
        ("the biases lost their sign in the repair", (4, sign(torch.abs, bias=torch.abs))),
        ("the biases lost their sign in the repair", (4, sign(torch.abs, bias=torch.abs, level=torch.abs))),
        ("W1 is non-negative in another way than asked for", (4, sign(F.softplus))),
    ],
)
