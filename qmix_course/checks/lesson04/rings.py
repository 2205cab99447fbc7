"""04.2 · A table from each ring: find tables that are additive, monotone but not additive, and IGM but not monotone."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

SHAPES = {"additive": (3, 3), "monotone": (3, 3), "igm": (3, 3), "utilities": (2, 3)}


def read_rings(given) -> dict[str, torch.Tensor]:
    """The four tables as float64 tensors of the right shapes."""
    if not isinstance(given, dict) or set(given) != set(SHAPES):
        keys = sorted(map(str, given)) if isinstance(given, dict) else values.describe(given)
        raise Found(Verdict("wrong shape or type", f"rings: expected a dictionary with {', '.join(SHAPES)}, got {keys}",
                            "Keep the four keys as they stand in the exercise."))
    tables = {}
    for key, shape in SHAPES.items():
        try:
            tables[key] = torch.as_tensor(given[key]).detach().double()
        except (TypeError, ValueError, RuntimeError):
            tables[key] = torch.empty(0)
        if tables[key].shape != shape or not bool(tables[key].isfinite().all()):
            raise Found(Verdict("wrong shape or type", f'rings["{key}"]: expected {shape[0]} rows of {shape[1]} finite '
                                                       f'numbers',
                                "A list of lists will do, or a tensor."))
    return tables


def interaction(table) -> torch.Tensor:
    """What is left of a table when row means, column means and the mean of all are taken out: 0 for a sum."""
    return table - table.mean(1, keepdim=True) - table.mean(0) + table.mean()


def rising_order(table):
    """Orders (rows, columns) from worst to best under which the table never falls, or None."""
    orders = [list(order) for order in itertools.permutations(range(3))]
    for rows, columns in itertools.product(orders, orders):
        ordered = table[rows][:, columns]
        if bool((ordered.diff(dim=0) >= -1e-9).all() and (ordered.diff(dim=1) >= -1e-9).all()):
            return rows, columns
    return None


def look(room: Room, given) -> Verdict:
    tables = read_rings(given)
    for key in ("additive", "monotone", "igm"):
        entries = tables[key].flatten().sort().values
        if bool((entries.diff() < 1e-6).any()):
            twice = entries[1:][entries.diff() < 1e-6][0].item()
            raise room.wrong("an entry comes twice", f'{twice:g} stands more than once in rings["{key}"]')
    additive, monotone, igm, q = tables.values()
    off = interaction(additive)
    if off.abs().max() > 1e-6:
        rows = next(rows for rows in itertools.combinations(range(3), 2)
                    if additive[list(rows)].diff(dim=0).diff().abs().max() > 1e-7)
        steps = (additive[rows[1]] - additive[rows[0]]).tolist()
        raise room.wrong("the additive table is no sum",
                         f"from row {rows[0]} to row {rows[1]} its entries change by "
                         f"{', '.join(f'{step:g}' for step in steps)}")
    if interaction(monotone).abs().max() < 1e-6:
        raise room.wrong("the monotone table is additive too")
    if rising_order(monotone) is None:
        raise room.wrong("no order makes the monotone table rise")
    if interaction(igm).abs().max() < 1e-6:
        raise room.wrong("the last table is additive")
    order = rising_order(igm)
    if order is not None:
        raise room.wrong("the last table is monotone",
                         f"it never falls with rows in the order {order[0]} and columns in the order {order[1]}")
    if bool((q.sort(1).values[:, -1] - q.sort(1).values[:, -2] < 1e-6).any()):
        raise room.wrong("an agent is undecided")
    own_choice, best = tuple(q.argmax(1).tolist()), divmod(int(igm.argmax()), 3)
    if own_choice != best:
        name = ("the two agents' utilities are exchanged"
                if own_choice == best[::-1] else "the utilities miss the largest entry")
        raise room.wrong(name, f"the agents choose {own_choice}, worth {igm[own_choice]:g}; the best is {best}, worth "
                               f"{igm[best]:g}")
    return Verdict("correct")


MISTAKES = (
    Mistake("an entry comes twice", "All nine entries of a table must differ. Equal entries would make it easier to be "
                                    "monotone.",
            "with level stretches allowed a table says less about the ring that it comes from"),
    Mistake("the additive table is no sum",
            "In a sum, switching from one row to another changes every entry by the same amount. Does it, in each "
            "column?",
            "what agent 1 gains by switching must not depend on agent 2, or no utilities add up to the table"),
    Mistake("the monotone table is additive too",
            "It lies in the innermost ring. Raise one entry a little, one for which the order of the entries stays as "
            "it is.",
            "a sum of utilities is monotone, but here the ring between the two was asked for"),
    Mistake("no order makes the monotone table rise",
            "Compare two rows, entry by entry. If one is better in one column and the other in another, can any order "
            "be right?",
            "agent 1's order of actions must be right whatever agent 2 does"),
    Mistake("the last table is additive",
            "What is additive is monotone as well. Look for a table in which the better row depends on the column.",
            "additive implies monotone, so such a table is in every ring"),
    Mistake("the last table is monotone",
            "Falling rows are not enough: a team may sort its actions. The verdict's order makes it rise. What would "
            "rule out every order?",
            "the order of the actions is free; a table is outside only if all 36 pairs of orders fail"),
    Mistake("an agent is undecided",
            "One agent has two utilities that are both the largest. Which action does it take?",
            "with a tie the agent may take the worse of the two, and IGM is left to chance"),
    Mistake("the two agents' utilities are exchanged",
            "Which row of the utilities belongs to the agent that chooses the row of the table?",
            "the first agent chooses the row: its largest utility must be at the row of the largest entry"),
    Mistake("the utilities miss the largest entry",
            "Find the largest entry. In which row and which column does it stand, and where are the largest utilities?",
            "then every agent takes its own best action, and the team misses its best joint action"),
)

EXERCISE = Exercise(
    number="04.2", title="A table from each ring", answers={"rings": "value"}, difficulty=2, minutes=10,
    practises="find tables that are additive, monotone but not additive, and IGM but not monotone",
    hints=("Begin with utilities: choose three numbers for each agent and add them up, so that no sum comes twice.",
           "For the second table start from the first. Which single entry can go up as far as you like without "
           "breaking the order?",
           "For the third: let the better of two rows depend on the column. Then no order of the rows is right in both "
           "columns. Only at the end find its largest entry and let the utilities point at it."),
    mistakes=MISTAKES, look=look)
