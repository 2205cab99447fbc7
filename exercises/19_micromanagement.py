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
# # Exercises 19 · Micromanagement
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/19_micromanagement.ipynb)
#
# You write parts of the world: the enemy's script, a volley with its overkill, an agent's mask. You run an experiment on rules of thumb, and you find out why a battle is too easy.
#
# **Minutes:** 54
#
# **You need:** [lesson 19](../notebooks/19_micromanagement.ipynb)
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

lesson.start("19")

# %%
from qmix_course.checks import check, hint, solution

# %%
import torch

from qmix_course import plots
from qmix_course.envs import Skirmish
from qmix_course.envs.skirmish_scripts import ScriptedTeam
from qmix_course.evaluation import evaluate


# %% [markdown]
# The exercises do not build on each other.

# %% [markdown]
# ## Exercise 19.1 · Whom does the enemy attack?
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Core**
#
# Every enemy is after the nearest agent that still lives. `team[N, 2]` are the places (x, y) of the agents, `health[N]` their health (0: dead; at least one lives),
# `enemies[M, 2]` the places of the enemies, `reach` how far an enemy can shoot.
#
# Write `enemy_targets(team, health, enemies, reach)`. It returns two tensors:
#
# 1. `target[M]`, int64: the number of the agent that each enemy is after. Of several equally near, the one with the lowest number.
# 2. `near[M]`, bool: whether that agent is within reach, at most `reach` away as the crow flies.

# %% nbgrader={"grade": false, "grade_id": "answer_19_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def enemy_targets(team, health, enemies, reach):
    """team[N, 2], health[N], enemies[M, 2], a number -> target[M] int64, near[M] bool."""
    ...


# %%
# Try it. The nearer of the two agents has fallen.
enemy_targets(torch.tensor([[0.0, 0.0], [3.0, 0.0]]), torch.tensor([0.0, 9.0]),
              torch.tensor([[1.0, 0.0]]), 2.0)

# %% nbgrader={"grade": true, "grade_id": "check_19_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("19.1", enemy_targets)


# %% [markdown]
# ## Exercise 19.2 · A volley
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Core**
#
# All agents shoot at the same time. `health[M]` is the enemies' health, `attack[N]` what a shot of each agent takes, `targets[N]` (int64) whom each agent shoots at, −1 for
# nobody.
#
# Write `volley(health, attack, targets)`. It returns two tensors:
#
# 1. the health of the enemies afterwards, `[M]`, never below 0;
# 2. a single number (a tensor without axes): how much of the damage was **wasted**, because its target had less health left, or none.

# %% nbgrader={"grade": false, "grade_id": "answer_19_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def volley(health, attack, targets):
    """health[M], attack[N], targets[N] int64 (-1: nobody)
    -> the health afterwards [M], the damage wasted []."""
    ...


# %%
# Try it. Two shots of 9 at an enemy with 10 left, and one at nobody.
volley(torch.tensor([10.0, 45.0]), torch.tensor([9.0, 9.0, 9.0]), torch.tensor([0, 0, -1]))

# %% nbgrader={"grade": true, "grade_id": "check_19_2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("19.2", volley)


# %% [markdown]
# ## Exercise 19.3 · What may I do?
#
# **Difficulty:** 2 of 5 · **Minutes:** 12 · **Extra**
#
# Write `action_mask(place, health, enemies, enemy_health, speed, reach, size)`: which actions one agent may play, a bool tensor `[6 + M]`. `place[2]` is (x, y), y grows to
# the north; `enemies[M, 2]` and `enemy_health[M]` are the enemies; `speed`, `reach` and `size` are numbers. The order is the one of the lesson:
#
# - 0, no-op: for the dead alone (health 0), who may do nothing else;
# - 1, stop: for every living agent;
# - 2 to 5, north, south, east, west: where the place after a step of length `speed` is on the field, from 0 to `size`, both included;
# - 6 + j, attack enemy j: where it lives and is at most `reach` away.

# %% nbgrader={"grade": false, "grade_id": "answer_19_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def action_mask(place, health, enemies, enemy_health, speed, reach, size):
    """place[2], health[], enemies[M, 2], enemy_health[M], three numbers -> bool [6 + M]."""
    ...


# %%
# Try it. At the western edge, with one enemy in reach and one out of it.
action_mask(torch.tensor([0.0, 5.0]), torch.tensor(9.0), torch.tensor([[2.0, 5.0], [9.0, 5.0]]),
            torch.tensor([9.0, 9.0]), 1.0, 3.0, 10.0)

# %% nbgrader={"grade": true, "grade_id": "check_19_3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("19.3", action_mask)

# %% [markdown]
# ## Exercise 19.4 · Measure it: five stalkers
#
# **Difficulty:** 2 of 5 · **Minutes:** 12 · **Extra**
#
# Five stalkers against a growing number of zealots, and three rules of thumb: `"nearest"`, `"weakest"`, `"kite"`. What is the largest number of zealots of which the team still wins
# **at least half** of 200 battles? One thing varies at a time: everything else (200 rows, seed 0, the settings of `Skirmish`) stays as it is. `Skirmish("5s_vs_6z", num_envs=200)` is the game with six zealots, and `env.won(returns)` says which battles were won.
#
# Find it out, with code of your own, and write the three numbers down in `most`. The answer is a dict: `{"nearest": …, "weakest": …, "kite": …}`. Before you run it, guess: by how many
# zealots does the best rule beat the simplest?

# %% nbgrader={"grade": false, "grade_id": "answer_19_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
most = ...  # {"nearest": ..., "weakest": ..., "kite": ...}
...

# %% nbgrader={"grade": true, "grade_id": "check_19_4", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("19.4", most)


# %% [markdown]
# ## Find the bug 19.5 · The battle that was too easy
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Somebody wrote the exchange of shots once more. Units 0 to n − 1 are the team, the others the enemies. `health`, `wait` (steps until a unit can shoot), `targets` (whom it
# shoots at, −1 for nobody), `attack` and `pause` have one entry for each unit. It returns health and wait after the step.

# %%
def exchange(health, wait, targets, attack, pause, n):
    """One step in which everybody shoots who can -> health, wait."""
    health, wait = health.clone(), wait.clone()
    for side in (range(n), range(n, len(health))):
        ready = [u for u in side if health[u] > 0 and wait[u] == 0 and targets[u] >= 0]
        for u in ready:
            health[targets[u]] = max(health[targets[u]] - attack[u], 0)
            wait[u] = pause[u]
    return health, (wait - 1).clamp(min=0)


# %% [markdown]
# It runs, no number looks odd, and teams that were trained with it learned quickly. Then somebody let two equal sides fight: as many marines here as there, both with the same rule, everybody in
# reach. This is what came out:

# %%
def equals(n, step):
    """The units left on each side when n marines meet n that do the same."""
    health, wait = torch.full((2 * n,), 45.0), torch.zeros(2 * n, dtype=torch.int64)
    while health[:n].any() and health[n:].any():
        first, last = (int(side.nonzero()[0]) for side in (health[:n], health[n:]))
        targets = torch.tensor([n + last] * n + [first] * n)        # all at the first that lives
        health, wait = step(health, wait, targets, torch.full((2 * n,), 9.0),
                            torch.full((2 * n,), 2), n)
    return [int((side > 0).sum()) for side in (health[:n], health[n:])]


plots.lines(range(1, 9), {"the team": [equals(n, exchange)[0] for n in range(1, 9)],
                          "the enemies": [equals(n, exchange)[1] for n in range(1, 9)]},
            "Equals against equals", "marines on each side", "units left at the end", markers=True)


# %% [markdown]
# Fix the function: copy the listing and change what has to be changed. By the rules all shots of a step are fired at the same time.

# %% nbgrader={"grade": false, "grade_id": "answer_19_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mended_exchange(health, wait, targets, attack, pause, n):
    """One step in which everybody shoots who can -> health, wait."""
    ...


# %%
# Try it. Two units that would kill each other: nobody is left.
mended_exchange(torch.tensor([5.0, 5.0]), torch.tensor([0, 0]), torch.tensor([1, 0]),
                torch.tensor([9.0, 9.0]), torch.tensor([2, 2]), 1)

# %% nbgrader={"grade": true, "grade_id": "check_19_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("19.5", mended_exchange)
