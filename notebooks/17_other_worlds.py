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
# # Lesson 17 · Other people's worlds
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/17_other_worlds.ipynb)
#
# You turn an environment that somebody else wrote into one that a team can be trained in, let a check look for what breaks silently, and find out what a rising curve is worth before you believe it.
#
# **Minutes:** 36, and 5 more for *Going further*
#
# **You need:** lessons 02 and 08; [lesson 09](09_curves.ipynb) for the curves.
#
# **After this lesson you can**
# - say of any environment who is paid, what ends and what is cut, what the state is, and what is masked
# - write an adapter, and read what `check_env` says of it
# - measure a random team, a mute team and a written one before you train
# - tell from a curve that a state comes in raw units

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
import textwrap
import warnings
from dataclasses import replace

import numpy as np
import torch

from qmix_course import plots, touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import SpeakerListener, TeamEnv, TeamSpec, TeamStep, check_env
from qmix_course.errors import Faults
from qmix_course.evaluation import evaluate
from qmix_course.training import TrainConfig, train


# %% [markdown]
# ## The problem
#
# Most environments for several agents are published in the form of PettingZoo (Terry et al. 2021): agents have names, and everything comes in dictionaries. Here is one, written down as somebody might have left it. The *speaker* sees the colour of a goal and says one of three words. The *listener* does not know the goal; it sees its own velocity, the way to each of three landmarks, and the last word, and can push itself in four directions. The rules are those of *simple_speaker_listener* (Lowe et al. 2017).

# %%
class SpeakAndWalk:
    """As somebody published it."""

    possible_agents = ["speaker_0", "listener_0"]
    n_actions = {"speaker_0": 3, "listener_0": 5}
    max_cycles = 25

    def reset(self, seed=None):
        self.dice = np.random.default_rng(seed)
        self.goal = int(self.dice.integers(3))
        self.place, *self.landmarks = self.dice.uniform(-1, 1, (4, 2))
        self.velocity, self.word, self.clock = np.zeros(2), np.zeros(3), 0
        return self.observe(), {}

    def observe(self):
        colour = np.full(3, 0.15)
        colour[self.goal] = 0.65
        ways = [landmark - self.place for landmark in self.landmarks]
        return {"speaker_0": colour,
                "listener_0": np.concatenate([self.velocity, *ways, self.word])}

    def step(self, actions):
        push = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)][actions["listener_0"]]
        self.place = self.place + 0.1 * self.velocity
        self.velocity = 0.75 * self.velocity + 0.5 * np.array(push)
        self.word = np.eye(3)[actions["speaker_0"]]
        self.clock += 1
        away = ((self.place - self.landmarks[self.goal]) ** 2).sum()
        both = self.possible_agents
        return (self.observe(), dict.fromkeys(both, -away), dict.fromkeys(both, False),
                dict.fromkeys(both, self.clock >= self.max_cycles), {})


world = SpeakAndWalk()
observations, _ = world.reset(seed=0)
came = world.step({"speaker_0": 1, "listener_0": 4})
print("observations :", {name: seen.shape for name, seen in observations.items()})
print("terminations :", came[2])
print("truncations  :", came[3])

try:
    QMIX.for_env(world)
except TypeError as error:
    print("QMIX         :", type(error).__name__, "- expected a TeamEnv")


# %% [markdown]
# Nothing here fits. QMIX wants one reward; two are paid. It wants observations of one length, one number of actions for all, a state that nobody has written, batches, and to know whether an episode *ended* or was *cut*. Each of these is a decision. Whoever takes them without noticing gets a team that trains without complaint and learns something else.
#
# ## Build it
#
# ### Step 1: one reward, and what happened to the episode
#
# **Who is paid?** If all agents get the same, that is the team's reward. If not, take the mean or the sum, over *all* agents, those that have left included, or the reward would jump when somebody leaves. For rivals neither means anything.
#
# **What ends, and what is cut?** *Terminated*: the task is over, nothing comes after, so the target is the reward alone. *Truncated*: only the clock ran out; what would have come still counts. Exactly one of the two may be said. If anybody is flagged terminated in the last step, the task has ended.

# %%
def team_outcome(rewards, terminations, truncations):
    """Dicts by agent, here always of both -> (reward, terminated, truncated) of the team."""
    reward = sum(rewards.values()) / len(rewards)
    over = all(terminations[name] or truncations[name] for name in rewards)
    terminated = over and any(terminations.values())
    return float(reward), terminated, over and not terminated


for flags in ((False, False), (True, True), (True, False)):
    ended, cut = (dict(zip(world.possible_agents, pair)) for pair in (flags, (True, True)))
    paid = {"speaker_0": -2.0, "listener_0": -2.0}
    print(f"ended {flags}, both cut ->", team_outcome(paid, ended, cut))

# %% [markdown]
# **Predict.** Every step pays $-1$, for ever, and $\gamma = 0.9$. An episode is cut after 25 steps. What is the value of its last step if the cut is told as a cut, and what if it is told as an end?

# %%
guess = ...  # two numbers, as in [-25, 0]: the value told as a cut, and told as an end

gamma, value = 0.9, 0.0
for _ in range(2_000):                                  # v = -1 + gamma v, until it stands still
    value = -1 + gamma * value
with lesson.prediction(guess, [round(value, 6), -1.0]):
    print(f"a cut: -1 + 0.9 v = {value:.4g}; an end: -1")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# A factor of ten, at every cut, and from there it spreads backwards: the team believes that its troubles are nearly over, and there is nothing that it could do to learn better.
#
# </details>
#
# **Touch it.** A step as somebody's environment may return it, here with both flags for everybody. Change one flag at a time. Make it a cut; then an end although two of the three were only cut; then a step that goes on. And let two robots leave before: what is the third one's 4 worth to the team now, as a mean and as a sum?

# %%
touch.outcome()

# %% [markdown]
# ### Step 2: what each agent sees and may do, and what the mixer sees
#
# All agents' networks are stacked, so observations get one length, with zeros behind the shorter ones. The same for actions: the speaker has three, the listener five, so the speaker's last two are masked, at every step. **The state** is for the mixer alone. Take the environment's own if it has one. If not, all observations side by side: nothing that an agent sees is missing in it.

# %%
NAMES, SIZES = SpeakAndWalk.possible_agents, [3, 11]
MASK = torch.tensor([[action < SpeakAndWalk.n_actions[name] for action in range(5)]
                     for name in NAMES])                                # [N, A]


def side_by_side(seen):
    """A dict of observations -> obs[N, O] and state[S]."""
    obs = torch.zeros(2, max(SIZES))
    for i, name in enumerate(NAMES):
        obs[i, :SIZES[i]] = torch.from_numpy(seen[name])
    return obs, torch.cat([obs[i, :size] for i, size in enumerate(SIZES)])


obs, state = side_by_side(observations)
print("obs", list(obs.shape), "· state", list(state.shape))
print("mask of the speaker:", MASK[0].tolist())
print("largest number in 1,000 first states:", round(max(
    side_by_side(SpeakAndWalk().reset(seed)[0])[1].abs().max().item() for seed in range(1_000)), 1))


# %% [markdown]
# The last line looks at the **scale**. Numbers between $-2$ and 2 are fine as they are. Pixels up to 255, or coordinates in centimetres, are not: *Break it* shows what becomes of them. The same goes for rewards: QMIX's loss is a square.
#
# ### Step 3: many worlds in one environment
#
# A `TeamEnv` plays many rows at once. `_begin` resets the rows that `where` names and no other. Its chance comes from `self._generator`, so that a seed brings the same episodes back. What it returns is new each time: the replay memory keeps it.

# %%
def team_step(seen, outcomes):
    """What was seen in each row, and what became of it -> one TeamStep."""
    obs, state = map(torch.stack, zip(*map(side_by_side, seen)))
    reward, terminated, truncated = map(torch.tensor, zip(*outcomes))
    return TeamStep(obs=obs, state=state, available=MASK.repeat(len(seen), 1, 1),
                    reward=reward, terminated=terminated, truncated=truncated)


# %%
class Ours(TeamEnv):
    masks_actions = True

    def __init__(self, num_envs=1):
        super().__init__(TeamSpec(n_agents=2, n_actions=5, obs_dim=11, state_dim=14,
                                  episode_limit=SpeakAndWalk.max_cycles), num_envs)
        self._worlds = [SpeakAndWalk() for _ in range(num_envs)]
        self._seen = [None] * num_envs

    def _begin(self, where):
        for row in where.nonzero().flatten().tolist():
            seed = int(torch.randint(2**31, (), generator=self._generator))
            self._seen[row], _ = self._worlds[row].reset(seed)
        return self._pack([(0.0, False, False)] * self.num_envs)

    def _advance(self, actions):
        outcomes = []
        for row, chosen in enumerate(actions.tolist()):
            self._seen[row], *outcome, _ = self._worlds[row].step(dict(zip(NAMES, chosen)))
            outcomes.append(team_outcome(*outcome))
        return self._pack(outcomes)

    def _pack(self, outcomes):
        return team_step(self._seen, outcomes)

    def clone(self, num_envs=None):
        return type(self)(self.num_envs if num_envs is None else num_envs)

    def state_dict(self):
        raise TypeError("state_dict: somebody's world cannot hand out its inner state")


# %%
step = Ours(num_envs=4).reset(seed=0)
for name, value in vars(step).items():
    print(f"{name:10}", list(value.shape))


# %% [markdown]
# ### Step 4: let somebody look for what breaks silently
#
# `check_env` plays an environment and clones of it, and tells all faults at once, a sentence for each. Here is a version that looks a little more efficient, and says both flags at the clock, as some published environments do.

# %%
class Thrifty(Ours):
    def _pack(self, outcomes):
        step = super()._pack(outcomes)
        if not hasattr(self, "_room"):
            self._room = torch.zeros_like(step.obs)
        self._room[:] = step.obs                                    # no new tensor at each step
        return replace(step, obs=self._room, terminated=step.terminated | step.truncated)


# %% [markdown]
# **Predict.** How many faults does the check find?

# %%
guess = ...  # a number: how many faults

try:
    check_env(Thrifty())
    faults = []
except Faults as found:
    faults = found.faults
with lesson.prediction(guess, len(faults)):
    for fault in faults:
        print(textwrap.fill(fault, 96, subsequent_indent="    "))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# The first is the nastiest: the replay memory holds the *same* observation before and after every step, and every curve still moves. The second teaches the team that the clock kills. Neither raises an error anywhere.
#
# </details>

# %%
check_env(Ours())
print("Ours: nothing found")

# %% [markdown]
# ### Step 5: what is a number worth? Baselines first
#
# Before anything is trained, three teams that need no training: one that draws its actions, one that stands still, and one that we write ourselves and that is told the goal: it pushes so that, if it only rolled on, it would come closest. `evaluate` plays the word `"random"` and any function of observations and masks as it plays a trained team. Each over 200 episodes. With only eight, as the last line shows, the random team's mean could be anything: on tasks that begin at random, evaluate on at least 32 episodes.

# %%
PUSHES = torch.tensor([[0.0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]])


def still(obs, available):
    return torch.zeros(len(obs), 2, dtype=torch.int64)


def told(obs, available):
    there, velocity = many.places, obs[:, 1, :2]
    way = there["landmarks"][torch.arange(len(obs)), there["goal"]] - there["listener"]
    rolls = 0.1 * velocity[:, None] + 0.4 * (0.75 * velocity[:, None] + 0.5 * PUSHES)
    push = ((way[:, None] - rolls) ** 2).sum(-1).argmin(-1)
    return torch.stack([there["goal"], push], 1)


many = SpeakerListener(num_envs=200)
baselines = {name: evaluate(many, team).returns for name, team in
             (("random", "random"), ("stands still", still), ("told the goal", told))}
for name, each in baselines.items():
    print(f"{name:13}: {each.mean():6.1f} ± {each.std() / len(each) ** 0.5:.1f}")
groups = baselines["random"].view(25, 8).mean(1)
print(f"random, 25 groups of eight episodes: from {groups.min():.0f} to {groups.max():.0f}")

# %% [markdown]
# ### Step 6: train
#
# Sixteen thousand steps in our adapter, with double Q-learning and $\gamma = 0.9$.

# %%
SETTINGS = TrainConfig(total_steps=16_000, learning_rate=2e-3, epsilon_steps=8_000,
                       update_every=32, evaluate_every=2_000, evaluation_episodes=64)
env = Ours(num_envs=32)
team = QMIX.for_env(env, seed=0, gamma=0.9, double_q=True)
history = train(env, team, SETTINGS)
trained = evaluate(many, team).returns
print(f"random {baselines['random'].mean():.0f} · trained {trained.mean():.0f} · "
      f"told the goal {baselines['told the goal'].mean():.0f}")
plots.lines(history.steps, {"the team": history.greedy_return}, "Speaker and listener",
            "steps", "greedy return")

# %% [markdown]
# From far below random to less than half of its loss, in seconds. Published pages stop here, and say that the two have learned to talk.
#
# **Predict.** Cut the channel: the listener hears nothing, all else is the same, and a new team is trained. By how much is the team with words better than the mute one: more than 2, or less?

# %%
guess = ...  # "more" or "less"

class Mute(SpeakerListener):
    """The listener hears nothing, and the state does not tell either."""

    def _see(self, *outcome):
        step = super()._see(*outcome)
        step.obs[:, 1, 8:], step.state[:, 11:] = 0.0, 0.0
        return step

    def clone(self, num_envs=None):
        return Mute(self.spec.episode_limit, self.num_envs if num_envs is None else num_envs)


mute = QMIX.for_env(Mute(), seed=0, gamma=0.9, double_q=True)
train(Mute(num_envs=32), mute, SETTINGS)
without = evaluate(Mute(num_envs=200), mute).returns
with lesson.prediction(guess, "more" if trained.mean() - without.mean() > 2 else "less",
                       words=("more", "less")) as fold:
    print(f"with words {trained.mean():.0f}, mute {without.mean():.0f}")
    means = {"random": baselines["random"], "mute": without, "with words": trained,
             "told the goal": baselines["told the goal"]}
    fold.append(plots.bars({name: each.mean().item() for name, each in means.items()},
                           "Mean return of 200 episodes", "return"))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# So nothing has been said that anybody used. What was learned is to walk to a place between the three landmarks, which needs no word. The rise from random was real; what it was taken for was not. The team that was told shows that there is as much to gain again, and a *baseline without the part in question* is what tells the two apart. To learn the words takes a longer run than this one: the settings of one stand below the exercises, and *Going further* asks who of the two is late.
#
# </details>
#
# ## The same as the library
#
# `SpeakerListener` is the same task, batched, without dictionaries. Put our worlds where its rows are, play the same actions, and compare everything.

# %%
theirs, ours = SpeakerListener(num_envs=8), Ours(num_envs=8)
b = theirs.reset(seed=5)
ours.reset(seed=5)
there = theirs.places
for row, one in enumerate(ours._worlds):
    one.goal, one.place = int(there["goal"][row]), there["listener"][row].numpy()
    one.landmarks = list(there["landmarks"][row].numpy())
    ours._seen[row] = one.observe()
largest, dice = 0.0, torch.Generator().manual_seed(0)
for _ in range(25):
    actions = (torch.rand(b.available.shape, generator=dice) * b.available).argmax(-1)
    a, b = ours.step(actions), theirs.step(actions)
    for one, other in zip(vars(a).values(), vars(b).values()):
        largest = max(largest, (one.double() - other.double()).abs().max().item())
assert largest < 1e-12
print("all six fields agree to 1e-12 over 25 steps of 8 rows")


# %% [markdown]
# With PettingZoo installed, `from_parallel_env(lambda: simple_speaker_listener_v4.parallel_env(), num_envs=32)` does for the original, and for others of its form, what you just built, and reads masks, agents that leave and join, and flags of every kind. The course's tests hold `SpeakerListener` against the original, step by step. LBF and RWARE, VMAS, and JaxMARL's SMAX have bridges of their own; the README says how to install them.
#
# ## Break it
#
# ### A world in other units
#
# Somebody measures in centimetres. The task is the same; observations and state are 50 times as large. And the mixer takes its state as it comes. (The library's does not: `QMIX.scaled` divides each component by the largest size that it has had. The subclass takes that out.)

# %%
class Centimetres(SpeakerListener):
    def _see(self, *outcome):
        step = super()._see(*outcome)
        return replace(step, obs=step.obs * 50, state=step.state * 50)

    def clone(self, num_envs=None):
        return Centimetres(self.spec.episode_limit, self.num_envs if num_envs is None else num_envs)


class AsItComes(QMIX):
    def scaled(self, state):
        return state


short = replace(SETTINGS, total_steps=8_000)
runs, said = {}, {}
for name, kind in (("as it comes", AsItComes), ("scaled", QMIX)):
    raw = kind.for_env(Centimetres(), seed=0, gamma=0.9, double_q=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        runs[name] = train(Centimetres(num_envs=32), raw, short)
    said[name] = any("cannot pay more" in str(each.message) for each in caught)

ratio = runs["as it comes"].loss[-1] / runs["scaled"].loss[-1]
assert ratio > 1e3 and runs["scaled"].greedy_return[-1] > runs["as it comes"].greedy_return[-1]
print("the loss is more than 1,000 times as large; greedily, the scaled team is better")
print("train warned of values that no reward can pay:", said)
plots.lines(runs["scaled"].steps, {name: run.loss for name, run in runs.items()},
            "The loss, with a state 50 times as large", "steps", "loss", log=True)


# %% [markdown]
# Two hypernetworks make the weights of the mixer's two layers from the state, and the two layers multiply: twice the state, four times the gain, and 50 times the state, 2,500 times. The values leave the range of anything that could be earned, which `train` notices and says: *the rewards seen so far cannot pay more than 0*. With a scaled state, this team learns although its observations are as large as before: it is the mixer that does not bear a large state. Do not build on that: `check_env` and `train` speak of large observations, and of a number that is far larger than the others and drowns them. Bring every part of an observation to the size of 1.
#
# ## Sum up
#
# ### What you can do now
#
# - Decide, for any environment, who is paid, what ends and what is cut, what the state is, what is masked, and in which units.
# - Write an adapter of some thirty lines, and let `check_env` look for what breaks silently.
# - Put a random team, a written one, and one without the part in question beside every curve.
# - Recognise a state in raw units by a loss that starts high and returns that do not move.
#
# ### Common misreadings
#
# - *"The curve rises, so they communicate."* A mute team's curve rises as far.
# - *"A time limit is an end."* For the target it is not: what would have come still counts.
# - *"Who has left needs no reward."* Who has left is part of the mean; else leaving changes the scale.
# - *"The check passed, so the environment is right."* It cannot know which reward you meant, or whether a mask forbids the right actions.
# - *"Adam takes care of the scale."* Of the gradient's. Not of a gain that grows with the square of the state.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/17_other_worlds.ipynb](../exercises/17_other_worlds.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 17.1 One reward, one ending
# - 17.2 Who is not there
# - 17.3 Measure it: in which units
# - 17.4 Find the bug: A team that believes in thousands
#
# Further, without a check:
#
# 1. Let `SpeakAndWalk` pay the listener alone. What does `team_outcome` make of it, and does the best team change? You are right if you can say what changes and what does not.
# 2. Train for longer: 64,000 steps, `hidden=(128, 128)`, `learning_rate=1e-3`, `epsilon_steps=16_000`, `update_every=16`, `capacity=50_000`. It takes a minute or two. Not every seed gets there (*Going further* says how many): if yours does not, try another. You are right if the team beats the mute one by more than 3, and if you can list the word that the speaker has for each colour.
# 3. Give `Ours` a fault of your own and see what `check_env` says. You are right if it names the method and the field; if it says nothing, say why it cannot know.
#
# ### Sources
#
# - Lowe et al. (2017), *Multi-Agent Actor-Critic for Mixed Cooperative-Competitive Environments*, and the package mpe2: the task.
# - Terry et al. (2021), *PettingZoo: Gym for Multi-Agent Reinforcement Learning*: the parallel form.
# - Pardo et al. (2018), *Time Limits in Reinforcement Learning*: what is cut must bootstrap.

# %% [markdown]
# ## Going further
#
# For whoever wonders why nothing was said. Is it the speaker who does not learn to speak, or the listener who does not learn to listen? Let a written speaker say the goal's number at every step, so that every word is true, and train the listener on it, in the budget of above.

# %%
class Truthful(SpeakerListener):
    """Whatever the speaker chooses, the listener hears the goal's number."""

    def _advance(self, actions):
        said = torch.stack([self.places["goal"], actions[:, 1]], 1)
        return super()._advance(said)

    def clone(self, num_envs=None):
        return Truthful(self.spec.episode_limit, self.num_envs if num_envs is None else num_envs)


listener = QMIX.for_env(Truthful(), seed=0, gamma=0.9, double_q=True)
train(Truthful(num_envs=32), listener, SETTINGS)
heard = evaluate(Truthful(num_envs=200), listener).mean_return
print(f"every word is true: {heard:.0f}, mute: {without.mean():.0f}")

# %% [markdown]
# Not even true words help in this budget: the listener has not learned to use them. As long as it does not listen, no word is better than another, and the speaker has nothing to learn from. Before you change the speaker, train longer.

# %% [markdown]
# ### What is there to be had, and what is learned
#
# The baselines of step 5 in other worlds: a team that draws its actions, rules that somebody wrote (told what all agents see, so they may know more than an agent does), and QMIX, VDN, IQL, QPLEX and OW-QMIX, all with the same settings and budget. `make tables` measured it; the curves, and what others print, are on the results page (`benchmarks/README.md`). Before you look at the row of a trained team, look at those above it.

# %%
from qmix_course import data
from qmix_course.intervals import bootstrap, iqm

worlds = data.load("worlds")["worlds"]
for world in worlds.values():
    print(f"{world['title']}, {world['steps']:,} steps, measured on {world['date']}")
    for name, found in world["rules"].items():
        print(f"  {name:16}{found['return']:7.2f}")
    for name, runs in world["runs"].items():
        ends = [run["return"] for run in runs]                      # one a seed
        low, high = bootstrap(ends)
        print(f"  {name.upper():16}{iqm(ends):7.2f}   95%: {low:.2f} to {high:.2f}"
              f" ({len(ends)} runs)")

mute = float(np.mean(data.load("formation")["talk"]["mute"]))       # of lesson 18, three seeds
print("\nspeaker and listener, teams that beat the mute one by more than 3:")
for name, runs in worlds["speaker"]["runs"].items():
    print(f"{name.upper():8} {sum(run['return'] > mute + 3 for run in runs)} of {len(runs)}")

# %% [markdown]
# Five readings. In *LBF* all learn, and QPLEX first and furthest, although the settings were chosen with QMIX: where both agents are needed its interval lies above all others. In *SMAX 3m* all but IQL beat the rule, and five seeds do not tell them apart. In *5m_vs_6m* nobody has learned the task, whatever its mixer: some returns are above the rule's, but a return is not a battle won, and hardly one was. In *simple_spread* all have learned something and the intervals overlap, and the rule says that as much again is to be had. In *speaker and listener* OW-QMIX is furthest ahead, then QMIX and QPLEX, but their intervals overlap, and the last five lines say why they are so wide: some of their teams talk, the others hardly more than all of VDN's and IQL's.
