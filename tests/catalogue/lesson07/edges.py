"""Answers to the exercises of lesson 07 that break one limit of the text, or keep to all in another way."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def gathered_without_slicing(q, actions):
    return q.gather(3, actions[..., None])[..., 0]


def first_rows_values(q, actions):
    return gathered_without_slicing(q[:1].expand_as(q), actions)


def first_times_values(q, actions):
    return gathered_without_slicing(q[:, :1].expand_as(q), actions)


def agents_from_the_end(q, actions):
    return gathered_without_slicing(q.flip(2), actions)


def last_agents_action(q, actions):
    return gathered_without_slicing(q, actions[..., -1:].expand_as(actions))


def actions_one_time_late(q, actions):
    return gathered_without_slicing(q, actions.roll(1, dims=1))


def always_action_0(q, actions):
    return q[:, :-1, :, 0]


def lowest_of_its_type(q, available):
    return q.masked_fill(~available, torch.finfo(q.dtype).min).amax(-1)


def as_low_as_any(q, available):
    return torch.where(available, q, q.min()).amax(-1)


def valued_after_the_choice(q, filled):
    return q.gather(-1, filled.argmax(-1, keepdim=True)).squeeze(-1)


def one_below_the_lowest(q, available):
    return valued_after_the_choice(q, torch.where(available, q, q.min() - 1))


def chosen_by_the_lowest_of_its_type(q, available):
    return valued_after_the_choice(q, q.masked_fill(~available, torch.finfo(q.dtype).min))


def lowest_float32(q, available):
    return q.masked_fill(~available, torch.finfo(torch.float32).min).amax(-1)


def target(next_q_tot, reward, ended, gamma):
    return (reward + gamma * torch.where(ended, 0.0, next_q_tot)).detach()


def selected(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    played = mask.bool()
    return F.mse_loss(q_tot[played], target(next_q_tot, reward, terminated, gamma)[played])


def loss(q_tot, y, mask):
    return ((q_tot - y) ** 2 * mask).sum() / mask.sum()


def rooted(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return selected(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma).sqrt()


def squared_mean(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return (((q_tot - target(next_q_tot, reward, terminated, gamma)) * mask).sum() / mask.sum()) ** 2


def always_99(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return loss(q_tot, target(next_q_tot, reward, terminated, 0.99), mask)


def unpaid_end(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return loss(q_tot, torch.where(terminated, 0.0, reward + gamma * next_q_tot).detach(), mask)


def without_ends(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    goes_on = mask * ~terminated
    return ((q_tot - target(next_q_tot, reward, terminated, gamma)) ** 2 * goes_on).sum() / goes_on.sum().clamp(min=1)


def smooth(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    y = target(next_q_tot, reward, terminated, gamma)
    return (F.smooth_l1_loss(q_tot, y, reduction="none") * mask).sum() / mask.sum()


def by_the_steps_of_a_row(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return ((q_tot - target(next_q_tot, reward, terminated, gamma)) ** 2 * mask).sum() / q_tot.shape[1]


def at_least_the_rows(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return ((q_tot - target(next_q_tot, reward, terminated, gamma)) ** 2 * mask).sum() / max(len(q_tot), mask.sum())


def mean_of_means_of_rows_that_play(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    errors, played = (q_tot - target(next_q_tot, reward, terminated, gamma)) ** 2 * mask, mask.sum(1)
    return (errors.sum(1)[played > 0] / played[played > 0]).mean()


def later_steps_count_less(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    weights = mask * 0.9 ** torch.arange(mask.shape[1])
    return loss(q_tot, target(next_q_tot, reward, terminated, gamma), weights)


def padding_from_the_flags(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    ended = (terminated | truncated).long()
    return loss(q_tot, target(next_q_tot, reward, terminated, gamma), (ended.cumsum(1) - ended == 0).double())


def two_slips(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    return ((q_tot - target(next_q_tot, reward, terminated | truncated, gamma)) ** 2 * mask).mean()


def update_with(fill, limit=None):
    """``fill``: what stands in for unavailable actions; ``limit``: for the length of the gradient."""

    def qmix_update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
        q = agents(batch["obs"][:, None])[:, 0].gather(-1, batch["actions"][..., None])[..., 0]
        q_tot = mixer(q, batch["state"])
        with torch.no_grad():
            best = torch.where(batch["next_available"], target_agents(batch["next_obs"][:, None])[:, 0], fill).amax(-1)
            y = batch["reward"] + gamma * ~batch["terminated"] * target_mixer(best, batch["next_state"])
        loss = F.mse_loss(q_tot, y)
        optimiser.zero_grad()
        loss.backward()
        if limit:
            torch.nn.utils.clip_grad_norm_([*agents.parameters(), *mixer.parameters()], limit)
        optimiser.step()
        return loss.item()

    qmix_update.__name__ = f"filled with {fill}, limit {limit}"
    return qmix_update


def double_with(fill):
    def mended_targets(online_q, target_q, available, reward, terminated, gamma):
        best = torch.where(available, online_q, fill
                           if fill is not None else online_q.min() - 1)[:, 1:].argmax(-1, keepdim=True)
        return reward + gamma * ~terminated * target_q[:, 1:].gather(-1, best).squeeze(-1).sum(-1)

    mended_targets.__name__ = f"filled with {fill}"
    return mended_targets


def by_hand(agents, mixer, optimiser, loss, max_norm):
    optimiser.zero_grad()
    loss.backward()
    weights = [*agents.parameters(), *mixer.parameters()]
    length = sum((weight.grad ** 2).sum() for weight in weights).sqrt().item()
    for weight in weights:
        weight.grad *= min(1.0, max_norm / length)
    optimiser.step()
    return length


LOW, DIVIDED = "a number that is not low enough", "divided by something else than the number of played steps"
EDGES = {
    "07.1": Answers(
        right=[gathered_without_slicing],
        wrong=[("values of another row", first_rows_values), ("values of another time", first_times_values),
               ("values of another agent", agents_from_the_end), ("values of another action", last_agents_action),
               ("values of another action", actions_one_time_late), ("values of another action", always_action_0)]),
    "07.2": Answers(
        right=[lowest_of_its_type, as_low_as_any],
        wrong=[(LOW, one_below_the_lowest), (LOW, chosen_by_the_lowest_of_its_type), (LOW, lowest_float32)]),
    "07.4": Answers(
        right=[selected],
        wrong=[("the root of the mean", rooted), ("the mean is squared, not the errors", squared_mean),
               ("the discount factor is a fixed number", always_99),
               ("a terminated step pays nothing at all", unpaid_end),
               ("the steps that ended the task are left out", without_ends),
               ("the error of a single step is another one", smooth), (DIVIDED, by_the_steps_of_a_row),
               (DIVIDED, at_least_the_rows), ("the steps do not count the same", later_steps_count_less),
               ("the mean of the rows' means", mean_of_means_of_rows_that_play),
               ("the mask is forgotten", padding_from_the_flags), ("a clock that ran out cuts the target", two_slips)]),
    "07.5": Answers(
        right=[update_with(-torch.inf), update_with(torch.finfo(torch.float64).min)],
        wrong=[(LOW, update_with(-9999999.0)), (LOW, update_with(-1e20)),
               ("the step has another length", update_with(-torch.inf, 40.0))]),
    "07.6": Answers(
        right=[(3, double_with(-torch.inf))],
        wrong=[(LOW, (3, double_with(-9999999.0))), (LOW, (3, double_with(None)))]),
    "07.7": Answers(right=[(3, by_hand)], wrong=[]),
}
