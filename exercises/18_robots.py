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
# # Exercises 18 · Robots: navigation and formation
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/18_robots.ipynb)
#
# You send robots to their places so that the last one arrives soonest, pool a state over whoever is there, notice who meets on the way, measure whether robots should share a network, and find out why two robots do not move.
#
# **Minutes:** 57
#
# **You need:** [lesson 18](../notebooks/18_robots.ipynb)
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

lesson.start("18")

# %%
from qmix_course.checks import check, hint, solution

# %%
from itertools import permutations

import torch

from qmix_course import plots
from qmix_course.algorithms import VDN
from qmix_course.envs import Formation
from qmix_course.envs.formation_watch import Tracks
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig


# %% [markdown]
# The exercises do not build on each other.

# %% [markdown]
# ## Exercise 18.1 · Who takes which place?
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Core**
#
# This time the places are fixed on the plane, and the robots go straight, all at the same speed. The shape is there when the *last* robot arrives. `robots[N, 2]` and `places[N, 2]` are points (x, y), N at most 5.
#
# Write `who_goes_where(robots, places)`: a tensor `order[N]`, int64, where `order[i]` is the number of the place that robot i takes. Every place is taken once. Of all orders it is the one whose longest way is shortest; of several with the same longest way, the one whose ways add up to least.

# %% nbgrader={"grade": false, "grade_id": "answer_18_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def who_goes_where(robots, places):
    """robots[N, 2], places[N, 2] -> order[N] int64: robot i takes places[order[i]]."""
    ...


# %%
# Try it. A row moves on by one place: robot 0 need not go all the way.
row = torch.tensor([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
one_on = row + torch.tensor([2.0, 0.0])                 # the same row, one place farther east
who_goes_where(row, one_on)

# %% nbgrader={"grade": true, "grade_id": "check_18_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("18.1", who_goes_where)


# %% [markdown]
# ## Exercise 18.2 · A state in any order
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Robots fail, and others come. A mixer wants a state of one length all the same, and it should not matter in which order the robots are listed. `seen[B, N, F]` are F numbers of each robot, `there[B, N]` (bool) who is there at all; what stands in the place of somebody absent means nothing.
#
# Write `pooled_state(seen, there)`, a state `[B, 2F + 1]`. Of each row, over the robots that are there: the mean of each of the F numbers, then the largest of each, then which share of the N robots is there. Where nobody is there, all are 0.

# %% nbgrader={"grade": false, "grade_id": "answer_18_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pooled_state(seen, there):
    """seen[B, N, F], there[B, N] bool -> state[B, 2F + 1]: mean, largest, share."""
    ...


# %%
# Try it. The third robot is not there; then the same, listed from behind.
some = torch.tensor([[[1.0, -5.0], [3.0, -1.0], [9.0, 9.0]]])
(pooled_state(some, torch.tensor([[True, True, False]])),
 pooled_state(some.flip(1), torch.tensor([[False, True, True]])))

# %% nbgrader={"grade": true, "grade_id": "check_18_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("18.2", pooled_state)


# %% [markdown]
# ## Exercise 18.3 · On the way
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Extra**
#
# `Formation` looks at the robots after each step. Two that exchange places have passed through each other, and nobody noticed. Real robots notice.
#
# During a step every robot moves at its own constant speed on a straight line from `before[B, N, 2]` to `after[B, N, 2]`. Write `met(before, after, near)`: a bool tensor `[B, N, N]`, True where two *different* robots are closer than `near` at any moment of the step, its two ends included.

# %% nbgrader={"grade": false, "grade_id": "answer_18_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def met(before, after, near):
    """before[B, N, 2], after[B, N, 2], a number -> bool [B, N, N]."""
    ...


# %%
# Try it. Two robots exchange their places, and pass.
west, east = [0.0, 0.0], [2.0, 0.0]
met(torch.tensor([[west, east]]), torch.tensor([[east, west]]), 0.75)

# %% nbgrader={"grade": true, "grade_id": "check_18_3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("18.3", met)

# %% [markdown]
# ## Exercise 18.4 · Measure it: shared or separate
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. Two robots shall stand side by side on a small plane. In one arm each has a network of its own, in the other they share one, which is not told who asks. All else is the same, the 4,000 steps included. We count the share of 256 starts from which the shape gets there.

# %%
ARMS = {"separate": False, "shared": True}
PAIR, MANY = (Formation("line", 2, size=4.0, num_envs=rows) for rows in (32, 256))


def team_for(arm, seed):
    return VDN.for_env(PAIR, seed=seed, shared=ARMS[arm])


def learn(teams, seeds):
    """Train teams[k] with seeds[k], side by side."""
    train_seeds(PAIR, teams, TrainConfig(total_steps=4_000, epsilon_steps=2_000,
                                         evaluate_every=4_000), list(seeds))


def share(team):
    """From which share of 256 starts the shape gets there."""
    return evaluate(MANY, team).terminated.double().mean().item()


print("before it learns, seed 0:", round(share(team_for("separate", 0)), 1))


# %% [markdown]
# Before you run it, guess: which arm will be ahead, and why?
#
# Write `measure(arm, seeds)`: it trains one team for each seed and returns a list with the share of each.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** After 4,000 steps the shared network is ahead, in this task: it learns from both robots.
# - **B.** After 4,000 steps these seeds show no difference, in this task.
# - **C.** Robots should not share a network.
# - **D.** After 4,000 steps the separate networks are ahead, in this task.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_18_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: for each seed, the share of starts from which its team gets there."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_18_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("18.4", measure, measured, conclusion)


# %% [markdown]
# ## Find the bug 18.5 · Two robots that do not move
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Somebody wrote down once more what robots see: for each robot, of each *other* one in the order of their numbers, whether it is at most `view` away, and dx and dy in units of `view`; three zeros for who is not.

# %%
def see(at, view):
    """at[B, N, 2] -> [B, N, 3 (N - 1)]."""
    away = at[:, None] - at[:, :, None]             # [B, i, j, 2]: the way from robot i to robot j
    others = away[:, :, 1:]
    near = (others ** 2).sum(-1, keepdim=True) <= view ** 2
    return torch.cat([near, torch.where(near, others / view, 0.0)], -1).flatten(2)


# %% [markdown]
# Then three robots got a simple rule: go to the middle of the plane, but from whomever you see closer than 1 step straight back. Nothing is learned. Here is how far they are from the middle, the mean of 200 rides, and one ride as a film. The rule is right, and `see` runs for any number of robots.

# %%
def ride(look, rows=200, steps=40):
    """Places [T + 1, B, 3, 2] of robots that gather and keep apart by what `look` tells them."""
    at = 8 * torch.rand(rows, 3, 2, generator=torch.Generator().manual_seed(5))
    moments = [at]
    for _ in range(steps):
        near, dx, dy = look(at, 4.0).unflatten(2, (-1, 3)).unbind(-1)      # each [B, N, N - 1]
        ways = 4 * torch.stack([dx, dy], -1)
        far = (ways ** 2).sum(-1, keepdim=True).sqrt()
        close = (near.unsqueeze(-1) > 0) & (far < 1)
        back = torch.where(close, -0.3 * ways / far.clamp(min=1e-9), 0.0).sum(2)
        home = 4 - at
        home = 0.2 * home / (home ** 2).sum(-1, keepdim=True).sqrt().clamp(min=1)
        at = at + torch.where(close.any(2), back, home)
        moments.append(at)
    return torch.stack(moments)


def from_the_middle(moments):
    """Each robot's distance from the middle at each moment, the mean of all rides: [T + 1, 3]."""
    return ((moments - 4) ** 2).sum(-1).sqrt().mean(1)


def film(moments, row):
    at = moments[:, row]
    nothing = torch.zeros(len(at))
    return Tracks(at, at[-1], nothing[1:], nothing, 8.0, False, 4.0)


rides = ride(see)
plots.lines(range(len(rides)), {f"robot {i + 1}": from_the_middle(rides)[:, i] for i in range(3)},
            "Three robots go to the middle", "step", "distance from it, mean of 200 rides")

# %%
plots.animate_tracks(film(rides, 0), title="One of the rides")


# %% [markdown]
# Fix the function: copy the listing and change what has to be changed. Then run `ride(mended_see)` and draw the curves again.

# %% nbgrader={"grade": false, "grade_id": "answer_18_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mended_see(at, view):
    """at[B, N, 2] -> [B, N, 3 (N - 1)]."""
    ...


# %%
# Try it. Two robots, the second one step to the east: each sees the other, and nobody else.
mended_see(torch.tensor([[[0.0, 0.0], [1.0, 0.0]]]), 4.0)

# %% nbgrader={"grade": true, "grade_id": "check_18_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("18.5", mended_see)
