"""The grid world's rules in plain loops, for the checks of lesson 02: the truth, and what a twist of one rule gives.

A ``twist`` is the name of a misconception; without one the functions compute the truth.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from itertools import permutations

import torch

from qmix_course.checks import values
from qmix_course.checks.room import NEARLY, REMEMBERS, Room
from qmix_course.checks.verdict import Found, Verdict

UP_DOWN_LEFT_RIGHT = ((-1, 0), (1, 0), (0, -1), (0, 1))


def alone(cell, action, goal, size, twist=None, goals=()):
    """Where one agent would be without the others, and whether it bumped into the edge."""
    down, right = UP_DOWN_LEFT_RIGHT[action]
    if twist == "row and column":
        down, right = right, down
    if twist == "upside down":
        down = -down
    if twist == "left for right":
        right = -right
    if twist == "board of five":
        size = 5
    row, column = cell[0] + down, cell[1] + right
    first, last = -1 if twist == "no first edge" else 0, size if twist == "one too far" else size - 1
    outside = not (first <= row <= last and first <= column <= last)
    home = {"home moves": False, "anybody's home": cell in goals,
            "half home": any(one == two for one, two in zip(cell, goal or ()))}.get(twist, cell == goal)
    if home:
        return cell, {"home pays": outside, "standing pays": True}.get(twist, False)
    if twist == "no edge":
        return [row, column], False
    if twist == "ring":
        return [row % size, column % size], outside
    return (cell if outside else [row, column]), outside and twist != "bump unseen"


def settled(before, after, twist=None):
    """Whoever shares a cell goes back, until nobody does: the cells, and whether anybody had to."""
    agents = range(len(before))
    if twist in ("first two", "neighbours", "pair by pair", "one stays"):
        return _pairwise(before, list(after), twist)
    now, collided = list(after), False
    while True:
        shared = [any(_meet(before, now, i, j, twist) for j in agents if j != i) for i in agents]
        if not any(shared):
            break
        collided = True
        if twist == "nobody goes back":
            break
        now = [before[i] if shared[i] or twist == "everyone" else now[i] for i in agents]
        if twist in ("swap", "taken", "half", "one round"):
            break
    return now, collided and twist != "never said"


def _meet(before, now, i, j, twist):
    if twist == "half":
        return now[i][0] == now[j][0] or now[i][1] == now[j][1]
    if twist == "swap" and now[i] == before[j] and now[j] == before[i]:
        return True
    if twist == "taken" and now[i] == before[j]:
        return True
    if twist == "both moved" and (now[i] == before[i] or now[j] == before[j]):
        return False
    return now[i] == now[j]


def _pairwise(before, now, twist):
    collided = False
    for i in range(len(now)):
        for j in range(i + 1, len(now)):
            skipped = twist == "first two" and (i, j) != (0, 1) or twist == "neighbours" and j != i + 1
            if now[i] == now[j] and not skipped:
                collided = True
                now[j] = before[j]
                if twist != "one stays":
                    now[i] = before[i]
    return now, collided


def board_step(before, actions, goals, size, twist=None):
    """One board, two agents, one step: the cells, the reward, whether the task ended."""
    both = range(2)
    moved = [alone(before[i], actions[i], goals[i], size, twist, goals) for i in both]
    wanted, bumps = [cell for cell, _ in moved], [bump for _, bump in moved]
    if twist == "in turn":
        after, collided = _in_turn(before, wanted)
    elif twist == "wished compared" and _wished(before[0], actions[0]) != _wished(before[1], actions[1]):
        after, collided = wanted, False
    elif twist == "first gives way":
        collided = wanted[0] == wanted[1]
        after = [before[0] if collided else wanted[0], wanted[1]]
    elif twist == "host is safe" and any(before[i] == goals[i] for i in both):
        after, collided = wanted, False
    else:
        after, collided = settled(before, wanted, twist)
    if twist == "swap is paid":
        collided = collided or wanted == before[::-1]
    measured = {"distance before": before, "distance unsettled": wanted}.get(twist, after)
    marks = goals[::-1] if twist == "other's goal" else goals
    ended = [after[i] == goals[i] for i in both]
    terminated = {"one is enough": any(ended), "never ends": False}.get(twist, all(ended))
    if terminated and twist != "no prize":
        return after, 9.95 if twist == "prize less the step" else 10.0, terminated
    distance = sum(_distance(measured[i], marks[i], twist) for i in both)
    return after, -0.05 * (twist != "no step cost") - 0.1 * distance - 0.5 * _faults(bumps, collided, twist), terminated


def _wished(cell, action):
    return [cell[0] + UP_DOWN_LEFT_RIGHT[action][0], cell[1] + UP_DOWN_LEFT_RIGHT[action][1]]


def _in_turn(before, wanted):
    now, collided = list(before), False
    for i in range(2):
        if wanted[i] == now[1 - i]:
            collided = True
        else:
            now[i] = wanted[i]
    return now, collided


def _distance(cell, goal, twist):
    down, right = abs(cell[0] - goal[0]), abs(cell[1] - goal[1])
    return {"straight line": (down ** 2 + right ** 2) ** 0.5, "longer way": max(down, right)}.get(twist, down + right)


def _faults(bumps, collided, twist):
    if twist == "paid once":
        return any(bumps) or collided
    if twist == "bumps paid once":
        return any(bumps) + collided
    return {"collision free": 0, "collision twice": 2}.get(twist, 1) * collided + (0 if twist == "bumps free"
                                                                                   else sum(bumps))


def walk(positions, actions, goals, size, twist=None):
    """after[B, N, 2] and bumped[B, N]."""
    goals, rows = goals.tolist(), []
    for cells, chosen in zip(positions.tolist(), actions.tolist()):
        if twist == "one stops all" and any(cell == goal for cell, goal in zip(cells, goals)):
            rows.append([(cell, False) for cell in cells])
        else:
            rows.append([alone(cell, action, goal, size, twist, goals)
                         for cell, action, goal in zip(cells, chosen, goals)])
    return torch.tensor([[cell for cell, _ in row] for row in rows]), torch.tensor([[bump for _, bump in row]
                                                                                    for row in rows])


def settle(before, after, twist=None):
    """positions[N, 2] and one bool."""
    cells, collided = settled(before.tolist(), after.tolist(), twist)
    return torch.tensor(cells), collided


def team_step(positions, actions, goals, size, twist=None):
    """positions[B, 2, 2], reward[B], terminated[B]."""
    rule = None if twist == "all boards" else twist
    rows = [board_step(*row, goals.tolist(), size, rule) for row in zip(positions.tolist(), actions.tolist())]
    if twist == "all boards":
        rows = _sends_all_boards_back(positions, actions, goals.tolist(), size)
    cells, rewards, ended = zip(*rows)
    return torch.tensor(cells), torch.tensor(rewards, dtype=torch.float64), torch.tensor(ended)


def _sends_all_boards_back(positions, actions, goals, size):
    wanted = [[alone(cells[i], chosen[i], goals[i], size) for i in range(2)]
              for cells, chosen in zip(positions.tolist(), actions.tolist())]
    back = any(row[0][0] == row[1][0] for row in wanted)
    rows = []
    for row, before in zip(wanted, positions.tolist()):
        after = before if back else [cell for cell, _ in row]
        distance = sum(_distance(after[i], goals[i], None) for i in range(2))
        rows.append((after, 10.0 if distance == 0
                     else -0.05 - 0.1 * distance - 0.5 * (sum(bump for _, bump in row) + back),
                     distance == 0))
    return rows


def events(before, actions, goals, size) -> set[str]:
    """Which rules one board's step uses, of: home, bump, two bumps, collision, touch, end."""
    moved = [alone(before[i], actions[i], goals[i], size) for i in range(2)]
    wanted = [cell for cell, _ in moved]
    after, collided = settled(before, wanted)
    return {name for name, happens in {
        "home": any(before[i] == goals[i] for i in range(2)), "bump": any(bump for _, bump in moved),
        "two bumps": all(bump for _, bump in moved), "collision": collided,
        "touch": any(wanted[i] == before[1 - i] for i in range(2)), "end": after == goals}.items() if happens}


@cache
def boards(size: int, seed: int) -> tuple:
    """Goals [2, 2] on distinct cells, and every placement and joint action by what happens: a dict events → rows."""
    generator = torch.Generator().manual_seed(seed)
    cells = [[row, column] for row in range(size) for column in range(size)]
    goals = [cells[k] for k in torch.randperm(len(cells), generator=generator)[:2]]
    rows: dict = {}
    for before in permutations(cells, 2):
        if list(before) != goals:
            for actions in ([a, b] for a in range(4) for b in range(4)):
                rows.setdefault(frozenset(events(list(before), actions, goals, size)),
                                []).append((list(before), actions))
    return goals, rows


def draw(size: int, seed: int, count: int, wanted: Callable[[frozenset], bool]) -> tuple:
    """A case (positions[count, 2, 2], actions[count, 2], goals, size) from the boards on which ``wanted`` happens."""
    goals, rows = boards(size, seed)
    pool = [row for happens in sorted(rows, key=sorted) if wanted(happens) for row in rows[happens]]
    generator = torch.Generator().manual_seed(seed + count)
    picked = [pool[int(k)] for k in torch.randint(len(pool), (count,), generator=generator)]
    placed, actions = zip(*picked)
    return torch.tensor(placed), torch.tensor(actions), torch.tensor(goals), size


def compare_parts(room: Room, answer, cases: list[tuple], truth: Callable) -> None:
    """As ``room.compare``, for answers that are tuples: a mistake is also named when it explains one part of all of
    them."""
    given = [room.ask(answer, *case) for case in cases]
    if not values.same(given[0], room.ask(answer, *cases[0])):
        raise room.wrong(REMEMBERS.name)
    expected = [truth(*copy.deepcopy(case)) for case in cases]
    right_but_for_the_type(given, expected, cases, next(iter(room.exercise.answers)))
    try:
        room.match(given, expected, cases)
    except Found as found:
        known = {mistake.name for mistake in room.exercise.mistakes} | {NEARLY.name}
        if found.verdict.kind != "wrong" or found.verdict.title in known:
            raise
        for part in range(len(expected[0])):
            _name_part(room, part, given, expected, cases, found.verdict.detail)
        raise


def right_but_for_the_type(given: list, expected: list, cases: list[tuple], name: str) -> None:
    """Raise ``Found`` when all numbers are right and a type is not: no misconception explains that."""
    if all(values.loosely_equal(got, want, 1e-9) for got, want in zip(given, expected)):
        for got, want, case in zip(given, expected, cases):
            problem = values.problem(got, want, 1e-9)
            if problem:
                raise Found(Verdict(problem.kind, problem.text,
                                    "The numbers are right. Which type does the exercise ask for?",
                                    values.call(name, case)))


def _name_part(room, part, given, expected, cases, detail) -> None:
    if all(values.problem(got[part], want[part], 1e-9) is None for got, want in zip(given, expected)):
        return
    explained = {}
    for mistake in room.exercise.mistakes:
        claimed = [mistake.wrong(*copy.deepcopy(case)) for case in cases] if mistake.wrong else []
        agrees = [all(values.loosely_equal(got[k], claim[k], 1e-9) for got, claim in zip(given, claimed))
                  for k in range(len(expected[0]))]
        if claimed and agrees[part]:
            explained[mistake.name] = sum(agrees)
    if explained:
        raise room.wrong(max(explained, key=explained.get), detail)
