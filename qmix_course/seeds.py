"""Many seeds of one small task side by side: the runs of ``train``, with one batched update for all of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import fields, replace

import torch
from torch import nn
from torch.func import functional_call, vmap

from qmix_course import errors
from qmix_course.agents import GRUAgents
from qmix_course.algorithms import Algorithm
from qmix_course.config import never_learns
from qmix_course.envs.base import TeamEnv
from qmix_course.evaluation import check_team
from qmix_course.replay import Batch
from qmix_course.training import History, Run, TrainConfig
from qmix_course.watch import check_finite


def train_seeds(env: TeamEnv, algorithms: Sequence[Algorithm], config: TrainConfig, seeds: Sequence[int]) -> list[History]:
    """Train ``algorithms[k]`` with seed ``seeds[k]``, all of them at once, and return their histories.

    Each run is what ``train(env.clone(), algorithms[k], replace(config, seed=seeds[k]))`` would give, up to rounding: it
    has an environment, a memory and a generator of its own. Only the updates are made together: the weights of all
    teams are stacked, one more axis in front, and one vectorised call takes the place of a loop. That pays where the
    networks are tiny and most of the time goes into calling them.

    ``algorithms`` are of one kind and size, with first weights of their own (``QMIX.for_env(env, seed=k)``), and are changed.
    ``TypeError``: ``GRUAgents``, whose ``nn.GRU`` torch cannot vectorise in this way.
    """
    errors.instance("env", env, TeamEnv)
    algorithms, seeds = _check(env, algorithms), [errors.seed("seeds", seed) for seed in errors.sequence("seeds", seeds, "seeds")]
    errors.instance("config", config, TrainConfig)
    if len(algorithms) != len(seeds):
        raise ValueError(f"algorithms, seeds: expected as many of the one as of the other, got {len(algorithms)} and {len(seeds)}")
    doubt = never_learns(config, env.spec, env.num_envs, algorithms[0].recurrent)
    if doubt is not None:
        warnings.warn(f"train_seeds: with these settings nothing is learned. {doubt}", stacklevel=2)
    runs = [Run(env.clone(), algorithm, replace(config, seed=seed)) for algorithm, seed in zip(algorithms, seeds)]
    together = _Together(algorithms, [run.target for run in runs], config)
    while not runs[0].finished():
        for run in runs:
            run.play()
        while all(run.due() for run in runs):           # an update waits until every memory holds a full batch
            losses = together.update([run.buffer.sample(config.batch_size, run.generator) for run in runs])
            for run, loss in zip(runs, losses):
                run.updates += 1
                run.losses.append(loss)
        for run in runs:
            if run.looks():
                run.look(seconds=0.0)                   # the clock belongs to all of them together
    return [run.history for run in runs]


def fit_seeds(algorithms: Sequence[Algorithm], batches: Sequence[Batch], config: TrainConfig, updates: int) -> torch.Tensor:
    """``updates`` updates of ``algorithms[k]`` on the whole of ``batches[k]``, all at once; the last losses[K].

    Nothing is sampled: this is what training on exactly these data comes to when chance in the replay is taken out. With
    one row for each joint action of a one-shot game, "these data" are uniform play. Of ``config`` the learning rate, the
    clipping and the target's update count. ``algorithms`` are as for ``train_seeds``; the batches have one shape.
    """
    algorithms, batches = _check(None, algorithms), errors.sequence("batches", batches, "batches")
    updates = errors.whole_number("updates", updates, at_most=errors.LONGEST)
    errors.instance("config", config, TrainConfig)
    for batch in batches:
        shapes = [{name: value.shape for name, value in vars(errors.instance("batches", each, Batch)).items()} for each in (batch, batches[0])]
        if shapes[0] != shapes[1]:
            raise ValueError("batches: expected batches of one shape, got others")
    if len(algorithms) != len(batches):
        raise ValueError(f"algorithms, batches: expected as many of the one as of the other, got {len(algorithms)} and {len(batches)}")
    for algorithm, batch in zip(algorithms, batches):
        algorithm.see(batch.state)
    together = _Together(algorithms, [deepcopy(algorithm).requires_grad_(False) for algorithm in algorithms], config)
    losses = []
    for _ in range(updates):
        losses = together.update(batches)
    return torch.tensor(losses)


def _check(env: TeamEnv | None, algorithms: Sequence[Algorithm]) -> list[Algorithm]:
    algorithms = errors.sequence("algorithms", algorithms, "teams")
    for algorithm in algorithms:
        errors.instance("algorithms", algorithm, Algorithm)
    if not algorithms:
        raise ValueError("algorithms: expected at least one team, got none")
    if len({id(algorithm) for algorithm in algorithms}) < len(algorithms):
        raise ValueError("algorithms: expected different teams, got one of them twice")
    for algorithm in algorithms:
        if env is not None:
            check_team(env, algorithm)
        if algorithm.settings() != algorithms[0].settings():
            raise ValueError("algorithms: expected teams of one kind, with the same constants and sizes")
    if any(isinstance(part, GRUAgents) for part in algorithms[0].modules()):
        raise TypeError("algorithms: expected agents without a GRU; train those one after the other")
    return algorithms


class _Pair(nn.Module):
    """A team and its target in one module, so that both can be called with weights from outside."""

    def __init__(self, online: Algorithm, target: Algorithm):
        super().__init__()
        self.online, self.target = online, target

    def forward(self, rows: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.online.loss(Batch(**rows), self.target)


class _Together:
    """The weights of all teams and targets in stacks [K, ...], of which each team's own weights are views."""

    def __init__(self, algorithms: list[Algorithm], targets: list[Algorithm], config: TrainConfig):
        self.config, self.updates = config, 0
        self.online = stack(algorithms, "online", requires_grad=True)
        self.target = stack(targets, "target", requires_grad=False)
        self.seen = stack_buffers(algorithms, "online") | stack_buffers(targets, "target")
        self.optimiser = torch.optim.Adam(self.online.values(), lr=config.learning_rate, fused=True)
        pair = _Pair(algorithms[0], targets[0])
        self.losses = vmap(lambda weights, rows: functional_call(pair, weights, (rows,)))

    def update(self, batches: list[Batch]) -> list[float]:
        """``Run.update`` of all teams: each on a batch of its own, with a gradient norm of its own; their losses.

        ``TrainingDiverged``, for all of them, if the loss or the gradient of one is NaN or infinite.
        """
        rows = {field.name: torch.stack([getattr(batch, field.name) for batch in batches]) for field in fields(Batch)}
        losses = self.losses(self.online | self.target | self.seen, rows)                           # [K]
        self.optimiser.zero_grad()
        losses.sum().backward()                     # no weight belongs to two teams, so each gets the gradient of its own loss
        norms = clip_each(self.online, self.config.max_grad_norm)
        for name, values in (("loss", losses.tolist()), ("gradient", norms.tolist())):
            for number, value in enumerate(values):
                check_finite(name, value, f"of algorithms[{number}] at update {self.updates + 1:,}")
        self.optimiser.step()
        self.updates += 1
        self.move_target()
        return losses.tolist()

    @torch.no_grad()
    def move_target(self) -> None:
        for old, new in zip(self.target.values(), self.online.values()):
            if self.config.tau is not None:
                old.lerp_(new, self.config.tau)
            elif self.updates % self.config.target_every == 0:
                old.copy_(new)


def stack(modules: Sequence[nn.Module], prefix: str, requires_grad: bool) -> dict[str, torch.Tensor]:
    """``prefix.name`` → the modules' parameters of that name in one tensor [K, ...]; theirs become views of it."""
    stacks = {}
    for name, _ in modules[0].named_parameters():
        parameters = [module.get_parameter(name) for module in modules]
        together = torch.stack([parameter.detach() for parameter in parameters])
        for parameter, own in zip(parameters, together):
            parameter.data = own
        stacks[f"{prefix}.{name}"] = together.requires_grad_(requires_grad)
    return stacks


def stack_buffers(modules: Sequence[nn.Module], prefix: str) -> dict[str, torch.Tensor]:
    """As ``stack``, for what is no weight: how large a state each team has seen."""
    stacks = {}
    for name, _ in modules[0].named_buffers():
        together = torch.stack([module.get_buffer(name) for module in modules])
        for module, own in zip(modules, together):
            module.get_buffer(name).data = own
        stacks[f"{prefix}.{name}"] = together
    return stacks


def clip_each(stacks: dict[str, torch.Tensor], max_norm: float) -> torch.Tensor:
    """``clip_grad_norm_`` for each of the K runs: the norm is taken over all weights of one run. The norms[K] before it."""
    grads = [weights.grad for weights in stacks.values() if weights.grad is not None]
    norms = torch.stack([grad.flatten(1).norm(dim=1) for grad in grads]).norm(dim=0)                 # [K]
    shrink = (max_norm / (norms + 1e-6)).clamp(max=1.0)                                             # as torch's own does it
    for grad in grads:
        grad.mul_(shrink.view(-1, *[1] * (grad.dim() - 1)))
    return norms
