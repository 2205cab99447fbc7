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
# # Lesson 21 · Scale
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/21_scale.ipynb)
#
# You find out where the time of a training run goes, what each way to make it faster can bring at most and what it costs, and do the arithmetic that leads from a laptop to a thousand machines.
#
# **Minutes:** 44
#
# **You need:** lessons 08 and 20; lesson 12 for what a recurrent team is.
#
# **After this lesson you can**
# - profile a run by its parts, and compute what making one of them faster can bring at most
# - say what more rows change about speed and what about learning, and keep the two apart
# - choose between seeds side by side, compiling, threads, processes, a GPU and a fused loop
# - run a sweep that gives the same table on one process, on several and on a cluster, killed or not
# - compute memory, hours, money and failures of a study before it begins

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
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

from qmix_course import data, plots, touch
from qmix_course.algorithms import QMIX
from qmix_course.choices import make_run
from qmix_course.envs import GridWorld, TeamSpec
from qmix_course.experiment import read_results, sweep
from qmix_course.plan import Plan
from qmix_course.replay import bytes_a_row
from qmix_course.seeds import train_seeds
from qmix_course.training import Run, TrainConfig, train

# %% [markdown]
# ## The problem
#
# Training on the grid world feels slow, and somebody offers an environment that is a hundred times as fast, compiled, on some accelerator. It sounds like minutes in place of hours. Here is where the time of such a run went before, with the default settings: 32 rows, an update every 16 steps. (All times in this lesson that are not taken while you read were stored by `benchmarks/scale.py`, `benchmarks/gpu.py` and `benchmarks/fused.py`. Yours will differ; what they show will hardly.)

# %%
stored = data.load("scale")
shares = stored["parts"]["32 rows"]
plots.bars(shares, "Where the time of a training run goes: grid world, 32 rows",
           "share of the processor's time", fmt="{:.0%}")

# %%
environment = shares["environment"]
after = 1 - environment + environment / 100
print(f"with an environment 100 times as fast, the run is {1 / after:.2f} times as fast")
assert 1 / after < 1.2


# %% [markdown]
# Nearly nothing is gained. The environment was not what took the time: four fifths go into learning. Whoever buys speed before looking buys it in the wrong place.

# %% [markdown]
# ## Build it
#
# ### Step 1: a stopwatch
#
# A profiler (`torch.profiler`, `cProfile`) lists thousands of calls. For a first look, a dozen lines of our own do: they wrap a method and add up what it takes. `Run` is what `train` drives; `run.advance()` plays one joint action in every row and learns as often as is due.

# %%
def timed(spent, part, thing, name):
    """From now on, what thing.name(...) takes is added to spent[part]."""
    inner = getattr(thing, name)

    def call(*args, **named):
        began = time.process_time()
        result = inner(*args, **named)
        spent[part] = spent.get(part, 0.0) + time.process_time() - began
        return result
    setattr(thing, name, call)


# %%
env = GridWorld(num_envs=32)
run = Run(env, QMIX.for_env(env), TrainConfig(evaluate_every=100_000))
while run.updates < 2:
    run.advance()
spent = {}
timed(spent, "environment", run.env, "step")
timed(spent, "agents act", run.algorithm, "act_values")
timed(spent, "store", run.buffer, "add")
timed(spent, "sample", run.buffer, "sample")
timed(spent, "learn", run.learner, "update")
began = time.process_time()
for _ in range(60):
    run.advance()
spent["all else"] = time.process_time() - began - sum(spent.values())
plots.bars(spent, "The same on your machine, 60 calls", "seconds", fmt="{:.3f}")

# %%
assert spent["learn"] > spent["environment"]
print("learning takes more than the environment here, too")


# %% [markdown]
# `process_time` counts the seconds that *this* process computed, so that a browser beside it does not count. For what waits, on disks, on a GPU, on other processes, it is the wrong clock, and `time.perf_counter` the right one.
#
# ### Step 2: what it can bring at most
#
# A part takes the share $p$ of the time and is made $f$ times as fast. Then the whole takes $1 - p + p/f$ of what it took. With several parts, each with its own factor:
#
# $$\text{speed-up} = \frac{1}{\sum_k p_k / f_k}$$
#
# This is Amdahl's law (1967). Whatever is not made faster stays, and sets the limit.

# %%
def speed_up(shares, faster):
    """How many times as fast the whole is; what faster does not name stays as it was."""
    return 1 / sum(share / faster.get(part, 1) for part, share in shares.items())


assert abs(speed_up(shares, {"environment": 100}) - 1 / after) < 1e-9

# %% [markdown]
# **Predict.** Everything that plays (environment, acting, storing) becomes infinitely fast. How many times as fast is the run? And if in place of this the three parts of an update (loss, backward, optimiser and target) become 10 times as fast?

# %%
guess = ...  # two numbers, as in [2.5, 1.5]: playing for nothing, updates ten times as fast

playing = dict.fromkeys(("environment", "agents act", "store"), math.inf)
updating = dict.fromkeys(("loss", "backward", "optimiser and target"), 10)
answer = [round(speed_up(shares, each), 1) for each in (playing, updating)]
with lesson.prediction(guess, answer) as fold:
    print(f"updates are {sum(shares[part] for part in updating):.0%} of the time, "
          f"playing is {sum(shares[part] for part in playing):.0%}")
    factors = 2.0 ** np.arange(11)
    curves = {name: [speed_up(shares, dict.fromkeys(parts, f)) for f in factors]
              for name, parts in (("updates", updating), ("playing", playing))}
    fold.append(plots.lines(np.arange(11), curves, "What a faster part brings to the whole",
                            "the part is 2^k times as fast: k", "speed-up of the whole"))

# %% [markdown]
# Both curves become flat. After the first few doublings of one part, the others are the problem.
#
# **Touch it.** You have six doublings, and each makes one part twice as fast. All six on the loss bring 1.66. Spend them better: from 2.4 on you have understood it. Which parts did you leave alone?

# %%
best = {"loss": 8, "backward": 4, "optimiser and target": 2}
assert round(speed_up(shares, {"loss": 64}), 2) == 1.66 and round(speed_up(shares, best), 2) == 2.47
touch.parts(shares)

# %% [markdown]
# <details><summary>After trying</summary>
#
# Each doubling goes where most is left: three to the loss, two to backward, one to optimiser and target. That makes 2.47, and no way to spend six makes more. The whole of playing, which somebody offered to make a hundred times as fast, gets none.
#
# </details>
#
# ### Step 3: rows
#
# One call of the environment, of the agents and of the memory hardly costs more for 32 rows than for one: the price is in the call. So with more rows, playing gets cheaper for each step. There are two ways to go on from there, and they are often confused:
#
# - **updates for each step stay**: an update every 16 steps, however many rows there are;
# - **updates for each call stay**: two updates after each call of the environment, which is the same at 32 rows, and less learning for each step beyond.

# %%
rows = [int(each) for each in stored["rows"]["2 updates a call"]]
speeds = {rule: [stored["rows"][rule][str(each)] for each in rows] for rule in stored["rows"]}
plots.lines(np.log2(rows), speeds, "Whole training runs on the grid world, one thread",
            "rows, as a power of 2", "steps a second", log=True, markers=True)

# %% [markdown]
# The first curve soon becomes flat. That is Amdahl again: playing was a small part, and it is all that rows make cheaper. The second one rises and rises, and only because it learns less and less from each step. It is not the same run faster, it is another run. *Break it* looks at what that costs.
#
# ### Step 4: seeds side by side
#
# Small networks have the same trouble as few rows: the price is in the call. Where several seeds are to be trained anyway ([lesson 20](20_honest_experiments.ipynb)), their weights can be stacked along one more axis, and one call updates all teams. Nothing else is shared: each has its own environment, memory and dice.

# %%
config = TrainConfig(total_steps=1_500, evaluate_every=500)
teams = [QMIX.for_env(env, seed=seed) for seed in range(3)]
together = train_seeds(GridWorld(num_envs=32), teams, config, seeds=range(3))
largest = 0.0
for seed, ours in enumerate(together):
    lone = train(GridWorld(num_envs=32), QMIX.for_env(env, seed=seed),
                 TrainConfig(seed=seed, total_steps=1_500, evaluate_every=500))
    assert lone.greedy_return == ours.greedy_return and lone.updates == ours.updates
    largest = max(largest, np.abs(np.subtract(lone.loss[1:], ours.loss[1:])).max())
assert largest < 1e-6
print("three seeds, alone and side by side: the same returns, and losses equal up to rounding")

# %%
counts = [int(each) for each in stored["seeds"]]
ways = {"side by side": list(stored["seeds"].values()), "one by one": [1] * len(counts)}
plots.lines(counts, ways, "Updates of K teams, one thread", "K", "times as fast", markers=True)

# %% [markdown]
# A factor for nothing, as long as the networks are small; with two teams the stacking itself still costs about as much as it saves. `train_seeds` does this for teams without a GRU.
#
# ### Step 5: compile, threads
#
# `TrainConfig(compile=True)` hands the loss to `torch.compile`, which fuses small operations into larger ones. It costs time at the start. So the question is not "is it faster?" but "after how many updates has it paid?" (A recurrent team is not compiled: it goes on as it is, and `train` says so, because compiling made its updates slower.)

# %% [markdown]
# **Predict.** A default run makes 468 updates. Does compiling pay for one?

# %%
guess = ...  # "yes" or "no"

compiling = stored["compile"]
saved = (compiling["plain_ms"] - compiling["compiled_ms"]) / 1_000
with lesson.prediction(guess, bool(468 * saved > compiling["seconds"])) as fold:
    whole = 1_000 * compiling["seconds"] / compiling["plain_ms"]
    print(f"compiling took as long as {whole:,.0f} updates and makes "
          f"each {compiling['plain_ms'] / compiling['compiled_ms']:.1f} times as fast: "
          f"paid back after {compiling['seconds'] / saved:,.0f} updates")

# %% [markdown]
# **Threads** divide one operation among several cores. That pays for a large one and costs for a small one, where handing out the work takes longer than the work. The same update, small (2 agents, 64 units, 128 rows) and large (8 agents, 256 units, 1,024 rows):

# %%
times = {f"{size}, {count} thread{'s' * (count != '1')}{others}": ms
         for key, others in (("threads", ""), ("threads beside others", ", cores busy"))
         for size, row in stored[key].items() for count, ms in row.items()}
plots.bars(times, "An update with one thread and with two", "milliseconds", fmt="{:,.1f}", log=True)


# %% [markdown]
# The last four were taken while another program kept each core busy. Then two threads are a disaster: each small operation waits until both have had their turn. Start more threads than there are free cores, and this is what you get.
#
# So where several runs are waiting, it is better to give each core a run of its own. Runs need nothing of each other, and nothing is handed out but whole runs.
#
# ### Step 6: processes, and a run that is never made twice
#
# Long work will be stopped some day, by a reboot or by somebody who needs the machine. So each run writes its result into a file named after *all* that decides it. A run whose file is there is done. The file must appear whole or not at all: write it under another name, then rename it.

# %%
def by_hand(runs, folder, stop_after=None):
    """Train the runs that have no file yet; how many that were."""
    trained = 0
    for run in runs:
        place = folder / f"{run['name']}.json"
        if place.exists():
            continue
        if trained == stop_after:
            raise KeyboardInterrupt
        history = train(*make_run(run))
        part = place.with_suffix(".part")
        part.write_text(json.dumps(history.greedy_return))
        os.replace(part, place)
        trained += 1
    return trained


# %%
plan = Plan("two-step", ["vdn", "qmix"], seeds=2, steps=800,
            settings={"evaluate_every": 200, "batch_size": 32, "learning_starts": 64})
mine = pathlib.Path(tempfile.mkdtemp())
try:
    by_hand(plan.runs(), mine, stop_after=3)
except KeyboardInterrupt:
    print("stopped with", len(list(mine.glob("*.json"))), "of", len(plan.runs()), "runs done")
print("second call:", by_hand(plan.runs(), mine), "run trained")
print("third call:", by_hand(plan.runs(), mine), "runs trained")

# %% [markdown]
# ### Step 7: a GPU
#
# A GPU does thousands of products at once, and each call to it costs a fixed time on the way. Updates of QMIX on an H200, beside one thread of the CPU next to it:

# %%
gpu = data.load("gpu")
names = [f"{each['agents']} agents, {each['hidden']} units, {each['rows']:,} rows"
         + (f" of {each['steps']} steps" if each["steps"] > 1 else "") for each in gpu["updates"]]

# %% [markdown]
# **Predict.** The smallest: 2 agents, 64 units, 128 rows. How many times as fast is the GPU? And 8 agents, 256 units, 8,192 rows?

# %%
guess = ...  # two numbers, as in [2, 20]; below 1 means slower

times = [each["times"] for each in gpu["updates"]]
with lesson.prediction(guess, [round(times[0], 1), round(times[3])]) as fold:
    fold.append(plots.bars(dict(zip(names, times)), f"An update: {gpu['gpu']}, one CPU thread",
                           "times as fast as the CPU", fmt="{:.1f}", log=True))
    for each in gpu["runs"]:
        print(f"a whole run on the grid world, {each['rows']:5,} rows: "
              f"{each['cuda'] / each['cpu']:.2f} times as fast")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# With the default networks of this course a GPU makes training slower. It pays when agents, units, batch or episodes are large. Whole runs gain less than updates, because the environment stays on the CPU: Amdahl, once more.
#
# </details>
#
# ### Step 8: the fused loop
#
# JaxMARL (Rutherford et al. 2024) writes environment, agents, memory and update in JAX, and compiles *the whole loop* into one program. Between two steps no Python runs at all. We built such a loop for `simple_spread` with a recurrent QMIX (`benchmarks/fused_loop.py`; a test holds its loss, gradient and update against ours) and let it run beside our training on one core, in turn, compiling apart:

# %%
fused = data.load("fused")
speeds = {}
for case in fused["cases"]:
    for name, words in (("fused", "fused"), ("stepped", "ours, JaxMARL's world"),
                        ("mpe2", "ours, mpe2")):
        if name in case["contenders"]:
            count = "1 update" if case["updates"] == 1 else f"{case['updates']} updates"
            label = f"{case['rows']} rows, {count}: {words}"
            speeds[label] = case["contenders"][name]["steps_per_second"]
plots.bars(speeds, "simple_spread with GRU teams, one core", "steps a second",
           fmt="{:,.0f}", log=True)

# %%
for case in fused["cases"]:
    behind = case["contenders"]["stepped"]["of_fused"]["ratio_median"]
    learning = sum(case["shares"]["stepped"][part] for part in updating)
    print(f"{case['rows']:3} rows, {case['updates']} update(s) after each round of 25 steps: "
          f"fused is {behind:.1f} times as fast; of our time, updates are {learning:.0%}")

# %% [markdown]
# We do not match it. On the same world the fused program is three to five times as fast as our training, and much farther ahead of a world written in Python, row by row. Where is the rest? With few updates, playing takes most of our time: for each step Python makes many small calls, and each has its price. With many updates, most of our time is updates, and XLA makes those faster too, because it joins hundreds of small operations into a few. More rows make the price of a call smaller, and do not close the gap.
#
# What it costs: the world must be written in JAX, every change of a size compiles anew (seven to nine seconds here), and neither `print` nor a debugger sees what happens inside. Ours runs any world there is. Both were measured on one core of a machine on which other programs ran, in processor time; on a GPU the fused loop was not measured here, so we do not say what it brings there.
#
# ### Step 9: a thousand machines, on paper
#
# Before a large study begins, its needs can be computed. Take 8 tasks, 5 algorithms and 10 seeds; tasks as large as a hard map of SMAC; replays of 5,000 episodes. The prices and rates below are examples; put in your own.

# %%
task = TeamSpec(n_agents=8, n_actions=14, obs_dim=128, state_dim=216, episode_limit=60)
torch.set_default_dtype(torch.float32)                              # as one would train it
replay = 5_000 * bytes_a_row(task.episode_limit, task, memory_dim=64) / 2 ** 30     # GiB
torch.set_default_dtype(torch.float64)
runs, hours = 8 * 5 * 10, 12
print(f"{runs} runs, {replay:.2f} GiB of replay each")
for machines, cores, memory in ((1, 8, 8), (20, 32, 64), (1_000, 32, 64)):
    at_once = machines * min(cores, int(memory / (replay + 0.5)))   # half a GiB for all else
    searches = 80 if machines == 1_000 else 1
    waves = math.ceil(searches * runs / at_once)
    print(f"{machines:5,} × {cores} cores, {memory} GiB: {at_once:6,} at once, "
          f"{searches * runs:6,} runs in {waves * hours / 24:4.1f} days, "
          f"{searches * runs * hours * 0.04:9,.0f} at 0.04 a core and hour")

# %% [markdown]
# Three things to see. Memory can bind before cores do: the laptop has eight cores and room for four runs. The same runs cost the same on one machine and on a hundred: more machines buy time, not work. And 80 settings instead of one (lesson 20's search) cost 80 times as much; no machine changes that.
#
# **Failures.** A machine that fails with probability $p$ while the study runs is no problem; among $n$ of them, the probability that *at least one* fails is $1 - (1 - p)^n$, and $n p$ fail on average.

# %% [markdown]
# **Predict.** Each machine fails once in three years, on average. With what probability does at least one of 1,000 fail within 24 hours?

# %%
guess = ...  # a number between 0 and 1

p = 24 / (3 * 365.25 * 24)
with lesson.prediction(guess, round(1 - (1 - p) ** 1_000, 2)) as fold:
    print(f"on average {1_000 * p:.1f} of them fail: one in a thousand-machine day is normal")


# %% [markdown]
# Cheap machines may be taken back at any time, say every $M = 24$ hours on average. A run that needs $T$ hours and begins anew after each failure takes $M (e^{T/M} - 1)$ hours on average, if failures come at a constant rate.

# %%
def expected(work, mean):
    """Hours until so much work was done in one piece, when failures come every `mean` hours."""
    return mean * math.expm1(work / mean)


dice, mean = np.random.default_rng(0), 24.0
gaps = dice.exponential(mean, size=(20_000, 60))
first = (gaps >= 12.0).argmax(axis=1)                # the first gap that is long enough
simulated = (np.cumsum(gaps, axis=1) - gaps)[np.arange(20_000), first].mean() + 12.0
assert abs(simulated / expected(12.0, mean) - 1) < 0.02
print(f"12 hours of work: {expected(12.0, mean):.1f} hours, by the formula and by dice")

# %% [markdown]
# **Predict.** The work is six times as long: 72 hours in one piece, on such machines. How many hours until it is done, on average?

# %%
guess = ...  # hours

with lesson.prediction(guess, round(expected(72.0, mean))) as fold:
    print(f"{expected(72.0, mean) / 24:.0f} days, for three days of work")

# %% [markdown]
# A **checkpoint** saves the run, so that only the work since the last one is lost. `train` and `sweep` write one at every evaluation. Each costs $\delta$. Too many cost time, too few lose work; Young (1974) puts the best interval near $\sqrt{2 \delta M}$. With $\delta$ of one minute:

# %%
delta = 1 / 60
every = np.geomspace(0.02, 24, 400)                  # hours of work between two checkpoints
whole = np.array([72 / each * expected(each + delta, mean) for each in every])
young = math.sqrt(2 * delta * mean)
print(f"best interval {every[whole.argmin()]:.2f} hours, by Young's formula {young:.2f}; "
      f"then 72 hours of work take {whole.min():.1f}")
assert abs(every[whole.argmin()] / young - 1) < 0.05
plots.lines(np.log2(every * 60), {"expected": whole, "work alone": np.full(400, 72.0)},
            "72 hours of work on machines that are taken back every 24",
            "minutes between checkpoints, as a power of 2", "hours")

# %% [markdown]
# ## The same as the library
#
# `sweep` is `by_hand` with processes: each run in a folder of its own, trained by whichever process is free, with a checkpoint while it trains. The table must not depend on who trained what. By hand, by one process and by two:

# %%
folders = [pathlib.Path(tempfile.mkdtemp()) for _ in range(4)]
clock = time.perf_counter()
seconds = {}
for name, folder, jobs in (("one process", folders[0], 1), ("two processes", folders[1], 2)):
    clock = time.perf_counter()
    assert not sweep(plan, folder, jobs=jobs).failed
    seconds[name] = time.perf_counter() - clock
one, two = ((folder / "results.csv").read_bytes() for folder in folders[:2])
assert one == two
table = read_results(folders[0])
for run in plan.runs():
    ours = [row["greedy_return"] for row in table
            if (row["algorithm"], row["seed"]) == (run["algorithm"], run["seed"])]
    assert ours == json.loads((mine / f"{run['name']}.json").read_text())
print("by hand, one process, two processes: the same table, to the last bit")

# %% [markdown]
# Now a sweep that is really killed, in a process of its own, as soon as the first run has finished; and called again:

# %%
script = ("import sys; from qmix_course.experiment import sweep; "
          "from qmix_course.plan import Plan; "
          f"sweep(Plan(**{plan.__dict__!r}), sys.argv[1], jobs=1)")
killed = subprocess.Popen([sys.executable, "-c", script, str(folders[2])],
                          env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
while killed.poll() is None and not list(folders[2].glob("runs/*/history.csv")):
    time.sleep(0.01)
killed.kill()
killed.wait()
before = {path: path.stat().st_mtime_ns for path in folders[2].glob("runs/*/history.csv")}
again = sweep(plan, folders[2], jobs=1)
assert before and again.done == len(before)
assert all(path.stat().st_mtime_ns == written for path, written in before.items())
assert (folders[2] / "results.csv").read_bytes() == one
print("killed, called again: nothing was done twice, and the table is the same, byte for byte")

# %% [markdown]
# **A cluster.** On several machines, joblib hands the same runs to Ray or Dask: one line around the call, and a folder that all machines see. Ray can play cluster on one machine, with workers that know nothing of each other. Where Ray is not installed (`pip install ray`), this cell takes processes of this machine in its place, and the figure says so.

# %%
try:
    import joblib
    import ray
    from ray.util.joblib import register_ray
    register_ray()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    where, backend = "Ray's local cluster, two workers", joblib.parallel_config(backend="ray")
except ImportError:
    where, backend = "two processes (Ray is not installed)", joblib.parallel_config(backend="loky")
clock = time.perf_counter()
with backend:
    assert not sweep(plan, folders[3], jobs=2).failed
seconds[where] = time.perf_counter() - clock
assert (folders[3] / "results.csv").read_bytes() == one
print("the table of the cluster is that of one process, byte for byte")

# %%
plots.bars(seconds, "Four short runs, start included", "seconds", fmt="{:.1f}")

# %% [markdown]
# For runs as short as these, starting the workers takes longer than the work. (Each sweep has workers of its own, so the third pays for their start as the second did.) Where runs last hours, the start is nothing.

# %% [markdown]
# ## Break it
#
# The idea was: more rows, the same learning. Take the second half away, and keep two updates for each *call*. Eight to 512 rows, 8,192 steps for all, ten seeds; the score is the share of its 16 looks at which the greedy team is optimal, as in lesson 20.

# %%
learned = stored["learned"]["grid"]
score = {rule: [np.mean(row["share"]) for row in each.values()] for rule, each in learned.items()}
at = [int(each) for each in learned["2 updates a call"]]

# %% [markdown]
# **Predict.** On the grid world, 512 rows: the mean score with an update every 16 steps, and with 2 updates a call (30 updates in all)?

# %%
guess = ...  # two numbers from 0 to 1, as in [0.5, 0.5]: every 16 steps, every call

with lesson.prediction(guess, [round(float(each[-1]), 2) for each in score.values()]) as fold:
    fold.append(plots.lines(np.log2(at), score, "8,192 steps on the grid world, ten seeds",
                            "rows, as a power of 2", "share of looks at which it is optimal",
                            markers=True))
    print(f"of ten seeds, optimal at the last look{'':8}with 8   32  128  512 rows")
    for task, rules in stored["learned"].items():
        for rule, each in rules.items():
            print(f"{task:10}{rule:39}"
                  + "".join(f"{sum(row['last']):5}" for row in each.values()))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# With an update every 16 steps, rows change hardly anything: a memory filled by 512 rows teaches as well as one filled by eight. With two updates a call, the run with 512 rows is over in a fraction of the time and has learned less; on the two-step game most such teams end with the wrong answer. With eight rows the same rule makes four times the updates, and learns more from each step. So it is updates that were lost, not rows that did harm.
#
# </details>
#
# Whoever reports "512 environments, 12 times as fast" must say which of the two was done, and how many updates there were.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Measure the parts of a run first, then compute what a faster part can bring at most.
# - Use more rows while updates for each step stay as they are; what you gain is the share that playing had.
# - Train small teams' seeds side by side; give each core a run of its own; compile and take a GPU where the sizes pay for it.
# - Let a sweep be killed and go on, on any number of workers, with one and the same table.
# - Say beforehand what a study needs: memory, hours, money, failures.
#
# ### Common misreadings
#
# - *"A million steps a second."* Of the environment alone, or of the whole loop, with how many updates for each step?
# - *"Twice the cores, half the time."* For runs that need nothing of each other, yes. For one small run, hardly ever.
# - *"The GPU is idle, so it is the fast one."* Small networks wait for the way there and back.
# - *"More rows learn just as well."* If updates for each step stay, they did here. Most reports with thousands of rows also changed that.
# - *"It will not fail this time."* Multiply by the number of machines and hours, then say it again.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/21_scale.ipynb](../exercises/21_scale.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 21.1 How much faster must it be?
# - 21.2 The memory of a memory
# - 21.3 Measure it: large batches
# - 21.4 How many machines?
# - 21.5 Find the bug: More workers, less certain
#
# ### Sources
#
# - Amdahl (1967), *Validity of the Single Processor Approach to Achieving Large Scale Computing Capabilities*, AFIPS Spring Joint Computer Conference, 483–485.
# - Young (1974), *A First Order Approximation to the Optimum Checkpoint Interval*, Communications of the ACM 17(9), 530–531. Daly (2006), *A Higher Order Estimate of the Optimum Checkpoint Interval for Restart Dumps*, Future Generation Computer Systems 22(3), 303–312, has the exact expectation.
# - Rutherford et al. (2024), *JaxMARL: Multi-Agent RL Environments and Algorithms in JAX*, arXiv 2311.10090.
# - Moritz et al. (2018), *Ray: A Distributed Framework for Emerging AI Applications*, arXiv 1712.05889.
