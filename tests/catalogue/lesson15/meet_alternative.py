"""Answers to 15.3."""

import torch

from tests.catalogue import Answers


def two_sweeps(joint):
    first, second = joint.flatten().topk(2).values
    agent_2 = torch.zeros(len(joint))
    agent_2[int(joint.argmax()) % len(joint)] = (first - second) / 2
    agent_1 = (joint - agent_2).max(1).values
    return torch.stack([agent_1, (joint - agent_1[:, None]).max(0).values])


def columns_first(joint, lead=None):
    """The same, beginning with agent 2, and with a lead of a tenth of what is allowed."""
    u1, _ = divmod(int(joint.argmax()), len(joint))
    lead = lead or float(joint.flatten().topk(2).values.diff().abs()) / 10
    agent_1 = [lead if a == u1 else 0.0 for a in range(len(joint))]
    agent_2 = [max((joint[a, b] - agent_1[a]).item() for a in range(len(joint))) for b in range(len(joint))]
    agent_1 = [max((joint[a, b] - agent_2[b]).item() for b in range(len(joint))) for a in range(len(joint))]
    return [agent_1, agent_2]


def fixed_lead(joint):
    return columns_first(joint, lead=0.005)


def lowered_bit_by_bit(joint):
    """From far above, every utility comes down as far as it can; the best entry's action last, where it has a lead."""
    u1, u2 = divmod(int(joint.argmax()), len(joint))
    lead = (joint.flatten().topk(2).values.diff().abs() / 3).item()
    own = torch.full((2, len(joint)), 0.0)
    own[0] = joint.max() + 1.0
    own[1, u2] = lead
    for i, a in [(0, a) for a in range(len(joint))] + [(1, a) for a in range(len(joint))]:
        gap = own[0].unsqueeze(1) + own[1] - joint
        own[i, a] -= gap.select(i, a).min()
    return own


def closest_sum(joint):
    return torch.stack([joint.mean(1), joint.mean(0) - joint.mean()])


def base_of_the_lesson(joint):
    first, second = joint.flatten().topk(2).values
    u1, u2 = divmod(int(joint.argmax()), len(joint))
    utilities = torch.full((2, len(joint)), -float(first - second) / 2)
    utilities[0, u1] = utilities[1, u2] = 0.0
    return utilities


def base_without_v(joint):
    utilities = base_of_the_lesson(joint)
    utilities[0] += joint.max()
    return utilities


def with_v_left_over(joint):
    utilities = two_sweeps(joint)
    utilities[0] -= joint.max()
    return utilities


def no_lead(joint):
    agent_1 = joint.amax(1)
    return torch.stack([agent_1, (joint - agent_1.unsqueeze(1)).amax(0)])


def rows_only_tied(joint):
    return torch.stack([joint.amax(1), torch.zeros(len(joint))])


def rows_only(joint):
    first, second = joint.flatten().topk(2).values
    agent_2 = torch.zeros(len(joint))
    agent_2[int(joint.argmax()) % len(joint)] = (first - second) / 2
    return torch.stack([(joint - agent_2).amax(1), agent_2])


def columns_only(joint):
    return rows_only(joint.T).flip(0)


def large_lead(joint):
    agent_2 = torch.zeros(len(joint))
    agent_2[int(joint.argmax()) % len(joint)] = 3 * (joint.max() - joint.min())
    agent_1 = (joint - agent_2).amax(1)
    agent_1[int(joint.argmax()) // len(joint)] += 3 * (joint.max() - joint.min())
    return torch.stack([agent_1, agent_2])


def in_float32(joint):
    return two_sweeps(joint).float()


def upside_down(joint):
    """High enough everywhere, but in the order from worst to best."""
    high = 2 * joint.abs().max()
    return torch.stack([high - joint.mean(1), high - joint.mean(0)])


ANSWERS = Answers(
    right=[two_sweeps, columns_first, lowered_bit_by_bit],
    wrong=[
        ("the sum lies below the table somewhere", closest_sum),
        ("the base version's condition, which asks for less", base_of_the_lesson),
        ("the base version's condition, which asks for less", base_without_v),
        ("right up to a number that is the same everywhere", with_v_left_over),
        ("an agent has two best actions", no_lead),
        ("an agent has two best actions", rows_only_tied),
        ("a column in which the sum touches nothing", rows_only),
        ("a row in which the sum touches nothing", columns_only),
        ("right only where the best entry leads by much", fixed_lead),
        ("the sum does not touch the table at ū", large_lead),
        ("the agents choose another joint action", upside_down),
        ("nearly right: precision was lost on the way", in_float32),
    ],
)
