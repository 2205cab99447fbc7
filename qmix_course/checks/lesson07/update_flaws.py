"""Updates of lesson 07 that are wrong in one thing each, and the right one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def update_with(flaw: str = "") -> Callable:
    """A ``qmix_update`` with one flaw, or the right one."""

    def update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
        before, after = batch["state"], batch["next_state"]
        q = agents(batch["obs"].unsqueeze(1)).squeeze(1)
        chosen = q.amax(-1) if flaw == "best for played" else _look_up(q, batch["actions"])
        if flaw == "agents detached":
            chosen = chosen.detach()
        q_tot = chosen.sum(-1) if flaw in ("no mixer", "added") else mixer(chosen, after if flaw == "s′ for s"
                                                                           else before)

        value_agents = agents if flaw in ("online", "online agents", "through the target") else target_agents
        value_mixer = mixer if flaw in ("online", "online mixer", "through the target",
                                        "through the mixer") else target_mixer
        next_q = value_agents(batch["obs" if flaw == "o for o′" else "next_obs"].unsqueeze(1)).squeeze(1)
        judge = agents(batch["next_obs"].unsqueeze(1)).squeeze(1) if flaw == "double-Q" else next_q
        if flaw == "unavailable worth 0":
            next_q = judge = next_q * batch["next_available"]
        best = _look_up(next_q, _choose(judge, batch["next_available"], flaw))
        next_tot = best.sum(-1) if flaw == "no mixer" else value_mixer(best, before if flaw == "s for s′" else after)
        if flaw not in ("through the target", "through the mixer"):
            next_tot = next_tot.detach()
        ended = batch["terminated"].double()
        goes_on = 1.0 if flaw == "never ends" else ended if flaw == "ends turned round" else 1.0 - ended
        y = batch["reward"] + {"no gamma": 1.0, "fixed gamma": 0.99}.get(flaw, gamma) * goes_on * next_tot
        errors = q_tot.unsqueeze(1) - y if flaw == "table" else q_tot - y
        loss = _reduce(errors, flaw)
        if flaw != "old gradients":
            optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return update


def _reduce(errors, flaw):
    if flaw == "huber":
        return nn.functional.smooth_l1_loss(errors, torch.zeros_like(errors))
    if flaw == "absolute":
        return errors.abs().mean()
    return (errors ** 2).sum() if flaw == "sum" else (errors ** 2).mean() / (2 if flaw == "half" else 1)


def _look_up(q, actions):
    return torch.stack([torch.stack([q[b, i, int(a)] for i, a in enumerate(row)]) for b, row in enumerate(actions)])


def _choose(q, available, flaw):
    if flaw == "worst":
        return q.masked_fill(~available, torch.inf).argmin(-1)
    if flaw != "unavailable too":
        q = q.masked_fill(~available, 0.0 if flaw.startswith("unavailable") else -torch.inf)
    return q.detach().argmax(-1)


# What an update does: the loss that it returned and the weights after it, for two batches in a row.
FLAWS = {
    "old gradients": "gradients from before are still there",
    "s for s′": "the target mixer reads the state before the step",
    "s′ for s": "the mixer reads the state after the step",
    "o for o′": "the next values come from the observations before the step",
    "online": "the online networks value the next step",
    "online agents": "the online networks value the next step",
    "online mixer": "the online networks value the next step",
    "through the target": "the gradient flows through the target",
    "through the mixer": "the gradient flows through the target",
    "never ends": "the end of an episode is ignored",
    "ends turned round": "the end is turned round",
    "unavailable too": "unavailable actions are chosen too",
    "unavailable as 0": "an unavailable action counts as 0",
    "unavailable worth 0": "an unavailable action counts as 0",
    "best for played": "the best actions, not the ones that were played",
    "no mixer": "the mixer is left out",
    "added": "the mixer is left out",
    "table": "every row meets every target",
    "sum": "the sum, not the mean",
    "half": "another loss than the mean of the squares",
    "huber": "another loss than the mean of the squares",
    "absolute": "another loss than the mean of the squares",
    "worst": "the worst available actions, not the best",
    "no gamma": "gamma is not used",
    "fixed gamma": "gamma is not used",
    "double-Q": "the online agents choose the next actions",
    "agents detached": "no agent learns",
}
