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
# # Exercises 12 · Memory: recurrent agents
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/12_memory.ipynb)
#
# You work out what a short memory can know, and write two things around a recurrent network that often go wrong: when it forgets, and how far its targets look. You find out from four curves why a team believes the same of two different episodes. And you measure whether a team finds a memory that nobody gave it.
#
# **Minutes:** 61
#
# **You need:** [lesson 12](../notebooks/12_memory.ipynb)
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

lesson.start("12")

# %%
from qmix_course.checks import check, hint, solution

# %%
import copy
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course import plots
from qmix_course.agents import GRUAgents
from qmix_course.algorithms import VDN
from qmix_course.envs import Cue
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# The exercises do not build on each other.

# %% [markdown]
# ## Exercise 12.1 · What a window can know
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# A recurrent network is one way to remember. A cheaper one is a window: the agent gets its last $k$ observations and nothing else. How long must the window be?
#
# The episodes of a task are equally likely. Row $e$ of `sights[E, T]` (int64) says what the agent sees in the $T$ steps of episode $e$; equal numbers are equal sights.
# `wants[E]` (int64) is the action that pays 1 in the last step of the episode. Every other action pays 0, and nothing that the agent does changes what it sees.
#
# Write `window_curve(sights, wants)`: for each $k = 1, \dots, T$ the best expected reward that an agent can get if it knows only its last $k$ sights, in their order. You are right if
# all numbers are exact, for any sights and any number of actions.

# %%
# two cues: 1 or 2 in the first step, 4 or 5 in the third
sights = torch.tensor([[1, 0, 4, 0], [2, 0, 4, 0], [1, 0, 5, 0], [2, 0, 5, 0]])
wants = torch.tensor([0, 1, 1, 1])


# %% nbgrader={"grade": false, "grade_id": "answer_12_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def window_curve(sights, wants):
    """sights[E, T] int64, wants[E] int64 -> the best expected reward for k = 1, ..., T: [T]."""
    ...


# %%
# Try it. In the last step alone nothing is to be seen: for k = 1 the best is 3 of 4.
window_curve(sights, wants)

# %% nbgrader={"grade": true, "grade_id": "check_12_1", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("12.1", window_curve)


# %% [markdown]
# ## Exercise 12.2 · Every row its own episode
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Core**
#
# Environments run side by side, and their episodes end at different times. `x[B, T, I]` holds what the cells read, row by row: an episode, then the next one, and so
# on. `first[B, T]` (bool) is True where a step is the *first* of an episode; step 0 always is.
#
# Write `memories(cell, x, first)`: the memory *after* each step, `[B, T, H]`. `cell` is an `nn.GRUCell`: `cell(x[B, I], h[B, H])` gives the new memory `[B, H]`, and
# `cell.hidden_size` is H. In every row an episode begins with a memory of zeros, and nothing of one row's episodes reaches another row.

# %% nbgrader={"grade": false, "grade_id": "answer_12_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def memories(cell, x, first):
    """cell: an nn.GRUCell, x[B, T, I], first[B, T] bool
    -> the memory after each step, [B, T, H]."""
    ...


# %%
# Try it. A new episode begins at step 2: the memory after it should be that after step 0.
memories(nn.GRUCell(1, 1), torch.zeros(1, 3, 1), torch.tensor([[True, False, True]]))

# %% nbgrader={"grade": true, "grade_id": "check_12_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("12.2", memories)


# %% [markdown]
# ## Exercise 12.3 · Targets that look further
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Extra**
#
# Write `lambda_targets(reward, terminated, next_value, mask, gamma, lam)`: the TD(λ) targets of padded episodes. All tensors are `[B, T]`: `terminated` is bool, `mask` is 1 for
# the steps that were played and 0 behind them, `next_value` is what the target network says about the state after each step. `gamma` and `lam` are numbers from 0 to 1.
#
# $$y_t = r_t + \gamma \big((1 - \lambda)\, v_{t+1} + \lambda\, y_{t+1}\big), \qquad v_{t+1} = \texttt{next\_value}[t]$$
#
# - A step at which the task terminated has $y_t = r_t$.
# - The last step that was played, if it did not terminate, has no $y_{t+1}$: there the next value counts in full, $y_t = r_t + \gamma\, v_{t+1}$. This holds at the end of a full row and in front of padding.
# - What `next_value` holds in the padding means nothing, and what your result holds there is not looked at.
#
# The library's `td_lambda_target` is off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_12_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lambda_targets(reward, terminated, next_value, mask, gamma, lam):
    """TD(lambda) targets: six inputs, tensors [B, T] and two numbers -> y[B, T]."""
    ...


# %%
# Try it. A reward of 1 at the end of three steps, with λ = 1: 0.25, 0.5, 1.
lambda_targets(torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[False, False, True]]),
               torch.zeros(1, 3), torch.ones(1, 3), 0.5, 1.0)

# %% nbgrader={"grade": true, "grade_id": "check_12_3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("12.3", lambda_targets)


# %% [markdown]
# ## Find the bug 12.4 · The target that came late
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# In the first of three steps two agents see a lamp, lit or dark, and never again. If it was lit the team is paid 1 at the end, if not 0, whatever it does. A recurrent VDN is trained on 64 whole episodes of random actions. These are its targets. `target` is the target network: `target(obs, last_actions, memory)` gives values and the memory after the last step, for as many steps as
# it gets; without a third argument it begins with a memory of zeros. A row holds one episode from its first step: `obs[B, T+1, N, O]`, `last_actions[B, T+1, N]`, `available[B, T+1, N, A]`, `reward[B, T]`,
# `terminated[B, T]`. After the end of an episode it may be that no action is available. (Padding is left out, to keep it short.)

# %%
def targets(target, obs, last_actions, available, reward, terminated, gamma):
    """y[B, T] for whole episodes."""
    with torch.no_grad():
        q, _ = target(obs[:, 1:], last_actions[:, 1:])
        q = q.masked_fill(~available[:, 1:], -torch.inf)
        value = q.amax(-1).sum(-1)
        return reward + gamma * torch.where(terminated, 0.0, value)


# %%
def believe(targets, updates=400):
    """What the team believes in the first and the last step, after each update."""
    torch.manual_seed(0)
    network = GRUAgents(n_agents=2, obs_dim=1, n_actions=2, hidden=16)
    slow = copy.deepcopy(network)
    lit = torch.arange(64) % 2 == 1
    obs, available = torch.zeros(64, 4, 2, 1), torch.ones(64, 4, 2, 2, dtype=torch.bool)
    obs[lit, 0] = 1.0                                              # the lamp, in the first step
    actions = torch.randint(2, (64, 3, 2))
    last = torch.cat([torch.full((64, 1, 2), -1), actions], 1)
    reward, terminated = torch.zeros(64, 3), torch.zeros(64, 3, dtype=torch.bool)
    reward[lit, 2], terminated[:, 2] = 1.0, True
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    curves = {"first step, lit": [], "first step, dark": [],
              "last step, lit": [], "last step, dark": []}
    for _ in range(updates):
        q, _ = network(obs[:, :-1], last[:, :-1])
        q_tot = q.gather(-1, actions.unsqueeze(-1)).squeeze(-1).sum(-1)
        y = targets(slow, obs, last, available, reward, terminated, gamma=0.9)
        optimiser.zero_grad()
        (q_tot - y).square().mean().backward()
        optimiser.step()
        with torch.no_grad():
            for old, new in zip(slow.parameters(), network.parameters()):
                old.lerp_(new, 0.05)                               # the copy takes over a twentieth
        for curve, rows, t in zip(curves.values(), (lit, ~lit, lit, ~lit), (0, 0, 2, 2)):
            curve.append(q_tot[rows, t].mean().item())
    return curves


plots.lines(range(400), believe(targets), "What the team believes its actions to be worth",
            "update", "$Q_{tot}$, mean over episodes")

# %% [markdown]
# Two of the curves end where they should. The other two end at one and the same value, and should not. Which of these is the cause?
#
# - **A.** The agents' memory is too small: on the way they forget the lamp.
# - **B.** The target network values the later steps as if nobody had seen the lamp.
# - **C.** The target network follows the network too slowly.
# - **D.** γ is too small: two steps ahead of the reward, nothing of it is left.
# - **E.** The training was too short: the news of the reward has not come so far.
#
# Put its letter into `cause`, and fix the function: copy the listing and change what has to be changed. The targets are then those that a network gives which
# walks through each episode as the agents did. To see the curves again, run `believe(mended_targets)`.

# %% nbgrader={"grade": false, "grade_id": "answer_12_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_targets(target, obs, last_actions, available, reward, terminated, gamma):
    """y[B, T] for whole episodes."""
    ...


# %%
# Try it on two episodes, one with the lamp lit. The targets of their first two steps should differ.
two_looks = torch.zeros(2, 4, 2, 1)
two_looks[1, 0] = 1.0
torch.manual_seed(0)
mended_targets(GRUAgents(n_agents=2, obs_dim=1, n_actions=2, hidden=8), two_looks,
               torch.tensor([-1, 0, 0, 0]).view(1, 4, 1).expand(2, 4, 2),
               torch.ones(2, 4, 2, 2, dtype=torch.bool), torch.zeros(2, 3),
               torch.tensor([[False, False, True]] * 2), 0.9)

# %% nbgrader={"grade": true, "grade_id": "check_12_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("12.4", cause, mended_targets)


# %% [markdown]
# ## Exercise 12.5 · Measure it: a note to oneself
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. The lesson's *Going further* wrote down a rule without any memory that earns 1 in the cue task, the most there is: an agent that is told its last action plays the cue in the first step, and then repeats itself. Its own actions are its note. Does a team find this by itself?
#
# The cue task of the lesson, in which an agent is told more than it sees. No network here is recurrent.

# %%
class Told(Cue):
    """extra: "nothing more"; "last action", what the agent did in the step before;
    or "last looks", all that it saw in the steps before."""

    def __init__(self, extra, num_envs=1):
        super().__init__(corridor=2, num_envs=num_envs)
        size = {"nothing more": 0, "last action": 2, "last looks": 9}[extra]
        self.extra, self.told = extra, torch.zeros(num_envs, 2, size)
        self.spec = replace(self.spec, obs_dim=3 + size)

    def _begin(self, where, cues=None):
        self.told = self.told.masked_fill(where[:, None, None], 0.0)
        return super()._begin(where, cues)

    def _advance(self, actions):
        if self.extra == "last action":
            self.told = F.one_hot(actions, 2).to(self.told)
        if self.extra == "last looks":
            seen = self._shown[self._at].to(self.told).unsqueeze(1).expand(-1, 2, -1)
            self.told = torch.cat([seen, self.told[..., :-3]], -1)
        return super()._advance(actions)

    def _see(self, reward, terminated):
        step = super()._see(reward, terminated)
        return replace(step, obs=torch.cat([step.obs, self.told], -1))

    def clone(self, num_envs=None):
        return Told(self.extra, self.num_envs if num_envs is None else num_envs)


CONFIG = TrainConfig(total_steps=8_000, capacity=2_000, batch_size=64, update_every=32,
                     learning_rate=1e-2, tau=0.05, epsilon_steps=5_000, evaluate_every=8_000)
BOTH = torch.tensor([0, 1])                                    # one episode for each cue

team = VDN.for_env(Told("nothing more"), seed=0, hidden=(32,))
train_seeds(Told("nothing more", num_envs=32), [team], CONFIG, [0])        # any number of teams
print("nothing more, seed 0:",
      evaluate(Told("nothing more", num_envs=2), team, cues=BOTH).mean_return)


# %% [markdown]
# Three arms: `"nothing more"`, `"last action"` and `"last looks"`. Write `measure(arm, seeds)`: it trains one team for each seed, everything but what the agents are told as above, and returns a list with each team's greedy return over both cues. Before you run it, write down what you expect.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** Teams that are told their last action learn to use it as a note: like those with the last looks, most of them earn 1.
# - **B.** Without a recurrent network there is no memory: in none of the three arms do most teams earn more than ½.
# - **C.** The last action is no memory: whatever the rule, an agent that knows its look and its last action earns at most ½.
# - **D.** Most teams with the last looks earn 1, most of those with the last action no more than ½. That a rule exists does not mean that this training finds it.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_12_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy return over both cues of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on two seeds of one arm.
measure("last action", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_12_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("12.5", measure, measured, conclusion)
