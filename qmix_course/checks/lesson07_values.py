"""Checks of lesson 07: the values of what was played, and the best available next values."""

from __future__ import annotations

import math
from itertools import product

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def distinct(generator: torch.Generator, *shape: int) -> torch.Tensor:
    """Numbers in steps of 0.1 around zero, no two alike."""
    count = math.prod(shape)
    order = torch.randperm(count, generator=generator).to(torch.float64)
    return ((order - count // 2) / 10).reshape(shape)


# ---- 07.1 the values of what was played -------------------------------------------------------------------------------

def chosen_values(q, actions):
    """The truth: looked up entry by entry."""
    result = torch.zeros(actions.shape, dtype=torch.float64)
    for b, t, i in torch.cartesian_prod(*(torch.arange(size) for size in actions.shape)).tolist():
        result[b, t, i] = q[b, t, i, int(actions[b, t, i])]
    return result


def look_at_chosen(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(701)
    cases = []
    shapes = (1, 1, 1, 2), (1, 1, 2, 2), (2, 3, 2, 4), (3, 1, 2, 3), (2, 2, 1, 3), (1, 4, 3, 5), (3, 3, 3, 3)
    for batch, time, agents, actions in shapes:
        taken = torch.randint(0, actions, (batch, time, agents), generator=generator)
        cases.append((distinct(generator, batch, time + 1, agents, actions), taken))
    try:
        room.compare(answer, cases, chosen_values)
    except Found as found:
        name = _whose_values(room, answer, cases) if found.verdict.title == "the values are not the expected ones" else None
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


CHOSEN_MISTAKES = (
    Mistake("the times have slipped by one",
            "The action of time t was chosen on seeing the observation of time t. Which of the T + 1 times has no action?",
            "an action is then valued at what was seen after it",
            lambda q, u: _played(q[:, 1:], u)),
    Mistake("the best action, not the one that was played",
            "The team explored: what it played need not be what it thinks best. Where does your result depend on actions?",
            "the reward that follows belongs to the action that was played",
            lambda q, u: q[:, :-1].amax(-1)),
    Mistake("one agent's action for the whole team",
            "Each agent has an action of its own. Change the action of the last agent alone: does its value change?",
            "the others' values would then be those of actions which they did not take",
            lambda q, u: _played(q[:, :-1], u[..., :1].expand_as(u))),
    Mistake("the axis of the actions is still there",
            "Print the shape of your result. Which axis has length one, and has done its duty?",
            "the mixer expects one value an agent; an extra axis makes it broadcast, or stop",
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
            "Every entry of your result stands in q, but some come from another row of the batch. Along which axis do you look up, "
            "and what do the other axes do meanwhile?",
            "a row would be credited with what another episode was worth"),
    Mistake("values of another time",
            "Every entry of your result stands in q, in the right row, but some at another time. Change q at one time only: which "
            "entries of your result should change, and which do?",
            "an action would be valued in a situation in which it was not chosen"),
    Mistake("values of another agent",
            "Every entry of your result stands in q, in the right row and at the right time, but some belong to another agent. On "
            "which axis are the agents, and does your code keep it?",
            "an agent would learn from values that its network never gave"),
    Mistake("values of another action",
            "Row, time and agent are right, and the action is not. Take one entry that is wrong: where in `actions` does the number "
            "stand that you looked up?",
            "the reward that follows belongs to the action that this agent played at this time"),
    Mistake("the gradient is cut off",
            "The values are right, but nothing can be learned from them. Which step turns tensors into plain numbers?",
            "without a way back from the loss to the agents no agent learns"),
)


# ---- 07.2 the best next values ----------------------------------------------------------------------------------------

def best_next(q, available):
    """The truth, agent by agent."""
    rows = [[max(value for value, may in zip(of_agent, allowed) if may) for of_agent, allowed in zip(row, row_allowed)]
            for row, row_allowed in zip(q.tolist(), available.tolist())]
    return torch.tensor(rows, dtype=torch.float64)


def _best_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(702)
    cases = []
    for batch, agents, actions in ((1, 1, 2), (1, 2, 3), (4, 2, 4), (3, 3, 3), (2, 1, 5), (6, 3, 2), (5, 2, 6)):
        q = distinct(generator, batch, agents, actions)
        available = torch.rand(batch, agents, actions, generator=generator) < 0.5
        lucky = torch.randint(0, actions, (batch, agents, 1), generator=generator)
        cases.append((q, available.scatter(-1, lucky, True)))
    cases.append((-cases[2][0].abs() - 1, cases[2][1]))                              # below zero throughout
    cases.append((cases[2][0], torch.ones(4, 2, 4, dtype=torch.bool)))               # everything is available
    alone = torch.zeros(4, 2, 4, dtype=torch.bool)
    cases.append((cases[2][0], alone.scatter(-1, cases[2][0].argmin(-1, keepdim=True), True)))   # only the worst is
    return cases


def _low_cases() -> list[tuple]:
    """Values as low as a float can be; and where only the lowest of all is available, nothing but −∞ is below it."""
    lowest = torch.finfo(torch.float64).min
    mixed = torch.tensor([[[True, True, False], [True, False, True]]])
    last = torch.tensor([[[False, False, True], [False, True, False]]])
    return [(torch.tensor([[[-1e30, -2e30, -5e29], [-3e30, -2e30, -9e30]]]), mixed),
            (torch.tensor([[[-1.0, -5e29, -1e30], [2.0, -1e30, 0.0]]]), last),
            (torch.tensor([[[-1e300, -2e300, 0.0], [-3e300, 5.0, -9e300]]]), mixed),
            (torch.tensor([[[-2.0, 3.0, lowest], [-1e30, lowest, 1e30]]]), last)]


def look_at_best(room: Room, answer) -> Verdict:
    room.compare(answer, _best_cases(), best_next)
    for low in _low_cases():
        given = room.ask(answer, *low)
        if values.problem(given, best_next(*low), 1e-9):
            raise room.wrong("a number that is not low enough",
                             values.call("best_next", low) + "\n" + values.table(given, best_next(*low)))
    return Verdict("correct")


def _allowed(q, available):
    return q.masked_fill(~available, -torch.inf)


BEST_MISTAKES = (
    Mistake("unavailable actions are chosen too",
            "An agent cannot take what is not available. Where does available enter?",
            "the target then counts on values that the agent can never get",
            lambda q, a: q.amax(-1)),
    Mistake("an unavailable action counts as 0",
            "Let all values be negative. Would an action that counts as 0 lose?",
            "where all values are below zero, an action that cannot be taken wins with its 0",
            lambda q, a: (q * a).amax(-1)),
    Mistake("available is turned round",
            "Which entries does your code keep: those where available is True, or the others?",
            "it then looks only at what cannot be done",
            lambda q, a: q.masked_fill(a, -torch.inf).amax(-1)),
    Mistake("the number of the best action, not its value",
            "Where the largest value stands and how large it is are two things.",
            "a number of an action says nothing about what it is worth",
            lambda q, a: _allowed(q, a).argmax(-1)),
    Mistake("the maximum runs over the agents",
            "Each agent takes the best of its own actions. Which axis is that of the actions?",
            "it compares agents with each other, and the mixer needs one value of each of them",
            lambda q, a: _allowed(q, a).amax(-2)),
    Mistake("one agent's actions are allowed to all",
            "Two agents can stand in different places. Is the availability of the last agent read at all?",
            "what one agent can do says nothing about what another can",
            lambda q, a: _allowed(q, a[:, :1].expand_as(a)).amax(-1)),
    Mistake("chosen first, masked afterwards",
            "Take a row whose largest value is unavailable. When does your code find that out: before or after it has chosen?",
            "the choice has fallen by then; only its value is spoilt",
            lambda q, a: _allowed(q, a).gather(-1, q.argmax(-1, keepdim=True)).squeeze(-1)),
    Mistake("infinity times zero",
            "What is 0 times infinity on a computer? Print one row of your intermediate result.",
            "0 · ∞ is not a number, and every maximum that meets it is none either",
            lambda q, a: (q + (~a) * -torch.inf).amax(-1)),
    Mistake("the mean of the available values, not the best",
            "The target of QMIX assumes that each agent takes its best action next.",
            "this values a team that plays at random",
            lambda q, a: (q * a).sum(-1) / a.sum(-1)),
    Mistake("the worst available value, not the best",
            "Does an agent that wants much reward look for the smallest or for the largest value?",
            "the target would prepare the team for agents that work against it",
            lambda q, a: q.masked_fill(~a, torch.inf).amin(-1)),
    Mistake("a number that is not low enough",
            "Your result is right for everyday values. What if an available value is as low as the number that you put in, or "
            "lower? Near −1e30 a float does not feel one more or less.",
            "made-up numbers such as −9999999 win against lower values, and have leaked into the targets of published code"),
)


VALUES = (
    Exercise(
        number="07.1", title="What was played", answers={"chosen_values": "function"}, difficulty=2, minutes=6,
        practises="pick the value of each agent's played action from the table of all values",
        hints=("q knows T + 1 times, actions only T. Which time has to go first?",
               "Bring both to the same number of axes: the actions need one more, at the place where q has its actions.",
               "There is a function of torch that picks, along one axis, the entries that another tensor names. Afterwards that "
               "axis has length one."),
        mistakes=CHOSEN_MISTAKES, look=look_at_chosen),
    Exercise(
        number="07.2", title="The best available next values", answers={"best_next": "function"}, difficulty=2, minutes=6,
        practises="take each agent's best value among its available actions",
        hints=("First make sure that no unavailable action can win. Then let the actions compete.",
               "What is smaller than every number? Put it where available is False, in a copy.",
               "The actions are the last axis. Mind the difference between a maximum and its place."),
        mistakes=BEST_MISTAKES, look=look_at_best),
)
