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
# # Exercises 03 · Agent networks and decentralised exploration
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/03_agents.ipynb)
#
# You write a team's networks and the dice with which it explores, test whether a team is decentralised, and fix two teams that run and are wrong.
#
# **Minutes:** 82
#
# **You need:** [lesson 03](../notebooks/03_agents.ipynb)
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

lesson.start("03")

# %%
import torch
from torch import nn

from qmix_course import exact, plots
from qmix_course.algorithms import IQL
from qmix_course.checks import check, hint, solution
from qmix_course.envs import GridWorld, MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# `B` counts samples, `T` time steps, `N` agents, `A` actions, `O` the numbers of an observation, as in the lesson; `...` in a shape stands for any number of
# axes, none included. The exercises do not build on each other. Leave what your functions are given as it was.

# %% [markdown]
# ## Exercise 03.1 · What the team plays, and how often
#
# **Difficulty:** 3 of 5 · **Minutes:** 8 · **Extra**
#
# While a team explores, which joint actions does it play, and how often? You need no dice to say: every agent tosses its own coin, so its chances depend on nobody else.
#
# Write `joint_chances(q, available, epsilon)` for one state. `q[N, A]` are the agents' values (in no row are two alike), `available[N, A]` (bool) what they can do; everybody can do something. With chance `epsilon` an agent draws
# one of its available actions, each equally likely; otherwise it plays its best available one. Return a tensor with one axis of length A for each agent, the first agent's first: entry $(u_1, \dots, u_N)$ is
# the chance that the team plays this joint action.
#
# You are right if all chances are exact, for any number of agents and values of either sign. The library's `greedy` and `epsilon_greedy` are off limits.

# %%
two_q = torch.tensor([[1.0, 0.0], [0.0, 2.0]])        # agent 1 prefers action 0, agent 2 action 1


# %% nbgrader={"grade": false, "grade_id": "answer_03_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def joint_chances(q, available, epsilon):
    """q[N, A], available[N, A] bool, 0 <= epsilon <= 1
    -> the chance of every joint action, [A, ..., A]."""
    ...


# %%
# Try it. With ε = 0.2 each agent plays its best action in 90 of 100 steps, both do in 81.
joint_chances(two_q, torch.ones(2, 2, dtype=torch.bool), 0.2)

# %% nbgrader={"grade": true, "grade_id": "check_03_1", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("03.1", joint_chances)


# %% [markdown]
# ## Exercise 03.2 · One coin for each agent
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# Write `epsilon_greedy(q, available, epsilon, generator)`. Each agent by itself, in each place of the leading axes by itself:
#
# - with probability `epsilon` it plays a random action, each of its available ones equally likely, its best one included;
# - otherwise it plays its best available action (any of them, if several are equally good).
#
# `q[..., N, A]` holds any finite numbers, `available[..., N, A]` is bool, and every agent has at least one available action. `generator` is a `torch.Generator`: draw every random number from it, and do not seed it. Return the
# actions `[..., N]`, int64.
#
# You may draw in any way you like. You are right if no unavailable action ever comes up, if ε = 0 gives the best actions, if the same generator in the same
# state gives the same actions, and if, over thousands of draws, every action comes up as often as it should, for one agent and for two
# at once. You will meet this function again: the capstone explores with it. The library's `greedy` and `epsilon_greedy` are off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_03_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def epsilon_greedy(q, available, epsilon, generator):
    """One coin for each agent: q[..., N, A], available[..., N, A] bool, 0 <= epsilon <= 1
    -> actions[..., N] int64."""
    ...


# %%
# Try it. Without exploring, the best actions are 2 and 0.
epsilon_greedy(torch.tensor([[0.0, 1.0, 2.0], [3.0, 0.0, 1.0]]),
               torch.ones(2, 3, dtype=torch.bool), 0.0, torch.Generator().manual_seed(0))

# %% nbgrader={"grade": true, "grade_id": "check_03_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("03.2", epsilon_greedy)


# %% [markdown]
# ## Exercise 03.3 · A network for every agent
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Core**
#
# Write the class `AgentNets`: one network for each agent, each with weights of its own,
#
# $$ Q_i(o_i, \cdot) = \mathrm{relu}\big(\mathrm{relu}(o_i W_1 + b_1)\, W_2 + b_2\big)\, W_3 + b_3, $$
#
# both hidden layers `hidden` units wide, and every layer with a bias. `forward` takes `obs[B, T, N, O]` and returns `q[B, T, N, A]`. Every $o_i$ of every sample and
# time step is treated in the same way, by itself.
#
# How you store the weights is up to you: `nn.Linear` modules and a Python loop over the agents, or stacked tensors. They must be parameters of the module, so
# that `agents.parameters()` finds all of them, and nothing else. Draw them for each agent anew, in a sensible size (step 2 of the lesson): what
# `nn.Linear` does by itself is right.
#
# You are right if this holds for any numbers of agents, inputs, actions and units, for any weights, and if gradients reach every parameter. You will
# meet this class again: it is the capstone's team. The library's `MLPAgents` and `StackedLinear` are off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_03_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
class AgentNets(nn.Module):
    """One network for each agent, two hidden layers of ``hidden`` units with relu."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden=64):
        """Make the weights of all agents."""
        super().__init__()
        ...

    def forward(self, obs):
        """obs[B, T, N, O] -> q[B, T, N, A]."""
        ...


# %%
# Try it: two agents, one observation of zeros for each, four values for each.
AgentNets(2, 6, 4)(torch.zeros(1, 1, 2, 6))

# %% nbgrader={"grade": true, "grade_id": "check_03_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("03.3", AgentNets)


# %% [markdown]
# ## Exercise 03.4 · Who am I?
#
# **Difficulty:** 2 of 5 · **Minutes:** 6 · **Extra**
#
# Agents that share one network need something that tells them apart. Write `with_id(obs)`: append to each observation the number of its agent, one-hot. That
# is `N` numbers, all 0 but a single 1: in the first place for the first agent, in the second place for the second one, and so on.
#
# `obs[B, T, N, O]` is a float tensor; return `[B, T, N, O + N]`, float too.
#
# You are right if the first `O` numbers are what they were and the last `N` say who it is, for any `B`, `T` and `N` from 1 on.

# %% nbgrader={"grade": false, "grade_id": "answer_03_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def with_id(obs):
    """The agent's number, one-hot, behind its observation: obs[B, T, N, O] -> [B, T, N, O + N]."""
    ...


# %%
# Try it on three agents that see two zeros each.
with_id(torch.zeros(1, 1, 3, 2))

# %% nbgrader={"grade": true, "grade_id": "check_03_4", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("03.4", with_id)


# %% [markdown]
# ## Exercise 03.5 · Who reads whom
#
# **Difficulty:** 4 of 5 · **Minutes:** 12 · **Extra**
#
# Somebody hands you a team, and you want to know whether it is decentralised. `agents` is a function from `obs[B, T, N, O]` to `q[B, T, N, A]`. You cannot read it,
# only call it. It treats each sample and each time step by itself and always gives the same answer to the same question, but an agent's values may depend
# on other agents' observations.
#
# Write `who_reads_whom(agents, obs, other)`. `other` holds different observations, in the shape of `obs`. Return a table `[N, N]`, bool. Entry `[i, j]`
# answers this question: take agent `j`'s observations from `other`, in all samples and at all times, and everything else from `obs`. Does any value
# of agent `i` differ by more than 10⁻⁹ from what it is for `obs`?
#
# So a team is decentralised if nothing but the diagonal is True. The diagonal counts too: `[i, i]` says whether agent `i` reads what it sees itself.
#
# You are right if every entry is right, for one agent and for several. A team may round what it reads, or react in a single sample or action only. Try it on
# these two:

# %%
def honest_team(obs):
    """Each agent's values come from its own observation: obs[B, T, N, O] -> q[B, T, N, 3]."""
    own = obs.sum(-1)
    return torch.stack([own, own.sin(), 1 - own], dim=-1)


def nosy_team(obs):
    """Agent 1 also listens to agent 2."""
    q = honest_team(obs)
    q[:, :, 0] += obs[:, :, 1, :1].round()
    return q


# %% nbgrader={"grade": false, "grade_id": "answer_03_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def who_reads_whom(agents, obs, other):
    """Whose values depend on whose observations: obs[B, T, N, O], other[B, T, N, O]
    -> [N, N] bool."""
    ...


# %%
# Try it on the team in which agent 1 listens to agent 2.
who_reads_whom(nosy_team, torch.zeros(1, 1, 2, 3), torch.ones(1, 1, 2, 3))

# %% nbgrader={"grade": true, "grade_id": "check_03_5", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("03.5", who_reads_whom)


# %% [markdown]
# ## Find the bug 03.6 · Somebody else's eyes
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# The values of a team whose weights are stacked, as in step 4 of the lesson: `weights` is a list with one tensor `[N, inputs, outputs]` for each layer, and `biases` one
# with tensors `[N, 1, outputs]`. There is a relu after every layer but the last. The shapes are right.

# %%
def team_values(obs, weights, biases):
    """All agents' values: obs[B, T, N, O] -> q[B, T, N, A]."""
    batch, time, n_agents, obs_dim = obs.shape                          # 1
    x = obs.flatten(0, 1).reshape(n_agents, batch * time, obs_dim)      # 2
    for weight, bias in zip(weights[:-1], biases[:-1]):                 # 3
        x = torch.baddbmm(bias, x, weight).relu()                       # 4
    q = torch.baddbmm(biases[-1], x, weights[-1])                       # 5
    return q.transpose(0, 1).unflatten(0, (batch, time))                # 6


# %% [markdown]
# Does each agent choose what it would choose on its own, from its slice of the weights and its own observations? Try all 599 placements of the 5×5 board, one by
# one and in one batch.

# %%
torch.manual_seed(3)
sizes = [6, 16, 16, 4]
weights = [torch.randn(2, i, o) / i**0.5 for i, o in zip(sizes, sizes[1:])]
biases = [0.1 * torch.randn(2, 1, o) for o in sizes[1:]]
placements = exact.solve(GridWorld(size=5), gamma=0.99).model.obs[:, None]            # [B, 1, N, O]

one_by_one = torch.cat([team_values(sample[None], weights, biases) for sample in placements])
in_one_batch = team_values(placements, weights, biases)
for i in range(2):
    own = placements[:, 0, i]
    for weight, bias in zip(weights[:-1], biases[:-1]):
        own = (own @ weight[i] + bias[i]).relu()
    own = (own @ weights[-1][i] + biases[-1][i]).argmax(-1)
    for name, q in (("one by one  ", one_by_one), ("in one batch", in_one_batch)):
        print(f"agent {i + 1}, {name}: its own choice "
              f"in {int((q[:, 0, i].argmax(-1) == own).sum())} of {len(own)} placements")

# %% [markdown]
# One by one all is well. Give the number of the line with the bug as `wrong_line_a`, and write the repaired function as `mended_values`: copy the listing and fix it.
#
# You are right if every value comes from the agent's own observation and the agent's own weights, for any `B`, `T`, `N` and any number of layers.

# %% nbgrader={"grade": false, "grade_id": "answer_03_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line_a = (
    ...
)


def mended_values(obs, weights, biases):
    """All agents' values: obs[B, T, N, O] -> q[B, T, N, A]."""
    ...


# %%
# Try it. Networks of one layer that multiply by 1 and by 10, on two samples of two agents.
mended_values(torch.tensor([[[[1.0], [2.0]]], [[[3.0], [4.0]]]]),
              [torch.tensor([[[1.0]], [[10.0]]])], [torch.zeros(2, 1, 1)])

# %% nbgrader={"grade": true, "grade_id": "check_03_6", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("03.6", wrong_line_a, mended_values)


# %% [markdown]
# ## Find the bug 03.7 · Thrifty dice
#
# **Difficulty:** 4 of 5 · **Minutes:** 10 · **Extra**
#
# Random numbers cost time, and this ε-greedy draws fewer of them than the lesson's.

# %%
def thrifty_dice(q, available, epsilon, generator):
    """One coin for each agent: q[..., N, A], available[..., N, A] bool -> actions[..., N]."""
    best = q.masked_fill(~available, -torch.inf).argmax(-1)
    key = torch.rand(q.shape, generator=generator)
    random = key.masked_fill(~available, -1.0).argmax(-1)
    coin = key[..., 0] < epsilon
    return torch.where(coin, random, best)


# %% [markdown]
# All four actions are available, and action 3 is the best. So each of the other three should come up in $\varepsilon / 4$ of the draws. Ask 20,000 times for each of 21 values of $\varepsilon$:

# %%
q = torch.tensor([0.0, 0.0, 0.0, 1.0]).expand(20_000, 1, 4)
epsilons = torch.linspace(0, 1, 21)
everything = torch.ones_like(q, dtype=torch.bool)
drawn = [thrifty_dice(q, everything, epsilon, torch.Generator().manual_seed(0))
         for epsilon in epsilons]
shares = {f"action {action}": [(each == action).double().mean().item() for each in drawn]
          for action in range(3)}
plots.lines(epsilons, shares | {"ε / 4": epsilons / 4},
            "How often the three other actions come up", "ε", "share of the draws")

# %% [markdown]
# Which of these is the cause?
#
# - **A.** The mask keeps action 0 out of the random ones.
# - **B.** Where two keys are equal, `argmax` takes a later action.
# - **C.** The coin falls less often than $\varepsilon$ says.
# - **D.** 20,000 draws are too few: this is chance.
# - **E.** The coin and the random action are read from the same number.
#
# Put its letter into `cause`, and write the repaired function as `mended_dice`.
#
# You are right if `mended_dice` does all that the text of 03.2 asks for.

# %% nbgrader={"grade": false, "grade_id": "answer_03_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_dice(q, available, epsilon, generator):
    """One coin for each agent: q[..., N, A], available[..., N, A] bool -> actions[..., N]."""
    ...


# %%
# Try it. Without exploring, the best action is 3.
mended_dice(torch.tensor([[0.0, 0.0, 0.0, 1.0]]), torch.ones(1, 4, dtype=torch.bool), 0.0,
            torch.Generator().manual_seed(0))

# %% nbgrader={"grade": true, "grade_id": "check_03_7", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("03.7", cause, mended_dice)

# %% [markdown]
# ## Exercise 03.8 · Measure it: one network or two
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. In this game the agents have different parts to play. Agent 1 should take action 0, and agent 2 action 1; each of them who does so earns 1 for the team. Both see the same observation, always.

# %%
ROLES = MatrixGame([[1.0, 2.0], [0.0, 1.0]])                # rows: agent 1, columns: agent 2


def fit(teams):
    """Train all teams side by side, on every step of the task at once."""
    fit_seeds(teams, [exact.every_step(ROLES)] * len(teams), TrainConfig(learning_rate=5e-3),
              updates=200)


team = IQL.for_env(ROLES, seed=0, hidden=(16,))             # independent learners, as in lesson 01
fit([team])
print("two networks, seed 0:", evaluate(ROLES, team).mean_return)


# %% [markdown]
# Three arms: `"one network"` for both agents; `"one network with an id"`, which is also told whose values it gives; and `"two networks"`, as in the cell above. Write `measure(arm, seeds)`: it trains one team for each seed and returns a list with the greedy reward of each. Everything else stays as above.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** Sharing costs half of the reward, whether the network is told who asks or not.
# - **B.** Agents with one network and one observation play alike, and here that costs half of the reward. With an id, one network earned as much as two.
# - **C.** Sharing makes no difference.
# - **D.** Two networks learn faster than one, in this game and in others.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_03_8", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy reward of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_03_8", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("03.8", measure, measured, conclusion)
