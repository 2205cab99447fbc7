"""17.4 · A team that believes in thousands: the symptom of a state in raw units, and a repair that loses nothing."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

CAUSE = "D"
BLAMED = {"A": "the learning rate is blamed", "B": "the exploration is blamed", "C": "the agents are blamed",
          "E": "the replay memory is blamed"}


def in_units(places, half, twist=None):
    rows = places.flatten(1)
    if twist == "raw":
        return rows
    if twist == "batch":
        return rows / rows.abs().max()
    if twist == "row":
        return rows / rows.abs().amax(1, keepdim=True)
    if twist == "standard":
        return (rows - rows.mean(0)) / (rows.std(0, unbiased=False) + 1e-8)
    if twist == "clamp":
        return rows.clamp(-1, 1)
    if twist == "tanh":
        return torch.tanh(rows / half)
    if twist == "width":
        return rows / (2 * half)
    if twist == "shifted":
        return (rows + half) / (2 * half)
    if twist == "by axis":
        return (places / half).transpose(1, 2).flatten(1)
    if twist == "this field":
        return rows / 300
    if twist == "zero":
        return torch.zeros_like(rows)
    return rows / half


def look(room: Room, cause, answer) -> Verdict:
    generator = torch.Generator().manual_seed(174)
    cases = [((torch.rand(rows, count, 2, generator=generator) * 2 - 1) * half, half)
             for rows, count, half in ((5, 4, 300.0), (1, 2, 300.0), (3, 1, 60.0), (4, 3, 0.5), (6, 4, 1_000.0))]
    room.compare(answer, cases, in_units)
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


MISTAKES = (
    *twisted(
        in_units,
        ("raw", "the bug is still there: the state comes in raw units",
         "How large is the largest number that your state can hold, on a field of 300?",
         "the gain of a mixer grows with the square of its state"),
        ("batch", "the unit depends on who else is in the batch",
         "Give the same places once alone and once beside others. Are the numbers the same?",
         "the same state would be two states, and nothing could be learned about it"),
        ("by axis", "all first coordinates stand in front",
         "In which order do the numbers of two places come: place by place, or axis by axis?",
         "the text asks for place by place; whoever reads the state relies on it"),
        ("this field", "the unit is that of one field",
         "What is `half` for? Give your function a field of 60.",
         "on another field the numbers would be far from 1 again"),
        ("row", "each state has a unit of its own",
         "All places twice as far from the middle: is that another state for you?",
         "what is near and what is far can no longer be told apart"),
        ("standard", "the numbers are standardised over the batch",
         "What becomes of a batch of one row?",
         "mean and spread of a batch are chance, and they change with every batch"),
        ("clamp", "the numbers are cut off, not scaled",
         "Two places, one at 5 and one at 200. What do you make of them?",
         "whatever lies beyond 1 becomes one and the same place"),
        ("tanh", "far places are squeezed together",
         "Is the way from 0 to 100 as long as the way from 200 to 300 in your numbers?",
         "the text asks for equal distances to stay equal, and for a place at the edge to give 1"),
        ("width", "half of the range is left unused", "Which number does a place at the edge get?",
         "half is the distance from the middle to the edge, and a place at the edge must give 1 or −1"),
        ("shifted", "the middle is no longer zero", "Which number does a place in the middle get?",
         "the range asked for is −1 to 1, with 0 in the middle"),
        ("zero", "nothing is left of the state", "Can the mixer still tell two states apart?",
         "a mixer that sees nothing cannot blow up, and cannot know anything either")),
    Mistake("the learning rate is blamed", "The second curve was made with a tenth of it. What has changed?",
            "a smaller step makes the same explosion slower; the first values are already far outside"),
    Mistake("the exploration is blamed", "How large is the loss at the first entry, when both explore alike?",
            "exploration decides what is seen, not how large the values are"),
    Mistake("the agents are blamed", "The third curve has the same agents and the same observations, and the sum in "
            "place of the mixer. What does it show?",
            "with the same agents and no hypernetwork nothing explodes"),
    Mistake("the replay memory is blamed", "Which of the curves has another memory?",
            "all three curves read the same kind of rows from a memory of the same size"),
)

EXERCISE = Exercise(
    number="17.4", title="A team that believes in thousands", difficulty=3, minutes=10, core=True, lab=True,
    answers={"cause": "value", "mended_state": "function"},
    practises="recognise a state in raw units by its curves, and scale it without losing anything", look=look,
    hints=("Compare the first entries of the three curves. What do the second and the third have in common with the "
           "first, and what not?",
           "The mixer's weights are made from the state, in both of its layers. Which number of the field makes every "
           "coordinate lie between −1 and 1, in every batch alike?"),
    mistakes=MISTAKES)
