"""Many seeds of one small task side by side: the runs of ``train``, with one batched update for all of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import torch

from qmix_course import checkpoint, errors
from qmix_course.agents import GRUAgents
from qmix_course.algorithms import Algorithm
from qmix_course.config import check_capacity, never_learns
from qmix_course.envs.base import TeamEnv
from qmix_course.evaluation import check_team
from qmix_course.learner import Learner
from qmix_course.replay import Batch
from qmix_course.training import History, Run, TrainConfig
from qmix_course.watch import no_update


def train_seeds(env: TeamEnv, algorithms: Sequence[Algorithm], config: TrainConfig,
                seeds: Sequence[int]) -> list[History]:
    """Train ``algorithms[k]`` with seed ``seeds[k]``, all of them at once, and return their histories.

    Each run is what ``train(env.clone(), algorithms[k], replace(config, seed=seeds[k]))`` would give, up to rounding:
    it has an environment, a memory and a generator of its own. Only the updates are made together: the weights of all
    teams are stacked, one more axis in front, and one vectorised call takes the place of a loop. That pays where the
    networks are tiny and most of the time goes into calling them.

    ``algorithms`` are of one kind and size, with first weights of their own (``QMIX.for_env(env, seed=k)``), and are
    changed. Settings with which nothing can be learned are warned of, and runs that end without an update, as in
    ``train``.
    ``TypeError``: ``GRUAgents``, whose ``nn.GRU`` torch cannot vectorise in this way.
    """
    errors.instance("env", env, TeamEnv)
    algorithms, seeds = _check(env, algorithms), [errors.seed("seeds", seed)
                                                  for seed in errors.sequence("seeds", seeds, "seeds")]
    errors.instance("config", config, TrainConfig)
    if len(algorithms) != len(seeds):
        raise ValueError(f"algorithms, seeds: expected as many of the one as of the other, got {len(algorithms)} and "
                         f"{len(seeds)}")
    check_capacity(config, env.num_envs)
    doubt = never_learns(config, env.spec, env.num_envs, algorithms[0].recurrent)
    if doubt is not None:
        warnings.warn(f"train_seeds: with these settings nothing is learned. {doubt}", stacklevel=2)
    runs = [Run(env.clone(), algorithm, replace(config, seed=seed), lone=False)
            for algorithm, seed in zip(algorithms, seeds)]
    learner = Learner(algorithms, [run.target for run in runs], config)
    for run in runs:
        run.learner = learner
    while not runs[0].finished():
        for run in runs:
            run.play()
        while all(run.due() for run in runs):           # an update waits until every memory holds a full batch
            batches = [run.sample(run.generator) for run in runs]
            learner.slow_down(runs[0].steps)
            losses = learner.update(batches, f"at update {learner.updates + 1:,}")
            for run, loss in zip(runs, losses):
                run.losses.append(loss)
        for run in runs:
            if run.looks():
                run.look(seconds=0.0)                   # the clock belongs to all of them together
    if learner.updates == 0:
        warnings.warn(f"train_seeds: {no_update(min(runs, key=lambda run: len(run.buffer)))}", stacklevel=2)
    return [run.history for run in runs]


def fit_seeds(algorithms: Sequence[Algorithm], batches: Sequence[Batch], config: TrainConfig,
              updates: int) -> torch.Tensor:
    """``updates`` updates of ``algorithms[k]`` on the whole of ``batches[k]``, all at once; the last losses[K].

    Nothing is sampled: this is what training on exactly these data comes to when chance in the replay is taken out.
    With one row for each joint action of a one-shot game, "these data" are uniform play. Of ``config`` the learning
    rate, the clipping and the target's update count. ``algorithms`` are as for ``train_seeds``; the batches have one
    shape.
    """
    algorithms, batches = _check(None, algorithms), errors.sequence("batches", batches, "batches")
    updates = errors.whole_number("updates", updates, at_most=errors.LONGEST)
    errors.instance("config", config, TrainConfig)
    for batch in batches:
        shapes = [{name: value.shape for name, value in vars(errors.instance("batches", each, Batch)).items()}
                  for each in (batch, batches[0])]
        if shapes[0] != shapes[1]:
            raise ValueError("batches: expected batches of one shape, got others")
    if len(algorithms) != len(batches):
        raise ValueError(f"algorithms, batches: expected as many of the one as of the other, got {len(algorithms)} and "
                         f"{len(batches)}")
    for algorithm, batch in zip(algorithms, batches):
        algorithm.see(batch.state)
    learner = Learner(algorithms, [deepcopy(algorithm).requires_grad_(False) for algorithm in algorithms], config)
    losses = []
    for _ in range(updates):
        losses = learner.update(batches, f"at update {learner.updates + 1:,}")
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
        differ = checkpoint.changed_since(algorithms[0].settings(), algorithm.settings())
        if differ:
            raise ValueError("algorithms: expected teams of one kind, with the same constants and sizes, got others in "
                             + ", ".join(differ[:3]))
    if any(isinstance(part, GRUAgents) for part in algorithms[0].modules()):
        raise TypeError("algorithms: expected agents without a GRU; train those one after the other")
    return algorithms
