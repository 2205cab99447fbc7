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
# # Exercises 21 · Scale
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/21_scale.ipynb)
#
# You turn Amdahl's law round, compute what a replay takes before it is made, measure whether large batches make up for few updates, count machines, and find out why a sweep is less certain the more workers it has.
#
# **Minutes:** 47
#
# **You need:** [lesson 21](../notebooks/21_scale.ipynb)
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

lesson.start("21")

# %%
import copy
import math

import numpy as np

from qmix_course import plots
from qmix_course.algorithms import QMIX
from qmix_course.checks import check, hint, solution
from qmix_course.envs import TeamSpec, TwoStepGame
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig, train


# %% [markdown]
# ## Exercise 21.1 · How much faster must it be?
#
# **Difficulty:** 2 of 5 · **Minutes:** 7 · **Core**
#
# A profile says which share of the time each part of a run takes: `shares` is a dictionary, part → share, and the shares add up to 1. Somebody wants the whole run to be `wanted` times as fast (at least 1), and only one `part`, whose share is above 0, can be made faster. Write `needed(shares, part, wanted)`: how many times as fast must this part become? Where no factor is enough, return `math.inf`.
#
# You are right if the number is right for any shares. A check of your own: put the factor back into the lesson's formula.

# %% nbgrader={"grade": false, "grade_id": "answer_21_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def needed(shares, part, wanted):
    """A number, 1 or more; math.inf where no factor is enough."""
    ...


# %%
# Try it. Learning is half of the time: how much faster for a quarter more speed, and for too much?
halves = {"play": 0.5, "learn": 0.5}
needed(halves, "learn", 1.25), needed(halves, "learn", 2.5)

# %% nbgrader={"grade": true, "grade_id": "check_21_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("21.1", needed)


# %% [markdown]
# ## Exercise 21.2 · The memory of a memory
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# A run that dies after an hour because its replay did not fit could have been refused before it began. A replay of the library lays out these fields for `capacity` rows of `length` steps each (T below):
#
# | field | axes of a row | a number is |
# |---|---|---|
# | obs | [T+1, N, O] | a float |
# | state | [T+1, S] | a float |
# | available | [T+1, N, A] | a bool |
# | actions | [T, N] | int64 |
# | last_actions | [T+1, N] | int64 |
# | reward, mask | [T] each | a float |
# | terminated | [T] | a bool |
# | memory | [N, M] | a float |
#
# Write `replay_bytes(spec, capacity, length, memory_dim, float_bytes)`: how many bytes is that? `spec` is a `TeamSpec` (`n_agents`, `n_actions`, `obs_dim`, `state_dim`), `memory_dim` is M, and a float takes `float_bytes`, 4 or 8. Compute it; the library's own `bytes_a_row` and `ReplayBuffer` are off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_21_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def replay_bytes(spec, capacity, length, memory_dim, float_bytes):
    """A whole number of bytes."""
    ...


# %%
# Try it. One row of one step: two agents, four actions, six and eight numbers.
replay_bytes(TeamSpec(2, 4, 6, 8, 100), 1, 1, 0, 4)

# %% nbgrader={"grade": true, "grade_id": "check_21_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("21.2", replay_bytes)

# %% [markdown]
# ## Exercise 21.3 · Measure it: large batches
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Core**
#
# An experiment. With more rows and fewer updates a run is much faster, and learns less from each step. Does it help to make up for it by larger batches, so that as many rows are drawn from the memory as before? QMIX on the two-step game, 4,096 steps for all. The score of a run is its last greedy return: 8 is the best, 7 the safe choice.

# %%
ARMS = {"many updates": {"rows": 32, "every": 16, "batch": 128},
        "few updates": {"rows": 256, "every": 128, "batch": 128},
        "few updates, large batches": {"rows": 256, "every": 128, "batch": 1_024}}


def settings(arm):
    """The environment and the settings of an arm."""
    chosen = ARMS[arm]
    config = TrainConfig(total_steps=4_096, update_every=chosen["every"], evaluate_every=512,
                         batch_size=chosen["batch"])
    return TwoStepGame(num_envs=chosen["rows"]), config


env, config = settings("few updates")
history, = train_seeds(env, [QMIX.for_env(env, seed=3)], config, [3])
print(f"few updates, seed 3: {history.greedy_return[-1]:.0f} after {history.updates[-1]} updates")


# %% [markdown]
# Write `measure(arm, seeds)`: it trains one team for each seed (the seed of its first weights and of its run) and returns a list with the score of each, in the order of the seeds.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** On this game and within this budget fewer updates lose, and a batch eight times as large makes up for most of it.
# - **B.** On this game and within this budget fewer updates lose, and a batch eight times as large does not make up for it.
# - **C.** 256 rows are worse than 32 rows.
# - **D.** Fewer updates are as good as many.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_21_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the last greedy return of one run for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_21_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("21.3", measure, measured, conclusion)


# %% [markdown]
# ## Exercise 21.4 · How many machines?
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# A study has `runs` runs, all alike: each needs one core and `memory` GiB for `hours` hours, in one piece. Machines are all alike too, with `cores` cores and `machine_memory` GiB each, and everything must be done within `deadline` hours. All are whole numbers. When a run ends, another may begin on its core. Write `machines(runs, hours, memory, cores, machine_memory, deadline)`: the least number of machines that is enough, and 0 where no number is.

# %% nbgrader={"grade": false, "grade_id": "answer_21_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def machines(runs, hours, memory, cores, machine_memory, deadline):
    """A whole number."""
    ...


# %%
# Try it. 400 runs of 12 hours and 2 GiB, eight cores and 16 GiB: within ten days, and within one.
machines(400, 12, 2, 8, 16, 240), machines(400, 12, 2, 8, 16, 24)

# %% nbgrader={"grade": true, "grade_id": "check_21_4", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("21.4", machines)


# %% [markdown]
# ## Find the bug 21.5 · More workers, less certain
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Twenty seeds of one algorithm, dealt out to workers. Somebody wonders how many workers are best, and draws the width of the 95% interval of the mean, as it comes from the twenty scores. The curve should be flat: the same runs, whoever makes them. Nothing crashes, and each single run is as it should be.

# %%
def one_run(generator, steps):
    """Stands for a training run: what it scores after so many steps."""
    return float(generator.normal(0.1, 1.0, steps).sum())


def scores(seeds, workers, steps):
    """One score for each seed, in the order of the seeds."""
    found = {}
    for worker in range(workers):
        dealt = seeds[worker::workers]
        if not dealt:
            continue
        start = np.random.default_rng(dealt[0])
        for seed in dealt:
            found[seed] = one_run(copy.deepcopy(start), steps)
    return [found[seed] for seed in seeds]


def width(values):
    """Of the 95% interval of their mean, as for so many different runs."""
    return 2 * 1.96 * np.std(values, ddof=1) / math.sqrt(len(values))


counts = (1, 2, 4, 5, 10, 20)
plots.lines(counts, [width(scores(list(range(20)), workers, 100)) for workers in counts],
            "Twenty seeds: the more workers, the less certain", "workers", "width of the interval",
            markers=True)


# %% [markdown]
# Find out which end of the curve is right, and write `mended_scores`: one score for each seed, in the order of the seeds, by `one_run`, with a generator of its own for each run, `np.random.default_rng(seed)`, so that a seed's score is decided by its seed alone. The runs are still dealt out to the workers, or not; only the scores count. `seeds` is a list of different whole numbers in any order.

# %% nbgrader={"grade": false, "grade_id": "answer_21_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mended_scores(seeds, workers, steps):
    """One score for each seed, in the order of the seeds."""
    ...


# %%
# Try it. Three seeds, one worker and two.
mended_scores([4, 7, 1], 1, 10), mended_scores([4, 7, 1], 2, 10)

# %% nbgrader={"grade": true, "grade_id": "check_21_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("21.5", mended_scores)
