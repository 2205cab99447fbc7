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
# # Lesson 04 · Factorisation, monotonicity and IGM
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/04_factorisation.ipynb)
#
# You build one value for the whole team out of the agents' own values, and find out which ways of building it let every agent choose alone without the team losing anything.
#
# **Minutes:** 40, and 7 more for *Going further*
#
# **You need:** lessons 01 to 03; least squares; what a partial derivative is.
#
# **After this lesson you can**
# - say what IGM is and test it by listing every joint action
# - build VDN, and compute by hand why it settles for 7 in the two-step game
# - explain why raising one agent's utility may never lower the team's value
# - sort tables into additive, monotone and neither, and show by an example that not every monotone table is additive

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

lesson.start("04")

# %%
import itertools

import torch
from matplotlib.patches import Rectangle
from torch.nn import functional as F

from qmix_course import exact, plots
from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import GridWorld, MatrixGame, TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.mixers import Mixer, VDNMixer
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# In [lesson 01](01_cooperation.ipynb) every agent learned alone and the team settled for 7 where 8 was there to take. The reward belongs to the team, so the natural thing to learn is a value of the *joint* action: $Q_{tot}(s, \mathbf u)$, what the team can expect when it plays $\mathbf u = (u_1, \dots, u_N)$ in state $s$.
#
# But who would play by it? The best joint action is one of $A^N$, and agent $i$ sees its own observation $o_i$ and picks its own action $u_i$. Nobody sees everything and chooses for all.
#
# So the team value has to be made of parts that the agents can maximise one by one. Agent $i$ gets a **utility** $Q_i(o_i, u_i)$, the output of its network from [lesson 03](03_agents.ipynb), and takes the action with the largest one. A **mixer** turns the $N$ utilities of the chosen actions into one number, $Q_{tot}$. This is called *factorising* the team value.
#
# Will any mixer do? Try one. Let the team value be the product of two utilities.

# %%
q = torch.tensor([[-2.0, 1.0],           # agent 1: utilities of its actions 0 and 1
                  [-3.0, 1.0]])          # agent 2

team_value = q[0].unsqueeze(1) * q[1]    # [2, 2]: row u1, column u2
own_choice = q.argmax(1).tolist()
best = divmod(int(team_value.argmax()), 2)

print("team value of each joint action:", team_value.tolist())
print("each agent on its own picks    :", tuple(own_choice),
      "worth", team_value[tuple(own_choice)].item())
print("the team's best joint action   :", best, "worth", team_value[best].item())


# %% [markdown]
# Both agents do the sensible thing with their own numbers, and the team ends up with 1 instead of 6. The team value may be right about every joint action; the agents still cannot use it. This lesson is about the property that is missing.

# %% [markdown]
# ## Build it
#
# ### Step 1: the property, IGM
#
# First a tool: given every agent's utilities `q[N, A]` and a mixer, list what the mixer makes of all $A^N$ joint actions.

# %%
def joint_table(q, mix):
    """Q_tot of every joint action: q[N, A] and mix: [..., N] -> [...] give [A, ..., A]."""
    n_agents, n_actions = q.shape
    # [A^N, N]
    joint = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)
    chosen = q[torch.arange(n_agents), joint]                                             # [A^N, N]
    return mix(chosen).view([n_actions] * n_agents)


def product(agent_qs):
    return agent_qs.prod(-1)


print(joint_table(q, product).tolist())


# %% [markdown]
# Now the property. It is called **Individual-Global-Max**, IGM for short (Son et al. 2019):
#
# $$\arg\max_{\mathbf u} Q_{tot}(s, \mathbf u) = \Big(\arg\max_{u_1} Q_1(o_1, u_1), \; \dots, \; \arg\max_{u_N} Q_N(o_N, u_N)\Big)$$
#
# In words: if every agent takes its own best action, the team has taken its best joint action. In code we compare *values*, not positions: where two joint actions are equally good, either will do.

# %%
def holds_igm(table, q):
    """Whether the agents' own best actions reach the largest entry of table[A, ..., A]."""
    own_choice = tuple(q.argmax(1))
    return bool(table[own_choice] >= table.max() - 1e-12)


print("product of the utilities above:", holds_igm(joint_table(q, product), q))


# %% [markdown]
# One team proves nothing. Draw many at random, and count how often the agents miss the best joint action.

# %%
def misses(mix, n_agents=2, n_actions=4, draws=1000):
    """In how many random teams the agents' own choices miss the best joint action."""
    generator = torch.Generator().manual_seed(0)
    teams = torch.randn(draws, n_agents, n_actions, generator=generator)
    return sum(not holds_igm(joint_table(q, mix), q) for q in teams)


print("product:", misses(product), "of 1000 teams miss their best joint action")


# %% [markdown]
# ### Step 2: VDN, the sum
#
# The simplest idea works. **Value decomposition networks**, VDN (Sunehag et al. 2018), add:
#
# $$Q_{tot}(s, \mathbf u) = \sum_{i=1}^{N} Q_i(o_i, u_i)$$

# %%
def vdn(agent_qs):
    """agent_qs[..., N] -> Q_tot[...]."""
    return agent_qs.sum(-1)


print("one joint action of three agents:", vdn(torch.tensor([1.0, 0.5, -2.0])).item())

# %% [markdown]
# **Predict.** Two agents with three actions each. Agent 1's utilities are 1, 3, 2 and agent 2's are 0, −1, 4. Under the sum, which joint action is best, and what is it worth? (Actions are counted from 0.) Answer without filling in the table of nine.

# %%
guess = ...  # three numbers, as in [0, 1, 5]: agent 1's action, agent 2's, their worth

q = torch.tensor([[1.0, 3.0, 2.0], [0.0, -1.0, 4.0]])
table = joint_table(q, vdn)
with lesson.prediction(guess, [*divmod(int(table.argmax()), 3), table.max().item()]):
    print("table:", table.tolist())
    print("alone:", tuple(q.argmax(1).tolist()))

# %% [markdown]
# Nobody needs the table. Each agent's term can be made as large as possible without asking what the others do:
#
# $$\max_{\mathbf u} \sum_i Q_i(o_i, u_i) = \sum_i \max_{u_i} Q_i(o_i, u_i)$$
#
# So the sum has IGM, whatever the utilities are. And the maximum, which every TD target needs, costs $N \cdot A$ look-ups instead of $A^N$.

# %%
print("4 agents, 5 actions, the sum:", misses(vdn, n_agents=4, n_actions=5), "of 1000 teams miss")
for n_agents in (2, 4, 8):
    print(f"{n_agents} agents with 5 actions: {5 ** n_agents:>7,} joint actions, "
          f"{5 * n_agents:>2} utilities")


# %% [markdown]
# ### Step 3: what the sum cannot say
#
# Back to the two-step game. Agent 1's first action leads to 2A, where every joint action pays 7, or to 2B, which pays [[0, 1], [1, 8]]. The discount $\gamma$ is 0.99, so the exact values of the first step are $0.99 \cdot 7 = 6.93$ for the way to 2A and $0.99 \cdot 8 = 7.92$ for the way to 2B.
#
# In 2B the two 1-actions are worth little alone and a lot together: $0 + 8 \ne 1 + 1$, so no utilities add up to this table. VDN can only come close. If all four joint actions turn up equally often in the data, "close" means the smallest sum of squared errors over the four entries: a least squares problem with an exact answer. (`weights` is for other data, in *Going further*.)

# %%
def best_additive(table, weights=None):
    """The utilities Q_1[A], Q_2[A] whose sum is closest to table[A, A]
    in (weighted) squared error."""
    n = len(table)
    one_hot = torch.eye(n)
    # [A·A, 2A]: u1, then u2
    design = torch.cat([one_hot.repeat_interleave(n, 0), one_hot.repeat(n, 1)], 1)
    root = torch.ones(n * n) if weights is None else weights.flatten().sqrt()
    utilities = torch.linalg.pinv(root.unsqueeze(1) * design) @ (root * table.flatten())
    return utilities[:n], utilities[n:]


def add(q1, q2):
    return q1.unsqueeze(1) + q2      # [A, A]


a_sum = torch.tensor([[1.0, 2.0], [4.0, 5.0]])
print("a table that is a sum comes back:", torch.allclose(add(*best_additive(a_sum)), a_sum))

# %% [markdown]
# **Predict.** For two agents the best additive fit has a short formula: row mean + column mean − mean of all. Work it out for [[0, 1], [1, 8]]. What does VDN believe the joint action (1, 1) is worth? And which way does agent 1 then go in the first step?

# %%
guess = ...  # as in [7.5, "2B"]: what VDN believes of (1, 1); "2A" or "2B"

payoff_2a, payoff_2b = torch.full((2, 2), 7.0), torch.tensor([[0.0, 1.0], [1.0, 8.0]])
fit_2b = add(*best_additive(payoff_2b))
by_formula = payoff_2b.mean(1, keepdim=True) + payoff_2b.mean(0) - payoff_2b.mean()
assert (fit_2b - by_formula).abs().max() < 1e-12

gamma = 0.99
to_2a = gamma * add(*best_additive(payoff_2a)).max().item()
to_2b = gamma * fit_2b.max().item()
with lesson.prediction(guess, [fit_2b[1, 1].item(), "2A" if to_2a > to_2b else "2B"],
                       words=("2A", "2B")) as fold:
    print("VDN's way to 2A is worth :", round(to_2a, 3))
    print("VDN's way to 2B is worth :", round(to_2b, 3))
    fold.append(plots.tables(
        {"payoff of 2B": payoff_2b, "best sum": fit_2b, "its error": fit_2b - payoff_2b},
        title="The sum cannot bend: 2B under VDN", highlight=["max", "max", None]))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# The fit must spread the surprise of the 8 over all four entries, and every entry ends up off by 1.5: the 0 and the 8 too low, the two 1s too high.
#
# </details>
#
# Does it happen when a team really learns? Train the library's VDN with $\varepsilon = 1$ all the time, so that every joint action is equally likely, as the calculation assumes. A large batch keeps the noise of sampling small. (Lessons 06 to 08 open up `train`.)

# %%
uniform = dict(epsilon_start=1.0, epsilon_end=1.0)
game = TwoStepGame(num_envs=32)
team = VDN.for_env(game, seed=0)
train(game, team, TrainConfig(total_steps=6_000, batch_size=512, learning_rate=1e-3,
                              evaluate_every=6_000, **uniform))

learned = exact.q_tot(team, game.model())                      # [3 states, 2, 2]: start, 2A, 2B
start, in_2a, in_2b = learned
assert (in_2a - 7).abs().max() < 0.4 and (in_2b - fit_2b).abs().max() < 0.8
assert abs(in_2b[1, 1] - 6.5) < 0.4 and start[0].max() > start[1].max() + 0.2
print("learned tables lie near the exact fit; the first step prefers the way to",
      "2A" if start[0].max() > start[1].max() else "2B")
print("greedy return:", evaluate(TwoStepGame(), team).mean_return)

# %%
plots.tables({"first step": start, "in 2A": in_2a, "in 2B": in_2b},
             title="What a trained VDN team believes", highlight="max", fmt="{:.1f}")

# %% [markdown]
# The team plays for 7, and more training on such data will not help. (*Going further* asks whether the sum is to blame, or the data.)

# %% [markdown]
# ### Step 4: what made the sum safe
#
# Which part of "sum" gave it IGM? Here are six mixers: the sum, the weighted sum $3 Q_1 + Q_2$, the minimum, the logarithm of the summed exponentials, the difference $Q_1 - Q_2$, and the product.
#
# **Predict.** For each of them: do agents that choose alone ever miss the best joint action?

# %%
guess = ...  # it misses: ["yes", "no", ...], six, in the order of the question

mixers = {
    "sum                Q1 + Q2": vdn,
    "weighted sum     3 Q1 + Q2": lambda x: 3 * x[..., 0] + x[..., 1],
    "minimum       min(Q1, Q2) ": lambda x: x.amin(-1),
    "log of summed exponentials": lambda x: x.logsumexp(-1),
    "difference         Q1 - Q2": lambda x: x[..., 0] - x[..., 1],
    "product            Q1 · Q2": product,
}
missed = {name: misses(mix) for name, mix in mixers.items()}
with lesson.prediction(guess, [count > 0 for count in missed.values()]):
    for name, count in missed.items():
        print(f"{name}   misses in {count:>3} of 1000 teams")

# %% [markdown]
# Open the fold before you read on. Adding is not the point: some mixers that never miss are no sums. What they share: when one utility goes up and the others stay, the team value never goes down. Such a mixer is called **monotone** (some say monotonic):
#
# $$\frac{\partial Q_{tot}}{\partial Q_i} \ge 0 \quad \text{for every agent } i.$$
#
# Nothing else is needed. Take any joint action. Let agent 1 switch to its own best action: its utility does not fall, so $Q_{tot}$ does not fall. Then agent 2, and so on. After $N$ switches everyone plays their own best action, and the value never went down on the way. So no joint action beats it: **monotone implies IGM**.
#
# The picture shows three of the six as a surface over the two utilities; the arrows point uphill. Each white dot is one joint action of two agents with four actions each. The agents always pick the dot in the top right corner.

# %%
team_q = torch.tensor([[-1.7, -0.6, 0.2, 0.9], [-1.5, -0.9, 0.4, 1.1]])


def mark_team(ax, q, mix):
    """All joint actions as dots; a square around the agents' own choice, a star on the best one."""
    table = joint_table(q, mix)
    x, y = torch.meshgrid(q[0], q[1], indexing="ij")
    best = divmod(int(table.argmax()), q.shape[1])
    ax.scatter(x.flatten(), y.flatten(), s=26, color="white", edgecolor="black", zorder=5)
    ax.scatter(*q.max(1).values, s=190, marker="s", facecolor="none",
               edgecolor="#D55E00", linewidth=2.5, zorder=6, label="agents' own choice")
    ax.scatter(q[0, best[0]], q[1, best[1]], s=90, marker="*", color="black",
               zorder=7, label="best joint action")


figure, axes = plots.panels(1, 3, size=(10.5, 3.7), title="Two monotone mixers and one that is not")
shown = {"sum": vdn, "minimum": mixers["minimum       min(Q1, Q2) "], "product": product}
for ax, (name, mix) in zip(axes, shown.items()):
    plots.surface(lambda q1, q2: mix(torch.stack([q1, q2], -1)), name, ax=ax)
    mark_team(ax, team_q, mix)
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
figure

# %% [markdown]
# In the first two pictures no arrow points left or down. In the product's lower left quarter they do: there, raising a utility lowers the team value. The star sits in that quarter, and the agents walk away from it.
#
# A utility is a promise to its agent: *larger is better for all of us, take it*. The agent has no other information. If somewhere a larger $Q_i$ means a smaller $Q_{tot}$, then some team is misled in exactly that place. To build such a team, let agent 1's two utilities be such a pair, and give agent 2 no choice that matters.

# %%
misled = torch.tensor([[-1.0, 1.0],       # agent 1 has the choice between Q1 = -1 and Q1 = 1 …
                       [-1.0, -1.0]])     # … while Q2 is -1 whatever agent 2 does
table = joint_table(misled, product)
print("product falls from", table[0, 0].item(), "to", table[1, 0].item(),
      "as Q1 rises from -1 to 1")
print("IGM holds for this team:", holds_igm(table, misled))


# %% [markdown]
# This works for any mixer that falls somewhere. So for a function of the $N$ chosen utilities, being monotone is enough for IGM, and if IGM has to hold *whatever the utilities are*, it is also necessary.
#
# ### Step 5: additive, monotone, IGM, and no way back
#
# Additive implies monotone, and monotone implies IGM. Do the arrows go back? Ask it of *tables* now: given the exact values of all joint actions in one state, can utilities be found that explain the table in this way?
#
# - **additive**: utilities whose sum is the table;
# - **monotone**: utilities, and some monotone mixer, that give the table. The mixer may be any function that never falls, so only the *order* of each agent's actions matters: the table must not fall along any row or column once both agents' actions are sorted from worst to best.
# - **IGM**: utilities whose own maxima sit at a largest entry.
#
# The first is a least squares problem with error zero. The second is checked by trying every order.

# %%
def additive_utilities(table):
    """Utilities [2, A] whose sum is table[A, A], or None."""
    q = torch.stack(best_additive(table))
    return q if (add(*q) - table).abs().max() < 1e-9 else None


def rising(table):
    """Whether table[A, A] never falls along a row or a column."""
    return bool((table.diff(dim=0) >= -1e-9).all() and (table.diff(dim=1) >= -1e-9).all())


def monotone_utilities(table):
    """Utilities [2, A] (ranks 0 to A-1) under which table[A, A] rises in both,
    or None if no order does it."""
    orders = list(itertools.permutations(range(len(table))))
    for rows, cols in itertools.product(orders, orders):
        if rising(table[list(rows)][:, list(cols)]):
            return torch.stack([torch.tensor(order).argsort().double() for order in (rows, cols)])
    return None


for name, table in {"2A": payoff_2a, "2B": payoff_2b}.items():
    print(name, "additive:", additive_utilities(table) is not None,
          " monotone:", monotone_utilities(table) is not None)

# %% [markdown]
# Now a case small enough to check completely: all $3^4 = 81$ tables of two agents with two actions whose entries are 0, 1 or 2.
#
# **Predict.** How many of the 81 are additive? How many are monotone? (A rough guess is fine.)

# %%
guess = ...  # two numbers, as in [40, 50]: additive tables, monotone tables

tables = torch.cartesian_prod(*[torch.tensor([0.0, 1.0, 2.0])] * 4).view(-1, 2, 2)
additive = [t for t in tables if additive_utilities(t) is not None]
monotone = [t for t in tables if monotone_utilities(t) is not None]

for t in additive:                        # additive implies monotone: the very same utilities do it
    order_1, order_2 = additive_utilities(t).argsort(1)
    assert rising(t[order_1][:, order_2])
for t in monotone:                        # monotone implies IGM: the very same utilities do it
    assert holds_igm(t, monotone_utilities(t))

with lesson.prediction(guess, [len(additive), len(monotone)]):
    print(f"{len(tables)} tables, of which {len(monotone)} are monotone, "
          f"of which {len(additive)} are additive")

# %% [markdown]
# The assertions held for each of the 81: utilities that make a table additive also make it monotone, and those that make it monotone also give IGM. Think of three rings, one inside the other. Neither step goes back, and a table from each ring shows it:

# %%
examples = {
    "additive": torch.tensor([[0.0, 1.0], [1.0, 2.0]]),
    "monotone, not additive": payoff_2b,
    "IGM, not monotone": torch.tensor([[8.0, 0.0], [0.0, 4.0]]),
}
assert [additive_utilities(t) is not None for t in examples.values()] == [True, False, False]
assert [monotone_utilities(t) is not None for t in examples.values()] == [True, True, False]
take_first = torch.tensor([[1.0, 0.0], [1.0, 0.0]])              # both agents prefer action 0
assert holds_igm(examples["IGM, not monotone"], take_first)
print("each of the three tables is what its name says")


# %% [markdown]
# - [[0, 1], [1, 8]] is monotone: with action 1 above action 0 for both agents, no row and no column falls. It is not additive, since $0 + 8 \ne 1 + 1$.
# - [[8, 0], [0, 4]] is not monotone: whether action 0 or action 1 is better for agent 1 depends on what agent 2 does, so no order is right in both columns. Still, utilities [1, 0] for both agents point at the 8, and IGM holds. (*Going further* draws the three sets, one inside the other.)
#
# IGM is a property of a table *together with* utilities. For a table alone it asks nothing: utilities that point at the largest entry always exist. What is hard is to have IGM at every moment of learning, whatever the utilities are just then, and step 4 showed that a mixer of the chosen utilities must be monotone for that. The price is real: no monotone mixer can represent [[8, 0], [0, 4]] exactly.
#
# ### Step 6: bend the plane
#
# 2B is monotone, so some monotone mixer gets it right. You can write one down. Let both agents have utilities [0, 1]: the sum of the chosen ones is 0, 1 or 2, and the payoffs are 0, 1 and 8. Follow the sum up to 1, then climb faster:
#
# $$f(Q_1, Q_2) = (Q_1 + Q_2) + 6 \cdot \max(0,\; Q_1 + Q_2 - 1)$$

# %%
def bent(agent_qs):
    """A small network with weights 1, 1 and 6, a bias of -1, and a rising activation."""
    total = agent_qs.sum(-1)
    return total + 6 * F.relu(total - 1)


zero_one = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
print("2B through the bent mixer:", joint_table(zero_one, bent).tolist())
print("misses in", misses(bent), "of 1000 random teams")
print("the way to 2B is worth   :", round(gamma * joint_table(zero_one, bent).max().item(), 2))

# %% [markdown]
# The sum climbs equally fast everywhere and stops at 6.5. The bent surface climbs steeply above $Q_1 + Q_2 = 1$ and reaches 8. So $0.99 \cdot 8 = 7.92$ beats 6.93, and each agent can still choose alone, because the surface never falls. (*Going further* draws the plane and the bend.)
#
# Look at how `bent` is made: weights that are not negative (1, 1, 6), an activation that never falls, and a bias that may have any sign (−1). A network made like that never falls in its inputs, whatever the sizes of its weights. **This is the idea of QMIX** (Rashid et al. 2018): do not write the bend by hand, let a small network of this kind learn it, and let the *state* decide about the weights, so that 2A can stay flat while 2B bends. The agents never see the mixer. It is needed for training only.
#
# QMIX's mixer makes monotone functions, and not all of them; Part II shows which ones are missing. [Lesson 05](05_mixer.ipynb) builds the mixer.

# %% [markdown]
# ## The same as the library
#
# `VDNMixer` is the sum. `exact.q_tot` is `joint_table` for every state of a task at once.

# %%
agent_qs = torch.randn(7, 5, 3)
assert (vdn(agent_qs) - VDNMixer(3)(agent_qs)).abs().max() < 1e-12
print("vdn equals VDNMixer")

model = game.model()
by_hand = torch.stack([joint_table(q, vdn) for q in exact.agent_qs(team, model)])
assert (by_hand - exact.q_tot(team, model)).abs().max() < 1e-12
print("joint_table equals exact.q_tot in all", len(by_hand), "states of the two-step game")

# %% [markdown]
# And IGM in the library's teams? A guarantee that is built in must hold before the first update, so list all joint actions of teams with random weights, in all states of the grid world.

# %%
grid = GridWorld()
model = grid.model()
for kind in (VDN, QMIX):
    fresh = kind.for_env(grid, seed=0)
    all_tables, all_q = exact.q_tot(fresh, model), exact.agent_qs(fresh, model)
    held = sum(holds_igm(table, q) for table, q in zip(all_tables, all_q))
    print(f"{kind.__name__:<4}: IGM holds in {held} of {len(all_tables)} states")
    assert held == len(all_tables)


# %% [markdown]
# ## Break it
#
# ### A perfect loss and a wrong team
#
# Turn the sign of agent 2: $Q_{tot} = Q_1 - Q_2$. Every additive table can still be written in this way, so nothing is lost in what the mixer can represent. Only the promise is broken. The game is additive, [[1, 2], [2, 3]], and one step long.

# %%
class Difference(Mixer):
    """Q_tot = Q_1 - Q_2: falls as agent 2's utility rises.
    (The library hands `mix` agent_qs[M, N], state[M, S].)"""

    def mix(self, agent_qs, state):
        return agent_qs[..., 0] - agent_qs[..., 1]


def learn(mixer, seed):
    """A team with this mixer, trained on uniform data; it and its history."""
    game = MatrixGame([[1, 2], [2, 3]], num_envs=32)
    team = VDN.for_env(game, seed=seed)
    team.mixer = mixer
    history = train(game, team, TrainConfig(seed=seed, total_steps=3_000, learning_rate=2e-3,
                                           evaluate_every=250, **uniform))
    return team, history


pay = torch.tensor([[1.0, 2.0], [2.0, 3.0]])
runs = {"sum": learn(VDNMixer(2), 0), "difference": learn(Difference(2), 0)}
for name, (broken, history) in runs.items():
    error = (exact.q_tot(broken, MatrixGame(pay).model())[0] - pay).abs().max()
    assert error < 0.01
    print(f"{name:<10}: Q_tot is right about all four joint actions; "
          f"greedy return {history.greedy_return[-1]:.0f} of 3")

# %%
figure, axes = plots.panels(1, 2, size=(10, 3.4), title="The loss cannot see a broken promise")
steps = runs["sum"][1].steps
plots.lines(steps, {name: h.loss for name, (_, h) in runs.items()},
            "TD loss", "environment steps", "loss", log=True, ax=axes[0])
plots.lines(steps, {name: h.greedy_return for name, (_, h) in runs.items()},
            "greedy return", "environment steps", "return", best=3, ax=axes[1])
figure

# %% [markdown]
# Both losses fall to almost nothing, and both tables are right. The team with the difference still plays the wrong joint action: agent 2 learned that *smaller* utilities go with better play and then, as agents do, takes the largest. Only a look at the greedy team, or a test of IGM itself, shows it. (At first it plays right by luck: its networks are still random.)

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Write the team value as a function of utilities, and test IGM by listing every joint action.
# - Build VDN, compute its exact least squares fit to a table, and predict what it will choose.
# - Tell whether a table is additive, monotone or neither, and produce the counterexamples: [[0, 1], [1, 8]] and [[8, 0], [0, 4]].
# - Prove in three sentences that a monotone mixer has IGM, and construct a misled team for one that is not monotone.
#
# ### Common misreadings
#
# - *"IGM says that the utilities are the agents' true values."* It speaks of where the maxima are. $Q_i$ alone predicts no return; only $Q_{tot}$ is trained to.
# - *"IGM means independent learning."* No. Under IQL each agent has its own loss. Here one loss on $Q_{tot}$ trains all agents through the mixer; they are independent only when they act.
# - *"Monotone means that more of an action is better."* It is about utilities, not about actions or observations.
# - *"A monotone mixer can represent any table whose best joint action is clear."* [[8, 0], [0, 4]] has a clear best entry and is not monotone under any order.
# - *"The loss went down, so the team plays well."* The difference mixer had a loss of practically zero.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/04_factorisation.ipynb](../exercises/04_factorisation.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 04.1 IGM, state by state
# - 04.2 A table from each ring
# - 04.3 Monotone in these utilities?
# - 04.4 The best sum
# - 04.5 How often must it be played?
# - 04.6 Find the bug: A team that is too sure
# - 04.7 Measure it: right about everything, or safe
#
# Further, without a check:
#
# 1. Run `monotone_utilities` and `best_additive` on the climbing game, `MatrixGame("climbing").payoff`. Which joint action does the best additive fit choose, and what does it really pay? You are right if your fit has row and column means equal to those of the game.
# 2. Can the best additive fit of a *monotone* table (all entries equally frequent) choose a joint action that does not pay the most? Look at the row means first: what order do they have? Then try 1000 monotone tables, `torch.rand(3, 3).cumsum(0).cumsum(1)`. You are right if your argument and your count agree. What, then, went wrong for VDN in the two-step game? (2B's own maximum was in the right place.)
# 3. The mixer $Q_{tot} = Q_1$ ignores agent 2. Is it monotone? Does IGM hold, with values compared as in `holds_igm`? And what would agent 2 learn from such a team value? `misses` answers the second question.
#
# ### Sources
#
# - Sunehag et al. (2018), *Value-Decomposition Networks For Cooperative Multi-Agent Learning*: the sum (equation 3).
# - Rashid et al. (2018), *QMIX: Monotonic Value Function Factorisation for Deep Multi-Agent Reinforcement Learning*: monotonicity (section 4), the two-step game (section 5), StarCraft II.
# - Son et al. (2019), *QTRAN: Learning to Factorize with Transformation for Cooperative Multi-Agent Reinforcement Learning*: the name IGM.
# - Samvelyan et al. (2019), *The StarCraft Multi-Agent Challenge*.
# - Papoudakis et al. (2021), *Benchmarking Multi-Agent Deep Reinforcement Learning Algorithms in Cooperative Tasks*: IQL, VDN, QMIX and others side by side.

# %% [markdown]
# ## Going further
#
# For those who want to see the three sets and the bend, what other data make of the sum, and where QMIX is used.

# %% [markdown]
# ### Three sets of tables
#
# All 81 tables of step 5, counted, and one from each ring. All of them are in the outer set: utilities that point at the largest entry always exist.

# %%
figure, (nest, *axes) = plots.panels(1, 4, size=(12.5, 2.9), width_ratios=[1.7, 1, 1, 1],
                                     title="Three nested sets, and a table from each ring")
rings = [(f"IGM for suitable utilities: all {len(tables)}", "#d8f0e6"),
         (f"monotone: {len(monotone)}", "#fde3d0"), (f"additive: {len(additive)}", "#d6eaf8")]
for k, (text, color) in enumerate(rings):
    nest.add_patch(Rectangle((k / 2, k * 0.3), 10 - k, 6 - k * 1.3,
                             facecolor=color, edgecolor="#333333"))
    nest.text(5, 5.45 - k, text, ha="center", va="center", fontsize=10)
nest.set(xlim=(-0.1, 10.1), ylim=(-0.1, 6.1), title="2 × 2 tables with entries 0, 1, 2")
nest.axis("off")
for ax, (name, t) in zip(axes, examples.items()):
    plots.table(t, title=name, highlight="max", fmt="{:.0f}", ax=ax)
figure


# %% [markdown]
# ### Two monotone surfaces
#
# With the same utilities [0, 1], the best sum of step 3 is the plane $-1.5 + 4 Q_1 + 4 Q_2$. Both surfaces over the four joint actions of 2B:

# %%
def plane(agent_qs):
    return -1.5 + 4 * agent_qs.sum(-1)


assert (joint_table(zero_one, plane) - fit_2b).abs().max() < 1e-12
figure, axes = plots.panels(1, 2, size=(10.5, 4.6), subplot_kw=dict(projection="3d"),
                            title="The four payoffs of 2B (dots) and two monotone surfaces")
q1, q2 = torch.meshgrid(torch.linspace(-0.15, 1.15, 27),
                        torch.linspace(-0.15, 1.15, 27), indexing="ij")
for ax, name, mix in ((axes[0], "the best plane misses each by 1.5", plane),
                      (axes[1], "bent: exact at all four", bent)):
    height = mix(torch.stack([q1, q2], -1))
    ax.plot_surface(q1.numpy(), q2.numpy(), height.numpy(), color="#56B4E9",
                    alpha=0.45, edgecolor="#333333", linewidth=0.15)
    for u1, u2 in itertools.product(range(2), range(2)):
        pays, made = payoff_2b[u1, u2].item(), joint_table(zero_one, mix)[u1, u2].item()
        ax.plot([u1, u1], [u2, u2], [pays, made], color="#D55E00", linewidth=2.5)
        ax.scatter(u1, u2, pays, color="black", s=45, depthshade=False)
        ax.text(u1 + 0.06, u2, pays + 0.7, f"{pays:g}", fontweight="bold")
    ax.set(title=name, xlabel="$Q_1$", ylabel="$Q_2$", zlabel="$Q_{tot}$", zlim=(-3, 11))
    ax.view_init(elev=18, azim=-120)
figure

# %% [markdown]
# ### Is the sum to blame, or the data?
#
# Step 3 computed VDN's failure for data in which all joint actions are equally frequent. Least squares follows the data. Suppose a team already plays (1, 1) in 85 of 100 visits to 2B and the other three in 5 each.

# %%
weights = torch.tensor([[0.05, 0.05], [0.05, 0.85]])
skewed = add(*best_additive(payoff_2b, weights))
# 0.0 is added so that there is no -0.0
print("best additive 2B on this data:", (skewed.round(decimals=2) + 0.0).tolist())
print("the way to 2B is worth       :", round(gamma * skewed.max().item(), 2),
      "against", round(gamma * 7, 2))

# %% [markdown]
# On this data VDN would value the way to 2B correctly enough to take it, and be wrong about joint actions that it rarely plays. So "VDN cannot solve the two-step game" is too strong. It cannot *represent* 2B, and what it does about that depends on the data. A team that has still to find out where the 8 is will not have data like this.

# %% [markdown]
# ### Where it is used
#
# QMIX was introduced on micromanagement battles in StarCraft II, where each unit is an agent with a narrow view and the simulator knows the whole map during training (Rashid et al. 2018; the SMAC benchmark, Samvelyan et al. 2019). Comparisons since then run it beside IQL and VDN on coordination games such as climbing and on navigation tasks in which several moving agents share out the goals (Papoudakis et al. 2021). The common pattern: one reward for all, narrow views, and a training phase in which someone sees more than the agents do.
