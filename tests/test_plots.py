"""Every figure of the course: what holds for all of them, what they refuse, and that a notebook shows each once."""

import functools
import json
import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from figures import CLIMBING, DIAGRAMS, EPISODE, FIGURES, GOALS, NAN, changed, charts, history, png, start_values

from qmix_course import plots

ONE_LABEL = {"battle", "battle_strip", "bars", "film_strip"}  # the bars have names, the boards of a strip a text below
TAKES_AX = {
    "seeds": lambda ax: plots.seeds([history()], ax=ax),
    "lines": lambda ax: plots.lines([0, 1], [1, 2], "t", "x", "y", ax=ax),
    "schedule": lambda ax: plots.schedule([1, 0.5], ax=ax),
    "bars": lambda ax: plots.bars({"a": 1}, "t", "x", ax=ax),
    "table": lambda ax: plots.table(CLIMBING, ax=ax),
    "surface": lambda ax: plots.surface(lambda a, b: a + b, ax=ax),
    "board": lambda ax: plots.board([[0, 0]], 2, [[1, 1]], ax=ax),
    "start_map": lambda ax: plots.start_map(start_values(), 3, ax=ax),
}


@functools.cache
def drawn(name):
    """A figure, rendered once for all tests that only look at it, and its bytes."""
    figure = FIGURES[name]()
    return figure, png(figure)


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plots.use_style()
        yield


# What holds for every figure


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_title_and_labels_and_stays_out_of_pyplot(name):
    figure, data = drawn(name)
    assert isinstance(figure, matplotlib.figure.Figure)
    assert figure.get_suptitle() or all(ax.get_title() for ax in charts(figure))
    if name not in DIAGRAMS:
        for ax in charts(figure):
            assert ax.get_xlabel() and (ax.get_ylabel() or name in ONE_LABEL)
    assert plt.get_fignums() == []
    assert 1_000 < len(data) < 200_000


@pytest.mark.parametrize("name", FIGURES)
def test_every_text_is_at_least_nine_points(name):
    figure, _ = drawn(name)
    small = {text.get_text(): text.get_fontsize() for text in figure.findobj(matplotlib.text.Text)
             if text.get_text() and text.get_visible() and text.get_fontsize() < 9}
    assert small == {}


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_call_draws_the_same_picture_and_takes_no_random_number(name):
    _, first = drawn(name)
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    assert png(FIGURES[name]()) == first
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.random.get_state()[1].tolist() == numpy_before


@pytest.mark.parametrize("name", TAKES_AX)
def test_drawing_on_given_axes(name):
    figure, axes = plots.panels(1, 2)
    assert TAKES_AX[name](axes[0]) is figure
    assert axes[0].has_data() or axes[0].patches
    assert not axes[1].has_data() and not axes[1].patches
    with pytest.raises(TypeError, match="^ax: expected matplotlib axes, got str"):
        TAKES_AX[name]("here")


def test_the_text_form_is_the_title():
    assert repr(plots.table(CLIMBING, title="Climbing")) == "Figure: Climbing"
    assert repr(plots.film_strip(EPISODE)) == "Figure: One episode: 4 steps, return 8.65"


def test_a_notebook_shows_each_figure_exactly_once():
    """In a fresh kernel, before pyplot was ever imported and after, also for figures made with panels."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    set_up = ("from types import SimpleNamespace\nfrom qmix_course import plots\nplots.use_style()\n"
              "episode = SimpleNamespace(size=2, goals=[[1, 0]], positions=[[[0, 0]], [[1, 0]]], actions=[[1]],"
              " rewards=[10])")
    cells = [set_up, "plots.table([[1, 2]])", "plots.animate(episode)", "import matplotlib.pyplot as plt",
             "plots.table([[1, 2]], title='Pay')", "plots.animate(episode)",
             "figure, axes = plots.panels(1, 2, title='Two')\nplots.table([[1]], ax=axes[0])\nfigure"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    shown = [[output for output in cell.outputs if output.output_type != "stream"] for cell in notebook.cells]
    assert [len(outputs) for outputs in shown] == [0, 1, 1, 0, 1, 1, 1]
    assert all(set(outputs[0].data) == {"text/html", "text/plain"} for outputs in shown if outputs)
    assert [outputs[0].data["text/plain"] for outputs in shown if outputs] == [
        "Figure: Value of each joint action", "Animation: One episode, 1 step, return 10.00", "Figure: Pay",
        "Animation: One episode, 1 step, return 10.00", "Figure: Two"]


def test_importing_and_drawing_change_no_settings_but_use_style_does():
    code = ("import json, matplotlib as m; before = dict(m.rcParams); from qmix_course import plots;"
            "plots.table([[1]]).png(); same = before == dict(m.rcParams); plots.use_style();"
            "print(json.dumps([same, m.rcParams['figure.dpi'], m.rcParams['font.size']]))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, 90, 10]


# Bad input


@pytest.mark.parametrize("error, names, call", [
    (TypeError, "values", lambda: plots.moving_average("abc", 2)),
    (ValueError, "values", lambda: plots.moving_average([[1, 2]], 2)),
    (ValueError, "window", lambda: plots.moving_average([1, 2], 0)),
    (TypeError, "window", lambda: plots.moving_average([1, 2], 2.0)),
    (TypeError, "history", lambda: plots.curves(SimpleNamespace(steps=[1]))),
    (ValueError, r"history\.loss", lambda: plots.curves(history(loss=[1.0]))),
    (ValueError, r"history\.steps", lambda: plots.curves(history(steps=[]))),
    (ValueError, r"history\.greedy_return", lambda: plots.curves(history(greedy_return=[float("inf")] * 30))),
    (TypeError, "best_return", lambda: plots.curves(history(), best_return="8")),
    (TypeError, "title", lambda: plots.curves(history(), title=3)),
    (ValueError, "histories", lambda: plots.seeds([])),
    (ValueError, "histories", lambda: plots.seeds({"a": []})),
    (ValueError, "histories", lambda: plots.seeds(history())),
    (TypeError, "histories", lambda: plots.seeds([history()], "reward")),
    (ValueError, "labels", lambda: plots.seeds([history()], labels=["a", "b"])),
    (ValueError, r"values\['a'\]", lambda: plots.lines([1, 2], {"a": [1]}, "t", "x", "y")),
    (ValueError, "values", lambda: plots.lines([1, 2], [0, -1], "t", "x", "y", log=True)),
    (TypeError, "values", lambda: plots.bars([1, 2], "t", "x")),
    (ValueError, "values", lambda: plots.bars({"a": 0}, "t", "x", log=True)),
    (ValueError, r"values\['a'\]", lambda: plots.bars({"a": [1, NAN]}, "t", "x")),
    (ValueError, "values", lambda: plots.table([1, 2])),
    (TypeError, "values", lambda: plots.table([[1, 2], [3]])),
    (TypeError, "values", lambda: plots.table(None)),
    (ValueError, "row_labels", lambda: plots.table([[1]], row_labels=["a", "b"])),
    (TypeError, "col_labels", lambda: plots.table([[1]], col_labels="a")),
    (ValueError, "limits", lambda: plots.table([[1]], limits=(2, 1))),
    (TypeError, "values", lambda: plots.tables([])),
    (ValueError, r"values\[1\]", lambda: plots.tables([[[1]], [1]])),
    (TypeError, "f", lambda: plots.surface([[1]])),
    (ValueError, r"f\(q1, q2\)", lambda: plots.surface(lambda a, b: a[0])),
    (ValueError, r"f\(q1, q2\)", lambda: plots.surface(lambda a, b: a / 0)),
    (ValueError, "lims", lambda: plots.surface(lambda a, b: a, lims=(2, 2))),
    (ValueError, "positions", lambda: plots.board([[0, 5]], 5, [[0, 0]])),
    (ValueError, "positions", lambda: plots.board([[0, 0.5]], 5, [[0, 0]])),
    (ValueError, "goals", lambda: plots.board([[0, 0]], 5, GOALS)),
    (ValueError, "walls", lambda: plots.board([[0, 0]], 2, [[1, 1]], walls=[[2, 0]])),
    (ValueError, "size", lambda: plots.board([[0, 0]], 0, [[0, 0]])),
    (TypeError, "episode", lambda: plots.film_strip(SimpleNamespace(size=5))),
    (TypeError, r"episode\.size", lambda: plots.film_strip(changed(size=None))),
    (ValueError, r"episode\.actions", lambda: plots.film_strip(changed(actions=[[1, 4]] * 4))),
    (ValueError, r"episode\.positions", lambda: plots.film_strip(changed(positions=EPISODE.positions[:-1]))),
    (ValueError, r"episode\.rewards", lambda: plots.animate(changed(rewards=[NAN] * 4))),
    (ValueError, "values", lambda: plots.beliefs(np.zeros((2, 4, 5)), 5)),
    (ValueError, "policy", lambda: plots.beliefs(np.zeros((1, 2, 2)), 2, policy=np.full((1, 2, 2), 4))),
    (ValueError, "values", lambda: plots.start_map(np.zeros((9, 4)), 3)),
    (ValueError, "values", lambda: plots.start_map(np.full((9, 9), 3), 3)),
    (TypeError, "boxes", lambda: plots.graph([], [])),
    (ValueError, r"boxes\['a'\]", lambda: plots.graph({"a": (0, 0)}, [])),
    (ValueError, "kind", lambda: plots.graph({"a": (0, 0, "t", "big")}, [])),
    (ValueError, "arrows", lambda: plots.graph({"a": (0, 0, "t")}, [("a", "b", "")])),
    (ValueError, "regions", lambda: plots.graph({"a": (0, 0, "t")}, [], regions=[(1, 0, 0, 1, "r")])),
    (ValueError, "rows", lambda: plots.panels(0)),
])
def test_bad_input_is_refused_by_name(error, names, call):
    with pytest.raises(error, match=f"^({names})( of .*)?: expected .*got"):
        call()
    assert plt.get_fignums() == []
