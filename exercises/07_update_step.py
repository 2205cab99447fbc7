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
# # Exercises 07 · The update step
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/07_update_step.ipynb)
#
# You write the update of QMIX piece by piece and then as a whole, and you fix two updates that run and are wrong.
#
# **Minutes:** 79
#
# **You need:** [lesson 07](../notebooks/07_update_step.ipynb)
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

lesson.start("07")

# %%
import copy

import torch

from qmix_course import exact
from qmix_course.agents import MLPAgents
from qmix_course.algorithms import VDN
from qmix_course.checks import check, hint, solution
from qmix_course.envs import LongWay
from qmix_course.evaluation import evaluate
from qmix_course.mixers import QMixer
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# ## Exercise 07.1 · What was played
#
# **Difficulty:** 2 of 5 · **Minutes:** 6 · **Extra**
#
# The agents' networks give the value of every action: `q[B, T+1, N, A]`. The mixer needs one value for each agent: that of the action that was
# played. `actions[B, T, N]` holds these actions. There are `T + 1` observations and only `T` actions, since after the last step nobody has acted yet:
# the actions of time `t` were chosen when the agents saw observation `t`.
#
# Write `chosen_values(q, actions)`: a tensor of shape `[B, T, N]` with the value of each played action, each taken at its own time.
#
# You are right if this holds for batches of any size, also for a batch of one, one step, or one agent, and if a gradient finds its way from your result
# back to `q`. Loops are allowed. Here is a table to try it on, whose digits say what is where: 1023 is row 1, time 0, agent 2, action 3. With it the
# right answer is `[[[10, 23], [111, 121]], [[1012, 1020], [1113, 1123]]]`.

# %%
b, t, i, a = torch.meshgrid(torch.arange(2), torch.arange(3), torch.arange(2), torch.arange(4),
                            indexing="ij")
table = 1000.0 * b + 100 * t + 10 * (i + 1) + a          # [B, T+1, N, A] = [2, 3, 2, 4]
played = torch.tensor([[[0, 3], [1, 1]], [[2, 0], [3, 3]]])
print(table[0, 0])


# %% nbgrader={"grade": false, "grade_id": "answer_07_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def chosen_values(q, actions):
    """The value of each played action.

    q[B, T+1, N, A] float, actions[B, T, N] int64 → [B, T, N] float.
    """
    ...


# %% nbgrader={"grade": true, "grade_id": "check_07_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("07.1", chosen_values)


# %% [markdown]
# ## Exercise 07.2 · The best available next values
#
# **Difficulty:** 2 of 5 · **Minutes:** 6 · **Extra**
#
# For the target each agent takes its best action in the next situation, each on its own. `q[B, N, A]` holds the values of all actions there, and
# `available[B, N, A]` says which of them can be taken. At least one can, for every agent.
#
# Write `best_next(q, available)`: a tensor of shape `[B, N]` with the value of each agent's best available action.
#
# You are right if this holds for any finite values, also if all are below zero, and however low they are (down to the lowest finite number is tried). Your
# function must not change what it is given.

# %% nbgrader={"grade": false, "grade_id": "answer_07_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_next(q, available):
    """Each agent's best available value.

    q[B, N, A] float, available[B, N, A] bool → [B, N] float.
    """
    ...


# %% nbgrader={"grade": true, "grade_id": "check_07_2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("07.2", best_next)


# %% [markdown]
# ## Exercise 07.3 · The targets of a batch
#
# **Difficulty:** 2 of 5 · **Minutes:** 5 · **Extra**
#
# Write `td_targets(reward, terminated, next_q_tot, gamma)`: the TD targets $y$ of a batch of transitions, shape `[B]`. `next_q_tot[B]` is the
# target network's value of the next state and `gamma` a number from 0 to 1. `terminated[B]` is True where the task ended with the step.
#
# No flag for truncation is handed in. Before you write, say why none is needed.
#
# You are right if every row has its own right target, in batches of any size, and for any `gamma`. Write it yourself: `td_target` of the
# library is off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_07_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def td_targets(reward, terminated, next_q_tot, gamma):
    """The TD targets of B transitions.

    reward[B] float, terminated[B] bool, next_q_tot[B] float, gamma: a number → y[B] float.
    """
    ...


# %% nbgrader={"grade": true, "grade_id": "check_07_3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("07.3", td_targets)


# %% [markdown]
# ## Exercise 07.4 · The loss of a padded batch
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# Episodes of different lengths stand in one batch. `mask[B, T]` is 1.0 where a step was played and 0.0 in the padding, where the numbers and
# flags mean nothing (they are finite). At least one step of the batch was played.
#
# Write `td_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma)`: the mean of the squared TD errors over all steps that were played,
# each of them counted the same. All inputs but `gamma` have the shape `[B, T]`. `terminated` and `truncated` are what the environment
# reported: the task ended, or the clock ran out.
#
# You are right if the value is exact and its gradient too: a tensor that carries a gradient back to `q_tot`, and none to `next_q_tot`, *even if that one
# asks for one*. `td_target` and `masked_mean` of the library are off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_07_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def td_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    """The mean squared TD error of the steps that were played.

    q_tot, next_q_tot, reward, mask[B, T] float, terminated, truncated[B, T] bool,
    gamma: a number → a tensor with one number.
    """
    ...


# %% nbgrader={"grade": true, "grade_id": "check_07_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.4", td_loss)


# %% [markdown]
# ## Exercise 07.5 · The whole update
#
# **Difficulty:** 4 of 5 · **Minutes:** 20 · **Core**
#
# Write `qmix_update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma)`: one gradient step of QMIX on a batch of transitions. It
# returns the loss, as a number, as it was *before* the step.
#
# - `agents(obs)` takes `obs[B, T, N, O]` and gives `q[B, T, N, A]`: it wants an axis for time, also for a single step.
#   `mixer(agent_qs, state)` takes `agent_qs[B, N]` and `state[B, S]` and gives `q_tot[B]`. The target networks are called in the same way.
# - `batch` is a dictionary: `obs[B, N, O]`, `state[B, S]`, `actions[B, N]`, `reward[B]`, `terminated[B]`, `next_obs[B, N, O]`, `next_state[B, S]`,
#   `next_available[B, N, A]`. Nothing is padded, so there is no mask. The values of the networks can be any finite numbers.
# - `optimiser` holds the weights of `agents` and `mixer`. They may still have gradients from before, which must not count.
# - The loss is the mean of the squared TD errors on $Q_{tot}$, without double-Q: the target networks choose the next actions and value them.
# - Nothing else happens here: no clipping, and the target networks neither move nor get gradients.
#
# You are right if all weights after the step, and the loss, are what they must be, for several sizes and optimisers, and for a second update after
# the first. You may call your own functions from above; `best_next` and `td_targets` fit. Here are networks and a batch to try it on:

# %%
class Team(torch.nn.Module):
    """obs[B, T, N, O] → q[B, T, N, A]"""

    def __init__(self, n_agents, obs_dim, n_actions):
        super().__init__()
        self.networks = MLPAgents(n_agents, obs_dim, n_actions, hidden=(16,))

    def forward(self, obs):
        return self.networks(obs)[0]


team, mixer = (Team(n_agents=2, obs_dim=3, n_actions=4),
               QMixer(n_agents=2, state_dim=5, embed_dim=8, hypernet_dim=0))
team_copy, mixer_copy = copy.deepcopy(team), copy.deepcopy(mixer)
optimiser = torch.optim.Adam([*team.parameters(), *mixer.parameters()], lr=1e-3)
batch = {"obs": torch.randn(6, 2, 3), "state": torch.randn(6, 5),
         "actions": torch.randint(4, (6, 2)), "reward": torch.randn(6),
         "terminated": torch.tensor([False, True, False, False, True, False]),
         "next_obs": torch.randn(6, 2, 3), "next_state": torch.randn(6, 5),
         "next_available": torch.ones(6, 2, 4, dtype=torch.bool)}
print({name: list(value.shape) for name, value in batch.items()})


# %% nbgrader={"grade": false, "grade_id": "answer_07_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def qmix_update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    """One gradient step on the batch. Returns the loss before the step: a number."""
    ...


# %% nbgrader={"grade": true, "grade_id": "check_07_5", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("07.5", qmix_update)


# %% [markdown]
# ## Find the bug 07.6 · An action that nobody can take
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# Targets with double-Q: the online network chooses each agent's next action among those available, the target network values it, and VDN's mixer adds the
# agents' values. The first three tables have the times 0 to `T`, the shapes fit in every line, and the code runs.

# %%
def buggy_targets(online_q, target_q, available, reward, terminated, gamma):
    """TD targets y[B, T] with double-Q, for a VDN team.

    online_q, target_q[B, T+1, N, A] float, available[B, T+1, N, A] bool, reward[B, T] float,
    terminated[B, T] bool.
    """
    judged = online_q.masked_fill(~available, -torch.inf)                  # 1
    best = judged.argmax(-1, keepdim=True)                                 # 2
    next_q = target_q[:, 1:].gather(-1, best[:, :-1]).squeeze(-1)          # 3
    next_q_tot = next_q.sum(-1)                                            # 4
    return reward + gamma * torch.where(terminated, 0.0, next_q_tot)       # 5


# %% [markdown]
# One agent, one step, three actions, $\gamma = 0.5$. At time 1 action 0 is *not* available; the target network happens to say 80 about it. Of the
# other two the online network prefers action 2, which the target network values at 6. So the target should be $1 + 0.5 \cdot 6 = 4$.

# %%
# [B, T+1, N, A] = [1, 2, 1, 3]
online_table = torch.tensor([[[[5.0, 1.0, 0.0]], [[7.0, 2.0, 3.0]]]])
target_table = torch.tensor([[[[4.0, 1.0, 1.0]], [[80.0, 8.0, 6.0]]]])
possible = torch.tensor([[[[True, True, True]], [[False, True, True]]]])
print("target:", buggy_targets(online_table, target_table, possible, torch.tensor([[1.0]]),
                               torch.tensor([[False]]), 0.5).item())

# %% [markdown]
# The 80 of an action that nobody can take is in it. Fix the function: copy the body of the listing and change what is wrong. Then name
# the line in which it goes wrong; if your repair touches two, it is the line where tables of different times meet.
#
# You are right if the targets are exact, for any batch with finite values in which every agent always has an available action, and the line
# is the right one.

# %% nbgrader={"grade": false, "grade_id": "answer_07_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line_a = (
    ...
)


def mended_targets(online_q, target_q, available, reward, terminated, gamma):
    """TD targets y[B, T] with double-Q, for a VDN team.

    online_q, target_q[B, T+1, N, A] float, available[B, T+1, N, A] bool, reward[B, T] float,
    terminated[B, T] bool.
    """
    ...


# %% nbgrader={"grade": true, "grade_id": "check_07_6", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.6", wrong_line_a, mended_targets)


# %% [markdown]
# ## Find the bug 07.7 · A limit that does not hold
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# The second half of an update: gradients, clipping, step. `max_norm` is the limit for the length of the gradient of all weights that the optimiser moves,
# which are those of the agents and the mixer. A longer gradient is to be shortened to that length, in its direction; a shorter one stays as it is. The
# function returns the length of that gradient *before* the clipping.

# %%
def buggy_step(agents, mixer, optimiser, loss, max_norm):
    """One optimiser step on the loss, the gradient clipped to the length max_norm.
    Returns its length before: a number."""
    optimiser.zero_grad()                                                        # 1
    loss.backward()                                                              # 2
    length = torch.nn.utils.clip_grad_norm_(agents.parameters(), max_norm)       # 3
    optimiser.step()                                                             # 4
    return float(length)                                                         # 5


# %% [markdown]
# Two networks of one weight each, both 0, and a loss with the gradients 3 for the agents and 400 for the mixer. With the learning rate 1 and the
# limit 1 no weight can move by more than 1:

# %%
one_agents, one_mixer = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
for network in (one_agents, one_mixer):
    torch.nn.init.zeros_(network.weight)
one_optimiser = torch.optim.SGD([*one_agents.parameters(), *one_mixer.parameters()], lr=1.0)
one_loss = (3 * one_agents.weight + 400 * one_mixer.weight).sum()
print("length before:", buggy_step(one_agents, one_mixer, one_optimiser, one_loss, 1.0))
print("the agents' weight moved to", round(one_agents.weight.item(), 3),
      "· the mixer's to", round(one_mixer.weight.item(), 3))

# %% [markdown]
# Fix the function, and name the line with the bug.
#
# You are right if the optimiser follows the clipped gradient, for any gradients and limits, long and short ones (0 is not tried), and the returned length and the
# line are right. Old gradients must not count, as in the listing.

# %% nbgrader={"grade": false, "grade_id": "answer_07_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line_b = (
    ...
)


def mended_step(agents, mixer, optimiser, loss, max_norm):
    """One optimiser step on the loss, the gradient clipped to the length max_norm.
    Returns its length before: a number."""
    ...


# %% nbgrader={"grade": true, "grade_id": "check_07_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.7", wrong_line_b, mended_step)

# %% [markdown]
# ## Exercise 07.8 · Measure it: what gamma decides
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. On a long way of six places, agent 1 may stop, which pays 4 and ends the episode, or go on; going on in the last place pays 10. Nothing else pays.

# %%
WAY = LongWay(steps=6, near=4.0)


def fit(teams):
    """Train all teams side by side, on every step of the task at once."""
    fit_seeds(teams, [exact.every_step(WAY)] * len(teams),
              TrainConfig(learning_rate=1e-2, tau=0.1), updates=400)


team = VDN.for_env(WAY, seed=0, hidden=(16,), gamma=0.95)
fit([team])
print("gamma 0.95, seed 0:", evaluate(WAY, team).mean_return)


# %% [markdown]
# Three arms: `"gamma 0.8"`, `"gamma 0.87"` and `"gamma 0.95"`. Write `measure(arm, seeds)`: it trains one team for each seed, everything but $\gamma$ as above, and returns a list with the greedy reward of each. Before you run it, work out on paper what each arm should do at the start.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** With 0.8 the teams have not learned well: more updates would bring them to the end.
# - **B.** $\gamma$ changes the size of the values, and not what the teams do.
# - **C.** Teams with 0.8 stop, the others walk to the end. Each does what is worth most by its own $\gamma$; the border lies between 0.8 and 0.87.
# - **D.** Teams with 0.8 and 0.87 stop, and only those with 0.95 walk to the end.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_07_8", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy reward of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_07_8", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.8", measure, measured, conclusion)
