"""The labs of lesson 05: an absolute value in the wrong place, and weights that go to the wrong sample."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from qmix_course.checks import lesson05_rules as rules
from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# The first case of both labs, as a learner can type it: two samples, two agents, three hidden units.
TINY = ("torch.tensor([[1.0, -2.0], [0.5, 1.0]])", "torch.tensor([[1.0, -1.0], [-2.0, 0.5]])",
        "lambda s: s @ torch.tensor([[1.0, -2.0, 0.5, 0.0, 1.0, -1.0], [0.5, 1.0, -1.0, 2.0, -0.5, 1.5]])",
        "lambda s: s @ torch.tensor([[0.5, -1.0, 0.0], [1.0, 0.0, -0.5]])",
        "lambda s: s @ torch.tensor([[1.0, -1.0, 0.5], [0.0, 2.0, -1.5]])", "lambda s: s @ torch.tensor([[-1.0], [2.0]])")


def lab_cases(sizes, hidden: int) -> list[tuple]:
    """(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2) for each (B, N, S, E)."""
    cases = [tuple(map(eval, TINY))]
    for k, (rows, n, s, e) in enumerate(sizes):
        generator = torch.Generator().manual_seed(1_000 + k)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(k)
            nets = [nn.Linear(s, n * e) if k % 2 else nn.Sequential(nn.Linear(s, hidden), nn.ReLU(), nn.Linear(hidden, n * e)),
                    nn.Linear(s, e), nn.Sequential(nn.Linear(s, hidden), nn.Tanh(), nn.Linear(hidden, e)),
                    nn.Sequential(nn.Linear(s, e), nn.ReLU(), nn.Linear(e, 1))]
        for net in nets:
            for parameter in net.double().parameters():
                with torch.no_grad():
                    parameter.copy_(torch.randn(parameter.shape, generator=generator).round(decimals=2))
        agent_qs, state = ((1.5 * torch.randn(rows, width, generator=generator)).round(decimals=2) for width in (n, s))
        cases.append((agent_qs, state, *nets))
    return cases


def written(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2) -> tuple:
    """What the hypernetworks write, for the mixing layer of 05.1."""
    with torch.no_grad():
        return agent_qs, hyper_w1(state), hyper_b1(state), hyper_w2(state), hyper_b2(state)[:, 0]


def team_value(*case) -> torch.Tensor:
    return rules.mixed(*written(*case))


def _explain(room: Room, found: Found, answer, cases: list[tuple], wrongs: tuple) -> Found:
    """``found``, with a detail that a learner can use; by name if one of ``wrongs`` gives the same numbers."""
    if found.verdict.kind == "wrong" and found.verdict.title == "the values are not the expected ones":
        given = [room.ask(answer, *case).detach() for case in cases]
        want = team_value(*cases[0])
        detail = found.verdict.detail
        if not torch.allclose(given[0], want, rtol=1e-9, atol=1e-9):
            name = next(name for name, kind in room.exercise.answers.items() if kind == "function")
            detail = f"run: {name}({', '.join(TINY)})\n{values.table(given[0], want)}"
        found = Found(replace(found.verdict, detail=detail))
        for name, wrong in wrongs:
            expected = [wrong(*case) for case in cases]
            if all(torch.allclose(got, want, rtol=1e-9, atol=1e-9) for got, want in zip(given, expected)):
                return room.wrong(name, detail)
    return found


# ---- 05.6 --------------------------------------------------------------------------------------------------------------

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
    ("W1 is non-negative in another way than asked for", lambda *case: _first_clipped(*case, how=nn.functional.softplus)),
    ("W1 is non-negative in another way than asked for", lambda *case: _first_clipped(*case, how=torch.square)),
    ("W1 is non-negative in another way than asked for", lambda *case: _first_clipped(*case, how=torch.exp)),
    ("W1 is non-negative in another way than asked for",
     lambda *case: _first_clipped(*case, how=lambda w: nn.functional.elu(w) + 1)),
    ("W1 is non-negative in another way than asked for", lambda *case: _first_clipped(*case, how=lambda w: w.softmax(-1))),
    ("W1 is non-negative in another way than asked for", lambda *case: _first_clipped(*case, how=lambda w: w.sigmoid())),
)


def look_at_sign(room: Room, wrong_line, answer) -> Verdict:
    cases = lab_cases(((1, 1, 1, 1), (4, 2, 2, 3), (6, 3, 4, 2), (3, 2, 3, 5), (8, 4, 2, 4), (2, 1, 3, 3)), hidden=4)
    try:
        room.compare(answer, cases, team_value)
    except Found as found:
        raise _explain(room, found, answer, cases, SIGN_WRONGS) from None
    room.line(wrong_line, 4)
    return Verdict("correct")


SIGN_MISTAKES = (
    Mistake("Q_tot still falls: W1 may be negative",
            "Print `w1.min()` just before it is used. What would it have to be?",
            "a hypernetwork with weights of any sign makes negative numbers from any state, also from one that is positive"),
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
            "the absolute value must hold the weights, not the weighted sum: the sum must be free to fall with the utilities"),
    Mistake("the biases lost their sign in the repair",
            "Which of the four outputs need to be non-negative? Which must stay free?",
            "b1 and V are added, so they cannot turn a slope round; held non-negative they can do less"),
    Mistake("W1 is non-negative in another way than asked for",
            "Your repair may well be monotone. The exercise asks for the lesson's mixer: which function does it use for both "
            "layers?",
            "other functions give other values for the same hypernetworks"),
)

# ---- 05.7 --------------------------------------------------------------------------------------------------------------


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
    ("the symptom is hidden: the numbers of W1 go to other agents", _cut(lambda w, b, n, e: w.view(b, e, n).transpose(1, 2))),
    ("the symptom is hidden: all samples share one W1", _cut(lambda w, b, n, e: w.mean(0).view(1, n, e).expand(b, -1, -1))),
    ("the symptom is hidden: all samples share one W1", _cut(lambda w, b, n, e: w[:1].view(1, n, e).expand(b, -1, -1))),
    ("the symptom is hidden: all samples share one W1", _cut(lambda w, b, n, e: w[-1:].view(1, n, e).expand(b, -1, -1))),
    ("the symptom is hidden: all agents share one row of W1", _cut(lambda w, b, n, e: w[:, :e].unsqueeze(1).expand(-1, n, -1))),
    ("the symptom is hidden: all agents share one row of W1",
     _cut(lambda w, b, n, e: w.view(b, n, e).mean(1, keepdim=True).expand(-1, n, -1))),
    ("an absolute value was lost in the repair", lambda *case: rules.twisted(*written(*case), "w1 signed")),
    ("an absolute value was lost in the repair", lambda *case: rules.twisted(*written(*case), "w2 signed")),
    ("an absolute value was lost in the repair", lambda *case: rules.twisted(*written(*case), "w1 signed", "w2 signed")),
)


def look_at_rows(room: Room, wrong_line, answer) -> Verdict:
    cases = lab_cases(((1, 1, 1, 1), (2, 2, 1, 2), (4, 2, 3, 3), (6, 3, 2, 2),
                       (3, 3, 4, 3), (1, 3, 2, 4), (2, 4, 3, 5), (5, 1, 2, 3)), hidden=3)
    try:
        room.compare(answer, cases, team_value)
    except Found as found:
        raise _explain(room, found, answer, cases, ROW_WRONGS) from None
    room.line(wrong_line, 5)
    return Verdict("correct")


ROW_MISTAKES = (
    Mistake("the bug is still there: rows go to other samples",
            "Take two samples and write their two rows of the hypernetwork's output below each other. Whose numbers end up in "
            "row 0?",
            "turning axes round after the cut does not put the numbers back: the cut itself must leave each sample's row whole"),
    Mistake("the agents are apart, but each agent's rows mix the samples",
            "`w.T` puts the samples last. Write down agent 1's block for two samples and E = 2: which sample do the first two "
            "numbers in it come from?",
            "each agent has its own numbers now, but a row of E of them still comes from several samples"),
    Mistake("the symptom is hidden: the numbers of W1 go to other agents",
            "Each sample is on its own now. But which of its numbers belong to agent 1: the first E, or every N-th?",
            "the hypernetwork's numbers stand agent by agent; weights from another implementation would be read in the wrong "
            "order"),
    Mistake("the symptom is hidden: all samples share one W1",
            "Two samples with different states: do they get different weights from you?",
            "then the state no longer decides how the utilities are combined, and that is what the hypernetwork is for"),
    Mistake("the symptom is hidden: all agents share one row of W1",
            "Each sample is on its own now. Can agent 1 count more than agent 2?",
            "then the mixer is blind to which agent has which utility"),
    Mistake("an absolute value was lost in the repair",
            "Count the absolute values in the listing and in your version.",
            "a repair must leave what was right as it was"),
)

LABS = (
    Exercise(
        number="05.6", title="Monotone, or so it says", answers={"wrong_line_6": "value", "mended_sign": "function"}, lab=True,
        difficulty=2, minutes=8, practises="see where the absolute value must stand, and what a repair that only hides the "
                                           "fall costs",
        hints=("Which numbers must not be negative? Follow them back to the line where they were made.",
               "A network can turn a positive input into a negative output. So what does an absolute value of its input promise?",
               "Compare how the listing treats the weights of the first and of the second layer."),
        mistakes=SIGN_MISTAKES, look=look_at_sign),
    Exercise(
        number="05.7", title="A sample that listens to its neighbours",
        answers={"wrong_line_7": "value", "mended_rows": "function"}, lab=True,
        difficulty=3, minutes=10, practises="cut a hypernetwork's output apart without mixing the samples of a batch",
        hints=("With a batch of one nothing is wrong. So which axis is treated as something that it is not?",
               "Number the hypernetwork's outputs of two samples: 0 to 5 for the first, 10 to 15 for the second. Where does "
               "each number go?",
               "`view` reads the numbers in the order in which they lie in memory: sample by sample, and within a sample agent "
               "by agent."),
        mistakes=ROW_MISTAKES, look=look_at_rows),
)
