# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,nbgrader,-all
#     notebook_metadata_filter: kernelspec,jupytext,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 02 · The environment
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/02_environment.ipynb)
#
# You write the rules of the team's world as functions for whole batches, catch an observation that tells too much, and fix two
# functions that run and are wrong.
#
# **Minutes:** 80
#
# **You need:** [lesson 02](../notebooks/02_environment.ipynb)
#
# In Colab, first *File > Save a copy in Drive*: without it, your answers are gone when you close the page.

# %%
# Set-up: use the course if it is here; if not (as in Colab), install it once. Run this cell first.
import importlib.util
import pathlib
import subprocess
import sys
REPOSITORY = "https://github.com/qmix-course/qmix-course"
above = [up for up in pathlib.Path("here").absolute().parents
         if (up / "qmix_course/__init__.py").exists()]
if above:
    sys.path.insert(0, str(above[0]))
elif importlib.util.find_spec("qmix_course") is None:  # --no-deps: torch and numpy stay as they are
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", f"git+{REPOSITORY}@v0.2.0"]
    if subprocess.run(pip).returncode:
        raise RuntimeError("The course could not be installed. Go online, then run this cell again."
                           f" Without internet, work in a clone of {REPOSITORY}")
    importlib.invalidate_caches()

# %%
from qmix_course import lesson

lesson.start("02")

# %%
from itertools import permutations, product

import torch

from qmix_course import exact
from qmix_course import plots
from qmix_course.checks import check, hint, solution
from qmix_course.envs import GridWorld

# %% [markdown]
# The moves of the lesson, for all exercises: `MOVES[action]` is what an action adds to (row, column). `B` counts boards, `N` agents. All positions,
# goals and actions are int64 tensors. The exercises do not build on each other.

# %%
# 0 up, 1 down, 2 left, 3 right, as (row, column)
MOVES = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])


# %% [markdown]
# ## Exercise 02.1 · The edge of the board
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# Write `walk(positions, actions, goals, size)`: where each agent would be if it were alone, on `B` boards at once. The two rules are those of step 2
# of the lesson:
#
# 1. An agent on its own goal stays there, whatever its action, and never counts as bumped.
# 2. Any other agent moves one cell. If that would take it off the board, it stays and has bumped.
#
# `positions[B, N, 2]`, `actions[B, N]` and `goals[N, 2]` are tensors (the same goals on every board); rows and columns go from 0 to `size` − 1.
# Return two tensors: the cells `[B, N, 2]`, int64, and who has bumped, `[B, N]`, bool.
#
# You are right if this holds for any number of boards and agents, any goals and any size from 2 on. Leave the input as it is. Agents do not
# meet here: that is the next exercise.

# %% nbgrader={"grade": false, "grade_id": "answer_02_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def walk(positions, actions, goals, size):
    """Each agent alone: positions[B, N, 2], actions[B, N], goals[N, 2]
    -> after[B, N, 2] int64, bumped[B, N] bool."""
    ### BEGIN SOLUTION
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    after = torch.where((home | outside)[..., None], positions, wanted)
    return after, outside & ~home
    ### END SOLUTION


# %%
# Try it. One agent pushes against the upper edge, the other one goes left.
walk(torch.tensor([[[0, 0], [4, 4]]]), torch.tensor([[0, 2]]), torch.tensor([[4, 0], [0, 4]]), 5)

# %% nbgrader={"grade": true, "grade_id": "check_02_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("02.1", walk)


# %% [markdown]
# ## Exercise 02.2 · Who goes back
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# The lesson's `send_back` is for two agents. Write `settle(before, after)` for any number of agents on *one* board: `before[N, 2]` holds where they
# were, `after[N, 2]` where each would be if it were alone.
#
# - All agents that share a cell with somebody go back to where they were, all of them at once, however many share it.
# - If somebody shares a cell now, repeat. When nobody shares a cell any more, you are done.
# - Only cells *after* the step count: agents may swap places, and one may enter a cell that another one is just leaving.
# - An agent that stood still is in the way like any other.
#
# Return the settled positions `[N, 2]`, int64, and `True` if there was at least one conflict, otherwise `False`.
#
# With three agents there is something new. Here agents 2 and 3 want one cell, while agent 1 moves to agent 2's old cell:
#
# | | agent 1 | agent 2 | agent 3 |
# |---|---|---|---|
# | before | (0, 0) | (0, 1) | (0, 3) |
# | after | (0, 1) | **(0, 2)** | **(0, 2)** |
# | 2 and 3 go back | **(0, 1)** | **(0, 1)** | (0, 3) |
# | 1 goes back too: settled | (0, 0) | (0, 1) | (0, 3) |
#
# You are right if this holds for any `N` from 1 on. The cells in `before` all differ. Leave the input as it is.

# %% nbgrader={"grade": false, "grade_id": "answer_02_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def settle(before, after):
    """Conflicts on one board: before[N, 2], after[N, 2]
    -> positions[N, 2] int64, whether there was a conflict (bool)."""
    ### BEGIN SOLUTION
    oneself = torch.eye(len(before), dtype=torch.bool)
    collided = False
    while True:
        # [N, N]: who stands on whose cell
        meets = (after[:, None] == after[None]).all(-1) & ~oneself
        shares = meets.any(1)
        if not shares.any():
            return after, collided
        collided = True
        after = torch.where(shares[:, None], before, after)
    ### END SOLUTION


# %%
# Try it on the table above: all three end where they were, and there was a conflict.
settle(torch.tensor([[0, 0], [0, 1], [0, 3]]), torch.tensor([[0, 1], [0, 2], [0, 2]]))

# %% nbgrader={"grade": true, "grade_id": "check_02_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("02.2", settle)


# %% [markdown]
# ## Exercise 02.3 · The whole step of a team
#
# **Difficulty:** 4 of 5 · **Minutes:** 12 · **Core**
#
# Write `team_step(positions, actions, goals, size)`: one step of *two* agents on `B` boards, all rules together, without the library's
# `GridWorld`. The numbers are those of the lesson:
#
# 1. An agent on its goal stays there, whatever its action, and pays nothing.
# 2. Any other agent moves. If that would take it off the board, it stays and has bumped.
# 3. If both would now share a cell, both go back to where they were: a collision. Swapping cells is none.
# 4. If both are on their own goals after the step: the reward is exactly 10, and the task has ended.
# 5. Otherwise the reward is −0.05 − 0.1 × (sum of both Manhattan distances to the goals, measured when all is settled) − 0.5 for each agent that
#    bumped − 0.5 for a collision.
#
# `positions[B, 2, 2]`, `actions[B, 2]`, `goals[2, 2]`. Return three tensors: the new positions `[B, 2, 2]`, int64; the reward `[B]`, in torch's default float;
# whether the task has ended, `[B]`, bool.
#
# You are right if this holds on every board of a batch, for any two different goals and any size from 2 on. The two agents begin on different
# cells, and never with both of them home. Leave the input as it is. You will meet this function again: the capstone of Part I trains its team in it.

# %% nbgrader={"grade": false, "grade_id": "answer_02_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def team_step(positions, actions, goals, size):
    """One step: positions[B, 2, 2], actions[B, 2], goals[2, 2]
    -> positions[B, 2, 2] int64, reward[B], terminated[B] bool."""
    ### BEGIN SOLUTION
    home = (positions == goals).all(-1)                                     # [B, N]
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    after = torch.where((home | outside)[..., None], positions, wanted)
    collided = (after[:, 0] == after[:, 1]).all(-1)                         # [B]
    after = torch.where(collided[:, None, None], positions, after)
    distance = (after - goals).abs().sum((1, 2))
    terminated = distance == 0
    faults = (outside & ~home).sum(1) + collided
    reward = torch.where(terminated, 10.0, -0.05 - 0.1 * distance - 0.5 * faults)
    return after, reward, terminated
    ### END SOLUTION


# %%
# Try it. The best first step from the usual start costs 0.65.
team_step(torch.tensor([[[0, 0], [4, 4]]]), torch.tensor([[1, 0]]),
          torch.tensor([[4, 0], [0, 4]]), 5)

# %% nbgrader={"grade": true, "grade_id": "check_02_3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("02.3", team_step)


# %% [markdown]
# ## Exercise 02.4 · What an agent sees
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# Write `observe(positions, goals, size)` for `B` boards and any number of agents. The observation of agent $i$ is, in this order:
#
# - its own (row, column);
# - the (row, column) of each of the others, in the order of their numbers;
# - its own goal's (row, column);
#
# each divided by `size` − 1. So with two agents an observation has 6 numbers, and with `N` agents 2`N` + 2.
#
# `positions[B, N, 2]` and `goals[N, 2]` are int64 tensors, `size` is 2 or more. Return `obs[B, N, 2N + 2]` in torch's default float.
#
# You are right if every number is in its place, for one agent, two, three or four.

# %% nbgrader={"grade": false, "grade_id": "answer_02_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def observe(positions, goals, size):
    """What each agent sees: positions[B, N, 2], goals[N, 2] -> obs[B, N, 2N + 2]."""
    ### BEGIN SOLUTION
    n_agents = len(goals)
    rows = []
    for agent in range(n_agents):
        order = [agent] + [other for other in range(n_agents) if other != agent]
        goal = goals[agent].expand(len(positions), 2)
        rows.append(torch.cat([positions[:, order].flatten(1), goal], dim=1))
    return torch.stack(rows, dim=1) / (size - 1)
    ### END SOLUTION


# %%
# Try it: two agents in their corners, six numbers for each.
observe(torch.tensor([[[0, 0], [4, 4]]]), torch.tensor([[4, 0], [0, 4]]), 5)

# %% nbgrader={"grade": true, "grade_id": "check_02_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("02.4", observe)


# %% [markdown]
# ## Exercise 02.5 · Find the leak
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Extra**
#
# Somebody hands you a function `look(positions, goals, size)` that makes the observations of two agents: `positions[B, 2, 2]`, `goals[2, 2]` (both int64),
# result `[B, 2, O]` for any `O`. Is it honest? An agent may see its own goal and where everybody is. It may *not* see the other agent's goal, nor anything that
# depends on it.
#
# Write `leaks(look, size)`: `True` if the observation of either agent depends on the other's goal, however little, otherwise `False`.
#
# You cannot read `look`, only call it. It always gives the same answer to the same question. A leak may reach only one of the two agents, or show only in some
# placements or for some goals. So try them all: the boards have size 2 or 3, and all pairs of different cells for the agents (at most 72) fit
# into one batch.
#
# You are right if you find every leak and accuse nobody who is honest. Here are two to try it on.

# %%
def honest_look(positions, goals, size):
    """What the lesson's agents see, for a batch of boards."""
    return (torch.cat([positions, positions.flip(1), goals.expand_as(positions)], dim=-1)
            / (size - 1))


def leaky_look(positions, goals, size):
    """Something more for agent 2: how far agent 1 still has to go."""
    to_go = (positions[:, 0] - goals[0]).abs().sum(-1)
    extra = torch.stack([torch.zeros_like(to_go), to_go], dim=1)
    return torch.cat([honest_look(positions, goals, size), extra[..., None]], dim=-1)


# %% nbgrader={"grade": false, "grade_id": "answer_02_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaks(look, size):
    """Whether what an agent sees ever depends on the other agent's goal (bool)."""
    ### BEGIN SOLUTION
    cells = list(product(range(size), repeat=2))
    placements = torch.tensor(list(permutations(cells, 2)))             # [X, 2, 2]
    for agent in (0, 1):
        for own in cells:
            seen = []
            for other in cells:
                if other != own:
                    goals = [own, other] if agent == 0 else [other, own]
                    seen.append(look(placements, torch.tensor(goals), size)[:, agent])
            if any(not torch.equal(one, seen[0]) for one in seen):
                return True
    return False
    ### END SOLUTION


# %%
# Try it on the one that leaks.
leaks(leaky_look, 3)

# %% nbgrader={"grade": true, "grade_id": "check_02_5", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("02.5", leaks)


# %% [markdown]
# ## Exercise 02.6 · Two ways to end
#
# **Difficulty:** 2 of 5 · **Minutes:** 5 · **Extra**
#
# Write `end_flags(positions, goals, clock, limit)` for `B` boards. `positions[B, N, 2]` holds where the agents are *after* a step, `clock[B]`
# (int64) how many steps each board's episode has had, this step included: from 1 to `limit`. `goals[N, 2]` as before.
#
# Return two tensors, `terminated[B]` and `truncated[B]`, both bool: did the task end, because every agent is on its own goal; and did only the clock run out.
# At the limit, terminated wins.
#
# You are right if both flags are right on every board, for any number of agents.

# %% nbgrader={"grade": false, "grade_id": "answer_02_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
def end_flags(positions, goals, clock, limit):
    """How the episodes stand: positions[B, N, 2], goals[N, 2], clock[B]
    -> terminated[B] bool, truncated[B] bool."""
    ### BEGIN SOLUTION
    terminated = (positions == goals).all(-1).all(-1)
    truncated = (clock >= limit) & ~terminated
    return terminated, truncated
    ### END SOLUTION


# %%
# Try it. Both clocks stand at the limit; on the first board everybody is home as well.
end_flags(torch.tensor([[[4, 0], [0, 4]], [[0, 0], [4, 4]]]), torch.tensor([[4, 0], [0, 4]]),
          torch.tensor([100, 100]), 100)

# %% nbgrader={"grade": true, "grade_id": "check_02_6", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("02.6", end_flags)


# %% [markdown]
# ## Find the bug 02.7 · Two on one cell
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Core**
#
# A world without goals, to keep it short: two agents move at the same time on `B` boards. Against the edge they stay. If both would share a cell, both go
# back. So there is one thing that no picture of this world may ever show. The function below runs.

# %%
def move_team(positions, actions, size):
    """Both agents after the step: positions[B, 2, 2], actions[B, 2] -> [B, 2, 2]."""
    after = positions
    after += MOVES[actions]
    after.clamp_(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], positions, after)


# %% [markdown]
# A thousand boards of each size, all agents moving at random from opposite corners. On what share of the boards do two agents stand on one cell?

# %%
def shares(move, size, steps=30, boards=1000):
    """After each step, the share of boards on which both agents stand on one cell."""
    generator = torch.Generator().manual_seed(0)
    positions = torch.tensor([[0, 0], [size - 1, size - 1]]).repeat(boards, 1, 1)
    row = []
    for _ in range(steps):
        positions = move(positions, torch.randint(4, (boards, 2), generator=generator), size)
        row.append((positions[:, 0] == positions[:, 1]).all(-1).double().mean().item())
    return row


def picture(move):
    lines = {f"{size} × {size}": shares(move, size) for size in (3, 5, 9)}
    return plots.lines(range(1, 31), lines, "Two agents on one cell", "step", "share of boards")


picture(move_team)

# %% [markdown]
# By the rules all three lines lie at 0. Which of these is the cause?
#
# - **A.** The edge pushes both agents into one cell.
# - **B.** Agents that trade places meet in the middle.
# - **C.** `shared` looks at one of a cell's two numbers only.
# - **D.** They are sent back to where they already stand.
# - **E.** A collision on one board moves the agents of another.
#
# Put its letter into `cause`, and write the repaired function as `mended_move`: copy the listing and fix it. To see the lines again, run `picture(mended_move)`.
#
# You are right if the letter is, if all boards come out as the rules say, and if the function leaves the positions that it was given as they were.

# %% nbgrader={"grade": false, "grade_id": "answer_02_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ### BEGIN SOLUTION
    "D"
    ### END SOLUTION
)


def mended_move(positions, actions, size):
    """Both agents after the step: positions[B, 2, 2], actions[B, 2] -> [B, 2, 2]."""
    ### BEGIN SOLUTION
    after = positions.clone()
    after += MOVES[actions]
    after.clamp_(0, size - 1)
    shared = (after[:, 0] == after[:, 1]).all(-1)
    return torch.where(shared[:, None, None], positions, after)
    ### END SOLUTION


# %%
# Try it. The two want the same cell: both should be back on (2, 1) and (2, 3).
mended_move(torch.tensor([[[2, 1], [2, 3]]]), torch.tensor([[3, 2]]), 5)

# %% nbgrader={"grade": true, "grade_id": "check_02_7", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("02.7", cause, mended_move)


# %% [markdown]
# ## Find the bug 02.8 · The last row of an episode
#
# **Difficulty:** 4 of 5 · **Minutes:** 12 · **Extra**
#
# This function plays a batch of boards and writes down what a learner needs. `choose` is a function from the latest step (with `.obs`, `.state` and the
# rest) to actions `[B, N]`; it is asked once a step. Boards that have ended begin again, as in step 7 of the lesson. Each step adds one row a board,
# whatever happens in it: the state before, the actions, the reward, whether the task ended, and the state that *followed*.

# %%
def collect(env, choose, steps):
    """Play ``steps`` steps of env's B boards: a dict of columns, each [steps * B, ...]."""
    names = ("state", "actions", "reward", "terminated", "next_state")                      # 1
    columns = {name: [] for name in names}                                                  # 2
    now = env.reset()                                                                       # 3
    for _ in range(steps):                                                                  # 4
        actions = choose(now)                                                               # 5
        after = env.step(actions)                                                           # 6
        columns["state"].append(now.state)                                                  # 7
        columns["actions"].append(actions)                                                  # 8
        columns["reward"].append(after.reward)                                              # 9
        columns["terminated"].append(after.terminated)                                      # 10
        now = env.reset(where=after.ended) if after.ended.any() else after                  # 11
        columns["next_state"].append(now.state)                                             # 12
    return {name: torch.cat(parts) for name, parts in columns.items()}                      # 13


# %% [markdown]
# Nothing crashes, and the shapes are right. But the oracle knows the exact $Q^*(s, \mathbf u)$ of every state. In a row in which the task did not end,
# $r + \gamma \max_{\mathbf u'} Q^*(s', \mathbf u')$ must be that very number.

# %%
GAMMA = 0.99
solution_3 = exact.solve(GridWorld(size=3), gamma=GAMMA)


def contradictions(data):
    """How many rows in which the task did not end contradict the oracle,
    and how many such rows there are."""
    goes_on = ~data["terminated"]
    first, second = data["actions"][goes_on].T
    q = solution_3.q[solution_3.index(data["state"][goes_on]), first, second]
    target = (data["reward"][goes_on]
              + GAMMA * solution_3.v[solution_3.index(data["next_state"][goes_on])])
    return int(((target - q).abs() > 1e-9).sum()), int(goes_on.sum())


generator = torch.Generator().manual_seed(0)
data = collect(GridWorld(size=3, num_envs=4, episode_limit=10),
               lambda step: torch.randint(4, (4, 2), generator=generator), steps=100)
wrong, rows = contradictions(data)
print(f"{wrong} of {rows} rows contradict the oracle")

# %% [markdown]
# Most rows are right, and some are not. Give the number of the line with the bug as `wrong_line_b`, and write the repaired function as `mended_collect`. If two
# lines can be blamed, either will do.
#
# You are right if all five columns are what happened, row for row, for any number of boards and any step limit. The rows come in the order of the listing: step
# by step, and within a step board by board.

# %% nbgrader={"grade": false, "grade_id": "answer_02_8", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line_b = (
    ### BEGIN SOLUTION
    12
    ### END SOLUTION
)


def mended_collect(env, choose, steps):
    """Play ``steps`` steps of env's B boards: a dict of columns, each [steps * B, ...]."""
    ### BEGIN SOLUTION
    names = ("state", "actions", "reward", "terminated", "next_state")
    columns = {name: [] for name in names}
    now = env.reset()
    for _ in range(steps):
        actions = choose(now)
        after = env.step(actions)
        columns["state"].append(now.state)
        columns["actions"].append(actions)
        columns["reward"].append(after.reward)
        columns["terminated"].append(after.terminated)
        columns["next_state"].append(after.state)
        now = env.reset(where=after.ended) if after.ended.any() else after
    return {name: torch.cat(parts) for name, parts in columns.items()}
    ### END SOLUTION


# %%
# Try it. The oracle again, on the rows of your function.
generator.manual_seed(0)
mended = mended_collect(GridWorld(size=3, num_envs=4, episode_limit=10),
                        lambda step: torch.randint(4, (4, 2), generator=generator), steps=100)
mended and print("{} of {} rows contradict the oracle".format(*contradictions(mended)))

# %% nbgrader={"grade": true, "grade_id": "check_02_8", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("02.8", wrong_line_b, mended_collect)
