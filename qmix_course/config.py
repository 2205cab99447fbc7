"""The settings of a training run, and what can be said of them before it begins."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

from qmix_course import errors
from qmix_course.envs.base import TeamSpec

REWARD_UNITS = ("as paid", "spread", "standard")
EPISODES = {"capacity": 1_000, "batch_size": 16}                    # where replay rows are whole episodes
SIZES = ("capacity", "batch_size", "evaluation_episodes")           # what is laid out in memory; the rest counts steps


@dataclass(frozen=True)
class TrainConfig:
    """Every choice of a training run. Steps are environment steps, summed over the rows of the environment.

    The default preset is for 32 rows (``GridWorld(num_envs=32)``); ``TrainConfig.reference()`` is the slow preset,
    ``TrainConfig.of_episodes()`` the one for recurrent agents.

    - ``seed``: of exploration, replay and the environment's chance
    - ``total_steps``: the run ends once so many steps were played
    - ``capacity``: replay rows: transitions, or whole episodes for recurrent agents
    - ``batch_size``: rows an update
    - ``learning_starts``: steps played before the first update (which also waits for a full batch)
    - ``update_every``: steps for each update
    - ``learning_rate``: Adam's
    - ``learning_rate_steps``: the rate falls to 0 on a straight line over so many steps; None: it stays
    - ``reward_units``: "as paid"; "spread": rewards ÷ their spread in memory; "standard": less their mean, too
    - ``max_grad_norm``: longer gradients are shortened to this norm
    - ``tau``: soft target update, after every optimiser step: target += τ (online − target)
    - ``target_every``: hard target update instead: a copy every so many optimiser steps
    - ``epsilon_start``: the probability of a random action at first
    - ``epsilon_end``: the probability of a random action in the end
    - ``epsilon_steps``: steps from epsilon_start to epsilon_end, on a straight line
    - ``parameter_noise``: explore by noise on the agents' weights; ε then sets only how much of it
    - ``evaluate_every``: steps from one row of the history to the next
    - ``evaluation_episodes``: greedy episodes for each row of the history; where they begin at random, 32 or more
    - ``compile``: torch.compile for the loss of teams without memory: slow at first, then faster, equal up to rounding
    - ``device``: where networks and replay are: "cuda" for a GPU; environments stay where they are
    """

    seed: int = 0
    total_steps: int = 8_000
    capacity: int = 10_000
    batch_size: int = 128
    learning_starts: int = 500
    update_every: int = 16
    learning_rate: float = 4e-3
    learning_rate_steps: int | None = None
    reward_units: str = "as paid"
    max_grad_norm: float = 10.0
    tau: float | None = 0.02
    target_every: int | None = None
    epsilon_start: float = 1.0
    epsilon_end: float = 0.05
    epsilon_steps: int = 8_000
    parameter_noise: bool = False
    evaluate_every: int = 500
    evaluation_episodes: int = 1
    compile: bool = False
    device: str = "cpu"

    def __post_init__(self):
        errors.switch("parameter_noise", self.parameter_noise)
        errors.switch("compile", self.compile)
        plain = {"seed": errors.seed("seed", self.seed)}    # plain numbers, whatever kind came: a checkpoint holds them
        plain["device"] = errors.device("device", self.device)
        for name, lowest in (("total_steps", 1), ("capacity", 1), ("batch_size", 1), ("learning_starts", 0),
                             ("update_every", 1),
                             ("epsilon_steps", 1), ("evaluate_every", 1), ("evaluation_episodes", 1)):
            plain[name] = errors.whole_number(name, getattr(self, name), lowest,
                                              errors.MOST if name in SIZES else errors.LONGEST)
        for name in ("learning_rate", "max_grad_norm"):
            plain[name] = errors.number(name, getattr(self, name), above=0.0)
        errors.choice("reward_units", self.reward_units, REWARD_UNITS)
        if self.learning_rate_steps is not None:
            plain["learning_rate_steps"] = errors.whole_number("learning_rate_steps", self.learning_rate_steps,
                                                               at_most=errors.LONGEST)
            if plain["learning_rate_steps"] < plain["total_steps"]:
                raise ValueError(f"learning_rate_steps: expected at least total_steps = {plain['total_steps']}, "
                                 f"because nothing is learned at a rate of 0, got {plain['learning_rate_steps']}")
        for name in ("epsilon_start", "epsilon_end"):
            plain[name] = errors.number(name, getattr(self, name), 0.0, 1.0)
        if (self.tau is None) == (self.target_every is None):
            raise ValueError("tau, target_every: expected one of the two and None for the other, "
                             f"got tau={errors.brief(self.tau)}, target_every={errors.brief(self.target_every)}")
        if self.tau is not None:
            plain["tau"] = errors.number("tau", self.tau, high=1.0, above=0.0)
        else:
            plain["target_every"] = errors.whole_number("target_every", self.target_every, at_most=errors.LONGEST)
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

    @classmethod
    def of_episodes(cls, **changes) -> TrainConfig:
        """For recurrent agents, whose replay rows are whole episodes: far fewer rows in memory and in a batch.

        It is what the command line takes with ``--recurrent``: ``TrainConfig.of_episodes(total_steps=32_000)``.
        """
        return replace(cls(), **EPISODES | changes)

    @classmethod
    def in_words(cls) -> dict[str, str]:
        """What each field is, by name: the lines of the docstring above."""
        said = dict(re.findall(r"- ``(\w+)``: (.*)", cls.__doc__ or ""))
        return {each.name: said.get(each.name, "") for each in fields(cls)}


def check_capacity(config: TrainConfig, num_envs: int) -> None:
    """A step finishes up to a replay row of each environment, and the memory must hold them."""
    if config.capacity < num_envs:
        raise ValueError(f"capacity: expected room for a row of each environment, at least num_envs = {num_envs}, got "
                         f"{config.capacity}")


def never_learns(config: TrainConfig, spec: TeamSpec, num_envs: int, recurrent: bool) -> str | None:
    """Why a run with these settings cannot learn, as far as that is known before it begins; None where nothing is.

    ``recurrent``: a replay row is a whole episode. How long episodes last nobody knows beforehand, so what is said of
    them holds unless they end before ``spec.episode_limit``.
    """
    calls = -(-config.total_steps // num_envs)                  # of env.step, each of which plays num_envs steps
    steps = calls * num_envs
    updates = max(0, steps - config.learning_starts) // config.update_every
    if updates == 0:
        return (f"learning_starts = {config.learning_starts}, update_every = {config.update_every}: the first update "
                f"is due after {config.learning_starts + config.update_every} steps, and the run ends after {steps} "
                f"(total_steps)")
    if config.batch_size > steps:
        return (f"batch_size = {config.batch_size}: an update needs so many replay rows, and the run ends after "
                f"{steps} steps")
    rows = num_envs * (calls // spec.episode_limit)
    if recurrent and config.batch_size > rows:
        return (f"batch_size = {config.batch_size}: an update needs so many whole episodes, and {steps} steps in "
                f"{num_envs} environments are {rows} episodes of {spec.episode_limit} steps; unless many end earlier, "
                "choose a smaller batch_size, more total_steps, or a shorter episode_limit")
    if config.target_every is not None and config.target_every > updates and spec.episode_limit > 1:
        return (f"target_every = {config.target_every}: the run makes {updates} updates, so the target network is "
                "never copied and keeps its first weights")
    return None
