"""Wrong answers to the exercises of lesson 02 that are right on the boards of the lesson: packed cells, fixed sizes and
counts."""

import torch

from tests.catalogue import Answers
from tests.catalogue.lesson02.leaks import leaks
from tests.catalogue.lesson02.observe import observe

MOVES = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])


def packed(width):
    """Whether two cells are the same, asked of one number for both coordinates."""
    return lambda one, two: (one[..., 0] * width + one[..., 1]) == (two[..., 0] * width + two[..., 1])


def exact(one, two):
    return (one == two).all(-1)


def walk(home=exact, rows=lambda size: size):
    def answer(positions, actions, goals, size):
        there, wanted = home(positions, goals), positions + MOVES[actions]
        outside = ((wanted < 0) | (wanted >= rows(size))).any(-1)
        return torch.where((there | outside)[..., None], positions, wanted), outside & ~there
    return answer


def walk_by_goal(positions, actions, goals, size):
    whose = {tuple(goal): agent for agent, goal in enumerate(goals.tolist())}
    there = torch.tensor([[whose.get(tuple(cell)) == agent for agent, cell in enumerate(row)]
                          for row in positions.tolist()])
    return walk(lambda *_: there)(positions, actions, goals, size)


def settle(number, rounds=500):
    """Compares ``number(row, column)``; goes round at most ``rounds`` times."""
    def answer(before, after):
        collided = False
        for _ in range(rounds):
            numbers = [number(*cell) for cell in after.tolist()]
            shared = torch.tensor([numbers.count(each) > 1 for each in numbers])
            if not shared.any():
                break
            collided, after = True, torch.where(shared[:, None], before, after)
        return after, collided
    return answer


def step(home=exact, meets=exact, rows=lambda size: size):
    def answer(positions, actions, goals, size):
        after, bumped = walk(home, rows)(positions, actions, goals, size)
        shared = meets(after[:, 0], after[:, 1])
        after = torch.where(shared[:, None, None], positions, after)
        distance = (after - goals).abs().sum((1, 2))
        reward = -0.05 - 0.1 * distance - 0.5 * (bumped.sum(1) + shared)
        return after, torch.where(distance == 0, 10.0, reward), distance == 0
    return answer


def flags(home=lambda positions, goals: exact(positions, goals).all(1), limits=()):
    def answer(positions, goals, clock, limit):
        terminated = home(positions, goals)
        return terminated, (clock >= min(limit, *limits, limit)) & ~terminated
    return answer


def move(meets=exact, rows=lambda size: size):
    def answer(positions, actions, size):
        after = (positions + MOVES[actions]).clamp(0, rows(size) - 1)
        return torch.where(meets(after[:, 0], after[:, 1])[:, None, None], positions, after)
    return answer


def looks_added_up(look, size):
    """Compares the sum of each observation."""
    return leaks(lambda *case: look(*case).double().sum(-1, keepdim=True), size)


def looks_rounded(digits):
    def answer(look, size):
        return leaks(lambda *case: look(*case).double().round(decimals=digits), size)
    return answer


def few_rows(size):
    return min(size, 8)


SAME, SMALL = "two different cells count as one", "it works on small boards only"
WRONG = {
    "02.1": [(SAME, walk(packed(10))), (SAME, walk(packed(100))), (SMALL, walk(rows=few_rows)),
             (SMALL, walk(rows=lambda s: min(s, 100))),
             ("agents are told apart by their goals or cells", walk_by_goal)],
    "02.2": [*((SAME, settle(lambda r, c, w=width: r * w + c))
               for width in (11, 50, 64, 997, 1000, 1024, 10_000, 1_000_000)),
             (SAME, settle(lambda r, c: c * 50 + r)), (SAME, settle(lambda r, c: f"{r}{c}")),
             (SAME, settle(lambda r, c: float(f"{r}.{c}"))),
             *(("going back makes a new conflict, and it stays", settle(lambda r, c: (r, c), rounds))
               for rounds in (10, 20, 50, 100))],
    "02.3": [(SAME, step(home=packed(10))), (SAME, step(meets=packed(10))), (SAME, step(meets=packed(100))),
             (SAME, step(meets=packed(1000))),
             (SMALL, step(rows=few_rows))],
    "02.4": [(SMALL, lambda positions, goals, size: observe(positions, goals, min(size, 10)))],
    "02.5": [("differences are added up, and cancel", looks_added_up),
             ("a small difference is taken for none", looks_rounded(12))],
    "02.6": [("a row too many and a column too few cancel", flags(lambda p, g: ((p - g).sum(2) == 0).all(1))),
             ("one agent's differences cancel another's", flags(lambda p, g: (p - g).sum((1, 2)) == 0)),
             ("only the first agents are looked at", flags(lambda p, g: exact(p[:, :4], g[:4]).all(1))),
             ("the clock stops at a number of its own", flags(limits=(100,))),
             (SAME, flags(lambda p, g: packed(10)(p, g).all(1)))],
    "02.7": [(SAME, ("D", move(packed(10)))), (SAME, ("D", move(packed(100)))), (SMALL, ("D", move(rows=few_rows)))],
}
RIGHT = {"02.1": walk(), "02.2": settle(lambda r, c: (r, c)), "02.3": step(), "02.6": flags(), "02.7": ("D", move())}
ANSWERS = {number: Answers([RIGHT[number]] if number in RIGHT else [], wrong) for number, wrong in WRONG.items()}
