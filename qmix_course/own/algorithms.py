"""``check_algorithm``: the mistakes in an algorithm of one's own that no error tells of."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import torch

from qmix_course import errors
from qmix_course.algorithms import Algorithm
from qmix_course.envs.base import TeamSpec, TeamStep
from qmix_course.own.reports import Enough, close, drawn_inputs, learning_faults, report, shape_faults
from qmix_course.replay import FIELDS, Batch


def check_algorithm(algorithm: Algorithm) -> None:
    """Ask ``algorithm`` for values and losses on drawn batches; ``errors.Faults``, a ``ValueError`` with one sentence a
    fault, if it breaks the contract. Its weights stay as they are.

    Looked at: ``act_values`` as ``check_agents`` does; that the loss is a finite scalar, the same each time and in any
    order of the rows; that its gradient reaches registered weights, and neither the target network nor, through a
    target, the online one; that the target network values what comes next, at steps that go on or were cut, by an
    available action, and nothing counts after an end; that padding counts for nothing. What the values should be,
    nobody can know here: for that, hold the algorithm against a task whose answer is known.
    """
    errors.instance("algorithm", algorithm, Algorithm)
    report(f"check_algorithm, {type(algorithm).__name__}", [
        lambda: _acts(algorithm), lambda: _loss_is_sound(algorithm), lambda: _padding(algorithm),
        lambda: _targets(algorithm)])


def _acts(algorithm: Algorithm) -> Iterator[str]:
    spec, (obs, last, _) = algorithm.spec, drawn_inputs(algorithm.spec, 0, length=1)
    memory = _memory(algorithm, 3)
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
            if obs.shape[dim + dim] > 1:
                changed = obs[:, 0].movedim(dim, 0).clone()
                changed[-1] = 1 - changed[-1]
                new, _ = algorithm.act_values(changed.movedim(0, dim), last[:, 0], memory)
                if not close(new.movedim(dim, 0)[:-1], q.movedim(dim, 0)[:-1]):
                    yield (f"act_values: values changed with the observation of {name}; expected each agent to act "
                           "from its own alone")


def _memory(algorithm: Algorithm, rows: int) -> torch.Tensor | None:
    return algorithm.start(_moment(algorithm.spec, rows), torch.Generator().manual_seed(0))


def _moment(spec: TeamSpec, rows: int) -> TeamStep:
    dice, no = torch.Generator().manual_seed(1), torch.zeros(rows, dtype=torch.bool)
    return TeamStep(torch.rand(rows, spec.n_agents, spec.obs_dim, generator=dice),
                    torch.rand(rows, spec.state_dim, generator=dice),
                    torch.ones(rows, spec.n_agents, spec.n_actions, dtype=torch.bool), torch.zeros(rows), no, no)


def _batch(algorithm: Algorithm, rows: int = 8) -> Batch:
    """Drawn rows. Whole episodes of 1 to 3 steps where rows are episodes, else one step each; half of them end."""
    spec, dice = algorithm.spec, torch.Generator().manual_seed(2)
    length = 3 if algorithm.recurrent else 1
    empty = Batch.padding(rows, length, spec, algorithm.memory_dim)
    lengths = torch.arange(rows) % length + 1
    steps = torch.arange(length + 1)
    seen, played = steps <= lengths.unsqueeze(1), steps[:-1] < lengths.unsqueeze(1)             # [B, T+1], [B, T]

    def drawn(like: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
        return torch.rand(like.shape, generator=dice) * where.view(*where.shape, *[1] * (like.dim() - 2))

    available = torch.rand(empty.available.shape, generator=dice) < 0.6
    actions = torch.randint(spec.n_actions, empty.actions.shape, generator=dice) * played.unsqueeze(-1)
    available[:, :-1].scatter_(-1, actions.unsqueeze(-1), True)
    available[..., 0] |= ~available.any(-1)
    last = torch.cat([torch.full_like(actions[:, :1], -1), actions.masked_fill(~played.unsqueeze(-1), -1)], 1)
    ends = (torch.arange(rows) // length % 2 == 0).unsqueeze(1) & (steps[:-1] == lengths.unsqueeze(1) - 1)
    memory = _memory(algorithm, rows)
    return replace(empty, obs=drawn(empty.obs, seen), state=drawn(empty.state, seen), actions=actions,
                   last_actions=last, available=available | ~seen.view(*seen.shape, 1, 1),
                   reward=drawn(empty.reward, played), terminated=ends, mask=played.to(empty.mask.dtype),
                   memory=empty.memory if memory is None else memory)


def _twins(algorithm: Algorithm) -> tuple[Algorithm, Algorithm]:
    """A copy that learns, and a target with other weights."""
    online, target = deepcopy(algorithm), deepcopy(algorithm)
    dice = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weights in target.parameters():
            weights.add_(0.3 * torch.randn(weights.shape, generator=dice, dtype=weights.dtype))
    return online, target


def _loss_is_sound(algorithm: Algorithm) -> Iterator[str]:
    (online, target), batch = _twins(algorithm), _batch(algorithm)
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
    twin = _twins(algorithm)[0]
    if any(not torch.equal(a, b) for a, b in zip(online.state_dict().values(), twin.state_dict().values())):
        yield "loss: changed the algorithm's own weights; expected train to do that"
        raise Enough
    if not close(online.loss(batch, target), loss):
        yield "loss: the same batch gave another loss the second time; expected nothing to be drawn"
        raise Enough
    order = torch.arange(len(batch.obs)).flip(0)
    if not close(online.loss(Batch(**{name: getattr(batch, name)[order] for name in kept}), target), loss):
        yield "loss: another order of the rows gave another loss; expected rows to count alike"
    yield from _no_gradient_in_targets(online, target, batch)
    values = online.played_values(batch)
    yield from shape_faults("played_values", values.detach(), batch.reward.shape)


def _no_gradient_in_targets(online: Algorithm, target: Algorithm, batch: Batch) -> Iterator[str]:
    obs = batch.obs.clone().requires_grad_()
    loss = online.loss(replace(batch, obs=obs), target)
    found = list(learning_faults("loss", loss, online, (*target.parameters(), obs)))
    yield from found
    if any("no gradient" in words for words in found):
        raise Enough
    loss.backward()
    reached = [name for name, weights in target.named_parameters()
               if weights.grad is not None and weights.grad.abs().sum() > 0]
    if reached:
        yield (f"loss: its gradient reaches the target network ({reached[0]}); expected the targets to be constants "
               "(torch.no_grad)")
    full = batch.mask.all(1)                                    # what they see at the end is read for the targets alone
    if obs.grad is not None and obs.grad[full, -1].abs().sum() > 0 and not reached:
        yield ("loss: its gradient goes through what comes after the last step, so that the online network is pulled "
               "by its own targets; expected the targets to be constants (torch.no_grad)")


def _after(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """For indexing: each row, and the place after its last step."""
    return torch.arange(len(batch.mask)), batch.mask.sum(1).long()


def _changed(batch: Batch, name: str, places: tuple, values: torch.Tensor | None = None) -> Batch:
    """The batch with other values of one field in these places: 1 − x where none are given."""
    field = getattr(batch, name).clone()
    field[places] = 1 - field[places] if values is None else values
    return replace(batch, **{name: field})


def _targets(algorithm: Algorithm) -> Iterator[str]:
    if algorithm.gamma == 0:
        return                                                  # nothing that comes counts
    (online, target), batch = _twins(algorithm), _batch(algorithm)
    loss, (rows, after) = online.loss(batch, target), _after(batch)
    ended = batch.terminated.any(1)
    there, on = (rows[ended], after[ended]), (rows[~ended], after[~ended])
    for name in ("obs", "state"):
        if not close(online.loss(_changed(batch, name, there), target), loss):
            yield (f"loss: changes with the {name} after a step at which the task terminated; expected the target to "
                   "be the reward alone there (td_target)")
            return
    both = _changed(_changed(batch, "obs", on), "state", on)
    if close(online.loss(both, target), loss):
        yield ("loss: does not change with what comes after a step that was not terminated; expected such a step, also "
               "one that was cut, to count what would have come")
        return
    if close(online.loss(batch, deepcopy(online)), loss):
        yield "loss: is the same whatever the target network's weights are; expected target to value what comes next"
        return
    if algorithm.spec.n_actions > 1:
        only = torch.eye(algorithm.spec.n_actions, dtype=torch.bool)
        losses = [online.loss(_changed(batch, "available", on, one), target) for one in only]
        if all(close(each, losses[0]) for each in losses):
            yield ("loss: is the same whichever actions are available after the last step; expected the target to be "
                   "the value of an available one (own_best(q, available))")


def _padding(algorithm: Algorithm) -> Iterator[str]:
    if not algorithm.recurrent:
        return                                                  # rows of one step have none
    (online, target), batch = _twins(algorithm), _batch(algorithm)
    loss, empty = online.loss(batch, target), batch.mask == 0
    behind = torch.cat([torch.zeros_like(empty[:, :1]), empty], 1)              # [B, T+1]
    for name in ("obs", "state", "reward", "actions", "terminated"):
        places = behind if name in ("obs", "state") else empty
        values = torch.tensor(True) if name == "terminated" else None
        if name == "actions":
            values = torch.tensor(algorithm.spec.n_actions - 1)
        if not close(online.loss(_changed(batch, name, (places,), values), target), loss):
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
