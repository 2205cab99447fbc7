"""Large boards, for the checks of lesson 02: cells that one number for row and column confuses, and rows beyond the
usual ones."""

from __future__ import annotations

from collections.abc import Callable

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.room import Room

# With a fixed width w, row · w + column is the same for (0, w) and (1, 0): a board may be wider than any of these.
WIDTHS = (*range(2, 261), 500, 512, 997, 999, 1000, 1001, 1009, 1024, 2048, 4096, 7919, 10_000,
          10_007, 65_536, 100_000, 1_000_000, 1_000_003, 10 ** 9)
PAIRS = (*(((0, w), (1, 0)) for w in WIDTHS), *(((w, 0), (0, 1)) for w in WIDTHS),
         ((1, 10), (11, 0)), ((1, 1), (1, 10)), ((2, 5), (5, 2)), ((3, 4), (5, 0)))

# Whoever lists all cells of a board is right too: such an answer takes long on a large board, and is asked about
# smaller ones only.
FEW = [pair for pair in PAIRS if max(*pair[0], *pair[1]) in (7, 8, 10, 11, 12, 16, 20, 31, 32, 50, 64, 100, 101, 128)]
FEW += [((0, 150), (1, 0)), ((0, 200), (1, 0)), ((0, 256), (1, 0)), ((0, 1000), (1, 0)), ((0, 1024), (1, 0))]
FEW.sort(key=lambda pair: max(*pair[0], *pair[1]))
PATIENCE = 0.1          # seconds for one board

TWO_CELLS = ("two different cells count as one",
             "Boards can be large. Do you make one number of a row and a column? Look for two cells that get the same "
             "one.",
             "with a fixed width the last cells of a wide row get the numbers of the next row; compare both "
             "coordinates")
SMALL = ("it works on small boards only",
         "Try a board with 2,000 rows, with agents in its last ones. Which number in your code stands where `size` "
         "should?",
         "the size of the board is the one that was given, and it can be any")


def ways_in(cell) -> tuple[list[int], int]:
    """A cell next to this one, and the action that leads from there to it: from the left, or from above in column 0."""
    row, column = cell
    return ([row, column - 1], 3) if column else ([row + 1, column], 0)


def beside_a_goal() -> list[tuple]:
    """Cases of ``walk``: agents on cells that might be taken for their goals."""
    return [(torch.tensor([[cell]]), torch.tensor([[3]]), torch.tensor([goal]), max(*cell, *goal) + 3)
            for cell, goal in FEW]


def far_out(n_agents: int) -> list[tuple]:
    """Cases of ``walk`` and ``team_step``: at the last rows and columns of large boards, and in the middle of them."""
    cases = []
    for size in (12, 40, 130, 500, 2000):
        half, last = size // 2, size - 1
        rows = [[[last, last], [half, half]], [[half, last], [last, half]], [[last - 1, 0], [0, last - 1]],
                [[half, 0], [last, 1]]]
        positions = torch.tensor(rows * 4)[:, :n_agents]
        actions = torch.tensor([[a, (a + k) % 4] for a in range(4) for k in range(4)])[:, :n_agents]
        cases.append((positions, actions, torch.tensor([[0, 1], [1, last]])[:n_agents], size))
    return cases


def towards_a_pair() -> list[tuple]:
    """Cases of ``team_step``: two agents walk onto cells that might be taken for one, or one stands beside its goal."""
    cases = []
    for one, two in FEW:
        size = max(*one, *two) + 3 if max(*one, *two) > 9 else 12
        (first, a), (second, b) = ways_in(one), ways_in(two)
        if first != second:
            away = torch.tensor([[size - 1, 3], [4, size - 1]])
            cases.append((torch.tensor([[first, second]]), torch.tensor([[a, b]]), away, size))
        for goal, cell in ((one, two), (two, one)):
            beside = torch.tensor([[list(cell), [size - 1, 3]]])
            cases.append((beside, torch.tensor([[1, 3]]), torch.tensor([list(goal), [4, 4]]), size))
    return cases


def settling() -> list[tuple]:
    """Cases of ``settle``: two agents walk onto cells that might be taken for one; nobody has to go back."""
    cases = []
    for one, two in PAIRS:
        before = [ways_in(cell)[0] for cell in (one, two)]
        if before[0] != before[1]:
            cases.append((torch.tensor(before), torch.tensor([one, two])))
    return cases


def examine_chains(room: Room, answer, chain: Callable) -> None:
    """``settle`` for long chains: every agent has to go back, one after the other."""
    cases = [tuple(map(torch.tensor, chain(n_agents))) for n_agents in (26, 57, 104)]
    at_the_edge(room, answer, cases, lambda before, after: (before, True),
                "going back makes a new conflict, and it stays",
                patience=PATIENCE)
