"""The training loop: collect, learn, move the target, look at it greedily, keep everything for an exact resume."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext, suppress
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

import torch

from qmix_course import checkpoint as files
from qmix_course import errors
from qmix_course.algorithms import Algorithm
from qmix_course.bars import bar
from qmix_course.collect import Collector, env_state, row_length
from qmix_course.config import TrainConfig, check_capacity, never_learns
from qmix_course.envs.base import TeamEnv
from qmix_course.envs.doubts import reward_doubt
from qmix_course.evaluation import check_team, evaluate, rows_for_evaluation, starts_differ
from qmix_course.exploration import another_seed, linear_schedule
from qmix_course.history import History, mean
from qmix_course.learner import Learner
from qmix_course.replay import Batch, ReplayBuffer
from qmix_course.target import hard_update, soft_update  # noqa: F401, for whoever writes a loop of one's own
from qmix_course.teams import Best
from qmix_course.watch import Watch, no_update

BEGINS = "begins a new episode in every row, so it is not exactly the run that was never stopped"


class Run:
    """Everything that changes while a team trains, and the one step that changes it.

    ``lone``: whether its learner is its own. If not, whoever makes the run gives it one that several share, and
    updates.
    """

    def __init__(self, env: TeamEnv, algorithm: Algorithm, config: TrainConfig, lone: bool = True):
        self.env, self.algorithm, self.config = env, algorithm.to(config.device), config
        self.evaluation_env = rows_for_evaluation(env, config.evaluation_episodes)
        self.generator = torch.Generator().manual_seed(config.seed)            # exploration and replay
        self.target = deepcopy(algorithm).requires_grad_(False)
        self.seen = list(zip(self.target.buffers(), algorithm.buffers(), strict=True))
        self.learner = Learner([algorithm], [self.target], config) if lone else None
        length, memory = row_length(env, algorithm), algorithm.memory_dim
        self.buffer = ReplayBuffer(config.capacity, env.spec, length, memory, config.device)
        self.collector = Collector(env, algorithm, another_seed(config.seed), self.generator, config.parameter_noise)
        self.history = History()
        self.watch = Watch(algorithm.gamma, env.spec.episode_limit)
        self.steps, self.losses, self.seconds = 0, [], 0.0

    @property
    def updates(self) -> int:
        """How many there have been."""
        return self.learner.updates

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
        """One joint action in every row, into the memory. An entry that was made between two scheduled ones goes again.
        """
        if len(self.history) and not self.scheduled(self.history.steps[-1]):
            self.history.drop_last()
        rows = self.collector.step(self.epsilon())
        self.buffer.add(rows)
        self.watch.see(rows)
        # What was seen of the state's size is no weight: the target knows it at once, also between two hard copies.
        for old, new in self.seen:
            old.copy_(new)
        self.steps += self.env.num_envs

    def due(self) -> bool:
        """Whether an update is due: counted from learning_starts; those that had to wait for a full batch are made up
        for."""
        due = max(0, self.steps - self.config.learning_starts) // self.config.update_every
        return self.updates < due and len(self.buffer) >= self.config.batch_size

    def looks(self) -> bool:
        """Whether the last call of ``play`` reached the next entry of the history, or the end."""
        return self.scheduled(self.steps) or self.finished()

    def scheduled(self, steps: int) -> bool:
        """Whether the history of every run that gets there has an entry after ``steps`` steps."""
        every = self.config.evaluate_every
        return steps // every > (steps - self.env.num_envs) // every

    def finished(self) -> bool:
        return self.steps >= self.config.total_steps

    def epsilon(self) -> float:
        config = self.config
        return linear_schedule(config.epsilon_start, config.epsilon_end, config.epsilon_steps, self.steps)

    def update(self) -> None:
        """One optimiser step on one sampled batch, then the target. ``TrainingDiverged`` before the step if it can only
        harm."""
        batch = self.sample(self.generator)
        self.learner.slow_down(self.steps)
        self.losses += self.learner.update([batch], f"at update {self.updates + 1:,}, after {self.steps:,} steps")

    def sample(self, dice: torch.Generator) -> Batch:
        """A batch from the memory, its rewards in the units in which the team learns."""
        batch = self.buffer.sample(self.config.batch_size, dice)
        mean, spread = self.reward_units()
        if (mean, spread) == (0.0, 1.0):
            return batch
        return replace(batch, reward=(batch.reward - mean) / spread * batch.mask)       # padding stays 0

    def reward_units(self) -> tuple[float, float]:
        """What is taken from every reward, and by what it is then divided."""
        if self.config.reward_units == "as paid":
            return 0.0, 1.0
        mean, spread = self.buffer.rewards()
        return mean if self.config.reward_units == "standard" else 0.0, spread or 1.0

    def paid(self) -> str | None:
        """A word on rewards from which nothing can be learned, or little in their units; None where there is none."""
        size = max(map(abs, self.watch.going + self.watch.ending))
        if size == 0:
            return (f"every reward in {self.steps:,} steps was 0, so there was nothing to learn from. Is it paid at "
                    "all, and can agents that act at random earn it? If rarely: more steps, or rewards on the way")
        return reward_doubt(size, self.buffer.rewards()[1]) if self.config.reward_units == "as paid" else None

    def look(self, seconds: float) -> None:
        """Play greedily beside the run and write one entry of the history.

        One that is not scheduled (the run ends here, for now) leaves the means open, so that a run which goes on from
        here is the run that never stopped.
        """
        greedy = evaluate(self.evaluation_env, self.algorithm, seed=self.config.seed)
        scheduled = self.scheduled(self.steps)
        finished = self.collector.take_returns() if scheduled else self.collector.finished_returns
        self.history.append(
            steps=self.steps, episodes=self.collector.episodes, updates=self.updates, epsilon=self.epsilon(),
            loss=mean(self.losses), exploring_return=mean(finished),
            greedy_return=greedy.mean_return, greedy_length=greedy.mean_length, seconds=seconds)
        if scheduled:
            self.losses = []
        if scheduled and self.updates:              # a batch of its own dice: the run goes on as if nobody had looked
            dice = torch.Generator().manual_seed(self.steps)
            self.watch.look(self.algorithm, self.sample(dice), self.steps, *self.reward_units())

    def state_dict(self) -> dict:
        return {"algorithm": self.algorithm.state_dict(), "target": self.target.state_dict(),
                "optimiser": self.learner.optimiser.state_dict(), "buffer": self.buffer.state_dict(),
                "env": env_state(self.env), "collector": self.collector.state_dict(),
                "watch": self.watch.state_dict(),
                "generator": self.generator.get_state(), "history": asdict(self.history), "steps": self.steps,
                "updates": self.updates, "losses": list(self.losses), "seconds": self.seconds}

    def load_state_dict(self, saved: dict) -> None:
        exact = saved["env"] is not None
        for name in ("algorithm", "target", "buffer", "watch", *(("env", "collector") if exact else ())):
            getattr(self, name).load_state_dict(saved[name])
        self.learner.load_optimiser(saved["optimiser"], saved["updates"])
        self.generator.set_state(saved["generator"])
        if not exact:                               # new episodes in every row, not those that the run began with
            self.collector.begin_anew(saved["collector"], another_seed(saved["steps"]))
        self.history = History(**saved["history"])
        self.watch.looked = any(updates and self.scheduled(steps)           # what was said then is not said again
                                for steps, updates in zip(self.history.steps, self.history.updates))
        self.steps, self.losses, self.seconds = saved["steps"], list(saved["losses"]), saved["seconds"]


def train(env: TeamEnv, algorithm: Algorithm, config: TrainConfig = TrainConfig(), *,
          checkpoint: str | Path | None = None, resume: bool = False,
          on_evaluation: Callable[[Run], object] | None = None, stop: Callable[[], bool] | None = None) -> History:
    """Train ``algorithm`` in ``env`` (both are changed) and return the history.

    ``checkpoint``: a file that is written at every evaluation and at the end; a kill at any moment leaves a readable
    one. Beside it, with "-best" in its name, is the best team that an evaluation has seen (by greedy return; of equals
    the earlier), for ``load_team``.
    ``resume``: go on from that file; the run ends in the same bits as one that was never stopped. Where the environment
    cannot give its state, it goes on with a new episode in every row, inexactly, and says so. ``total_steps`` may be
    larger than it was: then a finished run goes on too, and ends as one that was that long from the start. A file that
    was made with other settings is refused (what changed as the run went is none), and without ``resume`` one that is
    there already, before anything has changed. ``on_evaluation(run)`` is called after every entry of the history;
    ``stop()`` is asked after every step, and True ends the run early, with an entry for what was played since the last
    (which goes again when the run is resumed). Settings with which nothing can be learned are warned of, and a best
    team that a single episode chooses where episodes begin in different ways; a run that ends without an update, or
    without any reward but 0, or whose rewards are very small or large, says so. A progress bar shows unless
    QMIX_COURSE_PROGRESS=0 is in the environment.
    """
    check_arguments(env, algorithm, config, checkpoint, resume, on_evaluation, stop)
    settings = {"config": asdict(config), "environment": env.settings(), "algorithm": algorithm.settings(),
                "dtype": str(torch.get_default_dtype())}
    if checkpoint is not None and not resume:
        files.check_place(checkpoint)           # asked again once nobody else can make the file meanwhile
    with nullcontext() if checkpoint is None else files.hold(checkpoint):       # nobody else writes this file meanwhile
        saved = best = None
        if checkpoint is not None:
            saved = files.load(checkpoint) if resume else files.check_place(checkpoint)
            if saved is not None:
                check_resume(checkpoint, saved, settings)
            settings["changing"] = [] if saved is None else saved["settings"].get("changing") or []
            best = Best(checkpoint, settings, resume)
        if checkpoint is not None and config.evaluation_episodes == 1 and starts_differ(env):
            warnings.warn("train: each look plays one greedy episode (evaluation_episodes = 1), and episodes begin in "
                          "different ways here, so greedy_return, and which team is kept as the best, are largely "
                          "luck. Choose 32 or more", stacklevel=2)
        doubt = never_learns(config, env.spec, env.num_envs, algorithm.recurrent)
        if doubt is not None:
            warnings.warn(f"train: with these settings nothing is learned. {doubt}", stacklevel=2)
        run = Run(env, algorithm, config) if saved is None else resumed(env, algorithm, config, checkpoint,
                                                                        saved["state"])
        if checkpoint is not None and env_state(env) is None:               # some can only say so after a reset
            name = getattr(env, "name", type(env).__name__)
            warnings.warn(f"train: {name} cannot give its state. A run that is resumed {BEGINS}", stacklevel=2)
        elif saved is not None and saved["state"]["env"] is None:
            warnings.warn(f"train: {checkpoint} holds no state of the environment. The run {BEGINS}", stacklevel=2)
        with bar(total=config.total_steps, initial=run.steps, unit="step") as shown:
            while not run.finished():
                looked = run.advance()
                shown.update(env.num_envs)
                if looked:
                    record(run, shown, checkpoint, best, settings, on_evaluation)
                if stop is not None and stop():
                    if not looked:
                        run.look(run.seconds)
                        record(run, shown, checkpoint, best, settings, on_evaluation)
                    break
        if run.finished() and run.updates == 0:
            warnings.warn(f"train: {no_update(run)}", stacklevel=2)
        elif run.finished() and (words := run.paid()):
            warnings.warn(f"train: {words}", stacklevel=2)
        return run.history


def resumed(env: TeamEnv, algorithm: Algorithm, config: TrainConfig, checkpoint: str | Path, state: dict) -> Run:
    """The run whose ``state`` was read from a file. If a part of it is missing or wrong, nothing has changed."""
    weights, world = deepcopy(algorithm.state_dict()), None
    with suppress(Exception):                   # before its first reset an environment may have none, to be put back
        world = deepcopy(env_state(env))
    try:
        run = Run(env, algorithm, config)
        files.check_whole(*(each | {"env": None} for each in (state, run.state_dict())))    # env looks at its own part
        run.load_state_dict(state)
    except Exception as error:
        algorithm.load_state_dict(weights)
        if world is not None:
            with suppress(Exception):           # if this fails too, the first error says why
                env.load_state_dict(world)
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(f"checkpoint: {checkpoint} does not hold a whole run ({said})") from error
    return run


def record(run: Run, shown, checkpoint: str | Path | None, best: Best | None, settings: dict,
           on_evaluation: Callable | None) -> None:
    """The history has a new entry: say it, save it, hand it on."""
    shown.set_postfix(run.history.in_short())
    if checkpoint is not None:
        files.note_changes(settings, environment=run.env.settings(), algorithm=run.algorithm.settings())
        if run.scheduled(run.steps) or run.finished():          # not where somebody happened to stop the run
            best.see(run.algorithm, run.history.greedy_return[-1], run.steps)
        files.save(checkpoint, settings, run.state_dict())
    if on_evaluation is not None:
        on_evaluation(run)


def check_arguments(env, algorithm, config, checkpoint, resume, on_evaluation, stop) -> None:
    """All that ``train`` refuses without having looked into a file."""
    check_team(env, algorithm)
    errors.instance("algorithm", algorithm, Algorithm)
    errors.instance("config", config, TrainConfig)
    if checkpoint is not None:
        errors.path("checkpoint", checkpoint)
    errors.function("on_evaluation", on_evaluation)
    errors.function("stop", stop)
    if errors.switch("resume", resume) and checkpoint is None:
        raise ValueError("resume: expected a checkpoint file to go on from, got checkpoint=None")
    check_capacity(config, env.num_envs)


def check_resume(checkpoint: str | Path, saved: dict, settings: dict) -> None:
    """The file must be a run's, with these settings; only ``total_steps`` may have grown since."""
    if "collector" not in saved["state"]:
        raise ValueError(f"checkpoint: {checkpoint} holds the weights of a team and no run to go on with")
    there, steps = saved["settings"].get("config"), settings["config"]["total_steps"]
    if isinstance(there, dict) and isinstance(there.get("total_steps"), int) and there["total_steps"] < steps:
        there = there | {"total_steps": steps}
    files.check_settings(checkpoint, saved["settings"] | {"config": there}, settings)
