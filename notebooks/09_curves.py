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
# # Lesson 09 · Reading the curves
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/09_curves.ipynb)
#
# You learn what each curve of a training run measures, and you build two rulers for what none of them shows.
#
# **Minutes:** 38, and 8 more for *Going further*
#
# **You need:** lessons 00 to 08; what an expected value is.
#
# **After this lesson you can**
# - tell a curve that measures the team from a curve that measures the dice
# - compute what a perfect team would earn while it explores, and hold a curve against it
# - measure $|Q_{tot} - Q^*|$ during training, and find a substitute where $Q^*$ is unknown
# - say what a falling loss proves, and match five broken runs with their bugs

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
import os
import random
import warnings
from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch

from qmix_course import data, exact, plots, touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.exploration import epsilon_greedy
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# Here is a stored run of the `reference` preset of [lesson 08](08_training.ipynb): small steps, one row, and an exploration rate
# $\varepsilon$ that falls so slowly that the run ends long before $\varepsilon$ is small. A person who watches it sees what the
# episodes earn, and the loss. The best return of the task is 8.65.

# %%
stored = data.load("reference")                                    # NaN where nothing was measured
references = {run["seed"]: SimpleNamespace(**run) for run in stored["runs"]}
reference = references[0]
print(f"the run ends after {reference.steps[-1]} steps, at epsilon = {reference.epsilon[-1]:.2f}")

figure, (left, right) = plots.panels(1, 2, size=(9.6, 3.4), title="A run of the reference preset")
plots.lines(reference.steps, reference.exploring_return, "What the episodes earned",
            "environment steps", "return", best=8.65, ax=left)
plots.lines(reference.steps, reference.loss, "Loss", "environment steps", "loss", ax=right)
figure

# %% [markdown]
# Suppose that you decide by these curves. A sensible rule says: stop when the return has come close to the best one.
# Another says: after so many steps with nothing to show for it, throw the run away and change something.

# %%
earned = np.array(reference.exploring_return)
assert not (earned > 8.65 - 1).any() and earned[-10:].mean() <= 0
assert np.mean(reference.loss[-10:]) < max(reference.loss) / 4
print("no entry is within 1 of the best return, the mean of the last ten is not above zero;")
print("the loss has fallen below a quarter of its highest value")

# %% [markdown]
# By the first rule this run never finishes. By the second you delete it. Both would be a mistake, and by the end of
# this lesson you can prove it from the same file. The left curve does not measure what you want to know, and the right one
# measures something else again.

# %% [markdown]
# ## Build it
#
# ### What the dice cost
#
# Every action of the exploring return was $\varepsilon$-greedy. So it measures two things at once: what the team can do,
# and what the dice make of it. On this task the second part can be computed exactly. Take a perfect team, and let its agents
# toss their coins. If $\mathbf{u}^*$ is the best joint action in state $s$, agent $i$ plays
#
# $$\pi_i(u_i \mid s) = (1 - \varepsilon)\,[u_i = u_i^*] + \frac{\varepsilon}{A},$$
#
# where $[\,\dots]$ is 1 if what stands in it is true and 0 otherwise, and $A$ is the number of actions. Each agent has a coin of its
# own, so a joint action has the product of these probabilities.

# %%
oracle = exact.solve(GridWorld(), gamma=0.99)
model = oracle.model
n_states, n_actions = len(oracle.v), 4

# [X], the first of equally good joint actions
best = oracle.q.flatten(1).round(decimals=9).argmax(1)
perfect = torch.stack([best // n_actions, best % n_actions], 1)     # [X, N], each agent's action


def joint_probabilities(actions, epsilon):
    """actions[X, 2] → [X, A, A]: how likely two ε-greedy agents
    with these best actions play each joint action."""
    one = torch.full((n_states, 2, n_actions), epsilon / n_actions)
    one.scatter_add_(2, actions.unsqueeze(-1), torch.full((n_states, 2, 1), 1.0 - epsilon))
    return one[:, 0, :, None] * one[:, 1, None, :]


chances = joint_probabilities(perfect, 0.75)
print("one table for each of", n_states, "states:", list(chances.shape))
print("every table sums to 1:", bool(torch.allclose(chances.sum((1, 2)), torch.ones(n_states))))


# %% [markdown]
# Now work backwards from the time limit. With no steps left nothing more is earned. With $t + 1$ steps left the team earns
# the reward of this step and whatever it expects with $t$ steps left at the next state $s'$:
#
# $$v_{t+1}(s) = \sum_{\mathbf u} \pi(\mathbf u \mid s)\,\bigl[\, r(s, \mathbf u) + v_t(s') \,\bigr], \qquad v_0 = 0,$$
#
# where $v_t(s')$ counts as 0 if the task ends. Nothing is discounted, because the return that a history shows is not.

# %%
def expected_return(actions, epsilon, limit=100):
    """The exact mean return from the official start of a team
    that plays actions[X, 2], ε-greedily."""
    chances, v = joint_probabilities(actions, epsilon), torch.zeros(n_states)
    for _ in range(limit):
        then = model.reward + torch.where(model.terminated, 0.0, v[model.next_state])    # [X, A, A]
        v = (chances * then).sum((1, 2))
    return float(v[model.start].mean())


print(f"without dice: {expected_return(perfect, 0.0):.2f}")

# %% [markdown]
# **Predict.** The team is perfect: in every state it knows the best joint action. What does it earn on average with
# $\varepsilon = 0.05$, with 0.5, with 0.75, and with 1, where the coin always says "random"? (A rough guess will do.)

# %%
guess = ...  # as in [8, 7, 0, -20]: the mean return with ε = 0.05, 0.5, 0.75 and 1

earns = {epsilon: expected_return(perfect, epsilon) for epsilon in (0.05, 0.5, 0.75, 1.0)}
with lesson.prediction(guess, [round(value, 2) for value in earns.values()]) as fold:
    for epsilon, value in earns.items():
        print(f"epsilon {epsilon:4.2f}: {value:7.2f}")

# %% [markdown]
# A coin says "random" at every step and for each agent, and one wrong step may walk into the other agent or away from a
# goal. So the price is not in proportion to $\varepsilon$: rare mistakes are made good on the way, frequent ones pile up until the time limit
# ends the episode. (In *Going further* the dice are really rolled, and measured and computed agree.)

# %% [markdown]
# ### Exploring return against greedy return
#
# Hold the reference run against this. For every entry you know $\varepsilon$, and so what a perfect team would have earned
# there. And the file has one more column: at every entry (a *look*) the run was paused and played one episode greedily, with
# $\varepsilon = 0$. (The curve that jumps is smoothed: each point is the mean of the last ten entries. Such a curve comes late;
# *Going further* shows by how much.)

# %%
ceiling = [expected_return(perfect, epsilon) for epsilon in reference.epsilon]
plots.lines(reference.steps, {
    "exploring, average of 10": plots.moving_average(reference.exploring_return, 10),
    "a perfect team with the same dice": ceiling,
    "greedy": reference.greedy_return,
}, "The reference run again, with two more lines", "environment steps", "return")

# %%
for seed, history in references.items():
    falls_short = np.abs(np.array(history.greedy_return) - 8.65) > 1e-6
    print(f"seed {seed}: greedy return 8.65 for good from step "
          f"{history.steps[np.flatnonzero(falls_short)[-1] + 1]} of {history.steps[-1]}")

# %% [markdown]
# The team was done almost at once. All the rest of the climb in the exploring curve is $\varepsilon$ going down. So:
#
# - **Judge a team by its greedy return**, measured beside the training.
# - **Read the exploring return together with $\varepsilon$.** A gap to the line of the perfect team says something; the height
#   alone does not.
# - Two runs whose $\varepsilon$ differ cannot be compared by their exploring returns.
#
# **Touch it.** The dot is the average over all dice, the cross is what one roll of them earns. From which
# $\varepsilon$ on is the average below zero? Keep $\varepsilon$ at 0.75 and roll ten times: how far apart are two episodes
# of one and the same team?

# %%
touch.dice()

# %% [markdown]
# ### One run, entry by entry
#
# Now a live run. It learns half as fast as the default preset and goes on for longer, so that one can watch the values settle, and its $\varepsilon$ is small early. `on_evaluation` lets you look inside at every entry; here it keeps copies of the team.

# %%
config = TrainConfig(seed=0, total_steps=10_000, learning_rate=2e-3, epsilon_steps=3_000)
team = QMIX.for_env(GridWorld(), seed=0)
snapshots = []


def keep(run):
    snapshots.append(
        {name: weights.clone() for name, weights in run.algorithm.state_dict().items()})


history = train(GridWorld(num_envs=32), team, config, on_evaluation=keep)
print("entries:", len(history), "- the last greedy return:", round(history.greedy_return[-1], 2))
plots.curves(history, "QMIX on the grid world, seed 0", best_return=8.65, window=5)

# %% [markdown]
# Read it from the right. The third panel says when the data stop being random. The first says when the team is good
# (greedy) and when the data are good (exploring); the two come together because here $\varepsilon$ becomes small.
#
# The loss has a **logarithmic scale**: equal distances are equal ratios. Look at its left end: the loss goes *up* early in the
# run. Did learning go wrong there?

# %%
early = int(np.nanargmin(history.loss[:4]))
peak = early + int(np.argmax(history.loss[early:]))
assert history.loss[peak] > 2 * history.loss[early] and history.loss[-1] < history.loss[peak] / 10
assert history.episodes[early] < 20 and history.episodes[peak] > 40
print("the loss more than doubles after a low early entry and ends below a tenth of its peak;")
print("fewer than 20 episodes had ended by the low entry, more than 40 by the highest")


# %% [markdown]
# The low loss came from data in which little happens: by then hardly an episode had ended, so nearly every reward in the
# replay memory was a small negative number, and that is easy to predict. Then episodes end, rewards of 10 arrive and spread
# backwards through the targets, and there is more to predict. Here a rising loss comes with learning.
#
# ### A ruler: $|Q_{tot} - Q^*|$
#
# What should the team know? $Q^*(s, \mathbf u)$, the best discounted return after joint action
# $\mathbf u$ in state $s$; `exact.solve` found it. What does the team believe? $Q_{tot}(s, \mathbf u)$.
# Both are a table with one entry for each joint action, in each of the 599 states. So subtract.

# %%
@torch.no_grad()
def team_table(team, obs, state):
    """obs[N, O], state[S] → [A, A]: Q_tot of every joint action, one after the other."""
    q = team.act_values(obs.unsqueeze(0), torch.full((1, 2), -1), None)[0][0]             # [N, A]
    table = torch.zeros(n_actions, n_actions)
    for u1 in range(n_actions):
        for u2 in range(n_actions):
            table[u1, u2] = team.mixer(torch.stack([q[0, u1], q[1, u2]]), state)
    return table


start = int(model.start[0])
believed = team_table(team, model.obs[start], model.state[start])
print("a table of", list(believed.shape), "for the official start")

# %% [markdown]
# **Predict.** The best return from the official start is 8.65. What is the largest entry in the exact table $Q^*$ at
# the same state? ($\gamma = 0.99$; the rewards on a shortest way are −0.65, −0.45, −0.25, 10.)

# %%
guess = ...  # one number: the largest entry of the table, to two decimals

rewards, moves = [-0.65, -0.45, -0.25, 10.0], ["up", "down", "left", "right"]
with lesson.prediction(guess, round(float(oracle.q[start].max()), 2)) as fold:
    print("sum of the rewards:           ", round(sum(rewards), 2))
    print("discounted sum of the rewards:",
          round(sum(0.99 ** t * r for t, r in enumerate(rewards)), 2))
    fold.append(plots.tables({r"believed, $Q_{tot}$": believed, r"exact, $Q^*$": oracle.q[start]},
                             title="The official start, 16 joint actions", highlight="max",
                             row_labels=moves, col_labels=moves))

# %% [markdown]
# The return in a history is not discounted, $Q_{tot}$ is. Whoever compares the two sees an error that is not there.
#
# The ruler is the mean distance between the two tables. It depends on which states you average over, so take two sets:
# the four states on one best path from the official start, and all 599.

# %%
path, at = [], start
while True:
    path.append(at)
    entry = (at, *perfect[at].tolist())
    if model.terminated[entry]:
        break
    at = int(model.next_state[entry])


def ruler(team):
    """The mean of |Q_tot − Q*| over all joint actions: on the best path, and over all states."""
    error = (exact.q_tot(team, model) - oracle.q).abs().mean((1, 2))                       # [X]
    return float(error[path].mean()), float(error.mean())


view = QMIX.for_env(GridWorld(), seed=0)
errors = []
for weights in snapshots:
    view.load_state_dict(weights)
    errors.append(ruler(view))
on_path, everywhere = np.array(errors).T
assert on_path[-1] < 0.5 and on_path[-1] < everywhere[-1]
print(f"{len(path)} states on the path; the last error there is below 0.5 and below that over all")

# %%
plots.lines(history.steps,
            {"on the best path": on_path, "all 599 states": everywhere, "loss": history.loss},
            r"$|Q_{tot} - Q^*|$ and the loss, one run", "environment steps", "error; loss",
            log=True, markers=True)

# %%
solved = int(np.argmax(np.abs(np.array(history.greedy_return) - 8.65) < 1e-6))
assert on_path[solved] > 2
print("when the greedy return is 8.65 for the first time, the error on the path is above 2")


# %% [markdown]
# Three things to see. To act well a team needs the *order* of the values right, not the values. The error keeps falling long
# after the return stopped telling you anything. And in the end it is smaller on the path than elsewhere: a team knows what its
# data showed it. (What this mixer cannot represent at all is a subject of Part II.)

# %% [markdown]
# ### A ruler for tasks without an oracle
#
# Hardly any task lets you compute $Q^*$. But you can always compare a *prediction* with what came of it. Ask $Q_{tot}$ at the
# first step of a greedy episode what the team expects. Play. Discount the rewards with the $\gamma$ that you
# *meant* to train with. For a team that plays well and knows it, the two numbers agree.

# %%
@torch.no_grad()
def expected_and_earned(team, gamma=0.99):
    """Q_tot of the first greedy joint action from the official start,
    and the discounted return that followed."""
    env, expected, earned, t = GridWorld(), None, 0.0, 0
    step = env.reset(seed=0)
    while not step.ended.item():
        q, _ = team.act_values(step.obs, torch.full((1, 2), -1), None)          # [1, N, A]
        if expected is None:
            expected = float(team.mixer(q.amax(-1), step.state))
        step = env.step(q.argmax(-1))
        earned += gamma ** t * float(step.reward)
        t += 1
    return expected, earned


expected, earned = expected_and_earned(team)
assert abs(expected - earned) < 0.5
print(f"the team earns {earned:.2f}, discounted, and expected that within 0.5")

# %% [markdown]
# ### What the loss measures
#
# The loss is the mean squared distance between $Q_{tot}$ and the target $y = r + \gamma \max Q_{tot}^{-}(s', \cdot)$, where
# $Q_{tot}^{-}$ is the target network's. So $y$ comes from the team's own beliefs and from the rule that you wrote down. The loss says
# how well the beliefs agree *with each other, under that rule*. It cannot say whether the rule is the right one. (*Going further*
# has a team without any TD error, under a wrong rule.)

# %% [markdown]
# ## The same as the library
#
# The library has these pieces: `exact.q_tot` for all states at once, and `exact.solve(env).best_return`.

# %%
tables = exact.q_tot(team, model)
assert all((team_table(team, model.obs[x], model.state[x]) - tables[x]).abs().max() < 1e-12
           for x in range(0, n_states, 20))
print("Q_tot tables: the same")

assert abs(expected_return(perfect, 0.0) - oracle.best_return) < 1e-12
print("the perfect team without dice earns the best return: the same")


# %% [markdown]
# ## Break it
#
# Five runs, each with one thing wrong. Here are the bugs in alphabetical order; runs A to E come in another order.
#
# - *end ignored*: the target bootstraps past the end of the task, as if there were a next state;
# - *frozen target*: the target network is never updated after the start;
# - *no target network*: the target is copied from the online network after every single update;
# - *step size*: the learning rate is 50 times as large;
# - *wrong gamma*: $\gamma = 0.5$.
#
# All of them run without any error message, together in about 20 seconds.

# %%
class EndIgnored(QMIX):
    """A bug: no step of a batch counts as the end of the task."""

    def loss(self, batch, target):
        return super().loss(replace(batch, terminated=torch.zeros_like(batch.terminated)), target)


bugs = {                                             # the class, the settings, options of the class
    "end ignored": (EndIgnored, config, {}),
    "frozen target": (QMIX, replace(config, tau=None, target_every=10**9), {}),
    "no target network": (QMIX, replace(config, tau=1.0), {}),
    "step size": (QMIX, replace(config, learning_rate=50 * config.learning_rate), {}),
    "wrong gamma": (QMIX, config, {"gamma": 0.5}),
}
names = dict(zip("ABCDE", random.Random(4).sample(sorted(bugs), len(bugs))))

# %%
# the library would give some bugs away
warnings.filterwarnings("ignore", "train: .* target_every|values: ")


def watch(kind, config, options):
    """Train one team; its history, with the ruler and the largest value on the best path
    as further columns."""
    team, errors, largest = kind.for_env(GridWorld(), seed=0, **options), [], []

    def look(run):
        errors.append(ruler(team)[0])
        largest.append(float(exact.q_tot(team, model)[path].max()))

    history = train(GridWorld(num_envs=32), team, config, on_evaluation=look)
    return SimpleNamespace(**vars(history), error=errors, largest=largest, team=team)


with mock.patch.dict(os.environ, QMIX_COURSE_PROGRESS="0"):     # a bar would show the losses
    runs = {letter: watch(*bugs[name]) for letter, name in names.items()}
largest = float(exact.q_tot(team, model)[path].max())
healthy = SimpleNamespace(**vars(history), error=list(on_path), largest=[largest], team=team)

# %% [markdown]
# Three of the runs give themselves away in the first two rows of the figure below. The other two look healthy there, and the third row only says
# that something is wrong with them. One of those two has $\gamma = 0.5$. Above each run stands what it expects at the official
# start: what must a team expect that counts a reward $t$ steps ahead $0.5^t$ times? (The rewards are −0.65, −0.45, −0.25, 10.)

# %%
rows = [("greedy_return", "greedy return"), ("loss", "loss"),
        ("error", r"$|Q_{tot} - Q^*|$ on the path")]
figure, axes = plots.panels(
    3, 5, size=(13, 7.4), sharex=True,
    title="Five broken runs (orange, solid) and the healthy one (grey, dashed)")
for k, (name, label) in enumerate(rows):
    for ax, (letter, run) in zip(axes[k], runs.items()):
        ax.plot(run.steps, getattr(run, name), color=plots.COLOURS[1], linestyle="-")
        ax.plot(healthy.steps, getattr(healthy, name), color="#444444",
                linestyle="--", linewidth=1.2)
        ax.set(yscale="linear" if k == 0 else "log", ylabel=label if letter == "A" else "")
        if k == 0:
            ax.set(ylim=(-150, 20), title=f"run {letter}, expects "
                   f"{expected_and_earned(run.team)[0]:.2g}".replace("-", "−"))
        elif max(getattr(run, name)[1:]) < 1e3:        # a run that explodes gets a scale of its own
            ax.set_ylim((3e-3, 3e2) if k == 1 else (0.05, 500))
        if k == 2:
            ax.set_xlabel("environment steps")
            ax.set_xticks([0, 5000, 10000])
figure

# %% [markdown]
# **Predict.** Which run has which bug?
#
# The fold names the bug of each run and answers five questions about it, yes or no. *Loss fell*: the last loss is below a quarter of the largest one since the
# third entry. *Solved*: a greedy return of 8.65 in the second half of the run. *Error > 3*: the ruler on the path, at the
# end. *Impossible*: the team believes in a value above 12 on the path, where no more than 10 can still be earned.
# *Surprised*: at the official start, expectation and earnings are more than 1 apart.

# %%
guess = ...  # five bugs in a list, of runs A, B, C, D, E, such as ["step size", "wrong gamma", ...]

with lesson.prediction(guess, [names[letter] for letter in "ABCDE"],
                       words=sorted(names.values())) as fold:
    print(" run  loss fell  solved  error > 3  impossible  surprised  bug")
    for letter, run in {"-": healthy, **runs}.items():
        fell = run.loss[-1] < max(run.loss[2:]) / 4
        solved = any(abs(x - 8.65) < 1e-6 for x in run.greedy_return[len(run.steps) // 2:])
        expected, earned = expected_and_earned(run.team)
        verdicts = (fell, solved, run.error[-1] > 3, run.largest[-1] > 12,
                    abs(expected - earned) > 1)
        marks = "".join(f"{'yes' if verdict else 'no':>{width}}"
                        for verdict, width in zip(verdicts, (11, 8, 11, 12, 11)))
        print(f"   {letter}{marks}  {names.get(letter, 'none')}")
    short_view = sum(0.5 ** t * r for t, r in enumerate(rewards))
    print(f"with γ = 0.5 the start is worth {short_view:.2f}; runs that expect this, within 0.4:",
          *[letter for letter, run in runs.items()
            if abs(expected_and_earned(run.team)[0] - short_view) < 0.4])
    failing = next(run for letter, run in runs.items() if names[letter] == "step size")
    assert failing.loss[peak] < healthy.loss[peak] and failing.greedy_return[-1] < 0
    print("step size: its loss is lower where the healthy one peaks, its last return below zero")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# - **Frozen target.** A target that stands still is easy to fit. The team learned one step of
#   reward, plus what a network with its first random weights says about the rest.
# - **No target network.** The targets run away with the values that chase them. This is the one run in which the loss alone is enough.
# - **End ignored.** Every target adds a future that does not
#   exist, so the values grow past anything that can be earned. A value that is impossible is proof of a bug.
# - **Wrong γ.** Only the rulers object. This team and that of the frozen target play well because this task pays for
#   every step that comes nearer to the goals, so a short view is enough here. Do not count on that elsewhere.
# - **Step size.** Its loss looks modest, and while the healthy team's loss was at its
#   height, this one's was lower: a team that meets nothing new has little to predict.
#
# </details>
#
# A falling loss says that the network can fit the targets that it is given. It does not say that the targets are right or that
# the team plays well. A rising loss says: look closer. It may be news (the healthy run) or a bug.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Compute, on an enumerable task, what any team earns at any $\varepsilon$, and read an exploring curve against it.
# - Measure $|Q_{tot} - Q^*|$ during a run, and expectation against earnings where $Q^*$ is unknown.
# - Recognise five common bugs by the curves they leave, and know which of them leave the return untouched.
#
# ### Common misreadings
#
# - *"The return is −20, so the team is bad."* Not before you know $\varepsilon$.
# - *"The return rises, so the team learns."* A falling $\varepsilon$ raises it too.
# - *"The loss falls, so it works."* It fell for a wrong $\gamma$ and for a target that never moved.
# - *"The loss rises, so it is broken."* It rises when there is more to predict.
# - *"The return is optimal, so the code is right."* Three of the five broken runs above are optimal.
# - *"The team earns 8.65, so $Q_{tot}$ at the start should be 8.65."* Values are discounted, returns are not.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/09_curves.ipynb](../exercises/09_curves.ipynb); `make lab` puts a copy of your own in `my/`.
# - 09.1 An average over steps
# - 09.2 Solved, and for good
# - 09.3 The price of the dice
# - 09.4 Find the bug: A perfect team that earns nothing
# - 09.5 Four curves, four causes
# - 09.6 Measure it: which curve do you believe?
#
# Further, without a check:
# 1. Take the greedy actions of your trained team instead of `perfect` (its argmaxes in all 599 states, from
#    `exact.agent_qs`) and draw its expected return over $\varepsilon$ beside the perfect team's. You are right if the two
#    agree at $\varepsilon = 0$ and at $\varepsilon = 1$, and if you can say why they must. (May yours be above the other in between? For
#    which $\varepsilon$ is `perfect` the best plan?)
# 2. Train with `target_every=1` and `tau=None`. Before you run it, say which of the runs A to E it must look like. You are
#    right if its weights are equal to that run's in the end (`runs[letter].team`).
# 3. A run shows a greedy return of 8.65 at one entry and −64 at the next, again and again. Write down two causes, one
#    harmless and one not, and a measurement that would tell them apart. You are right if the measurement needs no further
#    training.
#
# ### Sources
#
# - Rashid, Samvelyan, Schroeder de Witt, Farquhar, Foerster, Whiteson 2018, *QMIX: Monotonic value function factorisation
#   for deep multi-agent reinforcement learning*: the algorithm of the runs.
# - Mnih and others 2015, *Human-level control through deep reinforcement learning*: the target network and the replay memory.
# - Fu, Kumar, Soh, Levine 2019, *Diagnosing bottlenecks in deep Q-learning algorithms*: oracles as a way to tell sources of
#   error apart.
# - Fujimoto, Meger, Precup, Nachum, Gu 2022, *Why should I trust you, Bellman? The Bellman error is a poor replacement for
#   value error*: a small loss with wrong values, in theory and in practice.
# - Henderson, Islam, Bachman, Pineau, Precup, Meger 2018, *Deep reinforcement learning that matters*: how much a curve says
#   when it comes from one seed.

# %% [markdown]
# ## Going further
#
# For those who want to see the exact numbers measured, a perfect loss that means nothing, and what a smoothed curve hides.
#
# ### The dice, rolled
#
# The dice of a perfect team, rolled on 2,000 boards at once, each played once.

# %%
boards = GridWorld(num_envs=2000)
step, dice = boards.reset(seed=0), torch.Generator().manual_seed(0)
returns, playing = torch.zeros(2000), torch.ones(2000, dtype=torch.bool)
while playing.any():
    # 1 for the best action
    q = torch.nn.functional.one_hot(perfect[oracle.index(step.state)], n_actions).double()
    step = boards.step(epsilon_greedy(q, step.available, 0.75, dice))
    returns += step.reward * playing
    playing &= ~step.ended
    if playing.any() and step.ended.any():
        step = boards.reset(where=step.ended)                  # played on, but no longer counted

error = float(returns.std() / 2000 ** 0.5)                     # the standard error of the mean
distance = abs(float(returns.mean()) - expected_return(perfect, 0.75))
assert distance < 3 * error
print("measured and computed agree within three standard errors")

# %% [markdown]
# ### No error under a wrong rule
#
# **Predict.** Somebody typed `gamma=0.5`. Suppose that training under this rule goes so well that it ends in the exact
# solution for $\gamma = 0.5$. What is the largest TD error under this rule, over all states and
# joint actions? And in how many of the 599 states is its best joint action a truly best one, for $\gamma = 0.99$?

# %%
guess = ...  # as in [2.5, 300]: largest TD error, in how many of 599 states it acts best

mistaken = exact.solve(GridWorld(), gamma=0.5)
y = model.reward + 0.5 * torch.where(model.terminated, 0.0, mistaken.v[model.next_state])
best_entry = mistaken.q.flatten(1).argmax(1, keepdim=True)
good = oracle.q.flatten(1).gather(1, best_entry).squeeze(1) > oracle.v - 1e-9
with lesson.prediction(guess, [round(float((mistaken.q - y).abs().max()), 6),
                               int(good.sum())]) as fold:
    print("mean |Q - Q*| on the best path:",
          round(float((mistaken.q - oracle.q).abs()[path].mean()), 2))


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The fold has a third number, the distance of the values from $Q^*$. It is the only one of the three that would have told
# you.
#
# </details>

# %% [markdown]
# ### A moving average
#
# The exploring return of a run jumps, because each entry is the mean of a few episodes. The usual remedy is the mean of the last $w$ entries,
#
# $$m_k = \frac{1}{|W_k|} \sum_{j \in W_k} x_j, \qquad W_k = \{\, j : k - w < j \le k,\ x_j \text{ was measured} \,\}.$$
#
# The condition matters: an entry in which no episode ended has no mean return, and the history holds NaN there.

# %%
def moving_average(values, window):
    """values[K] → [K]: the mean of the last `window` values at each place,
    those that are NaN left out."""
    averages = []
    for k in range(len(values)):
        # NaN is not equal to itself
        recent = [x for x in values[max(0, k - window + 1): k + 1] if x == x]
        averages.append(sum(recent) / len(recent) if recent else float("nan"))
    return averages


print(moving_average([float("nan"), 2.0, 4.0, float("nan"), 9.0], window=3))

# %% [markdown]
# **Predict.** A team earns −60 in each of ten entries. Then it is optimal at once and earns 8.65 ever after. You watch
# the average of the last 10 entries. At which of the good entries (1, 2, …) is the average above zero for the first time? And at
# which is it within 1 of 8.65?

# %%
guess = ...  # as in [3, 5]: good entry at which it is above zero, within 1 of 8.65

jump = [-60.0] * 10 + [8.65] * 12
average = np.array(moving_average(jump, 10))
late = [int(np.argmax(average > level)) - 9 for level in (0, 8.65 - 1)]
with lesson.prediction(guess, late) as fold:
    print("above zero at good entry", late[0], "and within 1 of 8.65 at good entry", late[1])
    fold.append(plots.lines(
        range(len(jump)),
        {"each entry": jump, "average of 3": moving_average(jump, 3), "average of 10": average},
        "A moving average comes late", "entry", "return", best=8.65, markers=True))

# %% [markdown]
# Bad entries count until the window has left them behind. So a slope in an averaged curve may be a slope, or it may be a
# jump seen through the window. Draw the raw values faintly beside the average, and say how long the window is. The library's
# `plots.moving_average` is the same function:

# %%
curve = history.exploring_return
assert np.isnan(curve).any(), "the comparison should cover a place without a value"
mine, theirs = np.array(moving_average(curve, 5)), plots.moving_average(curve, 5)
assert (np.isnan(mine) == np.isnan(theirs)).all() and np.nanmax(np.abs(mine - theirs)) < 1e-12
print("moving average: the same")
