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
# # Capstone · Your own QMIX
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/capstone.ipynb)
#
# The pieces that you wrote in the exercises take the library's place and train the team.
#
# **Minutes:** 20
#
# **You need:** the exercises of lessons 02, 03, 05, 06 and 07, solved in the notebooks that lie beside this one
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

lesson.start("capstone")

# %%
import inspect

from qmix_course import capstone, exact, plots
from qmix_course.envs import GridWorld

# %% [markdown]
# ## Your pieces
#
# The next cell opens your exercise notebooks, runs them, takes ten pieces from them, and checks each once more. They have to be saved first. It
# looks in the folder where this notebook is, and knows your notebooks by what is in them, whatever their names. In Colab, copies that you
# saved are in your Drive. Mount it, then name the folder:
#
# ```python
# from google.colab import drive
# drive.mount("/content/drive")
# pieces = capstone.collect("/content/drive/MyDrive/Colab Notebooks")
# ```

# %%
pieces = capstone.collect()
pieces

# %% [markdown]
# The table names the exercise of each piece. A piece that is *not attempted* or *wrong* is named here, with the misconception if the check knows it. Go back to that notebook, fix it,
# save it, and run the cell again. Everything has to say *correct* before the team can be trained.
#
# ## What is left to the library
#
# This loop, and nothing else. Read it: you know every line. It plays on 32 boards at once, stores what happened, and after 500 steps makes two
# updates after each joint step. The state that goes to your mixer is all positions and all goals, as in lesson 02.

# %%
print(inspect.getsource(capstone.train_team))

# %% [markdown]
# Note where `state` goes: into the memory and, through your update, into your mixer. It never reaches your agents.
#
# ## Train
#
# If a piece is missing, this cell says which. Otherwise it trains 12,000 steps, which takes some seconds, and looks at a greedy
# episode every 480 steps.

# %%
trained = capstone.train_team(pieces)
best = exact.solve(GridWorld(size=5)).best_return
if trained is not None:
    print("solved:", trained.solved)
    print("steps of the last greedy episode:", trained.length)
    print(f"its return: {trained.greedy_returns[-1]:.2f}, the best there is: {best:.2f}")

# %%
if trained is not None:
    figure = plots.lines(trained.steps, {"greedy return": trained.greedy_returns,
                                         "the best there is": [best] * len(trained.steps)},
                         "The team that your own pieces trained", "environment steps", "return")
else:
    figure = None
figure

# %% [markdown]
# A right set of pieces can still end a run badly: seeds differ (lesson 09). If the last greedy return is not 8.65, look at the
# curve and try `capstone.train_team(pieces, seed=1)`. If several seeds fail, one of your pieces is right by its check
# and poor in practice; the first weights of your networks are the usual reason.
#
# ## Break it yourself
#
# You own every line now. Put another piece in the place of one of yours, and train again. The checks are not asked any more. Copy
# this into a new cell and run it:
#
# ```python
# from dataclasses import replace
#
# def the_whole_way(target, online, tau):
#     pieces.parts["soft_update"](target, online, 1.0)                    # your own function, with another tau
#
# broken = replace(pieces, parts=pieces.parts | {"soft_update": the_whole_way})
# capstone.train_team(broken)
# ```
#
# Any other piece goes in the same way, under its name in the table above. Nothing has to be put back: `broken` is a set of pieces of
# its own, and `pieces` still holds yours, so that `capstone.train_team(pieces)` trains with all of them again. If you have changed
# `pieces` itself, run the cell with `capstone.collect` again.
#
# Some questions to try:
#
# 1. A `qmix_update` without the mixer, with the sum of the agents' values: you have written VDN. Does this task notice?
# 2. A `MixingNet` that ignores the state. Does this task notice? Which exercise did?
# 3. A `soft_update` with `tau=1`, as above. What has become of the target network?
#
# Lesson 08 runs such comparisons with several seeds. A single run proves little.
