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
# # Exercises 13 · Weighted QMIX
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/13_weighted_qmix.ipynb)
#
# You find the α at which a team moves, the number that an optimist settles for and the value that a judge learns, and fix a judge that was asked about the impossible.
#
# **Minutes:** 61
#
# **You need:** [lesson 13](../notebooks/13_weighted_qmix.ipynb)
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

lesson.start("13")

# %%
import torch

from qmix_course import exact, plots
from qmix_course.algorithms import CWQMIX
from qmix_course.checks import check, hint, solution
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# ## Exercise 13.1 · How far must α fall?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# A team plays the joint action `greedy` now. There are two tables of the game that it could learn, `stay` and `move`. Which of them does CW-QMIX's loss like better? That depends on
# $\alpha$: `move` is closer to the payoffs where errors count in full, and often much further off everywhere else.
#
# Write `largest_alpha(payoff, greedy, stay, move)`: the largest $\alpha \le 1$ at which the weighted squared error of `move`, over all joint actions, is at most that of `stay`. The weights are those of CW-QMIX
# with $\hat Q^*$ = `payoff`, and the same for both tables. `payoff`, `stay` and `move` have one axis for each of the $N$ agents, `greedy` is a tuple of $N$ actions.
#
# You are right if the number is exact for any number of agents. Where errors count in full, the squared errors of `move` always have the smaller sum.

# %%
# game 3 of the lesson, and two monotone tables
payoff = torch.tensor([[8.0, -12.0, -12.0], [-12.0, 6.0, 0.0], [-12.0, 0.0, 6.0]])
stay = torch.tensor([[-8.0, -8.0, -8.0], [-8.0, 6.0, 3.0], [-8.0, 3.0, 3.0]])
move = torch.tensor([[8.0, -6.0, -6.0], [-6.0, -6.0, -6.0], [-6.0, -6.0, -6.0]])
plots.tables({"payoff": payoff, "stay": stay, "move": move}, highlight="max", fmt="{:.0f}",
             title="The team plays (1, 1). At which α does it go to (0, 0)?")


# %% nbgrader={"grade": false, "grade_id": "answer_13_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def largest_alpha(payoff, greedy, stay, move):
    """payoff, stay, move[A, ..., A], greedy: a tuple of N actions
    -> the largest alpha, at most 1, at which move is as good as stay."""
    ...


# %%
# Try it. In the table above two joint actions count in full, and α is 112 / 269, about 0.416.
largest_alpha(payoff, (1, 1), stay, move)

# %% nbgrader={"grade": true, "grade_id": "check_13_1", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("13.1", largest_alpha)

# %% [markdown]
# ## Exercise 13.2 · Where the pulls balance
#
# **Difficulty:** 3 of 5 · **Minutes:** 15 · **Core**
#
# One number $q$ stands for several values $v_1, \dots, v_K$, and is trained with the loss of OW-QMIX:
#
# $$\sum_k w_k (q - v_k)^2, \qquad w_k = 1 \text{ if } q < v_k, \text{ else } \alpha$$
#
# Write `balance`, which gives for each row of values the $q$ at which this loss is smallest. $\alpha$ is above 0 and at most 1.
#
# You are right if each number is at most a millionth ($10^{-6}$) off, for values between −1000 and 1000. The picture shows the loss for the first row of climbing; you are looking for the lowest point of each curve.

# %%
row, grid = torch.tensor([11.0, -30.0, 0.0]), torch.linspace(-32, 14, 93)
losses = {}
for alpha in (1.0, 0.3, 0.1):
    error = grid.unsqueeze(1) - row                                         # [93, 3]
    losses[f"alpha = {alpha}"] = (torch.where(error < 0, 1.0, alpha) * error**2).sum(-1)
plots.lines(grid, losses, "The optimistic loss of one number for 11, −30 and 0", "q", "loss")


# %% nbgrader={"grade": false, "grade_id": "answer_13_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def balance(values, alpha):
    """values[B, K] float, alpha a number -> q[B] float:
    where the pulls on each row's number balance."""
    ...


# %%
# Try it on the row of the picture, with α = 0.1: it should lie where that curve is lowest.
balance(row.unsqueeze(0), 0.1)

# %% nbgrader={"grade": true, "grade_id": "check_13_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("13.2", balance)

# %% [markdown]
# ## Exercise 13.3 · What the judge learns
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# $\hat Q^*$ has no limits: it can learn any table. But it says what a joint action is worth *for this team*, whose monotone agents choose what comes next. In an episode of $T$ steps, step $t$ pays
# `reward[t, u_1, …, u_N]`, whatever was played before, and after the last step it is over. `q[t, i, a]` are the values by which agent $i$ chooses in step $t$. (No agent has two equal values in a step.)
#
# Train $\hat Q^*$ on every joint action of every step, towards the lesson's target, until nothing moves; the agents stay as they are. Write `judged(reward, q, gamma)`: the table that $\hat Q^*$ has then, of the
# shape of `reward`.
#
# You are right if all entries are exact, for any number of agents, actions and steps.

# %%
# two steps of two agents; in the second one both prefer action 1, which pays 2
reward = torch.tensor([[[0.0, 1.0], [1.0, 3.0]], [[9.0, 0.0], [0.0, 2.0]]])
two_q = torch.tensor([[[0.0, 1.0], [0.0, 1.0]], [[0.0, 5.0], [0.0, 5.0]]])


# %% nbgrader={"grade": false, "grade_id": "answer_13_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def judged(reward, q, gamma):
    """reward[T, A, ..., A], q[T, N, A], gamma a number -> what Q̂* learns, [T, A, ..., A]."""
    ...


# %%
# Try it. With γ = 0.5, what is ahead in the first step is worth 1: not half of the 9.
judged(reward, two_q, 0.5)

# %% nbgrader={"grade": true, "grade_id": "check_13_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("13.3", judged)


# %% [markdown]
# ## Find the bug 13.4 · Greedy beyond the rules
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Targets and weights of CW-QMIX for two agents. Index 0 of the second axis is now, index 1 is the next step. $\hat Q^*$ is given as a table: `q_hat[b, t, u1, u2]`. The
# code runs, the team trains, and a public implementation of Weighted QMIX had this bug until somebody read the line.

# %%
def buggy(q, available, q_hat, actions, reward, terminated, gamma, alpha):
    """Targets y[B] and weights w[B] of CW-QMIX.

    q[B, 2, N, A], q_hat[B, 2, A, A], reward[B] float,
    available[B, 2, N, A], terminated[B] bool, actions[B, N] int64; N = 2.
    """
    rows = torch.arange(len(reward))
    after = q[:, 1].masked_fill(~available[:, 1], -torch.inf).argmax(-1)
    ahead = q_hat[rows, 1, after[:, 0], after[:, 1]]
    y = reward + gamma * torch.where(terminated, 0.0, ahead)
    greedy = q[:, 0].argmax(-1)
    q_greedy = q_hat[rows, 0, greedy[:, 0], greedy[:, 1]]
    full = (actions == greedy).all(-1) | (y > q_greedy)
    return y, torch.where(full, 1.0, alpha)


# %% [markdown]
# A test: 20,000 rows of random utilities, in which each team plays the best that it *can*, each agent its best available action. That is the greedy joint action, and it should count in full whatever it brings. (Each episode ends here with the reward 0, while $\hat Q^*$ is 1 everywhere: no row has a target above $\hat Q^*$.) In how many rows is the weight 1, if more and more actions are unavailable?

# %%
torch.manual_seed(0)
closed, in_full = torch.linspace(0, 0.9, 19), []
B = 20_000
for share in closed:
    values = torch.randn(B, 2, 2, 3)
    can = torch.rand(B, 2, 2, 3) >= share
    can[..., 0] |= ~can.any(-1)                                  # something can always be done
    best = values[:, 0].masked_fill(~can[:, 0], -torch.inf).argmax(-1)
    _, weights = buggy(values, can, torch.ones(B, 2, 3, 3), best, torch.zeros(B),
                       torch.ones(B, dtype=torch.bool), 0.9, 0.1)
    in_full.append((weights == 1).double().mean().item())
plots.lines(closed, {"the listing": in_full, "as it should be": torch.ones(19)},
            "Greedy plays that count in full", "chance that an action is unavailable",
            "share of the rows")

# %% [markdown]
# Which of these is the cause?
#
# - **A.** The target takes a next action that is unavailable.
# - **B.** The weight $\alpha$ is too small.
# - **C.** The comparison of the target with $\hat Q^*$ has the wrong direction.
# - **D.** What the team should have played now is looked for among all actions.
# - **E.** One agent that plays its greedy action should be enough, and the listing asks for both.
#
# Put its letter into `cause`, and fix the function: copy the body of the listing and change what is wrong.
#
# You are right if targets and weights are exact, for any rows in which every agent always has an available action, with values of either sign, up to a hundred million in size, and the letter is the right one.

# %% nbgrader={"grade": false, "grade_id": "answer_13_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended(q, available, q_hat, actions, reward, terminated, gamma, alpha):
    """Targets y[B] and weights w[B] of CW-QMIX.

    q[B, 2, N, A], q_hat[B, 2, A, A], reward[B] float,
    available[B, 2, N, A], terminated[B] bool, actions[B, N] int64; N = 2.
    """
    ...


# %%
# Try it on one row. Agent 1 values its action 2 most, which it cannot take. They played (0, 0):
# the target is 3, the weight 0.1.
q = torch.tensor([[[[2.0, 1.0, 9.0], [1.0, 4.0, 3.0]], [[3.0, 1.0, 0.0], [0.0, 2.0, 1.0]]]])
available = torch.tensor([[[[True, True, False], [True, True, True]],
                           [[True, True, True], [True, True, True]]]])
q_hat = torch.tensor([[[[5.0, 6.0, 0.0], [2.0, 1.0, 3.0], [0.0, 1.0, 0.0]],
                       [[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]])
played = torch.tensor([[0, 0]])
mended(q, available, q_hat, played, torch.tensor([2.0]), torch.tensor([False]), 0.5, 0.1)

# %% nbgrader={"grade": true, "grade_id": "check_13_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("13.4", cause, mended)

# %% [markdown]
# ## Exercise 13.5 · Measure it: how much weight is enough?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. The game has five actions for each agent. Both must take action 0 to earn 8; if just one of them does, the team loses 12. Everything else pays nothing. So around the one good entry there are eight misunderstandings.

# %%
table = torch.zeros(5, 5)
table[0, :], table[:, 0] = -12.0, -12.0
table[0, 0] = 8.0
GAME = MatrixGame(table)
SIZES = dict(hidden=(16,), embed_dim=8, hypernet_dim=16, central_dim=16)


def fit(teams):
    """Train all teams side by side, on every joint action at once."""
    fit_seeds(teams, [exact.every_step(GAME)] * len(teams),
              TrainConfig(learning_rate=2e-2, tau=0.1), updates=100)


team = CWQMIX.for_env(GAME, seed=0, alpha=0.1, **SIZES)
fit([team])
print("alpha 0.1, seed 0:", evaluate(GAME, team).mean_return)


# %% [markdown]
# Three arms: `"alpha 1"`, `"alpha 0.5"` and `"alpha 0.1"`. Write `measure(arm, seeds)`: it trains one team for each seed, everything but $\alpha$ as above, and returns a list with the greedy reward of each.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** Any $\alpha$ below 1 lets the teams find the 8.
# - **B.** Here $\alpha$ had to be small: with 0.5 the misunderstandings still outweighed the 8, with 0.1 they did not.
# - **C.** No weight helps: the table is not monotone, so a monotone mixer cannot prefer the 8.
# - **D.** 0.1 is small enough for any table.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_13_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy reward of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_13_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("13.5", measure, measured, conclusion)
