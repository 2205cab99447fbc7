"""05.7 · A sample that listens to its neighbours: cut a hypernetwork's output apart without mixing the samples of a
batch."""

from __future__ import annotations

from torch import nn

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson05 import rules
from qmix_course.checks.lesson05.shared import _explain, lab_cases, team_value, written
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def _mix_with(agent_qs, w1, b1, w2, v):
    """w1[B, N, E], non-negative already."""
    hidden = nn.functional.elu((agent_qs.unsqueeze(2) * w1).sum(1) + b1)
    return (hidden * w2.abs()).sum(1) + v


def _cut(way):
    """The mixer whose W1 is ``way(raw, B, N, E)``."""
    def wrong(*case):
        agent_qs, raw, b1, w2, v = written(*case)
        return _mix_with(agent_qs, way(raw.abs(), *agent_qs.shape, b1.shape[1]), b1, w2, v)
    return wrong


ROW_WRONGS = (
    ("the bug is still there: rows go to other samples", _cut(lambda w, b, n, e: w.view(n, b, e).transpose(0, 1))),
    ("the bug is still there: rows go to other samples", _cut(lambda w, b, n, e: w.view(n, e, b).permute(2, 0, 1))),
    ("the bug is still there: rows go to other samples", _cut(lambda w, b, n, e: w.view(e, n, b).permute(2, 1, 0))),
    ("the bug is still there: rows go to other samples", _cut(lambda w, b, n, e: w.view(e, b, n).permute(1, 2, 0))),
    ("the bug is still there: rows go to other samples", _cut(lambda w, b, n, e: w.t().reshape(b, n, e))),
    ("the agents are apart, but each agent's rows mix the samples",
     _cut(lambda w, b, n, e: w.t().reshape(n, b, e).transpose(0, 1))),
    ("the symptom is hidden: the numbers of W1 go to other agents",
     _cut(lambda w, b, n, e: w.view(b, e, n).transpose(1, 2))),
    ("the symptom is hidden: all samples share one W1",
     _cut(lambda w, b, n, e: w.mean(0).view(1, n, e).expand(b, -1, -1))),
    ("the symptom is hidden: all samples share one W1", _cut(lambda w, b, n, e: w[:1].view(1, n, e).expand(b, -1, -1))),
    ("the symptom is hidden: all samples share one W1",
     _cut(lambda w, b, n, e: w[-1:].view(1, n, e).expand(b, -1, -1))),
    ("the symptom is hidden: all agents share one row of W1",
     _cut(lambda w, b, n, e: w[:, :e].unsqueeze(1).expand(-1, n, -1))),
    ("the symptom is hidden: all agents share one row of W1",
     _cut(lambda w, b, n, e: w.view(b, n, e).mean(1, keepdim=True).expand(-1, n, -1))),
    ("an absolute value was lost in the repair", lambda *case: rules.twisted(*written(*case), "w1 signed")),
    ("an absolute value was lost in the repair", lambda *case: rules.twisted(*written(*case), "w2 signed")),
    ("an absolute value was lost in the repair",
     lambda *case: rules.twisted(*written(*case), "w1 signed", "w2 signed")),
)


CAUSE = "D"
BLAMED = {"A": "a sign is blamed", "B": "an average is blamed", "C": "the order of the agents is blamed",
          "E": "the last bias is blamed"}


def look(room: Room, cause, answer) -> Verdict:
    cases = lab_cases(((1, 1, 1, 1), (2, 2, 1, 2), (4, 2, 3, 3), (6, 3, 2, 2),
                       (3, 3, 4, 3), (1, 3, 2, 4), (2, 4, 3, 5), (5, 1, 2, 3)), hidden=3)
    try:
        room.compare(answer, cases, team_value)
    except Found as found:
        raise _explain(room, found, answer, cases, ROW_WRONGS) from None
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


MISTAKES = (
    Mistake("the bug is still there: rows go to other samples",
            "Take two samples and write their two rows of the hypernetwork's output below each other. Whose numbers "
            "end up in row 0?",
            "turning axes round after the cut does not put the numbers back: the cut itself must leave each sample's "
            "row whole"),
    Mistake("the agents are apart, but each agent's rows mix the samples",
            "`w.T` puts the samples last. Write down agent 1's block for two samples and E = 2: which sample do the "
            "first two numbers in it come from?",
            "each agent has its own numbers now, but a row of E of them still comes from several samples"),
    Mistake("the symptom is hidden: the numbers of W1 go to other agents",
            "Each sample is on its own now. But which of its numbers belong to agent 1: the first E, or every N-th?",
            "the hypernetwork's numbers stand agent by agent; weights from another implementation would be read in the "
            "wrong order"),
    Mistake("the symptom is hidden: all samples share one W1",
            "Two samples with different states: do they get different weights from you?",
            "then the state no longer decides how the utilities are combined, and that is what the hypernetwork is "
            "for"),
    Mistake("the symptom is hidden: all agents share one row of W1",
            "Each sample is on its own now. Can agent 1 count more than agent 2?",
            "then the mixer is blind to which agent has which utility"),
    Mistake("an absolute value was lost in the repair",
            "Count the absolute values in the listing and in your version.",
            "a repair must leave what was right as it was"),
    Mistake("a sign is blamed",
            "With a negative weight a curve falls somewhere. Do any of the three?",
            "both layers of weights go through the absolute value, and all three curves rise from end to end"),
    Mistake("an average is blamed",
            "Which line would add up over the batch's axis, or divide by its size?",
            "nothing is averaged: each sample's block still holds single numbers of the hypernetwork"),
    Mistake("the order of the agents is blamed",
            "An exchange within a sample would be there without company too. What does the mixer give for one alone?",
            "alone in its batch, the sample has the value that the lesson's mixer gives"),
    Mistake("the last bias is blamed",
            "V(s) is added at the end. What could it change about a curve: its height, or its steepness too?",
            "another V moves a curve up or down as a whole, and here the curves bend differently"),
)

EXERCISE = Exercise(
    number="05.7", title="A sample that listens to its neighbours",
    answers={"cause": "value", "mended_rows": "function"}, lab=True,
    formerly=("wrong_line_b",),
    difficulty=3, minutes=10, practises="cut a hypernetwork's output apart without mixing the samples of a batch",
    hints=("Alone nothing is wrong. What can the sample get from its neighbours, and which axis is taken for another?",
           "Number the hypernetwork's outputs of two samples: 0 to 5 for the first, 10 to 15 for the second. Where "
           "does each number go?",
           "`view` reads the numbers in the order in which they lie in memory: sample by sample, and within a sample "
           "agent by agent."),
    mistakes=MISTAKES, look=look)
