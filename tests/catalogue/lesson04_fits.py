"""Answers to the exercises of lesson 04 about fitting: the best sum, the share, and the lab."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers

# ---- 04.4 --------------------------------------------------------------------------------------------------------------


def design_of(table):
    n_agents, n_actions = table.dim(), len(table)
    chosen = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)
    return torch.nn.functional.one_hot(chosen, n_actions).flatten(1).double()


def by_pinv(table, weights):
    design, root = design_of(table), weights.flatten().sqrt()
    return (design @ (torch.linalg.pinv(root[:, None] * design) @ (root * table.flatten()))).view_as(table)


def by_numpy(table, weights):
    grid = np.indices(table.shape).reshape(table.dim(), -1).T
    x = np.concatenate([np.eye(len(table))[grid[:, i]] for i in range(table.dim())], 1)
    w = weights.numpy().ravel()
    utilities = np.linalg.lstsq(np.sqrt(w)[:, None] * x, np.sqrt(w) * table.numpy().ravel(), rcond=None)[0]
    return torch.from_numpy((x @ utilities).reshape(table.shape))


def by_lstsq(driver):
    return lambda table, weights: by_torchs_lstsq(table, weights, driver)


def by_torchs_lstsq(table, weights, driver):
    """torch's solver with its default driver, which needs the check's help without full rank."""
    x, root = design_of(table), weights.flatten().sqrt()
    utilities = torch.linalg.lstsq(root[:, None] * x, (root * table.flatten())[:, None], driver=driver).solution
    return (x @ utilities).view(table.shape)


def step_by_step(table, weights):
    """Gradient descent with a line search, until the gradient is practically zero."""
    x = design_of(table)
    q = torch.zeros(x.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([q], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-16, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        value = (weights.flatten() * (x @ q - table.flatten()) ** 2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return (x @ q).view_as(table)


def few_steps(table, weights):
    x = design_of(table)
    q = torch.zeros(x.shape[1])
    for _ in range(30):
        q = q - 0.02 * x.T @ (weights.flatten() * (x @ q - table.flatten()))
    return (x @ q).view_as(table)


def weights_upside_down(table, weights):
    return by_pinv(table, 1 / weights)


def root_twice(table, weights):
    return by_pinv(table, weights.sqrt())


def wrong_flattening(table, weights):
    """Entries in one order, the rows of the design in another."""
    x, root = design_of(table), weights.flatten().sqrt()
    columns_first = table.permute(*reversed(range(table.dim()))).reshape(-1)
    return (x @ (torch.linalg.pinv(root[:, None] * x) @ (root * columns_first))).view_as(table)


def root_on_the_design_only(table, weights):
    x, root = design_of(table), weights.flatten().sqrt()
    return (x @ (torch.linalg.pinv(root[:, None] * x) @ table.flatten())).view_as(table)


def round_and_round(table, weights):
    n = table.dim()
    parts = [torch.zeros(())] * n
    for _ in range(400):
        for i in range(n):
            left = table - sum(parts[k] for k in range(n) if k != i)
            axes = [k for k in range(n) if k != i]
            parts[i] = (weights * left).sum(axes, keepdim=True) / weights.sum(axes, keepdim=True) if axes else left
    return sum(parts).expand_as(table)


def first_action_is_the_base(table, weights):
    """Full rank: a constant, and for each agent the gain of every action over action 0; then the normal equations."""
    rows = []
    for u in itertools.product(range(len(table)), repeat=table.dim()):
        rows.append([1.0] + [float(a == b) for a in u for b in range(1, len(table))])
    x, w = torch.tensor(rows), torch.diag(weights.flatten())
    return (x @ torch.linalg.solve(x.T @ w @ x, x.T @ w @ table.flatten())).view(table.shape)


def by_newton(table, weights):
    """A gradient and a Hessian from autograd."""
    design = design_of(table)

    def loss(q):
        return (weights.flatten() * (design @ q - table.flatten()) ** 2).sum()

    zero = torch.zeros(design.size(1))
    q = -torch.linalg.pinv(torch.autograd.functional.hessian(loss, zero)) @ torch.autograd.functional.jacobian(loss, zero)
    return (design @ q).reshape(table.shape)


def without_weights(table, weights):
    design = design_of(table)
    return (design @ torch.linalg.pinv(design) @ table.flatten()).view_as(table)


def uniform_formula(table, weights):
    n = table.dim()
    if n == 1:
        return table
    means = sum(table.mean([k for k in range(n) if k != i], keepdim=True) for i in range(n))
    return means - (n - 1) * table.mean()


def no_root(table, weights):
    design, w = design_of(table), weights.flatten()
    return (design @ (torch.linalg.pinv(w[:, None] * design) @ (w * table.flatten()))).view_as(table)


def payoffs_only(table, weights):
    design, w = design_of(table), weights.flatten()
    return (design @ (torch.linalg.pinv(design) @ (w * table.flatten()))).view_as(table)


def payoffs_by_root(table, weights):
    design, w = design_of(table), weights.flatten().sqrt()
    return (design @ (torch.linalg.pinv(design) @ (w * table.flatten()))).view_as(table)


def weighted_mean(table, weights, i):
    axes = [k for k in range(table.dim()) if k != i]
    return (weights * table).sum(axes, keepdim=True) / weights.sum(axes, keepdim=True) if axes else table


def weighted_formula(table, weights):
    n = table.dim()
    mean = (weights * table).sum() / weights.sum()
    return sum(weighted_mean(table, weights, i) for i in range(n)) - (n - 1) * mean


def two_agent_formula(table, weights):
    mean = (weights * table).sum() / weights.sum()
    return sum(weighted_mean(table, weights, i) for i in range(table.dim())) - mean


def added_means(table, weights):
    return sum(weighted_mean(table, weights, i) for i in range(table.dim()))


def added_plain_means(table, weights):
    return added_means(table, torch.ones_like(weights))


def once_round(table, weights):
    left, fit = table, torch.zeros_like(table)
    for i in range(table.dim()):
        part = weighted_mean(left, weights, i)
        left, fit = left - part, fit + part
    return fit


def average(table, weights):
    return by_pinv(table, weights) / table.dim()


def without_the_last(table, weights):
    design, root = design_of(table), weights.flatten().sqrt()
    if table.dim() > 1:
        design = design[:, : -len(table)]
    return (design @ (torch.linalg.pinv(root[:, None] * design) @ (root * table.flatten()))).view_as(table)


def transposed(table, weights):
    fit = by_pinv(table, weights)
    return fit.permute(*range(table.dim())[::-1])


def the_table_itself(table, weights):
    return table.clone()


def weighted_table(table, weights):
    return (weights * table) / weights.mean()


def means_without_the_last(table, weights):
    """Weighted means of all agents but one, over and over: not a fit at all."""
    total = torch.zeros_like(table)
    for i in range(table.dim()):
        total = total + weighted_mean(table - total.mean(), weights, i) / (i + 1)
    return total


def single_precision(table, weights):
    return by_pinv(table, weights).mul(100).round().div(100)


# ---- 04.6 --------------------------------------------------------------------------------------------------------------


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


FITS = {
    "04.4": Answers(
        right=[by_pinv, by_numpy, by_lstsq("gelsd"), by_lstsq("gelss"), step_by_step, round_and_round, first_action_is_the_base, by_newton],
        wrong=[
            ("lstsq with a driver that needs full rank", by_lstsq(None)),
            ("lstsq with a driver that needs full rank", by_lstsq("gelsy")),
            ("very large or very small weights do not count as they are", lambda table, weights: by_pinv(table, weights.clamp(0.01, 10))),
            ("very large or very small weights do not count as they are", lambda table, weights: by_pinv(table, weights.clamp(1e-6, 1e6))),
            ("the weights are ignored", without_weights),
            ("the weights are ignored", uniform_formula),
            ("the weights are ignored", added_plain_means),
            ("the weights count twice", no_root),
            ("only one side of the equations is weighted", payoffs_only),
            ("a table that is a sum does not come back", payoffs_by_root),
            ("a table that is a sum does not come back", root_on_the_design_only),
            ("a table that is a sum does not come back", wrong_flattening),
            ("a table that is a sum does not come back", few_steps),
            ("a sum, but not the best one", weights_upside_down),
            ("a sum, but not the best one", root_twice),
            ("the formula with means holds for equal weights only", weighted_formula),
            ("each agent is fitted alone", added_means),
            ("the mean of all is taken off once, which is for two agents", two_agent_formula),
            ("one round is not enough", once_round),
            ("the mean over agents, not the sum", average),
            ("the last agent is left out", without_the_last),
            ("the agents are exchanged", transposed),
            ("what comes back is no sum", weighted_table),
            ("what comes back is no sum", the_table_itself),
            ("a table that is a sum does not come back", means_without_the_last),
            ("nearly right: precision was lost on the way", single_precision),
        ],
    ),
    "04.5": Answers(
        right=[5 / 14, 0.3571, torch.tensor(0.35714), np.float64(5) / 14],
        wrong=[
            ("that is not enough", 0.25),
            ("that is not enough", 0.35),
            ("that is more than is needed", 0.85),
            ("that is more than is needed", 0.36),
            ("percent in place of a share", 35.71),
            ("the share of each of the others", 3 / 14),
            ("the share of all others together", 9 / 14),
            ("the share is counted against the other three, not of all", 5 / 9),
            ("how many times as often as each of the others", 5 / 3),
            ("the other three have too much weight", 0.625),
            ("the way to 2B was not discounted", 0.3386),
            ("the way to 2A was not discounted", 0.3774),
            ("the weights count twice", 0.3009),
            ("no share lies there", 7),
        ],
    ),
    "04.6": Answers(
        right=[(4, mended_sum), (2, mended_keepdim), (4, mended_by_gather), (4, mended_by_loops), (2, mended_by_one_hot),
               (3, mended_above), (2, mended_above)],
        wrong=[
            ("each agent still has a loss of its own", (4, unchanged)),
            ("the symptom is hidden: shares of the reward, losses added up",
             (4, loss_of(lambda v, r: (v - r[:, None] / v.shape[1]).pow(2).sum(1).mean()))),
            ("all plays are added up before the reward comes in", (4, loss_of(lambda v, r: (v.sum() - r).pow(2).mean()))),
            ("only the first agent explains the reward", (4, loss_of(lambda v, r: (v[:, 0] - r).pow(2).mean()))),
            ("a factor stands in front of the loss", (4, loss_of(lambda v, r: (v.sum(1) - r).pow(2).mean() / 2))),
            ("the agents' own losses are added up", (5, losses_added)),
            ("the symptom is hidden: each agent gets its share of the reward", (3, equal_shares)),
            ("the reward is subtracted once for each agent", (5, errors_added)),
            ("the symptom is hidden: the mean of the utilities, not the sum", (2, mean_of_utilities)),
            ("every play is held against every reward", (4, target_left_as_it_was)),
            ("the sum over plays, not the mean", (4, summed_over_plays)),
            ("errors of different plays cancel", (5, errors_cancel)),
            ("only one agent explains the reward", (2, best_utility)),
            ("the symptom is hidden: every agent's error is made smaller", (4, smaller_errors)),
            ("the loss is no longer the squared error", (5, absolute)),
            ("nothing can be learned from it", (4, detached)),
            ("nothing can be learned from it", (4, as_a_number)),
            ("nothing can be learned from it", (4, through_data)),
            ("the number is right, the gradient is not", (4, others_detached)),
            ("the number is right, the gradient is not", (4, first_learns)),
        ],
    ),
}
