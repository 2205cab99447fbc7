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
# # Exercises 17 · Other people's worlds
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/17_other_worlds.ipynb)
#
# You read many agents' rewards and flags as a team's, lay out agents of different sizes, measure what units do to a mixer, and find out why a team believes in thousands.
#
# **Minutes:** 42
#
# **You need:** [lesson 17](../notebooks/17_other_worlds.ipynb)
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

lesson.start("17")

# %%
import warnings
from dataclasses import replace

import torch

from qmix_course import exact, plots
from qmix_course.algorithms import QMIX, VDN
from qmix_course.checks import check, hint, solution
from qmix_course.envs import LongWay, SpeakerListener
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig, train


# %% [markdown]
# ## Exercise 17.1 · One reward, one ending
#
# **Difficulty:** 2 of 5 · **Minutes:** 10 · **Core**
#
# In this world agents leave one by one. `names` lists all that ever play. After a step you get three dictionaries: `rewards`, by the names of those who were paid (an agent that has left may still be paid, or may not be in it), and `terminations` and `truncations`, by the names of those who *played* in this step, both with the same names. Write `team_outcome(rewards, terminations, truncations, names)` → (reward, terminated, truncated), a float and two bools:
#
# - the reward is the mean over *all* names; whoever is not paid counts with 0;
# - the episode is over when every agent that played is flagged, with either flag;
# - then it has *terminated* if anybody who played is flagged terminated, and is *truncated* otherwise. While it is not over, both are False.
#
# You are right if all three are, for any number of agents.

# %% nbgrader={"grade": false, "grade_id": "answer_17_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def team_outcome(rewards, terminations, truncations, names):
    """Dicts by name, and a list of all names -> (reward, terminated, truncated)."""
    ### BEGIN SOLUTION
    reward = sum(rewards.values()) / len(names)
    over = all(terminations[name] or truncations[name] for name in terminations)
    terminated = over and any(terminations.values())
    return reward, terminated, over and not terminated
    ### END SOLUTION


# %%
# Try it on one agent, for which the task has ended.
team_outcome({"a": 1.0}, {"a": True}, {"a": False}, ["a"])

# %% nbgrader={"grade": true, "grade_id": "check_17_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("17.1", team_outcome)


# %% [markdown]
# ## Exercise 17.2 · Who is not there
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# Units differ: unit `i` of `names` observes `sizes[i]` numbers and has `n_actions[i]` actions. `seen` holds the observations, by name, of those that are in play; `masks` holds, by name, a mask (bool, one entry for each of its actions) for *some* of those. Write `side_by_side(seen, masks, names, sizes, n_actions)` → `obs[N, O]`, a float tensor, and `available[N, A]`, bool, where N is the number of names, O the largest size and A the largest number of actions:
#
# - row `i` belongs to `names[i]`, in play or not;
# - behind a shorter observation stand zeros; actions that a unit does not have are not available;
# - a unit in play without a mask may play all of its own actions;
# - a unit that is not in play observes zeros and can play action 0, and nothing else.
#
# You are right if both tensors are.

# %% nbgrader={"grade": false, "grade_id": "answer_17_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def side_by_side(seen, masks, names, sizes, n_actions):
    """-> obs[N, O], available[N, A] bool."""
    ### BEGIN SOLUTION
    obs = torch.zeros(len(names), max(sizes))
    available = torch.zeros(len(names), max(n_actions), dtype=torch.bool)
    for i, name in enumerate(names):
        if name not in seen:
            available[i, 0] = True
            continue
        obs[i, :sizes[i]] = seen[name]
        available[i, :n_actions[i]] = masks.get(name, torch.ones(n_actions[i], dtype=torch.bool))
    return obs, available
    ### END SOLUTION


# %%
# Try it. Of two units one is in play; it has two actions, the other one three.
side_by_side({"a": torch.tensor([5.0])}, {}, ["a", "b"], [1, 2], [2, 3])

# %% nbgrader={"grade": true, "grade_id": "check_17_2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("17.2", side_by_side)

# %% [markdown]
# ## Exercise 17.3 · Measure it: in which units
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. On a long way of six places, agent 1 may stop, which pays 4, or go on; going on in the last place pays 10. The state says the place, as one number out of six that is 1. In the other arm that number is 100: the same state in another unit. The mixer takes it as it comes.

# %%
WAY = LongWay(steps=6, near=4.0)
UNITS = {"in metres": 1.0, "in centimetres": 100.0}


class AsItComes(QMIX):
    """QMIX whose mixer reads the state in the units that it has."""

    def scaled(self, state):
        return state


def data(unit):
    """Each place and each joint action, once."""
    batch = exact.every_step(WAY)
    return replace(batch, state=batch.state * unit)


def fit(teams, batch):
    """Train all teams side by side, on every step of the task at once."""
    fit_seeds(teams, [batch] * len(teams), TrainConfig(learning_rate=5e-3, tau=0.1), updates=200)


def believed(team, unit):
    """Q_tot in the last place, when agent 1 goes on. It is worth exactly 10."""
    model = WAY.model()
    return exact.q_tot(team, replace(model, state=model.state * unit))[-1, 1, 0].item()


team = AsItComes.for_env(WAY, seed=0, hidden=(32,), gamma=0.9)
fit([team], data(1.0))
print("in metres, seed 0:", round(believed(team, 1.0), 1))


# %% [markdown]
# Write `measure(arm, seeds)`: it trains one team for each seed, made as above, on the data in the unit of this arm, and returns a list with what each of them believes.
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** Units do not matter: both are as near to 10.
# - **B.** In centimetres the team believes too much, in every seed.
# - **C.** In centimetres the team earns less reward.
# - **D.** In centimetres the belief depends on the first weights: some seeds are far too high, others far too low.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_17_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: for each seed, what one team believes the last step to be worth."""
    ### BEGIN SOLUTION
    teams = [AsItComes.for_env(WAY, seed=seed, hidden=(32,), gamma=0.9) for seed in seeds]
    fit(teams, data(UNITS[arm]))
    return [believed(team, UNITS[arm]) for team in teams]
    ### END SOLUTION


measured = (
    ### BEGIN SOLUTION
    {arm: measure(arm, range(8)) for arm in UNITS}
    ### END SOLUTION
)
conclusion = (
    ### BEGIN SOLUTION
    "D"
    ### END SOLUTION
)

# %% nbgrader={"grade": true, "grade_id": "check_17_3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("17.3", measure, measured, conclusion)


# %% [markdown]
# ## Find the bug 17.4 · A team that believes in thousands
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# A listener walks on a field that reaches from −300 to 300 in both directions. Its environment has no state, so somebody wrote one: the listener's place and the three landmarks'. The observations were scaled with care.

# %%
class Field(SpeakerListener):
    """Speaker and listener on a field of 300 in each direction."""

    def _see(self, *outcome):
        step, there = super()._see(*outcome), self.places
        places = torch.cat([there["listener"].unsqueeze(1), there["landmarks"]], 1) * 300
        rest = torch.zeros(self.num_envs, 6)
        return replace(step, state=torch.cat([places.flatten(1), rest], 1))

    def clone(self, num_envs=None):
        return Field(self.spec.episode_limit, self.num_envs if num_envs is None else num_envs)


class Team(QMIX):
    """The state is ours, so nothing of it is left to the library."""

    def scaled(self, state):
        return state


def losses(kind, learning_rate):
    env = Field(num_envs=32)
    config = TrainConfig(total_steps=3_000, learning_rate=learning_rate, epsilon_steps=3_000,
                         update_every=32, evaluate_every=500)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return train(env, kind.for_env(env, seed=0, gamma=0.9, double_q=True), config).loss


curves = {"the team": losses(Team, 2e-3), "a tenth of its learning rate": losses(Team, 2e-4),
          "the sum in place of the mixer": losses(VDN, 2e-3)}
plots.lines(range(1_000, 3_001, 500), {name: loss[1:] for name, loss in curves.items()},
            "The loss of three teams on the same field", "steps", "loss", log=True)

# %% [markdown]
# Two of them are off by about a thousand at each step, where a whole episode of a random team costs 43. Which of these is the cause?
#
# - **A.** The learning rate is too large.
# - **B.** The team explores for too long.
# - **C.** The agents' networks are too small for the field.
# - **D.** The mixer's state is large, and both layers of its weights are made from it.
# - **E.** The replay memory is too short.
#
# Put its letter into `cause`. Then write `mended_state(places, half)`: `places[B, K, 2]`, coordinates between `-half` and `half`, → `[B, 2K]`, each place's first coordinate and then its second, place by place. You are right if a place at the edge gives 1 or −1 and one in the middle 0, if equal distances stay equal everywhere on the field, and if a row's numbers are the same whoever else is in the batch.

# %% nbgrader={"grade": false, "grade_id": "answer_17_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ### BEGIN SOLUTION
    "D"
    ### END SOLUTION
)


def mended_state(places, half):
    """places[B, K, 2] -> [B, 2K], every number from -1 to 1."""
    ### BEGIN SOLUTION
    return places.flatten(1) / half
    ### END SOLUTION


# %%
# Try it on one place in a field that goes from −2 to 2.
mended_state(torch.tensor([[[1.0, -2.0]]]), 2.0)

# %% nbgrader={"grade": true, "grade_id": "check_17_4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("17.4", cause, mended_state)
