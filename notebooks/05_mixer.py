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
# # Lesson 05 · The mixer and its hypernetworks
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/05_mixer.ipynb)
#
# You build QMIX's mixer: a small monotone network whose weights are written by other networks that read the state.
#
# **Minutes:** 32, and 38 more for *Going further*
#
# **You need:** lesson 04; how `nn.Linear` and autograd work.
#
# **After this lesson you can**
# - build the mixing network and name the one line that makes it monotone
# - explain what a hypernetwork is and why the state goes there and not into the mixer
# - say what the biases and $V(s)$ are free to do, and count the mixer's parameters
# - write two structural tests that find bugs which no return shows

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
import warnings

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course import exact, plots, touch
from qmix_course.agents import MLPAgents, StackedLinear
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld, TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.mixers import QMixer
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# [Lesson 04](04_factorisation.ipynb) ended with a bent surface, written by hand for one table: [[0, 1], [1, 8]], what state 2B of the two-step game pays. In 2A the same two agents need a flat table: 7 everywhere.
#
# Make it a little harder than the game itself. Suppose that the agents *cannot tell 2A from 2B*: agent $i$ observes the same in both, so it has the same utility $Q_i(u_i)$ in both. Only the global state $s$ says where the team is. A mixer that does not read $s$ turns the same utilities into the same table, twice. What is the smallest error that it can have?

# %%
payoff_2a, payoff_2b = torch.full((2, 2), 7.0), torch.tensor([[0.0, 1.0], [1.0, 8.0]])
both = torch.stack([payoff_2a, payoff_2b])                    # [state, u1, u2]

one_table = both.mean(0)                                      # the best single table is the average
blind_error = ((both - one_table) ** 2).mean().item()
centered = both - both.mean((1, 2), keepdim=True)             # now allow a shift for each state
shift_error = ((centered - centered.mean(0)) ** 2).mean().item()
print("best table for both states:", one_table.tolist(), " mean squared error:", blind_error)
print("one table plus a shift for each state:", " " * 15, " mean squared error:", shift_error)


# %% [markdown]
# No mixer that ignores the state can do better than 7.625, however large it is. Adding a number that depends on the state is not enough: the two tables differ in *shape*. In 2A the agents' choices do not matter, in 2B they matter together.
#
# So the state must decide how the utilities are combined. And whatever it decides, the result must be monotone.

# %% [markdown]
# ## Build it
#
# ### Step 1: the mixing network
#
# Forget the state for a moment. The mixing network has one hidden layer of $E$ units (`embed_dim`):
#
# $$Q_{tot} = w_2 \cdot \mathrm{ELU}\big(q\, W_1 + b_1\big) + V, \qquad q = (Q_1, \dots, Q_N), \quad W_1 \in \mathbb{R}^{N \times E}, \quad b_1, w_2 \in \mathbb{R}^{E}$$
#
# ELU is $x$ for $x \ge 0$ and $e^x - 1$ below. Its slope is 1 on the right and $e^x$ on the left: never negative, and never zero, though tiny far to the left.

# %%
def mix(q, w1, b1, w2, v, activation=F.elu):
    """q[..., N], w1[..., N, E], b1[..., E], w2[..., E], v[...] -> Q_tot[...]."""
    hidden = activation((q.unsqueeze(-2) @ w1).squeeze(-2) + b1)      # [..., E]
    return (hidden * w2).sum(-1) + v


def slopes(function, q):
    """dQ_tot/dQ_i: [..., N], for a function of q[..., N]."""
    q = q.detach().requires_grad_(True)
    return torch.autograd.grad(function(q).sum(), q)[0]


print("Q_tot of 5 joint actions of 2 agents:",
      tuple(mix(torch.randn(5, 2), torch.rand(2, 3), torch.zeros(3),
                torch.rand(3), torch.zeros(())).shape))

# %% [markdown]
# **Predict.** Two agents, two hidden units. $W_1 = [[1, 0], [2, 1]]$ (row 1 belongs to agent 1), $w_2 = [3, 0.5]$. The biases are 10, so both units are on the straight part of ELU. By how much does $Q_{tot}$ rise when $Q_1$ rises by 1? When $Q_2$ does? And when $Q_1$ does, if the first weight of agent 1 is −1 instead of 1?

# %%
guess = ...  # as in [1, 2, 1]: rise with Q_1, with Q_2, with Q_1 if its weight is -1

w1, w2 = torch.tensor([[1.0, 0.0], [2.0, 1.0]]), torch.tensor([3.0, 0.5])
b1, v, q = torch.full((2,), 10.0), torch.zeros(()), torch.zeros(2)
signed = w1 * torch.tensor([[-1.0, 1.0], [1.0, 1.0]])
rises = slopes(lambda q: mix(q, w1, b1, w2, v), q).tolist()
signed_rises = slopes(lambda q: mix(q, signed, b1, w2, v), q).tolist()
with lesson.prediction(guess, [*rises, signed_rises[0]]):
    print("slopes:", rises)
    print("slopes with one weight below zero:", signed_rises)

# %% [markdown]
# A slope is a sum over the paths from $Q_i$ to $Q_{tot}$, and each path is a product:
#
# $$\frac{\partial Q_{tot}}{\partial Q_i} = \sum_{k=1}^{E} \underbrace{W_1[i,k]}_{\ge 0} \; \underbrace{\mathrm{ELU}'(\cdot)}_{> 0} \; \underbrace{w_2[k]}_{\ge 0} \;\ge\; 0$$
#
# Three factors, and none may be negative. That is the whole of the monotonicity. The biases are *not* in the product. They may have any sign.
#
# ### Step 2: the activation must not fall
#
# The middle factor is the activation's slope. Swap the activation.
#
# **Predict.** ELU, ReLU, tanh, sine. With one of them $Q_{tot}$ can fall as a utility rises. With one of them the slope is exactly zero in many samples, so that an agent learns nothing at all from these. Which two, in this order?

# %%
guess = ...  # as in ["ELU", "tanh"]: the one that can fall, the one that is often flat

generator = torch.Generator().manual_seed(0)
many = dict(w1=torch.rand(10_000, 2, 4, generator=generator),
            b1=torch.randn(10_000, 4, generator=generator),
            w2=torch.rand(10_000, 4, generator=generator), v=torch.zeros(10_000))
many_q = 2 * torch.randn(10_000, 2, generator=generator)
activations = {"ELU": F.elu, "ReLU": F.relu, "tanh": torch.tanh, "sine": torch.sin}
found = {name: slopes(lambda q: mix(q, **many, activation=each), many_q)
         for name, each in activations.items()}
falling = [name for name, each in found.items() if (each < 0).any()]
flat = [name for name, each in found.items() if (each == 0).any()]
along = torch.linspace(-6, 6, 121)
line = torch.stack([along, torch.zeros_like(along)], -1)                 # Q_1 varies, Q_2 = 0
fixed = dict(w1=torch.tensor([[1.0, 0.6], [0.5, 0.8]]), b1=torch.tensor([-1.0, 1.0]),
             w2=torch.tensor([1.0, 0.7]), v=torch.zeros(()))
with lesson.prediction(guess, falling + flat, words=list(activations)) as fold:
    for name, each in found.items():
        print(f"{name:<5} some slope below zero: {str(bool((each < 0).any())):<6}"
              f"some slope exactly zero: {bool((each == 0).any())}")
    fold.append(plots.lines(
        along, {name: mix(line, **fixed, activation=each) for name, each in activations.items()},
        "One mixer, four activations", "$Q_1$", "$Q_{tot}$"))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# Any activation that never falls keeps the promise, so the choice among those is about their shapes (in the figure in the fold). QMIX uses ELU, which keeps rising everywhere (Rashid et al. 2018); tanh levels off on both sides and so bounds $Q_{tot}$, and ReLU is flat wherever all its units are off. Which tables these shapes can make, Part II asks.
#
# </details>
#
# ### Step 3: weights that come from the state
#
# A **hypernetwork** is a network whose output is the weights of another network (Ha et al. 2017). Ours reads the state $s$ and writes $W_1$: a plain linear layer with $N \cdot E$ outputs, reshaped to $[N, E]$.

# %%
n_agents, embed_dim, state_dim = 2, 4, 2
torch.manual_seed(0)
hyper_w1 = nn.Linear(state_dim, n_agents * embed_dim)

states = torch.eye(2)                                          # one-hot: row 0 is 2A, row 1 is 2B
raw = hyper_w1(states).unflatten(-1, (n_agents, embed_dim))
print("one state in, one weight matrix out:", tuple(states.shape), "->", tuple(raw.shape))
print("some raw weights are negative      :", bool((raw < 0).any()))

# %%
plots.tables({"2A, as it comes": raw[0].detach(), "2A, abs": raw[0].abs().detach(),
              "2B, as it comes": raw[1].detach(), "2B, abs": raw[1].abs().detach()},
             title="The same hypernetwork writes other weights in another state",
             ylabel="agent", xlabel="hidden unit", row_labels=[1, 2], fmt="{:.1f}")

# %% [markdown]
# The absolute value comes last, after the hypernetwork, which is free itself: any weights, any activation. Monotone is a promise about the utilities, not about the state. (`abs` is what the paper and PyMARL use; *Going further* sets softplus and ELU + 1 beside it.)
#
# There are four of these networks, one for each of $W_1$, $b_1$, $w_2$ and $V$. Only the two that make weights end in an absolute value.

# %%
plots.mixer()

# %% [markdown]
# `H` is `hypernet_dim`. The first paper used a single linear layer for each of the two weight hypernetworks; the authors' later code, PyMARL, uses two layers with 64 hidden units, and so does the library by default.
#
# ### Step 4: what the biases and V(s) may do
#
# $b_1$ says where each hidden unit bends. $V(s)$ lifts the whole table. It depends on no $Q_i$, so it changes no agent's choice: it can say "2A is a good place" and nothing about who should do what. But it sets the range that $Q_{tot}$ can reach.
#
# **Predict.** Push both utilities far down, to −1000. ELU flattens out at −1. Where does $Q_{tot}$ end up with $w_2 = [1, 0.7]$ and $V = 5$?

# %%
guess = ...  # one number: Q_tot with both utilities at -1000 and V = 5

small = dict(w1=torch.tensor([[1.0, 0.6], [0.5, 0.8]]), b1=torch.tensor([-1.0, 1.0]),
             w2=torch.tensor([1.0, 0.7]))
floor = {v: mix(torch.full((2,), -1000.0), **small, v=torch.tensor(v)).item() for v in (0.0, 5.0)}
with lesson.prediction(guess, floor[5.0]):
    for v, lowest in floor.items():
        print(f"V = {v:.0f}: Q_tot goes down to {lowest:.2f}; "
              f"V minus the sum of w2 is {v - small['w2'].sum().item():.2f}")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# Every hidden unit can sink to −1 and no further, so $w_2$ and $V$ alone set a floor, $V(s) - \sum_k w_2[k]$; there is no ceiling. Without $V$, a team that expects −20 could only say so with large weights $w_2$. With it, one free number carries the level and the weights are left to say how much each agent matters.
#
# </details>
#
# **Touch it.** A mixer of two units over $(Q_1, Q_2)$. The sliders hold the raw weights that the hypernetworks write; pull the state $s$, and they move by themselves. Untick the absolute value: at the ring both slopes are still above zero. Drag the ring until one is below zero (it says *falls*). Then tick it again, and find two weights that make a slope exactly zero when both are 0. (No single one does it. Each agent has two ways into the output, one through each unit.)

# %%
touch.surface()


# %% [markdown]
# ### Step 5: all of it in one module
#
# The names of the four hypernetworks are the usual ones; `hyper_b2` is the one that writes $V(s)$.

# %%
class HandMixer(nn.Module):
    """agent_qs[..., N], state[..., S] -> Q_tot[...]."""

    def __init__(self, n_agents, state_dim, embed_dim=32, hypernet_dim=64):
        super().__init__()
        self.shape = (n_agents, embed_dim)

        def two_layers(middle, outputs):
            return nn.Sequential(nn.Linear(state_dim, middle), nn.ReLU(),
                                 nn.Linear(middle, outputs))

        self.hyper_w1 = two_layers(hypernet_dim, n_agents * embed_dim)
        self.hyper_b1 = nn.Linear(state_dim, embed_dim)
        self.hyper_w2 = two_layers(hypernet_dim, embed_dim)
        self.hyper_b2 = two_layers(embed_dim, 1)

    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().unflatten(-1, self.shape)       # [..., N, E] never negative
        w2 = self.hyper_w2(state).abs()                                 # [..., E] never negative
        b1, v = self.hyper_b1(state), self.hyper_b2(state).squeeze(-1)  # [..., E], [...] any sign
        return mix(agent_qs, w1, b1, w2, v)


hand = HandMixer(n_agents=2, state_dim=8)
print("one sample:", tuple(hand(torch.randn(2), torch.randn(8)).shape),
      " a batch over time:", tuple(hand(torch.randn(32, 10, 2), torch.randn(32, 10, 8)).shape))

# %% [markdown]
# **Predict.** On the grid world $N = 2$ and $S = 8$. With $E = 32$ and $H = 64$, how many parameters does the mixer have? (A linear layer from $a$ to $b$ has $ab + b$.) And is that more than the two agents' networks have together (each 6 → 64 → 64 → 4; `hyper_b2` is S → E → 1)?

# %%
guess = ...  # as in [5000, "yes"]: the mixer's parameters, "yes" or "no": is that more


def linear(a, b):
    return a * b + b


N, S, E, H = 2, 8, 32, 64
by_formula = {"hyper_w1": linear(S, H) + linear(H, N * E), "hyper_b1": linear(S, E),
              "hyper_w2": linear(S, H) + linear(H, E), "hyper_b2": linear(S, E) + linear(E, 1)}
for name, count in by_formula.items():
    assert count == sum(p.numel() for p in getattr(hand, name).parameters())
in_mixer = sum(by_formula.values())
in_agents = sum(p.numel() for p in MLPAgents(n_agents=2, obs_dim=6, n_actions=4).parameters())
with lesson.prediction(guess, [in_mixer, in_mixer > in_agents]):
    for name, count in {**by_formula, "mixer": in_mixer, "agents": in_agents}.items():
        print(f"{name:<8}: {count:>5,}")

# %% [markdown]
# Whatever the mixer adds is there for training only. The agents act without it.
#
# ### Step 6: why the state does not simply go into the mixer
#
# It would be easier to append $s$ to the utilities and feed both through the non-negative weights. Then $Q_{tot}$ could never fall in *any number of the state* either. Is that a fair demand? Take all pairs of states of the grid world that differ only in one agent's row, by one cell down, and see whether the exact value $V^*(s) = \max_{\mathbf u} Q^*(s, \mathbf u)$ (with $\gamma = 0.99$) goes up or down.

# %%
env = GridWorld()
optimum = exact.solve(env)
value = {tuple((state * 4).round().int().tolist()): v
         for state, v in zip(optimum.model.state, optimum.v.tolist())}

for place, name in ((0, "agent 1's row"), (2, "agent 2's row")):
    changes = []
    for cells, v in value.items():
        lower = list(cells)
        lower[place] += 1
        # it is not if it is off the board, shares a cell, or is the solved state
        if tuple(lower) in value:
            changes.append(value[tuple(lower)] - v)
    rises, falls = sum(c > 1e-9 for c in changes), sum(c < -1e-9 for c in changes)
    print(f"one cell further down in {name}: "
          f"the value rises in {rises} pairs of states and falls in {falls}")

# %% [markdown]
# Agent 1's goal is at the bottom, agent 2's at the top, so a larger row is good news for one and bad news for the other. A mixer that can only rise in the numbers of the state cannot say the second. Yours can say both: the state reaches $Q_{tot}$ through the hypernetworks, and nothing there is held non-negative. The QMIX paper gives the same reason (Rashid et al. 2018, section 4; *Going further* compares the slopes). And with hypernetworks agent 1 can count a lot in one state and not at all in another.

# %% [markdown]
# ## The same as the library
#
# `QMixer` has the same four hypernetworks under the same names, so its weights load straight into yours.

# %%
library = QMixer(n_agents=2, state_dim=8)
hand.load_state_dict(library.state_dict())
agent_qs, state = torch.randn(6, 5, 2), torch.randn(6, 5, 8)
assert (hand(agent_qs, state) - library(agent_qs, state)).abs().max() < 1e-12
print("Q_tot: the same as QMixer")

hand(agent_qs, state).sum().backward()
library(agent_qs, state).sum().backward()
pairs = zip(hand.named_parameters(), library.named_parameters(), strict=True)
assert all(a == b and (p.grad - r.grad).abs().max() < 1e-12 for (a, p), (b, r) in pairs)
print("gradients of all", len(list(library.parameters())), "parameter tensors: the same")


# %% [markdown]
# The line that is the monotonicity has a name of its own in the library, `QMixer.non_negative`. And the library folds all leading axes into one before it mixes: its `mix` gets agent_qs[M, N] and state[M, S].

# %% [markdown]
# ## Break it
#
# ### Two structural tests
#
# A structural test asks what a network *can* do, and needs no training. Here are two, one for each promise of the mixer.

# %%
def never_falls(mixer, state_dim, n_agents=2):
    """Whether no slope dQ_tot/dQ_i is below zero, at random utilities and states
    of several scales."""
    q, state = 3 * torch.randn(500, n_agents), 2 * torch.randn(500, state_dim)
    return bool((slopes(lambda q: mixer(q, state), q) >= 0).all())


def weighs_by_state(mixer, state_dim, n_agents=2):
    """Whether the slopes change with the state.
    (A changed Q_tot is not enough: V(s) alone would do that.)"""
    q, state = torch.randn(1, n_agents).expand(500, -1), 2 * torch.randn(500, state_dim)
    each = slopes(lambda q: mixer(q, state), q)
    return bool((each - each[0]).abs().max() > 1e-6)


class NoAbs(QMixer):
    def non_negative(self, weights):
        return weights


class StateBlind(QMixer):
    def mix(self, agent_qs, state):
        return super().mix(agent_qs, torch.zeros_like(state))


# %%
class OnlyShift(QMixer):
    """The state reaches V(s) and nothing else."""

    def mix(self, agent_qs, state):
        nowhere = torch.zeros_like(state)
        return (super().mix(agent_qs, nowhere)
                + (self.hyper_b2(state) - self.hyper_b2(nowhere)).squeeze(-1))


print(f"{'mixer':<11} never falls   weighs by state")
for kind in (QMixer, NoAbs, StateBlind, OnlyShift):
    mixers = []
    for seed in range(10):
        torch.manual_seed(seed)
        mixers.append(kind(n_agents=2, state_dim=3))
    verdicts = [all(test(m, 3) for m in mixers) for test in (never_falls, weighs_by_state)]
    print(f"{kind.__name__:<11} {str(verdicts[0]):<13} {verdicts[1]}")

# %% [markdown]
# `OnlyShift` is why `weighs_by_state` looks at slopes: its $Q_{tot}$ does change with the state.
#
# ### A mixer that does not see the state
#
# In the problem such a mixer must fail. In the real two-step game each agent's observation tells it which state it is in. Train a full QMIX team with the state-blind mixer, on uniform data.
#
# **Predict.** What does the greedy team earn? (The best is 8, the safe way pays 7.)

# %%
guess = ...  # a number: the return of the greedy team

game = TwoStepGame(num_envs=32)
team = QMIX.for_env(game, seed=0)
torch.manual_seed(0)
team.mixer = StateBlind(n_agents=2, state_dim=3)
train(game, team, TrainConfig(total_steps=6_000, learning_rate=2e-3,
                              epsilon_start=1.0, epsilon_end=1.0, evaluate_every=6_000))
with lesson.prediction(guess, evaluate(TwoStepGame(), team).mean_return):
    start, _, in_2b = exact.q_tot(team, game.model())
    assert (in_2b - payoff_2b).abs().max() < 0.5 and abs(start[1].max() - 7.92) < 0.5
    assert never_falls(team.mixer, 3) and not weighs_by_state(team.mixer, 3)
    print("its table of 2B is right to within 0.5; only weighs_by_state finds the fault")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The agents see the state themselves, so the mixer need not know it. Neither the return nor $Q_{tot}$ tells you that the state never arrives. If your code dropped it by mistake, the structural test is how you would find out, before you meet a task where agents see less than the state.
#
# </details>

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Build the mixer: four hypernetworks, two absolute values, one ELU.
# - Point at the line that is the monotonicity and say why the biases do not need it.
# - Explain with the grid world's exact values why the state must not pass through the non-negative weights.
# - Test a mixer's structure without training it.
#
# ### Common misreadings
#
# - *"The hypernetworks must have non-negative weights."* Only what they *write* into $W_1$ and $w_2$ is made non-negative. Inside they are ordinary networks.
# - *"`abs` belongs on the biases too."* They are added, not multiplied; $V(s)$ may well be negative.
# - *"ReLU on the hypernetwork's output is as good as abs."* It is non-negative, but where its output is 0 its slope is 0 too: the hypernetwork learns nothing through that weight. See exercise 05.2.
# - *"The mixer needs the state when the agents act."* Nothing of the mixer is needed to act.
# - *"The greedy return is right, so the mixer is right."* The state-blind mixer reached the best return.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/05_mixer.ipynb](../exercises/05_mixer.ipynb); `make lab` puts a copy of your own in `my/`.
#
# - 05.1 How loud is each agent?
# - 05.2 Two ways not to be negative
# - 05.3 What a mixer weighs
# - 05.4 A mixer of your own
# - 05.5 A test from the outside
# - 05.6 Find the bug: Monotone, or so it says
# - 05.7 Find the bug: A sample that listens to its neighbours
# - 05.8 Measure it: a mixer without the state
#
# Further, without a check:
#
# 1. Add `F.relu` to the comparison in *Going further*. Before you run it: what share of the raw weights gets no gradient at the first step? You are right if your count agrees with the share of weights that are exactly 0.
# 2. Divide the softplus and the ELU + 1 weights by a constant, so that their slopes at the start match those of `abs` with $E = 8$. Do the curves in *Going further* move together? (You know the constant is right when the medians in its `fresh_slopes` agree to within 10 %.)
# 3. `OnlyShift` should be able to reach exactly 2.5625, the error with a free shift, on the fit in *Going further*, and no less. Build it as a stacked mixer and confirm it.
#
# ### Sources
#
# - Rashid et al. (2018), *QMIX: Monotonic Value Function Factorisation for Deep Multi-Agent Reinforcement Learning*, section 4: the mixing network, the hypernetworks, the absolute values, the free biases, why the state is not an input of the mixer.
# - Ha, Dai and Le (2017), *HyperNetworks*.
# - Samvelyan et al. (2019), *The StarCraft Multi-Agent Challenge*, with the code PyMARL: hypernetworks with two layers of 64 units, 32 units in the mixer.
# - Clevert, Unterthiner and Hochreiter (2016), *Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs)*.

# %% [markdown]
# ## Going further
#
# For those who want to see the shortcut's slopes, what a state in large units does to a mixer and what the library does about it, what other functions than `abs` do, and what a mixer without `abs` or without the state does to the fit of this lesson's problem.
#
# ### The state as an input
#
# Step 6's shortcut beside the mixer, and their slopes with respect to the state.

# %%
class StateAsInput(nn.Module):
    """The shortcut: utilities and state together through non-negative weights."""

    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.first, self.second = (nn.Linear(n_agents + state_dim, embed_dim),
                                   nn.Linear(embed_dim, 1))

    def forward(self, agent_qs, state):
        x = torch.cat([agent_qs, state], -1)
        hidden = F.elu(F.linear(x, self.first.weight.abs(), self.first.bias))
        return F.linear(hidden, self.second.weight.abs(), self.second.bias).squeeze(-1)


torch.manual_seed(0)
sample_q, sample_s = torch.randn(200, 2), optimum.model.state[:200]
for name, mixer in (("state as input  ", StateAsInput(2, 8)),
                    ("hypernetworks   ", HandMixer(2, 8))):
    in_q = slopes(lambda q: mixer(q, sample_s), sample_q)
    in_s = slopes(lambda s: mixer(sample_q, s), sample_s)
    print(f"{name} falls in some utility: {str(bool((in_q < 0).any())):<5}  "
          "falls in some number of the state:", bool((in_s < 0).any()))

# %% [markdown]
# Both keep the promise to the agents. Only one is free in the state.

# %% [markdown]
# ### A state in large units
#
# The grid world's state lies between 0 and 1. Other worlds hand over cells, metres or health points as they are. What does a factor in the state do to the mixer?
#
# **Predict.** Multiply the state by 10, then by 100. With which power of the factor does the slope $\partial Q_{tot} / \partial Q_i$ grow, nearly: 0, 1, 2 or 3? (Look at the paths of step 1: how many of their factors does the state write?)

# %%
guess = ...  # one number: 0, 1, 2 or 3

plain = GridWorld().model().state[::25]                              # every 25th state of the board


def gain(factor):
    """The median slope dQ_tot/dQ_i of 20 fresh mixers in states
    that are multiplied by ``factor``."""
    each = []
    for seed in range(20):
        torch.manual_seed(seed)
        mixer = QMixer(n_agents=2, state_dim=8)
        each.append(slopes(lambda q: mixer(q, factor * plain), torch.zeros(len(plain), 2)))
    return torch.cat(each).median().item()


gains = {factor: gain(factor) for factor in (1, 10, 100)}
power = torch.tensor(gains[100] / gains[1]).log10().item() / 2
with lesson.prediction(guess, round(power)):
    for small, large in ((1, 10), (10, 100)):
        print(f"state × {large:<4} the slope is {gains[large] / gains[small]:.0f} "
              f"times that of × {small}")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The state writes $W_1$ and $w_2$, and each of them grows with it, nearly. (Not quite, as the hypernetworks' own biases do not grow.)
#
# </details>
#
# A large gain would be learned away if it only made $Q_{tot}$ large. But $Q_{tot}$ also makes its own targets ([lesson 07](07_update_step.ipynb)): an error in some $Q_i$ comes back through the gain, into the next target. The library rescales the state for the mixer (`QMIX.scaled`). Override that, so that the mixer of a full team in the grid world reads 100 times the state.

# %%
class LargeUnits(QMIX):
    def scaled(self, state):
        return 100 * state


board = GridWorld(num_envs=32)
for kind in (QMIX, LargeUnits):
    team = kind.for_env(board, seed=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = train(board.clone(), team, TrainConfig(total_steps=2_500))
    learned = exact.q_tot(team, board.model())
    print(f"{kind.__name__:<11} best greedy return above 8: "
          f"{str(max(history.greedy_return) > 8):<6}"
          f"some Q_tot above 100: {str(bool((learned > 100).any())):<6}"
          f"the run warned: {len(caught) == 1}")

# %% [markdown]
# No episode pays more than 10, and the mixer in large units believes in values above 100. Nothing crashes. Only the size of $Q_{tot}$ gives it away, so `train` compares it with what the rewards seen so far can pay, and warns once if it leaves that. It also divides every state by the largest numbers it has met (see below).

# %% [markdown]
# ### What the library does about large units

# %% [markdown]
# An algorithm takes note of the largest size of every component of the state that it meets in training (`Algorithm.see`), and what the mixer reads is divided by it (`Algorithm.scaled`), or by 1 if a component never exceeded 1. If the whole state stays below 1, all of it is divided by its largest number. The grid world's state is at most 1, so it comes as it is; and `QMixer` itself knows nothing of all this.

# %%
for factor in (0.01, 1, 5, 100):
    team = QMIX.for_env(board, seed=0)
    team.see(factor * plain)
    assert (team.scaled(factor * plain) - plain).abs().max() < 1e-12
print("state × 0.01, 1, 5 and 100: the mixer always reads the plain state")

# %% [markdown]
# ### abs, softplus or ELU + 1
#
# The absolute value is one way to stay at or above zero. Two others are often proposed: softplus, $\log(1 + e^x)$, and ELU + 1, which is $x + 1$ for $x \ge 0$ and $e^x$ below. Put them side by side.

# %%
positive = {"abs": torch.abs, "softplus": F.softplus, "ELU + 1": lambda x: F.elu(x) + 1}
x = torch.linspace(-4, 3, 141)                                            # 0 is among the points
grad = {name: slopes(lambda x: f(x.squeeze(-1)), x.unsqueeze(-1)).squeeze(-1)
        for name, f in positive.items()}

figure, axes = plots.panels(1, 2, size=(10, 3.3),
                            title="Three ways to keep a weight from going below zero")
plots.lines(x, {name: f(x) for name, f in positive.items()},
            "weight", "raw output of the hypernetwork", "weight", ax=axes[0])
plots.lines(x, grad, "slope of the weight", "raw output of the hypernetwork", "slope", ax=axes[1])
figure

# %% [markdown]
# - `abs` can reach zero, and its slope is never small: it is −1 or +1, with a jump at zero. A raw weight may pass through zero and come out on the other side.
# - softplus and ELU + 1 are always above zero and come close to it only for very negative raw outputs, where their slope goes to zero as well. A weight that should vanish gets there slowly.
#
# **Predict.** At the start, raw outputs are small numbers around zero. With $E = 32$ hidden units, with which of the three functions does $Q_{tot}$ react most strongly to a utility? And about how many times as strongly as with `abs`: 3, 10 or 30 times?

# %%
guess = ...  # as in ["softplus", 10]: abs, softplus or ELU + 1; 3, 10 or 30


def fresh_slopes(function, embed_dim, seeds=20):
    """dQ_tot/dQ_i of untrained mixers that use this function instead of abs:
    one number for each seed and agent."""
    found = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        mixer = QMixer(2, 2, embed_dim=embed_dim)
        mixer.non_negative = function
        found.append(slopes(lambda q: mixer(q, torch.eye(2)), torch.zeros(2, 2)).flatten())
    return torch.cat(found)


at_start = {(name, e): fresh_slopes(f, e) for name, f in positive.items() for e in (8, 32)}
strength = {name: at_start[name, 32].median().item() for name in positive}
strongest = max(strength, key=strength.get)
times = min((3, 10, 30), key=lambda n: abs(strength[strongest] / strength["abs"] - n))
with lesson.prediction(guess, [strongest, times], words=list(positive)):
    print("weight made of a raw 0:",
          {name: round(f(torch.zeros(())).item(), 2) for name, f in positive.items()})
    for (name, e), each in at_start.items():
        print(f"E = {e:>2}, {name:<8}: median slope at the start is about "
              f"{each.median().item():.1f}")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# Each slope is a sum over 32 products of two such weights, so it matters a lot what becomes of a raw 0. A function that lifts every weight well above 0 makes that sum large, and the first errors then reach the agents' networks multiplied by a slope far above 1. Slopes near 1 are much like VDN's.
#
# </details>

# %% [markdown]
# ### Three functions in training
#
# First the weights that untrained mixers start with, 200 mixers of each kind.

# %%
def first_weights(function):
    """W1 of 200 untrained mixers in state 2A, as one long row."""
    torch.manual_seed(0)
    return torch.cat([function(QMixer(2, 2).hyper_w1(torch.eye(2)[0])).detach()
                      for _ in range(200)])


figure, axes = plots.panels(1, 2, size=(10, 3.3),
                            title="Untrained mixers: the function decides where they start")
for k, (name, f) in enumerate(positive.items()):
    axes[0].hist(first_weights(f).numpy(), bins=60, range=(0, 2), histtype="step",
                 color=plots.COLOURS[k], linewidth=1.8, label=name)
axes[0].set(title="weights in $W_1$, E = 32", xlabel="weight", ylabel="count")
axes[0].legend()
plots.bars({f"{name}, E = {e}": at_start[name, e].tolist() for name in positive for e in (8, 32)},
           r"$\partial Q_{tot} / \partial Q_i$, 20 seeds", "slope at the start",
           fmt="{:.1f}", log=True, dots=True, ax=axes[1])
figure


# %% [markdown]
# Does the start matter once they learn? Back to the problem of this lesson: two states, the same utilities in both, eight numbers to fit. To compare 20 seeds of each kind without waiting, stack the 20 mixers' weights in one tensor, as lesson 03 did with agents.

# %%
class StackedMixer(nn.Module):
    """K mixers side by side, each with its own weights:
    q[K, M, N], state[K, M, S] -> Q_tot[K, M]."""

    def __init__(self, copies, function, n_agents=2, state_dim=2, embed_dim=8, hypernet_dim=64):
        super().__init__()
        self.shape, self.function = (n_agents, embed_dim), function

        def two_layers(middle, outputs):
            return nn.Sequential(StackedLinear(copies, state_dim, middle), nn.ReLU(),
                                 StackedLinear(copies, middle, outputs))

        self.hyper_w1, self.hyper_w2 = (two_layers(hypernet_dim, n_agents * embed_dim),
                                        two_layers(hypernet_dim, embed_dim))
        self.hyper_b1, self.hyper_b2 = (StackedLinear(copies, state_dim, embed_dim),
                                        two_layers(embed_dim, 1))

    def forward(self, q, state):
        w1 = self.function(self.hyper_w1(state)).unflatten(-1, self.shape)
        w2 = self.function(self.hyper_w2(state))
        return mix(q, w1, self.hyper_b1(state), w2, self.hyper_b2(state).squeeze(-1))


print("20 mixers, 8 samples:",
      tuple(StackedMixer(20, torch.abs)(torch.randn(20, 8, 2), torch.randn(20, 8, 2)).shape))

# %% [markdown]
# The utilities are learned too. They start near zero, as those of fresh networks do, and they are the same in both states. Every step uses all eight entries, so there is no noise of sampling.

# %%
samples = torch.eye(2).repeat_interleave(4, 0)               # [8, S]: 2A four times, 2B four times
u1, u2 = torch.tensor([0, 0, 1, 1]).repeat(2), torch.tensor([0, 1, 0, 1]).repeat(2)
wanted = both.flatten()                                      # [8]


def fit(function, learning_rate, first=None, steps=600, seeds=20, state=samples):
    """Losses [steps, K], final utilities [K, N, A], final tables [K, 2, 2, 2] and the mixers,
    of K seeds at once."""
    torch.manual_seed(0)
    mixer = StackedMixer(seeds, function)
    q = nn.Parameter(0.1 * torch.randn(seeds, 2, 2) if first is None else first.repeat(seeds, 1, 1))
    optimiser = torch.optim.Adam([*mixer.parameters(), q], lr=learning_rate, fused=True)
    losses = torch.empty(steps, seeds)
    for step in range(steps):
        q_tot = mixer(torch.stack([q[:, 0, u1], q[:, 1, u2]], -1), state.expand(seeds, -1, -1))
        loss = ((q_tot - wanted) ** 2).mean(1)               # q_tot[K, 8] -> [K]
        losses[step] = loss.detach()
        optimiser.zero_grad()
        loss.sum().backward()                                # no weight is shared between the seeds
        optimiser.step()
    return losses, q.detach(), q_tot.detach().view(seeds, 2, 2, 2), mixer


fits = {(name, rate): fit(f, rate) for rate in (0.002, 0.01) for name, f in positive.items()}
medians = {key: result[0][-1].median().item() for key, result in fits.items()}
for rate in (0.002, 0.01):
    others = min(medians["softplus", rate], medians["ELU + 1", rate])
    assert all(medians[name, rate] < 0.05 for name in positive)
    assert medians["abs", rate] < others / 10
print("both rates: each median ends below 0.05, and that of abs at least ten times lower")

# %%
figure, axes = plots.panels(1, 2, size=(11, 3.8),
                            title="Fitting 2A and 2B with utilities that cannot tell them apart",
                            sharey=True)
for ax, rate in zip(axes, (0.002, 0.01)):
    for k, name in enumerate(positive):
        losses = fits[name, rate][0]
        ax.plot(losses, color=plots.COLOURS[k], linewidth=0.5, alpha=0.35, linestyle="-")
        ax.plot(losses.median(1).values, color=plots.COLOURS[k], linewidth=2.6,
                linestyle=("-", "--", "-.")[k], label=name)
    ax.axhline(payoff_2b.var(0, correction=0).sum().item() / 4, color="#444444",
               linestyle=":", linewidth=1.2, label="one agent ignored")
    ax.set(title=f"learning rate {rate:g}", xlabel="gradient steps",
           ylabel="mean squared error", yscale="log", ylim=(1e-9, 90))
axes[0].legend(title="median of 20 seeds", loc="lower left")
figure

# %% [markdown]
# Thin lines are single seeds (some runs with `abs` leave the picture downwards). Read three things from it, and no more than these:
#
# 1. All three can learn it. None is broken.
# 2. In the median `abs` reaches a small error first and goes on falling; the other two slow down earlier.
# 3. A few seeds stay high up, near the dotted line.
#
# Before the second and the third point, look at what a good seed has learned: the same two utilities of each agent, and two surfaces, one for each state.

# %%
losses, learned_q, _, mixer = fits["abs", 0.01]
best = int(losses[-1].argmin())
low, high = learned_q[best].min(1).values, learned_q[best].max(1).values
low, high = low - 0.15 * (high - low), high + 0.15 * (high - low)
q1, q2 = torch.meshgrid(torch.linspace(low[0], high[0], 31),
                        torch.linspace(low[1], high[1], 31), indexing="ij")
grid = torch.stack([q1, q2], -1).view(1, -1, 2).expand(20, -1, -1)

figure, axes = plots.panels(
    1, 2, size=(10.5, 4.6), subplot_kw=dict(projection="3d"),
    title="One learned mixer, the same utilities, two states (dots: payoffs)")
for k, name in enumerate(("2A", "2B")):
    with torch.no_grad():
        height = mixer(grid, torch.eye(2)[k].expand(20, len(grid[0]), -1))[best].view(31, 31)
    axes[k].plot_surface(q1.numpy(), q2.numpy(), height.numpy(), color="#56B4E9",
                         alpha=0.45, edgecolor="#333333", linewidth=0.15)
    dots = both[k].flatten().numpy()
    axes[k].scatter(learned_q[best][0, u1[:4]], learned_q[best][1, u2[:4]], dots,
                    color="black", s=45, depthshade=False)
    axes[k].set(title=name, xlabel="$Q_1$", ylabel="$Q_2$", zlabel="$Q_{tot}$", zlim=(-1, 12))
    axes[k].view_init(elev=18, azim=-120)
figure


# %% [markdown]
# In 2A the hypernetworks wrote a mixer that ignores the agents; in 2B one that bends. No agent knows the difference.
#
# Now the slowing down. 2A needs a flat table, so the weights on the utilities should vanish there. Do they?

# %%
def weights_2a(name, rate=0.01):
    """All W1 weights in state 2A after the fit, from the seeds that fitted well."""
    losses, _, _, mixer = fits[name, rate]
    with torch.no_grad():
        w1 = mixer.function(mixer.hyper_w1(samples[:1].expand(20, -1, -1)))
    return w1[losses[-1] < 0.01].flatten()


figure, ax = plots.panels(size=(6.6, 3.4))
bins = torch.logspace(-7, 1, 41)
for k, name in enumerate(positive):
    ax.hist(weights_2a(name).clamp(min=1e-7).numpy(), bins=bins.numpy(),
            histtype="step", linewidth=1.8, color=plots.COLOURS[k], label=name, density=False)
ax.set(title="After the fit: weights in $W_1$ where nothing should matter (2A)", ylabel="count",
       xscale="log", xlabel="weight (leftmost bar: this size and all that are smaller)")
ax.legend(loc="upper center")
figure

# %% [markdown]
# With `abs` most weights are practically zero in 2A. With the other two they are still on their way, through ever smaller slopes. (A weight need not vanish if $w_2$ or ELU's slope does, which is why some remain.)
#
# Now the dotted line. Suppose agent 1's utilities have the wrong order: the action that 2B rewards looks worse. A monotone mixer can then only make tables that fall, or stay level, from row 0 to row 1, and 2B rises. The best it can do is to ignore agent 1: average each column of 2B, [[0.5, 4.5], [0.5, 4.5]].
#
# **Predict.** What is the mean squared error of that table over the eight entries of 2A (fitted perfectly) and 2B? And if every seed starts with agent 1 in the wrong order, utilities 1 and −1: how many of 20 seeds with `abs` turn it around?

# %%
guess = ...  # as in [0.5, 10]: the error, and how many of 20 seeds turn around

ignored = payoff_2b.mean(0).expand(2, 2)
trap = ((ignored - payoff_2b) ** 2).sum().item() / 8
wrong_order = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
turned = {}
for name, f in positive.items():
    losses, q, _, mixer = fit(f, 0.01, first=wrong_order)
    chosen = torch.stack([q[:, 0, u1], q[:, 1, u2]], -1)
    # agent 1, in 2B
    slope = slopes(lambda x: mixer(x, samples.expand(20, -1, -1)), chosen)[:, 4:, 0]
    turned[name] = int((q[:, 0, 1] > q[:, 0, 0]).sum())
    assert ((losses[-1] - trap).abs() < 0.1).all() and slope.median() < 0.1
losses, q, *_ = fit(torch.abs, 0.01, first=0.1 * wrong_order)
with lesson.prediction(guess, [trap, turned["abs"]]):
    print("turned around, of 20:", turned)
    print(f"all end near {trap}, and agent 1's median slope in 2B is below 0.1")
    print("abs, the same start but ten times smaller: turned around in",
          int((q[:, 0, 1] > q[:, 0, 0]).sum()), "of 20")


# %% [markdown]
# If a seed is caught, that is not due to any one of the three functions. It is what a clearly wrong order costs a monotone mixer: the quickest way to a smaller error is to turn agent 1's slope down to nothing, and with the slope goes the signal that would have turned the order around. When the utilities start close together, as those of fresh networks do, the order has a better chance to turn in time. ([Lesson 08](08_training.ipynb) trains full QMIX on the two-step game with several seeds.)
#
# What the comparison is worth: one tiny task, one size, two learning rates. It shows that the starting scale differs by a factor of ten or more, and that weights near zero come easily to `abs` alone. It does not show that QMIX with softplus would be worse on your task, where the learning rate or the hypernetwork's first weights could be chosen to fit. `abs` is what the paper and PyMARL use, and the rest of the course stays with it.

# %% [markdown]
# ### Drop the abs
#
# Fit the two tables once more, with the raw weights as they come. Two questions: how small does the error get, and do the agents still find the 8 with their own utilities?

# %%
def choose_best(tables, q):
    """For each seed: whether the agents' own best actions reach the largest entry
    of the learned table of 2B."""
    u = q.argmax(-1)                                                        # [K, N]
    chosen = tables[torch.arange(len(q)), 1, u[:, 0], u[:, 1]]
    return chosen >= tables[:, 1].flatten(1).max(1).values - 1e-2


losses, q, learned, _ = fit(lambda x: x, 0.01)
assert losses[-1].max() < 0.05
assert int((~choose_best(learned, q)).sum()) > len(q) / 3
assert all(choose_best(tables, kept).all()
           for kept, tables in (fits[name, 0.01][1:3] for name in positive))
print("without abs, every seed fits all eight payoffs,")
print("and more than a third of the seeds choose a wrong joint action in 2B;")
print("with abs, softplus and ELU + 1 the agents' own choice is the best of the learned table "
      "in every seed")

# %%
figure, axes = plots.panels(1, 2, size=(10.5, 3.3),
                            title="Without abs: the fit is fine, the team is not",
                            width_ratios=[1.2, 1])
compared = {"abs": fits["abs", 0.01], "no abs": (losses, q, learned)}
for k, (name, (each_loss, *_)) in enumerate(compared.items()):
    axes[0].plot(each_loss, color=plots.COLOURS[k], linewidth=0.5, alpha=0.35, linestyle="-")
    axes[0].plot(each_loss.median(1).values, color=plots.COLOURS[k],
                 linewidth=2.6, linestyle=("-", "--")[k], label=name)
axes[0].set(title="error of the fit", xlabel="gradient steps", ylabel="mean squared error",
            yscale="log", ylim=(1e-12, 90))
axes[0].legend(title="median of 20 seeds", loc="lower left")
plots.bars({name: int(choose_best(each[2], each[1]).sum()) for name, each in compared.items()},
           "seeds whose agents choose the\nbest entry of their own table", "seeds of 20",
           best=20, fmt="{:.0f}", ax=axes[1])
figure

# %% [markdown]
# Without `abs` the network is freer. Every seed fits, and none gets caught in a wrong order: a negative weight simply takes that order as it is. What is lost is the meaning of a utility. In many seeds the tables are right and the agents, choosing alone, do not find the 8 in them. A small loss and a wrong team, as in lesson 04.

# %% [markdown]
# ### The fit without the state
#
# The problem section computed the smallest possible error of a mixer that does not see the state, 7.625. Hide the state from the fit.

# %%
losses, *_ = fit(torch.abs, 0.01, state=torch.zeros_like(samples))
assert losses.min() > blind_error - 1e-9 and abs(losses[-1].median() - blind_error) < 0.05
print("no seed ever gets below", blind_error, "and the median seed ends at it")
