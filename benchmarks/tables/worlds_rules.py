"""What needs no training, for the table of worlds: a team that draws its actions, and rules written by hand.

A rule is told what all agents see, so it may know more than a trained agent does: it stands beside the figures of
trained teams as what is there to be had, not as a competitor.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import torch

from qmix_course.envs.base import TeamSpec

PUSHES = torch.tensor([[0.0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]])     # mpe2's five actions
AHEAD = 0.4                     # how long, in mpe2's time, a push rolls on: about what friction leaves of it
STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))                  # LBF's actions 1 to 4, as (row, column); 0: none, 5: load
LOAD = 5
SMAX_MOVES, SMAX_UNIT = 5, 13   # SMAX: north, east, south, west, stop, then attacks; numbers told of each other unit


class RuleTeam:
    """A team for ``evaluate``: ``values(obs[B, N, O])`` is [B, N, A], highest for what is to be done.

    No value says what is available: whoever plays them takes the best one that is.
    """

    def __init__(self, spec: TeamSpec, values: Callable[[torch.Tensor], torch.Tensor]):
        self.spec, self.values = spec, values

    def start(self, batch, generator=None) -> None:
        return None

    def act_values(self, obs, last_actions=None, memory=None):
        return self.values(obs), None


def draws(spec: TeamSpec) -> RuleTeam:
    """Every available action with equal chance."""
    dice = torch.Generator().manual_seed(0)
    return RuleTeam(spec, lambda obs: torch.rand(*obs.shape[:2], spec.n_actions, generator=dice))


def push_towards(way: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
    """mpe2's action that, if the agent only rolled on after it, would end nearest to way[..., 2]: [...]."""
    pushes = PUSHES.to(way.dtype)
    rolls = 0.1 * velocity[..., None, :] + AHEAD * (0.75 * velocity[..., None, :] + 0.5 * pushes)
    return ((way[..., None, :] - rolls) ** 2).sum(-1).argmin(-1)


def told_the_goal(obs: torch.Tensor) -> torch.Tensor:
    """Speaker and listener: the speaker says the goal's number, and the listener has known it from the start."""
    goal, ways = obs[:, 0, :3].argmax(-1), obs[:, 1, 2:8].reshape(-1, 3, 2)
    return torch.stack([goal, push_towards(ways[torch.arange(len(obs)), goal], obs[:, 1, :2])], 1)


def one_landmark_each(obs: torch.Tensor) -> torch.Tensor:
    """simple_spread: of all ways to give each agent a landmark of its own the one with the least distance in all."""
    n = obs.shape[1]
    ways = obs[..., 4:4 + 2 * n].unflatten(-1, (n, 2))                              # [B, N, landmark, 2]
    plans = torch.tensor(list(permutations(range(n))))                              # [P, N]
    far = ways.norm(dim=-1)[:, torch.arange(n), plans].sum(-1)                      # [B, P]
    mine = plans[far.argmin(-1)]                                                    # [B, N]
    way = ways.gather(2, mine[..., None, None].expand(*mine.shape, 1, 2)).squeeze(2)
    return push_towards(way, obs[..., :2])


def fetch_together(obs: torch.Tensor, size: int) -> torch.Tensor:
    """LBF with two agents on size × size cells: both go to the food that is nearest to both, and load it together."""
    return torch.tensor([_fetch(row, size) for row in obs.round().to(torch.int64).numpy()])


def _fetch(row: np.ndarray, size: int) -> list[int]:
    foods = [tuple(each[:2]) for each in row[0, :-6].reshape(-1, 3) if each[2] > 0]
    places = [tuple(row[i, -6:-4]) for i in range(2)]
    if not foods:
        return [0, 0]
    target = min(foods, key=lambda food: (sum(abs(food[0] - r) + abs(food[1] - c) for r, c in places), food))
    beside = [abs(target[0] - r) + abs(target[1] - c) == 1 for r, c in places]
    if all(beside):
        return [LOAD, LOAD]
    first = 0 if beside[0] else _step(places[0], target, {*foods, places[1]}, size)
    there = tuple(np.add(places[0], STEPS[first - 1])) if first else places[0]
    second = 0 if beside[1] else _step(places[1], target, {*foods, places[0], there}, size)
    return [first, second]


def _step(start: tuple, target: tuple, blocked: set, size: int) -> int:
    """The first action of a shortest way to a cell beside the target; 0 if there is none."""
    seen, front = {start}, [(start, 0)]
    for place, first in front:
        if abs(place[0] - target[0]) + abs(place[1] - target[1]) == 1:
            return first
        for action, (down, right) in enumerate(STEPS, 1):
            after = place[0] + down, place[1] + right
            if after not in seen and after not in blocked and min(after) >= 0 and max(after) < size:
                seen.add(after)
                front.append((after, first or action))
    return 0


def shoot_the_weakest(obs: torch.Tensor) -> torch.Tensor:
    """SMAX with as many of us as of them: the weakest enemy in reach, else towards the nearest seen, else east."""
    n = obs.shape[1]
    units = obs[..., :SMAX_UNIT * (2 * n - 1)].unflatten(-1, (2 * n - 1, SMAX_UNIT))[..., n - 1:, :]
    health, way = units[..., 0], units[..., 1:3]
    nearest = torch.where(health > 0, way.norm(dim=-1), torch.inf).argmin(-1, keepdim=True)
    way = way.gather(2, nearest[..., None].expand(*nearest.shape, 2)).squeeze(2)
    east = torch.tensor([1.0, 0.0], dtype=obs.dtype)
    way = torch.where((health > 0).any(-1, keepdim=True), way, east)
    q = obs.new_zeros(*obs.shape[:2], SMAX_MOVES + n)
    q[..., 0], q[..., 1], q[..., 2], q[..., 3] = way[..., 1], way[..., 0], -way[..., 1], -way[..., 0]
    q[..., SMAX_MOVES:] = torch.where(health > 0, 4 - health, 0.0)
    return q
