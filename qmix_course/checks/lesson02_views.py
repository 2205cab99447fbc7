"""Checks of lesson 02: what an agent sees, and the two ways in which an episode ends."""

from __future__ import annotations

import torch

from qmix_course.checks import lesson02_rules as rules
from qmix_course.checks import lesson02_wide as wide
from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02_leaks import LEAK_MISTAKES, look_at_leaks
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

# ---- 02.4 --------------------------------------------------------------------------------------------------------------

def observe(positions, goals, size, twist=None):
    """obs[B, N, 2N + 2]: own cell, the others' in the order of their numbers, own goal."""
    divisor = {"by size": size, "as they are": 1}.get(twist, size - 1)
    turn = twist == "column first"
    rows = [[_sees(i, cells, goals.tolist(), twist) for i in range(len(cells))] for cells in positions.tolist()]
    flat = [[[number for cell in sees for number in (cell[::-1] if turn else cell)] for sees in row] for row in rows]
    if twist == "whole":
        return torch.tensor([[[number // divisor for number in sees] for sees in row] for row in flat])
    if twist == "around zero":
        return torch.tensor(flat, dtype=torch.float64) / divisor * 2 - 1
    return torch.tensor(flat, dtype=torch.float64) / divisor


def _sees(i, cells, goals, twist):
    agents = range(len(cells))
    others = [cells[j] for j in agents if j != i]
    if twist == "rolled":
        others = [cells[(i + k) % len(cells)] for k in agents if k]
    if twist == "relative":
        others = [[row - cells[i][0], column - cells[i][1]] for row, column in others]
    goal = {"next goal": goals[(i + 1) % len(goals)], "first goal": goals[0]}.get(twist, goals[i])
    if twist == "all goals":
        return [cells[i], *others, *goals]
    if twist == "goal first":
        return [goal, cells[i], *others]
    if twist == "goal second":
        return [cells[i], goal, *others]
    if twist == "others first":
        return [*others, cells[i], goal]
    if twist == "by number":
        return [*cells, goal]
    if twist == "first agent":
        return _sees(0, cells, goals, None)
    if twist == "state":
        return [*cells, *goals]
    if twist == "way to goal":
        goal = [goal[0] - cells[i][0], goal[1] - cells[i][1]]
    return [cells[i], *others, goal]


def look_at_observe(room: Room, answer) -> Verdict:
    two, other = ((3, 2, 1), (3, 2, 2), (5, 2, 4), (4, 2, 3), (2, 2, 5)), ((4, 3, 1), (3, 3, 5), (6, 4, 2), (5, 1, 3), (3, 3, 3))
    for stage in (two, other):
        cases = []
        for size, n_agents, batch in stage:
            generator = torch.Generator().manual_seed(100 * size + 10 * n_agents + batch)
            drawn = [torch.randperm(size * size, generator=generator)[:n_agents] for _ in range(batch + 1)]
            cells = [torch.stack([k // size, k % size], -1) for k in drawn]
            cases.append((torch.stack(cells[1:]), cells[0], size))
        given = [room.ask(answer, *case) for case in cases]
        rules.right_but_for_the_type(given, [observe(*case) for case in cases], cases, "observe")
        room.compare(answer, cases, observe)
    large = [(torch.tensor([[[0, size - 1], [size // 2, 3]], [[size - 1, size - 1], [7, 0]]]), torch.tensor([[1, 0], [size - 1, 9]]), size)
             for size in (12, 40, 130, 2000)]
    at_the_edge(room, answer, large, observe, wide.SMALL[0])
    return Verdict("correct")


OBSERVE_MISTAKES = twisted(
    observe,
    ("by size", "the numbers are divided by size",
     "The last row must come out as 1. Which number does the last row have before you divide?",
     "0 to size − 1 are scaled to [0, 1] by size − 1; with size the last row is not 1"),
    ("as they are", "the numbers are not scaled",
     "In which range must all numbers of an observation lie?",
     "large inputs train worse, and a network for one board would not fit a larger one"),
    ("whole", "whole division throws the place on the board away",
     "Print one observation. Are there any numbers between 0 and 1?",
     "every cell but those of the last row and column becomes 0"),
    ("around zero", "the numbers are scaled to −1 to 1",
     "The exercise asks for a range. Which one?",
     "it is a fine idea, but the trained networks and the library's world expect another one"),
    ("next goal", "each agent sees another agent's goal",
     "Whose goal is the last pair of numbers in your observation of agent 1?",
     "the agent does not know where to go, and knows what it must not know"),
    ("first goal", "everybody sees the goal of agent 1",
     "Does the last pair of numbers differ from agent to agent?",
     "all others look for somebody else's goal"),
    ("all goals", "the others' goals leak into the observation",
     "Count the numbers in one observation. Which of them may agent i not know?",
     "an agent may see the others, but not where they want to go"),
    ("state", "the agents are given the state",
     "The state is for training only. What may agent i see, and in which order?",
     "when the team plays for itself nobody hands it the state"),
    ("by number", "the own position does not come first",
     "Compare the first two numbers of all agents. Should they be the same?",
     "with its own position in another place for each agent, an agent cannot tell which one it is"),
    ("others first", "the others come before the agent itself",
     "Whose position are the first two numbers?",
     "the order is part of what the exercise asks for: a network reads places, not names"),
    ("goal first", "the goal stands first",
     "What stands at the end of an observation?",
     "the order is fixed, so that your function fits the networks of later lessons"),
    ("goal second", "the goal stands before the others",
     "Own position, then what? Read the order again.",
     "a network that was trained with one order cannot read another one"),
    ("column first", "rows and columns are swapped",
     "A cell is (row, column). In which order do the two numbers come out?",
     "up and left change places for whoever reads it"),
    ("first agent", "everybody sees what agent 1 sees",
     "Do the observations differ along the second axis?",
     "all agents would act as if they stood where agent 1 stands"),
    ("relative", "the others are seen from the agent's own place",
     "Is the other's position a place on the board or a difference?",
     "differences are a fine choice too, but another one than this world makes"),
    ("way to goal", "the way to the goal stands where the goal should be",
     "Is the last pair a place on the board or a difference?",
     "the network gets other numbers than the ones it is built for"),
    ("rolled", "the others come in the wrong order",
     "Print the observation of agent 2 among three agents. In which order do the others come?",
     "with two agents every order is right; with three, the others come in the order of their numbers"),
) + (Mistake(*wide.SMALL),)


# ---- 02.6 --------------------------------------------------------------------------------------------------------------

def end_flags(positions, goals, clock, limit, twist=None):
    """terminated[B] and truncated[B]."""
    rows = []
    for cells, tick in zip(positions.tolist(), clock.tolist()):
        there = [cell == goal for cell, goal in zip(cells, goals.tolist())]
        if twist == "sums":
            there = [sum(cell) == sum(goal) for cell, goal in zip(cells, goals.tolist())]
        if twist == "team sums":
            there = [sum(map(sum, cells)) == sum(map(sum, goals.tolist()))]
        if twist == "half home":
            there = [cell[0] == goal[0] or cell[1] == goal[1] for cell, goal in zip(cells, goals.tolist())]
        if twist == "anybody's home":
            there = [cell in goals.tolist() for cell in cells]
        terminated = {"one is enough": any(there), "first and last": there[0] and there[-1]}.get(twist, all(there))
        out = {"one too late": tick > limit, "one too early": tick >= limit - 1}.get(twist, tick >= limit)
        truncated = out and not terminated
        rows.append({"both": (terminated, out), "clock wins": (terminated and not out, out),
                     "one flag": (terminated or out, terminated or out), "clock ends the task": (terminated or out, truncated),
                     "truncated means not yet": (terminated, not terminated),
                     "changed over": (truncated, terminated)}.get(twist, (terminated, truncated)))
    return torch.tensor([row[0] for row in rows]), torch.tensor([row[1] for row in rows])


def look_at_end_flags(room: Room, answer) -> Verdict:
    for stage in (((3, 2, 1), (3, 2, 6), (4, 2, 9)), ((3, 1, 5), (4, 3, 12), (3, 3, 3), (2, 2, 2))):
        cases = []
        for size, n_agents, batch in stage:
            generator = torch.Generator().manual_seed(100 * size + 10 * n_agents + batch)
            perms = [torch.randperm(size * size, generator=generator)[:n_agents] for _ in range(batch + 1)]
            cells = torch.stack([torch.stack([k // size, k % size], -1) for k in perms])
            goals, positions = cells[0], cells[1:]
            for limit in (1, 4, 10):
                clock = torch.tensor([(limit, max(limit - 1, 1), limit, 1)[k % 4] for k in range(batch)])
                if batch == 1:
                    cases += [(goals[None], goals, clock, limit), (positions, goals, clock, limit)]
                    continue
                placed = positions.clone()
                placed[::3] = goals                                     # every third board is solved,
                if n_agents > 1:
                    placed[1::3, 0] = goals[0]                          # on the next one agent 1 is home, as far as it can be
                    placed[2::3] = goals.flip(0)                        # and on the third they are on each other's goals
                cases.append((placed, goals, clock, limit))
            if n_agents > 1:
                cases.append(_all_but_one_home(goals, size))
        rules.compare_parts(room, answer, cases, end_flags)
    crowd = torch.tensor([[0, k] for k in range(9)])
    some = [_all_but_one_home(crowd[:n_agents], 9) for n_agents in (5, 6, 9)]
    at_the_edge(room, answer, some, end_flags, "only the first agents are looked at")
    clock = torch.tensor([19, 20, 21, 99, 100, 101, 199, 200, 499, 500, 501, 999, 1000])
    long = [(torch.full((len(clock), 1, 2), 1), torch.tensor([[0, 1]]), clock.clamp(max=limit), limit) for limit in (150, 1000)]
    at_the_edge(room, answer, long, end_flags, "the clock stops at a number of its own")
    beside = [(torch.tensor([[one]]), torch.tensor([two]), torch.tensor([1]), 5) for one, two in wide.PAIRS]
    at_the_edge(room, answer, beside, end_flags, wide.TWO_CELLS[0])
    return Verdict("correct")


def _all_but_one_home(goals: torch.Tensor, size: int) -> tuple:
    """A case with a board for each agent, on which it is the only one that is not home."""
    taken = goals.tolist()
    free = [[row, column] for row in range(size) for column in range(size) if [row, column] not in taken]
    placed = goals.repeat(len(goals), 1, 1)
    for i in range(len(goals)):
        placed[i, i] = torch.tensor(free[i % len(free)])
    return placed, goals, torch.tensor([(4, 2)[i % 2] for i in range(len(goals))]), 4


END_MISTAKES = twisted(
    end_flags,
    ("both", "the last tick is both at once",
     "The team arrives on the very last tick. Did the task end, or did only the clock run out?",
     "at the limit terminated wins: there is nothing after this step that one could have watched"),
    ("clock wins", "on the last tick the clock wins",
     "The team arrives on the very last tick. Is there anything left to earn?",
     "the learner would add a future to a task that is over"),
    ("one flag", "both flags say the same",
     "Can you still tell from your two results why an episode is over?",
     "a learner has to know which of the two it was"),
    ("clock ends the task", "the end of the clock counts as the end of the task",
     "The clock has run out one step from home. Is there nothing left to earn in that world?",
     "the future would be dropped from the targets of states that have one"),
    ("truncated means not yet", "an episode that simply goes on counts as truncated",
     "Most steps are neither the one nor the other. When does the clock say stop?",
     "every board would be reset after each step"),
    ("changed over", "the two flags are exchanged",
     "Which of the two is the end of the task? Look at the order of your results.",
     "the learner drops the future exactly where there is one"),
    ("one too late", "the clock stops too late, or never",
     "`clock` counts the step just played. Is your second result ever true? After step number `limit` no other may follow.",
     "a limit of 10 would allow 11 steps"),
    ("one too early", "the clock stops one step too early",
     "`clock` counts the step just played. How many steps does a limit of 4 allow?",
     "a limit of 4 would allow 3 steps"),
    ("one is enough", "one agent at home ends the task",
     "How many of the agents must be on their goals?",
     "the others would never have to arrive"),
    ("half home", "the right row or the right column counts as home",
     "A cell has two numbers. How many of them must agree?",
     "the task would end while agents are still on their way"),
    ("first and last", "only the first and the last agent are looked at",
     "How many agents are there? The function is for any number of them.",
     "with three agents the one in between could be anywhere"),
    ("anybody's home", "any goal will do",
     "Whose goal is each agent on? Look at the order of the rows of `goals`.",
     "agents on each other's goals have not solved the task"),
    ("sums", "a row too many and a column too few cancel",
     "An agent is one row too far down and one column too far to the left. What do your differences add up to?",
     "the sum of two differences can be 0 although neither is; each number has to agree"),
    ("team sums", "one agent's differences cancel another's",
     "Agent 1 is one cell short of its goal and agent 2 one cell past its own. What do your differences add up to?",
     "a sum over the team can be 0 although nobody is home"),
) + (
    Mistake("only the first agents are looked at",
            "Try five agents of which only the last one is not home. How many of them does your code ask?",
            "the function is for any number of agents, and all of them must be home"),
    Mistake("the clock stops at a number of its own",
            "Try limits of 150 and of 1,000. Is there another number than `limit` that your clock is held against?",
            "how long an episode may be is the task's choice, and it is given"),
    Mistake(*wide.TWO_CELLS),
)


VIEWS = (
    Exercise(
        number="02.4", title="What an agent sees", answers={"observe": "function"}, difficulty=3, minutes=10,
        practises="build every agent's own observation, in a fixed order, for any number of agents",
        hints=("An observation has three parts: one cell, N − 1 cells, one cell. Print your shapes part by part.",
               "The goals are the same on every board; they lack a batch axis, which `expand` can give them.",
               "For the others, list for each agent i the numbers of all agents but i, and index with that list."),
        mistakes=OBSERVE_MISTAKES, look=look_at_observe),
    Exercise(
        number="02.5", title="Find the leak", answers={"leaks": "function"}, difficulty=4, minutes=15,
        practises="test the structure of an observation by changing what must not matter",
        hints=("Keep all but one thing as it is and look twice. Which thing?",
               "A batch can hold all placements of the agents at once, so one call of `look` sees them all.",
               "For each agent and each goal of its own, try every goal of the other, and compare what this agent sees.",
               "`itertools.permutations(cells, 2)` lists all placements of two agents; `torch.equal` compares every number."),
        mistakes=LEAK_MISTAKES, look=look_at_leaks),
    Exercise(
        number="02.6", title="Two ways to end", answers={"end_flags": "function"}, difficulty=2, minutes=5,
        practises="keep the end of the task and the end of the clock apart, board by board",
        hints=("Terminated depends on positions and goals only. Which axes does the comparison have to lose?",
               "Truncated needs the clock and one thing more, for the case that both happen in the same step."),
        mistakes=END_MISTAKES, look=look_at_end_flags),
)
