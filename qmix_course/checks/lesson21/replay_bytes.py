"""21.2 · The memory of a memory: what a replay takes, from the sizes of a task alone."""

from __future__ import annotations

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict
from qmix_course.envs.base import TeamSpec


def replay_bytes(spec, capacity, length, memory_dim, float_bytes, twist=None):
    """The truth: the entries of each field, times the bytes of one, times the rows."""
    n, T, moments, flag, an_int = spec.n_agents, length, length + 1, 1, 8
    if twist == "no moment after":
        moments = length
    if twist == "twice":
        moments = 2 * length
    if twist == "bits":
        flag = 1 / 8
    if twist == "wide flags":
        flag = float_bytes
    if twist == "small ints":
        an_int = 4
    fields = {"obs": moments * n * spec.obs_dim * float_bytes, "state": moments * spec.state_dim * float_bytes,
              "available": moments * n * spec.n_actions * flag, "actions": T * n * an_int,
              "last_actions": moments * n * an_int, "reward": T * float_bytes, "terminated": T * flag,
              "mask": T * float_bytes, "memory": n * memory_dim * float_bytes}
    if twist in fields:
        del fields[twist]
    if twist == "memory at each step":
        fields["memory"] *= moments
    if twist == "a state each":
        fields["state"] *= n
    if twist == "one hot":
        fields["actions"] *= spec.n_actions
        fields["last_actions"] *= spec.n_actions
    row = sum(fields.values())
    if twist == "wraps":
        return (capacity * row + 2**31) % 2**32 - 2**31
    return row if twist == "one row" else capacity * row


def replay_cases() -> list[tuple]:
    return [(TeamSpec(1, 2, 1, 1, 10), 1, 1, 0, 4), (TeamSpec(2, 4, 6, 8, 100), 10_000, 1, 0, 4),
            (TeamSpec(2, 4, 6, 8, 100), 10_000, 1, 0, 8), (TeamSpec(3, 5, 18, 54, 25), 1_000, 25, 64, 4),
            (TeamSpec(8, 14, 128, 216, 60), 5_000, 60, 64, 4),
            (TeamSpec(8, 14, 128, 216, 60), 20_000, 60, 64, 8), (TeamSpec(5, 3, 7, 11, 9), 17, 9, 6, 8)]


def look(room: Room, answer) -> Verdict:
    room.compare(answer, replay_cases(), replay_bytes)
    return Verdict("correct")


MISTAKES = twisted(
    replay_bytes,
    ("no moment after", "the moment after the last step is missing",
     "How many observations does a row of one step hold? One before the step, and how many after it?",
     "the target needs what came after the last step"),
    ("twice", "every moment is counted twice",
     "In a row of 60 steps, is the moment after step 3 another one than the moment before step 4?",
     "stored as pairs a row would take nearly twice the memory; it is stored once"),
    ("wraps", "the product does not fit into 32 bits",
     "How large is the largest number of your type? A replay may take more than 2 GiB.",
     "a run of 13 GB would be let through as one of 300 MB, or of less than nothing"),
    ("bits", "a bool is counted as a bit",
     "Print torch.zeros(8, dtype=torch.bool).nbytes.", "a bool takes a whole byte"),
    ("wide flags", "a bool is counted as a float",
     "Does a bool take more when floats do? Ask torch: a tensor has nbytes, and torch.bool is a dtype.",
     "a bool takes one byte, whatever a float takes"),
    ("small ints", "an action is counted with 4 bytes",
     "Of which dtype are actions? How many bytes has one of that?", "int64 takes 8 bytes"),
    ("memory", "the agents' memory is left out",
     "Which field depends on memory_dim?", "a row remembers with which memory it began"),
    ("memory at each step", "the agents' memory is stored at each step",
     "Look at the axes of memory: is T among them?", "only the beginning of a row is stored; the rest is computed"),
    ("a state each", "every agent has a state of its own",
     "Look at the axes of state: is N among them?", "the state is the team's"),
    ("available", "which actions are available is left out", "Which field grows with n_actions?",
     "masks are a good part of what a task with many actions stores"),
    ("last_actions", "the last actions are left out",
     "Two fields hold actions. What a recurrent agent is told at the first step is in the second of them.",
     "recurrent agents are told what they did last"),
    ("mask", "the mask is left out", "Count the fields: nine are listed.",
     "it says which steps were played"),
    ("one hot", "actions are stored one-hot", "How many numbers does actions[B, T, N] hold for one agent and step?",
     "an action is stored as its number"),
    ("one row", "it is one row, not the whole memory", "What does capacity count?",
     "the memory is laid out for all rows at once, before the first step"))

EXERCISE = Exercise(
    number="21.2", title="The memory of a memory", answers={"replay_bytes": "function"}, difficulty=3, minutes=10,
    practises="compute what a replay memory takes before it is made",
    hints=("Take a row of one step. Write down the entries of each of the nine fields.",
           "Fields with T + 1 have one entry more than the row has steps.",
           "One byte for a bool, eight for a whole number, float_bytes for all else. Then all rows."),
    off_limits=("qmix_course.replay.bytes_a_row", "qmix_course.replay.ReplayBuffer"),
    mistakes=MISTAKES, look=look)
