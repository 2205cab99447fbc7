"""03.1 · The best available action: take a masked argmax along the right axis."""

from __future__ import annotations

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def best_actions(q, available):
    flat_q, flat = q.reshape(-1, q.shape[-1]).tolist(), available.reshape(-1, q.shape[-1]).tolist()
    best = [max((a for a in range(len(row)) if can[a]), key=lambda a: row[a]) for row, can in zip(flat_q, flat)]
    return torch.tensor(best).reshape(q.shape[:-1])


def distinct(shape, generator, centre: float = 0.0) -> torch.Tensor:
    """Numbers with two decimals, no two of them equal."""
    count = torch.Size(shape).numel()
    drawn = (torch.randperm(2 * count, generator=generator)[:count] - count).double() / 100 + centre
    return drawn.round(decimals=2).reshape(shape)


def masks(shape, generator, share: float = 0.5) -> torch.Tensor:
    """Which actions are available: at least one in each row."""
    mask = torch.rand(shape, generator=generator) < share
    sure = torch.randint(shape[-1], shape[:-1], generator=generator)
    return mask.scatter(-1, sure[..., None], True)


CLOSE = "two values that differ count as equal"


def lowest_cases() -> list[tuple]:
    """The only available values are as low as numbers go, behind an unavailable one."""
    lowest = torch.finfo(torch.float64).min
    return [(torch.tensor([[other, low], [0.0, low]]), torch.tensor([[False, True], [False, True]]))
            for low in (-1e15, -1e18, -1e20, -1e30, -3.5e38, -1e300, lowest) for other in (5.0, 0.0)]


def close_cases() -> list[tuple]:
    """The best two available values lie close together, among others of any size."""
    rows = [[0.0, 1.0, 1.0 + gap] for gap in (1e-4, 1e-6, 1e-9, 1e-12)] + [[0.0, 1e-10, 2e-10], [0.0, -2e-30, -1e-30],
                                                                           [0.0, -3.0, -2.0]]
    rows += [[far, 1.0, 2.0] for far in (-1e17, 1e17, -1e30, 1e30, -1e300)]
    return [(torch.tensor([row]), torch.tensor([[False, True, True]])) for row in rows]


STAND_IN = "the stand-in for −∞ is not low enough"


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(31)
    cases = [(torch.tensor([[-1.0, -5.0, -2.0]]), torch.tensor([[False, True, True]]))]
    for shape, share, centre in (((2, 4), .5, 0), ((5, 2, 4), .6, -5), ((3, 3, 3, 5), .5, 3), ((4, 1, 2), .3, 0),
                                 ((2, 4, 3), 1, -9), ((6, 3, 3), .1, 0), ((3, 2, 1), 1, -2)):
        cases.append((distinct(shape, generator, centre), masks(shape, generator, share)))
    far = [(1e12 * (distinct(shape, generator) + shift), masks(shape, generator))
           for shape, shift in (((1, 3), -2), ((8, 2, 5), 3), ((7, 3, 4), -9))]
    given = [room.ask(answer, *case) for case in cases + far]
    for low in (-1e15, -1e12, -1e10, -9999999.0, *(-(10.0**k) for k in range(10)), 0.0):
        ways = (stood_in, taken_off, searched) if low else (searched,)
        if any(not torch.equal(best_actions(*case), got) for got, case in zip(given, cases + far)) and all(
                isinstance(got, torch.Tensor) and any(torch.equal(got, way(*case, low)) for way in ways)
                for got, case in zip(given, cases + far)):
            failed = [case for got, case in zip(given, cases + far) if not torch.equal(best_actions(*case), got)]
            q, available = min(failed, key=lambda case: case[0].numel())
            shown = f"it fails for q = {q.tolist()}\nand available = {available.tolist()}"
            raise room.wrong(STAND_IN, shown if q.numel() < 20 else "")
    room.compare(answer, cases + far, best_actions)
    at_the_edge(room, answer, close_cases(), best_actions, CLOSE)
    at_the_edge(room, answer, lowest_cases(), best_actions, STAND_IN)
    for shape in ((2, 3), (6, 2, 5)):                            # equal values: any of the best available ones will do
        q, available = torch.randint(-2, 1, shape, generator=generator).double(), masks(shape, generator)
        got = room.ask(answer, q, available)
        best = torch.where(available, q, -torch.inf).amax(-1)
        got = got.long()[..., None]
        if not (available.gather(-1, got).all() and (q.gather(-1, got)[..., 0] == best).all()):
            raise room.wrong("an unavailable action that is as good", f"run: best_actions(torch.tensor({q.tolist()}), "
                             f"torch.tensor({available.tolist()}))")
    return Verdict("correct")


def stood_in(q, available, low):
    return q.masked_fill(~available, low).argmax(-1)


def taken_off(q, available, low):
    return (q + low * (~available)).argmax(-1)


def searched(q, available, low):
    """A search that begins with action 0 and a value that nothing has to have (``low``; None: that of action 0)."""
    flat_q, flat = q.reshape(-1, q.shape[-1]).tolist(), available.reshape(-1, q.shape[-1]).tolist()
    found = []
    for row, can in zip(flat_q, flat):
        best, value = 0, row[0] if low is None else low
        for action, number in enumerate(row):
            if can[action] and number > value:
                best, value = action, number
        found.append(best)
    return torch.tensor(found).reshape(q.shape[:-1])


def among_available(q, available):
    """The best one's number when only the available ones are counted."""
    return (available.cumsum(-1) - 1).gather(-1, best_actions(q, available)[..., None])[..., 0]


MISTAKES = (
    Mistake("the mask is not used",
            "Look at the case below. May every agent take the action that you chose for it?",
            "the largest value may belong to an action that cannot be taken", lambda q, can: q.argmax(-1)),
    Mistake("the mask is multiplied in",
            "A forbidden action becomes 0 that way. What if all allowed values are negative?",
            "0 beats every negative value, and a forbidden action wins", lambda q, can: (q * can).argmax(-1)),
    Mistake(STAND_IN,
            "How low can an allowed value be? Is there a number below all of them?",
            "a fixed number loses only as long as all values lie above it; −∞ always does"),
    Mistake("the mask is turned around",
            "True says that an action can be taken. Which ones did you rule out?",
            "the agent then chooses among those that it must not take",
            lambda q, can: q.masked_fill(can, -torch.inf).argmax(-1)),
    Mistake("the worst action, not the best",
            "The agent wants as much as it can get. Which end of the values did you take?",
            "a greedy agent takes the largest value", lambda q, can: q.masked_fill(~can, torch.inf).argmin(-1)),
    Mistake("the value, not the action's number",
            "The environment wants to know which action. Did you return how good it is?",
            "the largest value and the place where it stands are two things",
            lambda q, can: q.masked_fill(~can, -torch.inf).amax(-1)),
    Mistake("the largest along the agents",
            "Each agent compares its own actions. Along which axis do the actions lie?",
            "this compares the agents with each other, action by action",
            lambda q, can: q.masked_fill(~can, -torch.inf).argmax(-2)),
    Mistake("the position among the available ones",
            "Once the others are cut out, the numbering begins anew. Which number does the environment know the action "
            "by?",
            "cutting actions out renumbers the rest", among_available),
    Mistake("−∞ times 0",
            "What is 0 · ∞? Print the masked values of one agent.",
            "0 · ∞ is not a number (NaN), and the largest of NaN is anything",
            lambda q, can: (q + (1 - can.to(q.dtype)) * -torch.inf).argmax(-1)),
    Mistake("one action for the whole team",
            "Each agent has its own row of values. Did you add the rows up?",
            "agents choose for themselves; the sum's best action is nobody's choice",
            lambda q, can: q.masked_fill(~can, -torch.inf).sum(-2).argmax(-1)[..., None].expand(q.shape[:-1])),
    Mistake("the search begins with an action that may be unavailable",
            "Your search holds action 0 for the best one so far. May it, before it has looked at the mask?",
            "if action 0 is unavailable and large, nothing ever beats it", lambda q, can: searched(q, can, None)),
    Mistake("a softmax has swallowed the differences",
            "Print your numbers for values that lie 1,000 apart. Which of them are exactly 0?",
            "e to the power of a very negative number is 0, and then an allowed action looks like a forbidden one",
            lambda q, can: (q.softmax(-1) * can).argmax(-1)),
    Mistake("an unavailable action that is as good",
            "An action that cannot be taken may have the very same value as the best one that can. Which one do you "
            "find?",
            "looking for the best value among all actions also finds those that are ruled out"),
    Mistake(CLOSE,
            "Huge values and close ones may stand side by side. What is left of a small difference after your sum, "
            "shift or rounding?",
            "the larger of two values is the better one, however close they are; a sum with a huge number swallows the "
            "difference"),
)

EXERCISE = Exercise(
    number="03.1", title="The best available action", answers={"best_actions": "function"}, difficulty=1, minutes=5,
    core=True,
    practises="take a masked argmax along the right axis",
    hints=("First make sure that an unavailable action can never win. Then look for the winner.",
           "Which number is below every other one? Put it in place of the unavailable values, in a copy.",
           "The actions lie along the last axis, however many axes come before it."),
    mistakes=MISTAKES, look=look,
    off_limits=("qmix_course.exploration.greedy", "qmix_course.exploration.epsilon_greedy"))
