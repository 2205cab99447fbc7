"""02.1 · The edge of the board: move a whole batch of agents by indexing, with two rules that concern one agent only.
"""

from __future__ import annotations

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02 import rules, wide
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def walker_kind(cell, action, goal, size) -> str:
    """What an agent alone does: it is home, it meets the edge, or it walks freely."""
    return "home" if cell == goal else "edge" if rules.alone(cell, action, goal, size)[1] else "free"


def lone_walkers(size: int, n_agents: int, batch: int, kinds: tuple[str, ...], seed: int) -> tuple:
    """A case of ``walk``: agents that walk freely, meet the edge or are home, as ``kinds`` allows."""
    generator = torch.Generator().manual_seed(seed)
    cells = [[row, column] for row in range(size) for column in range(size)]
    goals = [cells[k] for k in torch.randperm(len(cells), generator=generator)[:n_agents]]
    positions, actions = [], []
    for _ in range(batch):
        placed, chosen = [], []
        for i in range(n_agents):
            options = [(cell, a) for cell in cells for a in range(4)
                       if cell not in placed and walker_kind(cell, a, goals[i], size) in kinds]
            cell, action = options[int(torch.randint(len(options), (1,), generator=generator))]
            placed.append(cell)
            chosen.append(action)
        positions.append(placed)
        actions.append(chosen)
    return torch.tensor(positions), torch.tensor(actions), torch.tensor(goals), size


def look(room: Room, answer) -> Verdict:
    shapes = ((3, 1, 1), (3, 1, 6), (4, 2, 5), (6, 3, 4), (5, 2, 2), (3, 3, 3), (7, 2, 8))       # size, N, B
    for stage, kinds in enumerate((("free",), ("free", "edge"), ("free", "home"), ("free", "edge", "home"))):
        cases = [lone_walkers(*shape, kinds, 10 * stage + k) for k, shape in enumerate(shapes)]
        rules.compare_parts(room, answer, cases, rules.walk)
    cases = [lone_walkers(2, n, 6, ("free", "edge", "home"), 90 + n) for n in (1, 2, 3)]
    rules.compare_parts(room, answer, cases, rules.walk)
    at_the_edge(room, answer, wide.far_out(1) + wide.far_out(2), rules.walk, wide.SMALL[0], patience=wide.PATIENCE)
    at_the_edge(room, answer, wide.beside_a_goal(), rules.walk, wide.TWO_CELLS[0], patience=wide.PATIENCE)
    together = torch.tensor([[[0, 0], [2, 1], [1, 1], [1, 1]], [[2, 1], [2, 1], [0, 0], [1, 2]]])
    shared = (together, torch.tensor([[3, 0, 3, 1], [1, 3, 0, 2]]), torch.tensor([[2, 1], [2, 1], [1, 2], [0, 0]]), 3)
    at_the_edge(room, answer, [shared], rules.walk, APART)
    return Verdict("correct")


APART = "agents are told apart by their goals or cells"
MISTAKES = twisted(
    rules.walk,
    ("row and column", "rows and columns are swapped",
     "A position is (row, column). Which of the two changes when an agent goes up?",
     "the board is turned over its diagonal, and every agent looks for its goal in the wrong direction"),
    ("upside down", "up and down are turned around",
     "Row 0 is the top of the board. Does up make the row larger or smaller?",
     "who thinks that rows grow upwards has a board that stands on its head"),
    ("left for right", "left and right are turned around",
     "Column 0 is on the left. Does action 2 make the column larger or smaller?",
     "the board is seen in a mirror"),
    ("no edge", "agents leave the board",
     "Print the largest and the smallest row of your answer. Is every agent still on the board?",
     "a position off the board has no meaning, and every rule that follows goes wrong with it"),
    ("one too far", "the board is one row and one column too large",
     "What is the number of the last row of a board with `size` rows, when the first one is 0?",
     "the rows are 0 to size − 1; a row with the number `size` does not exist"),
    ("no first edge", "the board has no edge at row 0 or column 0",
     "A board has four sides. At which of them does your agent stop?",
     "the first row and column are edges as well as the last ones"),
    ("ring", "the board is a ring",
     "An agent that walks off the left side: does it come in on the right side here?",
     "without edges the longest way is half as long; it is another task"),
    ("bump unseen", "nobody notices a bump",
     "The agent stays on the board, good. What does the second result say about it?",
     "the team could then push against the edge for nothing"),
    ("home moves", "an agent walks away from its goal",
     "Read the first of the two rules. What does an agent on its goal do when it chooses an action?",
     "the agents would have to arrive in the very same step, which is another and harder task"),
    ("home pays", "an agent on its goal pays for the edge",
     "An agent on its goal does not move, whatever it chooses. Can it bump into something?",
     "a goal in a corner would cost something to sit on"),
    ("standing pays", "an agent on its goal counts as bumped because it stands still",
     "There are two reasons to stand still. Which of them is a bump?",
     "the agent that arrives first would pay for waiting"),
    ("anybody's home", "every goal stops every agent",
     "Agent i has one goal of its own. May it walk over the others' goals?",
     "an agent could get stuck for ever on a goal that is not its own"),
    ("half home", "an agent counts as home when only its row or its column is right",
     "A position has two numbers. How many of them must agree with the goal?",
     "an agent in the right column would never walk down it"),
    ("one stops all", "one agent that is home stops the whole board",
     "Agent 1 is home. May agent 2 still walk? Print your flag for home: it needs one entry for each agent.",
     "the others would never arrive"),
    ("board of five", "the size of the board is ignored",
     "The lesson's board had five rows. Does your function work on a board of three?",
     "a function that was asked for any size works for one"),
) + (
    Mistake(*wide.SMALL), Mistake(*wide.TWO_CELLS),
    Mistake(APART, "Two agents may have the same goal, and each is alone on the board. Which agent does your code find "
                   "there?",
            "an agent is known by its place in the list, and by nothing else"),
)

EXERCISE = Exercise(
    number="02.1", title="The edge of the board", answers={"walk": "function"}, difficulty=2, minutes=8,
    practises="move a whole batch of agents by indexing, with two rules that concern one agent only",
    hints=("Indexing a table of the four moves with the actions gives the moves of all agents at once. Which shape "
           "has the result?",
           "Work out three things for every agent: is it home, which cell does it want, does that cell lie outside?",
           "Two of these decide whether an agent stays; only a certain combination of them is a bump."),
    mistakes=MISTAKES, look=look)
