"""Answers to the exercises of lesson 07 but the whole update: the values, the targets, the loss."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.catalogue import Answers, together
from tests.catalogue.lesson07_edges import EDGES
from tests.catalogue.lesson07_labs import LABS
from tests.catalogue.lesson07_update import UPDATE

# ---- 07.1 -------------------------------------------------------------------------------------------------------------


def gathered(q, actions):
    q = q[:, :-1]
    return q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def one_hot(q, actions):
    picked = F.one_hot(actions, num_classes=q.shape[-1]).to(q.dtype)
    return (q[:, :actions.shape[1]] * picked).sum(dim=3)


def looped(q, actions):
    result = torch.empty(actions.shape, dtype=q.dtype)
    for b in range(actions.shape[0]):
        for t in range(actions.shape[1]):
            for n in range(actions.shape[2]):
                result[b, t, n] = q[b, t, n, actions[b, t, n]]
    return result


def indexed(q, actions):
    B, T, N = actions.shape
    return q[torch.arange(B)[:, None, None], torch.arange(T)[None, :, None], torch.arange(N), actions]


def along_dim_einsum(q, actions):
    return torch.einsum("btna,btna->btn", q[:, :-1], torch.eye(q.size(-1), dtype=q.dtype)[actions])


def last_times(q, actions):
    return torch.take_along_dim(q[:, 1:], actions[..., None], dim=-1)[..., 0]


def greedy(q, actions):
    values, _ = q[:, :-1].max(dim=-1)
    return values


def first_agents_action(q, actions):
    team = actions[:, :, 0]
    B, T = team.shape
    return torch.stack([torch.stack([q[b, t, :, team[b, t]] for t in range(T)]) for b in range(B)])


def no_squeeze(q, actions):
    return torch.gather(q[:, :-1], 3, actions.unsqueeze(3))


def bare_squeeze(q, actions):
    return torch.gather(q[:, :-1], 3, actions.unsqueeze(3)).squeeze()


def flattened(q, actions):
    n = actions.numel()
    return q.view(-1, q.shape[-1])[range(n), actions.view(-1)].view(actions.shape)


def summed(q, actions):
    return torch.einsum("btna->btn", q[:, :-1])


def averaged(q, actions):
    return q[:, :-1].mean(dim=3)


def through_numpy(q, actions):
    q = q[:, :-1].detach().numpy()
    return torch.from_numpy(np.take_along_axis(q, actions.numpy()[..., None], -1)[..., 0])


def through_items(q, actions):
    return torch.tensor([[[q[b, t, n, u].item() for n, u in enumerate(team)] for t, team in enumerate(row)]
                         for b, row in enumerate(actions)])


# ---- 07.2 -------------------------------------------------------------------------------------------------------------

def filled(q, available):
    return q.masked_fill(~available, -torch.inf).amax(dim=-1)


def where_max(q, available):
    return torch.where(available, q, torch.tensor(float("-inf"))).max(-1).values


def choose_then_value(q, available):
    candidates = q.clone()
    candidates[available == 0] = -float("inf")
    best = candidates.argmax(dim=2)
    return q.gather(2, best.unsqueeze(2)).squeeze(2)


def by_agent(q, available):
    B, N, _ = q.shape
    return torch.stack([torch.stack([q[b, n][available[b, n]].max() for n in range(N)]) for b in range(B)])


def lowest_float(q, available):
    lowest = torch.finfo(q.dtype).min
    return (q * available + lowest * (~available).double()).amax(-1)


def everything(q, available):
    return q.max(dim=-1)[0]


def zeroed(q, available):
    return torch.where(available, q, torch.zeros_like(q)).max(-1).values


def inverted(q, available):
    return q.masked_fill(available, float("-inf")).max(-1).values


def index_of_best(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def across_agents(q, available):
    return q.masked_fill(~available, -torch.inf).max(dim=1).values


def first_agents_mask(q, available):
    return torch.stack([q[:, n].masked_fill(~available[:, 0], -torch.inf).amax(-1) for n in range(q.shape[1])], 1)


def mask_after(q, available):
    best = q.argmax(-1, keepdim=True)
    q = q.masked_fill(~available, -torch.inf)
    return q.gather(-1, best).squeeze(-1)


def infinity_times_zero(q, available):
    penalty = (1 - available.double()) * float("-inf")
    return (q + penalty).max(-1).values


def expected(q, available):
    random_policy = available / available.sum(-1, keepdim=True)
    return (random_policy * q).sum(-1)


def worst(q, available):
    return torch.where(available, q, torch.inf).min(-1)[0]


def minus_9999999(q, available):
    return q.masked_fill(~available, -9999999).max(dim=2)[0]


def minus_1e10(q, available):
    return (q - 1e10 * (~available)).amax(-1)


def fills_in_place(q, available):
    q[~available] = -torch.inf
    return q.amax(-1)


# ---- 07.3 -------------------------------------------------------------------------------------------------------------

def chosen_by_where(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, reward, reward + gamma * next_q_tot)


def by_product(reward, terminated, next_q_tot, gamma):
    return reward + gamma * (1 - terminated.float()) * next_q_tot


def by_index(reward, terminated, next_q_tot, gamma):
    y = reward.clone()
    y[~terminated] += gamma * next_q_tot[~terminated]
    return y


def by_list(reward, terminated, next_q_tot, gamma):
    y = []
    for r, done, q in zip(reward, terminated, next_q_tot):
        y.append(r if done else r + gamma * q)
    return torch.stack(y)


def never_ends(reward, terminated, next_q_tot, gamma):
    return reward + gamma * next_q_tot


def only_the_end(reward, terminated, next_q_tot, gamma):
    return reward + gamma * terminated.double() * next_q_tot


def pays_nothing(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, torch.zeros_like(reward), reward + gamma * next_q_tot)


def undiscounted(reward, terminated, next_q_tot, gamma):
    return reward + torch.where(terminated, 0.0, next_q_tot)


def reward_discounted(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, gamma * reward, gamma * reward + next_q_tot)


def all_discounted(reward, terminated, next_q_tot, gamma):
    return gamma * (reward + next_q_tot.masked_fill(terminated, 0))


def squared_gamma(reward, terminated, next_q_tot, gamma):
    next_q_tot = gamma * next_q_tot
    return reward + gamma * next_q_tot * ~terminated


def usual_gamma(reward, terminated, next_q_tot, gamma=0.99):
    return reward + 0.99 * torch.where(terminated, 0.0, next_q_tot)


def rewardless(reward, terminated, next_q_tot, gamma):
    return torch.where(terminated, 0.0, gamma * next_q_tot)


def if_any(reward, terminated, next_q_tot, gamma):
    if terminated.any():
        return reward
    return reward + gamma * next_q_tot


def column_and_row(reward, terminated, next_q_tot, gamma):
    return reward.view(-1, 1) + gamma * ~terminated * next_q_tot


def rounded(*inputs):
    return chosen_by_where(*inputs).round(decimals=4)


def adds_in_place(reward, terminated, next_q_tot, gamma):
    reward += gamma * next_q_tot * ~terminated
    return reward


# ---- 07.4 -------------------------------------------------------------------------------------------------------------

def usual_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * (~terminated) * next_q_tot.detach()
    return ((q_tot - y).pow(2) * mask).sum() / mask.sum()


def picked_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    with torch.no_grad():
        y = torch.where(terminated, reward, reward + gamma * next_q_tot)
    played = mask.bool()
    return F.mse_loss(q_tot[played], y[played])


def weighted_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    weights = mask / mask.sum()
    errors = (q_tot - reward - gamma * next_q_tot.data.masked_fill(terminated, 0)) * mask
    return torch.einsum("bt,bt,bt->", errors, errors, weights)


def looped_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    next_q_tot = next_q_tot.detach()
    squares = []
    for b in range(q_tot.shape[0]):
        for t in range(q_tot.shape[1]):
            if mask[b, t]:
                y = reward[b, t] if terminated[b, t] else reward[b, t] + gamma * next_q_tot[b, t]
                squares.append((q_tot[b, t] - y) ** 2)
    return sum(squares) / len(squares)


def loss_with(reduce=lambda squares, mask: (squares * mask).sum() / mask.sum(), power=lambda error: error ** 2,
              ended=lambda terminated, truncated: terminated, detach=True, cut=lambda q_tot: q_tot, discount=True):
    """A loss in the usual order of lines, one of which can be exchanged."""
    def td_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
        next_value = next_q_tot.detach() if detach else next_q_tot
        y = reward + (gamma if discount else 1) * torch.where(ended(terminated, truncated), 0.0, next_value)
        return reduce(power(cut(q_tot) - y), mask)
    return td_loss


def maskless(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * torch.where(terminated, 0.0, next_q_tot.detach())
    return F.mse_loss(q_tot, y)


def over_everything(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * torch.where(terminated, 0.0, next_q_tot.detach())
    return F.mse_loss(q_tot * mask, y * mask)


def one_side(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = reward + gamma * torch.where(terminated, 0.0, next_q_tot.detach())
    return F.mse_loss(q_tot * mask, y, reduction="sum") / mask.sum()


def without_the_clocks_steps(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return usual_loss(q_tot, next_q_tot, reward, terminated, truncated, mask * (1 - truncated.double()), gamma)


def as_number(*inputs):
    return usual_loss(*inputs).item()


def row_means(squares, mask):
    return torch.stack([row[played > 0].mean() for row, played in zip(squares, mask)]).mean()

def loss_without_asking(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    """The caller's tensor never asks for gradients again."""
    next_q_tot.requires_grad_(False)
    y = reward + gamma * (~terminated) * next_q_tot
    return ((q_tot - y) ** 2 * mask).sum() / mask.sum()



VALUES = {
    "07.1": Answers(
        right=[gathered, one_hot, looped, indexed, along_dim_einsum],
        wrong=[
            ("the times have slipped by one", last_times),
            ("the best action, not the one that was played", greedy),
            ("one agent's action for the whole team", first_agents_action),
            ("the axis of the actions is still there", no_squeeze),
            ("every axis of length one is gone", bare_squeeze),
            ("the rows have slipped: T + 1 times against T", flattened),
            ("the values of all actions together", summed),
            ("the values of all actions averaged", averaged),
            ("the gradient is cut off", through_numpy),
            ("the gradient is cut off", through_items),
        ],
    ),
    "07.2": Answers(
        right=[filled, where_max, choose_then_value, by_agent, lowest_float],
        wrong=[
            ("unavailable actions are chosen too", everything),
            ("an unavailable action counts as 0", zeroed),
            ("available is turned round", inverted),
            ("the number of the best action, not its value", index_of_best),
            ("the maximum runs over the agents", across_agents),
            ("one agent's actions are allowed to all", first_agents_mask),
            ("chosen first, masked afterwards", mask_after),
            ("infinity times zero", infinity_times_zero),
            ("the mean of the available values, not the best", expected),
            ("the worst available value, not the best", worst),
            ("a number that is not low enough", minus_9999999),
            ("a number that is not low enough", minus_1e10),
            ("your answer changes what it was given", fills_in_place),
        ],
    ),
    "07.3": Answers(
        right=[chosen_by_where, by_product, by_index, by_list],
        wrong=[
            ("the end of an episode is ignored", never_ends),
            ("the end is turned round", only_the_end),
            ("a terminated step pays nothing at all", pays_nothing),
            ("the discount factor is missing", undiscounted),
            ("the discount factor is on the reward", reward_discounted),
            ("everything is discounted", all_discounted),
            ("discounted twice", squared_gamma),
            ("the discount factor is a fixed number", usual_gamma),
            ("the reward is missing", rewardless),
            ("one row that ended ends the whole batch", if_any),
            ("a table in place of a list", column_and_row),
            ("your answer changes what it was given", adds_in_place),
            ("nearly right: precision was lost on the way", rounded),
        ],
    ),
    "07.4": Answers(
        right=[usual_loss, picked_loss, weighted_loss, looped_loss],
        wrong=[
            ("your answer changes what it was given", loss_without_asking),
            ("the mask is forgotten", maskless),
            ("divided by all entries", over_everything),
            ("the sum, not the mean", loss_with(lambda squares, mask: squares[mask.bool()].sum())),
            ("the mean of the rows' means", loss_with(row_means)),
            ("divided by the number of rows", loss_with(lambda squares, mask: (squares * mask).sum(1).mean())),
            ("a clock that ran out cuts the target", loss_with(ended=lambda terminated, truncated: terminated | truncated)),
            ("truncated in place of terminated", loss_with(ended=lambda terminated, truncated: truncated)),
            ("the end of an episode is ignored", loss_with(ended=lambda terminated, truncated: terminated & truncated)),
            ("the discount factor is missing", loss_with(discount=False)),
            ("the steps at which the clock ran out are left out", without_the_clocks_steps),
            ("half the loss", loss_with(lambda squares, mask: 0.5 * squares[mask > 0].mean())),
            ("only one side of the difference is masked", one_side),
            ("the errors are not squared", loss_with(power=lambda error: error)),
            ("absolute errors", loss_with(power=torch.abs)),
            ("the gradient flows through the target", loss_with(detach=False)),
            ("nothing can be learned from this loss", as_number),
            ("nothing can be learned from this loss", loss_with(cut=torch.Tensor.detach)),
        ],
    ),
    "07.5": UPDATE,
    **LABS,
}

CATALOGUE = together(VALUES, EDGES)
