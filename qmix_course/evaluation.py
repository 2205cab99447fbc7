"""Greedy, decentralised play: every agent takes its own best action from its own observation; nothing is drawn.

Beside a trained team stand those that need no training: one that draws its actions, and rules that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from qmix_course import errors, strangers
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep
from qmix_course.envs.grid import GridWorld
from qmix_course.exploration import another_seed, greedy

RANDOM = "random"               # the team that takes every available action with equal chance


@dataclass(frozen=True)
class Evaluation:
    """What ``episodes`` greedy episodes brought: returns[E] (undiscounted), lengths[E] int64, terminated[E] bool."""

    returns: torch.Tensor
    lengths: torch.Tensor
    terminated: torch.Tensor

    @property
    def mean_return(self) -> float:
        return float(self.returns.mean())

    @property
    def mean_length(self) -> float:
        return float(self.lengths.double().mean())

    def __repr__(self) -> str:
        return (f"Evaluation(mean_return={self.mean_return:.4g}, mean_length={self.mean_length:.4g}, "
                f"{int(self.terminated.sum())} of {len(self.returns)} episodes terminated)")


@dataclass(frozen=True)
class Episode:
    """One greedy episode of ``T`` steps: what the agents saw, thought and did.

    obs[T+1, N, O] · state[T+1, S] · actions[T, N] · rewards[T] · agent_qs[T, N, A] · terminated (bool).
    In the grid world also positions[T+1, N, 2], goals[N, 2] and size; elsewhere these are None.
    """

    obs: torch.Tensor
    state: torch.Tensor
    actions: torch.Tensor
    rewards: torch.Tensor
    agent_qs: torch.Tensor
    terminated: bool
    positions: torch.Tensor | None = None
    goals: torch.Tensor | None = None
    size: int | None = None


@torch.no_grad()
def evaluate(env: TeamEnv, algorithm, episodes: int | None = None, seed: int = 0, **start) -> Evaluation:
    """Play ``episodes`` greedy episodes (default: one in every row of ``env``) and return what they brought.

    ``algorithm``: a trained team; or ``"random"``, a team that takes every available action with equal chance, from
    dice of its own that ``seed`` starts; or a rule of your own, a function of obs[B, N, O] and available[B, N, A] that
    returns actions[B, N]. Reset ``env`` before you step it again. ``start`` goes to ``env.reset`` (the grid world:
    ``positions``).
    """
    check_player(env, algorithm)
    episodes = env.num_envs if episodes is None else errors.whole_number("episodes", episodes)
    seed = errors.seed("seed", seed)
    if start and episodes > env.num_envs:
        raise ValueError(f"episodes: expected at most num_envs = {env.num_envs} with a given start, got {episodes}")
    dice = torch.Generator().manual_seed(another_seed(seed))
    rounds = [play_rows(env, algorithm, seed if number == 0 else None, start, dice)
              for number in range(-(-episodes // env.num_envs))]
    returns, lengths, terminated = (torch.cat(parts)[:episodes] for parts in zip(*rounds))
    return Evaluation(returns, lengths, terminated)


def play_rows(env: TeamEnv, algorithm, seed: int | None, start: dict, dice: torch.Generator | None = None):
    """One episode in every row: returns[B], lengths[B], terminated[B]. ``dice``: of a team that draws."""
    step = env.reset(seed=seed, **start)
    choose = chooser(algorithm, step, dice)
    returns, lengths = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.int64)
    playing, solved = torch.ones_like(step.terminated), torch.zeros_like(step.terminated)
    for _ in range(env.spec.episode_limit):
        step = env.step(choose(step))
        returns += step.reward * playing
        lengths += playing
        solved |= step.terminated & playing
        playing &= ~step.ended
        if not playing.any():
            check_pay(env, returns)
            return returns, lengths, solved
        if step.ended.any():                     # these rows are over; what they play from here on is not counted
            step = env.reset(where=step.ended)
    raise never_over(env, playing)


def check_pay(env: TeamEnv, returns: torch.Tensor) -> None:
    """NaN or infinity among returns[B] would be nobody's best and nobody's worst, without a word."""
    if not errors.finite(returns):
        name, row = getattr(env, "name", type(env).__name__), int((~returns.isfinite()).nonzero()[0])
        raise ValueError(f"reward: expected finite numbers from {name}, got NaN or infinity in row {row}")


def never_over(env: TeamEnv, playing: torch.Tensor) -> ValueError:
    """What is said of episodes in the rows ``playing[B]`` that nobody has ended: to play on could take for ever."""
    name, rows = getattr(env, "name", type(env).__name__), playing.nonzero().flatten().tolist()
    return ValueError(f"env: expected every episode of {name} to be over after spec.episode_limit = "
                      f"{env.spec.episode_limit} steps, got neither terminated nor truncated by then in row(s) "
                      f"{rows[:8]}. Flag truncated where the clock has run out, or give the limit that is meant")


def chooser(algorithm, first: TeamStep, dice: torch.Generator | None) -> Callable[[TeamStep], torch.Tensor]:
    """What chooses actions[B, N] at every step of episodes that begin with ``first``."""
    if type(algorithm) is str:
        return lambda step: torch.rand(step.available.shape, generator=dice, dtype=torch.float64).masked_fill(
            ~step.available, -1.0).argmax(-1)
    if is_rule(algorithm):
        return lambda step: algorithm(step.obs, step.available)
    memory = algorithm.start(first)                 # without a generator: nothing is drawn here either
    actions = torch.full(first.available.shape[:2], -1)

    def greedily(step: TeamStep) -> torch.Tensor:
        nonlocal memory, actions
        q, memory = algorithm.act_values(step.obs, actions, memory)
        actions = greedy(q, step.available)
        return actions
    return greedily


def copied(env: TeamEnv, rows: int) -> TeamEnv:
    """``env.clone(num_envs=rows)``; ``ValueError`` where a clone of somebody's own fails by mistake."""
    try:
        return env.clone(num_envs=rows)
    except TypeError as error:
        if error.__traceback__.tb_next is not None and strangers.is_ours(error):    # a refusal in the course's words
            raise
        raise ValueError(f"env: clone(num_envs={rows}) of {type(env).__name__} raised {strangers.told(error)}; "
                         "expected the same task, not yet reset, with so many rows") from error


def rows_for_evaluation(env: TeamEnv, episodes: int) -> TeamEnv:
    """The same task with a row for each greedy episode."""
    try:
        return copied(env, episodes)
    except (TypeError, ValueError) as error:
        if episodes == 1 or isinstance(error.__cause__, TypeError):
            raise
        raise ValueError(f"evaluation_episodes: expected 1, because no copy of this environment with {episodes} rows "
                         f"can be made, got {episodes}. Make the environment from a function that makes a new one at "
                         f"every call, or choose 1. ({error})") from error


def starts_differ(env: TeamEnv) -> bool:
    """Whether episodes of this task begin in different ways, seen from eight of them in a copy with one row."""
    copy = copied(env, 1)
    first, *others = (copy.reset(seed=seed) for seed in range(8))
    return any(not torch.equal(first.obs, each.obs) or not torch.equal(first.state, each.state) for each in others)


@torch.no_grad()
def play(env: TeamEnv, algorithm, seed: int = 0, **start) -> Episode:
    """One greedy episode, written down step by step. ``env`` must have one row (``num_envs=1``)."""
    check_team(env, algorithm)
    if env.num_envs != 1:
        raise ValueError(f"env: expected one row (num_envs=1), got {env.num_envs}")
    seed = errors.seed("seed", seed)
    step = env.reset(seed=seed, **start)
    memory = algorithm.start(step)
    actions = torch.full((1, env.spec.n_agents), -1)
    board = isinstance(env, GridWorld)          # what others call positions may be anything
    steps, chosen, values, places = [step.copy()], [], [], [env.positions if board else None]
    for _ in range(env.spec.episode_limit):
        q, memory = algorithm.act_values(step.obs, actions, memory)
        actions = greedy(q, step.available)
        step = env.step(actions)
        steps.append(step.copy()), chosen.append(actions), values.append(q)
        places.append(env.positions if board else None)
        if step.ended.item():
            break
    else:
        raise never_over(env, ~step.ended)
    return Episode(
        obs=torch.cat([s.obs for s in steps]), state=torch.cat([s.state for s in steps]), actions=torch.cat(chosen),
        rewards=torch.cat([s.reward for s in steps[1:]]), agent_qs=torch.cat(values),
        terminated=bool(step.terminated), positions=torch.cat(places) if board else None,
        goals=env.goals if board else None, size=env.size if board else None)


def success_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95% interval (low, high) for a success rate of which ``successes`` of ``trials`` were seen (Wilson 1927).

    It stays within 0 and 1 and says something even for 0 or all: 20 of 20 leaves 0.84 to 1.
    """
    trials = errors.whole_number("trials", trials)
    successes = errors.whole_number("successes", successes, at_least=0)
    if successes > trials:
        raise ValueError(f"successes: expected at most trials = {trials}, got {successes}")
    z, rate = 1.959963984540054, successes / trials
    middle = (rate + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * (rate * (1 - rate) / trials + z**2 / (4 * trials**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def check_team(env, algorithm, or_else: str = "") -> None:
    """The team must fit the environment. ``or_else``: what else would have done, in words."""
    errors.instance("env", env, TeamEnv)
    spec = spec_of(algorithm, or_else)
    for name in ("n_agents", "n_actions", "obs_dim", "state_dim"):
        if getattr(spec, name) != getattr(env.spec, name):
            raise ValueError(f"algorithm: made for {name} = {getattr(spec, name)}, "
                             f"but the environment has {getattr(env.spec, name)}")


def check_player(env, algorithm) -> None:
    """A team that fits the environment, or what else ``evaluate`` lets play."""
    if (type(algorithm) is str and algorithm == RANDOM) or is_rule(algorithm):
        errors.instance("env", env, TeamEnv)
    else:
        check_team(env, algorithm, f", {RANDOM!r}, or a function of obs and available that returns actions")


def is_rule(value) -> bool:
    """Whether it is a function that chooses actions, and no network, no class, no team."""
    try:
        return callable(value) and not hasattr(value, "act_values") and not isinstance(value, (type, torch.nn.Module))
    except Exception:                                       # whatever came cannot even be asked
        return False


def spec_of(algorithm, or_else: str = "") -> TeamSpec:
    """The sizes that a team was made for; ``TypeError`` if ``algorithm`` is no team that can act."""
    try:
        spec = algorithm.spec if callable(algorithm.act_values) and not isinstance(algorithm, type) else None
    except Exception:                                       # whatever came has no such thing
        spec = None
    if not isinstance(spec, TeamSpec):
        raise TypeError(f"algorithm: expected an Algorithm{or_else}, got {errors.describe(algorithm)}")
    return spec
