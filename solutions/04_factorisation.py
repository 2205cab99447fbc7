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
# # Exercises 04 · Factorisation, monotonicity and IGM
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/04_factorisation.ipynb)
#
# You test IGM and monotonicity yourself, find tables for each of the three rings, and learn when VDN changes its mind.
#
# **Minutes:** 82
#
# **You need:** [lesson 04](../notebooks/04_factorisation.ipynb)
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

lesson.start("04")

# %%
import itertools

import torch
from torch.nn import functional as F

from qmix_course import exact, plots
from qmix_course.algorithms import VDN
from qmix_course.checks import check, hint, solution
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.mixers import Mixer
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# ## Exercise 04.1 · IGM, state by state
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Core**
#
# Two agents in `B` states at once. `tables[b, u1, u2]` is the team value of a joint action, `q[b, i, a]` are the agents' utilities, and `available[b, i, a]`
# says which actions agent $i$ may take, as in lesson 03. Write `igm_holds`, which says for each state whether IGM holds there: if each agent takes its own best
# available action, has the team taken a best one of the joint actions that it can take?
#
# You are right if the answer is right for every state. Compare values, not positions: a table may have several largest entries, and any of them is a best one. No agent
# has two equal utilities in a state, and each has at least one action available. Utilities and team values can have any size and sign, and a
# difference counts however small it is (unlike in the lesson's `holds_igm`, which allows $10^{-12}$).

# %%
# state 0: the product from the beginning of the lesson
# state 1: the same, but there agent 1 has only action 1
tables = torch.tensor([[[6.0, -2.0], [-3.0, 1.0]],
                       [[6.0, -2.0], [-3.0, 1.0]]])
q = torch.tensor([[[-2.0, 1.0], [-3.0, 1.0]],
                  [[-2.0, 1.0], [-3.0, 1.0]]])
available = torch.tensor([[[True, True], [True, True]],
                          [[False, True], [True, True]]])


# %% [markdown]
# For these two states the answer is `[False, True]`: in state 1 the 6 is out of reach, and the agents take the 1.

# %% nbgrader={"grade": false, "grade_id": "answer_04_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def igm_holds(tables, q, available):
    """tables[B, A, A] float, q[B, 2, A] float, available[B, 2, A] bool -> bool[B]:
    whether IGM holds."""
    ### BEGIN SOLUTION
    own_choice = q.masked_fill(~available, -torch.inf).argmax(-1)                 # [B, 2]
    reached = tables[torch.arange(len(tables)), own_choice[:, 0], own_choice[:, 1]]
    both = available[:, 0, :, None] & available[:, 1, None, :]                    # [B, A, A]
    best = tables.masked_fill(~both, -torch.inf).amax((1, 2))
    return reached >= best
    ### END SOLUTION


# %%
# Try it on the two states above.
igm_holds(tables, q, available)

# %% nbgrader={"grade": true, "grade_id": "check_04_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("04.1", igm_holds)

# %% [markdown]
# ## Exercise 04.2 · A table from each ring
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Extra**
#
# Find three payoff tables of your own, for two agents with three actions each. Each of them must have nine different entries. `rings` is a dictionary with
#
# - `"additive"`: a table that is a sum of utilities;
# - `"monotone"`: a table that is monotone under some order of each agent's actions, but not additive;
# - `"igm"`: a table that is not monotone, under whatever orders of the actions;
# - `"utilities"`: two rows of three utilities, with which IGM holds for the table `"igm"`. In each row one utility is the largest.
#
# Lists of lists will do. You are right if each table is in its ring and in no smaller one. The lesson's three, as a reminder:

# %%
plots.tables({"additive": torch.tensor([[0.0, 1.0], [1.0, 2.0]]),
              "monotone": torch.tensor([[0.0, 1.0], [1.0, 8.0]]),
              "IGM": torch.tensor([[8.0, 0.0], [0.0, 4.0]])},
             title="One table from each ring", highlight="max", fmt="{:.0f}")

# %% nbgrader={"grade": false, "grade_id": "answer_04_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
rings = (
    ### BEGIN SOLUTION
    {
        "additive": [[0, 1, 2], [10, 11, 12], [20, 21, 22]],
        "monotone": [[0, 1, 2], [10, 11, 12], [20, 21, 99]],
        "igm": [[9, 1, 2], [3, 8, 4], [5, 6, 7]],
        "utilities": [[1, 0, 0], [1, 0, 0]],
    }
    ### END SOLUTION
)

# %% nbgrader={"grade": true, "grade_id": "check_04_2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("04.2", rings)


# %% [markdown]
# ## Exercise 04.3 · Monotone in these utilities?
#
# **Difficulty:** 3 of 5 · **Minutes:** 15 · **Extra**
#
# In the lesson, `monotone_utilities` looked for *some* utilities under which a table is monotone. Now the utilities are given: `q[i, a]` for `N` agents, and `table` has one
# axis for each agent. Write `monotone_in`, which says whether there is a function $f$ that never falls in any of its $N$ inputs, and that makes the table:
#
# $$f(Q_1(u_1), \dots, Q_N(u_N)) = \text{table}[u_1, \dots, u_N] \quad \text{for all joint actions.}$$
#
# You are right if the answer is right for one, two, three and four agents. The actions stand in any order, and every difference from $10^{-9}$ on counts. Equal utilities
# happen, and equal entries too: what can a function do with two inputs that are equal?

# %% nbgrader={"grade": false, "grade_id": "answer_04_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def monotone_in(table, q):
    """table[A, ..., A] with N axes, q[N, A] -> True or False:
    is the table monotone in these utilities?"""
    ### BEGIN SOLUTION
    for i, utilities in enumerate(q):
        order = utilities.argsort()
        steps = table.movedim(i, 0)[order].diff(dim=0)      # from one action to the next better one
        level = utilities[order].diff() == 0                # … or to one with the same utility
        if (steps < 0).any() or (steps[level] != 0).any():
            return False
    return True
    ### END SOLUTION


# %%
# Try it. 2B is monotone in utilities that prefer action 1.
monotone_in(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([[0.0, 1.0], [0.0, 1.0]]))

# %% nbgrader={"grade": true, "grade_id": "check_04_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("04.3", monotone_in)


# %% [markdown]
# ## Exercise 04.4 · The best sum
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Extra**
#
# `best_additive` of the lesson fits two agents. Write `best_sum` for any number of agents: `table` has one axis for each of the `N` agents, and `weights`, of the same
# shape and all positive, says how much the squared error of each entry counts. Return the fitted *table* (the sum of the utilities for every joint action, in the table's shape), and
# not the utilities: they are not unique, their sums are. For the same reason the equations lack full rank: use `torch.linalg.pinv`, as the lesson does, or `lstsq` with
# `driver="gelsd"`. The default driver of torch's `lstsq` is not reliable there.
#
# You are right if your table is within $10^{-6}$ of the exact best sum for one to four agents and any positive weights. To compare: for 2B, with the weights 0.05,
# 0.05, 0.05 and 0.85, the best sum is −1.96, 2.96, 2.96 and 7.88.

# %% nbgrader={"grade": false, "grade_id": "answer_04_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_sum(table, weights):
    """table[A, ..., A] with N axes, weights of the same shape, all > 0
    -> the best sum of utilities, [A, ..., A]."""
    ### BEGIN SOLUTION
    n_agents, n_actions = table.dim(), len(table)
    # in the order of table.flatten()
    joint = list(itertools.product(range(n_actions), repeat=n_agents))
    chosen = torch.tensor(joint)                         # [A^N, N]
    design = torch.eye(n_actions)[chosen].flatten(1)     # [A^N, N·A]: a one for each agent's action
    root = weights.flatten().sqrt()
    utilities = torch.linalg.pinv(root.unsqueeze(1) * design) @ (root * table.flatten())
    return (design @ utilities).view(table.shape)
    ### END SOLUTION


# %%
# Try it. With equal weights the best sum for 2B is -1.5, 2.5, 2.5, 6.5.
best_sum(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.ones(2, 2))

# %% nbgrader={"grade": true, "grade_id": "check_04_4", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("04.4", best_sum)

# %% [markdown]
# ## Exercise 04.5 · How often must it be played?
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Extra**
#
# A team that plays (1, 1) in 85 of 100 visits to 2B gives VDN data on which it prefers the way to 2B (*Going further* of the lesson computes it). With all joint actions equally frequent, in 25 of 100, it does not. Somewhere between
# lies the share at which the two ways are worth the same to VDN: 6.93, with $\gamma = 0.99$. The other three joint actions share the rest equally. Which share of (1, 1) is it?
#
# As in step 3, VDN's value of the way to 2B is $\gamma$ times the largest entry of its best sum on these data, and its value of the way to 2A is exact.
#
# You are right if your number is within 0.0005 of the exact one.

# %% nbgrader={"grade": false, "grade_id": "answer_04_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
share = (
    ### BEGIN SOLUTION
    5 / 14                                       # 8 - 6 (1 - p) / (1 + 8 p) = 7
    ### END SOLUTION
)

# %% nbgrader={"grade": true, "grade_id": "check_04_5", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("04.5", share)


# %% [markdown]
# ## Find the bug 04.6 · A team that is too sure
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# A VDN team of `N` agents without networks: each agent's utilities are a row of `q[N, A]`. It learns from a batch of `B` plays of a game of one step. `team_loss` is the loss on
# these plays, VDN's squared error, averaged over the plays. It runs, and the utilities settle.

# %%
def team_loss(q, actions, reward):
    """VDN's loss: q[N, A], actions[B, N] int64, reward[B] -> one number."""
    agents = torch.arange(len(q))
    values = q[agents, actions]
    target = reward.unsqueeze(1)
    error = values - target
    return error.pow(2).mean()


# %% [markdown]
# Let a team of two learn 2B, which pays 0, 1, 1 and 8, from all four joint actions, each as often as the others. (The best sum is −1.5, 2.5, 2.5 and 6.5.)

# %%
def learn(loss, payoff, updates=600):
    """What a team believes of each joint action, update by update: [updates, 2 to the N]."""
    n_agents = payoff.dim()
    actions = torch.tensor(list(itertools.product([0, 1], repeat=n_agents)))
    q = torch.zeros(n_agents, 2, requires_grad=True)
    optimiser = torch.optim.SGD([q], lr=0.1)
    beliefs = []
    for _ in range(updates):
        beliefs.append(q[torch.arange(n_agents), actions].sum(1).detach())
        optimiser.zero_grad()
        loss(q, actions, payoff.flatten()).backward()
        optimiser.step()
    return torch.stack(beliefs)


def picture(loss):
    beliefs = learn(loss, torch.tensor([[0.0, 1.0], [1.0, 8.0]]))[:150]
    lines = {"(0, 0)": beliefs[:, 0], "(0, 1) and (1, 0)": beliefs[:, 1], "(1, 1)": beliefs[:, 3]}
    return plots.lines(range(150), lines, "What the team believes of 2B", "update", "$Q_{tot}$")


picture(team_loss)

# %% [markdown]
# And this is what teams of one to five agents believe in the end when a game pays 1, whatever they do.

# %%
sizes = range(1, 6)
beliefs = [learn(team_loss, torch.ones([2] * n))[-1].mean() for n in sizes]
figure = plots.lines(sizes, beliefs, "A game that always pays 1", "agents in the team",
                     "$Q_{tot}$ in the end", markers=True)
figure.axes[0].set_xticks(sizes)
figure

# %% [markdown]
# The team of two expects 9 from a game that pays 8 at most. So it even takes the way to 2B, for a wrong reason. Which of these is the cause?
#
# - **A.** The steps are too large, so that the beliefs shoot past the payoffs.
# - **B.** A sum cannot make this table: no VDN team can do better.
# - **C.** Every play is held against the rewards of all plays.
# - **D.** An agent's utilities are looked up in the row of another agent.
# - **E.** Every agent is asked to explain the whole reward alone.
#
# Put its letter into `cause`, and write the repaired function as `mended_loss`: copy the listing and fix it. To see the curves again, run `picture(mended_loss)`.
#
# You are right if the letter is, and if the loss and its gradient are those of VDN for any number of agents and plays, one agent and one play included.

# %% nbgrader={"grade": false, "grade_id": "answer_04_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ### BEGIN SOLUTION
    "E"
    ### END SOLUTION
)


def mended_loss(q, actions, reward):
    """VDN's loss: q[N, A], actions[B, N] int64, reward[B] -> one number."""
    ### BEGIN SOLUTION
    agents = torch.arange(len(q))
    values = q[agents, actions]                         # [B, N]
    error = values.sum(1) - reward                      # [B]: one error a play, the team's
    return error.pow(2).mean()
    ### END SOLUTION


# %%
# Try it. The team expects 1 + 2 and gets 8: one squared error, 25.
mended_loss(torch.tensor([[0.0, 1.0], [0.0, 2.0]]), torch.tensor([[1, 1]]), torch.tensor([8.0]))

# %% nbgrader={"grade": true, "grade_id": "check_04_6", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("04.6", cause, mended_loss)

# %% [markdown]
# ## Exercise 04.7 · Measure it: right about everything, or safe
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. The game pays what stood at the beginning of the lesson: 6, −2, −3 and 1. That table is a product: −2 and 1 for agent 1, times −3 and 1 for agent 2. No sum makes it.

# %%
PAYOFF = torch.tensor([[6.0, -2.0], [-3.0, 1.0]])
GAME = MatrixGame(PAYOFF)


def fit(teams):
    """Train all teams side by side, on every joint action of the game at once."""
    fit_seeds(teams, [exact.every_step(GAME)] * len(teams), TrainConfig(learning_rate=5e-3),
              updates=300)


def error(team):
    """By how much Q_tot is off, at the joint action where it is off most."""
    return (exact.q_tot(team, GAME.model())[0] - PAYOFF).abs().max().item()


team = VDN.for_env(GAME, seed=0, hidden=(16,))              # its mixer is the sum
fit([team])
print("sum, seed 0: largest error", round(error(team), 1),
      "and greedy reward", evaluate(GAME, team).mean_return)


# %% [markdown]
# Three arms: `"sum"`, as above; `"product"`, whose mixer is $Q_1 \cdot Q_2$; and `"positive product"`, whose mixer is $\mathrm{softplus}(Q_1) \cdot \mathrm{softplus}(Q_2)$. (`F.softplus(x)` is $\log(1 + e^x)$: it rises and is never negative, so this mixer never falls.) Write `measure(arm, seeds)`: it makes one VDN team for each seed, gives it the arm's mixer as *Break it* does (`team.mixer = YourMixer(2)`), trains it as above, and returns a list with the greedy reward of each. Before you run it, write down which mixer you expect to do best.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** The product does best: it alone can make the whole table.
# - **B.** With the product a team earns about 3, half of what the others earn.
# - **C.** With the sum and with the positive product every team earns 6. With the product the seed decides: some teams earn 6, others 1.
# - **D.** A mixer that never falls leads every team to the best joint action.
# - **E.** Where a team with the product earns 1, its $Q_{tot}$ is wrong about the 6.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_04_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the greedy reward of one team for each seed."""
    ### BEGIN SOLUTION
    class Product(Mixer):
        def mix(self, agent_qs, state):
            return agent_qs.prod(-1)

    class PositiveProduct(Mixer):
        def mix(self, agent_qs, state):
            return F.softplus(agent_qs).prod(-1)

    teams = [VDN.for_env(GAME, seed=seed, hidden=(16,)) for seed in seeds]
    for team in teams:
        if arm == "product":
            team.mixer = Product(2)
        elif arm == "positive product":
            team.mixer = PositiveProduct(2)
    fit(teams)
    return [evaluate(GAME, team).mean_return for team in teams]
    ### END SOLUTION


measured = (
    ### BEGIN SOLUTION
    {arm: measure(arm, range(8)) for arm in ("sum", "product", "positive product")}
    ### END SOLUTION
)
conclusion = (
    ### BEGIN SOLUTION
    "C"
    ### END SOLUTION
)

# %%
# Try it on two seeds of one arm.
measure("product", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_04_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("04.7", measure, measured, conclusion)
