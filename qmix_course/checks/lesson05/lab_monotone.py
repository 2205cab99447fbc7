"""05.6 · Monotone, or so it says: see where the absolute value must stand, and what a repair that only hides the fall
costs."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson05 import rules
from qmix_course.checks.lesson05.shared import _explain, lab_cases, team_value, written
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def _abs_of(which: str, *twists: str):
    """As the listing, with the state's absolute value (or the state) in front of hyper_w1, and twists behind it."""
    def wrong(agent_qs, state, hyper_w1, *others):
        parts = list(written(agent_qs, state, hyper_w1, *others))
        if which == "state abs":
            with torch.no_grad():
                parts[1] = hyper_w1(state.abs())
        return rules.twisted(*parts, *twists)
    return wrong


def _first_clipped(agent_qs, state, hyper_w1, *others, look_at=lambda state: state, how=torch.relu):
    agent_qs, _, b1, w2, v = written(agent_qs, state, hyper_w1, *others)
    with torch.no_grad():
        return rules.twisted(agent_qs, how(hyper_w1(look_at(state))), b1, w2, v)


SIGN_WRONGS = (
    ("Q_tot still falls: W1 may be negative", _abs_of("state abs", "w1 signed")),
    ("the abs is gone, and W1 may still be negative", _abs_of("state", "w1 signed")),
    ("the symptom is hidden: s and −s are one state for W1", _abs_of("state abs")),
    ("the symptom is hidden: negative weights are cut off", _abs_of("state", "relu")),
    ("the symptom is hidden: negative weights are cut off", _abs_of("state abs", "relu")),
    ("the absolute value is taken after the utilities came in", _abs_of("state", "w1 signed", "sum abs")),
    ("the absolute value is taken after the utilities came in", _abs_of("state abs", "w1 signed", "sum abs")),
    ("the biases lost their sign in the repair", _abs_of("state", "b1 abs")),
    ("the biases lost their sign in the repair", _abs_of("state", "v abs")),
    ("the biases lost their sign in the repair", _abs_of("state", "b1 abs", "v abs")),
    ("the symptom is hidden: negative weights are cut off", _first_clipped),
    ("the symptom is hidden: negative weights are cut off", lambda *case: _first_clipped(*case, look_at=torch.abs)),
    ("W1 is non-negative in another way than asked for",
     lambda *case: _first_clipped(*case, how=nn.functional.softplus)),
    ("W1 is non-negative in another way than asked for", lambda *case: _first_clipped(*case, how=torch.square)),
    ("W1 is non-negative in another way than asked for", lambda *case: _first_clipped(*case, how=torch.exp)),
    ("W1 is non-negative in another way than asked for",
     lambda *case: _first_clipped(*case, how=lambda w: nn.functional.elu(w) + 1)),
    ("W1 is non-negative in another way than asked for",
     lambda *case: _first_clipped(*case, how=lambda w: w.softmax(-1))),
    ("W1 is non-negative in another way than asked for",
     lambda *case: _first_clipped(*case, how=lambda w: w.sigmoid())),
)


WRONG_LINE = 4


def look(room: Room, wrong_line, answer) -> Verdict:
    cases = lab_cases(((1, 1, 1, 1), (4, 2, 2, 3), (6, 3, 4, 2), (3, 2, 3, 5), (8, 4, 2, 4), (2, 1, 3, 3)), hidden=4)
    try:
        room.compare(answer, cases, team_value)
    except Found as found:
        found = _explain(room, found, answer, cases, SIGN_WRONGS)
        if type(wrong_line) is int and wrong_line != WRONG_LINE and found.verdict.kind == "wrong":
            beside = f"besides, the bug is not in line {wrong_line}"
            found = Found(replace(found.verdict, detail=f"{found.verdict.detail}\n{beside}".strip()))
        raise found from None
    room.line(wrong_line, WRONG_LINE)
    return Verdict("correct")


MISTAKES = (
    Mistake("Q_tot still falls: W1 may be negative",
            "Print `w1.min()` just before it is used. What would it have to be?",
            "a hypernetwork with weights of any sign makes negative numbers from any state, also from one that is "
            "positive"),
    Mistake("the abs is gone, and W1 may still be negative",
            "You took the absolute value away from where it was wrong. Where does it belong?",
            "without it nothing holds the weights at or above zero"),
    Mistake("the symptom is hidden: s and −s are one state for W1",
            "Q_tot no longer falls. Now compare W1 in the states [1, −1] and [1, 1]. Should they be the same?",
            "the state loses its signs on the way in: the mixer cannot tell a state from its mirror image"),
    Mistake("the symptom is hidden: negative weights are cut off",
            "Q_tot no longer falls. But what does the hypernetwork learn where its output was negative?",
            "where a weight is cut to zero its slope is zero too; and the lesson's mixer has other values"),
    Mistake("the absolute value is taken after the utilities came in",
            "Let a utility sink from 1 to −5. Does your hidden unit only go down?",
            "the absolute value must hold the weights, not the weighted sum: the sum must be free to fall with the "
            "utilities"),
    Mistake("the biases lost their sign in the repair",
            "Which of the four outputs need to be non-negative? Which must stay free?",
            "b1 and V are added, so they cannot turn a slope round; held non-negative they can do less"),
    Mistake("W1 is non-negative in another way than asked for",
            "Your repair may well be monotone. The exercise asks for the lesson's mixer: which function does it use "
            "for both layers?",
            "other functions give other values for the same hypernetworks"),
)

EXERCISE = Exercise(
    number="05.6", title="Monotone, or so it says", answers={"wrong_line_a": "value", "mended_sign": "function"},
    lab=True,
    difficulty=2, minutes=8, core=True,
    practises="see where the absolute value must stand, and what a repair that only hides the "
                                       "fall costs",
    hints=("Which numbers must not be negative? Follow them back to the line where they were made.",
           "A network can turn a positive input into a negative output. So what does an absolute value of its input "
           "promise?",
           "Compare how the listing treats the weights of the first and of the second layer."),
    mistakes=MISTAKES, look=look)
