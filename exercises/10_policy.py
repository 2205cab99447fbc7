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
# # Exercises 10 · Judging the policy
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/exercises/10_policy.ipynb)
#
# You write four tests that a finished team has to pass, fix two judges that are wrong, and measure what one return hides.
#
# **Minutes:** 80
#
# **You need:** [lesson 10](../notebooks/10_policy.ipynb)
#
# In Colab, first *File > Save a copy in Drive*: without it, your answers are gone when you close the page.

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
import torch

from qmix_course import exact, plots
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.checks import check, hint, solution
from qmix_course.envs import GridWorld
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig


# %% [markdown]
# Letters as in the lesson: `X` counts states, `N` agents, `A` the actions of an agent, `O` the numbers of an observation, `B`
# boards. In an array agent 1 has the index 0. The exercises do not build on each other.

# %% [markdown]
# ## Exercise 10.1 · The twin of a situation
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# Turn the lesson's board by 180 degrees. Agent 1's start and goal are now where agent 2's were, and the other way round. Exchange
# the agents' names as well, and you have the same task again. So every situation has a twin, and a perfectly fair team does the
# twin thing in it. That makes a test for any team, if you can compute twins.
#
# Write `twin(positions, actions, size)`: two agents on boards with `size` rows and columns. `positions[..., 2, 2]` holds each
# agent's (row, column), `actions[..., 2]` each agent's action (0 up, 1 down, 2 left, 3 right); both are int64, with the same
# leading axes: none, one or several. Return two tensors of the same shapes: the positions and the actions of the twin, in which
#
# - the whole board is turned by 180 degrees, with the agents on it and the directions in which they go;
# - then agent 1 takes the part of agent 2, and agent 2 that of agent 1.
#
# You are right if this holds for every size from 2 on. Leave the input as it is.

# %% nbgrader={"grade": false, "grade_id": "answer_10_1", "locked": false, "schema_version": 3, "solution": true, "task": false}
def twin(positions, actions, size):
    """The twin of a situation: positions[..., 2, 2], actions[..., 2] -> the same shapes, int64."""
    ...


# %%
# Try it. From the start, agent 1 goes down and agent 2 up: the same again.
twin(torch.tensor([[0, 0], [4, 4]]), torch.tensor([1, 0]), 5)

# %% nbgrader={"grade": true, "grade_id": "check_10_1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("10.1", twin)


# %% [markdown]
# ## Exercise 10.2 · What a policy is worth
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Core**
#
# A greedy team without memory is a table: in state $x$ it plays the joint action `policy[x]`. Then its discounted return from
# every state is a number that you can compute exactly, without playing. Write
# `policy_value(next_state, reward, terminated, policy, gamma)` for two agents:
#
# - `next_state[X, A, A]` (int64), `reward[X, A, A]` (float) and `terminated[X, A, A]` (bool) are the tables of a model, as
#   `GridWorld().model()` gives them: one entry for each state and joint action, agent 1's axis first. Where `terminated` is True,
#   the reward of this step is paid, the episode is over, and `next_state` means nothing.
# - `policy[X, 2]` (int64): what the two agents play in each state.
# - Return `v[X]`: the sum of $\gamma^t r_t$ over the whole episode that begins in each state, where the first reward is $r_0$.
#   There is no step limit.
#
# A policy may go round in a circle for ever: then the sum has infinitely many terms, and it is still a number as long as
# $\gamma < 1$. If `gamma` is less than 0, or 1 or more, raise a `ValueError`, whatever the policy.
#
# You are right if every value is within $10^{-6}$ of the exact one. In circles that is tried with $\gamma$ up to 0.99; a larger
# `gamma` below 1 is to be accepted too, and is tried with policies that end. `exact.solve` and `exact.backup` are off limits.

# %% nbgrader={"grade": false, "grade_id": "answer_10_2", "locked": false, "schema_version": 3, "solution": true, "task": false}
def policy_value(next_state, reward, terminated, policy, gamma):
    """The return of a policy: three tables [X, A, A], policy[X, 2], 0 <= gamma < 1 -> v[X]."""
    ...


# %%
# Try it. State 0 pays 1 and leads to state 1, which pays 2 and is the end: 1 + 0.5 · 2, and 2.
policy_value(torch.tensor([[[1]], [[0]]]), torch.tensor([[[1.0]], [[2.0]]]),
             torch.tensor([[[False]], [[True]]]), torch.zeros(2, 2, dtype=torch.int64), 0.5)

# %% nbgrader={"grade": true, "grade_id": "check_10_2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("10.2", policy_value)

# %% [markdown]
# ## Exercise 10.3 · Where the agents must agree
#
# **Difficulty:** 4 of 5 · **Minutes:** 12 · **Extra**
#
# The lesson found the states in which two agents that both do something sensible can still go wrong together. Write
# `must_agree(q)` for *any* number of agents: `q[X, A, ..., A]` is a table $Q^*(s, \mathbf u)$ for each of `X` states, one axis an
# agent. The axes need not have the same length.
#
# - A joint action is *best* in a state if its value is the highest of this state. Values that differ by less than $10^{-9}$ count
#   as equal. Real differences are 0.1 or more, and no value is above 100 or below −100.
# - An action of an agent is *good* if it is part of at least one best joint action.
# - The agents *must agree* if somebody can combine good actions, one for each agent, to a joint action that is not best.
#
# Return `[X]`, bool. Three examples with two agents, to try your function on: in the first state they must agree, in the second
# not, in the third not.
#
# You are right if every state is judged rightly, for one agent (who never has to agree with anybody), two, three or four.

# %%
example_q = torch.tensor([[[5.0, 1.0], [1.0, 5.0]],         # up-up or down-down, and nothing else
                          [[5.0, 1.0], [5.0, 1.0]],         # agent 1 may do what it likes
                          [[5.0, 1.0], [1.0, 4.0]]])        # one best joint action


# %% nbgrader={"grade": false, "grade_id": "answer_10_3", "locked": false, "schema_version": 3, "solution": true, "task": false}
def must_agree(q):
    """In which states good actions can make a bad joint action: q[X, A, ..., A] -> [X] bool."""
    ...


# %%
# Try it on the three examples.
must_agree(example_q)

# %% nbgrader={"grade": true, "grade_id": "check_10_3", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("10.3", must_agree)


# %% [markdown]
# ## Exercise 10.4 · Who looks through whose eyes
#
# **Difficulty:** 4 of 5 · **Minutes:** 15 · **Extra**
#
# Somebody hands you a team as a function `act(obs[B, N, O])` that returns actions `[B, N]`, for any number of boards `B`. You
# cannot read it, you have no gradients, and it never draws: the same board always gets the same answer, whatever stands on the
# other boards. With it comes `obs[X, N, O]`: `X` situations, and what each of the `N` agents sees in them.
#
# Write `peeks(act, obs)`: a table `[N, N]`, bool. Entry `[i, j]` for $i \ne j$ is True if agent $i$'s action ever depends on what
# agent $j$ sees. To be exact: if there is a row of `obs` in which agent $i$'s action becomes another one when *only* agent $j$'s
# observation is exchanged for the one that agent $j$ has in some other row. The diagonal is False.
#
# A team may peek in a few situations only, or look out for one thing only. So try all rows and all exchanges. And use only
# observations that agent $j$ really has in some row: what a team does when it sees something impossible is no evidence.
#
# You are right if the table is right for every team, for one agent, two, three or four. Here are two teams to try it on.

# %%
def honest_team(obs):
    """Each agent goes down as long as the first number of its own observation is small."""
    return (obs[..., 0] < 0.5).long()


def impostor_team(obs):
    """The same, but agent 2 goes right when agent 1 sees a large first number."""
    actions = honest_team(obs)
    actions[:, 1] = torch.where(obs[:, 0, 0] > 0.8, 3, actions[:, 1])
    return actions


some_obs = GridWorld(size=3).model().obs        # [71, 2, 6]: what the two agents see in every state


# %% nbgrader={"grade": false, "grade_id": "answer_10_4", "locked": false, "schema_version": 3, "solution": true, "task": false}
def peeks(act, obs):
    """Whose actions depend on whose observations:
    act(obs[B, N, O]) -> actions[B, N], obs[X, N, O] -> [N, N] bool."""
    ...


# %%
# Try it on the team in which agent 2 peeks.
peeks(impostor_team, some_obs)

# %% nbgrader={"grade": true, "grade_id": "check_10_4", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("10.4", peeks)


# %% [markdown]
# ## Find the bug 10.5 · The judge who knows one way
#
# **Difficulty:** 2 of 5 · **Minutes:** 8 · **Extra**
#
# A judge compares a policy with the oracle, state by state. `q[X, A, A]` holds the exact values of all joint actions,
# `actions[X, 2]` what the policy plays. The function says for each state whether the decision is right.

# %%
def right_states(q, actions):
    """In which states the joint action is a best one: q[X, A, A], actions[X, 2] -> [X] bool."""
    n_actions = q.shape[-1]                                         # 1
    best = q.flatten(1).argmax(1)                                   # 2
    played = actions[:, 0] * n_actions + actions[:, 1]              # 3
    right = played == best                                          # 4
    return right                                                    # 5


# %% [markdown]
# Here is a policy that gives nothing away: in each state it plays the *last* of the joint actions with the highest exact value.
# The judge condemns it all the same.

# %%
oracle = exact.solve(GridWorld(), gamma=0.99)
exact_q = oracle.q.round(decimals=9)                   # equal values are equal here, in every digit
last_best = 15 - exact_q.flatten(1).flip(1).argmax(1)
innocent = torch.stack([last_best // 4, last_best % 4], dim=1)
given_away = oracle.v - oracle.q[torch.arange(599), innocent[:, 0], innocent[:, 1]]
print("gives something away:", bool((given_away > 1e-6).any()))
print("right, says the judge, in every state:", bool(right_states(exact_q, innocent).all()))
print("right, says the judge, in more than half of the states:",
      bool(right_states(exact_q, innocent).double().mean() > 0.5))

# %% [markdown]
# Give the number of the line with the bug as `wrong_line_a`, and write the repaired function as `mended_right`: copy the listing
# and fix it. If two lines can be blamed, either will do.
#
# You are right if, for any number of states and actions, a decision is called right exactly when no joint action of its state is
# worth more. In `q` as a solver gives it, values that differ by less than $10^{-9}$ are equal; real differences are 0.1 or more.

# %% nbgrader={"grade": false, "grade_id": "answer_10_5", "locked": false, "schema_version": 3, "solution": true, "task": false}
wrong_line_a = (
    ...
)


def mended_right(q, actions):
    """In which states the joint action is a best one: q[X, A, A], actions[X, 2] -> [X] bool."""
    ...


# %%
# Try it. Two joint actions are equally good, and the second one is played.
mended_right(torch.tensor([[[5.0, 5.0], [1.0, 0.0]]]), torch.tensor([[0, 1]]))

# %% nbgrader={"grade": true, "grade_id": "check_10_5", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("10.5", wrong_line_a, mended_right)


# %% [markdown]
# ## Find the bug 10.6 · The judge who is full of praise
#
# **Difficulty:** 3 of 5 · **Minutes:** 10 · **Core**
#
# A recording of greedy play: row $x$ begins at start $x$, all boards play the same number of steps, and a board whose episode is over goes on from the usual start at once. From `reward`, `terminated` and `truncated`, all
# `[X, T]`, the judge reads what each start earns in its *first* episode, and whether both agents reach their goals in it.

# %%
def verdicts(reward, terminated, truncated):
    """The first episode of each row: returns[X], reached both goals[X]."""
    over = terminated.cumsum(1) - terminated.long()        # ends before this step
    first = over == 0
    returns = (reward * first).sum(1)
    reached = (terminated & first).any(1)
    return returns, reached


# %% [markdown]
# The judge is shown a team of which everybody walks to its own row first, then to its own column. We let it look at longer and longer recordings, with three clocks: an episode lasts 10, 20 or 30 steps at most.

# %%
def rows_first(obs):
    """Everybody walks to its row, then to its column: obs[B, 2, 6] -> actions[B, 2]."""
    down, right = (obs[..., 4] - obs[..., 0]).sign(), (obs[..., 5] - obs[..., 1]).sign()
    return torch.where(down != 0, torch.where(down > 0, 1, 0), torch.where(right > 0, 3, 2))


def recording(clock, steps=40):
    """reward, terminated, truncated[599, steps] from all starts."""
    boards, played = GridWorld(num_envs=599, episode_limit=clock), []
    step = boards.reset(positions=boards.placements())
    for _ in range(steps):
        step = boards.step(rows_first(step.obs))
        played.append((step.reward, step.terminated, step.truncated))
        step = boards.reset(where=step.ended)
    return [torch.stack(part, 1) for part in zip(*played)]


def picture(judge):
    """How many starts the judge calls solved, against the length of the recording."""
    lengths, solved = range(6, 41), {}
    for clock in (10, 20, 30):
        parts = recording(clock)
        solved[f"clock at {clock}"] = [judge(*[part[:, :length] for part in parts])[1].sum().item()
                                       for length in lengths]
    return plots.lines(lengths, solved, "Starts from which both arrive, says the judge",
                       "steps in the recording", "starts, of 599")


picture(verdicts)

# %% [markdown]
# For a while all looks right. But with 14, 24 and 34 recorded steps the judge says that they arrive from all 599 starts. So look at one of the last to arrive, on a board of its own.

# %%
one_board = GridWorld(episode_limit=20)
step = one_board.reset(positions=torch.tensor([[[1, 2], [3, 2]]]))
while not step.ended.item():
    step = one_board.step(rows_first(step.obs))
print("from (1, 2) and (3, 2), after the episode: agent 1 on", one_board.positions[0, 0].tolist(),
      "- agent 2 on", one_board.positions[0, 1].tolist())

# %% [markdown]
# The two have not moved at all. Which of these is the cause?
#
# - **A.** Some starts are so hard that the team needs more than 20 steps.
# - **B.** When the clock has run out, the judge goes on watching.
# - **C.** For the judge it is enough if one of the two agents arrives.
# - **D.** The step that ends an episode is counted with the next one.
# - **E.** The verdict on one row goes to the other rows too.
#
# Put its letter into `cause`, and write the repaired function as `mended_verdicts`. To see the curves again, run `picture(mended_verdicts)`.
#
# You are right if the letter is, and if the returns and the verdicts of all rows are those of their first episode, for any rewards and any flags. Both flags may be up in one step. An episode that the recording cuts off has
# not reached the goals.

# %% nbgrader={"grade": false, "grade_id": "answer_10_6", "locked": false, "schema_version": 3, "solution": true, "task": false}
cause = (
    ...
)


def mended_verdicts(reward, terminated, truncated):
    """The first episode of each row: returns[X], reached both goals[X]."""
    ...


# %%
# Try it on one board: its clock runs out at step 1, and its second episode ends at step 3.
mended_verdicts(torch.tensor([[-1.0, -1.0, -1.0, 10.0]]),
                torch.tensor([[False, False, False, True]]),
                torch.tensor([[False, True, False, False]]))

# %% nbgrader={"grade": true, "grade_id": "check_10_6", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("10.6", cause, mended_verdicts)

# %% [markdown]
# ## Exercise 10.7 · Measure it: three algorithms, one return
#
# **Difficulty:** 3 of 5 · **Minutes:** 12 · **Extra**
#
# An experiment: change one thing, train over several seeds, and say what the numbers show, no more. [Lesson 08](../notebooks/08_training.ipynb) put IQL, VDN and QMIX side by side on the grid world and could not tell them apart. It judged them by the return from the official start. You have learned to ask more of a team: how does it play from *every* start?
#
# The board has three rows and columns here, so that a team trains in a second; it has 71 starts. All training is from the official one.

# %%
KINDS = {"IQL": IQL, "VDN": VDN, "QMIX": QMIX}
CONFIG = TrainConfig(total_steps=4_000, update_every=16, batch_size=64, learning_rate=3e-3,
                     epsilon_steps=1_300, evaluate_every=4_000)

board = GridWorld(size=3)
starts = board.placements()                                         # [71, 2, 2]
tester = GridWorld(size=3, num_envs=len(starts))
undiscounted = exact.solve(board, gamma=1.0)
best_return = undiscounted.v[undiscounted.index(tester.reset(positions=starts).state)]


def share(team):
    """From how many of all starts the greedy team earns the best return, as a share."""
    returns = evaluate(tester, team, positions=starts).returns
    return float(((returns - best_return).abs() < 1e-6).double().mean())


rows = GridWorld(size=3, num_envs=32)
team = IQL.for_env(rows, seed=0, hidden=(32,))
train_seeds(rows, [team], CONFIG, [0])                              # any number of teams
print("IQL, seed 0, from the official start: the best return is earned:",
      abs(evaluate(board, team).mean_return - undiscounted.best_return) < 1e-6)


# %% [markdown]
# Three arms: `"IQL"`, `"VDN"` and `"QMIX"`. Write `measure(arm, seeds)`: it trains one team for each seed, everything but the algorithm as above, and returns a list with the `share` of each. Before you run it, write down what you expect. (From the official start the teams of all three arms earn the best return: that was tried with 40 seeds.)
#
# Then fill in two more names. `measured` is a dictionary: for each arm, what `measure` gives for the seeds 0, 1, 2, … (at least 8, as many for every arm). `conclusion` is the letter of the one statement that follows from your numbers and says no more than they do:
#
# - **A.** All teams earn the best return from the official start, so they have learned the same: the three lists are alike but for chance.
# - **B.** IQL's teams had bad luck, as its numbers differ most. Its best seed plays as many starts optimally as a usual QMIX team (the median).
# - **C.** QMIX solves the board: its teams play every start optimally, those of the others do not.
# - **D.** Trained like this on this board, QMIX's teams usually play more starts optimally than VDN's, and VDN's more than IQL's, although one start calls them equal.
# - **E.** IQL and VDN cannot play the other starts: with random starts, or after a longer training, they would stay as far behind.
#
# The check trains some of these teams again.

# %% nbgrader={"grade": false, "grade_id": "answer_10_7", "locked": false, "schema_version": 3, "solution": true, "task": false}
def measure(arm, seeds):
    """A list: the share of optimal starts of one team for each seed."""
    ...


measured = (
    ...
)
conclusion = (
    ...
)

# %%
# Try it on two seeds of one arm.
measure("VDN", [0, 1])

# %% nbgrader={"grade": true, "grade_id": "check_10_7", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("10.7", measure, measured, conclusion)
