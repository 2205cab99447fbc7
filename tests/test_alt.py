"""What a figure says to those who cannot see it."""

import html
import re

import numpy as np
import pytest
from figures import FIGURES
from matplotlib.colors import to_rgb

from qmix_course import plots
from qmix_course.plots import _alt


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_an_image_with_words(name):
    figure = FIGURES[name]()
    page = figure._repr_html_()
    form = r'<img alt="([^"]*)" style="max-width: 100%" src="data:image/png;base64,[\w+/=]+">'
    alt = html.unescape(re.fullmatch(form, page)[1])
    title = figure.get_suptitle() or next(ax.get_title() for ax in figure.axes if ax.get_title())
    assert alt == _alt.describe(figure) and 20 < len(alt) <= 1_502 and _alt._clean(title) in alt
    assert not set("$\\{}") & set(alt)


def test_the_words_say_what_is_drawn():
    alt = _alt.describe(plots.lines([0, 1, 2], {"up": [0, 1, 3], "bump": [0, 5, 0]}, "Two", "$x$", "$Q_{tot}$"))
    assert alt == ("Two. Q_tot against x. Lines: up from 0 to 3; bump from 0 to 0, at least 0 and at most 5.")
    alt = _alt.describe(plots.table([[1.0, -2.5]], title="Pay"))
    assert "A map of 1 by 2 cells, from -2.5 to 1" in alt and "Written in it: 1.00, −2.50" in alt
    assert "Bars: IQL 7, QMIX 8" in _alt.describe(plots.bars({"IQL": 7, "QMIX": 8}, "Return", "return"))
    alt = _alt.describe(plots.board([[0, 0], [1, 0]], 2, [[1, 1], [1, 0]]))
    assert "agent 1 in row 0 and column 0, agent 2 in row 1 and column 0 on its goal" in alt


def test_a_surface_says_its_lowest_and_its_highest_value():
    assert "it goes from -2 to 2" in _alt.describe(plots.surface(lambda a, b: a + b, lims=(-1, 1)))


def test_words_of_ones_own_come_first_and_are_escaped():
    figure = plots.table([[1.0]])
    figure.alt = 'a "table" <of one>'
    assert 'alt="a &quot;table&quot; &lt;of one&gt;"' in figure._repr_html_()


def test_many_lines_and_long_texts_stay_short():
    named = {f"a line with a long name, number {k} " * 5: [0, k] for k in range(60)}
    figure = plots.lines([0, 1], named, "Many", "x", "y")
    alt = _alt.describe(figure)
    assert len(alt) <= 1_502 and ("and 52 more" in alt or alt.endswith("…"))


def test_lines_without_a_number_are_named_only():
    assert "none" in _alt.describe(plots.lines([0, 1], {"none": [np.nan, np.nan], "b": [0, 1]}, "T", "x", "y"))


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", plots.COLOURS)
def test_every_colour_of_the_cycle_stands_out_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3
