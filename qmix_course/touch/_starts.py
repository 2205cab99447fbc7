"""A map of all starts of the grid world: pick one and watch what a team makes of it."""

from __future__ import annotations

import torch

from qmix_course import errors, exact
from qmix_course.envs import GridWorld
from qmix_course.touch._piece import Piece
from qmix_course.touch._play import MOST, letters


def starts(teams: dict, size: int = 5) -> Piece:
    """Every start on a board of ``size``, coloured by how each of the ``teams`` (name: algorithm) plays it greedily:
    optimal, slower, or never at both goals. Pick a start and watch the episode.

    For teams without memory on ``GridWorld(size)``; what they do is stored as one joint action for each placement.
    """
    size = errors.whole_number("size", size, at_least=2, at_most=MOST)
    errors.instance("teams", teams, dict)
    if not teams or not all(isinstance(name, str) for name in teams):
        raise ValueError(f"teams: expected names and teams, at least one, got {errors.describe(teams)}")
    env = GridWorld(size)
    model, tables = env.model(), {}
    for name, team in teams.items():
        first, second = exact.agent_qs(team, model).argmax(-1).unbind(1)
        tables[name] = letters(env, 4 * first + second)
    best = [None] * size**4
    for cells, value in zip((env.placements() @ torch.tensor([size, 1])).tolist(), best_returns(env)):
        best[cells[0] * size**2 + cells[1]] = value
    return Piece(("board", "starts"), {"size": size, "teams": tables, "best": best},
                 "a map of all starts: pick one and watch the episode; optimal and lost ones are coloured.",
                 learned=True)


def best_returns(env: GridWorld) -> list[float]:
    """[X]: the highest undiscounted return from each of ``env.placements()``. They are multiples of 0.05."""
    model = env.model()
    reward, v = model.reward.double(), torch.zeros(len(model.state), dtype=torch.float64)
    for _ in range(env.spec.episode_limit):
        v = (reward + torch.where(model.terminated, 0.0, v[model.next_state])).flatten(1).amax(1)
    return [round(float(value), 2) for value in v]
