"""12.2 · Every row its own episode: empty a recurrent memory at the right moment, row by row."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import NEARLY, UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def memories(cell, x, first, twist=None):
    """The truth, step by step: zero memory where an episode begins, in that row alone, before the step."""
    batch, time = first.shape
    h, after = x.new_zeros(batch, cell.hidden_size), []
    for t in range(time):
        begins = first[:, t].unsqueeze(-1)
        seen = x[:, t].masked_fill(begins, 0.0) if twist == "input" else x[:, t]
        if twist == "any":
            begins = begins.any().expand_as(begins)
        if twist == "all":
            begins = begins.all().expand_as(begins)
        if twist == "early":
            begins = first[:, min(t + 1, time - 1)].unsqueeze(-1)
        if twist == "inverted":
            begins = ~begins
        if twist == "always":
            begins = torch.ones_like(begins)
        if twist not in ("never", "late", "input", "output"):
            h = h.masked_fill(begins, 0.0)
        h = cell(seen, h)
        if twist == "output":
            h = h.masked_fill(begins, 0.0)
        after.append(h)
        if twist == "late":
            h = h.masked_fill(begins, 0.0)
        if twist == "overwritten" and t + 1 < time:
            after[-1] = h.masked_fill(first[:, t + 1].unsqueeze(-1), 0.0)
    return torch.stack(after, 1)


def memory_cases() -> list[tuple]:
    cases, generator = [], torch.Generator().manual_seed(122)
    for batch, time, inputs_, hidden, share in ((1, 4, 1, 1, 0.5), (3, 6, 2, 3, 0.3), (2, 1, 2, 2, 0.0),
                                                (4, 8, 3, 2, 0.25), (2, 5, 1, 4, 0.0), (3, 5, 2, 2, 1.0)):
        cell = nn.GRUCell(inputs_, hidden).double()
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.uniform_(-1, 1, generator=generator)
        first = torch.rand(batch, time, generator=generator) < share
        first[:, 0] = True
        if time == 6:
            first[:, 3] = True                                  # once they all begin together
        cases.append((cell, torch.randn(batch, time, inputs_, generator=generator, dtype=torch.float64), first))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = memory_cases()
    try:
        room.compare(answer, cases, memories)
    except Found as found:
        if found.verdict.title in (UNNAMED, NEARLY.name):
            cell, x, first = cases[3]
            for row in range(len(x)):
                other = x.clone()
                other[row] += 1.0
                # [B, T]
                moved = (room.ask(answer, cell, other, first) - room.ask(answer, cell, x, first)).abs().amax(-1) > 1e-6
                if moved[torch.arange(len(x)) != row].any():
                    raise room.wrong(ROWS, found.verdict.detail) from None
            if _old_episodes_count(room, answer, cases[3]):
                raise room.wrong(OLD, found.verdict.detail) from None
        raise
    return Verdict("correct")


def _old_episodes_count(room: Room, answer, case: tuple) -> bool:
    """Whether what a row has seen before an episode of its own changes a memory in that episode."""
    cell, x, first = case
    for row, start in first.nonzero().tolist():
        other = x.clone()
        other[row, :start] += 1.0
        moved = (room.ask(answer, cell, other, first)
                 - room.ask(answer, cell, x, first))[row, start:].abs().max() > 1e-6
        if moved:
            return True
    return False


ROWS, OLD = "one row's steps reach another row", "an episode still remembers the one before it"

MISTAKES = twisted(
    memories,
    ("never", "the memory runs on from episode to episode",
     "What does the memory hold at the first step of a row's second episode?",
     "an agent acts on an episode that is over"),
    ("any", "one row that begins empties all memories",
     "Row 0 begins an episode while row 1 is in the middle of one. What becomes of row 1's memory?",
     "with many rows some episode begins at almost every step, and nobody remembers anything for long"),
    ("all", "a memory is emptied only when all rows begin together",
     "Row 0 begins an episode alone. Is its memory empty then?",
     "rows end at different times; most would go on with an old memory"),
    ("late", "emptied one step too late",
     "At the first step of an episode: which memory does the cell get, and which does it get one step later?",
     "the first step still sees the old episode, and the second one has forgotten the first"),
    ("early", "emptied one step too early",
     "At the last step of an episode: which memory does the cell get?",
     "the last step of each episode forgets, and the first one of the next does not: the flag is that of another step"),
    ("input", "the observation is emptied, not the memory",
     "What should be zero at the first step of an episode: what the cell reads, or what it remembers?",
     "the first observation is lost, perhaps the one that matters most, and the old memory stays"),
    ("output", "what was just remembered is thrown away",
     "Look at your result at the first step of an episode. May it be zero? What has the agent seen by then?",
     "the memory must be empty before the step; after it, it holds the first observation"),
    ("overwritten", "a memory that was kept is emptied afterwards",
     "Look at your result at the last step of an episode. Which later line writes into a tensor that you have put "
     "aside?",
     "writing into h changes the tensor that was kept for the step before; a new tensor leaves it alone"),
    ("inverted", "emptied everywhere but at the start",
     "Does your condition say where to keep the memory or where to empty it? Try a row with one long episode.",
     "true and false are exchanged: nothing lasts within an episode"),
    ("always", "nothing is ever remembered",
     "Does the result at step 1 of an episode depend on its step 0? It should.",
     "each step begins with an empty memory, so the agent is a feed-forward one")) + (
    Mistake(ROWS, "Change what one row reads and look at another row's memory. Over which axis does something in your "
                  "code mix the rows?",
            "rows are separate worlds; what one of them sees is nothing that another could know"),
    Mistake(OLD, "Change what a row reads in its first episode and look at its second. At which of a row's episodes is "
                 "the memory not empty at the start?",
            "every episode of a row begins with zeros, the third as well as the second"))

EXERCISE = Exercise(
    number="12.2", title="Every row its own episode", answers={"memories": "function"}, difficulty=3, minutes=12,
    core=True,
    practises="empty a recurrent memory at the right moment, row by row",
    hints=("Go through time in a loop and carry one memory, [B, H], along.",
           "Before the cell is called, some rows of the memory have to be zero. Which?",
           "masked_fill, torch.where or a product with 0 and 1 empties some rows and leaves the others."),
    mistakes=MISTAKES, look=look)
