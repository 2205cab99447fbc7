"""02.3 · The whole step of a team: put the rules of simultaneous moves, shared reward and the end of the task into one
batched function."""

from __future__ import annotations

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02 import rules, wide
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def look(room: Room, answer) -> Verdict:
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


MISTAKES = twisted(
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
     "An agent at the edge or on its goal stays where it is. Which cells do you compare: those that they want, or "
     "those where both would really be?",
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

EXERCISE = Exercise(
    number="02.3", title="The whole step of a team", answers={"team_step": "function"}, difficulty=4, minutes=12,
    core=True,
    practises="put the rules of simultaneous moves, shared reward and the end of the task into one batched function",
    hints=("Go in the order of the rules: everybody alone, then the conflict, then the reward. Old positions stay old.",
           "Keep one flag for each board: a collision here says nothing about the board next to it.",
           "The reward has two cases. Work out the ordinary one for every board, then put the other in where the task "
           "ended.",
           "A flag of shape [B] needs two more axes before it can choose between positions of shape [B, 2, 2]."),
    mistakes=MISTAKES, look=look,
    off_limits=("qmix_course.envs.grid.GridWorld",))
