"""19.1 · Whom does the enemy attack: the enemy's script, for all enemies at once."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def enemy_targets(team, health, enemies, reach, twist=None):
    """The truth, enemy by enemy."""
    living = [i for i in range(len(team)) if health[i] > 0 or twist == "dead"]
    if twist == "barely":
        living = [i for i in living if health[i] >= 1] or living
    target, near = [], []
    for x, y in enemies.tolist():
        gaps = {i: (abs(team[i, 0].item() - x), abs(team[i, 1].item() - y)) for i in living}
        far = {i: a + b if twist == "streets" else a * a + b * b for i, (a, b) in gaps.items()}
        order = reversed(living) if twist == "last" else living
        chosen = min(order, key=(lambda i: health[i].item()) if twist == "weakest" else far.__getitem__)
        if twist == "weakest of equals":
            chosen = min(living, key=lambda i: (far[i], health[i].item()))
        if twist == "far off" and far[chosen] > 99 ** 2 and len(living) < len(team):
            chosen = next(i for i in range(len(team)) if i not in living)
            far[chosen] = 99.0 ** 2
        limit = reach if twist in ("streets", "not squared") else reach * reach
        target.append(living.index(chosen) if twist == "renumbered" else chosen)
        near.append(far[chosen] < limit if twist == "strict" else far[chosen] <= limit)
    if twist == "turned":
        squared = ((team[:, None] - enemies) ** 2).sum(-1)
        return squared.argmin(1), squared.amin(1) <= reach * reach
    if twist == "anybody":
        squared = ((team[:, None] - enemies) ** 2).sum(-1)
        near = (squared <= reach * reach).any(0).tolist()
    return torch.tensor(target), torch.tensor(near)


def cases() -> list[tuple]:
    """Places on the grid of 1/4, so that ties and borders are exact; some made by hand, and drawn ones."""
    generator = torch.Generator().manual_seed(191)

    def made(team, health, enemies, reach):
        return tuple(torch.tensor(each, dtype=torch.float64) for each in (team, health, enemies)) + (reach,)

    found = [made([[0, 0], [4, 0]], [45, 45], [[2, 0]], 2.0), made([[0, 0], [6, 8]], [45, 9], [[6, 0], [6, 1]], 6.0),
             made([[5, 5], [9, 9]], [0, 45], [[6, 5], [8, 9]], 6.0), made([[3, 4], [5, 0.25]], [45, 45], [[0, 0]], 5.0),
             made([[1, 1], [8, 8], [8, 7]], [0, 9, 45], [[1, 2], [8, 6], [2, 1]], 2.0),
             made([[0, 0], [4, 0]], [45, 9], [[2, 0]], 3.0),                # of equals the second one is the weaker
             made([[0, 0], [5, 0]], [0.5, 9], [[1, 0]], 3.0),               # hardly alive is alive
             made([[0, 0], [200, 0]], [0, 9], [[1, 0]], 3.0),               # who lives is far off
             made([[3, 3], [6, 3]], [0, 9], [[3, 3]], 4.0),                 # upon somebody who fell
             # who is dead may stand in reach, and the nearest of the living not
             made([[2, 2], [9, 2]], [0, 18], [[2, 3], [3, 2]], 4.0)]
    for n, m, reach in ((3, 3, 6.0), (5, 6, 6.0), (3, 5, 2.0), (8, 8, 6.0)):
        team, enemies = (torch.randint(0, 49, (count, 2), generator=generator).double() / 4 for count in (n, m))
        health = 9.0 * torch.randint(0, 6, (n,), generator=generator).double()
        health[int(torch.randint(n, (1,), generator=generator))] = 45.0
        found.append((team, health, enemies, reach))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), enemy_targets)
    return Verdict("correct")


EXERCISE = Exercise(
    number="19.1", title="Whom does the enemy attack?", answers={"enemy_targets": "function"}, difficulty=2, minutes=10,
    practises="write a scripted opponent for all its units at once, with ties and the dead thought of", core=True,
    hints=("Differences of places first: enemies[:, None] - team has shape [M, N, 2].",
           "Make the dead infinitely far away, then take the smallest distance over the agents.",
           "Compare squares with the square of the reach: they have no rounding here."),
    mistakes=twisted(
        enemy_targets,
        ("dead", "the dead are attacked",
         "An agent has fallen next to an enemy. Whom does this enemy attack in your version?",
         "an enemy that is after a dead agent does nothing for the rest of the battle"),
        ("renumbered", "the numbers count the living alone",
         "Agent 0 is dead. Which number do you give for agent 1?",
         "whoever drops the dead from a list must translate the places in the shorter list back"),
        ("turned", "the smallest was taken over the other axis",
         "How many numbers do you return: one for each enemy, or one for each agent?",
         "that is each agent's nearest enemy, which is another question"),
        ("streets", "distances are measured along the axes",
         "How far is it from (0, 0) to (3, 4)? The text measures it with a ruler, and you?",
         "|dx| + |dy| makes diagonal ways too long: the order of the agents and the reach change"),
        ("last", "of equals the last one is attacked",
         "Two agents stand equally near. The text says which is attacked.",
         "a tie that is broken in another way is another world: no episode can be played again"),
        ("weakest", "the weakest is attacked",
         "Does your choice look at the distance, or at the health?",
         "this enemy does not focus on the weak; that is what our team is to learn"),
        ("weakest of equals", "of equals the weakest is attacked",
         "Two agents stand equally near, the second one has less health. Which has the lower number?",
         "a tie that is broken in another way is another world: no episode can be played again"),
        ("barely", "who hardly lives is taken for dead",
         "An agent has half a point of health left. Is it dead?", "dead is who has no health left, none at all"),
        ("far off", "a finite distance stands in for the dead",
         "How far away are the dead in your version? What if all that live are farther?",
         "a field may be of any size; only an infinite distance is farther than all"),
        ("strict", "who stands exactly at the border is out of reach",
         "An agent stands exactly `reach` away. Can it be attacked?",
         "within reach includes the border"),
        ("not squared", "a square is compared with a length",
         "In which unit is each side of your comparison?",
         "the square of a distance has to be compared with the square of the reach"),
        ("anybody", "near asks about any agent, not about the target",
         "A dead agent lies within reach, and the target is far away. What is `near`?",
         "only the distance to the one that is attacked counts")),
    look=look)
