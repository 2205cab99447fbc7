"""01.5 · Whose doing was it?: compute each agent's credit against the mean over its own actions."""

from __future__ import annotations

import itertools
from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def credits(payoff, actions, twist=None):
    """The truth, agent by agent, by listing what the agent could have done."""
    got = float(payoff[actions])
    result = []
    for i in range(payoff.dim()):
        def with_own(choice, i=i):
            return float(payoff[actions[:i] + (choice,) + actions[i + 1:]])

        own = [with_own(choice) for choice in range(payoff.shape[i])]
        others = list(itertools.product(*[range(size) if k != i else (actions[i],)
                                          for k, size in enumerate(payoff.shape)]))
        beside = [pay for choice, pay in enumerate(own) if choice != actions[i]] or [got]
        baseline = {
            "all": float(payoff.mean()), "others": sum(float(payoff[u]) for u in others) / len(others),
            "beside": sum(beside) / len(beside), "sum": sum(own),
            "best": max(own), "worst": min(own), "first": own[0], "none": 0.0,
        }.get(twist, sum(own) / len(own))
        if twist == "averages":
            rated = payoff.movedim(i, 0).reshape(payoff.shape[i], -1).mean(1)
            result.append(float(rated[actions[i]] - rated.mean()))
        elif twist == "baseline":
            result.append(baseline)
        else:
            result.append(baseline - got if twist == "sign" else got - baseline)
    if twist == "shared":
        result = [sum(result) / len(result)] * len(result)
    return torch.tensor(result, dtype=torch.float64)


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(105)
    two_b = torch.tensor([[0.0, 1.0], [1.0, 8.0]])
    two, more = [(two_b, (0, 1)), (two_b, (1, 1))], []
    for shape, cases in (((3, 3), two), ((2, 2), two), ((2, 4), two), ((3, 2), two), ((2, 2, 2), more),
                         ((2, 3, 4), more),
                         ((3,), more), ((2, 2, 3, 2), more)):
        payoff = (5 * torch.randn(*shape, dtype=torch.float64, generator=generator)).round(decimals=2)
        for _ in range(2):
            cases.append((payoff, tuple(int(torch.randint(size, (), generator=generator)) for size in shape)))
    room.compare(answer, two, credits)
    single = [((5 * torch.randn(1, 3, dtype=torch.float64, generator=generator)).round(decimals=2), (0, own))
              for own in (0, 2)]
    room.compare(answer, two + single, credits)
    try:
        room.compare(answer, two + single + more, credits)
    except Found as found:
        if (found.verdict.kind == "wrong"
            and found.verdict.title in {mistake.name for mistake in room.exercise.mistakes}):
            raise
        raise room.wrong(ONLY_TWO, found.verdict.detail) from None
    except Exception:
        raise room.wrong(ONLY_TWO, values.call("credits", more[0])) from None
    many = [((5 * torch.randn(*shape, dtype=torch.float64, generator=generator)).round(decimals=2),
             tuple(size - 1 for size in shape))
            for shape in ((2, 3, 2, 2, 2), (2, 1, 2, 3, 2, 2))]
    try:
        at_the_edge(room, answer, many, credits, ONLY_FEW)
    except (IndexError, ValueError, RuntimeError):
        raise room.wrong(ONLY_FEW, values.call("credits", many[0])) from None
    return Verdict("correct")


ONLY_TWO = "right for two agents only"
ONLY_FEW = "right up to a certain number of agents only"
MISTAKES = (*(Mistake(name, hint, why, partial(credits, twist=twist)) for twist, name, hint, why in (
    ("all", "compared with the mean of the whole table",
     "The comparison asks what came of THIS agent's choice. What do the others do in it?",
     "the mean of the table moves with everybody's actions, so that an agent is blamed for what the others did"),
    ("others", "the mean runs over the others' actions",
     "Which axis of the table belongs to the first agent? For its credit, vary that one only and hold the others "
     "fixed.",
     "this tells how lucky the agent was with the others, not what it did itself; with two agents, blame lands on the "
     "wrong one"),
    ("beside", "the action that was played is left out of the mean",
     "The mean is one over ALL own actions. How many are there?",
     "it is a fair comparison too, but another number than the one of the lesson"),
    ("sum", "a sum, not a mean",
     "With more actions your baseline grows. By what is a mean divided?",
     "an agent with many actions would always seem to do badly"),
    ("best", "compared with the best own action",
     "Your credit is never above zero. In the lesson agent 2 got +0.5. With what was it compared there?",
     "this is the regret: what was missed, with no praise for what was done well"),
    ("worst", "compared with the worst own action",
     "Your credit is never below zero. In the lesson agent 1 got -3.5. With what was it compared there?",
     "nobody could ever have spoiled anything"),
    ("first", "compared with action 0",
     "Why should action 0 be special? The lesson compares with all own actions.",
     "credit would depend on how the actions are numbered"),
    ("none", "everybody gets the team's whole reward",
     "One number for all is what the agents had before. What is to be subtracted?",
     "that is the problem of credit assignment, not its solution"),
    ("averages", "the others are averaged out",
     "The others' actions are known here. Are they held fixed in your comparison?",
     "an average over the others is what an independent learner has; it does not tell about this one step"),
    ("baseline", "the baseline itself, nothing is compared with it",
     "You have what the agent could expect. What did the team get?",
     "credit is the difference between what came and what could be expected"),
    ("sign", "praise and blame have changed places",
     "The team got 1 where agent 1's own mean was 4.5. Is that praise or blame?",
     "a learner that follows it would unlearn what is good"),
    ("shared", "everybody gets the same credit",
     "In the lesson one agent got -3.5 and the other +0.5, for the same step.",
     "an average over the team hides just what was asked"),
)), Mistake(ONLY_TWO, "The table may have one axis or three. How does your code pick out the axis of agent i?",
            "teams differ in size, and the idea of credit does not"),
    Mistake(ONLY_FEW, "Try a table with five axes, and one with six. Which of your lines deals with one certain agent?",
            "a case for every team size never ends; one rule for agent i serves them all"))

EXERCISE = Exercise(
    number="01.5", title="Whose doing was it?", answers={"credits": "function"}, difficulty=3, minutes=10, core=True,
    practises="compute each agent's credit against the mean over its own actions",
    hints=("For agent i, list what the team would have got for each of i's actions, with the others' actions as they "
           "were.",
           "The others stay: `payoff[...]` with all actions but the agent's own gives a row with one entry an own "
           "action.",
           "A tuple with `slice(None)` in the agent's own place picks out that row, whatever the number of agents."),
    mistakes=MISTAKES, look=look)
