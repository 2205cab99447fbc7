"""Answers to 05.7."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers
from tests.catalogue.lesson05.shared import abs_after_the_cut


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
        return (F.elu((agent_qs[:, :, None] * w1).sum(1) + b1)
                * second(hyper_w2(state))).sum(-1) + hyper_b2(state)[:, 0]
    return answer


def right_cut(w, b, n, e):
    return w.reshape(b, n, e)


ANSWERS = Answers(
    right=[("D", rows_whole), (" d", agent_first_but_turned), ("D", abs_after_the_cut), ("D", rows(right_cut))],
    wrong=[
        ("the bug is still there: rows go to other samples",
         ("D", rows(lambda w, b, n, e: w.view(n, b, e).permute(1, 0, 2)))),
        ("the bug is still there: rows go to other samples",
         ("D", rows(lambda w, b, n, e: w.view(n, e, b).permute(2, 0, 1)))),
        ("the bug is still there: rows go to other samples", ("D", rows(lambda w, b, n, e: w.t().reshape(b, n, e)))),
        ("the agents are apart, but each agent's rows mix the samples",
         ("D", rows(lambda w, b, n, e: w.T.reshape(n, -1, e).transpose(0, 1)))),
        ("the symptom is hidden: the numbers of W1 go to other agents",
         ("D", rows(lambda w, b, n, e: w.view(b, e, n).mT))),
        ("the symptom is hidden: all samples share one W1", ("D", rows(lambda w, b, n, e: w[0].view(n, e)))),
        ("the symptom is hidden: all samples share one W1", ("D", rows(lambda w, b, n, e: w.mean(0).view(n, e)))),
        ("the symptom is hidden: all agents share one row of W1",
         ("D", rows(lambda w, b, n, e: w.view(b, n, e).mean(1, keepdim=True)))),
        ("the symptom is hidden: all agents share one row of W1", ("D", rows(lambda w, b, n, e: w[:, None, :e]))),
        ("an absolute value was lost in the repair", ("D", rows(right_cut, first=lambda w: w))),
        ("an absolute value was lost in the repair", ("D", rows(right_cut, second=lambda w: w))),
        ("a sign is blamed", ("A", rows_whole)), ("an average is blamed", ("B", rows_whole)),
        ("the order of the agents is blamed", ("C", rows_whole)), ("the last bias is blamed", ("E", rows_whole)),
    ],
)
