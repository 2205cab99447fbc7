"""14.2 · May a weight be negative?: find the joint actions at which a λ of the wrong sign costs IGM."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def breaks(q, lam, available, twist=None):
    """The truth, one joint action after the other."""
    values, may = q.tolist(), available.tolist()
    seen = [[value if can or twist == "ū unmasked" else -torch.inf for value, can in zip(*row)]
            for row in zip(values, may)]
    best = tuple(row.index(max(row)) for row in seen)
    top = [row[u] for row, u in zip(values, best)]
    if twist == "mean":
        top = [sum(value for value, can in zip(*row) if can) / sum(row[1]) for row in zip(values, may)]
    if twist in ("V unmasked", "V unmasked, held against ū"):
        top = [max(row) for row in values]
    found = torch.zeros(lam.shape[1:], dtype=torch.bool)
    for u in itertools.product(range(q.shape[1]), repeat=len(q)):
        weights = [float(lam[(i, *(best if twist == "λ at ū" else u))]) for i in range(len(q))]
        advantages = [values[i][u[i]] - top[i] for i in range(len(q))]
        total = sum(weight * advantage for weight, advantage in zip(weights, advantages))
        deviate = [i for i in range(len(q)) if u[i] != best[i]]
        wrong = total > 0 if twist == "above only" else total >= 0
        if twist == "any λ":
            wrong = min(weights) <= 0
        elif twist == "of those who deviate":
            wrong = any(weights[i] <= 0 for i in deviate)
        elif twist == "all of them":
            wrong = all(weights[i] <= 0 for i in deviate)
        elif twist == "values":
            wrong = (sum(weight * values[i][u[i]] for i, weight in enumerate(weights))
                     >= sum(float(lam[(i, *best)]) * values[i][best[i]] for i in range(len(q))))
        elif twist == "V unmasked, held against ū":
            wrong = total >= sum(float(lam[(i, *best)]) * (values[i][best[i]] - top[i]) for i in range(len(q)))
        elif twist == "sums":
            wrong = sum(weights) * sum(advantages) >= 0
        elif twist == "one at a time" and len(deviate) > 1:
            wrong = False
        elif twist == "turned":
            wrong = not wrong
        if all(may[i][a] for i, a in enumerate(u)) or twist == "no mask":
            found[u] = wrong and (u != best or twist == "ū itself")
    return found


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(142)
    q = torch.tensor([[2.0, 1.0], [3.0, 1.0]], dtype=torch.float64)
    lam = torch.tensor([[[1.0, -1.0], [-1.0, -3.0]], [[2.0, 1.0], [1.0, 1.0]]], dtype=torch.float64)
    found = [(q, lam, torch.ones(2, 2, dtype=torch.bool))]
    # the best of all is not available: to agent 1, and to both
    found += [(torch.tensor([[1.0, 0.0], [2.0, 0.0]], dtype=torch.float64), torch.tensor(lam, dtype=torch.float64),
               torch.tensor(may)) for lam, may in (
        ([[[3, 3], [3, 3]], [[-1, -1], [-1, -1]]], [[False, True], [True, True]]),
        ([[[1, 1], [1, 6]], [[1, 1], [1, -1]]], [[False, True], [True, True]]),
        ([[[1, 1], [6, 1]], [[1, 1], [-1, 1]]], [[True, True], [False, True]]))]
    for n_agents, n_actions in ((2, 3), (1, 4), (3, 2), (2, 4), (3, 3), (4, 2), (2, 3)):
        q = torch.stack([torch.randperm(9, generator=generator)[:n_actions] for _ in range(n_agents)]).double() / 2 - 2
        lam = torch.randint(-4, 7, (n_agents,) + (n_actions,) * n_agents, generator=generator).double() / 2
        available = torch.rand(n_agents, n_actions, generator=generator) < 0.7
        available[torch.arange(n_agents), torch.randint(n_actions, (n_agents,), generator=generator)] = True
        if len(found) in (4, 7):
            available[:] = True
        found.append((q, lam, available))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), breaks)
    return Verdict("correct")


EXERCISE = Exercise(
    number="14.2", title="May a weight be negative?", answers={"breaks": "function"}, difficulty=3, minutes=12,
    practises="find where IGM is lost when a weight has the wrong sign, and where it is not",
    formerly=("duplex",),
    hints=("At ū all advantages are 0. So what must the second sum be at a joint action that is as good or better?",
           "A weight times an advantage of 0 is 0, whatever the weight is. And a large positive weight of one agent "
           "can make up for a negative one of another.",
           "Add λ_i(u) A_i(u_i) over the agents, in one table. IGM is lost where that is 0 or more, is not ū, and can "
           "be played."),
    mistakes=twisted(
        breaks,
        ("any λ", "every weight that is not positive counts as a break",
         "One weight is negative and another one is large. What is the sum?",
         "a weight of an agent that does not deviate has no effect, and others can make up for a negative one"),
        ("of those who deviate", "one deviating agent's weight is taken to decide",
         "Two agents deviate; one has a small negative weight, the other a large positive one. Is Q_tot above V_tot?",
         "what counts is the sum over the agents"),
        ("all of them", "only joint actions in which all deviating agents have such weights count",
         "Can a single large negative weight lift Q_tot above V_tot, though another agent's weight is positive?",
         "what counts is the sum over the agents"),
        ("above only", "a second joint action that is just as good is let through",
         "What do IGM's words \"the one and only best\" say of a joint action with the same Q_tot?",
         "when another joint action is equally good, the agents' own choices are not the only best one"),
        ("ū itself", "the agents' own choice is held against itself",
         "At which joint action is Q_tot always equal to V_tot? Is that a break?",
         "the agents' own best joint action cannot break anything"),
        ("no mask", "joint actions count that nobody can take",
         "Can the team play every joint action that you mark?",
         "what cannot be played can be as good as it likes"),
        ("ū unmasked", "the agents' best actions are looked for among those that they cannot take",
         "V_i is the value of which action, if the best of all is not available?",
         "an agent acts by its best available action, and V_i is that one's value"),
        ("V unmasked", "V is the value of an action that cannot be taken",
         "An agent's own choice is right in your version, and what is its advantage there? What should it be?",
         "V_i is the value of the own choice; measured from an action out of reach, all advantages are too small"),
        ("V unmasked, held against ū", "advantages are measured from an action that cannot be taken",
         "You hold Q_tot against that of the agents' own choice. Which V_i stands in both, if an agent's best action "
         "of all is not available?",
         "the advantages at the own choice are then not 0, and the weights there have a say that they should not have"),
        ("mean", "advantages are measured from the mean",
         "What is an agent's advantage at its own best action, in this lesson?",
         "then advantages have both signs and no positive weight keeps IGM"),
        ("values", "weights are put on the values, not on the advantages",
         "What does λ multiply in the definition of Q_tot?",
         "only the advantages are weighted; V_tot is a plain sum"),
        ("λ at ū", "the weights of one joint action are used for all",
         "λ depends on the joint action. Which entry belongs to u?",
         "QPLEX owes its reach to weights that differ from one joint action to the next"),
        ("sums", "weights and advantages are added up before they meet",
         "Agent 1 deviates and agent 2 does not. Should agent 2's weight matter?",
         "each agent's weight belongs to its own advantage"),
        ("one at a time", "only joint actions with one deviation are looked at",
         "May two agents deviate at once? What is Q_tot there?",
         "IGM speaks of all joint actions"),
        ("turned", "these are the joint actions at which all is well",
         "Is your table True where IGM is lost, or where it is kept?",
         "the question is where it is lost")),
    look=look)
