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
# # Lesson 12 · Memory: recurrent agents
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/12_memory.ipynb)
#
# You build agents that carry a memory from step to step, train them on whole episodes, and prove that the task you train them on cannot be solved without it.
#
# **Minutes:** 45, and 16 more for *Going further*
#
# **You need:** lessons 01 to 08; what a gradient through several steps is. Knowing recurrent networks helps and is not needed.
#
# **After this lesson you can**
# - compute the best return that any team without memory can reach, and say for which teams that is proved
# - build an agent with a gated recurrent unit, and say what its agent id and its last action are for
# - train on whole padded episodes, and test that padding never reaches a gradient
# - start both networks of a target where the episode starts, and show what goes wrong otherwise

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
import itertools
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course import data, exact, plots, touch
from qmix_course.agents import GRUAgents
from qmix_course.algorithms import QMIX, VDN, masked_mean
from qmix_course.algorithms.base import td_lambda_target
from qmix_course.collect import Collector
from qmix_course.envs import Cue, GridWorld
from qmix_course.evaluation import evaluate, play, success_interval
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# All agents so far decided from what they saw at that moment. That is enough when a look shows everything that matters. Here is a task where it does not.
#
# **The cue task.** Two agents, two actions, four steps. In the first step both agents are shown a cue $c$, which is 0 or 1 with equal chance. Then comes a corridor of two steps in which nothing is to be seen and actions do nothing. In the last step agent 1 must play $c$ and agent 2 must play the other action, $1 - c$. That pays 1; every other joint action pays 0. (In code the agents are 0 and 1.) Each agent observes three numbers: is the cue 0, is it 1, is this the last step.

# %%
env = Cue(corridor=2, num_envs=2)                      # one row for each cue
step = env.reset(cues=torch.tensor([0, 1]))
nothing = torch.zeros(2, 2, dtype=torch.int64)         # both agents play 0 in both rows
for t in range(env.spec.episode_limit):
    print(f"step {t}: agent 1 sees {step.obs[0, 0].int().tolist()} if the cue is 0, "
          f"{step.obs[1, 0].int().tolist()} if it is 1")
    step = env.step(nothing)


# %% [markdown]
# From step 1 on, what is seen is the same under both cues. At the moment that counts, an agent that decides from its present observation cannot tell the two episodes apart. How well can such a team do? There are only four observations, so a rule for one agent is four actions, and there are $2^4 \cdot 2^4 = 256$ teams of fixed rules. Try them all.

# %%
def value_of(rules):
    """The mean return over both cues of a team without memory;
    rules[i] has one action for each of the four observations."""
    step, total = env.reset(cues=torch.tensor([0, 1])), torch.zeros(2)
    while not step.ended.any():
        # [B, N]: 0 corridor, 1 cue 0, 2 cue 1, 3 last step
        kind = (step.obs @ torch.tensor([1.0, 2.0, 3.0])).long()
        step = env.step(torch.stack([rules[0][kind[:, 0]], rules[1][kind[:, 1]]], 1))
        total += step.reward
    return total.mean().item()


rules = list(torch.cartesian_prod(*[torch.arange(2)] * 4))              # 16 rules for each agent
values = torch.tensor([value_of(team) for team in itertools.product(rules, rules)])
print(len(values), "teams; their returns:", sorted(set(values.tolist())))
assert values.max() == exact.best_memoryless(env)[0] == 0.5 and exact.solve(env).best_return == 1.0

# %% [markdown]
# One half is the best, and a team that saw everything would get 1. Would it help to *draw* the last actions? Say agent 1 plays 1 with probability $p$ and agent 2 with probability $q$, whatever the cue (they cannot know it). The return is then
#
# $$\tfrac12 (1-p)\,q + \tfrac12\, p\,(1-q),$$
#
# the half from cue 0, which pays for (0, 1), and the half from cue 1, which pays for (1, 0). The two products are the chances of two events that exclude each other, so their sum is at most 1 and the return is at most ½. This settles the matter for *every* team without memory in this task, with fixed rules or drawn ones.
#
# A team that learns obeys the same bound. VDN with the feed-forward agents of [lesson 03](03_agents.ipynb), three seeds:

# %%
SETTINGS = dict(total_steps=8_000, capacity=2_000, batch_size=64, update_every=32,
                learning_rate=1e-2, tau=0.05, epsilon_steps=5_000,
                evaluate_every=1_000, evaluation_episodes=64)
both = Cue(num_envs=2)


def learn(seed, make=VDN.for_env, world=Cue(num_envs=32), **options):
    """Train one team; it and its history."""
    team = make(world, seed=seed, **options)
    return team, train(world, team, TrainConfig(seed=seed, **SETTINGS))


def score(team, world=both):
    """The exact greedy return: one episode for each cue."""
    return evaluate(world, team, cues=torch.tensor([0, 1])).mean_return


forgetful = [learn(seed, hidden=(32,)) for seed in range(3)]
assert all(score(team) <= 0.5 for team, _ in forgetful)
print("teams above one half:", sum(score(team) > 0.5 for team, _ in forgetful), "of 3")


# %% [markdown]
# ## Build it
#
# ### Step 1: a memory of numbers
#
# Give each agent $H$ numbers, its **memory** $h$, zero when an episode begins. At every step a small network reads the memory and what the agent sees, and writes a new memory. It has **gates**, numbers between 0 and 1 that say how much is kept. This is the *gated recurrent unit*, GRU (Cho et al. 2014), in the form that PyTorch computes ($x$ is what goes in, the $W$ and $b$ are weights and biases, $\odot$ is the product entry by entry, $\sigma$ the logistic function):
#
# $$\begin{aligned} r &= \sigma(x W_{xr} + b_{xr} + h W_{hr} + b_{hr}) && \text{reset gate} \\ z &= \sigma(x W_{xz} + b_{xz} + h W_{hz} + b_{hz}) && \text{update gate} \\ n &= \tanh\big(x W_{xn} + b_{xn} + r \odot (h W_{hn} + b_{hn})\big) && \text{proposal} \\ h' &= (1 - z) \odot n + z \odot h && \text{new memory} \end{aligned}$$
#
# With $z$ near 1 the old memory stays; with $z$ near 0 the proposal takes its place.

# %%
def gru_step(x, h, weights):
    """One step: x[M, I], h[M, H] -> the new memory [M, H];
    weights = (w_x[I, 3H], w_h[H, 3H], b_x[3H], b_h[3H])."""
    w_x, w_h, b_x, b_h = weights
    xr, xz, xn = (x @ w_x + b_x).chunk(3, -1)
    hr, hz, hn = (h @ w_h + b_h).chunk(3, -1)
    r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
    n = torch.tanh(xn + r * hn)
    return (1 - z) * n + z * h


# %% [markdown]
# **Predict.** A unit with $H = 1$ that ignores its input: all weights and biases are 0, but for $b_{xz} = 3$. It starts with $h = 1$. What does the memory hold after 20 steps? (σ(3) is about 0.953, and the proposal is tanh 0 = 0.)

# %%
guess = ...  # one number, to two decimals: the memory after 20 steps

H = 1
lazy = (torch.zeros(1, 3 * H), torch.zeros(H, 3 * H),
        torch.tensor([0.0, 3.0, 0.0]), torch.zeros(3 * H))
h, seen = torch.ones(1, H), []
for t in range(20):
    h = gru_step(torch.zeros(1, 1), h, lazy)
    seen.append(h.item())
with lesson.prediction(guess, seen[-1]) as fold:
    print(f"after 1 step {seen[0]:.3f}, after 20 steps {seen[-1]:.3f}: "
          f"σ(3)^20 = {seen[0] ** 20:.3f}")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# What a gate keeps is a power of it, with one factor for each step. A memory is as long as its gates are close to 1, and training sets them through gradients that take the same way back: through every step between the cue and the reward.
#
# </details>
#
# **Touch it.** Here the unit sees a cue in the first step and must hold it to the end. A gate that always keeps lets nothing in; one that lets the cue in forgets it. Which sliders must work together so that it still holds 0.9 after a corridor of 20 steps?

# %%
touch.memory()


# %% [markdown]
# ### Step 2: what an agent reads
#
# Three things go in, side by side: the observation; the agent's **last action** as a one-hot vector (all zeros at the start, where it is −1 in the data); and its **agent id**, one-hot. The agents *share* one network, as in PyMARL, the code published with QMIX. What one agent lives through then trains the network of all, and the number of weights hardly grows with the team. The id is all that tells the network for whom it is to answer.

# %%
def agent_input(obs, last_actions, n_actions):
    """obs[B, T, N, O], last_actions[B, T, N] -> [B, T, N, O + A + N]."""
    n_agents = obs.shape[2]
    # -1 gives a row of zeros
    last = (last_actions.unsqueeze(-1) == torch.arange(n_actions)).to(obs.dtype)
    ids = torch.eye(n_agents).expand(*obs.shape[:2], -1, -1)
    return torch.cat([obs, last, ids], -1)


step = env.reset(cues=torch.tensor([0, 1]))
first = agent_input(step.obs.unsqueeze(1), torch.full((2, 1, 2), -1), n_actions=2)
print("shape:", tuple(first.shape))
print("agent 1, cue 0:", first[0, 0, 0].int().tolist(),
      "  agent 2, cue 0:", first[0, 0, 1].int().tolist())

# %% [markdown]
# **Predict.** Leave the ids out. Two agents share one network, with memory, and in the cue task they see the same. What is the best return that *any* weights can bring? (In the last step agent 1 must play the cue and agent 2 the other action.)

# %%
guess = ...  # one number: the best return without ids

alike = [VDN.for_env(both, seed=seed, recurrent=True, hidden=16, agent_id=False)
         for seed in range(100)]
returns = [score(team) for team in alike]
step = both.reset(cues=torch.tensor([0, 1]))
q, _ = alike[0].act_values(step.obs, torch.full((2, 2), -1), alike[0].start(step))
assert torch.equal(q[:, 0], q[:, 1])
with lesson.prediction(guess, max(returns)) as fold:
    print("the two agents' values are the same, bit for bit;")
    print("100 random teams without ids: the highest return is", max(returns))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# Training cannot help. Same network, same observation, same memory, so the same action; then the same last action, and so on to the end. But the reward asks for *different* actions. (While exploring, their dice would tell them apart. Greedily nothing does.) Ids break the tie. So would separate networks, at the price of $N$ times the weights.
#
# </details>
#
# What ids cost in weights, and separate networks:

# %%
for label, shared in (("shared, with ids", True), ("one for each agent", False)):
    sizes = [sum(p.numel() for p in GRUAgents(n, 3, 2, hidden=16, shared=shared,
                                              agent_id=shared).parameters())
             for n in (2, 8)]
    print(f"{label:<21}: {sizes[0]:>5} weights for 2 agents, {sizes[1]:>6} for 8")


# %% [markdown]
# ### Step 3: the team
#
# A linear layer and a ReLU, the unit, a linear layer: what goes in becomes features, features change the memory, the memory becomes one value for each action. A recurrent layer inside a Q-network goes back to Hausknecht & Stone (2015), whose network has an LSTM; with a GRU it is PyMARL's agent.

# %%
class Team(nn.Module):
    """obs[B, T, N, O], last_actions[B, T, N], memory[B, N, H] (None: zeros)
    -> q[B, T, N, A], memory[B, N, H]."""

    def __init__(self, n_agents, obs_dim, n_actions, hidden):
        super().__init__()
        self.n_actions, self.hidden = n_actions, hidden
        self.encoder = nn.Linear(obs_dim + n_actions + n_agents, hidden)
        sizes = ((hidden, 3 * hidden), (hidden, 3 * hidden), (3 * hidden,), (3 * hidden,))
        self.gru = nn.ParameterList(torch.empty(size).uniform_(-(hidden ** -0.5), hidden ** -0.5)
                                    for size in sizes)
        self.head = nn.Linear(hidden, n_actions)

    def forward(self, obs, last_actions, memory=None):
        h = obs.new_zeros(obs.shape[0], obs.shape[2], self.hidden) if memory is None else memory
        # [B, T, N, H], all steps at once
        x = F.relu(self.encoder(agent_input(obs, last_actions, self.n_actions)))
        memories = []
        for t in range(obs.shape[1]):      # only the memory goes step by step
            h = gru_step(x[:, t], h, self.gru)
            memories.append(h)
        return self.head(torch.stack(memories, 1)), h


team = Team(n_agents=2, obs_dim=3, n_actions=2, hidden=16)
obs, last = torch.randn(32, 4, 2, 3), torch.randint(-1, 2, (32, 4, 2))
q, memory = team(obs, last)
print("q:", tuple(q.shape), "  memory:", tuple(memory.shape))

# %% [markdown]
# Acting and learning use the same network in two ways. When it acts, the team gets one step at a time and hands its memory on to itself. When it learns, it gets a whole episode at once and starts with zeros. The two must agree, or it learns about another team than the one that plays.

# %%
h, one_by_one = None, []
for t in range(4):
    q_t, h = team(obs[:, t:t + 1], last[:, t:t + 1], h)
    one_by_one.append(q_t)
assert (torch.cat(one_by_one, 1) - q).abs().max() < 1e-12 and (h - memory).abs().max() < 1e-12
print("step by step and all at once: the same values")

# %% [markdown]
# ### Step 4: whole episodes in the replay
#
# A single transition is no longer enough to learn from: the memory at its start depends on all that came before, and a memory stored at the time belongs to the old weights. The simplest way out is to store **whole episodes** and to go through each from its first observation. (If episodes are too long for that, one stores pieces and runs the network over a stretch before the piece, without learning from it, just to warm up the memory; Kapturowski et al. (2019) call it *burn-in*.)
#
# Episodes differ in length, tensors do not. So every row is as long as the longest episode can be, and a **mask** says which steps were played. To see different lengths, open a door in the first step: if both agents play 1 there, the episode ends at once, with 0.7 for the team.

# %%
world = Cue(num_envs=8, door=0.7)
player = VDN.for_env(world, seed=0, recurrent=True, hidden=16)
collector = Collector(world, player, 0, torch.Generator().manual_seed(0))
rows = [collector.step(epsilon=1.0) for _ in range(4)]               # finished episodes, row by row
batch = replace(rows[0], **{name: torch.cat([getattr(row, name) for row in rows])
                            for name in vars(rows[0])})
lengths = batch.mask.sum(1).int().tolist()
print("obs", tuple(batch.obs.shape), "· reward", tuple(batch.reward.shape),
      "· mask", tuple(batch.mask.shape))
print("lengths:", lengths)

# %%
parts = {"mask": batch.mask, "reward": batch.reward, "terminated": batch.terminated.double()}
plots.tables(parts, title="Episodes of four steps and of one, as rows of a batch", fmt="{:g}",
             row_labels=range(len(lengths)), col_labels=range(4))

# %% [markdown]
# **Predict.** Two episodes, one of four steps and one of one. The squared errors of the played steps are 1, 1, 1, 1 and 6. The padding has, say, an error of 9 wherever nobody played. What is the mean error over the steps that were played? What would a plain mean over the tensor say?

# %%
guess = ...  # two numbers, as in [1, 3.5]: the mean over what was played, the plain mean

errors = torch.tensor([[1.0, 1.0, 1.0, 1.0], [6.0, 9.0, 9.0, 9.0]])
mask = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
with lesson.prediction(guess, [masked_mean(errors, mask), errors.mean()]) as fold:
    print("masked, but divided by everything:", (errors * mask).mean().item())


# %% [markdown]
# The third number in the fold is a favourite mistake: it looks masked, and it makes the learning rate depend on how much padding there happens to be.
#
# ### Step 5: the loss of a sequence
#
# Nothing changes in the equation of [lesson 07](07_update_step.ipynb). What changes is how the next value is found. Both networks go through the episode **from its first observation**, $T + 1$ observations in all. The online network's values at $0 \dots T-1$ are what is learned, the target network's at $1 \dots T$ are what is ahead.

# %%
def sequence_loss(team, target, batch, gamma=0.99):
    """VDN's loss on whole episodes; ``target`` is the slow copy of ``team``."""
    q, _ = team(batch.obs[:, :-1], batch.last_actions[:, :-1])                    # [B, T, N, A]
    q_tot = q.gather(-1, batch.actions.unsqueeze(-1)).squeeze(-1).sum(-1)         # [B, T]
    with torch.no_grad():
        # from the first observation: [B, T+1, ...]
        next_q, _ = target(batch.obs, batch.last_actions)
        next_q = next_q[:, 1:].masked_fill(~batch.available[:, 1:], -torch.inf)   # then drop time 0
        next_value = next_q.amax(-1).sum(-1)
        y = batch.reward + gamma * torch.where(batch.terminated, 0.0, next_value)
    return ((q_tot - y) ** 2 * batch.mask).sum() / batch.mask.sum()


# %% [markdown]
# Does padding leak? Put rubbish into the observations and rewards that nobody played, and look at the loss *and* at every gradient. Not "nearly the same": the same bits.

# %%
def loss_and_gradients(batch):
    loss = sequence_loss(team, slow, batch)
    return [loss.detach(), *torch.autograd.grad(loss, list(team.parameters()))]


slow = Team(2, 3, 2, 16)
unplayed = batch.mask == 0                                    # [B, T]
behind = F.pad(unplayed, (1, 0))                              # [B, T+1], after the last observation
spoilt = replace(batch, obs=batch.obs.clone(), reward=batch.reward.masked_fill(unplayed, 50.0))
spoilt.obs[behind] = torch.randn_like(spoilt.obs[behind]) * 100
clean, dirty = loss_and_gradients(batch), loss_and_gradients(spoilt)
assert all(torch.equal(a, b) for a, b in zip(clean, dirty))
spoilt.obs[0, 0] += 1.0
assert not all(torch.equal(a, b) for a, b in zip(clean, loss_and_gradients(spoilt)))
print(f"rubbish in the padding: the loss and {len(clean) - 1} gradients keep every bit;",
      "one played observation changed: they do not")

# %% [markdown]
# ### Step 6: train
#
# The same `train`, the same `VDN`; only `recurrent=True` is new, and the replay's rows are episodes then. Five seeds.

# %%
mindful = [learn(seed, recurrent=True, hidden=16) for seed in range(5)]
solved = sum(score(team) == 1.0 for team, _ in mindful)
print("with memory   :", solved, "of 5 teams reach the best return, 1")
print("without memory:", sum(score(team) == 1.0 for team, _ in forgetful), "of 3")
assert solved == 5

# %% [markdown]
# A handful of seeds is little. `make tables` has trained seven kinds of team, twenty seeds each, with the same settings and the same number of steps; each memory has 16 numbers.

# %%
stored = data.load("memory")
shares, intervals, runs = {}, {}, stored["runs"]
for name, title in stored["ways"].items():
    count = sum(value == stored["best"] for value in runs[name])
    shares[title], intervals[title] = (count / len(runs[name]),
                                       success_interval(count, len(runs[name])))
    print(f"{title:<32} right about both cues in {count:>2} of {len(runs[name])} seeds; "
          f"the highest return is {max(runs[name]):g}")
assert max(runs["vdn_forgets"]) <= 0.5 and max(runs["vdn_nameless"]) == 0.0
assert shares[stored["ways"]["qmix"]] < 0.25 and shares[stored["ways"]["qmix_no_cue"]] > 0.75

# %%
plots.bars(shares, f"Twenty seeds each, made on {stored['date']} by make tables",
           "share of seeds that are right about both cues, with its 95% interval",
           intervals=intervals)

# %% [markdown]
# The two at 0 are what was proved: no memory, and no ids. IQL does as well as VDN here. And QMIX fails nearly always, with the memory that serves VDN so well. The last says what is to blame. QMIX's mixer reads the state, and the state says what the cue was. Tell the mixer which step it is and *not* which cue, and the same team learns both cues in nearly every seed.
#
# What does a mixer do with the cue? Train one such team and look at its last step, under the one cue and under the other: how large are the weights of the mixer's first layer, and what do the agents' own networks say?

# %%
failed, _ = learn(0, QMIX.for_env, recurrent=True, hidden=16)
step, last, h = both.reset(cues=torch.tensor([0, 1])), torch.full((2, 2), -1), None
for _ in range(4):
    seen_last = step
    q, h = failed.act_values(step.obs, last, failed.start(step) if h is None else h)
    step, last = both.step(nothing), nothing
layer = failed.mixer.non_negative(failed.mixer.hyper_w1(seen_last.state))
loud = layer.view(2, 2, -1).sum(-1)                           # [cue, agent]
assert (loud.amax(0) > 10 * loud.amin(0)).all() and (q[0] - q[1]).abs().max() < 0.3
assert score(failed) < 1
print("each agent's weights are more than ten times as large under one cue as under the other;")
print("each agent's values differ by less than 0.3 between the cues: it does not use its memory")

# %% [markdown]
# Under one cue it turns an agent's voice up, and what the agent always prefers is right there. Under the other cue it turns the voice down to almost nothing: then $Q_{tot}$ says the same small number whatever the agent does, which is not far off for a team that is wrong there anyway. And the weight that turns a voice down shrinks the agent's gradient as well. So from the cue under which it plays wrongly the agent learns almost nothing, and hardly anything pushes it to look at its memory. (One team; the table's last line is the control. VDN's weights are 1 under every cue, so it cannot fall into this trap.)
#
# And what do teams remember that succeed? Walk one team through the corridor twice, with the same last actions, so that the memory is the only difference.

# %%
team, _ = mindful[0]
step, seen = both.reset(cues=torch.tensor([0, 1])), []
for _ in range(4):
    seen.append(step.obs)
    step = both.step(nothing)
told = torch.full((2, 4, 2), -1)
# [copies, T, B·N, H]: the memory after each step
memories, _ = team.agents.remember(torch.stack(seen, 1), told)
memories = memories[0].unflatten(1, (2, 2)).detach()         # [T, cue, agent, H]
apart = (memories[:, 0] - memories[:, 1]).norm(dim=-1)       # [T, agent]
assert (apart[-1] > 0.5).all() and torch.equal(seen[-1][0], seen[-1][1])
print("at the last step the two memories differ, and the two observations do not")

# %%
figure, axes = plots.panels(1, 2, size=(11, 3.2), title="Agent 1's memory, number by number")
for ax, cue in zip(axes, (0, 1)):
    plots.table(memories[:, cue, 0], title=f"cue {cue}", ylabel="after step",
                xlabel="number of the memory", fmt=None, limits=(-1, 1), ax=ax)
figure

# %% [markdown]
# Row by row the two pictures stay different, although from step 1 on the same things are observed in both.

# %% [markdown]
# ## The same as the library
#
# `gru_step` is PyTorch's unit, `Team` is `GRUAgents`, and `sequence_loss` is the loss of `VDN` with `recurrent=True`.

# %%
cell, x, h = nn.GRUCell(5, 7), torch.randn(6, 5), torch.randn(6, 7)
weights = cell.weight_ih.T, cell.weight_hh.T, cell.bias_ih, cell.bias_hh
assert (gru_step(x, h, weights) - cell(x, h)).abs().max() < 1e-12
print("gru_step equals nn.GRUCell")


def copy_into(mine, theirs):
    """The weights of the library's agents into a Team."""
    own = mine.state_dict()
    own["encoder.weight"], own["encoder.bias"] = (theirs.encoder.weight[0].T,
                                                  theirs.encoder.bias[0, 0])
    own["head.weight"], own["head.bias"] = theirs.head.weight[0].T, theirs.head.bias[0, 0]
    for k, name in enumerate(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")):
        value = getattr(theirs.gru, name)
        own[f"gru.{k}"] = value.T if value.dim() == 2 else value
    mine.load_state_dict(own)
    return mine


online, target = (VDN.for_env(world, seed=seed, recurrent=True, hidden=16) for seed in (1, 2))
mine, slow = (copy_into(Team(2, 3, 2, 16), each.agents) for each in (online, target))
assert (mine(batch.obs, batch.last_actions)[0]
        - online.agents(batch.obs, batch.last_actions)[0]).abs().max() < 1e-12
assert (sequence_loss(mine, slow, batch) - online.loss(batch, target)).abs() < 1e-12
print("Team equals GRUAgents, sequence_loss equals VDN's loss")

# %% [markdown]
# ## Break it
#
# ### The target that starts too late
#
# The next values are those of $o_1 \dots o_T$. So why not hand the target network just those? `target(obs[:, 1:])` is shorter, the shapes fit, nothing complains. Look at what the target network then knows: it starts with an empty memory at $o_1$, and never sees $o_0$.

# %% [markdown]
# **Predict.** Train three teams with this mistake. How many of them still reach the best return in the cue task?

# %%
guess = ...  # a count from 0 to 3


class FromSecond(VDN):
    """VDN whose target network starts at the second observation, with an empty memory."""

    def best_next(self, q, batch, target):
        target_q, _ = target.agents(batch.obs[:, 1:], batch.last_actions[:, 1:])
        return target_q.masked_fill(~batch.available[:, 1:], -torch.inf).amax(-1)


blinded = [learn(seed, FromSecond.for_env, recurrent=True, hidden=16) for seed in range(3)]
solved = sum(score(team) == 1.0 for team, _ in blinded)
assert solved == 3
with lesson.prediction(guess, solved) as fold:
    print("with the mistake", solved, "of 3 teams reach the best return, 1")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# In the cue task all that matters is the last step, and there the target is just the reward. The values of the *earlier* steps are wrong, and in this task nobody acts on them.
#
# </details>
#
# So change the task. There is a door again (both play 1 in the first step), now for 0.4, and behind cue 1 the corridor leads to nothing: the last step pays 0 whatever is played. Now the first step is a decision. Under cue 0 going on is worth $0.99^3 \cdot 1 = 0.97$; under cue 1 it is worth 0, so take the door. The best mean return is (1 + 0.4) / 2 = 0.7.

# %%
class Fork(Cue):
    """The cue task with a door for 0.4, and with nothing to win under cue 1."""

    def __init__(self, num_envs=1):
        super().__init__(corridor=2, num_envs=num_envs, door=0.4)
        self._reward[-1] = 0.0                                    # the last state: cue 1, last step

    def clone(self, num_envs=None):
        return Fork(num_envs or self.num_envs)


two = Fork(num_envs=2)
right = [learn(seed, world=Fork(num_envs=32), recurrent=True, hidden=16)[0] for seed in range(3)]
wrong = [learn(seed, FromSecond.for_env, world=Fork(num_envs=32), recurrent=True, hidden=16)[0]
         for seed in range(3)]
count = [sum(abs(score(team, two) - 0.7) < 1e-9 for team in teams) for teams in (right, wrong)]
print("from the first observation :", count[0], "of 3 teams reach 0.7")
print("from the second observation:", count[1], "of 3")
assert count == [3, 0] and abs(exact.solve(two).best_return - 0.7) < 1e-9

# %% [markdown]
# The agents still remember the cue. Their *targets* do not: for the target network both episodes look alike from $o_1$ on, so going on gets one value for both cues, and the team takes the same way in both. (*Going further* draws the values of all six teams.)

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Prove what a team without memory cannot do: play all its rules, and bound those that draw.
# - Build a gated recurrent unit and an agent around it, and say why the ids matter: without them, shared networks that see the same can only act the same.
# - Store whole episodes, mask what nobody played, and test for leaks bit by bit.
# - Start the online *and* the target network at the first observation, and choose a task whose return would show it if you did not.
#
# ### Common misreadings
#
# - *"Partial observability means that memory is needed."* It depends on the task, and for small ones it can be computed: from its usual start the blind grid world of *Going further* loses nothing.
# - *"The mixer sees the state, so the agents need no memory."* The mixer is gone when the team plays. An agent must tell the two episodes apart by itself.
# - *"Padding is harmless because the mask is 0."* Only if the mask also reaches the denominator and everything else that adds up steps, and if nothing in the padding is infinite.
# - *"The team reaches the best return, so the targets are right."* Three of three did so with the bug.
# - *"Sharing one network makes all agents the same."* Not if they are told who they are.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/12_memory.ipynb](../exercises/12_memory.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 12.1 What a window can know
# - 12.2 Every row its own episode
# - 12.3 Targets that look further
# - 12.4 Find the bug: The target that came late
# - 12.5 Measure it: a note to oneself
#
# Further, without a check:
#
# 1. Put the cell that computes `loud` into a function, and call it for the failing QMIX of step 6 with four more seeds. Some mixers turn both voices down under the same cue; in others each cue has one voice. You are right if you can tell from `loud` alone what the team earns under each cue.
# 2. How long a corridor can a team with 16 numbers of memory bridge? Try `corridor` = 5, 10 and 20 with the same number of episodes. You are right if you say how many seeds solved each.
# 3. `exact.best_memoryless(Cue(2, door=0.7))`: work it out on paper first.
#
# ### Sources
#
# - Hausknecht & Stone (2015), *Deep Recurrent Q-Learning for Partially Observable MDPs*: a recurrent layer in a Q-network, whole episodes.
# - Cho et al. (2014), *Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation*: the gated unit. PyTorch's `nn.GRU`: the form used here.
# - Kapturowski et al. (2019), *Recurrent Experience Replay in Distributed Reinforcement Learning*: stored memories, burn-in.
# - Singh, Jaakkola & Jordan (1994), *Learning Without State-Estimation in Partially Observable Markovian Decision Processes*: policies without memory, and why to let them draw.
# - Sutton & Barto (2018), *Reinforcement Learning: An Introduction*, chapter 12: λ-returns.
# - Rashid et al. (2018), *QMIX*, and its code PyMARL: shared recurrent agents with last action and agent id.

# %% [markdown]
# ## Going further
#
# For those who want more of what memory is: targets that look further, the curves and the values behind the counts, the last action as a memory, and a board on which a bound without memory is computed and passed.
#
# ### Targets that look further
#
# Two plain options of the library's target belong here.
#
# **Double-Q** (`double_q=True`, [lesson 07](07_update_step.ipynb)): the online network chooses the next action. It has to walk over all $T + 1$ observations then.
#
# **TD(λ)** (`td_lambda=0.6`): with whole episodes at hand a target may look further than one step. Mix the next value with the target of the next step, which has looked on already (Sutton & Barto 2018, section 12.8):
#
# $$y_t = r_t + \gamma \big((1 - \lambda_{td})\, \max Q_{t+1} + \lambda_{td}\, y_{t+1}\big)$$
#
# $\lambda_{td} = 0$ is the one-step target, $\lambda_{td} = 1$ adds up the rewards that came.

# %% [markdown]
# **Predict.** An episode of four steps pays 0, 0, 0, 1 and ends. The target network knows nothing yet: all its values are 0. With γ = 1, what are the four targets for $\lambda_{td}$ = 0, 1 and ½?

# %%
guess = ...  # [[1, 2, 3, 4], [...], [...]]: the four targets for λ_td = 0, for 1, for 0.5

reward, ends = torch.tensor([[0.0, 0.0, 0.0, 1.0]]), torch.tensor([[False, False, False, True]])
targets = {lam: td_lambda_target(reward, ends, torch.zeros(1, 4), torch.ones(1, 4),
                                 gamma=1.0, td_lambda=lam)[0].tolist() for lam in (0.0, 1.0, 0.5)}
with lesson.prediction(guess, list(targets.values())) as fold:
    for lam, y in targets.items():
        print(f"λ_td = {lam}: targets {y}")

# %% [markdown]
# With a small $\lambda_{td}$ the news of the reward travels back one step each time the target network is renewed; with a large one it arrives early. The price: the later actions were those of a team that explored, and were perhaps bad ones. The TD(λ) target believes in them all the same.

# %% [markdown]
# ### The cue task, curve by curve
#
# The greedy return of the teams with memory (step 6) and without (*The problem*) over 64 episodes. (An evaluation draws its cues, so a curve may read a little above or below ½. The counts of step 6 play each cue once.)

# %%
figure = plots.seeds({"with memory": [h for _, h in mindful], "without": [h for _, h in forgetful]},
                     best_return=1.0, title="The cue task: greedy return over 64 episodes")
ax = figure.axes[0]
ax.axhline(0.5, color="black", linewidth=1, linestyle=":")
ax.annotate("the most that a team without memory can reach", (8_000, 0.52), ha="right", fontsize=9)
figure


# %% [markdown]
# ### What going on is worth
#
# The values of the six teams in *Break it*, in the first step.

# %%
def going_on(team):
    """Q_tot of (0, 0), which goes on, in the first step under cue 0 and under cue 1."""
    step = two.reset(cues=torch.tensor([0, 1]))
    q, _ = team.act_values(step.obs, torch.full((2, 2), -1), team.start(step))
    return team.q_tot(q, nothing, step.state).tolist()


values = {name: torch.tensor([going_on(team) for team in teams])
          for name, teams in (("right", right), ("bug", wrong))}
assert ((values["right"][:, 0] - values["right"][:, 1]).min() > 0.6
        and (values["bug"][:, 0] - values["bug"][:, 1]).abs().max() < 0.3)
figure, axes = plots.panels(1, 2, size=(10, 3.3),
                            title="What going on is worth, as three seeds see it", sharey=True)
for ax, (name, both_cues) in zip(axes, values.items()):
    for seed, pair in enumerate(both_cues):
        ax.plot([0, 1], pair, marker="osD"[seed], color="#0072B2", alpha=0.7, label=f"seed {seed}")
    ax.plot([0, 1], [0.97, 0.0], "k_", markersize=34, label="exact")
    ax.axhline(0.4, color="#D55E00", linestyle="--", label="the door")
    ax.set(title=f"target from the {'first' if name == 'right' else 'second'} observation",
           xticks=[0, 1], xticklabels=["cue 0", "cue 1"], xlim=(-0.4, 1.4))
axes[0].set_ylabel("$Q_{tot}$ of going on")
axes[0].legend(fontsize=8, loc="lower left", markerscale=0.5)
figure

# %% [markdown]
# ### Is the last action a memory?
#
# One more hole in "without memory". Give agents no memory at all, but let them see their last action. Then a team can write the cue down in its own actions: play it in the first step, and from then on repeat yourself.

# %%
step, last, total = both.reset(cues=torch.tensor([0, 1])), torch.full((2, 2), -1), torch.zeros(2)
while not step.ended.any():
    shown = step.obs[..., 1].long()                # 1 if the cue is 1
    repeat = torch.where(last < 0, shown, last)    # the first step: the cue; later: what I did last
    # in the last step agent 2 plays the other action
    swap = step.obs[..., 2].long() * torch.tensor([0, 1])
    last = (repeat + swap) % 2
    step = both.step(last)
    total += step.reward
print("rules of (observation, last action) bring", total.mean().item())

# %% [markdown]
# The best return, with no memory but the floor that the agents walk on. An input that depends on the past *is* a memory. That is also the use of the last action for agents that do remember: without it an agent that explores would not know what it has just done. (Would a team find this rule by itself? Exercise 12.5 measures it.)

# %% [markdown]
# ### The grid world, blind
#
# `GridWorld(view=k)` has a viewing radius: an agent sees another one only if neither row nor column differ by more than $k$. Otherwise the other's place reads (−1, −1). Take a 3×3 board, `view=0` and random starts: nobody ever sees the other one, only bumps tell.
#
# `exact.best_memoryless` computes the best return over the 71 starts of all teams of fixed rules without memory. There are $4^{18}$ rules for such a team (nine cells for each agent), too many to play. So it fixes them cell by cell, and drops a beginning only when even full knowledge of everything in the cells that are still open could not save it. Nothing is guessed: the tests hold it against playing all teams, where that is possible.

# %%
blind = GridWorld(size=3, view=0, random_starts=True, episode_limit=12, num_envs=32)
bound, rule = exact.best_memoryless(blind)
print("starts                        :", len(blind.model().start))
print("best of all, seeing everything:", round(exact.solve(blind).best_return, 2))
print("best fixed rules, no memory   :", round(bound, 2))
fixed = GridWorld(size=3, view=0)                                   # the usual start in the corners
print("from the usual start alone    :", round(exact.best_memoryless(fixed)[0], 2),
      "of", round(exact.solve(fixed).best_return, 2))

# %% [markdown]
# From the usual start blind agents lose nothing: a plan that never looks is enough. From *all* starts the same rule has to serve, and there the plans get into each other's way. A rule without memory that bumps into somebody bumps for ever: nothing that the agent sees has changed. With memory an agent can notice that it wanted to go down, is still where it was, and try something else. Train a team with memory, look at it after every 4,000 steps from *all* starts, and keep the best.

# %%
everywhere, starts = blind.clone(num_envs=71), blind.placements()
walkers, looks = VDN.for_env(blind, seed=0, recurrent=True, hidden=32), []


def look(run):
    result = evaluate(everywhere, run.algorithm, positions=starts)
    looks.append((result.mean_return, int(result.terminated.sum()),
                  {k: v.clone() for k, v in run.algorithm.state_dict().items()}))


train(blind, walkers,
      TrainConfig(total_steps=32_000, capacity=3_000, batch_size=32, update_every=64,
                  learning_rate=3e-3, tau=0.03, epsilon_steps=16_000, evaluate_every=4_000),
      on_evaluation=look)
best_return, best_solved, weights = max(looks, key=lambda entry: entry[0])
walkers.load_state_dict(weights)
assert best_return > bound + 0.1
print("a team with memory passes the best fixed rules;",
      f"it comes home from {best_solved} of 71 starts")

# %% [markdown]
# (This is one seed. It shows that it can be done, not that it always is: try others.) Next, a start from which the best fixed rules never come home. What does the team with memory do there?

# %%
optimum, single, lost = exact.solve(blind), blind.clone(num_envs=1), []
for start in starts:
    step = single.reset(positions=start)
    while not step.ended.item():
        step = single.step(rule[optimum.index(step.state)])
    lost += [] if step.terminated.item() else [start]
assert lost
plots.film_strip(play(single, walkers, positions=lost[0]),
                 title="With memory: bump, remember, go round", per_row=7)

# %% [markdown]
# What exactly is proved? That no team of *fixed* rules without memory gets more than the bound, and every feed-forward network that plays greedily is such a rule. Teams that *draw* their actions are another matter. In the cue task drawing does not help. Here it does: where a fixed rule bumps for ever, dice end it. So climb on the probabilities of a drawn rule; its return can be computed exactly and has a gradient.

# %%
model, seen = (blind.model(),
               [blind.model().obs[:, i].unique(dim=0, return_inverse=True)[1] for i in range(2)])
preference = torch.zeros(2, 9, 4)
for i in range(2):
    # begin near the best fixed rules
    preference[i, seen[i]] = 3.0 * F.one_hot(rule[:, i], 4).to(preference)
preference.requires_grad_()
optimiser = torch.optim.Adam([preference], lr=0.1)
for _ in range(200):
    p, q = (preference[i].softmax(-1)[seen[i]] for i in range(2))      # [X, A] each
    joint, v = p.unsqueeze(2) * q.unsqueeze(1), torch.zeros(len(model.state))
    for _ in range(12):
        v = (joint * exact.backup(model, v, 1.0)).flatten(1).sum(1)
    drawn = v[model.start].mean()
    optimiser.zero_grad()
    (-drawn).backward()
    optimiser.step()
assert drawn > bound + 0.2
print("a drawn rule without memory passes the best fixed rules too")

# %% [markdown]
# So be careful with "needs memory". The cue task needs it, whatever the team. The blind grid world needs memory *or* dice to get past the fixed rules. How far either can get there, this lesson has not computed.
