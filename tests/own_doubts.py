"""Algorithms and agents with one mistake each that may be meant, so that a check says a word; and right ones that are
not usual."""

import torch
from own_algorithms import Mixed, Written
from torch import nn
from torch.nn import functional as F

from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.algorithms.base import masked_mean

# ---- mistakes --------------------------------------------------------------------------------------------------------


def ascends(kind):
    class Ascends(kind):
        def loss(self, batch, target):
            return -super().loss(batch, target)
    return Ascends


def smallest(kind):
    class Smallest(kind):
        def best_next(self, q, batch, target):
            values = target.unroll(batch, batch.obs.shape[1])[:, 1:]
            return values.masked_fill(~batch.available[:, 1:], torch.inf).min(-1).values
    return Smallest


def masked_by_0(kind):
    class MaskedBy0(kind):
        def best_next(self, q, batch, target):
            return (target.unroll(batch, batch.obs.shape[1])[:, 1:] * batch.available[:, 1:]).max(-1).values
    return MaskedBy0


def discounts_all(kind):
    class DiscountsAll(kind):
        def targets(self, batch, following):
            return self.gamma * (batch.reward + following * ~batch.terminated)
    return DiscountsAll


def discounts_rewards(kind):
    class DiscountsRewards(kind):
        def targets(self, batch, following):
            return self.gamma * batch.reward + following * ~batch.terminated
    return DiscountsRewards


def deaf_to_one(kind):
    class DeafToOne(kind):
        def chosen(self, q, batch):
            values = super().chosen(q, batch)
            return torch.cat([values[..., :-1], q[:, :values.shape[1], -1:].mean(-1)], -1)
    return DeafToOne


def acts_on_other_units(kind):
    class ActsOnOtherUnits(kind):
        def act_values(self, obs, last_actions, memory=None):
            return super().act_values(obs / 10, last_actions, memory)
    return ActsOnOtherUnits


def not_squared(kind):
    class NotSquared(kind):
        def loss(self, batch, target):
            q = self.online_qs(batch)
            values = self.mixer(self.chosen(q, batch), self.scaled(batch.state[:, :-1]))
            with torch.no_grad():
                comes = target.mixer(self.best_next(q, batch, target), target.scaled(batch.state[:, 1:]))
                y = self.targets(batch, comes)
            return masked_mean(values - y, batch.mask)
    return NotSquared


def begins_late(kind):
    """Its target forgets the first observation."""
    class BeginsLate(kind):
        def best_next(self, q, batch, target):
            values, _ = target.agents(batch.obs[:, 1:], batch.last_actions[:, 1:], self.first(batch))
            return values.masked_fill(~batch.available[:, 1:], -torch.inf).max(-1).values

        def first(self, batch):
            return batch.memory if self.memory_dim else None
    return BeginsLate


def begins_late_with_none(kind):
    class BeginsLateWithNone(begins_late(kind)):
        def first(self, batch):
            return None
    return BeginsLateWithNone


KINDS = [Written, VDN, QMIX]
WORDS = {                                               # how the one word begins
    ascends: "loss: a step down its gradient lowers the value of what was played where the reward is higher",
    smallest: "loss: changes with the smallest value of what comes next, and not with the largest",
    masked_by_0: "loss: values of what comes next that lie below 0 count only where every action is available",
    discounts_all: "loss: changes with gamma where a task terminated",
    discounts_rewards: "loss: changes with gamma where a task terminated",
    deaf_to_one: "loss: is the same whichever actions agent 2 played",
    acts_on_other_units: "act_values: shows its agents first observations that loss never shows them",
    not_squared: "loss: its gradient is the same whatever a step was paid",
    begins_late: "loss: the target's agents begin at the second observation",
    begins_late_with_none: "loss: the target's agents begin at the second observation",
}
WITH_MEMORY = [begins_late, begins_late_with_none]


# ---- right ones ------------------------------------------------------------------------------------------------------

class Soft(Mixed):
    """A soft maximum: log-mean-exp of what is available."""

    temperature = 1.0

    def best_next(self, q, batch, target):
        values = target.unroll(batch, batch.obs.shape[1])[:, 1:].masked_fill(~batch.available[:, 1:], -torch.inf)
        number = batch.available[:, 1:].sum(-1)
        return self.temperature * ((values / self.temperature).logsumexp(-1) - number.log())


class Cold(Soft):
    temperature = 0.02


class Munchausen(Mixed):
    """Vieillard et al. 2020: the log-probability of what was played is part of its reward."""

    def loss(self, batch, target):
        q, length = self.online_qs(batch), batch.actions.shape[1]
        chosen = self.mixer(self.chosen(q, batch), self.scaled(batch.state[:, :-1]))
        with torch.no_grad():
            values = target.unroll(batch, length + 1).masked_fill(~batch.available, -1e9)
            log = values.log_softmax(-1)
            comes = (log.exp() * (values - log))[:, 1:].sum(-1)
            paid = 0.9 * self.chosen(log, batch).clamp(min=-1.0).sum(-1)
            comes = target.mixer(comes, target.scaled(batch.state[:, 1:]))
            y = batch.reward + paid + self.gamma * torch.where(batch.terminated, 0.0, comes)
        return masked_mean((chosen - y) ** 2, batch.mask)


class Actor(IQL):
    """A policy gradient: its agents' values are logits, a critic of its own reads the state, and an entropy is paid."""

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.critic = nn.Sequential(nn.Linear(spec.state_dim, 16), nn.ReLU(), nn.Linear(16, 1))

    def loss(self, batch, target):
        q = self.unroll(batch, batch.actions.shape[1])
        log = q.masked_fill(~batch.available[:, :-1], -1e9).log_softmax(-1)
        value = self.critic(batch.state[:, :-1]).squeeze(-1)
        with torch.no_grad():
            y = self.targets(batch, target.critic(batch.state[:, 1:]).squeeze(-1))
        gain = (y - value).detach()
        played, entropy = self.chosen(log, batch).sum(-1), -(log.exp() * log).sum((-1, -2))
        return masked_mean((value - y) ** 2 - gain * played - 0.01 * entropy, batch.mask)


class AboveTheMean(Actor):
    """Another baseline: the mean of the batch, and errors in units of their spread."""

    def targets(self, batch, following):
        y = super().targets(batch, following)
        mean = masked_mean(y, batch.mask)
        return (y - mean) / (masked_mean((y - mean) ** 2, batch.mask).sqrt() + 1e-3)


class Quantiles(IQL):
    """Distributional: each action has five quantiles; agents act by their mean."""

    def make_agents(self, recurrent, **options):
        sizes = self.spec.n_agents, self.spec.obs_dim, 5 * self.spec.n_actions
        return GRUAgents(*sizes, last_action=False, **options) if recurrent else MLPAgents(*sizes, **options)

    def unroll(self, batch, length):
        return self.quantiles(batch, length).mean(-1)

    def quantiles(self, batch, length):
        return super().unroll(batch, length).unflatten(-1, (self.spec.n_actions, 5))

    def act_values(self, obs, last_actions, memory=None):
        q, memory = super().act_values(obs, last_actions, memory)
        return q.unflatten(-1, (self.spec.n_actions, 5)).mean(-1), memory

    def loss(self, batch, target):
        length = batch.actions.shape[1]
        index = batch.actions[..., None, None].expand(*batch.actions.shape, 1, 5)
        now = self.quantiles(batch, length).gather(-2, index).squeeze(-2)                           # [B, T, N, 5]
        with torch.no_grad():
            comes = target.quantiles(batch, length + 1)[:, 1:]
            best = comes.mean(-1).masked_fill(~batch.available[:, 1:], -torch.inf).argmax(-1)[..., None, None]
            comes = comes.gather(-2, best.expand(*best.shape[:-1], 5)).squeeze(-2)
            go_on = (~batch.terminated)[..., None, None]
            y = batch.reward[..., None, None] + self.gamma * go_on * comes
        error = y.unsqueeze(-2) - now.unsqueeze(-1)                                                 # [B, T, N, 5, 5]
        level = ((torch.arange(5) + 0.5) / 5).unsqueeze(-1)
        pinball = (level - (error.detach() < 0).to(error.dtype)).abs() * F.smooth_l1_loss(
            error, torch.zeros_like(error), reduction="none")
        return masked_mean(pinball.mean((-1, -2, -3)), batch.mask)


class Clipped(Mixed):
    """Rewards here are never negative, so targets are not, either."""

    def targets(self, batch, following):
        return super().targets(batch, following).clamp(0.0, 50.0)


class ByName(Mixed):
    """Its agents are called with names for what they get."""

    def unroll(self, batch, length):
        memory = batch.memory if self.memory_dim else None
        return self.agents(batch.obs[:, :length], last_actions=batch.last_actions[:, :length], memory=memory)[0]


class CarriesOn(Mixed):
    """Its target begins at the second observation, with what it remembers of the first."""

    def best_next(self, q, batch, target):
        memory = batch.memory if self.memory_dim else None
        _, memory = target.agents(batch.obs[:, :1], batch.last_actions[:, :1], memory)
        values, _ = target.agents(batch.obs[:, 1:], batch.last_actions[:, 1:], memory)
        return values.masked_fill(~batch.available[:, 1:], -torch.inf).max(-1).values


class AbsoluteErrors(Mixed):
    def mean(self, errors, batch):
        return masked_mean((errors + 1e-9).sqrt(), batch.mask)


RIGHT = [Soft, Cold, Munchausen, Actor, AboveTheMean, Quantiles, Clipped, ByName, CarriesOn, AbsoluteErrors]


# ---- agents ----------------------------------------------------------------------------------------------------------

class Forgotten(MLPAgents):
    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.forgotten = nn.Linear(3, 3)


class ForgottenToo(GRUAgents):
    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.scale = nn.Parameter(torch.ones(()))


class FirstMemory(GRUAgents):
    """What agents remember at first is learned, and read where there is no memory alone."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.first = nn.Parameter(torch.zeros(self.memory_dim))

    def forward(self, obs, last_actions=None, memory=None):
        if memory is None:
            memory = self.first.expand(len(obs), obs.shape[2], -1)
        return super().forward(obs, last_actions, memory)


class Frozen(MLPAgents):
    """It has a layer that is neither read nor trained."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.old = nn.Linear(3, 3).requires_grad_(False)


class DetachedRead(MLPAgents):
    """One weight is read, and learned by no gradient."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.shift = nn.Parameter(torch.zeros(()))

    def forward(self, obs, last_actions=None, memory=None):
        q, memory = super().forward(obs, last_actions, memory)
        return q + self.shift.detach(), memory
