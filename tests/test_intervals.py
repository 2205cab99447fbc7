"""Interquartile mean, bootstrap, profiles, probability of improvement: against SciPy, by enumeration, and by hand."""

import itertools

import numpy as np
import pytest
import torch

from qmix_course.intervals import bootstrap, improvement, iqm, profile

DICE = np.random.default_rng(0)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 20, 101])
def test_the_interquartile_mean_is_scipys(count):
    stats = pytest.importorskip("scipy.stats")
    scores = DICE.normal(size=(3, count))
    assert iqm(scores) == pytest.approx(stats.trim_mean(scores, 0.25, axis=-1))
    assert iqm(scores[0].tolist()) == pytest.approx(stats.trim_mean(scores[0], 0.25))


def test_the_interquartile_mean_by_hand():
    assert iqm([1, 2, 3, 4]) == 2.5 and iqm([4, 1, 3, 100]) == 3.5 and iqm([5]) == 5
    assert iqm([0, 0, 0, 10]) == 0 and iqm([0, 1, 2, 3, 4, 5, 6, 700]) == 3.5


def test_the_bootstrap_is_scipys_up_to_the_draws():
    stats = pytest.importorskip("scipy.stats")
    scores = DICE.exponential(size=20)
    other = stats.bootstrap((scores,), lambda x, axis: stats.trim_mean(x, 0.25, axis=axis), n_resamples=20_000,
                            method="percentile", random_state=1, confidence_level=0.9).confidence_interval
    assert bootstrap(scores, samples=20_000, level=0.9) == pytest.approx(tuple(other), abs=0.02)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_the_bootstrap_by_enumeration(level):
    """All 4**4 draws of four scores, each as likely as the others."""
    scores = np.array([0.0, 1.0, 4.0, 10.0])
    means = np.sort([np.mean(each) for each in itertools.product(scores, repeat=4)])
    tail = (1 - level) / 2
    exact = means[int(tail * 256)], means[int((1 - tail) * 256)]
    got = bootstrap(scores, lambda drawn: drawn.mean(axis=-1), samples=100_000, level=level)
    assert got == pytest.approx(exact, abs=0.26)                # the next value that a mean of four can have


def test_draws_are_stratified_each_task_keeps_its_number_of_runs():
    """Two tasks whose own runs are equal: nothing is left to chance, unless runs of one are drawn for the other."""
    mean = lambda drawn: drawn.mean(axis=-1)
    assert bootstrap([[0.0, 0.0], [9.0]], mean) == (3.0, 3.0)
    low, high = bootstrap([0.0, 0.0, 9.0], mean)
    assert low == 0 and high > 3


def test_the_bootstrap_is_seeded_and_covers_what_it_says():
    scores = DICE.normal(size=12)
    assert bootstrap(scores) == bootstrap(scores) != bootstrap(scores, seed=1)
    covered = [low <= 0 <= high for low, high in (
        bootstrap(DICE.normal(size=20), lambda drawn: drawn.mean(axis=-1), samples=400, level=0.9)
        for _ in range(400))]
    assert 0.82 <= np.mean(covered) <= 0.93                     # the percentile bootstrap is a little too narrow


def test_a_profile_by_hand():
    assert profile([1, 2, 3, 4], [0, 1, 2.5, 4]).tolist() == [1.0, 0.75, 0.5, 0.0]
    assert profile([[1, 2], [3, 3]], [1.5]).tolist() == [[0.5], [1.0]]
    low, high = bootstrap([1, 2, 3, 4], lambda drawn: profile(drawn, [0, 2.5, 5]))
    assert low[0] == high[0] == 1 and low[2] == high[2] == 0 and low[1] < 0.5 < high[1]


def test_the_probability_of_improvement_by_hand_and_as_scipys():
    assert improvement([2, 3], [1, 1]) == (1.0, 1.0, 1.0)
    assert improvement([1], [1])[0] == 0.5
    assert improvement([1, 3], [2, 3])[0] == (0 + 0 + 1 + 0.5) / 4
    assert improvement([[1], [5, 5]], [[0], [9]])[0] == 0.5     # the mean over the tasks
    stats = pytest.importorskip("scipy.stats")
    ours, theirs = DICE.integers(0, 5, 9), DICE.integers(0, 5, 7)
    assert improvement(ours, theirs)[0] == pytest.approx(stats.mannwhitneyu(ours, theirs).statistic / 63)


def test_the_interval_of_an_improvement_by_enumeration():
    ours, theirs = [0, 2, 4], [1, 3]
    every = [np.mean([(a > b) + 0.5 * (a == b) for a in one for b in two])
             for one in itertools.product(ours, repeat=3) for two in itertools.product(theirs, repeat=2)]
    _, low, high = improvement(ours, theirs, samples=20_000, level=0.7)
    assert (low, high) == pytest.approx(tuple(np.quantile(every, (0.15, 0.85))), abs=0.01)
    assert improvement(ours, theirs)[0] == pytest.approx(1 - improvement(theirs, ours)[0])


@pytest.mark.parametrize("call, words", [
    (lambda: iqm([]), "scores: expected at least one"), (lambda: iqm(["a"]), "scores: expected a list of scores"),
    (lambda: iqm([1.0, float("nan")]), "scores: expected finite"), (lambda: iqm(3.0), "scores"),
    (lambda: bootstrap([[1, 2], []]), "scores"), (lambda: bootstrap([1], level=1.5), "level"),
    (lambda: bootstrap([1], samples=0), "samples"), (lambda: profile([1], [[1]]), "thresholds"),
    (lambda: improvement([[1], [2]], [[1]]), "ours, theirs"), (lambda: improvement([1], []), "theirs")])
def test_what_is_no_list_of_scores_is_refused_by_name(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_scores_may_be_tensors_as_evaluate_gives_them():
    one, two = [1.0, 2.0, 5.0], [3.0, 4.0]
    tensors = [torch.tensor(one), torch.tensor(two)]
    assert bootstrap(tensors, samples=50) == bootstrap([one, two], samples=50)
    assert improvement(tensors, [two, one], samples=50) == improvement([one, two], [two, one], samples=50)
    assert bootstrap([each for each in tensors[0]], samples=50) == bootstrap(one, samples=50)      # numbers of one task


@pytest.mark.parametrize("statistic", [np.mean, lambda drawn: 3.0, lambda drawn: drawn.mean(0), lambda drawn: None])
def test_a_statistic_that_is_not_one_a_sample_is_refused(statistic):
    with pytest.raises(ValueError, match=r"statistic: expected a number for each sample.*\[50, \.\.\.\]"):
        bootstrap([1.0, 2.0], statistic, samples=50)
