"""21.4 · How many machines? Whole runs on whole machines, by memory, cores and a deadline."""

from __future__ import annotations

from math import ceil

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def machines(runs, hours, memory, cores, machine_memory, deadline, twist=None):
    """The truth: runs at once on a machine, one after the other until the deadline; 0 where not one run fits."""
    at_once = min(cores, machine_memory // memory)
    waves = (deadline - (twist == "too early")) // hours
    if twist == "memory":
        at_once = cores
    if twist == "cores":
        at_once = machine_memory // memory
    if twist == "one at a time":
        at_once = min(at_once, 1)
    if twist == "once":
        waves = min(waves, 1)
    if twist == "sum":
        at_once = cores + machine_memory // memory
    if not at_once or not waves:
        return runs if twist == "one each" else 0
    if twist == "in pieces":
        return ceil(runs * hours / (at_once * deadline))
    if twist == "parts of memory":
        return ceil(runs / (min(cores, machine_memory / memory) * waves))
    if twist == "one more":
        return runs // (at_once * waves) + 1
    if twist == "down":
        return runs // (at_once * waves)
    return -(-runs // (at_once * waves))


def machine_cases() -> list[tuple]:
    return [(1, 2, 3, 4, 16, 24), (400, 12, 2, 8, 16, 240), (400, 12, 2, 32, 64, 24), (100, 5, 3, 8, 16, 24),
            (37, 7, 5, 16, 32, 20), (64, 10, 1, 4, 64, 10), (10, 30, 2, 8, 16, 24), (10, 3, 20, 8, 16, 24),
            (96, 8, 4, 6, 64, 24), (7, 24, 16, 2, 16, 71), (1_000, 6, 5, 12, 48, 20)]


def look(room: Room, answer) -> Verdict:
    room.compare(answer, machine_cases(), machines)
    return Verdict("correct")


MISTAKES = twisted(
    machines,
    ("memory", "memory is forgotten", "Eight cores, 16 GiB, 5 GiB a run. How many runs at once?",
     "a run that does not fit into memory is ended by the system"),
    ("cores", "cores are forgotten", "Two cores, 64 GiB, 1 GiB a run. How many runs at once?",
     "more runs than cores take turns, and all of them take longer"),
    ("sum", "cores and memory are added up", "A run needs a core and memory. Which of the two is used up first?",
     "the scarcer one decides"),
    ("in pieces", "a run is cut at the deadline, and goes on somewhere else",
     "Each run takes 7 hours, the deadline is 20 hours off. How many does one core finish?",
     "core hours add up only where runs can be cut into pieces"),
    ("parts of memory", "part of a run uses what memory is left",
     "16 GiB and 5 GiB a run: is it 3 runs at once, or 3.2?",
     "the rest of the memory of each machine stays empty"),
    ("too early", "what ends at the deadline counts as too late",
     "Runs of 10 hours, 10 hours to go. Is one done within the deadline?",
     "within the deadline includes its last moment"),
    ("one more", "a machine is bought for no run",
     "8 runs, 4 a machine. What does the third machine do?",
     "where nothing is left over, no further machine is needed"),
    ("down", "the last machine is left out", "9 runs, 4 a machine. Who makes the ninth?",
     "what is left over needs a machine too"),
    ("once", "each core makes one run only", "Twelve-hour runs, ten days. How many does one core make?",
     "when a run ends, the next one begins in its place"),
    ("one at a time", "each machine makes one run at a time", "What do the other cores do meanwhile?",
     "runs need nothing of each other, so each core can have one"),
    ("one each", "machines are bought on which no run can end",
     "Each run takes 30 hours, and there are 24. How many machines help?",
     "the text asks for 0 where no number is enough"))

EXERCISE = Exercise(
    number="21.4", title="How many machines?", answers={"machines": "function"}, difficulty=2, minutes=8,
    practises="plan a study with whole runs, whole machines and a deadline",
    hints=("First: how many runs at once on one machine? Then: how many of these rounds before the deadline?",
           "Both numbers are rounded down, each by itself.",
           "Machines are rounded up. Where a machine makes no run in time, the answer is 0."),
    mistakes=MISTAKES, look=look)
