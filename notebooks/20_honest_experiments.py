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
# # Lesson 20 · Honest experiments
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/qmix-course/qmix-course/blob/main/notebooks/20_honest_experiments.ipynb)
#
# You find out what a handful of seeds can say and what it cannot, search settings without fooling yourself, and put the tricks of the trade beside the architectures.
#
# **Minutes:** 33, and 6 more for *Going further*
#
# **You need:** lessons 08 to 10; what a median and a quantile are.
#
# **After this lesson you can**
# - write the interquartile mean and its bootstrap interval, and say how often such an interval is right
# - run a sweep that goes on after a kill and does nothing twice
# - search settings at random, count the budget, and report on seeds that had no part in the choice
# - compare algorithms and tricks on equal terms, and tell a null result as one

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

lesson.start("20")

# %%
import itertools
import math
import tempfile
import warnings
from dataclasses import replace

import numpy as np

from qmix_course import data, intervals, plots, touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.experiment import read_results, sweep
from qmix_course.plan import Plan, search
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

# %% [markdown]
# ## The problem
#
# Here are ten runs of VDN on the grid world, one for each seed, with an exploration rate that falls at once. The score of a run is the share of its 16 looks at which the greedy team played optimally. (These runs, and all others that this lesson shows without training them, were made by `benchmarks/tricks.py`; 4,000 steps each.)

# %%
stored = data.load("tricks")
scores = np.array(stored["tricks"]["grid"]["vdn"]["ε falls at once"])
print(scores)

# %% [markdown]
# A colleague has a new algorithm, "VDN-X". It is this very VDN under another name. She trains both with three seeds each and compares the means. If she takes six of these ten seeds, three for each name, how often will the one look better by 0.2 or more? All splits can be counted.

# %%
gaps = []
for ours in itertools.combinations(range(10), 3):
    left = [k for k in range(10) if k not in ours]
    for theirs in itertools.combinations(left, 3):
        gaps.append(abs(scores[list(ours)].mean() - scores[list(theirs)].mean()))
print(f"{len(gaps):,} splits; in {np.mean(np.array(gaps) >= 0.2):.0%} of them "
      "the two differ by 0.2 or more")
assert np.mean(np.array(gaps) >= 0.2) > 0.1


# %% [markdown]
# Nothing was done wrong in any single run. The comparison fails because three seeds are asked for more than they can say. A comparison of this size is quickly made and quickly believed.

# %% [markdown]
# ## Build it
#
# ### Step 1: one number, and an interval
#
# A mean is pulled about by one unlucky run; a median throws away nearly everything. The **interquartile mean** (IQM) drops the lowest and the highest quarter of the runs and takes the mean of the rest (Agarwal et al. 2021).

# %%
def iqm(scores):
    """Of scores[..., K]: the mean without the lowest and the highest quarter."""
    scores = np.sort(scores, axis=-1)
    cut = scores.shape[-1] // 4
    return scores[..., cut:scores.shape[-1] - cut].mean(axis=-1)


print(f"eight runs, one of which failed: mean {np.mean([1, 1, 1, 0, 1, 1, 1, 1]):.3f}, "
      f"IQM {iqm([1, 1, 1, 0, 1, 1, 1, 1]):.0f}")


# %% [markdown]
# How far would it move with other seeds? We have no others. The **bootstrap** takes the runs that we have as a model of all runs: draw as many as there are, with replacement, compute the IQM, and repeat that a few thousand times. The middle 95% of the results are the interval.

# %%
def bootstrap(scores, statistic, samples=2_000, seed=0):
    """The ends of the 95% interval of a statistic of scores[K]."""
    scores, dice = np.asarray(scores, float), np.random.default_rng(seed)
    drawn = scores[dice.integers(len(scores), size=(samples, len(scores)))]     # [samples, K]
    return np.quantile(statistic(drawn), (0.025, 0.975))


low, high = bootstrap(scores, iqm)
print(f"IQM {iqm(scores):.2f}, 95% interval {low:.2f} to {high:.2f}")

# %% [markdown]
# **Predict.** Ten runs, one of them special (the only one that failed, say). In what share of the bootstrap's draws of ten is it *not* there? And with three runs?

# %%
guess = ...  # two numbers from 0 to 1, as in [0.1, 0.5]: with ten runs, with three

absent = [(1 - 1 / K) ** K for K in (10, 3)]
with lesson.prediction(guess, absent) as fold:
    print("each draw misses it with probability 1 - 1/K, and there are K draws")


# %% [markdown]
# <details><summary>After your guess</summary>
#
# So what happened once is missing from a good third of the draws, whatever K is. What did *not* happen in any run is missing from all of them: the bootstrap cannot draw a failure that has not been seen. That is its weakness where seeds are few.
#
# </details>

# %% [markdown]
# ### Step 2: how many seeds?
#
# "95%" is a promise: of a hundred such intervals about 95 should contain the truth. We can check the promise without any simulation. Take an algorithm that solves its task in 70% of all seeds (score 1, else 0), and let the statistic be the mean. With $K$ runs of which $k$ succeeded, a bootstrap mean is a binomial number divided by $K$, so its interval is known exactly, and so is the probability of every $k$.

# %%
def binomial(K, p):
    """The probabilities of 0, 1, …, K successes."""
    return np.array([math.comb(K, k) * p ** k * (1 - p) ** (K - k) for k in range(K + 1)])


def kept_promise(K, truth):
    """How often the 95% bootstrap interval from K runs contains the truth, exactly."""
    total = 0.0
    for k, chance in enumerate(binomial(K, truth)):
        at = np.cumsum(binomial(K, k / K))                      # of the bootstrap's successes
        low, high = (np.searchsorted(at, end) / K for end in (0.025 + 1e-12, 0.975 - 1e-12))
        total += chance * (low <= truth <= high)
    return total


# %% [markdown]
# **Predict.** With 3 runs, and with 10: in what share of all experiments does the "95%" interval contain the true 0.7?

# %%
guess = ...  # two numbers from 0 to 1, as in [0.9, 0.95]: with 3 runs, with 10

counts = range(2, 51)
kept = [kept_promise(K, 0.7) for K in counts]
with lesson.prediction(guess, [kept_promise(3, 0.7), kept_promise(10, 0.7)]) as fold:
    fold.append(plots.lines(counts, {"kept": kept, "promised": [0.95] * len(kept)},
                            "How often a 95% bootstrap interval is right",
                            "number of runs", "share of experiments"))


# %% [markdown]
# <details><summary>After your guess</summary>
#
# With three runs, it often happens that all three succeed; then the interval is the single point 1, and it is wrong. The promise is nearly kept from about ten runs on and still jumps, because a count of successes jumps.
#
# </details>
#
# What to take home: **three seeds say next to nothing, five say whether something works at all, ten or more can carry a comparison**, and an interval from few runs is too narrow, not too wide.

# %% [markdown]
# ### Step 3: better, and how surely?
#
# Two intervals side by side do not answer "is ours better?". This does: draw a run of ours and a run of theirs; how likely is ours to score higher? A tie counts half, so 0.5 means "no difference".

# %%
def improvement(ours, theirs):
    """The probability that a run of ours scores higher than one of theirs."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return ((ours[:, None] > theirs) + 0.5 * (ours[:, None] == theirs)).mean()


default = {name: stored["tricks"]["grid"][name]["default"] for name in ("iql", "vdn", "qmix")}
for name, each in default.items():
    print(f"{name:5}: IQM {iqm(each):.2f}")

# %% [markdown]
# **Predict.** QMIX is ahead of VDN by 0.15. Take the probability that a run of QMIX beats a run of VDN: do ten seeds each suffice for a 95% interval that leaves 0.5 out?

# %%
guess = ...  # "yes" or "no"

p, low, high = intervals.improvement(default["qmix"], default["vdn"])
assert abs(p - improvement(default["qmix"], default["vdn"])) < 1e-12
with lesson.prediction(guess, not low <= 0.5 <= high) as fold:
    print(f"QMIX over VDN: {p:.2f}, 95% interval {low:.2f} to {high:.2f}")

# %% [markdown]
# In lesson 08 all three "solved" this task, as far as a yes or no after the whole run can tell. A score that also sees how soon, and whether the team keeps it, tells more from the same runs.
#
# **A null result, told as one.** VDN and IQL, on the same terms. What interests us now is by how much they differ, so take the interval of the *difference* of their IQMs: draw both, subtract, repeat.

# %%
dice = np.random.default_rng(0)
vdn, iql = (iqm(dice.choice(default[name], size=(2_000, 10))) for name in ("vdn", "iql"))
low, high = np.quantile(vdn - iql, (0.025, 0.975))
print(f"IQM of VDN minus IQM of IQL: {iqm(default['vdn']) - iqm(default['iql']):.2f}, "
      f"95% interval {low:.2f} to {high:.2f}")
assert low < 0 < high

# %% [markdown]
# This is how it is told: *"We looked for a difference between VDN and IQL on the grid world and found none. With ten seeds each, the difference of their interquartile means lies within this interval. A larger one we would probably have seen; a smaller one we could not see."* It is a result, and somebody else need not search again. "VDN and IQL are equal here" is none: nobody has shown that.

# %% [markdown]
# **Touch it.** A hundred runs each of VDN and QMIX, with other seeds, were trained for this. So we know what a study of a few seeds ought to find: QMIX is ahead by 0.09. Draw studies of three seeds. How often do they call QMIX better, how often VDN? Then tick *both sides from VDN's runs*: now whoever is called better is a false alarm. From how many seeds on are these as rare as promised, one in twenty? And from how many on do most studies see QMIX's lead?

# %%
touch.draws({name.upper(): each for name, each in stored["many"]["scores"].items()})

# %% [markdown]
# <details><summary>After trying</summary>
#
# Of a thousand studies with three seeds each, 28 in 100 called QMIX better and one or two VDN; between runs of the same method, 16 in 100 found a difference. From four seeds on, the false alarms here are about as rare as promised, but the true lead is overlooked by 6 studies of 7, with ten seeds by 7 of 10, with twenty by half, and with forty by 1 of 7. (That three seeds call QMIX better twice as often as four is no strength: their intervals are too narrow.) Few seeds make up differences; more seeds stop that long before they show a small one. "We found no difference" says how hard somebody looked.
#
# A study takes no run twice, and forty of a hundred are a good part of all, so such studies differ less than real ones. Drawn with replacement, as if there were runs without end, more than 1 of 5 studies with forty seeds overlook the lead; up to twenty seeds it makes little difference.
#
# </details>

# %% [markdown]
# ### Step 4: a search, and what it costs
#
# Settings are an experiment too. A **random search** states a range for each setting, draws a number of tries from it, and *says how many*. Spread learning rates evenly on a log scale: between 0.0003 and 0.03 there are two decades, and both deserve tries.

# %%
ranges = stored["search"]["ranges"]
tries = search(ranges, tries=8, seed=0)
for name in list(tries)[:3]:
    print(name)
searched = stored["search"]["found"]
assert [each["settings"] for each in searched["qmix"]["tries"]] == list(tries.values())

# %% [markdown]
# VDN and QMIX were each given these 8 tries with 3 seeds each, 24 runs of 2,000 steps on the grid world. Then the best try of each was trained on 10 *new* seeds, because choosing and reporting are two things.

# %%
for name, mine in searched.items():
    chosen, fresh = mine["tries"][mine["chosen"]]["scores"], mine["fresh"]
    print(f"{name:4}: chosen with a mean of {np.mean(chosen):.3f}, "
          f"on new seeds {np.mean(fresh):.3f}")

# %% [markdown]
# Nothing was lost on the new seeds; VDN's winner even gained. So was the precaution needless? That depends on how much the tries differ. Suppose they did not differ at all: eight tries that are all QMIX's winner, each on three seeds of its own, drawn from those ten new runs.

# %% [markdown]
# **Predict.** The true mean of all eight is 0.625. What mean does the best of the eight show, on average, on the three seeds on which it was chosen?

# %%
guess = ...  # one number between 0 and 1, to two decimals

dice = np.random.default_rng(0)
fresh = np.array(searched["qmix"]["fresh"])
winners = dice.choice(fresh, size=(20_000, 8, 3)).mean(axis=-1).max(axis=-1)
assert abs(fresh.mean() - 0.625) < 1e-12
with lesson.prediction(guess, round(float(winners.mean()), 2)) as fold:
    print(f"the true mean is {fresh.mean():.3f}")


# %% [markdown]
# That surplus is luck, and new seeds take it away. It grows with the number of tries and shrinks with the number of seeds for each. A report on the choosing seeds contains it, and nobody can say how much of it: our search happened to show none.

# %% [markdown]
# **Equal budgets.** A search with more tries finds a better best, for any algorithm. If $v_1 \le \dots \le v_N$ are the scores of $N$ tries, the expected best of $n$ of them, drawn with replacement, is $\sum_i v_i \left[(i/N)^n - ((i-1)/N)^n\right]$ (Dodge et al. 2019).

# %%
def expected_best(scores, n):
    """The expected highest of n scores, drawn from these with replacement."""
    v, N = np.sort(scores), len(scores)
    rank = np.arange(1, N + 1)
    return (v * ((rank / N) ** n - ((rank - 1) / N) ** n)).sum()


means = {name: [np.mean(each["scores"]) for each in searched[name]["tries"]] for name in searched}
budget = range(1, 9)
plots.lines(budget, {name: [expected_best(means[name], n) for n in budget] for name in means},
            "The best of n random tries, expected", "tries", "score on the choosing seeds",
            markers=True)

# %% [markdown]
# Read the figure across, not only upwards: the one with 8 tries against the other with 2 is a comparison of budgets. "We tuned our method and took the baseline's settings from its paper" is just that.

# %% [markdown]
# ### Step 5: tricks × algorithms
#
# PyMARL2 (Hu et al. 2021) found that with tuned details plain QMIX overtakes the methods that were published as its successors, and that such details explain more than architectures. Do they here? Three algorithms, five settings (the default, and four changes of one thing), two tasks, ten seeds each, 4,000 steps for all: 300 runs, with the same score as before.

# %%
tricks, kinds = list(stored["settings"]["tricks"]), ("iql", "vdn", "qmix")


def table_of(results, summary):
    """[tricks, algorithms] of one task, from algorithm -> trick -> one number for each seed."""
    return np.array([[summary(results[kind][trick]) for kind in kinds] for trick in tricks])


def reach(table, axis):
    """How far the best is from the worst along one axis, after a mean over the other."""
    means = table.mean(axis=1 - axis)
    return means.max() - means.min()


tables = {task: table_of(stored["tricks"][task], iqm) for task in ("grid", "two-step")}

# %% [markdown]
# **Predict.** The two-step game was made to tell these algorithms apart: on uniform data IQL settles for 7, and QMIX takes 8. Who is optimal at more of its looks: QMIX with default settings, or IQL with an eighth of the learning rate?

# %%
guess = ...  # "QMIX" or "IQL"

slow_iql, plain_qmix = tables["two-step"][3, 0], tables["two-step"][0, 2]
with lesson.prediction(guess, "IQL" if slow_iql > plain_qmix else "QMIX",
                       words=("QMIX", "IQL")) as fold:
    for task, each in tables.items():
        print(f"{task:8}: from the worst trick to the best {reach(each, 0):.2f}, "
              f"from the worst algorithm to the best {reach(each, 1):.2f}")
    fold.append(plots.tables(list(tables.values()), titles=list(tables), row_labels=tricks,
                             col_labels=["IQL", "VDN", "QMIX"], xlabel="algorithm", ylabel="",
                             title="Share of looks at which the team is optimal (IQM)"))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# On the grid world QMIX is ahead in every row, and what the algorithms move is as much as what the tricks move: details weigh as much as architectures here, not more. On the two-step game the tricks win by far, and what wins there is odd. On uniform data IQL does not keep the 8, and here it plays it at three of four looks.
#
# </details>
#
# Has a trick beaten an architecture?

# %% [markdown]
# **Predict.** The same runs, another score: is the team optimal at its *last* look? Count the ten seeds of QMIX with default settings, and the ten of IQL with an eighth of the learning rate.

# %%
guess = ...  # two whole numbers from 0 to 10, as in [3, 3]: QMIX, IQL

last = table_of(stored["last"]["two-step"], sum)                        # of ten seeds
with lesson.prediction(guess, last[[0, 3], [2, 0]]) as fold:
    print(f"share of last looks: from the worst trick to the best {reach(last, 0) / 10:.2f}, "
          f"from the worst algorithm to the best {reach(last, 1) / 10:.2f}")
    fold.append(plots.table(last, row_labels=tricks, col_labels=["IQL", "VDN", "QMIX"],
                            fmt="{:.0f}",
                            xlabel="algorithm", ylabel="",
                            title="Two-step game: of ten seeds, optimal at the last look"))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# Not one run was changed, and the algorithms now move more than the tricks. A team that learns slowly passes the right answer slowly, and a share of looks pays it for that; the last look asks where it went.
#
# </details>
#
# So **the score and the budget are part of every claim**, and have to be fixed before the first run, like the seeds.
#
# PyMARL2's own finding was measured on other tasks and with another score: with one tuned setting for all, QMIX reached 94.9% on the hard maps of SMAC, QPLEX 92.5%, VDN 91.2%, weighted QMIX 90.5%. Our tables neither confirm nor refute it. What carries over is the *design*: never compare two architectures with different details.

# %% [markdown]
# ## The same as the library
#
# `qmix_course.intervals` holds what you built, for several tasks too: then the draws are *stratified*, each task keeps its number of runs. The numbers are the same.

# %%
every = [each for rows in stored["tricks"]["grid"].values() for each in rows.values()]
assert all(abs(intervals.iqm(each) - iqm(each)) < 1e-12 for each in every)
ends = [(intervals.bootstrap(each), bootstrap(each, iqm)) for each in every]
assert all(np.abs(np.subtract(*pair)).max() < 1e-12 for pair in ends)
print(f"{len(every)} times the same IQM and the same interval, to 1e-12")

# %% [markdown]
# And `sweep` trains a whole plan, each run in a folder of its own that is named after its settings. On the command line the plan is a small TOML file (`python -m qmix_course sweep study.toml`); here it is an object. Two algorithms, six seeds, the two-step game:

# %%
folder = tempfile.mkdtemp()
plan = Plan("two-step", ["vdn", "qmix"], seeds=6, steps=2_000, settings={"evaluate_every": 200})
first = sweep(plan, folder, jobs=1)
again = sweep(plan, folder, jobs=1)                             # as after a kill
print(f"first call: {first.runs - first.done} runs trained; second call: "
      f"{again.runs - again.done}, for {again.done} were there")
rows = read_results(folder)
returns = {name: np.array([[row["greedy_return"] for row in rows
                            if row["algorithm"] == name and row["seed"] == seed]
                           for seed in plan.seeds]) for name in plan.algorithm}
print("greedy returns [seeds, looks]:", returns["vdn"].shape)

# %% [markdown]
# `python -m qmix_course report FOLDER` makes tables and figures of it: IQM, intervals, curves, the share of runs above every score (the *performance profile*), the probability of improvement. It says how many runs are missing and whether budgets differ, and it never takes a run's best look.

# %% [markdown]
# ## Break it
#
# **The best on the way.** It is common to report the highest return that a run had at any look. On this game we know what is right: with uniform data VDN settles for 7, QMIX takes 8.

# %% [markdown]
# **Predict.** Of six VDN runs, how many have a greedy return of 8 at *some* look? And how many at the last?

# %%
guess = ...  # two whole numbers, as in [2, 1]: at some look, at the last one

vdn = returns["vdn"]
with lesson.prediction(guess, [int((vdn.max(axis=1) > 7.5).sum()),
                               int((vdn[:, -1] > 7.5).sum())]) as fold:
    steps = sorted({row["steps"] for row in rows})
    fold.append(plots.lines(steps, {f"seed {k}": each for k, each in enumerate(vdn)},
                            "VDN on the two-step game", "environment steps", "greedy return"))

# %% [markdown]
# <details><summary>After your guess</summary>
#
# A team that changes its mind passes every joint action on its way. The best of ten looks is a search over looks, with the luck of a search, and here it reports that VDN solves a game which it cannot even represent.
#
# </details>
#
# Report the last look, or a mean over the last few, or the whole curve.

# %% [markdown]
# **Seeds chosen after looking.** Somebody has ten runs of each and shows "five representative ones" of theirs, those that ended best. How much is that worth? On the ten runs of *one* algorithm from the beginning:

# %%
best_five = np.sort(scores)[-5:]
p, low, high = intervals.improvement(best_five, scores)
print(f"five chosen runs against all ten of the same algorithm: IQM "
      f"{iqm(best_five):.2f} against {iqm(scores):.2f}")
print(f"probability of improvement {p:.2f}, 95% interval {low:.2f} to {high:.2f}")

# %% [markdown]
# By these numbers VDN is an improvement on itself. The interval knows nothing of the choice, and no statistic repairs a choice that it is not told of; what helps is to fix the seeds before the first run, and to report every one of them, failed runs too.

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# - Report an interquartile mean with its interval, and doubt the interval when runs are few.
# - Ask for the probability of improvement instead of looking whether two bars overlap.
# - State ranges, tries and seeds of a search; choose on some seeds and report on others; give the baseline the same budget.
# - Tell which of your changes did it: the table of tricks × algorithms is a design that you can copy.
# - Say "no difference was found, and one of this size would have been".
#
# ### Common misreadings
#
# - *"The intervals overlap, so there is no difference."* Two intervals may overlap a good deal and the difference still be clear; look at the interval of the difference.
# - *"No difference was found, so they are equal."* It says how large a difference may still hide.
# - *"More evaluation episodes make up for fewer seeds."* They measure one team better. The next seed is another team.
# - *"The run that diverged was a bug, so I left it out."* Then the other side may leave one out too. Report it, with a count.
# - *"Details outweigh architectures."* On SMAC they did. On our grid world both weighed the same, and on the two-step game it depended on the score. Copy the design, not the conclusion.
#
# ### Exercises
#
# The exercises of this lesson are in [exercises/20_honest_experiments.ipynb](../exercises/20_honest_experiments.ipynb); `make lab` puts a copy of your own in
# `my/`.
#
# - 20.1 Better, on several tasks
# - 20.2 The best of n tries
# - 20.3 A sweep and two sentences
# - 20.4 Find the bug: A figure that convinces
#
# ### Sources
#
# - Agarwal, Schwarzer, Castro, Courville and Bellemare (2021), *Deep Reinforcement Learning at the Edge of the Statistical Precipice*, arXiv 2108.13264: interquartile mean, stratified bootstrap, performance profiles, probability of improvement. Their package is rliable.
# - Hu, Jiang, Harding, Wu and Liao (2021), *Rethinking the Implementation Tricks and Monotonicity Constraint in Cooperative Multi-Agent Reinforcement Learning*, arXiv 2102.03479, and the code published with it, PyMARL2.
# - Dodge, Gururangan, Card, Schwartz and Smith (2019), *Show Your Work: Improved Reporting of Experimental Results*, arXiv 1909.03004: the expected best of n tries. *Showing Your Work Doesn't Always Work* (2020), arXiv 2004.13705, says why drawing without replacement, as exercise 20.2 does, is better.
# - Efron and Tibshirani (1993), *An Introduction to the Bootstrap*.
# - Saxe, McClelland and Ganguli (2014), *Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks*, arXiv 1312.6120: the orthogonal start. Ba, Kiros and Hinton (2016), *Layer Normalization*, arXiv 1607.06450.

# %% [markdown]
# ## Going further
#
# For those who train in earnest: what code for real tasks does beside the algorithm, measured one thing at a time, and where one of these things decides.
#
# ### Five habits of practice
#
# - **Layer norm.** Each hidden layer's numbers are brought to mean 0 and spread 1 before the ReLU: `QMIX.for_env(env, layer_norm=True)`.
# - **Orthogonal start.** The first weights turn what goes through them and stretch all of it alike (Saxe et al. 2014), and all actions start nearly equal: `orthogonal=True`.
# - **A learning rate that falls**, here to 0 at the end: `TrainConfig(learning_rate_steps=…)`.
# - **Rewards ÷ their spread**, the standard deviation of the rewards in memory: `reward_units="spread"`.
# - **Rewards standardised**: less their mean, too: `reward_units="standard"`.
#
# Same tasks, seeds, steps and score as in step 5: 300 more runs.

# %%
habits = ["default", *stored["settings"]["practice"]]
rows_of = {task: {kind: {"default": stored["tricks"][task][kind]["default"]}
                  | stored["practice"][task][kind] for kind in kinds} for task in tables}
beside = [np.array([[iqm(rows_of[task][kind][habit]) for kind in kinds] for habit in habits])
          for task in tables]
helps_all = [habit for k, habit in enumerate(habits) if k
             and all((table[k] > table[0] + 0.005).all() for table in beside)]
print("better than the default for all three algorithms on both tasks:", helps_all or "none")
short = ["default", "layer norm", "orthogonal", "rate falls", "÷ spread", "standardised"]
plots.tables(beside, titles=list(tables), row_labels=short, col_labels=["IQL", "VDN", "QMIX"],
             xlabel="algorithm", ylabel="",
             title="Share of looks at which the team is optimal (IQM), ten seeds")

# %% [markdown]
# None of the five is a gift. What one algorithm gains another loses. That is no wonder: the default was tuned *on this grid world*, without them. A habit earns its keep where the task is not the one that the settings were tuned on. So change the task, and nothing else: every reward is worth a hundred times as much, or a hundredth. The best behaviour is the same.
#
# **Predict.** The default settings, five seeds, rewards in other units. How many of ten teams play optimally at the last look?

# %%
guess = ...  # "all ten", "more than five" or "five at most"


class Paid(GridWorld):
    """The grid world, paid in other units."""

    factor = 1.0

    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=self.factor * step.reward)


def optimal_teams(factor, units, seeds=range(5)):
    """How many teams play optimally at the last look."""
    world = Paid(num_envs=32)
    world.factor = factor
    teams = [QMIX.for_env(world, seed=seed) for seed in seeds]
    with warnings.catch_warnings():             # where values run away, the library says so
        warnings.simplefilter("ignore")
        config = TrainConfig(total_steps=4_000, evaluate_every=4_000, reward_units=units)
        runs = train_seeds(world, teams, config, seeds)
    return sum(abs(run.greedy_return[-1] / factor - 8.65) < 1e-6 for run in runs)


found = {units: sum(optimal_teams(factor, units) for factor in (100.0, 0.01))
         for units in ("as paid", "spread")}
assert found["as paid"] <= 5 and found["spread"] == 10
with lesson.prediction(guess, "five at most", words=("all ten", "more than five", "five at most")):
    print("÷ their spread: optimal", found["spread"], "of 10")

# %% [markdown]
# <details><summary>After your guess</summary>
#
# A learning rate, a limit on the gradient and first weights near 0 are all tuned to values of a certain size. Divided by their spread the rewards come in the same units whatever the task pays in, and the ten teams are optimal again. That is what such a habit is for: one setting for many tasks. The library does the same for the units of the *state* ([lesson 05](05_mixer.ipynb)).
#
# </details>
#
# Taking away the mean as well is another matter. Dividing changes no policy's rank; subtracting can. If every step pays −1 until the goal is reached, all rewards are equal, and less their mean they are all 0: nobody has a reason to hurry any more. Where episodes can end, what a step pays on average is part of the task.
