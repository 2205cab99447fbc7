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
# # Exercises 16 · Exploration: MAVEN and parameter noise
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/16_exploration.ipynb)
#
# You compute chances that need no luck, steer the size of parameter noise, write MAVEN's bound for padded episodes, and fix a latent. And you measure what a team learns that does nothing but guess.
#
# **Minutes:** 54
#
# **You need:** [lesson 16](../notebooks/16_exploration.ipynb)
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

lesson.start("16")

# %%
import math
from dataclasses import replace

import torch

from qmix_course import plots
from qmix_course.algorithms import QMIX
from qmix_course.checks import check, hint, solution
from qmix_course.envs import MStepGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig


# %% [markdown]
# ## Exercise 16.1 · The chance of a lucky episode
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Core**
#
# `n_agents` agents with `n_actions` actions each are $\varepsilon$-greedy around a habit, as in lesson 03: each agent on its own coin, at each step anew, draws at random among *all* its actions with probability $\varepsilon$. A reward waits for the team that at `keep` steps plays its habit, all agents, and at `leave` other steps leaves it: there each agent must play one particular other action. Write `lucky_chance`, the probability that an episode of `keep + leave` steps goes exactly so.
#
# You are right if the number is right for any number of agents, for two actions or more, $\varepsilon$ above 0 and at most 1, and any number of steps of either kind, none included.

# %% nbgrader={"grade": false, "grade_id": "answer_16_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lucky_chance(n_agents, n_actions, epsilon, keep, leave):
    """The probability of a lucky episode, a number."""
    ...


# %%
# Try it. One agent, two actions, always at random: it keeps one step and leaves one.
lucky_chance(1, 2, 1.0, 1, 1)

# %% nbgrader={"grade": true, "grade_id": "check_16_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("16.1", lucky_chance)


# %% [markdown]
# ## Exercise 16.2 · How much noise?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# `q[B, N, A]` are the values of a team in `B` environments, `noisy[B, N, A]` those of its perturbed networks, for the same observations. Write `adapt`, one step of the rule for $\sigma$:
#
# - the divergence is $\text{KL}(\text{softmax}\, q \,\|\, \text{softmax}\, \text{noisy}) = \sum_a p_a \log (p_a / r_a)$, averaged over environments and agents;
# - $\delta = -\log(1 - \varepsilon + \varepsilon / A)$;
# - $\sigma$ grows by the factor 1.01 if the divergence is below $\delta$, and shrinks by the same factor if not.
#
# Return the new $\sigma$ and the divergence, two numbers. All actions are available. You are right if both numbers are.
#
# The library's `divergence` and `target_divergence` are off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_16_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adapt(sigma, q, noisy, epsilon):
    """sigma float, q[B, N, A], noisy[B, N, A], epsilon float
    -> (new sigma, divergence), two numbers."""
    ...


# %%
# Try it. Here the noise changes no action.
adapt(0.1, torch.tensor([[[0.0, 1.0]]]), torch.tensor([[[0.0, 1.0]]]), 0.1)

# %% nbgrader={"grade": true, "grade_id": "check_16_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("16.2", adapt)


# %% [markdown]
# ## Exercise 16.3 · The bound
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Core**
#
# `B` padded episodes of at most `T` steps. Episode `b` was played with latent `z[b]`, 0 to $Z - 1$. A discriminator has looked at every step: `log_guess[b, t, k]` is its $\log q(z = k \mid \text{behaviour at step } t, s_t)$. `mask[b, t]` is 1 for a step that was played, 0 for padding. Write `mi_bound`:
#
# $$\mathbb E[\log q(z \mid \text{behaviour}, s)] + H(z)$$
#
# Both terms are over the steps that were played, each counting the same: the mean goes over those steps, and $p(k)$ in $H(z) = -\sum_k p(k) \log p(k)$ is the share of those steps that were played with latent $k$.
#
# You are right if the number is right for every batch in which something was played. Not every latent need occur in one, and a row may be padding throughout.

# %% nbgrader={"grade": false, "grade_id": "answer_16_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mi_bound(log_guess, z, mask):
    """log_guess[B, T, Z], z[B] int64, mask[B, T] -> a number."""
    ...


# %%
# Try it. One step, two latents, a guess without a clue: log 1/2.
mi_bound(torch.tensor([[[0.5, 0.5]]]).log(), torch.tensor([0]), torch.ones(1, 1))

# %% nbgrader={"grade": true, "grade_id": "check_16_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("16.3", mi_bound)


# %% [markdown]
# ## Find the bug 16.4 · A latent that does not last
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# `explore` plays `steps` joint actions in all rows of an environment. `draw(state, generator)` draws a latent for each row, `z[B]`; `act(obs, z)` gives the joint actions. The function returns the latents that were played with, `[steps, B]`. (`reset(where=...)` returns the full batch; in the rows that it resets both end flags are False.)

# %%
def explore(env, draw, act, steps, generator):
    """The latents z[steps, B] with which each row played at each step."""
    step = env.reset(seed=0)
    z = draw(step.state, generator)
    played = []
    for _ in range(steps):
        played.append(z)
        step = env.step(act(step.obs, z))
        if step.ended.any():
            step = env.reset(where=step.ended)
            z = draw(step.state, generator)
    return torch.stack(played)


# %% [markdown]
# Three rows of the 4-step game. Row 0 makes a mistake at every second step and row 1 at every third, so their episodes end there. Row 2 plays on, four steps an episode. Each number is the latent that the row played this step with; a frame marks the first step of an episode.

# %%
def some_latent(state, generator):
    return torch.randint(100, (len(state),), generator=generator)


def play_on(obs, z):
    """All go for branch (0, 0); the second agent slips in row 0 and in row 1."""
    row = torch.arange(len(obs))
    slip = (obs[:, 1, 1] == 1) & (row == 0) | (obs[:, 1, 2] == 1) & (row == 1)
    return torch.stack([torch.zeros(len(obs), dtype=torch.int64), slip.long()], 1)


latents = explore(MStepGame(4, num_envs=3), some_latent, play_on, 12,
                  torch.Generator().manual_seed(0))
firsts = [(row, step) for row, length in enumerate((2, 3, 4)) for step in range(0, 12, length)]
plots.table(latents.T, ["row 0", "row 1", "row 2"], range(1, 13),
            "Which latent each row plays with", highlight=firsts, fmt="{:.0f}",
            ylabel="row of the batch", xlabel="step")

# %% [markdown]
# The code trains without complaint, and MAVEN learns that the latent means little. Which of these is the cause?
#
# - **A.** A latent is drawn at every step.
# - **B.** A new latent comes one step too late.
# - **C.** When an episode ends in one row, every row gets a new latent.
# - **D.** `env.reset` also begins anew in the rows whose episode goes on.
# - **E.** All rows draw from one generator, so a draw of one row changes the latents of the others.
#
# Put its letter into `cause`, and fix the function: copy the listing and change what has to be changed. You are right if each row keeps its latent for the whole of every episode, terminated or truncated, and starts each new one with a fresh draw from the new episode's first state, which may be another one each time.

# %% nbgrader={"grade": false, "grade_id": "answer_16_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_explore(env, draw, act, steps, generator):
    """The latents z[steps, B] with which each row played at each step."""
    ...


# %%
# Try it on the same twelve steps, one line for each step. How long does row 2 keep a latent?
mended_explore(MStepGame(4, num_envs=3), some_latent, play_on, 12, torch.Generator().manual_seed(0))

# %% nbgrader={"grade": true, "grade_id": "check_16_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("16.4", cause, mended_explore)

# %% [markdown]
# ## Exercise 16.5 · Measure it: a team that only guesses
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. In the lesson's game of 10 steps no $\varepsilon$ helped. Here is the game with $m = 3$: a habit brings 3, the surprise at the end of branch (0, 0) brings 6. A team that plays with $\varepsilon = 1$ does nothing but guess for the whole of its training: as it plays, it earns three quarters of a point on average. What has it learned when the training is over and it plays greedily?

# %%
GAME = MStepGame(3, num_envs=32)
SIZES = dict(hidden=(32,), embed_dim=8, hypernet_dim=16)
CONFIG = TrainConfig(total_steps=4_000, learning_starts=200, update_every=32, learning_rate=3e-3,
                     tau=0.05, epsilon_steps=2_000, evaluate_every=4_000)

team = QMIX.for_env(GAME, seed=0, **SIZES)
# any number of teams, trained side by side
train_seeds(GAME, [team], replace(CONFIG, epsilon_start=0.05, epsilon_end=0.05), [0])
print("always 0.05, seed 0:", evaluate(MStepGame(3), team).mean_return)


# %% [markdown]
# Three arms, which differ in nothing but $\varepsilon$: `"always 0.05"` as above; `"falls"`, from 1 to 0.05 within the first half of the training (the other settings of `CONFIG` see to that); `"always 1"`. Write `measure(arm, seeds)`: it trains one team for each seed and returns a list with the greedy return of each afterwards. Before you run it, write down what you expect.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** A team that only guesses learns to guess: played greedily it earns hardly more than the guesses did.
# - **B.** The jackpot must be met with a habit that lasts: most teams with $\varepsilon = 0.05$ end at it, clearly more than of either other arm.
# - **C.** First look around, then settle: of the teams whose $\varepsilon$ falls clearly more end at the jackpot than of either other arm.
# - **D.** Of the teams that only guess clearly more end at the jackpot than of either other arm: here guesses are the better data, although no team that has learned plays like that.
# - **E.** As D says, and so a team that is to learn the m-step game should be trained with $\varepsilon = 1$, however long the game is.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_16_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy return of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on two seeds of one arm.
measure("falls", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_16_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("16.5", measure, measured, conclusion)
