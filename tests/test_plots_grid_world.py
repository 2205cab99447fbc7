"""Figures of the grid world: boards, film strips, animations, beliefs and maps of starts."""

import base64
import io

import matplotlib
import numpy as np
import pytest
import torch
from figures import EPISODE, GOALS, NAN, changed, charts, patches, start_values
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Polygon, RegularPolygon
from PIL import Image

from qmix_course import plots


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plots.use_style()
        yield


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


def test_an_animation_in_a_file_moves_for_ever_and_rests_at_the_end(tmp_path):
    path = tmp_path / "episode.gif"
    animation = plots.animate(EPISODE, path, fps=4)
    animation.save(tmp_path / "episode.png")
    assert repr(animation) == "Animation: One episode, 4 steps, return 8.65"
    shown = animation._repr_mimebundle_()
    assert set(shown) == {"text/html", "text/plain"} and shown["text/plain"] == repr(animation)
    strip = plots.film_strip(EPISODE, "One episode").png()               # where no scripts run
    assert base64.b64encode(strip).decode() in shown["text/html"] and 'alt="Animation: ' in shown["text/html"]
    assert '"seconds":0.25' in shown["text/html"]
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
