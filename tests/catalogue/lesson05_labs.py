"""Answers to the labs of lesson 05."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers

# ---- 05.6 --------------------------------------------------------------------------------------------------------------


def mended(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    b1, v = hyper_b1(state), hyper_b2(state).squeeze(-1)
    w1 = hyper_w1(state).abs()
    w1 = w1.view(len(state), agent_qs.shape[1], -1)
    w2 = hyper_w2(state).abs()
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + b1)
    return (hidden * w2).sum(-1) + v


def abs_after_the_cut(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    rows = []
    for q, s in zip(agent_qs, state):
        w1 = torch.abs(hyper_w1(s).reshape(len(q), -1))
        rows.append(F.elu(q @ w1 + hyper_b1(s)) @ torch.abs(hyper_w2(s)) + hyper_b2(s)[0])
    return torch.stack(rows)


def sign(first, look_at=lambda s: s, sums=lambda x: x, bias=lambda b: b, level=lambda v: v, second=torch.abs):
    """A repair that turns hyper_w1(look_at(state)) into W1 by ``first``."""
    def answer(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
        w1 = first(hyper_w1(look_at(state))).view(len(state), agent_qs.shape[1], -1)
        hidden = F.elu(sums(torch.einsum("bn,bne->be", agent_qs, w1)) + bias(hyper_b1(state)))
        return (hidden * second(hyper_w2(state))).sum(-1) + level(hyper_b2(state).squeeze(-1))
    return answer


def same(x):
    return x


SIGN = Answers(
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

# ---- 05.7 --------------------------------------------------------------------------------------------------------------


def rows_whole(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    n_agents, embed_dim = agent_qs.shape[1], hyper_b1(state).shape[1]
    w1 = hyper_w1(state).abs().view(-1, n_agents, embed_dim)
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + hyper_b1(state))
    return (hidden * hyper_w2(state).abs()).sum(-1) + hyper_b2(state).squeeze(-1)


def agent_first_but_turned(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    embed_dim = hyper_b1(state).shape[1]
    w1 = torch.stack(hyper_w1(state).abs().split(embed_dim, dim=1))              # [N, B, E]
    hidden = F.elu(torch.einsum("bn,nbe->be", agent_qs, w1) + hyper_b1(state))
    return (hidden * hyper_w2(state).abs()).sum(-1) + hyper_b2(state).squeeze(-1)


def rows(cut, second=torch.abs, first=torch.abs):
    """A repair with W1[B, N, E] = cut(raw, B, N, E)."""
    def answer(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
        b1 = hyper_b1(state)
        w1 = cut(first(hyper_w1(state)), *agent_qs.shape, b1.shape[1])
        return (F.elu((agent_qs[:, :, None] * w1).sum(1) + b1) * second(hyper_w2(state))).sum(-1) + hyper_b2(state)[:, 0]
    return answer


def right_cut(w, b, n, e):
    return w.reshape(b, n, e)


ROWS = Answers(
    right=[(5, rows_whole), (5, agent_first_but_turned), (5, abs_after_the_cut), (5, rows(right_cut))],
    wrong=[
        ("the bug is still there: rows go to other samples", (5, rows(lambda w, b, n, e: w.view(n, b, e).permute(1, 0, 2)))),
        ("the bug is still there: rows go to other samples", (5, rows(lambda w, b, n, e: w.view(n, e, b).permute(2, 0, 1)))),
        ("the bug is still there: rows go to other samples", (5, rows(lambda w, b, n, e: w.t().reshape(b, n, e)))),
        ("the agents are apart, but each agent's rows mix the samples",
         (5, rows(lambda w, b, n, e: w.T.reshape(n, -1, e).transpose(0, 1)))),
        ("the symptom is hidden: the numbers of W1 go to other agents", (5, rows(lambda w, b, n, e: w.view(b, e, n).mT))),
        ("the symptom is hidden: all samples share one W1", (5, rows(lambda w, b, n, e: w[0].view(n, e)))),
        ("the symptom is hidden: all samples share one W1", (5, rows(lambda w, b, n, e: w.mean(0).view(n, e)))),
        ("the symptom is hidden: all agents share one row of W1",
         (5, rows(lambda w, b, n, e: w.view(b, n, e).mean(1, keepdim=True)))),
        ("the symptom is hidden: all agents share one row of W1", (5, rows(lambda w, b, n, e: w[:, None, :e]))),
        ("an absolute value was lost in the repair", (5, rows(right_cut, first=lambda w: w))),
        ("an absolute value was lost in the repair", (5, rows(right_cut, second=lambda w: w))),
    ],
)

LABS = {"05.6": SIGN, "05.7": ROWS}
