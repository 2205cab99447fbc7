"""Answers to 15.5."""

import torch

from qmix_course.checks.lesson15.measure_ten_times import PLAN
from qmix_course.envs import MatrixGame
from tests.catalogue.experiments import answers

PAYOFF = MatrixGame("qtran").payoff
SHARE = torch.tensor([1 / 12, 10 / 12, 1 / 12])
OFTEN = SHARE.unsqueeze(1) * SHARE
SETTINGS = {"as it is": {}, "ten times the weight": {"nopt_weight": 10.0}, "ten times the steps": {"n_steps": 5_000}}


def learn(seeds, nopt_weight=1.0, n_steps=500):
    """As in the exercise."""
    starts = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        starts.append([0.1 * torch.randn(shape, generator=generator) for shape in ((2, 3), (3, 3), ())])
    parts = [torch.stack(part).requires_grad_() for part in zip(*starts)]
    (own, joint, v), optimiser = parts, torch.optim.Adam(parts, lr=0.05)
    for _ in range(n_steps):
        u1, u2 = own.argmax(2).unbind(1)
        gap = own[:, 0].unsqueeze(2) + own[:, 1].unsqueeze(1) - joint.detach() + v.view(-1, 1, 1)
        td = (OFTEN * (joint - PAYOFF) ** 2).sum()
        opt = (gap[range(len(gap)), u1, u2] ** 2).sum()
        nopt = (OFTEN * gap.clamp(max=0) ** 2).sum()
        optimiser.zero_grad()
        (td + opt + nopt_weight * nopt).backward()
        optimiser.step()
    return own.detach()


def side_by_side(arm, seeds):
    u1, u2 = learn(seeds, **SETTINGS[arm]).argmax(2).unbind(1)
    return PAYOFF[u1, u2].tolist()


def one_by_one(arm, seeds):
    return [PAYOFF[tuple(learn([seed], **SETTINGS[arm])[0].argmax(-1).tolist())].item() for seed in seeds]


def first_agent_alone(arm, seeds):
    """What would be paid if both did what agent 1 does: mostly they do."""
    u1 = learn(seeds, **SETTINGS[arm]).argmax(2)[:, 0]
    return PAYOFF[u1, u1].tolist()


MEASURED = {"as it is": [0.0, 8.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0], "ten times the weight": [8.0] * 8,
            "ten times the steps": [0.0, 8.0, 0.0, 0.0, 0.0, 0.0, 8.0, 8.0]}
ANSWERS = answers(PLAN, [side_by_side, one_by_one], MEASURED, "D", looks=(first_agent_alone,))
