"""18.5 · Two robots that do not move: whom a robot leaves out when it looks at the others."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def see(at, view, twist=None):
    """The truth, robot by robot."""
    rows = []
    for row in at.tolist():
        seen = []
        for i, (x, y) in enumerate(row):
            others = [j for j in range(len(row)) if j != i]
            if twist == "first":
                others = list(range(1, len(row)))
            if twist == "last":
                others = list(range(len(row) - 1))
            if twist == "itself":
                others = list(range(len(row)))
            if twist == "round":
                others = [(i + k) % len(row) for k in range(1, len(row))]
            if twist == "three only" and len(row) != 3:
                others = list(range(1, len(row)))
            if twist == "nearest":
                others.sort(key=lambda j: (row[j][0] - x) ** 2 + (row[j][1] - y) ** 2)
            if twist == "same place":
                others = [j for j in range(len(row)) if row[j] != row[i]]
            numbers = []
            for j in others:
                dx, dy = row[j][0] - x, row[j][1] - y
                far = max(abs(dx), abs(dy)) if twist == "square" else (dx * dx + dy * dy) ** 0.5
                here = far < view if twist == "border" else far <= view
                if twist == "backwards":
                    dx, dy = -dx, -dy
                unit = 1.0 if twist == "units" else view
                shown = here or twist == "far"
                numbers += [float(here), dx / unit if shown else 0.0, dy / unit if shown else 0.0]
            seen.append(numbers + [0.0] * (3 * (len(row) - 1) - len(numbers) if twist == "same place" else 0))
        rows.append(seen)
    return torch.tensor(rows, dtype=at.dtype)


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(185)
    found = [(torch.tensor([[[0.0, 0.0], [3.0, 4.0], [6.0, 0.0]]], dtype=torch.float64), 5.0),
             (torch.tensor([[[1.0, 1.0], [4.0, 3.0]]], dtype=torch.float64), 3.0),
             (torch.tensor([[[2.0, 1.0], [2.0, 1.0], [3.0, 1.0]]], dtype=torch.float64), 3.0)]     # two on one place
    for rows, robots in ((4, 3), (3, 5), (2, 4)):
        found.append((6 * torch.rand(rows, robots, 2, generator=generator, dtype=torch.float64), 3.0))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), see)
    return Verdict("correct")


EXERCISE = Exercise(
    number="18.5", title="Two robots that do not move", answers={"mended_see": "function"}, difficulty=3, minutes=10,
    core=True, lab=True, practises="find whom an index leaves out, from who stands still", look=look,
    hints=("What does the rule tell a robot that sees somebody closer than 1, and how far does it step back from "
           "somebody at distance 0?",
           "Print what each robot sees when all three stand far apart. Who sees somebody at distance 0?",
           "Each robot has another list of others: for robot 1 it is 0 and 2. A table of numbers, [N, N − 1], picks "
           "them."),
    mistakes=twisted(
        see,
        ("first", "the first robot is left out everywhere",
         "Put the robots 100 apart. Robot 1 still sees somebody, quite near. Whom?",
         "one slice for all drops the same robot from every list, where each must drop itself"),
        ("last", "now the last robot is left out everywhere",
         "Who is missing in your list for robot 0, and who for the last one?",
         "one slice for all drops the same robot from every list, where each must drop itself"),
        ("itself", "a robot sees itself",
         "How many numbers does each robot get, and how many others are there?",
         "what a robot has at distance 0 is itself; three numbers that never change"),
        ("same place", "who stands on the same place is taken for the robot itself",
         "Robots 0 and 1 stand on one place. How many others does robot 0 see?",
         "it is a robot's number that says who it is, not where it stands"),
        ("round", "the others come in another order",
         "The text asks for the order of their numbers. Whom does robot 1 list first?",
         "a network gives each place in the list a meaning of its own"),
        ("nearest", "the others come nearest first",
         "Let robot 2 be nearer to robot 0 than robot 1 is. Which of the two does robot 0 list first?",
         "a network gives each place in the list a meaning, and here it would be now one robot, now another"),
        ("three only", "right for three robots only",
         "Your lists fit three robots. Try it with two, and with five.",
         "how many there are is in the shape of `at`"),
        ("backwards", "the ways point back",
         "Robot 1 stands east of robot 0. Is dx of robot 0 above or below 0?",
         "a robot that follows such a way runs off"),
        ("far", "who is out of view is still told",
         "A robot is far beyond view. Which three numbers stand for it?",
         "zeros stand for who is not seen; else the view is no limit"),
        ("border", "who stands exactly at the border is not seen",
         "A robot is exactly view away. Is it within view?", "within view includes the border"),
        ("units", "the ways are not in units of the view",
         "What is dx of a robot that stands at the border of the view, straight to the east?",
         "the listing divides by view; keep what was right"),
        ("square", "the view is a square",
         "How far is a robot at (3, 4)? Is it within a view of 4.5?",
         "distances are measured with a ruler, not along each axis")))
