"""07.4 · Which steps count?: ends, clocks and resets in one recording."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def which_count(terminated, truncated, twist=None):
    """The truth, step by step."""
    counts, future = torch.zeros_like(terminated), torch.zeros_like(terminated)
    reset = False
    for b, (ends, clocks) in enumerate(zip(terminated.tolist(), truncated.tolist())):
        reset, padded = reset and twist == "rows run on", False
        for t, (end, clock) in enumerate(zip(ends, clocks)):
            counts[b, t] = (not reset or twist == "resets count") and not padded
            goes_on = not end
            if twist == "clock cuts":
                goes_on = not end and not clock
            elif twist == "truncation wins":
                goes_on = not end or clock
            elif twist == "only the clock":
                goes_on = clock and not end
            elif twist == "last has none" and t == len(ends) - 1:
                goes_on = False
            elif twist == "turned":
                goes_on = end
            future[b, t] = goes_on and (bool(counts[b, t]) or twist == "reset has a future")
            over = end or clock
            if twist == "after the end only":
                over = end
            if twist == "after the clock only":
                over = clock and not end
            if twist == "first episode only":
                padded = padded or over
            if twist in ("flags of a reset", "reset has a future") and twist != "reset has a future":
                reset = over
            else:
                reset = over and not reset
        if twist == "undone once":
            over = [end or clock for end, clock in zip(ends, clocks)]
            real = [now and not (t and over[t - 1]) for t, now in enumerate(over)]
            for t in range(len(ends)):
                counts[b, t] = not (t and real[t - 1])
                future[b, t] = counts[b, t] and not ends[t]
        if twist == "the end is left out":
            for t in range(len(ends)):
                counts[b, t] = not (ends[t] or clocks[t])
                future[b, t] = counts[b, t]
    return counts, future


def cases() -> list[tuple]:
    """Recordings with every kind of end, ends in a row, leftover flags on resets, and ends in the last column."""
    generator = torch.Generator().manual_seed(174)

    def flags(text):
        return torch.tensor([[mark in "TB" for mark in row] for row in text]), torch.tensor(
            [[mark in "CB" for mark in row] for row in text])

    found = [flags(["..T...C."]), flags(["TT..", "C.CC", "B.B."]), flags(["."]), flags(["T", "C", "B"]),
             flags(["TTTTT", "CCCCC", ".TC.B"])]
    for rows, steps in ((4, 6), (8, 12), (3, 25), (16, 4)):
        found.append((torch.rand(rows, steps, generator=generator) < 0.25,
                      torch.rand(rows, steps, generator=generator) < 0.25))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), which_count)
    return Verdict("correct")


EXERCISE = Exercise(
    number="07.4", title="Which steps count?", answers={"which_count": "function"}, difficulty=3, minutes=12,
    practises="say of each recorded step whether it counts, and whether its target has a future",
    formerly=("td_loss",),
    hints=("Go through one row from left to right, and remember one thing: is this step a reset?",
           "A step is a reset if the step before it was played and ended, in either way. A reset never ends anything.",
           "A step that counts has a future unless the task ended with it. A clock, or the end of the recording, ends "
           "no task."),
    mistakes=twisted(
        which_count,
        ("clock cuts", "a clock that runs out ends the future",
         "If the clock had not run out, would the team have earned more?",
         "a truncated step goes on in the task; only nobody watches any more"),
        ("truncation wins", "where task and clock end together, the clock wins",
         "The task is over. Does it matter that the clock is over too?",
         "behind the end of the task there is nothing, whatever the clock says"),
        ("only the clock", "only truncated steps have a future",
         "What about a step in the middle of an episode?",
         "every step that does not end the task has a future"),
        ("turned", "the steps that end the task have a future",
         "True stands for: there is something ahead. Where is nothing ahead?",
         "the end of the task is where nothing is ahead"),
        ("last has none", "the recording's last step loses its future",
         "The recorder stops. Does the task?",
         "the last step has a next state like every other one"),
        ("resets count", "resets count as played steps",
         "In a reset the action is ignored. What would a network learn from it?",
         "a reset leads from one episode's end to the next one's start, for no reason that an agent could learn"),
        ("reset has a future", "a reset has a future",
         "What does the text want of the second table at steps that do not count?",
         "what does not count has no target, and so no future"),
        ("flags of a reset", "the flags of a reset are believed",
         "A reset's own flags are left over. Can a reset be followed by another reset?",
         "the step after a reset is always the first of a new episode"),
        ("after the end only", "only an ended task is followed by a reset",
         "What does the world do after the clock has run out?",
         "every end is followed by a reset, the clock's too"),
        ("after the clock only", "only a clock is followed by a reset",
         "What does the world do after the task has ended?",
         "every end is followed by a reset, the task's too"),
        ("rows run on", "a row begins with what the row before it left",
         "Does a recording that ends in the last step of one row say anything about the next row?",
         "every row is a recording of its own and begins with a played step"),
        ("undone once", "the flags of a reset are told apart only once",
         "Take TTTTT: which of the five are resets? Is a step after a step after a reset one?",
         "whether a step is a reset depends on all before it in the row: go from left to right"),
        ("first episode only", "nothing counts after a row's first end",
         "Is what comes behind an end padding here?",
         "the world starts again; a row holds one episode after the other"),
        ("the end is left out", "the step that ends an episode is left out, and not the one after it",
         "Which step brings the reward of reaching the goal: the one with the flag, or the one after it?",
         "the flagged step was played, and it is the most important one")),
    look=look)
