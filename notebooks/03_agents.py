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
# # Lesson 03 · Agent networks and decentralised exploration
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/03_agents.ipynb)
#
# You build the networks that turn each agent's observation into values of its actions, and the dice with which each agent explores on its own.
#
# **Minutes:** 32, and 9 more for *Going further*
#
# **You need:** lessons 00 to 02; how a PyTorch module is written.
#
# **After this lesson you can**
# - write one small network for each agent and run all of them in one batched product
# - start the weights at the right size, and name the trap when they are stacked
# - choose actions from each agent's own observation, and never an unavailable one
# - explore with one coin for each agent, and say what one coin for the team would lose
# - say what a network without memory cannot know

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
import math

import torch
from torch import nn

from qmix_course import exact, plots
from qmix_course.agents import MLPAgents
from qmix_course.envs import GridWorld, MatrixGame
from qmix_course.exploration import epsilon_greedy, linear_schedule
from qmix_course.training import TrainConfig

# %% [markdown]
# ## The problem
#
# A table has one row for each observation $o_i$ of agent $i$ and one column for each of its actions $u_i$. It knows what it
# was told and nothing else.
#
# Fill it with exact answers: for agent $i$, the value of its action if the other one plays its
# best, $\max_{u_j} Q^*(s, \mathbf u)$ with $j$ the other agent, from the oracle of
# [lesson 02](02_environment.ipynb). But only in the placements that two random walkers meet in
# 1,000 steps from the start.

# %%
env = GridWorld(size=5)
optimum = exact.solve(env, gamma=0.99)
obs = optimum.model.obs                                        # [X, N, O]: all 599 placements
# [X, N, A]: the other agent maximised away
answers = torch.stack([optimum.q.amax(2), optimum.q.amax(1)], 1)
is_best = answers > answers.amax(-1, keepdim=True) - 1e-9      # [X, N, A] bool; ties are all right

generator = torch.Generator().manual_seed(0)
states = []
step = env.reset()
for _ in range(1000):
    states.append(step.state)
    step = env.step(torch.randint(4, (1, 2), generator=generator))
    if step.ended.any():
        step = env.reset()
met = torch.zeros(len(obs), dtype=torch.bool)                  # [X]
met[optimum.index(torch.cat(states))] = True
print("placements met:", int(met.sum()), "of", len(met))


# %%
def count_right(q, name):
    """In how many placements agent 1's best action by q[X, N, A] is one of the truly best ones."""
    right = is_best.gather(-1, q.argmax(-1, keepdim=True))[:, 0, 0]  # [X], agent 1
    print(f"{name}: right in {int(right[met].sum())} of {int(met.sum())} placements met,",
          f"{int(right[~met].sum())} of {int((~met).sum())} never met")


table = torch.where(met[:, None, None], answers, 0.0)
count_right(table, "the table")

# %% [markdown]
# Elsewhere all entries are 0 and the table says "up", which is of no use to agent 1,
# whose goal is at the bottom. A placement that differs from a known one by one cell is as strange to it as any other.
#
# More steps would fill this table. But tables grow fast:

# %%
for size, n_agents in ((5, 2), (10, 2), (10, 4), (20, 4)):
    print(f"{n_agents} agents on {size}x{size}: {math.perm(size * size, n_agents):,} placements")


# %% [markdown]
# You need something that carries over what it learned here to a placement over there: networks.

# %% [markdown]
# ## Build it
#
# ### Step 1: one agent's network
#
# A multilayer perceptron (MLP) turns the $O$ numbers of an observation into $A$ numbers, the *utilities* $Q_i(o_i, \cdot)$:
#
# $$ h_1 = \mathrm{relu}(o_i W_1 + b_1), \qquad h_2 = \mathrm{relu}(h_1 W_2 + b_2), \qquad Q_i(o_i, \cdot) = h_2 W_3 + b_3 $$
#
# with $\mathrm{relu}(x) = \max(0, x)$. Observations are rows, so a batch of them goes through at once.

# %%
def mlp(x, weights, biases):
    """x[..., inputs] -> [..., outputs], through any number of layers."""
    for weight, bias in zip(weights[:-1], biases[:-1]):
        x = (x @ weight + bias).relu()
    return x @ weights[-1] + biases[-1]                 # no relu at the end: values may be negative


sizes = [6, 64, 64, 4]                                  # O, two hidden layers, A
weights = [torch.rand(i, o) - 0.5 for i, o in zip(sizes, sizes[1:])]
biases = [torch.zeros(o) for o in sizes[1:]]
print("one observation :", tuple(mlp(obs[0, 0], weights, biases).shape))
print("599 observations:", tuple(mlp(obs[:, 0], weights, biases).shape))

# %% [markdown]
# ### Step 2: how large should the first weights be?
#
# Each unit adds up as many terms as it has inputs, its *fan-in*, and large weights make the sum grow layer by layer. So
# the bound on first weights should shrink with the fan-in. PyTorch's `nn.Linear` draws weights and biases uniformly from $\pm 1/\sqrt{\text{fan-in}}$, and the course keeps that.
# (*Going further* tries this bound and three others.)
#
# ### Step 3: two networks in one product
#
# Each agent gets its own weights. Instead of a loop over the agents, stack the weights along a new first axis,
# `weight[N, inputs, outputs]`. PyTorch's `baddbmm(b, x, W)` then computes $x_i W_i + b_i$ for all $i$ in one call.

# %%
stacked_weight = torch.rand(2, 6, 64) - 0.5                          # [N, inputs, outputs]
stacked_bias = torch.rand(2, 1, 64) - 0.5                            # [N, 1, outputs]
x = obs.transpose(0, 1)                                              # [N, X, O]: agents first

at_once = torch.baddbmm(stacked_bias, x, stacked_weight)             # [N, X, 64]
in_turn = torch.stack([x[i] @ stacked_weight[i] + stacked_bias[i] for i in range(2)])
assert torch.allclose(at_once, in_turn, rtol=0, atol=1e-12)
print("one batched product, shape", tuple(at_once.shape), "gives the same as the loop")

# %% [markdown]
# Stacking sets a trap. PyTorch's initialisers work out the fan-in from the tensor's shape. `nn.init.kaiming_uniform_(w,
# a=math.sqrt(5))` is the call that makes $\pm 1/\sqrt{\text{fan-in}}$ for `nn.Linear`.
#
# **Predict.** Called on a stacked tensor of shape [2, 6, 64] (two agents, 6 inputs, 64 outputs), does it draw from
# $\pm 1/\sqrt 6 \approx \pm 0.41$, as it should?

# %%
guess = ...  # "yes" or "no"

careless = nn.init.kaiming_uniform_(torch.empty(2, 6, 64), a=math.sqrt(5),
                                    generator=torch.Generator().manual_seed(0))
largest = float(careless.abs().max())
fan_ins = {"the inputs, 6": 6, "the outputs, 64": 64, "their product, 6 x 64": 6 * 64}
taken = min(fan_ins, key=lambda name: abs(1 / math.sqrt(fan_ins[name]) - largest))
with lesson.prediction(guess, taken == "the inputs, 6"):
    print("largest weight:", round(largest, 2), " should be near", round(1 / math.sqrt(6), 2))
    print("the fan-in it took:", taken)


# %% [markdown]
# <details><summary>After your guess</summary>
#
# Three axes mean something else to PyTorch: the weights of a convolution, here with 6 channels and a filter of 64, and
# fan-in = channels × filter. Nothing fails. So draw each slice with the bound of its own fan-in.
#
# </details>
#
# ### Step 4: from obs[B, T, N, O] to q[B, T, N, A]
#
# `B` counts samples (in lesson 02: boards). `T` counts time steps: agents with a memory (Part II) read whole
# sequences, and a single step is a sequence of length one. An MLP treats all $B \cdot T$
# observations of an agent the same way, so fold the two axes, bring the agents to the front, and unfold at the end.

# %%
class HandAgents(nn.Module):
    def __init__(self, n_agents, obs_dim, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [obs_dim, *hidden, n_actions]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in zip(sizes, sizes[1:]):
            bound = 1 / math.sqrt(inputs)                            # each slice's own fan-in
            self.weights.append(
                nn.Parameter(torch.empty(n_agents, inputs, outputs).uniform_(-bound, bound)))
            self.biases.append(
                nn.Parameter(torch.empty(n_agents, 1, outputs).uniform_(-bound, bound)))

    def forward(self, obs):
        batch, time = obs.shape[:2]
        x = obs.flatten(0, 1).transpose(0, 1)                        # [N, B*T, O]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1]):
            x = torch.baddbmm(bias, x, weight).relu()
        q = torch.baddbmm(self.biases[-1], x, self.weights[-1])      # [N, B*T, A]
        return q.transpose(0, 1).unflatten(0, (batch, time))         # [B, T, N, A]


torch.manual_seed(3)
agents = HandAgents(n_agents=2, obs_dim=6, n_actions=4)
print("obs [32, 5, 2, 6] -> q", list(agents(torch.rand(32, 5, 2, 6)).shape))

# %% [markdown]
# **Predict.** Take one placement and change agent 2's observation only. How many of agent 1's 4 utilities change, and how
# many of agent 2's?

# %%
guess = ...  # two numbers, as in [2, 1]: agent 1's utilities that change, agent 2's

before = obs[:1, None].clone()                                       # [1, 1, N, O]
after = before.clone()
after[0, 0, 1] += 0.25
changed = (agents(before) != agents(after))[0, 0]                    # [N, A]
with lesson.prediction(guess, changed.sum(-1)):
    print("(of 4 each)")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# This is what makes the team decentralised: to act, agent 1 needs its own slice of the
# weights and its own observation. The network may be trained in one place; it can be cut apart and carried to the robots.
#
# </details>
#
# Cut agent $i$'s slice out, feed it with $o_i$ alone, and compare its choices with those of the whole.

# %%
def alone(agents, i, own_obs):
    """Agent i's utilities from its slice of the weights
    and M of its own observations: own_obs[M, O]."""
    return mlp(own_obs, [w[i] for w in agents.weights], [b[i] for b in agents.biases])


together = agents(obs[:, None])[:, 0]                                # [X, N, A]
for i in range(2):
    mine = alone(agents, i, obs[:, i])
    assert torch.allclose(mine, together[:, i], rtol=0, atol=1e-12)
    print(f"agent {i + 1}, cut out and on its own: the same choice in",
          int((mine.argmax(-1) == together[:, i].argmax(-1)).sum()), "of", len(obs), "placements")

# %% [markdown]
# ### Step 5: the best available action
#
# Each agent takes the action with the largest utility. In some tasks not every action can be chosen: in the StarCraft
# Multi-Agent Challenge, an agent may only attack an enemy that is in range. `available[..., N, A]` says which ones can be.
#
# **Predict.** An agent's utilities are −1, −5, −2, −3, and action 0 is not available. Which action should it take? Which
# one does it take if the utilities are multiplied by the mask (1 available, 0 not)? And if −∞ is put in place of the
# unavailable ones?

# %%
guess = ...  # three actions, as in [1, 1, 3]: the right one, with the product, with -inf

q = torch.tensor([-1.0, -5.0, -2.0, -3.0])
available = torch.tensor([False, True, True, True])
multiplied = q * available + 0.0                                     # + 0.0 turns a -0.0 into 0.0
filled = q.masked_fill(~available, -torch.inf)
right = max(available.nonzero().flatten().tolist(), key=lambda action: q[action])
with lesson.prediction(guess, [right, int(multiplied.argmax()), int(filled.argmax())]):
    print("multiplied by the mask:", multiplied.tolist())
    print("filled with -inf      :", filled.tolist())


# %%
def greedy(q, available):
    """Each agent's best available action: q[..., N, A] -> [..., N]."""
    return q.masked_fill(~available, -torch.inf).argmax(-1)


assert int(greedy(q, available)) == right


# %% [markdown]
# <details><summary>After your guess</summary>
#
# What the product makes of a forbidden action is 0, and 0 beats every negative value. Negative values are nothing rare:
# steps may cost something, and utilities under a mixer have no fixed scale.
#
# </details>
#
# ### Step 6: explore, each agent on its own coin
#
# With probability $\varepsilon$ (the exploration rate) an agent plays a random available action, otherwise its best one.
# Every agent tosses its own coin and rolls its own dice, so nothing has to be sent between agents. The lines of one agent:

# %%
def decide(q, available, epsilon, generator):
    """One agent's action: q[A], available[A] -> an int."""
    if torch.rand((), generator=generator) < epsilon:                # its own coin, ...
        choices = available.nonzero().flatten()
        return int(choices[torch.randint(len(choices), (), generator=generator)])   # its own dice
    return int(greedy(q, available))


dice = torch.Generator().manual_seed(0)
print("twelve decisions with ε = 0.5:",
      [decide(q, available, 0.5, dice) for _ in range(12)])

# %% [markdown]
# With many boards and agents, all must be decided at once, without an `if`. The library's `epsilon_greedy` does it
# (and you, in exercise 03.2).
#
# At the start of training the utilities mean nothing, so $\varepsilon$ begins at 1 and falls along a straight line
# (`linear_schedule` in the library; *Going further* draws two).
#
# **Predict.** $\varepsilon = 0.2$, four actions, all available. How often does one agent play its best action? (Not 80% of
# the time: the random action may be the best one too.) How often do both agents?

# %%
guess = ...  # two shares (0 to 1), as in [0.5, 0.5 ** 2]: one agent does, both do

EPSILON, ACTIONS, ROUNDS = 0.2, 4, 200_000
one_plays_best = 1 - EPSILON + EPSILON / ACTIONS

q = torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]).expand(ROUNDS, 2, ACTIONS)
everything = torch.ones_like(q, dtype=torch.bool)
actions = epsilon_greedy(q, everything, EPSILON, torch.Generator().manual_seed(0))
hit = actions == torch.tensor([1, 3])                                # [ROUNDS, N]
assert abs(float(hit[:, 0].double().mean()) - one_plays_best) < 0.005
assert abs(float(hit.all(1).double().mean()) - one_plays_best**2) < 0.005
with lesson.prediction(guess, [one_plays_best, one_plays_best**2]):
    print("200,000 draws agree to within 0.005")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# The larger the team, the rarer an undisturbed joint action: with $N$ agents it is $(1 - \varepsilon + \varepsilon / A)^N$.
# That is why a return that is taken while exploring says little about the greedy team
# ([lesson 09](09_curves.ipynb) shows how little).
#
# </details>
#
# ### Step 7: does a network fill the gaps?
#
# Back to the problem. Train your agents on the rows that the table got, by plain regression on the same exact answers.
# (Learning from rewards needs the parts of lessons 04 to 07.)

# %%
torch.manual_seed(0)
agents = HandAgents(n_agents=2, obs_dim=6, n_actions=4)
optimiser = torch.optim.Adam(agents.parameters(), lr=5e-3)
for _ in range(600):
    loss = ((agents(obs[met][:, None])[:, 0] - answers[met]) ** 2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

learned = agents(obs[:, None])[:, 0].detach()                        # [X, N, A]
right = is_best.gather(-1, learned.argmax(-1, keepdim=True))[..., 0].double()
assert right[met].mean() > 0.9 and right[~met].mean() > 0.9
print("the networks: right in more than nine of ten placements met,")
print("              and in more than nine of ten never met")

# %% [markdown]
# (*Going further* draws what agent 1 believes.)
#
# ### Step 8: what this network cannot know
#
# Your agents map *this* observation to values. Give them two different pasts that end in the same observation:

# %%
generator = torch.Generator().manual_seed(1)
past = torch.rand(2, 3, 2, 6, generator=generator)              # two pasts of 3 steps: [B, T, N, O]
past[1, -1] = past[0, -1]                                       # they end in the same observations
q = agents(past)
assert (torch.allclose(q[0, -1], q[1, -1], rtol=0, atol=1e-12)
        and not torch.allclose(q[0, 0], q[1, 0]))
print("different pasts, the same values now")

# %% [markdown]
# On the grid world nothing is lost, because an observation tells everything (you counted it in lesson 02). Where it does
# not, an agent needs its history $\tau_i$, all that it has seen and done so far: which door was open before the corridor, where the
# opponent was when it went out of sight. Part II builds recurrent agents, as the QMIX authors' code uses them. The library's agents
# already take a memory and hand it back; for an MLP, both are `None`.

# %% [markdown]
# ## The same as the library
#
# `MLPAgents` is your class with checks and one option, `shared=True`: one network for all (*Going further*). Copy your weights into it and compare.

# %%
library = MLPAgents(n_agents=2, obs_dim=6, n_actions=4)
with torch.no_grad():
    for layer, weight, bias in zip(library.layers, agents.weights, agents.biases):
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
sequences = torch.rand(7, 5, 2, 6, generator=generator)              # [B, T, N, O]
q, memory = library(sequences)
assert torch.allclose(q, agents(sequences), rtol=0, atol=1e-12)
print("the same utilities, shape", list(q.shape), "and memory", memory)

# %%
q, available = torch.tensor([0.3, -1.0, 2.0, 0.5]), torch.tensor([True, True, True, False])
dice, draws = torch.Generator().manual_seed(7), 10_000
one_by_one = torch.tensor([decide(q, available, 0.3, dice) for _ in range(draws)])
at_once = epsilon_greedy(q.expand(draws, 1, 4), available.expand(draws, 1, 4), 0.3, dice)
for actions in (one_by_one, at_once.flatten()):
    shares = torch.bincount(actions, minlength=4) / draws
    assert (shares - torch.tensor([0.1, 0.1, 0.8, 0.0])).abs().max() < 0.015 and shares[3] == 0
print("10,000 decisions each: the same shares, never an unavailable action")


# %% [markdown]
# ## Break it
#
# ### One coin for the whole team
#
# An easy slip: toss one coin a step and let it decide for everybody. Either all agents explore or none does. Each agent alone
# plays its best action as often as before. What changes is who deviates *together*. To learn what its own action is worth
# beside the others' best ones, an agent has to deviate while they do not. How likely is it that exactly one of $N$ agents
# deviates from its best action? With $p = \varepsilon (A - 1)/A$:
#
# - own coins: $N p (1 - p)^{N-1}$
# - a team coin: $\varepsilon \cdot N \frac{A-1}{A} \left(\frac1A\right)^{N-1}$. The coin must fall, and then all others must
#   draw their best action by luck.

# %%
def exactly_one(n, epsilon=0.1, actions=4):
    """The chance that exactly one of n agents deviates: with its own coins, with a team coin."""
    p = epsilon * (actions - 1) / actions
    return (n * p * (1 - p) ** (n - 1),
            epsilon * n * (actions - 1) / actions * (1 / actions) ** (n - 1))


# %%
def team_coin(q, available, epsilon, generator):
    """All explore, or none does: the bug."""
    coin = torch.rand(len(q), 1, generator=generator) < epsilon                 # one a row
    return torch.where(coin, epsilon_greedy(q, available, 1.0, generator),
                       epsilon_greedy(q, available, 0.0, generator))


q = torch.zeros(200_000, 4, 4)                            # four agents; action 0 is everyone's best
q[..., 0] = 1.0
everything = torch.ones_like(q, dtype=torch.bool)
for name, rule, expected in zip(("own coins", "team coin"),
                                (epsilon_greedy, team_coin), exactly_one(4)):
    deviate = rule(q, everything, 0.1, torch.Generator().manual_seed(0)) != 0
    assert abs(float(deviate[:, 0].double().mean()) - 0.075) < 0.003
    assert abs(float((deviate.sum(1) == 1).double().mean()) - expected) < 0.003
    print(f"{name}: agent 1 deviates in 7.5% of the steps, "
          f"exactly one of four in {100 * expected:.1f}%")

# %% [markdown]
# A test that looks at one agent sees no difference. A test that looks at two at once does. So a program that was right for
# one agent becomes wrong when agents are added. (*Going further* draws both for teams of up to eight.)

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Turn obs[B, T, N, O] into q[B, T, N, A] with one batched product a layer.
# - Draw each agent's first weights from $\pm 1/\sqrt{\text{fan-in}}$, and check a stacked initialiser before you trust it.
# - Show that an agent's choice depends on its own observation alone.
# - Mask unavailable actions with −∞, and explore with one coin for each agent.
# - Say when an agent without a memory is enough, and when it is not.
#
# ### Common misreadings
#
# - *"Decentralised means trained apart."* It means that each agent *acts* on its own. The weights sit in one tensor and will
#   be trained together.
# - *"$\varepsilon = 0.05$ means that 5% of the actions are not the best."* Some random actions are the best one. It is
#   $\varepsilon (A-1)/A$, and the whole team plays its best joint action only if none of the $N$ agents deviates.
# - *"$Q_i$ is the return that agent $i$ expects."* In this lesson you trained it to be a value. Under a mixer it is a
#   *utility*: only the order of the actions matters to the agent. [Lesson 04](04_factorisation.ipynb) makes that precise.
# - *"Shared weights mean equal actions."* Only for equal observations.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/03_agents.ipynb](../exercises/03_agents.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 03.1 What the team plays, and how often
# - 03.2 One coin for each agent
# - 03.3 A network for every agent
# - 03.4 Who am I?
# - 03.5 Who reads whom
# - 03.6 Find the bug: Somebody else's eyes
# - 03.7 Find the bug: Thrifty dice
# - 03.8 Measure it: one network or two
#
# Further, without a check:
#
# 1. How many parameters does one agent of the grid world have with hidden layers of 64 and 64? Count by hand. You are right if
#    `sum(p.numel() for p in agents.parameters()) // 2` agrees.
# 2. Give the shared networks of *The same network for everybody* (*Going further*) the agent's number as well (03.4). You are right if some of the 100
#    teams are paid.
#
# ### Sources
#
# - Tabish Rashid and others (2018), *QMIX: Monotonic Value Function Factorisation for Deep Multi-Agent Reinforcement
#   Learning*: agent networks that act on local histories, ε-greedy.
# - Peter Sunehag and others (2018), *Value-Decomposition Networks for Cooperative Multi-Agent Learning*: shared weights and
#   what tells the agents apart.
# - Matthew Hausknecht and Peter Stone (2015), *Deep Recurrent Q-Learning for Partially Observable MDPs*: memory for a
#   Q-network.
# - Kaiming He and others (2015), *Delving Deep into Rectifiers*: the size of the first weights under a relu.
# - Mikayel Samvelyan and others (2019), *The StarCraft Multi-Agent Challenge*: available actions.
# - The PyTorch documentation, `torch.nn.Linear` and `torch.nn.init`: the first weights.
# - PyMARL, the QMIX authors' code: one shared network whose inputs include the last action and the agent's number.

# %% [markdown]
# ## Going further
#
# For those who wonder why not all agents share one network, or want to see schedules, larger teams, what an agent believes, or what first weights do.
#
# ### The same network for everybody
#
# Agents may share one set of weights (`shared=True` in the library): fewer parameters, and what one learns all know. But
# agents with the same weights *and* the same observation have the same utilities. Take a game in which both observe the
# same and are paid 1 if they choose *different* actions.

# %%
game = MatrixGame([[0, 1], [1, 0]])
same_obs = game.reset().obs[:, None]                        # [1, 1, N, O]: both agents see the same
for shared in (True, False):
    paid = 0
    for seed in range(100):
        torch.manual_seed(seed)
        q, _ = MLPAgents(2, game.spec.obs_dim, game.spec.n_actions, shared=shared)(same_obs)
        first, second = q[0, 0].argmax(-1).tolist()
        paid += int(game.payoff[first, second])
    print("shared weights:" if shared else "own weights   :",
          f"the greedy team is paid with {paid} of 100 random networks")

# %% [markdown]
# With shared weights no network of the 100 is paid, and no training could change that: two equal inputs to one function
# give equal outputs. The common cure is to append the agent's number (one-hot) to its observation, as the QMIX authors' code
# does. On the grid world the observations differ anyway, since each contains its own goal. This course keeps separate
# weights unless it says otherwise.

# %% [markdown]
# ### What agent 1 believes
#
# The networks of step 7 were right in more than nine of ten placements. Here is agent 1 while agent 2 waits in its corner: the value of
# its best action in each cell, and an arrow for that action.

# %%
both = torch.full((2, 5, 5), torch.nan)
arrows = torch.full((2, 5, 5), -1)
for row, (first, second) in enumerate(env.placements().tolist()):
    if second == [4, 4]:
        for panel, values in enumerate((answers, learned)):
            both[panel, first[0], first[1]] = values[row, 0].max()
            if first != [4, 0]:                               # on its goal every action is the same
                arrows[panel, first[0], first[1]] = values[row, 0].argmax()
plots.beliefs(both, 5, policy=arrows, titles=["exact", "the network"],
              title="Agent 1's best actions while agent 2 stands in its corner")


# %% [markdown]
# Two arrows are equally good wherever agent 1 has to go both down and left, so the pictures differ there without a
# mistake. An arrow that points off the board is a mistake. More than nine of ten right still leaves room for a few.

# %% [markdown]
# ### The first weights, layer by layer
#
# PyTorch's bound on the first weights is $\pm 1/\sqrt{\text{fan-in}}$. He and others (2015) derive the variance $2/\text{fan-in}$ for
# layers with a relu, which a uniform draw from $\pm\sqrt{6/\text{fan-in}}$ has. Send 500 random inputs through eight layers
# of 64 units, and follow how much a unit's number differs from one input to the next. (That difference is all that later
# layers can go by.)

# %%
def spread_through(bound, layers=8, width=64):
    """How much a unit varies over the inputs (standard deviation, mean over units),
    layer by layer."""
    generator = torch.Generator().manual_seed(0)
    x, spread = torch.rand(500, width, generator=generator), []
    for _ in range(layers):
        weight = (2 * torch.rand(width, width, generator=generator) - 1) * bound
        bias = (2 * torch.rand(width, generator=generator) - 1) * bound
        x = x @ weight + bias
        spread.append(float(x.std(0).mean()))
        x = x.relu()
    return spread


bounds = {"±1": 1.0, "±√(6/64)": math.sqrt(6 / 64), "±1/√64": 1 / 8, "±1/64": 1 / 64}
plots.lines(range(1, 9), {name: spread_through(bound) for name, bound in bounds.items()},
            "How much units differ from input to input", "layer", "standard deviation",
            log=True, markers=True)


# %% [markdown]
# With ±1 the numbers explode. With ±1/64 they fade until every input looks the same. The bound of He and others changes
# them least. PyTorch's own fades them slowly; over three layers, which is what your networks have, that does no harm, as step
# 7 showed.

# %% [markdown]
# ### Less and less exploration
#
# The exploration rate of the library's two presets for training.

# %%
def line(start, end, steps, step):
    return start + (end - start) * min(1.0, step / steps)


presets = {"default": TrainConfig(), "reference": TrainConfig.reference()}
at = list(range(0, 27_001, 250))
assert all(line(1.0, 0.05, 3000, t) == linear_schedule(1.0, 0.05, 3000, t)
           for t in range(0, 5000, 100))
print("the same schedule as the library's")
plots.schedule({name: [line(c.epsilon_start, c.epsilon_end, c.epsilon_steps, t) for t in at]
                for name, c in presets.items()}, at, title="The exploration rate of two presets")

# %% [markdown]
# ### One coin for larger teams
#
# How often exactly one agent deviates, by the two formulas of *Break it*.

# %%
teams = list(range(1, 9))
own, team = zip(*[exactly_one(n) for n in teams])
plots.lines(teams, {"one coin for each agent": own, "one coin for the team": team},
            r"How often exactly one agent deviates, $\varepsilon = 0.1$, 4 actions",
            "agents in the team", "share of the steps", log=True, markers=True)
