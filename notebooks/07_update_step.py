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
# # Lesson 07 · The update step
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/07_update_step.ipynb)
#
# You write the one step that makes a QMIX team learn, line by line, and find out how to tell a right one from one that only looks right.
#
# **Minutes:** 39, and 12 more for *Going further*
#
# **You need:** lessons 03 to 06; what `backward()` does in PyTorch.
#
# **After this lesson you can**
# - compute TD targets by hand where episodes terminate, are truncated, are padded, or have unavailable actions
# - write the QMIX loss line by line, with the shape of every line
# - follow the gradient from the team's one error to each agent, and say what share each one gets
# - use structural checks and exact values as tests of an update, and name what each cannot see

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

lesson.start("07")

# %% [markdown]
# ## The problem
#
# Learning means to pull $Q_{tot}(s, \mathbf{u})$ towards the TD target $y = r + \gamma \, Q_{tot}^-(s', \mathbf{u}')$, where
# the minus marks the target network of [lesson 06](06_replay_and_targets.ipynb). In code: a squared difference and `backward()`. What can go
# wrong in one line?
#
# Take the two-step game, so small that one batch holds all of it: three states, four joint actions each, twelve
# transitions. Agent 1's first action leads to 2A, which pays 7 whatever happens, or to 2B, which pays `[[0, 1], [1, 8]]`. The
# exact best values of the first step are $0.99 \cdot 7 = 6.93$ and $0.99 \cdot 8 = 7.92$.

# %%
import copy

import torch

from qmix_course import exact, plots
from qmix_course.algorithms import QMIX, VDN, td_target
from qmix_course.collect import Collector
from qmix_course.envs import GridWorld, TwoStepGame
from qmix_course.envs.base import TeamSpec
from qmix_course.evaluation import evaluate
from qmix_course.mixers import QMixer
from qmix_course.replay import Batch, ReplayBuffer
from qmix_course.training import Run, TrainConfig, soft_update

GAMMA = 0.99
game = TwoStepGame()
model, truth = game.model(), exact.solve(game, GAMMA).q                  # truth[3 states, 2, 2]


def whole_game():
    """A Batch with every transition of the two-step game once: 12 rows of one step."""
    s = torch.arange(3).repeat_interleave(4)                             # start, 2A, 2B
    u = torch.cartesian_prod(torch.arange(2), torch.arange(2)).repeat(3, 1)
    entry = (s, u[:, 0], u[:, 1])
    after = model.next_state[entry]
    return Batch(obs=torch.stack([model.obs[s], model.obs[after]], 1),
                 state=torch.stack([model.state[s], model.state[after]], 1),
                 available=torch.ones(12, 2, 2, 2, dtype=torch.bool), actions=u.unsqueeze(1),
                 last_actions=torch.full((12, 2, 2), -1), reward=model.reward[entry].unsqueeze(1),
                 terminated=model.terminated[entry].unsqueeze(1), mask=torch.ones(12, 1))


def learn(loss_function, seed=0, updates=700):
    """Train a small QMIX team on the whole game. Returns the team, the losses,
    and the largest |Q_tot - Q*| as it fell."""
    online = QMIX.for_env(game, seed=seed, hidden=(32,), embed_dim=8, hypernet_dim=0)
    target = copy.deepcopy(online).requires_grad_(False)
    optimiser = torch.optim.Adam(online.parameters(), lr=5e-3, fused=True)
    batch, losses, errors = whole_game(), [], []
    for update in range(updates):
        loss = loss_function(online, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        soft_update(target, online, tau=0.02)
        losses.append(loss.item())
        if update % 10 == 9:
            errors.append(float((exact.q_tot(online, model) - truth).abs().max()))
    return online, losses, errors


# %% [markdown]
# Here is an update that looks right, and nothing complains.

# %%
def looks_right(online, target, batch):
    q, _ = online.agents(batch.obs)
    q_tot = online.mixer(online.chosen(q, batch), batch.state[:, :-1])
    with torch.no_grad():
        next_q_tot = target.mixer(online.best_next(q, batch, target), batch.state[:, 1:])
        y = (batch.reward + GAMMA * ~batch.terminated * next_q_tot).squeeze()
    return ((q_tot - y) ** 2).mean()


team, losses, _ = learn(looks_right)
assert losses[-1] < 0.5 * losses[0]
print("the loss fell to less than half")
table = exact.q_tot(team, model).flatten()
assert (table - 38 / 8.04).abs().max() < 0.01
print(f"Q_tot of the 12 state-action pairs: from {table.min():.2f} to {table.max():.2f}")

# %% [markdown]
# The loss fell, and the team believes that everything is worth the same. `q_tot` has shape [12, 1] and `y`, because of the
# `squeeze()`, shape [12]. Their difference is no list of 12 errors but a table of 12 × 12: every value is pulled to the mean of
# the targets. If everything is worth $c$, the targets are four times $0.99\,c$,
# four times 7, and 0, 1, 1, 8; their mean is $c$ when $12c = 3.96c + 38$, so $c = 38 / 8.04 = 4.73$.
#
# So: line by line, with the shape of every line, and with tests that know the right answer.
#
# ## Build it
#
# ### Targets with a pencil
#
# A batch small enough for pencil and paper: two rows (`B`) of two steps (`T`), two agents (`N`), three actions (`A`),
# $\gamma = 0.5$, and the VDN mixer, which just adds. These are the target network's values at times 0, 1 and 2, and which actions are available there:

# %%
no, yes = False, True
pencil_q = torch.tensor([                          # [B, T+1, N, A]
    [[[0., 0, 0], [0, 0, 0]], [[1., 5, 2], [4, 0, 3]], [[9., 9, 9], [9, 9, 9]]],
    [[[0., 0, 0], [0, 0, 0]], [[0., -1, -2], [2, 2, 6]], [[7., 7, 7], [7, 7, 7]]]])
available = torch.ones(2, 3, 2, 3, dtype=torch.bool)
available[0, 1, 0] = torch.tensor([yes, no, yes])  # row 0, time 1, agent 1: action 1 is unavailable
available[1, 1, 0] = torch.tensor([no, yes, yes])  # row 1, time 1, agent 1: action 0 is unavailable
reward = torch.tensor([[1., 2.], [3., 0.]])        # [B, T]
terminated = torch.tensor([[no, yes], [no, no]])   # row 0: the task ends at the second step
# row 1: the clock ran out after one step; then padding
mask = torch.tensor([[1., 1.], [1., 0.]])
print("steps that were played:", int(mask.sum()), "of", mask.numel())

# %% [markdown]
# Each agent takes its best *available* next action, and the mixer adds the two values. The target is $y = r + \gamma \cdot$ (that
# sum), or only $r$ where the task terminated.
#
# **Predict.** What are the targets of the three steps that were played? Mind the unavailable actions, and that row 1 was
# truncated, not terminated.

# %%
guess = ...  # as in [1, 2.5, 3]: row 0 step 1, row 0 step 2, row 1 step 1

allowed = pencil_q[:, 1:].masked_fill(~available[:, 1:], -torch.inf)   # [B, T, N, A] from time 1 on
best = allowed.argmax(-1, keepdim=True)                                # [B, T, N, 1]
next_q = pencil_q[:, 1:].gather(-1, best).squeeze(-1)                  # [B, T, N]
next_q_tot = next_q.sum(-1)                                            # [B, T] the VDN mixer
y = reward + 0.5 * torch.where(terminated, 0.0, next_q_tot)            # [B, T]
with lesson.prediction(guess, y[mask == 1]):
    print("each agent's best next value, row 0:", next_q[0, 0].tolist(),
          "· row 1:", next_q[1, 0].tolist())
    print("in the padding:", y[1, 1:].tolist())

# %% [markdown]
# <details><summary>After your guess</summary>
#
# Row 0, step 1: agent 1 may not take the action worth 5. Step 2 terminates, so the nines behind it count for nothing. Row 1: agent 1's
# best available value is −1, agent 2's is 6, and a clock that ran out does not cut the target.
#
# </details>
#
# Unavailable actions get $-\infty$ and not 0: here 0 would have beaten −1. And $-\infty$ is used only to choose; the value
# is gathered from the clean table, so nothing infinite enters a product.
#
# ### The masked mean
#
# The padded step has a target as well, made of numbers that mean nothing. The mask keeps it out of the loss: the sum of the
# squared errors that count, divided by *how many count*.
#
# **Predict.** The targets were 4 and 2 in row 0 and 5.5 in row 1. The online network says $Q_{tot}$ = 6 and 1 in row 0, 5 in row 1, and 100 in the padding. What is the loss?

# %%
guess = ...  # one number: the loss

q_tot = torch.tensor([[6., 1.], [5., 100.]])
squared = (q_tot - y) ** 2
with lesson.prediction(guess, (squared * mask).sum() / mask.sum()):
    print("errors that count:", (q_tot - y)[mask == 1].tolist())
    print("divided by all entries: ", (squared * mask).mean().item())
    print("mask forgotten:         ", squared.mean().item())

# %% [markdown]
# Dividing by all entries would make a batch with much padding count less. Forgetting the mask lets nonsense rule the loss.
#
# ### The loss on a real batch, line by line
#
# Now the QMIX mixer, networks, and a batch of random play on a small grid world. The library's `Collector` plays
# and returns finished replay rows.

# %%
env = GridWorld(size=3, num_envs=32)
online = QMIX.for_env(env, seed=0)
# other weights, to tell the two apart
target = copy.deepcopy(QMIX.for_env(env, seed=1)).requires_grad_(False)
collector = Collector(env, online, seed=0, generator=torch.Generator().manual_seed(0))
memory = ReplayBuffer(capacity=4_000, spec=env.spec)
for _ in range(100):
    memory.add(collector.step(epsilon=1.0))
batch = memory.sample(64, torch.Generator().manual_seed(2))
print("rows in memory:", len(memory), "· obs in the batch:", list(batch.obs.shape))

# %% [markdown]
# First the online side, with weights $\theta$: what does it say about what was played?

# %%
q, _ = online.agents(batch.obs)                        # every agent, every action, both times
# Q_i(o_i, u_i): only the action played
chosen = q[:, :-1].gather(-1, batch.actions.unsqueeze(-1)).squeeze(-1)
q_tot = online.mixer(chosen, batch.state[:, :-1])      # Q_tot(s, u): mixed in the state s
for name, value in (("q", q), ("chosen", chosen), ("q_tot", q_tot)):
    print(f"{name:7}", list(value.shape), "carries a gradient:", value.requires_grad)

# %% [markdown]
# Then the target side, with the target weights $\theta^-$ and without gradients. Each agent chooses its own next action. IGM allows
# it ([lesson 04](04_factorisation.ipynb)): with a monotone mixer these are the team's best joint action, and no search over $A^N$ is needed.

# %%
with torch.no_grad():
    target_q = target.agents(batch.obs)[0][:, 1:]                     # Q_i of the next observations
    # each agent on its own
    best = target_q.masked_fill(~batch.available[:, 1:], -torch.inf).argmax(-1, keepdim=True)
    next_q = target_q.gather(-1, best).squeeze(-1)
    next_q_tot = target.mixer(next_q, batch.state[:, 1:])             # mixed in the next state s'
    y = batch.reward + GAMMA * torch.where(batch.terminated, 0.0, next_q_tot)
for name, value in (("best", best), ("next_q", next_q), ("next_q_tot", next_q_tot), ("y", y)):
    print(f"{name:10}", list(value.shape), "carries a gradient:", value.requires_grad)
assert q_tot.shape == y.shape == batch.mask.shape
print("q_tot, y and mask have one shape")


# %% [markdown]
# The last line is the one that would have caught the bug above. And the loss:
#
# $$L(\theta) = \frac{\sum_b m_b \, (Q_{tot}(s_b, \mathbf{u}_b) - y_b)^2}{\sum_b m_b}$$
#
# with $m_b$ the mask of row $b$. All of it as one function; the option `double_q` comes further down:

# %%
def qmix_loss(online, target, batch, double_q=False):
    """The masked mean of squared TD errors on Q_tot."""
    q, _ = online.agents(batch.obs)
    chosen = q[:, :-1].gather(-1, batch.actions.unsqueeze(-1)).squeeze(-1)
    q_tot = online.mixer(chosen, batch.state[:, :-1])
    with torch.no_grad():
        target_q = target.agents(batch.obs)[0][:, 1:]
        judge = q[:, 1:] if double_q else target_q
        best = judge.masked_fill(~batch.available[:, 1:], -torch.inf).argmax(-1, keepdim=True)
        next_q_tot = target.mixer(target_q.gather(-1, best).squeeze(-1), batch.state[:, 1:])
        y = batch.reward + GAMMA * torch.where(batch.terminated, 0.0, next_q_tot)
    return ((q_tot - y) ** 2 * batch.mask).sum() / batch.mask.sum()


# %% [markdown]
# ### The gradient's path to each agent
#
# The team has one error. How does agent 1 learn what *it* should change? By the chain rule:
#
# $$\frac{\partial L}{\partial Q_i} = \underbrace{\frac{\partial L}{\partial Q_{tot}}}_{\text{from the team's error}} \cdot \underbrace{\frac{\partial Q_{tot}}{\partial Q_i}}_{\text{the mixer's slope for agent } i}$$
#
# The first factor is the same for all agents; for one row it is twice the team's error $Q_{tot} - y$. The second is how strongly the mixer listens to agent $i$ in this state. It is
# never negative, so all agents are pulled in the same direction, by different amounts.
#
# Here is a mixer with a single hidden unit and weights that we set: $W_1 = (1, 3)$, $w_2 = 2$, no biases, $V(s) = 0$.
#
# **Predict.** Say $Q_1 = 1$, $Q_2 = 2$ and $y = 12$. What is $Q_{tot}$? What are $\partial L / \partial Q_1$ and $\partial L / \partial Q_2$?
# (ELU leaves positive numbers as they are.)

# %%
guess = ...  # three numbers, as in [1, 2, 3]: Q_tot, dL/dQ_1, dL/dQ_2

tiny = QMixer(n_agents=2, state_dim=1, embed_dim=1, hypernet_dim=0)
with torch.no_grad():
    for parameter in tiny.parameters():
        parameter.zero_()
    tiny.hyper_w1.bias.copy_(torch.tensor([1.0, 3.0]))
    tiny.hyper_w2.bias.fill_(2.0)
agent_qs = torch.tensor([1.0, 2.0], requires_grad=True)
q_tot_tiny = tiny(agent_qs, torch.ones(1))
loss = (q_tot_tiny - 12) ** 2
loss.backward()
with lesson.prediction(guess, [q_tot_tiny.item(), *agent_qs.grad.tolist()]):
    print("the team's error Q_tot - y:", q_tot_tiny.item() - 12)

# %% [markdown]
# <details><summary>After your guess</summary>
#
# $Q_{tot} = 2\,(1 \cdot Q_1 + 3 \cdot Q_2)$, so the slopes are $2 \cdot 1$ and $2 \cdot 3$, and each is multiplied by twice the team's error. Agent 2 gets three times the
# correction of agent 1.
#
# </details>
#
# That product is what *credit* means in QMIX: the team's error times the mixer's slope. With VDN all slopes are 1
# and everybody gets the same. On the real batch, factor by factor, and held against autograd:

# %%
loss = ((q_tot - y) ** 2 * batch.mask).sum() / batch.mask.sum()
slope, = torch.autograd.grad(q_tot.sum(), chosen, retain_graph=True)      # [64, 1, 2] dQ_tot/dQ_i
to_team = 2 * (q_tot - y) * batch.mask / batch.mask.sum()                 # [64, 1]    dL/dQ_tot
# dL/dQ_i, and dL/dq for every action
to_agents, to_values = torch.autograd.grad(loss, (chosen, q))
assert (to_agents - to_team.unsqueeze(-1) * slope).abs().max() < 1e-12
print("dL/dQ_i = dL/dQ_tot · dQ_tot/dQ_i, to within 1e-12")
assert (slope >= 0).all()
print("no slope is below zero")
print("entries of q:", to_values.numel(), "· with a gradient:", int((to_values != 0).sum()))

# %% [markdown]
# Only the actions that were played get a gradient: 64 rows × 2 agents. What the team did not do, it learns nothing about from
# this batch, but for what the shared weights carry over. Who gets how much differs from state to state (*Going further* draws it). A share
# is no verdict on who did well; it says where the correction goes.
#
# ### Who gets a gradient, and who must not
#
# Two structural checks: every weight tensor of agents and mixer gets a gradient, and none of the target does.

# %%
online.zero_grad()
qmix_loss(online, target, batch).backward()
reached = {name: bool(p.grad is not None and (p.grad != 0).any())
           for name, p in online.named_parameters()}
print("online tensors:", len(reached), "· reached:", sum(reached.values()))
print("agents, one by one:",
      [bool((online.agents.layers[0].weight.grad[i] != 0).any()) for i in range(2)])
print("target tensors with a gradient:", sum(p.grad is not None for p in target.parameters()))

# %% [markdown]
# (*Going further* has a third check, *overfitting one batch*.)
#
# ### Double-Q
#
# A maximum of uncertain values prefers those that are too high (*Going further* measures by how much). The cure: one set of
# estimates *chooses* the action, another one *values* it. In Double DQN (van Hasselt, Guez and Silver 2016) the online network chooses and
# the target network values. The two are related, so do not expect the full effect. In `qmix_loss` that is the line with `judge`.
#
# **Predict.** Target values [1, 5, 2], online values [3, 1, 4]. Which number enters the target without and with double-Q?

# %%
guess = ...  # two numbers, as in [3, 4]: without double-Q, with it

target_values, online_values = torch.tensor([1.0, 5.0, 2.0]), torch.tensor([3.0, 1.0, 4.0])
without, with_it = target_values.max(), target_values[online_values.argmax()]
with lesson.prediction(guess, [without.item(), with_it.item()]):
    print("the action chosen without:", target_values.argmax().item(),
          "· with:", online_values.argmax().item())

# %% [markdown]
# ### Clipping the gradient
#
# A rare large error makes a large gradient. Clipping shortens a gradient that is longer than a limit to that limit and keeps its
# direction. Its length is that of *all* weights together, the mixer's included.
#
# **Predict.** Let the agents have one weight with gradient 3 and the mixer one with gradient 4, and clip to length 1. What are the
# two gradients afterwards? And if only the agents' weights were given to the clipping?

# %%
guess = ...  # as in [1, 1, 2, 2]: agents, mixer, all clipped; both, only agents clipped


def clipped(only_agents):
    agents, mixer = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    agents.grad, mixer.grad = torch.tensor([3.0]), torch.tensor([4.0])
    torch.nn.utils.clip_grad_norm_([agents] if only_agents else [agents, mixer], 1.0)
    return round(agents.grad.item(), 3), round(mixer.grad.item(), 3)


both, one = clipped(only_agents=False), clipped(only_agents=True)
with lesson.prediction(guess, [*both, *one]):
    print("all weights:     ", both)
    print("agents' weights: ", one)


# %% [markdown]
# <details><summary>After your guess</summary>
#
# With the mixer left out the direction changes, and the part that may be largest is not limited at all.
#
# </details>
#
# ### The update
#
# All of it in order. The gradients of the last update have to be cleared, since `backward()` adds to them.

# %%
def update(online, target, optimiser, batch, max_grad_norm=10.0, tau=0.02, double_q=False):
    loss = qmix_loss(online, target, batch, double_q)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(online.parameters(), max_grad_norm)
    optimiser.step()
    soft_update(target, online, tau)
    return loss.item()


# %% [markdown]
# ## The same as the library
#
# First the loss and its gradients on the real batch, without and with double-Q.

# %%
for double_q in (False, True):
    theirs = QMIX.for_env(env, seed=0, double_q=double_q)
    mine = copy.deepcopy(theirs)
    loss_theirs, loss_mine = theirs.loss(batch, target), qmix_loss(mine, target, batch, double_q)
    loss_theirs.backward()
    loss_mine.backward()
    assert abs(loss_theirs - loss_mine) < 1e-12
    assert all((a.grad - b.grad).abs().max() < 1e-12
               for a, b in zip(theirs.parameters(), mine.parameters()))
    print(f"double_q={double_q}: loss and all gradients equal to within 1e-12")

# %% [markdown]
# Then whole updates. `Run` is the object inside `train`; its `update()` draws a batch, learns from it and moves the target.

# %%
run = Run(GridWorld(size=3, num_envs=32), QMIX.for_env(env, seed=0),
          TrainConfig(seed=3, batch_size=64, tau=0.02, max_grad_norm=10.0))
run.buffer.add(memory.sample(500, torch.Generator().manual_seed(5)))
mine, my_target = copy.deepcopy(run.algorithm), copy.deepcopy(run.target)
my_optimiser = torch.optim.Adam(mine.parameters(), lr=run.config.learning_rate, fused=True)
my_generator = torch.Generator()
my_generator.set_state(run.generator.get_state())
for _ in range(10):
    update(mine, my_target, my_optimiser, run.buffer.sample(64, my_generator))
    run.update()
assert all((a - b).abs().max() < 1e-12
           for a, b in zip(mine.parameters(), run.algorithm.parameters()))
assert all((a - b).abs().max() < 1e-12
           for a, b in zip(my_target.parameters(), run.target.parameters()))
print("10 updates: online and target weights equal to within 1e-12")


# %% [markdown]
# ## Break it
#
# Back to the two-step game, where every right value is known. The right update, and three with one change each:
#
# - *online target*: the online network computes its own targets (without gradient);
# - *s for s′*: the target mixer gets the state before the step in place of the one after it;
# - *no detach*: the online network computes the targets, and the gradient flows through them too.

# %%
def broken(how):
    def loss_function(online, target, batch):
        q, _ = online.agents(batch.obs)
        q_tot = online.mixer(online.chosen(q, batch), batch.state[:, :-1])
        judge = online if how in ("online target", "no detach") else target
        next_state = batch.state[:, :-1] if how == "s for s′" else batch.state[:, 1:]
        with torch.set_grad_enabled(how == "no detach"):
            next_q_tot = judge.mixer(online.best_next(q, batch, judge), next_state)
            y = td_target(batch.reward, batch.terminated, next_q_tot, GAMMA)
        return ((q_tot - y) ** 2 * batch.mask).sum() / batch.mask.sum()
    return loss_function


results = {"right": [learn(qmix_loss, seed) for seed in range(2)]}
results |= {how: [learn(broken(how), seed) for seed in range(2)]
            for how in ("online target", "s for s′", "no detach")}
for how, of in results.items():
    print(f"{how:14} greedy return, two seeds:",
          [evaluate(game, team).mean_return for team, _, _ in of])

# %% [markdown]
# By the return alone, all four are right. Now the values against the exact ones:

# %%
wrong_state = results["s for s′"]
assert all(errors[-1] < 0.01 for how in ("right", "no detach") for _, _, errors in results[how])
assert all(min(losses) < 1e-5 and errors[-1] > 0.5 for _, losses, errors in wrong_state)
print("right, no detach: Q_tot within 0.01 of Q* everywhere, both seeds")
print("s for s′: the loss went below 0.00001, and Q_tot is off by more than 0.5, both seeds")
tables = {"exact": truth[0], "right": exact.q_tot(results["right"][0][0], model)[0]}
tables |= {f"s for s′, seed {seed}": exact.q_tot(wrong_state[seed][0], model)[0]
           for seed in range(2)}
tables = {name: table.round(decimals=2) for name, table in tables.items()}
plots.tables(tables, title=r"$Q_{tot}$ at the first step", highlight="max")

# %%
figure, axes = plots.panels(1, 2, size=(10, 3.6))
every_tenth = torch.arange(10, 701, 10)
plots.lines(every_tenth, {how: of[0][1][9::10] for how, of in results.items()},
            "Loss, seed 0", "update", "loss", log=True, ax=axes[0])
plots.lines(every_tenth, {how: of[0][2] for how, of in results.items()},
            r"Largest $|Q_{tot} - Q^*|$, seed 0", "update", "error in the value",
            log=True, ax=axes[1])
figure

# %% [markdown]
# - *s for s′* has a lovely loss and wrong values, other ones in each seed: it solves equations that are not those of the game. Only the exact
#   values, or a pencil batch with a mixer that reads the state, can tell.
# - *online target* is a matter of luck. The drawn run never settles: loss and error keep trembling. Seed 1 ends at the right values: write `of[1]` for `of[0]`. On
#   the grid world the same change let the values run away ([lesson 06](06_replay_and_targets.ipynb)).
# - *no detach* ends at the right values. It needs a second look: *Going further* has an example with chance in it, where it does not.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
# - Compute targets with termination, truncation, unavailable actions and padding by hand, and check a loss against them.
# - Write the QMIX loss and update, and say the shape of every line.
# - Show how the team's error is handed to the agents: error times slope.
# - Choose the right test: pencil for the target, structural checks for the wiring, exact values for what was learned.
#
# ### Common misreadings
# - *"The loss falls, so the update is right."* The first update of this lesson and *s for s′* both had a falling loss.
# - *"The return is best, so the update is right."* On the two-step game all four variants returned 8.
# - *"The target network is what needs the detach."* Its weights are frozen anyway. The `no_grad` matters when the online network
#   computes any part of the target's value.
# - *"The slope says how good an agent was."* It says how strongly the mixer listens to it in that state.
# - *"With double-Q the mixer is doubled too."* Only the choice of the next action changes; its value still comes from the target's agents and mixer.
#
# ### Exercises
# The exercises of this lesson are in [exercises/07_update_step.ipynb](../exercises/07_update_step.ipynb); `make lab` puts a copy of your own in `my/`.
# - 07.1 Who hears the error?
# - 07.2 The best available next values
# - 07.3 The targets of a batch
# - 07.4 Which steps count?
# - 07.5 The whole update
# - 07.6 Find the bug: An action that nobody can take
# - 07.7 Find the bug: A limit that does not hold
# - 07.8 Measure it: what gamma decides
#
# Further, without a check:
# 1. Write an assert that catches *s for s′* without any training. Hint: with the target mixer's weights fixed, change `batch.state[:, 1:]` only; in which rows
#    must the target change, and in which must it not?
# 2. Set `tiny.hyper_w1.bias` to (−1, 3). Predict both gradients. You are right if nothing changes, and you can say why.
# 3. Train the right update with `GAMMA = 0.5` in the loss. Predict the table of the first step by hand; compare with `exact.solve(game, 0.5).q[0]`.
#
# ### Sources
# - T. Rashid et al. (2018), *QMIX: monotonic value function factorisation for deep multi-agent reinforcement learning*: the loss on $Q_{tot}$, the two-step game.
# - P. Sunehag et al. (2018), *Value-decomposition networks for cooperative multi-agent learning*.
# - V. Mnih et al. (2015), *Human-level control through deep reinforcement learning*: the update of DQN.
# - H. van Hasselt, A. Guez, D. Silver (2016), *Deep reinforcement learning with double Q-learning*.
# - R. S. Sutton, A. G. Barto (2018), *Reinforcement learning: an introduction*, section 11.5: gradients through the target.

# %% [markdown]
# ## Going further
#
# For those who want to see who gets how much of the correction, what double-Q corrects, where a gradient through the target does harm, what overfitting one batch shows and what not, and that the library agrees with the pencil.

# %% [markdown]
# ### Who gets how much
#
# Agent 1's share of the correction in each of the 64 rows of the batch.

# %%
share = (slope[:, 0, 0] / slope[:, 0].sum(-1)).detach()
order = share.argsort()
plots.lines(torch.arange(64), {"QMIX, untrained": share[order], "VDN": torch.full((64,), 0.5)},
            "Agent 1's share of the correction", "the 64 rows, sorted", "share of the slopes")

# %% [markdown]
# ### Why a maximum is too high
#
# Ten actions that are all worth 0, each
# estimated with an independent error of standard deviation 1: what does the maximum say on average? And what if one set of
# estimates *chooses* the action and a second, independent one *values* it?

# %%
generator = torch.Generator().manual_seed(0)
one_set, other_set = torch.randn(2, 100_000, 10, generator=generator)
single = one_set.amax(-1).mean()
double = other_set.gather(-1, one_set.argmax(-1, keepdim=True)).mean()
assert abs(single - 1.54) < 0.02 and abs(double) < 0.02
print(f"true value 0 · one set chooses and values: {single:.1f} · "
      f"one chooses, the other values: {abs(double):.1f}")

# %% [markdown]
# ### No detach, where chance is involved
#
# In the two-step game every step has one certain outcome. Take the smallest example with chance in it: state A pays nothing and leads to B or
# C with equal chance; B pays 1 and ends, C pays 0 and ends; $\gamma = 1$. The true values are A 0.5, B 1, C 0. (It is the A-split
# example of Sutton and Barto 2018, section 11.5.) Minimise the mean squared TD error over the four kinds of transition, once with the target held fixed and
# once with the gradient flowing through it.
#
# **Predict.** With the gradient flowing through, A still comes out at 0.5. Which way do B and C go: up or down, seen from 1 and 0?

# %%
guess = ...  # as in ["up", "up"] (or "down"): B's way, C's way


def a_split(detach):
    v = torch.zeros(3, requires_grad=True)                                   # the values of A, B, C
    optimiser = torch.optim.SGD([v], lr=0.2)
    for _ in range(1_000):
        after = v.detach() if detach else v
        # A→B, A→C, B ends, C ends
        errors = torch.stack([v[0] - after[1], v[0] - after[2], v[1] - 1, v[2] - 0])
        optimiser.zero_grad()
        (errors ** 2).mean().backward()
        optimiser.step()
    return [round(x, 3) for x in v.tolist()]


fixed, through = a_split(detach=True), a_split(detach=False)
ways = ["up" if new > true else "down" for new, true in zip(through[1:], fixed[1:])]
with lesson.prediction(guess, ways, words=("up", "down")):
    print("target held fixed:    A, B, C =", fixed)
    print("gradient through it:  A, B, C =", through)


# %% [markdown]
# <details><summary>After your guess</summary>
#
# A's error can be made smaller at both of its ends: the gradient through the target also pulls at B and C, *backwards in time*, so that A is less
# surprised. Where each outcome is certain nobody has to be surprised, and the mistake is invisible. That is why `y` is computed under `no_grad`.
#
# </details>
#
# ### Overfitting one batch
#
# A batch of 64 rows and a target network that stands still: that is plain regression, and the networks have thousands of
# weights. The loss must go down to nearly nothing. If it does not, something between loss and weights is cut.

# %%
def overfit(loss_function, updates=400):
    learner = QMIX.for_env(env, seed=0)
    optimiser = torch.optim.Adam(learner.parameters(), lr=2e-3, fused=True)
    losses = []
    for _ in range(updates):
        loss = loss_function(learner, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


whole = overfit(qmix_loss)
assert min(whole) < 1e-3 * whole[0]
print("the loss on one batch fell below a thousandth of its first value")


# %% [markdown]
# A passed test, and a weak one: it would pass just as well with a wrong $\gamma$, with $s$ in place of $s'$ or with
# `terminated` ignored, because any fixed numbers can be learned by heart. It tests the wiring, not the target. For the target there is the pencil.
#
# ### A cut wire
#
# One last broken update: the agents' values are detached before they are mixed. The mixer learns, no agent does.

# %%
def cut(online, target, batch):
    q, _ = online.agents(batch.obs)
    q_tot = online.mixer(online.chosen(q, batch).detach(), batch.state[:, :-1])
    return ((q_tot - y) ** 2 * batch.mask).sum() / batch.mask.sum()


learner = QMIX.for_env(env, seed=0)
cut(learner, target, batch).backward()
print("tensors with a gradient: agents",
      sum(p.grad is not None for p in learner.agents.parameters()),
      "of", len(list(learner.agents.parameters())),
      "· mixer", sum(p.grad is not None for p in learner.mixer.parameters()),
      "of", len(list(learner.mixer.parameters())))
without_agents = overfit(cut)
assert without_agents[-1] < 0.7 * without_agents[0]
print("the loss falls all the same")


# %% [markdown]
# The mixer has $V(s)$, and with it alone it can explain a good part of the targets. A falling loss does not prove that
# anybody learned to act; the structural check finds the cut at once.

# %% [markdown]
# ### The pencil batch in the library
#
# `VDN.loss` gets the pencil batch with agents that just recite a table, so all its numbers are known:

# %%
class Recite(torch.nn.Module):
    """Agents that say q[B, T+1, N, A] whatever they see."""

    def __init__(self, q):
        super().__init__()
        self.q = q

    def forward(self, obs, last_actions=None, memory=None):
        return self.q, None


spec = TeamSpec(n_agents=2, n_actions=3, obs_dim=1, state_dim=1, episode_limit=2)
pencil = Batch.padding(2, 2, spec)
for name, value in (("available", available), ("reward", reward),
                    ("terminated", terminated), ("mask", mask)):
    getattr(pencil, name).copy_(value)
says, judges = VDN(spec, gamma=0.5), VDN(spec, gamma=0.5)
recited = torch.zeros(2, 3, 2, 3)
# agent 1's action 0 carries all of Q_tot
recited[:, :2, 0, 0] = torch.tensor([[6.0, 1.0], [5.0, 100.0]])
says.agents = Recite(recited)
judges.agents = Recite(pencil_q)
assert abs(says.loss(pencil, judges).item() - 1.75) < 1e-12
print("VDN.loss on the pencil batch:", says.loss(pencil, judges).item())
