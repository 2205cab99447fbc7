"""07.6 · An action that nobody can take: find a choice that is made at the wrong time."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

NOT_LOW = "a number that is not low enough"
TOO_EARLY = "the choice still falls one step too early"


def targets(online_q, target_q, available, reward, terminated, gamma):
    """The truth, step by step."""
    y = reward.clone()
    for b, t in torch.cartesian_prod(*(torch.arange(size) for size in reward.shape)).reshape(-1, 2).tolist():
        if not terminated[b, t]:
            for i in range(online_q.shape[2]):
                allowed = [a for a in range(online_q.shape[3]) if available[b, t + 1, i, a]]
                chosen = max(allowed, key=lambda a, i=i: online_q[b, t + 1, i, a])
                y[b, t] += gamma * target_q[b, t + 1, i, chosen]
    return y


def _double_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(706)
    cases = []
    for *shape, gamma in ((1, 1, 1, 2, 0.5), (1, 2, 1, 3, 0.5), (2, 3, 2, 3, 0.9), (3, 1, 3, 4, 0.8),
                          (4, 5, 2, 5, 0.99)):
        batch, time, agents, actions = shape
        count = batch * (time + 1) * agents * actions
        online_q, target_q = ((torch.randperm(count, generator=generator).to(torch.float64) - count // 2).div(2)
                              .reshape(batch, time + 1, agents, actions) for _ in range(2))
        available = torch.rand(online_q.shape, generator=generator) < 0.6
        lucky = torch.randint(0, actions, (batch, time + 1, agents, 1), generator=generator)
        reward = torch.randn(batch, time, dtype=torch.float64, generator=generator).round(decimals=2)
        terminated = (torch.rand(batch, time, generator=generator) < 0.3) & (torch.arange(time) == time - 1)
        cases.append((online_q, target_q, available.scatter(-1, lucky, True), reward, terminated, gamma))
    return cases


def look(room: Room, wrong_line, mended) -> Verdict:
    cases = _double_cases()
    try:
        room.compare(mended, cases, targets)
    except Found as found:
        if found.verdict.title == UNNAMED:
            _find_reader(room, mended, cases)
        raise
    for case in _low_cases(cases):
        given = room.ask(mended, *case)
        if values.problem(given, targets(*case), 1e-9):
            raise room.wrong(NOT_LOW, values.call("mended_targets", case) + "\n" + values.table(given, targets(*case)))
    room.line(wrong_line, 3)
    return Verdict("correct")


def _low_cases(cases: list[tuple]) -> list[tuple]:
    """The online network's values far below zero; and only an action whose value is the lowest of all can be taken."""
    ties = [(torch.tensor([[[[0.0, 0.0]], [[0.0, low]]]]), torch.tensor([[[[1.0, 2.0]], [[3.0, 5.0]]]]),
             torch.tensor([[[[True, True]], [[False, True]]]]), torch.zeros(1, 1),
             torch.zeros(1, 1, dtype=torch.bool), 0.5) for low in (-1e30, torch.finfo(torch.float64).min)]
    high = [(case[0] - case[0].min() + 50, *case[1:]) for case in cases]            # all far above 0
    return [*[(1e30 * (case[0] - case[0].max() - 1), *case[1:]) for case in cases[1:3]], *ties, *high]


def _find_reader(room: Room, mended, cases: list[tuple]) -> None:
    """No target depends on what the online network says at the first time. Does one here?"""
    online_q, *rest = cases[2]
    changed = online_q.clone()
    changed[:, 0] = -changed[:, 0]
    if not values.same(room.ask(mended, online_q, *rest), room.ask(mended, changed, *rest)):
        raise room.wrong(TOO_EARLY, "Changing online_q[:, 0] alone changes a target.")


def _mixed(next_q, reward, terminated, gamma):
    return reward + gamma * torch.where(terminated, 0.0, next_q.sum(-1))


def _gathered(table, judge):
    return table.gather(-1, judge.argmax(-1, keepdim=True)).squeeze(-1)


def _closed(q, available):
    return q.masked_fill(~available, -torch.inf)


MISTAKES = (
    Mistake(TOO_EARLY,
            "The shapes fit, and that is how it hid. For the target of time t: at which time must the action be "
            "chosen?",
            "what was best before the step says nothing about what is best, or even possible, after it",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(on, av)[:, :-1]), r, end, g)),
    Mistake("now the action is also valued one step too early",
            "Choice and value fit together again, but to which time do they belong? The target speaks of the next one.",
            "an impossible action no longer shows up, but the target values the state that was left",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, :-1], _closed(on, av)[:, :-1]), r, end, g)),
    Mistake("the action is chosen at the right time, and valued one step too early",
            "The choice is mended. Of which time is the value that you gather for it?",
            "the target speaks of what comes after the step, choice and value alike",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, :-1], _closed(on, av)[:, 1:]), r, end, g)),
    Mistake("no double-Q any more",
            "Who chooses the action in your repair, and who values it? They are meant to be two.",
            "the symptom is gone because the idea is: the maximum of one network's values is too high again",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(ta, av)[:, 1:]), r, end, g)),
    Mistake("the online network values its own choice",
            "The choice is right. Which network's value enters the target now, and which is meant to?",
            "the online network judges itself, and the target network has no part in the target",
            lambda on, ta, av, r, end, g: _mixed(_gathered(on[:, 1:], _closed(on, av)[:, 1:]), r, end, g)),
    Mistake("the roles are swapped",
            "Two networks have two roles. Which one chooses in the text, and which one values?",
            "the values then come from the network that moves with every step",
            lambda on, ta, av, r, end, g: _mixed(_gathered(on[:, 1:], _closed(ta, av)[:, 1:]), r, end, g)),
    Mistake("only the mask was moved",
            "Impossible actions are gone. But whose values are compared among the possible ones: those before or after "
            "the step?",
            "the symptom was an unavailable action; the cause is the time of the choice",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(on[:, :-1], av[:, 1:])), r, end, g)),
    Mistake("the mask is gone",
            "The time is right now. Which action may win in your repair?",
            "the online network then chooses actions that cannot be taken",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], on[:, 1:]), r, end, g)),
    Mistake("an action that nobody can take counts as 0 in the choice",
            "Times are right now. Let all values of the actions that can be taken be negative: which one is chosen?",
            "0 is a high value where all others are below it, so the forbidden action wins there",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], (on * av)[:, 1:]), r, end, g)),
    Mistake("the mask is still that of the step before",
            "Two tables enter the choice. Do both belong to the time after the step?",
            "what was possible before the step may be impossible after it",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(on[:, 1:], av[:, :-1])), r, end, g)),
    Mistake(NOT_LOW,
            "The bug is fixed. But what if the values of all available actions are lower than the number that you put "
            "in?",
            "the listing had −∞ there, below which nothing lies; a repair must leave the rest as it was"),
)

EXERCISE = Exercise(
    number="07.6", title="An action that nobody can take",
    answers={"wrong_line_a": "value", "mended_targets": "function"},
    difficulty=3, minutes=10, practises="find a choice that is made at the wrong time", lab=True,
    hints=("Write behind each line which times its result holds: 0 to T, 0 to T − 1, or 1 to T.",
           "Two tables with the same number of times meet in one of the lines. Are they the same times?",
           "The value is that of the next time. The choice must be of the same time."),
    mistakes=MISTAKES, look=look)
