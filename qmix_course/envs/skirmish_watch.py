"""Watching battles: whole episodes of many rows written down, and what the team did in them, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from qmix_course import errors
from qmix_course.envs.skirmish import Skirmish
from qmix_course.evaluation import check_team
from qmix_course.exploration import greedy


@dataclass(frozen=True)
class Scenes:
    """One episode of ``T`` steps, units in the order team, enemies (``U`` in all).

    places[T+1, U, 2] as (x, y) · health[T+1, U] · shots[T, U, U] bool, who shot at whom · actions[T, N] · rewards[T] ·
    full[U], the health of the unhurt · attack[U], what a shot takes · letters, each unit's kind · n, the team's units ·
    won (bool).
    """

    places: torch.Tensor
    health: torch.Tensor
    shots: torch.Tensor
    actions: torch.Tensor
    rewards: torch.Tensor
    full: torch.Tensor
    attack: torch.Tensor
    letters: str
    n: int
    won: bool


@dataclass(frozen=True)
class Deeds:
    """What a team did to its enemies in some episodes: battles, wins and losses of its own units (``fallen``), shots,
    kills, and of all the damage that its shots could have done the part that was dealt and the part that was too much,
    because the target had less health left (``wasted``). volleys: steps with two or more shots; focused: those of them
    in which all went at one enemy."""

    battles: int
    wins: int
    fallen: int
    shots: int
    kills: int
    dealt: float
    wasted: float
    volleys: int
    focused: int


@torch.no_grad()
def watch(env: Skirmish, algorithm, seed: int = 0, **start) -> list[Scenes]:
    """Play one greedy episode in every row of ``env`` and write all of it down; ``start`` goes to ``env.reset``.

    The same episodes as in ``evaluate(env, algorithm, seed=seed)``. Reset ``env`` before you step it again.
    """
    errors.instance("env", env, Skirmish)
    check_team(env, algorithm)
    step = env.reset(seed=errors.seed("seed", seed), **start)
    memory, actions = algorithm.start(step), torch.full((env.num_envs, env.spec.n_agents), -1)
    moments, orders, playing = [(env.places, env.health)], [], torch.ones(env.num_envs, dtype=torch.bool)
    ends = torch.zeros(env.num_envs, dtype=torch.int64)
    while playing.any():
        q, memory = algorithm.act_values(step.obs, actions, memory)
        actions = greedy(q, step.available)
        shots = env.shots(actions)
        step = env.step(actions)
        orders.append((shots, actions, step.reward))
        moments.append((env.places, env.health))
        ends += playing
        playing &= ~step.ended
        if step.ended.any():                        # what these rows play from here on is not kept
            step = env.reset(where=step.ended)
    places, health = (torch.stack(each, 1) for each in zip(*moments))
    shots, actions, rewards = (torch.stack(each, 1) for each in zip(*orders))
    full, attack = env.constants()
    return [Scenes(places[b, :t + 1], health[b, :t + 1], shots[b, :t], actions[b, :t], rewards[b, :t], full, attack,
                   env.letters, env.spec.n_agents, bool(env.won(rewards[b, :t].sum())))
            for b, t in enumerate(ends.tolist())]


def deeds(scenes: Sequence[Scenes]) -> Deeds:
    """Count what the team did in these episodes."""
    scenes = errors.sequence("scenes", scenes, "episodes")
    if not scenes:
        raise ValueError("scenes: expected at least one episode, got none")
    total = dict.fromkeys(("battles", "wins", "fallen", "shots", "kills", "dealt", "wasted", "volleys", "focused"), 0)
    for each in scenes:
        n = errors.instance("scenes", each, Scenes).n
        ours = each.shots[:, :n, n:]                                            # [T, N, M]
        before, after = each.health[:-1, n:], each.health[1:, n:]
        volley, at = ours.sum((1, 2)) >= 2, ours.any(1).sum(1)
        found = {"battles": 1, "wins": each.won, "fallen": (each.health[-1, :n] == 0).sum(), "shots": ours.sum(),
                 "kills": ((before > 0) & (after == 0)).sum(), "dealt": (before - after).sum(),
                 "wasted": (ours.double().sum(2) @ each.attack[:n].double()).sum() - (before - after).sum(),
                 "volleys": volley.sum(), "focused": (volley & (at == 1)).sum()}
        total = {name: value + found[name] for name, value in total.items()}
    return Deeds(**{name: float(value) if name in ("dealt", "wasted") else int(value)
                    for name, value in total.items()})
