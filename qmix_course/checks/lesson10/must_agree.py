"""10.3 · Where the agents must agree: telling harmless ties from a coordination problem, for any number of agents."""

from __future__ import annotations

import itertools
import math

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

NOISE = 1e-9


def must_agree(q, twist=None):
    """[X] bool: some combination of good actions is not good."""
    n_agents, sizes = q.dim() - 1, q.shape[1:]
    top = float(q.max()) if twist == "one best for all" else None
    found = []
    for table in q:
        limit = (float(table.max()) if top is None else top) - {"exact": 0.0, "generous": 0.11}.get(twist, NOISE)
        best = [u for u in itertools.product(*map(range, sizes)) if float(table[u]) >= limit]
        good = [{u[i] for u in best} for i in range(n_agents)]
        if twist == "swapped":
            good = good[::-1]
        combined = list(itertools.product(*good))
        wrong = [u for u in combined if u not in best]
        if twist == "ties":
            answer = len(best) > 1
        elif twist == "two agents with a choice":
            answer = all(len(options) > 1 for options in good)
        elif twist == "pairs":
            answer = any((u[i], u[j]) not in {(b[i], b[j]) for b in best}
                         for u in combined for i in range(n_agents) for j in range(i))
        elif twist == "not excluded":
            answer = bool(combined)
        elif twist == "any action":
            answer = len(best) < math.prod(sizes)
        elif twist == "turned around":
            answer = not wrong
        else:
            answer = bool(wrong)
        found.append(answer)
    return torch.tensor(found, dtype=torch.bool)


def tables(states: int, sizes: tuple[int, ...], levels: int, seed: int, noise: bool = False) -> tuple:
    """A case of ``must_agree``: Q-tables with ties; ``noise``: what is equal differs by rounding."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.randint(levels, (states, *sizes), generator=generator).double() / 10
    q = q - torch.randint(9, (states,), generator=generator).double().reshape(-1, *[1] * len(sizes))
    if noise:
        q = q + torch.rand((states, *[1] * len(sizes)), generator=generator, dtype=torch.float64)
        q = q + 0.9 * NOISE * (torch.rand(q.shape, generator=generator, dtype=torch.float64) - 0.5)
    return (q,)


# All pairs of good actions go together, and three of them do not: the best joint actions are those with an even sum.
EVEN = torch.tensor([[[[1.0, 0], [0, 1]], [[0, 1], [1, 0]]]], dtype=torch.float64)

NOISY = [tables(1, (2, 2), 2, k, noise=True) for k in range(21, 29)] + [tables(40, (4, 4), 4, 30, noise=True)]


def look(room: Room, answer) -> Verdict:
    stages = (
        [tables(1, (2, 2), 2, 4), tables(20, (2, 2), 2, 1), tables(30, (3, 3), 3, 2), tables(15, (4, 4), 5, 3)],
        [tables(20, (2, 3), 2, 11), tables(20, (4, 2), 3, 12), tables(6, (1, 3), 2, 13)],
        NOISY,
        [tables(1, (2, 2, 2), 2, k) for k in range(50, 56)] + [
         tables(30, (2, 2, 2), 2, 31), tables(20, (2, 3, 2), 3, 32), tables(10, (2, 2, 2, 2), 3, 33),
         tables(6, (2, 1, 3, 2), 2, 34), (EVEN,)],
        [tables(5, (3,), 2, 41), tables(1, (1,), 2, 42), tables(4, (1, 1), 2, 43)],
    )
    for cases in stages:
        try:
            room.compare(answer, cases, must_agree)
        except Found as found:
            if cases is NOISY and found.verdict.title == UNNAMED:        # all else is the same as in the stages before
                raise room.wrong("values that are equal but for rounding are told apart",
                                 found.verdict.detail) from None
            raise
    wide = torch.tensor([[[top, top - 0.1], [low, top]] for top in (99.9, -99.9, 8.65, 5.25)
                         for low in (top - 0.1, top + 1e-12)], dtype=torch.float64)
    at_the_edge(room, answer, [(wide,)], must_agree, "the room for rounding is not the same for all values")
    return Verdict("correct")


MISTAKES = twisted(
    must_agree,
    ("ties", "every state with several best joint actions counts",
     "Agent 1 may go up or down, agent 2 goes left in any case, and both are best. Can they go wrong without a word?",
     "several best joint actions are harmless as long as every combination of their parts is best too"),
    ("two agents with a choice", "it is enough that everybody has a choice",
     "All four combinations of two good actions each are best. Do the agents have to agree on anything?",
     "a choice for everybody is harmless as long as every combination of good actions is best"),
    ("not excluded", "combinations that are best are counted as well",
     "In a state with one best joint action, nothing can go wrong. What does your function say there?",
     "the best joint actions themselves are made of good parts, and they are no danger"),
    ("any action", "actions that are in no best plan are counted as well",
     "Which actions may a sensible agent choose at all? Combine those, and no others.",
     "any joint action that is not best would count, so nearly every state would"),
    ("swapped", "the agents' good actions are swapped",
     "To find agent 1's good actions, over whose axis do you take the any?",
     "the axis that is taken away by `any` is the other agent's, the one that stays is the agent's own"),
    ("one best for all", "one best value is used for all states",
     "Every state has its own best value. Over which axes do you take the maximum?",
     "a state whose values are lower would have no best joint action at all"),
    ("exact", "values that are equal but for rounding are told apart",
     "Two values differ by 1e-12, or by half of 1e-9. Does your comparison call them equal?",
     "a solver adds numbers in different orders, and equal values come out with different last digits"),
    ("generous", "values that differ are taken for equal",
     "Here 0.1 is a real difference. How much room does your comparison leave?",
     "joint actions that are almost best are not best"),
    ("pairs", "the agents are compared two by two only",
     "With three agents, every two actions may be found together in a best plan. What about all three?",
     "three actions can go together in pairs and not as a whole"),
    ("turned around", "the answer is turned around",
     "Which of the two does True stand for: that the agents must agree, or that they need not?",
     "True means that some combination of good actions is not a best one"),
    (None, "the room for rounding is not the same for all values",
     "Values go from −100 to 100. Is 99.8 as good as 99.9 for your function? And two values of 8.65 that differ by "
     "1e-12?",
     "a share of a large value is more than a real difference, and rounding parts what lies on two sides of a half"),
)

EXERCISE = Exercise(
    number="10.3",
    title="Where the agents must agree",
    answers={"must_agree": "function"},
    difficulty=4,
    minutes=12,
    practises="telling harmless ties from a coordination problem, for any number of agents",
    hints=("Three sets matter in a state: the best joint actions, each agent's good actions, and all combinations of "
           "good actions. Which of them contains which?",
           "An action of agent i is good if it stands in at least one best joint action: an `any` over the "
           "axes of all the others.",
           "To combine the agents' good actions, give each agent's [A] its own axis and multiply them with &. For any "
           "number of agents do it in a loop."),
    mistakes=MISTAKES,
    look=look,
)
