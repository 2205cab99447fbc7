"""18.3 · On the way: robots that are in each other's way during a step, not only after it."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def met(before, after, near, twist=None):
    """The truth, pair by pair: the way from one robot to the other moves on a straight line too."""
    rows, robots = before.shape[:2]
    found = torch.zeros(rows, robots, robots, dtype=torch.bool)
    for b in range(rows):
        for i in range(robots):
            for j in range(robots):
                if i == j and twist != "oneself":
                    continue
                if twist == "upper" and i > j:
                    continue
                found[b, i, j] = _close(before[b, j] - before[b, i], after[b, j] - after[b, i], near, twist)
    if twist == "anybody":
        return found.any(-1)
    return found


def _close(way, end, near, twist):
    turn = end - way                                # what changes during the step
    square = (turn @ turn).item() + (0.01 if twist == "guard" else 0.0)
    t = -(way @ turn).item() / square if square > 0 else (float("nan") if twist == "nan" else 0.0)
    if twist == "ends":
        return min(way.norm(), end.norm()) < near
    if twist == "end":
        return end.norm() < near
    if twist == "moments":
        return min((way + t * turn).norm() for t in torch.linspace(0, 1, 101).tolist()) < near
    if twist == "middle":
        t = 0.5
    elif twist != "any time":
        t = min(max(t, 0.0), 1.0) if t == t else t
    far = (way + t * turn).norm()
    return far <= near if twist == "border" else far < near


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(183)

    def made(before, after, near):
        return (*(torch.tensor(each, dtype=torch.float64) for each in (before, after)), near)

    found = [made([[[0, 0], [2, 0]]], [[[2, 0], [0, 0]]], 0.5),                     # they exchange places
             made([[[0, 0], [4, 0]]], [[[1, 0], [3, 0]]], 0.75),                    # they would meet later
             made([[[0, 0], [2, 0]]], [[[-1, 0], [3, 0]]], 0.75),                   # they would have met before
             made([[[0, 0], [0.5, 0]], [[0, 0], [2, 0]]], [[[1, 0], [1.5, 0]], [[0, 1], [2, 1]]], 0.75),  # side by side
             made([[[0, 0], [1, 0]]], [[[0, 3], [1, 3]]], 1.0),                     # exactly at the border
             # one crosses the way that the other has gone before, and nobody is near
             made([[[0, 0], [4, 3]]], [[[4, 0], [3, -1]]], 0.75),
             # nearest neither at the ends nor in the middle
             made([[[0, 0], [1, 0.4]]], [[[4, 0], [1, 0.4]]], 0.5),
             # both hardly move, and are nearest on the way
             made([[[0, 0], [-0.06, 0.05]]], [[[0, 0], [0.02, 0.05]]], 0.052),
             # near for a hundred-thousandth of the step
             made([[[0, 0], [381.966, 0]]], [[[1000, 0], [381.966, 0]]], 0.005)]
    for rows, robots in ((5, 3), (8, 4), (2, 2)):
        before, way = (torch.rand(rows, robots, 2, generator=generator, dtype=torch.float64) for _ in range(2))
        found.append((3 * before, 3 * before + 4 * way - 2, 0.75))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), met)
    return Verdict("correct")


EXERCISE = Exercise(
    number="18.3", title="On the way", answers={"met": "function"}, difficulty=4, minutes=15,
    practises="turn a rule about moments into one about the time between them, for all pairs at once",
    hints=("Look at a pair from robot i: the way to robot j is d when the step begins and e when it ends, and "
           "d + t (e − d) between, for t from 0 to 1.",
           "The square of its length is a parabola in t. It is smallest at t = −d·(e − d) / |e − d|². What if that is "
           "below 0, or above 1?",
           "Where both go the same way e − d is 0: then any t will do, but 0 / 0 will not."),
    mistakes=twisted(
        met,
        ("end", "only the end of the step is looked at",
         "Two robots exchange places. Where are they at half time?",
         "that is the lesson's rule: who passes through another in one step goes unnoticed"),
        ("ends", "only the two ends of the step are looked at",
         "You look at two moments. What if robots are far apart at both, and near between them?",
         "between the ends they may come nearer than at either"),
        ("middle", "only the middle of the step is looked at",
         "Are they always nearest at half time?",
         "when they are nearest depends on where they come from and how they go"),
        ("moments", "only some moments of the step are looked at",
         "One robot goes 1,000 far, and near is 0.005. Between which of your moments does it pass?",
         "however many moments there are, somebody is fast enough to pass between two of them"),
        ("any time", "a meeting before or after the step counts",
         "At which t are they nearest in your version? Is it between 0 and 1?",
         "outside of the step they do not go on along this line"),
        ("nan", "who goes side by side is never near",
         "Both go the same way. What is (e − d)·(e − d), and what do you divide by it?",
         "0 / 0 is not a number, and no comparison with it is true"),
        ("guard", "what keeps you from 0 / 0 moves the moment",
         "Two robots that hardly move: how large is (e − d)·(e − d), and how large what you add to it?",
         "a number that is added against 0 / 0 must be small beside every real way, or the case must be told apart"),
        ("oneself", "a robot meets itself",
         "What stands on your diagonal?",
         "every robot has the distance 0 from itself, all the time"),
        ("upper", "each pair is told once",
         "Robot 1 is in the way of robot 0. Is robot 0 in the way of robot 1?",
         "the table asked for is symmetric"),
        ("border", "who is exactly at the border counts as near",
         "Is a distance of exactly near closer than near?",
         "closer than near leaves the border out")),
    look=look)
