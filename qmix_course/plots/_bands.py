"""Curves with what is uncertain about them."""

from qmix_course import errors

from . import _inputs
from ._lines import _best_line, _every, _label
from ._style import COLOURS, LINES, MARKERS, canvas, in_lines


def bands(values, title, xlabel, ylabel, best=None, steps=False, ax=None):
    """A line for each name, and around it a band from low to high: intervals at every point.

    `values`: dict name -> (x[K], middle[K], low[K], high[K]); each name may have an x of its own. `best` draws a dashed
    line at a height. `steps` draws stairs, for what changes in jumps.
    """
    read = {}
    for name, each in _inputs.named("values", values, "(x, middle, low, high)").items():
        if not isinstance(each, (tuple, list)) or len(each) != 4:
            raise TypeError(f"values[{name!r}]: expected (x, middle, low, high), got {errors.describe(each)}")
        x = _inputs.array(f"values[{name!r}], x", each[0], ndim=1, allow_nan=False)
        read[str(name)] = x, *(_inputs.array(f"values[{name!r}], {what}", part, shape=x.shape)
                               for what, part in zip(("middle", "low", "high"), each[1:]))
    for name, each in (("title", title), ("xlabel", xlabel), ("ylabel", ylabel)):
        _inputs.text(name, each)
    best = _inputs.height("best", best)
    stairs = _inputs.switch("steps", steps)
    figure, ax = canvas(ax, (7.2, 3.8))
    for k, (name, (x, middle, low, high)) in enumerate(read.items()):
        colour = COLOURS[k % len(COLOURS)]
        ax.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0, step="post" if stairs else None)
        ax.plot(x, middle, color=colour, linestyle=LINES[k % len(LINES)], marker=None if stairs else
                MARKERS[k % len(MARKERS)], markevery=None if stairs else _every(x, k), label=in_lines(name),
                drawstyle="steps-post" if stairs else "default")
    _best_line(ax, best)
    _label(ax, title, xlabel, ylabel)
    ax.legend(loc="best")
    return figure
