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
# # Lesson 14 · QPLEX
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/14_qplex.ipynb)
#
# You build a mixer that can make every table with IGM, monotone or not, and find out why it still does not always learn the right one.
#
# **Minutes:** 43, and 6 more for *Going further*
#
# **You need:** lessons 04, 05, 07 and 11; what `detach` does.
#
# **After this lesson you can**
# - split a value into a value and an advantage, for one agent and for the team
# - say what the weights λ may depend on, what they may not be, and prove IGM in two lines
# - build QPLEX's mixer and its target, and find the line that decides who learns what
# - compute the table at which a team without the detach rests, and say why learning is a race between λ and the agents

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
from types import SimpleNamespace

import torch
from torch import nn

from qmix_course import data, exact, plots, touch
from qmix_course.algorithms import QPLEX
from qmix_course.envs import PAYOFFS, GridWorld, MatrixGame
from qmix_course.evaluation import success_interval
from qmix_course.mixers import DuplexMixer

# %% [markdown]
# ## The problem
#
# The third matrix game in the code published with QPLEX has two good joint actions besides the best one:

# %%
game_3 = torch.tensor(PAYOFFS["qplex3"], dtype=torch.float64)
plots.table(game_3, title="QPLEX's game 3", highlight="max", fmt="{:.0f}")

# %% [markdown]
# Both agents' action 0 is worth 8 together and −12 with anything else. Whether action 0 is better than action 1 for agent 1 depends on what agent 2 does, so no order of the actions is right in all columns. [Lesson 11](11_representation.ipynb) computed what that costs: the best *monotone* table points at a 6. Here are 20 QMIX teams, trained on uniform data. (20 seeds, made by `make tables`.)

# %%
stored = data.load("games")
found = stored["games"]["qplex3"]["runs"]["qmix"]["value"]
print("greedy joint action worth 8:", sum(value == 8 for value in found),
      "of", len(found), "QMIX seeds")
assert sum(value == 8 for value in found) == 0


# %% [markdown]
# [Lesson 13](13_weighted_qmix.ipynb) kept the monotone mixer and told the loss to care less about some errors. This lesson changes the mixer. The aim is a team value that can be *any* table whose largest entry is where the agents' own best actions meet, and nothing is lost by that: a team that acts greedily has no use for other tables.
#
# ## Build it
#
# ### Step 1: a value and an advantage
#
# Take one agent. Its best action is worth $V_i$; every action falls short of that by some amount:
#
# $$V_i = \max_{u} Q_i(u), \qquad A_i(u_i) = Q_i(u_i) - V_i \le 0.$$
#
# $A_i$ is the **advantage** of $u_i$ (here it is never positive, since we compare with the best action). Splitting a value network in this way is called *dueling* (Wang et al. 2016).

# %%
def split(q):
    """q[..., N, A] -> the value V[..., N] of each agent's best action
    and the advantages A[..., N, A], all <= 0."""
    v = q.amax(-1)
    return v, q - v.unsqueeze(-1)


q = torch.tensor([[1.0, 3.0, 2.0], [0.0, -1.0, 4.0]])
v, a = split(q)
print("V:", v.tolist())
print("A:", a.tolist())


# %% [markdown]
# Now say IGM again. The agents' own best actions are those with $A_i = 0$. If the team's value is split in the same way, IGM says: **the team's advantage is 0 where all agents' advantages are 0, and never above.** That is all. The sizes do not matter, only the signs. QPLEX's paper calls this the advantage-based IGM (Wang et al. 2021).
#
# ### Step 2: dueling twice
#
# So let the team have a value and an advantage too, and make them from the agents':
#
# $$Q_{tot}(s, \mathbf u) = \underbrace{\sum_i V_i}_{V_{tot}} + \underbrace{\sum_i \lambda_i(s, \mathbf u)\, A_i(u_i)}_{A_{tot}}, \qquad \lambda_i > 0.$$
#
# Each agent's advantage is multiplied by a positive number $\lambda_i$. *Duplex* dueling: once in the agents, once in the team. Here is the point: $\lambda_i$ may depend on the state **and on the whole joint action**, in any way at all.

# %%
def duel(q, lam):
    """Q_tot[A, A] of two agents: q[2, A], and lam[2, A, A], one table of weights for each agent."""
    v, a = split(q)
    return v.sum() + lam[0] * a[0].unsqueeze(1) + lam[1] * a[1]


def misses(draw_lam, draws=1000):
    """In how many random teams the agents' own choices miss the best joint action."""
    generator = torch.Generator().manual_seed(0)
    count = 0
    for _ in range(draws):
        q = torch.randn(2, 4, generator=generator)
        table = duel(q, draw_lam(torch.randn(2, 4, 4, generator=generator)))
        count += bool(table[tuple(q.argmax(1))] < table.max() - 1e-12)
    return count


print("λ = exp(noise), another one for each joint action: misses in",
      misses(torch.exp), "of 1000 teams")

# %% [markdown]
# Why it never misses takes two lines. At the agents' own best actions all $A_i$ are 0, so $Q_{tot} = V_{tot}$. Anywhere else some $A_i$ is negative and none is positive, so a sum of positive multiples of them is negative, and $Q_{tot} < V_{tot}$.

# %% [markdown]
# **Predict.** Let both agents have $V_i = 4$ and advantages $[0, -1, -1]$, so that $V_{tot} = 8$. In game 3, which $\lambda_2$ does the joint action (0, 1) need, which pays −12 and where only agent 2 deviates? And at (1, 1), where both do, which λ makes the 6 if both agents have the same?

# %%
guess = ...  # two numbers, as in [12, 6]: λ_2 at (0, 1), λ at (1, 1)


def lambda_for(table, q):
    """The λ[2, A, A] that make ``table``, the same for all agents
    that deviate (1 where nobody does)."""
    v, a = split(q)
    deviation = a[0].unsqueeze(1) + a[1]                       # Σ_i A_i
    share = torch.where(deviation < 0, (table - v.sum()) / deviation, 1.0)
    return share.expand(2, -1, -1)


q = torch.tensor([[4.0, 3.0, 3.0], [4.0, 3.0, 3.0]])
lam = lambda_for(game_3, q)
assert torch.equal(duel(q, lam), game_3) and lam.min() > 0
with lesson.prediction(guess, [lam[1, 0, 1], lam[1, 1, 1]]) as fold:
    print("the table comes out exactly, and all λ are positive")
    fold.append(plots.tables({"agents' $A_1 + A_2$": split(q)[1][0].unsqueeze(1) + split(q)[1][1],
                              "λ (of both agents)": lam[0],
                              "$Q_{tot} = 8 + \\lambda (A_1 + A_2)$": duel(q, lam)},
                             title="Game 3, made by hand", fmt="{:.0f}"))

# %% [markdown]
# **Touch it.** Make the same table cell by cell. Then pull an advantage to 0: which entries can no $\lambda$ reach any more? And let one $\lambda$ fall below zero: what do the agents' own choices miss?

# %%
touch.advantages()

# %% [markdown]
# Nothing here was special about game 3. Take *any* table and let the agents point at its largest entry: wherever the table is lower, $\lambda = (\text{table} - V) / \sum A_i$ is a negative number over a negative number. So QPLEX can make every table with IGM. (Only a second entry exactly *equal* to the maximum is out of reach, since it needs $\lambda = 0$: a small λ comes as near as you like.)
#
# ### Step 3: the same thing, written from VDN's side
#
# $V_i + \lambda_i A_i = Q_i + (\lambda_i - 1) A_i$, so the definition can be written as VDN plus a correction:
#
# $$Q_{tot}(s, \mathbf u) = \sum_i Q_i(u_i) + \sum_i \big(\lambda_i(s, \mathbf u) - 1\big)\, A_i(u_i).$$
#
# With all $\lambda_i = 1$ it *is* VDN. One more thing is free: before the split, the state may rescale every agent's values, $Q_i \leftarrow w_i(s)\, Q_i + b_i(s)$, as long as $w_i > 0$, because then the order of its actions stays.

# %%
assert torch.equal(duel(q, torch.ones(2, 3, 3)), q[0].unsqueeze(1) + q[1])
w, b = torch.tensor([0.5, 3.0]), torch.tensor([-1.0, 2.0])
scaled = w.unsqueeze(1) * q + b.unsqueeze(1)
assert torch.equal(q.argmax(1), scaled.argmax(1))
assert torch.allclose(split(scaled)[1], w.unsqueeze(1) * split(q)[1])
print("λ = 1 gives the sum; rescaled agents choose the same, with advantages w times as large")


# %% [markdown]
# ### Step 4: where λ comes from
#
# A network must turn the state and the joint action into $N$ positive numbers. QPLEX uses several *heads*, and each is a product of three positive parts:
#
# $$\lambda_i(s, \mathbf u) = \sum_{h} \; |k_h(s)| \cdot \sigma\big(g_{h,i}(s)\big) \cdot \sigma\big(f_{h,i}(s, \mathbf u)\big)$$
#
# with σ the logistic function, and $k$, $g$, $f$ networks. The name in the paper is *multi-head attention*. Unlike the attention you may know there is no softmax: λ is not a share, it need not add up to anything, and a large key makes it as large as it must be. (It must: we needed 20.)

# %%
class Heads(nn.Module):
    """λ[M, N] > 0 from the state[M, S] and the actions[M, N]."""

    def __init__(self, n_agents, state_dim, n_actions, heads):
        super().__init__()
        self.shape, self.n_actions = (heads, n_agents), n_actions
        self.key = nn.Linear(state_dim, heads)
        self.agent = nn.Linear(state_dim, heads * n_agents)
        self.action = nn.Linear(state_dim + n_agents * n_actions, heads * n_agents)

    def forward(self, state, actions):
        # [M, N·A]
        one_hot = nn.functional.one_hot(actions, self.n_actions).flatten(1).to(state.dtype)
        key = self.key(state).abs().unsqueeze(2)                          # [M, H, 1]
        agent = self.agent(state).unflatten(1, self.shape).sigmoid()      # [M, H, N]
        # [M, H, N]
        action = self.action(torch.cat([state, one_hot], 1)).unflatten(1, self.shape).sigmoid()
        return (key * agent * action).sum(1) + 1e-10                      # never quite 0


heads = Heads(n_agents=2, state_dim=4, n_actions=3, heads=10)
joint = torch.cartesian_prod(torch.arange(3), torch.arange(3))
with torch.no_grad():
    lam = heads(torch.randn(1, 4).expand(9, -1), joint)
assert (lam > 0).all() and len(set(lam[:, 0].tolist())) == 9
print("λ of shape", tuple(lam.shape), "- all positive, another one for each joint action")


# %% [markdown]
# ### Step 5: the mixer
#
# The mixer needs more than the other mixers did: besides the chosen actions' values `agent_qs` and the state also the values of the agents' best *available* actions, and which actions were chosen.

# %%
class Duplex(nn.Module):
    """Q_tot[M] of agent_qs[M, N], the best available best_qs[M, N], state[M, S], actions[M, N]."""

    def __init__(self, n_agents, state_dim, n_actions, heads=10):
        super().__init__()
        self.w = nn.Linear(state_dim, n_agents)
        self.b = nn.Linear(state_dim, n_agents)
        self.heads = Heads(n_agents, state_dim, n_actions, heads)

    def forward(self, agent_qs, state, best_qs, actions):
        w, b = self.w(state).abs() + 1e-10, self.b(state)
        own, best = w * agent_qs + b, w * best_qs + b                # rescale both, then compare
        advantage = (own - best).detach()                            # step 7 is about this line
        return own.sum(1) + ((self.heads(state, actions) - 1) * advantage).sum(1)


mixer = Duplex(2, 4, 3)
q, state = torch.randn(500, 2, 3), torch.randn(500, 4)
with torch.no_grad():
    table = torch.stack([mixer(q[:, [0, 1], u.tolist()], state, q.amax(-1), u.expand(500, -1))
                         for u in joint], 1)
own = 3 * q[:, 0].argmax(-1) + q[:, 1].argmax(-1)
reached = table.gather(1, own.unsqueeze(1)).squeeze(1)
print("own best actions are the best of all nine in",
      int((reached == table.amax(1)).sum()), "of 500 states")

# %% [markdown]
# ### Step 6: the target costs nothing
#
# The TD target needs $\max_{\mathbf u} Q_{tot}(s', \mathbf u)$. That is the entry where all advantages are 0: $\sum_i (w_i \max Q_i + b_i)$. λ is not even computed. (With double-Q the online agents choose the joint action, and the target may think another one better. Then its advantage is below 0 and counts like any other; the authors' code does the same.)

# %%
with torch.no_grad():
    w, b = mixer.w(state).abs() + 1e-10, mixer.b(state)
    value = (w * q.amax(-1) + b).sum(1)
assert (value - table.amax(1)).abs().max() < 1e-12
print("the maximum over nine and Σ (w max Q + b) agree to 1e-12 in all 500 states")

# %% [markdown]
# ### Step 7: who learns what
#
# The advantage in the correction is detached. The authors' code does so in every mixer it has. So $A_i$ is a mere number there, and the only way for a gradient into the agents is the first sum.

# %% [markdown]
# **Predict.** Take one joint action where agent 2's advantage is −1, with $w = 1$ and $\lambda_2 = 20$. By how much does $Q_{tot}$ change, as the gradient sees it, for each unit that $Q_2(u_2)$ changes: with the detach, and without it?

# %%
guess = ...  # two slopes, as in [0, 5]: with the detach, without it


def slope(detach):
    """∂Q_tot/∂Q_2(u_2) and ∂Q_tot/∂Q_2(best), as the gradient sees them, with λ = 20."""
    chosen, best = torch.tensor(3.0, requires_grad=True), torch.tensor(4.0, requires_grad=True)
    advantage = (chosen - best).detach() if detach else chosen - best
    (chosen + (20 - 1) * advantage).backward()
    return chosen.grad.item(), 0.0 if best.grad is None else best.grad.item()


with lesson.prediction(guess, [slope(True)[0], slope(False)[0]]) as fold:
    print("and for each unit of agent 2's best value:", [slope(True)[1], slope(False)[1]])


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The true slope is the one without the detach. With it the agents hear every error at volume $w_i$, whatever λ is, as they would in VDN: agent $i$'s utility for an action moves along **the plain sum of the errors** of all joint actions with that action in it. λ, for its part, hears the error times $A_i$, and learns what the agents cannot say.
#
# </details>
#
# The detach has two consequences, both worth a pencil:
#
# - **The agents rest when, for every own action, the errors add up to zero.** That is VDN's condition.
# - **λ rests where the error is 0, and also where $A_i = 0$.** An agent that is indifferent between its actions teaches λ nothing.
#
# ### Step 8: the smallest QPLEX, two hundred times
#
# Everything is known now. Does it learn game 3? Strip it down to one state: utilities are a table, log λ is a table, every joint action is equally frequent and there is no noise. Then two hundred teams with random first utilities train side by side in seconds.

# %%
def learn(payoff, detach=True, rate=0.01, rate_lambda=0.1, train_lambda=True,
          updates=3000, teams=200, shift=0.0):
    """Teams trained on all joint actions alike:
    first choices[K, 2], last choices[K, 2], q_tot, q, λ, loss[K]."""
    q = 0.5 * torch.randn(teams, 2, len(payoff), generator=torch.Generator().manual_seed(0))
    q[:, 0, 0] += shift
    first = q.requires_grad_().argmax(-1)
    log_lam = torch.zeros(teams, 2, *payoff.shape, requires_grad=train_lambda)
    level = torch.zeros(teams, 1, 1, requires_grad=True)                 # b, summed over the agents
    slow = [{"params": [log_lam], "lr": rate_lambda}] if train_lambda else []
    optimiser = torch.optim.Adam([{"params": [q, level], "lr": rate}] + slow)
    for _ in range(updates):
        a = split(q)[1].detach() if detach else split(q)[1]
        extra = log_lam.exp() - 1
        q_tot = level + q[:, 0].unsqueeze(2) + q[:, 1].unsqueeze(1)
        q_tot = q_tot + extra[:, 0] * a[:, 0].unsqueeze(2) + extra[:, 1] * a[:, 1].unsqueeze(1)
        loss = (q_tot - payoff).square().mean((1, 2))                    # [K], one for each team
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
    return SimpleNamespace(first=first, choice=q.argmax(-1), q_tot=q_tot.detach(),
                           q=q.detach(), lam=log_lam.detach().exp(), loss=loss.detach())


def worth(payoff, choice):
    """payoff[A, A], choice[K, 2] -> what each team's greedy joint action pays, [K]."""
    return payoff[choice[:, 0], choice[:, 1]]


# %% [markdown]
# **Predict.** Each team starts at a random joint action, so about one in nine already points at the 8. How many of the 200 point at it after training: about as many as before, about half, most or all?

# %%
guess = ...  # "as many as before", "about half", "most" or "all"

free = learn(game_3)
points_at_8 = int((worth(game_3, free.choice) == 8).sum())
solved = free.loss < 0.01
assert 130 < points_at_8 < 190 and 110 < int(solved.sum()) < 190
with lesson.prediction(guess, "most" if points_at_8 > 120 else "about half",
                       words=("as many as before", "about half", "most", "all")) as fold:
    print("begin at (0, 0):", int((free.first.sum(1) == 0).sum()), "of 200")
    print("end there      : between 130 and 190")

# %% [markdown]
# This was the friendliest setting one can think of: no networks, no sampling noise, no unlucky data.
#
# Which teams fail? Move one first utility of each team by a billionth, and train again.

# %%
moved = learn(game_3, shift=1e-9)
changed = int((worth(game_3, moved.choice) != worth(game_3, free.choice)).sum())
again = int((worth(game_3, moved.choice) == 8).sum())
assert changed >= 5 and abs(again - points_at_8) < 25
print("teams with another outcome: several; teams that find the 8: about as many as before")

# %% [markdown]
# So a single QPLEX run says little. Only counts over many seeds do.
#
# ### Step 9: twenty library teams for each game
#
# With the library's networks, 20 seeds for each game, with the budget that all algorithms of Part II get. (Made by `make tables`: 2,000 updates, each on every joint action once. A "best" joint action is one that pays the most. In brackets stands the 95% interval of QPLEX's rate, as in [lesson 12](12_memory.ipynb).)

# %%
names = {"climbing": "climbing", "penalty": "penalty(−25)", "qtran": "QTRAN's",
         "qplex1": "QPLEX 1", "qplex3": "QPLEX 3", "two_optima": "two optima"}


def solved_by(algorithm):
    """Game -> in how many of the stored seeds the greedy joint action is a best one."""
    return {name: sum(abs(value - entry["best"]) < 1e-9
                      for value in entry["runs"][algorithm]["value"])
            for name, entry in stored["games"].items()}


for name, count in solved_by("qplex").items():
    low, high = success_interval(count, 20)
    print(f"{names[name]:<13} QPLEX {count:>2} of 20 (rate {low:.2f} to {high:.2f})   "
          f"QMIX {solved_by('qmix')[name]:>2}   VDN {solved_by('vdn')[name]:>2}")

# %%
count = solved_by("qplex")
assert (count["climbing"] >= 17 and count["qplex1"] >= 15 and 3 <= count["qtran"] <= 17
        and 2 <= count["qplex3"] <= 15)
pays = {name: entry["runs"]["qplex"]["value"] for name, entry in stored["games"].items()}
print("seeds whose greedy joint action is one of the worst:",
      sum(min(pays[name]) == value for name in ("qtran", "qplex3", "penalty")
          for value in pays[name] if value <= -12),
      "of 60 in QTRAN's game, game 3 and the penalty game")

# %% [markdown]
# Where QMIX cannot win, QPLEX often does: climbing and game 1 are as good as solved. In QTRAN's game and in game 3, which it can represent exactly, it fails in about half of the seeds, and a few teams end at the very worst joint action. (In the penalty game and in the game of two optima, [[1, 0], [0, 1]], two joint actions are equally good; QPLEX can only come near such a table, and its agents have no reason to prefer the same one.) "QPLEX always finds the best joint action" is not true of these games. *Break it* shows why.
#
# ## The same as the library
#
# `DuplexMixer` is `Duplex` with sizes to choose and checks at its door. With `head_hidden=()` and `hypernet_dim=0` its networks are single linear layers like ours.

# %%
library = DuplexMixer(2, 4, 3, heads=10, hypernet_dim=0, head_hidden=())
pairs = {"hyper_w": mixer.w, "hyper_b": mixer.b, "head_key": mixer.heads.key,
         "head_agent": mixer.heads.agent, "head_action": mixer.heads.action}
for name, layer in pairs.items():
    getattr(library, name)[0].load_state_dict(layer.state_dict())
chosen, actions = q[:, :, 0], torch.zeros(500, 2, dtype=torch.int64)
assert (mixer(chosen, state, q.amax(-1), actions)
        - library(chosen, state, q.amax(-1), actions)).abs().max() < 1e-12
print("Duplex equals DuplexMixer")

grid = GridWorld()
model = grid.model()
team = QPLEX.for_env(grid, seed=0)
tables, choice = exact.q_tot(team, model), exact.agent_qs(team, model).argmax(-1)
held = tables[torch.arange(len(tables)), choice[:, 0], choice[:, 1]] == tables.flatten(1).amax(1)
print("a fresh QPLEX team: IGM holds in", int(held.sum()), "of", len(held),
      "states of the grid world")

# %% [markdown]
# `QPLEX` is VDN with this mixer. Its loss reads like VDN's, with two differences: the mixer is also given the best available values and the actions, and so is the target's.
#
# ## Break it
#
# ### λ gone
#
# With λ fixed at 1 only $\sum_i (w_i Q_i + b_i)$ is left. $w$ and $b$ do not depend on the actions, so in one state this is VDN. The best sum for game 3, and what 200 teams make of it:

# %%
row, column = game_3.mean(1, keepdim=True), game_3.mean(0)
best_sum = row + column - game_3.mean()
plain = learn(game_3, train_lambda=False)
assert (plain.q_tot - best_sum).abs().max() < 0.05
print("all 200 tables are the best sum; greedy joint actions worth 8:",
      int((worth(game_3, plain.choice) == 8).sum()))

# %% [markdown]
# ### λ below zero
#
# λ may be tiny or huge, and it may depend on anything. The one thing it may not do is change sign. Draw it with a sign:

# %%
print("λ = noise, any sign:", misses(lambda noise: noise),
      "of 1000 teams miss their best joint action")
print("λ = |noise|        :", misses(torch.abs), "of 1000")


# %% [markdown]
# ### No detach
#
# Without the detach the gradient is the true one. That sounds like an improvement. First a calculation: while the agents point at one joint action $\bar{\mathbf u}$, what is the best table they can have? Every entry below $V$ can be made exactly (λ is free there), every entry above it can at best be $V$ itself (λ → 0). So only $V$ is left to choose: it is the mean of the payoff at $\bar{\mathbf u}$ and of the payoffs above $V$.

# %%
def best_pointing_at(payoff, u):
    """V and the mean squared error of the best table whose largest entry is at u."""
    clipped = [payoff[u]]
    for better in payoff.flatten().sort(descending=True).values:
        v = torch.stack(clipped).mean()
        if better <= v:
            break
        clipped.append(better)
    clipped = torch.stack(clipped)
    return clipped.mean().item(), ((clipped - clipped.mean()) ** 2).sum().item() / payoff.numel()


for u in ((0, 0), (1, 1), (1, 2), (0, 1)):
    v, error = best_pointing_at(game_3, u)
    print(f"pointing at {u}, worth {game_3[u]:>3.0f}: V = {v:.2f}, mean squared error {error:.2f}")

# %% [markdown]
# Now train the 200 teams without the detach, from the same first utilities.

# %% [markdown]
# **Predict.** How many of these teams end at the joint action at which they began?

# %%
guess = ...  # "few", "about half" or "nearly all"

true_slope = learn(game_3, detach=False)
stayed = (true_slope.first == true_slope.choice).all(1)
floor = torch.tensor([best_pointing_at(game_3, tuple(u))[1] for u in true_slope.choice.tolist()])
assert int(stayed.sum()) >= 190 and (true_slope.loss - floor)[stayed].abs().median() < 0.05
outcomes = {"first utilities": free.first, "with the detach": free.choice,
            "without it": true_slope.choice}
figure, axes = plots.panels(1, 3, size=(12, 3.6),
                            title="Game 3: how many of 200 teams point at each joint action")
for ax, (name, u) in zip(axes, outcomes.items()):
    counts = torch.bincount(3 * u[:, 0] + u[:, 1], minlength=9).view(3, 3)
    plots.table(counts.double(), title=name, fmt="{:.0f}", ax=ax, limits=(0, 200))
with lesson.prediction(guess, "nearly all" if stayed.sum() >= 190 else "about half",
                       words=("few", "about half", "nearly all")) as fold:
    print("they end near the error listed before this question")
    fold.append(figure)

# %% [markdown]
# <details><summary>After your guess</summary>
#
# With the true gradient λ explains the other entries away within a few hundred updates, and what remains is a local minimum: the best table *for the joint action that a team happened to point at*. The final choice is the lottery of the first utilities.
#
# </details>
#
# With the detach the agents do not feel how well λ already explains things. Look at the best table that points at (1, 1): its errors (the table less the payoff), summed for each own action of agent 1, are

# %%
v, _ = best_pointing_at(game_3, (1, 1))
errors = game_3.clamp(max=v) - game_3
errors[1, 1] = v - game_3[1, 1]
print("errors at (0, 0) and (1, 1):", [errors[0, 0].item(), errors[1, 1].item()],
      "| sums of the rows:", errors.sum(1).tolist())

# %% [markdown]
# The agents move against these sums: action 0 up, action 1 down. This is no accident of the numbers. At such a table the error is positive at $\bar{\mathbf u}$, negative at every better joint action and 0 elsewhere. The error at $\bar{\mathbf u}$ is as large as all the negative ones together (that is what made $V$ a mean). For its row to add up to zero, every better joint action would have to lie in that row, and for its column, in that column. Both is impossible. So **with the detach no wrong table of this kind is a resting place**, and own actions that only better joint actions use are pulled up. The detach is not a mere detail of stability: here it is what lets QPLEX move at all.
#
# ### Slow λ, fast agents
#
# Then why does any team with the detach fail? The argument takes for granted that λ has already explained everything it can. Meanwhile the agents do what VDN does. Take QTRAN's game, where the best sum ranks action 0 *last*, and let λ learn a hundred times as slowly as before.

# %%
qtran = torch.tensor(PAYOFFS["qtran"], dtype=torch.float64)
fast, slow = learn(qtran), learn(qtran, rate_lambda=0.001)
assert (int((worth(qtran, fast.choice) == 8).sum()) >= 195
        and int((worth(qtran, slow.choice) == 8).sum()) <= 10)
print("λ learns 10 times as fast as the agents: (almost) all of 200 teams find the 8")
print("λ learns a tenth as fast as the agents : almost none does")

# %% [markdown]
# So QPLEX is a race. If λ explains the −12s first, only the error at (0, 0) is left and pulls both agents to action 0. If the agents go first, they become indifferent, and then λ has nothing to work with. Which of the two happens depends on learning rates, on the sizes of the first weights, and on luck. It is not written in the payoffs, and the class of tables that QPLEX *can* make says nothing about it. (*Going further* computes the table at which the slow teams get stuck; failed teams of step 9 are there too.)

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Split values into $V$ and $A$, and state IGM for advantages.
# - Make any table with IGM from positive weights λ, by hand.
# - Build QPLEX's mixer with its heads and its rescaling, and say what each may depend on.
# - Say what the detach does to the agents' gradient, and why that helps and does not always suffice.
# - Say why QPLEX is a race between λ and the agents.
#
# ### Common misreadings
#
# - *"QPLEX can represent every table with IGM, so it finds the best joint action."* Representing is not learning: see the counts of step 9.
# - *"λ are attention weights, so they add up to 1."* There is no softmax. λ = 20 was needed in step 2.
# - *"λ must not depend on the actions, or IGM breaks."* It may depend on everything. Only its sign matters.
# - *"The detach is an implementation detail."* Without it nearly every team ended where it began.
# - *"The agents see λ."* λ, $w$ and $b$ are for training only, as QMIX's mixer is. Each agent acts on its own $Q_i$.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/14_qplex.ipynb](../exercises/14_qplex.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 14.1 λ for a table
# - 14.2 May a weight be negative?
# - 14.3 Which way do they go?
# - 14.4 Ten ways to weigh an advantage
# - 14.5 Find the bug: As if every step were the last
# - 14.6 Measure it: tables that nobody chose
#
# Further, without a check:
#
# 1. Run `learn` on the climbing game with and without the detach. You are right if nearly all teams find 11 with it and few without.
# 2. Three agents: what do `duel` and the two-line proof look like? You are right if `misses` stays at 0.
# 3. In the penalty game two corners pay 10. Which λ does the second corner need, and what does the loss look like when it is almost right?
#
# ### Sources
#
# - Wang, Ren, Liu, Yu & Zhang (2021), *QPLEX: Duplex Dueling Multi-Agent Q-Learning*: the advantage-based IGM, the mixer. Their published code: the heads, the detach, double-Q, the games.
# - Wang et al. (2016), *Dueling Network Architectures for Deep Reinforcement Learning*.
# - Son et al. (2019), *QTRAN*: IGM and the game of the last section.
# - Sunehag et al. (2018), *Value-Decomposition Networks*: the sum.

# %% [markdown]
# ## Going further
#
# For those who want to see every seed of step 9, and what happens inside a team that is stuck.
#
# ### Twenty seeds, game by game
#
# What the greedy joint action of each seed pays.

# %%
figure, axes = plots.panels(
    2, 3, size=(12, 6),
    title=f"QPLEX, 20 seeds for each game: what the greedy joint action pays ({stored['date']})")
for ax, (name, entry) in zip(axes.flat, stored["games"].items()):
    plots.bars({label: entry["runs"][key]["value"]
                for key, label in (("vdn", "VDN"), ("qmix", "QMIX"), ("qplex", "QPLEX"))},
               names[name], "payoff", best=entry["best"], dots=True, fmt="{:.3g}", ax=ax)
figure

# %% [markdown]
# ### Where slow λ gets stuck
#
# The table at which the teams with slow λ get stuck can be computed. Where the agents rest, the errors of each own action add up to zero. Say the table is $V$ at (0, 0) and at the four 0s, and $V - c$ at the four −12s (one deviating agent's λ times its advantage). Then the sums for action 0 and for action 1 are
#
# $$(V - 8) + 2\,(V - c + 12) = 0, \qquad (V - c + 12) + 2V = 0.$$

# %%
middle = slow.q_tot.median(0).values                           # entry by entry over the 200 teams
v_and_c = torch.linalg.solve(torch.tensor([[3.0, -2.0], [3.0, -1.0]]),
                             torch.tensor([8.0 - 24.0, -12.0]))
v, c = v_and_c.tolist()
stuck = torch.full((3, 3), v)
stuck[0, 1:] = stuck[1:, 0] = v - c
assert (middle - stuck).abs().max() < 0.2
print(f"V = {v:.2f}, V - c = {v - c:.2f}, loss {((stuck - qtran) ** 2).mean().item():.2f}; "
      "the teams' median table: within 0.2 of it")

library_tables = torch.tensor(stored["games"]["qtran"]["runs"]["qplex"]["table"])
failed = torch.tensor(pays["qtran"]) < 8
near = (library_tables - stuck).abs().amax((1, 2)) < 0.3
assert near.sum() >= 2 and not (near & ~failed).any()
print("library teams of step 9 that failed:", int(failed.sum()),
      "of 20; of these at that very table:", int(near.sum()))

# %% [markdown]
# The library's networks end there too, in a good part of the failed seeds, with their λ made by heads. The loss is 28.44, and nothing pushes the agents any more. λ still wants to grow, since $V - c = -6.67$ is far above −12. But whenever λ grows, the agents answer: their advantage shrinks so that λ·A, and with it the errors' sums, stay what they were. So λ runs off to infinity, the advantages to 0, their product stays near $-c = -4$, and so does the table. Look at agent 1 along the way:

# %%
times = (250, 500, 1000, 2000, 3000)
runs = [learn(qtran, rate_lambda=0.001, updates=t, teams=20) for t in times]
a_of_0 = [split(run.q)[1][:, 0, 0].median().item() for run in runs]
lam_of_0 = [run.lam[:, 0, 0, 1:].median().item() for run in runs]
product = [(run.lam[:, 0, 0, 1:] * split(run.q)[1][:, 0, :1]).median().item() for run in runs]
assert (lam_of_0[-1] > 5 * lam_of_0[0] and abs(a_of_0[-1]) < 0.4 * abs(a_of_0[0])
        and abs(product[-1] + c) < 0.6)
figure, axes = plots.panels(1, 3, size=(12, 3.4),
                            title="Action 0 of agent 1, QTRAN's game, slow λ (medians of 20 teams)")
for ax, (name, each) in zip(axes, {"$-A_1(0)$": [-a for a in a_of_0],
                                   "λ₁(0, ·)": lam_of_0, "λ₁ · A₁": product}.items()):
    plots.lines(torch.tensor(times), torch.tensor(each), name, "updates", name, markers=True, ax=ax)
figure
