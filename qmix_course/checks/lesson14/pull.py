"""14.3 · Which way do they go?: compute what the detached gradient does at the best wrong table."""

from __future__ import annotations

import itertools
from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson14.shared import explained
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


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
        cases += [(payoff, tuple(torch.randint(n_actions, (n_agents,), generator=generator).tolist()))
                  for _ in range(3)]
    shifted = 0.25 * cases[-4][0] - 100        # nothing is above 0, and nothing a whole number
    return [*cases, (shifted, (0,) * shifted.dim()), (torch.full((2, 2), -3.0),
                                                      (1, 0)), (torch.tensor([0.0, 5.0, -1.0]), (0,))]


def _flat(payoff) -> torch.Tensor:
    errors = payoff.mean() - payoff
    return torch.stack([errors.sum([k for k in range(payoff.dim()) if k != i]) if payoff.dim() > 1 else errors
                        for i in range(payoff.dim())])


PULL_WRONGS = [(name, partial(pull, twist=twist)) for name, twist in (
    ("the sign is turned round", "sign"), ("the errors are averaged", "mean"),
    ("V is what the joint action pays", "V is the payoff"),
    ("V is the largest payoff", "V is the maximum"), ("entries below V pull V down", "all better ones"),
    ("V listens to one better entry only", "only the best one"), ("λ is not used", "flat"),
    ("the joint action itself has an error too", "ū left out"), ("the better entries have errors too", "only ū"),
    ("the agents changed places", "turned"))] + [("λ is not used", lambda payoff, u: _flat(payoff))]


def look(room: Room, answer) -> Verdict:
    explained(room, answer, pull_cases(), pull, PULL_WRONGS)
    return Verdict("correct")


MISTAKES = (
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

EXERCISE = Exercise(
    number="14.3", title="Which way do they go?", answers={"pull": "function"}, difficulty=4, minutes=20,
    practises="compute what the detached gradient does at the best wrong table",
    hints=("First V. Begin with the payoff at ū; while some payoff is above the mean of what you have, take the "
           "largest of them in.",
           "Then the table: V at ū and wherever the payoff is above V, the payoff itself everywhere else.",
           "Last the sums: for agent i add the errors over all axes but the i-th."),
    mistakes=MISTAKES, look=look)
