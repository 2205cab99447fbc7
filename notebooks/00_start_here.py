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
# # Lesson 00 · Start here
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/00_start_here.ipynb)
#
# You train the team that this course is about, watch it play, and refresh the Q-learning that it is built from.
#
# **Minutes:** 24, and 6 more for *Going further*
#
# **You need:** Python, a little PyTorch (what a module and a loss are), and the idea of a reward. Q-learning is repeated here.
#
# **After this lesson you can**
# - run a lesson, and know what each of its parts is for
# - train a QMIX team, play one of its episodes, and check it against the exact best return
# - read the notation of the course
# - write tabular Q-learning, and say what DQN adds to it

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

lesson.start("00")

# %% [markdown]
# ## Where this leads
#
# A lesson is a notebook. Run its cells from top to bottom: click a cell and press **Shift+Enter**. The cell above that
# begins with `# Set-up` always comes first. The outputs that stand here already were made by the authors; run the cells to make your own.

# %%
import random

import torch
from torch import nn

from qmix_course import data, exact, plots, touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld, Skirmish
from qmix_course.envs.skirmish_scripts import ScriptedTeam
from qmix_course.envs.skirmish_watch import watch
from qmix_course.evaluation import evaluate, play
from qmix_course.training import TrainConfig, train

# %% [markdown]
# Below are five soldiers (circles) against five enemies of the same kinds (diamonds). Each soldier is an agent: it sees what is
# near, and nobody gives orders. They were trained by QMIX, the method that this course builds, with one number as
# their only teacher: the reward of the *team*. Press play.

# %%
field = Skirmish("2s3z", num_envs=200)                 # 200 battles, each from other places
battles = watch(field, data.soldiers())
assert sum(battle.won for battle in battles) > 190
print("battles won of 200: more than 190")
for rule in ("random", "weakest"):
    others = watch(field, ScriptedTeam(field, rule))
    print(f"by the rule {rule!r}:", sum(battle.won for battle in others))
plots.animate_battle(battles[0], fps=6, title="Five soldiers who learned to fight as one")

# %% [markdown]
# A letter says which kind a soldier is: s shoots from afar, z has to come close. Bars are health, lines are
# shots. The last two lines of the output belong to simpler teams: one acts at random, one always attacks whoever is weakest. Do you see
# whom the trained team shoots at, and when? [Lesson 19](19_micromanagement.ipynb) counts what such a team has learned.
#
# ## The team you will build
#
# The task of the first part: two agents stand in opposite corners of a board, and each has to reach a goal
# of its own.

# %%
env = GridWorld(size=5)
env.reset(seed=0)
plots.board(env.positions[0], env.size, goals=env.goals,
            title="The start: each agent, and the goal of each")

# %% [markdown]
# The rules that matter today (lesson 02 has all of them):
#
# - Both agents move at the same time, one cell up, down, left or right.
# - After each step the *team* gets one reward. While someone is still under way it is $-0.05 - 0.1 \times$ the sum of both agents'
#   distances to their goals, and less if somebody bumps into something. A distance counts steps: rows plus columns.
# - When both stand on their goals, the reward is 10 and the episode ends. After 100 steps it stops anyway.
#
# The sum of an episode's rewards is its **return**.
#
# **Predict.** Each agent is 4 steps from its goal, and their paths do not cross. What is the best return? Add up the four
# rewards and write the sum in place of the three dots, then run the cell.

# %%
guess = ...  # one number: the sum of the four rewards

rewards = []
for step in range(1, 5):
    distance = 2 * (4 - step)                      # both agents are one step closer after each step
    rewards.append(10.0 if distance == 0 else -0.05 - 0.1 * distance)
best = exact.solve(env).best_return                # found by dynamic programming over all states
assert abs(sum(rewards) - best) < 1e-12
with lesson.prediction(guess, round(sum(rewards), 6)):
    print("rewards:", [round(r, 2) for r in rewards])
    print("the exact best return is the same")

# %% [markdown]
# That was a *Predict* question. Every lesson has some. The cell computes the answer, keeps it folded until you have guessed, and says how
# far off you were. Text that would give it away is folded too (*After your guess*). Being wrong is how you find out what
# you had not understood yet. If you leave the three dots, the notebook runs on.
#
# ### Before training
#
# A team starts with random weights. In one episode, each agent takes the action that its own network rates highest:

# %%
team = QMIX.for_env(env, seed=0)
before = evaluate(GridWorld(size=5), team)
print("solved:", bool(before.terminated[0]))
print("steps:", int(before.lengths[0]))

# %% [markdown]
# Now train it. This takes a few seconds and needs no GPU. `num_envs=32` means that the team
# plays on 32 boards at once. While it learns, each agent takes a random action with probability $\varepsilon$, which
# falls from 1 to a small number.

# %%
config = TrainConfig(seed=0)
history = train(GridWorld(size=5, num_envs=32), team, config)
plots.curves(history, "QMIX on the grid world, seed 0", best_return=best, window=3)

# %% [markdown]
# The *greedy return* is what the team gets when it plays without any random action, in an episode of its own, beside the training.
# The *exploring return* is what it gets while it also tries things out ([lesson 09](09_curves.ipynb)).
#
# ### After training

# %%
after = evaluate(GridWorld(size=5), team)
assert abs(after.mean_return - best) < 1e-9
print("solved:", bool(after.terminated[0]))
print("steps:", int(after.lengths[0]))
print("return:", round(after.mean_return, 2), "(the best there is)")

# %%
episode = play(GridWorld(size=5), team)
plots.film_strip(episode)

# %%
plots.animate(episode, fps=2)

# %% [markdown]
# **Touch it.** Now you are both agents. Can you earn 8.65 as well? Make the two of them bump into each other on purpose:
# what does that cost? The team that plays on when you ask it is not the trained one: it is perfect, computed exactly.

# %%
touch.play()

# %% [markdown]
# Nobody told agent 1 to go down and agent 2 to go up. They were given one reward for the two of them and found out the rest.
#
# Two honest remarks:
#
# - The team is optimal *from this start*. What about other starts? [Lesson 10](10_policy.ipynb) counts them.
# - This task is a good test that code works. It is no evidence that QMIX is better than simpler methods: [lesson 08](08_training.ipynb)
#   runs those beside it. You meet a task on which they can fail in [lesson 01](01_cooperation.ipynb).

# %% [markdown]
# ## How the course works
#
# From lesson 01 on, every lesson has the same parts in the same order:
#
# | heading | what happens there |
# |---|---|
# | The problem | something small that runs, and fails without the lesson's idea |
# | Build it | you build the piece in short steps; each is followed by a look at what it does |
# | The same as the library | your piece against the library's, given equal weights: equal to the last digits |
# | Break it | the idea is taken out, and you measure what happens |
# | Sum up | what you can do now, common misreadings, exercises, sources |
#
# What works well:
#
# - **Change things.** Every cell is yours. If you get lost, restart the kernel (*Kernel > Restart*; in Colab *Runtime >
#   Restart session*) and run all cells from the top.
# - **Compare outputs.** All random draws are seeded. The text that you see should be the text that is stored, on any machine.
# - **Do the exercises.** Each lesson has a notebook of them, in [exercises](../exercises/00_start_here.ipynb). `make lab` puts copies of
#   your own, of lessons and exercises, into `my/`. A check looks at every answer and knows the usual mistakes.
# - **In Colab**, save a copy to your Drive first (*File > Save a copy in Drive*); otherwise your changes are gone when you close it.
#   The plain CPU runtime is enough.
#
# The library is small and meant to be read. When you wonder what something does, look at it:

# %%
import inspect

print(inspect.getsource(QMIX))

# %% [markdown]
# The class only swaps one mixer for another. The lessons build the mixer, and what the class inherits.

# %% [markdown]
# ## The notation
#
# Each symbol means the same in every lesson. Come back here when one escapes you.
#
# | symbol | meaning | in the code |
# |---|---|---|
# | $i = 1, \dots, N$ | the agents: they are counted from 1 in words and from 0 in code, so agent 1 is `[0]` | `n_agents` |
# | $s$ | global state: everything about the situation, for training only | `state` |
# | $o_i$ | what agent $i$ observes | `obs` |
# | $\tau_i$ | agent $i$'s history: all that it has observed and done so far | |
# | $u_i$, $\mathbf{u} = (u_1, \dots, u_N)$ | agent $i$'s action, the joint action; an action is a label, 0 to A − 1, in words as in code | `actions` |
# | $r$ | the team's reward | `reward` |
# | $\gamma$ | discount factor: a reward one step later counts $\gamma$ times as much | `gamma` |
# | $\varepsilon$ | exploration rate: the probability of a random action | `epsilon` |
# | $\pi$ | a policy: how actions are chosen | |
# | $Q_i(o_i, u_i)$ | agent $i$'s **utility**: its own network's number for its own action | `agent_qs` |
# | $Q_{tot}(s, \mathbf{u})$ | the team's value, as the **mixer** makes it from the utilities | `q_tot` |
# | $Q^*$ | the exact best value, where we can compute it | `exact.solve(env).q` |
# | $\hat Q^*$, $\hat R$ | a hat marks an estimate: of $Q^*$ by a second, unrestricted network (lesson 13), of the return of each way to play (lesson 16) | `algorithm.central` |
# | $V(s)$ | a value of the state alone, a part of the mixer | |
# | $y$ | the TD target: the number that a value is pulled towards | `y` |
# | $\theta$, $\theta^-$ | weights of the online and of the target network | `algorithm`, `target` |
# | $s'$, $o'$, $u'$ | the next state, observation, action | |
#
# Arrays have named axes, always in this order; `obs[B, T, N, O]` tells you what each axis counts.
#
# | letter | counts | letter | counts |
# |---|---|---|---|
# | `B` | batch: environments or samples | `A` | actions |
# | `T` | time steps | `O` | numbers in an observation |
# | `N` | agents | `S` | numbers in the state |
# | `X` | all states of a task (from lesson 02) | `E` | hidden units of the mixer (lesson 05) |

# %%
spec = env.spec
print(f"N = {spec.n_agents}, A = {spec.n_actions}, O = {spec.obs_dim}, S = {spec.state_dim}")
first = GridWorld(size=5, num_envs=32).reset(seed=0)
print("obs[B, N, O]:", list(first.obs.shape))
print("state[B, S]:", list(first.state.shape))
print("reward[B]:", list(first.reward.shape),
      "(one number for the team, in each of the 32 environments)")

# %% [markdown]
# ## Q-learning on one page
#
# One agent, no team. A corridor has five cells, 0 to 4. The agent starts in cell 0 and walks left (action 0) or right (action 1).
# Walking left in cell 0 changes nothing. Reaching cell 4 pays 1 and ends the episode; all else pays 0.

# %%
GOAL, GAMMA = 4, 0.9


def corridor(cell, action):
    """The next cell, the reward, and whether the episode has ended."""
    cell = max(cell - 1, 0) if action == 0 else cell + 1
    return cell, float(cell == GOAL), cell == GOAL


print("right from cell 3:", corridor(3, 1))
print("left from cell 0:", corridor(0, 0))

# %% [markdown]
# $Q^*(s, u)$ is the discounted return of taking action $u$ in state $s$ and then acting as well as possible. It obeys the
# Bellman equation: a value is the reward plus $\gamma$ times the best value of what comes next,
#
# $$Q^*(s, u) = r + \gamma \max_{u'} Q^*(s', u'),$$
#
# and just $r$ if the episode ends there. (In a world with chance, the right side is
# the average over what may follow.) Here $\gamma = 0.9$, so that the numbers differ visibly; the rest of the course uses 0.99.
#
# **Predict.** What is $Q^*$ of walking right in cell 3? In cell 0? And of walking left in cell 0? (You may write `0.9 ** 2`.)

# %%
guess = ...  # three numbers, as in [1, 2, 3]: right in cell 3, right in 0, left in 0

exact_q = torch.zeros(GOAL, 2)
for sweep in range(100):                        # apply the equation until nothing changes
    for cell in range(GOAL):
        for action in range(2):
            new, reward, ended = corridor(cell, action)
            exact_q[cell, action] = reward + (0.0 if ended else GAMMA * float(exact_q[new].max()))
assert abs(float(exact_q[0, 1]) - GAMMA ** 3) < 1e-12
with lesson.prediction(guess, [exact_q[3, 1], exact_q[0, 1], exact_q[0, 0]]):
    print("right in cell 0 is the reward 1, three steps later: 0.9 ** 3")


# %% [markdown]
# That needed the rules. **Q-learning** (Watkins and Dayan, 1992) needs only experience. It keeps a table of guesses. Each step gives
# a **target** $y$, the right side of the equation with the guesses in it, and one entry moves a little towards it:
#
# $$y = r + \gamma \max_{u'} Q(s', u'), \qquad Q(s, u) \leftarrow Q(s, u) + \eta\,\bigl(y - Q(s, u)\bigr).$$
#
# $\eta$ is the learning rate, and $y - Q(s,u)$ is called the TD error (TD: temporal difference).

# %%
def q_learning(episodes, rate=0.5, seed=0):
    """Learn a table q[cell][action] from random walks;
    also the value of 'right in cell 0' after each episode."""
    dice, q, course = random.Random(seed), [[0.0, 0.0] for _ in range(GOAL)], []
    for _ in range(episodes):
        cell, ended = 0, False
        while not ended:
            action = dice.randrange(2)                         # explores all the time: epsilon is 1
            new, reward, ended = corridor(cell, action)
            y = reward + (0.0 if ended else GAMMA * max(q[new]))
            q[cell][action] += rate * (y - q[cell][action])
            cell = new
        course.append(q[0][1])
    return torch.tensor(q), course


q, course = q_learning(episodes=100)
assert (q - exact_q).abs().max() < 1e-6
print("the learned table equals the exact one, to six digits")

# %%
figure, axes = plots.panels(1, 2, size=(10, 3.2))
plots.table(q.T, ["left", "right"], [str(c) for c in range(GOAL)],
            "The learned table, the better action framed",
            highlight=[(1, c) for c in range(GOAL)], ax=axes[0], ylabel="action", xlabel="cell")
plots.lines(range(1, 31), {"learned": course[:30], "exact": [GAMMA ** 3] * 30},
            "The value of walking right in cell 0", "episodes", "value", ax=axes[1])
figure

# %% [markdown]
# The agent *played* at random the whole time, and still learned the values of playing *well*: the $\max$ in
# the target asks what the best next action is worth, not what was played. Such a method is called **off-policy**. It may learn from
# old experience, and even from someone else's.
#
# *Greedy* play takes the action with the larger value. While it learns, an agent must keep trying the
# others. The usual compromise is **$\varepsilon$-greedy**: with probability $\varepsilon$ a random action, otherwise the greedy one.
#
# ### A first check
#
# Replace the `...` below: return the target $y$ of one step, with $\gamma = 0.9$. `next_values` is a list with the values of all
# next actions.

# %%
from qmix_course.checks import check


def one_step_target(reward, next_values, terminated):
    """The target y of one step."""
    return ...


check("00.1", one_step_target)

# %% [markdown]
# Until you have written something, the verdict is *not attempted*. Now get it wrong on purpose: this is what happens to somebody who
# forgets that an episode can end. (The lines below a verdict can be unfolded:
# hints, and once you are right a reference solution.)

# %%
check("00.1", lambda reward, next_values, terminated: reward + 0.9 * max(next_values))

# %% [markdown]
# ## What DQN adds
#
# A table has a row for each state. The board has 600 placements of two agents, which is fine; a camera image would not be. **DQN**
# (Mnih et al., 2015) puts a neural network in the table's place, and two things beside it that keep the learning stable:
#
# 1. **A network.** $Q(s, u; \theta)$ with weights $\theta$. In place of moving an entry, take a gradient step on the squared TD error
#    $(y - Q(s, u; \theta))^2$, with $y$ held fixed. ([Lesson 03](03_agents.ipynb))
# 2. **A replay memory.** Keep past transitions $(s, u, r, s')$ and learn from random samples of them. Neighbouring steps
#    of one episode look alike; a random sample mixes them. ([Lesson 06](06_replay_and_targets.ipynb))
# 3. **A target network.** Compute $y$ with an older copy of the weights, $\theta^-$, so that the target does not run away from the value that
#    chases it. ([Lesson 06](06_replay_and_targets.ipynb))
#
# (*Going further* builds all three, for the corridor, and lists the lessons.) QMIX keeps all three parts and adds the question that is
# new: *whose* action was it that earned the reward? [Lesson 01](01_cooperation.ipynb) begins there.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Run a lesson.
# - Train a team with three lines: `GridWorld`, `QMIX.for_env`, `train`. Play it with `play`, and judge it with `evaluate` and `exact.solve`.
# - Write Q-learning from its equation, and say what the three parts of DQN are for.
#
# ### Common misreadings
#
# - *"The agents share one brain."* They are trained together, but each acts from its own observation. Lesson 03 proves it.
# - *"A learner that plays at random learns nothing good."* In the corridor it learned the optimal table. With several learners that
#   each learn alone it can go wrong: lesson 01.
# - *"The target is a label."* In supervised learning the label is given. Here $y$ contains the learner's own guess about the next state.
# - *"The greedy return reached its best, so the values are right."* A policy needs the right order of the actions only (lesson 09).
#
# ### Exercises
#
# [exercises/00_start_here.ipynb](../exercises/00_start_here.ipynb) shows how the exercises of the course work, with the check above as the one to
# try. `make lab` puts a copy of your own in `my/`.
#
# - 00.1 The target of one step
#
# Further, without a check:
#
# 1. *(easy)* Start the trained team elsewhere: `play(GridWorld(size=5), team, positions=torch.tensor([[[2, 2], [2, 3]]]))`. Watch it with
#    `plots.film_strip`. You are right if the first board shows the agents in the middle row. Does the team still solve it? No episode of
#    its training began there, so either answer is possible.
# 2. *(easy)* In the corridor, set the learning rate to 1, `rate=1.0`. Do you still get the exact table? You are right if you can say why this works here and would not
#    if the corridor moved you at random now and then.
# 3. *(medium)* Let every step of the corridor pay $-1$, also the one into the goal, with $\gamma = 1$. Predict the table first. You are right if
#    "right" in cell $c$ is worth $c - 4$.
# 4. *(medium)* Take the target network out of the DQN loop in *Going further*: compute `next_value` with `online`. You are right if your cell still runs and you
#    report what you saw honestly; on a task this small it may well do no harm. Lesson 06 measures where it does.
#
# ### Sources
#
# - C. J. C. H. Watkins and P. Dayan (1992), *Q-learning*, Machine Learning 8.
# - V. Mnih et al. (2015), *Human-level control through deep reinforcement learning*, Nature 518.
# - T. Rashid, M. Samvelyan, C. Schroeder de Witt, G. Farquhar, J. Foerster and S. Whiteson (2018), *QMIX: Monotonic Value Function
#   Factorisation for Deep Multi-Agent Reinforcement Learning*, ICML.

# %% [markdown]
# ## Going further
#
# For those who want to know what comes, or to see DQN at work before lesson 06 builds its parts for a team.
#
# ### Where the course goes
#
# | lesson | what you build |
# |---|---|
# | [01 Cooperation and credit assignment](01_cooperation.ipynb) | independent learners, and why they settle for less |
# | [02 The environment](02_environment.ipynb) | the grid world, rule by rule |
# | [03 Agent networks and decentralised exploration](03_agents.ipynb) | the networks $Q_i$, and how agents explore on their own |
# | [04 Factorisation, monotonicity and IGM](04_factorisation.ipynb) | $Q_{tot}$ from utilities, VDN, and QMIX's idea |
# | [05 The mixer and its hypernetworks](05_mixer.ipynb) | the mixing network |
# | [06 Replay and target networks](06_replay_and_targets.ipynb) | the memory and the slow copy, for a team |
# | [07 The update step](07_update_step.ipynb) | the loss on $Q_{tot}$, and the gradient's way to each agent |
# | [08 Training](08_training.ipynb) | the loop, its settings, and simpler methods beside it |
# | [09 Reading the curves](09_curves.ipynb) | what curves say, and what they hide |
# | [10 Judging the policy](10_policy.ipynb) | tests of the finished team |
#
# Part II goes past the limit of QMIX's mixer: memory, and the methods that came after.
#
# ### DQN on the corridor
#
# First the memory: 500 random steps.

# %%
dice, memory, cell = random.Random(0), [], 0
for _ in range(500):
    action = dice.randrange(2)
    new, reward, ended = corridor(cell, action)
    # after an end the next cell is never looked at
    memory.append((cell, action, reward, new % GOAL, ended))
    cell = 0 if ended else new
cells, actions, rewards, next_cells, ends = (torch.tensor(column) for column in zip(*memory))
print("steps kept:", len(memory))
assert (2 * cells + actions).bincount().min() > 20
print("each pair of cell and action was seen more than 20 times")

# %% [markdown]
# Then the network, its older copy, and the update. A cell goes in as a one-hot vector: all 0 but for a 1 at its own place.

# %%
torch.manual_seed(0)
online = nn.Sequential(nn.Linear(GOAL, 32), nn.ReLU(), nn.Linear(32, 2))
target = nn.Sequential(nn.Linear(GOAL, 32), nn.ReLU(), nn.Linear(32, 2))
target.load_state_dict(online.state_dict())
optimiser = torch.optim.Adam(online.parameters(), lr=5e-3)
one_hot = torch.eye(GOAL)

for update in range(800):
    sample = torch.randint(len(memory), (64,))                            # replay: a random sample
    with torch.no_grad():                                                 # the target is held fixed
        next_value = target(one_hot[next_cells[sample]]).amax(1)          # by the older weights
        y = rewards[sample] + GAMMA * torch.where(ends[sample], 0.0, next_value)
    value = online(one_hot[cells[sample]]).gather(1, actions[sample].unsqueeze(1)).squeeze(1)
    loss = ((y - value) ** 2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if update % 40 == 39:
        target.load_state_dict(online.state_dict())                       # a new copy now and then

# %%
learned = online(one_hot).detach()
assert (learned - exact_q).abs().max() < 0.02
print("the largest error is below 0.02")
print("greedy action in cells 0 to 3:", ["left", "right"][int(learned[0].argmax())],
      learned.argmax(1).tolist())

# %% [markdown]
# If you can follow that loop, you know the single-agent half of this course.
