"""10.4 · Who looks through whose eyes: proving decentralisation by experiment: exchange one agent's observation, watch
the other's action."""

from __future__ import annotations

import inspect
import textwrap
from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


# Each is shown to a learner as it stands here, to be run; so each is complete in itself. obs[B, N, O] -> actions[B, N].
def alone(obs):
    return (10 * obs.sum(-1)).round().long() % 4


def alone_with_a_number(obs):
    number = torch.arange(obs.shape[1])
    return ((10 * obs[..., 0]).round().long() + number) % 4


def alone_where_it_counts(obs):
    odd = ((obs < 0) | (obs > 1)).flatten(1).any(1) | obs.isnan().flatten(1).any(1)
    return torch.where(odd[:, None], 3, (obs[..., 0] > 0.45).long())


def all_eyes(obs):
    return ((10 * obs).round().long().sum((1, 2)) % 4)[:, None].expand(obs.shape[:2])


def last_looks_at_first(obs):
    own = (obs[..., 0] > 0.45).long()
    own[:, -1] = (obs[:, 0, 0] > 0.45).long()
    return own


def first_looks_at_last(obs):
    own = (obs[..., 1] > 0.45).long()
    own[:, 0] = own[:, 0] + 2 * (obs[:, -1, 0] > 0.45).long()
    return own


def neighbours_look(obs):
    return (obs[..., 0] > 0.45).long() + 2 * (obs.roll(1, dims=1)[..., 1] > 0.55).long()


def looks_when_it_is_lost(obs):
    lost = obs[..., 0] > 0.75
    return torch.where(lost, (obs.roll(-1, dims=1)[..., 0] > 0.45).long(), 2)


def looks_for_one_thing(obs):
    there = obs.roll(1, dims=1)[..., 0] > 0.85
    return torch.where(there, 3, (obs[..., 0] > 0.45).long())


def looks_once(obs):
    own = (obs[..., 1] > 0.45).long()
    once = (obs[:, 0, 0] > 0.75) & (obs[:, 0, 1] > 0.45) & (obs[:, -1, 0] < 0.25) & (obs[:, -1, 1] < 0.55)
    own[:, -1] = torch.where(once, 2, own[:, -1])
    return own


def rare(obs, who, whom, here, there):
    """A team in which agent ``who`` peeks in row ``here`` only, and only at what agent ``whom`` sees in row ``there``.
    """
    own, glimpse = obs[here, who].clone(), obs[there, whom].clone()

    def act(shown):
        actions = (shown[..., 0] > 0.45).long()
        once = (shown[:, who] == own).all(-1) & (shown[:, whom] == glimpse).all(-1)
        actions[:, who] = torch.where(once, 3, actions[:, who])
        return actions

    act.__doc__ = (f"Agent {who + 1} peeks in row {here} only: its action is another one there "
                   f"when agent {whom + 1} sees what it has in row {there}.")
    return act


def peeks(act, obs, twist=None):
    """[N, N] bool, by plain loops over rows, agents, other agents and what they might see instead."""
    rows, n_agents = obs.shape[:2]
    base = act(obs)
    table = torch.zeros(n_agents, n_agents, dtype=torch.bool)
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
    return {"transposed": table.T, "turned around": ~table}.get(twist, table)


def seen(rows: int, n_agents: int, width: int, seed: int) -> torch.Tensor:
    """Observations between 0 and 0.9 in steps of 0.1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(10, (rows, n_agents, width), generator=generator).double() / 10


def unlike(rows: int, n_agents: int, seed: int) -> torch.Tensor:
    """Observations of two numbers, of which no agent has one twice."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.stack([torch.randperm(100, generator=generator)[:rows] for _ in range(n_agents)], dim=1)
    return torch.stack([numbers // 10, numbers % 10], dim=-1).double() / 10


def rare_cases() -> list[tuple]:
    """Teams with a single leak each, of all kinds: first and last rows, rows side by side, rows far apart."""
    wide, deep = unlike(9, 3, 20), unlike(22, 2, 21)
    spots = ((0, 1, 0, 21), (1, 0, 21, 0), (0, 1, 20, 21), (1, 0, 1, 0), (0, 1, 5, 16), (1, 0, 18, 9))
    return ([(rare(deep, *spot), deep) for spot in spots]
            + [(rare(wide, *spot), wide) for spot in ((0, 2, 8, 3), (1, 0, 2, 7), (2, 1, 4, 0), (1, 2, 0, 8))])


def look(room: Room, answer) -> Verdict:
    stages = (
        ([alone, alone_with_a_number, all_eyes, last_looks_at_first, first_looks_at_last],
         ((6, 2, 2, 1), (8, 2, 3, 2))),
        ([alone, neighbours_look, last_looks_at_first, first_looks_at_last, all_eyes],
         ((8, 3, 2, 3), (9, 4, 2, 4), (5, 1, 2, 5))),
        ([looks_when_it_is_lost, looks_for_one_thing, looks_once, neighbours_look],
         ((12, 2, 2, 6), (10, 3, 2, 7), (12, 2, 3, 8), (9, 4, 2, 9))),
        ([alone_where_it_counts], ((8, 2, 2, 10), (9, 3, 3, 11))),
    )
    for cases in [[(act, seen(*shape)) for act in acts for shape in shapes]
                  for acts, shapes in stages] + [rare_cases()]:
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
            asked: list = []
            for act, obs in cases:
                room.ask(answer, _noted(act, obs, asked), obs)
            raise room.wrong(_name(found.verdict.title, given, expected, asked, room), detail) from None
    return Verdict("correct")


def _noted(act, obs, asked):
    """The team, which notes when it is shown what no agent of ``obs`` has seen."""
    def noted(shown):
        alike = shown.shape[1:] == obs.shape[1:]
        known = (shown[:, None] == obs[None]).all(-1).any(1) if alike else torch.tensor(False)
        asked.append(bool(known.all()))
        return act(shown)

    return noted


def _name(title, given, expected, asked, room) -> str:
    """What nobody's formula explains: foreign observations, pairs left out, pairs accused."""
    if title in {mistake.name for mistake in room.exercise.mistakes}:
        return title
    if not all(asked):
        return "the team is shown what no agent has ever seen"
    if any((got.bool() & ~want).any() for got, want in zip(given, expected)):
        return "an agent is accused of what it did not do"
    return "some exchanges are never tried"


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
    (None, "the team is shown what no agent has ever seen",
     "Zeros, NaN and random numbers may be no observation at all. Where can you find real ones to put there?",
     "what a team does with impossible observations is no evidence, neither for nor against it"),
    (None, "an agent is accused of what it did not do",
     "Between your two questions only agent j's observation may differ, and only agent i's action counts. Is it so?",
     "every other difference is an explanation of its own"),
    (None, "some exchanges are never tried",
     "Every row, every other agent, every observation that this agent has in another row: do you try them all?",
     "a rare leak is a leak, and with a finite list the test can be complete"),
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
