"""01.2 · The number of a joint action: go from a joint action to its place in a joint table and back."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def joint_index(actions, n_actions, twist=None):
    """The truth for the first function, by counting through all joint actions."""
    n_agents = actions.shape[1]
    orders = list(itertools.product(range(n_actions), repeat=n_agents))
    if twist == "reverse":
        orders = [order[::-1] for order in orders]
    place = {order: k for k, order in enumerate(orders)}
    rows = actions.tolist()
    if twist == "base N":
        return torch.tensor([sum(u * n_agents ** (n_agents - 1 - i) for i, u in enumerate(row)) for row in rows])
    if twist == "times":
        return torch.tensor([sum(u * max(1, n_actions * (n_agents - 1 - i)) for i, u in enumerate(row))
                             for row in rows])
    if twist == "sum":
        return torch.tensor([sum(row) for row in rows])
    if twist == "two":
        return actions[:, 0] * n_actions + actions[:, -1]
    found = torch.tensor([place[tuple(row)] for row in rows])
    return found * n_actions if twist == "power" else found + 1 if twist == "from one" else found


def joint_actions(index, n_agents, n_actions, twist=None):
    """The truth for the second function."""
    rows = []
    for k in index.tolist():
        if twist == "from one":
            k -= 1
        powers = [n_actions ** (n_agents - 1 - i) for i in range(n_agents)]
        if twist == "base N":
            powers = [n_agents ** (n_agents - 1 - i) for i in range(n_agents)]
        if twist == "power":
            powers = [n_actions * power for power in powers]
        digits = [k // power if twist == "no remainder" else k // power % n_actions for power in powers]
        if twist == "remainder first":
            digits = [k % power if power > 1 else k % n_actions for power in powers]
        rows.append(digits[::-1] if twist == "reverse" else digits)
    return torch.tensor(rows)


def either(twist):
    """What an answer with this twist gives, for whichever of the two functions was asked."""
    return lambda *case: (joint_index if len(case) == 2 else joint_actions)(*case, twist=twist)


SIZES = ((2, 2), (2, 3), (3, 2), (1, 4), (3, 4), (4, 3), (2, 5), (5, 1), (6, 4))        # (agents, actions)

UNUSED = ((3, 7), (2, 4), (1, 3), (4, 9))               # agents, actions: the last actions are never played here
LARGE = ((2, 5000), (27, 2), (3, 1000), (5, 1000), (15, 10), (49, 2))       # tables of up to 10^15 places
FROM_DATA = "the number of actions is read off the data"
LAST_DIGITS = "large numbers lose their last digits"


def numbered(actions, n_actions):
    """As ``joint_index``, where the joint actions are too many to be counted through."""
    return torch.tensor([sum(u * n_actions ** k for k, u in enumerate(reversed(row))) for row in actions.tolist()])


def digits(index, n_agents, n_actions):
    """The way back from ``numbered``."""
    return torch.tensor([[k // n_actions ** (n_agents - 1 - i) % n_actions for i in range(n_agents)]
                         for k in index.tolist()])


def listed(room: Room, answer, case: Callable) -> bool:
    """Whether an answer goes through a list of all joint actions: then it takes many times as long where there are
    more of them, on a fast computer and on a slow one. ``case(agents, actions)``: what to ask; with one action an
    agent there is a single joint action."""
    def seconds(*size):
        taken = []
        for _ in range(4):              # whatever else the computer does only makes some of them longer
            begin = time.process_time()
            room.ask(answer, *case(*size))
            taken.append(time.process_time() - begin)
        return min(taken)

    return any(seconds(agents, 2) > 8 * seconds(agents, 1) for agents in (12, 15, 18, 20, 22))


def look(room: Room, answer_index, answer_actions) -> Verdict:
    generator = torch.Generator().manual_seed(102)
    forward, backward = [], []
    for agents, actions in SIZES:
        rows = 1 if (agents, actions) == (2, 3) else 7
        drawn = torch.randint(actions, (rows, agents), generator=generator)
        drawn[0] = torch.arange(agents) % actions
        forward.append((drawn, actions))
        backward.append((joint_index(drawn, actions), agents, actions))
    asked = [room.ask(answer_index, *case) for case in forward]
    room.match(asked, [joint_index(*case) for case in forward], forward, name="joint_index")
    asked = [room.ask(answer_actions, *case) for case in backward]
    room.match(asked, [joint_actions(*case) for case in backward], backward, name="joint_actions")
    unused = [(torch.randint(max(actions // 2, 1), (4, agents), generator=generator), actions)
              for agents, actions in UNUSED]
    at_the_edge(room, answer_index, unused, joint_index, FROM_DATA, function="joint_index")
    large = [torch.randint(actions, (3, agents), generator=generator) for agents, actions in LARGE]
    for drawn, (_, actions) in zip(large, LARGE):
        drawn[0] = actions - 1
    ahead = [(drawn, actions) for drawn, (_, actions) in zip(large, LARGE)]
    back = [(numbered(*case), *size) for case, size in zip(ahead, LARGE)]
    if not listed(room, answer_index, lambda agents, actions: (torch.full((1, agents), actions - 1), actions)):
        at_the_edge(room, answer_index, ahead, numbered, LAST_DIGITS, function="joint_index")
    if not listed(room, answer_actions, lambda agents,
                  actions: (torch.tensor([actions ** agents - 1]), agents, actions)):
        at_the_edge(room, answer_actions, back, digits, LAST_DIGITS, function="joint_actions")
    return Verdict("correct")


MISTAKES = tuple(Mistake(name, hint, why, either(twist)) for twist, name, hint, why in (
    ("reverse", "the first agent changes fastest, not the last",
     "In the list of the lesson (0, 0) is followed by (0, 1). Whose action has changed?",
     "the numbers still tell joint actions apart, but a table filled in the agreed order is then read in the wrong "
     "places"),
    ("base N", "the number of agents stands where the number of actions should",
     "How many joint actions lie between (0, 0, 0) and (1, 0, 0)? Count them for three agents with two actions.",
     "one step of an agent's action passes over all combinations of those behind it, and each of these has A actions"),
    ("power", "one power too many",
     "By how much does the number grow when the last agent's action grows by one?",
     "the last agent's steps are steps of one, so that no number is left out"),
    ("times", "products where powers should be",
     "With three agents and four actions, how many combinations do the last two agents have?",
     "each further agent multiplies the number of combinations by A; it does not add A of them"),
    ("sum", "different joint actions get the same number",
     "What does your function give for (0, 1), and what for (1, 0)?",
     "a table row can only be found again if no two joint actions share a number"),
    ("from one", "the numbers begin at one",
     "Which number should the first joint action, nothing but zeros, have?",
     "an index of a tensor begins at zero; counted from one, the last joint action falls off the end"),
    ("two", "only the first and the last agent count",
     "Ask for three agents, and change the action of the middle one.",
     "with three agents, joint actions that differ in the middle agent fall together"),
    ("no remainder", "an agent's number holds what belongs to the agents before it",
     "No action may be as large as `n_actions`. What must be thrown away after the division?",
     "the quotient counts all steps, those of the agents before it included"),
    ("remainder first", "a remainder where a quotient should be",
     "Divide 5 by 3 with remainder. Which of the two results is the first agent's action, the quotient or the "
     "remainder?",
     "the remainder is what is left for the agents behind; the quotient is the agent's own"),
)) + (
    Mistake(FROM_DATA,
            "An agent may have actions that nobody in this batch has played. Where in your first function does "
            "`n_actions` stand?",
            "the same joint action would get another number in another batch"),
    Mistake(LAST_DIGITS,
            "Try three agents with 1,000 actions each. Do whole numbers of that size fit into the type of your powers "
            "and sums?",
            "float32 holds whole numbers up to 2^24 only, int32 up to 2^31"),
)

EXERCISE = Exercise(
    number="01.2", title="The number of a joint action",
    answers={"joint_index": "function", "joint_actions": "function"},
    difficulty=2, minutes=10,
    practises="go from a joint action to its place in a joint table and back",
    hints=("Read a joint action as a number whose digits are the agents' actions. In which base?",
           "The way there: the last agent's digit counts single steps, the one before it steps of A, and so on.",
           "For the way back: whole division by the size of an agent's step, and then only the part below A."),
    mistakes=MISTAKES, look=look)
