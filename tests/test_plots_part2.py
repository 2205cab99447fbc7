"""The figures that Part II adds, tested as those of Part I are (test_plots.py)."""

import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Circle, Polygon, Rectangle, RegularPolygon

from qmix_course import plots
from qmix_course.envs import PredatorPrey

FIGURES = {
    "field": lambda: plots.field([[0, 0], [2, 3], [-1, -1]], [[2, 2], [-1, -1]], 5, sees=1, view=2),
    "field of a task": lambda: plots.field(*placed(), 10, title="The published size"),
}


def placed():
    env = PredatorPrey()
    env.reset(seed=0)
    return env.predators[0], env.prey[0]


def png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", dpi=figure.dpi)
    return buffer.getvalue()


def patches(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plots.use_style()
        yield


@pytest.mark.parametrize("name", FIGURES)
def test_what_holds_for_every_figure(name):
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    figure = FIGURES[name]()
    first = png(figure)
    assert isinstance(figure, matplotlib.figure.Figure) and plt.get_fignums() == []
    assert all(ax.get_title() and ax.get_xlabel() and ax.get_ylabel()
               for ax in figure.axes) and 1_000 < len(first) < 200_000
    assert not [text for text in figure.findobj(matplotlib.text.Text)
                if text.get_text() and text.get_visible() and text.get_fontsize() < 9]
    assert png(FIGURES[name]()) == first
    assert torch.equal(torch.get_rng_state(), torch_before) and np.random.get_state()[1].tolist() == numpy_before


def test_a_field_shows_everyone_on_the_board_in_their_place():
    ax = FIGURES["field"]().axes[0]
    circle, = patches(ax, Circle)                                        # predator 0
    square, = patches(ax, RegularPolygon)                                # predator 1, a square
    diamond, = patches(ax, Polygon)
    assert circle.center == (0, 0) and square.xy == (3, 2)               # x is the column, y the row
    assert diamond.get_xy()[:-1].mean(0).tolist() == [2, 2]
    assert [text.get_text() for text in ax.texts] == ["1", "2"]
    assert "off the board: 1 of 3 predators, 1 of 2 prey" in ax.get_xlabel()
    predators, prey = placed()
    ax = plots.field(predators, prey, 10).axes[0]
    assert len(ax.texts) == 8 and len(patches(ax, Polygon)) == 8 and ax.get_xlabel() == "column"


def test_a_view_ends_at_the_edge_of_the_board():
    shade, = patches(FIGURES["field"]().axes[0], Rectangle)
    assert shade.get_xy() == (0.5, -0.5) and (shade.get_width(), shade.get_height()) == (4, 5)
    shade, = patches(plots.field([[0, 0]], [[3, 3]], 5, sees=0, view=1).axes[0], Rectangle)
    assert shade.get_xy() == (-0.5, -0.5) and (shade.get_width(), shade.get_height()) == (2, 2)


def test_a_field_draws_on_given_axes():
    figure, axes = plots.panels(1, 2)
    assert plots.field([[0, 0]], [[1, 1]], 3, ax=axes[0]) is figure
    assert axes[0].patches and not axes[1].patches
    with pytest.raises(TypeError, match="^ax: expected matplotlib axes, got str"):
        plots.field([[0, 0]], [[1, 1]], 3, ax="here")


@pytest.mark.parametrize("error, name, call", [
    (ValueError, "predators", lambda: plots.field([[0, 3]], [[1, 1]], 3)),
    (ValueError, "prey", lambda: plots.field([[0, 0]], [[1, -2]], 3)),
    (ValueError, "prey.*one of the two", lambda: plots.field([[0, 0]], [[1, -1]], 3)),
    (ValueError, "prey", lambda: plots.field([[0, 0]], [1, 1], 3)),
    (ValueError, "sees, view", lambda: plots.field([[0, 0]], [[1, 1]], 3, sees=0)),
    (ValueError, "sees", lambda: plots.field([[0, 0]], [[1, 1]], 3, sees=1, view=1)),
    (ValueError, "sees.*on the board", lambda: plots.field([[-1, -1]], [[1, 1]], 3, sees=0, view=1)),
    (TypeError, "title", lambda: plots.field([[0, 0]], [[1, 1]], 3, title=3)),
])
def test_bad_input_is_refused_by_name(error, name, call):
    with pytest.raises(error, match=name):
        call()
