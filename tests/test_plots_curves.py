"""Figures of a run: curves of one run and of several seeds, lines and schedules."""

import matplotlib
import numpy as np
import pytest
import torch
from figures import NAN, history, png

from qmix_course import plots


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plots.use_style()
        yield


def brute_average(values, window):
    result = []
    for i in range(len(values)):
        known = [v for v in values[max(0, i - window + 1): i + 1] if v == v]
        result.append(sum(known) / len(known) if known else NAN)
    return result


@pytest.mark.parametrize("window", [1, 2, 3, 10])
def test_moving_average(window):
    values = [NAN, NAN, 1.0, 2.0, NAN, 4.0, NAN, NAN, NAN, -3.0]
    np.testing.assert_allclose(plots.moving_average(torch.tensor(values), window), brute_average(values, window))


def test_curves_show_the_columns():
    run = history()
    left, middle, right = plots.curves(run, best_return=8.65, window=4).axes
    raw, average, greedy, best = left.lines
    np.testing.assert_array_equal(raw.get_ydata(), run.exploring_return)
    np.testing.assert_allclose(average.get_ydata(), brute_average(run.exploring_return, 4))
    np.testing.assert_array_equal(greedy.get_ydata(), run.greedy_return)
    np.testing.assert_array_equal(greedy.get_xdata(), run.steps)
    assert list(best.get_ydata()) == [8.65, 8.65] and best.get_linestyle() == "--"
    assert middle.get_yscale() == "log" and left.get_yscale() == "linear"
    np.testing.assert_array_equal(middle.lines[0].get_ydata(), run.loss)
    np.testing.assert_array_equal(right.lines[0].get_ydata(), run.epsilon)
    assert [text.get_text() for text in left.get_legend().get_texts()][1:3] == ["exploring, average of 4", "greedy"]
    assert len(plots.curves(run).axes[0].lines) == 3  # no line for a best return that nobody gave


def test_curves_survive_columns_without_a_number():
    for loss in ([NAN] * 30, [0.0] * 30):
        png(plots.curves(history(loss=loss, exploring_return=[NAN] * 30)))


def test_seeds_draw_every_seed_and_the_median():
    runs = [history(k) for k in range(3)]
    ax = plots.seeds({"A": runs, "B": [history(7), history(8)]}, best_return=8.65, labels=["first", "second"]).axes[0]
    assert len(ax.lines) == 3 + 1 + 2 + 1 + 1
    for line, run in zip(ax.lines, runs):
        np.testing.assert_array_equal(line.get_ydata(), run.greedy_return)
    np.testing.assert_array_equal(ax.lines[3].get_ydata(), np.median([run.greedy_return for run in runs], axis=0))
    assert ax.lines[3].get_linewidth() > 2 * ax.lines[0].get_linewidth()
    assert ax.lines[0].get_color() != ax.lines[4].get_color()
    assert ax.lines[0].get_linestyle() != ax.lines[4].get_linestyle()
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["first, median of 3 seeds", "second, median of 2 seeds", "best: 8.65"]


def test_the_median_ends_with_the_shortest_seed_and_skips_nan():
    ax = plots.seeds([history(0, 5), history(1, 8, greedy_return=[NAN] + [2.0] * 7)]).axes[0]
    assert len(ax.lines[2].get_ydata()) == 5
    assert ax.lines[2].get_ydata()[0] == history(0, 5).greedy_return[0]
    with pytest.raises(ValueError, match="^histories: expected the same .steps"):
        plots.seeds([history(0, 5), history(1, 5, steps=[1, 2, 3, 4, 5])])


def test_the_loss_of_seeds_is_on_a_log_scale():
    assert plots.seeds([history()], "loss").axes[0].get_yscale() == "log"
    assert plots.seeds([history()]).axes[0].get_yscale() == "linear"


def test_lines_and_schedule():
    ax = plots.lines([1, 2, 3], torch.tensor([1.0, 0.0, 4.0], requires_grad=True), "t", "x", "y", log=True).axes[0]
    assert ax.get_yscale() == "log" and ax.get_legend() is None
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, NAN, 4])
    ax = plots.schedule([1.0, 0.5, 0.05]).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0, 1, 2])
    assert ax.get_xlabel() == "environment steps"
