"""Answers to 19.1."""

import torch

from tests.catalogue import Answers


def _squared(team, enemies):
    return ((enemies[:, None] - team) ** 2).sum(-1)                             # [M, N]


def filled(team, health, enemies, reach):
    squared = _squared(team, enemies).masked_fill(health <= 0, torch.inf)
    return squared.argmin(1), squared.amin(1) <= reach ** 2


def in_loops(team, health, enemies, reach):
    target, near = [], []
    for enemy in enemies:
        best, least = 0, float("inf")
        for i in range(len(team)):
            far = ((team[i] - enemy) ** 2).sum().item()
            if health[i] > 0 and far < least:
                best, least = i, far
        target.append(best)
        near.append(least <= reach * reach)
    return torch.tensor(target), torch.tensor(near)


def sorted_out(team, health, enemies, reach):
    far = torch.where(health > 0, _squared(team, enemies), torch.tensor(1e9))
    near, target = far.sort(dim=1, stable=True)
    return target[:, 0], near[:, 0].sqrt() <= reach


def with_the_dead(team, health, enemies, reach):
    squared = _squared(team, enemies)
    return squared.argmin(1), squared.amin(1) <= reach ** 2


def of_the_living(team, health, enemies, reach):
    squared = _squared(team[health > 0], enemies)
    return squared.argmin(1), squared.amin(1) <= reach ** 2


def for_each_agent(team, health, enemies, reach):
    squared = ((team[:, None] - enemies) ** 2).sum(-1)
    return squared.argmin(1), squared.amin(1) <= reach ** 2


def along_the_axes(team, health, enemies, reach):
    far = (enemies[:, None] - team).abs().sum(-1).masked_fill(health <= 0, torch.inf)
    return far.argmin(1), far.amin(1) <= reach


def the_last(team, health, enemies, reach):
    squared = _squared(team, enemies).masked_fill(health <= 0, torch.inf)
    return len(team) - 1 - squared.flip(1).argmin(1), squared.amin(1) <= reach ** 2


def the_weakest(team, health, enemies, reach):
    weakest = health.masked_fill(health <= 0, torch.inf).argmin()
    squared = _squared(team, enemies)[:, weakest]
    return torch.full((len(enemies),), int(weakest)), squared <= reach ** 2


def inside_only(team, health, enemies, reach):
    squared = _squared(team, enemies).masked_fill(health <= 0, torch.inf)
    return squared.argmin(1), squared.amin(1) < reach ** 2


def units_mixed(team, health, enemies, reach):
    squared = _squared(team, enemies).masked_fill(health <= 0, torch.inf)
    return squared.argmin(1), squared.amin(1) <= reach


def near_anybody(team, health, enemies, reach):
    squared = _squared(team, enemies)
    return squared.masked_fill(health <= 0, torch.inf).argmin(1), (squared <= reach ** 2).any(1)


def chosen_by(distance, health_from=0.0, dead=torch.inf):
    def answer(team, health, enemies, reach):
        far = torch.cdist(enemies, team).masked_fill(~(health > 0) | (health < health_from), dead)
        return distance(far, health), far.amin(1) <= reach
    return answer


the_weaker_of_equals = chosen_by(lambda far, health: torch.where(
    far == far.amin(1, keepdim=True), health, torch.inf).argmin(1))
from_one_point_on = chosen_by(lambda far, health: far.argmin(1), health_from=1.0)
ninety_nine_away = chosen_by(lambda far, health: far.argmin(1), dead=99.0)


ANSWERS = Answers(
    right=[filled, in_loops, sorted_out],
    wrong=[("of equals the weakest is attacked", the_weaker_of_equals),
           ("who hardly lives is taken for dead", from_one_point_on),
           ("a finite distance stands in for the dead", ninety_nine_away),
           ("the dead are attacked", with_the_dead), ("the numbers count the living alone", of_the_living),
           ("the smallest was taken over the other axis", for_each_agent),
           ("distances are measured along the axes", along_the_axes), ("of equals the last one is attacked", the_last),
           ("the weakest is attacked", the_weakest), ("who stands exactly at the border is out of reach", inside_only),
           ("a square is compared with a length", units_mixed),
           ("near asks about any agent, not about the target", near_anybody)])
