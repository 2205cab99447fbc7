"""10.4 · Who looks through whose eyes: proving decentralisation by experiment: exchange one agent's observation, watch
the other's action."""

from __future__ import annotations

import inspect
import textwrap
from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson10.peeks_teams import stages
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def peeks(act, obs, twist=None):
    """[N, N] bool, by plain loops over rows, agents, other agents and what they might see instead."""
    rows, n_agents = obs.shape[:2]
    base = act(obs)
    table = torch.zeros(n_agents, n_agents, dtype=torch.bool)
    total = torch.zeros(n_agents, n_agents, dtype=torch.long)               # of all changes, rises less falls
    for j in range(n_agents):
        for y in range(rows):
            other = obs.clone()
            if twist == "everybody":
                other = obs[y].expand_as(obs).clone()
            elif twist == "others too":
                pass
            else:
                other[:, j] = obs[y, j]
            changed = base != act(other)                                        # [X, N]
            total[:, j] += (act(other) - base).sum(0)
            if twist == "sums":
                changed = ((act(other) - base).sum(0) != 0).expand(rows, -1)
            elif twist == "sorted":
                changed = act(other).sort(0).values != base.sort(0).values
            keep = torch.ones(rows, dtype=torch.bool)
            if twist == "first row":
                keep = torch.arange(rows) == 0
            elif twist == "next row":
                keep = (torch.arange(rows) + 1) % rows == y
            elif twist == "previous row":
                keep = (torch.arange(rows) - 1) % rows == y
            elif twist == "one substitute":
                keep = torch.tensor(y == 0).expand(rows)
            elif twist == "last substitute":
                keep = torch.tensor(y == rows - 1).expand(rows)
            for i in range(n_agents):
                if twist == "others too":
                    other = obs[y].expand_as(obs).clone()
                    other[:, i] = obs[:, i]
                    changed = base != act(other)
                whole = changed.any(1) if twist == "whole team" else changed[:, i]
                if (i != j or twist == "diagonal") and bool((whole & keep).any()):
                    table[i, j] = True
    return {"transposed": table.T, "turned around": ~table,
            "one sum": (total != 0).fill_diagonal_(False)}.get(twist, table)


def look(room: Room, answer) -> Verdict:
    for cases in stages():
        given = [room.ask(answer, act, obs) for act, obs in cases]
        if not values.same(given[0], room.ask(answer, *cases[0])):
            raise room.wrong("the same question got two different answers")
        expected = [peeks(*case) for case in cases]
        try:
            room.match(given, expected, cases)
        except Found as found:
            if found.verdict.kind != "wrong":
                raise
            first = next(k for k, (got, want) in enumerate(zip(given, expected)) if not torch.equal(got.bool(), want))
            detail = _shown(*cases[first], given[first], expected[first])
            raise room.wrong(_name(room, answer, found.verdict.title, cases, given, expected), detail) from None
    return Verdict("correct")


def _boards(shown) -> set[bytes]:
    return {(board.double() + 0.0).numpy().tobytes() for board in shown.detach().contiguous()}


def _exchanges(obs) -> set[bytes]:
    """All boards of one row with one agent's observation of another."""
    found = set()
    for row in obs:
        for j in range(obs.shape[1]):
            boards = row.repeat(len(obs), 1, 1)
            boards[:, j] = obs[:, j]
            found |= _boards(boards)
    return found


def _noted(act, obs, real: list, shown_boards: set):
    """The team, which notes what it is shown, and whether it is what an agent of ``obs`` has seen."""
    def noted(shown):
        if shown.shape[1:] == obs.shape[1:]:
            real.append(bool((shown[:, None] == obs[None]).all(-1).any(1).all()))
            shown_boards.update(_boards(shown))
        else:
            real.append(False)
        return act(shown)

    return noted


def _name(room, answer, title, cases, given, expected) -> str:
    """What nobody's formula explains: foreign observations, pairs accused, exchanges left out, changes not noticed."""
    if title in {mistake.name for mistake in room.exercise.mistakes}:
        return title
    for twist in ("sorted", "one sum"):
        if all(torch.equal(got.bool(), peeks(*case, twist=twist)) for got, case in zip(given, cases)):
            return "changes cancel each other out"
    real, complete = [], True
    for act, obs in cases:
        shown: set[bytes] = set()
        room.ask(answer, _noted(act, obs, real, shown), obs)
        complete &= _exchanges(obs) <= shown
    if not all(real):
        return "the team is shown what no agent has ever seen"
    if any((got.bool() & ~want).any() for got, want in zip(given, expected)):
        return "an agent is accused of what it did not do"
    return "a change is overlooked" if complete else "some exchanges are never tried"


def _shown(act, obs, got, want) -> str:
    lines = [act.__doc__ or textwrap.dedent(inspect.getsource(act)).rstrip()]
    if act.__doc__:
        lines.append(f"asked with obs of shape {list(obs.shape)}")
    elif obs.numel() <= 40:
        lines.append(f"peeks({act.__name__}, torch.tensor({obs.tolist()}))")
    else:
        lines.append(f"asked with obs of shape {list(obs.shape)}, entries 0.0, 0.1, ..., 0.9")
    return "\n".join([*lines, f"expected: {want.tolist()}", f"got:      {got.tolist()}"])


MISTAKES = tuple(Mistake(name, hint, why, partial(peeks, twist=twist) if twist else None)
                 for twist, name, hint, why in (
    ("turned around", "the answer is turned around",
     "Which of the two does True stand for: that an agent peeks, or that it does not?",
     "True means that the action changes"),
    ("transposed", "who looks and who is looked at are exchanged",
     "The row is the agent that acts. Is it in your table?",
     "the last agent of a team looks at the first one, and the first one is accused"),
    ("diagonal", "an agent is accused of using its own eyes",
     "What may an agent's action depend on? Look at the diagonal of your table.",
     "a decentralised agent acts on its own observation: that is no peeking"),
    ("whole team", "anybody's action counts as everybody's",
     "You exchange what agent j sees, and some action changes. Whose?",
     "agent j's own action may change, and that of an honest agent beside it does not"),
    ("others too", "the other agents' observations are exchanged all at once",
     "There are three agents, and agent 1 looks only at agent 2. Why does your table say that it looks at agent 3 as "
     "well?",
     "when everything changes together, nobody can tell what the action followed"),
    ("everybody", "the agent's own observation is exchanged as well",
     "Before you blame the other's observation: what else is different in the second question?",
     "an action may change with the agent's own observation, so that one must stay"),
    ("first row", "one situation stands for all",
     "Some agents peek in a few situations only. In which rows do you make the exchange?",
     "an agent that looks only when it is lost is found only where it is lost"),
    ("next row", "each observation is exchanged for one other only",
     "How many other observations of agent j are there? How many did you try in each row?",
     "two observations can lead to the same action, and a third one not"),
    ("previous row", "each observation is exchanged for that of the row above only",
     "The row above is one of many. Which other observations of agent j could be put there?",
     "two observations can lead to the same action, and a third one not"),
    ("one substitute", "one substitute observation stands for all",
     "You put the same observation in every row. Which others could reveal something?",
     "an agent that looks out for one thing is found only when it sees that thing"),
    ("last substitute", "the last observation stands for all substitutes",
     "You always put the last row's observation there. Which others could reveal something?",
     "an agent that looks out for one thing is found only when it sees that thing"),
    ("sums", "changes cancel each other out",
     "In one row the action goes from 0 to 1, in another from 1 to 0. What is left of these two changes in your "
     "comparison?",
     "a sum, a mean or a sorted list over the rows can stay the same although actions in it do not"),
    (None, "the team is shown what no agent has ever seen",
     "Zeros, NaN and random numbers may be no observation at all. Where can you find real ones to put there?",
     "what a team does with impossible observations is no evidence, neither for nor against it"),
    (None, "an agent is accused of what it did not do",
     "Between your two questions only agent j's observation may differ, and only agent i's action counts. Is it so?",
     "every other difference is an explanation of its own"),
    (None, "some exchanges are never tried",
     "Every row, every other agent, every observation that this agent has in another row: do you try them all?",
     "a rare leak is a leak, and with a finite list the test can be complete"),
    (None, "a change is overlooked",
     "The team was shown every board that an exchange can make. For whose exchange do you take each of them, whose "
     "actions do you look at, and in how many rows, and in which direction, must one change?",
     "any other action of any other agent in any one row is a change, whether its number is higher or lower"),
))

EXERCISE = Exercise(
    number="10.4",
    title="Who looks through whose eyes",
    answers={"peeks": "function"},
    difficulty=4,
    minutes=15,
    practises="proving decentralisation by experiment: exchange one agent's observation, watch the other's action",
    hints=("An experiment has two questions that differ in one thing. What do you exchange, what do you keep, "
           "and what do you compare?",
           "For a given j, exchange what agent j sees by what it sees in row y, in all rows at once, and ask the team "
           "once more. That is one call of `act` for each j and y.",
           "In the table, column j collects whose actions changed in any row, for any y. What has to be "
           "done about entry [j, j]?"),
    mistakes=MISTAKES,
    look=look,
)
