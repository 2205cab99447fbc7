"""02.7 · Two on one cell: see when two names stand for one tensor."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson02 import rules, wide
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

CAUSE = "D"
BLAMED = {"A": "the edge is blamed", "B": "trading places is blamed", "C": "the comparison is blamed",
          "E": "other boards are blamed"}


def move_team(positions, actions, size, twist=None):
    """Two agents without goals: positions[B, 2, 2] after the step."""
    rows = []
    for before, chosen in zip(positions.tolist(), actions.tolist()):
        wanted = [rules.alone(before[i], chosen[i], None, size, twist)[0] for i in range(2)]
        rows.append((before, wanted, *rules.settled(before, wanted, twist)))
    if twist == "all boards" and any(collided for *_, collided in rows):
        return positions.clone()
    stay = {"trade": lambda before, wanted: wanted == before[::-1],
            "in line": lambda before, wanted: any(a == b for a, b in zip(*wanted))}.get(twist, lambda *_: False)
    return torch.tensor([before if stay(before, wanted) else after for before, wanted, after, _ in rows])


def look(room: Room, cause, answer) -> Verdict:
    cases = [(torch.tensor([[[2, 1], [2, 3]]]), torch.tensor([[3, 2]]), 5)]
    for size, batch in ((3, 1), (4, 8), (5, 30), (2, 12), (3, 40)):
        generator = torch.Generator().manual_seed(size * batch)
        cells = torch.stack([torch.randperm(size * size, generator=generator)[:2] for _ in range(batch)])
        actions = torch.randint(4, (batch, 2), generator=generator)
        cases.append((torch.stack([cells // size, cells % size], -1), actions, size))
    room.compare(answer, cases, move_team)
    large = [(*case[:2], case[3]) for case in wide.far_out(2)]
    at_the_edge(room, answer, large, move_team, wide.SMALL[0], function="mended_move", patience=wide.PATIENCE)
    meeting = [(positions, actions, size) for positions, actions, _, size in wide.towards_a_pair() if len(positions)]
    at_the_edge(room, answer, meeting, move_team, wide.TWO_CELLS[0], function="mended_move", patience=wide.PATIENCE)
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


MISTAKES = tuple(Mistake(name, hint, why, partial(move_team, twist=twist)) for twist, name, hint, why in (
    ("nobody goes back", "two agents still end on one cell",
     "Print `positions` in the line before the return. Are those still the positions that the function was given?",
     "as long as two names stand for one tensor, sending back means staying where one is"),
    ("one stays", "the symptom is hidden: only one agent moves away",
     "No cell is shared any more, but rule 3 says what happens to both. Where does the first agent stand?",
     "it treats what was seen, a shared cell, and not its cause; and it gives one agent the right of way"),
    ("all boards", "the symptom is hidden: all boards stay as they were",
     "Ask for two boards, one of them with a collision. What happens on the other one?",
     "boards without a collision lose their move"),
    ("taken", "the symptom is hidden: nobody may enter a cell that was taken",
     "An agent follows another one that moves on. Does your version still let it?",
     "moves that the rules allow are forbidden, so that the case that fails comes up less often"),
    ("trade", "agents that trade places are sent back",
     "Two agents swap cells. Do they ever stand on one cell after the step?",
     "only cells after the step count; the listing lets them pass, and a repair must too"),
    ("in line", "agents in one row or column are sent back",
     "A cell has two numbers. How many of them must be equal for two agents to share it?",
     "moves that the rules allow are forbidden"),
    ("no edge", "the edge of the board was lost in the repair",
     "What does your version do with an agent that walks against the edge?",
     "a repair must leave the other rules as they were"),
)) + (Mistake(*wide.SMALL), Mistake(*wide.TWO_CELLS)) + tuple(Mistake(name, hint, why) for name, hint, why in (
    ("the edge is blamed", "Agents on (2, 1) and (2, 3) of a 5 × 5 board both want (2, 2). Where is the edge?",
     "clamping moves nobody who stays on the board, and they meet in its middle, too"),
    ("trading places is blamed", "Two neighbours swap their cells. Where does each of them stand after the step?",
     "whoever trades places stands on the other's cell, alone"),
    ("the comparison is blamed", "Look at .all(-1). If one equal number were enough, would agents meet more often, or "
     "be sent back more often?",
     "both numbers are compared; if one were enough, too many would be sent back, and nobody would share a cell"),
    ("other boards are blamed", "Call the function with a single board on which both want one cell. What comes back?",
     "it happens on one board alone, and torch.where chooses for each board by itself"),
))

EXERCISE = Exercise(
    number="02.7", title="Two on one cell", answers={"cause": "value", "mended_move": "function"},
    formerly=("wrong_line_a",),
    difficulty=2, minutes=8, core=True,
    practises="see when two names stand for one tensor",
    hints=("Print `positions` in the first line and before the return.",
           "The return sends back to `positions`. Does that still hold the old cells by then?",
           "`+=` and every method whose name ends in an underscore write into the tensor that they are given."),
    mistakes=MISTAKES, look=look, lab=True)
