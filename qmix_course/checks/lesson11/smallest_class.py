"""11.1 · Can a QMixer make it?: decide in which of the four nested classes a payoff table is."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

CLASSES = ("additive", "qmix", "monotone", "igm")


def smallest_class(table, twist=None) -> str:
    """The smallest class of table[A, A], by looking at every pair of orders."""
    rows = table.round().tolist() if twist == "whole numbers" else table.tolist()
    n = len(rows)
    if twist == "igm always":
        return "igm"
    if twist == "means":
        orders = [(sorted(range(n), key=lambda a: sum(rows[a])),
                   sorted(range(n), key=lambda b: sum(row[b] for row in rows)))]
    elif twist == "largest":
        orders = [(sorted(range(n), key=lambda a: max(rows[a])),
                   sorted(range(n), key=lambda b: max(row[b] for row in rows)))]
    elif twist == "one line":
        orders = [(sorted(range(n), key=lambda a: rows[a][0]), sorted(range(n), key=lambda b: rows[0][b]))]
    elif twist == "as it stands":
        orders = [(range(n), range(n))]
    elif twist == "one order":
        orders = [(order, order) for order in itertools.permutations(range(n))]
    else:
        orders = itertools.product(itertools.permutations(range(n)), repeat=2)
    found = [class_in_order([[rows[a][b] for b in columns] for a in order], rows, twist) for order, columns in orders]
    return CLASSES[min(found)]


def class_in_order(rows, as_given, twist) -> int:
    n = len(rows)
    steps = [rows[i + 1][j] - rows[i][j] for i in range(n - 1) for j in range(n)]
    if twist != "first agent":
        steps += [rows[i][j + 1] - rows[i][j] for i in range(n) for j in range(n - 1)]
    falls = any(step <= 0 for step in steps) if twist == "strict rises" else any(step < 0 for step in steps)
    if falls and twist not in ("means", "falls"):
        return 3
    if twist == "differences as they stand":
        rows = as_given
    mixed = [rows[i + 1][j + 1] - rows[i + 1][j] - rows[i][j + 1] + rows[i][j] for i in range(n - 1)
             for j in range(n - 1)]
    if twist == "first square":
        mixed = mixed[:1]
    elif twist == "corners":
        mixed = [rows[-1][-1] - rows[-1][0] - rows[0][-1] + rows[0][0]]
    elif twist == "diagonal":
        mixed = [mixed[k * (n - 1) + k] for k in range(n - 1)]
    elif twist == "curvature":
        mixed = [rows[i + 2][j] - 2 * rows[i + 1][j] + rows[i][j] for i in range(n - 2) for j in range(n)]
        mixed += [rows[i][j + 2] - 2 * rows[i][j + 1] + rows[i][j] for i in range(n) for j in range(n - 2)]
    elif twist == "turned around":
        mixed = [-each for each in mixed]
    elif twist == "absolute":
        mixed = [abs(each) for each in mixed]
    elif twist == "sum":
        mixed = [sum(mixed)]
    elif twist == "either sign" and all(each <= 0 for each in mixed):
        mixed = [-each for each in mixed]
    if all(each == 0 for each in mixed) and twist != "no additive":
        return 0
    if twist == "strict":
        return 1 if all(each > 0 for each in mixed) else 2
    if twist == "any":
        return 1 if any(each > 0 for each in mixed) else 2
    return 1 if all(each >= 0 for each in mixed) else 2


def class_cases() -> list[tuple]:
    """Tables of all classes with two and three actions, shuffled; all entries are whole numbers or quarters."""
    small = [[[0, 1], [1, 8]], [[0, 1], [1, 1]], [[8, 0], [0, 4]], [[7, 7], [7, 7]], [[1, 0], [0, 0]], [[1, 1], [1, 0]],
             [[3, 0], [4, 2]],
             # sorted by means, these rise for one agent only
             [[3, 0], [4, 9]], [[3, 4], [0, 9]], [[0.75, 0], [1, 2.25]], [[0.75, 1], [0, 2.25]],
             [[5, 0], [5, 5]], [[0, 5], [0, 5]], [[2, 5], [1, 4]], [[1, 0], [0, 1]], [[0, 0], [3, 4]], [[0, 0], [0, 0]],
             [[-2, -1], [-1, 0]],
             [[999.75, 1000], [1000, 1000]], [[-1000, 1000], [999.75, 1000]], [[0.25, 0.25], [0.25, 0.5]],
             [[0, 0.25], [0.25, 0.25]],
             [[0, 0, 0], [0, 0, 0], [0, 0, 0.25]], [[0, 1000, 1000], [1000, 1000, 1000], [1000, 1000, 1000]]]
    cases = [(torch.tensor(rows).double(),) for rows in small]
    for mixed in ([[1, -2], [0, 0]], [[1, -1], [0, 0]], [[0, 3], [-2, 0]], [[2, 0], [0, -1]], [[0, 0], [2, -2]],
                  [[0, -1], [0, 4]]):
        table = torch.tensor([[0.0, 3.0, 7.0], [2.0, 5.0, 9.0], [6.0, 9.0, 13.0]])
        table[1:, 1:] += torch.tensor(mixed).cumsum(0).cumsum(1)
        cases += [(table,), (table.flip(1),)]
    generator = torch.Generator().manual_seed(0)
    for k in range(40):
        a, b = (torch.randint(0, 5, (3,), generator=generator).sort().values.double() for _ in range(2))
        corners = torch.randint(0, 3, (2, 2), generator=generator).double() * (torch.rand(2, 2, generator=generator)
                                                                               < 0.5)
        table = a.unsqueeze(1) + b
        kind = k % 8
        if kind in (1, 2, 6):
            table[1:, 1:] += corners.cumsum(0).cumsum(1)
        if kind == 2:
            table[2, 2] -= min(1.0, float(table[2, 2] - max(table[1, 2], table[2, 1])))
        elif kind == 3:
            table = torch.maximum(a.unsqueeze(1), b)
        elif kind == 4:
            table = torch.minimum(a.unsqueeze(1), b)
        elif kind == 5:
            table = torch.randint(0, 3, (3, 3), generator=generator).double()
        elif kind == 6:
            table[:, 1:] += 1.0
        elif kind == 7:
            table[0, 1:] += 1.0
            table[1:] += 2.0
        rows, columns = (torch.randperm(3, generator=generator) for _ in range(2))
        cases.append((table[rows][:, columns] / 4 - 1,))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = class_cases()
    given = [room.ask(answer, *case) for case in cases]
    odd = [said for said in given if not isinstance(said, str) or said not in CLASSES]
    if odd:
        raise room.misfit(f"expected one of {', '.join(CLASSES)} as text, got "
                          f"{values.describe(odd[0])}", "Return one of the four words, in small letters.")
    try:
        room.compare(answer, cases, smallest_class)
    except Found as found:
        if found.verdict.title != UNNAMED:
            raise
        (table,), said = min(((case, said) for case, said in zip(cases, given) if said != smallest_class(*case)),
                             key=lambda each: values.size(each[0]))             # the case that the verdict shows
        raise room.wrong(confused(smallest_class(table), said), found.verdict.detail) from None
    return Verdict("correct")


def confused(right: str, said: str) -> str:
    """The name of the mistake of one who says ``said`` where ``right`` is right."""
    if right == "igm":
        return "a table that rises in no order is put into a smaller class"
    if said == "igm":
        return "a table that rises in some order is put into the largest class"
    if right == "monotone":
        return "a negative mixed difference goes unnoticed"
    return "a table that QMIX can make is refused" if said == "monotone" else "additive and qmix are confused"


MISTAKES = twisted(
    smallest_class,
    ("as it stands", "the actions are taken in the order in which they are numbered",
     "[[8, 1], [1, 0]] falls as it stands. What if both agents call their actions the other way round?",
     "an agent's utilities sort its actions; the numbers that they happen to have mean nothing"),
    ("differences as they stand", "the mixed differences are taken before sorting",
     "You found an order in which the table rises. In which order do you take the mixed differences?",
     "turning one agent's actions around changes the sign of every mixed difference"),
    ("one order", "both agents are sorted by the same order",
     "Agent 1's worst action may be its first and agent 2's its last. Do you try that?",
     "each agent has utilities and an order of its own"),
    ("first agent", "only one agent's steps are tested for falls",
     "A table can rise along every column and fall along a row. Whose step is which?",
     "monotone means: in each agent's utility"),
    ("igm always", "the largest class, not the smallest",
     "Every table is in the class igm. Begin with the smallest class and stop at the first that holds it.",
     "the classes are nested, so the larger ones say nothing that was not known"),
    ("no additive", "a sum is not told apart",
     "For [[0, 1], [1, 2]] all mixed differences are zero. In which class is it?",
     "mixed differences that are all zero mean that what one agent gains does not depend on the other"),
    ("turned around", "the sign of the mixed difference is turned around",
     "In 2B the gain of agent 1 is 1 and then 7. Is the mixed difference 6 or −6, and can QMIX make 2B?",
     "convex units make differences that increase; OR, whose difference is −1, is out of reach"),
    ("absolute", "the sign of the mixed difference is lost",
     "OR and AND have mixed differences −1 and 1. Where does your code tell the two apart?",
     "it is the sign that decides between what QMIX makes and what it does not"),
    ("strict", "a mixed difference of zero is counted as a fall",
     "Increasing differences means: nowhere negative. What of a table in which some are zero and others positive?",
     "a building block that is not needed simply has the height zero"),
    ("strict rises", "a level stretch is counted as a fall",
     "AND, [[0, 0], [0, 1]], has a level first row. Can QMIX make it?",
     "monotone means that no step goes down; a step may be level"),
    ("any", "one positive mixed difference is enough for your answer",
     "With three actions there are four mixed differences. How many of them may be negative?",
     "every building block needs a height that is not negative, not just one of them"),
    ("first square", "only the first mixed difference is looked at",
     "A table of three actions has four squares of neighbours. Which do you look at?",
     "one negative mixed difference anywhere puts a table out of reach"),
    ("corners", "only the four outer corners are looked at",
     "The outer corners give the sum of all mixed differences. Can a sum be positive while one of them is negative?",
     "the sum of all mixed differences hides a negative one behind a large positive one"),
    ("diagonal", "only the squares on the diagonal are looked at",
     "Which pairs (i, j) of neighbouring steps does your code visit? There are four with three actions.",
     "the squares off the diagonal count in the same way"),
    ("curvature", "one agent's own steps are compared, not how they depend on the other",
     "A mixed difference has one step of each agent in it. Along which axes do you take your two differences?",
     "an agent's utilities can be of any size, so how its own steps compare says nothing"),
    ("means", "sorted by means, and never tested for falls",
     "[[8, 0], [0, 4]] can be sorted by its row means. Does it rise in every column then?",
     "an order by means may be the only candidate, but the table must still rise in it"),
    ("falls", "mixed differences alone decide, in whatever order",
     "In some order [[8, 0], [0, 4]] has a positive mixed difference. Does the table rise in that order?",
     "increasing differences are asked for in an order in which the table never falls, not in any"),
    ("one line", "sorted by one row and one column only",
     "You sort agent 1's actions by what they pay in one column. What if two of them pay the same there?",
     "actions that are level in one column can differ in another, and the order must be right in all"),
    ("largest", "sorted by the best that each action can pay",
     "In [[1, 1], [1, 0]] the best of every row and column is 1. In which order do you take the actions then?",
     "actions with the same best payoff can differ elsewhere, and the order must be right everywhere"),
    ("either sign", "mixed differences of either sign are accepted",
     "OR has one mixed difference, −1. Which class is it in by your rule, and what did the trained teams make of it?",
     "ELU is convex: a table whose differences decrease is out of reach, however regular it is"),
    ("whole numbers", "quarters are rounded away",
     "Does your answer change if an entry of 0 becomes 0.25? Look for round, int or long.",
     "a quarter is enough to change the class"),
) + (
    Mistake("a table that rises in no order is put into a smaller class",
            "Write down the better action of agent 1 for each action of agent 2, and the other way round. Can any "
            "order make all steps rise?",
            "only igm holds the tables in which what is better for one agent depends on the other"),
    Mistake("a table that rises in some order is put into the largest class",
            "Take the table below and sort each agent's actions from worst to best. Is there a step that goes down?",
            "a table that rises in some pair of orders is monotone at least"),
    Mistake("a negative mixed difference goes unnoticed",
            "Sort the table below so that it rises, and take all its mixed differences. One is negative: does your "
            "code see it?",
            "one negative mixed difference puts the table out of QMIX's reach"),
    Mistake("a table that QMIX can make is refused",
            "Sort the table below so that it rises, and take all its mixed differences. Which one does your code call "
            "negative?",
            "no mixed difference below zero: that is all QMIX asks of a table that rises"),
    Mistake("additive and qmix are confused",
            "Sort the table below so that it rises. Are all its mixed differences zero, or are some above? That "
            "decides between the two.",
            "a sum has no mixed difference at all; QMIX's class has room for positive ones"),
)

EXERCISE = Exercise(
    number="11.1", title="Can a QMixer make it?", answers={"smallest_class": "function"}, difficulty=3, minutes=15,
    core=True,
    practises="decide in which of the four nested classes a payoff table is",
    hints=("Try every pair of orders. For each: does the sorted table rise? If it does, look at its mixed differences.",
           "Begin with the smallest class. All mixed differences zero, none negative, or some negative: which is "
           "which?",
           "If no order makes the table rise, only one of the four words is left."),
    off_limits=("qmix_course.representation.classify", "qmix_course.representation.best_tables",
                "qmix_course.representation.errors_by_order", "qmix_course.representation.mixer_for",
                "qmix_course.cones.best_sum", "qmix_course.cones.best_supermodular", "qmix_course.cones.best_rising"),
    mistakes=MISTAKES, look=look)
