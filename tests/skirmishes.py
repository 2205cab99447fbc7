"""What tests of Skirmish share: battles made by hand, random play, and the rules once more, slowly, in plain Python."""

import math
import re

import torch

from qmix_course.envs import Skirmish

NO_OP, STOP, NORTH, SOUTH, EAST, WEST, ATTACK = range(7)
NAMES = ("1m", "2m_vs_1m", "3m", "5m_vs_6m", "8m", "2s3z", "3s_vs_3z", "1m1s1z_vs_2z1m")


def random_actions(step, generator, attack=1.0):
    """Random available actions; with ``attack`` above 1 attacks more often than the others, so that much happens."""
    keys = torch.rand(step.available.shape, generator=generator)
    keys[..., ATTACK:] *= attack
    return keys.masked_fill(~step.available, -1.0).argmax(-1)


def at(team, enemies, scenario=None, limit=60, rows=1):
    scenario = scenario or f"{len(team)}m_vs_{len(enemies)}m"
    env = Skirmish(scenario, rows, limit)
    return env, env.reset(seed=0, team=torch.tensor(team, dtype=torch.float64),
                          enemies=torch.tensor(enemies, dtype=torch.float64))


def play(env, *actions):
    return env.step(torch.tensor([actions]).expand(env.num_envs, -1))


class Unit:
    """health, attack, reach, pause, speed: written down once more."""

    ALL = {"m": (45, 9, 6, 2, 1), "s": (160, 13, 6, 4, 1.25), "z": (150, 8, 2, 2, 1)}

    def __init__(self, letter, x, y):
        self.letter, self.x, self.y, self.wait = letter, x, y, 0
        self.full, self.attack, self.reach, self.pause, self.speed = self.ALL[letter]
        self.health = self.full

    @property
    def alive(self):
        return self.health > 0

    def to(self, other):
        return math.hypot(other.x - self.x, other.y - self.y)


class SlowSkirmish:
    """One battle, unit by unit: the rules, what is seen and the state, straight from the class's description."""

    def __init__(self, scenario, limit, places):
        ours, theirs = (scenario.split("_vs_") * 2)[:2]
        sides = ["".join(int(count) * letter for count, letter in re.findall(r"(\d+)(\D)", side))
                 for side in (ours, theirs)]
        units = [Unit(letter, x, y) for letter, (x, y) in zip("".join(sides), places)]
        self.team, self.enemies = units[:len(sides[0])], units[len(sides[0]):]
        self.letters, self.limit, self.t = sorted(set("".join(sides))), limit, 0
        self.most = sum(unit.full for unit in self.enemies) + 10 * len(self.enemies) + 200

    def step(self, actions):
        hits, orders = [], []
        for unit, action in zip(self.team, actions):
            if action >= ATTACK:
                if unit.wait == 0:
                    hits.append((unit, self.enemies[action - ATTACK]))
            elif action >= NORTH:
                across, up = {NORTH: (0, 1), SOUTH: (0, -1), EAST: (1, 0), WEST: (-1, 0)}[action]
                orders.append((unit, across, up))
        for enemy in self.enemies:
            if not enemy.alive:
                continue
            prey = min((unit for unit in self.team if unit.alive), key=enemy.to)       # the first of the nearest
            across, up = prey.x - enemy.x, prey.y - enemy.y
            if enemy.to(prey) <= enemy.reach:
                if enemy.wait == 0:
                    hits.append((enemy, prey))
            elif abs(across) >= abs(up):
                orders.append((enemy, math.copysign(1, across), 0))
            else:
                orders.append((enemy, 0, math.copysign(1, up)))
        paid, standing = 0.0, [enemy for enemy in self.enemies if enemy.alive]
        for unit in self.team + self.enemies:
            unit.wait = max(unit.wait - 1, 0)
        for shooter, hit in hits:
            shooter.wait = shooter.pause - 1
            if hit in self.enemies:
                paid += min(shooter.attack, hit.health)
            hit.health = max(hit.health - shooter.attack, 0)
        paid += 10 * sum(not enemy.alive for enemy in standing)
        for unit, across, up in orders:
            if unit.alive:
                unit.x, unit.y = unit.x + across * unit.speed, unit.y + up * unit.speed
        self.t += 1
        left, beaten = any(unit.alive for unit in self.team), not any(enemy.alive for enemy in self.enemies)
        paid += 200 * (left and beaten)
        terminated = beaten or not left
        return paid * 20 / self.most, terminated, self.t == self.limit and not terminated

    def available(self, unit):
        if not unit.alive:
            return [True] + [False] * (5 + len(self.enemies))
        free = [unit.y + unit.speed <= 24, unit.y - unit.speed >= 0, unit.x + unit.speed <= 24,
                unit.x - unit.speed >= 0]
        return [False, True, *free, *(enemy.alive and unit.to(enemy) <= unit.reach for enemy in self.enemies)]

    def kind(self, unit):
        return [] if len(self.letters) == 1 else [float(unit.letter == letter) for letter in self.letters]

    def observation(self, unit):
        width = 0 if len(self.letters) == 1 else len(self.letters)
        if not unit.alive:
            return [0.0] * (4 + len(self.enemies) * (5 + width) + (len(self.team) - 1) * (6 + width) + 2 + width)
        seen = [float(each) for each in self.available(unit)[2:6]]
        for k, enemy in enumerate(self.enemies):
            if enemy.alive and unit.to(enemy) <= 9:
                seen += [float(self.available(unit)[6 + k]), unit.to(enemy) / 9, (enemy.x - unit.x) / 9,
                         (enemy.y - unit.y) / 9, enemy.health / enemy.full, *self.kind(enemy)]
            else:
                seen += [0.0] * (5 + width)
        for other in self.team:
            if other is unit:
                continue
            if other.alive and unit.to(other) <= 9:
                seen += [1.0, unit.to(other) / 9, (other.x - unit.x) / 9, (other.y - unit.y) / 9,
                         other.health / other.full, other.wait / other.pause, *self.kind(other)]
            else:
                seen += [0.0] * (6 + width)
        return seen + [unit.health / unit.full, unit.wait / unit.pause, *self.kind(unit)]

    def state(self):
        return [number for unit in self.team + self.enemies for number in
                ([unit.health / unit.full, unit.wait / unit.pause, unit.x / 12 - 1, unit.y / 12 - 1, *self.kind(unit)]
                 if unit.alive else [0.0] * (4 + len(self.kind(unit))))]
