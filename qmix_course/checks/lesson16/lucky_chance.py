"""16.1 · The chance of a lucky episode: probability of independent ε-greedy agents: what each keeps and each leaves."""

from __future__ import annotations

import math

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import NEARLY, UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def lucky(n_agents: int, n_actions: int, epsilon: float, keep: int, leave: int) -> float:
    stays = 1 - epsilon + epsilon / n_actions
    return stays ** (n_agents * keep) * (epsilon / n_actions) ** (n_agents * leave)


LUCKY_CASES = [(2, 2, 0.2, 9, 1), (2, 2, 1.0, 3, 2), (1, 4, 0.3, 5, 1), (3, 2, 0.5, 2, 1), (2, 5, 0.1, 4, 2),
               (3, 3, 0.6, 1, 3),
               (4, 3, 0.25, 6, 1), (2, 3, 0.4, 0, 2), (3, 4, 0.3, 5, 0), (2, 2, 0.5, 0, 0), (7, 2, 0.9, 3, 1),
               (1, 12, 1.0, 1, 3),
               (2, 6, 0.001, 40, 1), (1, 2, 0.0001, 1, 1)]


def look(room: Room, answer) -> Verdict:
    def weighed(*case):
        chance = answer(*case)        # of a small chance a small part counts: hold it against its size
        number = (isinstance(chance, (int, float)) and not isinstance(chance, bool)
                  or isinstance(chance, torch.Tensor) and chance.numel() == 1)
        return float(chance) / lucky(*case) if number else chance

    try:
        room.compare(answer, LUCKY_CASES, lucky, tolerance=1e-12)
    except Found as found:
        if found.verdict.title in (UNNAMED, NEARLY.name) and any(abs(room.ask(weighed, *case) - 1) > 1e-4
                                                                 for case in LUCKY_CASES):
            raise room.wrong("a factor, or how often it counts, is not right", found.verdict.detail) from None
        raise
    for case in LUCKY_CASES:
        if abs(room.ask(weighed, *case) - 1) > 1e-9:
            raise room.wrong("nearly right: precision was lost on the way", values.call("lucky_chance", case))
    return Verdict("correct")


MISTAKES = (
    Mistake("the coin is the only way to keep the habit",
            "An agent whose coin says random draws among all its actions. Is the habit not one of them?",
            "1 − ε leaves out the random draws that land on the habit, another ε/A",
            lambda n, a, e, keep, leave: (1 - e) ** (n * keep) * (e / a) ** (n * leave)),
    Mistake("whatever is drawn at random is the one action that pays",
            "With probability ε the agent draws at random. In how many of the A possible draws does it leave in the "
            "right direction?",
            "ε is the chance of a random draw, ε/A that of one particular action",
            lambda n, a, e, keep, leave: (1 - e + e / a) ** (n * keep) * e ** (n * leave)),
    Mistake("any departure from the habit counts",
            "Let A be 5. Of the four ways to leave the habit, how many are wanted?",
            "only one particular action pays; with two actions the difference does not show",
            lambda n, a, e, keep, leave: (1 - e + e / a) ** (n * keep) * (e - e / a) ** (n * leave)),
    Mistake("the random draw avoids the habit",
            "Look at epsilon_greedy in lesson 03 once more: among which actions does the coin draw?",
            "the random action may be the greedy one too: ε/A each, and not ε/(A − 1)",
            lambda n, a, e, keep, leave: (1 - e) ** (n * keep) * (e / (a - 1)) ** (n * leave)),
    Mistake("one coin for the whole team",
            "Each agent has a coin of its own. How likely is it that two coins both say: keep?",
            "with one coin the team departs together, which is just what ε-greedy agents cannot do",
            lambda n, a, e, keep, leave: (1 - e + e / a**n) ** keep * (e / a**n) ** leave),
    Mistake("one agent stands for all",
            "Try it with three agents instead of one. Should the chance stay the same?",
            "all agents must keep, and all must leave, at the same steps",
            lambda n, a, e, keep, leave: (1 - e + e / a) ** keep * (e / a) ** leave),
    Mistake("getting there is taken for granted",
            "With keep = 0 your answer is right. What should happen to the chance as keep grows?",
            "the steps before the departure have to be survived first",
            lambda n, a, e, keep, leave: (e / a) ** (n * leave)),
    Mistake("only half of it is counted for all agents",
            "Two kinds of steps, and every agent takes part in both. Which of your two exponents does not grow with "
            "the number of agents?",
            "at a kept step all agents must keep, and at a left one all must leave",
            lambda n, a, e, keep, leave: (1 - e + e / a) ** keep * (e / a) ** (n * leave)),
    Mistake("the departure is counted for one agent only",
            "All agents must leave at the same step. How many factors of ε/A does one such step have with three "
            "agents?",
            "one agent that leaves alone earns nothing",
            lambda n, a, e, keep, leave: (1 - e + e / a) ** (n * keep) * (e / a) ** leave),
    Mistake("all orders of the steps are counted",
            "Which steps are to be kept and which left is given. How many such orders does the text speak of?",
            "the reward waits at particular steps; the binomial factor counts episodes that leave elsewhere",
            lambda n, a, e, keep, leave: math.comb(keep + leave, leave) * lucky(n, a, e, keep, leave)),
    Mistake("a random draw always leaves the habit, and always rightly",
            "An agent whose coin says random draws among A actions. One of them is the habit, and one is the action "
            "that pays. What do your factors say?",
            "each of the A actions has ε/A, the habit and the one that pays among them",
            lambda n, a, e, keep, leave: (1 - e) ** (n * keep) * e ** (n * leave)),
    Mistake("a factor, or how often it counts, is not right",
            "Begin small: one agent, one kept step; then one agent, one left step. Then two agents, then two steps. "
            "Where does your number first differ from what you work out by hand?",
            "every agent has one factor at every step, and there are only two kinds of factors"),
    Mistake("the two kinds of steps are exchanged",
            "For ε = 0.2 and keep = 9, leave = 1: which of the two factors should be raised to the larger power?",
            "habit and departure then swap their roles",
            lambda n, a, e, keep, leave: (1 - e + e / a) ** (n * leave) * (e / a) ** (n * keep)),
)

EXERCISE = Exercise(
    number="16.1", title="The chance of a lucky episode", answers={"lucky_chance": "function"}, difficulty=2, minutes=8,
    core=True,
    practises="probability of independent ε-greedy agents: what each keeps and each leaves", look=look,
    hints=("Begin with one agent and one step. With which probability does it play its habit, and with which one other "
           "action?",
           "Coins are independent, between agents and between steps, so the chances multiply. How many factors of each "
           "kind are there?"),
    mistakes=MISTAKES)
