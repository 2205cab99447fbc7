"""``check_algorithm``: the mistakes in an algorithm of one's own that no error tells of."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import torch

from qmix_course import errors
from qmix_course.algorithms import Algorithm
from qmix_course.own.doubts import algorithm_doubts
from qmix_course.own.drawn import changed, drawn_batch, fresh_memory, moment, place_after, rows_of, twins
from qmix_course.own.reports import Enough, close, drawn_inputs, learning_faults, report, say, shape_faults
from qmix_course.replay import FIELDS, Batch


def check_algorithm(algorithm: Algorithm) -> None:
    """Ask ``algorithm`` for values and losses on drawn batches; ``errors.Faults``, a ``ValueError`` with one sentence a
    fault, if it breaks the contract. Its weights stay as they are.

    Looked at: ``start`` and ``act_values`` as ``check_agents`` does; that the loss is a finite scalar, the same each
    time, in any order of the rows and not twice as large for twice the rows; that its gradient reaches registered
    weights and all agents, and neither the target network nor, through a target, the online one; that rewards and
    played actions count, and each row meets its own target; that the target network values what comes next, at steps
    that go on or were cut, by an available action and the state that comes, and nothing counts after an end; that
    padding counts for nothing and steps count alike.

    What may be meant is warned of, where there is no fault: a step down the loss that lowers the value of what was
    paid well; errors that are not squared; a reward that is discounted; one agent whose actions do not count; the
    smallest next value where the largest is expected; next values times 0 where an action is unavailable; observations
    that agents act on and never learn from; a target whose agents forget the first observation.

    Not seen: mistakes behind ``act_values`` or ``loss`` that call other networks than ``agents``; a constant that has a
    wrong value; whether it learns well. What the values should be, nobody can know here: for that, hold the algorithm
    against a task whose answer is known.
    """
    errors.instance("algorithm", algorithm, Algorithm)
    report(f"check_algorithm, {type(algorithm).__name__}", [
        lambda: _acts(algorithm), lambda: _loss_is_sound(algorithm), lambda: _padding(algorithm),
        lambda: _played(algorithm), lambda: _targets(algorithm)])
    say(f"check_algorithm, {type(algorithm).__name__}", algorithm_doubts(algorithm))


def _acts(algorithm: Algorithm) -> Iterator[str]:
    spec, (obs, last, _) = algorithm.spec, drawn_inputs(algorithm.spec, 0, length=1)
    memory = fresh_memory(algorithm, 3)
    if not close(fresh_memory(algorithm, 3), memory):
        yield "start: the same generator gave another memory the second time; expected all chance to come from it"
        raise Enough
    algorithm.start(moment(spec, 3), None)                     # greedy play has no generator
    if memory is not None:
        yield from shape_faults("start: memory", memory, (3, spec.n_agents, algorithm.memory_dim))
    elif algorithm.memory_dim:
        yield f"start: expected shape [B, N, {algorithm.memory_dim}] for the memory of fresh episodes, got None"
        raise Enough
    with torch.no_grad():
        q, _ = algorithm.act_values(obs[:, 0], last[:, 0], memory)
        yield from shape_faults("act_values: q", q, (3, spec.n_agents, spec.n_actions))
        if not close(algorithm.act_values(obs[:, 0], last[:, 0], memory)[0], q):
            yield "act_values: the same inputs gave other values the second time; expected greedy play without dice"
            raise Enough
        for name, dim in (("another agent", 1), ("another row", 0)):
            for at, rest in ((-1, slice(None, -1)), (0, slice(1, None))) if q.shape[dim] > 1 else ():
                other = obs[:, 0].movedim(dim, 0).clone()
                other[at] = 1 - other[at]
                new, _ = algorithm.act_values(other.movedim(0, dim), last[:, 0], memory)
                if not close(new.movedim(dim, 0)[rest], q.movedim(dim, 0)[rest]):
                    yield (f"act_values: values changed with the observation of {name}; expected each agent to act "
                           "from its own alone")


def _loss_is_sound(algorithm: Algorithm) -> Iterator[str]:
    (online, target), batch = twins(algorithm), drawn_batch(algorithm)
    kept = {name: getattr(batch, name).clone() for name, _, _ in FIELDS}
    loss = online.loss(batch, target)
    if not isinstance(loss, torch.Tensor) or loss.shape != () or not loss.is_floating_point():
        yield f"loss: expected one number, a scalar tensor, got {errors.describe(loss)}"
        raise Enough
    if not loss.isfinite():
        yield f"loss: expected a finite number, got {float(loss.detach())} (an all-False mask? −inf times 0?)"
        raise Enough
    written = [name for name, value in kept.items() if not torch.equal(value, getattr(batch, name))]
    if written:
        yield f"loss: wrote into batch.{written[0]}; expected the batch to stay as it was"
        raise Enough
    for whose, used, twin in zip(("algorithm's own", "target's"), (online, target), twins(algorithm)):
        if any(not torch.equal(a, b) for a, b in zip(used.state_dict().values(), twin.state_dict().values())):
            yield f"loss: changed the {whose} weights; expected train to do that"
            raise Enough
    kept_loss = [name for name, value in vars(online).items() if _has_gradient(value)]
    if kept_loss:
        yield (f"loss: kept a tensor with its gradient in {kept_loss[0]}, with which the algorithm cannot be copied; "
               "expected .detach(), or float(...)")
        raise Enough
    if not close(online.loss(batch, target), loss):
        yield "loss: the same batch gave another loss the second time; expected nothing to be drawn"
        raise Enough
    order = torch.arange(len(batch.obs)).flip(0)
    if not close(online.loss(Batch(**{name: getattr(batch, name)[order] for name in kept}), target), loss):
        yield "loss: another order of the rows gave another loss; expected rows to count alike"
    if close(online.loss(rows_of(batch, order.repeat(2)), target), 2 * loss):
        yield ("loss: a batch that is there twice gave twice the loss; expected the mean over the steps that were "
               "played (masked_mean: masked sum / mask sum)")
    yield from _gradients(online, target, batch)
    values = online.played_values(batch)
    yield from shape_faults("played_values", values.detach(), batch.reward.shape)


def _has_gradient(value) -> bool:
    values = value if isinstance(value, (list, tuple)) else value.values() if isinstance(value, dict) else [value]
    return any(isinstance(each, torch.Tensor) and each.grad_fn is not None for each in values)


def _gradients(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    asked = []                                                  # what the online agents were shown, to learn from

    def show(_, given):
        asked.append(given[0].detach().clone().requires_grad_() if torch.is_grad_enabled() else given[0])
        return asked[-1], *given[1:]

    hook = online.agents.register_forward_pre_hook(show)
    loss = online.loss(batch, target)
    hook.remove()
    found = list(learning_faults("loss", loss, online, (*target.parameters(), *asked)))
    yield from found
    if any("no gradient" in words for words in found):
        raise Enough
    loss.backward()
    reached = [name for name, weights in target.named_parameters()
               if weights.grad is not None and weights.grad.abs().sum() > 0]
    if reached:
        yield (f"loss: its gradient reaches the target network ({reached[0]}); expected the targets to be constants "
               "(torch.no_grad)")
    for name, weights in online.named_parameters():
        if weights.requires_grad and weights.grad is None and not close(_moved(online, name, batch, target), loss):
            yield f"loss: reads {name}, and no gradient reaches it; expected it to learn (is something detached?)"
            return
    slopes = [(obs[:, t], obs.grad[:, t].abs()) for obs in asked if obs.grad is not None for t in range(obs.shape[1])]
    full = batch.mask.all(1)                                    # what they see at the end is read for the targets alone
    if not reached and any(torch.equal(obs[full], batch.obs[full, -1]) and grad[full].sum() > 0
                           for obs, grad in slopes if obs.shape == batch.obs[:, -1].shape):
        yield ("loss: its gradient goes through what comes after the last step, so that the online network is pulled "
               "by its own targets; expected the targets to be constants (torch.no_grad)")
    first = [grad.sum((0, 2)) > 0 for obs, grad in slopes if torch.equal(obs, batch.obs[:, 0])]
    learned = torch.stack(first).any(0) if first else torch.ones(batch.obs.shape[2], dtype=torch.bool)
    for agent in (~learned).nonzero().flatten().tolist() if learned.any() else ():
        if not close(online.loss(changed(batch, "obs", (slice(None), 0, agent)), target), loss):
            yield (f"loss: reads the values of agent {agent}, and no gradient reaches them; expected every agent to "
                   "learn (is something detached?)")


def _moved(online: Algorithm, name: str, batch: Batch, target: Algorithm) -> torch.Tensor:
    """The loss with other numbers in one weight."""
    other = deepcopy(online)
    with torch.no_grad():
        other.get_parameter(name).add_(0.1)
        return other.loss(batch, target)


def _played(algorithm: Algorithm) -> Iterator[str]:
    """What was played counts: rewards, actions, each row's own, each step alike."""
    (online, target), batch = twins(algorithm), drawn_batch(algorithm)
    loss, played = online.loss(batch, target), batch.mask > 0
    for places, which in ((played & ~batch.terminated, "that was not terminated"),
                          (played & batch.terminated, "at which the task terminated")):
        if torch.equal(online.loss(changed(batch, "reward", (places,)), target), loss):     # not a bit: it is not read
            yield f"loss: does not change with the reward of a step {which}; expected it to be part of the target"
            return
    if algorithm.spec.n_actions > 1:
        others = changed(batch, "actions", (played,), (batch.actions[played] + 1) % algorithm.spec.n_actions)
        for what, before, after in (("loss", loss, online.loss(others, target)),
                                    ("played_values", online.played_values(batch), online.played_values(others))):
            if torch.equal(before, after):
                yield (f"{what}: is the same whichever actions were played; expected the values of batch.actions "
                       "(self.chosen)")
                return
    alone = torch.stack([online.loss(rows_of(batch, row.unsqueeze(0)), target) for row in torch.arange(len(played))])
    steps = played.sum(1)
    right = close(loss, (alone * steps).sum() / steps.sum())
    if not right and algorithm.recurrent and close(loss, alone.mean()):
        yield ("loss: rows count alike, however many steps were played in them; expected the mean over the steps that "
               "were played (masked_mean: masked sum / mask sum)")
    if not right and not algorithm.recurrent:
        i, j = torch.cartesian_prod(torch.arange(len(played)), torch.arange(len(played))).T
        now, then = rows_of(batch, i), rows_of(batch, j)
        met = {name: torch.cat([getattr(now, name)[:, :1], getattr(then, name)[:, 1:]], 1)
               for name in ("obs", "state", "available")}
        if close(online.loss(replace(now, reward=then.reward, terminated=then.terminated, **met), target), loss):
            yield ("loss: the values of each row meet the targets of all rows (shapes such as [B, 1, 1] and [B, 1] "
                   "stretch to [B, B, 1]); expected each row to meet its own")


def _targets(algorithm: Algorithm) -> Iterator[str]:
    if algorithm.gamma == 0:
        return                                                  # nothing that comes counts
    (online, target), batch = twins(algorithm), drawn_batch(algorithm)
    loss, (rows, after) = online.loss(batch, target), place_after(batch)
    ended = batch.terminated.any(1)
    there, on = (rows[ended], after[ended]), (rows[~ended], after[~ended])
    twin = deepcopy(online)
    for name in ("obs", "state"):               # in another way for another target: a loss may predict what comes, too
        other = changed(batch, name, there)
        if not close(online.loss(other, target) - loss, online.loss(other, twin) - online.loss(batch, twin)):
            yield (f"loss: changes with the {name} after a step at which the task terminated; expected the target to "
                   "be the reward alone there (td_target)")
            return
    both = changed(changed(batch, "obs", on), "state", on)
    if torch.equal(online.loss(both, target), loss):
        yield ("loss: does not change with what comes after a step that was not terminated; expected such a step, also "
               "one that was cut, to count what would have come")
        return
    before, comes = (not torch.equal(online.loss(changed(batch, "state", where), target), loss)
                     for where in ((slice(None), 0), on))
    if before != comes:
        yield ("loss: changes with the state before a step, and not with the one that comes; expected the target "
               "network to value what comes by the state that comes" if before else
               "loss: changes with the state that comes after a step, and not with the one before; expected what was "
               "played to be valued by the state in which it was played")
        return
    if torch.equal(online.loss(batch, twin), loss):
        yield "loss: is the same whatever the target network's weights are; expected target to value what comes next"
        return
    if algorithm.spec.n_actions > 1 and not torch.equal(online.loss(changed(batch, "obs", on), target), loss):
        only = torch.eye(algorithm.spec.n_actions, dtype=torch.bool)
        losses = [online.loss(changed(batch, "available", on, one), target) for one in only]
        if all(torch.equal(each, losses[0]) for each in losses):
            yield ("loss: is the same whichever actions are available after the last step; expected the target to be "
                   "the value of an available one (own_best(q, available))")


def _padding(algorithm: Algorithm) -> Iterator[str]:
    if not algorithm.recurrent:
        return                                                  # rows of one step have none
    (online, target), batch = twins(algorithm), drawn_batch(algorithm)
    loss, empty = online.loss(batch, target), batch.mask == 0
    behind = torch.cat([torch.zeros_like(empty[:, :1]), empty], 1)              # [B, T+1]
    for name in ("obs", "state", "reward", "actions", "terminated"):
        places = behind if name in ("obs", "state") else empty
        values = torch.tensor(True) if name == "terminated" else None
        if name == "actions":
            values = torch.tensor(algorithm.spec.n_actions - 1)
        if not close(online.loss(changed(batch, name, (places,), values), target), loss):
            yield (f"loss: changes with the {name} of padding; expected steps with mask 0 to count for nothing "
                   "(masked_mean)")
            raise Enough
    longer = Batch.padding(len(batch.obs), batch.actions.shape[1] + 2, algorithm.spec, algorithm.memory_dim)
    for name, axes, _ in FIELDS:
        value = getattr(batch, name)
        if "T" in axes[1]:
            getattr(longer, name)[:, :value.shape[1]] = value
    longer = replace(longer, memory=batch.memory)
    if not close(online.loss(longer, target), loss):
        yield ("loss: changes with more padding behind the rows; expected the mean over the steps that were played "
               "(masked_mean: masked sum / mask sum)")
        raise Enough
