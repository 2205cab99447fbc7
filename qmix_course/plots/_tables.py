"""Payoff and Q tables as annotated heat maps."""

import numpy as np
import torch
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from qmix_course import errors

from . import _inputs
from ._style import VALUES, canvas, ink, number, panels

AGENT_1, AGENT_2 = "action of agent 1", "action of agent 2"


def table(values, row_labels=None, col_labels=None, title=None, highlight=None, ax=None, fmt="{:.2f}", *,
          ylabel=AGENT_1, xlabel=AGENT_2, limits=None):
    """A payoff or Q table [R, C] as an annotated heat map, row 0 on top; dark is high.

    `highlight` frames cells: (row, column), a list of such pairs, or "max" for every largest cell. `fmt` formats a
    number; None leaves the numbers out and adds a colour bar. `limits` = (low, high) of the colour scale, by default
    the smallest and the largest value. NaN cells are hatched.
    """
    values = _inputs.array("values", values, ndim=2)
    rows, cols = values.shape
    row_labels = _inputs.labels("row_labels", row_labels, rows) or range(rows)
    col_labels = _inputs.labels("col_labels", col_labels, cols) or range(cols)
    title = _inputs.text("title", title) or "Value of each joint action"
    frames = _frames(highlight, values)
    norm = colour_scale(values, limits)
    fmt = _inputs.form("fmt", fmt, none=True)
    for name, each in (("xlabel", xlabel), ("ylabel", ylabel)):
        _inputs.text(name, each)
    texts = [] if fmt is None else [[number(each, fmt) if np.isfinite(each) else "" for each in row] for row in values]
    longest = max((len(text) for row in texts for text in row), default=1)
    figure, ax = canvas(ax, (min(11, 1.3 + cols * _cell_width(longest) + (1 if fmt is None else 0)), 1.1 + rows * 0.5))

    image = heat(ax, values, norm)
    for r, row in enumerate(texts):
        for c, text in enumerate(row):
            ax.text(c, r, text, ha="center", va="center", fontsize=10, color=ink(VALUES(norm(values[r, c]))))
    for r, c in frames:
        for colour, width in (("white", 5), ("black", 2.4)):
            ax.add_patch(Rectangle((c - 0.46, r - 0.46), 0.92, 0.92, fill=False, edgecolor=colour, linewidth=width))
    ax.set_xticks(range(cols), col_labels)
    ax.set_yticks(range(rows), row_labels)
    ax.set(xlabel=xlabel, ylabel=ylabel, aspect="auto")
    ax.set_title(title)
    if fmt is None:
        figure.colorbar(image, ax=ax, label="value")
    return figure


def tables(values, titles=None, title=None, highlight=None, fmt="{:.2f}", **kwargs):
    """Several tables side by side on one colour scale.

    `values` is a list of [R, C] tables (or a dict title -> table), `titles` one text each, `title` one above all.
    `highlight`: "max" or one cell (row, column) for all of them, or a list with one entry a table, each as in `table`
    (None: no frame).
    Other arguments (row_labels, col_labels, xlabel, ylabel) as in `table`.
    """
    if isinstance(values, dict):
        titles, values = list(values) if titles is None else titles, list(values.values())
    if not isinstance(values, (list, tuple, torch.Tensor, np.ndarray)) or (isinstance(values, (list, tuple))
                                                                           and not values):
        raise TypeError(f"values: expected a list of tables, got {errors.describe(values)}")
    if not isinstance(values, (list, tuple)):
        values = list(_inputs.array("values", values, ndim=3))
    fmt = _inputs.form("fmt", fmt, none=True)
    values = [_inputs.array(f"values[{k}]", each, ndim=2) for k, each in enumerate(values)]
    titles = _inputs.labels("titles", titles, len(values)) or [f"table {k + 1}" for k in range(len(values))]
    marks = highlight if isinstance(highlight, list) else [highlight] * len(values)
    if len(marks) != len(values):
        raise ValueError(f"highlight: expected one entry for each of {len(values)} tables, got {len(marks)}")
    for each, mark in zip(values, marks):
        _frames(mark, each)  # refuse before anything is drawn
    limits = kwargs.pop("limits", None) or _limits(np.concatenate([each.ravel() for each in values]))
    widths = [each.shape[1] for each in values]
    longest = 1 if fmt is None else max(len(number(v, fmt)) for each in values for v in each.ravel())
    width = min(11, sum(widths) * _cell_width(longest) + 0.9 * len(values))
    figure, axes = panels(1, len(values), (max(width, 4), 1.5 + 0.5 * max(each.shape[0] for each in values)),
                          title=title, squeeze=False, width_ratios=widths)
    for ax, each, name, mark in zip(axes[0], values, titles, marks):
        table(each, title=name, highlight=mark, fmt=fmt, ax=ax, limits=limits, **kwargs)
    return figure


def heat(ax, values, norm):
    """Draw [R, C] values as coloured cells, NaN hatched; returns the image."""
    rows, cols = values.shape
    image = ax.imshow(np.ma.masked_invalid(values), cmap=VALUES, norm=norm, interpolation="nearest")
    for r, c in np.argwhere(np.isnan(values)):
        ax.add_patch(Rectangle((c - 0.5, r - 0.5), 1, 1, facecolor="#f2f2f2", edgecolor="#8c8c8c", hatch="///",
                               linewidth=0))
    ax.set_xticks(np.arange(cols + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(False, which="major")
    ax.grid(True, which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="both", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return image


def _frames(highlight, values):
    """The cells to frame, as a list of (row, column)."""
    if highlight is None:
        return []
    if isinstance(highlight, str):
        if highlight != "max":
            raise ValueError(f'highlight: expected cells or "max", got {errors.describe(highlight)}')
        return [tuple(cell) for cell in np.argwhere(values >= _limits(values)[1] - 1e-9)]
    pairs = _inputs.array("highlight", highlight, allow_nan=False)
    pairs = _inputs.integers("highlight", pairs[None] if pairs.ndim == 1 else pairs, shape=(None, 2), low=0)
    if (pairs >= values.shape).any():
        raise ValueError(f"highlight: expected cells of a table of shape {list(values.shape)}, got {pairs.tolist()}")
    return [tuple(cell) for cell in pairs]


def _cell_width(longest):
    """Inches that a cell needs for its longest text."""
    return max(0.55, 0.12 * longest)


def _limits(values):
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def colour_scale(values, limits):
    low, high = _limits(values) if limits is None else _inputs.pair("limits", limits, strict=False)
    return Normalize(low, high) if high > low else Normalize(low - 1, low + 1)
