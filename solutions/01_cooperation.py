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
# # Exercises 01 · Cooperation and credit assignment
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/01_cooperation.ipynb)
#
# You count joint actions, write the independent learners yourself, and compute exactly what their independence costs.
#
# **Minutes:** 66
#
# **You need:** [lesson 01](../notebooks/01_cooperation.ipynb)
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

lesson.start("01")

# %%
import torch

from qmix_course import plots
from qmix_course.checks import check, hint, solution

# %% [markdown]
# ## Exercise 01.1 · From which payoff on
#
# **Difficulty:** 1 of 5 · **Minutes:** 4 · **Extra**
#
# In the two-step game, state 2B pays 8 when both agents play 1. Put a number $x$ in the place of the 8. The other payoffs stay,
# and 2A still pays 7 whatever happens. Both agents learn by themselves, on random data: each plays both of its actions equally
# often.
#
# At which $x$ does the first step to 2B look worth exactly as much to agent 1 as the first step to 2A? (Below it, the team goes
# to 2A; above it, to 2B.) Work it out on paper and write the number down.
#
# You are right if the two values are then exactly the same.

# %%
plots.table([[0, 1], [1, float("nan")]],
            title="State 2B; x stands in the hatched field", fmt="{:.0f}")

# %% nbgrader={"grade": false, "grade_id": "answer_01_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
turning_x = (
    ### BEGIN SOLUTION
    13                                       # (1 + x) / 2 = 7
    ### END SOLUTION
)

# %% nbgrader={"grade": true, "grade_id": "check_01_1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("01.1", turning_x)


# %% [markdown]
# ## Exercise 01.2 · The number of a joint action
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Extra**
#
# A joint table has one place for each joint action: $A^N$ places, numbered from 0. The lesson lists joint actions in the order
# of `itertools.product`: for two agents with two actions, $(0, 0)$ has number 0, $(0, 1)$ number 1, $(1, 0)$ number 2 and $(1,
# 1)$ number 3. The last agent's action changes fastest.
#
# Write both directions, for a batch of B joint actions at once:
#
# - `joint_index(actions, n_actions)`: the number of each joint action. `actions` has the shape `[B, N]`, and the result `[B]`.
# - `joint_actions(index, n_agents, n_actions)`: the joint action of each number. `index` has the shape `[B]`, and the result
#   `[B, N]`.
#
# All tensors hold whole numbers (int64), and all agents have the same number of actions, $A$ = `n_actions`. The number of
# agents can be anything from 1 on. For three agents with four actions, $(2, 0, 3)$ has the number 35.
#
# You are right if both directions agree with the order of `itertools.product`, for any number of agents and actions, in tables of up
# to $10^{15}$ places. (Going through a list of all joint actions is fine too. Such an answer is asked about small tables only.)

# %% nbgrader={"grade": false, "grade_id": "answer_01_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def joint_index(actions, n_actions):
    """The number of each joint action.

    actions[B, N] int64, n_actions: the number of actions of each agent → [B] int64.
    """
    ### BEGIN SOLUTION
    index = torch.zeros(len(actions), dtype=torch.int64)
    for i in range(actions.shape[1]):
        # all steps so far become n_actions times as large
        index = index * n_actions + actions[:, i]
    return index
    ### END SOLUTION


def joint_actions(index, n_agents, n_actions):
    """The joint action of each number.

    index[B] int64 → [B, N] int64, where N is n_agents.
    """
    ### BEGIN SOLUTION
    columns = []
    for _ in range(n_agents):                              # from the last agent to the first
        columns.insert(0, index % n_actions)
        index = index // n_actions
    return torch.stack(columns, 1)
    ### END SOLUTION


# %%
# Try it. The number should be 35.
joint_index(torch.tensor([[2, 0, 3]]), 4)

# %% nbgrader={"grade": true, "grade_id": "check_01_2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("01.2", joint_index, joint_actions)


# %% [markdown]
# ## Exercise 01.3 · What an independent learner comes to believe
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Core**
#
# A game of one step. `payoff[u1, u2]` is the team reward; the first agent's actions are the rows, the second agent's the
# columns. One of the two agents learns: `agent` is its index, 0 or 1. The other one, its partner, plays its actions with fixed
# probabilities `partner` (one entry for each of the partner's actions, they sum to 1). The learner tries all of its own
# actions, and each entry of its table becomes the plain average of what that action paid.
#
# Write `iql_values(payoff, partner, agent)`: the values that the learner's entries come to in the long run, exactly. The result
# has one entry for each of the learner's own actions.
#
# You are right if this holds for any table, also one with more rows than columns or the other way round, for both agents, and
# for any partner, also one who always plays the same action. In the lesson's 2B with a partner who plays 1 three times out of
# four, both agents come to `[0.75, 6.25]`.

# %% nbgrader={"grade": false, "grade_id": "answer_01_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def iql_values(payoff, partner, agent):
    """The values that an independent learner comes to under a fixed partner.

    payoff[A1, A2] float; agent: the learner's index, 0 or 1;
    partner[A2] (if agent is 0) or partner[A1] (if agent is 1) float: the partner's probabilities
    → a tensor with one value for each action of the learner, [A1] or [A2] float.
    """
    ### BEGIN SOLUTION
    own_rows = payoff if agent == 0 else payoff.T
    return (own_rows * partner).sum(1)                     # over the partner's actions
    ### END SOLUTION


# %%
# Try it. In 2B, with a partner who plays 1 three times out of four: 0.75 and 6.25.
iql_values(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([0.25, 0.75]), 0)

# %% nbgrader={"grade": true, "grade_id": "check_01_3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("01.3", iql_values)


# %% [markdown]
# ## Exercise 01.4 · One step of independent Q-learning
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# The team has played one step, and every agent learns from it: independent Q-learning, with tables. `q[N, O, A]` holds the
# tables of all agents: `q[i, o, a]` is what agent $i$ thinks of action `a` when it observes `o` (here an observation is a whole
# number). Unlike in the two-step game, the agents may observe different things.
#
# Write `iql_step(q, obs, actions, reward, next_obs, terminated, rate, gamma)`: the tables after this step. Each agent moves
# *one* entry, that of its observation and its action, from the old value $Q_i$ to $Q_i + \eta\,(y_i - Q_i)$, where $\eta$
# is `rate` and $y_i$ is agent $i$'s target from the lesson. If the task has terminated with this step, nothing follows.
#
# You are right if all entries are, for any number of agents, observations and actions. `q` itself must stay as it was: return a
# new tensor.

# %% nbgrader={"grade": false, "grade_id": "answer_01_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def iql_step(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    """All agents' tables after one step of independent Q-learning.

    q[N, O, A] float: the tables before;
    obs[N], next_obs[N] int64: what each agent observed before and after;
    actions[N] int64: what each agent did; reward: the team's, a number; terminated: True or False;
    rate, gamma: numbers → [N, O, A] float, a new tensor.
    """
    ### BEGIN SOLUTION
    new = q.clone()
    for i in range(len(q)):
        future = 0.0 if terminated else gamma * q[i, next_obs[i]].max()
        entry = i, obs[i], actions[i]
        new[entry] += rate * (reward + future - q[entry])
    return new
    ### END SOLUTION


# %%
# Try it. From tables of zeros, half of the way to a reward of 1: one entry for each agent is 0.5.
iql_step(torch.zeros(2, 1, 2), torch.tensor([0, 0]), torch.tensor([0, 1]), 1.0,
         torch.tensor([0, 0]), True, 0.5, 0.9)

# %% nbgrader={"grade": true, "grade_id": "check_01_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("01.4", iql_step)


# %% [markdown]
# ## Exercise 01.5 · Whose doing was it?
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# The agents played a joint action and the team got one reward. The lesson compared it, for each agent, with the mean over *all*
# of the agent's own actions (the played one included), the others' actions held fixed. It found −3.5 for agent 1 and +0.5 for
# agent 2 when they played $(0, 1)$ in 2B.
#
# Write `credits(payoff, actions)` for a team of any size. `payoff` has one axis for each agent: with three agents, `payoff[u1,
# u2, u3]` is the team reward. The agents may have different numbers of actions. `actions` is a tuple with each agent's action.
# Return a tensor with each agent's credit: the team's reward minus that mean.
#
# You are right if the credits are, for one, two, three or more agents. An agent that has only one action gets 0.

# %% nbgrader={"grade": false, "grade_id": "answer_01_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def credits(payoff, actions):
    """Each agent's credit for a joint action, against the mean over its own actions.

    payoff[A1, A2, ..., AN] float: the team reward of every joint action;
    actions: a tuple of N whole numbers → a tensor [N] float.
    """
    ### BEGIN SOLUTION
    result = []
    for i in range(len(actions)):
        own = actions[:i] + (slice(None),) + actions[i + 1:]  # agent i's actions, the others' fixed
        result.append(payoff[actions] - payoff[own].mean())
    return torch.stack(result)
    ### END SOLUTION


# %%
# Try it. The lesson found −3.5 and 0.5.
credits(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), (0, 1))

# %% nbgrader={"grade": true, "grade_id": "check_01_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("01.5", credits)

# %% [markdown]
# ## Exercise 01.6 · What independence costs
#
# **Difficulty:** 4 of 5 · **Minutes:** 12 · **Extra**
#
# Here is a two-step game with any payoffs. Agent 1's first action picks a table: first action $k$ leads to `tables[k]`, so
# there are as many first actions as tables. Agent 2's first action does nothing, and the first step pays nothing. In the second
# step both agents act at the same time, and the team is paid `tables[k, u1, u2]`.
#
# Two independent learners have trained on random data, with plain averages: in each table, each agent knows for each *own*
# action the average over its partner, who played all actions equally often. At the first step agent 1 has Q-learning's values:
# $\gamma$ times its own best average in the table that the action leads to. (Every payment comes in the second step, so a
# $\gamma$ between 0 and 1 changes no choice. You need none.) Then the team plays greedily: every agent takes its own best
# action, each on its own.
#
# Write `cost_of_independence(tables)`, which returns two numbers, as a tuple: the best return that any plan can get, and what
# this team gets. Both are sums of rewards, not discounted.
#
# You are right if both are exact for any tables. (No two averages that an agent has to compare are the same, unless that makes
# no difference to the result.) For the lesson's two-step game the answer is `(8.0, 7.0)`, for climbing as the only table
# `(11.0, 5.0)`.

# %%
two_step = torch.tensor([[[7.0, 7.0], [7.0, 7.0]], [[0.0, 1.0], [1.0, 8.0]]])
climbing = torch.tensor([[[11.0, -30.0, 0.0], [-30.0, 7.0, 6.0], [0.0, 0.0, 5.0]]])
plots.tables({"first action 0": two_step[0], "first action 1": two_step[1]},
             title="The two-step game: tables[0] and tables[1]", fmt="{:.0f}")


# %% nbgrader={"grade": false, "grade_id": "answer_01_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cost_of_independence(tables):
    """The best return of a two-step game,
    and what greedy independent learners get after random data.

    tables[K, A1, A2] float: the second step's payoffs after each of agent 1's K first actions
    → (best, got), two numbers.
    """
    ### BEGIN SOLUTION
    first = tables.mean(2)                     # [K, A1]: agent 1's averages, over agent 2's actions
    second = tables.mean(1)                    # [K, A2]: agent 2's averages, over agent 1's actions
    k = int(first.amax(1).argmax())            # agent 1's first action
    got = tables[k, first[k].argmax(), second[k].argmax()]
    return float(tables.max()), float(got)
    ### END SOLUTION


# %%
# Try it. The answer for the lesson's game is (8.0, 7.0).
cost_of_independence(two_step)

# %% nbgrader={"grade": true, "grade_id": "check_01_6", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("01.6", cost_of_independence)


# %% [markdown]
# ## Find the bug 01.7 · Nobody's doing
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# Two independent learners play 2B at random. Each of them should hear what *it* did to the reward, and not what its partner did. So they do not learn from the team's reward, but from the part that is their own doing, as the lesson counts it under *Whose doing was it?*. `shaped_rewards` gives these numbers for B plays at once. It runs.

# %%
def shaped_rewards(payoff, actions):
    """What each agent is given: payoff[A1, A2] float, actions[B, 2] int64 -> [B, 2] float."""
    team = payoff[actions[:, 0], actions[:, 1]]
    baseline = torch.stack([payoff.mean(1)[actions[:, 0]],
                            payoff.mean(0)[actions[:, 1]]], 1)
    return team.unsqueeze(1) - baseline


# %% [markdown]
# Each agent keeps, for each of its actions, the mean of what it was given. Here are the four means, play by play:

# %%
def means(rewards, payoff, plays=4000):
    """The running means of random play: [plays, agent, action]."""
    generator = torch.Generator().manual_seed(0)
    actions = torch.randint(2, (plays, 2), generator=generator)
    played = torch.nn.functional.one_hot(actions, 2)                        # [plays, agent, action]
    given = rewards(payoff, actions).unsqueeze(2)
    return (given * played).cumsum(0) / played.cumsum(0).clamp(min=1)


def picture(rewards):
    learned = means(rewards, torch.tensor([[0.0, 1.0], [1.0, 8.0]]))
    lines = {f"agent {i + 1}, action {u}": learned[:, i, u] for i in range(2) for u in range(2)}
    return plots.lines(range(len(learned)), lines, f"2B, learned from {rewards.__name__}", "plays",
                       "mean of what it was given")


picture(shaped_rewards)


# %% [markdown]
# All four go to 0, so in the end neither agent prefers anything. From the team's reward itself the same agents learn, in the same plays, that action 1 is about 4 better:

# %%
def team_rewards(payoff, actions):
    """The team's reward, for both: [B, 2]."""
    return payoff[actions[:, 0], actions[:, 1]].unsqueeze(1).expand(-1, 2)


picture(team_rewards)

# %% [markdown]
# Which of these is the cause?
#
# - **A.** The plays are random, and from random play there is nothing to learn.
# - **B.** A running mean moves less and less, so it stops before it has arrived.
# - **C.** Both agents hear the same number, so neither can tell whose doing it was.
# - **D.** Each agent is compared with what its partner could have done.
# - **E.** Whatever is subtracted from a reward takes the difference between two actions away.
#
# Put its letter into `cause`, and write the repaired function as `mended_rewards`: copy the listing and fix it. To see the curves again, run `picture(mended_rewards)`.
#
# You are right if the letter is, and if each agent is given the team's reward less the mean over its *own* actions (the played one included), the partner's action held fixed: for any table, also one with more rows than columns or the other way round, and for one play or many.

# %% nbgrader={"grade": false, "grade_id": "answer_01_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ### BEGIN SOLUTION
    "D"
    ### END SOLUTION
)


def mended_rewards(payoff, actions):
    """What each agent is given: payoff[A1, A2] float, actions[B, 2] int64 -> [B, 2] float."""
    ### BEGIN SOLUTION
    team = payoff[actions[:, 0], actions[:, 1]]
    # agent 1's own actions are the rows: their mean, in the column that its partner chose
    baseline = torch.stack([payoff.mean(0)[actions[:, 1]],
                            payoff.mean(1)[actions[:, 0]]], 1)
    return team.unsqueeze(1) - baseline
    ### END SOLUTION


# %%
# Try it. For (0, 1) in 2B the lesson found −3.5 and 0.5.
mended_rewards(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([[0, 1]]))

# %% nbgrader={"grade": true, "grade_id": "check_01_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("01.7", cause, mended_rewards)
