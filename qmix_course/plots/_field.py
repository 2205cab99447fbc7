"""Predator–prey in a picture: who stands where, and what one predator sees."""

from matplotlib.patches import Polygon, Rectangle

from qmix_course import errors

from . import _inputs
from ._pieces import squares, token
from ._style import canvas

GONE = -1


def field(predators, prey, size, sees=None, view=None, ax=None, title=None):
    """The board of `PredatorPrey`: predators as numbered shapes, prey as hollow black diamonds.

    `predators` [N, 2] and `prey` [M, 2] hold (row, column), row 0 on top, and (-1, -1) for who has left the board: the
    text below counts those. `sees` and `view`: shade the cells within `view` of the predator with that index (from 0).
    """
    size = _inputs.size_of("size", size)
    predators, prey = _creatures("predators", predators, size), _creatures("prey", prey, size)
    if (sees is None) != (view is None):
        raise ValueError(f"sees, view: expected both or neither, got {errors.brief(sees)} and {errors.brief(view)}")
    title = _inputs.text("title", title) or "The board"
    figure, ax = canvas(ax, (0.8 + 0.52 * size, 1.3 + 0.52 * size), "compressed")
    squares(ax, size)
    if sees is not None:
        sees, view = _inputs.whole("sees", sees, 0), _inputs.whole("view", view, 0)
        if sees >= len(predators) or predators[sees, 0] == GONE:
            raise ValueError(f"sees: expected a predator on the board, from 0 to {len(predators) - 1}, got {sees}")
        _shade(ax, predators[sees], view, size)
    for i, cell in enumerate(predators):
        if cell[0] != GONE:
            token(ax, cell, i, [i])
    for row, column in prey:
        if row != GONE:
            corners = [(column, row - 0.3), (column + 0.3, row), (column, row + 0.3), (column - 0.3, row)]
            ax.add_patch(Polygon(corners, closed=True, facecolor="white", edgecolor="black", linewidth=2, zorder=3))
    left = [int((each[:, 0] == GONE).sum()) for each in (predators, prey)]
    gone = (f"\noff the board: {left[0]} of {len(predators)} predators, {left[1]} of {len(prey)} prey"
            if any(left) else "")
    ax.set(xlabel=f"column{gone}", ylabel="row")
    ax.set_title(title)
    return figure


def _creatures(name, value, size):
    """Cells (row, column), or (-1, -1) for one that has left the board: int64 [count, 2]."""
    cells = _inputs.cells(name, value, size, low=GONE)
    if ((cells == GONE).any(axis=1) != (cells == GONE).all(axis=1)).any():
        raise ValueError(f"{name}: expected (-1, -1) for one that has left the board, got only one of the two as -1")
    return cells


def _shade(ax, cell, view, size):
    """The square of cells within `view`, as far as it lies on the board."""
    low, high = (cell - view).clip(min=0), (cell + view).clip(max=size - 1)
    height, width = high - low + 1
    ax.add_patch(Rectangle((low[1] - 0.5, low[0] - 0.5), width, height, facecolor="#dddddd", edgecolor="black",
                           hatch="..",
                           linewidth=1.2, alpha=0.6, zorder=0.4))
