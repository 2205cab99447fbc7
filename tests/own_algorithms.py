"""Algorithms with one mistake each, for ``check_algorithm``: VDN with a line changed."""

import torch

from qmix_course.algorithms import VDN
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


WRONG = {                                               # how its one sentence begins
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
