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
# # Exercises 15 · QTRAN
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/15_qtran.ipynb)
#
# You measure how far QTRAN's conditions are from holding, find where the stricter condition fails in any team, build utilities for the stricter condition, and repair one.
#
# **Minutes:** 55
#
# **You need:** [lesson 15](../notebooks/15_qtran.ipynb)
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

lesson.start("15")

# %%
import torch

from qmix_course.checks import check, hint, solution

# %% [markdown]
# ## Exercise 15.1 · How far from holding?
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Extra**
#
# Two agents in `B` states at once: `q[b, i, a]` are their utilities, `joint[b, u1, u2]` is $Q_{jt}$, `v[b]` is V, and `available[b, i, a]` says what agent $i$ may do. Write
# `violations`. For each state it returns two numbers: the gap $Q' - Q_{jt} + V$ at $\bar u$, with its sign, and the lowest gap of all joint actions that the agents can
# take, or 0 if none of them is below 0. Both conditions hold where both numbers are 0.
#
# You are right if both numbers are right in every state, with values of either sign, up to a million in size. $\bar u$ is made of the agents' own best available actions; no agent has two equal utilities.

# %%
q = torch.tensor([[[3.0, 0.0], [1.0, 2.0]],
                  [[3.0, 0.0], [1.0, 2.0]]])
joint = torch.tensor([[[4.0, 6.0], [9.0, 1.0]],
                      [[4.0, 6.0], [9.0, 1.0]]])
v = torch.tensor([2.0, 2.0])
available = torch.tensor([[[True, True], [True, True]],
                          [[True, False], [True, True]]])


# %% [markdown]
# For these two states the answer is `[1, 1]` and `[-6, 0]`: in both, $\bar u = (0, 1)$ with the gap 5 − 6 + 2. In the second, agent 1 cannot take action 1, so the 9 is out of reach.

# %% nbgrader={"grade": false, "grade_id": "answer_15_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def violations(q, joint, v, available):
    """q[B, 2, A], joint[B, A, A], v[B], available[B, 2, A] bool
    -> the gap at ū [B], the lowest gap or 0 [B]."""
    ### BEGIN SOLUTION
    gap = q[:, 0, :, None] + q[:, 1, None, :] - joint + v[:, None, None]                # [B, A, A]
    own = q.masked_fill(~available, -torch.inf).argmax(-1)                              # [B, 2]
    at_own = gap[torch.arange(len(gap)), own[:, 0], own[:, 1]]
    both = available[:, 0, :, None] & available[:, 1, None, :]
    return at_own, gap.masked_fill(~both, torch.inf).amin((1, 2)).clamp(max=0)
    ### END SOLUTION


# %%
# Try it on the two states above.
violations(q, joint, v, available)

# %% nbgrader={"grade": true, "grade_id": "check_15_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("15.1", violations)

# %% [markdown]
# ## Exercise 15.2 · The alternative, for any team
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Extra**
#
# The lesson wrote QTRAN-alt's condition for two agents. Here is a team of any size in one state: utilities `q[N, A]`, the table `joint[u_1, …, u_N]` $= Q_{jt}$, and `v`, one number (a tensor without axes). Fix what the
# *others* play. As agent $i$ goes through its own actions, how small does the gap $Q' - Q_{jt} + V$ become?
#
# Write `smallest_gaps(q, joint, v)`. It returns these numbers for every agent and for everything that the others can play: `[N, A^(N−1)]`. In each row the others' actions come in the agents' order, and the last one changes
# fastest. The condition holds where all numbers are 0; QTRAN-alt trains the team to make their squares small.
#
# You are right if all numbers are right for one to four agents, and if their *gradients* reach whom they should: utilities and V hear of the gaps, $Q_{jt}$ does not.

# %%
q = torch.tensor([[4.0, 0.0], [4.0, 0.0]])
joint = torch.tensor([[8.0, -12.0], [-12.0, 0.0]])


# %% nbgrader={"grade": false, "grade_id": "answer_15_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def smallest_gaps(q, joint, v):
    """q[N, A], joint[A, ..., A], v[]
    -> the smallest gap over agent i's own actions, [N, A^(N-1)]."""
    ### BEGIN SOLUTION
    n = len(q)
    gap = v - joint.detach()                             # Q_jt is a given thing for the agents
    for i in range(n):
        shape = [1] * n
        shape[i] = -1                                    # agent i's utilities lie along axis i
        gap = gap + q[i].view(shape)
    return torch.stack([gap.amin(i).flatten() for i in range(n)])
    ### END SOLUTION


# %%
# Try it. With V = 0 every row and every column of this table is touched; with V = 1 none is.
smallest_gaps(q, joint, torch.tensor(1.0))

# %% nbgrader={"grade": true, "grade_id": "check_15_2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("15.2", smallest_gaps)


# %% [markdown]
# ## Exercise 15.3 · A sum that touches every row and column
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Core**
#
# QTRAN-alt's condition, exactly. Given a table with one best entry, write `meet_alternative`, which returns utilities `[2, A]` such that the sum
#
# - is nowhere below the table,
# - touches it (gap 0) in every row and in every column, and at $\bar u$,
# - and each agent has *one* best action, its part of the table's best entry.
#
# V is 0 here: one state, and the utilities can take it over. You are right if this holds on tables from 2 × 2 actions on, with entries of any size and sign, to within $10^{-9}$ of the largest entry's size. The best entry may lead by very little: a millionth of that size.
#
# Where to begin: how low can agent 1's utilities be, if agent 2's are given?

# %% nbgrader={"grade": false, "grade_id": "answer_15_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def meet_alternative(joint):
    """joint[A, A] with one best entry -> utilities [2, A]
    whose sum meets the alternative condition with V = 0."""
    ### BEGIN SOLUTION
    first, second = joint.flatten().topk(2).values
    agent_2 = torch.zeros(len(joint))
    # a small lead for its part of the best entry
    agent_2[joint.amax(0).argmax()] = (first - second) / 2
    # as low as the table allows: every row touches, …
    agent_1 = (joint - agent_2).amax(1)
    # … and now every column too
    agent_2 = (joint - agent_1.unsqueeze(1)).amax(0)
    return torch.stack([agent_1, agent_2])
    ### END SOLUTION


# %%
# Try it on a small table.
meet_alternative(torch.tensor([[8.0, -12.0], [-12.0, 0.0]]))

# %% nbgrader={"grade": true, "grade_id": "check_15_3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("15.3", meet_alternative)


# %% [markdown]
# ## Find the bug 15.4 · Switches that switch nothing
#
# **Difficulty:** 3 of 5 · **Minutes:** 15 · **Core**
#
# A part of QTRAN-alt. For each play and each agent, `switched_sums` gives the sum Q′ for each action that this agent might have taken, while the others stay with what they played. `q[B, N, A]` are the
# utilities, `actions[B, N]` what was played.

# %%
def switched_sums(q, actions):
    """q[B, N, A], actions[B, N] int64 -> Q′[B, N, A]:
    entry [b, i, a] with agent i's action replaced by a."""
    # 3: a copy for each agent; 4: whose copy it is; 5: each agent is taken out of its copy
    batch, n_agents, _ = q.shape                                            # 1
    played = q.gather(2, actions.unsqueeze(2)).squeeze(2)                   # 2   [B, N]
    others = played.unsqueeze(1).repeat(1, n_agents, 1)                     # 3   [B, N, N]
    own = torch.arange(n_agents).view(1, -1, 1).expand(batch, -1, 1)        # 4   [B, N, 1]
    others.scatter(2, own, 0.0)                                             # 5
    return q + others.sum(2, keepdim=True)                                  # 6


# %% [markdown]
# It runs, its shape is right, and what trains with it even learns something. But one thing must hold for every play: where the switch is to what was played anyway, nothing changes.

# %%
q = torch.tensor([[[5.0, 1.0], [2.0, 3.0]]])
actions = torch.tensor([[0, 1]])
print("the sum that was played                 :", 5.0 + 3.0)
print("agent 1 switches to 0, what it played   :", switched_sums(q, actions)[0, 0, 0].item())
print("agent 2 switches to 1, what it played   :", switched_sums(q, actions)[0, 1, 1].item())

# %% [markdown]
# A line of this kind stands in the code that was published with Weighted QMIX (in `qtran_learner.py`; there it cannot be reached, an exception above it says that the alternative is not supported). Give the number of the line with the bug as
# `wrong_line`, and write the repaired function as `mended_sums`. You are right if values and gradients are right for any number of agents, one included.

# %% nbgrader={"grade": false, "grade_id": "answer_15_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line = (
    ### BEGIN SOLUTION
    5
    ### END SOLUTION
)


def mended_sums(q, actions):
    """q[B, N, A], actions[B, N] int64 -> Q′[B, N, A]:
    entry [b, i, a] with agent i's action replaced by a."""
    ### BEGIN SOLUTION
    batch, n_agents, _ = q.shape
    played = q.gather(2, actions.unsqueeze(2)).squeeze(2)
    others = played.unsqueeze(1).repeat(1, n_agents, 1)
    own = torch.arange(n_agents).view(1, -1, 1).expand(batch, -1, 1)
    # scatter gives a new tensor; scatter_ would write in place
    others = others.scatter(2, own, 0.0)
    return q + others.sum(2, keepdim=True)
    ### END SOLUTION


# %%
# Try it on the play above: where a switch is to what was played anyway, the sum is 8.
mended_sums(q, actions)

# %% nbgrader={"grade": true, "grade_id": "check_15_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("15.4", wrong_line, mended_sums)
