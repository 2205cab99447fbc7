"""01.6 · What independence costs: compute exactly what a team of independent learners gets, and what it misses."""

from __future__ import annotations

import itertools
from functools import partial

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

FIXED = "a fixed number takes part where payoffs may have any size"


def cost_of_independence(tables, twist=None):
    """The truth: (best return, what greedy independent learners get)."""
    worth, plans = [], []
    for table in tables.tolist():
        first = [sum(row) / len(row) for row in table]                      # agent 1: over agent 2's actions
        second = [sum(column) / len(column) for column in zip(*table)]      # agent 2: over agent 1's actions
        u1, u2 = first.index(max(first)), second.index(max(second))
        if twist == "hopes":
            first, second = [max(row) for row in table], [max(column) for column in zip(*table)]
            u1, u2 = first.index(max(first)), second.index(max(second))
        if twist == "one axis":
            u2 = u1 % len(table[0])
        if twist == "axes swapped":
            u1, u2 = u2 % len(table), u1 % len(table[0])
        if twist == "reply":
            u2 = table[u1].index(max(table[u1]))
        if twist == "all tables":
            everywhere = [sum(column) / len(column) for column in zip(*itertools.chain.from_iterable(tables.tolist()))]
            u2 = everywhere.index(max(everywhere))
        joint = max(itertools.product(range(len(table)), range(len(table[0]))), key=lambda u,
                    table=table: table[u[0]][u[1]])
        plans.append(joint if twist == "agreed" else (u1, u2))
        everything = [pay for row in table for pay in row]
        worth.append({"knows": max(everything), "random on": sum(everything) / len(everything), "hopes": max(first),
                      "second": max(second), "true": table[u1][u2]}.get(twist, max(first)))
    tables = tables.tolist()
    k = worth.index(max(worth))
    if twist == "last":
        k = len(tables) - 1
    paid = [table[u1][u2] for table, (u1, u2) in zip(tables, plans)]
    best = max(pay for table in tables for row in table for pay in row)
    if twist == "best there":
        best = max(pay for row in tables[k] for pay in row)
    got = worth[k] if twist == "believed" else paid[k]
    if twist == "discounted":
        best, got = 0.99 * best, 0.99 * got
    return (got, best) if twist == "order" else (best, best - got) if twist == "gap" else (best, got)


def draw_tables(shape, generator) -> torch.Tensor:
    """Tables in which no two things that an answer may compare lie close together."""
    while True:
        tables = (5 * torch.randn(*shape, dtype=torch.float64, generator=generator)).round(decimals=2)
        rated = [*(tables.mean(axis) for axis in (1, 2)), tables.flatten(1), tables.mean(2).amax(1).unsqueeze(0)]
        gaps = [row.sort().values.diff() for block in rated for row in block]
        if all((gap > 0.02).all() for gap in gaps):
            return tables


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(106)
    square = [(torch.tensor([[[7.0, 7.0], [7.0, 7.0]], [[0.0, 1.0], [1.0, 8.0]]]),),
              (torch.tensor([[[11.0, -30.0, 0.0], [-30.0, 7.0, 6.0], [0.0, 0.0, 5.0]]]),)]
    square += [(draw_tables(shape, generator),)
               for shape in ((1, 2, 2), *[(2, 2, 2), (3, 3, 3), (2, 3, 3), (4, 2, 2)] * 3)]
    other = [(draw_tables(shape, generator),) for shape in ((2, 2, 3), (3, 3, 2), (2, 4, 2), (4, 2, 3), (1, 2, 3))]
    room.compare(answer, square, cost_of_independence)
    room.compare(answer, square + other, cost_of_independence)
    far = [(size * (tables + shift),) for (tables,) in (square[3], square[4], other[0]) for size, shift in
           ((1.0, -100.0), (1.0, -1e5), (1e12, -100.0), (1e12, 100.0))]
    at_the_edge(room, answer, far, cost_of_independence, FIXED)
    wide = [(draw_tables(shape, generator),) for shape in ((7, 2, 2), (2, 5, 6), (1, 1, 1), (3, 1, 2))]
    at_the_edge(room, answer, wide, cost_of_independence, SOME_SIZES)
    return Verdict("correct")


SOME_SIZES = "right for tables of a certain size only"

MISTAKES = tuple(Mistake(name, hint, why, partial(cost_of_independence, twist=twist)) for twist, name, hint, why in (
    ("believed", "what agent 1 believes, not what the team is paid",
     "An average is a belief. Which entry of the table is paid when both agents have chosen?",
     "the payoff is an entry of the table; in the two-step game no joint action pays 4.5"),
    ("knows", "agent 1 chooses the first step as if it knew the best entries",
     "Where would agent 1 have seen the best entry on its own? Which values does it have for the second step?",
     "an independent learner's first step looks ahead to its own averages, and not to the table"),
    ("random on", "the first step expects random play of agent 1 itself",
     "Agent 1's target takes its own maximum at the next state. Does yours?",
     "only the partner is averaged over; for itself a Q-learner assumes that it will choose its best action"),
    ("second", "agent 2's averages choose the first step",
     "Whose action leads to the table? Whose averages does this agent have?",
     "agent 2's first action does nothing"),
    ("true", "the first step already knows what both will do together",
     "Agent 1 has an average for each own action. Does it know what the partner will choose greedily?",
     "the averages were learned while the partner played at random; what greedy partners do is not in them"),
    ("hopes", "the agents rate an action by its best payoff, not by its average",
     "Each agent rates an own action by what it paid on average. What does your code take over the partner's actions?",
     "hoping for the best partner finds 8 in the two-step game, but independent learners do not do it"),
    ("agreed", "the agents choose together in the second step",
     "Each agent chooses alone, from its own averages. In which line do your agents agree on an entry?",
     "they would have to share a joint table, which is what they do not have"),
    ("reply", "agent 2 sees what agent 1 has chosen",
     "Both act at the same time. Does agent 2's choice depend on agent 1's in your code?",
     "a reply needs to know the other's action; agent 2 has only its averages over all of them"),
    ("one axis", "both agents use agent 1's averages",
     "Agent 2's own actions are the columns. Over what does it average?",
     "in a table that is not symmetric the two agents rate their actions differently"),
    ("axes swapped", "each agent uses the other one's averages",
     "Agent 1's own actions are the rows. Over which axis must you average, so that the rows are left?",
     "the average must run over what the agent does not know: the partner's action"),
    ("all tables", "agent 2 does not tell the tables apart",
     "Agent 2 sees which table it is in. Over which payoffs does it average there?",
     "each agent has a value for each own action in each state"),
    ("discounted", "a discounted return",
     "The text asks for sums of rewards, as they are paid.",
     "no γ is given here, and a return in this course is not discounted"),
    ("best there", "the best return looks only at the table that was chosen",
     "The best plan may lead somewhere else from the first step on.",
     "then the loss in the first step is not counted"),
    ("order", "the two results have changed places",
     "Which of the two is to come first? One of them can never be larger than the other.",
     "the best return is never below what the learners get"),
    ("gap", "the difference in place of the second result",
     "The second number is what the team gets, not what it misses.",
     "both say the same, but the text asks for one of them"),
)) + (
    Mistake(FIXED, "Try tables whose entries are all far below zero. With which number does a search of yours begin?",
            "payoffs can have any size and sign; a search must begin with one of them, or with −∞"),
    Mistake(SOME_SIZES, "How many tables, rows and columns can there be? Try seven tables, and a table with one entry.",
            "the three sizes are those of the tensor that was given, whatever the examples had"),
)

EXERCISE = Exercise(
    number="01.6", title="What independence costs", answers={"cost_of_independence": "function"}, difficulty=4,
    minutes=12,
    practises="compute exactly what a team of independent learners gets, and what it misses",
    hints=("For each table compute two lists of averages: one for agent 1's actions, one for agent 2's.",
           "Agent 1 values a table by the best of its OWN averages there. Its first action goes to the best table.",
           "In that table each agent takes its best average alone. The team gets the entry at which the two choices "
           "meet."),
    mistakes=MISTAKES, look=look)
