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
# # Lesson 02 · The environment
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/02_environment.ipynb)
#
# You write the course's grid world rule by rule, and end with a world that agrees with the library's step for step.
#
# **Minutes:** 37, and 7 more for *Going further*
#
# **You need:** lessons 00 and 01; how to index a PyTorch tensor.
#
# **After this lesson you can**
# - write a world in which a team acts at the same time, one rule after the other
# - say what is an observation, what is the state, and who may read which
# - tell the end of a task from the end of the clock, and say what is lost when they are mixed up
# - play many boards at once and reset only those that have ended
# - ask an exact solver what the best team can earn, before anything is learned

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
from itertools import product

import torch

from qmix_course import exact, plots, touch
from qmix_course.envs import GridWorld

# %% [markdown]
# ## The problem
#
# An environment for one agent is a function: a state and an action go in, a reward and the next state come out. The
# obvious way to a team is a loop over the agents: first agent 1 moves, then agent 2. (Agent 1 is index 0 in code.)
#
# Here it is on a 5×5 board, where an agent may not enter a cell that is taken.

# %%
STEP = [(-1, 0), (1, 0), (0, -1), (0, 1)]          # 0 up, 1 down, 2 left, 3 right, as (row, column)


def move_in_turn(positions, actions, order):
    positions = list(positions)
    for agent in order:
        row, column = positions[agent]
        wanted = (row + STEP[actions[agent]][0], column + STEP[actions[agent]][1])
        on_board = 0 <= wanted[0] < 5 and 0 <= wanted[1] < 5
        if on_board and wanted not in positions:
            positions[agent] = wanted
    return positions


state, joint_action = [(2, 1), (2, 2)], [3, 3]     # side by side, and both want to go right
print("agent 1 first:", move_in_turn(state, joint_action, order=[0, 1]))
print("agent 2 first:", move_in_turn(state, joint_action, order=[1, 0]))

# %% [markdown]
# The same state, the same joint action, two next states: if agent 1 goes first, agent 2 is still in its way.
#
# With a fixed order, a line of code says who has the right of way. Where the order changes from step to step, the value of a
# joint action, $Q(s, \mathbf u)$, is not even one number any more: it depends on something that nobody observes. A team that
# acts *at the same time* needs rules for what happens at the same time. You write them now.

# %% [markdown]
# ## Build it
#
# ### Step 1: the board
#
# Two agents stand in opposite corners and each has to get to its own goal, straight along the edge of the
# board. One tensor `positions[N, 2]` holds where everybody is, as (row, column); row 0 is the top.

# %%
SIZE = 5
MOVES = torch.tensor(STEP)                                          # [A, 2], A = 4 actions
START = torch.tensor([[0, 0], [SIZE - 1, SIZE - 1]])                # [N, 2]
GOALS = torch.tensor([[SIZE - 1, 0], [0, SIZE - 1]])                # [N, 2]

plots.board(START, SIZE, goals=GOALS,
            title="The start: each agent walks to the star with its number")


# %% [markdown]
# ### Step 2: what an agent would do if it were alone
#
# Two rules concern one agent only.
#
# 1. An agent on its goal stays there, whatever its action, and pays nothing.
# 2. Any other agent moves one cell. If that would take it off the board, it stays, and the team pays for the bump.
#
# All agents are moved in one go, from the *old* positions, so there is no order.

# %%
def move_alone(positions, actions):
    """Where each agent would be if it were alone [N, 2], and who bumped into the edge [N] bool."""
    home = (positions == GOALS).all(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= SIZE)).any(-1)
    after = torch.where((home | outside)[:, None], positions, wanted)
    return after, outside & ~home


after, bumped = move_alone(START, torch.tensor([1, 1]))             # both choose "down"
print("after :", after.tolist())
print("bumped:", bumped.tolist())


# %% [markdown]
# ### Step 3: what happens when two want one cell
#
# 3. If both would now share a cell, *both* go back to where they were, and the team pays once.
#
# Going back cannot make a new conflict here: with two agents, the cells they came from were different.

# %%
def send_back(positions, after):
    """The positions [N, 2] once conflicts are settled, and whether there was one."""
    collided = bool((after[0] == after[1]).all())
    return (positions if collided else after), collided


# %% [markdown]
# **Predict.** Three cases. In which of them does the team pay for a collision?
#
# - *Head on:* agents on (2, 1) and (2, 3). Agent 1 goes right, agent 2 left.
# - *Swap:* agents on (2, 1) and (2, 2). Agent 1 goes right, agent 2 left.
# - *Visit:* agent 1 sits on its goal (4, 0), agent 2 on (4, 1). Agent 1 chooses up, agent 2 left.

# %%
guess = ...  # a list such as ["no", "no", "no"]: head on, swap, visit

cases = {"head on": ([[2, 1], [2, 3]], [3, 2]),
         "swap": ([[2, 1], [2, 2]], [3, 2]),
         "visit": ([[4, 0], [4, 1]], [0, 2])}
figure, axes = plots.panels(2, 3, size=(8.4, 6.2), layout="compressed")
ends, pays = {}, []
for column, (name, (where, actions)) in enumerate(cases.items()):
    before = torch.tensor(where)
    after, collided = send_back(before, move_alone(before, torch.tensor(actions))[0])
    ends[name] = f"{before.tolist()} -> {after.tolist()}  collision: {collided}"
    pays.append(collided)
    plots.board(before, SIZE, GOALS, ax=axes[0, column], title=f"{name}: before")
    plots.board(after, SIZE, GOALS, ax=axes[1, column], title=f"{name}: after")
with lesson.prediction(guess, pays) as fold:
    for name, text in ends.items():
        print(f"{name:8} {text}")
    fold.append(figure)


# %% [markdown]
# <details><summary>After your guess</summary>
#
# What counts is where the two would stand *after* the step: only a shared cell is a collision, whatever the way there, and an agent
# that sits on its goal is in the way like any other.
#
# </details>
#
# ### Step 4: one reward for the team
#
# 4. Both on their goals: the reward is exactly 10, and the task has ended.
# 5. Otherwise it is −0.05 − 0.1 × (the sum of the Manhattan distances to the goals, after the move) − 0.5 for each
#    bump into the edge − 0.5 for a collision.
#
# The distance term says at every step whether the team got closer, so a learner need not wait for the first 10 to learn
# something. There is one number $r$ for the whole team. It does not say who earned it ([lesson 01](01_cooperation.ipynb) called
# that credit assignment; *Going further* has a case).

# %%
def team_reward(after, bumped, collided):
    distance = int((after - GOALS).abs().sum())
    if distance == 0:
        return 10.0
    return -0.05 - 0.1 * distance - 0.5 * (int(bumped.sum()) + collided)


# %% [markdown]
# **Predict.** In lesson 00 you added up the best episode: both agents walk straight, four steps, return 8.65. Now agent 2
# chooses *down* in the first step, by mistake, and walks up from then on. How many steps does the episode take, and by how
# much does the mistake lower the return? (The distances add up to 8 before the first step.)

# %%
guess = ...  # two numbers, as in [4, 0.1]: steps, by how much the return falls

returns, told = [], []
for name, first in (("both straight", [1, 0]), ("agent 2 down first", [1, 1])):
    positions, rewards = START, []
    while not rewards or rewards[-1] != 10.0:
        joint_action = [1, 0] if rewards else first         # later always: agent 1 down, agent 2 up
        after, bumped = move_alone(positions, torch.tensor(joint_action))
        positions, collided = send_back(positions, after)
        rewards.append(team_reward(positions, bumped, collided))
    returns.append(sum(rewards))
    told.append(f"{name}: {len(rewards)} steps, rewards {[round(r, 2) for r in rewards]}, "
                f"return {returns[-1]:.2f}")
with lesson.prediction(guess, [len(rewards), round(returns[0] - returns[1], 6)]):
    print(*told, sep="\n")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The mistake costs more than the 0.5 for the bump, because everything else comes one step later.
#
# </details>
#
# ### Step 5: what an agent sees, and what only training may know
#
# The observation $o_i$ is what agent $i$ has at hand when it acts: its own (row, column), the other's, and its own
# goal's. The state $s$ is everything: all positions, then all goals. All numbers are divided by size − 1, so they lie in
# [0, 1]. $O = 6$ numbers in each observation, $S = 8$ in the state. The rule for the whole course: **agents act on $o_i$ alone;
# the state is for training only.**

# %%
def observe(positions, goals=GOALS):
    """obs[N, O] and state[S]."""
    p, g = positions / (SIZE - 1), goals / (SIZE - 1)
    obs = torch.stack([torch.cat([p[i], p[1 - i], g[i]]) for i in range(2)])
    return obs, torch.cat([p.flatten(), g.flatten()])


obs, state = observe(torch.tensor([[1, 0], [4, 4]]))
print("agent 1 sees:", obs[0].tolist())
print("agent 2 sees:", obs[1].tolist())
print("the state   :", state.tolist())

# %% [markdown]
# What an agent lacks is the other's goal. How much does an observation give away all the same? List all $X$ placements of the
# two agents but the solved one, and count the different observations of agent 1.

# %%
placements = GridWorld(size=SIZE).placements()                      # [X, N, 2]
seen = torch.stack([observe(p)[0][0] for p in placements])
print("placements:", len(placements),
      " different observations of agent 1:", len(seen.unique(dim=0)))


# %% [markdown]
# They are as many: each agent could work out the state from its own observation. So this task is easy on purpose, and
# no test of partial observability. The rule is kept anyway, because other tasks are not like this one: in the
# StarCraft Multi-Agent Challenge, for example, a unit sees only what lies within its sight range.
#
# ### Step 6: the end of the task and the end of the clock
#
# An episode can be over for two reasons.
#
# - `terminated`: the task has ended. Nothing comes after, so nothing more can be earned.
# - `truncated`: only the clock ran out. The world would have gone on; we stopped watching.
#
# Put the pieces together. `step` returns the *true last observation* of the episode; after the end it refuses to go
# on until somebody asks for a reset.

# %%
class HandWorld:
    def __init__(self, limit=100):
        self.limit = limit

    def reset(self, positions=START):
        self.positions, self.clock, self.ended = positions, 0, False
        return (*observe(positions), 0.0, False, False)

    def step(self, actions):
        if self.ended:
            raise RuntimeError("the episode has ended; call reset() first")
        after, bumped = move_alone(self.positions, actions)
        self.positions, collided = send_back(self.positions, after)
        self.clock += 1
        reward = team_reward(self.positions, bumped, collided)
        terminated = bool((self.positions == GOALS).all())
        truncated = self.clock >= self.limit and not terminated
        self.ended = terminated or truncated
        return (*observe(self.positions), reward, terminated, truncated)


# %% [markdown]
# **Predict.** Both agents walk straight home, which takes four steps. The clock allows (a) 100, (b) 4, (c) 3 steps. In each
# case: is the last step terminated, truncated, or both?

# %%
guess = ...  # (a), (b), (c), as in ["both", "truncated", "both"] (or "terminated")

words, told = [], []
for limit in (100, 4, 3):
    world = HandWorld(limit)
    world.reset()
    while not world.ended:
        _, _, reward, terminated, truncated = world.step(torch.tensor([1, 0]))
    words.append("both" if terminated and truncated else
                 "terminated" if terminated else "truncated")
    told.append(f"limit {limit:3}: {world.clock} steps, last reward {reward:5.2f}")
with lesson.prediction(guess, words, words=("terminated", "truncated", "both")):
    print(*told, sep="\n")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# In case (b) the team arrives on the very last tick. The rule there: what the task says wins over what the clock says.
#
# Case (c) is the one to remember. The team stands one step from the reward of 10. A learner
# that forms the target $y = r + \gamma \cdot$ (value of what comes next) must keep the second term
# there, and must drop it when the task has ended. *Break it* shows what happens otherwise, and
# [lesson 06](06_replay_and_targets.ipynb) trains a team with the wrong target.
#
# </details>
#
# **Touch it.** All rules are in place: play. Which numbers of the state change when agent 1 moves, and which never do? Let
# agent 1 walk into a wall in the *first* step, then let the perfect team play on. What did the waiting cost, not counting
# the 0.5 for the bump? (You are right with 0.45.)

# %%
touch.play()

# %% [markdown]
# ### Step 7: a batch of boards
#
# Learning needs many steps, so the library plays many boards side by side: every tensor
# has a leading axis `B`, one row for each board, and one board is a batch of one. Here are four rows, each with a start of its own.

# %%
boards = GridWorld(size=SIZE, num_envs=4)
begin = torch.tensor([[[0, 0], [4, 4]], [[2, 2], [0, 4]],
                      [[3, 0], [0, 4]], [[1, 1], [3, 3]]])         # [B, N, 2]
step = boards.reset(positions=begin)
for name in ("obs", "state", "available", "reward", "terminated", "truncated"):
    value = getattr(step, name)
    print(f"{name:10} {str(tuple(value.shape)):10} {value.dtype}")

# %% [markdown]
# `available[B, N, A]` says which actions each agent may choose. Here it is always True; other tasks mask actions.
#
# **Predict.** In every row, agent 1 goes down and agent 2 goes up. Look at `begin`: which row has ended then? And what
# does its reward read after `reset(where=...)`?

# %%
guess = ...  # two numbers, as in [3, -1]: the row (counted from 0), its reward after reset

boards.reset(positions=begin)
step = boards.step(torch.tensor([[1, 0]]).expand(4, 2))             # actions[B, N]
refused = "no"
try:
    boards.step(torch.zeros(4, 2, dtype=torch.int64))
except RuntimeError as error:
    refused = str(error)
fresh = boards.reset(where=step.ended)
row = step.ended.nonzero().item()
assert (fresh.state != step.state).any(-1).nonzero().flatten().tolist() == [row]
with lesson.prediction(guess, [row, fresh.reward[row]]):
    print("a step without a reset was refused:", refused)
    print("that row alone changed in the reset")
    print("rewards before:", [round(r, 2) for r in step.reward.tolist()])
    print("rewards after :", [round(r, 2) for r in fresh.reward.tolist()])

# %% [markdown]
# `reset(where)` returns the full batch. A row that was reset is a new beginning; the others
# come back as they were. Nothing resets behind your back, for a reason that *Break it* shows.
#
# ### Step 8: an oracle
#
# The world is small enough to be solved exactly. `exact.solve` lists every state and every joint action and repeats
#
# $$ Q^*(s, \mathbf u) = r + \gamma \max_{\mathbf u'} Q^*(s', \mathbf u') $$
#
# until nothing changes; where the task ends, the second term is dropped. This is dynamic
# programming, not learning: it needs the rules, which a learner does not have. For us it is the answer key.
#
# **Predict.** With $\gamma = 0.99$, what is the value of the start, $\max_{\mathbf u} Q^*(s, \mathbf u)$? (You know the four
# rewards: −0.65, −0.45, −0.25, 10.) And of the 16 joint actions at the start, how many are best?

# %%
guess = ...  # two numbers, as in [9.5, 2]: value of the start, how many actions are best

GAMMA, names = 0.99, ["up", "down", "left", "right"]
optimum = exact.solve(GridWorld(size=SIZE), gamma=GAMMA)
q_start = optimum.q[optimum.index(observe(START)[1])]   # [A, A]: agent 1's action, agent 2's action
by_hand = -0.65 - 0.45 * GAMMA - 0.25 * GAMMA**2 + 10 * GAMMA**3
assert abs(float(q_start.max()) - by_hand) < 1e-9
n_best = int((q_start > q_start.max() - 1e-9).sum())
with lesson.prediction(guess, [round(by_hand, 6), n_best]) as fold:
    print("value of the start:", round(by_hand, 3), " as the oracle says")
    print("best return without discount:", round(optimum.best_return, 2))
    fold.append(plots.table(q_start, names, names, title=r"$Q^*(s, \mathbf{u})$ at the start",
                            highlight="max"))

# %% [markdown]
# In the fold's table, look along the row and the column of the framed entry: there one of the two does the
# right thing, and it costs about 1. Everywhere else neither does, and it costs about 2. (*Going further* draws the value of a whole board.)

# %% [markdown]
# ## The same as the library
#
# Four of your worlds beside one `GridWorld` with four rows, the same random actions, the same starts, a clock of 10 steps
# so that every kind of ending occurs. Every output of every step must agree to 1e-12. `counts` says how often each
# rule was used, because a rule that never fires was not compared.

# %%
BATCH, LIMIT = 4, 10
generator = torch.Generator().manual_seed(0)
env = GridWorld(size=SIZE, num_envs=BATCH, episode_limit=LIMIT)
worlds = [HandWorld(LIMIT) for _ in range(BATCH)]


def same(step, hand):
    """Whether all five outputs agree, row for row."""
    theirs = (step.obs, step.state, step.reward, step.terminated, step.truncated)
    return all(torch.allclose(t[b].double(), torch.as_tensor(h).double(), rtol=0, atol=1e-12)
               for b in range(BATCH) for t, h in zip(theirs, hand[b]))


def draw_starts():
    return placements[torch.randint(len(placements), (BATCH,), generator=generator)]


# %%
starts = draw_starts()
step, hand = env.reset(positions=starts), [world.reset(p) for world, p in zip(worlds, starts)]
assert same(step, hand)
counts = dict.fromkeys(
    ["bumps", "collisions", "terminated", "truncated", "terminated on the last tick"], 0)
for _ in range(1000):
    actions = torch.randint(4, (BATCH, 2), generator=generator)
    for world, chosen in zip(worlds, actions):
        after, bumped = move_alone(world.positions, chosen)
        counts["bumps"] += int(bumped.sum())
        counts["collisions"] += send_back(world.positions, after)[1]
    step, hand = env.step(actions), [world.step(a) for world, a in zip(worlds, actions)]
    assert same(step, hand)
    counts["terminated"] += int(step.terminated.sum())
    counts["truncated"] += int(step.truncated.sum())
    counts["terminated on the last tick"] += sum(h[3] and world.clock == LIMIT
                                                 for h, world in zip(hand, worlds))
    if step.ended.any():
        starts = draw_starts()
        step = env.reset(where=step.ended, positions=starts)
        for b in range(BATCH):
            if worlds[b].ended:
                hand[b] = worlds[b].reset(starts[b])
        assert same(step, hand)
assert all(counts.values())
print("the same in 1,000 steps of 4 rows; every rule was used:")
for rule, times in counts.items():
    print(f"  {rule:27} {times:5}")


# %% [markdown]
# ## Break it
#
# ### A world that resets itself, or has one flag for both ends
#
# Many vectorised environments reset a row by themselves as soon as it ends. If they do so within the same step
# (Gymnasium calls it *same-step*), the observation that `step` returns belongs to the *next* episode. Others, such as the
# older Gym interface, have only one flag, `done`. Take case (c) of step 6: a clock of three steps, the team one step from
# home. What target does a learner form from that last step, if it knows the exact values?

# %%
def value(state):
    """What the best team still earns from ``state[S]`` on."""
    return float(optimum.v[optimum.index(state)])


world = HandWorld(limit=3)
world.reset()
while not world.ended:
    _, last_state, reward, terminated, truncated = world.step(torch.tensor([1, 0]))
fresh_state = world.reset()[1]                        # what a world that resets itself would return
targets = {
    "two flags,\ntrue last state": reward + GAMMA * value(last_state),
    "resets itself:\nnext episode's state": reward + GAMMA * value(fresh_state),
    "one flag:\nnothing comes after": reward,
}
plots.bars(targets, "Three targets for the last step before the clock runs out", "target y")

# %%
right, wrong_state, wrong_flag = targets.values()
exact_value = float(optimum.q[optimum.index(observe(torch.tensor([[2, 0], [2, 4]]))[1])][1, 0])
assert abs(right - exact_value) < 1e-9
print("two flags and the true last state give the exact Q*:", round(right, 2))
print("the world that resets itself is off by", round(right - wrong_state, 2))
print("the single flag is off by", round(right - wrong_flag, 2))

# %% [markdown]
# Nothing crashes in either case, and no reward is wrong. The error sits in one column of the data.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Write rules for agents that act at the same time: everyone moves from the old positions, then conflicts are settled.
# - Name the six things that a step of the library returns (yours has no `available`), with their shapes, and say which of them an agent may read.
# - Set `terminated` and `truncated` so that a learner can build the right target from them.
# - Step a batch of boards and reset the rows that have ended, no others.
# - Ask `exact.solve` for the best value of any state, and use it as an answer key.
#
# ### Common misreadings
#
# - *"Truncated means that the team failed."* It means that the clock ran out. The team may be one step from home.
# - *"The state is just a better observation, so give it to the agents."* Then the team learns to lean on something that it
#   will not have. The return goes up, and the policy cannot be used.
# - *"8.65 is the value of the start."* It is the best *return*, without discount. The value at $\gamma = 0.99$ is a little
#   lower, because the reward of 10 comes three steps later.
# - *"A shared reward tells each agent how well it did."* It tells the team: two different mistakes can give the
#   same number (*Going further*).
# - *"Agents that swap cells collide."* Not under these rules. Whether they do is a choice, and it has to be written down.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/02_environment.ipynb](../exercises/02_environment.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 02.1 The edge of the board
# - 02.2 Who goes back
# - 02.3 The whole step of a team
# - 02.4 What an agent sees
# - 02.5 Find the leak
# - 02.6 Two ways to end
# - 02.7 Find the bug: Two on one cell
# - 02.8 Find the bug: The last row of an episode
#
# Further, without a check:
#
# 1. Work out by hand the best return on a 3×3 board. You are right if `exact.solve(GridWorld(size=3)).best_return` agrees.
# 2. Give the agents a sight of two cells: replace the other's (row, column) by (−1, −1) if it is more than two rows or more
#    than two columns away. You are right if agent 1's different observations over all placements become fewer than the placements.
# 3. Forbid swapping: agents that trade places go back too. Does the best return from the start change? Say why before you
#    check which of the 599 placements could be affected.
#
# ### Sources
#
# - Frans Oliehoek and Christopher Amato (2016), *A Concise Introduction to Decentralized POMDPs*: state, observations and
#   one shared reward.
# - Fabio Pardo, Arash Tavakoli, Vitaly Levdik and Petar Kormushev (2018), *Time Limits in Reinforcement Learning*: why a
#   learner should go on past the end of the clock, and not past the end of the task.
# - The Gymnasium documentation, page *Autoreset Mode*: what vectorised environments return when a row ends.
# - Mikayel Samvelyan and others (2019), *The StarCraft Multi-Agent Challenge*: a task with a sight range.

# %% [markdown]
# ## Going further
#
# For those who want to see who bumped, the value of a whole board, what happens when agents read the state, and the oracle checked against their own rules.
#
# ### Whose bump was it?
#
# Look at two joint actions from the start. In the first, agent 1 bumps and agent 2 does well. In the second, it is the other way round.

# %%
for joint_action in ([0, 0], [1, 1]):
    after, bumped = move_alone(START, torch.tensor(joint_action))
    after, collided = send_back(START, after)
    said = " and ".join(f"agent {i + 1} {names[a]}" for i, a in enumerate(joint_action))
    print(f"{said:28} bumped: {bumped.tolist()!s:14} "
          f"reward: {team_reward(after, bumped, collided):.2f}")

# %% [markdown]
# The reward is the same. It says that *somebody* bumped, and not who. Telling the two apart begins in [lesson 04](04_factorisation.ipynb).
#
# ### What the team can still earn
#
# Agent 2 is in its starting corner, agent 1 anywhere else.

# %%
there = torch.full((SIZE, SIZE), torch.nan)
for value, (first, second) in zip(optimum.v, placements):
    if (second == START[1]).all():
        there[tuple(first)] = value
plots.beliefs(there[None], SIZE, goals=GOALS[:1], titles=["agent 1 here, agent 2 in its corner"],
              title="What the team can still earn", label=r"$\max_{\mathbf{u}} Q^*(s, \mathbf{u})$")


# %% [markdown]
# The hatched cell is agent 2's. Within four steps of the goal the value falls slowly with the distance: agent 2 needs four
# steps in any case, and the reward of 10 waits for both. Further away, agent 1 is the one the team waits for, and every
# step costs more.
#
# ### A leak
#
# What if agents read the state when they act? On the grid world you would notice nothing: you counted above that an
# observation gives the state away. So take a task where it matters. A coin is tossed. Agent 1 sees it, agent 2 does not.
# The team earns 1 if *both* name the coin, else 0. With two actions each, all policies can be listed: one answer for each
# thing that an agent can see. (Choosing among them at random cannot beat the best of them.)

# %%
def best_team(agent_2_sees_the_coin):
    """The best mean payoff over all pairs of deterministic policies;
    a policy is one answer for each coin side."""
    policies = list(product((0, 1), repeat=2))
    second = policies if agent_2_sees_the_coin else [(answer, answer) for answer in (0, 1)]
    payoff = lambda first, other: sum(first[coin] == coin and other[coin] == coin
                                      for coin in (0, 1)) / 2
    return max(payoff(first, other) for first in policies for other in second)


print("agent 2 acts on its own observation:", best_team(False))
print("agent 2 reads the state            :", best_team(True))


# %% [markdown]
# With the leak the team scores 1.0, and 0.5 is the most that any team can score when agent 2 really is on its own. A
# leak makes the return *better*, so a look at the return will not find it, unless you happen to know the most that an
# honest team can score. It shows when the team is deployed and the state is not there.
#
# What finds it is a test of structure: change something that an agent may not see, and see whether its observation moves.
# In the grid world, that is the other agent's goal.

# %%
def leaky_observe(positions, goals=GOALS):
    obs, state = observe(positions, goals)
    return torch.cat([obs, state.expand(2, -1)], dim=1), state    # "more information cannot hurt"


def is_blind_to_the_others_goal(look):
    moved = GOALS.clone()
    moved[1] = torch.tensor([2, 2])                               # only agent 2's goal is elsewhere
    before, after = look(START)[0][0], look(START, moved)[0][0]
    return torch.equal(before, after)


print("observe      :", "passes" if is_blind_to_the_others_goal(observe) else "leaks")
print("leaky_observe:", "passes" if is_blind_to_the_others_goal(leaky_observe) else "leaks")

# %% [markdown]
# ### The oracle, one step ahead
#
# The oracle must agree with your rules too. Play each of the 16 joint actions from the start in your world, and look one
# step ahead with the oracle's values.

# %%
backed_up = torch.zeros(4, 4)
for a1 in range(4):
    for a2 in range(4):
        world = HandWorld()
        world.reset()
        _, next_state, reward, terminated, _ = world.step(torch.tensor([a1, a2]))
        backed_up[a1, a2] = reward + GAMMA * optimum.v[optimum.index(next_state)]
assert torch.allclose(backed_up, q_start, rtol=0, atol=1e-9)
print("r + gamma V(s') from your world equals the oracle's Q* for all 16 joint actions")
