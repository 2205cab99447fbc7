"""Checks of lesson 02, the environment: the edge of the board, conflicts, and the whole step of a team."""

from __future__ import annotations

import torch

from qmix_course.checks import lesson02_rules as rules
from qmix_course.checks import lesson02_wide as wide
from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02_labs import LABS
from qmix_course.checks.lesson02_team_step import TEAM_STEP_MISTAKES, look_at_team_step
from qmix_course.checks.lesson02_views import VIEWS
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# ---- 02.1 --------------------------------------------------------------------------------------------------------------

def walker_kind(cell, action, goal, size) -> str:
    """What an agent alone does: it is home, it meets the edge, or it walks freely."""
    return "home" if cell == goal else "edge" if rules.alone(cell, action, goal, size)[1] else "free"


def lone_walkers(size: int, n_agents: int, batch: int, kinds: tuple[str, ...], seed: int) -> tuple:
    """A case of ``walk``: agents that walk freely, meet the edge or are home, as ``kinds`` allows."""
    generator = torch.Generator().manual_seed(seed)
    cells = [[row, column] for row in range(size) for column in range(size)]
    goals = [cells[k] for k in torch.randperm(len(cells), generator=generator)[:n_agents]]
    positions, actions = [], []
    for _ in range(batch):
        placed, chosen = [], []
        for i in range(n_agents):
            options = [(cell, a) for cell in cells for a in range(4)
                       if cell not in placed and walker_kind(cell, a, goals[i], size) in kinds]
            cell, action = options[int(torch.randint(len(options), (1,), generator=generator))]
            placed.append(cell)
            chosen.append(action)
        positions.append(placed)
        actions.append(chosen)
    return torch.tensor(positions), torch.tensor(actions), torch.tensor(goals), size


def look_at_walk(room: Room, answer) -> Verdict:
    shapes = ((3, 1, 1), (3, 1, 6), (4, 2, 5), (6, 3, 4), (5, 2, 2), (3, 3, 3), (7, 2, 8))       # size, N, B
    for stage, kinds in enumerate((("free",), ("free", "edge"), ("free", "home"), ("free", "edge", "home"))):
        cases = [lone_walkers(*shape, kinds, 10 * stage + k) for k, shape in enumerate(shapes)]
        rules.compare_parts(room, answer, cases, rules.walk)
    cases = [lone_walkers(2, n, 6, ("free", "edge", "home"), 90 + n) for n in (1, 2, 3)]
    rules.compare_parts(room, answer, cases, rules.walk)
    at_the_edge(room, answer, wide.far_out(1) + wide.far_out(2), rules.walk, wide.SMALL[0], patience=wide.PATIENCE)
    at_the_edge(room, answer, wide.beside_a_goal(), rules.walk, wide.TWO_CELLS[0], patience=wide.PATIENCE)
    together = torch.tensor([[[0, 0], [2, 1], [1, 1], [1, 1]], [[2, 1], [2, 1], [0, 0], [1, 2]]])
    shared = (together, torch.tensor([[3, 0, 3, 1], [1, 3, 0, 2]]), torch.tensor([[2, 1], [2, 1], [1, 2], [0, 0]]), 3)
    at_the_edge(room, answer, [shared], rules.walk, APART)
    return Verdict("correct")


APART = "agents are told apart by their goals or cells"
WALK_MISTAKES = twisted(
    rules.walk,
    ("row and column", "rows and columns are swapped",
     "A position is (row, column). Which of the two changes when an agent goes up?",
     "the board is turned over its diagonal, and every agent looks for its goal in the wrong direction"),
    ("upside down", "up and down are turned around",
     "Row 0 is the top of the board. Does up make the row larger or smaller?",
     "who thinks that rows grow upwards has a board that stands on its head"),
    ("left for right", "left and right are turned around",
     "Column 0 is on the left. Does action 2 make the column larger or smaller?",
     "the board is seen in a mirror"),
    ("no edge", "agents leave the board",
     "Print the largest and the smallest row of your answer. Is every agent still on the board?",
     "a position off the board has no meaning, and every rule that follows goes wrong with it"),
    ("one too far", "the board is one row and one column too large",
     "What is the number of the last row of a board with `size` rows, when the first one is 0?",
     "the rows are 0 to size − 1; a row with the number `size` does not exist"),
    ("no first edge", "the board has no edge at row 0 or column 0",
     "A board has four sides. At which of them does your agent stop?",
     "the first row and column are edges as well as the last ones"),
    ("ring", "the board is a ring",
     "An agent that walks off the left side: does it come in on the right side here?",
     "without edges the longest way is half as long; it is another task"),
    ("bump unseen", "nobody notices a bump",
     "The agent stays on the board, good. What does the second result say about it?",
     "the team could then push against the edge for nothing"),
    ("home moves", "an agent walks away from its goal",
     "Read the first of the two rules. What does an agent on its goal do when it chooses an action?",
     "the agents would have to arrive in the very same step, which is another and harder task"),
    ("home pays", "an agent on its goal pays for the edge",
     "An agent on its goal does not move, whatever it chooses. Can it bump into something?",
     "a goal in a corner would cost something to sit on"),
    ("standing pays", "an agent on its goal counts as bumped because it stands still",
     "There are two reasons to stand still. Which of them is a bump?",
     "the agent that arrives first would pay for waiting"),
    ("anybody's home", "every goal stops every agent",
     "Agent i has one goal of its own. May it walk over the others' goals?",
     "an agent could get stuck for ever on a goal that is not its own"),
    ("half home", "an agent counts as home when only its row or its column is right",
     "A position has two numbers. How many of them must agree with the goal?",
     "an agent in the right column would never walk down it"),
    ("one stops all", "one agent that is home stops the whole board",
     "Agent 1 is home. May agent 2 still walk? Print your flag for home: it needs one entry for each agent.",
     "the others would never arrive"),
    ("board of five", "the size of the board is ignored",
     "The lesson's board had five rows. Does your function work on a board of three?",
     "a function that was asked for any size works for one"),
) + (
    Mistake(*wide.SMALL), Mistake(*wide.TWO_CELLS),
    Mistake(APART, "Two agents may have the same goal, and each is alone on the board. Which agent does your code find there?",
            "an agent is known by its place in the list, and by nothing else"),
)


# ---- 02.2 --------------------------------------------------------------------------------------------------------------

SWAP = ([[1, 1], [1, 2]], [[1, 2], [1, 1]])
FOLLOW = ([[1, 1], [1, 2]], [[1, 2], [1, 3]])
ROUND = ([[0, 0], [0, 1], [1, 1], [1, 0]], [[0, 1], [1, 1], [1, 0], [0, 0]])
THREE = ([[0, 1], [1, 0], [2, 1]], [[1, 1], [1, 1], [1, 1]])
FOUR = ([[0, 1], [1, 0], [2, 1], [1, 2]], [[1, 1], [1, 1], [1, 1], [1, 1]])
CHAIN = ([[0, 0], [0, 1], [0, 3]], [[0, 1], [0, 2], [0, 2]])
LONG_CHAIN = ([[0, 0], [0, 1], [0, 2], [0, 4]], [[0, 1], [0, 2], [0, 3], [0, 3]])


def chain(n_agents: int) -> tuple:
    """Agents in a row, the last two of which want one cell: it takes N - 1 rounds until nobody shares a cell."""
    columns = list(range(n_agents - 1))
    return [[0, c] for c in (*columns, n_agents)], [[0, c + 1] for c in (*columns, columns[-1])]


def crowds(n_agents: int, rounds: int, count: int, seed: int) -> list[tuple]:
    """Cases of ``settle`` with no conflict left to settle after exactly ``rounds`` rounds, never three on one cell."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    while len(found) < count:
        cells = torch.randperm(9, generator=generator)[:n_agents].tolist()
        before = [list(divmod(cell, 3)) for cell in cells]
        actions = torch.randint(5, (n_agents,), generator=generator).tolist()       # 4: the agent stands still
        after = [rules.alone(cell, a, None, 3)[0] if a < 4 else cell for cell, a in zip(before, actions)]
        crowded = any(after.count(cell) > 2 for cell in after)
        if not crowded and _rounds(before, after) == rounds:
            found.append((torch.tensor(before), torch.tensor(after)))
    return found


def _rounds(before, after) -> int:
    if len({tuple(cell) for cell in after}) == len(after):
        return 0
    return 1 + _rounds(before, [old if after.count(new) > 1 else new for old, new in zip(before, after)])


UNKNOWN = "the values are not the expected ones"       # the title of a wrong answer that no mistake explains


def look_at_settle(room: Room, answer) -> Verdict:
    fixed = [[tuple(map(torch.tensor, case)) for case in group]
             for group in ((SWAP, FOLLOW, ROUND), (THREE, FOUR), (CHAIN, LONG_CHAIN, chain(5), chain(8), chain(13)))]
    stages = (
        fixed[0] + crowds(1, 0, 2, 1) + crowds(2, 0, 10, 2) + crowds(4, 0, 10, 3),
        crowds(2, 1, 12, 4),
        crowds(3, 1, 12, 5) + crowds(5, 1, 8, 6),
        fixed[1],
        fixed[2] + crowds(4, 2, 8, 7) + crowds(5, 2, 8, 8) + crowds(6, 3, 4, 9),
    )
    for stage, cases in enumerate(stages):
        try:
            rules.compare_parts(room, answer, cases, rules.settle)
        except Found as found:
            if found.verdict.title != UNKNOWN:
                raise
            name = recognised(stage, [room.ask(answer, *case)[0] for case in cases], cases)
            raise room.wrong(name, found.verdict.detail) if name else found from None
    at_the_edge(room, answer, wide.settling(), lambda before, after: (after, False), wide.TWO_CELLS[0])
    wide.examine_chains(room, answer, chain)
    return Verdict("correct")


def recognised(stage: int, given: list, cases: list[tuple]) -> str | None:
    """What the positions show that no formula explains: somebody goes first, or a conflict is left."""
    if stage == 1 and all(sum(map(torch.equal, got, before)) >= 1 <= sum(map(torch.equal, got, after))
                          for got, (before, after) in zip(given, cases)):
        return "only one of the two goes back"
    if stage == 4 and any(len(got.unique(dim=0)) < len(got) for got in given):
        return "going back makes a new conflict, and it stays"
    return None


SETTLE_MISTAKES = twisted(
    rules.settle,
    ("swap", "agents that trade places are sent back",
     "Two agents that swap cells: do they ever stand on one cell, after the step?",
     "these rules look only at where the agents end; whether a swap is allowed is a choice, and here it is"),
    ("taken", "an agent may not enter a cell that somebody is just leaving",
     "Everybody moves at the same time. With whose new cell must an agent's new cell be compared?",
     "the old cell of an agent that moves on is free; comparing with it brings back an order among the agents"),
    ("half", "the same row or the same column counts as the same cell",
     "A cell has two numbers. How many of them must agree?",
     "agents that pass each other at a distance would be sent back"),
    ("one stays", "only one of the two goes back",
     "Who of the two has the right to the cell? Read the rule again.",
     "then the agents' numbers decide who gets through: an order that nobody observes"),
    ("nobody goes back", "the conflict is seen, but nobody goes back",
     "Two agents may never end on one cell. Where do yours end?",
     "later rules rely on everybody having a cell of their own"),
    ("never said", "the second result never says that there was a conflict",
     "The positions are right. When is your second result worked out: before the conflicts are settled or after?",
     "after the last round nobody shares a cell any more, so the question has to be asked before"),
    ("both moved", "an agent that stood still cannot be run into",
     "One agent stands still and another one walks into its cell. Do they share a cell?",
     "an agent that sits on its goal is in the way like any other"),
    ("everyone", "everybody goes back when any two meet",
     "Agents 1 and 2 meet in one corner, agent 3 walks alone in another. What has agent 3 to do with it?",
     "an agent's move would depend on agents that it never met"),
    ("pair by pair", "a third agent on the cell is overlooked",
     "Three agents want one cell. You send two of them back: does the third still share it when you look?",
     "settling one pair changes what the next pair looks like; find everybody who shares first, then send them back"),
    ("neighbours", "only neighbours in the list are compared",
     "Which pairs are there among three agents? Count the ones that you compare.",
     "agents 1 and 3 can meet as well as agents 1 and 2"),
    ("first two", "only the first two agents are compared",
     "How many agents are there? The lesson had two; this function is for any number.",
     "from three agents on most of the pairs are not looked at"),
    ("one round", "going back makes a new conflict, and it stays",
     "An agent goes back, and somebody else has just entered its old cell. Look again after sending back.",
     "with three agents or more one round is not enough"),
) + (Mistake(*wide.TWO_CELLS),)


EXERCISES = (
    Exercise(
        number="02.1", title="The edge of the board", answers={"walk": "function"}, difficulty=2, minutes=8,
        practises="move a whole batch of agents by indexing, with two rules that concern one agent only",
        hints=("Indexing a table of the four moves with the actions gives the moves of all agents at once. Which shape "
               "has the result?",
               "Work out three things for every agent: is it home, which cell does it want, does that cell lie outside?",
               "Two of these decide whether an agent stays; only a certain combination of them is a bump."),
        mistakes=WALK_MISTAKES, look=look_at_walk),
    Exercise(
        number="02.2", title="Who goes back", answers={"settle": "function"}, difficulty=3, minutes=10,
        practises="settle conflicts among any number of agents at the same time, without an order among them",
        hints=("First find everybody who shares a cell with anybody else. Only then move somebody.",
               "Sending somebody back can make a new conflict. When are you done?",
               "A table of all pairs says who stands on whose cell; an agent always shares a cell with itself, and that does "
               "not count."),
        mistakes=SETTLE_MISTAKES, look=look_at_settle),
    Exercise(
        number="02.3", title="The whole step of a team", answers={"team_step": "function"}, difficulty=4, minutes=12,
        practises="put the rules of simultaneous moves, shared reward and the end of the task into one batched function",
        hints=("Go in the order of the rules: everybody alone, then the conflict, then the reward. Old positions stay old.",
               "Keep one flag for each board: a collision here says nothing about the board next to it.",
               "The reward has two cases. Work out the ordinary one for every board, then put the other in where the task ended.",
               "A flag of shape [B] needs two more axes before it can choose between positions of shape [B, 2, 2]."),
        mistakes=TEAM_STEP_MISTAKES, look=look_at_team_step,
        off_limits=("qmix_course.envs.grid.GridWorld",)),
    *VIEWS,
    *LABS,
)
