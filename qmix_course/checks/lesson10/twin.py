"""10.1 · The twin of a situation: using a symmetry of the task as a test: the same situation under other names."""

from __future__ import annotations

import math

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.lesson02.rules import compare_parts
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

HALF_TURN = {0: 1, 1: 0, 2: 3, 3: 2}
TURNS = {
    "same actions": {a: a for a in range(4)}, "rows only": {0: 1, 1: 0, 2: 2, 3: 3},
    "columns only": {0: 0, 1: 1, 2: 3, 3: 2},
    "quarter": {0: 3, 3: 1, 1: 2, 2: 0}, "diagonal": {0: 2, 2: 0, 1: 3, 3: 1}, "two further": {0: 2, 2: 0, 1: 3, 3: 1},
    "next": {0: 1, 1: 2, 2: 3, 3: 0}, "reversed": {0: 3, 1: 2, 2: 1, 3: 0}}


def twin(positions, actions, size, twist=None):
    """The same situation seen by somebody who has turned the board by 180 degrees and calls agent 1 agent 2."""
    last = {"off by one": size, "board of five": 4}.get(twist, size - 1)
    turned = []
    for (a, b), (u, v) in zip(positions.reshape(-1, 2, 2).tolist(), actions.reshape(-1, 2).tolist()):
        cells = [_turn(cell, last, twist) for cell in (a, b)]
        turn = TURNS.get(twist, HALF_TURN)
        if twist == "half right actions":
            turn = TURNS["rows only"]
        moves = [turn[u], turn[v]]
        if twist not in ("agents stay", "positions stay"):
            cells = cells[::-1]
        if twist not in ("agents stay", "actions stay"):
            moves = moves[::-1]
        turned.append((cells, moves))
    cells, moves = torch.tensor([cells for cells, _ in turned]), torch.tensor([moves for _, moves in turned])
    if twist == "batch":
        cells, moves = twin(positions, actions, size, "agents stay")
        return cells.flip(0), moves.flip(0)
    return cells.reshape(positions.shape), moves.reshape(actions.shape)


def _turn(cell, last, twist):
    row, column = cell
    return {"rows only": [last - row, column], "half right actions": [last - row, last - column],
            "columns only": [row, last - column], "quarter": [column, last - row],
            "diagonal": [column, row], "only exchanged": [row, column]}.get(twist, [last - row, last - column])


def placed(size: int, shape: tuple[int, ...], seed: int) -> tuple:
    """A case of ``twin``: two agents on different cells, any actions."""
    generator = torch.Generator().manual_seed(seed)
    count = math.prod(shape)
    cells = torch.stack([torch.randperm(size * size, generator=generator)[:2] for _ in range(count)])
    positions = torch.stack([cells // size, cells % size], dim=-1).reshape(*shape, 2, 2)
    return positions, torch.randint(4, (*shape, 2), generator=generator), size


def look(room: Room, answer) -> Verdict:
    for shapes in (((5,), (7,), (1,)), ((), (), (), (), ()), ((3, 4), (2, 1, 3), (2,))):
        cases = [placed(size, shape, 10 * size + k) for k, shape in enumerate(shapes) for size in (3, 5, 4, 2, 6)]
        compare_parts(room, answer, cases, twin)
    return Verdict("correct")


MISTAKES = twisted(
    twin,
    ("agents stay", "the agents are not exchanged",
     "After the turn, on whose start does agent 1 stand? Give the agents each other's names as well.",
     "each agent would then stand on the other's side of the board, with its own goal on the wrong one"),
    ("actions stay", "the positions change their owners, and the actions do not",
     "Agent 1 has become agent 2 in the positions. Who plays agent 1's action now?",
     "each agent would be told to do what the other one did"),
    ("positions stay", "the actions change their owners, and the positions do not",
     "Agent 1's action is now agent 2's. And where does agent 2 stand now?",
     "each agent would be told to do what the other one did"),
    ("same actions", "the board is turned, and the directions are not",
     "Who has turned the board by 180 degrees and sees an agent go up: where did it go before?",
     "an agent that walked to its goal now walks away from it"),
    ("half right actions", "up and down are turned, left and right are not",
     "A turn by 180 degrees exchanges the top and the bottom. What else does it exchange?",
     "the rows come out right and the columns do not"),
    ("rows only", "the board is flipped from top to bottom, and not turned",
     "Flip a sheet of paper from top to bottom, then turn another one by 180 degrees. What becomes of the left side?",
     "a flip changes one of the two numbers of a cell, a turn by 180 degrees changes both"),
    ("columns only", "the board is flipped from left to right, and not turned",
     "Where does the upper left corner go when a board is turned by 180 degrees?",
     "a flip changes one of the two numbers of a cell, a turn by 180 degrees changes both"),
    ("quarter", "the board is turned by 90 degrees only",
     "Turn your result by as much again. Where does the upper left corner go?",
     "after a quarter of a turn the goals are not where a goal was before"),
    ("diagonal", "rows and columns are exchanged",
     "Where does the cell (0, 1) go on a board of three? Draw it.",
     "exchanging the two numbers of a cell is a flip over the diagonal"),
    ("reversed", "the four actions are counted backwards",
     "Write the four pairs down: up becomes …, down becomes …. Does your rule give these pairs?",
     "3 − action exchanges up with right"),
    ("two further", "each action becomes the one two numbers further",
     "What is the opposite of up, and which number has it? The numbers of opposite directions lie side by side here.",
     "two numbers further is left for up, and right for down"),
    ("next", "each action becomes the next one",
     "It is right for up. Does down become up in your rule, and right become left?",
     "opposite directions change places; a rule that only counts on cannot do that"),
    ("off by one", "the turned positions are off the board",
     "Where should an agent on row 0 be afterwards? What is the number of the last row?",
     "the rows are 0 to size − 1"),
    ("only exchanged", "the agents are exchanged, and the positions are not turned",
     "Two things happen: agents exchange their names, and the board turns. Where is the second in your positions?",
     "the agents would stand on each other's side of a board that nobody turned"),
    ("board of five", "the size of the board is ignored",
     "The lesson's board had five rows. Does your function work on a board of three?",
     "a function that was asked for any size works for one"),
    ("batch", "the boards of the batch are exchanged, and not the agents",
     "Along which axis are the agents? Count it from the end.",
     "the first axis is the agents' only if there is no batch"),
)

EXERCISE = Exercise(
    number="10.1",
    title="The twin of a situation",
    answers={"twin": "function"},
    difficulty=2,
    minutes=8,
    practises="using a symmetry of the task as a test: the same situation under other names",
    hints=("Take it apart: where is a cell after the turn, what is a direction after the turn, and who is who?",
           "On a row of five, 0 becomes 4 and 1 becomes 3. What do the two numbers always add up to?",
           "For the directions, a table of four entries that you index with the actions is enough. The agents' axis of "
           "the positions is the last but one; of the actions it is the last."),
    mistakes=MISTAKES,
    look=look,
)
