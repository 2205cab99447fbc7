"""Answers to 13.1."""

import torch

from tests.catalogue import Answers


def central(agent_qs, actions, y, q_greedy, alpha):
    full = (actions == agent_qs.argmax(-1)).all(-1) | (y > q_greedy)
    return torch.where(full, 1.0, alpha)


def central_row_by_row(agent_qs, actions, y, q_greedy, alpha):
    w = []
    for b in range(len(y)):
        greedy = [int(torch.argmax(agent_qs[b, i])) for i in range(agent_qs.shape[1])]
        w.append(1.0 if greedy == actions[b].tolist() or y[b] > q_greedy[b] else alpha)
    return torch.tensor(w)


def central_filled(agent_qs, actions, y, q_greedy, alpha):
    chosen = agent_qs.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
    w = torch.full_like(y, alpha)
    w[(chosen >= agent_qs.amax(-1)).all(dim=1)] = 1
    w[y > q_greedy] = 1
    return w


def central_arithmetic(agent_qs, actions, y, q_greedy, alpha):
    full = (actions.eq(agent_qs.max(-1).indices).prod(-1).bool() + (y > q_greedy)).to(y.dtype)
    return alpha + (1 - alpha) * full


def central_with(alike="all", combine=torch.logical_or, better=torch.gt, low=None, high=1.0, pick="argmax",
                 finish=lambda w: w):
    def weights(agent_qs, actions, y, q_greedy, alpha):
        same = actions == getattr(agent_qs, pick)(-1)
        same = getattr(same, alike)(-1) if alike else same.unsqueeze(-1).squeeze(-1)
        other = better(y, q_greedy) if alike else better(y, q_greedy).unsqueeze(-1)
        smaller, larger = (alpha if low is None else low), (high if high != "alpha" else alpha)
        return finish(torch.where(combine(same, other), larger, smaller))
    return weights


def added_up(agent_qs, actions, y, q_greedy, alpha):
    w = torch.full_like(y, alpha)
    w += (1 - alpha) * (actions == agent_qs.argmax(-1)).all(-1)
    return w + (1 - alpha) * (y > q_greedy)


def one_decides(agent):
    def weights(agent_qs, actions, y, q_greedy, alpha):
        return torch.where((actions == agent_qs.argmax(-1))[:, agent] | (y > q_greedy), 1.0, alpha)
    return weights


def most_of_them(agent_qs, actions, y, q_greedy, alpha):
    share = (actions == agent_qs.argmax(-1)).double().mean(-1)
    return torch.where((share > 0.5) | (y > q_greedy), 1.0, alpha)


def outer_agents(agent_qs, actions, y, q_greedy, alpha):
    alike = (actions == agent_qs.argmax(-1))[:, [0, -1]].all(-1)
    return torch.where(alike | (y > q_greedy), 1.0, alpha)


def with_a_margin(agent_qs, actions, y, q_greedy, alpha):
    return torch.where((actions == agent_qs.argmax(-1)).all(-1) | (y > q_greedy + 1e-4), 1.0, alpha)


def with_a_tolerance(agent_qs, actions, y, q_greedy, alpha):
    better = (y > q_greedy) | torch.isclose(y, q_greedy)
    return torch.where((actions == agent_qs.argmax(-1)).all(-1) | better, 1.0, alpha)


def only_greedy(agent_qs, actions, y, q_greedy, alpha):
    return torch.where((actions == agent_qs.argmax(-1)).all(-1), torch.ones(()), torch.tensor(alpha))


def only_better(agent_qs, actions, y, q_greedy, alpha):
    return torch.where(y > q_greedy, 1.0, alpha)


def central_float32(agent_qs, actions, y, q_greedy, alpha):
    return central(agent_qs, actions, y, q_greedy, alpha).float()


def keeps_a_count(agent_qs, actions, y, q_greedy, alpha, calls=[0]):                     # noqa: B006
    calls[0] += 1
    return central(agent_qs, actions, y, q_greedy, alpha) * (1 if calls[0] < 6 else 2)


ANSWERS = Answers(
    right=[central, central_row_by_row, central_filled, central_arithmetic],
    wrong=[
        ("one greedy agent is enough", central_with(alike="any")),
        ("one of the agents decides for all", one_decides(0)),
        ("one of the agents decides for all", one_decides(-1)),
        ("a joint action counts in full without a reason", most_of_them),
        ("a joint action counts in full without a reason", outer_agents),
        ("a reason to count in full goes unnoticed", with_a_margin),
        ("a tie counts as better", central_with(better=torch.ge)),
        ("what is nearly as good counts as better", with_a_tolerance),
        ("alpha is on the wrong side", central_with(low=1.0, high="alpha")),
        ("what is better does not count", only_greedy),
        ("the greedy joint action does not count", only_better),
        ("both are asked for at once", central_with(combine=torch.logical_and)),
        ("the comparison is turned round", central_with(better=torch.lt)),
        ("the other errors do not count at all", central_with(low=0.0)),
        ("the weights are made to add up to 1", central_with(finish=lambda w: w / w.sum())),
        ("two reasons count twice", added_up),
        ("a weight for each agent", central_with(alike=None)),
        ("each agent's worst action counts as greedy", central_with(pick="argmin")),
        ("nearly right: precision was lost on the way", central_float32),
        ("the same question got two different answers", keeps_a_count),
    ],
)
