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
# # Exercises 09 · Reading the curves
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/09_curves.ipynb)
#
# You smooth a curve with gaps, say when a run is solved, compute the price of exploration, fix an evaluation that loses what counts, and tell four faults apart by their curves. And you measure how far a curve that everybody draws can be from what it is drawn for.
#
# **Minutes:** 58
#
# **You need:** [lesson 09](../notebooks/09_curves.ipynb)
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

lesson.start("09")

# %%
from math import nan

import torch

from qmix_course import plots
from qmix_course.algorithms import QMIX
from qmix_course.checks import check, hint, solution
from qmix_course.envs import GridWorld
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# `nan` is the number that stands for "not measured". It is not equal to any number, not even to itself. The exercises do not build on each other.

# %% [markdown]
# ## Exercise 09.1 · An average over steps
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Extra**
#
# The lesson's moving average counts entries. If the entries of a history are not evenly spaced, it is better to count environment steps. Write
# `average_by_steps(steps, values, width)`:
#
# $$m_k = \frac{1}{|W_k|} \sum_{j \in W_k} x_j, \qquad W_k = \{\, j : t_k - w < t_j \le t_k,\ x_j \text{ was measured} \,\}.$$
#
# `steps[K]` holds the steps $t_k$, whole numbers in increasing order; `values[K]` the entries $x_k$, floats or `nan`; `width` is $w$, a whole number above 0.
# Return a list of `K` floats. Where the window holds no measured value, the average is `nan`. At the beginning the window holds fewer entries,
# and the mean is that of those which are there.
#
# For example, the steps `[2, 3, 6, 9]` with the values `[4.0, 8.0, 1.5, 7.0]` and the width 3 give `[4.0, 6.0, 1.5, 7.0]`.
#
# The figure shows the function at work on a curve that was measured often at first and rarely later.
#
# The library's `moving_average` is off limits.

# %%
measured_at = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 200, 300, 400, 500]
earned = [-60.0, -52.0, -66.0, nan, -41.0, -30.0, -38.0, -12.0, -16.0, nan, -3.0, 6.0, 5.0, 8.65]
smooth = [-60.0, -56.0, -59.33, -59.0, -53.5, -35.5, -36.33, -26.67, -22.0, -14.0, -3.0,
          6.0, 5.0, 8.65]
plots.lines(measured_at, {"each entry": earned, "average over 30 steps": smooth},
            "What your function should give (width 30)", "environment steps", "return",
            best=8.65, markers=True)


# %% nbgrader={"grade": false, "grade_id": "answer_09_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def average_by_steps(steps, values, width):
    """The mean over the last `width` steps: steps[K], values[K], both lists -> list of K floats."""
    ...


# %%
# Try it on the first three entries of the figure: −60, −56, −59.33.
average_by_steps(measured_at[:3], earned[:3], 30)

# %% nbgrader={"grade": true, "grade_id": "check_09_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("09.1", average_by_steps)


# %% [markdown]
# ## Exercise 09.2 · Solved, and for good
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# A team can reach the best return and lose it again. Write `first_for_good(steps, returns, best)`: the step from which on *every* greedy return is the best
# one, up to the end of the run.
#
# `steps[K]` holds the environment steps of the entries (increasing), `returns[K]` the greedy returns there, both lists with at least one entry.
# `best` is the best return that the task allows. A return counts as the best one if it differs from `best` by less than 1e-9, and
# not if it differs by more. No return is above it by more than that.
# Return one of the `steps`, or `None` if there is no such step.
#
# For example, the steps `[100, 200, 300, 400]` with the returns `[-64.0, 8.65, 7.5, 8.65]` and the best return 8.65 give 400, not 200.

# %% nbgrader={"grade": false, "grade_id": "answer_09_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def first_for_good(steps, returns, best):
    """The step from which on all returns are the best one:
    steps[K], returns[K], best -> a step, or None."""
    ...


# %%
# Try it. The best return came, went, and came back to stay.
first_for_good([10, 20, 30, 40], [8.65, 1.0, 8.65, 8.65], 8.65)

# %% nbgrader={"grade": true, "grade_id": "check_09_2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("09.2", first_for_good)

# %% [markdown]
# ## Exercise 09.3 · The price of the dice
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# Two agents play one step of a matrix game. `payoff[A, A]` is the team's reward: agent 1's action chooses the row, agent 2's the column. `actions[2]` (int64) holds the
# greedy action of each agent; they need not be the best ones. Each agent rolls its own coin: with probability `epsilon` it draws one of its
# `A` actions, all equally likely, the greedy one included. Otherwise it plays its greedy action.
#
# Write `expected_reward(payoff, actions, epsilon)`: the exact mean of the team's reward, one number. Compute it, do not roll any dice.
#
# You are right for any `A` from 2 on, any payoff and any `epsilon` from 0 to 1. Here is one game, with greedy actions (0, 0). At $\varepsilon = 0$ the team earns 8,
# and at $\varepsilon = 1$ the mean of all four entries, −4. At $\varepsilon = 0.5$ it is exactly 0.

# %%
game = torch.tensor([[8.0, -12.0], [-12.0, 0.0]])
plots.tables({"payoff": game}, title="Rows: agent 1, columns: agent 2", highlight="max")


# %% nbgrader={"grade": false, "grade_id": "answer_09_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_reward(payoff, actions, epsilon):
    """The mean reward of two ε-greedy agents: payoff[A, A], actions[2], epsilon -> one number."""
    ...


# %%
# Try it. Without exploring, the two play (0, 0).
expected_reward(game, torch.tensor([0, 0]), 0.0)

# %% nbgrader={"grade": true, "grade_id": "check_09_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("09.3", expected_reward)


# %% [markdown]
# ## Find the bug 09.4 · A perfect team that earns nothing
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Somebody evaluates a team on `B` boards for `T` steps. A board whose episode ends begins the next episode at once, so that only the steps of each board's *first* episode
# may count. `ended[b, t]` is True at the step that ends an episode, whether the task ended or the time was up. If no episode ends on a board, all its steps count.

# %%
def first_episodes(rewards, ended):
    """Return and length of each board's first episode:
    rewards[B, T], ended[B, T] bool -> returns[B], lengths[B] int64."""
    ended_before = ended.cumsum(1) > 0                      # 1
    counts = ~ended_before                                  # 2
    lengths = counts.sum(1)                                 # 3
    returns = torch.where(counts, rewards, 0.0).sum(1)      # 4
    return returns, lengths                                 # 5


# %% [markdown]
# The team is perfect: on board 0 it takes the shortest way of the lesson again and again, on board 1 a shorter one from another start. The returns should be 8.65 and 9.55.

# %%
rewards = torch.tensor([[-0.65, -0.45, -0.25, 10.0, -0.65, -0.45],
                        [-0.45, 10.0, -0.45, 10.0, -0.45, 10.0]])
ended = rewards == 10.0
returns, lengths = first_episodes(rewards, ended)
for board in range(2):
    print(f"board {board}: return {returns[board]:.2f} in {lengths[board]} steps")

# %% [markdown]
# By these numbers nobody ever reaches a goal. Give the number of the line with the bug as `wrong_line`, and write the repaired function as `mended_episodes`: copy the listing
# and fix it. If two lines can be blamed, either will do.
#
# You are right if both results are right for any number of boards and steps, also where an episode ends at the first step, at the last one, or not at all.

# %% nbgrader={"grade": false, "grade_id": "answer_09_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line = (
    ...
)


def mended_episodes(rewards, ended):
    """Return and length of each board's first episode:
    rewards[B, T], ended[B, T] bool -> returns[B], lengths[B] int64."""
    ...


# %%
# Try it. The first board's episode ends in its second step, the other one's not at all.
mended_episodes(torch.tensor([[1.0, 2.0, 4.0], [1.0, 1.0, 1.0]]),
                torch.tensor([[False, True, False], [False, False, False]]))

# %% nbgrader={"grade": true, "grade_id": "check_09_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("09.4", wrong_line, mended_episodes)

# %% [markdown]
# ## Exercise 09.5 · Four curves, four causes
#
# **Difficulty:** 3 of 5 · **Minutes:** 8 · **Core**
#
# Four runs, each with one thing wrong, and each with another thing. Nothing else is wrong with them. Every run has one entry every 20 episodes, 30 entries in all.
#
# Runs **A**, **B** and **D**: a player walks along a corridor whose end is four steps away. Each step costs 1, the step that reaches the end pays 10 and ends the episode.
# So the best return is $-3 + 10 = 7$. *Greedy* is one episode that is meant to be played without dice. *Exploring* is what the episodes of the training earned.
# The plan is that $\varepsilon$ falls from 0.8 to 0.05 during the first 300 episodes and stays there. The third line is what a perfect player earns on average under this plan,
# computed exactly.
#
# Run **C**: a lamp pays 1 for each step, whatever anybody does, and it never goes out. Only because there must be a next episode, the clock stops each one after 10 steps.
# The agent does not see the clock, and $\gamma = 0.9$. The figure shows what the agent believes the lamp to be worth, and what it is worth: $1 / (1 - \gamma) = 10$.

# %%
episodes = list(range(20, 620, 20))
greedy = {"A": [-20.0] + [7.0] * 29, "B": [-8.0] + [14.0] * 29, "D": [-20.0] + [7.0] * 29}
exploring = {
    "A": [-4.8, -2.2, -1.6, -1.0, 0.1, 0.8, 1.4, 1.8, 2.2, 2.5,
          2.8, 3.1, 3.3, 3.5, 3.7, 4.5, 4.9, 5.4, 5.8, 6.0, 6.2, 6.3, 6.4,
          6.5, 6.6, 6.7, 6.7, 6.8, 6.8, 6.9],
    "B": [-3.0, -3.0, -3.0, -1.9, -0.3, 0.2, 0.8, 4.7, 5.8, 5.8,
          4.1, 6.8, 6.3, 8.0, 11.8, 12.9, 12.9, 13.4, 11.2, 12.3, 11.8,
          13.4, 11.2, 11.2, 11.8, 12.9, 10.7, 11.2, 12.3, 11.2],
    "D": [-0.3, -2.3, 1.0, -1.3, -3.8, -2.0, -3.2, -2.3, 0.2, 0.5,
          -0.1, 0.8, 1.9, -1.2, -1.4, 1.5, -2.2, -5.0, -0.6, 0.1, 0.2,
          -0.8, 0.6, -0.8, -2.5, 0.6, 0.7, -1.2, -0.6, -1.4],
}
perfect_player = ([-1.3, -0.1, 0.9, 1.9, 2.7, 3.3, 3.9, 4.4, 4.9, 5.3,
                   5.6, 5.9, 6.2, 6.4, 6.6] + [6.8] * 15)
belief = ([0.9, 1.7, 2.3, 2.8, 3.2, 3.6, 3.9, 4.1, 4.3, 4.5, 4.6, 4.7,
           4.8, 4.9, 4.9, 5.0, 5.0, 5.1, 5.1, 5.1] + [5.2] * 10)

figure, axes = plots.panels(2, 2, size=(11, 7.4), title="Four runs, each with one thing wrong")
for letter, ax in zip("ABCD", axes.flat):
    if letter == "C":
        curves, label, best = (
            {"believed": belief, "1 / (1 − γ)": [10.0] * 30}, "value of the lamp", None)
    else:
        curves = {"greedy": greedy[letter], "exploring": exploring[letter],
                  "a perfect player as planned": perfect_player}
        label, best = "return", 7
    plots.lines(episodes, curves, f"Run {letter}", "episodes", label, best=best, ax=ax)
figure

# %% [markdown]
# Six causes are on offer. Four of them are those of the four runs.
#
# 1. The exploration rate never falls.
# 2. The evaluation explores.
# 3. Rewards after the end are counted.
# 4. A time limit is counted as the end of the task.
# 5. The target comes from the online network itself, and the values run away.
# 6. The curve that was logged is an average over the last 300 episodes.
#
# Give `causes`, a dict from each letter to the number of its cause, as `{"A": 1, "B": 2, "C": 3, "D": 4}` (which is wrong).

# %% nbgrader={"grade": false, "grade_id": "answer_09_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
causes = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_09_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("09.5", causes)

# %% [markdown]
# ## Exercise 09.6 · Measure it: which curve do you believe?
#
# **Difficulty:** 2 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. Two people train the same teams on the grid world. One lets $\varepsilon$ stand at 0.05 from the first step to the last, the other at 0.8. Both draw what the episodes of the training earned, the exploring return, and compare. Which of the two has the better teams?

# %%
GAME = GridWorld(num_envs=16, episode_limit=30)
SIZES = dict(hidden=(32,), embed_dim=8, hypernet_dim=16)


def settings(epsilon):
    """A training in which ε never changes."""
    return TrainConfig(total_steps=3_500, learning_starts=200, evaluate_every=500,
                       epsilon_start=epsilon, epsilon_end=epsilon)


team = QMIX.for_env(GAME, seed=0, **SIZES)
# any number of teams, trained side by side: one history for each
history, = train_seeds(GAME, [team], settings(0.8), [0])
print(f"0.8, seed 0: the last exploring return is {history.exploring_return[-1]:.0f}")


# %% [markdown]
# Four arms, two trainings, each looked at in two ways: `"0.05 exploring"`, `"0.8 exploring"`, `"0.05 greedy"` and `"0.8 greedy"`. Write `measure(arm, seeds)`: it trains one team for each seed with the $\varepsilon$ that the arm's name begins with, everything else as above, and returns a list with each team's last exploring or last greedy return (both are columns of its history). Before you run it, write down what you expect.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** The exploring curves end more than ten points apart, and rightly: of the teams with $\varepsilon = 0.05$ clearly more play optimally when they play greedily.
# - **B.** The exploring curves end close together, because both kinds of teams have learned the same by then.
# - **C.** The exploring curves end more than ten points apart, and yet no fewer of the teams with $\varepsilon = 0.8$ play optimally when they play greedily. What sets the curves apart is what the dice cost.
# - **D.** As C says, and so 0.8 is as good a choice as 0.05, however long one trains and on other tasks too.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_09_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the last exploring or greedy return of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on two seeds of one arm.
measure("0.05 greedy", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_09_6", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("09.6", measure, measured, conclusion)
