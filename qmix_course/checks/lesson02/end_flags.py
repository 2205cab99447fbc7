"""02.6 · Two ways to end: keep the end of the task and the end of the clock apart, board by board."""

from __future__ import annotations

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.lesson02 import rules, wide
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


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
                     "one flag": (terminated or out, terminated or out),
                     "clock ends the task": (terminated or out, truncated),
                     "truncated means not yet": (terminated, not terminated),
                     "changed over": (truncated, terminated)}.get(twist, (terminated, truncated)))
    return torch.tensor([row[0] for row in rows]), torch.tensor([row[1] for row in rows])


def look(room: Room, answer) -> Verdict:
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
                    placed[1::3, 0] = goals[0]        # on the next one agent 1 is home, as far as it can be
                    placed[2::3] = goals.flip(0)        # and on the third they are on each other's goals
                cases.append((placed, goals, clock, limit))
            if n_agents > 1:
                cases.append(_all_but_one_home(goals, size))
        rules.compare_parts(room, answer, cases, end_flags)
    crowd = torch.tensor([[0, k] for k in range(9)])
    some = [_all_but_one_home(crowd[:n_agents], 9) for n_agents in (5, 6, 9)]
    at_the_edge(room, answer, some, end_flags, "only the first agents are looked at")
    clock = torch.tensor([19, 20, 21, 99, 100, 101, 199, 200, 499, 500, 501, 999, 1000])
    long = [(torch.full((len(clock), 1, 2), 1), torch.tensor([[0, 1]]), clock.clamp(max=limit), limit)
            for limit in (150, 1000)]
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


MISTAKES = twisted(
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
     "`clock` counts the step just played. Is your second result ever true? After step number `limit` no other may "
     "follow.",
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

EXERCISE = Exercise(
    number="02.6", title="Two ways to end", answers={"end_flags": "function"}, difficulty=2, minutes=5,
    practises="keep the end of the task and the end of the clock apart, board by board",
    hints=("Terminated depends on positions and goals only. Which axes does the comparison have to lose?",
           "Truncated needs the clock and one thing more, for the case that both happen in the same step."),
    mistakes=MISTAKES, look=look)
