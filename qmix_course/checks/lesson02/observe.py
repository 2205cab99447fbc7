"""02.4 · What an agent sees: build every agent's own observation, in a fixed order, for any number of agents."""

from __future__ import annotations

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02 import rules, wide
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def observe(positions, goals, size, twist=None):
    """obs[B, N, 2N + 2]: own cell, the others' in the order of their numbers, own goal."""
    divisor = {"by size": size, "as they are": 1}.get(twist, size - 1)
    turn = twist == "column first"
    rows = [[_sees(i, cells, goals.tolist(), twist) for i in range(len(cells))] for cells in positions.tolist()]
    flat = [[[number for cell in sees for number in (cell[::-1] if turn else cell)] for sees in row] for row in rows]
    if twist == "whole":
        return torch.tensor([[[number // divisor for number in sees] for sees in row] for row in flat])
    if twist == "around zero":
        return torch.tensor(flat, dtype=torch.float64) / divisor * 2 - 1
    return torch.tensor(flat, dtype=torch.float64) / divisor


def _sees(i, cells, goals, twist):
    agents = range(len(cells))
    others = [cells[j] for j in agents if j != i]
    if twist == "rolled":
        others = [cells[(i + k) % len(cells)] for k in agents if k]
    if twist == "relative":
        others = [[row - cells[i][0], column - cells[i][1]] for row, column in others]
    goal = {"next goal": goals[(i + 1) % len(goals)], "first goal": goals[0]}.get(twist, goals[i])
    if twist == "all goals":
        return [cells[i], *others, *goals]
    if twist == "goal first":
        return [goal, cells[i], *others]
    if twist == "goal second":
        return [cells[i], goal, *others]
    if twist == "others first":
        return [*others, cells[i], goal]
    if twist == "by number":
        return [*cells, goal]
    if twist == "first agent":
        return _sees(0, cells, goals, None)
    if twist == "state":
        return [*cells, *goals]
    if twist == "way to goal":
        goal = [goal[0] - cells[i][0], goal[1] - cells[i][1]]
    return [cells[i], *others, goal]


def look(room: Room, answer) -> Verdict:
    two, other = ((3, 2, 1), (3, 2, 2), (5, 2, 4), (4, 2, 3), (2, 2, 5)), ((4, 3, 1), (3, 3, 5), (6, 4, 2), (5, 1, 3),
                                                                           (3, 3, 3))
    for stage in (two, other):
        cases = []
        for size, n_agents, batch in stage:
            generator = torch.Generator().manual_seed(100 * size + 10 * n_agents + batch)
            drawn = [torch.randperm(size * size, generator=generator)[:n_agents] for _ in range(batch + 1)]
            cells = [torch.stack([k // size, k % size], -1) for k in drawn]
            cases.append((torch.stack(cells[1:]), cells[0], size))
        given = [room.ask(answer, *case) for case in cases]
        rules.right_but_for_the_type(given, [observe(*case) for case in cases], cases, "observe")
        room.compare(answer, cases, observe)
    large = [(torch.tensor([[[0, size - 1], [size // 2, 3]], [[size - 1, size - 1], [7, 0]]]),
              torch.tensor([[1, 0], [size - 1, 9]]), size)
             for size in (12, 40, 130, 2000)]
    at_the_edge(room, answer, large, observe, wide.SMALL[0])
    return Verdict("correct")


MISTAKES = twisted(
    observe,
    ("by size", "the numbers are divided by size",
     "The last row must come out as 1. Which number does the last row have before you divide?",
     "0 to size − 1 are scaled to [0, 1] by size − 1; with size the last row is not 1"),
    ("as they are", "the numbers are not scaled",
     "In which range must all numbers of an observation lie?",
     "large inputs train worse, and a network for one board would not fit a larger one"),
    ("whole", "whole division throws the place on the board away",
     "Print one observation. Are there any numbers between 0 and 1?",
     "every cell but those of the last row and column becomes 0"),
    ("around zero", "the numbers are scaled to −1 to 1",
     "The exercise asks for a range. Which one?",
     "it is a fine idea, but the trained networks and the library's world expect another one"),
    ("next goal", "each agent sees another agent's goal",
     "Whose goal is the last pair of numbers in your observation of agent 1?",
     "the agent does not know where to go, and knows what it must not know"),
    ("first goal", "everybody sees the goal of agent 1",
     "Does the last pair of numbers differ from agent to agent?",
     "all others look for somebody else's goal"),
    ("all goals", "the others' goals leak into the observation",
     "Count the numbers in one observation. Which of them may agent i not know?",
     "an agent may see the others, but not where they want to go"),
    ("state", "the agents are given the state",
     "The state is for training only. What may agent i see, and in which order?",
     "when the team plays for itself nobody hands it the state"),
    ("by number", "the own position does not come first",
     "Compare the first two numbers of all agents. Should they be the same?",
     "with its own position in another place for each agent, an agent cannot tell which one it is"),
    ("others first", "the others come before the agent itself",
     "Whose position are the first two numbers?",
     "the order is part of what the exercise asks for: a network reads places, not names"),
    ("goal first", "the goal stands first",
     "What stands at the end of an observation?",
     "the order is fixed, so that your function fits the networks of later lessons"),
    ("goal second", "the goal stands before the others",
     "Own position, then what? Read the order again.",
     "a network that was trained with one order cannot read another one"),
    ("column first", "rows and columns are swapped",
     "A cell is (row, column). In which order do the two numbers come out?",
     "up and left change places for whoever reads it"),
    ("first agent", "everybody sees what agent 1 sees",
     "Do the observations differ along the second axis?",
     "all agents would act as if they stood where agent 1 stands"),
    ("relative", "the others are seen from the agent's own place",
     "Is the other's position a place on the board or a difference?",
     "differences are a fine choice too, but another one than this world makes"),
    ("way to goal", "the way to the goal stands where the goal should be",
     "Is the last pair a place on the board or a difference?",
     "the network gets other numbers than the ones it is built for"),
    ("rolled", "the others come in the wrong order",
     "Print the observation of agent 2 among three agents. In which order do the others come?",
     "with two agents every order is right; with three, the others come in the order of their numbers"),
) + (Mistake(*wide.SMALL),)

EXERCISE = Exercise(
    number="02.4", title="What an agent sees", answers={"observe": "function"}, difficulty=3, minutes=10,
    practises="build every agent's own observation, in a fixed order, for any number of agents",
    hints=("An observation has three parts: one cell, N − 1 cells, one cell. Print your shapes part by part.",
           "The goals are the same on every board; they lack a batch axis, which `expand` can give them.",
           "For the others, list for each agent i the numbers of all agents but i, and index with that list."),
    mistakes=MISTAKES, look=look)
