"""14.1 · λ for a table: turn a table with IGM into positive weights, for any number of agents."""

from __future__ import annotations

import itertools
from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson14.shared import explained
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def lambda_for(table, q, twist: str = "", at_best: float = 1.0) -> torch.Tensor:
    """λ[A, ..., A], one for all agents, with which the agents' q[N, A] make ``table``; with a twist, what a mistake
    gives."""
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
        elif twist == "nearly best" and abs(total) < 1e-2:
            lam[u] = at_best
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
    # V is 0; λ from 4e-6 to 200
    nearly = torch.tensor([[0.0, -1e-6], [-1000.0, -3.0]]), torch.tensor([[0.5, -4.5], [-0.5, -0.75]])
    close = torch.tensor([[2.0, 1.0], [1.5, -3.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.9995]])  # a second best action
    return [*cases, nearly, close,
            (torch.tensor([[-7.0, -1.0], [-2.0, -1e4]]), torch.tensor([[0.0, -2.0], [-501.0, -1.0]]))]


AT_BEST = (1.0, 0.0, torch.nan, 1e-10)
LAMBDA_WRONGS = [
    *(("λ comes out negative", partial(lambda_for, twist="sign", at_best=x)) for x in (*AT_BEST, -1.0)),
    ("where nobody deviates stands 0 / 0", partial(lambda_for, at_best=torch.nan)),
    ("where nobody deviates stands a 0", partial(lambda_for, at_best=0.0)),
    ("where nobody deviates stands a 0", partial(lambda_for, at_best=1e-10)),
    *((name, partial(lambda_for, twist=twist, at_best=x)) for name, *twists in (
        ("this is λ − 1", "λ − 1"),
        ("the advantage is measured from the mean", "mean", "mean, as it comes"),
        ("a second best action that is nearly as good is taken for the best", "nearly best"),
        ("deviating agents are counted, not measured", "counted"),
        ("one agent's advantage stands for all", "first", "last", "product"),
        ("λ was divided among the agents once more", "shared out", "for all of them"),
        ("the table is not compared with V", "no V", "V is a mean"),
        ("the fraction stands upside down", "upside down"),
    ) for twist in twists for x in AT_BEST),
]


def look(room: Room, answer) -> Verdict:
    explained(room, answer, table_cases(), lambda_for, LAMBDA_WRONGS)
    return Verdict("correct")


MISTAKES = (
    Mistake("λ comes out negative",
            "An entry below V, divided by a sum of advantages. Which sign do the two have?",
            "with a negative λ a deviation would be worth more than the agents' own best actions, and IGM would be "
            "lost"),
    Mistake("where nobody deviates stands 0 / 0",
            "Print your λ at the agents' own best actions. What does the exercise ask for there?",
            "NaN spreads to everything that is computed with it, although λ does not matter at that entry"),
    Mistake("where nobody deviates stands a 0",
            "At the agents' own best actions any λ makes the table. The exercise asks for one that is not 0. Which?",
            "λ must be above 0 everywhere; the exercise asks for 1, which is VDN's"),
    Mistake("this is λ − 1",
            "There are two ways to write Q_tot: from V with λ, and from the sum of the Q_i with another factor. Which "
            "factor is yours?",
            "subtracting the sum of the chosen utilities leaves the correction of VDN, and its factor is λ − 1, which "
            "may be negative"),
    Mistake("the advantage is measured from the mean",
            "What is the advantage of an agent's best action in this lesson?",
            "measured from the mean, some advantages are above 0, and a positive λ could lift a deviation above V"),
    Mistake("a second best action that is nearly as good is taken for the best",
            "Where do you put the 1: where the advantages are 0, or where they are small?",
            "an advantage of −0.0005 is none of 0, and λ must make up for how small it is"),
    Mistake("deviating agents are counted, not measured",
            "Your λ is right where every deviation costs exactly 1. What if an agent's second best action is only 0.25 "
            "short?",
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

EXERCISE = Exercise(
    number="14.1", title="λ for a table", answers={"lambda_for_table": "function"}, difficulty=2, minutes=12, core=True,
    practises="turn a table with IGM into positive weights, for any number of agents",
    hints=("Write Q_tot from V: V + λ · (sum of the advantages). Which of these do you know?",
           "The sum of all agents' advantages is itself a table with one axis an agent. Let each agent's advantages "
           "lie along its own axis and add.",
           "λ = (table − V) / Σ A. At the agents' own best actions the denominator is 0: put a 1 there."),
    mistakes=MISTAKES, look=look)
