"""Answers to 04.6."""

import torch

from tests.catalogue import Answers


def mended_sum(q, actions, reward):
    agents = torch.arange(len(q))
    values = q[agents, actions]
    error = values.sum(1) - reward
    return error.pow(2).mean()


def mended_above(q, actions, reward):
    agents = torch.arange(len(q))
    values = q[agents, actions].sum(1)
    target = reward
    error = values - target
    return error.pow(2).mean()


def mended_keepdim(q, actions, reward):
    agents = torch.arange(len(q))
    values = q[agents, actions]
    target = reward.unsqueeze(1)
    error = values.sum(1, keepdim=True) - target
    return error.pow(2).mean()


def mended_by_gather(q, actions, reward):
    q_tot = q.T.gather(0, actions).sum(-1)
    return torch.nn.functional.mse_loss(q_tot, reward)


def mended_by_loops(q, actions, reward):
    loss = 0
    for b in range(len(reward)):
        q_tot = sum(q[i, actions[b, i]] for i in range(len(q)))
        loss = loss + (reward[b] - q_tot) ** 2
    return loss / len(reward)


def mended_by_one_hot(q, actions, reward):
    picked = torch.nn.functional.one_hot(actions, q.shape[1]).to(q.dtype)
    error = torch.einsum("bna,na->b", picked, q) - reward
    return error @ error / len(error)


def unchanged(q, actions, reward):
    agents = torch.arange(len(q))
    values = q[agents, actions]
    target = reward.unsqueeze(1)
    error = values - target
    return error.pow(2).mean()


def losses_added(q, actions, reward):
    values = q[torch.arange(len(q)), actions]
    error = values - reward.unsqueeze(1)
    return error.pow(2).sum(1).mean()


def equal_shares(q, actions, reward):
    values = q[torch.arange(len(q)), actions]
    error = values - reward.unsqueeze(1) / len(q)
    return error.pow(2).mean()


def errors_added(q, actions, reward):
    values = q[torch.arange(len(q)), actions]
    error = values - reward.unsqueeze(1)
    return error.sum(1).pow(2).mean()


def mean_of_utilities(q, actions, reward):
    values = q[torch.arange(len(q)), actions]
    return (values.mean(1) - reward).pow(2).mean()


def target_left_as_it_was(q, actions, reward):
    values = q[torch.arange(len(q)), actions].sum(1)
    target = reward.unsqueeze(1)
    error = values - target
    return error.pow(2).mean()


def summed_over_plays(q, actions, reward):
    values = q[torch.arange(len(q)), actions].sum(1)
    return (values - reward).pow(2).sum()


def detached(q, actions, reward):
    values = q.detach()[torch.arange(len(q)), actions]
    return (values.sum(1) - reward).pow(2).mean()


def as_a_number(q, actions, reward):
    return mended_sum(q, actions, reward).item()


def others_detached(q, actions, reward):
    values = q[torch.arange(len(q)), actions]
    others = (values.sum(1, keepdim=True) - values).detach()
    return (values + others - reward.unsqueeze(1)).pow(2).mean()


def first_learns(q, actions, reward):
    values = q[torch.arange(len(q)), actions]
    error = values[:, 0] + values[:, 1:].detach().sum(1) - reward
    return error.pow(2).mean()


def errors_cancel(q, actions, reward):
    values = q[torch.arange(len(q)), actions].sum(1)
    return (values - reward).mean() ** 2


def best_utility(q, actions, reward):
    values = q[torch.arange(len(q)), actions].amax(1)
    return (values - reward).pow(2).mean()


def smaller_errors(q, actions, reward):
    values = q[torch.arange(len(q)), actions]
    error = (values - reward.unsqueeze(1)) / len(q)
    return error.pow(2).mean()


def absolute(q, actions, reward):
    values = q[torch.arange(len(q)), actions].sum(1)
    return (values - reward).abs().mean()


def through_data(q, actions, reward):
    q_tot = torch.tensor([sum(q[i, a].item() for i, a in enumerate(play)) for play in actions.tolist()])
    return ((q_tot - reward) ** 2).mean()


def loss_of(rule):
    """A loss that computes ``rule(values[B, N], reward[B])``."""
    return lambda q, actions, reward: rule(q[torch.arange(len(q)), actions], reward)


ANSWERS = Answers(
    right=[("E", mended_sum), ("E", mended_keepdim), ("E", mended_by_gather), ("E", mended_by_loops),
           ("E", mended_by_one_hot), (" e ", mended_above)],
    wrong=[
        ("each agent still has a loss of its own", ("E", unchanged)),
        ("the symptom is hidden: shares of the reward, losses added up",
         ("E", loss_of(lambda v, r: (v - r[:, None] / v.shape[1]).pow(2).sum(1).mean()))),
        ("all plays are added up before the reward comes in", ("E", loss_of(lambda v, r: (v.sum() - r).pow(2).mean()))),
        ("only the first agent explains the reward", ("E", loss_of(lambda v, r: (v[:, 0] - r).pow(2).mean()))),
        ("a factor stands in front of the loss", ("E", loss_of(lambda v, r: (v.sum(1) - r).pow(2).mean() / 2))),
        ("the agents' own losses are added up", ("E", losses_added)),
        ("the symptom is hidden: each agent gets its share of the reward", ("E", equal_shares)),
        ("the reward is subtracted once for each agent", ("E", errors_added)),
        ("the symptom is hidden: the mean of the utilities, not the sum", ("E", mean_of_utilities)),
        ("every play is held against every reward", ("E", target_left_as_it_was)),
        ("the sum over plays, not the mean", ("E", summed_over_plays)),
        ("the sum over plays is divided by the number of agents",
         ("E", loss_of(lambda v, r: (v.sum(1) - r).pow(2).sum() / v.shape[1]))),
        ("the mean over plays and agents", ("E", loss_of(lambda v, r: (v.sum(1) - r).pow(2).sum() / v.numel()))),
        ("errors of different plays cancel", ("E", errors_cancel)),
        ("only one agent explains the reward", ("E", best_utility)),
        ("the symptom is hidden: every agent's error is made smaller", ("E", smaller_errors)),
        ("the loss is no longer the squared error", ("E", absolute)),
        ("nothing can be learned from it", ("E", detached)),
        ("nothing can be learned from it", ("E", as_a_number)),
        ("nothing can be learned from it", ("E", through_data)),
        ("the number is right, the gradient is not", ("E", others_detached)),
        ("the number is right, the gradient is not", ("E", first_learns)),
        ("the step size is blamed", ("A", mended_sum)),
        ("the sum is blamed", ("B", mended_keepdim)),
        ("the shapes are blamed", ("C", mended_by_gather)),
        ("the lookup is blamed", ("D", mended_by_loops)),
    ],
)
