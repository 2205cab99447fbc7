"""Answers to 19.3."""

import torch

from tests.catalogue import Answers

DEAD = [True, False, False, False, False, False]


def _dead(enemies):
    return torch.tensor(DEAD + [False] * len(enemies))


def _attacks(place, enemies, enemy_health, reach):
    return (((enemies - place) ** 2).sum(-1) <= reach ** 2) & (enemy_health > 0)


def _ways(place, speed, size):
    x, y = place
    return torch.stack([y + speed <= size, y - speed >= 0, x + speed <= size, x - speed >= 0])


def in_parts(place, health, enemies, enemy_health, speed, reach, size):
    if health <= 0:
        return _dead(enemies)
    return torch.cat([torch.tensor([False, True]), _ways(place, speed, size),
                      _attacks(place, enemies, enemy_health, reach)])


def with_a_table_of_ways(place, health, enemies, enemy_health, speed, reach, size):
    mask = torch.zeros(6 + len(enemies), dtype=torch.bool)
    if not health > 0:
        mask[0] = True
        return mask
    mask[1] = True
    after = place + speed * torch.tensor([[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]])
    mask[2:6] = ((after >= 0) & (after <= size)).all(-1)
    mask[6:] = (torch.linalg.vector_norm(enemies - place, dim=-1) <= reach) & (enemy_health > 0)
    return mask


def idle(place, health, enemies, enemy_health, speed, reach, size):
    mask = in_parts(place, health, enemies, enemy_health, speed, reach, size)
    mask[0] = True
    return mask


def nothing_left(place, health, enemies, enemy_health, speed, reach, size):
    return in_parts(place, health, enemies, enemy_health, speed, reach, size) & (health > 0)


def the_dead_may_stop(place, health, enemies, enemy_health, speed, reach, size):
    mask = in_parts(place, health, enemies, enemy_health, speed, reach, size)
    mask[1] = True
    return mask


def undead(place, health, enemies, enemy_health, speed, reach, size):
    return in_parts(place, torch.tensor(1.0), enemies, enemy_health, speed, reach, size)


def corpses(place, health, enemies, enemy_health, speed, reach, size):
    return in_parts(place, health, enemies, torch.ones_like(enemy_health), speed, reach, size)


def hardly_alive(place, health, enemies, enemy_health, speed, reach, size):
    return in_parts(place, torch.floor(health / 1.5), enemies, torch.floor(enemy_health / 1.5), speed, reach, size)


def inside_only(place, health, enemies, enemy_health, speed, reach, size):
    return in_parts(place, health, enemies, enemy_health, speed, reach - 1e-9, size)


def _with_ways(ways, place, health, enemies, enemy_health, speed, reach, size):
    mask = in_parts(place, health, enemies, enemy_health, speed, reach, size)
    if health > 0:
        mask[2:6] = torch.stack([torch.as_tensor(way) for way in ways(*place, speed, size)])
    return mask


def closed_border(*case):
    return _with_ways(lambda x, y, far, size: (y + far < size, y - far > 0, x + far < size, x - far > 0), *case)


def no_edge(*case):
    return _with_ways(lambda x, y, far, size: (True, True, True, True), *case)


def where_it_stands(*case):
    return _with_ways(lambda x, y, far, size: (y < size, y > 0, x < size, x > 0), *case)


def upside_down(*case):
    return _with_ways(lambda x, y, far, size: (y - far >= 0, y + far <= size, x + far <= size, x - far >= 0), *case)


def _within(far):
    def answer(place, health, enemies, enemy_health, speed, reach, size):
        mask = in_parts(place, health, enemies, enemy_health, speed, reach, size)
        if health > 0:
            mask[6:] = far((enemies - place).abs(), reach) & (enemy_health > 0)
        return mask

    return answer


by_hypot = _within(lambda gaps, reach: torch.hypot(gaps[:, 0], gaps[:, 1]) <= reach)
streets = _within(lambda gaps, reach: gaps.sum(-1) <= reach)
square = _within(lambda gaps, reach: (gaps <= reach).all(-1))
east_and_west = _within(lambda gaps, reach: gaps[:, 0] <= reach)
square_of_the_way = _within(lambda gaps, reach: (gaps ** 2).sum(-1) <= reach)


ANSWERS = Answers(
    right=[in_parts, with_a_table_of_ways, by_hypot],
    wrong=[("the living may play no-op", idle), ("the dead have no action at all", nothing_left),
           ("the dead may stop", the_dead_may_stop), ("the dead act on", undead), ("the dead are attacked", corpses),
           ("who hardly lives is taken for dead", hardly_alive),
           ("who stands exactly at the border is out of reach", inside_only),
           ("the reach is measured along the axes", streets), ("the reach is a square", square),
           ("distances are measured along one axis only", east_and_west),
           ("a square is compared with a length", square_of_the_way),
           ("the border of the field is closed", closed_border), ("units walk off the field", no_edge),
           ("the place before the move is looked at, not the one after it", where_it_stands),
           ("north and south are exchanged", upside_down)])
