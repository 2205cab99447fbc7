"""Curves: one training run, many seeds, schedules, and plain lines."""

import numpy as np

from qmix_course import errors

from . import _inputs
from ._style import COLOURS, LINES, MARKERS, canvas, panels

NAMES = {
    "exploring_return": "return while exploring",
    "greedy_return": "greedy return",
    "loss": "loss",
    "epsilon": r"exploration rate $\epsilon$",
}
STEPS = "environment steps"


def moving_average(values, window):
    """Mean of the last `window` values at each place, NaN left out: [K] to [K].

    The first places average what there is so far; a place whose whole window is NaN stays NaN.
    """
    values = _inputs.array("values", values, ndim=1)
    window = _inputs.whole("window", window, 1)
    result = np.full(len(values), np.nan)
    for i in range(len(values)):
        recent = values[max(0, i + 1 - window): i + 1]
        recent = recent[~np.isnan(recent)]
        if recent.size:
            result[i] = recent.mean()
    return result


def curves(history, title=None, best_return=None, window=10):
    """One training run in three panels: returns, loss (log scale), epsilon, all against environment steps.

    `history` has the lists `.steps .exploring_return .greedy_return .loss .epsilon`, one entry an evaluation (NaN
    where nothing was measured). `best_return` draws a dashed line; `window` evaluations make the moving average.
    """
    steps, columns = _columns("history", history, NAMES)
    _inputs.text("title", title)
    average = moving_average(columns["exploring_return"], window)
    best_return = _inputs.height("best_return", best_return)
    figure, (left, middle, right) = panels(1, 3, size=(10.8, 3.5), width_ratios=[1.8, 1, 1])
    figure.suptitle(title or "Training")

    left.plot(steps, columns["exploring_return"], color=COLOURS[4], linestyle="-", linewidth=0.7,
              label="exploring, raw")
    left.plot(steps, average, color=COLOURS[1], linestyle="--", label=f"exploring, average of {window}")
    left.plot(steps, columns["greedy_return"], color=COLOURS[0], linestyle="-", marker="o", markersize=3.5,
              markevery=_every(steps), label="greedy")
    _best_line(left, best_return)
    _label(left, "Return of an episode", STEPS, "return")
    left.legend(loc="best")
    middle.plot(steps, _positive(columns["loss"]), color=COLOURS[2], linestyle="-")
    _log_if_possible(middle, columns["loss"])
    _label(middle, "Loss (log scale)", STEPS, "loss")
    right.plot(steps, columns["epsilon"], color=COLOURS[6], linestyle="-")
    right.set_ylim(-0.03, 1.03)
    _label(right, "Exploration rate", STEPS, r"$\epsilon$")
    return figure


def seeds(histories, column="greedy_return", labels=None, best_return=None, ax=None, title=None):
    """Every seed a thin line, the median a thick one.

    `histories`: a list of histories (one group), or a dict name -> list of histories (one colour and line style a
    group). `column` is one of exploring_return, greedy_return, loss, epsilon, or another list of the histories.
    `labels` renames the groups. The median is drawn as far as every seed of its group goes.
    """
    if not isinstance(column, str):
        raise TypeError(f"column: expected the name of a list of the histories, got {errors.describe(column)}")
    groups = histories if isinstance(histories, dict) and not histories else (
        _inputs.named("histories", histories, "list of histories") if isinstance(histories, dict) else {"": histories})
    if not groups or any(not isinstance(group, (list, tuple)) or not group for group in groups.values()):
        raise ValueError("histories: expected a list of histories, or a dict name -> such a list, none empty, "
                         f"got {errors.describe(histories)}")
    names = _inputs.labels("labels", labels, len(groups)) or [str(name) for name in groups]
    data = [[_columns("histories", history, [column]) for history in group] for group in groups.values()]
    best_return = _inputs.height("best_return", best_return)
    figure, ax = canvas(ax, (7.2, 3.8))
    for k, (name, runs) in enumerate(zip(names, data)):
        colour, line = COLOURS[k % len(COLOURS)], LINES[k % len(LINES)]
        values = [_positive(run[column]) if column == "loss" else run[column] for _, run in runs]
        for (steps, _), each in zip(runs, values):
            ax.plot(steps, each, color=colour, linestyle=line, linewidth=0.8, alpha=0.4)
        steps, median = _median([steps for steps, _ in runs], values)
        count = f"{len(runs)} seed{'s' if len(runs) > 1 else ''}"
        ax.plot(steps, median, color=colour, linestyle=line, linewidth=2.6, marker=MARKERS[k % len(MARKERS)],
                markevery=_every(steps, k), label=f"{name + ', ' if name else ''}median of {count}")
    _best_line(ax, best_return)
    if column == "loss":
        _log_if_possible(ax, np.concatenate([run[column] for group in data for _, run in group]))
    name = NAMES.get(column, column.replace("_", " "))
    _label(ax, _inputs.text("title", title) or f"{name[0].upper()}{name[1:]}, seed by seed", STEPS, name)
    ax.legend(loc="best")
    return figure


def lines(x, values, title, xlabel, ylabel, log=False, best=None, markers=False, ax=None):
    """Plain lines: `values` is [K], or a dict name -> [K]; `x` is [K].

    `log` makes the y axis logarithmic, `best` draws a dashed line at a height, `markers` marks the points.
    """
    x = _inputs.array("x", x, ndim=1, allow_nan=False)
    groups = values if isinstance(values, dict) else {"": values}
    if not groups:
        raise ValueError("values: expected at least one line, got an empty dict")
    _inputs.named("values", groups, "line")
    for name, each in (("log", log), ("markers", markers)):
        _inputs.switch(name, each)
    groups = {str(name): _inputs.array(f"values[{name!r}]" if name else "values", each, ndim=1)
              for name, each in groups.items()}
    for name, each in groups.items():
        if each.shape != x.shape:
            raise ValueError(f"{f'values[{name!r}]' if name else 'values'}: expected as many as x has, {len(x)}, got "
                             f"{len(each)}")
    for name, each in (("title", title), ("xlabel", xlabel), ("ylabel", ylabel)):
        _inputs.text(name, each)
    best = _inputs.height("best", best)
    if log and all(not (each > 0).any() for each in groups.values()):
        raise ValueError("values: expected a positive number for a log scale, got none")
    figure, ax = canvas(ax, (6.4, 3.6))
    for k, (name, each) in enumerate(groups.items()):
        ax.plot(x, _positive(each) if log else each, color=COLOURS[k % len(COLOURS)], linestyle=LINES[k % len(LINES)],
                marker=MARKERS[k % len(MARKERS)] if markers else None, markevery=_every(x, k), label=name or None)
    _best_line(ax, best)
    if log:
        ax.set_yscale("log")
    _label(ax, title, xlabel, ylabel)
    if any(groups) or best is not None:
        ax.legend(loc="best")
    return figure


def schedule(values, steps=None, title=None, ax=None):
    """The exploration rate against environment steps: `values` is [K], or a dict name -> [K].

    `steps` is [K], by default 0, 1, ..., K-1.
    """
    first = next(iter(values.values()), []) if isinstance(values, dict) else values
    first = _inputs.array("values", first, ndim=1)
    if steps is None:
        steps = np.arange(len(first))
    title = _inputs.text("title", title) or "Exploration rate over training"
    steps = _inputs.array("steps", steps, ndim=1, allow_nan=False)
    if len(first) != len(steps):
        raise ValueError(f"steps, values: expected as many of the one as of the other, got {len(steps)} and "
                         f"{len(first)}")
    figure = lines(steps, values, title, STEPS, r"exploration rate $\epsilon$", ax=ax)
    (ax or figure.axes[0]).set_ylim(-0.03, 1.03)
    return figure


def _columns(name, history, columns):
    """Read .steps and `columns` of a history, all of one length."""
    steps = _inputs.array(f"{name}.steps", _inputs.attribute(name, history, "steps"), ndim=1, allow_nan=False)
    return steps, {column: _inputs.array(f"{name}.{column}", _inputs.attribute(name, history, column),
                                         shape=steps.shape) for column in columns}


def _median(steps, values):
    """Median over seeds on the steps that all of them share from the start."""
    length = min(len(each) for each in steps)
    if any((each[:length] != steps[0][:length]).any() for each in steps):
        raise ValueError("histories: expected the same .steps in all of a group, for the median, got others")
    stack = np.stack([each[:length] for each in values])
    known = ~np.isnan(stack).all(axis=0)
    median = np.full(length, np.nan)
    median[known] = np.nanmedian(stack[:, known], axis=0)
    return steps[0][:length], median


def _positive(values):
    """NaN where a log scale has no place."""
    return np.where(values > 0, values, np.nan)


def _log_if_possible(ax, values):
    if (values > 0).any():
        ax.set_yscale("log")


def _best_line(ax, height):
    if height is not None:
        ax.axhline(height, color="#444444", linestyle=(0, (4, 3)), linewidth=1.2, zorder=1, label=f"best: {height:g}")


def _every(steps, k=0):
    """Mark about twelve points of line k, however long; lines that run together have their marks side by side."""
    every = max(1, len(steps) // 12)
    return k * every // 3 % every, every


def _label(ax, title, xlabel, ylabel):
    ax.set_title(title)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
