"""Watching robots: whole episodes of many rows of Formation, written down."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from qmix_course import errors
from qmix_course.envs.formation import Formation
from qmix_course.evaluation import check_team
from qmix_course.exploration import greedy


@dataclass(frozen=True)
class Tracks:
    """One episode of ``T`` steps: places[T+1, N, 2] as (x, y), goals[N, 2] (the shape, laid over the last places),
    rewards[T], crowded[T+1] (pairs in each other's way), ``size`` of the plane, whether the shape was there in the end
    (``formed``, bool), and how far a robot sees (``view``)."""

    places: torch.Tensor
    goals: torch.Tensor
    rewards: torch.Tensor
    crowded: torch.Tensor
    size: float
    formed: bool
    view: float


@torch.no_grad()
def follow(env: Formation, algorithm, seed: int = 0, **start) -> list[Tracks]:
    """Play one greedy episode in every row of ``env`` and write down where the robots went; ``start`` goes to
    ``env.reset``.

    The same episodes as in ``evaluate(env, algorithm, seed=seed)``. Reset ``env`` before you step it again.
    """
    errors.instance("env", env, Formation)
    check_team(env, algorithm)
    step = env.reset(seed=errors.seed("seed", seed), **start)
    memory, actions = algorithm.start(step), torch.full((env.num_envs, env.spec.n_agents), -1)
    moments, orders = [(env.places, env.goals(), env.crowded())], []
    playing, ends = torch.ones(env.num_envs, dtype=torch.bool), torch.zeros(env.num_envs, dtype=torch.int64)
    while playing.any():
        q, memory = algorithm.act_values(step.obs, actions, memory)
        actions = greedy(q, step.available)
        step = env.step(actions)
        moments.append((env.places, env.goals(), env.crowded()))
        orders.append((step.reward, step.terminated))
        ends += playing
        playing &= ~step.ended
        if step.ended.any():                        # what these rows play from here on is not kept
            step = env.reset(where=step.ended)
    places, goals, crowded = (torch.stack(each, 1) for each in zip(*moments))
    rewards, formed = (torch.stack(each, 1) for each in zip(*orders))
    return [Tracks(places[b, :t + 1], goals[b, t], rewards[b, :t], crowded[b, :t + 1], env.size, bool(formed[b, t - 1]),
                   env.view)
            for b, t in enumerate(ends.tolist())]
