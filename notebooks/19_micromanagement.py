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
# # Lesson 19 · Micromanagement
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/19_micromanagement.ipynb)
#
# You take a small war game apart, rule by rule, train a team in it that beats every rule of thumb, and count what it has learned: focus fire without overkill.
#
# **Minutes:** 29, and 3 more for *Going further*
#
# **You need:** lessons 01 to 08. Lesson 12 helps with the recurrent team at the end.
#
# **After this lesson you can**
# - read and write an action mask, and say what happens to a team that ignores it
# - compute why focus fire wins, and when kiting does
# - train QMIX, VDN and IQL in a micromanagement task, and judge them over seeds by battles won
# - count what a trained team does: shots for each kill, overkill, volleys at one target

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

lesson.start("19")

# %%
from dataclasses import asdict

import torch

from qmix_course import data, plots
from qmix_course.algorithms import QMIX
from qmix_course.envs import Skirmish
from qmix_course.envs.skirmish_exact import joint_values
from qmix_course.envs.skirmish_scripts import ScriptedTeam
from qmix_course.envs.skirmish_watch import deeds, watch
from qmix_course.evaluation import evaluate
from qmix_course.exploration import greedy
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# QMIX was made for battles in StarCraft. The benchmark that grew out of them is the StarCraft Multi-Agent Challenge, SMAC: each agent is one unit of a small army, and all of them are paid for winning. Commanding single units is called *micromanagement*. SMAC needs the game itself; our `Skirmish` has the same interface and rules that fit on a page, and it runs everywhere.
#
# **The world.** A field of 24 by 24. On the left stands the team, on the right the enemy, which follows a script. In the scenario `"3m"` each side has three *marines*: 45 health; a shot takes 9 off, reaches 6 far and can be repeated after 2 steps; a marine walks 1 far in a step. An agent sees up to 9 far. Both sides act at the same time.
#
# **The enemy's script.** Every enemy goes for the nearest agent: within reach it shoots, otherwise it comes closer.
#
# The simplest plan for the team is nearly the same script: attack the nearest enemy in sight. We count battles won, out of 200; that both sides fall in the same step is no win.
#
# **Predict.** How many of 200 battles does a team of three marines win that attacks the nearest, against three that do so too, but see everything?

# %%
guess = ...  # one number, from 0 to 200: battles won by attacking the nearest

many = Skirmish("3m", num_envs=200)


def wins(env, team):
    """How many of env's rows the team wins."""
    return int(env.won(evaluate(env, team).returns).sum())


rules = {rule: wins(many, ScriptedTeam(many, rule))
         for rule in ("random", "nearest", "weakest", "kite")}
with lesson.prediction(guess, rules["nearest"]) as fold:
    for rule, won in rules.items():
        print(f"{rule:8} {won:3} of 200 battles won")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# It is far fewer than half. Equals fall together now and then. And an agent sees only 9 far: one that sees nobody stops, and comes late to the fight, while the enemy's script knows where everybody is. *Weakest* attacks the enemy with the least health within reach, which is better. *Kite* shoots and steps back while it waits, which is worse here. A random team never wins.
#
# </details>
#
# Here is a battle that *weakest* loses. Circles are the team, diamonds the enemy, bars are health, and lines are shots.

# %%
lost = next(each for each in watch(many, ScriptedTeam(many, "weakest")) if not each.won)
plots.animate_battle(lost, title="The weakest first: a battle lost")


# %% [markdown]
# ## Build it
#
# ### Step 1: what a unit may do
#
# The actions are SMAC's: 0 *no-op*, for the dead alone; 1 *stop*; 2 to 5 move north, south, east, west; from 6 on, attack enemy 0, 1, 2, … Not every action is possible at every moment, so the environment hands out a **mask** with each observation: `step.available[B, N, A]`. The places are (x, y), and y grows to the north.

# %%
def mask(places, health, n, speed=1.0, reach=6.0, size=24.0):
    """places[B, U, 2], health[B, U], the team's n units first -> available[B, n, 6 + U - n]."""
    x, y = places[:, :n].unbind(-1)
    alive = health > 0
    ways = torch.stack([y + speed <= size, y - speed >= 0, x + speed <= size, x - speed >= 0], -1)
    squared = ((places[:, :n, None] - places[:, None, n:]) ** 2).sum(-1)
    attacks = (squared <= reach ** 2) & alive[:, None, n:]
    own = alive[:, :n, None]
    return torch.cat([~own, own, ways & own, attacks & own], -1)


step = many.reset(seed=0)
assert torch.equal(mask(many.places, many.health, 3), step.available)
print("actions:", step.available.shape[-1], "  open to agent 1 at the start of the first battle:",
      step.available[0, 0].nonzero().flatten().tolist())


# %% [markdown]
# At the start nobody is within reach, so nobody can attack. The squares of distances are compared, not the distances: all places are multiples of ¼, so nothing is rounded, and a tie is a tie on every computer.
#
# ### Step 2: a step of the battle
#
# A unit that attacks and need not wait shoots. All shots of a step are fired at the same time: hits add up, and what goes beyond a target's health is lost. Only then do the fallen drop out.

# %%
def exchange(health, wait, targets, attack=9.0, pause=2):
    """health[B, U], wait[B, U], targets[B, U] (whom each unit attacks, -1: nobody)
    -> health and wait after the step."""
    fires = (health > 0) & (wait == 0) & (targets >= 0)
    hits = torch.zeros_like(health).scatter_add(1, targets.clamp(min=0), attack * fires)
    wait = torch.where(fires, pause, wait)
    return (health - hits).clamp(min=0), (wait - 1).clamp(min=0)


health, wait = torch.full((1, 2), 45.0), torch.zeros(1, 2, dtype=torch.int64)
for t in range(1, 10):
    health, wait = exchange(health, wait, torch.tensor([[1, 0]]))
    if t in (1, 2, 3, 9):
        print(f"after step {t}: health {health[0].tolist()}, wait {wait[0].tolist()}")

# %% [markdown]
# Two marines that shoot at each other fall in the same step, the ninth. **The reward** of a step is the damage dealt to the enemy, plus 10 for each kill, plus 200 for the win, all of it scaled so that a won episode pays exactly 20:
#
# $$r = \frac{20}{\text{all enemies' health} + 10 \cdot \text{enemies} + 200}\,\big(\text{damage} + 10 \cdot \text{kills} + 200\,[\text{won}]\big).$$
#
# For one enemy marine the fraction is 20/255. A battle in which the last two fall together is over, and is not won.
#
# **Predict.** One marine against one. Nothing in a battle is drawn, so the best return can be computed, by listing everything that can follow. An agent stands within reach. What is the most that it can get, whatever it does: shooting, stepping back, waiting?

# %%
guess = ...  # one number, to two decimals: the best return of one marine against one

duel = Skirmish("1m", episode_limit=12)
duel.reset(team=torch.tensor([[8.0, 12.0]]), enemies=torch.tensor([[14.0, 12.0]]))
q = joint_values(duel)                              # exact: every battle that can come of this one
with lesson.prediction(guess, q.max().item()) as fold:
    print(f"the best return: {q.max().item():.4f} = (45 + 10) · 20 / 255")
    print("worth as much as the best:", (q > q.max() - 1e-9).nonzero().flatten().tolist())

# %% [markdown]
# <details><summary>After your guess</summary>
#
# All the damage and the kill, but never the win: from this start a single marine can do no better than fall together with its equal. What a team of equals wins, it wins *as a team*.
#
# </details>
#
# ### Step 3: focus fire, on paper
#
# Three against three, all within reach. Each enemy shoots at an agent of its own. Your team can do the same, or all three can shoot at the same enemy until it falls, then at the next. Both plans fire the same shots, as long as all are alive.
#
# **Predict.** How many of the three agents are left at the end if they focus and the enemies do not?

# %%
guess = ...  # one whole number: agents left, of three


def fight(plan, n=3):
    """The units left on each side: plan(alive[n]) -> targets[n], enemy k is after agent k."""
    health, wait = torch.full((1, 2 * n), 45.0), torch.zeros(1, 2 * n, dtype=torch.int64)
    while health[0, :n].any() and health[0, n:].any():
        alive = health[0] > 0
        after = [k if alive[k] else int(alive[:n].nonzero()[0]) for k in range(n)]
        targets = torch.tensor([plan(alive[n:])])
        health, wait = exchange(health, wait, torch.cat([targets + n, torch.tensor([after])], 1))
    return (health[0, :n] > 0).sum().item(), (health[0, n:] > 0).sum().item()


def spread(alive):
    return [k if alive[k] else int(alive.nonzero()[0]) for k in range(3)]


def focus(alive):
    return [int(alive.nonzero()[0])] * 3


with lesson.prediction(guess, fight(focus)[0]) as fold:
    for name, plan in (("each at its own:", spread), ("all at one:     ", focus)):
        print(name, "{} against {}".format(*fight(plan)))

# %% [markdown]
# Damage is not what counts; *guns* are. An enemy with 9 health left shoots as hard as a fresh one, and only a fallen one is silent. Who focuses silences the first gun after two volleys, when the others have silenced none. The price is **overkill**: the second volley of three shots deals 27 to an enemy with 18 left, so 9 are wasted. Five shots kill a marine, and this plan spends six.
#
# ### Step 4: what an agent sees, and what training may know
#
# An agent observes the four ways, for each enemy in sight (can I attack it, distance, dx, dy, health), for each other agent in sight (is it there, distance, dx, dy, health, wait), and its own health and wait. Who is out of sight, or dead, reads 0. The *state* holds everybody's health, wait and place; as always it is for training alone.

# %%
near, far = (Skirmish("1m").reset(team=torch.tensor([[8.0, 12.0]]),
                                  enemies=torch.tensor([[x, 12.0]])) for x in (17.0, 17.25))
print("numbers in an observation:", step.obs.shape[-1], "  in the state:", step.state.shape[-1])
print("an enemy 9 away:   ", near.obs[0, 0, 4:9].tolist())
print("an enemy 9.25 away:", far.obs[0, 0, 4:9].tolist())

# %% [markdown]
# ### Step 5: a team that learns
#
# QMIX from [lesson 08](08_training.ipynb), with one network that all agents share (no ids: their observations differ) and double Q-learning. 40,000 steps take about half a minute.

# %%
env = Skirmish("3m", num_envs=32)
team = QMIX.for_env(env, seed=0, shared=True, double_q=True)
config = TrainConfig(total_steps=40_000, capacity=50_000, learning_starts=2_000, update_every=32,
                     learning_rate=1e-3, epsilon_steps=20_000, evaluate_every=10_000)
won = []
history = train(env, team, config, on_evaluation=lambda _: won.append(wins(many, team)))
assert won[-1] > max(rules.values()) + 20
print("more battles won than by any rule:", won[-1] > max(rules.values()))
plots.lines(history.steps, {"QMIX": won, "rule: weakest": [rules["weakest"]] * len(won)},
            "Learning to win, one seed", "steps", "battles won, of 200", markers=True)

# %% [markdown]
# One seed is an example and no evidence; the table over seeds comes in step 6. First look at what this team does. **Watch it**, then count.

# %%
battles = watch(many, team, seed=2)
plots.animate_battle(next(each for each in battles if each.won), title="What the team has learned")


# %%
def counted(found):
    """What a reader wants to know of some episodes' deeds."""
    shots = found["dealt"] + found["wasted"]
    return {"shots for each kill": found["shots"] / found["kills"],
            "own units lost in a battle": found["fallen"] / found["battles"],
            "volleys at one target, %": 100 * found["focused"] / found["volleys"],
            "damage wasted, %": 100 * found["wasted"] / shots}


known = {rule: counted(asdict(deeds(watch(many, ScriptedTeam(many, rule), seed=2))))
         for rule in ("nearest", "weakest")}
known["QMIX"] = counted(asdict(deeds(battles)))
figure, axes = plots.panels(2, 2, size=(9, 4.6), title="What they do in 200 battles")
for ax, name in zip(axes.flat, known["QMIX"]):
    plots.bars({who: values[name] for who, values in known.items()}, name, name, ax=ax)
assert known["QMIX"]["own units lost in a battle"] < known["weakest"]["own units lost in a battle"]
figure

# %% [markdown]
# (A volley is a step in which two or more agents shoot; wasted is damage beyond the health that was left.) Nobody told the agents to focus; the reward says nothing about it. Most of their volleys go at one target, more than with either rule, and they lose the fewest units. They waste more damage than the rules do, and win: overkill is the price of focus. And yet they need fewer than the six shots for a kill that it costs on paper. Now and then a marine spares the shot that would be too much, and uses it on the next enemy.
#
# ### Step 6: over seeds, and beside the others
#
# The table was made by `make tables`: 80,000 steps, five seeds for each method, 200 battles after the last step. The same agents, the same settings; they differ in the mixer alone, and IQL has none.
#
# **Predict.** Which of IQL, VDN and QMIX wins least?

# %%
guess = ...  # "IQL", "VDN" or "QMIX"

stored = data.load("skirmish")
names = {"iql": "IQL", "vdn": "VDN", "qmix": "QMIX"}


def shares(scenario):
    """The share of battles won by each seed's team, and by the rules."""
    last = {names[key]: [run["deeds"]["wins"] / run["deeds"]["battles"] for run in runs]
            for key, runs in stored["runs"][scenario].items() if key in names}
    return last | {f"rule: {rule}": [found["deeds"]["wins"] / found["deeds"]["battles"]]
                   for rule, found in stored["rules"][scenario].items()}


means = {name: sum(values) / len(values) for name, values in shares("3m").items()}
with lesson.prediction(guess, min(names.values(), key=means.get),
                       words=list(names.values())) as fold:
    print("mean share of battles won")
    for name, value in means.items():
        print(f"{value:.3f}  {name}")
    fold.append(plots.bars(shares("3m"), f"3m, five seeds ({stored['date']})",
                           "share of battles won", dots=True))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# Each independent learner has to explain with its own actions what three did together, while the other two keep changing. It learns to shoot, and hardly to coordinate: its best seed wins less than the worst of VDN, and its worst less than a rule. The step from nothing to *a* factorisation is the large one. QMIX's five seeds are all above VDN's, by a little; for one setting of one scenario that is what can be said.
#
# </details>
#
# ## The same as the library
#
# Our `mask` and `exchange`, held against the library for 300 steps of random play in 200 battles. The targets are read off who shoots.

# %%
generator, step = torch.Generator().manual_seed(0), many.reset(seed=1)
wait = torch.zeros(200, 6, dtype=torch.int64)
for _ in range(300):
    keys = torch.rand(step.available.shape, generator=generator)
    actions = keys.masked_fill(~step.available, -1.0).argmax(-1)
    fired = many.shots(actions)                                         # [B, U, U] who at whom
    targets = torch.where(fired.any(-1), fired.int().argmax(-1), -1)
    health, wait = exchange(many.health, wait, targets)
    step = many.step(actions)
    assert torch.equal(health, many.health)
    assert torch.equal(mask(many.places, many.health, 3), step.available)
    if step.ended.any():
        wait[step.ended] = 0
        step = many.reset(where=step.ended)
print("masks and health: the same in 200 battles, for 300 steps")

# %% [markdown]
# ## Break it
#
# ### A team that ignores the mask
#
# The mask has two places: where the team acts, and in the target, where the next action is chosen. What if the trained team simply took its highest value? Count how often that action is not possible.

# %%
impossible, decisions = 0, 0
step, last = many.reset(seed=3), torch.full((200, 3), -1)
with torch.no_grad():
    while decisions < 4_000:
        values, _ = team.act_values(step.obs, last)
        living = ~step.available[..., 0]
        first = step.available.gather(-1, values.argmax(-1, keepdim=True)).squeeze(-1)
        impossible, decisions = impossible + (living & ~first).sum(), decisions + living.sum()
        step = many.step(greedy(values, step.available))
        if step.ended.any():
            step = many.reset(where=step.ended)
assert impossible > decisions / 10
print("the highest value belongs to an impossible action in more than one decision of ten")

# %% [markdown]
# Nothing is wrong with these values: an action that was never played there was never learned, and its value is whatever the network makes of it. Without the mask in the *target* such a value becomes part of what other values are learned from.
#
# ### A trick in another world: kiting
#
# Shooting and stepping back did not pay for marines, who are as fast as those who follow them. Stalkers reach 6 far and walk 1.25, zealots reach 2 and walk 1; a stalker waits 4 steps between two shots.
#
# **Predict.** Three stalkers against three zealots, 200 battles. *Weakest* wins 117. How many does *kite* win?

# %%
guess = ...  # one number, from 0 to 200: battles won by kiting

herd = Skirmish("3s_vs_3z", num_envs=200)
kiting = ScriptedTeam(herd, "kite")
assert wins(herd, ScriptedTeam(herd, "weakest")) == 117
with lesson.prediction(guess, wins(herd, kiting)) as fold:
    print("kite:", wins(herd, kiting), "of 200")

# %%
plots.animate_battle(watch(herd, kiting)[0], fps=5, title="Shoot, step back, shoot: kiting")

# %% [markdown]
# While a stalker waits it has nothing better to do than to walk, and a zealot that has to follow does not hit. The same rule is the worst of the three for marines and perfect for stalkers. What a good policy *is* depends on reach, speed and pause, so it has to be learned for each world; focus fire and kiting are names that we give it afterwards.
#
# ## Sum up
#
# ### What you can do now
#
# - Write and test an action mask, with no-op for the dead alone.
# - Compute a volley, overkill, and the best return of a small battle.
# - Say why silencing a gun counts for more than dealing damage.
# - Train a team in Skirmish, and judge it by battles won, over seeds, beside rules of thumb.
#
# ### Common misreadings
#
# - *"A higher return means more battles won."* A battle lost by a hair pays nearly half. Only a win pays 20: count wins.
# - *"Overkill is a mistake."* On paper focus wastes a sixth of all damage, and wins. Wasting nothing is not the aim.
# - *"QMIX is better than VDN."* In step 6 all its dots are higher, by a little. That is one setting of one scenario.
# - *"The mask is a convenience."* Without it more than one decision in ten would be an impossible one.
# - *"This is StarCraft."* It has SMAC's interface and reward. Units do not block each other, the enemy follows one short script, and figures from SMAC cannot be compared with these.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/19_micromanagement.ipynb](../exercises/19_micromanagement.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 19.1 Whom does the enemy attack?
# - 19.2 A volley
# - 19.3 What may I do?
# - 19.4 Measure it: five stalkers
# - 19.5 Find the bug: The battle that was too easy
#
# Further, without a check:
#
# 1. Train on `"5m_vs_6m"`. You are right if the team is beaten at first even where it focuses: six guns against five.
# 2. Write a rule of your own for `"2s3z"` (two stalkers and three zealots on each side). You are right if it wins more than *weakest* for two values of `evaluate`'s `seed`.
#
# ### Sources
#
# - Samvelyan et al. (2019), *The StarCraft Multi-Agent Challenge*: the interface, the reward, the scenarios' names.
# - Rutherford et al. (2023), *JaxMARL*: SMAX, from which most numbers of the units are.
# - Rashid et al. (2018), *QMIX*: the method, in its first form with an earlier version of these tasks.

# %% [markdown]
# ## Going further
#
# For those who want to see kiting learned, harder scenarios, and the same task in JAX.
#
# ### Kiting, learned
#
# QMIX was also trained on `"3s_vs_3z"`, where kiting wins (160,000 steps, five seeds). Nobody gave it the rule:

# %%
runs, rules_there = stored["runs"]["3s_vs_3z"]["qmix"], stored["rules"]["3s_vs_3z"]
units_lost = {f"rule: {rule}": [counted(rules_there[rule]["deeds"])["own units lost in a battle"]]
              for rule in ("weakest", "kite")}
units_lost["QMIX"] = [counted(run["deeds"])["own units lost in a battle"] for run in runs]
plots.bars(units_lost, "Three stalkers against three zealots, five seeds",
           "own units lost in a battle", dots=True)

# %%
plots.lines(runs[0]["steps"], {f"seed {k}": run["won"] for k, run in enumerate(runs)},
            "Not every curve only rises", "steps", "share of battles won", markers=True)

# %% [markdown]
# All five teams lose fewer units than the rule that we wrote down for them. The curves show something else: a team that has won everything can forget it for a while; one of them wins hardly a battle after 120,000 steps. Whoever stops at the right moment keeps a good team; whoever reports the best moment of each curve reports luck ([lesson 09](09_curves.ipynb)).
#
# ### Five against six, and a team that remembers
#
# In `"5m_vs_6m"` no rule wins a single battle of 200. QMIX with the settings of step 6 won 10% after 160,000 steps, in the one seed that was tried, and was still rising. A recurrent team takes one word, `QMIX.for_env(env, recurrent=True)`, and replay rows are whole episodes then (`capacity=3_000, batch_size=32, update_every=128`): on 3m it won 95% after 200,000 steps, again in one seed. It learns more slowly here, for what counts is in sight most of the time.
#
# ### SMAX, with the same code
#
# JaxMARL's SMAX is micromanagement written in JAX: continuous places, units that push each other, eight small steps for each decision. `pip install jaxmarl` installs it. Then the lines of step 5 work there, with one changed:
#
# ```python
# from qmix_course.envs import smax
#
# env = smax("3m", num_envs=32)
# team = QMIX.for_env(env, seed=0, shared=True, double_q=True)
# history = train(env, team, config)
# ```
#
# Its steps are slower on a laptop's processor, and it wants far more of them: JaxMARL's own settings say ten million. `env.won` is Skirmish's; in SMAX a win is 1 on top of the share of the enemies' health that was taken.
