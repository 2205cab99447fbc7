"""02.2 · Who goes back: settle conflicts among any number of agents at the same time, without an order among them."""

from __future__ import annotations

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02 import rules, wide
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

SWAP = ([[1, 1], [1, 2]], [[1, 2], [1, 1]])
FOLLOW = ([[1, 1], [1, 2]], [[1, 2], [1, 3]])
ROUND = ([[0, 0], [0, 1], [1, 1], [1, 0]], [[0, 1], [1, 1], [1, 0], [0, 0]])
THREE = ([[0, 1], [1, 0], [2, 1]], [[1, 1], [1, 1], [1, 1]])
FOUR = ([[0, 1], [1, 0], [2, 1], [1, 2]], [[1, 1], [1, 1], [1, 1], [1, 1]])
CHAIN = ([[0, 0], [0, 1], [0, 3]], [[0, 1], [0, 2], [0, 2]])
LONG_CHAIN = ([[0, 0], [0, 1], [0, 2], [0, 4]], [[0, 1], [0, 2], [0, 3], [0, 3]])


def chain(n_agents: int) -> tuple:
    """Agents in a row, the last two of which want one cell: it takes N - 1 rounds until nobody shares a cell."""
    columns = list(range(n_agents - 1))
    return [[0, c] for c in (*columns, n_agents)], [[0, c + 1] for c in (*columns, columns[-1])]


def crowds(n_agents: int, rounds: int, count: int, seed: int) -> list[tuple]:
    """Cases of ``settle`` with no conflict left to settle after exactly ``rounds`` rounds, never three on one cell."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    while len(found) < count:
        cells = torch.randperm(9, generator=generator)[:n_agents].tolist()
        before = [list(divmod(cell, 3)) for cell in cells]
        actions = torch.randint(5, (n_agents,), generator=generator).tolist()       # 4: the agent stands still
        after = [rules.alone(cell, a, None, 3)[0] if a < 4 else cell for cell, a in zip(before, actions)]
        crowded = any(after.count(cell) > 2 for cell in after)
        if not crowded and _rounds(before, after) == rounds:
            found.append((torch.tensor(before), torch.tensor(after)))
    return found


def _rounds(before, after) -> int:
    if len({tuple(cell) for cell in after}) == len(after):
        return 0
    return 1 + _rounds(before, [old if after.count(new) > 1 else new for old, new in zip(before, after)])




def look(room: Room, answer) -> Verdict:
    fixed = [[tuple(map(torch.tensor, case)) for case in group]
             for group in ((SWAP, FOLLOW, ROUND), (THREE, FOUR), (CHAIN, LONG_CHAIN, chain(5), chain(8), chain(13)))]
    stages = (
        fixed[0] + crowds(1, 0, 2, 1) + crowds(2, 0, 10, 2) + crowds(4, 0, 10, 3),
        crowds(2, 1, 12, 4),
        crowds(3, 1, 12, 5) + crowds(5, 1, 8, 6),
        fixed[1],
        fixed[2] + crowds(4, 2, 8, 7) + crowds(5, 2, 8, 8) + crowds(6, 3, 4, 9),
    )
    for stage, cases in enumerate(stages):
        try:
            rules.compare_parts(room, answer, cases, rules.settle)
        except Found as found:
            if found.verdict.title != UNNAMED:
                raise
            name = recognised(stage, [room.ask(answer, *case)[0] for case in cases], cases)
            raise room.wrong(name, found.verdict.detail) if name else found from None
    at_the_edge(room, answer, wide.settling(), lambda before, after: (after, False), wide.TWO_CELLS[0])
    wide.examine_chains(room, answer, chain)
    return Verdict("correct")


def recognised(stage: int, given: list, cases: list[tuple]) -> str | None:
    """What the positions show that no formula explains: somebody goes first, or a conflict is left."""
    if stage == 1 and all(sum(map(torch.equal, got, before)) >= 1 <= sum(map(torch.equal, got, after))
                          for got, (before, after) in zip(given, cases)):
        return "only one of the two goes back"
    if stage == 4 and any(len(got.unique(dim=0)) < len(got) for got in given):
        return "going back makes a new conflict, and it stays"
    return None


MISTAKES = twisted(
    rules.settle,
    ("swap", "agents that trade places are sent back",
     "Two agents that swap cells: do they ever stand on one cell, after the step?",
     "these rules look only at where the agents end; whether a swap is allowed is a choice, and here it is"),
    ("taken", "an agent may not enter a cell that somebody is just leaving",
     "Everybody moves at the same time. With whose new cell must an agent's new cell be compared?",
     "the old cell of an agent that moves on is free; comparing with it brings back an order among the agents"),
    ("half", "the same row or the same column counts as the same cell",
     "A cell has two numbers. How many of them must agree?",
     "agents that pass each other at a distance would be sent back"),
    ("one stays", "only one of the two goes back",
     "Who of the two has the right to the cell? Read the rule again.",
     "then the agents' numbers decide who gets through: an order that nobody observes"),
    ("nobody goes back", "the conflict is seen, but nobody goes back",
     "Two agents may never end on one cell. Where do yours end?",
     "later rules rely on everybody having a cell of their own"),
    ("never said", "the second result never says that there was a conflict",
     "The positions are right. When is your second result worked out: before the conflicts are settled or after?",
     "after the last round nobody shares a cell any more, so the question has to be asked before"),
    ("both moved", "an agent that stood still cannot be run into",
     "One agent stands still and another one walks into its cell. Do they share a cell?",
     "an agent that sits on its goal is in the way like any other"),
    ("everyone", "everybody goes back when any two meet",
     "Agents 1 and 2 meet in one corner, agent 3 walks alone in another. What has agent 3 to do with it?",
     "an agent's move would depend on agents that it never met"),
    ("pair by pair", "a third agent on the cell is overlooked",
     "Three agents want one cell. You send two of them back: does the third still share it when you look?",
     "settling one pair changes what the next pair looks like; find everybody who shares first, then send them back"),
    ("neighbours", "only neighbours in the list are compared",
     "Which pairs are there among three agents? Count the ones that you compare.",
     "agents 1 and 3 can meet as well as agents 1 and 2"),
    ("first two", "only the first two agents are compared",
     "How many agents are there? The lesson had two; this function is for any number.",
     "from three agents on most of the pairs are not looked at"),
    ("one round", "going back makes a new conflict, and it stays",
     "An agent goes back, and somebody else has just entered its old cell. Look again after sending back.",
     "with three agents or more one round is not enough"),
) + (Mistake(*wide.TWO_CELLS),)

EXERCISE = Exercise(
    number="02.2", title="Who goes back", answers={"settle": "function"}, difficulty=3, minutes=10,
    practises="settle conflicts among any number of agents at the same time, without an order among them",
    hints=("First find everybody who shares a cell with anybody else. Only then move somebody.",
           "Sending somebody back can make a new conflict. When are you done?",
           "A table of all pairs says who stands on whose cell; an agent always shares a cell with itself, and that "
           "does not count."),
    mistakes=MISTAKES, look=look)
