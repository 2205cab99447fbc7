"""03.1 · What the team plays, and how often: coins of its own for each agent make a product of chances."""

from __future__ import annotations

import itertools
import math

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.lesson03.shared import distinct, masks
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def joint_chances(q, available, epsilon, twist=None):
    """The truth, one joint action after the other."""
    if twist == "exchanged":
        epsilon = 1 - epsilon
    rows = [_agent(values, can, epsilon, twist) for values, can in zip(q.tolist(), available.tolist())]
    if twist == "first for all":
        rows = [rows[0]] * len(rows)
    if twist == "agents apart":
        return torch.tensor(rows, dtype=torch.float64)
    table = torch.zeros((q.shape[1],) * len(q), dtype=torch.float64)
    greedy = [_agent(values, can, 0.0, None) for values, can in zip(q.tolist(), available.tolist())]
    random = [_agent(values, can, 1.0, None) for values, can in zip(q.tolist(), available.tolist())]
    for u in itertools.product(range(q.shape[1]), repeat=len(q)):
        table[u] = math.prod(row[a] for row, a in zip(rows, u))
        if twist == "mean":
            table[u] = sum(row[a] for row, a in zip(rows, u)) / len(rows)
        elif twist == "smallest":
            table[u] = min(row[a] for row, a in zip(rows, u))
        elif twist == "team coin":
            table[u] = ((1 - epsilon) * math.prod(row[a] for row, a in zip(greedy, u))
                        + epsilon * math.prod(row[a] for row, a in zip(random, u)))
    if twist == "axes":
        return table.permute(*reversed(range(len(q)))) if len(q) > 1 else table
    return table


def _agent(values, can, epsilon, twist):
    """How often one agent plays each of its actions."""
    allowed = [a for a in range(len(can)) if can[a] or twist == "no mask"]
    seen = {a: values[a] * can[a] if twist == "times the mask" else values[a] for a in range(len(can))}
    best = max(range(len(can)) if twist in ("best unmasked", "times the mask") else allowed, key=seen.__getitem__)
    row = []
    for a in range(len(can)):
        chance = epsilon / (len(can) if twist == "all actions" else len(allowed)) if a in allowed else 0.0
        if twist == "all actions":
            chance = epsilon / len(can)
        if twist == "others only":
            chance = epsilon / (len(allowed) - 1) if a in allowed and a != best and len(allowed) > 1 else 0.0
        if a == best:
            chance = 1 - epsilon if twist == "best not drawn" else chance + 1 - epsilon
            if twist == "others only" and len(allowed) == 1:
                chance = 1.0
        row.append(chance)
    return row


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(131)
    found = [(torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64), torch.ones(2, 2, dtype=torch.bool), 0.2),
             (torch.tensor([[-1.0, -5.0, -2.0], [3.0, 1.0, 2.0]], dtype=torch.float64),
              torch.tensor([[False, True, True], [True, False, False]]), 0.3)]
    for n, a, share, centre, epsilon in ((3, 3, 0.6, -2, 0.1), (2, 5, 0.5, -3, 0.5), (1, 4, 0.7, 0, 0.9),
                                         (4, 2, 0.6, -4, 0.25), (2, 3, 0.5, -5, 0.0), (3, 2, 0.6, 1, 1.0)):
        found.append((distinct((n, a), generator, centre), masks((n, a), generator, share), epsilon))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), joint_chances)
    low = [(torch.tensor([[0.0, least], [2 * least, least]], dtype=torch.float64),
            torch.tensor([[False, True], [True, False]]), 0.2) for least in (-2e3, -2e9, -2e30)]
    low.append((torch.tensor([[50.0, 40.0], [45.0, 60.0]], dtype=torch.float64), low[0][1], 0.2))      # all far above 0
    at_the_edge(room, answer, low, joint_chances, "the stand-in for an unavailable action is not low enough")
    return Verdict("correct")


EXERCISE = Exercise(
    number="03.1", title="What the team plays, and how often", answers={"joint_chances": "function"}, difficulty=3,
    minutes=8, practises="work out the chances of joint actions when every agent explores by itself",
    formerly=("best_actions",),
    off_limits=("qmix_course.exploration.greedy", "qmix_course.exploration.epsilon_greedy"),
    hints=("First one agent: it draws among its available actions with chance epsilon. Which one gets the rest?",
           "The best available action can come up in two ways: by choice, and as a random draw.",
           "The agents' coins have nothing to do with each other. So the chance of a joint action is a product."),
    mistakes=twisted(
        joint_chances,
        ("team coin", "one coin decides for the whole team",
         "Can one agent explore while another one does not, in your version?",
         "with one coin for all, exploring agents always explore together"),
        ("others only", "a random action is never the best one",
         "The random action is drawn from all available ones. Is the best one among them?",
         "the best action has 1 − ε, and its share of the random draws"),
        ("best not drawn", "the chances do not add up to 1",
         "Add up one agent's chances. What is missing, and which action should have it?",
         "the best action has 1 − ε, and its share of the random draws"),
        ("all actions", "random draws fall on unavailable actions too",
         "How many actions can an agent draw from?",
         "the draw is among the available actions only"),
        ("no mask", "the mask is not used",
         "May every joint action be played that has a chance in your table?",
         "an action that cannot be taken has chance 0 and is nobody's best"),
        ("best unmasked", "the best action may be one that cannot be taken",
         "Which actions may be an agent's best one?",
         "the best action is looked for among the available ones"),
        ("times the mask", "the mask is multiplied in",
         "All values are negative. What becomes of an unavailable action's value when you multiply by 0?",
         "0 is better than every negative value"),
        ("exchanged", "ε and 1 − ε are exchanged",
         "With ε = 0, does the team of your table explore?",
         "ε is the chance to explore"),
        ("first for all", "all agents have the first agent's chances",
         "Do the agents prefer the same action?",
         "each agent has its own values and its own available actions"),
        ("agents apart", "the agents' chances stand side by side, and are not put together",
         "What is asked for: how often an agent plays an action, or how often the team plays a joint action?",
         "a joint action is one entry of a table with an axis for each agent"),
        ("mean", "the agents' chances are averaged",
         "Add up all entries of your table. What should that be, and what is it?",
         "independent chances are multiplied"),
        ("smallest", "the rarest agent's chance is taken for the team's",
         "Two coins: how likely is it that both fall on heads?",
         "independent chances are multiplied"),
        (None, "the stand-in for an unavailable action is not low enough",
         "How low can an agent's values be? Does what you put in for the others lie below that?",
         "a number in place of what is unavailable must lose against every real one; −∞ always does"),
        ("axes", "the agents' axes stand in the wrong order",
         "Which axis of your table belongs to agent 1?",
         "the first axis is the first agent's")),
    look=look)
