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
# # Lesson 10 · Judging the policy
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/10_policy.ipynb)
#
# You put a trained team on trial: does each agent decide alone, where does the team play well, and where does it fail?
#
# **Minutes:** 35, and 18 more for *Going further*
#
# **You need:** lessons 00 to 09.
#
# **After this lesson you can**
# - prove, not assume, that a team acts in a decentralised way
# - watch an episode as an animation and as a film strip
# - try every start position, count the optimal ones, and say what a count from one start is worth
# - compare a policy with the exact optimum state by state, and read a wrong one
# - say what your evidence does and does not show

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

lesson.start("10")

# %%
from dataclasses import replace

import torch
from torch import nn

from qmix_course import exact, plots, touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.evaluation import evaluate, play
from qmix_course.exploration import epsilon_greedy
from qmix_course.training import TrainConfig, train

# %% [markdown]
# ## The problem
#
# Train two teams from the official start. Stop the first as soon as its greedy return is the best one, 8.65. Let the second go
# on. Then judge them as almost everybody does: play from the official start, look at the return.

# %%
config = TrainConfig(seed=0, total_steps=16_000, capacity=16_000, learning_rate=2e-3,
                     epsilon_steps=3_000, evaluate_every=1_000)


def train_team(config, until=None, random_starts=False, kind=QMIX):
    """A trained team, its weights at every entry of the history,
    and what the replay memory held in the end.

    With `until`, training stops at the first greedy return that is so high.
    """
    env = GridWorld(num_envs=32, random_starts=random_starts)
    team, returns, weights, memory = kind.for_env(env, seed=config.seed), [], [], {}

    def look(run):
        returns.append(run.history.greedy_return[-1])
        weights.append({name: value.clone() for name, value in team.state_dict().items()})
        memory["buffer"] = run.buffer

    stop = None if until is None else (lambda: bool(returns) and returns[-1] > until)
    history = train(env, team, config, on_evaluation=look, stop=stop)
    return team, history, weights, memory["buffer"].state_dict()["rows"]


hasty, *_ = train_team(config, until=8.6)
patient, history, weights, rows_met = train_team(config)
for name, team in {"hasty": hasty, "patient": patient}.items():
    print(f"{name}: return {evaluate(GridWorld(), team).mean_return:.2f} from the official start")

# %% [markdown]
# Greedy play from this start will never tell them apart. Now begin elsewhere: one cell beside the
# official start, with the agents exchanged, and in three other places.

# %%
elsewhere = torch.tensor([[[0, 1], [4, 3]], [[4, 4], [0, 0]], [[2, 2], [2, 3]],
                          [[4, 0], [0, 0]], [[1, 3], [3, 1]]])
reached = {name: int(evaluate(GridWorld(num_envs=5), team, positions=elsewhere).terminated.sum())
           for name, team in {"hasty": hasty, "patient": patient}.items()}
assert reached["hasty"] < min(5, reached["patient"])
print("the hasty team does not reach both goals from all five, the patient one from more of them")


# %% [markdown]
# A return from one start is an answer to a very small question. This lesson asks larger ones, in an order that you can
# use for any team: *who decides, what happens, where does it work, how far from the best, and why does it fail there?*

# %% [markdown]
# ## Build it
#
# ### Play by hand
#
# First an episode in which nobody can cheat. Agent $i$ is a function from its own observation $o_i$ to an
# action: $u_i = \arg\max_{u} Q_i(o_i, u)$. Build that function for each agent. The places of the other agents are filled with
# NaN, so that anything computed from them would be NaN too.

# %%
def lone_agent(team, i):
    """The policy of agent i: its own observation[O] → its action.
    Nobody else's observation gets in."""

    @torch.no_grad()
    def act(own_obs):
        obs = torch.full((1, 2, len(own_obs)), float("nan"))
        obs[0, i] = own_obs
        q, _ = team.act_values(obs, torch.full((1, 2), -1), None)          # [1, N, A]
        return int(q[0, i].argmax())

    return act


def play_alone(team, **start):
    """Two lone agents on one board: the rewards of a greedy episode."""
    agents, env, rewards = [lone_agent(team, i) for i in (0, 1)], GridWorld(), []
    step = env.reset(seed=0, **start)
    while not step.ended.item():
        step = env.step(torch.tensor([[agent(step.obs[0, i]) for i, agent in enumerate(agents)]]))
        rewards.append(float(step.reward))
    return rewards


rewards = play_alone(patient)
print("rewards:", [round(r, 2) for r in rewards], "return:", round(sum(rewards), 2))


# %% [markdown]
# The agents cannot have used each other's observations: those were not there. What about the global state and the mixer?
# `act` never mentions them, but check what the code *does*.

# %%
class StateHidden(GridWorld):
    """The same world, but whoever looks at the global state gets NaN."""

    def reset(self, *args, **options):
        return self.hide(super().reset(*args, **options))

    def step(self, actions):
        return self.hide(super().step(actions))

    def hide(self, step):
        return replace(step, state=torch.full_like(step.state, float("nan")))


headless = QMIX.for_env(GridWorld(), seed=0)
headless.load_state_dict(patient.state_dict())
del headless.mixer

print(f"state hidden  : return {evaluate(StateHidden(), patient).mean_return:.2f}")
print(f"mixer deleted : return {evaluate(GridWorld(), headless).mean_return:.2f}")

# %% [markdown]
# Agent 1 acts on where agent 2 stands, because that is part of agent 1's *own* observation $o_1$. Decentralised does not mean blind.
# (*Going further* asks once more, by derivatives.)
#
# ### Watch an episode
#
# `play` writes one greedy episode down; the film shows each board, the coming actions and the reward they earn.

# %%
plots.animate(play(GridWorld(), patient), fps=2, title="From the official start")

# %% [markdown]
# ### Every start position
#
# The two agents may stand on any two different cells of the 25. One of these placements is solved already and
# is no start.

# %%
tester = GridWorld(num_envs=599)
starts = tester.placements()
official = torch.tensor([[0, 0], [4, 4]])
assert (starts == official).all(-1).all(-1).sum() == 1
print("placements:", 25 * 24, "- starts:", len(starts), "- the official one is one of them")

# %% [markdown]
# 599 boards are one batch, so all starts can be tried in a single round of play. What is the best possible return from each of
# them? The return is not discounted, so ask the exact solver for $\gamma = 1$: then $V^*(s) = \max_{\mathbf u}
# Q^*(s, \mathbf u)$ is the best return from $s$.
#
# **Predict.** From the official start the best return is 8.65. What is the highest best return over all starts? And what, roughly, is the lowest?
# (A step brings −0.05 − 0.1 × the sum of both distances after it; the step that brings both home pays 10.)

# %%
guess = ...  # two numbers, as in [8, -5]: the highest, the lowest; a rough guess will do

undiscounted = exact.solve(GridWorld(), gamma=1.0)
# [599]: the solver's row of each start
rows = undiscounted.index(tester.reset(positions=starts).state)
best_return = undiscounted.v[rows]
extremes = [round(float(best_return.max()), 2), round(float(best_return.min()), 2)]
with lesson.prediction(guess, extremes) as fold:
    lowest = int(best_return.round(decimals=6).argmin())
    print("the start with the lowest:", starts[lowest].tolist())


# %% [markdown]
# Now the round itself: all boards in step, and what a board earns counted until its first episode is over.

# %%
@torch.no_grad()
def try_every_start(team):
    """Greedy episodes from all 599 starts: returns[599], reached both goals[599]."""
    step = tester.reset(positions=starts)
    returns, reached = torch.zeros(599), torch.zeros(599, dtype=torch.bool)
    playing = torch.ones(599, dtype=torch.bool)
    while playing.any():
        q, _ = team.act_values(step.obs, torch.full((599, 2), -1), None)
        step = tester.step(q.argmax(-1))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = tester.reset(where=step.ended)                   # played on, no longer counted
    return returns, reached


def grades(team):
    """[599]: 2 optimal, 1 reaches both goals but earns less, 0 does not reach them."""
    returns, reached = try_every_start(team)
    return torch.where(reached, torch.where((returns - best_return).abs() < 1e-6, 2, 1), 0)


grade = {"hasty": grades(hasty), "patient": grades(patient)}
for each in grade.values():
    assert each[(starts == official).all(-1).all(-1)] == 2 and (each == 2).sum() < 599
assert (grade["patient"] == 2).sum() > (grade["hasty"] == 2).sum()
print("both teams are optimal from the official start, neither is from all 599;\n"
      "the patient team is from more")


# %% [markdown]
# In the figure, the large square says where agent 1 begins, the small square inside it where agent 2 begins.

# %%
def start_figure(each, title, ax=None):
    """Every start as a square: `each` [599] of the grades."""
    values = torch.full((5, 5, 5, 5), -1)
    (r1, c1), (r2, c2) = starts[:, 0].T, starts[:, 1].T
    values[r1, c1, r2, c2] = each
    return plots.start_map(values, 5, title=title, ax=ax)


figure, axes = plots.panels(1, 2, size=(12, 6.4), layout="compressed")
for ax, name in zip(axes, ("hasty", "patient")):
    start_figure(grade[name], f"The {name} team, from every start", ax)
figure

# %% [markdown]
# Two teams that are the same from the official start differ widely.
#
# **Touch it.** Watch the starts that are lost. What do the agents do there: stand in each other's way, walk to and fro, or
# push against a wall? Is it the same thing in most of them?

# %%
touch.starts({"hasty": hasty, "patient": patient})

# %% [markdown]
# ### Train with random starts and compare
#
# Show the team more of the world: `random_starts=True` begins each episode from one of the 599 starts, drawn
# at random. The weights were kept at every entry, so you can count the optimal starts all along both runs.

# %%
wide, _, wide_weights, _ = train_team(config, random_starts=True)
grade["wide"] = grades(wide)
view = QMIX.for_env(GridWorld(), seed=0)


def count_along(weights):
    """The number of optimal starts at every entry of a run."""
    counts = []
    for each in weights:
        view.load_state_dict(each)
        counts.append(int((grades(view) == 2).sum()))
    return counts


along = {"official start only": count_along(weights), "random starts": count_along(wide_weights)}
plots.lines(history.steps, along, "Optimal starts along the two runs",
            "environment steps", "starts out of 599", best=599, markers=True)

# %%
counts = torch.tensor(along["official start only"])
solved = torch.tensor([abs(x - 8.65) < 1e-6 for x in history.greedy_return])
assert solved.sum() > len(solved) / 2 and counts[solved].max() - counts[solved].min() > 200
assert 599 > along["random starts"][-1] > along["official start only"][-1]
print("more than half of the entries have a greedy return of 8.65,\n"
      "and among them the counts differ by more than 200;\nrandom starts end higher, not at 599")

# %% [markdown]
# The greedy return from the official start was 8.65 at most entries, and behind it the count went up and down by hundreds.
# Random starts end a little higher, and they are no guarantee either. (Draw
# `start_figure(grade["wide"], "Random starts")` to see what is missing in the end.) The last entry of a run need not be its best.
#
# ### Compare with the optimum, state by state
#
# One wrong decision spoils every start whose way leads through it. (How many can that be? *Going
# further* asks you.) So ask state by state. In
# state $s$ the team plays its greedy joint action $\bar{\mathbf u}$. What it gives away by this one decision is
#
# $$\Delta(s) = V^*(s) - Q^*(s, \bar{\mathbf u}) \ge 0, \qquad V^*(s) = \max_{\mathbf u} Q^*(s, \mathbf u),$$
#
# because from $s'$ on, $Q^*$ counts perfect play. It is zero where the decision is right. (With $\gamma = 0.99$ or 1, the same joint
# actions are best in this world.)
#
# **Predict.** The hasty team is optimal from very few starts. In how many of the 599 states does it decide rightly: in few, in about half,
# or in more than half?

# %%
guess = ...  # "few", "about half" or "more than half"

oracle = exact.solve(GridWorld(), gamma=0.99)
cells = (oracle.model.state[:, :4] * 4).round().long().view(-1, 2, 2)    # [X, N, 2], the positions
assert torch.equal(oracle.q > oracle.v.view(-1, 1, 1) - 1e-9,          # so one oracle will do
                   undiscounted.q > undiscounted.v.view(-1, 1, 1) - 1e-9)
teams = {"hasty": hasty, "patient": patient, "wide": wide}


def given_away(team):
    """Δ(s) for all states [X], and the team's greedy actions [X, N]."""
    actions = exact.agent_qs(team, oracle.model).argmax(-1)                        # [X, N]
    played = oracle.q[torch.arange(len(oracle.v)), actions[:, 0], actions[:, 1]]
    return oracle.v - played, actions


decided, optimal = {}, {}
for name, team in teams.items():
    lost, _ = given_away(team)
    assert lost.min() > -1e-9
    decided[name] = float((lost < 1e-6).double().mean())
    optimal[name] = float((grade[name] == 2).double().mean())
assert min(decided["patient"], decided["wide"]) > 0.9 and optimal["hasty"] < 0.1
assert 0.6 < decided["hasty"] < 0.75
with lesson.prediction(guess, "more than half" if decided["hasty"] > 0.55 else
                       "about half" if decided["hasty"] > 0.45 else "few",
                       words=("few", "about half", "more than half")) as fold:
    print("the hasty team is optimal from less than one start in ten;\n"
          "the two others decide rightly in more than nine of ten states")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# It decides rightly in about two of three states, and still nearly every way leads through a wrong one. There a greedy
# policy, which has no memory and no dice, pushes against the wall once, and so forever.
#
# </details>
#
# (*Going further* asks whether the wrong decisions lie where the team has never been, and draws what each agent believes.)

# %% [markdown]
# ### Reading a wrong policy
#
# Take the start at which the hasty team loses most, and play it. The strip shows the first boards and the last one.

# %%
returns, reached = try_every_start(hasty)
worst = int((best_return - returns).round(decimals=6).argmax())
failure = play(GridWorld(), hasty, positions=starts[worst].unsqueeze(0))

visited = {(tuple(p[0].tolist()), tuple(p[1].tolist())) for p in failure.positions}
assert not failure.terminated and len(visited) < 20
print(f"{len(failure.rewards)} steps without reaching both goals, in fewer than 20 placements")
plots.film_strip(failure, title="The worst start of the hasty team", max_boards=4)

# %% [markdown]
# A greedy policy without memory is a map from placements to placements. Once it comes back to one where it has been, it goes
# round the same circle until the clock runs out: many ways lead into a few small traps. (*Going further* follows the map from
# all starts.)
#
# The hasty team pushes against walls, and a little more training cures that. The patient team's traps are more interesting. Take
# the state in which it gives away most, and start there.

# %%
lost, actions = given_away(patient)
worst = int(lost.round(decimals=9).argmax())
clash = play(GridWorld(), patient, positions=cells[worst].unsqueeze(0))
assert not clash.terminated and (clash.positions[1] == clash.positions[0]).all()
print("goals not reached: after the first step everybody is where they were")
plots.film_strip(clash, title="The worst state of the patient team", max_boards=3)

# %% [markdown]
# Both agents want the same cell. They collide, both are sent back, and decide what they
# decided before. Each decision is sensible if the other one gives way. Lay the team's table beside the exact one.

# %%
names = ["up", "down", "left", "right"]
plots.tables({r"the team's $Q_{tot}$": exact.q_tot(patient, oracle.model)[worst],
              r"exact, $Q^*$": oracle.q[worst]},
             title="Where the patient team is stuck", highlight="max",
             row_labels=names, col_labels=names)

# %% [markdown]
# Look at the framed entries on the right. Where there are several, the agents have to *agree*: each has more than one action that
# is part of a best plan, and the wrong combination of them is a collision. (*Going further* counts these states: at least half of the
# patient team's wrong ones are among them.)
#
# So this small world does hold a coordination problem, in a corner that the official start never shows. What is good
# for agent 1 depends on what agent 2 does, and a monotone mixer has to pretend that it does not. It can still put
# one of the best joint actions on top. Which tables it can and cannot make is the subject of Part II.
#
# When you read a wrong policy, ask in this order. Is the team's table wrong in its order, or only in its height? (Only the
# order matters for play.) Was the state in the training data? Could the team have represented the right order at all?

# %% [markdown]
# ## The same as the library
#
# `evaluate` is `try_every_start` for any environment and any start, and `play` is `play_alone` that writes down what happened.

# %%
for name, team in teams.items():
    mine, theirs = try_every_start(team), evaluate(tester, team, positions=starts)
    assert ((mine[0] - theirs.returns).abs().max() < 1e-12
            and torch.equal(mine[1], theirs.terminated))
print("599 returns and verdicts, three teams: the same")

assert (torch.tensor(play_alone(patient)) - play(GridWorld(), patient).rewards).abs().max() < 1e-12
print("lone agents and play: the same rewards")


# %% [markdown]
# ## Break it
#
# Remove the idea of the first test: let the agents share what they see. Here is a network that reads all observations at
# once. It has the same shapes as before, so it fits into QMIX, trains, and plays.

# %%
class SharedEyes(nn.Module):
    """Not decentralised: every agent's values are computed from everybody's observations.
    obs[B, T, N, O] → q[B, T, N, A]."""

    def __init__(self, n_agents, obs_dim, n_actions):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_agents * obs_dim, 64), nn.ReLU(),
                                 nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, n_agents * n_actions))
        self.shape = (n_agents, n_actions)

    def forward(self, obs, last_actions=None, memory=None):
        return self.net(obs.flatten(2)).unflatten(-1, self.shape), None


class Impostor(QMIX):
    """QMIX with agents that look through each other's eyes."""

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.agents = SharedEyes(spec.n_agents, spec.obs_dim, spec.n_actions)


impostor, *_ = train_team(config, until=8.6, kind=Impostor)
print(f"return from the official start: {evaluate(GridWorld(), impostor).mean_return:.2f}")
print(f"the same with the state hidden: {evaluate(StateHidden(), impostor).mean_return:.2f}")

# %% [markdown]
# Hiding the state says nothing, since the leak is not through the state. Only the test that
# hides the *other agent's observation* finds it: the lone agent below gets NaN for all its values.

# %%
with torch.no_grad():
    obs = torch.full((1, 2, 6), float("nan"))
    obs[0, 0] = GridWorld().reset(seed=0).obs[0, 0]
    nothing = torch.full((1, 2), -1)
    for name, team in {"patient": patient, "impostor": impostor}.items():
        alone = team.act_values(obs, nothing, None)[0][0, 0].isfinite().all()
        print(f"{name}: agent 1 alone has", "values" if alone else "no values")

# %% [markdown]
# In this world the impostor gains nothing: the other's observation holds no news but the other's goal, which never changes. Where
# agents see little, the same bug buys returns that no decentralised team could have.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Test decentralisation: hide the state, delete the mixer, blank the other observations.
# - Show an episode, and read a failure as a circle in a map from placements to placements.
# - Try every start, compare with the exact best return, and train with random starts where one start is not enough.
# - Separate a wrong decision in a state from the starts that it spoils.
#
# ### Common misreadings
#
# - *"8.65 from the start, so the team is optimal."* From one start of 599.
# - *"The return is fine, so the agents act alone."* The impostor's return is fine.
# - *"It fails from many starts, so it is wrong in many states."* In fewer than you think: a state in which it is stuck spoils every start whose way leads there.
# - *"Agent 1's utilities are higher, so agent 1 matters more."* The mixer decides what a utility counts.
# - *"It works from all starts, so QMIX works."* This evidence is about one small task, which independent learners solve too
#   ([lesson 08](08_training.ipynb); exercise 10.7 looks at all starts). It shows that the code can do what it should. What a method is worth, other tasks must show.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/10_policy.ipynb](../exercises/10_policy.ipynb); `make lab` puts a copy of your own in `my/`.
#
# - 10.1 The twin of a situation
# - 10.2 What a policy is worth
# - 10.3 Where the agents must agree
# - 10.4 Who looks through whose eyes
# - 10.5 Find the bug: The judge who knows one way
# - 10.6 Find the bug: The judge who is full of praise
# - 10.7 Measure it: three algorithms, one return
#
# Further, without a check:
#
# 1. Train hasty teams from three other seeds and draw the three start maps. You are right if all three are optimal from
#    the official start; say in a sentence what differs.
# 2. A greedy team that is stuck could be freed by a little exploration. Measure the share of the 599 starts from which the
#    patient team reaches both goals with $\varepsilon = 0.05$, and compare it with the greedy share. You are right if you
#    find more starts that reach the goals but fewer that are optimal; explain both.
# 3. Give the impostor random starts and try every start. You are right if you can name the test among those of this lesson that
#    still tells it from a decentralised team.
#
# ### Sources
#
# - Rashid, Samvelyan, Schroeder de Witt, Farquhar, Foerster, Whiteson 2018, *QMIX: Monotonic value function factorisation
#   for deep multi-agent reinforcement learning*: centralised training, decentralised greedy play.
# - Zhang, Vinyals, Munos, Bengio 2018, *A study on overfitting in deep reinforcement learning*: single agents with the best
#   return in training that do badly on other mazes.
# - Cobbe, Klimov, Hesse, Kim, Schulman 2019, *Quantifying generalization in reinforcement learning*: why training and
#   testing on the same levels says little.

# %% [markdown]
# ## Going further
#
# For those who want a second test of who looks where, to see inside the team, to know where it goes wrong, and to judge it with the dice left in.
#
# ### Who depends on whom, by derivatives
#
# For a team that is differentiable there is one more way to ask: the derivative of agent $i$'s values with respect
# to agent $j$'s observation. It must be zero for $i \ne j$. The derivative looks at one point, so use many.
#
# **Predict.** Both agents see where the other one stands. So if agent 2 moves, agent 1's values change. Does that make the
# derivative of $Q_1$ with respect to $o_2$ different from zero?

# %%
guess = ...  # "yes" or "no"


def cross_influence(team, points=64):
    """The largest |∂Q_i / ∂o_j| over random observations, as a table [i, j]."""
    obs = torch.rand(points, 2, team.spec.obs_dim, generator=torch.Generator().manual_seed(0),
                     requires_grad=True)
    q, _ = team.act_values(obs, torch.full((points, 2), -1), None)          # [points, N, A]
    table = torch.zeros(2, 2)
    for i in range(2):
        for a in range(q.shape[-1]):
            slope, = torch.autograd.grad(q[:, i, a].sum(), obs, retain_graph=True)
            table[i] = torch.maximum(table[i], slope.abs().amax((0, 2)))
    return table


tables = {name: cross_influence(team) for name, team in
          (("patient", patient), ("impostor", impostor))}
with lesson.prediction(guess, bool(tables["patient"][0, 1] > 0)) as fold:
    for name, table in tables.items():
        for i in range(2):
            print(f"{name}, agent {i + 1}:", ["depends" if table[i, j] > 0 else "does not depend"
                                              for j in range(2)], "on o_1, o_2")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# All 64 points agree. That is evidence and no proof, since 64 points are not all points. The proof is in the code, where agent $i$'s
# network is handed $o_i$ and nothing else; this test catches a wiring that leaks, as it does for the impostor.
# Agent 2's position reaches agent 1 through $o_1$; $o_2$ itself is agent 2's affair.
#
# </details>

# %% [markdown]
# ### Where it has been
#
# The replay memory of the patient run held every step that was played, with its state.
# So count how often the team has been in each state.

# %%
# [X] how often each state was met
met = torch.bincount(oracle.index(rows_met["state"][:, 0]), minlength=599)
right = (given_away(patient)[0] < 1e-6).double()
assert (met == 0).any() and right[met > 5].mean() > 0.98 and right[met == 0].mean() > 0.85
print("right in more than 98 of 100 states that were met 6 times or more,\n"
      "and in more than 85 of 100 that were never met")

# %% [markdown]
# Even of the states that it never met it decides most rightly: a network generalises. But nothing holds it to that, and a
# few exceptions are enough.

# %% [markdown]
# ### Where the agents must agree
#
# Count the states in which some joint action is made of two good halves and is still not a best one. How many of the patient
# team's wrong states are of this kind?

# %%
best_joint = oracle.q > oracle.v.view(-1, 1, 1) - 1e-9         # [X, A, A]
good_1, good_2 = best_joint.any(2), best_joint.any(1)          # [X, A]: part of a best joint action
must_agree = (good_1[:, :, None] & good_2[:, None, :] & ~best_joint).flatten(1).any(1)
print("states in which the agents must agree:", int(must_agree.sum()), "of", len(must_agree))
assert ((cells[:, 0] - cells[:, 1]).abs().sum(-1)[must_agree] == 2).all()
wrong = lost > 1e-6
assert (wrong & must_agree).sum() >= wrong.sum() / 2
print("in all of them the agents are two cells apart,\n"
      "and at least half of the patient team's wrong states are among them")


# %% [markdown]
# In many of these states the trained teams do put one of the best joint actions on top.

# %% [markdown]
# ### What each agent believes where
#
# To see the reasons, look at the utilities themselves. Hold agent 2 at its official start, put agent 1 on each cell in turn and
# draw the value of its best action, with an arrow for the action. Then the other way round.

# %%
@torch.no_grad()
def belief_map(team, others):
    """values[2, 5, 5], policy[2, 5, 5]: agent i's best action on each cell
    while the other one stands at others[i]."""
    values, policy = torch.full((2, 5, 5), float("nan")), torch.full((2, 5, 5), -1)
    for i in range(2):
        cells = [(r, c) for r in range(5) for c in range(5) if (r, c) != tuple(others[i])]
        places = torch.tensor([[cell, others[i]] if i == 0 else [others[i], cell]
                               for cell in cells])
        keep = (places != tester.goals).any(-1).any(-1)      # all but the solved placement
        obs = GridWorld(num_envs=int(keep.sum())).reset(positions=places[keep]).obs
        q, _ = team.act_values(obs, torch.full(obs.shape[:2], -1), None)
        (r, c) = places[keep][:, i].T
        values[i, r, c], policy[i, r, c] = q[:, i].max(-1).values, q[:, i].argmax(-1)
    # on its goal an agent rests
    policy[torch.arange(2), tester.goals[:, 0], tester.goals[:, 1]] = -1
    return values, policy


others = [(4, 4), (0, 0)]
values, policy = belief_map(wide, others)
plots.beliefs(values, 5, goals=tester.goals, policy=policy, label="utility of the best action",
              title="Each agent on every cell, the other one at its start",
              titles=["agent 1, agent 2 at (4, 4)", "agent 2, agent 1 at (0, 0)"])

# %% [markdown]
# Read the arrows first. They are what an agent *does* on each cell, and here they lead to its goal. Then the colours, with care. They are
# *not* returns. Do the utilities grow towards the goal, as values should? They need not: the mixer may stretch
# them, and its $V(s)$ gives each state a height that no agent knows of ([lesson 05](05_mixer.ipynb)). So compare the
# utilities of one agent in one place, which is all that an argmax does, and never those of two agents.
#
# The team's value of a state is what the mixer makes of the best utilities. That one should look like the exact $V^*$.

# %%
team_value = exact.q_tot(wide, oracle.model).flatten(1).amax(1)                      # [X]
believed, truth = torch.full((5, 5), float("nan")), torch.full((5, 5), float("nan"))
for x, (first, second) in enumerate(cells.tolist()):
    if second == [4, 4]:
        believed[first[0], first[1]], truth[first[0], first[1]] = team_value[x], oracle.v[x]
plots.beliefs(torch.stack([believed, truth]), 5, title="Agent 1 on every cell, agent 2 at (4, 4)",
              label="value of the state", titles=[r"the team: $\max Q_{tot}$", r"exact: $V^*$"])

# %%
gap = (team_value - oracle.v).abs()
assert gap.mean() < 0.5
print("the team's value of a state and the exact one differ by less than 0.5 on average")

# %% [markdown]
# ### One wrong decision
#
# **Predict.** Take a perfect team, and let it go wrong in a single state. How many of the 599 starts can that spoil at the worst place? (Where several joint actions are best, it takes the first. A rough guess is enough.)
# (Count the starts whose way leads through this state.)

# %%
guess = ...  # a count out of 599


def follow(actions):
    """The map that actions[X, 2] make: the next state [X], and whether the task ends there [X]."""
    entry = (torch.arange(len(actions)), actions[:, 0], actions[:, 1])
    return oracle.model.next_state[entry], oracle.model.terminated[entry]


# [X] a best joint action of each state
best = oracle.q.flatten(1).round(decimals=9).argmax(1)
then, ends = follow(torch.stack([best // 4, best % 4], 1))
at, through = torch.arange(599), torch.zeros(599, dtype=torch.int64)
while len(at):
    through += torch.bincount(at, minlength=599)                         # everybody who is here now
    at = then[at[~ends[at]]]
with lesson.prediction(guess, int(through.max())) as fold:
    print("where that is, (row, column) of agents 1 and 2:", cells[int(through.argmax())].tolist())


# %% [markdown]
# Many ways meet shortly before the end.

# %% [markdown]
# ### Failures end in circles
#
# Follow the map of a policy from all starts at once, and see in how many placements the failures end.

# %%
def circles(team):
    """The starts from which the team never reaches both goals,
    and the placements in which they are at the time limit."""
    then, ends = follow(given_away(team)[1])
    at = torch.arange(599)
    for _ in range(99):
        at = torch.where(ends[at], at, then[at])            # whoever is about to arrive waits there
    failing = ~ends[at]
    return int(failing.sum()), len(at[failing].unique())


for name, team in teams.items():
    assert circles(team)[0] == int((grade[name] == 0).sum())
failing, ending = circles(hasty)
assert failing > 5 * ending
print("hasty: more than five failures for each placement in which they end")

# %% [markdown]
# ### Judge with the dice left in
#
# Evaluate the patient team as it was trained, with $\varepsilon = 0.05$.

# %% [markdown]
# **Predict.** What share of its episodes is still optimal? (The best way takes four steps, and no other earns 8.65. A random action
# may be the best one too.)

# %%
guess = ...  # a share between 0 and 1, to two decimals


def with_dice(team, epsilon=0.05, rounds=200):
    """The share of episodes from the official start that earn 8.65
    although agents still explore a little."""
    env, dice = GridWorld(num_envs=rounds), torch.Generator().manual_seed(0)
    step, returns, playing = (env.reset(seed=0), torch.zeros(rounds),
                              torch.ones(rounds, dtype=torch.bool))
    with torch.no_grad():
        while playing.any():
            q, _ = team.act_values(step.obs, torch.full((rounds, 2), -1), None)
            step = env.step(epsilon_greedy(q, step.available, epsilon, dice))
            returns += step.reward * playing
            playing &= ~step.ended
            step = env.reset(where=step.ended) if step.ended.any() else step
    return float(((returns - 8.65).abs() < 1e-6).double().mean())


share = (1 - 0.05 + 0.05 / 4) ** 8                   # two agents, four actions each, all as planned
assert abs(with_dice(patient) - share) < 0.1
with lesson.prediction(guess, round(share, 2)) as fold:
    print("200 episodes agree, within 0.1")

# %% [markdown]
# A little exploration hides how good a policy is from its start. It also does something useful by accident: it pushes the
# team off its path. But a better way to ask what happens off the path is to ask it directly, as you did with 599 starts.
