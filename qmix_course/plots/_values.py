"""Values: payoff and Q tables, the surface of Q_tot, comparisons."""

import numpy as np
import torch
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from . import _inputs
from ._style import COLOURS, MARKERS, VALUES, canvas, ink, number, panels

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
    norm = _scale(values, limits)
    texts = [] if fmt is None else [[number(each, fmt) if np.isfinite(each) else "" for each in row] for row in values]
    longest = max((len(text) for row in texts for text in row), default=1)
    figure, ax = canvas(ax, (1.3 + cols * max(0.55, 0.12 * longest) + (1 if fmt is None else 0), 1.1 + rows * 0.5))

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
    `highlight` as in `table`, for all of them ("max", or cells), or a list with one entry a table (None: no frame).
    Other arguments (row_labels, col_labels, xlabel, ylabel) as in `table`.
    """
    if isinstance(values, dict):
        titles, values = list(values) if titles is None else titles, list(values.values())
    if isinstance(values, str) or not hasattr(values, "__len__") or len(values) == 0:
        raise TypeError(f"values must be a non-empty list of tables, got {values!r:.80}")
    values = [_inputs.array(f"values[{k}]", each, ndim=2) for k, each in enumerate(values)]
    titles = _inputs.labels("titles", titles, len(values)) or [f"table {k + 1}" for k in range(len(values))]
    one_each = isinstance(highlight, list) and len(highlight) == len(values) and any(
        each is None or isinstance(each, (str, list)) for each in highlight)
    marks = highlight if one_each else [highlight] * len(values)
    for each, mark in zip(values, marks):
        _frames(mark, each)  # refuse before anything is drawn
    limits = kwargs.pop("limits", None) or _limits(np.concatenate([each.ravel() for each in values]))
    widths = [each.shape[1] for each in values]
    longest = 1 if fmt is None else max(len(number(v, fmt)) for each in values for v in each.ravel())
    width = sum(widths) * max(0.55, 0.12 * longest) + 0.9 * len(values)
    figure, axes = panels(1, len(values), (max(width, 4), 1.5 + 0.5 * max(each.shape[0] for each in values)),
                          title=title, squeeze=False, width_ratios=widths)
    for ax, each, name, mark in zip(axes[0], values, titles, marks):
        table(each, title=name, highlight=mark, fmt=fmt, ax=ax, limits=limits, **kwargs)
    return figure


def surface(f, title=None, lims=(-2, 2), points=61, three_d=False, arrows=True, xlabel="$Q_1$", ylabel="$Q_2$",
            zlabel="$Q_{tot}$", ax=None):
    """Q_tot over the utilities of two agents, from above: colour and contour lines, arrows pointing uphill.

    `f(q1[G, G], q2[G, G]) -> q_tot[G, G]` is called once, without gradients, on tensors of the default dtype over the
    square `lims`. In a monotone Q_tot no arrow points left or down. `three_d` adds a view in space (new figure only).
    """
    if not callable(f):
        raise TypeError(f"f must be a function of two tensors, got {type(f).__name__}")
    low, high = _pair("lims", lims)
    points = _inputs.whole("points", points, 3)
    title = _inputs.text("title", title) or "Team value over the agents' values"
    if three_d and ax is not None:
        raise ValueError("three_d draws a new figure: leave ax out")
    grid = torch.linspace(low, high, points)
    q2, q1 = torch.meshgrid(grid, grid, indexing="ij")
    with torch.no_grad():
        z = _inputs.array("f(q1, q2)", f(q1, q2), shape=(points, points), allow_nan=False)
    x = grid.numpy()
    if three_d:
        figure, ax = _view_in_space(x, z, title, xlabel, ylabel, zlabel)
    else:
        figure, ax = canvas(ax, (5.4, 4.3))
        ax.set_title(title)
    if np.ptp(z) < 1e-12:  # a constant has no contour lines
        z = z + np.linspace(0, 1e-9, points)[None, :] * 0
        image = ax.imshow(z, extent=(low, high, low, high), origin="lower", cmap=VALUES, norm=_scale(z, None))
    else:
        levels = MaxNLocator(12).tick_values(z.min(), z.max())
        image = ax.contourf(x, x, z, levels=levels, cmap=VALUES, alpha=0.85)
        edges = ax.contour(x, x, z, levels=levels, colors="#333333", linewidths=0.7, linestyles="solid")
        ax.clabel(edges, edges.levels[::2], fontsize=9, fmt=lambda v: number(v, "{:g}"))
    if arrows:
        _uphill(ax, x, z)
    ax.set(xlabel=xlabel, ylabel=ylabel, aspect="equal")
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label=zlabel)
    return figure


def bars(values, title, xlabel, intervals=None, best=None, fmt="{:.2f}", log=False, ax=None):
    """Compare named numbers: one horizontal bar each, its value written beside it.

    `values`: dict name -> number, or name -> list of numbers (one dot each; the bar and the text show the median).
    `intervals`: dict name -> (low, high), drawn as an error bar. `best` draws a dashed line.
    """
    if not isinstance(values, dict) or not values:
        raise TypeError(f"values must be a non-empty dict name -> number or list of numbers, got {values!r:.80}")
    data = {str(name): _inputs.array(f"values[{name!r}]", np.atleast_1d(_plain(each)), ndim=1, allow_nan=False)
            for name, each in values.items()}
    intervals = {str(k): _pair(f"intervals[{k!r}]", v, strict=False) for k, v in (intervals or {}).items()}
    unknown = sorted(set(intervals) - set(data))
    if unknown:
        raise ValueError(f"intervals must name bars of values, got {unknown} with bars {list(data)}")
    for name, each in (("title", title), ("xlabel", xlabel)):
        _inputs.text(name, each)
    best = None if best is None else _inputs.number("best", best)
    if log and any((each <= 0).any() for each in data.values()):
        raise ValueError("values must be positive to be drawn on a log scale")
    figure, ax = canvas(ax, (6.8, 1.3 + 0.5 * len(data)))
    for k, (name, each) in enumerate(data.items()):
        colour, height = COLOURS[k % len(COLOURS)], float(np.median(each))
        ax.barh(k, height, height=0.62, color=colour, alpha=0.35, edgecolor=colour, linewidth=1.4)
        right = max(height, each.max(), intervals.get(name, (0, height))[1], 0)
        if each.size > 1:
            # A fixed fan, not random jitter: the picture is the same each time and equal values stay countable.
            ax.plot(each, k + 0.2 * (np.arange(each.size) % 5 - 2) / 2, MARKERS[k % len(MARKERS)], color=colour,
                    markersize=4.5, markeredgecolor="white", markeredgewidth=0.5, linestyle="none")
        if name in intervals:
            low, high = intervals[name]
            ax.errorbar(height, k, xerr=[[height - low], [high - height]], color="black", capsize=4, linewidth=1.3)
        ax.annotate(number(height, fmt), (right, k), xytext=(6, 0), textcoords="offset points", va="center")
    if best is not None:
        ax.axvline(best, color="#444444", linestyle=(0, (4, 3)), linewidth=1.2, label=f"best: {best:g}")
        ax.legend(loc="best")
    if log:
        ax.set_xscale("log")
    ax.margins(x=0.14)
    ax.set_yticks(range(len(data)), list(data))
    ax.set_ylim(len(data) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    ax.set_title(title)
    ax.grid(axis="y", visible=False)
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
            raise ValueError(f'highlight must be cells or "max", got {highlight!r}')
        return [tuple(cell) for cell in np.argwhere(values >= np.nanmax(values) - 1e-9)]
    pairs = _inputs.array("highlight", highlight, allow_nan=False)
    pairs = _inputs.integers("highlight", pairs[None] if pairs.ndim == 1 else pairs, shape=(None, 2), low=0)
    if (pairs >= values.shape).any():
        raise ValueError(f"highlight must lie inside the table of shape {list(values.shape)}, got {pairs.tolist()}")
    return [tuple(cell) for cell in pairs]


def _limits(values):
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def _scale(values, limits):
    low, high = _limits(values) if limits is None else _pair("limits", limits, strict=False)
    return Normalize(low, high) if high > low else Normalize(low - 1, low + 1)


def _pair(name, value, strict=True):
    low, high = _inputs.array(name, value, shape=(2,), allow_nan=False)
    if low > high or (strict and low == high):
        raise ValueError(f"{name} must be (low, high) with low < high, got {value!r}")
    return float(low), float(high)


def _plain(value):
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _uphill(ax, x, z):
    """Unit arrows along the gradient, on a coarse grid; none where the surface is flat."""
    d2, d1 = np.gradient(z, x, x)
    at = np.linspace(0, len(x) - 1, 9).round().astype(int)[1:-1]
    u, v = d1[np.ix_(at, at)], d2[np.ix_(at, at)]
    length = np.hypot(u, v)
    flat = length < 1e-9 * max(1.0, np.abs(z).max())
    length[flat] = np.inf
    ax.quiver(x[at], x[at], u / length, v / length, color="black", scale=22, width=0.005, pivot="mid", zorder=3)


def _view_in_space(x, z, title, xlabel, ylabel, zlabel):
    figure, _ = panels(size=(10.2, 4.3), title=title)
    figure.clear()
    figure.suptitle(title)
    space = figure.add_subplot(1, 2, 1, projection="3d")
    space.plot_surface(*np.meshgrid(x, x), z, cmap=VALUES, edgecolor="#333333", linewidth=0.2, rcount=21, ccount=21)
    space.set(xlabel=xlabel, ylabel=ylabel, zlabel=zlabel)
    space.set_title("in space")
    space.view_init(elev=24, azim=-125)
    flat = figure.add_subplot(1, 2, 2)
    flat.set_title("from above")
    return figure, flat
