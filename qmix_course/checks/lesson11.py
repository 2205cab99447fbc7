"""Checks of lesson 11, representation: the smallest class of a table, and which unit can make which table."""

from __future__ import annotations

import itertools
from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson11_fits import FITS
from qmix_course.checks.lesson11_head import HEAD
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

CLASSES = ("additive", "qmix", "monotone", "igm")


# ---- 11.1: the smallest class ------------------------------------------------------------------------------------------

def smallest_class(table, twist=None) -> str:
    """The smallest class of table[A, A], by looking at every pair of orders."""
    rows = table.tolist()
    n = len(rows)
    if twist == "igm always":
        return "igm"
    if twist == "means":
        orders = [(sorted(range(n), key=lambda a: sum(rows[a])), sorted(range(n), key=lambda b: sum(row[b] for row in rows)))]
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
    mixed = [rows[i + 1][j + 1] - rows[i + 1][j] - rows[i][j + 1] + rows[i][j] for i in range(n - 1) for j in range(n - 1)]
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
    if all(each == 0 for each in mixed) and twist != "no additive":
        return 0
    if twist == "strict":
        return 1 if all(each > 0 for each in mixed) else 2
    if twist == "any":
        return 1 if any(each > 0 for each in mixed) else 2
    return 1 if all(each >= 0 for each in mixed) else 2


def class_cases() -> list[tuple]:
    """Tables of all classes with two and three actions, shuffled; all entries are whole numbers or quarters."""
    small = [[[0, 1], [1, 8]], [[0, 1], [1, 1]], [[8, 0], [0, 4]], [[7, 7], [7, 7]], [[1, 0], [0, 0]], [[1, 1], [1, 0]], [[3, 0], [4, 2]],
             [[5, 0], [5, 5]], [[0, 5], [0, 5]], [[2, 5], [1, 4]], [[1, 0], [0, 1]], [[0, 0], [3, 4]]]
    cases = [(torch.tensor(rows).double(),) for rows in small]
    for mixed in ([[1, -2], [0, 0]], [[1, -1], [0, 0]], [[0, 3], [-2, 0]], [[2, 0], [0, -1]], [[0, 0], [2, -2]], [[0, -1], [0, 4]]):
        table = torch.tensor([[0.0, 3.0, 7.0], [2.0, 5.0, 9.0], [6.0, 9.0, 13.0]])
        table[1:, 1:] += torch.tensor(mixed).cumsum(0).cumsum(1)
        cases += [(table,), (table.flip(1),)]
    generator = torch.Generator().manual_seed(0)
    for k in range(40):
        a, b = (torch.randint(0, 5, (3,), generator=generator).sort().values.double() for _ in range(2))
        corners = torch.randint(0, 3, (2, 2), generator=generator).double() * (torch.rand(2, 2, generator=generator) < 0.5)
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


def look_at_classes(room: Room, answer) -> Verdict:
    cases = class_cases()
    first = room.ask(answer, *cases[0])
    if first not in CLASSES:
        raise Found(Verdict("wrong shape or type", f"expected one of {', '.join(CLASSES)} as text, got {values.describe(first)}",
                            "Return one of the four words, in small letters."))
    room.compare(answer, cases, smallest_class)
    return Verdict("correct")


def twisted(rule, *mistakes: tuple[str, str, str, str]) -> tuple[Mistake, ...]:
    """Mistakes from (twist, name, hint, why): ``rule`` with a twist is what somebody with the misconception computes."""
    return tuple(Mistake(name, hint, why, None if twist is None else partial(rule, twist=twist)) for twist, name, hint, why in mistakes)


CLASS_MISTAKES = twisted(
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
)

# ---- 11.3: which unit can make which table -----------------------------------------------------------------------------

UNITS = ("ELU", "mirrored", "tanh")
MAKERS = {"a": {"ELU", "tanh"}, "b": {"mirrored", "tanh"}, "c": {"ELU", "mirrored", "tanh"}, "d": set(), "e": {"mirrored", "tanh"},
          "f": {"tanh"}}


def read_makers(given) -> dict[str, set]:
    if not isinstance(given, dict) or set(given) != set(MAKERS):
        keys = sorted(map(str, given)) if isinstance(given, dict) else values.describe(given)
        raise Found(Verdict("wrong shape or type", f"makers: expected a dictionary with the keys a to f, got {keys}",
                            "Keep the six letters as they stand in the exercise."))
    read = {}
    for key, units in given.items():
        units = [units] if isinstance(units, str) else units
        if not isinstance(units, (list, tuple, set, frozenset)) or not set(units) <= set(UNITS):
            raise Found(Verdict("wrong shape or type", f'makers["{key}"]: expected a list with some of {", ".join(UNITS)}, '
                                f"got {units!r:.60}", "An empty list says that none of them makes the table."))
        read[key] = set(units)
    return read


def look_at_makers(room: Room, given) -> Verdict:
    read = read_makers(given)
    if read["d"]:
        raise room.wrong("a table that is not monotone is made by a monotone mixer")
    if {"ELU", "mirrored"} & read["f"] == {"ELU", "mirrored"}:
        raise room.wrong("monotone is taken for enough")
    if read["a"] - {"tanh"} == {"mirrored"} and read["b"] - {"tanh"} == {"ELU"}:
        raise room.wrong("convex and concave are exchanged")
    if "ELU" in read["b"] and "mirrored" in read["a"]:
        raise room.wrong("convex and concave make the same tables")
    if read["e"] == MAKERS["a"]:
        raise room.wrong("table e is judged as it stands")
    if read["c"] == {"tanh"} or not read["c"]:
        raise room.wrong("a curved unit can never be straight")
    if read["c"] != MAKERS["c"]:
        raise room.wrong("a sum is made by some units only")
    if not any("tanh" in read[key] for key in "abe"):
        raise room.wrong("tanh is left out where it bends the right way")
    if "ELU" in read["f"] or "mirrored" in read["f"]:
        raise room.wrong("one square of table f is looked at")
    if "tanh" not in read["f"]:
        raise room.wrong("table f is given up")
    wrong = [key for key in MAKERS if read[key] != MAKERS[key]]
    if wrong:
        raise room.wrong("some letters are right, others are not", f"look again at {' and '.join(wrong)}")
    return Verdict("correct")


MAKER_MISTAKES = twisted(
    None,
    (None, "a table that is not monotone is made by a monotone mixer",
     "In table d the better action of one agent depends on the other. All three mixers have weights that are not negative. What follows?",
     "whatever the unit, as long as it never falls the mixer is monotone, and no order makes table d rise"),
    (None, "monotone is taken for enough",
     "Table f is monotone. Sort it and take all four mixed differences. Are they all of one sign?",
     "ELU needs mixed differences that are nowhere negative, the mirrored unit such that are nowhere positive"),
    (None, "convex and concave make the same tables",
     "Do the proof of step 1 again with a concave unit. Which sign of its line turns around?",
     "a convex unit gains more by a step that begins further right, a concave one less"),
    (None, "convex and concave are exchanged",
     "ELU's slope is small on the left and 1 on the right. Does the second agent's step add to it or take from it?",
     "ELU is the convex one: together the agents gain more than alone"),
    (None, "table e is judged as it stands",
     "In table e, which is the worse action of agent 2? Sort it first, and then take the mixed difference.",
     "agent 2's action 0 is the better one, so the columns change places, and with them the sign"),
    (None, "a curved unit can never be straight",
     "Where is ELU a straight line? And what does any smooth function look like over a very short stretch?",
     "a large bias keeps ELU on its straight side, and a small weight keeps tanh near its middle"),
    (None, "a sum is made by some units only",
     "Table c is a sum. Which of the three units could not be used along a straight stretch?",
     "a sum needs no bend, so every one of the three makes it"),
    (None, "tanh is left out where it bends the right way",
     "tanh is convex on its left half and concave on its right half. What may the bias choose?",
     "the bias moves the unit to the half that bends as the table needs it"),
    (None, "one square of table f is looked at",
     "Table f has squares of both signs. Find the one that turns your unit down.",
     "one mixed difference of the wrong sign is enough to put the table out of reach"),
    (None, "table f is given up",
     "Let both agents have utilities 0, 1, 2. For which joint actions is their sum at least 3? And which unit can be a step?",
     "a steep tanh is nearly a step, and table f is one step in the sum of the utilities"),
    (None, "some letters are right, others are not",
     "For each letter: sort, take the mixed differences, and ask which units bend that way.",
     "the sign of the mixed differences of the sorted table decides"),
)

EXERCISES = (
    Exercise(
        number="11.1", title="Can a QMixer make it?", answers={"smallest_class": "function"}, difficulty=3, minutes=15,
        practises="decide in which of the four nested classes a payoff table is",
        hints=("Try every pair of orders. For each: does the sorted table rise? If it does, look at its mixed differences.",
               "Begin with the smallest class. All mixed differences zero, none negative, or some negative: which is which?",
               "If no order makes the table rise, only one of the four words is left."),
        off_limits=("qmix_course.representation.classify", "qmix_course.representation.best_tables"),
        mistakes=CLASS_MISTAKES, look=look_at_classes),
    *FITS,
    Exercise(
        number="11.3", title="Which unit can make it?", answers={"makers": "value"}, difficulty=2, minutes=10,
        practises="predict what a convex, a concave and a two-sided unit let a monotone mixer make",
        hints=("Sort each table first: worst action of each agent first.",
               "Positive mixed differences need a unit that bends upwards, negative ones a unit that bends downwards. What if they are zero?",
               "A steep tanh is nearly a step. Over which joint actions is table f a step?"),
        mistakes=MAKER_MISTAKES, look=look_at_makers),
    *HEAD,
)
