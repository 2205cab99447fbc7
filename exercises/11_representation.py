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
# # Exercises 11 · What QMIX can and cannot represent
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/11_representation.ipynb)
#
# You decide which tables a QMixer can make, compute the best it could do on uneven data, predict what other units would change, repair a head whose fit gives up, and measure what brings a team to the 8 of QTRAN's game.
#
# **Minutes:** 72
#
# **You need:** [lesson 11](../notebooks/11_representation.ipynb)
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

lesson.start("11")

# %%
import itertools
from dataclasses import replace

import torch
from torch.nn import functional as F

from qmix_course import exact, plots
from qmix_course.algorithms import QMIX
from qmix_course.checks import check, hint, solution
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig


# %% [markdown]
# ## Exercise 11.1 · Can a QMixer make it?
#
# **Difficulty:** 3 of 5 · **Minutes:** 15 · **Core**
#
# Write `smallest_class`, which says for a payoff table of two agents (a tensor of floats) in which of the four nested classes it is: `"additive"`, `"qmix"`, `"monotone"` or `"igm"`, the smallest
# class that holds it. The agents may sort their actions as they like, each in an order of its own.
#
# You are right if the answer is right for every table with two or three actions. All entries are whole numbers or quarters from −1000 to 1000, so that equal means equal: no tolerance is
# needed. The library's `representation` is off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_11_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def smallest_class(table):
    """table[A, A] -> "additive", "qmix", "monotone" or "igm"."""
    ...


# %%
# Try it on 2B.
smallest_class(torch.tensor([[0.0, 1.0], [1.0, 8.0]]))

# %% nbgrader={"grade": true, "grade_id": "check_11_1", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("11.1", smallest_class)


# %% [markdown]
# ## Exercise 11.2 · The least error
#
# **Difficulty:** 4 of 5 · **Minutes:** 20 · **Extra**
#
# Two agents with two actions each. `weights[u1, u2] > 0` says how often each joint action is played. Write `least_error`: the least weighted squared error
#
# $$\sum_{u} w(u)\,\big(T(u) - \text{payoff}(u)\big)^2$$
#
# of all tables $T$ that QMIX's mixer can make (as closely as you like). The lesson did this for equal weights (step 3; for OR, where 1 is
# missing in the mixed difference, it costs 1/4).
#
# You are right if your number is never more than $10^{-6}$ away from the exact one; payoffs lie between −100 and 100, weights between 0.1 and 10. The agents may sort their actions as they like. Both
# arguments are tensors of floats. The library's `representation` and its `cones` are off limits; torch's own least squares is fine.

# %% nbgrader={"grade": false, "grade_id": "answer_11_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def least_error(payoff, weights):
    """payoff[2, 2], weights[2, 2], all > 0
    -> the least weighted squared error of QMIX's class, one number."""
    ...


# %%
# Try it on a table that QMIX cannot make.
error = least_error(torch.tensor([[8.0, 0.0], [0.0, 4.0]]), torch.ones(2, 2))
error if error is None else round(float(error), 3)

# %% nbgrader={"grade": true, "grade_id": "check_11_2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("11.2", least_error)

# %% [markdown]
# ## Exercise 11.3 · Which unit can make it?
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Extra**
#
# Three mixers with non-negative weights and as many units as they like in one hidden layer: all units are `"ELU"` (convex), all are `"mirrored"`, $-\mathrm{ELU}(-x)$ (concave), or all are `"tanh"`.
# Which of them can make each of these tables, as closely as you like? The agents sort their actions as they like.

# %%
tables = {"a": [[0, 0], [0, 5]], "b": [[0, 4], [4, 4]], "c": [[1, 2], [3, 4]],
          "d": [[3, 0], [0, 3]], "e": [[5, 0], [5, 5]], "f": [[0, 0, 0], [0, 0, 1], [0, 1, 1]]}
plots.tables({letter: torch.tensor(rows) for letter, rows in tables.items()},
             title="Which units can make these?", fmt="{:.0f}", ylabel="agent 1", xlabel="agent 2")

# %% [markdown]
# `makers` is a dict from each letter to the list of the mixers that can, such as `{"a": ["ELU", "mirrored"], "b": [], …}` (which is wrong); an empty
# list says that none of the three can. You are right if all six are.

# %% nbgrader={"grade": false, "grade_id": "answer_11_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
makers = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_11_3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("11.3", makers)


# %% [markdown]
# ## Find the bug 11.4 · A fit that gives up
#
# **Difficulty:** 3 of 5 · **Minutes:** 15 · **Core**
#
# `team_value` is a QMIX head: four hypernetworks have written `raw_w1`, `raw_b1`, `raw_w2` and `raw_v` for each of `B` states, and the head turns the utilities of `N` agents into $Q_{tot}$. It runs,
# no weight is ever below zero, and IGM holds.

# %%
def team_value(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    """agent_qs[B, N], raw_w1[B, N, E], raw_b1[B, E], raw_w2[B, E], raw_v[B] -> Q_tot[B]."""
    w1 = torch.relu(raw_w1)
    w2 = torch.relu(raw_w2)
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + raw_b1)
    return (hidden * w2).sum(1) + raw_v


# %% [markdown]
# Gradient descent fits it to AND, [[0, 0], [0, 1]], with heads of two units: utilities, biases, weights and $V$ all learn, from six random starts.

# %%
def fit(value, starts=6, updates=600):
    """The squared error of each start, update by update, and its raw weights, before and after."""
    generator = torch.Generator().manual_seed(1)
    raw = [torch.randn(starts, *shape, generator=generator).requires_grad_()
           for shape in ((2, 2), (2, 2), (2,), (2,), ())]                 # q, w1, b1, w2, v
    weights = [torch.cat([raw[1].flatten(1), raw[3]], 1).detach()]
    payoff, curves = torch.tensor([0.0, 0.0, 0.0, 1.0]), []
    optimiser = torch.optim.Adam(raw, lr=0.05)
    for _ in range(updates):
        # each head sees four joint actions
        q, heads = raw[0], [each.repeat_interleave(4, 0) for each in raw[1:]]
        # [starts, 4, 2]
        chosen = torch.stack([q[:, 0].repeat_interleave(2, 1), q[:, 1].repeat(1, 2)], -1)
        errors = ((value(chosen.flatten(0, 1), *heads).view(starts, 4) - payoff) ** 2).sum(1)
        optimiser.zero_grad()
        errors.sum().backward()
        optimiser.step()
        curves.append(errors.detach())
    weights.append(torch.cat([raw[1].flatten(1), raw[3]], 1).detach())
    return torch.stack(curves, 1), weights


def picture(value):
    errors = fit(value)[0]
    figure = plots.lines(range(1, 601), {f"start {k}": row for k, row in enumerate(errors, 1)},
                         "How well each start fits AND", "update", "squared error", log=True)
    figure.axes[0].legend(loc="upper left", bbox_to_anchor=(1, 1))       # beside the curves
    return figure


picture(team_value)

# %%
plots.tables(dict(zip(["at the start", "after 600 updates"], fit(team_value)[1])),
             title="The raw weights of each start", row_labels=range(1, 7),
             col_labels=["1, 1", "1, 2", "2, 1", "2, 2", "1", "2"], ylabel="start",
             xlabel="raw_w1: agent, unit         raw_w2: unit")

# %% [markdown]
# One start arrives, the other five stay where they are. Which of these is the cause?
#
# - **A.** The steps are too small: with more updates the others arrive too.
# - **B.** AND cannot be made from weights that are never below zero.
# - **C.** ELU is flat below zero: a unit that once gets there learns no more.
# - **D.** A weight that comes out below zero is cut off, and nothing tells it to come back.
# - **E.** Biases and $V$ may be below zero, so that the heads are not monotone.
#
# Put its letter into `cause`, and write the repaired head as `mended_value`: copy the listing and fix it. To see the curves again, run `picture(mended_value)`. (How many starts arrive hangs on the repair too: with some good ones all six, with others about half. The rest is slow or rolls into a valley, as in the lesson, and does not stand still for want of a gradient.)
#
# You are right if the letter is, if $Q_{tot}$ is still monotone for all raw weights, if every raw weight above or below zero learns, if every weight can grow without a limit, as before, and if the rest of the head is as it was.

# %% nbgrader={"grade": false, "grade_id": "answer_11_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_value(agent_qs, raw_w1, raw_b1, raw_w2, raw_v):
    """agent_qs[B, N], raw_w1[B, N, E], raw_b1[B, E], raw_w2[B, E], raw_v[B] -> Q_tot[B]."""
    ...


# %%
# Try it. One agent, one unit, raw weights -1 and 1, utilities 0 and 2: does Q_tot rise?
mended_value(torch.tensor([[0.0], [2.0]]), torch.full((2, 1, 1), -1.0), torch.zeros(2, 1),
             torch.ones(2, 1), torch.zeros(2))

# %% nbgrader={"grade": true, "grade_id": "check_11_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("11.4", cause, mended_value)

# %% [markdown]
# ## Exercise 11.5 · Measure it: a wider mixer, or one row more
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. QTRAN's game pays 8 for (0, 0), −12 if only one agent plays 0, and 0 otherwise. QMIX teams that see its nine joint actions equally often settle for 0. Two people want to help. One makes the mixer four times as wide. The other one shows the teams ten rows in place of nine: (0, 0) comes twice.

# %%
GAME = MatrixGame("qtran")


def train(teams, times):
    """Train all teams side by side, on nine rows at once, one for each joint action;
    that of (0, 0) is there so many times."""
    rows = exact.every_step(GAME)                                  # (0, 0) is row 0
    which = [0] * (times - 1) + list(range(9))
    data = replace(rows, **{name: value[which] for name, value in vars(rows).items()})
    fit_seeds(teams, [data] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates=200)


team = QMIX.for_env(GAME, seed=0, hidden=(32,), embed_dim=16, hypernet_dim=32)
train([team], times=1)
print("as it is, seed 0:", evaluate(GAME, team).mean_return)


# %% [markdown]
# Three arms: `"as it is"`, `"wider mixer"` (an `embed_dim` of 64) and `"(0, 0) twice"`. Write `measure(arm, seeds)`: it trains one team for each seed, everything else as above, and returns a list with the greedy reward of each. Before you run it, write down what you expect of each arm.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** The payoff is not in QMIX's class, so none of the three arms brings most teams to the 8.
# - **B.** The mixer was too small: with four times the width most teams settle for the 8.
# - **C.** With (0, 0) twice most teams settle for the 8, with the wider mixer most do not. What a team prefers depends on how often it sees what.
# - **D.** With (0, 0) twice most teams settle for the 8, because from these data QMIX learns the whole payoff.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_11_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy reward of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on two seeds of one arm.
measure("wider mixer", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_11_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("11.5", measure, measured, conclusion)
