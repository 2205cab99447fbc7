"""Figures of values: tables, surfaces and bars."""

import matplotlib
import numpy as np
import pytest
import torch
from figures import CLIMBING, NAN, patches, png, texts
from matplotlib.patches import Rectangle
from matplotlib.quiver import Quiver

from qmix_course import plots


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plots.use_style()
        yield


def test_a_table_shows_its_numbers():
    ax = plots.table(torch.tensor(CLIMBING), title="Climbing", row_labels=["a", "b", "c"], fmt="{:.0f}").axes[0]
    assert texts(ax) == ["11", "−30", "0", "−30", "7", "6", "0", "0", "5"]
    places = [text.get_position() for text in ax.texts]
    assert places[1] == (1, 0) and places[3] == (0, 1)  # (column, row)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("action of agent 2", "action of agent 1")
    assert ax.yaxis_inverted()  # row 0 on top


def test_a_table_writes_no_minus_zero_and_hatches_nan():
    ax = plots.table([[-1e-17, NAN], [-0.004, 2.5]]).axes[0]
    assert texts(ax) == ["0.00", "", "0.00", "2.50"]
    assert [patch.get_xy() for patch in ax.patches if patch.get_hatch()] == [(0.5, -0.5)]


def relative_luminance(colour):
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_numbers_are_readable_on_every_colour_and_the_order_survives_a_grey_print():
    ax = plots.table([np.linspace(-3, 9, 25)]).axes[0]
    grounds = [relative_luminance(ax.images[0].to_rgba(v)[:3]) for v in np.linspace(-3, 9, 25)]
    for text, ground in zip(ax.texts, grounds):
        dark, light = sorted([ground, relative_luminance(text.get_color())])
        assert (light + 0.05) / (dark + 0.05) > 4.5  # WCAG AA
    assert (np.diff(grounds) < 0).all()


def frames(ax):
    return sorted({patch.get_xy() for patch in patches(ax, Rectangle) if not patch.get_fill()})


def test_a_table_frames_cells():
    assert frames(plots.table(CLIMBING).axes[0]) == []
    assert frames(plots.table(CLIMBING, highlight=(1, 2)).axes[0]) == [(1.54, 0.54)]
    assert len(frames(plots.table(CLIMBING, highlight=[(0, 0), (1, 1)]).axes[0])) == 2
    assert len(frames(plots.table([[1, 3], [3, NAN]], highlight="max").axes[0])) == 2
    for bad in ([(0, 3)], [(-1, 0)], "min", [0, 1, 2], (0.5, 1)):
        with pytest.raises(ValueError, match="^highlight: expected"):
            plots.table(CLIMBING, highlight=bad)


def test_tables_share_one_colour_scale():
    figure = plots.tables([CLIMBING, [[0, 1], [2, 3]]], ["payoff", "small"], highlight=[None, "max"])
    left, right = figure.axes
    assert left.images[0].get_clim() == right.images[0].get_clim() == (-30, 11)
    assert [left.get_title(), right.get_title()] == ["payoff", "small"]
    assert frames(left) == [] and len(frames(right)) == 1
    with pytest.raises(ValueError, match="^highlight: expected one entry for each of 2 tables, got 1"):
        plots.tables([CLIMBING, CLIMBING], highlight=["max"])


def test_a_table_of_one_value_has_a_colour():
    assert texts(plots.table([[3.0, 3.0]]).axes[0]) == ["3.00", "3.00"]
    png(plots.table([[NAN]], highlight="max"))


def arrows_uphill(figure):
    quiver = next(each for ax in figure.axes for each in ax.collections if isinstance(each, Quiver))
    return np.where(quiver.Umask, NAN, quiver.U).ravel(), np.where(quiver.Umask, NAN, quiver.V).ravel()


def test_the_arrows_of_a_surface_point_uphill():
    u, v = arrows_uphill(plots.surface(lambda q1, q2: 3 * q1 + 4 * q2))
    np.testing.assert_allclose(u, 0.6, atol=1e-4)
    np.testing.assert_allclose(v, 0.8, atol=1e-4)
    u, v = arrows_uphill(plots.surface(lambda q1, q2: q1 - q2))
    assert (u > 0).all() and (v < 0).all()  # not monotone, and one sees it


def test_a_surface_is_asked_once_with_q1_along_x():
    calls = []

    def f(q1, q2):
        calls.append((q1, q2, torch.is_grad_enabled()))
        return torch.tanh(q1) + q2
    plots.surface(f, lims=(0, 3), points=7)
    (q1, q2, gradients), = calls
    assert q1.shape == (7, 7) and q1.dtype == torch.get_default_dtype() and not gradients
    assert q1[0].tolist() == pytest.approx(list(np.linspace(0, 3, 7)))
    assert (q1 == q1[:1]).all() and torch.equal(q2, q1.T)


def test_a_flat_surface_has_no_arrows():
    figure = plots.surface(lambda q1, q2: 3 + 1e-13 * torch.sin(99 * q1.double()))  # rounding error is no slope
    assert np.isnan(arrows_uphill(figure)[0]).all()
    png(figure)


def test_bars_show_medians_dots_and_intervals():
    values = {"IQL": [7, 7, 8], "QMIX": torch.tensor(8.0)}
    ax = plots.bars(values, "Return", "return", {"QMIX": (7.5, 9)}, best=8).axes[0]
    assert [bar.get_width() for bar in ax.patches] == [7, 8]
    assert texts(ax) == ["7.00", "8.00", "best: 8"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["IQL", "QMIX"]
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert list(dots.get_xdata()) == [7, 7, 8] and len(set(dots.get_ydata())) == 3
    assert plots.bars({"a": -126.6, "b": -131}, "t", "x", dots=True).axes[0].get_xlim()[1] < -100
    with pytest.raises(ValueError, match="^intervals: expected names"):
        plots.bars({"a": 1}, "t", "x", {"b": (0, 2)})
    with pytest.raises(ValueError, match=r"^intervals\['a'\]: expected low and high around 1"):
        plots.bars({"a": 1}, "t", "x", {"a": (2, 3)})


@pytest.mark.parametrize("name", ["learning_rate=0.001, double_q=true, hidden=[64, 64], tau=0.01, update_every=16",
                                  "x" * 120])
def test_a_long_name_leaves_room_for_what_it_names(name):
    """As a sweep's variants have them. (Where the axes collapse matplotlib warns, and a warning is an error here.)"""
    names, x = {name: 1.0, "short": 2.0}, [0.0, 1.0]
    bars = plots.bars(names, "t", "x", dots=True)
    for figure in (bars, plots.bands({each: (x, x, x, x) for each in names}, "t", "x", "y")):
        png(figure)
        assert figure.axes[0].get_position().width > 0.4
    ticks = [label.get_text() for label in bars.axes[0].get_yticklabels()]
    assert [tick.replace("\n", " " * (" " in name)) for tick in ticks] == [name, "short"]


def test_a_number_that_nobody_could_read_is_written_in_short():
    """As values that diverged: with two decimals 1e300 has 304 letters, and the axes collapsed to nothing."""
    figures = plots.bars({"a": 1e300, "b": -2.5}, "t", "x"), plots.table([[1e300, -2.5]])
    for figure in figures:
        png(figure)
        assert {"1e+300", "\N{MINUS SIGN}2.50"} <= {text for ax in figure.axes for text in texts(ax)}
