"""What an algorithm or agents of one's own do that may be meant, and seldom is: asked of them, and said in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import replace

import torch
from torch import nn

from qmix_course.algorithms import Algorithm
from qmix_course.envs.base import TeamSpec
from qmix_course.own.drawn import changed, drawn_batch, place_after, rows_of, twins
from qmix_course.own.reports import close, drawn_inputs
from qmix_course.replay import Batch

FAR = 100.0                         # a reward that no drawn value comes near
CLEARLY = 0.5                       # the least cosine at which two slopes are said to point the same way


def algorithm_doubts(algorithm: Algorithm) -> Iterator[str]:
    """A word for each; of an algorithm in which no fault was found."""
    batch = drawn_batch(algorithm)
    for look in (down_the_slope, after_the_end, each_agents_actions, largest_value, masked_values, what_is_shown):
        with suppress(Exception):                               # a loss that cannot be asked in that way is let be
            yield from look(*twins(algorithm), batch)


def down_the_slope(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    """One step, at which the task terminated, was paid well or badly: where do its value and the loss's slope point?"""
    row = batch.terminated[:, 0].nonzero()[0, 0]
    weights = [each for each in online.parameters() if each.requires_grad]

    def slope(value: torch.Tensor) -> torch.Tensor:
        return torch.cat([each.flatten() for each in torch.autograd.grad(
            value, weights, allow_unused=True, materialize_grads=True)])

    well, badly = (slope(online.loss(changed(batch, "reward", (row, 0), torch.tensor(reward)), target))
                   for reward in (FAR, -FAR))
    if torch.equal(well, badly):
        yield ("loss: its gradient is the same whatever a step was paid, so nothing is learned from rewards. Is an "
               "error not squared?")
        return
    value = online.played_values(batch)[row, 0]
    uphill = slope(value) if value.requires_grad else torch.zeros_like(well)
    wrong = (well - badly) * (uphill != 0)                          # of the weights that the value depends on
    if torch.cosine_similarity(wrong, uphill, 0) > CLEARLY:         # a baseline of the batch turns it a little
        yield ("loss: a step down its gradient lowers the value of what was played where the reward is higher. Is its "
               "sign right? train makes the loss small")


def after_the_end(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    """Steps at which the task terminated, alone: nothing comes, so there is nothing to discount."""
    ended = rows_of(batch, batch.terminated[:, 0].nonzero().flatten())
    loss = online.loss(ended, target)
    online.gamma = target.gamma = 0.5 * online.gamma or 0.5
    if not close(online.loss(ended, target), loss):
        yield ("loss: changes with gamma where a task terminated at its first step. Is the reward discounted? In "
               "r + γ · next value, γ stands before what comes alone")


def each_agents_actions(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    """Whether the loss changes with what an agent played: with these weights, or with others."""
    if online.spec.n_actions < 2:
        return
    others = [target, *(twins(online, seed)[1] for seed in range(4, 10))]     # a layer may be deaf by chance
    for agent in range(online.spec.n_agents):
        actions = batch.actions.clone()
        actions[..., agent] = torch.where(batch.mask > 0, (actions[..., agent] + 1) % online.spec.n_actions, 0)
        changes = replace(batch, actions=actions)
        if all(torch.equal(each.loss(batch, target), each.loss(changes, target)) for each in (online, *others)):
            yield (f"loss: is the same whichever actions agent {agent} played, so it learns nothing of what its own "
                   "actions are worth")
            return


# ---- what the agents say of what comes next, put into their mouths --------------------------------------------------

@contextmanager
def told(agents: list[nn.Module], batch: Batch, values: torch.Tensor):
    """While this lasts, agents who see what comes after a row's last step give it values[B, N, A]."""
    last = batch.obs[place_after(batch)].unsqueeze(1)                                           # [B, 1, N, O]

    def tell(_, given, came):
        if not given or given[0].dim() != 4 or len(given[0]) != len(last) or came[0].shape[3:] != values.shape[2:]:
            return came                                         # asked, or answering, in a way of its own
        there = (given[0] == last).all(-1, keepdim=True)                                        # [B, t, N, 1]
        return torch.where(there, values.unsqueeze(1), came[0]), *came[1:]

    hooks = [each.register_forward_hook(tell) for each in agents]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def asker(online: Algorithm, target: Algorithm, batch: Batch, available: torch.Tensor) -> Callable:
    """The loss as a function of the values[B, N, A] of what comes next, where ``available`` says what can be played."""
    batch = changed(batch, "available", place_after(batch), available)

    def ask(values: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), told([online.agents, target.agents], batch, values):
            return online.loss(batch, target)

    return ask


def drawn_values(spec: TeamSpec, batch: Batch) -> torch.Tensor:
    """values[B, N, A] between −2 and −1."""
    dice = torch.Generator().manual_seed(5)
    return torch.rand(len(batch.mask), spec.n_agents, spec.n_actions, generator=dice) - 2


def largest_value(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    values = drawn_values(online.spec, batch)
    ask = asker(online, target, batch, torch.tensor(True))
    high, low = (values == edge for edge in (values.amax(-1, keepdim=True), values.amin(-1, keepdim=True)))
    if online.spec.n_actions > 1 and not torch.equal(ask(values - 0.5 * low), ask(values)) and torch.equal(
            ask(values + 0.5 * high), ask(values)):
        yield ("loss: changes with the smallest value of what comes next, and not with the largest. Is a minimum taken "
               "for the maximum? A team that plays greedily gets the largest")


def masked_values(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    """Values below 0, one for all actions of an agent, count where all can be played. They should where one can be."""
    values, one = drawn_values(online.spec, batch), torch.eye(online.spec.n_actions, dtype=torch.bool)[0]
    values = values[..., :1].expand_as(values)
    (all_now, all_less), (one_now, one_less) = (
        [ask(each) for each in (values, values - 0.5)]
        for ask in (asker(online, target, batch, available) for available in (torch.tensor(True), one)))
    if not torch.equal(all_now, all_less) and torch.equal(one_now, one_less):
        yield ("loss: values of what comes next that lie below 0 count only where every action is available. Are the "
               "others multiplied by 0? Then 0 is the largest: own_best puts −inf in their place")


# ---- what the agents are shown --------------------------------------------------------------------------------------

@contextmanager
def shown(agents: nn.Module):
    """The (obs, memory) of all calls while this lasts."""
    calls = []

    def note(_, given, named):
        obs, _, memory = [*given, *[None] * 3][:3]
        calls.append((named.get("obs", obs), named.get("memory", memory)))

    hook = agents.register_forward_pre_hook(note, with_kwargs=True)
    try:
        with torch.no_grad():
            yield calls
    finally:
        hook.remove()


def what_is_shown(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    memory = batch.memory if online.memory_dim else None
    with shown(online.agents) as acting:
        _, after = online.act_values(batch.obs[:, 0], batch.last_actions[:, 0], memory)
    with shown(online.agents) as learning, shown(target.agents) as ahead:
        online.loss(batch, target)
    acted, learned = (torch.cat([obs.flatten(0, -2) for obs, _ in calls]) if calls else None
                      for calls in (acting, learning))
    if acting and learning and acted.shape[-1] == learned.shape[-1] and not torch.isclose(
            acted.unsqueeze(1), learned).all(-1).any(1).all():
        yield ("act_values: shows its agents first observations that loss never shows them. Are they scaled in one of "
               "the two alone, or does loss begin at the second observation?")
    if after is None or close(after, batch.memory):
        return                                                  # nothing is remembered from one step to the next
    for obs, start in ahead:
        if obs.dim() == 4 and close(obs[:, 0], batch.obs[:, 1]) and (start is None or close(start, batch.memory)):
            yield ("loss: the target's agents begin at the second observation with the memory of an episode's start, "
                   "so they do not remember the first. Unroll them from the first, and leave out its values")
            return


# ---- agents ---------------------------------------------------------------------------------------------------------

def agents_doubts(agents: nn.Module, spec: TeamSpec) -> Iterator[str]:
    """Weights of which nothing depends, with a memory or with none; of agents in which no fault was found."""
    inputs = drawn_inputs(spec, agents.memory_dim)
    given = [inputs, [*inputs[:2], None]]
    named = {name: weights for name, weights in agents.named_parameters() if weights.requires_grad}
    came = [value for each in given for value in agents(*each) if value is not None and value.requires_grad]
    slopes = torch.autograd.grad([value.sum() for value in came], list(named.values()), allow_unused=True)
    unread = [name for name, slope in zip(named, slopes) if slope is None and not _read(agents, name, given)]
    if unread:
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        yield f"parameters: no value depends on {unread[0]}{more}. Is a layer made and never called?"


def _read(agents: nn.Module, name: str, given: list) -> bool:
    """Whether something depends on these weights, although no gradient reaches them."""
    other = deepcopy(agents)
    with torch.no_grad():
        other.get_parameter(name).add_(0.1)
        return any(not close(one, two) for each in given for one, two in zip(agents(*each), other(*each)))
