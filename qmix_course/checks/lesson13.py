"""Checks of lesson 13: the central weights and the optimists' balance; beside them the whole loss and the lab."""

from __future__ import annotations

import torch

from qmix_course.checks import values as compared
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson13_lab import LAB
from qmix_course.checks.lesson13_loss import LOSS
from qmix_course.checks.room import NEARLY, Room
from qmix_course.checks.verdict import Found, Verdict

UNNAMED = "the values are not the expected ones"                    # the verdict on results that no mistake explains
TOO_SOON = "weighed a few times, and not until nothing moves"
NOT_EXACT = "near, and more than a millionth off"
MILLIONTH = 1e-6 * (1 + 1e-6)

# ---- 13.1 central weights --------------------------------------------------------------------------------------------


def central_weights(agent_qs, actions, y, q_greedy, alpha):
    """The truth, row by row."""
    w = []
    for b in range(len(y)):
        best = [max(range(agent_qs.shape[2]), key=lambda a, q=q: q[a]) for q in agent_qs[b].tolist()]
        full = best == actions[b].tolist() or bool(y[b] > q_greedy[b])
        w.append(1.0 if full else alpha)
    return torch.tensor(w, dtype=torch.float64)


def _central_cases() -> list[tuple]:
    """All that can happen: greedy or not in all, some or no agents; y above, on and below Q̂*(ū)."""
    generator = torch.Generator().manual_seed(1301)
    cases = []
    for batch, agents, n_actions, alpha in ((1, 2, 2, 0.1), (12, 2, 3, 0.5), (30, 3, 3, 0.1), (18, 1, 4, 0.75), (12, 4, 2, 1.0), (42, 5, 2, 1e-4)):
        count = batch * agents * n_actions
        q = (torch.randperm(count, generator=generator).to(torch.float64) - count // 2).reshape(batch, agents, n_actions) / 4
        best = q.argmax(-1)
        other = (best + torch.randint(1, n_actions, best.shape, generator=generator)) % n_actions
        kind = torch.arange(batch).unsqueeze(1) % (agents + 2)          # 0: all greedy, 1 … N: agent i alone is not, N + 1: nobody is
        alone = torch.arange(agents) == kind - 1
        actions = torch.where((kind == agents + 1) | alone, other, best)
        q_greedy = torch.randint(-8, 9, (batch,), generator=generator).to(torch.float64) / 2
        y = q_greedy + (torch.arange(batch) // (agents + 2) % 3 - 1) * (1e-7 if agents % 2 else 0.5)        # below, a tie, above
        cases.append((q, actions, y, q_greedy, alpha))
    return cases


def look_at_central(room: Room, answer) -> Verdict:
    cases = _central_cases()
    try:
        room.compare(answer, cases, central_weights)
    except Found as found:
        if found.verdict.title == UNNAMED and _one_agent_decides(cases, [room.ask(answer, *case) for case in cases]):
            raise room.wrong("one of the agents decides for all", found.verdict.detail) from None
        if found.verdict.title == UNNAMED:
            _name_a_row(room, answer, cases)
        raise
    return Verdict("correct")


def _name_a_row(room: Room, answer, cases: list[tuple]) -> None:
    """Names what happens in the first row whose weight is 1 in place of alpha, or alpha in place of 1."""
    for q, u, y, g, alpha in cases:
        for row, (got, want) in enumerate(zip(room.ask(answer, q, u, y, g, alpha).tolist(), central_weights(q, u, y, g, alpha).tolist())):
            if {got, want} == {1.0, alpha} and got != want:
                seen = f"agents' own best: {q[row].argmax(-1).tolist()} · played: {u[row].tolist()} · y = {y[row]:.8g}, q_greedy = {g[row]:.8g}"
                raise room.wrong("a joint action counts in full without a reason" if got == 1.0 else
                                 "a reason to count in full goes unnoticed", f"{seen}\nexpected: {want:g}\ngot:      {got:g}") from None


def _one_agent_decides(cases: list[tuple], given: list) -> bool:
    """Whether the weights look at the first agent's action only, or at the last one's."""
    return any(all(compared.loosely_equal(got, _weigh(_alike(q, u)[:, agent] | (y > g), alpha), 1e-9)
                   for got, (q, u, y, g, alpha) in zip(given, cases)) for agent in (0, -1))


def _alike(q, actions):
    return q.argmax(-1) == actions                                      # [B, N]


def _weigh(full, alpha):
    return torch.where(full, 1.0, alpha)


CENTRAL_MISTAKES = (
    Mistake("one greedy agent is enough",
            "Two agents, one plays its best action, the other does not. Is that the greedy joint action?",
            "the greedy joint action is one single joint action, and every agent has to play its part",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).any(-1) | (y > g), alpha)),
    Mistake("one of the agents decides for all",
            "Three agents, and only the one in the middle plays something else. What is the weight of that row, and what is yours?",
            "the greedy joint action needs every agent, not the first or the last"),
    Mistake("a tie counts as better",
            "y equal to the value of the greedy joint action: does that joint action seem better?",
            "whatever is as good as the greedy one would count in full, as in plain QMIX",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) | (y >= g), alpha)),
    Mistake("a joint action counts in full without a reason",
            "Look at the row below: does every agent play its own best action? Is y above what the greedy joint action is worth?",
            "only the greedy joint action and those that turn out better count in full"),
    Mistake("a reason to count in full goes unnoticed",
            "Look at the row below: either every agent plays its best action, or y is above, perhaps by very little. Which test of yours misses it?",
            "greedy in all agents or better by however little: either is enough"),
    Mistake("what is nearly as good counts as better",
            "y may lie below the value of the greedy joint action by a ten-millionth. What does your comparison say then?",
            "better means above, by however little; a tolerance lets worse ones in",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) | (y > g) | torch.isclose(y, g), alpha)),
    Mistake("alpha is on the wrong side",
            "Which errors should count less: those about the greedy and the better joint actions, or the others?",
            "the loss then cares for everything but what the team plays",
            lambda q, u, y, g, alpha: torch.where(_alike(q, u).all(-1) | (y > g), alpha, 1.0)),
    Mistake("what is better does not count",
            "The greedy joint action has weight 1. What if another one turns out to pay more?",
            "the first greedy joint action would confirm itself for ever",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1), alpha)),
    Mistake("the greedy joint action does not count",
            "The better ones have weight 1. What about the joint action that is greedy now, if its y is no better than Q̂* says?",
            "nothing would pull a greedy joint action down that is overrated",
            lambda q, u, y, g, alpha: _weigh(y > g, alpha)),
    Mistake("both are asked for at once",
            "Two reasons to count in full. Is one of them enough?",
            "a joint action that is better is hardly ever the greedy one",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) & (y > g), alpha)),
    Mistake("the comparison is turned round",
            "Which joint actions count in full: those whose y is above the greedy one's value, or below?",
            "the loss would be careful about what is worse than what the team plays",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) | (y < g), alpha)),
    Mistake("the other errors do not count at all",
            "What is alpha for? Look at the weight of a joint action that is neither greedy nor better.",
            "nothing would hold the rest of the table, and whatever drifts up becomes greedy",
            lambda q, u, y, g, alpha: (_alike(q, u).all(-1) | (y > g)).to(y.dtype)),
    Mistake("the weights are made to add up to 1",
            "Are these weights or shares? What does the text say the weight of the greedy joint action is?",
            "how much an error counts would depend on what else happens to be in the batch",
            lambda q, u, y, g, alpha: (w := _weigh(_alike(q, u).all(-1) | (y > g), alpha)) / w.sum()),
    Mistake("two reasons count twice",
            "A joint action can be greedy and have a y that is better than expected. How large may a weight be?",
            "a weight is 1 or alpha, however many reasons there are",
            lambda q, u, y, g, alpha: alpha + (1 - alpha) * (_alike(q, u).all(-1).to(y.dtype) + (y > g))),
    Mistake("a weight for each agent",
            "How many errors does one row have? Q_tot is one number a row.",
            "there is one team value, so there is one error to weigh",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u) | (y > g).unsqueeze(-1), alpha)),
    Mistake("each agent's worst action counts as greedy",
            "Which of its values does a greedy agent look for?",
            "the weights then single out what nobody will play",
            lambda q, u, y, g, alpha: _weigh((q.argmin(-1) == u).all(-1) | (y > g), alpha)),
)

CENTRAL = Exercise(
    number="13.1", title="What counts in full", answers={"central_weights": "function"}, difficulty=2, minutes=10,
    practises="compute the weights of CW-QMIX for a batch",
    hints=("First find each agent's greedy action, [B, N]. Then: in which rows do all agents play theirs?",
           "Two conditions a row, joined by or. The comparison is strict.",
           "torch.where chooses between 1.0 and alpha row by row."),
    mistakes=CENTRAL_MISTAKES, look=look_at_central)


# ---- 13.2 the balance ------------------------------------------------------------------------------------------------

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
    cases.append((torch.tensor([[-950.0], [0.0]], dtype=torch.float64), 0.5))         # one value: there is nothing to balance
    cases.append((torch.tensor([[1000.0, -1000.0, 999.9], [-1000.0, -999.0, -1000.0]], dtype=torch.float64), 0.01))
    for rows, count, alpha in ((1, 5, 0.3), (4, 7, 0.05), (6, 4, 0.01), (3, 12, 0.6), (2, 9, 0.001)):
        cases.append(((6 * torch.randn(rows, count, dtype=torch.float64, generator=generator)).round(decimals=1), alpha))
    return cases


def look_at_balance(room: Room, answer) -> Verdict:
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


BALANCE_MISTAKES = (
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
            "Your numbers are close, and more than a millionth off in some row. A grid is as coarse as its steps, a descent stops where you stop it, "
            "float32 has seven digits: which is it?",
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
            "The weight stands before the square of the error, not inside it. What does an error of 2 count with weight alpha?",
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


BALANCE = Exercise(
    number="13.2", title="Where the pulls balance", answers={"balance": "function"}, difficulty=3, minutes=15,
    practises="find the number that an optimistic loss settles for",
    hints=("At the balance: the sum of v − q over the values above q equals alpha times the sum of q − v over the others.",
           "If you knew which values lie above q, q would be a weighted mean. Guess, compute, look again.",
           "Start at the mean, weigh, take the weighted mean, and repeat until q stays. Keep one q for each row."),
    mistakes=BALANCE_MISTAKES, look=look_at_balance)

EXERCISES = (CENTRAL, BALANCE, LOSS, LAB)
