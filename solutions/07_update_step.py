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
# You follow an error to those who hear it, say which steps of a recording count, write the update of QMIX as a whole, and fix two updates that run and are wrong.
#
# **Minutes:** 87
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

from qmix_course import exact, plots
from qmix_course.agents import MLPAgents
from qmix_course.algorithms import VDN
from qmix_course.checks import check, hint, solution
from qmix_course.envs import LongWay
from qmix_course.evaluation import evaluate
from qmix_course.mixers import QMixer
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# ## Exercise 07.1 · Who hears the error?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# Here a team is mixed in two levels. Agents form squads: `squad[i]` is the number of agent $i$'s squad. A squad adds up its agents' values, each with a weight of its own, and what is below 0 counts as 0; the top adds up the
# squads:
#
# $$x_s = \sum_{i \text{ in } s} w_i \, Q_i(u_i), \qquad Q_{tot} = \sum_s k_s \, \mathrm{ReLU}(x_s), \qquad L = (Q_{tot} - y)^2$$
#
# Write `who_hears(q, actions, squad, w, k, y)`: the gradient of $L$ with respect to every entry of `q[N, A]`, by the chain rule. `actions[N]` is what was played, `w[N]` and `k[M]` are above 0, `y` is a number, and every
# squad has an agent.
#
# You are right if all entries are exact. No squad's sum is exactly 0. Leave autograd for later, to check yourself: the point is that you can say who hears what.

# %%
# agents 1 and 2 are a squad, agent 3 is one alone
q = torch.tensor([[1.0, 4.0], [2.0, 0.0], [-3.0, -1.0]])
actions, squad = torch.tensor([1, 0, 1]), torch.tensor([0, 0, 1])
w, k = torch.tensor([1.0, 3.0, 2.0]), torch.tensor([0.5, 2.0])


# %% nbgrader={"grade": false, "grade_id": "answer_07_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def who_hears(q, actions, squad, w, k, y):
    """q[N, A], actions[N], squad[N] int64, w[N], k[M], y a number -> dL/dq, [N, A]."""
    ### BEGIN SOLUTION
    agents = torch.arange(len(q))
    x = torch.zeros(len(k)).index_add(0, squad, w * q[agents, actions])     # [M]
    error = (k * x.relu()).sum() - y
    heard = torch.zeros_like(q)                        # what was not played hears nothing
    # of the square, the top, the ReLU, the squad
    heard[agents, actions] = 2 * error * k[squad] * (x[squad] > 0) * w
    return heard
    ### END SOLUTION


# %%
# Try it. Q_tot is 0.5 · (4 + 6) = 5, and agent 3 is silent. With y = 4 the error is 1.
who_hears(q, actions, squad, w, k, 4.0)

# %% nbgrader={"grade": true, "grade_id": "check_07_1", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.1", who_hears)


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
    ### BEGIN SOLUTION
    return q.masked_fill(~available, -torch.inf).amax(dim=-1)
    ### END SOLUTION


# %%
# Try it. Agent 1 may not take the action worth 0.
best_next(torch.tensor([[[-1.0, 0.0, -2.0], [3.0, 1.0, 2.0]]]),
          torch.tensor([[[True, False, True], [True, True, True]]]))

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
    ### BEGIN SOLUTION
    # A truncated step keeps its future, like any step that goes on: only terminated rows are cut.
    return reward + gamma * torch.where(terminated, 0.0, next_q_tot)
    ### END SOLUTION


# %%
# Try it. The same step twice; with the second one the task ended.
td_targets(torch.tensor([1.0, 1.0]), torch.tensor([False, True]), torch.tensor([4.0, 4.0]), 0.5)

# %% nbgrader={"grade": true, "grade_id": "check_07_3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("07.3", td_targets)

# %% [markdown]
# ## Exercise 07.4 · Which steps count?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# Some worlds reset themselves, one step late: after an episode has ended, the next recorded step is a **reset**. Its action was ignored, it leads to the start of the next episode, and its own flags are left over and mean
# nothing. The step behind a reset is played again.
#
# `terminated[B, T]` and `truncated[B, T]` (bool) are the flags of such a recording; both may be True in the same step. Every row begins with a played step, and at its end the recorder stops, wherever the episode was.
#
# Write `which_count(terminated, truncated)`. It returns two tables `[B, T]` (bool): whether a step **counts** in the loss, and whether its target has a **future**, $\gamma$ times the next value. Where a step does not count,
# the second one is False.
#
# You are right if both tables are right for any flags.

# %%
# the task ends at step 1, so step 2 is a reset (with a flag left over); the clock ends at step 5
terminated = torch.tensor([[False, True, True, False, False, False, False, False]])
truncated = torch.tensor([[False, False, False, False, False, True, False, False]])


# %% nbgrader={"grade": false, "grade_id": "answer_07_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def which_count(terminated, truncated):
    """terminated, truncated[B, T] bool -> counts[B, T] bool, future[B, T] bool."""
    ### BEGIN SOLUTION
    counts = torch.ones_like(terminated)
    for t in range(1, terminated.shape[1]):
        # a reset: the step before was played, and ended
        ended = terminated[:, t - 1] | truncated[:, t - 1]
        counts[:, t] = ~(counts[:, t - 1] & ended)
    return counts, counts & ~terminated            # only the task's end has no future
    ### END SOLUTION


# %%
# Try it. Steps 2 and 6 do not count; of the others only step 1 has no future.
which_count(terminated, truncated)

# %% nbgrader={"grade": true, "grade_id": "check_07_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.4", which_count)


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
for name, value in batch.items():
    print(f"{name:15}", list(value.shape))


# %% nbgrader={"grade": false, "grade_id": "answer_07_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def qmix_update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    """One gradient step on the batch. Returns the loss before the step: a number."""
    ### BEGIN SOLUTION
    q = agents(batch["obs"].unsqueeze(1)).squeeze(1)                             # [B, N, A]
    chosen = q.gather(-1, batch["actions"].unsqueeze(-1)).squeeze(-1)            # [B, N]
    q_tot = mixer(chosen, batch["state"])                                        # [B]
    with torch.no_grad():
        next_q = target_agents(batch["next_obs"].unsqueeze(1)).squeeze(1)        # [B, N, A]
        best = next_q.masked_fill(~batch["next_available"], -torch.inf).amax(-1)     # [B, N]
        next_q_tot = target_mixer(best, batch["next_state"])                     # [B]
        y = batch["reward"] + gamma * torch.where(batch["terminated"], 0.0, next_q_tot)
    loss = ((q_tot - y) ** 2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
    ### END SOLUTION


# %%
# Try it: of two updates on one batch, does the second find a smaller loss?
losses = [qmix_update(team, mixer, team_copy, mixer_copy, optimiser, batch, 0.99)
          for _ in range(2)]
None if None in losses else losses[1] < losses[0]

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
    ### BEGIN SOLUTION
    3
    ### END SOLUTION
)


def mended_targets(online_q, target_q, available, reward, terminated, gamma):
    """TD targets y[B, T] with double-Q, for a VDN team.

    online_q, target_q[B, T+1, N, A] float, available[B, T+1, N, A] bool, reward[B, T] float,
    terminated[B, T] bool.
    """
    ### BEGIN SOLUTION
    judged = online_q.masked_fill(~available, -torch.inf)
    best = judged.argmax(-1, keepdim=True)
    # chosen at the time at which it is valued
    next_q = target_q[:, 1:].gather(-1, best[:, 1:]).squeeze(-1)
    next_q_tot = next_q.sum(-1)
    return reward + gamma * torch.where(terminated, 0.0, next_q_tot)
    ### END SOLUTION


# %%
# Try it. Action 1 is not available afterwards, so action 0 counts: 1 + 0.5 · 6.
mended_targets(torch.tensor([[[[0.0, 0.0]], [[1.0, 9.0]]]]),
               torch.tensor([[[[0.0, 0.0]], [[6.0, 80.0]]]]),
               torch.tensor([[[[True, True]], [[True, False]]]]),
               torch.tensor([[1.0]]), torch.tensor([[False]]), 0.5)

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
    optimiser.zero_grad()
    loss.backward()
    length = torch.nn.utils.clip_grad_norm_(agents.parameters(), max_norm)
    optimiser.step()
    return float(length)


# %% [markdown]
# Forty updates by plain gradient descent, with the limit 5. There the step is the learning rate times the gradient that was followed. So how far the weights moved, divided by the learning rate, is the length of that gradient:

# %%
def weights_of(*networks):
    """All weights of these networks in one row."""
    return torch.cat([weight.detach().flatten() for network in networks
                      for weight in network.parameters()])


torch.manual_seed(0)
some_agents, some_mixer = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)
descent = torch.optim.SGD([*some_agents.parameters(), *some_mixer.parameters()], lr=0.01)
followed = {"all weights": [], "the agents' weights": []}
for _ in range(40):
    seen = torch.randn(32, 3)
    errors = some_mixer(torch.tanh(some_agents(seen))).squeeze(1) - 10 * seen.sum(1)
    before = weights_of(some_agents, some_mixer), weights_of(some_agents)
    buggy_step(some_agents, some_mixer, descent, (errors ** 2).mean(), 5.0)
    after = weights_of(some_agents, some_mixer), weights_of(some_agents)
    for lengths, old, new in zip(followed.values(), before, after):
        lengths.append((new - old).norm().item() / 0.01)
plots.lines(range(1, 41), followed | {"the limit": [5.0] * 40},
            "The gradient that each update followed", "updates", "its length")

# %% [markdown]
# Which of these is the cause?
#
# - **A.** The gradient is clipped after the step that should have been limited.
# - **B.** Gradients of earlier updates are still there and add up.
# - **C.** Each entry of the gradient is limited, and not its length.
# - **D.** The clipping does not know of all the weights that the optimiser moves.
# - **E.** The learning rate is too large for this limit.
#
# Put its letter into `cause`. Then write the repaired function as `mended_step`.
#
# You are right if the optimiser follows the clipped gradient, for any gradients and limits, long and short ones (0 is not tried), and the returned length and the
# letter are right. Old gradients must not count, as in the listing.

# %% nbgrader={"grade": false, "grade_id": "answer_07_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ### BEGIN SOLUTION
    "D"
    ### END SOLUTION
)


def mended_step(agents, mixer, optimiser, loss, max_norm):
    """One optimiser step on the loss, the gradient clipped to the length max_norm.
    Returns its length before: a number."""
    ### BEGIN SOLUTION
    optimiser.zero_grad()
    loss.backward()
    length = torch.nn.utils.clip_grad_norm_([*agents.parameters(), *mixer.parameters()], max_norm)
    optimiser.step()
    return float(length)
    ### END SOLUTION


# %%
# Try it. Gradients 3 and 4 make a length of 5. With the limit 1, the weights move from 0
# to -0.6 and -0.8.
one_agents, one_mixer = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
for network in (one_agents, one_mixer):
    torch.nn.init.zeros_(network.weight)
one_optimiser = torch.optim.SGD([one_agents.weight, one_mixer.weight], lr=1.0)
one_loss = (3 * one_agents.weight + 4 * one_mixer.weight).sum()
length = mended_step(one_agents, one_mixer, one_optimiser, one_loss, 1.0)
length, one_agents.weight.item(), one_mixer.weight.item()

# %% nbgrader={"grade": true, "grade_id": "check_07_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.7", cause, mended_step)

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


first = VDN.for_env(WAY, seed=0, hidden=(16,), gamma=0.95)
fit([first])
print("gamma 0.95, seed 0:", evaluate(WAY, first).mean_return)


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
    ### BEGIN SOLUTION
    gamma = {"gamma 0.8": 0.8, "gamma 0.87": 0.87, "gamma 0.95": 0.95}[arm]
    teams = [VDN.for_env(WAY, seed=seed, hidden=(16,), gamma=gamma) for seed in seeds]
    fit(teams)
    return [evaluate(WAY, team).mean_return for team in teams]
    ### END SOLUTION


measured = (
    ### BEGIN SOLUTION
    {arm: measure(arm, range(8)) for arm in ("gamma 0.8", "gamma 0.87", "gamma 0.95")}
    ### END SOLUTION
)
conclusion = (
    ### BEGIN SOLUTION
    "C"
    ### END SOLUTION
)

# %% nbgrader={"grade": true, "grade_id": "check_07_8", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("07.8", measure, measured, conclusion)
