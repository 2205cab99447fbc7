"""04.1 · IGM, state by state: test IGM in a batch of states in which some actions are not available."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson04 import edges
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def igm_holds(tables, q, available, twist=None):
    """Whether the agents' own best available actions reach the best available entry, state by state: bool[B]."""
    said = [igm_in_one_state(*state, twist) for state in zip(tables.tolist(), q.tolist(), available.tolist())]
    if twist == "all states at once":
        return all(said)
    if twist == "one maximum for all":
        highest = max(best_entry(table, may) for table, may in zip(tables.tolist(), available.tolist()))
        return torch.tensor([bool(table[own(q1, may1)][own(q2, may2)] >= highest) for table, (q1, q2), (may1, may2)
                             in zip(tables.tolist(), q.tolist(), available.tolist())])
    return torch.tensor(said)


def own(utilities, may, twist=None):
    """The position of one agent's best available action."""
    if twist in ("no mask", "free agents"):
        may = [True] * len(may)
    if twist == "zero":
        return max(range(len(may)), key=lambda a: utilities[a] * may[a])
    return max((a for a in range(len(may)) if may[a]), key=lambda a: utilities[a])


def joint_actions(may, twist=None):
    """All joint actions of two agents that are available."""
    def allowed(u1, u2):
        if twist in ("no mask", "free maximum"):
            return True
        if twist == "equal masks":
            return may[0][u1] == may[1][u2]
        return may[0][u1] or may[1][u2] if twist == "or" else may[0][u1] and may[1][u2]

    return [u for u in itertools.product(range(len(may[0])), repeat=2) if allowed(*u)]


def best_entry(table, may, twist=None):
    if twist == "zero in the table":
        return max(0.0 if u not in joint_actions(may) else table[u[0]][u[1]]
                   for u in itertools.product(range(len(table)), repeat=2))
    return max(table[u1][u2] for u1, u2 in joint_actions(may, twist))


def igm_in_one_state(table, q, may, twist=None) -> bool:
    u1, u2 = (own(q[i], may[i], twist) for i in range(2))
    if twist == "over agents":
        u1, u2 = (max(range(2), key=lambda i: q[i][k] if may[i][k] else -float("inf")) for k in range(2))
    if twist == "exchanged":
        u1, u2 = u2, u1
    if twist == "positions":
        return (u1, u2) == max(joint_actions(may), key=lambda u: table[u[0]][u[1]])
    if twist == "values of the utilities":
        return abs(q[0][u1] + q[1][u2] - best_entry(table, may)) < 1e-9
    if twist == "each alone":        # each agent's action is part of some best joint action, maybe not the same one
        highest = best_entry(table, may)
        best = [u for u in joint_actions(may) if table[u[0]][u[1]] == highest]
        return u1 in {u[0] for u in best} and u2 in {u[1] for u in best}
    if twist == "one switches":
        return all(table[u1][u2] >= table[v1][v2] for v1, v2 in joint_actions(may) if v1 == u1 or v2 == u2)
    if twist == "larger than the largest":
        return False
    held = bool(table[u1][u2] >= best_entry(table, may, twist))
    return not held if twist == "turned around" else held


def igm_states(batch: int, n_actions: int, seed: int, masked: bool, shift: float = 0.0) -> tuple:
    """Tables of several kinds: made by a mixer that keeps IGM, by one that does not, and whole numbers with many ties.
    """
    generator = torch.Generator().manual_seed(seed)
    q = torch.stack([torch.randperm(41, generator=generator)[:n_actions] for _ in range(2 * batch)])
    q = (q.view(batch, 2, n_actions) - 20) / 4.0 + shift
    first, second = q[:, 0, :, None].expand(-1, -1, n_actions), q[:, 1, None, :].expand(-1, n_actions, -1)
    noise = torch.randint(3, first.shape, generator=generator) + shift
    kinds = [first + second, torch.minimum(first, second), (first - second) + shift, first * second, noise]
    tables = torch.stack([kinds[(b + seed) % len(kinds)][b] for b in range(batch)])
    available = torch.ones(batch, 2, n_actions, dtype=torch.bool)
    if masked:
        available = torch.rand(batch, 2, n_actions, generator=generator) < 0.6
        kept = torch.randint(n_actions, (batch, 2, 1), generator=generator)
        available.scatter_(2, kept, True)
    return tables.round(decimals=2), q.round(decimals=2), available


def igm_states_far_down() -> list[tuple]:
    """States with all entries and utilities far below zero, and the largest of them out of reach."""
    may = torch.tensor([[[False, True], [True, True]], [[True, True], [True, False]]])
    tables = torch.tensor([[[-1.0, -1.0], [-3.0, -4.0]], [[-4.0, -1.0], [-3.0, -2.0]]])
    q = torch.tensor([[[-1.0, -3.0], [-2.0, -4.0]], [[-4.0, -3.0], [-5.0, -1.0]]])
    return [(tables * size, q * size, may) for size in (1e12, 1e30)]


def look(room: Room, answer) -> Verdict:
    cases = [(torch.tensor([[[6.0, -2.0], [-3.0, 1.0]]]), torch.tensor([[[-2.0, 1.0], [-3.0, 1.0]]]),
              torch.ones(1, 2, 2).bool()),
             # both diagonal entries are best; only one of the four joint actions with one agent's choice of each is not
             (torch.tensor([[[4.0, 1.0], [0.0, 4.0]]]), torch.tensor([[[2.0, 1.0], [0.0, 3.0]]]),
              torch.ones(1, 2, 2).bool()),
             (torch.tensor([[[1.0, 2.0], [3.0, 9.0]]]), torch.tensor([[[0.0, 5.0], [-2.0, -1.0]]]),
              torch.tensor([[[True, True], [True, False]]])),
             # the best entry is out of reach for both, the second best for one of them
             (torch.tensor([[[3.0, 1.0], [2.0, 9.0]]]), torch.tensor([[[0.0, 5.0], [1.0, 2.0]]]),
              torch.tensor([[[True, False], [True, False]]]))]
    for seed, (batch, n_actions, masked, shift) in enumerate(
            ((1, 3, False, 0.0), (6, 2, False, 0.0), (20, 2, True, 0.0), (30, 4, True, 0.0), (15, 5, True, -400.0),
             (10, 3, False, 0.0))):
        cases += [igm_states(batch, n_actions, seed, masked, shift)]
    try:
        room.compare(answer, cases, igm_holds)
        room.compare(answer, cases := cases + igm_states_far_down(), igm_holds)
    except Found as found:
        free = [case for case in cases if bool(case[2].all())]
        if found.verdict.title == UNNAMED and all(values.same(room.ask(answer, *case), igm_holds(*case))
                                                  for case in free):
            raise room.wrong("right only where every action is available", found.verdict.detail) from None
        raise
    edges.examine_igm(room, answer, igm_holds)
    return Verdict("correct")


MISTAKES = twisted(
    igm_holds,
    ("no mask", "actions that are not available are counted in",
     "Make the largest entry of a state unavailable. Does your answer change?",
     "a joint action that nobody can take is no choice that the team misses, and none that it reaches"),
    ("free agents", "the agents choose actions that are not available",
     "Look at an agent whose largest utility belongs to an action that it cannot take. What does it play?",
     "an agent that acts takes its best available action, so that is the choice to be tested"),
    ("free maximum", "the team's best joint action is not available",
     "The agents keep to what they can do. What they are held against: can the team do that?",
     "the agents are blamed for missing an entry that no team could play"),
    ("or", "a joint action is counted in when only one agent can play its part",
     "A joint action takes both agents. What must be true of the one part, and of the other?",
     "half of such a joint action cannot be played"),
    ("equal masks", "two actions that are both unavailable count as one that can be played",
     "Where do your two masks agree? Look at a joint action of which neither part is available.",
     "False equals False; a joint action can be played only if both masks are True"),
    ("zero", "zero is no mask",
     "Ask about an agent with negative utilities only. Which action wins once the unavailable ones count as 0?",
     "where utilities are negative a zero is the largest of all, so that the unavailable action wins"),
    ("zero in the table", "zero is no mask for the table either",
     "Take a state in which all entries are negative. Which is the largest once the unavailable ones count as 0?",
     "where all entries are negative a zero is larger than anything that the team can reach"),
    ("positions", "positions are compared, not values",
     "Try a table in which two entries are both the largest. Which of them does your argmax name, and may the agents "
     "take the other?",
     "an argmax names one of several equally good joint actions, and the agents are right with any of them"),
    ("each alone", "each agent is tested on its own",
     "Try the table [[4, 1], [0, 4]] with agents that choose (0, 1). Each part belongs to a best joint action. Does "
     "the pair?",
     "two halves of two different best joint actions need not make a good one"),
    ("one switches", "only one agent at a time may switch in your test",
     "In the table [[1, 0], [0, 6]] the agents play (0, 0). Is that a best joint action, and which switches do you "
     "compare it with?",
     "a joint action that no single agent can improve need not be the team's best"),
    ("larger than the largest", "no state ever passes your test",
     "The entry that is reached is one of those that you compare it with. Can it be larger than all of them?",
     "no entry is larger than the largest one, so the agents can at best equal it"),
    ("turned around", "the answer is turned around",
     "Should the answer be True where the agents reach the best entry, or where they miss it?",
     "True means here that IGM holds"),
    ("over agents", "the largest is taken over the agents, not over the actions",
     "What is the shape of your agents' choices, and which of the two axes of q[b] has gone?",
     "an agent chooses among its own actions; which agent has the larger utility tells nobody anything"),
    ("exchanged", "the two agents are exchanged",
     "Row or column: which of the two is agent 1's action?",
     "a table is read as table[u1][u2]; the other way round it is another game"),
    ("values of the utilities", "the utilities' values are held against the table's",
     "IGM speaks of where the maxima are. Would it still hold if all utilities were ten times as large?",
     "utilities are no returns: any utilities with their maxima in the right places will do"),
    ("all states at once", "one answer for the whole batch",
     "Two states, and IGM holds in one of them. What should the two answers be?",
     "one state that fails would hide all that hold"),
    ("one maximum for all", "the largest entry of all states is used for each",
     "Over which axes does your maximum run? Compare its shape with the number of states.",
     "every state has its own best joint action, and one with small payoffs would never reach another's"),
) + (
    Mistake("right only where every action is available",
            "Without a mask your answer is right. What number stands in place of the unavailable ones, and can a real "
            "one be smaller?",
            "a number in place of what is unavailable must lose against every real one, however small that is"),
    *edges.IGM,
)

EXERCISE = Exercise(
    number="04.1", title="IGM, state by state", answers={"igm_holds": "function"}, difficulty=2, minutes=10, core=True,
    practises="test IGM in a batch of states in which some actions are not available",
    hints=("Two numbers are compared in each state: the entry that the agents reach, and the largest entry that the "
           "team could reach.",
           "Deal with the agents first: each one's best available action, as in lesson 03. That gives one row and one "
           "column a state.",
           "A joint action can be played if both parts can: lay agent 1's mask as a column over agent 2's as a row, "
           "and ask for both. Then let all other entries lose, as you do with utilities."),
    mistakes=MISTAKES, look=look)
