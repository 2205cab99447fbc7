"""21.1 · How much faster must it be? Amdahl's law, solved for the part."""

from __future__ import annotations

import math

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def needed(shares, part, wanted, twist=None):
    """The truth: 1 / wanted = 1 − p + p / f, solved for f; infinity where no f is enough."""
    p = shares[part]
    left = 1 / wanted - (1 - p)                         # what the part may still take, of the old time
    if twist == "wanted":
        return wanted
    if twist == "over share":
        return wanted / p
    if twist == "gains add":
        return 1 + (wanted - 1) / p
    if twist == "less time":
        left = p - (wanted - 1)
    if twist == "large":
        return p / left if left > 1e-6 * p else math.inf
    if twist == "no limit":
        return p / left if left else math.inf
    if twist == "limit":
        return p / left if left > 0 else 1 / (1 - p)
    if twist == "time":
        return left / p if left > 0 else math.inf
    return p / left if left > 0 else math.inf


def needed_cases() -> list[tuple]:
    mixed = {"environment": 0.25, "act": 0.125, "learn": 0.5, "all else": 0.125}
    return [(mixed, "learn", 1.6), (mixed, "environment", 1.25), (mixed, "learn", 2.0), (mixed, "act", 1.125),
            (mixed, "environment", 4.0), (mixed, "all else", 1.0), ({"learn": 1.0}, "learn", 8.0),
            ({"learn": 1.0}, "learn", 2.0 ** 24),
            ({"a": 0.9375, "b": 0.0625}, "a", 10.0), ({"a": 0.9375, "b": 0.0625}, "b", 1.0625)]


def look(room: Room, answer) -> Verdict:
    room.compare(answer, needed_cases(), needed)
    return Verdict("correct")


MISTAKES = twisted(
    needed,
    ("wanted", "the part is made as fast as the whole is wanted",
     "The part is half of the time and becomes twice as fast. Does the whole become twice as fast?",
     "what is not made faster takes as long as before"),
    ("over share", "the wish is divided by the share",
     "Let the whole time be 1 and write down what each part takes afterwards. Their sum is 1 / wanted.",
     "times add up, factors do not"),
    ("gains add", "gains are taken to be in proportion to the share",
     "Half of the time becomes infinitely fast. By your rule the whole becomes infinitely fast too. Does it?",
     "a factor on one part is worth less and less to the whole"),
    ("less time", "a speed-up of x is taken for x less time",
     "A run that is 1.25 times as fast takes which share of its old time? It is not 0.75.",
     "1.25 times as fast is 0.8 of the time; twice as fast is half, not none"),
    ("no limit", "more is wanted than the part can bring",
     "The part takes no time at all. How fast is the whole? What do you return for a wish beyond that?",
     "a negative factor says that no factor is enough"),
    ("large", "a very large factor is called none",
     "All of the run is the part, and it shall be ten million times as fast. Is there a factor that is enough?",
     "however large a factor is, it is a number; there is none only where the part may take no time at all, or less"),
    ("limit", "it is the limit of the whole, not the factor of the part",
     "Where no factor is enough the text asks for math.inf.",
     "1 / (1 − p) is what the whole reaches with an infinitely fast part"),
    ("time", "it is the share of time that is left, not the factor",
     "Should the number be larger or smaller than 1, for a part that becomes faster?",
     "a factor of 4 and a quarter of the time are the same change, told the other way round"))

EXERCISE = Exercise(
    number="21.1", title="How much faster must it be?", answers={"needed": "function"}, difficulty=2, minutes=7,
    core=True, practises="solve Amdahl's law for one part, and know when no factor is enough",
    hints=("Let the old time be 1. How long may the new one be?",
           "All parts but one take as long as before. What is left for that one?",
           "If nothing is left for it, or less than nothing, no factor is enough: math.inf."),
    mistakes=MISTAKES, look=look)
