"""What answers to several exercises of lesson 05 use."""

import torch
from torch.nn import functional as F


def abs_after_the_cut(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    rows = []
    for q, s in zip(agent_qs, state):
        w1 = torch.abs(hyper_w1(s).reshape(len(q), -1))
        rows.append(F.elu(q @ w1 + hyper_b1(s)) @ torch.abs(hyper_w2(s)) + hyper_b2(s)[0])
    return torch.stack(rows)
