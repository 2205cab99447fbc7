"""Checks of lesson 14, QPLEX: λ for a given table, and where the agents are pulled while they point at a joint action."""

from __future__ import annotations

import itertools
from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson14_judge import JUDGES
from qmix_course.checks.lesson14_lab import LAB
from qmix_course.checks.lesson14_mixer import MIXER, explained
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

# ---- 14.1: λ for a table -----------------------------------------------------------------------------------------------


def lambda_for(table, q, twist: str = "", at_best: float = 1.0) -> torch.Tensor:
    """λ[A, ..., A], one for all agents, with which the agents' q[N, A] make ``table``; with a twist, what a mistake gives."""
    n_agents, rows = len(q), q.tolist()
    best = [max(row) for row in rows]
    zero = [sum(row) / len(row) for row in rows] if twist.startswith("mean") else best
    v = sum(best)
    lam = torch.empty(table.shape, dtype=torch.float64)
    for u in itertools.product(range(q.shape[1]), repeat=n_agents):
        advantages = [rows[i][u[i]] - zero[i] for i in range(n_agents)]
        away = sum(rows[i][u[i]] < best[i] for i in range(n_agents))
        total, target = sum(advantages), float(table[u]) - v
        if twist == "λ − 1":
            target = float(table[u]) - sum(rows[i][u[i]] for i in range(n_agents))
        elif twist == "no V":
            target = float(table[u])
        elif twist == "V is a mean":
            target = float(table[u]) - v / n_agents
        if twist == "counted":
            total = -away
        elif twist in ("first", "last"):
            total = advantages[0 if twist == "first" else -1]
        elif twist == "product":
            total = torch.tensor(advantages).prod().item()
        scale = {"sign": -1.0, "shared out": 1 / n_agents, "for all of them": float(n_agents)}.get(twist, 1.0)
        if twist == "upside down":
            lam[u] = at_best if away == 0 else total / target if target else torch.inf
        else:
            divided = scale * target / total if total else scale * (torch.nan if target == 0 else target * torch.inf)
            lam[u] = at_best if away == 0 and twist != "mean, as it comes" else divided
    return lam


def table_cases() -> list[tuple]:
    """(table, q): the agents of q point at the table's largest entry, and their V_i add up to it."""
    cases = [(torch.tensor([[8.0, -12.0], [-12.0, 6.0]]), torch.tensor([[4.0, 3.0], [4.0, 2.0]]))]
    for seed, (n_agents, n_actions) in enumerate(((2, 2), (2, 3), (2, 4), (1, 3), (3, 2), (3, 3), (4, 2))):
        generator = torch.Generator().manual_seed(seed)
        q = torch.stack([torch.randperm(30, generator=generator)[:n_actions] for _ in range(n_agents)]) / 4.0 - 3
        table = torch.randint(-20, 12, (n_actions,) * n_agents, generator=generator).double() / 2
        own = tuple(q.argmax(1))
        table[own] = table.max() + 0.5
        q[0] += table[own] - q.amax(1).sum()
        cases.append((table, q))
    nearly = torch.tensor([[0.0, -1e-6], [-1000.0, -3.0]]), torch.tensor([[0.5, -4.5], [-0.5, -0.75]])      # V is 0; λ from 4e-6 to 200
    return [*cases, nearly, (torch.tensor([[-7.0, -1.0], [-2.0, -1e4]]), torch.tensor([[0.0, -2.0], [-501.0, -1.0]]))]


AT_BEST = (1.0, 0.0, torch.nan, 1e-10)
LAMBDA_WRONGS = [
    *(("λ comes out negative", partial(lambda_for, twist="sign", at_best=x)) for x in (*AT_BEST, -1.0)),
    ("where nobody deviates stands 0 / 0", partial(lambda_for, at_best=torch.nan)),
    ("where nobody deviates stands a 0", partial(lambda_for, at_best=0.0)),
    ("where nobody deviates stands a 0", partial(lambda_for, at_best=1e-10)),
    *((name, partial(lambda_for, twist=twist, at_best=x)) for name, *twists in (
        ("this is λ − 1", "λ − 1"),
        ("the advantage is measured from the mean", "mean", "mean, as it comes"),
        ("deviating agents are counted, not measured", "counted"),
        ("one agent's advantage stands for all", "first", "last", "product"),
        ("λ was divided among the agents once more", "shared out", "for all of them"),
        ("the table is not compared with V", "no V", "V is a mean"),
        ("the fraction stands upside down", "upside down"),
    ) for twist in twists for x in AT_BEST),
]


def look_at_lambda(room: Room, answer) -> Verdict:
    explained(room, answer, table_cases(), lambda_for, LAMBDA_WRONGS)
    return Verdict("correct")


LAMBDA_MISTAKES = (
    Mistake("λ comes out negative",
            "An entry below V, divided by a sum of advantages. Which sign do the two have?",
            "with a negative λ a deviation would be worth more than the agents' own best actions, and IGM would be lost"),
    Mistake("where nobody deviates stands 0 / 0",
            "Print your λ at the agents' own best actions. What does the exercise ask for there?",
            "NaN spreads to everything that is computed with it, although λ does not matter at that entry"),
    Mistake("where nobody deviates stands a 0",
            "At the agents' own best actions any λ makes the table. The exercise asks for one that is not 0. Which?",
            "λ must be above 0 everywhere; the exercise asks for 1, which is VDN's"),
    Mistake("this is λ − 1",
            "There are two ways to write Q_tot: from V with λ, and from the sum of the Q_i with another factor. Which factor is yours?",
            "subtracting the sum of the chosen utilities leaves the correction of VDN, and its factor is λ − 1, which may be negative"),
    Mistake("the advantage is measured from the mean",
            "What is the advantage of an agent's best action in this lesson?",
            "measured from the mean, some advantages are above 0, and a positive λ could lift a deviation above V"),
    Mistake("deviating agents are counted, not measured",
            "Your λ is right where every deviation costs exactly 1. What if an agent's second best action is only 0.25 short?",
            "λ must make up for the size of the advantages, and that differs from action to action"),
    Mistake("one agent's advantage stands for all",
            "Take a joint action in which only another agent deviates. What do you divide by there?",
            "λ multiplies every agent's advantage, so their sum counts"),
    Mistake("λ was divided among the agents once more",
            "Put your λ back into V + Σ λ A for one entry where two agents deviate. Does the table come out?",
            "every agent's advantage is in the sum already, so the number of agents does not come in again"),
    Mistake("the table is not compared with V",
            "How far below V must the entry (1, 1) of game 3 be pushed? By 6, or by 8 − 6?",
            "λ times the advantages is what an entry falls short of V"),
    Mistake("the fraction stands upside down",
            "Small advantages and a far lower entry: must λ be large or small?",
            "λ is the shortfall of the entry for each unit of advantage, and not the other way round"),
)

# ---- 14.3: the pull ----------------------------------------------------------------------------------------------------


def height(payoff, u, twist: str = "") -> float:
    """V of the best table whose largest entry is at u."""
    entries = sorted(payoff.flatten().tolist(), reverse=True)
    own = float(payoff[tuple(u)])
    if twist == "V is the payoff":
        return own
    if twist == "V is the maximum":
        return entries[0]
    if twist == "all better ones":
        taken = [own] + [y for y in entries if y > own]
        return sum(taken) / len(taken)
    if twist == "only the best one":
        return (own + entries[0]) / 2
    if twist == "V is the mean":
        return sum(entries) / len(entries)
    taken = [own]
    for better in entries:
        if better <= sum(taken) / len(taken):
            break
        taken.append(better)
    return sum(taken) / len(taken)


def pull(payoff, u, twist: str = "") -> torch.Tensor:
    """[N, A]: for each own action the sum of Q_tot − payoff, at the best table that points at u."""
    n_agents, n_actions = payoff.dim(), len(payoff)
    v = height(payoff, u, twist)
    sums = torch.zeros(n_agents, n_actions, dtype=torch.float64)
    for joint in itertools.product(range(n_actions), repeat=n_agents):
        y = float(payoff[joint])
        made = v if joint == tuple(u) or y > v or twist == "flat" else y
        if twist == "ū left out" and joint == tuple(u):
            made = y
        if twist == "only ū" and joint != tuple(u):
            made = y
        for i in range(n_agents):
            sums[i, joint[i]] += made - y
    if twist == "mean":
        sums /= n_actions ** (n_agents - 1)
    if twist == "turned":
        sums = sums.flip(0)
    return -sums if twist == "sign" else sums


def pull_cases() -> list[tuple]:
    game_3 = torch.tensor([[8.0, -12.0, -12.0], [-12.0, 6.0, 0.0], [-12.0, 0.0, 6.0]])
    cases = [(game_3, u) for u in ((1, 1), (1, 2), (0, 1), (0, 0))]
    for seed, (n_agents, n_actions) in enumerate(((2, 2), (2, 3), (2, 4), (3, 2), (3, 3), (1, 4))):
        generator = torch.Generator().manual_seed(seed)
        payoff = torch.randint(-15, 16, (n_actions,) * n_agents, generator=generator).double()
        cases += [(payoff, tuple(torch.randint(n_actions, (n_agents,), generator=generator).tolist())) for _ in range(3)]
    shifted = 0.25 * cases[-4][0] - 100                                         # nothing is above 0, and nothing a whole number
    return [*cases, (shifted, (0,) * shifted.dim()), (torch.full((2, 2), -3.0), (1, 0)), (torch.tensor([0.0, 5.0, -1.0]), (0,))]


def _flat(payoff) -> torch.Tensor:
    errors = payoff.mean() - payoff
    return torch.stack([errors.sum([k for k in range(payoff.dim()) if k != i]) if payoff.dim() > 1 else errors
                        for i in range(payoff.dim())])


PULL_WRONGS = [(name, partial(pull, twist=twist)) for name, twist in (
    ("the sign is turned round", "sign"), ("the errors are averaged", "mean"), ("V is what the joint action pays", "V is the payoff"),
    ("V is the largest payoff", "V is the maximum"), ("entries below V pull V down", "all better ones"),
    ("V listens to one better entry only", "only the best one"), ("λ is not used", "flat"),
    ("the joint action itself has an error too", "ū left out"), ("the better entries have errors too", "only ū"),
    ("the agents changed places", "turned"))] + [("λ is not used", lambda payoff, u: _flat(payoff))]


def look_at_pull(room: Room, answer) -> Verdict:
    explained(room, answer, pull_cases(), pull, PULL_WRONGS)
    return Verdict("correct")


PULL_MISTAKES = (
    Mistake("the sign is turned round",
            "The error is what the team believes minus what is paid. Which sign has it where too little is believed?",
            "gradient descent moves against the error, so a turned sign sends every agent the other way"),
    Mistake("the errors are averaged",
            "For three agents your numbers are too small by a factor. How many joint actions share one own action?",
            "the exercise asks for the sums; averages point the same way but are other numbers"),
    Mistake("V is what the joint action pays",
            "While the team points at (1, 1) it may believe more than 6 there. Would that make the loss smaller?",
            "the better entries can be no higher than V, so a V above the payoff of ū trades one error for others"),
    Mistake("V is the largest payoff",
            "With V = 8 the entry (1, 1) of game 3 is wrong by 2. Compare the loss with the one at V = 7.",
            "V has one error at ū and one at each better entry, and the best V lies between them"),
    Mistake("entries below V pull V down",
            "Some entries pay more than ū and still less than V. Can λ make them exactly?",
            "an entry below V has no error, so it has no say in where V lies"),
    Mistake("V listens to one better entry only",
            "Point at (1, 2) in game 3. How many entries are held down by V?",
            "every entry above V has an error of its own and pulls V up"),
    Mistake("λ is not used",
            "Which entries can be made exactly, whatever V is, as long as they are below it?",
            "a flat table is what is left without λ; with it only ū and the entries above V have errors"),
    Mistake("the joint action itself has an error too",
            "What does the team believe at ū, and what does ū pay?",
            "V lies above what ū pays, and that error pushes the agents away from ū"),
    Mistake("the better entries have errors too",
            "What does the team believe of an entry that pays more than V?",
            "such an entry is held at V, below what it pays, and that error pulls the agents towards it"),
    Mistake("the agents changed places",
            "Row i of the answer belongs to agent i. Over which axes of the table do you add up for agent 1?",
            "adding up over an agent's own axis leaves the other agents' actions"),
)

EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        number="14.1", title="λ for a table", answers={"lambda_for_table": "function"}, difficulty=2, minutes=12,
        practises="turn a table with IGM into positive weights, for any number of agents",
        hints=("Write Q_tot from V: V + λ · (sum of the advantages). Which of these do you know?",
               "The sum of all agents' advantages is itself a table with one axis an agent. Let each agent's advantages lie along "
               "its own axis and add.",
               "λ = (table − V) / Σ A. At the agents' own best actions the denominator is 0: put a 1 there."),
        mistakes=LAMBDA_MISTAKES, look=look_at_lambda),
    MIXER,
    Exercise(
        number="14.3", title="Which way do they go?", answers={"pull": "function"}, difficulty=4, minutes=20,
        practises="compute what the detached gradient does at the best wrong table",
        hints=("First V. Begin with the payoff at ū; while some payoff is above the mean of what you have, take the largest of them in.",
               "Then the table: V at ū and wherever the payoff is above V, the payoff itself everywhere else.",
               "Last the sums: for agent i add the errors over all axes but the i-th."),
        mistakes=PULL_MISTAKES, look=look_at_pull),
    JUDGES,
    LAB,
)
