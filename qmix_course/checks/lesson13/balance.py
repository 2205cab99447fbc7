"""13.2 · Where the pulls balance: find the number that an optimistic loss settles for."""

from __future__ import annotations

import torch

from qmix_course.checks import values as compared
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import NEARLY, UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

TOO_SOON = "weighed a few times, and not until nothing moves"
NOT_EXACT = "near, and more than a millionth off"
MILLIONTH = 1e-6 * (1 + 1e-6)


def balance(values, alpha):
    """The truth: of all splits of a row into the k largest and the rest, the one that agrees with itself."""
    rows = []
    for row in values.tolist():
        ordered = sorted(row, reverse=True)
        for k in range(len(row) + 1):
            q = (sum(ordered[:k]) + alpha * sum(ordered[k:])) / (k + alpha * (len(row) - k))
            if all(v > q - 1e-12 for v in ordered[:k]) and all(v <= q + 1e-12 for v in ordered[k:]):
                rows.append(q)
                break
    return torch.tensor(rows, dtype=torch.float64)


def _balance_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(1302)
    climbing = torch.tensor([[11.0, -30.0, 0.0], [-30.0, 7.0, 6.0], [0.0, 0.0, 5.0]], dtype=torch.float64)
    cases = [(climbing, 0.1), (climbing, 1.0), (torch.tensor([[12.0, -12.0]], dtype=torch.float64), 0.5),
             (torch.tensor([[3.0, 3.0, 3.0]], dtype=torch.float64), 0.2)]
    cases.append((torch.arange(200, dtype=torch.float64).unsqueeze(0), 1e-5))        # takes eight rounds of weighing
    cases.append((torch.tensor([[-950.0], [0.0]], dtype=torch.float64), 0.5))   # one value: there is nothing to balance
    cases.append((torch.tensor([[1000.0, -1000.0, 999.9], [-1000.0, -999.0, -1000.0]], dtype=torch.float64), 0.01))
    for rows, count, alpha in ((1, 5, 0.3), (4, 7, 0.05), (6, 4, 0.01), (3, 12, 0.6), (2, 9, 0.001)):
        cases.append(((6 * torch.randn(rows, count, dtype=torch.float64, generator=generator)).round(decimals=1),
                      alpha))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = _balance_cases()
    try:
        room.compare(answer, cases, balance, 1e-6)
        off = [(float((room.ask(answer, *case) - balance(*case)).abs().max()), case) for case in cases]
        most, case = max(off, key=lambda each: each[0])
        if most > MILLIONTH:
            raise room.wrong(NOT_EXACT, f"{compared.call('balance', case)}\noff by {most:.1g}")
    except Found as found:
        if found.verdict.title in (UNNAMED, NEARLY.name):
            given = [room.ask(answer, *case) for case in cases]
            for rounds in range(2, 8):
                if all(compared.problem(got, _rounds(*case, rounds), 1e-9) is None for got, case in zip(given, cases)):
                    raise room.wrong(TOO_SOON, f"It is what {rounds} rounds of weighing give.") from None
            if all(compared.loosely_equal(got, balance(*case), 1e-2) for got, case in zip(given, cases)):
                raise room.wrong(NOT_EXACT, found.verdict.detail) from None
        raise
    return Verdict("correct")


def _rounds(row, alpha, rounds):
    q = row.mean(-1)
    for _ in range(rounds):
        q = _once(row, _optimistic(row, q, alpha))
    return q


def _once(values, w):
    return (w * values).sum(-1) / w.sum(-1)


def _optimistic(values, q, alpha):
    return torch.where(q.unsqueeze(-1) < values, 1.0, alpha)


MISTAKES = (
    Mistake("the plain mean",
            "Let alpha be 0.1 and the values 12 and −12: where do the pulls 12 − q and 0.1 (q + 12) balance?",
            "the mean is where equal pulls balance, with alpha = 1",
            lambda v, alpha: v.mean(-1)),
    Mistake("the largest value",
            "Only an alpha of 0 would lead there. What pulls down, and how hard?",
            "alpha is small and not nothing",
            lambda v, alpha: v.amax(-1)),
    Mistake("alpha is on the side that pulls up",
            "Your number is below the mean. Which values should pull with full force: those above q, or those below?",
            "that is a pessimist: it asks what happens when the partner does the wrong thing",
            lambda v, alpha: balance(v, 1 / alpha)),
    Mistake("weighed only once",
            "With the new q other values may lie above it. Are the weights still right?",
            "the weights and q depend on each other, and have to agree in the end",
            lambda v, alpha: _once(v, _optimistic(v, v.mean(-1), alpha))),
    Mistake(TOO_SOON,
            "With many values the weights change for several rounds. How do you know that they no longer do?",
            "how many rounds it takes depends on the values, so a small fixed number is not enough"),
    Mistake(NOT_EXACT,
            "Your numbers are close, and more than a millionth off in some row. A grid is as coarse as its steps, a "
            "descent stops where you stop it, float32 has seven digits: which is it?",
            "with the weights known, q is a weighted mean, so the exact number costs nothing more"),
    Mistake("one of the values themselves",
            "Only the given values are tried in your search. May the lowest point lie between two of them?",
            "the balance of 12 and −12 is neither 12 nor −12",
            lambda v, alpha: torch.stack([min(row, key=lambda q, row=row: _pull(row, q, alpha)) for row in v])),
    Mistake("positive values are the good ones",
            "Good and bad are measured from where? Add 100 to all values: q should go up by 100.",
            "the weights compare with q, not with 0",
            lambda v, alpha: _once(v, torch.where(v > 0, 1.0, alpha))),
    Mistake("values are compared with their mean",
            "The comparison is with q itself, which is not the mean as soon as alpha < 1. Where should you stop?",
            "a mixture of two means is a first step towards the balance, and no balance",
            lambda v, alpha: _two_means(v, alpha)),
    Mistake("a mixture of the largest value and the mean",
            "Does every value pull in your formula, each with its own distance from q?",
            "the best value alone does not decide: two good ones pull harder than one",
            lambda v, alpha: (1 - alpha) * v.amax(-1) + alpha * v.mean(-1)),
    Mistake("a quantile",
            "You count how many values lie above and below. Does it matter how far away they are?",
            "squared errors pull in proportion to their distance; a quantile knows only the order",
            lambda v, alpha: torch.quantile(v, 1 / (1 + alpha), dim=-1)),
    Mistake("alpha enters squared",
            "The weight stands before the square of the error, not inside it. What does an error of 2 count with "
            "weight alpha?",
            "(α e)² is α² e²: a much smaller weight than was asked for",
            lambda v, alpha: balance(v, alpha**2)),
    Mistake("one number for all rows",
            "Each row has a balance of its own. How many numbers should come back?",
            "the rows are different actions, and the point is to compare them",
            lambda v, alpha: balance(v.reshape(1, -1), alpha).expand(len(v))),
)


def _pull(row, q, alpha):
    return float((torch.where(q < row, 1.0, alpha) * (q - row) ** 2).sum())


def _two_means(values, alpha):
    """(mean of the values above the mean + alpha · mean of the others) / (1 + alpha)."""
    above = values > values.mean(-1, keepdim=True)
    high = torch.where(above, values, 0.0).sum(-1) / above.sum(-1).clamp(min=1)
    low = torch.where(above, 0.0, values).sum(-1) / (~above).sum(-1).clamp(min=1)
    return torch.where(above.any(-1), (high + alpha * low) / (1 + alpha), low)


EXERCISE = Exercise(
    number="13.2", title="Where the pulls balance", answers={"balance": "function"}, difficulty=3, minutes=15,
    core=True,
    practises="find the number that an optimistic loss settles for",
    hints=("At the balance: the sum of v − q over the values above q equals alpha times the sum of q − v over the "
           "others.",
           "If you knew which values lie above q, q would be a weighted mean. Guess, compute, look again.",
           "Start at the mean, weigh, take the weighted mean, and repeat until q stays. Keep one q for each row."),
    mistakes=MISTAKES, look=look)
