"""07.1 · What was played: pick the value of each agent's played action from the table of all values."""

from __future__ import annotations

from itertools import product

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson07.shared import distinct
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def chosen_values(q, actions):
    """The truth: looked up entry by entry."""
    result = torch.zeros(actions.shape, dtype=torch.float64)
    for b, t, i in torch.cartesian_prod(*(torch.arange(size) for size in actions.shape)).tolist():
        result[b, t, i] = q[b, t, i, int(actions[b, t, i])]
    return result


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(701)
    cases = []
    shapes = (1, 1, 1, 2), (1, 1, 2, 2), (2, 3, 2, 4), (3, 1, 2, 3), (2, 2, 1, 3), (1, 4, 3, 5), (3, 3, 3, 3)
    for batch, time, agents, actions in shapes:
        taken = torch.randint(0, actions, (batch, time, agents), generator=generator)
        cases.append((distinct(generator, batch, time + 1, agents, actions), taken))
    try:
        room.compare(answer, cases, chosen_values)
    except Found as found:
        name = _whose_values(room, answer, cases) if found.verdict.title == UNNAMED else None
        if name is None:
            raise
        raise room.wrong(name, found.verdict.detail) from None
    q, actions = cases[2][0].clone().requires_grad_(), cases[2][1]
    result = room.ask(answer, q, actions, may_change=(0,))
    slope = torch.autograd.grad(result.sum(), q, allow_unused=True)[0] if result.requires_grad else None
    wanted = torch.zeros_like(q)
    wanted[:, :-1].scatter_(-1, actions.unsqueeze(-1), 1.0)
    if slope is None or not torch.allclose(slope, wanted):
        raise room.wrong("the gradient is cut off", "run: chosen_values(torch.ones(1, 2, 1, 2, requires_grad=True), "
                         "torch.zeros(1, 1, 1, dtype=torch.int64)).requires_grad")
    return Verdict("correct")


def _whose_values(room: Room, answer, cases: list[tuple]) -> str | None:
    """No two entries of a table are alike, so each value of a result tells which entry it is: which index is off?"""
    off = torch.zeros(4, dtype=torch.bool)
    for q, actions in cases:
        places = dict(zip(q.flatten().tolist(), product(*map(range, q.shape))))
        given = room.ask(answer, q, actions).flatten().tolist()
        for place, value in zip(product(*map(range, actions.shape)), given):
            if value not in places:
                return None
            off |= torch.tensor(places[value]) != torch.tensor([*place, int(actions[place])])
    names = ("values of another row", "values of another time", "values of another agent", "values of another action")
    return next((name for name, wrong in zip(names, off.tolist()) if wrong), None)


def _played(q, actions):
    return q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def _slipped(q, actions):
    rows = q.reshape(-1, q.shape[-1])
    return rows[torch.arange(actions.numel()), actions.flatten()].reshape(actions.shape)


MISTAKES = (
    Mistake("the times have slipped by one",
            "The action of time t was chosen on seeing the observation of time t. Which of the T + 1 times has no "
            "action?",
            "an action is then valued at what was seen after it",
            lambda q, u: _played(q[:, 1:], u)),
    Mistake("the best action, not the one that was played",
            "The team explored: what it played need not be what it thinks best. Where does your result depend on "
            "actions?",
            "the reward that follows belongs to the action that was played",
            lambda q, u: q[:, :-1].amax(-1)),
    Mistake("one agent's action for the whole team",
            "Each agent has an action of its own. Change the action of the last agent alone: does its value change?",
            "the others' values would then be those of actions which they did not take",
            lambda q, u: _played(q[:, :-1], u[..., :1].expand_as(u))),
    Mistake("the axis of the actions is still there",
            "Print the shape of your result. Which axis has length one, and has done its duty?",
            "the mixer expects one value for each agent; an extra axis makes it broadcast, or stop",
            lambda q, u: _played(q[:, :-1], u).unsqueeze(-1)),
    Mistake("every axis of length one is gone",
            "Try a batch of one, or a single agent. Only one axis should go: can you say which?",
            "with one row, one step or one agent the result loses an axis that the next lines count on",
            lambda q, u: _played(q[:, :-1], u).squeeze()),
    Mistake("the rows have slipped: T + 1 times against T",
            "q has one time more than actions has. When both are flattened, which row of q meets which action?",
            "only the first row of the batch still meets its own values",
            _slipped),
    Mistake("the values of all actions together",
            "Only one of an agent's actions was played. How many of its values enter your result?",
            "values of actions that nobody took say nothing about what happened",
            lambda q, u: q[:, :-1].sum(-1)),
    Mistake("the values of all actions averaged",
            "This would be the value of an agent that plays at random. What did this one play?",
            "values of actions that nobody took say nothing about what happened",
            lambda q, u: q[:, :-1].mean(-1)),
    Mistake("values of another row",
            "Every entry of your result stands in q, but some come from another row of the batch. Along which axis do "
            "you look up, and what do the other axes do meanwhile?",
            "a row would be credited with what another episode was worth"),
    Mistake("values of another time",
            "Every entry of your result stands in q, in the right row, but some at another time. Change q at one time "
            "only: which entries of your result should change, and which do?",
            "an action would be valued in a situation in which it was not chosen"),
    Mistake("values of another agent",
            "Every entry of your result stands in q, in the right row and at the right time, but some belong to "
            "another agent. On which axis are the agents, and does your code keep it?",
            "an agent would learn from values that its network never gave"),
    Mistake("values of another action",
            "Row, time and agent are right, and the action is not. Take one entry that is wrong: where in `actions` "
            "does the number stand that you looked up?",
            "the reward that follows belongs to the action that this agent played at this time"),
    Mistake("the gradient is cut off",
            "The values are right, but nothing can be learned from them. Which step turns tensors into plain numbers?",
            "without a way back from the loss to the agents no agent learns"),
)

EXERCISE = Exercise(
    number="07.1", title="What was played", answers={"chosen_values": "function"}, difficulty=2, minutes=6,
    practises="pick the value of each agent's played action from the table of all values",
    hints=("q knows T + 1 times, actions only T. Which time has to go first?",
           "Bring both to the same number of axes: the actions need one more, at the place where q has its actions.",
           "There is a function of torch that picks, along one axis, the entries that another tensor names. Afterwards "
           "that axis has length one."),
    mistakes=MISTAKES, look=look)
