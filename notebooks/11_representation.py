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
# # Lesson 11 · What QMIX can and cannot represent
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/11_representation.ipynb)
#
# You find out exactly which team values QMIX's mixer can make, compute the best it could do in any small game, and tell what it cannot represent from what it merely does not find.
#
# **Minutes:** 45, and 23 more for *Going further*
#
# **You need:** lessons 04 and 05; least squares; what a convex function is.
#
# **After this lesson you can**
# - prove that every table a QMixer makes has increasing differences, and name the smallest table that it cannot make
# - compute the nearest additive, QMIX and monotone table of a payoff, exactly
# - tell a limit of representation from a failure of optimisation
# - say how the data, through ε, decide which table is the best one

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

lesson.start("11")

# %%
import itertools

import torch
from torch.nn import functional as F

from qmix_course import data, exact, plots, representation, touch
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import PAYOFFS, MatrixGame, TwoStepGame, penalty
from qmix_course.evaluation import evaluate
from qmix_course.mixers import QMixer
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig


# %% [markdown]
# ## The problem
#
# Part I ended with a team that works. Part II asks what the restriction costs that made it work. Begin where the idea came from: the two-step game, trained three ways, three seeds each, with $\varepsilon = 1$ all the time, so that every joint action is equally likely.

# %%
def train_teams(kind, game, seeds=range(3), **changes):
    """Teams of one kind, one for each seed, trained side by side;
    on uniform data unless ``changes`` say otherwise."""
    settings = dict(total_steps=4_800, update_every=8, batch_size=64, learning_rate=3e-3,
                    tau=0.05, epsilon_start=1.0, epsilon_end=1.0, evaluate_every=4_800)
    sizes = (dict(hidden=(32,), embed_dim=16, hypernet_dim=32) if kind is QMIX
             else dict(hidden=(32,)))
    teams = [kind.for_env(game, seed=seed, **sizes) for seed in seeds]
    train_seeds(game, teams, TrainConfig(**settings | changes), list(seeds))
    return teams


two_step = TwoStepGame(num_envs=32)
teams = {kind: train_teams(kind, two_step) for kind in (IQL, VDN, QMIX)}
for kind, each in teams.items():
    print(f"{kind.__name__:<4} greedy return of each seed:",
          [evaluate(TwoStepGame(), team).mean_return for team in each])

# %% [markdown]
# IQL and VDN settle for 7, QMIX takes 8. Returns say little, so compare QMIX's table with the exact one, and with the one that the QMIX paper prints (Rashid et al. 2018). *Going further* shows what VDN and IQL believe.

# %%
gamma, model = 0.99, two_step.model()
truth = exact.solve(two_step, gamma).q                # [3 states, 2, 2]: start, 2A, 2B
paper = torch.tensor([[[6.93, 6.93], [7.92, 7.92]],
                      [[7.0, 7.0], [7.0, 7.0]],
                      [[0.0, 1.0], [1.0, 8.0]]])
learned = {kind: torch.stack([exact.q_tot(team, model) for team in teams[kind]])
           for kind in (VDN, QMIX)}

for name, table in {"exact": truth, "printed": paper}.items():
    difference = (learned[QMIX] - table).abs().max()
    assert difference < 0.05
    print(f"QMIX is within 0.05 of the {name:<7} table "
          f"in all 12 entries and all {len(teams[QMIX])} seeds")

# %% [markdown]
# So is QMIX the answer whenever a sum is not enough? Take a game that looks easier than 2B: the team gets 1 if *at least one* agent plays action 1. This is OR, [[0, 1], [1, 1]]. It is monotone: with action 1 above action 0, no row and no column falls. A monotone mixer for it is easy to name: the larger of the two utilities.

# %%
or_game = MatrixGame([[0, 1], [1, 1]], num_envs=32)
or_tables = torch.stack([exact.q_tot(team, or_game.model())[0]
                         for team in train_teams(QMIX, or_game)])
or_errors = ((or_tables - or_game.payoff) ** 2).sum((1, 2))
assert ((0.25 - 1e-9 <= or_errors) & (or_errors < 0.30)).all()
assert (or_tables[:, 1, 1] > or_tables[:, 0, 1] + 0.2).all()
print("squared error over the four entries: between 0.25 and 0.30 for all three seeds;\n"
      "all three believe that (1, 1) is worth more than (0, 1)")


# %% [markdown]
# Three seeds, 16 hidden units, four numbers, and every one of them stops at about the same error. More units and more training do not help. QMIX makes 2B and does not make OR, though both are monotone. What is it that QMIX can make?
#
# ## Build it
#
# ### Step 1: increasing differences
#
# Look at what agent 1 gains by switching from action 0 to action 1, and at how that depends on agent 2. In 2B it gains 1 if agent 2 plays 0 and 7 if agent 2 plays 1: **6 more**. In OR it gains 1 and then 0: **1 less**. This number is the mixed difference of the four entries:

# %%
def mixed_differences(table):
    """T[i+1, j+1] - T[i+1, j] - T[i, j+1] + T[i, j] of table[..., A, A]: [..., A-1, A-1]."""
    return table.diff(dim=-2).diff(dim=-1)


for name, rows in {"2B ": [[0, 1], [1, 8]], "OR ": [[0, 1], [1, 1]],
                   "AND": [[0, 0], [0, 1]], "sum": [[0, 1], [2, 3]]}.items():
    print(name, rows, "mixed difference:", mixed_differences(torch.tensor(rows)).item())

# %% [markdown]
# A table has **increasing differences** if, with both agents' actions sorted from worst to best, no mixed difference is negative: a step up of one agent is worth at least as much when the other stands higher. (Another word for it is *supermodular*.)
#
# **Claim.** In one state, every table that QMIX's mixer can make has increasing differences.
#
# *Proof.* In one state the mixer is $Q_{tot} = \sum_k w_k\, g(a_k Q_1 + c_k Q_2 + b_k) + V$ with $w_k, a_k, c_k \ge 0$, and $g$ is ELU. ELU's slope never falls: it is $e^x$ below zero and 1 above. So ELU is **convex**, and a convex function gains the more by a step the further right the step begins. Take two utilities of agent 1, the second one higher, and two of agent 2. For one unit write $z$ for its input at the lower pair, $d = a_k\, \Delta Q_1 \ge 0$ and $e = c_k\, \Delta Q_2 \ge 0$. Then
#
# $$\underbrace{g(z + e + d) - g(z + e)}_{\text{agent 1's step, agent 2 higher}} \;\ge\; \underbrace{g(z + d) - g(z)}_{\text{the same step, agent 2 lower}}$$
#
# since the left step begins further right. So the unit's mixed difference is not negative. A sum with weights $w_k \ge 0$ keeps that, and $V$ cancels. $\square$
#
# Nothing in the proof counts the units. A wider mixer does not help, and neither do more layers: a convex increasing function of something monotone with increasing differences has them too. (*Going further* looks at 2,000 random mixers of each kind.)

# %% [markdown]
# **Predict.** Which of these four can a mixer of this kind make, if the agents may sort their actions as they like: NOR [[1, 0], [0, 0]], OR with one action renamed [[1, 0], [1, 1]], NAND [[1, 1], [1, 0]], and [[3, 0], [4, 2]]?

# %%
guess = ...  # as in ["no", "no", "yes", "no"]: NOR, OR renamed, NAND, the last one


def sorted_well(table):
    """The table with both agents' actions from worst to best, or None if no order does it."""
    orders = list(itertools.permutations(range(len(table))))
    for rows, columns in itertools.product(orders, orders):
        ordered = table[list(rows)][:, list(columns)]
        if (ordered.diff(dim=0) >= 0).all() and (ordered.diff(dim=1) >= 0).all():
            return ordered
    return None


four = {"NOR": [[1, 0], [0, 0]], "OR renamed": [[1, 0], [1, 1]],
        "NAND": [[1, 1], [1, 0]], "last": [[3, 0], [4, 2]]}
ordered = {name: sorted_well(torch.tensor(rows)) for name, rows in four.items()}
gains = {name: mixed_differences(table).item() for name, table in ordered.items()}
with lesson.prediction(guess, [gain >= 0 for gain in gains.values()]) as fold:
    for name, gain in gains.items():
        print(f"{name:<11} sorted: {ordered[name].tolist()}  mixed difference {gain:>2}")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# Rename the actions first, then look at the sign: rename both agents' actions in NOR, or in NAND, and you meet a table that you know. The last one misleads: which of agent 2's two actions is the better one?
#
# </details>
#
# ### Step 2: every table with increasing differences
#
# The claim says what QMIX cannot do. Is it all? Take *any* table that never falls and has increasing differences. It is built of steps, each up and none down:
#
# $$\mathbb 1[i \ge a], \qquad \mathbb 1[j \ge b], \qquad \mathbb 1[i \ge a,\ j \ge b] \qquad (a, b = 1, \dots, A-1)$$
#
# plus a constant. ($\mathbb 1[\cdot]$ is 1 where the condition holds, else 0: a step up between two rows, two columns, or a raised corner.) How much of each is no choice: the rises along the first row and column, and the mixed differences, which is why they must not be negative.

# %%
def blocks(n):
    """The steps 1[i >= a], 1[j >= b], 1[i >= a, j >= b] as tables: [(n - 1)(n + 1), n, n]."""
    up = (torch.arange(n) >= torch.arange(1, n).unsqueeze(1)).double()       # [n - 1, n]
    rows, columns = up.unsqueeze(2).expand(-1, n, n), up.unsqueeze(1).expand(-1, n, n)
    corners = torch.einsum("ai,bj->abij", up, up).flatten(0, 1)
    return torch.cat([rows, columns, corners])


table = torch.tensor([[0.0, 1.0, 1.0], [2.0, 3.0, 7.0], [2.0, 3.0, 9.0]])
differences = mixed_differences(table)
heights = torch.cat([table[:, 0].diff(), table[0].diff(), differences.flatten()])
rebuilt = table[0, 0] + torch.einsum("k,kij->ij", heights, blocks(3))
assert torch.equal(rebuilt, table)
print("blocks of heights", [int(height) for height in heights], "are the table again")

# %% [markdown]
# And a single unit makes a block, as nearly as you like. For two actions let both agents have utilities 0 and 1. The unit $\mathrm{ELU}(k\,(Q_1 + Q_2 - 1)) / k$ with a large $k$ is a sharp bend: 0 until the sum passes 1.

# %%
zero_one = torch.tensor([0.0, 1.0])
total, corner = zero_one.unsqueeze(1) + zero_one, torch.tensor([[0.0, 0.0], [0.0, 1.0]])
for k in (1, 10, 100, 1000):
    block = F.elu(k * (total - 1)) / k
    print(f"k = {k:>4}: furthest from [[0, 0], [0, 1]]: {(block - corner).abs().max().item():.3f}")


# %% [markdown]
# With more actions it takes utilities of very different sizes (say 0, 1, 1.001), so that a steep unit can tell the two best actions apart while the others see one step; the library's `mixer_for` does that. So for two agents the answer is complete:
#
# > In one state, QMIX makes the tables that, in some order of each agent's actions, never fall and have increasing differences; each as closely as you like, and no others.
#
# That gives four nested classes: **additive** ⊂ **QMIX** ⊂ **monotone** ⊂ **IGM**. A table is additive if all mixed differences are zero. Every table is in the last class, as lesson 04 saw.
#
# ### Step 3: the nearest table of QMIX's class
#
# When the payoff is not in the class, training can at best find the nearest table that is. Which one? With the orders given, all we look for is a constant and heights $\ge 0$ of the blocks, so it is least squares with a sign condition. A 3 × 3 game has eight blocks, so no solver is needed: try all $2^8$ subsets of them by plain least squares, throw away those with a negative height, keep the best. Then do it for every pair of orders.

# %%
def best_bent(table):
    """The nearest table that never falls and has increasing differences,
    with the actions in the order in which they stand."""
    columns = blocks(len(table)).flatten(1)                                             # [K, A·A]
    subsets = torch.tensor(list(itertools.product([0.0, 1.0], repeat=len(columns))))    # [2^K, K]
    design = torch.cat([torch.ones(len(subsets), 1, columns.shape[1]),
                        subsets.unsqueeze(2) * columns], 1).mT
    heights = torch.linalg.pinv(design) @ table.flatten()                               # [2^K, 1+K]
    fits = (design @ heights.unsqueeze(2)).squeeze(2)                                   # [2^K, A·A]
    errors = ((fits - table.flatten()) ** 2).sum(1)
    allowed = (heights[:, 1:] > -1e-9).all(1)
    return fits[errors.where(allowed, torch.inf).argmin()].view_as(table)


def over_all_orders(payoff, best):
    """(error, orders, table) for every pair of orders, each listing an agent's actions
    from worst to best."""
    found = []
    for rows, columns in itertools.product(itertools.permutations(range(len(payoff))), repeat=2):
        at = torch.tensor(rows).unsqueeze(1), torch.tensor(columns)
        table = torch.empty_like(payoff)
        table[at] = best(payoff[at])
        found.append((((table - payoff) ** 2).sum().item(), (rows, columns), table))
    return found


# %% [markdown]
# **Predict.** The mixed difference of OR is −1. Two of the four entries must come down and two go up until it is 0. How far must each entry move, and what becomes of the entry for (1, 1)?

# %%
guess = ...  # as in [0.1, 2]: how far each entry moves, the new entry for (1, 1)

error, orders, table = min(over_all_orders(or_game.payoff, best_bent))
moved = (table - or_game.payoff).abs().amax().item()
with lesson.prediction(guess, [moved, table[1, 1].item()]) as fold:
    print("the nearest table:", [[round(x, 4) for x in row] for row in table.tolist()])

# %% [markdown]
# <details><summary>After your guess</summary>
#
# The four entries enter the mixed difference with the same size, so it is cheapest to share what is missing: if $\delta$ is missing, each of the four moves by $\delta/4$, which costs $4\,(\delta/4)^2 = \delta^2/4$. That is what all three trained teams found. It is the best *sum* as well: for OR, QMIX can do nothing that VDN cannot.
#
# </details>
#
# ### Step 4: the nearest monotone table
#
# To see what of the cost is QMIX's and what any monotone mixer would pay, we need the nearest table that merely never falls. This is *isotonic regression* (Robertson, Wright & Dykstra 1988). It has a formula, which *Going further* builds; here we take the library's `representation.best_tables`.
#
# Five games from the literature (*Touch it* below shows their payoffs; `qplex3` is game 3 of QPLEX). For each class: the least squared error, and the payoff of the joint action that the best table ranks first (several numbers if it cannot decide or if several tables are equally good).

# %%
games = {name: torch.tensor(PAYOFFS[name]).double()
         for name in ("climbing", "qtran", "qplex3", "qplex1")}
games["penalty(-25)"] = torch.tensor(penalty(-25)).double()


def best_sum_of(payoff):
    # lesson 04: row mean + column mean - mean of all
    return payoff.mean(1, keepdim=True) + payoff.mean(0) - payoff.mean()


def preferred(payoff, fits):
    """What the largest entries of the best tables really pay."""
    least = min(fits)[0]
    best = [table for error, _, table in fits if error < least + 1e-6]
    return sorted({payoff[u].item() for table in best
                   for u in zip(*(table > table.max() - 1e-6).nonzero(as_tuple=True))})


found = {name: {"additive": [(((best_sum_of(payoff) - payoff) ** 2).sum().item(), 0,
                              best_sum_of(payoff))],
                "QMIX": over_all_orders(payoff, best_bent),
                "monotone": [(fit.error, k, fit.table) for k, fit in
                             enumerate(representation.best_tables(payoff, "monotone"))]}
         for name, payoff in games.items()}

# %% [markdown]
# **Predict.** QTRAN's game pays 8 for (0, 0), −12 if only one agent plays 0, and 0 otherwise. QMIX is known to fail there, and it does: training ends at 0. Does the *best* table of QMIX's class prefer the right joint action?

# %%
guess = ...  # "yes" or "no": the best table of QMIX's class prefers (0, 0)

right = preferred(games["qtran"], found["qtran"]["QMIX"]) == [8.0]
with lesson.prediction(guess, right) as fold:
    print("the least error of each class, and what its best table's favourite pays:")
    print(f"{'game':<13}{'best':>5}" + "".join(f"{kind:>18}" for kind in found["qtran"]))
    for name, fits in found.items():
        cells = [f"{min(each)[0]:.1f}  "
                 + " or ".join(f"{x:g}" for x in preferred(games[name], each))
                 for each in fits.values()]
        print(f"{name:<13}{games[name].max().item():>5g}"
              + "".join(f"{cell:>18}" for cell in cells))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# The table in the fold, line by line:
#
# - `climbing`: the best monotone table is better than the best one of QMIX (997 against 1364), and both prefer 5 where 11 is to be had. Here monotone itself is the limit.
# - `qtran`: the two classes do equally well, and with them the reason for QMIX's failure must be sought elsewhere.
# - `qplex3`: 344 for both, and no best table prefers the 8.
# - `qplex1`: the best table of QMIX's class prefers 10. The best monotone one has a level top, and cannot tell the 10s from the 10.4.
# - `penalty(-25)`: the best *monotone* table prefers the safe 2. The best table of QMIX's *smaller* class prefers 10. A larger error can go with a better choice: the loss does not know what the argmax is for.
#
# </details>
#
# **Touch it.** Edit any entry and see at once which class holds the table, and what each class makes of it. Begin with OR: change a single entry so that QMIX's mixer can make it (there is more than one way). Then choose QTRAN's game and replace all four −12 by the same milder number: above which one does *Nearest additive (VDN)* play (0, 0)?

# %%
touch.tables()

# %% [markdown]
# ### Step 5: 36 orders, two valleys
#
# So why does QMIX end at 0 in QTRAN's game? Look at the least error for each pair of orders.

# %%
listed = sorted(itertools.permutations(range(3)), key=lambda order: order.index(0))
least = {orders: error for error, orders, _ in found["qtran"]["QMIX"]}
errors = torch.tensor([[least[rows, columns] for columns in listed] for rows in listed])
names = [" < ".join(map(str, order)) for order in listed]
figure, ax = plots.panels(1, 1, size=(8.2, 4.0))
plots.table(errors, row_labels=names, col_labels=names, fmt="{:.0f}",
            highlight=(errors < 321).nonzero().tolist(), ax=ax,
            ylabel="agent 1: worst < best", xlabel="agent 2: worst < best",
            title="QTRAN's game: least error in QMIX's class, by the agents' orders")
figure

# %% [markdown]
# The framed cells are the valleys. With 0 best for both agents (lower right): 288. With 0 worst for both (upper left): 320. Every other cell is worse, and the way from one valley to the other leads through those: an agent whose action 0 is to rise from worst to best must pass its other actions, and in that moment two rows of its table are equal. No table with two such rows has an error below 411.4 (computed in *Going further*). Gradient descent does not go up. And into which valley does it fall?

# %%
payoff = games["qtran"]
print("mean payoff of agent 1's actions, uniform data:",
      [round(x, 2) for x in payoff.mean(1).tolist()])

# %% [markdown]
# While all values are still near each other the first thing that the agents learn is the mean of each action, and 0 has the worst mean. So 0 becomes the worst, for both.
#
# ### Step 6: train it, and fit it
#
# Five teams on QTRAN's game, with uniform data.

# %%
qtran = MatrixGame("qtran", num_envs=32)
valley = torch.tensor([[-8.0, -8.0, -8.0], [-8.0, 0.0, 0.0], [-8.0, 0.0, 0.0]])
uniform_teams = train_teams(QMIX, qtran, seeds=range(5))
uniform_tables = torch.stack([exact.q_tot(team, qtran.model())[0] for team in uniform_teams])
uniform_errors = ((uniform_tables - payoff) ** 2).sum((1, 2))
assert ((uniform_tables - valley).abs().max() < 2.5
        and ((uniform_errors > 320) & (uniform_errors < 360)).all())
print("all five near", valley.tolist(), "\nwith errors from 320 up; greedy returns",
      [evaluate(MatrixGame("qtran"), team).mean_return for team in uniform_teams])


# %% [markdown]
# All five are in the valley of 320. So are all twenty stored seeds of `make tables` (*Going further*), and it is the published picture too: QTRAN's paper prints for QMIX −8.08 in the row and column of action 0 and about 0 elsewhere (Son et al. 2019, Table 1). It is a valley, and not the best table of the class. So on this famous example QMIX does not fail because of what it can represent. **It fails by optimisation.**
#
# Is a network with sampled data perhaps just bad at finding it? Take all of that away: no agents' networks, no sampling, one *head* (what the hypernetworks write for one state) whose utilities and weights are free numbers, all nine errors in every step. Many starts at once are one more axis, `K`.

# %%
def head_tables(q, w1, b1, w2, v, unit=F.elu):
    """Q_tot[K, A, A] of K heads with utilities q[K, 2, A]; abs makes the weights non-negative,
    as in QMixer."""
    lifted = q.unsqueeze(-1) * w1.abs().unsqueeze(2)                     # [K, 2, A, E]
    hidden = unit(lifted[:, 0].unsqueeze(2) + lifted[:, 1].unsqueeze(1)
                  + b1[:, None, None])                                   # [K, A, A, E]
    return (hidden * w2.abs()[:, None, None]).sum(-1) + v[:, None, None]


# %%
def fit_heads(payoff, starts=32, unit=F.elu, top=None, updates=1200, units=16):
    """Gradient descent from many starts: tables[K, A, A] and errors[K].
    ``top``: an action that begins above the others."""
    generator, n = torch.Generator().manual_seed(0), len(payoff)
    heads = [torch.randn(starts, *shape, generator=generator)
             for shape in ((2, n), (2, units), (units,), (units,), ())]
    if top is not None:
        heads[0] = torch.eye(n)[top].expand(starts, 2, n).clone()
    heads = [each.requires_grad_() for each in heads]
    optimiser = torch.optim.Adam(heads, lr=0.05)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.02, updates)
    for _ in range(updates):
        optimiser.zero_grad()
        ((head_tables(*heads, unit) - payoff) ** 2).sum().backward()
        optimiser.step()
        schedule.step()
    tables = head_tables(*heads, unit).detach()
    return tables, ((tables - payoff) ** 2).sum((1, 2))


# %%
free, errors_free = fit_heads(payoff)
led, errors_led = fit_heads(payoff, top=0)
for name, each in {"random start": errors_free, "0 best at the start": errors_led}.items():
    in_valley = {320: ((each - 320).abs() < 4).sum().item(),
                 288: ((each - 288).abs() < 4).sum().item()}
    most = max(in_valley, key=in_valley.get)
    assert each.min() > 288 - 1e-9 and in_valley[most] > len(each) / 2
    print(f"{name:<22}: most of the {len(each)} starts end at error {most}; none is below 288")


# %% [markdown]
# The mixer, the data and the optimiser are the same in both lines. Only the order at the start differs. The 288 is there to be had, and it is not where training begins. So two things keep a team from the payoff. One is the bound of its class, which no width overcomes. The other is the valley in which it starts, which a luckier start avoids. (*Going further* shows both for all five games.)

# %% [markdown]
# ### Step 7: the data decide what is best
#
# So far all nine joint actions came equally often. A team that explores with $\varepsilon$ plays its greedy one most of the time, and an error counts as often as it is met. In the valley where 0 is worst, the row and the column of action 0 share *one* value, the mean of what they pay: 8 once and −12 four times. A team that plays (1, 1) plays 0 with probability $p = \varepsilon / 3$, so that mean is
#
# $$\frac{8\,p^2 - 12 \cdot 2p(1-p)}{p^2 + 2p(1-p)} = \frac{8\,p - 24\,(1-p)}{2 - p}$$
#
# That is $-8$ for $\varepsilon = 1$, as long as 0 is worst. For other data let the library compute the best table of the class with these weights.

# %%
def epsilon_weights(greedy, epsilon, n=3):
    """How often each joint action is played by two agents that explore around ``greedy``,
    each with a coin of its own."""
    each = []
    for action in greedy:
        p = torch.full((n,), epsilon / n)
        p[action] += 1 - epsilon
        each.append(p)
    return each[0].unsqueeze(1) * each[1]


def nearest(greedy, epsilon):
    return representation.best_table(payoff, "qmix", epsilon_weights(greedy, epsilon))


def shared_value(epsilon):
    return (8 * epsilon / 3 - 24 * (1 - epsilon / 3)) / (2 - epsilon / 3)


# %% [markdown]
# **Predict.** A team plays (1, 1), and explores. At $\varepsilon = 1$ the best table for its data prefers the right joint action. Does it at $\varepsilon = 0.5$ still? And what does that shared value tend to as $\varepsilon \to 0$?

# %%
guess = ...  # as in ["yes", -5]: does it at 0.5; the limit of the shared value

fits = {epsilon: (nearest((0, 0), epsilon), nearest((1, 1), epsilon))
        for epsilon in (1.0, 0.95, 0.9, 0.5, 0.1, 0.01)}
still = fits[0.5][1].best[0] == (0, 0)
low, high = 0.5, 1.0                                   # where it changes: halve, 40 times
for _ in range(40):
    middle = (low + high) / 2
    wrong = nearest((1, 1), middle).best[0] != (0, 0)
    low, high = (middle, high) if wrong else (low, middle)
with lesson.prediction(guess, [still, shared_value(0.0)]) as fold:
    for epsilon, (at_00, at_11) in fits.items():
        print(f"ε = {epsilon:<4}  playing (0, 0): other cells {at_00.table[0, 1]:6.2f}, "
              f"prefers {payoff[at_00.best[0]].item():g}"
              f"    playing (1, 1): (0, 1) {at_11.table[0, 1]:6.2f}, "
              f"prefers {payoff[at_11.best[0]]:g}{' (0 is best)' * (at_11.best[0] == (0, 0))}")
    print("playing (1, 1), the best table of the class is right only above ε =", round(high, 3))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# So the happy answer of step 4 was an answer for uniform data. A team that prefers (1, 1) and explores less gets data whose best table prefers (1, 1) as well, and the belief feeds itself. The same is true of (0, 0): a team that plays it keeps it, at every $\varepsilon$ in the list. Both are self-consistent, and which of the two a team ends up with is a matter of the start. (*Going further* trains five teams at $\varepsilon = 0.3$, and compares two published tables.)
#
# </details>

# %% [markdown]
# ## The same as the library
#
# `representation` has all of this for two agents with up to four actions and any weights: `best_table` (by an exact active-set solver, which does not try all subsets), `classify`, `errors_by_order`, `mixer_for`.

# %%
kinds = {"additive": "additive", "QMIX": "qmix", "monotone": "monotone"}
for name, fits in found.items():
    for kind, each in fits.items():
        library = representation.best_tables(games[name], kinds[kind])
        assert abs(library[0].error - min(each)[0]) < 1e-9 * (1 + min(each)[0])
        assert all(min((fit.table - table).abs().max() for _, _, table in each) < 1e-9
                   for fit in library)
print("best tables of", len(found), "games: the same as the library's")

known = {"2A": [[7, 7], [7, 7]], "2B": [[0, 1], [1, 8]],
         "OR": [[0, 1], [1, 1]], "two optima": [[1, 0], [0, 1]]}
for name, rows in known.items():
    place = representation.classify(rows)
    print(f"{name}: {place.kind}" + (f" ({place.why})" if place.why else ""))

# %% [markdown]
# ## Break it
#
# The proof used one property of the unit besides "never falls": convex. Take it away. The mirror image of ELU, $-\mathrm{ELU}(-x)$, is increasing and *concave*; tanh is convex on the left and concave on the right. All three keep the weights non-negative, so all three mixers are monotone and have IGM. Fit them to OR, AND and 2B and take the best of 16 starts.

# %%
units = {"ELU (convex)": F.elu, "mirrored ELU (concave)": lambda z: -F.elu(-z),
         "tanh (both)": torch.tanh}
small = {"OR": torch.tensor([[0.0, 1.0], [1.0, 1.0]]),
         "AND": torch.tensor([[0.0, 0.0], [0.0, 1.0]]),
         "2B": torch.tensor([[0.0, 1.0], [1.0, 8.0]])}
print(f"{'unit':<24}" + "".join(f"{name:>18}" for name in small))
for unit_name, unit in units.items():
    cells = []
    for name, table in small.items():
        error = fit_heads(table, starts=16, unit=unit, updates=800)[1].min().item()
        bound = ((best_sum_of(table) - table) ** 2).sum().item()             # what a sum can do
        assert error < 0.02 or abs(error - bound) < 0.02 * bound
        cells.append("makes it" if error < 0.02 else f"stops at {bound:g}")
    print(f"{unit_name:<24}" + "".join(f"{cell:>18}" for cell in cells))

# %% [markdown]
# With the mirrored unit every inequality of the proof turns around: the mixer makes OR and loses 2B, the very table that QMIX was shown to make. With tanh, units of both kinds are at hand and all three tables are made. Being monotone does not force the choice. The activation decides which of the two can be said at all: "together we are worth more" (2B), or "one of us is enough" (OR).
#
# Tanh does not help with the games of step 4 whose best *monotone* table is wrong. What does is the subject of lessons 13 to 16.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Say exactly which tables QMIX makes in one state, and prove the half that matters: non-negative sums of convex increasing units have increasing differences.
# - Compute the nearest table of a class for a small payoff, and with it the best that any training could do.
# - Tell a limit of representation (OR, climbing, QPLEX game 3) from a failure of optimisation (QTRAN's game on uniform data).
# - Say for which data a best table is best.
#
# ### Common misreadings
#
# - *"QMIX can represent any monotone function."* Not even OR. It needs increasing differences as well.
# - *"A wider or deeper mixer would do."* The proof holds for any number of units and layers of this kind.
# - *"QMIX cannot represent the solution of QTRAN's game."* It cannot represent the *payoff*. The best table of its class prefers the right joint action, on uniform data. Training does not find it.
# - *"A smaller error means a better choice."* In penalty(−25) the monotone table has the smaller error and prefers 2; the table of QMIX's class prefers 10.
# - *"This is about the whole value function."* It is about one state. The hypernetworks write another head in every state; each head has this limit.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/11_representation.ipynb](../exercises/11_representation.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 11.1 Can a QMixer make it?
# - 11.2 The least error
# - 11.3 Which unit can make it?
# - 11.4 Find the bug: A fit that gives up
# - 11.5 Measure it: a wider mixer, or one row more
#
# Further, without a check:
#
# 1. Three agents. Every pair of them must have increasing differences while the third holds still (the proof covers it). Is 1[at least two of three play 1] in reach? You are right if you found the pair and the third agent's action where it fails.
# 2. On QPLEX game 3 all twenty stored teams have the same error, above the bound (*Going further* draws it). Look at their tables, `data.load("games")["games"]["qplex3"]["runs"]["qmix"]["table"]`, beside the best one. You are right if you can say which two actions a team does not tell apart, and why each agent alone has no reason to begin.
# 3. Draw `errors` of step 5 for climbing. How many valleys are there, cells that are lower than all those that differ by one swap of neighbours? Compare with where climbing's starts stopped, `all_errors["climbing"]` in *Going further*.
# 4. Let half of the units of `head_tables` be mirrored. Which of the bounds of step 4 does it reach?
#
# ### Sources
#
# - Rashid et al. (2018), *QMIX: Monotonic Value Function Factorisation for Deep Multi-Agent Reinforcement Learning*: the mixer (section 4), the two-step game (section 5).
# - Son et al. (2019), *QTRAN: Learning to Factorize with Transformation for Cooperative Multi-Agent Reinforcement Learning*: QTRAN's game and Table 1.
# - Rashid et al. (2020), *Weighted QMIX: Expanding Monotonic Value Function Factorisation for Deep Multi-Agent Reinforcement Learning*: the table with −12, and [[1, 0], [0, 1]].
# - Wang et al. (2021), *QPLEX: Duplex Dueling Multi-Agent Q-Learning*, and the code published with it: games 1 and 3.
# - Claus & Boutilier (1998), *The Dynamics of Reinforcement Learning in Cooperative Multiagent Systems*: climbing and penalty.
# - Robertson, Wright & Dykstra (1988), *Order Restricted Statistical Inference*: the max–min formula. Lawson & Hanson (1974), *Solving Least Squares Problems*: non-negative least squares.

# %% [markdown]
# ## Going further
#
# For those who want every claim measured: the stored runs of the two-step game, random mixers, the formula of the nearest monotone table, a `QMixer` with weights set by hand, all games against their bounds, and teams trained on other data.
#
# ### The two-step game in ten seeds
#
# What VDN and IQL believe, and the ten seeds of each that the course's `make tables` stored.

# %%
by_hand = torch.tensor([[-1.5, 2.5], [2.5, 6.5]])     # lesson 04: the best sum for 2B, uniform data
assert (learned[VDN][:, 2].mean(0) - by_hand).abs().max() < 0.6
print("VDN  lies near its exact answer for 2B,", by_hand.tolist())
# [seeds, 3 states, 2 agents, 2 actions]
own = torch.stack([exact.agent_qs(team, model) for team in teams[IQL]])
assert ((own[:, 0, 0, 1] < own[:, 0, 0, 0] - 0.7).all()
        and (own[:, 0, 0, 1].mean() - gamma * 4.5).abs() < 0.8)
print("IQL  values the way to 2B near", round(gamma * 4.5, 3),
      "and the way to 2A near", round(gamma * 7, 3))

# %%
stored = data.load("two_step")
# [10 seeds, 3, 2, 2]
tables = {name: torch.tensor(stored["runs"][name]["table"]) for name in ("qmix", "vdn")}
assert (tables["qmix"] - truth).abs().max() < 0.05
assert (tables["vdn"][:, 2].mean(0) - by_hand).abs().max() < 0.2
print(f"made by {stored['made_by']} on {stored['date']}; returns:",
      {name: set(run["greedy_return"]) for name, run in stored["runs"].items()})
print("QMIX: all ten tables within 0.05 of the exact one;\n"
      "VDN: the mean table of 2B within 0.2 of the exact best sum")

# %%
best_sum = torch.stack([torch.tensor([[6.93, 6.93], [6.435, 6.435]]),
                        torch.full((2, 2), 7.0), by_hand])
rows = {"exact": truth, "QMIX, seed 0": learned[QMIX][0],
        "VDN, exact answer": best_sum, "VDN, seed 0": learned[VDN][0]}
figure, axes = plots.panels(4, 3, size=(8.6, 8.0),
                            title="The two-step game: QMIX has it right, VDN cannot")
for line, (name, tables) in zip(axes, rows.items()):
    for ax, table, where in zip(line, tables, ("first step", "in 2A", "in 2B")):
        plots.table(table.round(decimals=1), title=f"{name}: {where}", ax=ax, limits=(-2, 8),
                    highlight="max", fmt="{:.1f}", ylabel="agent 1", xlabel="agent 2")
figure

# %% [markdown]
# ### Random mixers
#
# The claim of step 1, for the library's mixer and for one with a layer more.

# %%
generator = torch.Generator().manual_seed(0)
mixer = QMixer(n_agents=2, state_dim=8, embed_dim=32)                  # another state, another head
for parameter in mixer.parameters():
    parameter.data = torch.randn(parameter.shape, generator=generator)
q = 2 * torch.randn(2000, 2, 4, generator=generator).sort(-1).values    # sorted: worst action first
# [2000, 4, 4, 2]
pairs = torch.stack([q[:, 0, :, None].expand(-1, 4, 4), q[:, 1, None, :].expand(-1, 4, 4)], -1)
states = torch.randn(2000, 1, 1, 8, generator=generator).expand(-1, 4, 4, 8)
shallow = mixer(pairs, states).detach()

w1, w2, w3 = (torch.rand(2000, 1, i, o, generator=generator) for i, o in ((2, 8), (8, 8), (8, 1)))
b1, b2 = (4 * torch.randn(2000, 1, 1, 8, generator=generator) for _ in range(2))
deep = F.elu(F.elu(pairs.flatten(1, 2).unsqueeze(1) @ w1 + b1) @ w2 + b2) @ w3      # three layers
for name, tables in {"QMixer": shallow, "one layer more": deep.view(2000, 4, 4)}.items():
    size = tables.abs().amax((1, 2), keepdim=True)
    print(f"{name:<15} mixed differences below zero: "
          f"{(mixed_differences(tables) < -1e-12 * size).sum().item()} of {2000 * 9}")


# %% [markdown]
# ### The nearest monotone table
#
# Call a set of cells *upper* if with a cell it holds all cells below and to the right of it; the others form a *lower* set. Then the nearest table that never falls has at a cell $x$ the value
#
# $$\max_{U \ni x} \; \min_{L \ni x} \; \text{mean of the payoff over } U \cap L$$

# %%
def best_rising(table):
    """The nearest table that never falls, with the actions in the order in which they stand:
    the max-min formula."""
    n = len(table)
    # where the upper set begins in each row
    starts = itertools.combinations_with_replacement(range(n, -1, -1), n)
    upper = torch.stack([torch.arange(n) >= torch.tensor(start).unsqueeze(1)
                         for start in starts]).flatten(1)         # [U, A·A]
    lower = ~upper
    both = (upper.unsqueeze(1) & lower).double()                  # [U, L, A·A]
    # no mean (NaN) where the two do not meet
    mean = (both * table.flatten()).sum(-1) / both.sum(-1)
    fit = [mean[upper[:, x]][:, lower[:, x]].amin(1).max() for x in range(n * n)]
    return torch.stack(fit).view(n, n)


print("upper sets of 3 x 3 cells:", len(list(itertools.combinations_with_replacement(range(4), 3))))
print("a level stretch is averaged:", best_rising(torch.tensor([[0.0, 6.0], [2.0, 3.0]])).tolist())
for name, fits in found.items():
    mine = over_all_orders(games[name], best_rising)
    assert abs(min(mine)[0] - min(fits["monotone"])[0]) < 1e-9 * (1 + min(mine)[0])
    assert all(min((table - other).abs().max() for _, _, other in mine) < 1e-9
               for _, _, table in fits["monotone"])
print("best monotone tables of", len(found), "games: the same as the library's")

# %% [markdown]
# Three of the games, with the nearest table of each class.

# %%
shown = ("qtran", "climbing", "penalty(-25)")
figure, axes = plots.panels(
    3, 4, size=(12.5, 7.2),
    title="Each payoff and the nearest table of three classes (framed: largest entries)")
for line, name in zip(axes, shown):
    tables = {"payoff": games[name]} | {f"{kind}, error {min(fits)[0]:.0f}": min(fits)[2]
                                        for kind, fits in found[name].items()}
    limits = (-30, 11) if name != "qtran" else (-12, 8)
    for ax, (title, table) in zip(line, tables.items()):
        plots.table(table, title=f"{name}: {title}" if title == "payoff" else title, ax=ax,
                    highlight="max", fmt="{:.1f}", limits=limits,
                    ylabel="agent 1", xlabel="agent 2")
figure

# %% [markdown]
# ### A mixer with weights set by hand
#
# The other half of step 2: a `QMixer` that makes the best table.

# %%
for name, payoff_ in games.items():
    fit = representation.best_table(payoff_, "qmix")
    q, mixer = representation.mixer_for(fit.table, closeness=1e-4)
    pairs = torch.stack([q[0].unsqueeze(1).expand(3, 3), q[1].expand(3, 3)], -1)
    made = mixer(pairs, torch.ones(3, 3, 1)).detach()
    assert (made - fit.table).abs().max() < 0.01
    assert tuple(q.argmax(1).tolist()) in fit.best
print(f"for all {len(games)} games a QMixer of {mixer.embed_dim} units",
      "makes the best table within 0.01")

# %% [markdown]
# ### The ridge between the valleys
#
# How small can the error of *any* table be in which agent 1's action 0 is level with another one? (Step 5.)

# %%
payoff, bounds = games["qtran"], []
for other in (1, 2):
    level = payoff.clone()
    # two equal rows: all that can be fitted is their mean …
    level[[0, other]] = payoff[[0, other]].mean(0)
    # … and this much is lost, whatever the fit
    lost = ((payoff - level) ** 2).sum().item()
    bounds.append(min(over_all_orders(level, best_bent))[0] + lost)
print("any table on the ridge has an error of at least", round(min(bounds), 1))

# %% [markdown]
# ### All games against their bounds
#
# Twenty seeds for each game, on uniform data, from `make tables`. No team of any game beats its bound. And in climbing, QPLEX game 1 and penalty(−25) the worst teams stop at the error of the best *sum*, as if they were VDN.

# %%
stored = data.load("games")
names_stored = {name: "penalty" if name.startswith("penalty") else name for name in games}
team_errors = {}
for name, key in names_stored.items():
    runs = stored["games"][key]["runs"]["qmix"]
    assert stored["games"][key]["payoff"] == games[name].tolist()
    team_errors[name] = ((torch.tensor(runs["table"]) - games[name]) ** 2).sum((1, 2))  # [20 seeds]
    best = sum(value > games[name].max().item() - 1e-9 for value in runs["value"])
    bound = min(found[name]["QMIX"])[0]
    assert team_errors[name].min() > bound - 0.05          # the tables are stored with three digits
    print(f"{name:<13} bound {bound:6.1f}, "
          f"least error of {len(runs['value'])} seeds {team_errors[name].min().item():6.1f}, "
          f"largest {team_errors[name].max().item():6.1f}; best joint action in {best} seeds")
print(f"made by {stored['made_by']} on {stored['date']}")

# %% [markdown]
# Now 32 random starts of gradient descent for each game. Every dot is one of the starts, every triangle one of the 20 stored teams.

# %%
all_errors = {name: errors_free if name == "qtran" else fit_heads(payoff_)[1]
              for name, payoff_ in games.items()}
figure, ax = plots.panels(1, 1, size=(9.5, 4.6), title=None)
for k, (name, each) in enumerate(all_errors.items()):
    least = {kind: min(fits)[0] for kind, fits in found[name].items()}
    assert each.min() > least["QMIX"] - 1e-9 and each.min() < 1.06 * least["QMIX"]
    ax.plot(each / least["QMIX"], k + torch.linspace(-0.2, 0.2, len(each)), "o",
            markersize=4, color="#0072B2", linestyle="none",
            label="one start of gradient descent" if k == 0 else None)
    ax.plot(team_errors[name] / least["QMIX"], k + 0.32 + torch.linspace(-0.06, 0.06, 20), "^",
            markersize=5, color="#E69F00", markeredgecolor="black", markeredgewidth=0.4,
            linestyle="none", label="one trained team" if k == 0 else None)
    for kind, colour, style in (("QMIX", "black", "-"), ("monotone", "#D55E00", "--"),
                                ("additive", "#009E73", ":")):
        ax.plot([least[kind] / least["QMIX"]] * 2, [k - 0.4, k + 0.4],
                color=colour, linestyle=style, linewidth=2.5,
                label=f"best {kind} table, exact" if k == 0 else None)
ax.set(yticks=range(len(all_errors)), yticklabels=list(all_errors),
       xlabel="squared error, in units of the best table of QMIX's class",
       ylim=(len(all_errors) - 0.4, -0.6),
       title="No start beats the bound of QMIX's class; many stop above it")
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
print("no start of", sum(map(len, all_errors.values())), "is below the exact bound;",
      "the best start of every game is within 6% of it")
figure

# %% [markdown]
# The black line is the limit of representation; the dots to the right of it are failures of optimisation.
#
# ### Teams on other data
#
# Five teams with a constant $\varepsilon = 0.3$.

# %%
near_greedy = train_teams(QMIX, qtran, seeds=range(5),
                          epsilon_start=0.3, epsilon_end=0.3, capacity=3_000)
tables_03 = torch.stack([exact.q_tot(team, qtran.model())[0] for team in near_greedy])
predicted = torch.stack([nearest((0, 0), 0.3).table, nearest((1, 1), 0.3).table])
distance = (tables_03.unsqueeze(1) - predicted).abs().amax((2, 3))     # [teams, 2 predicted tables]
assert (distance.amin(1) < 2.5).all()
assert all(abs(shared_value(e) - nearest((1, 1), e).table[0, 1]) < 1e-9 for e in (0.1, 0.5, 0.9))
which = distance.argmin(1)                                             # 0: 0 is best; 1: 0 is worst
print("at ε = 0.3 each of the", len(which), "teams is near one of the two tables:",
      (which == 0).sum().item(), "near the one that prefers 8,",
      (which == 1).sum().item(), "near the other")

# %%
epsilons = torch.linspace(0.01, 1.0, 34)
punished = {"0 is worst, team plays (1, 1)": shared_value(epsilons),
            "0 is best, team plays (0, 0)":
                torch.stack([nearest((0, 0), e.item()).table[0, 1] for e in epsilons])}
figure, axes = plots.panels(1, 2, size=(11.5, 3.9), width_ratios=[1.4, 1])
plots.lines(epsilons, punished, "What the punished cells are believed to pay",
            "ε of the data", "$Q_{tot}$ of (0, 1)", ax=axes[0])
for e, tables, marks in ((1.0, uniform_tables, [1] * 5), (0.3, tables_03, which.tolist())):
    for table, mark in zip(tables, marks):
        axes[0].plot(e, table[0, 1], "s^"[1 - mark], color=plots.COLOURS[1 - mark],
                     markersize=7, markeredgecolor="black", linestyle="none")
plots.table(nearest((1, 1), 0.01).table, title="ε = 0.01 around (1, 1)",
            ax=axes[1], highlight="max", fmt="{:.1f}")
figure

# %% [markdown]
# The marks are the trained teams: in squares 0 is worst, in triangles best. So more exploration is not always safer: on uniform data every team falls into the valley of 320, and at $\varepsilon = 0.3$ it depends on the start.
#
# This offers an explanation for a disagreement between published tables. QTRAN's paper prints −8.08 for the punished row, which fits uniform data (exact: −8). The Weighted QMIX paper (Rashid et al. 2020) shows QMIX's table for the same game with −12 there. Under uniform weights that table has an error of 400, more than the 320 that training reaches and more than the 288 of the best one. It is what our line tends to as $\varepsilon \to 0$. So the two tables fit two kinds of data. That theirs did arise from such data is our inference; the paper does not say.
