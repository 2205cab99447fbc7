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
# # Exercises 08 · Training
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/08_training.ipynb)
#
# You write the loop that trains any team, work out what a run is made of before you start it, find a target network that never stands still, and measure what the exploration schedule does to a sum.
#
# **Minutes:** 78
#
# **You need:** [lesson 08](../notebooks/08_training.ipynb)
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

lesson.start("08")

# %%
from copy import deepcopy
from dataclasses import replace

import torch

from qmix_course import plots
from qmix_course.algorithms import QMIX, VDN
from qmix_course.checks import check, hint, solution
from qmix_course.envs import TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.exploration import linear_schedule
from qmix_course.replay import Batch
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig


# %% [markdown]
# ## Exercise 08.1 · What a run is made of
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# Before a run you can know how much it will play and learn. Write `count_run`, for the loop `my_train` of step 3 of the lesson and an environment with `rows` rows. It returns three
# numbers:
#
# 1. `calls`: how often `env.step` is called;
# 2. `updates`: how many updates the run makes;
# 3. `ratio`: the transitions *drawn* from the replay memory in the whole run, divided by the transitions *stored* in it.
#
# The loop goes on while fewer than `total_steps` steps were played, so a run can play a little more than that. One call gives one transition for each row. All settings are whole numbers, `learning_starts` from 0 on, the others
# from 1 on, and the memory always holds enough for a batch.
#
# You are right if the three numbers are those of the loop for any settings: rows that do not divide `total_steps`, an `update_every` smaller than the number of rows, a run that is over
# before it starts to learn.

# %% nbgrader={"grade": false, "grade_id": "answer_08_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_run(total_steps, rows, learning_starts, update_every, batch_size):
    """The tuple (calls, updates, ratio) of a run: two whole numbers and a float."""
    ### BEGIN SOLUTION
    calls = -(-total_steps // rows)
    played = calls * rows
    updates = max(0, played - learning_starts) // update_every
    return calls, updates, updates * batch_size / played
    ### END SOLUTION


# %%
# Try it on a small run, whose calls you can count on your fingers.
count_run(total_steps=20, rows=4, learning_starts=8, update_every=4, batch_size=2)

# %% nbgrader={"grade": true, "grade_id": "check_08_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("08.1", count_run)

# %% [markdown]
# ## Exercise 08.2 · When is exploration down to a value?
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# A run follows the straight line of `linear_schedule(start, end, steps, step)`: from `start` at step 0 down to `end` at step `steps`, and `end` from there on. But the loop does not look at it
# all the time. It asks for $\varepsilon$ once a call, *before* the call's steps are counted: at the steps 0, `rows`, 2 · `rows`, … The dots of the picture are what the team really plays with.

# %%
rows, line = 8, range(0, 65)
figure, ax = plots.panels(1, 1, size=(6.4, 3.2),
                          title="A schedule, and where a loop with 8 rows looks at it")
ax.plot(line, [linear_schedule(1.0, 0.25, 48, step) for step in line],
        color=plots.COLOURS[0], label="the schedule")
ax.plot(line[::rows], [linear_schedule(1.0, 0.25, 48, step) for step in line[::rows]], "o",
        color=plots.COLOURS[1], label="a call of env.step")
ax.set(xlabel="environment steps before the call", ylabel="exploration rate",
       ylim=(0, 1.05), xticks=line[::rows])
ax.legend()
figure


# %% [markdown]
# Write `first_step`: the number of steps that were played before the first call in which $\varepsilon$ is *at most* `value`. If there is no such call, because
# $\varepsilon$ never gets there, return `float("inf")`: a search must know when to end. In the picture the answer for `value=0.5` is 32, and for `value=0.2` there is none.
#
# You are right if this holds for any schedule with `start >= end`, any number of rows, and values above, between and below the two ends.

# %% nbgrader={"grade": false, "grade_id": "answer_08_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def first_step(start, end, steps, value, rows):
    """The steps played before the first call with ε <= value:
    a whole number, or float("inf") if there is none."""
    ### BEGIN SOLUTION
    step = 0
    while linear_schedule(start, end, steps, step) > value:
        if step >= steps:
            return float("inf")
        step += rows
    return step
    ### END SOLUTION


# %%
# Try it. Epsilon falls from 1 to 0 in 10 steps, two at a time.
first_step(1.0, 0.0, 10, 0.5, 2)

# %% nbgrader={"grade": true, "grade_id": "check_08_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("08.2", first_step)


# %% [markdown]
# ## Exercise 08.3 · The loop
#
# **Difficulty:** 4 of 5 · **Minutes:** 20 · **Core**
#
# Now the loop itself. The pieces come as arguments, so that it can train anything:
#
# | argument | what it is |
# |---|---|
# | `env` | an environment with `env.num_envs` rows, not yet reset |
# | `act(now, epsilon)` | the actions `[B, N]` for the step `now`, which is what `env.reset` or `env.step` returned |
# | `store(now, actions, then)` | puts one transition for each row into the memory: the step before, the actions, and the step that they led to |
# | `learn()` | draws a batch and makes one step of the optimiser; gives the loss |
# | `move_target()` | moves the target networks once |
# | `epsilon_at(steps)` | the exploration rate when so many steps were played |
#
# Write `train_loop`. As in step 3 of the lesson:
#
# - The run ends once at least `total_steps` steps were played; a call of `env.step` plays one step in each row.
# - In every call: look up $\varepsilon$ for the steps played *so far*, ask `act` once, play, `store` once. What is stored is what the actions truly led to, never the first step of a new episode.
# - After storing, learn as often as is due: one update for every `update_every` steps, counted from `learning_starts` on. Several updates can be due at once.
# - The target moves once after each update.
# - Rows whose episode has ended (`ended`: terminated or truncated) are reset, the others play on. Whether you still reset after the last call does not matter.
#
# Return the list of all losses, in order.
#
# You are right if the pieces are called in this order, with the right arguments, for any number of rows and any settings. The check looks at what was done, and the code may look as you like.

# %% nbgrader={"grade": false, "grade_id": "answer_08_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_loop(env, act, store, learn, move_target, epsilon_at,
               total_steps, learning_starts, update_every):
    """Play, store, learn, move the target, until total_steps steps were played.
    Returns the list of all losses."""
    ### BEGIN SOLUTION
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses
    ### END SOLUTION


# %%
# Try it on two rows and six steps: what your loop calls, in order. No update is due after the
# first env.step, two are due after each of the others.
calls = []


def note(what):
    calls.append(what)
    assert len(calls) < 100, "this loop does not end"


def act(now, epsilon):
    note(f"act, epsilon {epsilon}")
    return torch.zeros(2, 2, dtype=torch.long)


train_loop(TwoStepGame(num_envs=2), act, lambda now, actions, then: note("store"),
           lambda: note("learn"), lambda: note("move the target"), lambda steps: 1 - steps / 8,
           total_steps=6, learning_starts=2, update_every=1)
calls and print(*calls, sep="\n")

# %% nbgrader={"grade": true, "grade_id": "check_08_3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("08.3", train_loop)


# %% [markdown]
# ## Exercise 08.4 · Without the dice
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# A team is judged by what it does without exploration. `values` is a function: it takes observations `[B, N, O]` and gives every agent's values `[B, N, A]`. Write `greedy_episodes`: it plays *one*
# greedy episode in every row of `env`, at the same time. Each agent takes the available action with its largest value (no two are equal). It returns two tensors:
#
# - `returns[B]`: the plain sum of the rewards of the row's episode;
# - `reached[B]` (bool): whether the episode ended because the *task* ended.
#
# Reset the environment first. Episodes have different lengths, and `env.step` refuses to play while any row has ended. So rows that are done must be reset, and what they play after that is not counted.
#
# You are right if both tensors are right for any number of rows and agents, any step limit, any finite values, however low, and with actions that are not available (`available` of a step). `evaluate` of the library is off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_08_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def greedy_episodes(env, values):
    """One greedy episode in every row: returns[B] float, reached[B] bool."""
    ### BEGIN SOLUTION
    step = env.reset()
    returns = torch.zeros(env.num_envs)
    reached = torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        q = values(step.obs).masked_fill(~step.available, -torch.inf)
        step = env.step(q.argmax(-1))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached
    ### END SOLUTION


# %%
# Try it. Everybody prefers action 0: three times the way to 2A, which pays 7.
greedy_episodes(TwoStepGame(num_envs=3),
                lambda obs: torch.tensor([1.0, 0.0]).expand(len(obs), 2, 2))

# %% nbgrader={"grade": true, "grade_id": "check_08_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("08.4", greedy_episodes)


# %% [markdown]
# ## Exercise 08.5 · When it is done
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Core**
#
# A run may stop when the team is done. One look with the best return can be luck, so take a rule: stop at the first look at which the last `patience` looks *in a row*, this one included, all had the best greedy
# return. A return counts as the best one when it is less than $10^{-6}$ away from `best`, and not when it is more than that away, because a sum of rewards is only exact up to rounding.
#
# Given a whole history, at which step would the run have stopped? `steps` and `greedy_returns` are two lists with one entry for each look, in order. Return the step of that look, or `float("inf")` if there is none.
#
# You are right if the step is the right one for any history, also for an empty one and for one with fewer looks than `patience`.

# %% nbgrader={"grade": false, "grade_id": "answer_08_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stop_step(steps, greedy_returns, best, patience):
    """The step at which the rule stops the run: an entry of steps, or float("inf")."""
    ### BEGIN SOLUTION
    streak = 0
    for step, value in zip(steps, greedy_returns):
        streak = streak + 1 if abs(value - best) < 1e-6 else 0
        if streak == patience:
            return step
    return float("inf")
    ### END SOLUTION


# %%
# Try it on a run that has reached 8.65 three times.
stop_step([10, 20, 30, 40], [1.0, 8.65, 8.65, 8.65], 8.65, 2)

# %% nbgrader={"grade": true, "grade_id": "check_08_5", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("08.5", stop_step)


# %% [markdown]
# ## Find the bug 08.6 · Every fiftieth
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# A hard target update: instead of moving a little in every update, the target network stands still and is copied from the team after every `copy_every`-th update. The function below makes one update for each batch. `loss_of` is
# a function that gives the loss of a batch. It runs, the loss falls, and something is wrong.

# %%
def learn_all(team, target, optimiser, batches, loss_of, copy_every):
    """One update for each batch; after every copy_every-th one
    the target becomes a copy of the team. The losses."""
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every:
            target.load_state_dict(team.state_dict())
    return losses


# %% [markdown]
# Here it trains a team for the two-step game, with `copy_every=50`. Before each update we note two distances between weights (the length of their difference): how far the team has come from its first weights, and how far the target is from the team.

# %%
def one_batch():
    """64 first steps of the two-step game, played at random (as `play_once` of the lesson)."""
    env = TwoStepGame(num_envs=64)
    now = env.reset(seed=0)
    actions = torch.randint(2, (64, 2), generator=torch.Generator().manual_seed(0))
    then = env.step(actions)
    both = {name: torch.stack([getattr(now, name), getattr(then, name)], 1)
            for name in ("obs", "state", "available")}
    return Batch(**both, actions=actions.unsqueeze(1), last_actions=torch.full((64, 2, 2), -1),
                 reward=then.reward.unsqueeze(1), terminated=then.terminated.unsqueeze(1),
                 mask=torch.ones(64, 1))


def distances(learn_all):
    """Before each of 201 updates: team to first weights, target to team."""
    team = QMIX.for_env(TwoStepGame(), seed=0, hidden=(16,), embed_dim=8, hypernet_dim=16)
    target, flat = deepcopy(team).requires_grad_(False), torch.nn.utils.parameters_to_vector
    first, way, lag = flat(team.parameters()).detach(), [], []

    def loss_of(team, target, batch):
        now = flat(team.parameters()).detach()
        way.append(float((now - first).norm()))
        lag.append(float((flat(target.parameters()) - now).norm()))
        return team.loss(batch, target)

    learn_all(team, target, torch.optim.Adam(team.parameters(), lr=1e-3),
              [one_batch()] * 201, loss_of, 50)
    return {"from the first weights to the team": way, "from the team to its target": lag}


plots.lines(range(201), distances(learn_all), "A target that is to be copied every 50 updates",
            "updates made", "distance between weights")

# %% [markdown]
# A target that stands still for 50 updates is left behind. Which of these is the cause?
#
# - **A.** The target is never copied.
# - **B.** The target moves a part of the way in each update, as in a soft update.
# - **C.** The wrong way round: the team is given the target's weights.
# - **D.** The target is copied after all updates but those whose number can be divided by `copy_every`.
# - **E.** The optimiser's steps are too small for the target to fall behind.
#
# Put its letter into `cause`, and write the repaired function as `mended_updates`: copy the listing and fix it. Then draw `distances(mended_updates)`.
#
# You are right if the network that is handed in as `target` is a copy of the team after the updates number `copy_every`, 2 · `copy_every`, … and stands still in between, if the updates and their losses are
# otherwise what they were, and if you name the cause.

# %% nbgrader={"grade": false, "grade_id": "answer_08_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ### BEGIN SOLUTION
    "D"
    ### END SOLUTION
)


def mended_updates(team, target, optimiser, batches, loss_of, copy_every):
    """One update for each batch; after every copy_every-th one
    the target becomes a copy of the team. The losses."""
    ### BEGIN SOLUTION
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            target.load_state_dict(team.state_dict())
    return losses
    ### END SOLUTION


# %%
# Try it. The distance from the team to its target, before the updates 1, 50, 51, 100 and 101.
lag = distances(mended_updates)["from the team to its target"]
[round(lag[update - 1], 1) for update in (1, 50, 51, 100, 101) if lag]

# %% nbgrader={"grade": true, "grade_id": "check_08_6", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("08.6", cause, mended_updates)

# %% [markdown]
# ## Exercise 08.7 · Measure it: can a sum find the 8?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. In step 7 of the lesson the VDN teams of the two-step game settled for 7. They were trained with $\varepsilon = 1$ from the first step to the last, so every joint action came equally often. What if $\varepsilon$ falls, as it does in almost every training?

# %%
CONFIG = TrainConfig(total_steps=3_000, update_every=8, batch_size=64, learning_rate=3e-3,
                     tau=0.05, epsilon_start=1.0, epsilon_end=1.0, evaluate_every=3_000)

team = VDN.for_env(TwoStepGame(), seed=0, hidden=(32,))
train_seeds(TwoStepGame(num_envs=32), [team], CONFIG, [0])                 # any number of teams
print("stays at 1, seed 0:", evaluate(TwoStepGame(), team).mean_return)


# %% [markdown]
# Three arms: `"stays at 1"`, as above; `"falls in 500 steps"` and `"falls in 2,000 steps"`, in which $\varepsilon$ falls from 1 to 0.05 in so many steps (`epsilon_end`, `epsilon_steps`). Write `measure(arm, seeds)`: it trains one VDN team for each seed, everything but the schedule as above, and returns a list with the greedy return of each. Before you run it, write down what you expect.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** A sum cannot hold the table of 2B, so the schedule changes nothing: nearly all teams settle for 7 in all three arms.
# - **B.** With $\varepsilon = 1$ nearly all teams settle for 7. If it falls in 2,000 steps most earn 8, and if it falls in 500 the seed decides. What a sum prefers depends on what its team has played.
# - **C.** The sooner $\varepsilon$ falls, the more teams earn 8.
# - **D.** If it falls in 2,000 steps, most teams learn the table of 2B: their sum is near 0, 1, 1 and 8.
# - **E.** If it falls in 500 steps, a team earns about 7.5, less than with 2,000 and more than with $\varepsilon = 1$.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_08_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy return of one team for each seed."""
    ### BEGIN SOLUTION
    end, steps = {"stays at 1": (1.0, 1), "falls in 500 steps": (0.05, 500),
                  "falls in 2,000 steps": (0.05, 2_000)}[arm]
    teams = [VDN.for_env(TwoStepGame(), seed=seed, hidden=(32,)) for seed in seeds]
    config = replace(CONFIG, epsilon_end=end, epsilon_steps=steps)
    train_seeds(TwoStepGame(num_envs=32), teams, config, list(seeds))
    return [evaluate(TwoStepGame(), team).mean_return for team in teams]
    ### END SOLUTION


measured = (
    ### BEGIN SOLUTION
    {arm: measure(arm, range(8))
     for arm in ("stays at 1", "falls in 500 steps", "falls in 2,000 steps")}
    ### END SOLUTION
)
conclusion = (
    ### BEGIN SOLUTION
    "B"
    ### END SOLUTION
)

# %%
# Try it on two seeds of one arm.
measure("falls in 500 steps", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_08_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("08.7", measure, measured, conclusion)
