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
# # Exercises 14 · QPLEX
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/14_qplex.ipynb)
#
# You make tables from positive weights, find out where a negative one does harm, compute where a team is pulled, and measure QPLEX on tables that nobody chose.
#
# **Minutes:** 76
#
# **You need:** [lesson 14](../notebooks/14_qplex.ipynb)
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

lesson.start("14")

# %%
import itertools

import torch

from qmix_course import exact, plots
from qmix_course.algorithms import QMIX, QPLEX, VDN
from qmix_course.checks import check, hint, solution
from qmix_course.envs import PAYOFFS, MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# ## Exercise 14.1 · λ for a table
#
# **Difficulty:** 2 of 5 · **Minutes:** 12 · **Core**
#
# In step 2 of the lesson, `lambda_for` made a table of two agents. Write it for any number of agents. `table[u_1, …, u_N]` has one axis for each of the $N$ agents and
# `q[i, a]` are their utilities. The table's largest entry is where the agents' own best actions meet, no other entry is as large, and it is equal to $\sum_i V_i$.
#
# Return one table λ, of the same shape, that all agents share: $Q_{tot} = \sum_i V_i + \lambda(\mathbf u) \sum_i A_i(u_i)$ must be `table`. At the agents' own best actions, where
# any λ does it, put a 1.
#
# You are right if your λ is right for one to four agents. No agent has two equal utilities.

# %%
two_q = torch.tensor([[4.0, 3.0], [4.0, 2.0]])           # the smallest case: V = 4 + 4
small = torch.tensor([[8.0, -12.0], [-12.0, 6.0]])       # λ: [[1, 10], [20, 2 / 3]]


# %% nbgrader={"grade": false, "grade_id": "answer_14_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lambda_for_table(table, q):
    """table[A, ..., A] with N axes, q[N, A] -> the shared λ[A, ..., A] > 0."""
    ...


# %%
# Try it on the smallest case.
lambda_for_table(small, two_q)

# %% nbgrader={"grade": true, "grade_id": "check_14_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("14.1", lambda_for_table)

# %% [markdown]
# ## Exercise 14.2 · May a weight be negative?
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# Somebody forgot to make $\lambda$ positive. Some weights came out as 0 or below, and the team still plays well. Luck, or not? Weights differ from one joint action to the next, and one agent's weight may make up for another's.
#
# $N$ agents in one state: utilities `q[N, A]`, weights `lam[i, u_1, …, u_N]` $= \lambda_i(\mathbf u)$ of any sign, and `available[N, A]` (bool). $V_i$ is the value of agent $i$'s best *available* action, and
# $Q_{tot}(\mathbf u) = \sum_i V_i + \sum_i \lambda_i(\mathbf u)\, (q_i(u_i) - V_i)$.
#
# Write `breaks(q, lam, available)`: a table `[A, …, A]` (bool), True at every joint action that takes IGM away: the team can play it, it is not the agents' own choice, and its $Q_{tot}$ is at least as large as the
# one of their own choice.
#
# You are right if the table is right for one to four agents. All numbers are halves, so that sums are exact and a tie is a tie; no agent has two equal utilities.

# %%
q = torch.tensor([[2.0, 1.0], [3.0, 1.0]])                    # both agents prefer action 0
lam = torch.tensor([[[1.0, -1.0], [-1.0, -3.0]],              # λ of agent 1: three are negative
                    [[2.0, 1.0], [1.0, 1.0]]])                # λ of agent 2


# %% nbgrader={"grade": false, "grade_id": "answer_14_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def breaks(q, lam, available):
    """q[N, A], lam[N, A, ..., A], available[N, A] bool -> where IGM is lost, bool [A, ..., A]."""
    ...


# %%
# Try it. Three negative weights, and two joint actions that break IGM.
breaks(q, lam, torch.ones(2, 2, dtype=torch.bool))

# %% nbgrader={"grade": true, "grade_id": "check_14_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("14.2", breaks)

# %% [markdown]
# ## Exercise 14.3 · Which way do they go?
#
# **Difficulty:** 4 of 5 · **Minutes:** 20 · **Extra**
#
# A QPLEX team points at the joint action `u`, and λ has explained everything that it can: the team has the best table (with the smallest squared error, all joint actions equally
# frequent) whose largest entry is at `u`. *Break it* computed it: $V$ at `u` and wherever the payoff is above $V$, the payoff itself everywhere else. With the detach, agent $i$'s
# utility for action $a$ then moves against the sum of the errors $Q_{tot} - \text{payoff}$ of all joint actions in which agent $i$ plays $a$.
#
# Write `pull`, which returns these sums, `[N, A]`. `payoff` has one axis for each of the $N$ agents and `u` is a tuple of $N$ actions.
#
# You are right if the sums are right for one to three agents and any joint action. For game 3 and (1, 1) the lesson found −1, 1, 0 for both agents.

# %%
plots.table(torch.tensor(PAYOFFS["qplex3"], dtype=torch.float64),
            title="Game 3: the team points at (1, 1)", highlight=[(1, 1)], fmt="{:.0f}")


# %% nbgrader={"grade": false, "grade_id": "answer_14_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pull(payoff, u):
    """payoff[A, ..., A] with N axes, u: a tuple of N actions -> the sums of the errors, [N, A]."""
    ...


# %%
# Try it on game 3 and (1, 1): −1, 1, 0 for both agents.
pull(torch.tensor(PAYOFFS["qplex3"], dtype=torch.float64), (1, 1))

# %% nbgrader={"grade": true, "grade_id": "check_14_3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("14.3", pull)

# %% [markdown]
# ## Exercise 14.4 · Ten ways to weigh an advantage
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Core**
#
# Two agents. The letters stand for ten ways to make a team value; $x$ and $x_i$ are numbers of any sign and size that a network gives, other ones for each state and each joint
# action. If nothing else is said, $V_{tot} = V_1 + V_2$, $A_i = Q_i - V_i$ with $V_i = \max Q_i$, and $Q_{tot} = V_{tot} + \lambda_1 A_1 + \lambda_2 A_2$.
#
# | | |
# |---|---|
# | A | $\lambda_1, \lambda_2$ = softmax of $x_1, x_2$ over the agents |
# | B | $\lambda_i = \tanh(x_i)$ |
# | C | $\lambda_i = e^{x_i}$ |
# | D | $\lambda_i = e^{x_i} - 1$ |
# | E | $\lambda_i = e^{x_i}$, but $V_i$ is the *mean* of $Q_i$ over the agent's actions |
# | F | $\lambda_i = e^{x_i}$, after every $Q_i$ was replaced by $-2 Q_i + 1$ |
# | G | $\lambda_1 = \lambda_2 = e^{Q_1(u_1) \, Q_2(u_2)}$ |
# | H | $\lambda_1 = \lambda_2 = e^{x}$ |
# | I | $Q_{tot} = V_{tot} - e^{x} A_1 A_2$ |
# | J | $Q_{tot} = V_{tot} + \min(e^{x_1} A_1, \; e^{x_2} A_2)$ |
#
# No agent has two equal utilities. Which of the ten keep IGM *whatever the network gives*: the agents' own best actions, by the utilities $Q_i$ that they act on, are the one and only best
# joint action? `keeps_igm` is a dictionary from letter to `True` or `False`.
#
# You are right if all ten are.

# %% nbgrader={"grade": false, "grade_id": "answer_14_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
keeps_igm = (
    ...
)

# %% nbgrader={"grade": true, "grade_id": "check_14_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("14.4", keeps_igm)


# %% [markdown]
# ## Find the bug 14.5 · As if every step were the last
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# The TD errors of a QPLEX team, without double-Q, from the pieces of a batch of `B` transitions. `w`, `lam` and `next_w` are positive already; `available` and `next_available` say
# what each agent could do before and after the step.

# %%
def td_errors(q, next_q, actions, available, next_available, reward, terminated,
              w, b, lam, next_w, next_b):
    """q, next_q, available, next_available[B, N, A],
    actions, w, b, lam, next_w, next_b[B, N], reward, terminated[B] -> [B]."""
    own = q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
    best = q.masked_fill(~available, -torch.inf).amax(-1)
    own, best = w * own + b, w * best + b
    q_tot = own.sum(-1) + ((lam - 1) * (own - best).detach()).sum(-1)
    masked_next = next_q.masked_fill(~next_available, -torch.inf)
    next_best = next_q.amax(-1)
    next_value = (next_w * next_best + next_b).sum(-1)
    target = reward + 0.99 * torch.where(terminated, 0.0, next_value)
    return q_tot - target


# %% [markdown]
# An episode of four steps, two agents with two actions each. Whatever they do, each step costs 1. There are two such games: in one all actions can always be taken, in the other action 1 is closed for both from the second step on. The team learns from all steps and all joint actions that can be played. (The utilities are a table that begins with zeros, and $w = \lambda = 1$, $b = 0$.)

# %%
def learn(errors, closed, updates=300):
    """What the team believes its best joint action to be worth in each of the four steps."""
    q = torch.zeros(4, 2, 2, requires_grad=True)                   # step, agent, action
    available = torch.ones(5, 2, 2, dtype=torch.bool)
    available[1:, :, 1] = not closed
    plays = [(t, u, v) for t, u, v in itertools.product(range(4), range(2), range(2))
             if available[t, 0, u] and available[t, 1, v]]
    when, actions = torch.tensor(plays)[:, 0], torch.tensor(plays)[:, 1:]
    one, cost = torch.ones(len(plays), 2), -torch.ones(len(plays))
    optimiser, beliefs = torch.optim.Adam([q], lr=0.05), []
    for _ in range(updates):
        best = q.masked_fill(~available[:4], -torch.inf).amax(-1)
        beliefs.append(best.sum(-1).detach())
        values = torch.cat([q, torch.zeros(1, 2, 2)])              # the episode is over
        error = errors(values[when], values[when + 1].detach(), actions, available[when],
                       available[when + 1], cost, when == 3, one, 0 * one, one, one, 0 * one)
        optimiser.zero_grad()
        error.square().mean().backward()
        optimiser.step()
    return torch.stack(beliefs, 1)


def picture(errors):
    figure, axes = plots.panels(1, 2, size=(10.5, 3.4), sharey=True)
    for ax, closed, title in zip(axes, (False, True), ("everything open", "action 1 closed")):
        beliefs = {f"step {t}": row for t, row in enumerate(learn(errors, closed), 1)}
        plots.lines(range(300), beliefs, title, "update", "$Q_{tot}$ of the best", ax=ax)
    return figure


picture(td_errors)

# %% [markdown]
# The two games cost the same, and on the left all is well: −1 in the last step, almost −4 in the first. On the right all four steps end at −1, one line upon the other. Which of these is the cause?
#
# - **A.** γ is so small that only the next reward counts.
# - **B.** Without a gradient through the advantages, the utilities learn too little.
# - **C.** What comes after a step is valued with the mask of the step before.
# - **D.** What comes after a step is valued by actions that nobody can take.
# - **E.** Every step counts as the end of its episode.
#
# Put its letter into `cause`, and write the repaired function as `mended_errors`: copy the listing and fix it. To see the curves again, run `picture(mended_errors)`.
#
# You are right if the letter is, and if the errors are right whatever is available (after the end of an episode it may be nothing), for values of either sign, up to a hundred million in size.

# %% nbgrader={"grade": false, "grade_id": "answer_14_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_errors(q, next_q, actions, available, next_available, reward, terminated,
                  w, b, lam, next_w, next_b):
    """q, next_q, available, next_available[B, N, A],
    actions, w, b, lam, next_w, next_b[B, N], reward, terminated[B] -> [B]."""
    ...


# %%
# Try it on one transition of one agent. After it only action 0, worth 1, is open: 2 − 0.99.
one = torch.ones(1, 1)
mended_errors(torch.tensor([[[2.0, 0.0]]]), torch.tensor([[[1.0, 50.0]]]), torch.tensor([[0]]),
              torch.tensor([[[True, True]]]), torch.tensor([[[True, False]]]), torch.zeros(1),
              torch.tensor([False]), one, 0 * one, one, one, 0 * one)

# %% nbgrader={"grade": true, "grade_id": "check_14_5", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("14.5", cause, mended_errors)


# %% [markdown]
# ## Exercise 14.6 · Measure it: tables that nobody chose
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. The lesson's games come from papers, which picked them to make a point. In two of them QPLEX finds the best joint action in about half of the seeds. What about tables that nobody picked? A seed stands for ten of them, with entries drawn evenly from −10 to 10, and for the first weights of the teams.

# %%
def random_games(seed):
    """Ten games of two agents with three actions each."""
    generator = torch.Generator().manual_seed(seed)
    return [MatrixGame(table) for table in 20 * torch.rand(10, 3, 3, generator=generator) - 10]


MAKE = {
    "VDN": lambda game, seed: VDN.for_env(game, seed=seed, hidden=(16,)),
    "QMIX": lambda game, seed: QMIX.for_env(game, seed=seed, hidden=(16,),
                                            embed_dim=16, hypernet_dim=16),
    "QPLEX": lambda game, seed: QPLEX.for_env(game, seed=seed, hidden=(16,),
                                              hypernet_dim=0, head_hidden=(16,)),
}


def fit(teams, games):
    """Train teams[k] on all joint actions of games[k], all teams side by side."""
    fit_seeds(teams, [exact.every_step(game) for game in games],
              TrainConfig(learning_rate=1e-2, tau=0.1), updates=150)


game = random_games(0)[0]
team = MAKE["VDN"](game, 0)
fit([team], [game])
print("seed 0, its first table: VDN earns the best payoff:",
      evaluate(game, team).mean_return == game.payoff.max().item())


# %% [markdown]
# Three arms: `"VDN"`, `"QMIX"` and `"QPLEX"`. Write `measure(arm, seeds)`: for each seed it trains one team on each of the seed's ten games (all ten made by `MAKE` with that seed), and it returns a list with one number for each seed: the share of its ten games, 0 to 1, in which the team's greedy joint action pays the most. Before you run it, write down what you expect of each arm.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** QPLEX can make every table with IGM, so it finds the best joint action of every table.
# - **B.** QPLEX finds the best joint action of most tables, not of all; QMIX and VDN find it in about half of them or fewer.
# - **C.** On ordinary tables the limit of QMIX hardly matters: it finds the best joint action of most.
# - **D.** What the papers' games show holds here too: QPLEX finds the best joint action of about half of the tables.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_14_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: for each seed the share of its ten games whose best joint action the team finds."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on one seed of one arm.
measure("VDN", [0])

# %% nbgrader={"grade": true, "grade_id": "check_14_6", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("14.6", measure, measured, conclusion)
