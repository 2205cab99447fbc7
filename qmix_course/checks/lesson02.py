"""Checks of lesson 02, the environment: the edge of the board, conflicts, and the whole step of a team."""

from __future__ import annotations

import torch

from qmix_course.checks import lesson02_rules as rules
from qmix_course.checks import lesson02_wide as wide
from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02_labs import LABS
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


# ---- 02.3 --------------------------------------------------------------------------------------------------------------

def look_at_team_step(room: Room, answer) -> Verdict:
    plain = frozenset()
    stages = (
        lambda happens: happens == plain,
        lambda happens: happens <= {"bump"},
        lambda happens: happens <= {"home"},
        lambda happens: happens <= {"end", "home"} and (happens == plain or "end" in happens),
        lambda happens: happens in (plain, frozenset({"touch"})),
        lambda happens: happens == plain or happens == {"collision"},
        lambda happens: happens == plain or "collision" in happens,
        lambda happens: "collision" in happens and ("home" in happens or "bump" in happens),
        lambda happens: "two bumps" in happens or happens >= {"collision", "bump"},
        lambda happens: True,
    )
    for wanted in stages:
        shapes = ((3, 2, 1), (3, 4, 12), (4, 6, 9), (4, 7, 2), (5, 8, 25))          # size, seed, B
        cases = [rules.draw(*shape, wanted) for shape in shapes]
        if wanted is not stages[0]:                                                 # single boards make short examples
            cases += [rules.draw(3, seed, 1, lambda it, wanted=wanted: wanted(it) and it) for seed in range(20, 28)]
        rules.compare_parts(room, answer, cases, rules.team_step)
    everything = [rules.draw(*shape, stages[-1]) for shape in ((2, 1, 40), (2, 3, 1), (3, 5, 150), (4, 9, 150))]
    rules.compare_parts(room, answer, everything, rules.team_step)
    at_the_edge(room, answer, wide.far_out(2), rules.team_step, wide.SMALL[0], patience=wide.PATIENCE)
    at_the_edge(room, answer, wide.towards_a_pair(), rules.team_step, wide.TWO_CELLS[0], patience=wide.PATIENCE)
    return Verdict("correct")


TEAM_STEP_MISTAKES = twisted(
    rules.team_step,
    ("row and column", "rows and columns are swapped",
     "Row and column, in this order. Which one does action 0, up, change?",
     "the board is turned over its diagonal"),
    ("upside down", "up and down are turned around",
     "Action 0 is up, and row 0 is the top. Does the row become larger or smaller?",
     "the board stands on its head"),
    ("left for right", "left and right are turned around",
     "Column 0 is on the left. Does action 2 make the column larger or smaller?",
     "the board is seen in a mirror"),
    ("distance before", "the distances are taken before the move",
     "At which moment does rule 5 measure the distances?",
     "the reward of a step would tell the team about the step before it"),
    ("no step cost", "the cost of a step is missing",
     "Your reward is off by the same small amount in every step. Which term of rule 5 is constant?",
     "with it every extra step costs something even at a small distance"),
    ("straight line", "the distance is measured as the crow flies",
     "An agent cannot walk diagonally. How many steps away is a cell two down and one to the right?",
     "the Manhattan distance counts steps; the straight line is shorter than any way that an agent can go"),
    ("longer way", "only the longer of the two ways is counted",
     "Rows and columns both have to be walked. What is done with the two differences?",
     "an agent would be told that it is closer than it is"),
    ("other's goal", "each agent is measured against the other's goal",
     "Which row of `goals` belongs to which agent?",
     "the team is paid for walking to the wrong places"),
    ("no edge", "agents leave the board",
     "Print the smallest and the largest number in your new positions. Are all of them cells of the board?",
     "a position off the board has no meaning"),
    ("one too far", "the board is one row and one column too large",
     "Rows are counted from 0. Which number does the last one have?",
     "a row with the number `size` does not exist"),
    ("no first edge", "the board has no edge at row 0 or column 0",
     "A board has four sides. At which of them does your agent stop?",
     "the first row and column are edges as well as the last ones"),
    ("ring", "the board is a ring",
     "Does an agent that walks off one side come in on the other?",
     "without edges it is another task with shorter ways"),
    ("paid once", "a bump and a collision together are paid as one",
     "One agent bumps, and the other walks into it. How many things went wrong?",
     "the costs add up; the reward is not a yes or a no"),
    ("bumps free", "bumping into the edge costs nothing",
     "Which of your terms becomes smaller when an agent pushes against the edge?",
     "the team is not told that it wasted a move"),
    ("bumps paid once", "two bumps are paid as one",
     "Both agents bump in one step. How many times does the team pay?",
     "the reward would not change when one of two bumps is avoided"),
    ("home moves", "an agent walks away from its goal",
     "What does an agent that is home do when it chooses an action?",
     "the agents would have to arrive in the very same step"),
    ("home pays", "an agent on its goal pays for the edge",
     "An agent that is home does not move. Can it bump?",
     "sitting on a goal in a corner would cost something"),
    ("anybody's home", "every goal stops every agent",
     "May agent 1 walk over agent 2's goal?",
     "agents get stuck on goals that are not theirs"),
    ("prize less the step", "the reward at the end is not exactly 10",
     "Rule 4 gives the whole reward of the last step. Does anything come on top of it?",
     "the best return would not be 8.65 on the lesson's board"),
    ("no prize", "the reward at the end is missing",
     "Both are home: which rule gives the reward of this step?",
     "nothing tells the team that it has done what it was there for"),
    ("one is enough", "the task ends when one agent is home",
     "How many of the agents must be on their goals for the task to end?",
     "the second agent would never have to arrive"),
    ("never ends", "the task never ends",
     "Both agents have just arrived. Which positions do you compare with the goals, the old or the new ones?",
     "asked of the old positions, the answer comes a step too late"),
    ("swap", "agents that trade places are sent back",
     "Agents that swap cells: do they share one at the end of the step?",
     "under these rules only the cells at the end count"),
    ("one stays", "only one of the two goes back",
     "Who has the right to the cell when two want it? Read rule 3 again.",
     "the agents' numbers would decide who gets through"),
    ("first gives way", "only the first of the two goes back",
     "Two want one cell, and your second agent gets it. What does rule 3 say about the second?",
     "the agents' numbers would decide who gets through"),
    ("swap is paid", "agents that trade places pay for a collision",
     "Your agents may swap cells. Does rule 5 take anything for that? Look at what your collision flag compares.",
     "a swap is no collision under these rules, so it costs a step like any other"),
    ("in turn", "the agents move one after the other",
     "From which positions do you move the second agent: the ones at the start of the step?",
     "the next state then depends on a loop order that nobody observes"),
    ("taken", "an agent may not enter a cell that the other is just leaving",
     "Compare the new cell of one agent with the new cell of the other, not with its old one. What changes?",
     "a cell that is left in this step is free at its end"),
    ("nobody goes back", "two agents end on one cell",
     "You noticed the collision. Where do both agents stand afterwards?",
     "no two agents may share a cell, and in the next step they might not even be able to part"),
    ("all boards", "a collision on one board sends the agents of all boards back",
     "Ask for two boards of which only one has a collision. Does your test give one answer for each board?",
     "the boards of a batch have nothing to do with each other"),
    ("host is safe", "walking into an agent on its goal is not counted",
     "An agent on its goal is in the way like any other. What happens to one that walks into it?",
     "two agents would share a cell"),
    ("wished compared", "a collision is looked for among cells that the agents never reach",
     "An agent at the edge or on its goal stays where it is. Which cells do you compare: those that they want, or those "
     "where both would really be?",
     "whoever walks into an agent that stands still is overlooked"),
    ("distance unsettled", "the distances are taken before the agents are sent back",
     "The distances count from where the agents end. Is that settled when you measure?",
     "a collision would be rewarded for the step closer that did not happen"),
    ("collision free", "a collision costs nothing",
     "Two agents are sent back. Which of your terms tells the team?",
     "running into each other would only cost time"),
    ("collision twice", "a collision is paid twice",
     "Rule 5 says what a collision costs. Is that for each agent or for the event?",
     "the team pays once for one collision"),
) + (Mistake(*wide.SMALL), Mistake(*wide.TWO_CELLS))


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
