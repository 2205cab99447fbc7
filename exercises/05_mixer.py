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
# # Exercises 05 · The mixer and its hypernetworks
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/05_mixer.ipynb)
#
# You build the mixer of your own team, write a test that finds out what a foreign mixer does with its inputs, and fix two mixers that run and are
# wrong.
#
# **Minutes:** 83
#
# **You need:** [lesson 05](../notebooks/05_mixer.ipynb)
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

lesson.start("05")

# %%
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course import exact, plots
from qmix_course.algorithms import QMIX
from qmix_course.checks import check, hint, solution
from qmix_course.envs import LongWay
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# ## Exercise 05.1 · How loud is each agent?
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# How strongly does the mixing network listen to each agent? The lesson asked autograd. Here you say it yourself: the slopes $\partial Q_{tot} / \partial Q_i$ of
#
# $$Q_{tot} = |w_2| \cdot \mathrm{ELU}\big(q\, |W_1| + b_1\big) + V .$$
#
# Write `voices(agent_qs, w1, b1, w2)`, with the weights *as their hypernetworks put them out*, of any sign: `agent_qs[..., N]`, `w1[..., N, E]`, `b1[..., E]`, `w2[..., E]` → the slopes `[..., N]`. The `...` are any leading
# axes, the same for all four, or none. ($V$ has no say in a slope.)
#
# You are right if the slopes are right for any number of agents and hidden units. Leave autograd for later, to check yourself.

# %%
# two agents, two units; the second unit is far down on ELU's left side
two_qs = torch.tensor([1.0, 2.0])
w1, b1 = torch.tensor([[-1.0, 0.5], [2.0, -1.0]]), torch.tensor([1.0, -4.0])
w2 = torch.tensor([3.0, -2.0])


# %% nbgrader={"grade": false, "grade_id": "answer_05_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def voices(agent_qs, w1, b1, w2):
    """agent_qs[..., N], w1[..., N, E], b1[..., E], w2[..., E], the weights of any sign
    -> dQ_tot/dQ_i, [..., N]."""
    ...


# %%
# Try it. The first unit alone gives 3 · 1 and 3 · 2; the second one adds a little.
voices(two_qs, w1, b1, w2)

# %% nbgrader={"grade": true, "grade_id": "check_05_1", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("05.1", voices)


# %% [markdown]
# ## Exercise 05.2 · Two ways not to be negative
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# Write two functions that turn raw outputs of a hypernetwork into weights. `raw` is a float tensor of any shape; the result has the same shape.
#
# | | `touches_zero(raw)` | `stays_above(raw)` |
# |---|---|---|
# | never below 0 | yes | yes |
# | exactly 0 | for at least one raw number between −20 and 20 | for none between −20 and 20 |
# | a larger raw number makes a larger weight | not everywhere | always |
#
# Both of them:
#
# - Each weight depends on its own raw number alone.
# - Every positive size can be reached by some raw number, however small or large the size is.
# - The hypernetwork can learn through it. Between −20 and 20 the slope is zero at single points at most, never over a whole stretch. It is never
#   infinite or NaN, not even at 0.
#
# You are right if your two functions have these properties. More than one pair of functions has them.

# %% nbgrader={"grade": false, "grade_id": "answer_05_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def touches_zero(raw):
    """raw[...] -> weights[...], never negative, and exactly 0 for some raw number."""
    ...


def stays_above(raw):
    """raw[...] -> weights[...], always above 0; a larger raw number makes a larger weight."""
    ...


# %%
# Try it (and the other one on the same numbers).
touches_zero(torch.tensor([-2.0, 0.0, 2.0]))

# %% nbgrader={"grade": true, "grade_id": "check_05_2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("05.2", touches_zero, stays_above)


# %% [markdown]
# ## Exercise 05.3 · What a mixer weighs
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# Write `count_parameters(n_agents, state_dim, embed_dim, hypernet_dim)`: how many parameters each of the mixer's four hypernetworks has. Return a
# dictionary with the keys `"hyper_w1"`, `"hyper_b1"`, `"hyper_w2"` and `"hyper_b2"`, and a whole number for each.
#
# - With `hypernet_dim` above 0, the two networks that write weights have one hidden layer of that width.
# - `hypernet_dim = 0` stands for the first paper's form: these two are a single linear layer each, from the state to the weights.
# - `hyper_b1` and `hyper_b2` (it writes $V(s)$) are the same in both forms, and as the figure of step 3 of the lesson shows them.
# - Every linear layer has a bias.
#
# You are right if all four numbers are right for all sizes. Work without the library's `QMixer`.

# %% nbgrader={"grade": false, "grade_id": "answer_05_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_parameters(n_agents, state_dim, embed_dim, hypernet_dim):
    """How many parameters: {"hyper_w1": int, "hyper_b1": int, "hyper_w2": int, "hyper_b2": int}."""
    ...


# %%
# Try it on the smallest mixer: one agent, one number of the state, one unit, no hidden layer.
count_parameters(1, 1, 1, 0)

# %% nbgrader={"grade": true, "grade_id": "check_05_3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("05.3", count_parameters)


# %% [markdown]
# ## Exercise 05.4 · A mixer of your own
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Core**
#
# Write the module `MixingNet`: $Q_{tot} = w_2 \cdot \mathrm{ELU}(q\, W_1 + b_1) + V$ with `embed_dim` hidden units, where $W_1$, $b_1$, $w_2$ and
# $V$ are written by hypernetworks that read the state. `forward(agent_qs[B, N], state[B, S])` returns `Q_tot[B]`.
#
# - **Monotone:** no slope $\partial Q_{tot} / \partial Q_i$ is ever below zero, whatever the parameters are.
# - **Weights from the state:** both $W_1$ and $w_2$ change with the state. A weight can be of any size, and the function that makes them
#   non-negative is not flat over a stretch (exercise 05.2).
# - **Biases free:** $b_1$ and $V$ change with the state and may have any sign.
# - **The whole state:** all four read the state as it comes. Each of its numbers can matter, and so can its sign.
# - **A module:** the four are made of the module's own parameters, and every gradient gets through, to the hypernetworks and to `agent_qs`.
#
# The rest is yours: the names inside, the number of layers of each hypernetwork, and which function makes the weights non-negative.
#
# You are right if all this holds for any number of agents, any `state_dim`, any `embed_dim` from 1 on, and any `B` from 1 on: the check looks at
# what your module does and not at how it is written. Work without the library's `QMixer`. You will meet this class again: the capstone of Part I
# trains its team with it.

# %% nbgrader={"grade": false, "grade_id": "answer_05_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
class MixingNet(nn.Module):
    """agent_qs[B, N], state[B, S] -> Q_tot[B], monotone in agent_qs."""

    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        ...

    def forward(self, agent_qs, state):
        """agent_qs[B, N], state[B, S] -> Q_tot[B]."""
        ...


# %%
# Try it: two agents, three samples, three team values.
MixingNet(2, 4)(torch.zeros(3, 2), torch.ones(3, 4))

# %% nbgrader={"grade": true, "grade_id": "check_05_4", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("05.4", MixingNet)


# %% [markdown]
# ## Exercise 05.5 · A test from the outside
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# The lesson's two structural tests ask autograd for slopes. Not every mixer can answer: one may be a staircase, another may run without gradients.
# Write a test that only *calls* the mixer. `judge_mixer(mixer, agent_qs, state, step)` returns two truth values:
#
# 1. **`never_falls`**: `True` if in no sample $Q_{tot}$ goes down when the utility of *one* agent is raised by `step` and all others stay as they
#    are. Try every agent in every sample. Staying level is no fall.
# 2. **`weighs_by_state`**: `True` if the state decides how much an agent counts. Take the utilities of the *first* sample, in the state of each sample in
#    turn, once as they are and once with one agent raised by `step`. The answer is `True` if for at least one agent this rise of $Q_{tot}$ is not
#    the same in all states.
#
# `agent_qs[B, N]` and `state[B, S]` hold `B` ≥ 2 samples, `mixer(agent_qs[B, N], state[B, S])` gives `Q_tot[B]`, and `step` is a positive number.
# Count any difference of 1e-9 or less as a rounding error, in both verdicts.
#
# The verdicts for two mixers, to be sure about their meaning: `lambda q, s: q.sum(-1) + s[:, 0]` gives `True, False`, and
# `lambda q, s: (q * s).sum(-1)` gives `False, True` for two agents and random numbers.

# %% nbgrader={"grade": false, "grade_id": "answer_05_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def judge_mixer(mixer, agent_qs, state, step):
    """Two truth values, never_falls and weighs_by_state,
    for mixer(agent_qs[B, N], state[B, S]) -> Q_tot[B]."""
    ...


# %%
# Try it on the first mixer of the text: True, False.
judge_mixer(lambda q, s: q.sum(-1) + s[:, 0], torch.randn(4, 2), torch.randn(4, 2), 0.1)

# %% nbgrader={"grade": true, "grade_id": "check_05_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("05.5", judge_mixer)


# %% [markdown]
# ## Find the bug 05.6 · Monotone, or so it says
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Core**
#
# Here is the lesson's mixer as one function. It gets the utilities, the state and the four hypernetworks. In `hyper_w1`'s output the numbers of
# agent 1 come first, then those of agent 2, and so on.

# %%
def team_value(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):    # 1
    """agent_qs[B, N], state[B, S] -> Q_tot[B]."""                          # 2
    b1, v = hyper_b1(state), hyper_b2(state).squeeze(-1)                    # 3
    w1 = hyper_w1(state.abs())                                              # 4
    w1 = w1.view(len(state), agent_qs.shape[1], -1)                         # 5
    w2 = hyper_w2(state).abs()                                              # 6
    hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + b1)           # 7
    return (hidden * w2).sum(-1) + v                                        # 8


# %% [markdown]
# There is an absolute value for each of the two layers of weights. Yet $Q_{tot}$ falls as a utility rises, in many samples:

# %%
torch.manual_seed(0)
N, S, E = 2, 3, 4
nets = nn.Linear(S, N * E), nn.Linear(S, E), nn.Linear(S, E), nn.Linear(S, 1)
agent_qs, state = torch.randn(500, N, requires_grad=True), torch.randn(500, S)
slope = torch.autograd.grad(team_value(agent_qs, state, *nets).sum(), agent_qs)[0]
for i in range(N):
    print(f"Q_tot falls as Q_{i + 1} rises: in {int((slope[:, i] < 0).sum())} of 500 samples")

# %% [markdown]
# Which line is it? Put its number into `wrong_line_a`. Then write the whole function once more as `mended_sign`, without the bug.
#
# You are right if your function gives what the lesson's mixer gives for the same hypernetworks: both layers of weights made non-negative with the
# absolute value, the rest as in the listing.

# %% nbgrader={"grade": false, "grade_id": "answer_05_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line_a = (
    ...
)


def mended_sign(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    """agent_qs[B, N], state[B, S] and the four hypernetworks -> Q_tot[B]."""
    ...


# %%
# Try it on the first two samples of the run above.
mended_sign(agent_qs[:2], state[:2], *nets)

# %% nbgrader={"grade": true, "grade_id": "check_05_6", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("05.6", wrong_line_a, mended_sign)


# %% [markdown]
# ## Find the bug 05.7 · A sample that listens to its neighbours
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# Somebody else wrote the same mixer with the agents' axis in front. In `hyper_w1`'s output the numbers of agent 1 come first, then those of agent
# 2, and so on. For a single sample this is exactly the lesson's mixer.

# %%
def team_value_by_agent(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    """agent_qs[B, N], state[B, S] -> Q_tot[B]."""
    n_agents, embed_dim = agent_qs.shape[1], hyper_b1(state).shape[1]
    w1, w2 = hyper_w1(state).abs(), hyper_w2(state).abs()
    w1 = w1.view(n_agents, -1, embed_dim)
    hidden = torch.einsum("bn,nbe->be", agent_qs, w1)
    hidden = F.elu(hidden + hyper_b1(state))
    return (hidden * w2).sum(-1) + hyper_b2(state).squeeze(-1)


# %% [markdown]
# One sample, whose first utility goes from −3 to 3 while everything else about it stays: its $Q_{tot}$ when it is alone in the batch, when a second sample stands behind it, and when three do.

# %%
torch.manual_seed(3)
N, S, E = 2, 3, 4
hypernets = nn.Linear(S, N * E), nn.Linear(S, E), nn.Linear(S, E), nn.Linear(S, 1)
four_qs, four_states = 2 * torch.randn(4, N), 2 * torch.randn(4, S)
utility = torch.linspace(-3, 3, 61)


def of_the_first(mixer, size):
    """Q_tot of the first sample in a batch of this size, for each value of its first utility."""
    values = []
    for number in utility:
        batch = four_qs[:size].clone()
        batch[0, 0] = number
        values.append(mixer(batch, four_states[:size], *hypernets)[0].item())
    return values


beside = {"alone": 1, "beside one other": 2, "beside three others": 4}
plots.lines(utility, {name: of_the_first(team_value_by_agent, size)
                      for name, size in beside.items()},
            "One and the same sample, in three batches", "its first utility", "its Q_tot")

# %% [markdown]
# Which of these is the cause?
#
# - **A.** An absolute value is missing, so a weight may be negative.
# - **B.** The weights are an average over the batch.
# - **C.** The numbers of agent 1 and of agent 2 are exchanged within each sample.
# - **D.** A sample's weights are put together from numbers that were made for other samples.
# - **E.** A sample gets the last bias, V(s), of another one.
#
# Put its letter into `cause`. Then write the whole function once more as `mended_rows`, without the bug.
#
# You are right if your function gives what the lesson's mixer gives for the same hypernetworks, in batches of any size, with any number of agents
# and hidden units.

# %% nbgrader={"grade": false, "grade_id": "answer_05_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_rows(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
    """agent_qs[B, N], state[B, S] and the four hypernetworks -> Q_tot[B]."""
    ...


# %%
# Try it, alone and beside three others: is the first sample's Q_tot twice the same?
[mended_rows(four_qs[:size], four_states[:size], *hypernets) for size in (1, 4)]

# %% nbgrader={"grade": true, "grade_id": "check_05_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("05.7", cause, mended_rows)

# %% [markdown]
# ## Exercise 05.8 · Measure it: a mixer without the state
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. On a long way of six places, agent 1 may stop, which pays 4, or go on; going on in the last place pays 10. Here the *agents* see nothing at all: their observation is always the same. The mixer of QMIX sees the place. So everything that $Q_{tot}$ knows of the place comes through the state.

# %%
WAY = LongWay(steps=6, near=4.0)
SIZES = dict(hidden=(32,), embed_dim=32, hypernet_dim=0, gamma=0.9)


def fit(teams):
    """Train all teams side by side, on every step of the task at once."""
    data = exact.every_step(WAY)                            # each place, each joint action, once
    data.obs[:] = 1.0                                       # the agents see nothing
    fit_seeds(teams, [data] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates=300)


def believed(team):
    """Q_tot in the last place, when agent 1 goes on. It is worth exactly 10."""
    model = WAY.model()
    return exact.q_tot(team, replace(model, obs=torch.ones_like(model.obs)))[-1, 1, 0].item()


team = QMIX.for_env(WAY, seed=0, **SIZES)
fit([team])
print("with the state, seed 0:", round(believed(team), 2))


# %% [markdown]
# Two arms: `"with the state"`, as above, and `"without the state"`: the same team, but its mixer reads the same numbers in every place. The data stay as they are. Write `measure(arm, seeds)`: it trains one team for each seed and returns a list with what each of them believes. (The mixer reads what `QMIX.scaled(state)` returns. The lesson overrides that in *Going further*, under *A state in large units*.) Before you run it, write down what you expect.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** The mixer does not need the state: both believe the same.
# - **B.** Without the state it is a matter of luck: some seeds are right, others are not.
# - **C.** Without the state the team earns less reward.
# - **D.** Without the state, one table must do for all six places, and $Q_{tot}$ settles between them: in the last place it is too low, in every seed by about a third.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_05_8", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: for each seed, what one team believes the last step to be worth."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on two seeds of one arm.
believes = measure("without the state", [0, 1])
believes and [round(each, 1) for each in believes]

# %% nbgrader={"grade": true, "grade_id": "check_05_8", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("05.8", measure, measured, conclusion)
