"""07.2 · The best available next values: take each agent's best value among its available actions."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson07.shared import distinct
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


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
    above = torch.tensor([[[2.0, 2.5, 9.0], [30.0, 40.0, 31.0]]])           # a stand-in made from the lowest of them
    return [(above, torch.tensor([[[True, True, False], [True, False, False]]])), (-above, mixed),
            (torch.tensor([[[-1e30, -2e30, -5e29], [-3e30, -2e30, -9e30]]]), mixed),
            (torch.tensor([[[-1.0, -5e29, -1e30], [2.0, -1e30, 0.0]]]), last),
            (torch.tensor([[[-1e300, -2e300, 0.0], [-3e300, 5.0, -9e300]]]), mixed),
            (torch.tensor([[[-2.0, 3.0, lowest], [-1e30, lowest, 1e30]]]), last)]


def look(room: Room, answer) -> Verdict:
    room.compare(answer, _best_cases(), best_next)
    for low in _low_cases():
        given = room.ask(answer, *low)
        if values.problem(given, best_next(*low), 1e-9):
            raise room.wrong("a number that is not low enough",
                             values.call("best_next", low) + "\n" + values.table(given, best_next(*low)))
    return Verdict("correct")


def _allowed(q, available):
    return q.masked_fill(~available, -torch.inf)


MISTAKES = (
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
            "Take a row whose largest value is unavailable. When does your code find that out: before or after it has "
            "chosen?",
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
            "Your result is right for everyday values. What if an available value is as low as the number that you put "
            "in, or lower? Near −1e30 a float does not feel one more or less.",
            "made-up numbers such as −9999999 win against lower values, and have leaked into the targets of published "
            "code"),
)

EXERCISE = Exercise(
    number="07.2", title="The best available next values", answers={"best_next": "function"}, difficulty=2, minutes=6,
    practises="take each agent's best value among its available actions",
    hints=("First make sure that no unavailable action can win. Then let the actions compete.",
           "What is smaller than every number? Put it where available is False, in a copy.",
           "The actions are the last axis. Mind the difference between a maximum and its place."),
    mistakes=MISTAKES, look=look)
