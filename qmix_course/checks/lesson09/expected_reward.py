"""09.3 · The price of the dice: compute what exploration costs a team whose agents roll coins of their own."""

from __future__ import annotations

from itertools import product

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import COMMON, Room
from qmix_course.checks.verdict import Found, Verdict


def expected_reward(payoff, actions, epsilon):
    n, total = len(payoff), 0.0
    for first, second in product(range(n), repeat=2):
        one = epsilon / n + (1 - epsilon) * (first == int(actions[0]))
        two = epsilon / n + (1 - epsilon) * (second == int(actions[1]))
        total += one * two * float(payoff[first, second])
    return total


def parts_of(payoff, actions):
    """Greedy, only agent 1 random, only agent 2 random, both random."""
    one, two = int(actions[0]), int(actions[1])
    return float(payoff[one, two]), float(payoff[:, two].mean()), float(payoff[one].mean()), float(payoff.mean())


def weighed(weights):
    """A wrong version that gives the four cases other weights."""
    return lambda p, a, e: sum(w * part for w, part in zip(weights(e), parts_of(p, a)))


def with_chances(best, other):
    """A wrong version: the chance of the greedy action and of each of the others, as functions of ε and A."""
    def version(payoff, actions, epsilon):
        n = len(payoff)
        rows = [torch.tensor([best(epsilon, n) if k == int(a) else other(epsilon, n) for k in range(n)])
                for a in actions]
        return float(rows[0] @ payoff @ rows[1])
    return version


def reward_cases() -> list[tuple]:
    cases = [(torch.tensor([[8.0, -12.0], [-12.0, 0.0]]), torch.tensor([0, 0]), 0.5),
             (torch.tensor([[1.0, 4.0], [-2.0, 0.0]]), torch.tensor([0, 1]), 0.1)]
    generator = torch.Generator().manual_seed(93)
    for n, epsilon in ((2, 0.0), (3, 1.0), (3, 0.05), (4, 0.75), (5, 0.3), (3, 0.5), (2, 0.9), (4, 0.2)):
        payoff = (5 * torch.randn(n, n, generator=generator)).round(decimals=2)
        cases.append((payoff, torch.randint(n, (2,), generator=generator), epsilon))
    cases.append((torch.tensor([[11.0, -30.0, 0.0], [-30.0, 7.0, 6.0], [0.0, 0.0, 5.0]]), torch.tensor([1, 2]), 0.25))
    return cases


def look_at_reward(room: Room, answer) -> Verdict:
    try:
        room.compare(answer, reward_cases(), expected_reward)
    except Found as found:                                  # no formula explains it: do the chances sum to 1 at least?
        if found.verdict.kind == "wrong" and found.verdict.title not in {m.name for m in (*MISTAKES, *COMMON)}:
            equal = (torch.full((3, 3), 4.0), torch.tensor([0, 2]), 0.5)
            got = room.ask(answer, *equal)
            if values.problem(got, 4.0, 1e-9):
                raise room.wrong("the chances do not sum to 1", "\n".join([
                    values.call("expected_reward", equal), values.table(got, 4.0)])) from None
        raise
    return Verdict("correct")


MISTAKES = (
    Mistake("one coin for the whole team",
            "Can one agent play greedily while the other one plays at random? Each rolls its own coin.",
            "the cases in which only one agent leaves the plan are missing, and they are the most frequent ones at a "
            "small ε",
            weighed(lambda e: (1 - e, 0, 0, e))),
    Mistake("the random action is never the greedy one",
            "The coin says 'random': from how many actions does the agent then draw? May the greedy one be drawn?",
            "the lesson's ε-greedy draws from all A actions, so the greedy one has a share of ε too",
            with_chances(lambda e, n: 1 - e, lambda e, n: e / (n - 1))),
    Mistake("the chances do not sum to 1",
            "If all entries of the table are equal, every team earns that entry. What do you get? What do your chances "
            "sum to?",
            "the greedy action has 1 − ε from the plan, and its share of the random draws on top",
            with_chances(lambda e, n: 1 - e, lambda e, n: e / n)),
    Mistake("the dice are ignored",
            "Does your number change when ε does?",
            "this is what the team earns at ε = 0 only",
            lambda p, a, e: parts_of(p, a)[0]),
    Mistake("the cases with one random agent are missing",
            "Two coins have four outcomes. Which two of them are in your sum?",
            "the weights (1 − ε)² and ε² do not sum to 1",
            weighed(lambda e: ((1 - e) ** 2, 0, 0, e ** 2))),
    Mistake("the agents are exchanged",
            "Which agent chooses the row, and which the column? Try a table that is not symmetric.",
            "the first index of the payoff belongs to agent 1",
            lambda p, a, e: expected_reward(p.T, a, e)),
    Mistake("the best entry of the table, not the given actions",
            "The team's greedy actions are given. They need not be the best ones.",
            "a team that has learned something wrong would be measured as if it were perfect",
            lambda p, a, e: expected_reward(p, divmod(int(p.argmax()), len(p)), e)),
    Mistake("ε and 1 − ε are exchanged",
            "What should the result be at ε = 0?",
            "ε is the chance of a random action",
            lambda p, a, e: expected_reward(p, a, 1 - e)),
    Mistake("each of the random actions gets the whole ε",
            "The chance ε is shared. Among how many actions?",
            "the chances then sum to more than 1",
            with_chances(lambda e, n: 1 - e + e, lambda e, n: e)),
    Mistake("only one of the agents explores",
            "In your sum, does each of the two agents ever play at random?",
            "both agents roll a coin at every step",
            None),
    Mistake("the joint action is drawn as one",
            "How many random joint actions are possible if only one agent's coin says 'random'?",
            "it spreads 1 − (1 − ε)² evenly over the whole table, though an agent whose coin says 'greedy' keeps to "
            "its plan",
            weighed(lambda e: ((1 - e) ** 2, 0, 0, 1 - (1 - e) ** 2))),
)


def look(room: Room, answer) -> Verdict:
    """As ``look_at_reward``; before it, a probe: at ε = 1 the greedy actions of both agents must not matter."""
    payoff = torch.tensor([[1.0, 4.0], [-2.0, 0.0]])
    got = [room.ask(answer, payoff, torch.tensor(pair), 0.5) for pair in ((0, 0), (0, 1))]
    for weights in ((0.5, 0.5, 0.0, 0.0), (0.5, 0.0, 0.5, 0.0)):
        if all(values.problem(g, sum(w * part for w, part in zip(weights, parts_of(payoff, pair))), 1e-9) is None
               for g, pair in zip(got, ((0, 0), (0, 1)))):
            raise room.wrong("only one of the agents explores", "\n".join([
                values.call("expected_reward", (payoff, torch.tensor([0, 0]), 0.5)),
                values.table(got[0], expected_reward(payoff, (0, 0), 0.5))]))
    return look_at_reward(room, answer)


EXERCISE = Exercise(
    number="09.3", title="The price of the dice", answers={"expected_reward": "function"}, difficulty=3, minutes=10,
    practises="compute what exploration costs a team whose agents roll coins of their own",
    hints=("For one agent: what is the chance of its greedy action, and of each other action? They must sum to 1.",
           "The coins are independent, so the chance of a joint action is a product.",
           "Weigh each entry of the table with its chance. At ε = 0 one entry is left, at ε = 1 all count the same."),
    mistakes=MISTAKES, look=look)
