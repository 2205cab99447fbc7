"""Every figure of the course: what it shows, what it refuses, and that a notebook shows it exactly once."""

import functools
import io
import json
import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle, RegularPolygon
from matplotlib.quiver import Quiver
from PIL import Image

from qmix_course import plots

NAN = float("nan")
GOALS = [[4, 0], [0, 4]]
EPISODE = SimpleNamespace(size=5, goals=torch.tensor(GOALS), rewards=torch.tensor([-0.65, -0.45, -0.25, 10.0]),
                          positions=torch.tensor([[[k, 0], [4 - k, 4]] for k in range(5)]),
                          actions=torch.tensor([[1, 0]] * 4))
CLIMBING = [[11, -30, 0], [-30, 7, 6], [0, 0, 5]]


def changed(**parts):
    """The episode with other parts."""
    return SimpleNamespace(**{**vars(EPISODE), **parts})


def history(seed=0, length=30, **parts):
    rng = np.random.default_rng(seed)
    steps = 250 * np.arange(1, length + 1)
    columns = dict(steps=steps.tolist(), exploring_return=(-30 + rng.standard_normal(length)).tolist(),
                   greedy_return=rng.uniform(-10, 8.65, length).tolist(), loss=rng.uniform(0.1, 1, length).tolist(),
                   epsilon=np.linspace(1, 0.05, length).tolist())
    columns["exploring_return"][0] = columns["loss"][0] = NAN
    return SimpleNamespace(**{**columns, **parts})


def start_values():
    values = np.full((3, 3, 3, 3), 2)
    for r, c in np.ndindex(3, 3):
        values[r, c, r, c] = -1
    values[0, 0, 0, 1], values[0, 0, 2, 2], values[2, 0, 2, 1] = 0, 0, 1
    return values


FIGURES = {
    "curves": lambda: plots.curves(history(), "One run", 8.65),
    "seeds": lambda: plots.seeds({"IQL": [history(k) for k in range(3)], "QMIX": [history(9)]}, best_return=8.65),
    "lines": lambda: plots.lines([0, 1, 2], {"a": [1, 2, 3], "b": [3, 2, 1]}, "Two", "x", "y", best=2),
    "schedule": lambda: plots.schedule({"default": [1, 0.5, 0.05]}, [0, 100, 200]),
    "bars": lambda: plots.bars({"IQL": [7, 7, 8], "QMIX": 8}, "Return", "return", {"QMIX": (7, 9)}, best=8),
    "table": lambda: plots.table(CLIMBING, title="Climbing", highlight="max"),
    "tables": lambda: plots.tables({"payoff": CLIMBING, "other": [[1, 2]]}, title="Both", highlight="max"),
    "surface": lambda: plots.surface(lambda a, b: a + 2 * b),
    "surface in space": lambda: plots.surface(lambda a, b: a + 2 * b, three_d=True),
    "board": lambda: plots.board(torch.tensor([[0, 0], [4, 4]]), 5, GOALS, walls=[[2, 2]]),
    "film_strip": lambda: plots.film_strip(EPISODE),
    "beliefs": lambda: plots.beliefs(np.arange(50.0).reshape(2, 5, 5), 5, GOALS, np.zeros((2, 5, 5), dtype=int)),
    "start_map": lambda: plots.start_map(start_values(), 3),
    "graph": lambda: plots.graph({"a": (0, 0, "replay"), "b": (1.5, 0, "batch")}, [("a", "b", "sample")], "Loop"),
    "architecture": lambda: plots.architecture(),
}
DIAGRAMS = {"graph", "architecture"}  # no axes, so no axis labels
ONE_LABEL = {"bars", "film_strip"}  # the bars have names, the boards of a strip a text below
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


def png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", dpi=figure.dpi)
    return buffer.getvalue()


@functools.cache
def drawn(name):
    """A figure, rendered once for all tests that only look at it, and its bytes."""
    figure = FIGURES[name]()
    return figure, png(figure)


def charts(figure):
    """The axes of a figure but for its colour bars."""
    return [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def patches(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]


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
    assert all(set(outputs[0].data) == {"image/png", "text/plain"} for outputs in shown if outputs)
    assert [outputs[0].data["text/plain"] for outputs in shown if outputs] == [
        "Figure: Value of each joint action", "Animation: One episode, 1 step, return 10.00", "Figure: Pay",
        "Animation: One episode, 1 step, return 10.00", "Figure: Two"]


def test_importing_and_drawing_change_no_settings_but_use_style_does():
    code = ("import json, matplotlib as m; before = dict(m.rcParams); from qmix_course import plots;"
            "plots.table([[1]])._repr_png_(); same = before == dict(m.rcParams); plots.use_style();"
            "print(json.dumps([same, m.rcParams['figure.dpi'], m.rcParams['font.size']]))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, 90, 10]


# Curves


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


# Values


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


# The grid world


def numbers(ax):
    """The texts in the squares: number -> places (column, row), agents in bold."""
    return {(text.get_text(), text.get_fontweight() == "bold"): tuple(text.get_position()) for text in ax.texts
            if text.get_text()}


def test_a_board_puts_pieces_where_they_are():
    ax = plots.board([[0, 1], [4, 3]], 5, GOALS, walls=[[2, 2]]).axes[0]
    places = numbers(ax)
    assert places["1", True] == (1, 0) and places["2", True] == (3, 4)  # (column, row)
    assert patches(ax, Circle)[0].center == (1, 0)
    assert patches(ax, RegularPolygon)[0].xy == (3, 4)
    stars = patches(ax, Polygon)
    assert [tuple(star.get_xy()[:-1].mean(axis=0).round()) for star in stars] == [(0, 4), (4, 0)]
    assert [to_hex(star.get_edgecolor()).upper() for star in stars] == list(plots.COLOURS[:2])
    assert [to_hex(ax.patches[-2].get_facecolor()).upper(), to_hex(ax.patches[-1].get_facecolor()).upper()] == list(
        plots.COLOURS[:2])
    assert [patch.get_xy() for patch in ax.patches if patch.get_hatch()] == [(1.5, 1.5)]
    assert ax.yaxis_inverted() and ax.get_aspect() == 1


def test_agents_of_one_cell_stand_side_by_side():
    places = numbers(plots.board([[1, 1], [1, 1]], 3, [[0, 0], [2, 2]]).axes[0])
    assert places["1", True] != places["2", True]


def directions(ax):
    """The arrows on a board, as steps (row, column)."""
    result = []
    for text in ax.texts:
        if getattr(text, "arrow_patch", None) is not None:
            (x0, y0), (x1, y1) = text.xyann, text.xy
            result.append((float(np.sign(round(y1 - y0, 9))), float(np.sign(round(x1 - x0, 9)))))
    return result


def test_a_film_strip_shows_every_step():
    figure = plots.film_strip(EPISODE)
    assert figure.get_suptitle() == "One episode: 4 steps, return 8.65"
    assert [ax.get_title() for ax in figure.axes] == ["start", "step 1", "step 2", "step 3", "end, step 4"]
    assert [ax.get_xlabel().split("\n")[-1] for ax in figure.axes] == [
        "reward −0.65", "reward −0.45", "reward −0.25", "reward 10.00", "return 8.65"]
    assert all(ax.get_xlabel().startswith("1 ↓   2 ↑\n") for ax in figure.axes[:4])
    assert [directions(ax) for ax in figure.axes] == [[(1, 0), (-1, 0)]] * 4 + [[]]
    for t, ax in enumerate(figure.axes):
        assert numbers(ax)["1", True] == (0, t) and numbers(ax)["2", True] == (4, 4 - t)


@pytest.mark.parametrize("action, sign, step",
                         [(0, "↑", (-1, 0)), (1, "↓", (1, 0)), (2, "←", (0, -1)), (3, "→", (0, 1))])
def test_arrows_follow_the_actions(action, sign, step):
    first = plots.film_strip(changed(actions=[[action, -1]] * 4)).axes[0]
    assert directions(first) == [step]
    assert first.get_xlabel() == f"1 {sign}   2 rests\nreward −0.65"
    policy = np.full((1, 3, 3), -1)
    policy[0, 1, 2] = action
    assert directions(plots.beliefs(np.zeros((1, 3, 3)), 3, policy=policy).axes[0]) == [step]


def test_an_agent_on_its_goal_rests():
    positions = EPISODE.positions.clone()
    positions[:, 0] = torch.tensor(GOALS[0])
    figure = plots.film_strip(changed(positions=positions))
    assert figure.axes[0].get_xlabel() == "1 rests   2 ↑\nreward −0.65"
    assert directions(figure.axes[0]) == [(-1, 0)]


def test_a_long_film_strip_shows_the_beginning_and_the_end():
    long = changed(positions=[[[0, 0], [4, 4]]] * 101, actions=[[0, 1]] * 100, rewards=[-1.95] * 100)
    axes = plots.film_strip(long, max_boards=5, per_row=3).axes
    assert [ax.get_title() for ax in axes] == ["start", "step 1", "step 2", "step 3", "… end, step 100"]
    assert axes[-1].get_xlabel() == "return −195.00"


def read_animation(data):
    with Image.open(io.BytesIO(data)) as picture:
        found = []
        for k in range(picture.n_frames):
            picture.seek(k)
            found.append((np.asarray(picture.convert("RGB")), picture.info["duration"]))
        return found, picture.info.get("loop")


def test_an_animation_moves_for_ever_and_rests_at_the_end(tmp_path):
    path = tmp_path / "episode.gif"
    animation = plots.animate(EPISODE, path, fps=4)
    animation.save(tmp_path / "episode.png")
    assert repr(animation) == "Animation: One episode, 4 steps, return 8.65"
    assert animation._repr_mimebundle_() == {"image/png": animation.png, "text/plain": repr(animation)}
    for data, signature in ((animation.png, b"\x89PNG"), (path.read_bytes(), b"GIF89a")):
        assert data.startswith(signature) and len(data) < 50_000
        found, loop = read_animation(data)
        assert loop == 0 and [duration for _, duration in found] == [250, 250, 250, 250, 750]
        pictures = [picture for picture, _ in found]
        assert all((a != b).any() for a, b in zip(pictures, pictures[1:]))
    assert (tmp_path / "episode.png").read_bytes() == animation.png
    assert b"acTL" in animation.png
    assert animation.png == plots.animate(EPISODE, fps=4).png


def test_an_animation_of_ten_steps_is_small():
    rng = np.random.default_rng(0)
    film = changed(positions=rng.integers(0, 5, (11, 2, 2)), actions=rng.integers(0, 4, (10, 2)), rewards=[-0.65] * 10)
    assert len(plots.animate(film).png) < 60_000


def test_animate_refuses_before_it_writes(tmp_path):
    for path, error in ((tmp_path / "a.mp4", ValueError), (tmp_path / "no" / "a.gif", ValueError), (3, TypeError)):
        with pytest.raises(error, match="^path: expected"):
            plots.animate(EPISODE, path)
    for fps, error in ((0, ValueError), (-1, ValueError), (NAN, ValueError), ("2", TypeError)):
        with pytest.raises(error, match="^fps: expected"):
            plots.animate(EPISODE, tmp_path / "a.gif", fps=fps)
    assert list(tmp_path.iterdir()) == []


def test_beliefs_show_values_and_gaps():
    values = np.arange(18.0).reshape(2, 3, 3)
    values[1, 2, 0] = NAN
    policy = np.zeros((2, 3, 3), dtype=int)
    figure = plots.beliefs(torch.tensor(values), 3, [[2, 2], [2, 0]], torch.tensor(policy))
    left, right = charts(figure)
    np.testing.assert_array_equal(left.images[0].get_array(), values[0])
    assert left.images[0].get_clim() == right.images[0].get_clim() == (0, 17)
    assert len(directions(left)) == 9 and len(directions(right)) == 8  # no arrow where there is no value
    assert [patch.get_xy() for patch in right.patches if patch.get_hatch()] == [(-0.5, 1.5)]


def test_a_start_map_counts_and_places():
    values = start_values()
    figure = plots.start_map(values, 3)
    ax = figure.axes[0]
    assert ax.get_title() == "Optimal from 69 of 72 starts"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "optimal: 69", "reaches them, but slower: 1", "never reaches both goals: 2", "no such start"]
    picture = ax.images[0].get_array()
    for r1, c1, r2, c2 in np.ndindex(values.shape):
        assert picture[3 * r1 + r2, 3 * c1 + c2] == values[r1, c1, r2, c2]
    crosses = next(line for line in ax.lines if line.get_marker() == "x")
    assert sorted(zip(crosses.get_xdata(), crosses.get_ydata())) == [(1, 0), (2, 2)]
    flat = plots.start_map(values.reshape(9, 9), 3).axes[0].images[0].get_array()
    np.testing.assert_array_equal(flat, picture)


# Diagrams


@pytest.mark.parametrize("name", sorted(DIAGRAMS))
def test_nothing_in_a_diagram_overlaps_or_is_cut_off(name):
    figure = FIGURES[name]()
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    ax = figure.axes[0]
    boxes = [patch.get_window_extent(renderer) for patch in patches(ax, FancyBboxPatch)]
    labels = [text.get_window_extent(renderer) for text in ax.texts]
    inside = [any(box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1 for box in boxes)
              for text in labels]
    assert sum(inside) == len(boxes)
    free = [text for text, is_inside in zip(labels, inside) if not is_inside]
    things = boxes + free
    for i, a in enumerate(things):
        assert not any(a.overlaps(b) for b in things[:i])
    page = figure.bbox
    for each in things:
        assert page.x0 <= each.x0 and each.x1 <= page.x1 and page.y0 <= each.y0 and each.y1 <= page.y1


def test_the_picture_of_qmix_names_its_parts():
    figure = plots.architecture()
    words = " ".join(texts(figure.axes[0]))
    for part in ("observation", "agent\nnetwork", "$Q_1(o_1, u_1)$", "mixer", "hypernet", "global state", "$Q_{tot}$",
                 "$W_1$", "$b_1$", "$w_2$", "$V(s)$", "|", "ELU", "training only"):
        assert part in words
    assert len(patches(figure.axes[0], FancyArrowPatch)) == 16


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
