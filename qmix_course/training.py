"""The training loop: collect, learn, move the target, look at it greedily, keep everything for an exact resume."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Callable

import torch

from qmix_course import checkpoint as files
from qmix_course import errors
from qmix_course.algorithms import Algorithm
from qmix_course.bars import bar
from qmix_course.collect import Collector
from qmix_course.envs.base import TeamEnv
from qmix_course.evaluation import check_team, evaluate
from qmix_course.exploration import linear_schedule
from qmix_course.replay import ReplayBuffer


@dataclass(frozen=True)
class TrainConfig:
    """Every choice of a training run. Steps are environment steps, summed over the rows of the environment.

    The default preset is for 32 rows (``GridWorld(num_envs=32)``); ``TrainConfig.reference()`` is the slow preset.
    """

    seed: int = 0
    total_steps: int = 8_000            # the run ends once so many steps were played
    capacity: int = 10_000              # replay rows: transitions, or whole episodes for recurrent agents
    batch_size: int = 128               # rows an update
    learning_starts: int = 500          # steps played before the first update (which also waits for a full batch)
    update_every: int = 16              # steps for each update
    learning_rate: float = 2e-3         # Adam's
    max_grad_norm: float = 10.0         # longer gradients are shortened to this norm
    tau: float | None = 0.02            # soft target update, after every optimiser step: target += τ (online − target)
    target_every: int | None = None     # hard target update instead: a copy every so many optimiser steps
    epsilon_start: float = 1.0
    epsilon_end: float = 0.05
    epsilon_steps: int = 3_000          # steps from epsilon_start to epsilon_end, on a straight line
    parameter_noise: bool = False       # explore by noise on the agents' weights; ε then sets only how much of it
    evaluate_every: int = 500           # steps from one row of the history to the next
    evaluation_episodes: int = 1        # greedy episodes for each row of the history

    def __post_init__(self):
        errors.switch("parameter_noise", self.parameter_noise)
        plain = {"seed": errors.seed("seed", self.seed)}           # plain numbers, whatever kind came: a checkpoint holds them
        for name, lowest in (("total_steps", 1), ("capacity", 1), ("batch_size", 1), ("learning_starts", 0), ("update_every", 1),
                             ("epsilon_steps", 1), ("evaluate_every", 1), ("evaluation_episodes", 1)):
            plain[name] = errors.whole_number(name, getattr(self, name), at_least=lowest)
        for name in ("learning_rate", "max_grad_norm"):
            plain[name] = errors.number(name, getattr(self, name), above=0.0)
        for name in ("epsilon_start", "epsilon_end"):
            plain[name] = errors.number(name, getattr(self, name), 0.0, 1.0)
        if (self.tau is None) == (self.target_every is None):
            raise ValueError("tau, target_every: expected one of the two and None for the other, "
                             f"got tau={self.tau}, target_every={self.target_every}")
        if self.tau is not None:
            plain["tau"] = errors.number("tau", self.tau, high=1.0, above=0.0)
        else:
            plain["target_every"] = errors.whole_number("target_every", self.target_every)
        for name, value in plain.items():
            object.__setattr__(self, name, value)
        if self.batch_size > self.capacity:
            raise ValueError(f"batch_size: expected at most capacity = {self.capacity}, got {self.batch_size}")

    @classmethod
    def reference(cls, **changes) -> TrainConfig:
        """The slow settings of the first notebooks on this task, for one row (``num_envs=1``): about 600 episodes.

        ε is still about 0.75 when the run ends, so the exploring return never shows what the greedy policy can do.
        """
        slow = cls(total_steps=27_000, capacity=50_000, batch_size=64, learning_starts=64, update_every=4,
                   learning_rate=5e-4, tau=0.001, epsilon_steps=100_000)
        return replace(slow, **changes)


@dataclass
class History:
    """What a run looked like: one entry an evaluation in every column.

    steps, episodes, updates: counted from the start of the run · epsilon: at that step · loss: the mean over the updates
    since the entry before (NaN if there were none) · exploring_return, the mean over the episodes that ended since then
    (NaN if none) · greedy_return, greedy_length: means over greedy episodes played beside the run · seconds: the clock.
    """

    steps: list[int] = field(default_factory=list)
    episodes: list[int] = field(default_factory=list)
    updates: list[int] = field(default_factory=list)
    epsilon: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    exploring_return: list[float] = field(default_factory=list)
    greedy_return: list[float] = field(default_factory=list)
    greedy_length: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def append(self, **row) -> None:
        """One more entry in every column."""
        for column in fields(self):
            getattr(self, column.name).append(row[column.name])

    def __len__(self) -> int:
        return len(self.steps)


def soft_update(target: torch.nn.Module, online: torch.nn.Module, tau: float) -> None:
    """target ← target + τ (online − target), parameter by parameter."""
    errors.number("tau", tau, high=1.0, above=0.0)
    with torch.no_grad():
        for old, new in zip(target.parameters(), online.parameters(), strict=True):
            old.lerp_(new, tau)


def hard_update(target: torch.nn.Module, online: torch.nn.Module) -> None:
    """target ← online."""
    target.load_state_dict(online.state_dict())


class Run:
    """Everything that changes while a team trains, and the one step that changes it."""

    def __init__(self, env: TeamEnv, algorithm: Algorithm, config: TrainConfig):
        self.env, self.algorithm, self.config = env, algorithm, config
        self.generator = torch.Generator().manual_seed(config.seed)            # exploration and replay
        self.target = deepcopy(algorithm).requires_grad_(False)
        self.optimiser = torch.optim.Adam(algorithm.parameters(), lr=config.learning_rate, fused=True)
        # A seed of the environment's own: two generators with one seed would draw the same numbers.
        env_seed = int(torch.randint(2**62, (), generator=torch.Generator().manual_seed(config.seed)))
        self.collector = Collector(env, algorithm, env_seed, self.generator, config.parameter_noise)
        self.buffer = ReplayBuffer(config.capacity, env.spec, self.collector.length, algorithm.memory_dim)
        self.evaluation_env = env.clone(num_envs=config.evaluation_episodes)
        self.history = History()
        self.steps, self.updates, self.losses, self.seconds = 0, 0, [], 0.0

    def advance(self) -> bool:
        """Play one joint action in every row, then learn as often as is due. True if the history has a new entry."""
        began = time.perf_counter()
        self.play()
        while self.due():
            self.update()
        look = self.looks()
        if look:
            self.look(self.seconds + time.perf_counter() - began)
        self.seconds += time.perf_counter() - began
        return look

    def play(self) -> None:
        """One joint action in every row, into the memory."""
        self.buffer.add(self.collector.step(self.epsilon()))
        self.steps += self.env.num_envs

    def due(self) -> bool:
        """Whether an update is due: counted from learning_starts; those that had to wait for a full batch are made up for."""
        due = max(0, self.steps - self.config.learning_starts) // self.config.update_every
        return self.updates < due and len(self.buffer) >= self.config.batch_size

    def looks(self) -> bool:
        """Whether the last call of ``play`` reached the next entry of the history, or the end."""
        every = self.config.evaluate_every
        return self.steps // every > (self.steps - self.env.num_envs) // every or self.finished()

    def finished(self) -> bool:
        return self.steps >= self.config.total_steps

    def epsilon(self) -> float:
        config = self.config
        return linear_schedule(config.epsilon_start, config.epsilon_end, config.epsilon_steps, self.steps)

    def update(self) -> None:
        """One optimiser step on one sampled batch, then the target."""
        loss = self.algorithm.loss(self.buffer.sample(self.config.batch_size, self.generator), self.target)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.algorithm.parameters(), self.config.max_grad_norm)
        self.optimiser.step()
        self.updates += 1
        self.losses.append(loss.item())
        if self.config.tau is not None:
            soft_update(self.target, self.algorithm, self.config.tau)
        elif self.updates % self.config.target_every == 0:
            hard_update(self.target, self.algorithm)

    def look(self, seconds: float) -> None:
        """Play greedily beside the run and write one entry of the history."""
        greedy = evaluate(self.evaluation_env, self.algorithm, seed=self.config.seed)
        finished = self.collector.take_returns()
        self.history.append(
            steps=self.steps, episodes=self.collector.episodes, updates=self.updates, epsilon=self.epsilon(),
            loss=mean(self.losses), exploring_return=mean(finished),
            greedy_return=greedy.mean_return, greedy_length=greedy.mean_length, seconds=seconds)
        self.losses = []

    def state_dict(self) -> dict:
        return {"algorithm": self.algorithm.state_dict(), "target": self.target.state_dict(),
                "optimiser": self.optimiser.state_dict(), "buffer": self.buffer.state_dict(),
                "env": self.env.state_dict(), "collector": self.collector.state_dict(),
                "generator": self.generator.get_state(), "history": asdict(self.history), "steps": self.steps,
                "updates": self.updates, "losses": list(self.losses), "seconds": self.seconds}

    def load_state_dict(self, saved: dict) -> None:
        for name in ("algorithm", "target", "optimiser", "buffer", "env", "collector"):
            getattr(self, name).load_state_dict(saved[name])
        self.generator.set_state(saved["generator"])
        self.history = History(**saved["history"])
        self.steps, self.updates = saved["steps"], saved["updates"]
        self.losses, self.seconds = list(saved["losses"]), saved["seconds"]


def train(env: TeamEnv, algorithm: Algorithm, config: TrainConfig = TrainConfig(), *,
          checkpoint: str | Path | None = None, resume: bool = False,
          on_evaluation: Callable[[Run], None] | None = None, stop: Callable[[], bool] | None = None) -> History:
    """Train ``algorithm`` in ``env`` (both are changed) and return the history.

    ``checkpoint``: a file that is written at every evaluation and at the end; a kill at any moment leaves a readable one.
    ``resume``: go on from that file; the run ends in the same bits as one that was never stopped. A file that was made
    with other settings is refused, and without ``resume`` one that is there already, before anything has changed.
    ``on_evaluation(run)`` is called after every entry of the history; ``stop()`` is asked after every step, and True ends
    the run early. A progress bar shows unless QMIX_COURSE_PROGRESS=0 is in the environment.
    """
    check_team(env, algorithm)
    if not isinstance(config, TrainConfig):
        raise TypeError(f"config: expected a TrainConfig, got {errors.describe(config)}")
    if resume and checkpoint is None:
        raise ValueError("resume: expected a checkpoint file to go on from, got checkpoint=None")
    if config.capacity < env.num_envs:
        raise ValueError(f"capacity: expected room for a row of each environment, at least num_envs = {env.num_envs}, "
                         f"got {config.capacity}")
    settings = {"config": asdict(config), "environment": env.settings(), "algorithm": algorithm.settings(),
                "dtype": str(torch.get_default_dtype())}
    saved = None
    if checkpoint is not None:
        env.state_dict()                        # an environment that cannot be resumed says so before the work begins
        saved = files.load(checkpoint) if resume else files.check_place(checkpoint)
    if saved is not None:
        files.check_settings(checkpoint, saved["settings"], settings)
    run = Run(env, algorithm, config)
    if saved is not None:
        run.load_state_dict(saved["state"])
    looked = True
    with bar(total=config.total_steps, initial=run.steps, unit="step") as shown:
        while not run.finished():
            looked = run.advance()
            shown.update(env.num_envs)
            if looked:
                shown.set_postfix(show(run.history))
                if checkpoint is not None:
                    files.save(checkpoint, settings, run.state_dict())
                if on_evaluation is not None:
                    on_evaluation(run)
            if stop is not None and stop():
                break
        if checkpoint is not None and not looked:
            files.save(checkpoint, settings, run.state_dict())
    return run.history


def show(history: History) -> dict[str, str]:
    """The last entry in short, for the progress bar."""
    last = {name: getattr(history, name)[-1] for name in ("episodes", "epsilon", "loss", "exploring_return", "greedy_return")}
    return {"episodes": last["episodes"], "ε": f"{last['epsilon']:.2f}", "loss": f"{last['loss']:.3g}",
            "exploring": f"{last['exploring_return']:.2f}", "greedy": f"{last['greedy_return']:.2f}"}


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
