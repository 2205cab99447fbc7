"""Answers to the exercises of lesson 07 that break one limit of the text, or keep to all in another way."""

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


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


def loss(q_tot, y, mask):
    return ((q_tot - y) ** 2 * mask).sum() / mask.sum()


def update_with(fill, limit=None):
    """``fill``: what stands in for unavailable actions; ``limit``: for the length of the gradient."""

    def qmix_update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
        q = agents(batch["obs"][:, None])[:, 0].gather(-1, batch["actions"][..., None])[..., 0]
        q_tot = mixer(q, batch["state"])
        with torch.no_grad():
            next_q = target_agents(batch["next_obs"][:, None])[:, 0]
            best = torch.where(batch["next_available"], next_q, fill(next_q) if callable(fill) else fill).amax(-1)
            y = batch["reward"] + gamma * ~batch["terminated"] * target_mixer(best, batch["next_state"])
        loss = F.mse_loss(q_tot, y)
        optimiser.zero_grad()
        loss.backward()
        if limit:
            torch.nn.utils.clip_grad_norm_([*agents.parameters(), *mixer.parameters()], limit)
        optimiser.step()
        return loss.item()

    qmix_update.__name__ = f"filled with {getattr(fill, '__name__', fill)}, limit {limit}"
    return qmix_update


def double_with(fill):
    def mended_targets(online_q, target_q, available, reward, terminated, gamma):
        low = fill(online_q) if callable(fill) else online_q.min() - 1 if fill is None else fill
        best = torch.where(available, online_q, low)[:, 1:].argmax(-1, keepdim=True)
        return reward + gamma * ~terminated * target_q[:, 1:].gather(-1, best).squeeze(-1).sum(-1)

    mended_targets.__name__ = f"filled with {getattr(fill, '__name__', fill)}"
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


def twice_the_lowest(q):
    """Below all of them, as long as the lowest is not above 1."""
    return 2 * q.min() - 1


LOW = "a number that is not low enough"
EDGES = {
    "07.2": Answers(
        right=[lowest_of_its_type, as_low_as_any],
        wrong=[(LOW, one_below_the_lowest), (LOW, chosen_by_the_lowest_of_its_type), (LOW, lowest_float32)]),
    "07.5": Answers(
        right=[update_with(-torch.inf), update_with(torch.finfo(torch.float64).min)],
        wrong=[(LOW, update_with(-9999999.0)), (LOW, update_with(-1e20)),
               (LOW, update_with(twice_the_lowest)),
               ("the step has another length", update_with(-torch.inf, 40.0))]),
    "07.6": Answers(
        right=[(3, double_with(-torch.inf))],
        wrong=[(LOW, (3, double_with(-9999999.0))), (LOW, (3, double_with(None))),
               (LOW, (3, double_with(twice_the_lowest))),
               (LOW, (3, double_with(torch.finfo(torch.float64).min)))]),
    "07.7": Answers(right=[("D", by_hand)], wrong=[]),
}
