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
# # Exercises 00 · Start here
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/00_start_here.ipynb)
#
# One exercise to learn how exercises work: how to answer, what a check says, and where the hints are.
#
# **Minutes:** 5
#
# **You need:** [lesson 00](../notebooks/00_start_here.ipynb)
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

lesson.start("00")

# %%
from qmix_course.checks import check, hint, solution


# %% [markdown]
# ## How exercises work
#
# - **Answer** by replacing the `...`, and run the cell. Then run the cell below it, which checks your answer.
# - A check says *not attempted*, *error in your code*, *wrong shape or type*, *wrong*, or *correct*. When it knows the misconception behind a wrong
#   answer, it names it and gives a hint for just that one. It may also show a small case that you can run yourself.
# - **Hints** are folded below the verdict: click one to open it. They say more from one to the next. `hint("00.1", 1)` prints the first one,
#   for when you cannot see the folds.
# - When you are right, the verdict has a **reference solution** to unfold, with the reason why the usual mistakes fail. `solution("00.1")` prints it
#   too. Try the exercise first.
# - The exercises do not build on each other. Leave one out and go on with the next.
# - Work in a copy of your own: `make lab` and `python -m qmix_course start` put lessons and exercises into `my/`. What you change there
#   stays, whatever a new version of the course brings. In Colab, *File > Save a copy in Drive* makes the copy.
# - In a terminal, `python -m qmix_course progress` shows what is solved, and `check 00`, `check 00.1`, `hint 00.1` do what they say
#   with the saved notebooks in `my/exercises`. `reset 00` gives you a fresh copy and keeps the old one.
# - Notebooks elsewhere, under any names: `python -m qmix_course progress FOLDER`. In Colab, once your Drive is mounted:
#   `!python -m qmix_course progress "/content/drive/MyDrive/Colab Notebooks"`.

# %% [markdown]
# ## Exercise 00.1 · The target of one step
#
# **Difficulty:** 1 of 5 · **Minutes:** 5 · **Core**
#
# Write the target $y$ of one step of Q-learning, with $\gamma = 0.9$: the number that the value of the action just taken is pulled
# towards. `reward` is a number, `next_values` is a list with the values of all next actions, and `terminated` says whether the episode
# ended with this step.
#
# You are right if the target is what the Bellman equation of lesson 00 says, for any numbers, in episodes that go on and in
# episodes that ended.

# %% nbgrader={"grade": false, "grade_id": "answer_00_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_step_target(reward, next_values, terminated):
    """The target y of one step: a number."""
    ...


# %%
# Try it. The episode goes on, and the best of what follows is 4: 1 + 0.9 · 4.
one_step_target(1.0, [2.0, 4.0], False)

# %% nbgrader={"grade": true, "grade_id": "check_00_1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("00.1", one_step_target)
