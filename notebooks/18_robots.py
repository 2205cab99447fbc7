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
# **Minutes:** 37, and 3 more for *Going further*
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
guess = ...  # "random" or "still"

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
with lesson.prediction(guess, min(baselines, key=baselines.get),
                       words=("random", "still")) as fold:
    print({name: round(value, 1) for name, value in baselines.items()})

# %% [markdown]
# <details><summary>After your guess</summary>
#
# Who wanders about gets into others' ways, and a line does not come about by chance.
#
# </details>
#
# Now watch the guide. Dashed circles are how far each robot sees: 4 units. Crosses show where the line is looked for in the end.

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
    return (apart < near).triu(1).sum((1, 2))  # each pair once, no robot with itself


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
# The same start as in the guide's film. No robot sees the plane as the guide does, and none is told who goes where; mostly each takes the same place of the line. Some starts at a glance, and it can be seen that the ways are straight, and where they are not:

# %%
plots.tracks(follow(many, teams[0], seed=1)[:8], title="VDN, eight starts")

# %% [markdown]
# ### Step 6: over seeds
#
# The same settings, eight seeds for each of three methods, made by `make tables`. QMIX has all that VDN has, and the state.
#
# **Predict.** Whose mean return is the lowest: IQL's, VDN's or QMIX's?

# %%
guess = ...  # "IQL", "VDN" or "QMIX"

stored = data.load("formation")
reached = {arm: [run["return"] for run in runs] for arm, runs in stored["runs"].items()}
means = {arm: sum(each) / len(each) for arm, each in reached.items()}
three = ["IQL", "VDN", "QMIX"]
with lesson.prediction(guess, min(three, key=means.get), words=three) as fold:
    print({arm: round(means[arm], 1) for arm in three})
    fold.append(plots.bars({arm: reached[arm] for arm in three},
                           f"Three robots, a line, eight seeds ({stored['date']})",
                           "return from 256 starts", dots=True))


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The line in each row of dots is the median; two of QMIX's teams are so bad that they pull the mean below IQL's. A method that contains VDN does worse than VDN. *Break it* asks why.
#
# </details>
#
# *Break it* comes back to this table. First to what QMIX reads.
#
# ### Step 7: no state, or one too large
#
# The state of `Formation` is everybody's place, six numbers. On real robots nobody hands it out; what there is are the observations. Put *side by side* they make a long state: $N (2 + 3 (N - 1))$ numbers for $N$ robots. *Pooled*, their mean, it is as long as one observation. A wrapper puts either in the state's place.

# %%
class Read(Formation):
    """Formation whose state is read(obs[B, N, O]), [B, S]."""

    def __init__(self, read, num_envs=1):
        super().__init__(**TASK, num_envs=num_envs)
        self.read = read
        length = read(torch.zeros(1, self.spec.n_agents, self.spec.obs_dim)).shape[1]
        self.spec = replace(self.spec, state_dim=length)

    def _see(self, *outcome):
        step = super()._see(*outcome)
        return replace(step, state=self.read(step.obs))

    def clone(self, num_envs=None):
        return Read(self.read, self.num_envs if num_envs is None else num_envs)


def side_by_side(obs):
    return obs.flatten(1)


def pooled(obs):
    return obs.mean(1)


for read in (side_by_side, pooled):
    print(f"{read.__name__}: {Read(read).spec.state_dim} numbers")


# %% [markdown]
# The mean is taken before anything is learned, and may lose what counts: that of many ways to others says little. A **learned encoder** first makes new numbers of each observation, the same small network for all, and then takes the mean. It is part of the mixer and learns with it. It exists in training alone, like the rest of the mixer.

# %%
class EncodedMixer(Mixer):
    """Reads observations side by side: a small network for each, their mean, then QMIX."""

    def __init__(self, n_agents, state_dim, width=16):
        super().__init__(n_agents, state_dim)
        self.encoder = nn.Sequential(nn.Linear(state_dim // n_agents, width), nn.ReLU())
        self.inner = QMixer(n_agents, width)

    def mix(self, agent_qs, state):
        each = self.encoder(state.view(len(state), self.n_agents, -1))      # [M, N, width]
        return self.inner(agent_qs, each.mean(1))


def weights(mixer):
    return sum(each.numel() for each in mixer.parameters())


mixer, obs, q = EncodedMixer(3, 24), torch.randn(1, 3, 8), torch.randn(1, 3)
same = torch.allclose(mixer(q, obs.flatten(1)), mixer(q, obs.flip(1).flatten(1)))
print("the observations in another order, the same Q_tot:", same)
print("weights for three robots: true state", weights(QMixer(3, 6)), "· side by side",
      weights(QMixer(3, 24)), "· pooled", weights(QMixer(3, 8)), "· encoded", weights(mixer))

# %% [markdown]
# **Predict.** Fifty robots see each other as these do: 149 numbers each. How many times as many weights has the mixer that reads them side by side as the one that reads them pooled?

# %%
guess = ...  # a number: how many times as many

many_weights = {"side by side": weights(QMixer(50, 50 * 149)), "pooled": weights(QMixer(50, 149)),
                "encoded": weights(EncodedMixer(50, 50 * 149))}
ratio = many_weights["side by side"] / many_weights["pooled"]
with lesson.prediction(guess, ratio):
    print(many_weights)
    print(f"side by side to pooled: {ratio:.1f}")

# %% [markdown]
# Now trained, eight seeds each, all with double Q-learning. *None* is a mixer whose weights are learned but read nothing: the same in every state.

# %%
arms = {"true state": "double Q", "side by side": "side by side", "pooled": "pooled",
        "encoded": "encoded", "none": "none"}
better = {name: sum(value > 5 for value in reached[arm]) for name, arm in arms.items()}
print("of eight seeds, return above 5:", better)
plots.bars({name: reached[arm] for name, arm in arms.items()},
           "QMIX, by what its mixer reads", "return from 256 starts", dots=True)

# %% [markdown]
# With the true state it is *worst*. To read nothing is as good as to read anything pooled or encoded, as far as eight seeds can tell, and one of the teams that read everything side by side fails altogether. What a robot must do here it mostly sees itself, so a state has little to add, and it can do harm. This is a finding about this task and this budget. On the two-step game of [lesson 04](04_factorisation.ipynb) the state decides everything. So where there is no state, begin with none and with a pooled one, and let seeds decide.
#
# ### Step 8: what a channel adds
#
# A state helps in training only. Robots that may *talk* know more when they act. [Lesson 17](17_other_worlds.ipynb) trained a speaker, who knows the goal, and a listener, who can walk, and found after 16,000 steps that a mute team was as good. Here are four times as many steps and wider networks, three seeds with words, three without.

# %%
talk = stored["talk"]
assert max(talk["mute"]) < sorted(talk["with words"])[1] - 3
print("seeds with words that beat every mute team by more than 3:",
      sum(value > max(talk["mute"]) + 3 for value in talk["with words"]), "of 3")
plots.bars(talk, "Speaker and listener after 64,000 steps", "return of 512 episodes", dots=True)

# %% [markdown]
# All mute teams end at one place: they walk to the middle of the landmarks, and nobody can do much better who does not know the goal. Two of three teams with words got past it; the third has a channel and does not use it. A channel is worth what is made of it, and only the mute baseline shows which of the two has happened.
#
# ## The same as the library
#
# Our `gap`, `crowded` and `reward` against the library, for 300 steps of random play in 64 rows.

# %%
theirs = Formation(**TASK, num_envs=64)
theirs.reset(seed=2)
for _ in range(300):
    step = theirs.step(torch.randint(5, (64, 3), generator=dice))
    assert (gap(theirs.places, LINE) - theirs.gap()).abs().max() < 1e-12
    assert torch.equal(crowded(theirs.places), theirs.crowded())
    assert (reward(theirs.places, LINE) - step.reward).abs().max() < 1e-12
    if step.ended.any():
        theirs.reset(where=step.ended)
print("gap, pairs and rewards agree to 1e-12 over 300 steps of 64 rows")

# %% [markdown]
# ## Break it
#
# ### A team that believes
#
# One of the bad QMIX teams of step 6, trained here again. What does it *believe*, and what does it *get*? Belief is Q_tot of the best joint action at the start. What it stands for is the discounted return, so that is what we compare it with, from the same 256 starts. No team can get more than 10.
#
# **Predict.** On average, does this team believe in less than it gets, in about what it gets, in more, or even in more than any team can get?

# %%
guess = ...  # "less", "about right", "more" or "more than 10"


@torch.no_grad()
def belief(env, team):
    """Mean over the starts: what Q_tot says, and the discounted return that comes of it."""
    step, last = env.reset(seed=1), torch.full((env.num_envs, env.spec.n_agents), -1)
    q, _ = team.act_values(step.obs, last)
    believed = team.mixer(q.amax(-1), team.scaled(step.state)).mean().item()
    got = [each.rewards @ team.gamma ** torch.arange(len(each.rewards), dtype=torch.float64)
           for each in follow(env, team, seed=1)]
    return believed, torch.stack(got).mean().item()


believer = QMIX.for_env(env, seed=6)
told = train(env, believer, replace(SETTINGS, seed=6))
believed, got = belief(many, believer)
modest = [belief(many, team) for team in teams]
assert believed > 10 and got < -5 and all(one < other for one, other in modest)
with lesson.prediction(guess, "more than 10" if believed > 10 else "more",
                       words=("less", "about right", "more", "more than 10")):
    print("QMIX, seed 6, gets less than -5 on average")
    print("each of the three VDN teams gets more than it believes:",
          all(one < other for one, other in modest))

# %% [markdown]
# It believes in more than can be paid. Watch what it does:

# %%
plots.animate_tracks(follow(many, believer, seed=1)[3], title="A team that believes")

# %%
figure, axes = plots.panels(1, 2, size=(9, 3.4), title="Would you have noticed?")
plots.lines(told.steps, {"QMIX, seed 6": told.loss, "VDN, seed 0": histories[0].loss},
            "the loss", "steps", "loss", ax=axes[0])
plots.lines(told.steps, {"QMIX, seed 6": told.greedy_return,
                         "VDN, seed 0": histories[0].greedy_return},
            "what is played", "steps", "greedy return", ax=axes[1])
figure

# %% [markdown]
# The loss gives nothing away; at the end it is *smaller* than that of a good team. How can such a mistake be so cheap? The robots come to rest, or go to and fro, and pay at every step; in the mean of all starts about 0.4. Say that the team believes 12 wherever it is meanwhile. Going on like this for ever is worth $-0.4 / (1 - 0.99) = -40$.
#
# **Predict.** The belief is wrong by 52. What does the loss say of such a step: what is the square of its TD error?

# %%
guess = ...  # a number, to two decimals

error = (-0.4 + 0.99 * 12) - 12
with lesson.prediction(guess, error ** 2):
    print(f"TD error {error:.2f}, squared {error ** 2:.2f}")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# $r + \gamma v - v = r - (1 - \gamma) v$: on a circle of equal beliefs only a hundredth of the mistake shows. TD errors compare a belief with the next belief. If both are wrong by the same, little is left. In time the belief would leak away, by a hundredth at a time, if the max over next actions did not find new hope wherever a value is too high by chance.
#
# </details>
#
# **What is known about the cause.** Each row changes one thing, in eight seeds.

# %%
causes = ["VDN", "sum + V(s)", "8 × the sum", "QMIX", "double Q", "γ = 0.95",
          "weights without a state", "half the weights", "linear hypernetworks",
          "linear, half the weights"]
failed = {arm: sum(value < 0 for value in reached[arm]) for arm in causes}
print("of eight seeds, return below 0:")
for arm, count in failed.items():
    print(f"  {arm:25}{count}")
hope = {arm: sum(run["believed"] - run["got"] for run in stored["runs"][arm]) / 8 for arm in causes}
plots.bars(hope, "Hope: what is believed less what is got, mean of eight seeds",
           "belief minus discounted return")

# %% [markdown]
# - It is not the state as such: *sum + V(s)* reads the same state, adds a value to VDN's sum, and fails in no seed.
# - It is not the mixer's size: *weights without a state* has every weight that QMIX has, and fails in no seed.
# - It is not a large gain as such: *8 × the sum* multiplies every agent's value by 8, always, and fails in no seed.
# - It is weights that *change with the state*. Linear hypernetworks fail in seven seeds of eight, and with weights half as large in three.
# - The max takes part: with *double Q*, which lets the online network choose and the target value, one seed ends just below 0 and none far below. And with $\gamma = 0.95$ a circle costs more: five hundredths of the belief show at each step.
#
# What is **not known**: by what path weights that change with the robots' places lead there, and whether another task would show it. That would be a fair question for lesson 20's tools. Until then: on a new task train VDN beside QMIX, and print belief beside return. The state here is already scaled to 1; units (lesson 17) are not the reason.
#
# ### Other eyes, another plane
#
# VDN's team learned with a view of 4 on a plane of 6. Nothing is trained now.
#
# **Predict.** What costs it more: a view of 2, or a plane of 8?

# %%
guess = ...  # "view" or "plane"

changed = {"as learned": {}, "view": {"view": 2.0}, "plane": {"size": 8.0}}
gets = {name: evaluate(Formation(**TASK | change, num_envs=256), teams[0], seed=1).mean_return
        for name, change in changed.items()}
with lesson.prediction(guess, min(gets, key=gets.get), words=("view", "plane")) as fold:
    fold.append(plots.bars(gets, "VDN, seed 0, in other worlds", "return from 256 starts"))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# On the larger plane the line is mostly found: what the robots learned is about the ways between them, and those look the same. With half the view they see less; and, worse, the same way has another number now, since ways come in units of the view. A team learns the units too.
#
# </details>
#
# ## Sum up
#
# ### What you can do now
#
# - Compute how far a shape is from being there, in any place and any order.
# - Train robots that see their surroundings, watch them, and judge them over seeds beside a guide.
# - Build a state from observations: side by side, pooled, encoded; and say what each costs.
# - Put what a team believes beside what it gets.
#
# ### Common misreadings
#
# - *"The loss is small, so the values are right."* A belief may be wrong by 52 and cost 0.27.
# - *"QMIX contains VDN, so it cannot do worse."* It can represent what VDN can. Learning it is another matter.
# - *"The more state, the better."* In step 7 the true state was worst.
# - *"QMIX is bad for robots."* One shape, three robots, one budget. With one switch, double Q, the worst seeds are gone.
# - *"They have a channel, so they talk."* One of three teams did not.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/18_robots.ipynb](../exercises/18_robots.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 18.1 Who takes which place?
# - 18.2 A state in any order
# - 18.3 On the way
# - 18.4 Measure it: shared or separate
# - 18.5 Find the bug: Two robots that do not move
#
# Further, without a check:
#
# 1. Train a `"wedge"` of three. You are right if the film shows a robot in front, and if your team's share of starts is above that of one that stands still.
# 2. Let the robots of step 5 keep the same units and see only 2 far. You are right if you can say which part of the loss in *Other eyes* was the view, and which the units.
# 3. Print belief and return every 2,000 steps (`on_evaluation`) for QMIX, seed 6. You are right if you can name the step after which you would have stopped the run.
#
# ### Sources
#
# - Bettini et al. (2022), *VMAS: A Vectorized Multi-Agent Simulator for Collective Robot Learning*: tasks of this kind, and the package.
# - van Hasselt et al. (2016), *Deep Reinforcement Learning with Double Q-learning*: what the max does to values that are noisy.
# - Zaheer et al. (2017), *Deep Sets*: a network for each, then a sum, for what has no order.
# - Lowe et al. (2017), *Multi-Agent Actor-Critic for Mixed Cooperative-Competitive Environments*: speaker and listener.

# %% [markdown]
# ## Going further
#
# For those who want other shapes, more robots, and a simulator with forces.
#
# ### Other shapes
#
# `Formation("ring", 5)` and `Formation("wedge", 4)` need more steps than a lesson has. The guide shows what they look like; up to six robots it tries all $6! = 720$ orders at every step.

# %%
ring = Formation("ring", 5)
plots.animate_tracks(follow(ring, FormationGuide(ring))[0], title="A ring of five, guided")

# %% [markdown]
# ### VMAS, with the same code
#
# In VMAS robots have mass, are pushed and bump into each other, all in batched torch. `pip install vmas` installs it; the cell trains three robots in its task *navigation* for some seconds where it is installed, and does nothing where it is not. VMAS computes in float32.

# %%
import importlib.util

if importlib.util.find_spec("vmas"):
    from qmix_course.envs import from_vmas

    torch.set_default_dtype(torch.float32)
    there = from_vmas("navigation", num_envs=32, n_agents=3)
    walkers = VDN.for_env(there, seed=0, shared=True)
    seen = train(there, walkers, TrainConfig(total_steps=6_400, evaluate_every=3_200))
    assert len(seen.greedy_return) == 2
    torch.set_default_dtype(torch.float64)
print("VMAS: trained where it is installed, skipped where it is not")

# %% [markdown]
# What it learns in so few steps is no result; a baseline and seeds would be needed first, as above.
