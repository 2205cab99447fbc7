"""The rules of Skirmish, apart from how they are shown: the kinds of units, the scenarios, and one step of a battle.

Everything is exact: places are multiples of 1/4, so squares of distances have no rounding, and ties are ties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from qmix_course import errors

SIZE = 24.0                                             # the field is SIZE × SIZE; y grows to the north
SIGHT = 9.0
WAYS = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])     # actions 2 to 5: north, south, east, west as (x, y)
NO_OP, STOP, MOVE, ATTACK = 0, 1, 2, 6                  # where each kind of action begins
MANY = 30                                               # units on one side


@dataclass(frozen=True)
class Kind:
    """A kind of unit. A shot takes ``attack`` off a target's health; from one shot to the next are ``pause`` steps."""

    name: str
    health: float
    attack: float
    reach: float
    pause: int
    speed: float


# Health and attack, and the stalker's reach, as in JaxMARL's SMAX; marine's reach 6 as in SMAC (5 in SMAX). Pauses and
# speeds are SMAX's seconds in decisions of half a second, rounded; the distances that units go are of our own making.
KINDS = {"m": Kind("marine", 45, 9, 6, 2, 1.0), "s": Kind("stalker", 160, 13, 6, 4, 1.25),
         "z": Kind("zealot", 150, 8, 2, 2, 1.0)}


def sides(scenario: str) -> tuple[list[str], list[str]]:
    """The units of a scenario, one letter of ``KINDS`` each: ``"2s3z"`` → sszzz against sszzz."""
    text = scenario if isinstance(scenario, str) else ""
    found = re.fullmatch(r"((?:\d{1,2}[msz])+)(?:_vs_((?:\d{1,2}[msz])+))?", text)
    both = [] if found is None else [[kind for count, kind in re.findall(r"(\d+)([msz])", side)
                                      for _ in range(int(count))]
                                     for side in (found[1], found[2] or found[1])]
    if not both or not all(1 <= len(side) <= MANY for side in both):
        raise ValueError('scenario: expected counts and kinds (m, s, z) as in "3m", "5m_vs_6m", "2s3z", at most '
                         f"{MANY} units a side, got {errors.describe(scenario)}")
    return both[0], both[1]


class Army:
    """The constants of both sides' units, one entry a unit: the ``n`` of the team first, then the enemies."""

    def __init__(self, scenario: str):
        team, enemies = sides(scenario)
        self.letters = team + enemies
        kinds = [KINDS[letter] for letter in self.letters]
        self.n, self.m, self.units = len(team), len(enemies), len(kinds)
        self.health, self.attack, self.speed = (np.array([getattr(kind, name) for kind in kinds])
                                                for name in ("health", "attack", "speed"))
        self.reach2 = np.array([kind.reach ** 2 for kind in kinds])
        self.pause = np.array([kind.pause for kind in kinds])
        letters = sorted(set(self.letters))
        # [U, K] which of the scenario's kinds a unit is; nothing where all are of one kind
        self.kind = np.array([[float(letter == each) for each in letters] for letter in self.letters])
        if len(letters) == 1:
            self.kind = self.kind[:, :0]
        self.full = self.health[self.n:].sum() + 10 * self.m + 200      # damage, kills and the win


@dataclass
class Battle:
    """Where ``B`` battles stand: x[B, U], y[B, U], health[B, U] (0: dead), wait[B, U] (steps until it can shoot)."""

    x: np.ndarray
    y: np.ndarray
    health: np.ndarray
    wait: np.ndarray

    def gaps(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """From each of the first ``n`` units to every unit: dx[B, n, U], dy[B, n, U], and the square of the distance,
        which is infinite where either is dead."""
        dx, dy = (each[:, None] - each[:, :n, None] for each in (self.x, self.y))
        alive = self.health > 0
        squared = dx * dx + dy * dy
        squared[~(alive[:, :n, None] & alive[:, None])] = np.inf
        return dx, dy, squared


def enemy_plan(army: Army, squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whom each enemy is after and whether it is in reach: target[B, M], near[B, M], from squared[B, N, M].

    The nearest living unit of the team; of several equally near, the one with the lowest number.
    """
    target = squared.argmin(1)
    return target, squared.min(1) <= army.reach2[army.n:]


def shots(army: Army, battle: Battle, plan: tuple, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Who shoots at whom in this step, two tables [B, N, M] bool: agent n at enemy m, and enemy m at agent n.

    ``plan`` is what ``enemy_plan`` gives, actions[B, N] what the team does.
    """
    n, m = army.n, army.m
    ready = (battle.wait == 0) & (battle.health > 0)
    ours = (actions[..., None] == ATTACK + np.arange(m)) & ready[:, :n, None]
    target, near = plan
    theirs = (target[:, None] == np.arange(n)[:, None]) & (near & ready[:, n:])[:, None]
    return ours, theirs


def advance(army: Army, battle: Battle, gaps: tuple, actions: np.ndarray) -> tuple[Battle, np.ndarray]:
    """One step of every battle, for available actions[B, N]: the battle after it, and the damage dealt[B, U]."""
    n, (dx, dy, squared) = army.n, gaps
    across, up, squared = dx[..., n:], dy[..., n:], squared[..., n:]
    target, near = plan = enemy_plan(army, squared)
    ours, theirs = shots(army, battle, plan, actions)
    hits = np.concatenate([theirs @ army.attack[n:], army.attack[:n] @ ours], 1)
    dealt = np.minimum(hits, battle.health)
    health = battle.health - dealt
    fired = np.concatenate([ours.any(2), theirs.any(1)], 1)
    wait = np.where(fired, army.pause, battle.wait)
    wait = np.maximum(wait - 1, 0)
    # Moves: the team's as ordered; an enemy out of reach of its target goes along the larger gap, east or west first.
    way = np.zeros((len(actions), army.units, 2))
    moving = (actions >= MOVE) & (actions < ATTACK)
    way[:, :n][moving] = WAYS[actions[moving] - MOVE]
    rows, columns = np.arange(len(target))[:, None], np.arange(army.m)
    to_x, to_y = -across[rows, target, columns], -up[rows, target, columns]
    sideways = np.abs(to_x) >= np.abs(to_y)
    way[:, n:, 0] = np.sign(to_x) * (sideways & ~near)
    way[:, n:, 1] = np.sign(to_y) * (~sideways & ~near)
    way *= ((health > 0) * army.speed)[..., None]
    return Battle(battle.x + way[..., 0], battle.y + way[..., 1], health, wait), dealt
