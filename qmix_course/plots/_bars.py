"""Named numbers side by side, seed by seed."""

import numpy as np

from . import _inputs
from ._style import COLOURS, MARKERS, canvas, in_lines, number


def bars(values, title, xlabel, intervals=None, best=None, fmt="{:.2f}", log=False, dots=False, ax=None):
    """Compare named numbers: one horizontal bar each, its value written beside it.

    `values`: dict name -> number, or name -> list of numbers (one dot each; the bar and the text show the median).
    `intervals`: dict name -> (low, high), drawn as an error bar. `best` draws a dashed line. `dots` marks the value by
    a tick instead of a bar, and the axis need not start at zero: for returns around -130, or on a log scale.
    """
    data = {}
    _inputs.named("values", values, "number or list of numbers")
    for name, each in (("log", log), ("dots", dots)):
        _inputs.switch(name, each)
    fmt = _inputs.form("fmt", fmt)
    for name, each in values.items():
        each = _inputs.array(f"values[{name!r}]", each, allow_nan=False)
        data[str(name)] = _inputs.array(f"values[{name!r}]", np.atleast_1d(each), ndim=1)
    intervals = _read_intervals(intervals, data)
    for name, each in (("title", title), ("xlabel", xlabel)):
        _inputs.text(name, each)
    best = _inputs.height("best", best)
    if log and any((each <= 0).any() for each in data.values()):
        raise ValueError("values: expected positive numbers on a log scale, got some that are not")
    figure, ax = canvas(ax, (6.8, 1.4 + 0.5 * len(data)))
    for k, (name, each) in enumerate(data.items()):
        _row(ax, k, each, intervals.get(name), fmt, bar=not (dots or log))
    if best is not None:
        ax.axvline(best, color="#444444", linestyle=(0, (4, 3)), linewidth=1.2)
        ax.annotate(f"best: {best:g}", (best, -0.62), xytext=(-5, 0), textcoords="offset points", ha="right",
                    va="center", fontsize=9)
    if log:
        ax.set_xscale("log")
    ax.margins(x=0.16)
    ax.set_yticks(range(len(data)), [in_lines(name) for name in data])
    ax.set_ylim(len(data) - 0.5, -0.5 if best is None else -0.85)
    ax.set_xlabel(xlabel)
    ax.set_title(title)
    ax.grid(axis="y", visible=False)
    return figure


def _row(ax, k, each, interval, fmt, bar):
    colour, middle = COLOURS[k % len(COLOURS)], float(np.median(each))
    if bar:
        ax.barh(k, middle, height=0.62, color=colour, alpha=0.35, edgecolor=colour, linewidth=1.4)
    else:
        ax.plot([middle, middle], [k - 0.31, k + 0.31], color=colour, linestyle="-", linewidth=3)
    if each.size > 1:
        # A fixed fan, not random jitter: the picture is the same each time, and equal values stay countable.
        spread = np.linspace(-0.22, 0.22, each.size)
        ax.plot(each, k + spread, MARKERS[k % len(MARKERS)], color=colour, markersize=4.5, markeredgecolor="white",
                markeredgewidth=0.5, linestyle="none")
    if interval is not None:
        ax.errorbar(middle, k, xerr=[[middle - interval[0]], [interval[1] - middle]], color="black", capsize=4,
                    linewidth=1.3)
    reach = np.append(each, interval if interval is not None else middle)
    left = bar and middle < 0  # the text stands at the far end of its bar
    ax.annotate(number(middle, fmt), (reach.min() if left else reach.max(), k), xytext=(-6 if left else 6, 0),
                textcoords="offset points", va="center", ha="right" if left else "left",
                bbox=dict(facecolor="white", alpha=0.85, edgecolor="none", pad=1))  # no line runs through the number


def _read_intervals(intervals, data):
    if intervals is None or (isinstance(intervals, dict) and not intervals):
        return {}
    result = {str(name): _inputs.pair(f"intervals[{name!r}]", each, strict=False)
              for name, each in _inputs.named("intervals", intervals, "(low, high)").items()}
    for name, (low, high) in result.items():
        if name not in data:
            raise ValueError(f"intervals: expected names among {list(data)}, got {name!r}")
        if not low <= np.median(data[name]) <= high:
            raise ValueError(f"intervals[{name!r}]: expected low and high around {np.median(data[name]):g}, "
                             f"got ({low:g}, {high:g})")
    return result
