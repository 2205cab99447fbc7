"""15.2 · The alternative, for any team: fix the others, go through one's own actions, and say who may hear of it."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

HELD, DEAF = "Q_jt gives in to the agents", "nobody can learn from these gaps"
ASTRAY = "the gaps are right, their gradient is not"


def smallest_gaps(q, joint, v, twist=None):
    """The truth, one combination of the others after the other."""
    n, a = q.shape
    numbers, v = q.tolist(), float(v)
    if twist in ("no v", "minus v"):
        v = 0.0 if twist == "no v" else -v
    rows = []
    for i in range(n):
        def gap(u, i=i):
            total = sum(numbers[k][u[k]] for k in range(n))
            if twist == "own only":
                total = numbers[i][u[i]]
            if twist == "mean of utilities":
                total /= n
            found = total - float(joint[tuple(u)]) + v
            return abs(found) if twist == "size" else -found if twist == "turned" else found

        if twist == "over the others":
            rows.append([min(gap([*o[:i], own, *o[i:]]) for o in itertools.product(range(a), repeat=n - 1))
                         for own in range(a)])
            continue
        row = []
        for others in itertools.product(range(a), repeat=n - 1):
            others = others[::-1] if twist == "first fastest" else others
            mine = [gap([*others[:i], own, *others[i:]]) for own in range(a)]
            best = max(range(a), key=numbers[i].__getitem__)
            row.append(max(mine) if twist == "largest" else sum(mine) / a if twist == "mean gap"
                       else mine[best] if twist == "own best" else min(*mine, 0.0) if twist == "base" else min(mine))
        rows.append([min(row)] * len(row) if twist == "whole table" else row)
    return torch.tensor(rows, dtype=torch.float64)


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(152)
    found = [(torch.tensor([[4.0, 0.0], [4.0, 0.0]], dtype=torch.float64),
              torch.tensor([[8.0, -12.0], [-12.0, 0.0]], dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64))]
    for n, a in ((2, 3), (3, 2), (3, 3), (1, 4), (4, 2), (2, 5)):
        found.append((torch.randn(n, a, generator=generator, dtype=torch.float64).round(decimals=2),
                      torch.randn(*[a] * n, generator=generator, dtype=torch.float64).round(decimals=2),
                      torch.tensor(2.5 - len(found), dtype=torch.float64)))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), smallest_gaps)
    for q, joint, v in cases()[1:5]:
        inputs = [part.clone().requires_grad_() for part in (q, joint, v)]
        given = room.ask(answer, *inputs, may_change=(0, 1, 2))
        if not isinstance(given, torch.Tensor) or not given.requires_grad:
            raise room.wrong(DEAF)
        got = torch.autograd.grad((given ** 2).sum(), inputs, allow_unused=True)
        if got[1] is not None and float(got[1].abs().sum()) > 0:
            raise room.wrong(HELD)
        for name, have, want in zip(("q", "v"), (got[0], got[2]), gradients(q, joint, v)):
            if have is None:
                raise room.wrong(ASTRAY, f"no gradient reaches {name}")
            if not values.loosely_equal(have, want, 1e-9):
                raise room.wrong(ASTRAY, f"of the sum of squares with respect to {name}\n{values.table(have, want)}")
    return Verdict("correct")


def gradients(q, joint, v):
    """Of the sum of the squared gaps: each smallest gap moves the utilities it is made of, and V."""
    n, a = q.shape
    of_q, of_v = torch.zeros_like(q), torch.zeros_like(v)
    for i in range(n):
        for others in itertools.product(range(a), repeat=n - 1):
            rows = [[*others[:i], own, *others[i:]] for own in range(a)]
            gaps = [sum(float(q[k, u[k]]) for k in range(n)) - float(joint[tuple(u)]) + float(v) for u in rows]
            u, low = rows[gaps.index(min(gaps))], min(gaps)
            of_v += 2 * low
            for k in range(n):
                of_q[k, u[k]] += 2 * low
    return of_q, of_v


EXERCISE = Exercise(
    number="15.2", title="The alternative, for any team", answers={"smallest_gaps": "function"}, difficulty=4,
    minutes=15, practises="fix the others, go through one's own actions, and keep Q_jt out of it",
    formerly=("three_losses",),
    hints=("First the table of all gaps, with one axis for each agent. Lay each agent's utilities along its own axis.",
           "The smallest gap over agent i's own actions is a minimum along one axis. Which one? What is left has one "
           "axis less; make it a row.",
           "Q_jt is a given thing for the agents: detach it before it enters the gaps."),
    mistakes=twisted(
        smallest_gaps,
        ("over the others", "the minimum goes over the others' actions",
         "Who tries everything, and who is held fixed?",
         "the condition is: whatever the others play, one of my own actions must touch"),
        ("base", "gaps above 0 are cut off",
         "If the smallest gap of a line is 3, what does the alternative say, and what does your number?",
         "that is the base condition; the alternative punishes a line that nowhere touches"),
        ("size", "the sizes of the gaps are compared",
         "A gap of −5 and one of 1 in the same line: which is the smallest?",
         "the most negative gap is where the sum lies furthest below the table"),
        ("largest", "the largest gap is taken",
         "Which gap must be 0, for the sum to touch the table and not to go below it?",
         "with the largest at 0, the sum would lie below the table"),
        ("mean gap", "the mean gap is taken",
         "Can a line with gaps −3 and 3 fulfil the condition?",
         "gaps of both signs cancel in a mean"),
        ("own best", "the agent is taken to play its best action",
         "Does the condition ask about the agent's best action, or about each of them?",
         "at ū the first condition holds already; this one is about all other lines too"),
        ("whole table", "one minimum over the whole table",
         "How many numbers does the condition look at for one agent?",
         "one touching entry somewhere is not enough: every line needs its own"),
        ("own only", "the others' utilities are missing in the sum",
         "What is Q′ of a joint action?",
         "Q′ is the sum over all agents, those held fixed too"),
        ("mean of utilities", "the utilities are averaged",
         "What is Q′ of a joint action: a sum, or a mean?",
         "Q′ is the sum of the utilities, however many agents there are"),
        ("no v", "V is left out",
         "Shift V by 1. What should happen to every gap?",
         "the gaps are Q′ − Q_jt + V"),
        ("minus v", "V has the wrong sign",
         "Shift V up by 1. Should a gap grow or shrink?",
         "the gaps are Q′ − Q_jt + V"),
        ("turned", "Q_jt minus the sum",
         "Where the sum lies above the table, is a gap positive or negative?",
         "the gaps are Q′ − Q_jt + V, and they are positive where the sum lies above"),
        ("first fastest", "the others' combinations come in another order",
         "Three agents. Of the two others, whose action changes from one entry of the row to the next?",
         "the last one changes fastest, as when a table is flattened"),
        (None, HELD,
         "Who is to change when a gap is not 0: the agents and V, or the joint network?",
         "then Q_jt learns what would suit the agents and no longer what is true"),
        (None, DEAF,
         "Call backward on the sum of your numbers squared. Where does it arrive?",
         "the utilities and V must hear of the gaps, or they never meet the condition"),
        (None, ASTRAY,
         "Whose utilities stand in a gap? Each of them should hear of it, and V too.",
         "all agents' utilities stand in the sum, those held fixed too")),
    look=look)
