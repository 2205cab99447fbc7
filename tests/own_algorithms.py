"""Algorithms with one mistake each, for ``check_algorithm``: VDN with a line changed."""

import torch
from torch import nn

from qmix_course.algorithms import QMIX, VDN
from qmix_course.algorithms.base import masked_mean


class Written(VDN):
    """VDN's loss with its lines apart, so that one can be changed."""

    def loss(self, batch, target):
        self.check_loss(batch, target)
        q = self.online_qs(batch)
        q_tot = self.mixer(self.chosen(q, batch), self.scaled(batch.state[:, :-1]))
        return self.mean((q_tot - self.aim(q, batch, target)) ** 2, batch)

    def aim(self, q, batch, target):
        with torch.no_grad():
            return self.targets(batch, self.following(q, batch, target))

    def following(self, q, batch, target):
        return target.mixer(self.best_next(q, batch, target), batch.state[:, 1:])

    def mean(self, errors, batch):
        return masked_mean(errors, batch.mask)


class GradientInTarget(Written):
    def aim(self, q, batch, target):
        return self.targets(batch, self.following(q, batch, target))


class PartlyOwnTarget(Written):
    def aim(self, q, batch, target):
        with torch.no_grad():
            other = self.following(q, batch, target)
        return self.targets(batch, (other + self.following(q, batch, self)) / 2)


class NoTarget(Written):
    def following(self, q, batch, target):
        return super().following(q, batch, self)


class NoMask(Written):
    """The largest value of all actions, available or not."""

    def following(self, q, batch, target):
        return target.unroll(batch, batch.obs.shape[1])[:, 1:].max(-1).values.sum(-1)


class EndsIgnored(Written):
    def targets(self, batch, following):
        return batch.reward + self.gamma * following


class NothingComes(Written):
    """Every last step of a row counts as an end, a cut one too."""

    def targets(self, batch, following):
        last = batch.mask.cumsum(1) == batch.mask.sum(1, keepdim=True)
        return batch.reward + self.gamma * following * ~(batch.terminated | last)


class PlainMean(Written):
    def mean(self, errors, batch):
        return (errors * batch.mask).mean()


class PaddingCounts(Written):
    def mean(self, errors, batch):
        return errors.mean()


class ALossForEach(Written):
    def mean(self, errors, batch):
        return errors.mean(1)


class NaNs(Written):
    def mean(self, errors, batch):
        return super().mean(errors, batch) * torch.nan


class FirstRowOnly(Written):
    def mean(self, errors, batch):
        return super().mean(errors * torch.arange(1.0, len(errors) + 1).unsqueeze(1), batch)


class Detached(Written):
    def mean(self, errors, batch):
        return super().mean(errors, batch).detach()


class Draws(Written):
    def mean(self, errors, batch):
        return super().mean(errors * torch.rand_like(errors), batch)


class WritesBatch(Written):
    def targets(self, batch, following):
        batch.reward.mul_(0.1)
        return super().targets(batch, following)


class Learns(Written):
    def mean(self, errors, batch):
        with torch.no_grad():
            next(self.parameters()).mul_(0.9)
        return super().mean(errors, batch)


class Unregistered(Written):
    def __init__(self, *given, **options):
        super().__init__(*given, **options)
        self.extra = [torch.zeros((), requires_grad=True)]

    def mean(self, errors, batch):
        return super().mean(errors + self.extra[0], batch)


class ActsTogether(Written):
    def act_values(self, obs, last_actions, memory=None):
        return super().act_values(obs + obs.mean(1, keepdim=True), last_actions, memory)


class ActsByDice(Written):
    def act_values(self, obs, last_actions, memory=None):
        q, memory = super().act_values(obs, last_actions, memory)
        return q + torch.rand_like(q), memory


class NoPlayedValues(Written):
    def played_values(self, batch):
        return super().played_values(batch).sum(1)


class Unwritten(VDN):
    loss = VDN.__base__.loss


class Summed(Written):
    def mean(self, errors, batch):
        return (errors * batch.mask).sum()


class RowsAlike(Written):
    def mean(self, errors, batch):
        return (errors * batch.mask).sum() / len(errors)


class AllTargets(Written):
    """Each value against the targets of all rows: [B] − [B, 1]."""

    def loss(self, batch, target):
        q = self.online_qs(batch)
        q_tot = self.mixer(self.chosen(q, batch), batch.state[:, :-1])
        return ((q_tot[:, 0] - self.aim(q, batch, target)[:, :1]) ** 2).mean()


class NoReward(Written):
    def targets(self, batch, following):
        return self.gamma * following * ~batch.terminated


class NoLastReward(Written):
    """What is paid at the end is taken away with what comes after it."""

    def targets(self, batch, following):
        return (batch.reward + self.gamma * following) * ~batch.terminated


class GreedyNow(Written):
    """The best action's value where the played one's is asked for."""

    def chosen(self, q, batch):
        return q[:, :batch.actions.shape[1]].masked_fill(~batch.available[:, :-1], -torch.inf).max(-1).values


class GreedyBelief(Written):
    def played_values(self, batch):
        return self.unroll(batch, batch.actions.shape[1]).max(-1).values.sum(-1)


class OneLearns(Written):
    """Only agent 0's values carry a gradient."""

    def chosen(self, q, batch):
        chosen = super().chosen(q, batch)
        return torch.cat([chosen[..., :1], chosen[..., 1:].detach()], -1)


class Leader(Written):
    """All act by what agent 0 observes, too."""

    def act_values(self, obs, last_actions, memory=None):
        return super().act_values(obs + obs[:, :1], last_actions, memory)


class CopiesTarget(Written):
    def mean(self, errors, batch):
        with torch.no_grad():
            for old, new in zip(self.at.parameters(), self.parameters()):
                old.lerp_(new, 0.01)
        return super().mean(errors, batch)

    def loss(self, batch, target):
        object.__setattr__(self, "at", target)
        loss = super().loss(batch, target)
        object.__delattr__(self, "at")
        return loss


class KeepsLosses(Written):
    kept = ()

    def mean(self, errors, batch):
        self.kept = [*self.kept, super().mean(errors, batch)]
        return self.kept[-1]


class StartsByDice(Written):
    def __init__(self, *given, **options):
        super().__init__(*given, **options | {"recurrent": True})

    def start(self, batch, generator=None):
        return torch.randn(len(batch.obs), self.spec.n_agents, self.memory_dim)


class Mixed(QMIX):
    """QMIX's loss with its lines apart."""

    def loss(self, batch, target):
        q = self.online_qs(batch)
        q_tot = self.mixed(self.chosen(q, batch), self.scaled(self.now(batch)))
        with torch.no_grad():
            y = self.targets(batch, target.mixer(self.best_next(q, batch, target), target.scaled(self.after(batch))))
        return self.mean((q_tot - y) ** 2, batch)

    def mixed(self, q, state):
        return self.mixer(q, state)

    def now(self, batch):
        return batch.state[:, :-1]

    def after(self, batch):
        return batch.state[:, 1:]

    def mean(self, errors, batch):
        return masked_mean(errors, batch.mask)


class StateTooLate(Mixed):
    def now(self, batch):
        return batch.state[:, 1:]


class StateTooEarly(Mixed):
    def after(self, batch):
        return batch.state[:, :-1]


class MixerStays(Mixed):
    """Its weights are read, and no gradient reaches them."""

    def mixed(self, q, state):
        with torch.no_grad():
            share = self.mixer(q, state) / q.sum(-1)
        return q.sum(-1) * share


class Root(Mixed):
    def mean(self, errors, batch):
        return (super().mean(errors, batch) + 1e-9).sqrt()


class Ranked(Mixed):
    """The largest errors count most, by their rank in the batch."""

    def mean(self, errors, batch):
        rank = (errors.detach() * batch.mask).flatten().argsort(descending=True).argsort().view_as(errors)
        weights = batch.mask / (1 + rank)
        return (errors * weights).sum() / weights.sum()


class Entropy(Mixed):
    """Its loss may lie below 0."""

    def loss(self, batch, target):
        log = self.online_qs(batch)[:, :batch.actions.shape[1]].log_softmax(-1)
        return super().loss(batch, target) + masked_mean((log.exp() * log).sum((-1, -2)), batch.mask)


class Foretells(Mixed):
    """It predicts the next observations and the next state, also the last ones."""

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.next_obs = nn.Linear(spec.obs_dim, spec.obs_dim)
        self.next_state = nn.Linear(spec.state_dim, spec.state_dim)
        self.explains = nn.Linear(spec.obs_dim, 2)              # trained elsewhere

    def loss(self, batch, target):
        obs = ((self.next_obs(batch.obs[:, :-1]) - batch.obs[:, 1:]) ** 2).mean((-1, -2))
        state = ((self.next_state(batch.state[:, :-1]) - batch.state[:, 1:]) ** 2).mean(-1)
        return super().loss(batch, target) + masked_mean(obs + state, batch.mask)


class Expected(Mixed):
    """Expected SARSA: the mean of what comes, weighted by a softmax over what is available."""

    def best_next(self, q, batch, target):
        values = target.unroll(batch, batch.obs.shape[1])[:, 1:]
        return (values.masked_fill(~batch.available[:, 1:], -1e9).softmax(-1) * values).sum(-1)


class Twice(Mixed):
    """Two mixers, and the smaller of what they say comes next."""

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.second = QMIX(spec).mixer

    def loss(self, batch, target):
        q = self.online_qs(batch)
        chosen, following = self.chosen(q, batch), self.best_next(q, batch, target)
        now, after = self.scaled(batch.state[:, :-1]), target.scaled(batch.state[:, 1:])
        with torch.no_grad():
            y = self.targets(batch, torch.minimum(target.mixer(following, after), target.second(following, after)))
        return sum(self.mean((mixer(chosen, now) - y) ** 2, batch) for mixer in (self.mixer, self.second))


RIGHT = [Mixed, Root, Ranked, Entropy, Foretells, Expected, Twice]
ONLY_STEPS = [AllTargets]                               # what cannot happen, or does not matter, in whole episodes
ONLY_EPISODES = [RowsAlike]
WRONG = {                                               # how its one sentence begins
    Summed: "loss: a batch that is there twice gave twice the loss",
    RowsAlike: "loss: rows count alike, however many steps",
    AllTargets: "loss: the values of each row meet the targets of all rows",
    NoReward: "loss: does not change with the reward of a step that was not terminated",
    NoLastReward: "loss: does not change with the reward of a step at which the task terminated",
    GreedyNow: "loss: is the same whichever actions were played",
    GreedyBelief: "played_values: is the same whichever actions were played",
    OneLearns: "loss: reads the values of agent",
    Leader: "act_values: values changed with the observation of another agent",
    CopiesTarget: "loss: changed the target's weights",
    KeepsLosses: "loss: kept a tensor with its gradient in kept",
    StartsByDice: "start: the same generator gave another memory",
    StateTooLate: "loss: changes with the state that comes after a step, and not with the one before",
    StateTooEarly: "loss: changes with the state before a step, and not with the one that comes",
    MixerStays: "loss: reads mixer.hyper_w1.0.weight, and no gradient reaches it",
    GradientInTarget: "loss: its gradient reaches the target network",
    PartlyOwnTarget: "loss: its gradient goes through what comes after the last step",
    NoTarget: "loss: is the same whatever the target network's weights are",
    NoMask: "loss: is the same whichever actions are available",
    EndsIgnored: "loss: changes with the obs after a step at which the task terminated",
    NothingComes: "loss: does not change with what comes after a step that was not terminated",
    PlainMean: "loss: changes with more padding",
    PaddingCounts: "loss: changes with the obs of padding",
    ALossForEach: "loss: expected one number",
    NaNs: "loss: expected a finite number, got nan",
    FirstRowOnly: "loss: another order of the rows gave another loss",
    Detached: "loss: no gradient reaches a registered weight",
    Draws: "loss: the same batch gave another loss the second time",
    WritesBatch: "loss: wrote into batch.reward",
    Learns: "loss: changed the algorithm's own weights",
    Unregistered: "parameters: weights of shape () are used and not registered",
    ActsTogether: "act_values: values changed with the observation of another agent",
    ActsByDice: "act_values: the same inputs gave other values",
    NoPlayedValues: "played_values: expected shape",
    Unwritten: "loss: raised NotImplementedError",
}
