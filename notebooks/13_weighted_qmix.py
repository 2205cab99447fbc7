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
# # Lesson 13 · Weighted QMIX
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/13_weighted_qmix.ipynb)
#
# You change which errors QMIX's loss cares about, leave its mixer as it is, and find out exactly when that makes a team choose better, and when it does not.
#
# **Minutes:** 44, and 20 more for *Going further*
#
# **You need:** lessons 04 to 07; lesson 11 (the best table that QMIX's mixer can make).
#
# **After this lesson you can**
# - say where the weights of Weighted QMIX sit, and where they do not
# - compute central and optimistic weights, and follow both to the table they lead to
# - explain why there is a second, unrestricted network, and what it is asked
# - build the whole loss and hold it against the library to the last digit
# - name the games, the values of α and the kind of rewards that lead each variant astray

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

lesson.start("13")

# %%
import itertools
from copy import deepcopy

import torch
from torch import nn

from qmix_course import data, exact, plots, touch
from qmix_course.algorithms import CWQMIX, OWQMIX, QMIX
from qmix_course.cones import best_supermodular
from qmix_course.envs import PAYOFFS, MatrixGame, TwoStepGame, penalty
from qmix_course.evaluation import success_interval
from qmix_course.replay import Batch
from qmix_course.representation import best_table, classify
from qmix_course.training import soft_update

# %% [markdown]
# ## The problem
#
# [Lesson 11](11_representation.ipynb) computed, for any payoff, the table that QMIX's mixer can make with the least squared error, all joint actions counting alike. QPLEX's third game pays 8 if both agents play 0, 6 if both play 1 or both play 2, and 0 or −12 for everything else.

# %%
game3 = torch.tensor(PAYOFFS["qplex3"], dtype=torch.float64)
uniform = best_table(game3, "qmix")
errors = (uniform.table - game3) ** 2
print("total squared error:", round(uniform.error, 2))
print("of which on the joint action (0, 0), worth 8:", round(float(errors[0, 0]), 2))
print("joint action it points at:", uniform.best[0], "which pays", float(game3[uniform.best[0]]))

# %%
plots.tables({"payoff": game3, "best table of QMIX's class": uniform.table,
              "squared error": errors}, highlight="max", fmt="{:.0f}",
             title="QPLEX's game 3, all errors counting alike")

# %% [markdown]
# More training will not help, and neither will more data: no table that QMIX's mixer can make is closer. It says −8 where the team could have 8, because that lets it come close to the four joint actions that pay −12.
#
# But in the end the team plays *one* joint action. To be off by 20 about a joint action that nobody will play costs nothing, and the squared error does not know this.
#
# ## Build it
#
# ### Step 1: weights on the loss
#
# Give every error a weight $w(s, \mathbf u)$:
#
# $$\sum_{\mathbf u} w(s, \mathbf u) \, \big(Q_{tot}(s, \mathbf u) - y(s, \mathbf u)\big)^2$$
#
# The mixer is not touched. $Q_{tot}$ remains what it was, each agent can still choose alone, and what QMIX cannot represent it still cannot represent. What changes is *which* of its tables counts as the best one.
#
# Suppose someone told us the best joint action. Its error counts 1, every other error $\alpha$ with $0 < \alpha \le 1$. `best_table` takes such weights.

# %% [markdown]
# **Predict.** With $\alpha = 1$ the table says −8 for the joint action that pays 8. What will it say with $\alpha = 0.5$, and what will it say about the four entries that pay −12?

# %%
guess = ...  # as in [-4, -8], with α = 0.5: Q_tot(0, 0), Q_tot where the payoff is −12


def told(payoff, alpha):
    """Weights 1 on the best joint actions, alpha on all others:
    the ideal that needs to know the answer."""
    return torch.where(payoff == payoff.max(), 1.0, alpha)


fits = {alpha: best_table(game3, "qmix", told(game3, alpha)) for alpha in (1.0, 0.5, 0.1)}
# all are tables that QMIX's mixer can make
assert all(classify(fit.table).kind in ("additive", "qmix") for fit in fits.values())
half = fits[0.5].table
assert half[game3 == -12].std() < 1e-6
with lesson.prediction(guess, [round(float(half[0, 0]), 6), round(float(half[0, 1]), 6)]) as fold:
    for alpha, fit in fits.items():
        print(f"alpha {alpha:<4} Q_tot(0, 0) = {float(fit.table[0, 0]):5.2f}   "
              f"points at {fit.best[0]}, which pays {float(game3[fit.best[0]]):g}")
    fold.append(plots.tables({f"α = {alpha:g}": fit.table for alpha, fit in fits.items()},
                             highlight="max", fmt="{:.1f}",
                             title="Game 3: the weights pick another table of the same class"))


# %% [markdown]
# All three tables in the fold are of the same class, and $\alpha = 0.1$ changes nothing more. **The weights move the best table within the class; they do not enlarge the class.**
#
# Now the catch: the weights were made from the answer. A learner does not know which joint action is best. Weighted QMIX (Rashid et al. 2020) comes in two variants, which differ in what they use instead.
#
# ### Step 2: central weights
#
# Suppose that some network $\hat Q^*$ knows what each joint action is worth (step 4 builds it). The team's greedy joint action $\bar{\mathbf u}$ is made of each agent's own best one. **Centrally-weighted** QMIX, CW-QMIX, gives weight 1 to the greedy joint action, and to everything that seems better than it:
#
# $$w(s, \mathbf u) = \begin{cases} 1 & \mathbf u = \bar{\mathbf u} \text{ or } y(s, \mathbf u) > \hat Q^*(s, \bar{\mathbf u}) \\ \alpha & \text{otherwise} \end{cases}$$
#
# If $\bar{\mathbf u}$ is the best joint action already, these are the ideal weights of step 1. If not, the better ones count in full and can win.

# %%
def central_weights(y, is_greedy, q_greedy, alpha):
    """w of CW-QMIX from y, whether u is the greedy joint action,
    and what the greedy one is worth."""
    return torch.where(is_greedy | (y > q_greedy), 1.0, alpha)


def central_weights_of(payoff, greedy, alpha):
    """The same for a whole one-step game, where y is the payoff and Q̂* is right."""
    is_greedy = torch.zeros(payoff.shape, dtype=torch.bool)
    is_greedy[greedy] = True
    return central_weights(payoff, is_greedy, payoff[greedy], alpha)


# %% [markdown]
# **Predict.** Game 3 pays [[8, −12, −12], [−12, 6, 0], [−12, 0, 6]]. The uniform table points at (1, 1) or (2, 2), worth 6. Say it is (1, 1). How many of the nine joint actions get weight 1? And how many do if the greedy one is (0, 1), worth −12?

# %%
guess = ...  # two counts, as in [1, 3]: weights of 1 if (1, 1) is greedy, if (0, 1) is

weights = {greedy: central_weights_of(game3, greedy, 0.1) for greedy in ((1, 1), (0, 1))}
with lesson.prediction(guess, [int((w == 1).sum()) for w in weights.values()]) as fold:
    for greedy, w in weights.items():
        print("greedy", greedy, "worth", float(game3[greedy]), "-> weights", w.tolist())

# %% [markdown]
# <details><summary>After your guess</summary>
#
# The greedy action itself always counts in full, and a tie is not better: the other −12s have $\alpha$.
#
# </details>
#
# The weights depend on the greedy action, and the greedy action on the table. So they chase each other. Follow them, each time taking the exact best table.

# %%
games = {"climbing": PAYOFFS["climbing"], "penalty": penalty(-25), "QTRAN's": PAYOFFS["qtran"],
         "QPLEX 1": PAYOFFS["qplex1"], "QPLEX 3": PAYOFFS["qplex3"]}
games = {name: torch.tensor(payoff, dtype=torch.float64) for name, payoff in games.items()}


def follow(payoff, weigh, alpha, steps=12):
    """What the greedy joint action pays: first for uniform weights,
    then after each new best table, until it stays."""
    greedy = best_table(payoff, "qmix").best[0]
    path = [greedy]
    while len(path) <= steps:
        greedy = best_table(payoff, "qmix", weigh(payoff, greedy, alpha)).best[0]
        if greedy == path[-1]:
            return [float(payoff[u]) for u in path], "stays"
        path.append(greedy)
    return [float(payoff[u]) for u in path], "goes round"


for alpha in (0.5, 0.1):
    for name, payoff in games.items():
        path, end = follow(payoff, central_weights_of, alpha)
        print(f"alpha {alpha:<4}{name:<9} best {payoff.max():<5g} "
              f"path {' '.join(f'{v:g}' for v in path[:5]):<13} {end}")


# %% [markdown]
# With $\alpha = 0.1$ climbing and game 3 go to their best joint action in one step; penalty and QTRAN's game start there (in lesson 11 it was the training, not the class, that missed QTRAN's 8). With $\alpha = 0.5$ climbing swings between 0 and 6 and game 3 stays at 6: the other errors still count too much to be let go.
#
# And QPLEX's game 1 goes round among joint actions that pay 10, and never stays at the 10.4. The gain is 0.4, the errors on the way are 10. Remember this game.
#
# ### Step 3: optimistic weights
#
# The other variant does not look at the greedy action at all. **Optimistically-weighted** QMIX, OW-QMIX, gives weight 1 to whatever $Q_{tot}$ underestimates:
#
# $$w(s, \mathbf u) = \begin{cases} 1 & Q_{tot}(s, \mathbf u) < y(s, \mathbf u) \\ \alpha & \text{otherwise} \end{cases}$$

# %%
def optimistic_weights(q_tot, y, alpha):
    """w of OW-QMIX: 1 where Q_tot is too low, alpha where it is high enough."""
    return torch.where(q_tot < y, 1.0, alpha)


# %% [markdown]
# What does such a loss do? Take the smallest case: *one* number $q$ has to stand for several payoffs. Squared errors with equal weights make it their mean. Optimistic weights pull up with force 1 and down with force $\alpha$, and $q$ comes to rest where the pulls balance. (Statisticians call that point an *expectile*.)

# %%
def expectile(values, alpha):
    """The number at which the optimistic pulls of values[K] balance:
    weigh, take the weighted mean, until nothing moves."""
    q = values.mean()
    for _ in range(100):
        w = optimistic_weights(q, values, alpha)
        q = (w * values).sum() / w.sum()
    return float(q)


# %% [markdown]
# **Predict.** In climbing, agent 1's actions 0, 1, 2 have the rows 11, −30, 0 and −30, 7, 6 and 0, 0, 5. If one number must stand for a row: which row looks best with $\alpha = 1$, and which with $\alpha = 0.1$? (For the first row the balance is $11 - q = \alpha \, (q + 30) + \alpha \, q$.)

# %%
guess = ...  # two rows, as in [1, 1]: the best one with α = 1, with α = 0.1

climbing = games["climbing"]
worth = {alpha: [expectile(row, alpha) for row in climbing] for alpha in (1.0, 0.1)}
powers = torch.linspace(-3, 0, 40)
rows = {f"row {row.long().tolist()}": [expectile(row, float(10**p)) for p in powers]
        for row in climbing}
with lesson.prediction(guess, [values.index(max(values)) for values in worth.values()]) as fold:
    for alpha, values in worth.items():
        print(f"alpha {alpha}: rows are worth", [round(v, 2) for v in values])
    fold.append(plots.lines(powers, rows,
                            "One number for a row of climbing: from its best entry to its mean",
                            "log10 α (0: α = 1, the plain mean)", "the number"))


# %% [markdown]
# <details><summary>After your guess</summary>
#
# As $\alpha$ falls, a row is judged by the best that can happen in it. That is the optimism: *if my partner does the right thing, this action is worth 11.* A plain mean remembers the −30.
#
# </details>
#
# The optimistic loss of a whole table is convex for each order of the actions, so its best table in QMIX's class can be computed as in lesson 11: for every pair of orders, weigh and fit until nothing moves, and keep the pair with the smallest loss.

# %%
def optimistic_loss(table, payoff, alpha):
    return float((optimistic_weights(table, payoff, alpha) * (table - payoff) ** 2).sum())


def optimistic_fits(payoff, alpha):
    """For every pair of orders of the actions:
    the table of QMIX's class with the smallest optimistic loss, best pair first."""
    fits = []
    for orders in itertools.product(itertools.permutations(range(len(payoff))), repeat=2):
        rows, columns = torch.tensor(orders)
        y = payoff[rows][:, columns]      # actions from worst to best in this pair of orders
        table = torch.zeros_like(y)
        for _ in range(50):
            # a rounding error is no underestimate
            before, w = table, optimistic_weights(table + 1e-9, y, alpha)
            table = torch.from_numpy(best_supermodular(y.numpy(), w.numpy()))
            if (table - before).abs().max() < 1e-9:
                break
        else:
            raise RuntimeError("the weights did not settle")
        fits.append(table[rows.argsort()][:, columns.argsort()])
    return sorted(fits, key=lambda table: round(optimistic_loss(table, payoff, alpha), 6))


def pays(table, payoff):
    """The payoff of the joint action that the table points at."""
    return float(payoff.flatten()[table.argmax()])


# %% [markdown]
# **Predict.** Climbing is [[11, −30, 0], [−30, 7, 6], [0, 0, 5]]. With $\alpha = 1$ its best table points at a joint action that pays 5. What does the one that it points at pay with $\alpha = 0.2$, and with 0.1? (11, 7, 6, 5, 0 or −30.)

# %%
guess = ...  # two payoffs, as in [5, 7]: chosen in climbing with α = 0.2, with α = 0.1

alphas = (1.0, 0.5, 0.2, 0.1, 0.01, 0.001)
chosen = {name: [pays(optimistic_fits(payoff, alpha)[0], payoff) for alpha in alphas]
          for name, payoff in games.items()}
with lesson.prediction(guess, chosen["climbing"][2:4]) as fold:
    print(f"{'α':<10}" + "".join(f"{a:>7g}" for a in alphas) + "   best")
    for name, values in chosen.items():
        print(f"{name:<10}" + "".join(f"{v:>7g}" for v in values)
              + f"{float(games[name].max()):>7g}")

# %% [markdown]
# Each entry in the fold is the payoff of the joint action that the best table points at. Two things to see:
#
# - How small $\alpha$ must be depends on the game: QPLEX's game 3 is solved from $\alpha = 0.2$ on, its game 1 needs 0.001. The authors' code has 0.1 as the default.
# - Smaller is not simply better. A table may overestimate an entry so far that it points at it, because overestimating is cheap.
#
# **Touch it.** Pull $\alpha$ down on climbing, slowly, and watch the cell that the table points at. Whenever it jumps: which pulls hold it there? Then do the same with the other games.

# %%
touch.weights()

# %% [markdown]
# And is there always an $\alpha$ that is small enough? The paper proves that both weightings recover the best joint action, whatever the values are, in an idealised, tabular version of QMIX. The tables that QMIX's *mixer* can make are fewer than all monotone ones, and for them the guarantee does not hold: *Going further* has games whose best table misses the best joint action even when *told* which one it is.

# %% [markdown]
# ### Step 4: a network without the restriction
#
# So far $y$ was a payoff. In longer tasks it is $r + \gamma \cdot$ (the value of the next state), and somebody has to say what that is. $Q_{tot}$ should not: look at what the optimistic table of climbing with $\alpha = 0.2$ says about the joint action it points at.

# %%
table = optimistic_fits(climbing, 0.2)[0]
u = divmod(int(table.argmax()), 3)
print(f"points at {u}: Q_tot says {float(table[u]):.2f}, the payoff is {float(climbing[u]):g}")


# %% [markdown]
# A step before would hear $0.99 \cdot 12.94$ where there is 0 to be had. The weights have made $Q_{tot}$ a good *chooser* and a bad *estimate*.
#
# Weighted QMIX therefore trains a second team value beside it, $\hat Q^*$ (say "Q-star-hat"), with agents' networks of its own and a mixer **without** the restriction. It is needed in training only, and never acts. In the authors' code: three hidden layers of 256 units on the state and the agents' values, plus $V(s)$.

# %%
class AnyMixer(nn.Module):
    """Q̂* from central agents' values[..., N] and state[..., S].
    No abs anywhere: any function may come out."""

    def __init__(self, n_agents, state_dim, width):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_agents + state_dim, width), nn.ReLU(),
                                 nn.Linear(width, width), nn.ReLU(),
                                 nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
        self.state_value = nn.Sequential(nn.Linear(state_dim, width), nn.ReLU(),
                                         nn.Linear(width, 1))

    def forward(self, agent_qs, state):
        return (self.net(torch.cat([agent_qs, state], -1)) + self.state_value(state)).squeeze(-1)


any_mixer, values = AnyMixer(2, 1, width=16), torch.randn(200, 2, requires_grad=True)
slopes = torch.autograd.grad(any_mixer(values, torch.ones(200, 1)).sum(), values)[0]
assert (slopes < 0).any() and (slopes > 0).any()
print("there are slopes of both signs")


# %% [markdown]
# With slopes of both signs the central agents' own best actions mean nothing: IGM is gone, and the best entry of $\hat Q^*$ could only be found by trying all $A^N$. So the two share the work. The *monotone* agents say which joint action to ask about, $\hat Q^*$ says what it is worth:
#
# $$y = r + \gamma \, \hat Q^{*-}(s', \bar{\mathbf u}'), \qquad \bar{\mathbf u}' = \text{each agent's best available action in } s'$$
#
# ($^-$: of the target network, whose agents also choose $\bar{\mathbf u}'$.) And this one $y$ is what both are pulled towards:
#
# $$L = \text{mean of } w \, (Q_{tot} - y)^2 \; + \; \text{mean of } (\hat Q^* - y)^2$$
#
# $\hat Q^*$ has no weights: it is to be right everywhere. And $w$ and $y$ are constants: no gradient flows through them.
#
# ### Step 5: the loss, whole

# %%
def own_best(q, available):
    """Each agent's best available action: q[..., N, A] -> [..., N]."""
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def value(agents, mixer, obs, state, actions):
    """A team value of joint actions[B, T, N]: the agents' values of them, mixed."""
    return mixer(agents(obs)[0].gather(-1, actions.unsqueeze(-1)).squeeze(-1), state)


def loss_by_hand(team, target, batch, weigh, gamma=0.99):
    obs, state, available = batch.obs[:, :-1], batch.state[:, :-1], batch.available[:, :-1]
    next_obs, next_state = batch.obs[:, 1:], batch.state[:, 1:]
    q_tot = value(team.agents, team.mixer, obs, state, batch.actions)                      # [B, T]
    q_hat = value(team.central.agents, team.central.mixer, obs, state, batch.actions)      # [B, T]
    with torch.no_grad():
        # the monotone agents choose, Q̂* judges
        next_best = own_best(target.agents(next_obs)[0], batch.available[:, 1:])
        ahead = value(target.central.agents, target.central.mixer, next_obs, next_state, next_best)
        y = batch.reward + gamma * torch.where(batch.terminated, 0.0, ahead)
        greedy = own_best(team.agents(obs)[0], available)
        q_greedy = value(target.central.agents, target.central.mixer, obs, state, greedy)
        w = weigh(q_tot, y, (greedy == batch.actions).all(-1), q_greedy)
    errors = w * (q_tot - y) ** 2 + (q_hat - y) ** 2
    return (errors * batch.mask).sum() / batch.mask.sum()


# %% [markdown]
# $\bar{\mathbf u}$ in the weights comes from the online agents, as it is what the team would play *now*; $\hat Q^*(\bar{\mathbf u})$ comes from the target network, like $y$, which it is compared with. Both are as in the authors' code.
#
# ### Step 6: learn
#
# One batch with every joint action once is uniform data without the noise of sampling. It makes the runs short, and lets us hold what is learned against the exact tables.

# %%
def every_joint_action(env):
    """A batch with one row for each state and joint action of an enumerable game."""
    model, n = env.model(), env.spec.n_agents
    joint = torch.cartesian_prod(*[torch.arange(env.spec.n_actions)] * n)    # [J, N]
    x = torch.arange(len(model.state)).repeat_interleave(len(joint))         # the state of each row
    u = joint.repeat(len(model.state), 1)
    entry = (x, *u.unbind(1))
    batch = Batch.padding(len(x), 1, env.spec)
    for t, at in enumerate((x, model.next_state[entry])):
        batch.obs[:, t], batch.state[:, t] = model.obs[at], model.state[at]
    batch.actions[:, 0], batch.reward[:, 0], batch.terminated[:, 0] = (u, model.reward[entry],
                                                                       model.terminated[entry])
    batch.mask[:] = 1.0
    return batch


def learn(team, batch, updates=500, watch=lambda team: None):
    """Train on the same batch again and again; what ``watch`` saw after every update."""
    target, seen = deepcopy(team).requires_grad_(False), []
    optimiser = torch.optim.Adam([p for p in team.parameters() if p.requires_grad], lr=5e-3)
    for _ in range(updates):
        optimiser.zero_grad()
        team.loss(batch, target).backward()
        optimiser.step()
        soft_update(target, team, 0.05)
        seen.append(watch(team))
    return seen


# %% [markdown]
# **Predict.** Game 3, $\alpha = 0.1$, gradient descent from random weights. Of two seeds each, how many of QMIX, CW-QMIX and OW-QMIX choose the 8? (The exact calculations of steps 2 and 3 and the problem at the top say what their tables can do.)

# %%
guess = ...  # as in [1, 0, 2]: seeds (of 2) of QMIX, CW-QMIX, OW-QMIX that choose 8

kinds = {"QMIX": (QMIX, {}), "CW-QMIX": (CWQMIX, {"central_dim": 32}),
         "OW-QMIX": (OWQMIX, {"central_dim": 32})}
env = MatrixGame("qplex3")
model, batch = env.model(), every_joint_action(env)
learned = {}
for name, (kind, options) in kinds.items():
    teams = [kind.for_env(env, seed=seed, hidden=(32,), **options) for seed in (0, 1)]
    for team in teams:
        learn(team, batch)
    learned[name] = [exact.q_tot(team, model)[0] for team in teams]
right = [sum(pays(table, game3) == 8 for table in tables) for tables in learned.values()]
rest, balance = learned["OW-QMIX"][0].flatten()[1:], expectile(game3.flatten()[1:], 0.1)
assert (rest - balance).abs().max() < 0.4
with lesson.prediction(guess, right) as fold:
    print(f"OW-QMIX learned one number for everything but the 8: its expectile is {balance:.2f}")
    fold.append(plots.tables({"payoff": game3} | {n: tables[0] for n, tables in learned.items()},
                             title="Game 3: what the first team of each kind believes",
                             highlight="max", fmt="{:.1f}"))

# %% [markdown]
# ### Step 7: twenty seeds, six games
#
# Two seeds are no evidence. These runs were made beforehand: uniform data, 20 seeds for each game, the same agents and the same number of updates for every algorithm, $\alpha = 0.1$. (The game of two optima is [[1, 0], [0, 1]]: the team is paid for playing the same.)

# %%
stored = data.load("games")
print(f"made by {stored['made_by']} on {stored['date']}")
shown = {"climbing": "climbing", "penalty": "penalty", "qtran": "QTRAN's",
         "qplex1": "QPLEX 1", "qplex3": "QPLEX 3", "two_optima": "two optima"}
algorithms = {"qmix": "QMIX", "cw_qmix": "CW-QMIX", "ow_qmix": "OW-QMIX"}
print("seeds that choose a best joint action, with the 95% interval of the rate")
print(f"{'':<12}" + "".join(f"{title:>25}" for title in algorithms.values()))
for game, title in shown.items():
    entry, cells = stored["games"][game], []
    for algorithm in algorithms:
        paid = entry["runs"][algorithm]["value"]
        hits = sum(abs(v - entry["best"]) < 1e-9 for v in paid)
        low, high = success_interval(hits, len(paid))
        cells.append(f"{hits} of {len(paid)} ({low:.2f} to {high:.2f})")
    print(f"{title:<12}" + "".join(f"{cell:>25}" for cell in cells))

# %% [markdown]
# CW-QMIX: every seed in climbing, QTRAN's game and game 3, nearly every one in penalty, about half of them in game 1 and in the game of two optima. (In step 2 the exact steps never stayed at game 1's 10.4; the small steps of gradient descent often do.)
#
# OW-QMIX: every seed in QTRAN's game and in game 3, and then *fewer than QMIX* in the game of two optima (the intervals do not meet) and perhaps in penalty (they do). In both games two actions of an agent look alike to an optimist (*with the right partner, the best*), and which of them it takes is decided by the last digits, by each agent on its own. Optimism finds good joint actions. It does not agree on one. *Going further* tells where the loss is to blame and where training is, and shows a longer task, a hunt.

# %% [markdown]
# ## The same as the library
#
# `CWQMIX` and `OWQMIX` differ in one method, `weights`. `AnyMixer` is `CentralMixer`. Given equal weights, on rows with unavailable actions and padding:

# %%
env = TwoStepGame()
batch = every_joint_action(env)
batch.available[:, 0, 0] = torch.rand(len(batch.mask), 2) < 0.6                     # agent 1, now
batch.available[:, 1, 1] = torch.rand(len(batch.mask), 2) < 0.6                     # agent 2, next
batch.available[..., 0] |= ~batch.available.any(-1)
batch.mask[::5] = 0.0
by_hand = {CWQMIX: lambda q_tot, y, greedy, q_greedy: central_weights(y, greedy, q_greedy, 0.3),
           OWQMIX: lambda q_tot, y, greedy, q_greedy: optimistic_weights(q_tot, y, 0.3)}
for kind, weigh in by_hand.items():
    team, target = (kind.for_env(env, seed=seed, alpha=0.3, central_dim=16) for seed in (3, 4))
    loss = team.loss(batch, target)
    own_mixer = AnyMixer(2, env.spec.state_dim, 16)
    own_mixer.load_state_dict(team.central.mixer.state_dict())
    team.central.mixer = own_mixer
    own_loss = loss_by_hand(team, target, batch, weigh)
    shared = [*team.agents.parameters(), *team.mixer.parameters(),
              *team.central.agents.parameters()]
    gap = max((a - b).abs().max() for a, b in zip(torch.autograd.grad(loss, shared),
                                                  torch.autograd.grad(own_loss, shared)))
    assert abs(loss - own_loss) < 1e-12 and gap < 1e-12
    print(f"{kind.__name__}: loss and gradients equal the library's")

# %% [markdown]
# The library's version does the same for whole episodes, for agents that remember (`recurrent=True`), and for double-Q, where the online agents choose $\bar{\mathbf u}'$ too. The authors' code refuses to run without double-Q.

# %% [markdown]
# ## Break it
#
# ### Luck looks like skill
#
# Optimism means: bad outcomes count less. It helps when bad outcomes come from *partners* that still explore. But what if they come from the dice? Only agent 1 matters in this game. Its action 0 pays 5, always. Its action 1 pays 12 or −12, by the toss of a coin, so 0 on average. Even VDN can represent that.

# %% [markdown]
# **Predict.** With $\alpha = 0.1$: what will OW-QMIX believe that action 1 is worth? (Two payoffs, one number: step 3.) And CW-QMIX, while the greedy action is 0, and while it is 1?

# %%
guess = ...  # as in [5, 4.5, 3]: OW-QMIX; CW-QMIX while 0 is greedy; while 1 is

coin = torch.tensor([12.0, -12.0])
believed = [expectile(coin, 0.1)]
for greedy, q_greedy in ((0, 5.0), (1, 0.0)):
    w = central_weights(coin, torch.tensor(greedy == 1), torch.tensor(q_greedy), 0.1)
    believed.append(float((w * coin).sum() / w.sum()))
with lesson.prediction(guess, believed) as fold:
    print("against 5 for action 0")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# While the safe action is greedy, CW-QMIX counts the lucky tosses in full and the coin rises; as soon as the coin is greedy, all its tosses count and it falls. (*Going further* trains all three: QMIX alone ends up right.)
#
# </details>
#
# The weights compare *one sample's* $y$ with a value. They cannot tell a better joint action from a lucky draw. In a game with deterministic rewards and transitions there is no difference. Elsewhere there is.
#
# ## Sum up
#
# ### What you can do now
#
# - Write both weightings, and say what they have in common: a loss, and no change of the mixer.
# - Compute the exact table that each of them leads to in a small game, and predict what training will choose.
# - Build the loss with its three parts (weighted $Q_{tot}$, unweighted $\hat Q^*$, one $y$ for both), and hold it against the library.
# - Name what breaks it: an $\alpha$ that does not suit the game, two actions that look alike, and luck.
#
# ### Common misreadings
#
# - *"Weighted QMIX has a mixer with other (even negative) weights."* The mixer is QMIX's. "Weighted" is the loss.
# - *"So it can represent more than QMIX."* Not one table more. It chooses another one of the same class.
# - *"The agents could act by $\hat Q^*$."* Nobody can maximise it alone. It exists in training only, and even there the monotone agents say where to look.
# - *"$Q_{tot}$ is the value estimate."* In QMIX it is. Here it is a chooser: it overestimates on purpose, up to 12.94 where there is 0.
# - *"Optimistic is central without the need for a judge."* In the game of two optima the optimists seldom agree, and in penalty many do not.
# - *"Smaller α is safer."* In climbing the optimistic table with α = 0.2 is worse than with α = 1. And the smaller α is, the more luck looks like skill.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/13_weighted_qmix.ipynb](../exercises/13_weighted_qmix.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 13.1 How far must α fall?
# - 13.2 Where the pulls balance
# - 13.3 What the judge learns
# - 13.4 Find the bug: Greedy beyond the rules
# - 13.5 Measure it: how much weight is enough?
#
# Further, without a check:
#
# 1. Make the game of two optima lopsided, [[1.2, 0], [0, 1]], and train OW-QMIX on it with 5 seeds. You are right if all of them choose the 1.2. How small can the difference be?
# 2. What does CW-QMIX do in game 3 if it starts at a joint action that pays −12 (give `follow` an argument for its first greedy action)? You are right if some starts go round. Training goes in small steps and starts from small values: say why that helps.
# 3. Make the coin kinder: 12 and −11. From which α on does the OW expectile of the coin fall below 5? You are right if $\alpha = 7/16$.
#
# ### Sources
#
# - Rashid, Farquhar, Peng, Whiteson (2020), *Weighted QMIX: Expanding Monotonic Value Function Factorisation*: both weightings, the guarantee, $\hat Q^*$. The authors' code, github.com/oxwhirl/wqmix (`learners/max_q_learner.py`, `config/algs/cw_qmix.yaml`): α = 0.1, three layers of 256, the target network as the judge, double-Q. It calls the optimistic variant `hysteretic_qmix`.
# - Wang et al. (2021), *QPLEX: Duplex Dueling Multi-Agent Q-Learning*; games 1 and 3 are in their code.
# - Claus & Boutilier (1998): climbing and penalty. Son et al. (2019): QTRAN's game.
# - github.com/jingranburangyongzhongwen/torchMARL, issue 2: the greedy joint action of Weighted QMIX without the mask of available actions (exercise 13.4).

# %% [markdown]
# ## Going further
#
# For those who want to know how far the promises carry: the guarantee tested, the loss and the training told apart, dots for every seed, a hunt, wrong judges in the stored runs and in a longer task, and the coin in training.
#
# ### A test for any implementation
#
# One more equality, and a good test for any implementation: with $\alpha = 1$ all weights are 1. If every step also ends the task, $y = r$, and agents and mixer must get QMIX's gradient.

# %%
batch.terminated[:] = True
qmix = QMIX.for_env(env, seed=3)
for kind in (CWQMIX, OWQMIX):
    team = kind.for_env(env, seed=3, alpha=1.0, central_dim=16)
    qmix.load_state_dict({name: value for name, value in team.state_dict().items()
                          if not name.startswith("central.")})
    one = torch.autograd.grad(team.loss(batch, team),
                              [*team.agents.parameters(), *team.mixer.parameters()])
    two = torch.autograd.grad(qmix.loss(batch, qmix),
                              [*qmix.agents.parameters(), *qmix.mixer.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(one, two))
    print(f"{kind.__name__} with alpha = 1: QMIX's gradient, bit for bit")


# %% [markdown]
# ### Is there always an α that is small enough?
#
# Take the ideal weights of step 1, a tiny $\alpha$, and random games, and try both classes.

# %%
def recovered(payoff, kind, alpha=0.001):
    """Whether the best joint action is among the largest entries of the best table,
    given the ideal weights."""
    return (divmod(int(payoff.argmax()), len(payoff))
            in best_table(payoff, kind, told(payoff, alpha)).best)


generator = torch.Generator().manual_seed(0)
random_games = torch.randn(60, 3, 3, generator=generator)
for kind in ("monotone", "qmix"):
    count = sum(recovered(payoff, kind) for payoff in random_games)
    print(f"best table among {kind:<8}: the best joint action is recovered "
          f"in {count} of {len(random_games)} random games")
print("QPLEX 1, alpha 0.0001, QMIX's class:",
      "recovered" if recovered(games["QPLEX 1"], "qmix", 1e-4) else "not recovered")

# %% [markdown]
# Among all monotone tables the best joint action is always recovered, in line with the paper. Among those of QMIX's mixer there are exceptions, and QPLEX's game 1 is one: even *told* the answer, and with errors elsewhere at a ten-thousandth, the best table points at a 10. The guarantee does not carry over to the class that is trained.

# %% [markdown]
# ### Where OW-QMIX fails: the loss, or the training?
#
# What each seed's greedy joint action pays. In penalty OW-QMIX even walks into the −25.

# %%
figure, axes = plots.panels(2, 3, size=(12, 6),
                            title="What the greedy joint action pays, one dot for each seed")
for ax, (game, title) in zip(axes.flatten(), shown.items()):
    entry = stored["games"][game]
    values = {algorithms[name]: entry["runs"][name]["value"] for name in algorithms}
    plots.bars(values, title, "payoff", best=entry["best"], dots=True, ax=ax)
figure


# %% [markdown]
# Why? There are two candidates: the loss itself may prefer the wrong table, or training may not get to the best one. The exact calculation tells them apart.

# %%
def least(tables, payoff):
    return min((optimistic_loss(table, payoff, 0.1) for table in tables), default=float("nan"))


print(f"{'optimistic loss of':<18}{'the best right':>16}{'the best wrong':>16}   "
      "the 20 that were learned")
for game, title in shown.items():
    payoff = torch.tensor(stored["games"][game]["payoff"], dtype=torch.float64)
    fits = optimistic_fits(payoff, 0.1)
    right = [table for table in fits if pays(table, payoff) == payoff.max()]
    wrong = [table for table in fits if pays(table, payoff) < payoff.max()]
    found = [torch.tensor(table) for table in stored["games"][game]["runs"]["ow_qmix"]["table"]]
    losses = sorted(optimistic_loss(table, payoff, 0.1) for table in found)
    print(f"{title:<18}{least(right, payoff):>16.2f}{least(wrong, payoff):>16.2f}   "
          f"{losses[0]:.2f} to {losses[-1]:.2f}")

# %% [markdown]
# (*nan*: no pair of orders has a wrong best table.)
#
# - QTRAN's game and game 3: the right tables are far better, and training finds one.
# - QPLEX's game 1: a wrong table is better. The loss is to blame; no seed and no budget will help.
# - Climbing: the two are half a per cent apart, and training ends now in one and now in the other.
# - Penalty and the game of two optima: what was learned is worse than the best right table (in penalty even than the best wrong one). Training comes to rest at the tables below.

# %%
figure, axes = plots.panels(1, 4, size=(13, 3.2),
                            title="What OW-QMIX learned in two games, first seed")
for (game, title), (left, right) in zip(list(shown.items())[1::4], (axes[:2], axes[2:])):
    entry = stored["games"][game]
    plots.table(entry["payoff"], title=f"{title}: payoff", fmt="{:g}", ax=left)
    plots.table(entry["runs"]["ow_qmix"]["table"][0], title="learned", fmt="{:.1f}", ax=right)
figure

# %% [markdown]
# Agent 1's actions 0 and 2 in penalty look exactly alike to an optimist: *with the right partner, 10*. In the game of two optima both actions are worth the balance of 1 and 0, $1 / 1.1 = 0.91$. So both agents rate their two good actions equally.

# %% [markdown]
# ### A hunt
#
# All this in one step. Does it matter in a task of many? In **predator–prey** two predators chase a prey on a board of 4 × 4 cells (`PredatorPrey`, rules as in the code published with weighted QMIX, the board much smaller). Both beside the prey and both playing *catch* in the same step: 10, and the episode ends. One alone: $p \le 0$, and the hunt goes on. When both stand beside the prey they face a game like [[10, $p$], [$p$, 0]], and while the partner still explores, *catch* is mostly punished.
#
# `make tables` trained six algorithms (QPLEX is lesson 14's), five seeds each, 40,000 steps, the same settings for all. A seed has learned to hunt if its greedy team earns more than 5 of the 10 on average over 100 episodes.

# %%
hunt = data.load("predator_prey")
hunters = {"iql": "IQL", "vdn": "VDN", "qmix": "QMIX", "qplex": "QPLEX",
           "ow_qmix": "OW-QMIX", "cw_qmix": "CW-QMIX"}
print(f"seeds of 5 that hunt (made on {hunt['date']})".ljust(42)
      + "".join(f"{title:>9}" for title in hunters.values()))
for punishment, runs in hunt["runs"].items():
    counts = [sum(value > 5 for value in runs[kind]["greedy_return"]) for kind in hunters]
    print(f"p = {punishment:>2}".ljust(42) + "".join(f"{count:>9}" for count in counts))

# %%
figure, axes = plots.panels(1, 3, size=(12, 3.8),
                            title="Predator–prey: return after 40,000 steps, one dot for each seed")
for ax, (punishment, runs) in zip(axes, hunt["runs"].items()):
    plots.bars({hunters[kind]: runs[kind]["greedy_return"] for kind in hunters},
               f"punishment {punishment}", "return", best=hunt["best_return"], dots=True, ax=ax)
    ax.set_xlim(-1.5, 12.5)
figure


# %% [markdown]
# Without punishment everybody hunts. At $p = -2$ three seeds of OW-QMIX hunt, and no other team does; two of CW-QMIX earn about 3, too little to count. At $p = -1$ there is a surprise: some teams of IQL and VDN hunt, and none of QMIX or QPLEX. Five seeds, one size and one budget say that the weights can matter in a longer task. They do not say by how much, nor what more steps would bring.

# %% [markdown]
# ### Wrong judges
#
# Both variants lean on $\hat Q^*$. What if it is wrong? First in one-step games, exactly: let the judge overrate or underrate the greedy joint action by a constant, and follow the central weights of step 2 in game 3.

# %%
def misjudged(by):
    """Central weights with a Q̂* that is wrong about the greedy joint action by this much."""
    def weigh(payoff, greedy, alpha):
        is_greedy = torch.zeros(payoff.shape, dtype=torch.bool)
        is_greedy[greedy] = True
        return central_weights(payoff, is_greedy, payoff[greedy] + by, alpha)
    return weigh


for by in (-100, 0, 1, 3, 100):
    path, end = follow(game3, misjudged(by), 0.1)
    print(f"Q̂* wrong by {by:>4}: path {' '.join(f'{v:g}' for v in path)}, {end}")

# %% [markdown]
# A judge that is far too low finds everything better than the greedy action, all weights are 1, and we are back at QMIX. A judge that is 3 too high believes that the greedy joint action is worth 9. Nothing beats that, so only the greedy action itself counts in full: it has become its own reason.

# %% [markdown]
# Judges that are wrong are not made up. In the stored runs of game 3:

# %%
for algorithm in ("cw_qmix", "ow_qmix"):
    judged = torch.tensor(stored["games"]["qplex3"]["runs"][algorithm]["joint_table"])
    off = (judged - game3).abs().flatten(1).amax(1)
    print(f"{algorithms[algorithm]}: Q̂* is wrong by more than 2 somewhere "
          f"in {int((off > 2).sum())} of {len(off)} seeds; "
          f"about (1, 1) it says {float(judged[0, 1, 1]):.2f} in the first")


# %% [markdown]
# $\hat Q^*$ has no restriction, but it sees each agent through *one* number for each action. Actions 1 and 2 have the same mean payoffs, their numbers come out equal, and it takes 3, the mean of 6 and 0, for both. These teams chose the 8 all the same: a judge that is 3 too low does no harm here (try it above).
#
# And OW-QMIX? In a one-step game $y$ is the reward, the optimistic weights compare it with $Q_{tot}$, and $\hat Q^*$ appears nowhere. So it cannot go wrong there. In longer tasks it can, as $y$ looks ahead. Take the two-step game, and a $\hat Q^*$ that is right about 2A (7) and believes that 2B is worth 5, not 8.

# %%
class Believes(nn.Module):
    """In place of the central mixer: 5 in 2B, 7 elsewhere, and nothing to learn."""

    def forward(self, agent_qs, state):
        return torch.where(state[..., 2] == 1, 5.0, 7.0)


env = TwoStepGame()
batch = every_joint_action(env)
for name, (kind, options) in list(kinds.items())[1:]:
    for judge in ("learned", "wrong"):
        team = kind.for_env(env, seed=0, hidden=(32,), **options)
        if judge == "wrong":
            team.central.mixer = Believes()
        learn(team, batch)
        start, _, in_2b = exact.q_tot(team, env.model())
        way = "2B, which pays 8" if start[1].max() > start[0].max() else "2A, which pays 7"
        assert abs(in_2b[1, 1] - 8) < 0.2
        print(f"{name}, {judge:<7} Q̂*: goes to {way}; knows the 8 in 2B")


# %% [markdown]
# With the wrong judge both teams know perfectly well that (1, 1) pays 8 in 2B, as there $y$ is the reward. They never go there. The first step heard $0.99 \cdot 5 = 4.95$ from the judge, and 4.95 is less than 6.93.

# %% [markdown]
# ### The coin in training
#
# Each joint action twice in the batch: once in luck, once not.

# %%
def best_of_rows(team):
    """What the team believes of agent 1's two actions: max over agent 2's action of Q_tot."""
    return exact.q_tot(team, env.model())[0].amax(1)


env = MatrixGame([[5, 5], [0, 0]])
batch = every_joint_action(env)
luck = Batch(**{name: torch.cat([part, part]) for name, part in vars(batch).items()})
luck.reward[luck.actions[:, 0, 0] == 1] = torch.tensor([[12.0], [12.0], [-12.0], [-12.0]])
beliefs = {}
for name, (kind, options) in kinds.items():
    team = kind.for_env(env, seed=0, hidden=(32,), **options)
    beliefs[name] = torch.stack(learn(team, luck, 400, best_of_rows))

figure, axes = plots.panels(1, 3, size=(12, 3.4),
                            title="What each team believes of agent 1's two actions")
for ax, (name, seen) in zip(axes, beliefs.items()):
    plots.lines(range(1, 401), {"safe, worth 5": seen[:, 0], "coin, worth 0": seen[:, 1]},
                name, "updates", "max Q_tot", ax=ax)
figure

# %%
assert abs(beliefs["QMIX"][-1, 1]) < 0.2 and abs(beliefs["OW-QMIX"][-1, 1] - 9.82) < 0.2
apart = (beliefs["CW-QMIX"][:, 0] - beliefs["CW-QMIX"][:, 1])[-100:].abs().mean()
assert apart < 0.5
print("QMIX prefers   :", "safe" if beliefs["QMIX"][-1].argmax() == 0 else "coin")
print("OW-QMIX prefers:", "safe" if beliefs["OW-QMIX"][-1].argmax() == 0 else "coin")
print("CW-QMIX        : cannot tell the two apart, on average less than 0.5 lies between them")

# %% [markdown]
# QMIX is right. OW-QMIX is sure that the coin is worth 9.82 and takes it every time. CW-QMIX cannot make up its mind: while the safe action is greedy, the lucky tosses count in full and the coin rises to 9.82; as soon as the coin is greedy, all its tosses count and it falls to 0. So the two lines stick together, and which one is ahead changes all the time.
