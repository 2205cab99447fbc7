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
# # Exercises 20 · Honest experiments
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/20_honest_experiments.ipynb)
#
# You compare runs over several tasks, say what a smaller search would have found, sweep two settings and conclude what follows, and find out why a figure convinces.
#
# **Minutes:** 40
#
# **You need:** [lesson 20](../notebooks/20_honest_experiments.ipynb)
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

lesson.start("20")

# %%
import math
import tempfile

import numpy as np

from qmix_course import intervals, plots
from qmix_course.checks import check, hint, solution
from qmix_course.experiment import read_results, sweep
from qmix_course.intervals import iqm
from qmix_course.plan import Plan
from qmix_course.report import last_scores


# %% [markdown]
# ## Exercise 20.1 · Better, on several tasks
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Core**
#
# `ours` and `theirs` are lists with one entry for each task: the scores of the runs on it, a list of numbers. Both have the same tasks in the same order, and any number of runs, at least one. The units differ from task to task: one may pay up to 1, another up to 1,000. Write `improvement`: on one task, the probability that a run of ours, drawn at random, scores higher than a run of theirs, a tie counting half; over the tasks, the mean, each task counting the same.
#
# You are right if the number is right for any number of tasks and runs. `qmix_course.intervals` is there to compare with, and computes it for one pair of lists too; write your own.

# %% nbgrader={"grade": false, "grade_id": "answer_20_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def improvement(ours, theirs):
    """Lists of scores, one list for each task -> a number between 0 and 1."""
    ### BEGIN SOLUTION
    shares = []
    for us, them in zip(ours, theirs):
        us, them = np.array(us)[:, None], np.array(them)
        shares.append(((us > them) + 0.5 * (us == them)).mean())
    return np.mean(shares)
    ### END SOLUTION


# %%
# Try it. One task, two runs each: a win, two ties and a loss.
improvement([[1.0, 2.0]], [[1.0, 2.0]])

# %% nbgrader={"grade": true, "grade_id": "check_20_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("20.1", improvement)


# %% [markdown]
# ## Exercise 20.2 · The best of n tries
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# A search has made $N$ tries; `scores` has their scores, in any order, perhaps with equal ones among them. Somebody with a smaller budget would have made only $n$ of them, $1 \le n \le N$: $n$ *different* tries, every choice equally likely. Write `expected_best`, the expected highest score of those $n$. (The lesson's formula draws with replacement. This one does not.)
#
# You are right if the number is right for up to 20 tries.

# %% nbgrader={"grade": false, "grade_id": "answer_20_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_best(scores, n):
    """The expected highest of n different tries, a number."""
    ### BEGIN SOLUTION
    ranked, choices = sorted(scores), math.comb(len(scores), n)
    # the score of rank i wins if its n - 1 companions come from the i below it
    return sum(score * math.comb(i, n - 1) for i, score in enumerate(ranked)) / choices
    ### END SOLUTION


# %%
# Try it. Two of three tries: the best is 2, 3 or 3.
expected_best([1.0, 2.0, 3.0], 2)

# %% nbgrader={"grade": true, "grade_id": "check_20_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("20.2", expected_best)

# %% [markdown]
# ## Exercise 20.3 · A sweep and two sentences
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Core**
#
# An experiment. QMIX on the two-step game, 3,000 steps, a look every 500: does it matter whether the learning rate is 4e-3, the default, or 1e-3? The score of a run is the greedy return of its *last* look. One run, by a plan:

# %%
plan = Plan("two-step", "qmix", seeds=[0], steps=3_000,
            settings={"evaluate_every": 500, "learning_rate": 4e-3})
with tempfile.TemporaryDirectory() as folder:
    sweep(plan, folder, jobs=1)
    print(last_scores(read_results(folder)))


# %% [markdown]
# Two arms: `"rate 4e-3"` and `"rate 1e-3"`. Write `measure(arm, seeds)`: it trains one run for each seed and returns a list with the score of each, in the order of the seeds.
#
# Then fill in three more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, …, at least 10 and as many for both arms. Your first sentence is the `interval`, two numbers (low, high): *"The 95% interval of the probability that a run with 4e-3 scores higher than one with 1e-3 goes from … to …"*, as `intervals.improvement` computes it. Your second sentence is the `conclusion`, the letter of the one statement that follows from it:
#
# - **A.** On this game and within this budget, 4e-3 scores higher: the whole interval lies above 0.5.
# - **B.** On this game and within this budget, 1e-3 scores higher: the whole interval lies below 0.5.
# - **C.** No difference was found: the interval contains 0.5.
# - **D.** 4e-3 is the better learning rate for QMIX.
#
# The check trains some of these runs again.

# %% nbgrader={"grade": false, "grade_id": "answer_20_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the score of one run for each seed."""
    ### BEGIN SOLUTION
    rate = {"rate 4e-3": 4e-3, "rate 1e-3": 1e-3}[arm]
    plan = Plan("two-step", "qmix", seeds=list(seeds), steps=3_000,
                settings={"evaluate_every": 500, "learning_rate": rate})
    with tempfile.TemporaryDirectory() as folder:
        sweep(plan, folder, jobs=1)
        scores, = last_scores(read_results(folder))["two-step"].values()
    return scores
    ### END SOLUTION


measured = (
    ### BEGIN SOLUTION
    {arm: measure(arm, range(10)) for arm in ("rate 4e-3", "rate 1e-3")}
    ### END SOLUTION
)
interval = (
    ### BEGIN SOLUTION
    intervals.improvement(measured["rate 4e-3"], measured["rate 1e-3"])[1:]
    ### END SOLUTION
)
conclusion = (
    ### BEGIN SOLUTION
    "A"
    ### END SOLUTION
)

# %% nbgrader={"grade": true, "grade_id": "check_20_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("20.3", measure, measured, interval, conclusion)


# %% [markdown]
# ## Find the bug 20.4 · A figure that convinces
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Both curves below are of *one* algorithm. It was run under two names, with other seeds: twenty runs as "ours", five as "theirs". The function that prepares the figure keeps as many runs of each, cuts both at the same length, and takes the interquartile mean. It does the same to both sides. Still the figure convinces everybody who sees it.

# %%
def compare(ours, theirs):
    """Two curves, from dictionaries seed -> the greedy returns of a run, one for each look."""
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    curves = []
    for runs in (ours, theirs):
        kept = sorted(runs.values(), key=lambda returns: returns[-1], reverse=True)[:count]
        curves.append([iqm([returns[look] for returns in kept]) for look in range(looks)])
    return curves


dice = np.random.default_rng(20)
drift = np.linspace(-8, 4, 12)
noise = 3 * dice.standard_normal((25, 1)) * np.linspace(0.2, 1, 12)
rows = (drift + noise + dice.standard_normal((25, 12))).tolist()
ours, theirs = dict(enumerate(rows[:20])), dict(enumerate(rows[20:]))
curves = dict(zip(("ours", "theirs"), compare(ours, theirs)))
plots.lines(range(1, 13), curves, "The same algorithm under two names", "look", "greedy return")


# %% [markdown]
# Find what makes the difference, and fix it in `mended_compare`: as many runs of each side, namely those with the lowest seeds; otherwise as in the listing. You are right if both curves are, for any two sets of runs, in whatever order they lie in the dictionaries.

# %% nbgrader={"grade": false, "grade_id": "answer_20_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mended_compare(ours, theirs):
    """Two curves, from dictionaries seed -> the greedy returns of a run, one for each look."""
    ### BEGIN SOLUTION
    count = min(len(ours), len(theirs))
    looks = min(len(returns) for runs in (ours, theirs) for returns in runs.values())
    curves = []
    for runs in (ours, theirs):
        kept = [runs[seed] for seed in sorted(runs)[:count]]           # whatever they returned
        curves.append([iqm([returns[look] for returns in kept]) for look in range(looks)])
    return curves
    ### END SOLUTION


# %%
# Try it. Of our two runs the one with the lower seed is kept, the worse one.
mended_compare({2: [1.0, 9.0], 1: [1.0, 3.0]}, {1: [1.0, 5.0]})

# %% nbgrader={"grade": true, "grade_id": "check_20_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("20.4", mended_compare)
