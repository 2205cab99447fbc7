"""Answers to the exercises of lesson 03; the others stand in modules of their own."""

import numpy as np
import torch

from tests.catalogue import Answers, lesson03_dice, lesson03_labs, lesson03_nets, lesson03_reading

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


def filled_with(number):
    return lambda q, available: q.masked_fill(~available, number).argmax(-1)


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


def search_from_the_first(q, available):
    actions = torch.zeros(q.shape[:-1], dtype=torch.long)
    for index in np.ndindex(*q.shape[:-1]):
        for action in range(q.shape[-1]):
            if available[index][action] and q[index][action] > q[index][actions[index]]:
                actions[index] = action
    return actions


def search_from_minus_1000(q, available):
    actions = torch.zeros(q.shape[:-1], dtype=torch.long)
    for index in np.ndindex(*q.shape[:-1]):
        largest = -1000
        for action in range(q.shape[-1]):
            if available[index][action] and q[index][action] > largest:
                actions[index], largest = action, q[index][action]
    return actions


def softmax_first(q, available):
    return (torch.softmax(q, -1) * available).argmax(-1)


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


def in_blocks(obs):
    batch, time, n_agents, _ = obs.shape
    return torch.cat([obs, torch.eye(n_agents).repeat_interleave(batch * time, dim=0).view(batch, time, n_agents, n_agents)], -1)


def agents_loop_and_reshape(obs):
    batch, time, n_agents, size = obs.shape
    rows = [torch.cat([obs[:, :, i], torch.eye(n_agents)[i].expand(batch, time, n_agents)], -1) for i in range(n_agents)]
    seen = torch.stack([row[..., :size] for row in rows], 2).permute(0, 2, 1, 3).reshape(batch, time, n_agents, size)
    return torch.cat([seen, torch.stack([row[..., size:] for row in rows], 2)], -1)


CATALOGUE = {
    "03.1": Answers(
        right=[filled, in_numpy, by_loops, last_of_equals, filled_with(-torch.inf)],
        wrong=[
            ("two values that differ count as equal", shifted_product),
            ("two values that differ count as equal", lambda q, can: filled(q.float(), can)),
            ("two values that differ count as equal", lambda q, can: q.masked_fill(~can, -torch.inf).softmax(-1).argmax(-1)),
            ("the stand-in for −∞ is not low enough", smallest_of_its_type),
            ("the stand-in for −∞ is not low enough", filled_with(-1e30)),
            ("the stand-in for −∞ is not low enough", lambda q, can: torch.where(can, q, q.min() - 1).argmax(-1)),
            ("the stand-in for −∞ is not low enough", lambda q, can: torch.where(can, q, q - 10).argmax(-1)),
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
            ("the stand-in for −∞ is not low enough", search_from_minus_1000),
            ("the search begins with an action that may be unavailable", search_from_the_first),
            ("a softmax has swallowed the differences", softmax_first),
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
            ("the numbers are dealt out in blocks", in_blocks),
            ("the observations change hands", agents_loop_and_reshape),
        ],
    ),
    **lesson03_reading.CATALOGUE,
    **lesson03_labs.CATALOGUE,
}
