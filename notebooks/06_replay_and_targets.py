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
# # Lesson 06 · Replay and target networks
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/06_replay_and_targets.ipynb)
#
# You build the two things that keep Q-learning with networks on its feet: a memory of joint transitions and a slow copy of the networks.
#
# **Minutes:** 34, and 14 more for *Going further*
#
# **You need:** lessons 02 to 05; what a TD target is ([lesson 00](00_start_here.ipynb)).
#
# **After this lesson you can**
# - write a ring buffer of joint transitions and say why the row of a team must stay in one piece
# - say what correlated data does to a network
# - move a target network softly or by hard copies, and tell when you have none without noticing
# - treat the end of the task and the end of the clock differently

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

# %% [markdown]
# ## The problem
#
# You have an environment, agents and a mixer. The obvious way to learn is: play a little, and update the networks
# on what was just played, towards targets that the same networks compute. A *transition* is one step of the team:
# what was seen, what was done, the reward $r$, what came next. A *TD target* is what $Q_{tot}$ is pulled to,
# the reward plus the discounted value of what came next:
#
# $$y = r + \gamma \, Q_{tot}(s', \mathbf{u}')$$
#
# Here $s'$ is the next state and $\mathbf{u}'$ the next joint action, each agent's greedy one. Do so with the library's training
# loop ([lesson 08](08_training.ipynb) takes it apart): `capacity` equal to the batch size means that only the latest 64
# transitions are remembered, and `tau=1` that the networks compute their own targets.

# %%
import copy
import warnings
from dataclasses import fields

import torch

from qmix_course import exact, plots
from qmix_course.algorithms import QMIX, td_target
from qmix_course.envs import GridWorld
from qmix_course.envs.base import TeamStep
from qmix_course.replay import Batch, ReplayBuffer
from qmix_course.training import TrainConfig, hard_update, soft_update, train

optimum = exact.solve(GridWorld(), gamma=0.99)
SEEDS = range(3)


def watch(capacity, tau, seed):
    """Train QMIX briefly. Per evaluation: the greedy return,
    and the largest |Q_tot| over all states and joint actions."""
    env = GridWorld(num_envs=32)
    algorithm = QMIX.for_env(env, seed=seed)
    config = TrainConfig(seed=seed, total_steps=1600, capacity=capacity, batch_size=64,
                         learning_starts=64, update_every=8, learning_rate=2e-3, tau=tau,
                         epsilon_steps=1000, evaluate_every=200)
    largest = []
    with warnings.catch_warnings():
        # train would warn of what you are about to see
        warnings.filterwarnings("ignore", "values: ")
        history = train(env, algorithm, config, on_evaluation=lambda run: largest.append(
            float(exact.q_tot(run.algorithm, optimum.model).abs().max())))
    return history, largest


def optimal_share(runs):
    """The share of all evaluations, over all seeds, in which the greedy team was optimal."""
    returns = torch.tensor([history.greedy_return for history, _ in runs])
    return float(((returns - optimum.best_return).abs() < 1e-6).double().mean())


obvious = [watch(capacity=64, tau=1.0, seed=seed) for seed in SEEDS]
assert optimal_share(obvious) < 0.5
print("in more than half of the evaluations the team is below the best return")

# %%
plots.seeds([history for history, _ in obvious], best_return=optimum.best_return,
            title="Latest data only, own targets: greedy return, three seeds")

# %% [markdown]
# Now and then a team finds the solution, and a good team turns bad again: follow a thin line (bold: the median). Two things are
# wrong, and they have two cures: a *replay memory* and a *target network*. Both come from DQN (Mnih et al. 2015; replay itself
# from Lin 1992).
#
# ## Build it
#
# ### Why the order of the data matters
#
# A team that walks meets similar situations one after the other. The latest transitions are *correlated*: they
# speak about one corner of the board. A network shares its weights among all
# situations, so training on one corner changes its answers in all others: it forgets. (*Going further* measures how much.)
#
# The cure is to keep what was played and to draw from it at random. Q-learning allows it, since it is *off-policy*: $y$ asks what the best
# next action is worth, and that does not depend on who chose the stored action.
#
# ### A ring of slots
#
# The memory holds the last `capacity` rows. When it is full, the newest row takes the place of the oldest one.
# That takes an array and one number: the slot that is written next.
#
# **Predict.** A ring of 5 slots gets the rows 0, 1, 2, 3, 4, 5, 6, in this order. What stands in the slots, and
# which slot is next?

# %%
guess = ...  # as in [0, 1, 2, 3, 4, 0]: what stands in slots 0 to 4, then the next slot

slots, next_slot = [None] * 5, 0
for row in range(7):
    slots[next_slot] = row
    next_slot = (next_slot + 1) % len(slots)
with lesson.prediction(guess, [*slots, next_slot]):
    print("slots:", slots, "· next slot:", next_slot)


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The next slot is always that of the oldest row left, so the newest row replaces the oldest.
#
# </details>
#
# ### What a row holds
#
# A row is one transition *of the team*: everything that the update will need, all of it from the same moment. In the
# library it is a `Batch` with $T = 1$ step:

# %%
def transition(now, actions, then):
    """One row for each environment, from two TeamSteps and the actions[B, N] between them."""
    rows = len(actions)
    return Batch(
        obs=torch.stack([now.obs, then.obs], 1),                    # [B, 2, N, O]
        state=torch.stack([now.state, then.state], 1),              # [B, 2, S]
        available=torch.stack([now.available, then.available], 1),  # [B, 2, N, A]
        actions=actions.unsqueeze(1),                               # [B, 1, N]
        # only agents with a memory read it (Part II)
        last_actions=torch.full((rows, 2, actions.shape[1]), -1),
        reward=then.reward.unsqueeze(1),                            # [B, 1] one number for the team
        terminated=then.terminated.unsqueeze(1),                    # [B, 1] ended; not by the clock
        mask=torch.ones(rows, 1))                                   # [B, 1] 1 for a played step


env = GridWorld(num_envs=3)
now = env.reset(seed=0)
actions = torch.tensor([[1, 0], [3, 2], [2, 2]])
row = transition(now, actions, env.step(actions))
for field in fields(Batch):
    print(f"{field.name:13}", list(getattr(row, field.name).shape))

# %% [markdown]
# Time runs along the second axis: index 0 is before the step, index 1 after it, and actions and reward lie in between.
# With agents that remember, a row is a whole episode, filled up to its full length with *padding*, and `mask` is 0 there.
# The last line, `memory`, is for such agents ([lesson 12](12_memory.ipynb)).
#
# One trap sits in `then`. It must be what the team really met last, not the beginning of the next episode
# ([lesson 02](02_environment.ipynb) measured the damage).
#
# ### Why the memory is joint
#
# Could each agent keep a memory of its own, and draw from it on its own? An agent alone could. A team with a mixer
# cannot: $Q_{tot}(s, \mathbf{u})$ needs the actions *that were played together*, and the reward that they brought.
#
# State 2B of the two-step game pays `[[0, 1], [1, 8]]` (agent 1's action picks the row). Say the memory holds each of the
# four joint actions once. With separate memories agent 2's action comes from any of the four rows, while the reward comes
# with agent 1's.
#
# **Predict.** You average the reward for each joint action *as the batch shows it*. Which table comes out of separate memories?

# %%
guess = ...  # the table, as in [[1, 2], [3, 4]]

payoff = torch.tensor([[0.0, 1.0], [1.0, 8.0]])
played = torch.cartesian_prod(torch.arange(2), torch.arange(2))      # [4, 2] the four joint actions
reward = payoff[played[:, 0], played[:, 1]]                          # [4]


def average(pairs, rewards):
    """The mean reward of every joint action in the data: [2, 2]."""
    entry = pairs[:, 0] * 2 + pairs[:, 1]
    return (torch.bincount(entry, rewards) / torch.bincount(entry)).view(2, 2)


# every way to pair up two separate draws
mine, other = torch.cartesian_prod(torch.arange(4), torch.arange(4)).T
separate = torch.stack([played[mine, 0], played[other, 1]], 1)
from_separate = average(separate, reward[mine])
with lesson.prediction(guess, from_separate):
    print("joint memory:     ", average(played, reward).tolist())
    print("separate memories:", from_separate.tolist())


# %% [markdown]
# <details><summary>After your guess</summary>
#
# Agent 2's action and the reward no longer belong together. What is left is what
# independent learning saw in [lesson 01](01_cooperation.ipynb). So a row of the team is stored, overwritten and drawn *as one piece*.
#
# </details>
#
# ### The buffer
#
# The ring with real rows. All memory is allocated once, at the start.

# %%
class Ring:
    """The last ``capacity`` rows of a team; uniform draws without replacement."""

    def __init__(self, capacity, spec):
        self.rows = Batch.padding(capacity, 1, spec)
        self.capacity, self.size, self.next = capacity, 0, 0

    def add(self, batch):
        for row in range(len(batch.reward)):
            for field in fields(Batch):
                getattr(self.rows, field.name)[self.next] = getattr(batch, field.name)[row]
            self.next = (self.next + 1) % self.capacity
            self.size = min(self.size + 1, self.capacity)

    def sample(self, batch_size, generator):
        places = torch.randperm(self.size, generator=generator)[:batch_size]
        return Batch(**{field.name: getattr(self.rows, field.name)[places]
                        for field in fields(Batch)})


# %% [markdown]
# Fill it with random play. Where an episode ends, the row is stored first, and only then is the environment reset.

# %%
def random_play(steps, num_envs=4, seed=0):
    """A list of one Batch for each step, from random actions in a short-lived grid world."""
    generator = torch.Generator().manual_seed(seed)
    env = GridWorld(num_envs=num_envs, episode_limit=10)
    now, out = env.reset(seed=seed), []
    for _ in range(steps):
        actions = torch.randint(4, (num_envs, 2), generator=generator)
        then = env.step(actions)
        out.append(transition(now, actions, then))
        now = env.reset(where=then.ended) if then.ended.any() else then
    return out


spec = GridWorld().spec
ring = Ring(capacity=50, spec=spec)
for batch in random_play(steps=20):
    ring.add(batch)
print("80 rows went in; rows held:", ring.size, "· next slot:", ring.next)
sample = ring.sample(8, torch.Generator().manual_seed(1))
print("observations of a sample of 8:", list(sample.obs.shape))


# %% [markdown]
# ### The moving target
#
# Now the second cure. If the target $y$ is computed by the network that is being trained, then every update
# moves its own goal. Measure it: one optimiser step on one batch, and the targets of this very batch before and after.
# $\theta$ are the weights that are trained, the *online* weights, and $\theta^-$ those that compute the target.

# %%
@torch.no_grad()
def targets(network, batch):
    """y[B, 1]: the TD targets of a batch as ``network`` computes them
    (lesson 07 takes this line apart)."""
    next_q = network.best_next(network.agents(batch.obs)[0], batch, network)
    return td_target(batch.reward, batch.terminated,
                     network.mixer(next_q, batch.state[:, 1:]), gamma=0.99)


online = QMIX.for_env(GridWorld(), seed=0)
target = copy.deepcopy(online).requires_grad_(False)
optimiser = torch.optim.Adam(online.parameters(), lr=2e-3)
before_online, before_target = targets(online, sample), targets(target, sample)
optimiser.zero_grad()
online.loss(sample, target).backward()
optimiser.step()
moved_online = (targets(online, sample) - before_online).abs()
moved_target = (targets(target, sample) - before_target).abs()
assert (moved_online[~sample.terminated] > 0).all()
print("one update, targets by the online network: all moved")
print("one update, targets by the frozen copy:    moved by", float(moved_target.max()))


# %% [markdown]
# A *target network* is that frozen copy. While it stands still, the update is ordinary regression. But
# it must not stand still for ever: its values are those of an untrained network. There are two ways to move it.
#
# - **Hard:** every $K$ updates, copy everything: $\theta^- \leftarrow \theta$.
# - **Soft:** after every update, go a small part of the way: $\theta^- \leftarrow \theta^- + $ `tau` $(\theta - \theta^-)$, with a `tau` like 0.02.
#
# (`tau` has nothing to do with an agent's history, which papers write $\tau$.)

# %%
def soft(old, new, tau):
    """One weight of the target, or a tensor of them, after one soft update."""
    return old + tau * (new - old)


print("target 0, online 1, tau 0.25, after one update:", soft(0.0, 1.0, tau=0.25))

# %% [markdown]
# (A network's weights must be moved in place and without a trace for the gradients: exercise 06.3. The library's `soft_update` and
# `hard_update` do that.) If the online weights stood still, the distance to them would shrink by the factor $1 - $ `tau` with every update.
#
# **Predict.** With `tau` = 0.02: how many updates does it take until the target has gone at least half of the way?

# %%
guess = ...  # one number: updates until half of the way

target_weight, updates = 0.0, 0
while target_weight < 0.5:
    target_weight = soft(target_weight, 1.0, tau=0.02)
    updates += 1
with lesson.prediction(guess, updates):
    print("updates until half of the way:", updates)

# %% [markdown]
# <details><summary>After your guess</summary>
#
# About $\ln 2 /$ `tau`. So `tau` = 0.02 looks back over some dozens of updates, `tau` = 0.001 over some hundreds.
#
# </details>

# %% [markdown]
# The soft target is always a little behind and smooth. The hard target stands still and then jumps. (*Going further* draws both.)
# DQN copies hard, and so does the code that was published with QMIX; DDPG (Lillicrap et al. 2016) moves softly. What is copied is
# *everything that computes the target*: the agents and the mixer.
#
# ### The end of the task and the end of the clock
#
# The flag `terminated` decides about $y$. If the task *terminated*, nothing comes after, so $y = r$. If it was *truncated*, only
# the clock ran out, and what the team would have earned from here still counts, so $y = r + \gamma \, Q_{tot}(s', \mathbf{u}')$ as ever.
# Using the value of $s'$ in the target is called *bootstrapping*.
#
# This holds where the limit is ours: we cut episodes so that training moves on. Where the limit *belongs to the
# task* (a game of ninety minutes), the end of the clock is an end, $y = r$, and the time that is left belongs in the state and
# the observations, since what a position is worth depends on it (Pardo et al. 2018 treat both cases).
#
# Stop the clock of a perfect team after three of the four steps. The third reward is −0.25. The exact value of where it stands is
# $V^*(s') = 10$: one more joint step and both are home.
#
# **Predict.** What is the target of this third transition, with $\gamma = 0.99$? And what is it if somebody stored
# `terminated or truncated` as the end?

# %%
guess = ...  # as in [1, 2.5]: the target, the target with the clock stored as the end

env = GridWorld(num_envs=1, episode_limit=3)
step = env.reset(seed=0)
while not step.ended.item():
    best = optimum.q[optimum.index(step.state[0])].flatten().argmax()
    step = env.step(torch.stack([best // 4, best % 4]).unsqueeze(0))
next_value = optimum.v[optimum.index(step.state[0])]
right = td_target(step.reward, step.terminated, next_value, gamma=0.99).item()
wrong = td_target(step.reward, step.ended, next_value, gamma=0.99).item()
with lesson.prediction(guess, [round(right, 6), round(wrong, 6)]):
    print("terminated:", step.terminated.item(), "· truncated:", step.truncated.item(),
          "· next value:", round(float(next_value), 2))

# %% [markdown]
# The state does not say how late it is. So under the wrong rule the same state and joint action
# get both targets, depending on the clock, and the network settles somewhere between. *Going further* shows how far off.
#
# ## The same as the library
#
# The library's `ReplayBuffer` writes a whole batch at once and checks what comes in. With the same rows and the same
# generator it must hold and hand out the same.

# %%
buffer = ReplayBuffer(capacity=50, spec=spec)
mine = Ring(capacity=50, spec=spec)
for batch in random_play(steps=33):                       # 132 rows: more than two rounds
    buffer.add(batch)
    mine.add(batch)
for seed in range(20):
    ours = mine.sample(8, torch.Generator().manual_seed(seed))
    theirs = buffer.sample(8, torch.Generator().manual_seed(seed))
    assert all(torch.equal(getattr(ours, field.name), getattr(theirs, field.name))
               for field in fields(Batch))
print("20 samples of 8 rows: equal in every field")

theirs = QMIX.for_env(GridWorld(), seed=1)
ours, goal = ([p.detach().clone() for p in net.parameters()] for net in (theirs, online))
for update in range(5):
    ours = [soft(old, new, tau=0.02) for old, new in zip(ours, goal)]
    soft_update(theirs, online, tau=0.02)
assert all((a - b).abs().max() < 1e-12 for a, b in zip(ours, theirs.parameters()))
hard_update(theirs, online)
assert all(torch.equal(a, b) for a, b in zip(goal, theirs.parameters()))
print("soft and hard updates: equal to within 1e-12")

# %% [markdown]
# ## Break it
#
# ### Without a memory, without a target network
#
# With `tau` = 1 the soft update gives $\theta^- + (\theta - \theta^-) = \theta$, as a hard copy in every single update does: no target
# network at all. Nothing warns you: the loop still runs, a variable is still called `target`. All four
# combinations, three seeds each:

# %%
runs = {"neither": obvious,
        "memory only": [watch(capacity=10_000, tau=1.0, seed=seed) for seed in SEEDS],
        "target only": [watch(capacity=64, tau=0.02, seed=seed) for seed in SEEDS],
        "both": [watch(capacity=10_000, tau=0.02, seed=seed) for seed in SEEDS]}
peaks = {name: [max(largest) for _, largest in of] for name, of in runs.items()}
assert min(peaks["memory only"]) > 1_000 and max(peaks["neither"]) > 1_000
assert max(peaks["target only"] + peaks["both"]) < 50
assert optimum.q.abs().max() < 10.1
best = max(runs, key=lambda name: optimal_share(runs[name]))
print("The exact values are never larger than 10. In every seed of 'memory only', and in some")
print("of 'neither', the largest |Q_tot| passes 1,000; with a target it stays below 50.")
print("most often optimal:", best)

# %%
figure, axes = plots.panels(1, 2, size=(10, 3.6))
steps = runs["both"][0][0].steps
worst = {name: torch.tensor([largest for _, largest in of]).amax(0) for name, of in runs.items()}
plots.lines(steps, worst, r"Largest |$Q_{tot}$| of three seeds", "environment steps",
            r"largest |$Q_{tot}$|", log=True, ax=axes[0])
plots.bars({name: [optimal_share([run]) for run in of] for name, of in runs.items()},
           "How often the greedy team was optimal",
           "share of the evaluations, one dot for each seed", ax=axes[1])
figure

# %% [markdown]
# Without a target network the values run away: with a memory in all three seeds, without one in at least one of them. The usual account: too high a
# value at $s'$ raises the value at $s$, and as the network generalises, that raises the value at $s'$ again. Three things must come
# together for it: a network in place of a table, targets that are made of its own estimates, and data from another policy than the one
# that is judged. Sutton and Barto (2018, chapter 11) call them the *deadly triad*. QMIX has all three; the slow copy loosens the second. The size of
# $Q_{tot}$ tells you, and the greedy return does not.
#
# With a target network and no memory the values stay in range, and the team is optimal less often than with both, as forgetting would have it.
# A surprise: *memory only*, with values some hundred thousand times too large, is optimal about as often as *target only*. A greedy agent needs the order of
# its values and not their size. Why the order survives here is open.
#
# This is one task and three short seeds. Elsewhere you may get away without one of the two; on the two-step game you even do
# ([lesson 07](07_update_step.ipynb)).

# %% [markdown]
# ## Sum up
#
# ### What you can do now
# - Write a ring buffer of joint transitions, and say what a row holds and why it is kept in one piece.
# - Say why a network that learns from the latest steps alone forgets, and cure it.
# - Build soft and hard target updates, read off how far back a `tau` looks, and spot a target network that is none.
# - Store `terminated` alone, bootstrap at a time limit, and predict what goes wrong otherwise.
#
# ### Common misreadings
# - *"Replay makes the data independent."* What is in the memory still comes from the team's own play.
# - *"A hard copy is safer than a soft update."* Both are right. A hard copy in every update is not.
# - *"Only the agents need target copies."* The mixer computes the target as well, so it is copied too.
# - *"done means no bootstrapping."* `terminated` does. `truncated` resets the environment and leaves the target alone, unless the limit is part of
#   the task; then it is an end, and the clock belongs in the state.
# - *"The values explode, so the mixer is broken."* Look at the target network first.
#
# ### Exercises
# The exercises of this lesson are in [exercises/06_replay_and_targets.ipynb](../exercises/06_replay_and_targets.ipynb); `make lab` puts a copy
# of your own in `my/`.
#
# - 06.1 A row that nobody draws
# - 06.2 A memory for any rows
# - 06.3 A small part of the way
# - 06.4 How far back a tau looks
# - 06.5 A hard copy now and then
# - 06.6 Find the bug: A slot with a past
# - 06.7 Find the bug: A copy that is none
# - 06.8 Measure it: how slow may the copy be?
#
# Further, without a check:
# 1. Change `Ring` so that it draws with replacement, and count over 1,000 batches of 8 out of 50 how many hold a repeat. You are right if
#    the share is near `chance_of_a_repeat(50, 8)` of *Going further*.
# 2. Let `random_play` store what comes *after* the reset as `then`. Which rows change? Write an assert that catches it: on the grid
#    world, in a row that did not terminate, no agent moves further than one cell.
# 3. Give `watch` an argument `target_every` that it hands to `TrainConfig`, and repeat the run *memory only* with `tau=None, target_every=1`. You
#    are right if `largest` comes out the same, number by number.
#
# ### Sources
# - L.-J. Lin (1992), *Self-improving reactive agents based on reinforcement learning, planning and teaching*: experience replay.
# - V. Mnih et al. (2015), *Human-level control through deep reinforcement learning*: DQN, replay with a target network.
# - T. P. Lillicrap et al. (2016), *Continuous control with deep reinforcement learning*: soft target updates.
# - T. Rashid et al. (2018), *QMIX: monotonic value function factorisation for deep multi-agent reinforcement learning*.
# - F. Pardo et al. (2018), *Time limits in reinforcement learning*: bootstrapping where the clock ran out.
# - R. S. Sutton, A. G. Barto (2018), *Reinforcement learning: an introduction*, chapter 11: networks, bootstrapping and off-policy data together.

# %% [markdown]
# ## Going further
#
# For those who want to see what a network forgets, the two ways to follow, how rows are drawn, what the library refuses, and how far off values are when the clock is taken for the end.

# %% [markdown]
# ### What a network forgets
#
# You can see it forget without any reinforcement learning. Take the exact best value $V^*(s)$ of all states of the grid world
# and fit a small network to it by plain regression, in two orders. *In blocks*: all states in which agent 1 stands
# in the top row of the board, then all with agent 1 in the second row, and so on, as on a long slow walk. *Shuffled*:
# the same number of updates on the same states, in random order. (The library counts agents from 0; the text says
# agent 1 for index 0, as the papers do.)

# %%
states, values = optimum.model.state, optimum.v
agent_1_row = (states[:, 0] * 4).round().long()                       # 0 to 4
blocks = [(agent_1_row == row).nonzero().flatten() for row in range(5)]


def fit(shuffled, updates_a_block=200, batch_size=50):
    """Mean |error| on every block, measured after each stage of the training:
    [5 stages, 5 blocks]."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64),
                              torch.nn.ReLU(), torch.nn.Linear(64, 1), torch.nn.Flatten(0))
    optimiser, errors = torch.optim.Adam(net.parameters(), lr=5e-3, fused=True), []
    for block in blocks:
        source = torch.arange(len(states)) if shuffled else block
        for _ in range(updates_a_block):
            rows = source[torch.randperm(len(source), generator=generator)[:batch_size]]
            loss = ((net(states[rows]) - values[rows]) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            errors.append([float((net(states[b]) - values[b]).abs().mean()) for b in blocks])
    return torch.tensor(errors)


# %% [markdown]
# **Predict.** Training in blocks ends with agent 1 in the bottom row. After that, on which block is the error
# smallest, and on which largest: top, second, third, fourth or bottom?

# %%
guess = ...  # as in ["second", "third"]: the block of the least error, of the largest

in_blocks, shuffled = fit(shuffled=False), fit(shuffled=True)
names = ["top", "second", "third", "fourth", "bottom"]
assert in_blocks[-1].mean() > 2 * shuffled[-1].mean()
known, unknown = names[in_blocks[-1].argmin()], names[in_blocks[-1].argmax()]
with lesson.prediction(guess, [known, unknown], words=names) as fold:
    print("at the end, the mean error in blocks is more than twice that of shuffled training")
    fold.append(plots.tables(
        {"trained in blocks": in_blocks, "trained shuffled": shuffled},
        title="Mean error in the value, by where agent 1 stands", highlight=None, fmt="{:.2f}",
        row_labels=[f"stage {k}" for k in range(1, 6)], col_labels=names, ylabel="after",
        xlabel="tested with agent 1 in this row"))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# In the fold, read the left table along its diagonal and then down its columns: each block is known well just after it was trained, and
# is partly unlearned later. The right table gets better everywhere. Same data, same number of updates; only the order
# differs.
#
# </details>
#
# Training in blocks is a caricature of a walk, on purpose.

# %% [markdown]
# ### Two ways to follow at a distance
#
# One weight of the online network drifts and trembles, and two copies follow it.

# %%
generator = torch.Generator().manual_seed(0)
drift = torch.linspace(0, 1, 400) + 0.04 * torch.randn(400, generator=generator)
lines = {"online": drift.tolist(), "soft, tau = 0.02": [], "hard, every 100 updates": []}
slow = copied = 0.0
for update, weight in enumerate(drift.tolist(), start=1):
    slow = soft(slow, weight, tau=0.02)
    if update % 100 == 0:
        copied = weight
    lines["soft, tau = 0.02"].append(slow)
    lines["hard, every 100 updates"].append(copied)
plots.lines(torch.arange(1, 401), lines, "Two ways to follow at a distance",
            "update", "one weight of the network")


# %% [markdown]
# ### Uniform, without replacement
#
# `randperm` shuffles the slots and the first 8 are taken: no row twice in a batch, every row with the same chance. Drawing
# *with* replacement would be no error, but some rows would count twice. How often? If $n$ rows are held and $k$ are drawn
# with replacement, they are all different with probability $\prod_{j<k} (1 - j/n)$.

# %%
def chance_of_a_repeat(n, k):
    return 1 - float(torch.prod(1 - torch.arange(k) / n))


for n in (500, 10_000):
    print(f"64 draws with replacement from {n} rows: "
          f"a repeat with probability {chance_of_a_repeat(n, 64):.2f}")

generator, counts, draws = torch.Generator().manual_seed(0), torch.zeros(8), 20_000
for _ in range(draws):
    counts[torch.randperm(8, generator=generator)[:3]] += 1
share = counts / draws                                           # should be 3/8 for each of 8 slots
assert (share - 3 / 8).abs().max() < 0.02
print("3 of 8 slots, drawn 20,000 times: every slot's share is within 0.02 of 3/8")

# %% [markdown]
# ### What the library refuses
#
# The library says no where a mistake would otherwise travel on in silence:

# %%
try:
    buffer.sample(51)
except ValueError as error:
    print(f"ValueError: {error}")
try:
    spoiled = random_play(steps=1)[0]
    spoiled.reward[0] = float("nan")
    buffer.add(spoiled)
except ValueError as error:
    print(f"ValueError: {error}")


# %% [markdown]
# ### The clock taken for the end
#
# A small board, episodes of only four steps, random starts: many episodes are cut by the clock. One team learns from the
# environment as it is, the other from one that reports the end of the clock as the end of the task. Both are judged against
# the exact values of the task.

# %%
class ClockIsTheEnd(GridWorld):
    """The grid world with the mistake: when the clock runs out, the task is said to have ended."""

    def _advance(self, actions):
        s = super()._advance(actions)
        return TeamStep(s.obs, s.state, s.available, s.reward, s.ended,
                        torch.zeros_like(s.truncated))


small = exact.solve(GridWorld(size=3), gamma=0.99)
config = dict(total_steps=3000, learning_starts=64, update_every=8, learning_rate=2e-3,
              tau=0.02, capacity=10_000, batch_size=64,
              epsilon_start=0.3, epsilon_end=0.3, evaluate_every=3000)
off = {"as it is": [], "clock taken for the end": []}
for name, kind in zip(off, (GridWorld, ClockIsTheEnd)):
    for seed in range(2):
        env = kind(size=3, num_envs=32, episode_limit=4, random_starts=True)
        team = QMIX.for_env(env, seed=seed)
        train(env, team, TrainConfig(seed=seed, **config))
        best_value = exact.q_tot(team, small.model).flatten(1).amax(1)
        off[name].append(float((best_value - small.v).mean()))
assert max(off["clock taken for the end"]) < -1.0 < min(off["as it is"])
print("in both seeds: as it is, on average less than 1 below the exact value;")
print("with the clock taken for the end, more than 1 below it")

# %%
plots.bars(off, r"max $Q_{tot}$ minus the exact value, mean over all states",
           "error in the value, one dot for each seed")

# %% [markdown]
# The wrong flag makes the world look poorer than it is: from wherever the clock cut, nothing more seems to come. On the big board
# an optimal team is home after four of its hundred steps and never meets the clock, so a test of its return says nothing about
# this mistake. It has shipped: EPyMARL's wrapper for Gymnasium environments, for one, hands on `terminated or truncated` as one flag.
