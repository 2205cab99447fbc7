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
# # Lesson 18 · Robots: navigation and formation
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/18_robots.ipynb)
#
# You let three robots take up a line anywhere on a plane, watch what they learn, and find a team that believes in a return that it never gets.
#
# **Minutes:** 30, and 3 more for *Going further*
#
# **You need:** lessons 05 and 08; [lesson 17](17_other_worlds.ipynb) for baselines.
#
# **After this lesson you can**
# - say how far a shape is from being there, wherever it stands and whoever takes which place
# - train robots that see only what is near, with networks of their own or a shared one, and judge them over seeds
# - compare what a team believes with what it gets
# - choose what a mixer reads where there is no state, and say what it costs

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

lesson.start("18")

# %%
from dataclasses import replace
from itertools import permutations

import torch
from torch import nn

from qmix_course import data, plots
from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import Formation
from qmix_course.envs.formation import FormationGuide
from qmix_course.envs.formation_watch import follow
from qmix_course.evaluation import evaluate
from qmix_course.mixers import Mixer, QMixer
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# Three robots on a plane of 6 by 6 shall stand in a line from west to east, 1.5 apart. Where on the plane, and who of them stands where, is up to them. At each step every robot moves half a unit north, south, east or west, or stays. The team pays for every step, for how far it is from a line, and for robots that are in each other's way; once the line is there, it gets 10, and the episode ends. After 40 steps it is cut.
#
# Places are **continuous**: a robot may begin at any multiple of 1/16. The three begin in one of $(97 \cdot 97)^3$ ways, about $8 \cdot 10^{11}$, and a table with a row for each, as a grid world still allowed, is out of the question. What is learned at one place has to serve at others.
#
# Baselines first: a team that draws its actions, one that stands still, and a *guide*, one hand that sees the whole plane and sends every robot straight to its place. Each from the same 256 starts.
#
# **Predict.** Who loses more, the team that draws its actions or the one that stands still?

# %%
guess = ...  # a word: random or still

TASK = {"shape": "line", "n_agents": 3, "size": 6.0}
many = Formation(**TASK, num_envs=256)
dice = torch.Generator().manual_seed(0)


def returns(env, choose):
    """Mean return of one episode in every row, played by choose()."""
    step, playing, total = env.reset(seed=1), torch.ones(env.num_envs), 0.0
    for _ in range(env.spec.episode_limit):
        step = env.step(choose())
        total = total + step.reward * playing
        playing = playing * ~step.ended
        if step.ended.any():
            env.reset(where=step.ended)
    return total.mean().item()


baselines = {"random": returns(many, lambda: torch.randint(5, (256, 3), generator=dice)),
             "still": returns(many, lambda: torch.zeros(256, 3, dtype=torch.int64)),
             "guide": evaluate(many, FormationGuide(many), seed=1).mean_return}
with lesson.prediction(guess, min(baselines, key=baselines.get)) as fold:
    print({name: round(value, 1) for name, value in baselines.items()})

# %% [markdown]
# Who wanders about gets into others' ways, and a line does not come about by chance. Now watch the guide. Dashed circles are how far each robot sees: 4 units. Crosses show where the line is looked for in the end.

# %%
plots.animate_tracks(follow(many, FormationGuide(many), seed=1)[3], title="The guide")


# %% [markdown]
# ## Build it
#
# ### Step 1: how far from a line?
#
# The places $p_1, \dots, p_N$ of the shape may be moved by any $t$, and any robot may take any place: robot $i$ takes $p_{\sigma(i)}$, where $\sigma$ is an order of the numbers 1 to $N$. How far the robots at $x_1, \dots, x_N$ are from the shape is measured in the best of all these ways:
#
# $$\text{gap} = \min_{\sigma} \min_{t} \sqrt{\frac{1}{N} \sum_i \big\lVert x_i - (p_{\sigma(i)} + t) \big\rVert^2}.$$
#
# The best $t$ need not be searched for. The sum is smallest where its derivative, $-2 \sum_i (x_i - p_{\sigma(i)} - t)$, is zero: $t$ lays the middle of the shape on the middle of the robots. Of the orders there are $N!$, six for three robots, and all are tried.

# %%
def gap(at, shape):
    """at[B, N, 2], shape[N, 2] -> [B]."""
    robots = at - at.mean(1, keepdim=True)
    orders = torch.tensor(list(permutations(range(len(shape)))))            # [N!, N]
    places = (shape - shape.mean(0))[orders]                                # [N!, N, 2]
    squares = ((robots[:, None] - places) ** 2).sum(-1).mean(-1)            # [B, N!]
    return squares.amin(1).sqrt()


LINE = torch.tensor([[0.0, 0.0], [1.5, 0.0], [3.0, 0.0]])
for name, at in (("there", LINE + 2), ("another order", LINE[[2, 0, 1]] + 2),
                 ("one robot 0.6 too far north", LINE + torch.tensor([[0, 0.6], [0, 0], [0, 0]]))):
    print(f"{name}: {gap(at[None], LINE).item():.3f}")

# %% [markdown]
# **Predict.** All three robots stand on one spot. What is the gap?

# %%
guess = ...  # one number, to two decimals

heap = gap(torch.zeros(1, 3, 2), LINE).item()
with lesson.prediction(guess, heap):
    print(f"{heap:.4f}, the root of (1.5² + 0 + 1.5²) / 3")


# %% [markdown]
# ### Step 2: who is in whose way, and what is paid
#
# Two robots that are closer than 0.75 are in each other's way. They pass, and the team pays for the pair. The line counts as there when the gap is at most 0.25 *and* nobody is in anybody's way. Then the reward is 10. Any other step pays
#
# $$r = -0.05 - 0.2 \cdot \text{gap} - 0.5 \cdot \text{pairs in each other's way}.$$

# %%
def crowded(at, near=0.75):
    """at[B, N, 2] -> [B]: pairs in each other's way."""
    apart = ((at[:, None] - at[:, :, None]) ** 2).sum(-1).sqrt()            # [B, N, N]
    return (apart < near).triu(1).sum((1, 2))                               # each pair once, no robot with itself


def reward(at, shape):
    far, pairs = gap(at, shape), crowded(at)
    there = (far <= 0.25 + 1e-9) & (pairs == 0)
    return torch.where(there, 10.0, -0.05 - 0.2 * far - 0.5 * pairs)


print("in the line:", reward(LINE[None], LINE).item())
print("on one spot:", round(reward(torch.zeros(1, 3, 2), LINE).item(), 3))

# %% [markdown]
# ### Step 3: what a robot sees
#
# Its own place (x and y, from −1 to 1 over the plane), and of each other robot whether it is within `view`, and the way to it, in units of `view`. Who is farther off is three zeros. No robot is told the shape; a team learns one.

# %%
eyes = Formation(**TASK, view=2.0)
for third in (5.0, 6.0):
    step = eyes.reset(places=torch.tensor([[2.0, 3.0], [3.5, 3.0], [third, 3.0]]))
    print("robot 1:", step.obs[0, 0].round(decimals=2).tolist(), " robot 2:",
          step.obs[0, 1].round(decimals=2).tolist())
print("numbers in an observation:", eyes.spec.obs_dim, "  in the state:", eyes.spec.state_dim)

# %% [markdown]
# In both situations robot 1 sees the same; robot 2 sees whether the third is in its place. With a view of 4, as in what follows, a robot in the line sees everybody, and one in a corner may be alone.
#
# ### Step 4: a network each, or one for all
#
# Robots are of one kind, so they may share one network. It gets each robot's number as an input of its own, or all of them would have to do the same where they see the same, and no line could form around two that stand alike. Shared, the network learns from what all robots live through; separate, each has room for a role of its own. The course's agents do both.

# %%
for name, shared in (("separate", False), ("shared", True)):
    agents = VDN.for_env(many, seed=0, shared=shared).agents
    print(f"{name:9}", sum(each.numel() for each in agents.parameters()), "weights")

# %% [markdown]
# A third of the weights, and a little more for the numbers. Which of the two learns faster is a question for an experiment, and not for an opinion: exercise 18.4.
#
# ### Step 5: a team that learns
#
# VDN, separate networks, 20,000 steps, three seeds side by side.

# %%
SETTINGS = TrainConfig(total_steps=20_000, capacity=20_000, learning_rate=2e-3,
                       epsilon_steps=10_000, evaluate_every=2_000, evaluation_episodes=64)
env, seeds = Formation(**TASK, num_envs=32), [0, 1, 2]
teams = [VDN.for_env(env, seed=seed) for seed in seeds]
histories = train_seeds(env, teams, SETTINGS, seeds)
played = [evaluate(many, team, seed=1) for team in teams]
shares = [each.terminated.double().mean().item() for each in played]
assert min(shares) > 0.85
print("the line gets there from more than 85 of 100 starts, in all three seeds")
plots.lines(histories[0].steps,
            {f"seed {seed}": each.greedy_return for seed, each in zip(seeds, histories)}
            | {"guide": [baselines["guide"]] * len(histories[0].steps)},
            "VDN learns the line", "steps", "greedy return", markers=True)

# %%
plots.animate_tracks(follow(many, teams[0], seed=1)[3], title="What VDN has learned")

# %% [markdown]
# The same start as in the guide's film. No robot sees the plane as the guide does, and none is told who goes where; each has learned which end of the line is its own. Some starts at a glance, and it can be seen that the ways are straight, and where they are not:

# %%
plots.tracks(follow(many, teams[0], seed=1)[:8], title="VDN, eight starts")

# %% [markdown]
# ### Step 6: over seeds
#
# The same settings, eight seeds for each of three methods, made by `make tables`. QMIX has all that VDN has, and the state.
#
# **Predict.** Whose mean return is the lowest: IQL's, VDN's or QMIX's?

# %%
guess = ...  # one word: IQL, VDN or QMIX

stored = data.load("formation")
reached = {arm: [run["return"] for run in runs] for arm, runs in stored["runs"].items()}
means = {arm: sum(each) / len(each) for arm, each in reached.items()}
three = ["IQL", "VDN", "QMIX"]
with lesson.prediction(guess, min(three, key=means.get)) as fold:
    print({arm: round(means[arm], 1) for arm in three})
    fold.append(plots.bars({arm: reached[arm] for arm in three},
                           f"Three robots, a line, eight seeds ({stored['date']})",
                           "return from 256 starts", dots=True))
