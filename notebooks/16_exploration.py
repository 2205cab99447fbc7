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
# # Lesson 16 · Exploration: MAVEN and parameter noise
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/16_exploration.ipynb)
#
# You compute how rarely ε-greedy agents find a reward that needs several good steps and two agents in a row, build two ways to explore for a whole episode at a time, and count honestly what they bring.
#
# **Minutes:** 45, and 11 more for *Going further*
#
# **You need:** lessons 03 to 08 and [lesson 11](11_representation.ipynb); what an entropy is.
#
# **After this lesson you can**
# - compute the exact chance that an ε-greedy team meets a reward, and say which ε is best for it
# - perturb the weights of a team for an episode, and adapt the size of the noise to a target
# - build MAVEN: a shared latent, output layers made from it, a bound on mutual information, a policy over latents
# - say what commitment buys, what it costs, and what it did not buy here

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

lesson.start("16")

# %%
from copy import deepcopy

import torch
from torch import nn
from torch.func import functional_call

from qmix_course import data, exact, plots
from qmix_course.agents import StackedLinear
from qmix_course.algorithms import MAVEN, QMIX, masked_mean
from qmix_course.collect import Collector
from qmix_course.envs import MStepGame
from qmix_course.evaluation import evaluate, success_interval
from qmix_course.exploration import ParameterNoise
from qmix_course.replay import ReplayBuffer
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# The **m-step game** comes from the MAVEN paper (Mahajan et al. 2019; the details are those of the authors' code). Two agents, two actions, $m = 10$ steps, and both agents see everything: the step and the branch.
#
# - The first joint action picks a branch. Only (0, 0) and (1, 1) are good. Whoever begins with (0, 1) or (1, 0) gets 0 and the episode is over.
# - From then on, each step that *repeats* the branch's joint action pays 1. Anything else pays 0 and ends the episode.
# - One thing is different. The last step of branch (0, 0) pays [[1, 1], [1, 4]]: there, and only there, the team should break its habit together and play (1, 1).

# %%
m = 10
game = MStepGame(m, num_envs=32)
optimum = exact.solve(game, gamma=1.0)
first, last = optimum.q[0], optimum.q[game.row(m - 1, 0)]
print("best return                     :", optimum.best_return)
print("values of the first joint action:", first.tolist())
print("last step of branch (0, 0)      :", last.tolist())

# %% [markdown]
# So 10 is to be had in either branch by doing the same thing ten times, and 13 = $m + 3$ in one of them, by a surprise at the end. Nothing here is hard to *represent* once a branch is chosen. The team has to find it.
#
# Four QMIX teams, the usual recipe: $\varepsilon$ falls to 0 within 500 steps, then the teams play what they know and learn from it.

# %%
small = dict(hidden=(32,), embed_dim=8, hypernet_dim=16)
recipe = dict(total_steps=8_000, update_every=32, learning_rate=3e-3,
              tau=0.05, learning_starts=200, evaluate_every=8_000)
teams = [QMIX.for_env(game, seed=seed, **small) for seed in range(4)]
histories = train_seeds(game, teams,
                        TrainConfig(epsilon_end=0.0, epsilon_steps=500, **recipe), seeds=range(4))

returns = [history.greedy_return[-1] for history in histories]
assert max(returns) <= m
print("teams that reach 13:", sum(value == m + 3 for value in returns), "of", len(returns))


# %% [markdown]
# They are lazy, not stupid: whoever has never seen the 4 has no reason to leave the habit. "Then explore more", one says. This lesson first computes what more $\varepsilon$ can do, exactly. Then it builds two ways to explore that are not a coin at every step.

# %% [markdown]
# ## Build it
#
# ### Step 1: the exact chance of a lucky episode
#
# An $\varepsilon$-greedy agent with two actions departs from its habit with probability $\varepsilon/2$, each agent on its own coin, at each step anew. Because the game is small, the chance that one episode meets the 4 can be computed backwards from the end, without playing it.

# %%
def chance(model, habit, epsilon):
    """The exact probability that an episode pays 4,
    for agents that are ε-greedy around habit[X, N]."""
    own = torch.full((*habit.shape, 2), epsilon / 2)
    own = own.scatter(-1, habit.unsqueeze(-1), 1 - epsilon / 2)       # [X, N, A]
    joint = own[:, 0, :, None] * own[:, 1, None, :]                   # [X, A, A]
    found = torch.zeros(len(habit))                                   # [X] from each state on
    for _ in range(len(habit)):
        ahead = torch.where(model.terminated, (model.reward == 4).to(found.dtype),
                            found[model.next_state])
        found = (joint * ahead).sum((1, 2))
    return found[0].item()


model = game.model()
lazy_first = torch.zeros(len(model.state), 2, dtype=torch.int64)      # (0, 0) everywhere
lazy_second = lazy_first.clone()
# the same, but it starts with (1, 1)
lazy_second[0] = 1
by_formula = 0.9 ** 18 * 0.1 ** 2
assert abs(chance(model, lazy_first, 0.2) - by_formula) < 1e-15
print(f"lazy in branch (0, 0), ε = 0.2: {by_formula:.5f} for each episode")

# %% [markdown]
# The formula says why: two agents must keep the habit nine times ($(1-\varepsilon/2)^{18}$) and then both break it ($(\varepsilon/2)^2$). The more an agent explores, the likelier the second part and the less likely the first.

# %% [markdown]
# **Predict.** At which $\varepsilon$ is $p^2 (1-p)^{18}$ with $p = \varepsilon/2$ largest? And what is the chance at $\varepsilon = 1$, when everything is a coin? (There are $4^{10}$ sequences of joint actions.)

# %%
guess = ...  # two numbers, as in [0.5, 1 / 2 ** 10]: the best ε, the chance at ε = 1

grid = torch.linspace(0.01, 1.0, 100)
curve = {name: torch.tensor([chance(model, habit, e.item()) for e in grid])
         for name, habit in (("lazy in branch (0, 0)", lazy_first),
                             ("lazy in branch (1, 1)", lazy_second))}
best_at = {name: round(grid[values.argmax()].item(), 2) for name, values in curve.items()}
with lesson.prediction(guess, [best_at["lazy in branch (0, 0)"],
                               chance(model, lazy_first, 1.0)]) as fold:
    for name, values in curve.items():
        print(f"{name}: best at ε = {best_at[name]:.2f} with {values.max():.1e}; "
              f"at ε = 1: {values[-1]:.1e}")
    fold.append(plots.lines(grid, curve, "The chance that one episode meets the jackpot",
                            "ε", "probability", log=True))
assert abs(chance(model, lazy_first, 1.0) - 4.0 ** -m) < 1e-15


# %% [markdown]
# <details><summary>After your guess</summary>
#
# Past its peak more $\varepsilon$ makes it *worse*, by three orders of magnitude. A team that has settled in the other branch must do two unlikely things at once, twice, and keep going in between: 30 times rarer at best. In 20,000 steps, as *Going further* counts, no $\varepsilon$ leads to more than a handful of jackpots in the one branch, and practically to none in the other.
#
# </details>
#
# This is what people mean when they say that $\varepsilon$-greedy **dithers**: every agent throws its own coin at every step, and luck that needs twenty coins to fall right hardly ever comes. What would help is a departure that is *decided once and kept*, by all agents together. That is called **committed** exploration.

# %% [markdown]
# ### Step 2: noise on the weights
#
# The first way needs no new network. Add noise to the weights of the agents at the start of an episode, $\tilde\theta = \theta + \sigma \xi$ with $\xi$ standard normal, and play the whole episode greedily by $\tilde\theta$ (Plappert et al. 2018). The perturbed team is a function: whenever it meets the same observation it does the same thing, and similar observations are treated alike. Learning goes on with the unperturbed $\theta$.

# %%
def perturbed(agents, sigma, generator):
    """θ + σ ξ: name -> weights. A copy; the agents' own weights stay as they are."""
    return {name: weight.detach() + sigma * torch.randn(weight.shape, generator=generator)
            for name, weight in agents.named_parameters()}


def values_with(agents, weights, obs):
    """q[B, N, A] of obs[B, N, O], with these weights in place of the agents' own."""
    return functional_call(agents, weights, (obs.unsqueeze(1),))[0].squeeze(1)


agents, generator = teams[0].agents, torch.Generator().manual_seed(0)
plain = agents(model.obs.unsqueeze(1))[0].squeeze(1)
draws = [perturbed(agents, 0.5, generator) for _ in range(200)]
# [200, X, N]
actions = torch.stack([values_with(agents, weights, model.obs).argmax(-1) for weights in draws])
assert torch.equal(values_with(agents, draws[0], model.obs).argmax(-1), actions[0])
assert torch.equal(agents(model.obs.unsqueeze(1))[0].squeeze(1), plain)
assert len({tuple(each.flatten().tolist()) for each in actions}) > 100
print("200 perturbed teams, of which more than 100 have a way of their own;\n"
      "each asked twice says the same; θ is untouched")

# %% [markdown]
# How large should $\sigma$ be? It has no meaning of its own: the same $\sigma$ is a whisper for one network and a storm for the next. So measure it by what it does to the *play*. Two measures that fit together:
#
# - From a greedy agent to an $\varepsilon$-greedy one the Kullback–Leibler divergence is $\delta = -\log(1 - \varepsilon + \varepsilon/A)$.
# - From the team to the perturbed team, take $\text{KL}(\text{softmax}\,Q \,\|\, \text{softmax}\,\tilde Q)$, averaged over agents and environments.
#
# Then ask the second to be as large as the first: if it is below $\delta$, $\sigma$ grows by 1%, otherwise it shrinks by 1%, after every step. (*Going further* watches it do so.) For two actions and $\varepsilon = 0.2$, a greedy agent plays (1, 0) and the $\varepsilon$-greedy one (0.9, 0.1):

# %%
greedy, dithering = torch.tensor([1.0, 0.0]), torch.tensor([0.9, 0.1])
by_hand = sum(p * (p / r).log() for p, r in zip(greedy, dithering) if p > 0)   # 0 log 0 counts as 0
delta = -torch.tensor(1 - 0.2 + 0.2 / 2).log()
assert abs(by_hand - delta) < 1e-15
print(f"δ = {delta:.3f}")

# %% [markdown]
# Same $\delta$, another kind of exploration? Let a lazy team play with the library's `ParameterNoise`, which gives every environment its own $\xi$, and count the episodes that last all ten steps.

# %% [markdown]
# **Predict.** Under $\varepsilon$-greedy with $\varepsilon = 0.2$ a lazy team goes all the way in $0.9^{20} = 12\%$ of its episodes. Parameter noise departs from greedy play by the same $\delta$. Does it leave fewer episodes whole, about as many, or more?

# %%
guess = ...  # "fewer", "as many" or "more"


def lasting(team, epsilon):
    """The share of exploring episodes in which the team goes all the way,
    with parameter noise as far from greedy as ε."""
    player = Collector(MStepGame(m, num_envs=64), team, 0, torch.Generator().manual_seed(0),
                       parameter_noise=True)
    for number in range(500):
        player.step(epsilon)
        if number == 349:
            player.take_returns()                                             # σ has settled by now
    ended = torch.tensor(player.take_returns())
    return (ended >= m).double().mean().item()


shares = [lasting(team, 0.2) for team in teams]
assert min(shares) > 0.3
with lesson.prediction(guess, "more" if min(shares) > 0.9 ** 20 else "as many",
                       words=("fewer", "as many", "more")) as fold:
    print("with each of the four teams more than 0.3 of the episodes last")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# The same distance from greedy play is spent differently: a perturbed team departs everywhere in the same way, or nowhere, while a coin at every step has twenty chances to end the episode. Whether that finds the jackpot is another question. Step 4 has the answer.
#
# </details>
#
# One thing to note for later: all this belongs to the *exploring* team. The greedy team that is evaluated, and the networks in the loss, use $\theta$.

# %% [markdown]
# ### Step 3: MAVEN
#
# The second way (Mahajan et al. 2019) gives the team something to agree on. At the start of an episode a **latent** $z \in \{1, \dots, Z\}$ is drawn, all agents are told, and it stays until the end. Agents and mixer read $z$; so one set of networks holds $Z$ ways to play. Each agent still acts on its own observation, plus a number that was agreed upon before the episode began.
#
# **The agents.** The hidden layers read the observation. The *output layer* is made by a hypernetwork from $z$ and the agent's number, one linear layer, as in the authors' code.

# %%
class LatentTeam(nn.Module):
    """obs[B, N, O] and one-hot z[B, Z] -> q[B, N, A]."""

    def __init__(self, n_agents, obs_dim, n_actions, n_latents, hidden):
        super().__init__()
        self.body = StackedLinear(n_agents, obs_dim, hidden)            # one layer for each agent
        self.hyper = nn.Linear(n_latents + n_agents, n_actions * hidden)
        self.shape = (n_actions, hidden)

    def forward(self, obs, z):
        h = self.body(obs.transpose(0, 1)).relu().transpose(0, 1)       # [B, N, H]
        who = torch.eye(h.shape[1]).expand(len(h), -1, -1)              # [B, N, N]
        z = z.unsqueeze(1).expand(-1, h.shape[1], -1)                   # the same z for every agent
        output_layer = self.hyper(torch.cat([z, who], -1)).unflatten(-1, self.shape)  # [B, N, A, H]
        return torch.einsum("bnh,bnah->bna", h, output_layer)


by_hand = LatentTeam(n_agents=2, obs_dim=m + 2, n_actions=2, n_latents=8, hidden=32)
q = by_hand(model.obs[:1].expand(8, -1, -1), torch.eye(8))
print("one observation, eight latents: other values for each, shape", tuple(q.shape))
assert (q[0] != q[1:]).all()


# %% [markdown]
# **Making a difference.** Nothing so far makes the $Z$ ways differ; all of them could learn the same habit. MAVEN asks for a high **mutual information** $I(z; \text{behaviour})$: seeing how the team behaves, one should be able to guess $z$. For any guesser $q(z \mid \text{behaviour})$
#
# $$I(z; \text{behaviour}) \;\ge\; \mathbb E[\log q(z \mid \text{behaviour})] + H(z),$$
#
# with equality for the best guesser. So train a network to guess, the *discriminator*, and let the agents help it: both go up the right-hand side.

# %%
def bound(log_guess, z):
    """E[log q(z | behaviour)] + H(z) of log_guess[M, Z] and one-hot z[M, Z]."""
    right = (log_guess * z).sum(-1).mean()
    return right + torch.special.entr(z.mean(0)).sum()


def best_guess(behaviour):
    """log q[Z, Z] of the best guesser, if latent k always behaves like behaviour[k]
    and all are equally frequent."""
    same = (behaviour.unsqueeze(0) == behaviour.unsqueeze(1)).double()
    return (same / same.sum(1, keepdim=True)).log().nan_to_num(neginf=-1e9)


# %% [markdown]
# **Predict.** Four latents, equally frequent. Give the mutual information if (a) all behave alike, (b) each has a behaviour of its own, (c) two behave alike and the other two each have their own. ($\log 4 = 1.386$, $\log 2 = 0.693$.)

# %%
guess = ...  # as in [0.25, 0.69, 1.1], to two decimals: the information in (a), (b), (c)

cases = {"all alike": [0, 0, 0, 0], "all different": [0, 1, 2, 3], "two alike": [0, 0, 1, 2]}
information = [round(bound(best_guess(torch.tensor(behaviour)), torch.eye(4)).item() + 0.0, 3)
               for behaviour in cases.values()]
with lesson.prediction(guess, information) as fold:
    print("two alike: log 4 - (log 2) / 2")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# It lies between 0 and $\log Z$. In (c) a guesser is lost half of the time, and then it has to choose between two.
#
# </details>
#
# Behaviour, in the authors' code and here, is the softmax of every agent's values at a step. Actions would do to *measure* the bound, but they have no gradient, and the agents need one.
#
# Note what the bound does not do. It does not know about rewards, and it does not say in which way to differ. Where a difference costs nothing, it is free to appear: at the start, where both branches promise 10; at the end of branch (0, 0), where all joint actions pay at least 1.

# %% [markdown]
# **Which latent to play.** Some of the $Z$ ways will be better than others. The paper learns a policy $p(z \mid s_0)$ that maximises $\mathbb E[\text{return}] + \kappa H(p)$ by policy gradient. For fixed agents the answer is known in closed form: $p = \text{softmax}(R(s_0, \cdot)/\kappa)$, where $R(s_0, z)$ is the mean return with $z$. So the library learns $\hat R$ by regression and draws from that softmax.

# %% [markdown]
# **Predict.** $\hat R = (10, 10, 13, 0)$ and $\kappa = 5$. How often is the third latent drawn? ($e^{2} = 7.4$, $e^{2.6} = 13.5$.) The cell also climbs by gradient, and compares.

# %%
guess = ...  # one number between 0 and 1, to two decimals

R, kappa = torch.tensor([10.0, 10.0, 13.0, 0.0]), 5.0
closed_form = torch.softmax(R / kappa, -1)

logits = torch.zeros(4, requires_grad=True)
for _ in range(2_000):
    p = logits.softmax(-1)
    slope, = torch.autograd.grad((p * R).sum() + kappa * torch.special.entr(p).sum(), logits)
    logits = (logits + 0.2 * slope).detach().requires_grad_()
assert (logits.softmax(-1) - closed_form).abs().max() < 1e-6
with lesson.prediction(guess, round(closed_form[2].item(), 2)) as fold:
    print("softmax(R / κ):", [round(x, 2) for x in closed_form.tolist()],
          "and the climb ends there")

# %% [markdown]
# Even the hopeless fourth latent keeps a share, so $\kappa$ is in units of return: it says how much worse a way may be and still be tried. In greedy play nothing is drawn, and the latent with the highest $\hat R$ is taken.
#
# **All of it together.** The loss of a batch of episodes has three terms:
#
# $$L = \underbrace{L_{\text{QMIX}}(\cdot \mid z)}_{\text{values}} \;-\; w \,\underbrace{\big(\mathbb E[\log q(z \mid \text{behaviour}, s)] + H(z)\big)}_{\text{difference}} \;+\; \underbrace{(\hat R(s_0, z) - \text{return})^2}_{\text{choice}}$$
#
# Where the library leaves the authors' code, apart from this choice of $z$: greedy play takes the latent with the highest $\hat R$, where theirs draws one from its policy, or uniformly; their policy over $z$ keeps a floor of 0.1 under $\varepsilon$ and multiplies its scores by 20, ours has neither; and one optimiser with one limit on the gradient serves all three terms here, where theirs has two. Where returns are large, the regression's gradient is long, and the limit shortens all three; whether the values learn more slowly for it was not measured.
#
# One team, live, on 20,000 steps. $\varepsilon$ is 0.05 throughout: the latent is to do the exploring.

# %%
latent = dict(n_latents=8, mi_weight=1.0, temperature=5.0)
longer = recipe | dict(total_steps=20_000, evaluate_every=2_000, batch_size=16,
                       capacity=1_000, epsilon_start=0.05, epsilon_end=0.05)
maven = MAVEN.for_env(game, seed=0, **small, **latent)
history = train(game, maven, TrainConfig(seed=0, **longer))

# [Z, X, N]
ways = torch.stack([exact.agent_qs(maven.fixed(z), model).argmax(-1) for z in range(8)])
brings = [evaluate(MStepGame(m), maven.fixed(z)).mean_return for z in range(8)]
different = len({tuple(way.flatten().tolist()) for way in ways})
assert different >= 2 and max(brings) >= 1
print("the eight latents play in more than one way")


# %%
def show_ways(ways, brings):
    """For each latent its joint action in each state:
    0 both play 0, 3 both play 1, 1 and 2 they differ."""
    code = (2 * ways[..., 0] + ways[..., 1]).double()
    rows = {"first step": [0],
            "branch (0, 0), steps 2 to 10": [game.row(t, 0) for t in range(1, m)],
            "branch (1, 1), steps 2 to 10": [game.row(t, 1) for t in range(1, m)]}
    figure, axes = plots.panels(1, 3, size=(11.5, 3.8),
                                title="What each latent does, and what it brings",
                                width_ratios=[1, 5, 5])
    for ax, (name, states) in zip(axes, rows.items()):
        ax.imshow(code[:, states], cmap="cividis", vmin=0, vmax=3, aspect="auto")
        for z in range(len(code)):
            for k, state in enumerate(states):
                u = ways[z, state].tolist()
                ax.text(k, z, f"{u[0]}{u[1]}", ha="center", va="center", fontsize=8,
                        color="white" if sum(u) < 2 else "black")
        ax.set(title=name, xticks=[], yticks=range(len(code)),
               yticklabels=[f"z = {z}: {brings[z]:.0f}" for z in range(len(code))])
        ax.grid(False)
        ax.tick_params(labelleft=ax is axes[0])
    return figure


show_ways(ways, brings)

# %% [markdown]
# A row is one way to play; 01 means that agent 1 plays 0 and agent 2 plays 1. In the states that a latent visits, its actions are those of a good branch; in the states that it never visits, they are whatever the bound made of them. (Which latents end where differs from seed to seed, and so does whether any of them ends at 13.)
#
# ### Step 4: what it brings, counted
#
# Twenty seeds of each way to explore, the same 20,000 steps, the same updates on rows that are whole episodes; `make tables` trained them.

# %%
stored = data.load("m_step")
seeds = len(stored["settings"]["seeds"])
solved = {name: sum(returns[-1] == stored["best"] for returns in run["greedy_return"])
          for name, run in stored["runs"].items()}
met = {name: sum(count > 0 for count in run["jackpots"]) for name, run in stored["runs"].items()}
print(f"{seeds} seeds each, made on {stored['date']} by {stored['made_by']}")
print(f"{'':30}ends at 13   95% interval   ever met the 4")
for name, title in stored["ways"].items():
    low, high = success_interval(solved[name], seeds)
    print(f"{title:<30}{solved[name]:>6}       {low:.2f} to {high:.2f}   {met[name]:>8}")

# %%
shares = {title: solved[name] / seeds for name, title in stored["ways"].items()}
intervals = {title: success_interval(solved[name], seeds) for name, title in stored["ways"].items()}
plots.bars(shares, "Seeds that end at the jackpot",
           f"share of {seeds} seeds, with its 95% interval", intervals=intervals)

# %% [markdown]
# Read the last column of the table first. More $\varepsilon$ does *meet* the 4 more often. Then the first column. One of 20 keeps it, or none, whatever $\varepsilon$ does. Meeting is not keeping: the counts are those of Step 1, a handful in a run, and what such a team plays most of the time is still the habit. **More $\varepsilon$ does not help here, and the reason is not only that it fails to find.**
#
# Parameter noise met the 4 in no more teams than the short decay. Of those seven, four kept it. Four of 20 against one of 20: the intervals overlap, and this says nothing for certain.
#
# MAVEN met it in 12 teams and kept it in 9, because a latent had made it *its* habit: it is met again whenever that latent is drawn. Its interval lies above those of all $\varepsilon$-greedy rows. Eight of 20 teams never saw the 4 all the same.
#
# What to hold against this comparison: MAVEN's weight of the bound and its temperature were chosen among five settings, on eight of these seeds; the others had only their $\varepsilon$ varied. And each latent learns only from its own episodes, about an eighth of the data.

# %% [markdown]
# ## The same as the library
#
# First the pieces: the agents, given the library's weights, and the perturbed values of one row.

# %%
by_hand.body.load_state_dict(maven.agents.body.layers[0].state_dict())
by_hand.hyper.load_state_dict(maven.agents.hyper.state_dict())
z = torch.arange(len(model.obs)) % 8
mine = by_hand(model.obs, torch.eye(8)[z])
library = maven.act_values(model.obs, torch.full((len(z), 2), -1), maven.memory_of(z))[0]
assert (mine - library).abs().max() < 1e-12
print("LatentTeam equals the agents of MAVEN")

noise = ParameterNoise(agents, rows=len(model.obs), generator=generator, sigma=0.3)
row = 4
weights = {name: w.detach() + 0.3 * noise.noise[name][row] for name, w in agents.named_parameters()}
mine = values_with(agents, weights, model.obs)[row]
assert (mine - noise.act_values(model.obs, torch.full((len(z), 2), -1))[0][row]).abs().max() < 1e-12
print("perturbed values equal ParameterNoise's")

# %% [markdown]
# And the loss. Episodes of this game from the library's collector; the three terms as above. (`maven.unroll` gives the agents' values of whole episodes, lesson 12.)

# %%
player = Collector(game, maven, 1, generator)
buffer = ReplayBuffer(200, game.spec, length=m, memory_dim=maven.memory_dim)
for _ in range(40):
    buffer.add(player.step(0.5))
batch, target = buffer.sample(32, generator), deepcopy(maven)
z = batch.memory[:, 0]                                  # [B, Z]: it travelled in the agents' memory


def with_z(state):
    return torch.cat([state, z.unsqueeze(1).expand(-1, state.shape[1], -1)], -1)


steps = batch.actions.shape[1]                          # of the longest episode in the batch
q, target_q = maven.unroll(batch, steps), target.unroll(batch, steps + 1)[:, 1:]
chosen = q.gather(-1, batch.actions.unsqueeze(-1)).squeeze(-1)
y = (batch.reward
     + 0.99 * ~batch.terminated * target.mixer(target_q.amax(-1), with_z(batch.state[:, 1:])))
values = masked_mean((maven.mixer(chosen, with_z(batch.state[:, :-1])) - y.detach()) ** 2,
                     batch.mask)

played = batch.mask.bool()
seen = torch.cat([q.softmax(-1).flatten(2), batch.state[:, :-1]], -1)[played]     # [steps, N A + S]
difference = bound(maven.discriminator(seen).log_softmax(-1),
                   with_z(batch.state[:, :-1])[played][:, -8:])
choice = ((maven.returns(batch.state[:, 0]) * z).sum(-1)
          - (batch.reward * batch.mask).sum(1)).square().mean()
assert abs(values - 1.0 * difference + choice - maven.loss(batch, target)) < 1e-12
print("the three terms equal the library's loss")

# %% [markdown]
# ## Break it
#
# ### No mutual information
#
# Set the bound's weight to 0 and keep everything else: latents, output layers, the policy over $z$. That is the last line of the table above.

# %%
print("MAVEN, with the bound and without, of", seeds, "seeds that end at 13:",
      solved["maven"], "and", solved["no_mi"])

# %% [markdown]
# One of 20, as for the short decay of $\varepsilon$. Eight sets of output layers, all trained to the same habit, are one team with eight names. It is the bound that makes the latents different; the latents only make room for it.
#
# ### A latent that is redrawn
#
# The latent must be shared, and it must last. To see what each half is worth, take the simplest team with two ways to play: with $z = 0$ both agents always play 0, with $z = 1$ always 1. Its expected return can be computed exactly.

# %% [markdown]
# **Predict.** (Repeating the branch's joint action pays 1 a step, ten steps in all; in the first step (0, 1) and (1, 0) pay 0 and end it, as does any change of habit later.) What does this team earn on average if $z$ is drawn once for the episode and shared; once, but by each agent for itself; and at every step anew, shared?

# %%
guess = ...  # as in [5, 4, 3]: once, shared; once, each its own; at every step


def expected_return(model, joint):
    """The exact expected return when the joint action is drawn
    from joint[X, A, A] in each state."""
    value = torch.zeros(len(joint))
    for _ in range(len(joint)):
        value = (joint * (model.reward + torch.where(model.terminated, 0.0,
                                                     value[model.next_state]))).sum((1, 2))
    return value[0].item()


def always(u1, u2):
    joint = torch.zeros(len(model.state), 2, 2)
    joint[:, u1, u2] = 1.0
    return joint


once = (expected_return(model, always(0, 0)) + expected_return(model, always(1, 1))) / 2
every_step = expected_return(model, (always(0, 0) + always(1, 1)) / 2)
each_alone = sum(expected_return(model, always(u1, u2)) for u1 in (0, 1) for u2 in (0, 1)) / 4
with lesson.prediction(guess, [round(x, 2) for x in (once, each_alone, every_step)]) as fold:
    print(f"drawn at every step it is {every_step:.4f}")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# Drawn at every step the latent is just another coin, and the habit of ten steps is gone after two. Drawn by each agent for itself, half of the episodes are over at the first step. Commitment in time and agreement among the agents are two things, and MAVEN needs both. The second is why the latent is drawn from the first *state*, which nobody sees alone: in a real task somebody must tell all agents the same number before they start.
#
# </details>

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Compute the exact chance that dithering agents meet a reward, and the $\varepsilon$ at which it peaks.
# - Perturb a team's weights for an episode without touching them, and let $\sigma$ find a target divergence.
# - Build MAVEN's agents, its bound and its policy over latents, and check each against exact values.
# - Read a comparison over 20 seeds: who found the reward, who kept it, and how wide the interval is.
#
# ### Common misreadings
#
# - *"More exploration finds more."* In this game the chance peaks at $\varepsilon = 2/m$ and falls by three orders of magnitude from there to 1.
# - *"Parameter noise is ε-greedy with a nicer schedule."* Its departures last for an episode and are the same wherever the observation is. For the same $\delta$ far more episodes go all the way.
# - *"Mutual information looks for reward."* It looks for difference. Only where differing is free or useful does it survive beside the TD loss.
# - *"The latent breaks decentralisation."* Each agent acts on its own observation and a number that all were told beforehand. Nothing is said during the episode.
# - *"MAVEN solves the m-step game."* Count again: not in every seed, in this budget, with these networks.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/16_exploration.ipynb](../exercises/16_exploration.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 16.1 The chance of a lucky episode
# - 16.2 How much noise?
# - 16.3 The bound
# - 16.4 Find the bug: A latent that does not last
# - 16.5 Measure it: a team that only guesses
#
# Further, without a check:
#
# 1. Let the last step of branch (0, 0) pay [[1, 1], [1, 100]]. Does anything in Step 1 change? You are right if you can say which function never looks at the size of the reward.
# 2. Derive the best $\varepsilon$ for a team that is lazy in branch (1, 1), as a function of $m$, and check it against `chance` for $m = 10$ and $m = 20$. You are right if both agree on the grid.
# 3. Train MAVEN with `n_latents=2` and with 16, five seeds each, and count. The authors' configuration of this game has 16 and 105,000 steps.
#
# ### Sources
#
# - Mahajan, Rashid, Samvelyan and Whiteson (2019), *MAVEN: Multi-Agent Variational Exploration*, and the code published with it: the m-step game, the latent, the hypernetwork, the discriminator on softmax values, the policy over latents.
# - Plappert et al. (2018), *Parameter Space Noise for Exploration*, and its implementation in OpenAI Baselines: $\delta$ and the 1% rule. There the networks have layer normalisation, these have none.
# - Osband et al. (2016), *Deep Exploration via Bootstrapped DQN*: committed exploration for a single agent.

# %% [markdown]
# ## Going further
#
# For those who want to see more of the two ways at work: jackpots counted, σ finding its size, every seed of the comparison, and a trap of evaluation.
#
# ### Jackpots in a budget
#
# A training budget counts steps, not episodes. Exploring episodes are short, which is in favour of large $\varepsilon$: there are more of them. So count jackpots in 20,000 steps.

# %%
def mean_length(model, habit, epsilon):
    """The expected number of steps of an episode, exactly, as in `chance`."""
    own = torch.full((*habit.shape, 2), epsilon / 2).scatter(
        -1, habit.unsqueeze(-1), 1 - epsilon / 2)
    joint = own[:, 0, :, None] * own[:, 1, None, :]
    length = torch.zeros(len(habit))
    for _ in range(len(habit)):
        length = 1 + (joint * torch.where(model.terminated, 0.0,
                                          length[model.next_state])).sum((1, 2))
    return length[0].item()


print("expected jackpots in 20,000 steps, lazy in branch (0, 0) and in branch (1, 1)")
for epsilon in (0.05, 0.2, 0.5, 1.0):
    counts = [20_000 / mean_length(model, habit, epsilon) * chance(model, habit, epsilon)
              for habit in (lazy_first, lazy_second)]
    print(f"ε = {epsilon:<4}: {counts[0]:6.3f}  {counts[1]:6.3f}")


# %% [markdown]
# ### σ finds its own size
#
# The rule of step 2, from a σ that is too small and from one that is too large, on noise that is held fixed.

# %%
def kl(q, other):
    """KL(softmax q ‖ softmax other)[..., N] of q[..., N, A]."""
    log_p, log_r = q.log_softmax(-1), other.log_softmax(-1)
    return (log_p.exp() * (log_p - log_r)).sum(-1)


def adapt(agents, obs, delta, sigma, steps, noise):
    """σ and the divergence after each of `steps`; noise: one ξ for each environment, held fixed."""
    q, path = agents(obs.unsqueeze(1))[0].squeeze(1).detach(), []
    for _ in range(steps):
        moved = torch.stack([
            values_with(agents, {k: w.detach() + sigma * xi[k]
                                 for k, w in agents.named_parameters()}, obs) for xi in noise])
        departure = kl(q, moved).mean().item()
        sigma *= 1.01 if departure < delta else 1 / 1.01
        path.append((sigma, departure))
    return torch.tensor(path)


noise = [{name: torch.randn(w.shape, generator=generator) for name, w in agents.named_parameters()}
         for _ in range(16)]
paths = {f"from σ = {sigma}": adapt(agents, model.obs, delta, sigma, 300, noise)
         for sigma in (0.03, 2.0)}
assert all(abs(path[-1, 1] / delta - 1) < 0.1 for path in paths.values())
print("from both sides the divergence ends within 10% of δ")

# %%
figure, axes = plots.panels(1, 2, size=(10, 3.6), title="σ finds its own size")
for ax, k, name in ((axes[0], 0, "σ"), (axes[1], 1, "divergence")):
    plots.lines(range(300), {label: path[:, k] for label, path in paths.items()},
                name, "adaptation steps", name, log=True, ax=ax)
axes[1].axhline(float(delta), color="black", linestyle=":")
figure

# %% [markdown]
# ### Finding it, and keeping it
#
# Every seed of step 4: how often it met the 4 in training. An exploring team plays more and shorter episodes, so each is learned from less. The four teams with parameter noise that kept the 4 met it five times or more; MAVEN's nine met it 110 times or more.

# %%
figure, ax = plots.panels(size=(8.5, 4.2))
for k, (name, title) in enumerate(stored["ways"].items()):
    run = stored["runs"][name]
    found = torch.tensor(run["jackpots"]).double() + 0.5
    won = torch.tensor([returns[-1] == stored["best"] for returns in run["greedy_return"]])
    height = k + torch.linspace(-0.25, 0.25, seeds)
    ax.scatter(found[won], height[won], s=26, color="#0072B2",
               label="ends at 13" if k == 0 else None)
    ax.scatter(found[~won], height[~won], s=26, facecolor="none", edgecolor="#D55E00",
               label="does not" if k == 0 else None)
ax.set(xscale="log", xlabel="jackpots met in training (+ ½, so that none can be shown)",
       yticks=range(len(stored["ways"])),
       yticklabels=list(stored["ways"].values()), title="Finding it, and keeping it: every seed")
ax.invert_yaxis()
ax.legend(loc="upper right")
figure

# %%
updates = ((20_000 - stored["settings"]["config"]["learning_starts"])
           // stored["settings"]["config"]["update_every"])
# episodes drawn from the memory in a run
rows = stored["settings"]["config"]["batch_size"] * updates
for name in ("short", "fifth", "half", "maven"):
    episodes = sum(stored["runs"][name]["episodes"]) / seeds
    print(f"{stored['ways'][name]:<25}: {episodes:5.0f} episodes in a run, "
          f"each learned from {rows / episodes:.1f} times on average")


# %% [markdown]
# ### Exploring when you should not
#
# A last trap, common with every kind of noise: evaluating the exploring team. Take the four lazy teams of the beginning, whose greedy return is known, and look at what they bring when the perturbed networks are evaluated instead.

# %%
def exploring_mean(team):
    player = Collector(MStepGame(m, num_envs=64), team, 0, torch.Generator().manual_seed(0),
                       parameter_noise=True)
    for _ in range(400):
        player.step(0.5)
    ended = player.take_returns()
    return sum(ended) / len(ended)


pairs = [(evaluate(MStepGame(m), team).mean_return, exploring_mean(team)) for team in teams]
assert all(greedy > exploring + 1 for greedy, exploring in pairs)
print("greedy return beats the perturbed one by more than 1 in",
      sum(g > e + 1 for g, e in pairs), "of 4 teams")
