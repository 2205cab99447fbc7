"""Answers to the exercises of lesson 03; those about the dice, the networks and the labs stand in modules of their own."""

import numpy as np
import torch

from tests.catalogue import Answers, lesson03_dice, lesson03_labs, lesson03_nets

# ---- 03.1 ----------------------------------------------------------------------------------------------------------------


def filled(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def in_numpy(q, available):
    values = np.where(available.numpy(), q.numpy(), -np.inf)
    return torch.from_numpy(np.asarray(values.argmax(axis=-1)))


def by_loops(q, available):
    rows, masks = q.reshape(-1, q.shape[-1]), available.reshape(-1, q.shape[-1])
    actions = torch.zeros(len(rows), dtype=torch.long)
    for k, (row, mask) in enumerate(zip(rows, masks)):
        numbers = mask.nonzero()[:, 0]
        actions[k] = numbers[row[numbers].argmax()]
    return actions.view(q.shape[:-1])


def last_of_equals(q, available):
    order = torch.where(available, q, torch.full_like(q, float("-inf"))).sort(dim=-1, stable=True)
    return order.indices[..., -1]


def shifted_product(q, available):
    return ((q - q.min() + 1) * available).max(-1).indices


def smallest_of_its_type(q, available):
    return torch.where(available, q, torch.finfo(q.dtype).min).max(dim=-1)[1]


def no_mask(q, available):
    return q.argmax(dim=-1)


def times_mask(q, available):
    return (q * available.float()).argmax(-1)


def zero_fill(q, available):
    q = q.clone()
    q[~available] = 0
    return q.argmax(-1)


def minus_a_lot(q, available):
    return q.masked_fill(~available, -1e9).argmax(-1)


def minus_seven_nines(q, available):
    return (q - 9999999.0 * (1 - available.double())).argmax(-1)


def minus_one(q, available):
    return torch.where(available, q, -1.0).argmax(-1)


def filled_the_available(q, available):
    return q.masked_fill(available, float("-inf")).argmax(-1)


def minimum(q, available):
    return torch.where(available, q, torch.inf).min(-1).indices


def its_value(q, available):
    return q.masked_fill(~available, -torch.inf).max(-1).values


def second_axis(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(dim=q.dim() - 2)


def squeezed(q, available):
    rows, masks = q.reshape(-1, q.shape[-1]), available.reshape(-1, q.shape[-1])
    return torch.stack([row[mask].argmax() for row, mask in zip(rows, masks)]).view(q.shape[:-1])


def infinity_times_zero(q, available):
    return (q - torch.inf * (1.0 - available.double())).argmax(-1)


def team_sum(q, available):
    values = q.masked_fill(~available, -torch.inf).sum(-2, keepdim=True)
    return values.argmax(-1).expand(q.shape[:-1]).clone()


def looks_for_the_value(q, available):
    best = q.masked_fill(~available, -torch.inf).amax(-1, keepdim=True)
    return (q == best).int().argmax(-1)


def in_place(q, available):
    q[~available] = -torch.inf
    return q.argmax(-1)


# ---- 03.4 ----------------------------------------------------------------------------------------------------------------


def with_eye(obs):
    batch, time, n_agents, _ = obs.shape
    return torch.cat([obs, torch.eye(n_agents).expand(batch, time, n_agents, n_agents)], dim=-1)


def with_one_hot(obs):
    numbers = torch.nn.functional.one_hot(torch.arange(obs.size(2)), obs.size(2))
    return torch.cat((obs, numbers.repeat(obs.size(0), obs.size(1), 1, 1).to(obs)), 3)


def entry_by_entry(obs):
    made = torch.zeros(*obs.shape[:3], obs.shape[3] + obs.shape[2])
    made[..., :obs.shape[3]] = obs
    for agent in range(obs.shape[2]):
        made[:, :, agent, obs.shape[3] + agent] = 1
    return made


def appends_its_number(obs):
    number = torch.arange(obs.shape[2]).double().reshape(1, 1, -1, 1).repeat(obs.shape[0], obs.shape[1], 1, 1)
    return torch.cat([obs, number], -1)


def appends_from_one(obs):
    number = torch.ones_like(obs[..., :1]).cumsum(2)
    return torch.cat([obs, number], -1)


def id_first(obs):
    return torch.cat([torch.eye(obs.shape[2]).expand(*obs.shape[:2], -1, -1), obs], -1)


def always_the_first(obs):
    numbers = torch.zeros(*obs.shape[:3], obs.shape[2])
    numbers[..., 0] = 1
    return torch.cat([obs, numbers], -1)


def flipped(obs):
    return torch.cat([obs, torch.eye(obs.shape[2]).flip(0).expand(*obs.shape[:2], -1, -1)], -1)


def rolled(obs):
    return torch.cat([obs, torch.eye(obs.shape[2]).roll(1, dims=1).expand(*obs.shape[:2], -1, -1)], -1)


def times_number(obs):
    size = obs.shape[1]
    return torch.cat([obs, torch.eye(size)[None, :, None].repeat(obs.shape[0], 1, obs.shape[2], 1)], -1)


def samples_number(obs):
    size = obs.shape[0]
    return torch.cat([obs, torch.eye(size)[:, None, None].repeat(1, obs.shape[1], obs.shape[2], 1)], -1)


def all_ones(obs):
    return torch.cat([obs, torch.ones(*obs.shape[:3], obs.shape[2])], -1)


def agents_loop_and_reshape(obs):
    batch, time, n_agents, size = obs.shape
    rows = [torch.cat([obs[:, :, i], torch.eye(n_agents)[i].expand(batch, time, n_agents)], -1) for i in range(n_agents)]
    seen = torch.stack([row[..., :size] for row in rows], 2).permute(0, 2, 1, 3).reshape(batch, time, n_agents, size)
    return torch.cat([seen, torch.stack([row[..., size:] for row in rows], 2)], -1)


# ---- 03.5 ----------------------------------------------------------------------------------------------------------------


def one_at_a_time(agents, obs, other):
    n = obs.shape[2]
    before = agents(obs)
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        changed = obs.clone()
        changed[:, :, j] = other[:, :, j]
        after = agents(changed)
        for i in range(n):
            table[i, j] = (after[:, :, i] - before[:, :, i]).abs().max() > 1e-9
    return table


def stacked(agents, obs, other):
    """All questions in one batch."""
    n = obs.shape[2]
    pick = torch.eye(n, dtype=torch.bool)[:, None, None, :, None]
    q = agents(torch.where(pick, other, obs).flatten(0, 1)).unflatten(0, (n, -1))            # [N (j), B, T, N (i), A]
    return ((q - agents(obs)).abs() > 1e-9).any(4).any(2).any(1).T


def lists(agents, obs, other):
    n = obs.shape[2]
    before = agents(obs).tolist()
    columns = []
    for j in range(n):
        after = agents(torch.cat([obs[:, :, :j], other[:, :, j:j + 1], obs[:, :, j + 1:]], 2)).tolist()
        columns.append([any(abs(x - y) > 1e-9 for was, now in zip(before, after) for w, v in zip(was, now) for x, y in zip(w[i], v[i]))
                        for i in range(n)])
    return torch.tensor([list(row) for row in zip(*columns)])


def sample_by_sample(agents, obs, other):
    tables = [one_at_a_time(agents, obs[b:b + 1, t:t + 1], other[b:b + 1, t:t + 1]) for b in range(obs.shape[0]) for t in range(obs.shape[1])]
    return torch.stack(tables).any(0)


def pairs(agents, obs, other, changed_values=lambda was, now: bool(((now - was).abs() > 1e-9).any()), entry=lambda i, j: (i, j)):
    n = obs.shape[2]
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for j in range(n):
            changed = obs.clone()
            changed[:, :, j] = other[:, :, j]
            table[entry(i, j)] = changed_values(agents(obs)[:, :, i], agents(changed)[:, :, i])
    return table


def transposed(agents, obs, other):
    return pairs(agents, obs, other, entry=lambda i, j: (j, i))


def only_choices(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: not torch.equal(was.argmax(-1), now.argmax(-1)))


def summed(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: abs((was - now).sum().item()) > 1e-9)


def allclose(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: not torch.allclose(now, was))


def never_undone(agents, obs, other):
    before, changed = agents(obs), obs.clone()
    columns = []
    for j in range(obs.shape[2]):
        changed[:, :, j] = other[:, :, j]
        columns.append(((agents(changed) - before).abs() > 1e-9).any(-1).flatten(0, 1).any(0))
    return torch.stack(columns, 1)


def everything_at_once(agents, obs, other):
    moved = ((agents(other) - agents(obs)).abs() > 1e-9).any(-1).any(1).any(0)
    return moved[:, None].repeat(1, obs.shape[2])


def gradients(agents, obs, other):
    obs = obs.clone().requires_grad_(True)
    table = torch.zeros(obs.shape[2], obs.shape[2], dtype=torch.bool)
    for i in range(obs.shape[2]):
        slope, = torch.autograd.grad(agents(obs)[:, :, i].sum(), obs)
        table[i] = (slope.abs() > 1e-9).any(-1).any(0).any(0)
    return table


def first_sample(agents, obs, other):
    return pairs(agents, obs[:1, :1], other[:1, :1])


def first_action(agents, obs, other):
    return pairs(lambda x: agents(x)[..., :1], obs, other)


def every_value(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: bool(((was - now).abs() > 1e-9).all()))


def sure_of_itself(agents, obs, other):
    table = pairs(agents, obs, other)
    table.fill_diagonal_(True)
    return table


def others_only(agents, obs, other):
    table = one_at_a_time(agents, obs, other)
    return table.fill_diagonal_(False)


def same_values(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: torch.allclose(was, now, rtol=0, atol=1e-9))


def swaps_in_place(agents, obs, other):
    before = agents(obs)
    table = torch.zeros(obs.shape[2], obs.shape[2], dtype=torch.bool)
    for j in range(obs.shape[2]):
        changed = obs
        changed[:, :, j] = other[:, :, j]
        table[:, j] = ((agents(changed) - before).abs() > 1e-9).any(-1).any(0).any(0)
    return table


CATALOGUE = {
    "03.1": Answers(
        right=[filled, in_numpy, by_loops, last_of_equals, shifted_product, smallest_of_its_type],
        wrong=[
            ("the mask is not used", no_mask),
            ("the mask is multiplied in", times_mask),
            ("the mask is multiplied in", zero_fill),
            ("the stand-in for −∞ is not low enough", minus_a_lot),
            ("the stand-in for −∞ is not low enough", minus_seven_nines),
            ("the stand-in for −∞ is not low enough", minus_one),
            ("the mask is turned around", filled_the_available),
            ("the worst action, not the best", minimum),
            ("the value, not the action's number", its_value),
            ("the largest along the agents", second_axis),
            ("the position among the available ones", squeezed),
            ("−∞ times 0", infinity_times_zero),
            ("one action for the whole team", team_sum),
            ("an unavailable action that is as good", looks_for_the_value),
            ("your answer changes what it was given", in_place),
        ],
    ),
    **lesson03_dice.CATALOGUE,
    **lesson03_nets.CATALOGUE,
    "03.4": Answers(
        right=[with_eye, with_one_hot, entry_by_entry],
        wrong=[
            ("the number itself, not one-hot", appends_its_number),
            ("the number itself, counted from 1", appends_from_one),
            ("the number stands in front", id_first),
            ("every agent has the same number", always_the_first),
            ("the numbers go the wrong way", flipped),
            ("off by one", rolled),
            ("the number of the time step", times_number),
            ("the number of the sample", samples_number),
            ("ones for everybody", all_ones),
            ("the observations change hands", agents_loop_and_reshape),
        ],
    ),
    "03.5": Answers(
        right=[one_at_a_time, stacked, lists, sample_by_sample, pairs],
        wrong=[
            ("rows and columns are swapped", transposed),
            ("only a changed choice counts", only_choices),
            ("changes cancel each other out", summed),
            ("a small change is taken for none", allclose),
            ("what was replaced stays replaced", never_undone),
            ("all observations are replaced at once", everything_at_once),
            ("only what a gradient sees", gradients),
            ("only the first sample is looked at", first_sample),
            ("only the first action is looked at", first_action),
            ("all must change, not any", every_value),
            ("that it reads its own is taken for granted", sure_of_itself),
            ("the diagonal is left out", others_only),
            ("the table says who does not read", same_values),
            ("your answer changes what it was given", swaps_in_place),
        ],
    ),
    **lesson03_labs.CATALOGUE,
}
