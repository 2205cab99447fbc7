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
# # Exercises 06 · Replay and target networks
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/06_replay_and_targets.ipynb)
#
# You write the memory and the slow copy that your own team will be trained with, and find two bugs that no error message reports.
#
# **Minutes:** 76
#
# **You need:** [lesson 06](../notebooks/06_replay_and_targets.ipynb)
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

lesson.start("06")

# %%
from qmix_course.checks import check, hint, solution

# %%
import copy
import math

import torch
from torch import nn

from qmix_course import exact, plots
from qmix_course.algorithms import VDN
from qmix_course.envs import LongWay
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig


# %% [markdown]
# The exercises do not build on each other. `Replay` (06.2) and `soft_update` (06.3, though an extra) come back in the capstone, where they train your own team.

# %% [markdown]
# ## Exercise 06.1 · A row that nobody draws
#
# **Difficulty:** 2 of 5 · **Minutes:** 6 · **Extra**
#
# A memory holds `held` rows, and nothing is added for a while. In each of `updates` updates one batch of `batch_size` rows is drawn: uniformly and
# *without replacement within the batch*. Each batch is drawn afresh from all rows.
#
# Write `never_drawn(held, batch_size, updates)`: the probability that one given row is in none of these batches.
#
# All three are whole numbers with 1 ≤ `batch_size` ≤ `held` and `updates` ≥ 0. You are right if the number is exact, for small
# memories too.

# %% nbgrader={"grade": false, "grade_id": "answer_06_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def never_drawn(held, batch_size, updates):
    """The probability that a given row of the memory is in no batch: a number from 0 to 1."""
    ### BEGIN SOLUTION
    missed_once = 1 - batch_size / held
    return missed_once ** updates
    ### END SOLUTION


# %%
# Try it. Half of four rows are drawn, once.
never_drawn(4, 2, 1)

# %% nbgrader={"grade": true, "grade_id": "check_06_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("06.1", never_drawn)


# %% [markdown]
# ## Exercise 06.2 · A memory for any rows
#
# **Difficulty:** 4 of 5 · **Minutes:** 18 · **Core**
#
# The lesson's `Ring` holds `Batch` objects and writes them row by row. Write a memory that needs no `Batch`: rows come as named columns, and you learn
# their names and shapes from what is added. The library's `ReplayBuffer` is off limits.
#
# - `Replay(capacity)` holds at most `capacity` rows.
# - `add(**columns)`: each column is a tensor `[rows, ...]`, of any further shape and any dtype, and all have the same number of rows. They are
#   written oldest first. Every call has the same columns, with any names. The number of rows may differ from call to call; it is 1 to `capacity`.
#   When there is no room left, the oldest rows are overwritten.
# - `len(memory)` is the number of rows that are held.
# - `sample(batch_size, generator)` gives a dictionary with the same names: tensors `[batch_size, ...]` with the dtype and shape of what was added. The rows are
#   distinct, and every set of `batch_size` of the rows held is equally likely, whatever the call before it gave. The order within
#   the batch is up to you. All chance comes from `generator` (a `torch.Generator`): an equal generator gives an equal batch.
#   `batch_size` is 1 to `len(memory)`.
#
# What belongs to one row stays together. The memory is its own: when the caller writes into a tensor that it has added, or into a batch that it
# got, nothing changes in the memory. Two memories have nothing in common. Names of other attributes are up to you.

# %% nbgrader={"grade": false, "grade_id": "answer_06_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Replay:
    """The last ``capacity`` rows, as named columns; uniform draws of distinct rows."""

    def __init__(self, capacity):
        """An empty memory."""
        ### BEGIN SOLUTION
        self.capacity, self.size, self.next = capacity, 0, 0
        self.columns = {}
        ### END SOLUTION

    def add(self, **columns):
        """Write rows: each column is a tensor [rows, ...], oldest row first."""
        ### BEGIN SOLUTION
        rows = len(next(iter(columns.values())))
        places = (self.next + torch.arange(rows)) % self.capacity
        for name, values in columns.items():
            if name not in self.columns:                 # the first rows: take the memory once
                self.columns[name] = values.new_zeros(self.capacity, *values.shape[1:])
            self.columns[name][places] = values
        self.next = (self.next + rows) % self.capacity
        self.size = min(self.size + rows, self.capacity)
        ### END SOLUTION

    def sample(self, batch_size, generator):
        """A dictionary of tensors [batch_size, ...]:
        distinct rows, all sets of them equally likely."""
        ### BEGIN SOLUTION
        places = torch.randperm(self.size, generator=generator)[:batch_size]
        return {name: values[places] for name, values in self.columns.items()}
        ### END SOLUTION

    def __len__(self):
        """The number of rows held."""
        ### BEGIN SOLUTION
        return self.size
        ### END SOLUTION


# %%
# Try it. Three rows go into a memory for two; 1 should be gone.
two_rows = Replay(2)
two_rows.add(number=torch.tensor([1, 2]))
two_rows.add(number=torch.tensor([3]))
two_rows.sample(2, torch.Generator().manual_seed(0))

# %% nbgrader={"grade": true, "grade_id": "check_06_2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("06.2", Replay)


# %% [markdown]
# ## Exercise 06.3 · A small part of the way
#
# **Difficulty:** 2 of 5 · **Minutes:** 6 · **Extra**
#
# The lesson moved one weight. Write `soft_update(target, online, tau)`: one soft update of a whole network, without the library's function of that name. `target` and `online` are two
# networks (`nn.Module`) of the same build, and 0 < `tau` ≤ 1. Afterwards every parameter of `target` has gone the part `tau` of its way to that of `online`.
#
# - It works in place and returns nothing: the parameters of `target` stay the same objects, with new numbers in them.
# - Every parameter moves, of any shape, whether or not it asks for gradients.
# - Nothing is recorded for gradients, and `requires_grad` stays as it was.
# - `online` stays as it is, and when it is trained on afterwards, the target stands still until the next soft update.

# %% nbgrader={"grade": false, "grade_id": "answer_06_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def soft_update(target, online, tau):
    """Move every parameter of ``target`` the part ``tau`` of the way
    to that of ``online``, in place."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for old, new in zip(target.parameters(), online.parameters()):
            old.add_(tau * (new - old))
    ### END SOLUTION


# %%
# Try it. The target's only weight should go from 0 a quarter of the way to 1.
target, online = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
target.weight.data.fill_(0.0)
online.weight.data.fill_(1.0)
soft_update(target, online, 0.25)
target.weight.item()

# %% nbgrader={"grade": true, "grade_id": "check_06_3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("06.3", soft_update)


# %% [markdown]
# ## Exercise 06.4 · How far back a tau looks
#
# **Difficulty:** 2 of 5 · **Minutes:** 7 · **Extra**
#
# The online weights stand still, and a target follows them with soft updates. Write `updates_until(share, tau)`: the smallest number of updates after which the
# target has gone *at least* the part `share` of its way. In the lesson: half of the way, with `tau` = 0.02.
#
# `share` and `tau` are numbers from 0.0001 to 0.9999. Return a whole number (`int`). You are right if it is exact for every `share` and every
# `tau` of these, small or large.

# %% nbgrader={"grade": false, "grade_id": "answer_06_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def updates_until(share, tau):
    """The smallest number of soft updates after which the target has gone
    at least ``share`` of its way: an int."""
    ### BEGIN SOLUTION
    # what is left, (1 - tau)^n, is at most 1 - share
    return math.ceil(math.log(1 - share) / math.log(1 - tau))
    ### END SOLUTION


# %%
# Try it. Half of the way with tau = 0.02: the lesson found 35.
updates_until(0.5, 0.02)

# %% nbgrader={"grade": true, "grade_id": "check_06_4", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("06.4", updates_until)


# %% [markdown]
# ## Exercise 06.5 · A hard copy now and then
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# Write the other kind of target: a class that owns a slow copy of a network and renews it by itself.
#
# - `HardCopy(online, every)` makes the copy. It stands in the attribute `network`: a network like `online`, with the same weights and weights of its own. No
#   parameter of it asks for gradients.
# - `after_update()` is called once after each step of the optimiser. The calls number `every`, 2 · `every`, 3 · `every`, … copy the weights that `online` has
#   now; the others do nothing. It returns nothing.
#
# `online` is a network (`nn.Module`) that somebody else trains, by changing its parameters in place; your class leaves it as it is. The slow copy changes in
# the calls that copy, and at no other time. Several `HardCopy` objects do not disturb each other. The library's `hard_update` and `soft_update` are off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_06_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
class HardCopy:
    """A slow copy of a network in the attribute ``network``,
    renewed after every ``every`` updates."""

    def __init__(self, online, every):
        """Make the copy."""
        ### BEGIN SOLUTION
        self.online, self.every, self.updates = online, every, 0
        self.network = copy.deepcopy(online).requires_grad_(False)
        ### END SOLUTION

    def after_update(self):
        """To be called once after each step of the optimiser."""
        ### BEGIN SOLUTION
        self.updates += 1
        if self.updates % self.every == 0:
            self.network.load_state_dict(self.online.state_dict())
        ### END SOLUTION


# %%
# Try it. A network with one weight: 0 at first, then 1, 2, 3, … Every third update is copied.
counter = nn.Linear(1, 1, bias=False)
counter.weight.data.fill_(0.0)
slow = HardCopy(counter, 3)
for update in range(1, 8):
    counter.weight.data.fill_(update)
    slow.after_update()
    if hasattr(slow, "network"):
        print("after update", update, "the copy holds", slow.network.weight.item())

# %% nbgrader={"grade": true, "grade_id": "check_06_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("06.5", HardCopy)


# %% [markdown]
# ## Find the bug 06.6 · A slot with a past
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Core**
#
# Here a row of the memory is a whole episode. All slots are `T` steps long; a shorter episode is written at the beginning of its slot, and `mask` says which
# steps were played: 1 for those, 0 for the padding behind them. The loss reads a step only where `mask` is 1.
#
# `memory` is a dictionary of tensors: `state[slots, T+1, S]`, `actions[slots, T, N]`, `reward[slots, T]`, `terminated[slots, T]`, `mask[slots, T]`, all 0
# (False) at the start. `episode` holds the same columns of one episode, but for the mask, from `state[length+1, S]` to `terminated[length]`.

# %%
def store(memory, slot, episode):
    """Write an episode of 1 to T steps into one slot of ``memory``, in place."""
    length = len(episode["reward"])                                   # 1
    memory["state"][slot, :length + 1] = episode["state"]             # 2
    memory["actions"][slot, :length] = episode["actions"]             # 3
    memory["reward"][slot, :length] = episode["reward"]               # 4
    memory["terminated"][slot, :length] = episode["terminated"]       # 5
    memory["mask"][slot, :length] = 1                                 # 6


# %% [markdown]
# Four episodes go through two slots. Each pays 1 a step, so the played rewards of a slot should sum to the length of its episode.

# %%
def an_episode(length):
    """Two agents, ``length`` steps, reward 1 a step; the last step terminates."""
    return {"state": torch.rand(length + 1, 3),
            "actions": torch.zeros(length, 2, dtype=torch.int64),
            "reward": torch.ones(length), "terminated": torch.arange(length) == length - 1}


memory = {"state": torch.zeros(2, 6, 3), "actions": torch.zeros(2, 5, 2, dtype=torch.int64),
          "reward": torch.zeros(2, 5), "terminated": torch.zeros(2, 5, dtype=torch.bool),
          "mask": torch.zeros(2, 5)}
for number, length in enumerate([3, 4, 5, 2]):
    store(memory, number % 2, an_episode(length))
    played = (memory["mask"] * memory["reward"])[number % 2].sum()
    print(f"slot {number % 2}: an episode of {length} steps went in, "
          f"the played rewards sum to {played:.0f}")

# %% [markdown]
# Name the line that does too little (its number is `wrong_line_a`), and fix the function: copy the listing and change what has to be changed. If you put in a line of your own, name the line of
# the listing that it completes. After every call the mask of the slot is 1 for the steps of its new episode and 0 behind them, and the other slots are as they were.
# What the other columns hold behind the end of the episode is nobody's business.

# %% nbgrader={"grade": false, "grade_id": "answer_06_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line_a = (
    ### BEGIN SOLUTION
    6
    ### END SOLUTION
)


def mended_store(memory, slot, episode):
    """Write an episode of 1 to T steps into one slot of ``memory``, in place."""
    ### BEGIN SOLUTION
    length = len(episode["reward"])
    memory["state"][slot, :length + 1] = episode["state"]
    memory["actions"][slot, :length] = episode["actions"]
    memory["reward"][slot, :length] = episode["reward"]
    memory["terminated"][slot, :length] = episode["terminated"]
    memory["mask"][slot, :length] = 1
    memory["mask"][slot, length:] = 0                      # the slot may have held a longer episode
    ### END SOLUTION


# %%
# Try it. An episode of two steps goes into slot 0: its mask should be 1, 1, 0, 0, 0.
mended_store(memory, 0, an_episode(2))
memory["mask"][0]

# %% nbgrader={"grade": true, "grade_id": "check_06_6", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("06.6", wrong_line_a, mended_store)


# %% [markdown]
# ## Find the bug 06.7 · A copy that is none
#
# **Difficulty:** 3 of 5 · **Minutes:** 9 · **Extra**
#
# `learn` trains a network that gives a value for each state, `[B, S]` to `[B, 1]`, towards $y = r + \gamma V(s')$ with a hard copy every `every` updates. There are no
# actions and no ends here, to keep it short. `batches` is a list of (state `[B, S]`, reward `[B]`, next state `[B, S]`).

# %%
def learn(online, batches, every, gamma, learning_rate):
    """One update a batch; ``online`` is trained in place. Returns the target network."""
    target = copy.copy(online)
    optimiser = torch.optim.SGD(online.parameters(), lr=learning_rate)
    for update, (state, reward, next_state) in enumerate(batches, start=1):
        with torch.no_grad():
            y = reward + gamma * target(next_state).squeeze(-1)
        loss = ((online(state).squeeze(-1) - y) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if update % every == 0:
            target.load_state_dict(online.state_dict())
    return target


# %% [markdown]
# A copy is due every 20 updates. What do the two networks answer about one state, after 0 to 60 updates? A target should stand still for 20 updates, and then jump.

# %%
torch.manual_seed(0)
start = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
batches = [(torch.rand(4, 2), torch.rand(4), torch.rand(4, 2)) for _ in range(60)]
a_state = torch.tensor([[0.5, 0.5]])
answers = {"the online network": [], "the target": []}
for updates in range(61):
    online = copy.deepcopy(start)
    target = learn(online, batches[:updates], every=20, gamma=0.9, learning_rate=0.02)
    for row, network in zip(answers.values(), (online, target)):
        row.append(network(a_state).item())
plots.lines(range(61), answers, "What the two networks say of one state",
            "updates", "value of the state")

# %% [markdown]
# The two lines lie on each other. Which of these is the cause?
#
# - **A.** The copies are made after every update.
# - **B.** The target network holds the very weights that the optimiser moves.
# - **C.** The gradient of the loss flows into the target too, and trains it.
# - **D.** The learning rate is so small that the two networks have not yet come apart.
# - **E.** The target is renewed from itself, and not from the online network.
#
# Put its letter into `cause`. Then fix the function: copy the listing and change what has to be changed. You are right if the targets come from the network of the start until
# the first hard copy, and from the latest hard copy after that, and everything else is as it was.

# %% nbgrader={"grade": false, "grade_id": "answer_06_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ### BEGIN SOLUTION
    "B"
    ### END SOLUTION
)


def mended_learn(online, batches, every, gamma, learning_rate):
    """One update a batch; ``online`` is trained in place. Returns the target network."""
    ### BEGIN SOLUTION
    target = copy.deepcopy(online)            # copy.copy makes a new object around the same tensors
    optimiser = torch.optim.SGD(online.parameters(), lr=learning_rate)
    for update, (state, reward, next_state) in enumerate(batches, start=1):
        with torch.no_grad():
            y = reward + gamma * target(next_state).squeeze(-1)
        loss = ((online(state).squeeze(-1) - y) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if update % every == 0:
            target.load_state_dict(online.state_dict())
    return target
    ### END SOLUTION


# %%
# Try it on ten updates. No copy is due yet: the target answers as the start did, -0.44.
target = mended_learn(copy.deepcopy(start), batches[:10], every=20, gamma=0.9, learning_rate=0.02)
target and round(target(a_state).item(), 2)

# %% nbgrader={"grade": true, "grade_id": "check_06_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("06.7", cause, mended_learn)

# %% [markdown]
# ## Exercise 06.8 · Measure it: how slow may the copy be?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. On a long way of six places, agent 1 may stop (action 0), which pays 4 and ends the episode, or go on (action 1); going on in the last place pays 10. What agent 2 does changes nothing. With $\gamma = 0.99$ the end is worth $10 \cdot 0.99^5 = 9.5$ at the start. But the start knows nothing of it before the news has come back, place by place.

# %%
WAY = LongWay(steps=6, near=4.0)


def fit(teams, config):
    """300 updates of all teams, side by side, on every step of the task at once."""
    fit_seeds(teams, [exact.every_step(WAY)] * len(teams), config, updates=300)


team = VDN.for_env(WAY, seed=0, hidden=(16,), gamma=0.99)
fit([team], TrainConfig(learning_rate=1e-2, tau=0.1))
print("tau 0.1, seed 0:", evaluate(WAY, team).mean_return)


# %% [markdown]
# Three arms: `"tau 1"`, `"tau 0.1"` and `"tau 0.01"`, where `tau` says how far the slow copy moves after each update. Write `measure(arm, seeds)`: it trains one team for each seed, everything but `tau` as above, and returns a list with the greedy reward of each. Which arm has no slow copy at all? What do you expect of it?
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** Here a slow copy gained nothing, and one too slow did harm: with 0.01, the news did not reach the start within 300 updates; with 0.1 and with no slow copy at all, it did.
# - **B.** Without a slow copy the values run away, and the teams do not find the end.
# - **C.** A target network is not needed: a training with a replay memory may leave it out.
# - **D.** How slow the copy is makes no difference.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_06_8", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy reward of one team for each seed."""
    ### BEGIN SOLUTION
    tau = {"tau 1": 1.0, "tau 0.1": 0.1, "tau 0.01": 0.01}[arm]
    teams = [VDN.for_env(WAY, seed=seed, hidden=(16,), gamma=0.99) for seed in seeds]
    fit(teams, TrainConfig(learning_rate=1e-2, tau=tau))
    return [evaluate(WAY, team).mean_return for team in teams]
    ### END SOLUTION


measured = (
    ### BEGIN SOLUTION
    {arm: measure(arm, range(8)) for arm in ("tau 1", "tau 0.1", "tau 0.01")}
    ### END SOLUTION
)
conclusion = (
    ### BEGIN SOLUTION
    "A"
    ### END SOLUTION
)

# %% nbgrader={"grade": true, "grade_id": "check_06_8", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("06.8", measure, measured, conclusion)
