"""What a figure shows, in words, read off the figure itself: the text of its `alt`, for those who cannot see it."""

import re

import numpy as np
from matplotlib.collections import PathCollection

MOST = 1_500            # letters; a screen reader reads all of it aloud, without a stop
MOST_LINES = 8          # lines that are told one by one
SIGNS = {"cdot": "·", "varepsilon": "ε", "epsilon": "ε", "alpha": "α", "lambda": "λ", "gamma": "γ", "tau": "τ",
         "eta": "η", "theta": "θ", "partial": "∂", "ge": "≥", "geq": "≥", "le": "≤", "leq": "≤", "dots": "…",
         "times": "×", "to": "→"}
GIVEN = "_"             # matplotlib's own names for what has no name in the legend begin with it


def describe(figure) -> str:
    """A few sentences on a matplotlib figure: its titles, and for each axes what is drawn, from where to where."""
    parts = [_clean(figure.get_suptitle())]
    drawn = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    if len(drawn) > 1:
        parts.append(f"{len(drawn)} panels")
    parts += [_axes(ax) for ax in drawn]
    text = " ".join(f"{part.rstrip('. ')}." for part in parts if part)
    return text if len(text) <= MOST else text[:MOST].rsplit(" ", 1)[0] + " …"


def _axes(ax) -> str:
    if hasattr(ax, "alt"):              # who drew it knows better: a board, a surface
        return _clean(ax.alt)
    three = hasattr(ax, "get_zlabel")
    labels = [_clean(each) for each in (ax.get_ylabel(), ax.get_xlabel())]
    about = " against ".join(label for label in labels if label)
    about = f"{_clean(ax.get_zlabel())} over {about.replace(' against ', ' and ')}" if three else about
    said = [_clean(ax.get_title()), about, _images(ax), _bars(ax), _lines(ax), _dots(ax), _texts(ax)]
    return ". ".join(part.rstrip(". ") for part in said if part)


def _images(ax) -> str:
    for image in ax.images:
        values = np.ma.masked_invalid(image.get_array())
        if values.ndim == 2 and values.count():
            rows, cols = values.shape
            return f"A map of {rows} by {cols} cells, from {_number(values.min())} to {_number(values.max())}"
    return ""


def _bars(ax) -> str:
    ends = [patch.get_width() for bar in ax.containers for patch in getattr(bar, "patches", [])]
    names = _ticks(ax.yaxis)
    if not ends:
        return ""
    pairs = zip(names, ends) if len(names) == len(ends) else ()
    return "Bars: " + (", ".join(f"{name} {_number(end)}" for name, end in pairs) or f"{len(ends)}")


def _lines(ax) -> str:
    named = [line for line in ax.lines if not str(line.get_label()).startswith(GIVEN)]
    if not named and (ax.images or ax.containers):
        return ""                                   # a frame or a scale, and no data
    lines = [line for line in named or ax.lines if len(line.get_xdata()) > 1]
    told = [_line(line) for line in lines[:MOST_LINES]]
    more = [f"and {len(lines) - len(told)} more"] if len(lines) > len(told) else []
    return f"Lines: {'; '.join(told + more)}" if told else ""


def _line(line) -> str:
    label = str(line.get_label())
    name = "one" if label.startswith(GIVEN) else _clean(label)
    y = np.asarray(line.get_ydata(), dtype=float)
    y = y[np.isfinite(y)]
    if not y.size:
        return name
    return (f"{name} from {_number(y[0])} to {_number(y[-1])}" +
            (f", at least {_number(y.min())} and at most {_number(y.max())}"
             if min(y[0], y[-1]) - y.min() > 0.05 * np.ptp(y) or y.max() - max(y[0], y[-1]) > 0.05 * np.ptp(y) else ""))


def _dots(ax) -> str:
    count = sum(len(each.get_offsets()) for each in ax.collections if isinstance(each, PathCollection))
    return f"{count} dots" if count else ""


def _texts(ax) -> str:
    words = [_clean(text.get_text()) for text in ax.texts]
    legend = ax.get_legend()
    if legend is not None and not ax.lines:
        words += [_clean(text.get_text()) for text in legend.get_texts()]
    words = [word for word in words if word]
    return f"Written in it: {', '.join(words)}" if words else ""


def _ticks(axis) -> list:
    return [_clean(label.get_text()) for label in axis.get_ticklabels() if label.get_text()]


def _number(value) -> str:
    return f"{float(value) + 0.0:.3g}"


def _clean(text) -> str:
    """On one line, without the marks of mathematics: `$Q_{tot}$` becomes Q_tot."""
    text = re.sub(r"\\([A-Za-z]+|.)", lambda mark: SIGNS.get(mark[1], " " if mark[1] == "," else ""), str(text))
    return " ".join(re.sub(r"[${}\\]", "", text).split())
