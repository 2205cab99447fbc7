"""19.3 · What may I do: the mask of one agent's actions."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def action_mask(place, health, enemies, enemy_health, speed, reach, size, twist=None):
    """The truth, action by action: no-op, stop, north, south, east, west, attack 0, attack 1, …"""
    least = 1 if twist == "barely" else 0                                   # who has more than that lives
    (x, y), alive = place.tolist(), bool(health > least) or twist == "undead"
    if not alive:
        return torch.tensor([twist != "nothing", twist == "dead may stop", *[False] * (4 + len(enemies))])
    north, south = y + speed <= size, y - speed >= 0
    ways = [north, south, x + speed <= size, x - speed >= 0]
    if twist == "half open":
        ways = [y + speed < size, y - speed > 0, x + speed < size, x - speed > 0]
    if twist == "no edge":
        ways = [True] * 4
    if twist == "upside down":
        ways[:2] = [south, north]
    if twist == "where it stands":
        ways = [y < size, y > 0, x < size, x > 0]
    attacks = []
    for (ex, ey), left in zip(enemies.tolist(), enemy_health.tolist()):
        dx, dy = abs(ex - x), abs(ey - y)
        far = {"streets": dx + dy, "square": max(dx, dy), "one axis": dx}.get(twist, dx ** 2 + dy ** 2)
        limit = reach if twist in ("streets", "square", "one axis", "not squared") else reach ** 2
        within = far < limit if twist == "strict" else far <= limit
        attacks.append(within and (left > least or twist == "corpses"))
    return torch.tensor([twist == "rest", True, *ways, *attacks])


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(193)

    def made(place, health, enemies, enemy_health, speed=1.0, reach=6.0, size=24.0):
        return (*(torch.tensor(each, dtype=torch.float64) for each in (place, health, enemies, enemy_health)), speed,
                reach, size)

    found = [made([1, 23], 45, [[7, 23]], [45]), made([0.5, 24], 9, [[7, 23], [0, 20]], [45, 0]),
             made([12, 12], 0, [[12, 13]], [45]), made([23, 0.75], 45, [[23, 3], [20, 9]], [9, 9]),
             made([1.25, 1], 20, [[3, 1]], [150], 1.25, 2.0), made([24, 0], 45, [[23, 0]], [0]),
             # on the circle, inside it, outside it, whatever the way there along the axes
             made([10, 10], 45, [[13, 14], [6, 7], [14, 8], [5.75, 14], [13.75, 6]], [9, 9, 9, 9, 9], 1.0, 5.0),
             made([10, 10], 45, [[11, 9], [10.5, 10.25], [10, 10.75], [11, 10]], [9, 9, 9, 9], 1.0, 1.0),
             made([10, 10], 45, [[10, 17], [10, 4]], [9, 9]),
             made([12, 12], 0.5, [[12, 13]], [45]), made([12, 12], 9, [[12, 13], [13, 12]], [0.5, 1])]
    # everywhere at the edge, in the corners, and a step and less from both
    edge = (0, 0.75, 1, 23, 23.25, 24)
    found += [made([x, y], 45, [[9, 9]], [45]) for x in edge for y in edge]
    for m in (3, 6):
        place = torch.randint(0, 97, (2,), generator=generator).double() / 4
        enemies = (place + torch.randint(-32, 33, (m, 2), generator=generator).double() / 4).clamp(0, 24)
        left = 9.0 * torch.randint(0, 4, (m,), generator=generator).double()
        found.append((place, torch.tensor(45.0, dtype=torch.float64), enemies, left, 1.25, 6.0, 24.0))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), action_mask)
    return Verdict("correct")


EXERCISE = Exercise(
    number="19.3", title="What may I do?", answers={"action_mask": "function"}, difficulty=2, minutes=12,
    practises="write an action mask in which the dead, the edge and the reach are right",
    hints=("Deal with the dead first: one action is left to them.",
           "A move is possible if the place after it lies on the field, border included.",
           "An attack needs two things of the enemy: it lives, and it is within reach."),
    mistakes=twisted(
        action_mask,
        ("rest", "the living may play no-op",
         "Which action is for the dead alone?",
         "an agent that may skip the battle often learns to"),
        ("nothing", "the dead have no action at all",
         "What does an agent do whose mask is False everywhere? Take the maximum of such a row.",
         "every row needs one action: otherwise a maximum over nothing, −∞, enters the sums"),
        ("dead may stop", "the dead may stop",
         "A dead agent has two actions in your version. How many should it have?",
         "stop is for the living; two names for doing nothing must be learned twice"),
        ("undead", "the dead act on",
         "What may an agent do whose health is 0?",
         "the battle of the fallen is over"),
        ("barely", "who hardly lives is taken for dead",
         "Somebody has half a point of health left. Is that one dead?",
         "dead is who has no health left, none at all"),
        ("corpses", "the dead are attacked",
         "An enemy with no health lies within reach. May it be attacked?",
         "shots at the dead are the purest overkill"),
        ("strict", "who stands exactly at the border is out of reach",
         "An enemy stands exactly `reach` away. May it be attacked?",
         "within reach includes the border"),
        ("streets", "the reach is measured along the axes",
         "An enemy stands 3 to the east and 4 to the north. How far away is it with a ruler, and how far in your "
         "version?",
         "|dx| + |dy| makes diagonal ways too long: enemies that are within reach may not be attacked"),
        ("square", "the reach is a square",
         "An enemy stands 5 to the east and 5 to the north. Is it within a reach of 5, for a ruler and for you?",
         "the larger of |dx| and |dy| makes diagonal ways too short: what is out of reach may be attacked"),
        ("one axis", "distances are measured along one axis only",
         "An enemy stands far to the north, straight ahead. Do you notice how far?",
         "a distance has two parts, and both count"),
        ("not squared", "a square is compared with a length",
         "Which of your two numbers is a square, and which is not?",
         "the square of a distance may be below the reach only if the reach is squared as well, but for lengths of 1"),
        ("half open", "the border of the field is closed",
         "May a unit stand exactly on the edge of the field?",
         "places from 0 to size are all on the field, both ends included"),
        ("no edge", "units walk off the field",
         "A unit stands at x = 24 and goes east. Where is it then?",
         "a move that would leave the field is not available"),
        ("where it stands", "the place before the move is looked at, not the one after it",
         "A unit half a step from the edge: where does a whole step take it?",
         "what counts is where the move would end"),
        ("upside down", "north and south are exchanged",
         "y grows to the north. At y = 24, which way is closed?",
         "screens count rows downwards, this field counts y upwards")),
    look=look)
