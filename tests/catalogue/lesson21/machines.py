"""Answers to 21.4."""

import math

from tests.catalogue import Answers


def divided(runs, hours, memory, cores, machine_memory, deadline):
    on_each = min(cores, machine_memory // memory) * (deadline // hours)
    return math.ceil(runs / on_each) if on_each else 0


def played(runs, hours, memory, cores, machine_memory, deadline):
    """Fill one machine after the other, core by core."""
    def finished_by_one():
        done = used = 0
        for _ in range(cores):
            if used + memory > machine_memory:
                break
            used += memory
            clock = 0
            while clock + hours <= deadline:
                clock += hours
                done += 1
        return done
    on_each, count = finished_by_one(), 0
    while on_each and runs > 0:
        runs, count = runs - on_each, count + 1
    return count


def whole(at_once, waves, runs):
    return -(-runs // (at_once * waves)) if at_once and waves else 0


def in_pieces(runs, hours, memory, cores, machine_memory, deadline):
    at_once = min(cores, machine_memory // memory)
    return math.ceil(runs * hours / (at_once * deadline)) if at_once and deadline >= hours else 0


def parts_of_memory(runs, hours, memory, cores, machine_memory, deadline):
    if memory > machine_memory or hours > deadline:
        return 0
    return math.ceil(runs / (min(cores, machine_memory / memory) * (deadline // hours)))


def down(runs, hours, memory, cores, machine_memory, deadline):
    on_each = min(cores, machine_memory // memory) * (deadline // hours)
    return runs // on_each if on_each else 0


def before_the_deadline(runs, hours, memory, cores, machine_memory, deadline):
    each = min(cores, machine_memory // memory) * ((deadline - 1) // hours)
    return math.ceil(runs / each) if each else 0


def and_one_more(runs, hours, memory, cores, machine_memory, deadline):
    each = min(cores, machine_memory // memory) * (deadline // hours)
    return runs // each + 1 if each else 0


ANSWERS = Answers(
    right=[divided, played],
    wrong=[("what ends at the deadline counts as too late", before_the_deadline),
           ("a machine is bought for no run", and_one_more),
           
        ("memory is forgotten",
         lambda runs, hours, memory, cores, room, deadline: whole(cores, deadline // hours, runs)),
        ("cores are forgotten",
         lambda runs, hours, memory, cores, room, deadline: whole(room // memory, deadline // hours, runs)),
        ("cores and memory are added up",
         lambda runs, hours, memory, cores, room, deadline: whole(cores + room // memory, deadline // hours, runs)),
        ("a run is cut at the deadline, and goes on somewhere else", in_pieces),
        ("part of a run uses what memory is left", parts_of_memory),
        ("the last machine is left out", down),
        ("each core makes one run only",
         lambda runs, hours, memory, cores, room, deadline: whole(min(cores, room // memory), int(deadline >= hours),
                                                                  runs)),
        ("each machine makes one run at a time",
         lambda runs, hours, memory, cores, room, deadline: whole(int(memory <= room), deadline // hours, runs)),
        ("machines are bought on which no run can end", lambda *case: divided(*case) or case[0]),
    ],
)
