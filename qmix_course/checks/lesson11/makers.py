"""11.3 · Which unit can make it?: predict what a convex, a concave and a two-sided unit let a monotone mixer make."""

from __future__ import annotations

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

UNITS = ("ELU", "mirrored", "tanh")
MAKERS = {"a": {"ELU", "tanh"}, "b": {"mirrored", "tanh"}, "c": {"ELU", "mirrored", "tanh"}, "d": set(),
          "e": {"mirrored", "tanh"},
          "f": {"tanh"}}


def read_makers(given) -> dict[str, set]:
    if not isinstance(given, dict) or set(given) != set(MAKERS):
        keys = sorted(map(str, given)) if isinstance(given, dict) else values.describe(given)
        raise Found(Verdict("wrong shape or type", f"makers: expected a dictionary with the keys a to f, got {keys}",
                            "Keep the six letters as they stand in the exercise."))
    read = {}
    for key, units in given.items():
        units = [units] if isinstance(units, str) else units
        if not isinstance(units, (list, tuple, set, frozenset)) or not all(unit in UNITS for unit in units):
            raise Found(Verdict("wrong shape or type", f'makers["{key}"]: expected a list with some of '
                                                       f'{", ".join(UNITS)}, '
                                f"got {units!r:.60}", "An empty list says that none of them makes the table."))
        read[key] = set(units)
    return read


def look(room: Room, given) -> Verdict:
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


MISTAKES = (
    Mistake("a table that is not monotone is made by a monotone mixer",
            "In table d the better action of one agent depends on the other. All three mixers have weights that are "
            "not negative. What follows?",
            "whatever the unit, as long as it never falls the mixer is monotone, and no order makes table d rise"),
    Mistake("monotone is taken for enough",
            "Table f is monotone. Sort it and take all four mixed differences. Are they all of one sign?",
            "ELU needs mixed differences that are nowhere negative, the mirrored unit such that are nowhere positive"),
    Mistake("convex and concave make the same tables",
            "Do the proof of step 1 again with a concave unit. Which sign of its line turns around?",
            "a convex unit gains more by a step that begins further right, a concave one less"),
    Mistake("convex and concave are exchanged",
            "ELU's slope is small on the left and 1 on the right. Does the second agent's step add to it or take from "
            "it?",
            "ELU is the convex one: together the agents gain more than alone"),
    Mistake("table e is judged as it stands",
            "In table e, which is the worse action of agent 2? Sort it first, and then take the mixed difference.",
            "agent 2's action 0 is the better one, so the columns change places, and with them the sign"),
    Mistake("a curved unit can never be straight",
            "Where is ELU a straight line? And what does any smooth function look like over a very short stretch?",
            "a large bias keeps ELU on its straight side, and a small weight keeps tanh near its middle"),
    Mistake("a sum is made by some units only",
            "Table c is a sum. Which of the three units could not be used along a straight stretch?",
            "a sum needs no bend, so every one of the three makes it"),
    Mistake("tanh is left out where it bends the right way",
            "tanh is convex on its left half and concave on its right half. What may the bias choose?",
            "the bias moves the unit to the half that bends as the table needs it"),
    Mistake("one square of table f is looked at",
            "Table f has squares of both signs. Find the one that turns your unit down.",
            "one mixed difference of the wrong sign is enough to put the table out of reach"),
    Mistake("table f is given up",
            "Let both agents have utilities 0, 1, 2. For which joint actions is their sum at least 3? And which unit "
            "can be a step?",
            "a steep tanh is nearly a step, and table f is one step in the sum of the utilities"),
    Mistake("some letters are right, others are not",
            "For each letter: sort, take the mixed differences, and ask which units bend that way.",
            "the sign of the mixed differences of the sorted table decides"),
)

EXERCISE = Exercise(
    number="11.3", title="Which unit can make it?", answers={"makers": "value"}, difficulty=2, minutes=10,
    practises="predict what a convex, a concave and a two-sided unit let a monotone mixer make",
    hints=("Sort each table first: worst action of each agent first.",
           "Positive mixed differences need a unit that bends upwards, negative ones a unit that bends downwards. What "
           "if they are zero?",
           "A steep tanh is nearly a step. Over which joint actions is table f a step?"),
    mistakes=MISTAKES, look=look)
