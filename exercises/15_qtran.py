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
# You measure how far QTRAN's conditions are from holding, find where the stricter condition fails in any team, build utilities for the stricter condition, repair one, and measure what helps agents that do not listen.
#
# **Minutes:** 67
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

from qmix_course import plots
from qmix_course.checks import check, hint, solution
from qmix_course.envs import MatrixGame

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
    ...


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
one_q = torch.tensor([[4.0, 0.0], [4.0, 0.0]])
one_joint = torch.tensor([[8.0, -12.0], [-12.0, 0.0]])


# %% nbgrader={"grade": false, "grade_id": "answer_15_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def smallest_gaps(q, joint, v):
    """q[N, A], joint[A, ..., A], v[]
    -> the smallest gap over agent i's own actions, [N, A^(N-1)]."""
    ...


# %%
# Try it. With V = 0 every row and every column of this table is touched; with V = 1 none is.
smallest_gaps(one_q, one_joint, torch.tensor(1.0))

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
    ...


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
    batch, n_agents, _ = q.shape
    played = q.gather(2, actions.unsqueeze(2)).squeeze(2)                   # [B, N]
    others = played.unsqueeze(1).repeat(1, n_agents, 1)                     # [B, N, N]
    own = torch.arange(n_agents).view(1, -1, 1).expand(batch, -1, 1)        # [B, N, 1]
    others.scatter(2, own, 0.0)
    return q + others.sum(2, keepdim=True)


# %% [markdown]
# It runs, its shape is right, and what trains with it even learns something. But one thing must hold for every play: where the switch is to what was played anyway, the sum is the one that was played. Here are 41 plays of two agents in one batch. Agent 1's action has a value from −5 to 5, agent 2's is worth 3:

# %%
worth = torch.linspace(-5, 5, 41)
many_q = torch.zeros(41, 2, 2)
many_q[:, 0, 0], many_q[:, 1, 1] = worth, 3.0
actions = torch.tensor([0, 1]).expand(41, 2)
sums = switched_sums(many_q, actions)
plots.lines(worth, {"the sum that was played": worth + 3, "agent 1 switches to it": sums[:, 0, 0],
                    "agent 2 switches to it": sums[:, 1, 1]},
            "Switches to what was played anyway", "value of agent 1's action", "Q′")

# %% [markdown]
# A bug of this kind stands in the code that was published with Weighted QMIX (in `qtran_learner.py`; there it cannot be reached, an exception above it says that the alternative is not supported). Which of these is the cause?
#
# - **A.** The values are read at other actions than those that were played.
# - **B.** Each copy loses another agent than the one it belongs to.
# - **C.** No copy loses its agent, whose value is then in the sum twice.
# - **D.** The others are added up over the plays of the batch.
# - **E.** The gradient is cut off on the way.
#
# Put its letter into `cause`, and write the repaired function as `mended_sums`. You are right if values and gradients are right for any number of agents, one included.

# %% nbgrader={"grade": false, "grade_id": "answer_15_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_sums(q, actions):
    """q[B, N, A], actions[B, N] int64 -> Q′[B, N, A]:
    entry [b, i, a] with agent i's action replaced by a."""
    ...


# %%
# Try it on the last of these plays: where a switch is to what was played anyway, the sum is 8.
mended_sums(many_q[-1:], actions[-1:])

# %% nbgrader={"grade": true, "grade_id": "check_15_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("15.4", cause, mended_sums)

# %% [markdown]
# ## Exercise 15.5 · Measure it: ten times the weight, or ten times the steps
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. In *Break it* the agents of the base version did not listen when the data came from a team that likes (1, 1). Here are such data with $\varepsilon = 0.25$: the 8 in the corner is one play in 144. $Q_{jt}$ learns it all the same. Would the agents follow, if only they learned for longer? Or must the second condition push harder?

# %%
PAYOFF = MatrixGame("qtran").payoff
SHARE = torch.tensor([1 / 12, 10 / 12, 1 / 12])             # of each agent's actions
OFTEN = SHARE.unsqueeze(1) * SHARE                          # of the joint actions


def learn(seeds, nopt_weight=1.0, n_steps=500):
    """QTRAN's three losses on tables, base version, one team for each seed.
    Returns the utilities at the end, own[K, 2, A]."""
    starts = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        starts.append([0.1 * torch.randn(shape, generator=generator)
                       for shape in ((2, 3), (3, 3), ())])
    parts = [torch.stack(part).requires_grad_() for part in zip(*starts)]
    (own, joint, v), optimiser = parts, torch.optim.Adam(parts, lr=0.05)
    for _ in range(n_steps):
        u1, u2 = own.argmax(2).unbind(1)
        gap = (own[:, 0].unsqueeze(2) + own[:, 1].unsqueeze(1)
               - joint.detach() + v.view(-1, 1, 1))
        td = (OFTEN * (joint - PAYOFF) ** 2).sum()
        opt = (gap[range(len(gap)), u1, u2] ** 2).sum()
        nopt = (OFTEN * gap.clamp(max=0) ** 2).sum()
        optimiser.zero_grad()
        (td + opt + nopt_weight * nopt).backward()
        optimiser.step()
    return own.detach()


print("as it is, seed 1: the agents choose", learn([1])[0].argmax(-1).tolist())


# %% [markdown]
# Three arms: `"as it is"`, with `nopt_weight` 1 and 500 steps; `"ten times the weight"`; `"ten times the steps"`. Write `measure(arm, seeds)`: it trains one team for each seed and returns a list with what the agents' own choices pay. Before you run it, write down what you expect.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** Neither helps clearly: with one play in 144 nobody can know of the 8.
# - **B.** Descent needs time: of the teams with ten times the steps clearly more choose 8 than of those with ten times the weight.
# - **C.** Ten times the steps bring a team a part of the way: it earns more than 0 and less than 8.
# - **D.** With ten times the weight clearly more teams choose 8 than in either other arm: in these runs the push was too weak, and time alone does not make up for it.
# - **E.** As D says, and so the weight of this loss should be as large as possible, in any game.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_15_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: what the own choices of one team pay, for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on two seeds of one arm.
measure("as it is", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_15_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("15.5", measure, measured, conclusion)
