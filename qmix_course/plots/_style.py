"""The look of the course's figures, and figures that a notebook shows exactly once."""

import base64
import html
import io
import textwrap

import matplotlib
from matplotlib import cycler
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from qmix_course import errors

from . import _alt, _inputs

# Okabe and Ito's colours, ordered so that neighbours differ in lightness too. Their yellow is left out; their orange
# and light blue are darker here: on white each stands out by 3 to 1 or more (WCAG 1.4.11). Line styles and markers
# repeat the distinction for a print in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#BF7F00", "#3A93C9", "#000000")
LINES = ("-", "--", "-.", ":", (0, (7, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 2.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LONG = 44               # letters of a name that stand on one line
MANY = 20               # letters of a number

# Light to dark without a break in lightness: the order of values survives a grey print.
VALUES = LinearSegmentedColormap.from_list("course", ["#ffffe5", "#d9f0c4", "#9fd9c3", "#5bb5cc", "#2f86c0", "#234f9c"])

STYLE = {
    "figure.dpi": 90,
    "savefig.dpi": 90,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same on every machine, and it has arrows
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.framealpha": 0.9,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=LINES),
    "image.cmap": "viridis",
}


def use_style():
    """Set matplotlib's defaults for the course: one call, at the top of a notebook."""
    matplotlib.rcParams.update(STYLE)


class Plot(Figure):
    """A matplotlib figure that pyplot does not hold.

    A notebook shows it exactly once: when it is the last value of a cell. (A figure that pyplot holds is shown at
    the end of its cell anyway, so returning it shows it twice.) It is shown as an HTML image, whose `alt` says in words
    what can be seen: set `.alt`, or it is read off the figure. Its text form is its title.
    """

    alt = None

    def __repr__(self):
        title = self.get_suptitle() or next((ax.get_title() for ax in self.axes if ax.get_title()), "untitled")
        return f"Figure: {' '.join(title.split())}"

    def png(self):
        """The bytes of the picture, as PNG."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.dpi, bbox_inches="tight", metadata={"Software": None})
        return buffer.getvalue()

    def _repr_html_(self):
        return picture(self.png(), self.alt or _alt.describe(self))

    def _ipython_display_(self):
        # Once pyplot is imported, IPython shows every Figure as a PNG besides, and a PNG has no `alt`.
        from IPython.display import display

        display({"text/html": self._repr_html_(), "text/plain": repr(self)}, raw=True)


def picture(png, alt):
    """The HTML of a PNG: the same in JupyterLab, in Colab and on a page; a screen reader tells `alt`."""
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{html.escape(alt)}" style="max-width: 100%" src="data:image/png;base64,{data}">'


def panels(rows=1, cols=1, size=None, title=None, layout="constrained", **kwargs):
    """A figure with `rows` x `cols` axes to draw on through `ax=`.

    `size` is (width, height) in inches; `kwargs` go to matplotlib's `Figure.subplots`. Returns (figure, axes): one
    axes object, or a numpy array of them, as `plt.subplots` does. End the cell with the figure. For boards, which keep
    their shape, `layout="compressed"` leaves no holes between them.
    """
    rows, cols = _inputs.whole("rows", rows, 1, 100), _inputs.whole("cols", cols, 1, 100)
    if size is not None:
        size = _inputs.array("size", size, shape=(2,), allow_nan=False)
        if not ((size > 0) & (size < 1_000)).all():
            raise ValueError(f"size: expected inches above 0 and below 1000, got {size.tolist()}")
    errors.choice("layout", layout, ("constrained", "compressed", "tight", "none"))
    figure = Plot(figsize=(min(4.6 * cols, 11), 3.2 * rows) if size is None else size, layout=layout)
    if _inputs.text("title", title):
        figure.suptitle(title)
    return figure, figure.subplots(rows, cols, **kwargs)


def canvas(ax, size, layout="constrained"):
    """The figure and the axes to draw on: the given ones, or new ones of `size` inches."""
    if _inputs.axes("ax", ax) is not None:
        return ax.figure.figure, ax
    return panels(size=size, layout=layout)


def number(value, fmt="{:.2f}"):
    """A number as text: with a true minus sign, never as minus zero, and in short where nobody could read it."""
    text = fmt.format(value)
    text = text if len(text) <= MANY else f"{value:.3g}"
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", "\N{MINUS SIGN}")


def in_lines(name):
    """A name on several lines where it is long, so that it leaves room for what it names."""
    return "\n".join(textwrap.wrap(name, LONG)) or name


def ink(colour):
    """Black or white, whichever reads better on `colour` (WCAG relative luminance)."""
    rgb = matplotlib.colors.to_rgb(colour)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.18 else "white"
