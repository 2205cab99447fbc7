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
# # Lesson 01 · Cooperation and credit assignment
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/01_cooperation.ipynb)
#
# You see two learners who each do the sensible thing and together settle for 7 where 8 was there, and you find out why.
#
# **Minutes:** 33, and 10 more for *Going further*
#
# **You need:** lesson 00 (Q-learning, the notation).
#
# **After this lesson you can**
# - describe a cooperative task with the words Dec-POMDP, joint action, team reward, and centralised training
# - count the joint actions of a team, and say what follows
# - write independent Q-learning, and predict by hand what it learns on a small game
# - show that a partner who learns makes one's own targets move
# - explain the credit assignment problem, and name QMIX's parts at a glance

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

lesson.start("01")

# %%
import itertools
import random
from dataclasses import replace

import torch

from qmix_course import exact, plots
from qmix_course.algorithms import IQL
from qmix_course.envs import PAYOFFS, MatrixGame, TwoStepGame, penalty
from qmix_course.evaluation import evaluate
from qmix_course.replay import Batch
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# In **cooperative multi-agent reinforcement learning** several agents act at the same time and get *one* reward, the team's.
# There is nobody to outwit; still, it is hard.
#
# Take the **two-step game** of the QMIX paper (Rashid et al., 2018). Two agents choose twice between action 0 and
# action 1. In the first step only agent 1's choice matters: 0 leads to state 2A, 1 leads to state 2B. No reward yet. In the second
# step the team is paid: in 2A always 7, in 2B according to what *both* do. (Agent 1 has index 0 in code, agent 2 index 1.)

# %%
env = TwoStepGame()
START, STATE_2A, STATE_2B = 0, 1, 2
payoff = env.model().reward                          # [state, action of agent 1, action of agent 2]
plots.tables({"state 2A": payoff[STATE_2A], "state 2B": payoff[STATE_2B]},
             title="The second step of the two-step game", highlight=[None, "max"], fmt="{:.0f}")

# %% [markdown]
# The best plan is plain: agent 1 goes to 2B, and there both play 1. With discount factor $\gamma = 0.99$,
# the first step of each plan is worth $0.99$ times what the second step pays.

# %%
GAMMA = 0.99
optimum = exact.solve(env, gamma=GAMMA)
print("best return:", optimum.best_return)
print("first step to 2A, then the best: ", round(float(optimum.q[START, 0].max()), 3))
print("first step to 2B, then the best: ", round(float(optimum.q[START, 1].max()), 3))

# %% [markdown]
# Now put yourself in agent 1's place. You know your own actions only. Your partner has played 0 and 1
# equally often, and you rate each action by what it paid *on average*. In 2B, action 0 pays $(0 + 1)/2 = 0.5$ and action 1 pays $(1 + 8)/2 = 4.5$. So 2B looks worth 4.5 to you, and 2A is
# worth 7. One step earlier: $0.99 \cdot 4.5 = 4.455$ against $0.99 \cdot 7 = 6.93$. You go to 2A.

# %%
average = payoff.mean(2)                         # over agent 2's action: [state, action of agent 1]
value_2a, value_2b = (float(GAMMA * average[s].max()) for s in (STATE_2A, STATE_2B))
print("agent 1's averages in 2B:", average[STATE_2B].tolist())
print(f"first step: to 2A {value_2a:.3f}, to 2B {value_2b:.3f}")

first = int(value_2b > value_2a)
step = env.reset(seed=0)
assert (step.obs == step.state).all()            # each agent sees the whole state
step = env.step(torch.tensor([[first, 0]]))      # agent 2's first action does nothing
step = env.step(torch.tensor([[1, 1]]))          # in 2A any action pays the same
print("the team gets", float(step.reward), "of", optimum.best_return)

# %% [markdown]
# Each average is exactly right. The team still gets 7, since *an average over the partner's exploration is not
# the value of what the team could do*. That sentence is why the rest of the course exists.

# %% [markdown]
# ## Build it
#
# ### A team in symbols
#
# The setting has a name, **Dec-POMDP**: decentralised partially observable Markov decision process (Bernstein et al., 2000). It is
# an MDP that several agents steer together, and none of them may see all of it.
#
# | piece | meaning | in the library |
# |---|---|---|
# | $i = 1, \dots, N$ | the agents | `spec.n_agents` |
# | $s$ | the global state | `step.state` |
# | $o_i$ | what agent $i$ observes of it | `step.obs[:, i]` |
# | $u_i$, $\mathbf{u} = (u_1, \dots, u_N)$ | agent $i$'s action, the **joint action** | `actions` |
# | $P(s' \mid s, \mathbf{u})$ | how the next state comes about: from the *joint* action | `env.step(actions)` |
# | $r(s, \mathbf{u})$ | one reward for the whole team | `step.reward` |
# | $\gamma$ | the discount factor | `gamma` |
#
# Agent $i$ chooses $u_i$ from what *it* has observed. It does not see the others' observations, nor what they are about to do. What all
# want to be large is the same: the expected discounted sum of team rewards. In the two-step game nothing is hidden: both agents observe
# the state. What remains is the *Dec*: each picks its action alone. That suffices for all the trouble in this lesson.
#
# ### One learner for the whole team
#
# Why not treat the team as a single agent whose action is the joint action? Then lesson 00's Q-learning applies
# unchanged. First the rules of the game, as plain lists:

# %%
model = env.model()
NEXT, REWARD, ENDED = model.next_state.tolist(), model.reward.tolist(), model.terminated.tolist()


def rules(state, u):
    """What the joint action u = (u_1, u_2) does: the next state, the team reward,
    and whether the episode has ended."""
    return tuple(table[state][u[0]][u[1]] for table in (NEXT, REWARD, ENDED))


print("first step, (1, 0):", rules(START, (1, 0)))
print("2B, (1, 1):", rules(STATE_2B, (1, 1)))

# %%
JOINT = list(itertools.product(range(2), repeat=2))      # (0, 0), (0, 1), (1, 0), (1, 1)
dice = random.Random(0)
team_q = [{u: 0.0 for u in JOINT} for _ in range(3)]     # one entry for each state and joint action
for episode in range(200):
    state, ended = START, False
    while not ended:
        u = dice.choice(JOINT)
        new, reward, ended = rules(state, u)
        y = reward + (0.0 if ended else GAMMA * max(team_q[new].values()))
        # nothing is random here but the actions: learning rate 1
        team_q[state][u] = y
        state = new
learned = torch.tensor([[team_q[s][u] for u in JOINT] for s in range(3)])
assert torch.allclose(learned, optimum.q.flatten(1), atol=1e-12)
print("the joint table equals the exact solution")
print("first joint action:", max(JOINT, key=team_q[START].get)[0],
      "(agent 1), in 2B:", max(JOINT, key=team_q[STATE_2B].get))

# %% [markdown]
# This play was all random too, and 8 is found, because a joint table keeps $(1, 0)$ and $(1, 1)$ apart where agent 1's own average
# had thrown them together. Two things are wrong with it. To read off an agent's part, somebody has to see the whole
# state at every step; in most tasks nobody does. And the table is wide.
#
# ### The joint actions, counted
#
# With $N$ agents and $A$ actions each there are $A^N$ joint actions, and every $\max$ runs over all of them.
#
# **Predict.** Ten agents with four actions each. How many joint actions? And how many numbers if each agent had a table row of its own?

# %%
guess = ...  # two numbers, as in [100, 20]: joint actions, numbers in the ten rows together

joint, separate = 4 ** 10, 10 * 4
assert joint == sum(1 for _ in itertools.product(range(4), repeat=10))
with lesson.prediction(guess, [joint, separate]):
    print(f"joint actions: {joint:,}")
    print(f"with 20 agents: {4 ** 20:,} joint actions, "
          f"and {8 * 4 ** 20 / 1e12:.1f} terabytes for one row in float64")


# %% [markdown]
# Choosing separately costs $N \cdot A$. (*Going further* draws both.)
#
# ### Independent Q-learning
#
# **Independent Q-learning**, IQL (Tan, 1993): every agent runs Q-learning of its own, on its own observations and actions, and takes the
# others for a part of the world. Agent $i$'s target is
#
# $$y_i = r + \gamma \max_{u'_i} Q_i(o'_i, u'_i),$$
#
# with the *team's* $r$ and its *own* maximum. In code it is lesson 00 with a loop over the agents.

# %%
def iql(episodes, epsilon, rate, seed):
    """Tabular IQL. Returns q[agent][state][action],
    and every target of agent 1 for action 1 in 2B, as (episode, y).

    epsilon(episode): the exploration rate;
    rate(visits): the step size after so many visits of an entry.
    """
    dice = random.Random(seed)
    q = [[[0.0, 0.0] for _ in range(3)] for _ in range(2)]
    visits = [[[0, 0] for _ in range(3)] for _ in range(2)]
    targets = []
    for episode in range(episodes):
        state, ended = START, False
        while not ended:
            best = [int(q[i][state][1] > q[i][state][0]) for i in range(2)]
            u = [dice.randrange(2) if dice.random() < epsilon(episode) else best[i]
                 for i in range(2)]
            new, reward, ended = rules(state, u)
            for i in range(2):
                y = reward + (0.0 if ended else GAMMA * max(q[i][new]))
                visits[i][state][u[i]] += 1
                q[i][state][u[i]] += rate(visits[i][state][u[i]]) * (y - q[i][state][u[i]])
                if (i, state, u[i]) == (0, STATE_2B, 1):
                    targets.append((episode, y))
            state = new
    return q, targets


# %% [markdown]
# Let both play at random all the time ($\varepsilon = 1$), with step size 1/visits, so that every entry is the plain average of its targets.
#
# **Predict.** Agent 1's two entries in the first state are the ones of the problem, 6.93 and 4.455, and it goes to 2A half of the time while it learns. Agent 2's first action does nothing. What
# does agent 2 learn for its two entries in the first state? (Both come out the same.)

# %%
guess = ...  # one number, to two decimals: agent 2's value of each first action

always_random, averaging = (lambda episode: 1.0), (lambda visits: 1 / visits)
q, _ = iql(20_000, always_random, averaging, seed=0)

two_b = payoff[STATE_2B]
expected = torch.tensor([                                      # [agent, action] in the first state
    [GAMMA * 7, GAMMA * float(two_b.mean(1).max())],
    [GAMMA * (7 + float(two_b.mean(0).max())) / 2] * 2])       # agent 1 goes to 2A half of the time
assert (torch.tensor([q[0][START], q[1][START]]) - expected).abs().max() < 0.1
with lesson.prediction(guess, expected[1, 0]):
    for i in range(2):
        print(f"agent {i + 1}, first state, by hand:", [round(v, 2) for v in expected[i].tolist()])
    print("the learned values are within 0.1 of these")
    print("agent 1's first choice:", ["2A", "2B"][int(q[0][START][1] > q[0][START][0])])

# %% [markdown]
# Agent 2's numbers in the first state report what *agent 1* does there. And agent 1's entry for 2B is a
# well-measured average that points the wrong way.
#
# ### The ground moves
#
# The average depends on the partner. Let agent 2 play 1 in 2B with probability $p$. Then agent 1's action 1 there pays on average
# $(1 - p) \cdot 1 + p \cdot 8 = 1 + 7p$. With $p = 1/2$ that is 4.5. But agent 2 is learning too: its own averages in 2B are
# 0.5 and 4.5, so it comes to prefer 1, and as it explores less, $p$ rises.
#
# **Predict.** From which $p$ on does 2B look better than the 7 of 2A? If agent 2 prefers 1 and plays a random action with probability
# $\varepsilon$, then $p = 1 - \varepsilon/2$. From which $\varepsilon$ on?

# %%
guess = ...  # two numbers, as in [1 / 3, 0.5]: the p, the epsilon

p = (7 - 1) / 7                                                  # 1 + 7p = 7
epsilon_limit = 2 * (1 - p)
assert abs((1 - p) * float(two_b[1, 0]) + p * float(two_b[1, 1]) - 7) < 1e-12
with lesson.prediction(guess, [p, epsilon_limit]):
    print("2B looks better once p is above 6/7, that is once epsilon is below 2/7")

# %% [markdown]
# So the *same* entry of agent 1's table, for the same observation and the same action, is pulled towards other targets at
# other times. Watch it, as $\varepsilon$ falls from 1 to 0.05.

# %%
DECAY = 5000


def falling(episode, over=DECAY):
    """Exploration rate: from 1 to 0.05 on a straight line."""
    return max(0.05, 1 - 0.95 * episode / over)


q, targets = iql(int(1.5 * DECAY), falling, lambda visits: 0.1, seed=0)
early = [y for _, y in targets[:200]]
late = [y for _, y in targets[-200:]]
print("agent 1, state 2B, action 1: mean of the first 200 targets", round(sum(early) / 200, 1))
print("the same entry:              mean of the last 200 targets ", round(sum(late) / 200, 1))

# %%
edges = list(range(0, int(1.5 * DECAY) + 1, 250))
blocks = [[y for e, y in targets if a <= e < b] for a, b in zip(edges, edges[1:])]
middles = [(a + b) / 2 for a, b in zip(edges, edges[1:])]
plots.lines(middles, {
    "mean target, measured in blocks of 250 episodes":
        [sum(block) / len(block) for block in blocks],
    "$1 + 7p$, if agent 2 prefers action 1": [1 + 7 * (1 - falling(m) / 2) for m in middles],
    "what 2A pays": [7.0] * len(middles),
}, "Agent 1's target for action 1 in 2B, while both agents learn", "episodes", "target")

# %% [markdown]
# (The measured line is ragged: while agent 1 prefers 2A it seldom sees 2B, and a block holds few targets.)
#
# Nothing about the *game* changed. What changed is the other agent, and for an independent learner the other agent *is* part of the
# world. This is **non-stationarity**. The proof that Q-learning converges (Watkins and Dayan, 1992) is about a Markov world with
# fixed probabilities. Agent 1 does not live in one: an old transition tells about an old partner. (*Going further* measures what it
# costs to average over all of the past.)
#
# ### Whose doing was it?
#
# Suppose that in 2B the agents played $(0, 1)$ and the team got 1. Independent learners both write down 1. To see what each
# one *did* to that number, compare it with what its other action would have brought, and with
# the mean over both (the partner's held fixed):

# %%
u = (0, 1)
got = float(two_b[u])
for i in range(2):
    # [2]: agent i's two actions, the partner's fixed
    own = two_b[:, u[1]] if i == 0 else two_b[u[0]]
    print(f"agent {i + 1} played {u[i]}: the team got {got:.0f}, "
          f"its other action would have brought {own[1 - u[i]]:.0f}")
    print(f"         against the mean over its own actions: {got - own.mean():+.1f}")

# %% [markdown]
# One reward, opposite verdicts: agent 1 spoiled it, agent 2 did well. This is the **credit assignment** problem of a team: from one number,
# find out whose action did what. (To compare with the mean over one's own actions is the idea of a counterfactual baseline, which
# Foerster et al., 2018, use in COMA; there the mean is under the agent's own policy. It needs the joint values that
# IQL does not have.) The more agents, the smaller a part of the reward is one's own doing. (*Going further* measures it.)
#
# ### Train together, act apart
#
# The joint learner knows the team's value, and agents that see only a part of the
# state cannot run it. The independent ones act apart and know only averages. There is a way between, because *training* and *acting* need not obey the same rules.
# In a simulator everything can be recorded: the global state, all observations, all actions. Only when the team acts
# must each agent make do with its own observation. This is **centralised training with decentralised execution**, CTDE.
#
# QMIX (Rashid et al., 2018) uses the freedom like this. Each agent has a network that gives a **utility** $Q_i(o_i, u_i)$ for each of
# its actions. A **mixer** turns the utilities of the chosen actions into one value for the team, $Q_{tot}(s, \mathbf{u})$, and that one
# is trained by Q-learning on the team reward. The mixer's weights come from small networks that read the global state
# (**hypernetworks**), and the weights on the utilities are never negative. With activations that only rise,
# raising one agent's utility never lowers $Q_{tot}$. So each agent can pick its own best action alone, and the team gets a joint action
# that $Q_{tot}$ rates best. After training the mixer is not needed any more.

# %%
plots.architecture()


# %% [markdown]
# | part | what it is for | lesson |
# |---|---|---|
# | agent networks | from an observation to utilities; all that is needed to act | [03](03_agents.ipynb) |
# | mixer, never negative | one team value that separate choices still maximise | [04](04_factorisation.ipynb), [05](05_mixer.ipynb) |
# | hypernetworks | let the mixer depend on the state | [05](05_mixer.ipynb) |
# | replay and target networks | stable learning from stored experience | [06](06_replay_and_targets.ipynb) |
# | TD loss on $Q_{tot}$ | one error for the team; its gradient reaches every agent | [07](07_update_step.ipynb) |

# %% [markdown]
# ## The same as the library
#
# The library's IQL has networks in place of tables and learns from batches. The target is yours. Compare the loss: all four joint actions, in
# both steps, with the online network from one seed and the target network from another. `transitions` only lays side by side what the
# library's replay memory holds; what each field is for, [lesson 06](06_replay_and_targets.ipynb) says.

# %%
def transitions(before, actions, after):
    """Replay rows of one step each, as the library stores them."""
    rows, n_agents = actions.shape
    return Batch(
        obs=torch.stack([before.obs, after.obs], 1),
        state=torch.stack([before.state, after.state], 1),
        available=torch.stack([before.available, after.available], 1), actions=actions.unsqueeze(1),
        last_actions=torch.full((rows, 2, n_agents), -1), reward=after.reward.unsqueeze(1),
        terminated=after.terminated.unsqueeze(1), mask=torch.ones(rows, 1))


four = TwoStepGame(num_envs=4)
actions = torch.tensor(JOINT)
start = four.reset(seed=0)
middle = four.step(actions)
end = four.step(actions)
batches = [transitions(start, actions, middle), transitions(middle, actions, end)]

# %%
online, target = IQL.for_env(four, seed=0, gamma=GAMMA), IQL.for_env(four, seed=1, gamma=GAMMA)
for before, after, batch in ((start, middle, batches[0]), (middle, end, batches[1])):
    no_last = torch.full((4, 2), -1)
    q_now, q_next = (online.act_values(before.obs, no_last)[0],
                     target.act_values(after.obs, no_last)[0])  # [B, N, A]
    errors = []
    for row in range(4):
        for i in range(2):
            y = after.reward[row] + (0.0 if after.terminated[row] else GAMMA * q_next[row, i].max())
            errors.append((q_now[row, i, actions[row, i]] - y) ** 2)
    by_hand = torch.stack(errors).mean()
    assert abs(by_hand - online.loss(batch, target)) < 1e-12
print("the loss by hand and the library's IQL.loss agree to 1e-12, in both steps")


# %% [markdown]
# ## Break it
#
# The number 4.455 came from the partner's dice. Take the dice away, slowly or fast: tabular
# IQL with 20 seeds for each way of exploring, step size 0.1, played greedily at the end.

# %%
def greedy_return(q):
    """Play the tables greedily: each agent its own best action."""
    state, ended, total = START, False, 0.0
    while not ended:
        u = [int(q[i][state][1] > q[i][state][0]) for i in range(2)]
        state, reward, ended = rules(state, u)
        total += reward
    return total


ways = {
    "always random": (2000, always_random),
    "falling over 500 episodes": (750, lambda e: falling(e, over=500)),
    "falling over 5000 episodes": (7500, falling),
}
outcome = {name: [greedy_return(iql(n, eps, lambda visits: 0.1, seed)[0]) for seed in range(20)]
           for name, (n, eps) in ways.items()}
for name, values in outcome.items():
    print(f"{name}: 8 in {values.count(8.0)} of 20 seeds, 7 in {values.count(7.0)}")

# %% [markdown]
# With exploration that falls *slowly*, independent learners do find 8 here: agent 2 settles on 1, $\varepsilon$
# drops below 2/7, and the value of 2B crosses 7, as in the figure of *The ground moves*. When it falls *fast*, the outcome depends on the dice. As
# long as agent 1 prefers 2A, it visits 2B by a random action only, with probability $\varepsilon/2$. How many visits are left once 2B has become good?

# %%
for name in list(ways)[1:]:
    episodes, epsilon = ways[name]
    left = sum(epsilon(e) / 2 for e in range(episodes) if epsilon(e) < epsilon_limit)
    print(f"{name}: about {left:.0f} visits to 2B left after epsilon falls below 2/7")

# %% [markdown]
# So IQL's answer is about the game *and the way it was explored*. The exact values do not depend on that, and
# the joint table found them from all-random data.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Name the pieces of a Dec-POMDP, and say what CTDE allows: anything while training, own observations only while acting.
# - Count joint actions, $A^N$, against own actions, $N \cdot A$.
# - Write IQL, and predict its values under random data.
# - Show a moving target, and name its cause: the partner's policy.
# - Tell what one team reward says about one agent's action, which is little.
#
# ### Common misreadings
#
# - *"IQL fails because its networks are too small, or trained too briefly."* The table with exact averages fails the same way.
# - *"IQL always fails."* It found 8 when exploration fell slowly, and on the grid world it does well (lesson 08). Nothing guarantees that it does.
# - *"Non-stationary means that the environment changes."* Here the environment is fixed. One agent's view of it changes, since the others are in it.
# - *"One reward for all means equal blame for all."* It means equal *information*. The blame was $-3.5$ and $+0.5$.
# - *"Centralised training means a central controller."* The centre is gone when the team acts.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/01_cooperation.ipynb](../exercises/01_cooperation.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 01.1 From which payoff on
# - 01.2 The number of a joint action
# - 01.3 What an independent learner comes to believe
# - 01.4 One step of independent Q-learning
# - 01.5 Whose doing was it?
# - 01.6 What independence costs
# - 01.7 Find the bug: Nobody's doing
#
# Further, without a check:
#
# 1. *(medium)* Replace agent 2 by a partner who always plays 1 in 2B. You are right if agent 1 alone, with $\varepsilon = 1$ for itself, learns
#    $0.99 \cdot 8 = 7.92$ for its first action 1 and goes to 2B. What does this say about where the fault lies?
# 2. *(harder)* Give the joint learner three agents: the third one's action does nothing. You are right if its table has twice as many entries, still
#    finds 8, and you can say what the doubling bought.
#
# ### Sources
#
# - T. Rashid, M. Samvelyan, C. Schroeder de Witt, G. Farquhar, J. Foerster and S. Whiteson (2018), *QMIX: Monotonic Value Function
#   Factorisation for Deep Multi-Agent Reinforcement Learning*, ICML. The two-step game is in its section 5.
# - M. Tan (1993), *Multi-Agent Reinforcement Learning: Independent vs. Cooperative Agents*, ICML.
# - D. S. Bernstein, S. Zilberstein and N. Immerman (2000), *The Complexity of Decentralized Control of Markov Decision Processes*, UAI.
# - C. Claus and C. Boutilier (1998), *The Dynamics of Reinforcement Learning in Cooperative Multiagent Systems*, AAAI.
# - C. J. C. H. Watkins and P. Dayan (1992), *Q-learning*, Machine Learning 8.
# - J. Foerster, G. Farquhar, T. Afouras, N. Nardelli and S. Whiteson (2018), *Counterfactual Multi-Agent Policy Gradients*, AAAI.
# - V. Davydov, A. Skrynnik, K. Yakovlev and A. Panov (2021), *Q-Mixing Network for Multi-Agent Pathfinding in Partially Observable Grid
#   Environments*, RCAI.
# - G. Papoudakis, F. Christianos, L. Schäfer and S. V. Albrecht (2021), *Benchmarking Multi-Agent Deep Reinforcement Learning Algorithms in
#   Cooperative Tasks*, NeurIPS Datasets and Benchmarks.

# %% [markdown]
# ## Going further
#
# For those who want to see how small a part of the reward is one's own doing, the joint actions drawn, where QMIX is used, and the lesson once more with networks, with another step size, and in other games.
#
# ### The larger the team
#
# Let $N$ agents each choose 0 or 1 at random, and pay the team the number of ones. Each agent's
# own part is 0 or 1; all the rest of the reward is noise to it.
#
# **Predict.** What share of the reward's variance comes from your own action, with 2 agents? With 10?

# %%
guess = ...  # two shares from 0 to 1, as in [0.9, 0.3]: with 2 agents, with 10


def own_share(n_agents):
    """The share of the team reward's variance that agent 1's own action explains,
    by listing all joint actions."""
    actions = torch.cartesian_prod(*[torch.arange(2.0)] * n_agents).view(-1, n_agents)    # [2^N, N]
    reward = actions.sum(1)
    # what agent 1 can expect
    mean_of = torch.stack([reward[actions[:, 0] == a].mean() for a in range(2)])
    return float(mean_of.var(correction=0) / reward.var(correction=0))


shares = {n: own_share(n) for n in range(1, 13)}
assert all(abs(share - 1 / n) < 1e-12 for n, share in shares.items())
with lesson.prediction(guess, [shares[2], shares[10]]) as fold:
    print("in general 1/N")
    fold.append(plots.lines(list(shares), {"explained by my own action": list(shares.values()),
                                           "the others": [1 - share for share in shares.values()]},
                            "Where the variance of the team reward comes from",
                            "agents $N$", "share of the variance", markers=True))

# %% [markdown]
# ### The joint actions, drawn

# %%
team_sizes = list(range(1, 21))
figure = plots.lines(team_sizes, {"joint actions, $4^N$": [4 ** n for n in team_sizes],
                                  "own actions, $4N$": [4 * n for n in team_sizes]},
                     "Four actions each: what has to be compared in one state",
                     "agents $N$", "numbers (log scale)", log=True)
figure.axes[0].set_xticks([1, 5, 10, 15, 20])
figure

# %% [markdown]
# The upper line is straight on a log scale: each further agent multiplies by four.
#
# ### Where QMIX is used
#
# QMIX was introduced on StarCraft II micromanagement (Rashid et al., 2018): each agent is one unit in a fight and
# sees only its surroundings, and the team is rewarded for the fight. Coordination games such as the two-step game are used to study it, because
# their exact values are known. For robots that share a floor: Davydov et al. (2021) train a mixing network for many agents that find their
# ways on a grid with limited sight, and Papoudakis et al. (2021) compare QMIX with eight other methods on tasks that include a warehouse with
# several robots. Driving in formation is a task of the same shape, one reward for a team that acts apart; we make no claim
# about how well QMIX does there.

# %% [markdown]
# ### Networks in place of tables
#
# Train the library's IQL, on all-random data as above, with five seeds.

# %%
config = TrainConfig(total_steps=4000, batch_size=64, learning_starts=500, update_every=8,
                     learning_rate=3e-3, tau=0.1, epsilon_start=1.0, epsilon_end=1.0)
first_values, returns = {"to 2A": [], "to 2B": []}, []
for seed in range(5):
    algorithm = IQL.for_env(env, seed=seed, gamma=GAMMA, hidden=(32,))
    train(TwoStepGame(num_envs=32), algorithm, replace(config, seed=seed))
    believed = exact.agent_qs(algorithm, model)[START, 0]      # agent 1's values in the first state
    first_values["to 2A"].append(float(believed[0]))
    first_values["to 2B"].append(float(believed[1]))
    returns.append(evaluate(TwoStepGame(), algorithm).mean_return)
print("greedy returns of five seeds:", returns)
assert (all(abs(v - value_2a) < 1 for v in first_values["to 2A"])
        and all(abs(v - value_2b) < 1 for v in first_values["to 2B"]))
print(f"every seed: 2A within 1 of {value_2a:.2f}, 2B within 1 of {value_2b:.2f}; "
      f"best possible return {optimum.best_return}")

# %%
plots.bars(first_values, "The library's IQL, agent 1's first step, five seeds",
           "value (one dot for each seed; the text is the median)", dots=True)

# %% [markdown]
# Networks, replay and target network change nothing about it: by hand, by table and by network, independent learners on
# random data choose 2A and get 7. [Lesson 04](04_factorisation.ipynb) tries VDN on such data, and [lesson 08](08_training.ipynb) QMIX.

# %% [markdown]
# ### The step size matters too
#
# Averaging over *all* of the past, as we did first, keeps the old partner in the number.

# %%
slow_average = [greedy_return(iql(7500, falling, averaging, seed)[0]) for seed in range(20)]
print("falling over 5000 episodes, plain averages: 8 in", slow_average.count(8.0), "of 20 seeds")

# %% [markdown]
# ### Other small games
#
# Is the two-step game a freak? Here are other small games of one step. For each: the best payoff, and what the team gets if each agent rates its
# actions by their averages over a random partner, exactly computed.

# %%
games = {"climbing": PAYOFFS["climbing"], "penalty(-100)": penalty(-100), "a sum": ((0, 1), (1, 2))}
for name, table in games.items():
    table = torch.tensor(table).double()
    choice = int(table.mean(1).argmax()), int(table.mean(0).argmax())
    print(f"{name}: best {float(table.max()):.0f}, by averages {float(table[choice]):.0f}, "
          f"joint action {choice}")

# %%
climbing = MatrixGame("climbing", num_envs=32)
algorithm = IQL.for_env(climbing, seed=0, hidden=(32,))
train(climbing, algorithm, config)
print("the library's IQL on climbing, all-random data: greedy return",
      evaluate(MatrixGame("climbing"), algorithm).mean_return)
plots.table(PAYOFFS["climbing"], title="The climbing game (Claus and Boutilier, 1998)",
            highlight=[(0, 0), (2, 2)], fmt="{:.0f}")

# %% [markdown]
# In climbing, 11 stands in the same row and column as $-30$. Averages see the $-30$ and flee to the corner with 5. In the last game, "a sum",
# the payoff is one part from each agent added up; there averages lose nothing. [Lesson 04](04_factorisation.ipynb) comes
# back to games of that kind.
