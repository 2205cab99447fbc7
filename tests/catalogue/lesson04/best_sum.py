"""Answers to 04.4."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def design_of(table):
    n_agents, n_actions = table.dim(), len(table)
    chosen = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)
    return torch.nn.functional.one_hot(chosen, n_actions).flatten(1).double()


def by_pinv(table, weights):
    design, root = design_of(table), weights.flatten().sqrt()
    return (design @ (torch.linalg.pinv(root[:, None] * design) @ (root * table.flatten()))).view_as(table)


def drops_small_parts(table, weights):
    design, root = design_of(table), weights.flatten().sqrt()
    pinv = torch.linalg.pinv(root[:, None] * design, rtol=1e-3)
    return (design @ (pinv @ (root * table.flatten()))).view_as(table)


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
    optimiser = torch.optim.LBFGS([q], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-16,
                                  line_search_fn="strong_wolfe")

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


def rounds_too_few(table, weights):
    """As ``round_and_round``, until a round moves no entry by more than a thousandth."""
    n = table.dim()
    parts, before = [torch.zeros(())] * n, torch.full_like(table, torch.inf)
    while (sum(parts) - before).abs().max() > 1e-3:
        before = sum(parts).expand_as(table)
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
    q = (-torch.linalg.pinv(torch.autograd.functional.hessian(loss, zero))
         @ torch.autograd.functional.jacobian(loss, zero))
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


ANSWERS = Answers(
    right=[by_pinv, by_numpy, by_lstsq("gelsd"), by_lstsq("gelss"), step_by_step, round_and_round,
           first_action_is_the_base, by_newton],
    wrong=[
        ("lstsq with a driver that needs full rank", by_lstsq(None)),
        ("lstsq with a driver that needs full rank", by_lstsq("gelsy")),
        ("very large or very small weights do not count as they are", lambda table,
         weights: by_pinv(table, weights.clamp(0.01, 10))),
        ("very large or very small weights do not count as they are", lambda table,
         weights: by_pinv(table, weights.clamp(1e-6, 1e6))),
        ("very large or very small weights do not count as they are", drops_small_parts),
        ("the weights are ignored", without_weights),
        ("the weights are ignored", uniform_formula),
        ("the weights are ignored", added_plain_means),
        ("the weights count twice", no_root),
        ("only one side of the equations is weighted", payoffs_only),
        ("a table that is a sum does not come back", payoffs_by_root),
        ("a table that is a sum does not come back", root_on_the_design_only),
        ("a table that is a sum does not come back", wrong_flattening),
        ("a table that is a sum does not come back", few_steps),
        ("the fit stops before it has arrived", rounds_too_few),
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
)
