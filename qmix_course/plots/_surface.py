"""Q_tot as a surface over the values of two agents."""

import numpy as np
import torch
from matplotlib.ticker import MaxNLocator

from qmix_course import errors

from . import _inputs
from ._style import VALUES, canvas, number, panels
from ._tables import colour_scale


def surface(f, title=None, lims=(-2, 2), points=61, three_d=False, arrows=True, xlabel="$Q_1$", ylabel="$Q_2$",
            zlabel="$Q_{tot}$", ax=None):
    """Q_tot over the utilities of two agents, from above: colour and contour lines, arrows pointing uphill.

    `f(q1[G, G], q2[G, G]) -> q_tot[G, G]` is called once, without gradients, on tensors of the default dtype over the
    square `lims`. In a monotone Q_tot no arrow points left or down. `three_d` adds a view in space (new figure only).
    """
    if not callable(f):
        raise TypeError(f"f: expected a function of two tensors, got {errors.describe(f)}")
    low, high = _inputs.pair("lims", lims)
    points = _inputs.whole("points", points, 3, 2_000)
    title = _inputs.text("title", title) or "Team value over the agents' values"
    for name, each in (("three_d", three_d), ("arrows", arrows)):
        _inputs.switch(name, each)
    for name, each in (("xlabel", xlabel), ("ylabel", ylabel), ("zlabel", zlabel)):
        _inputs.text(name, each)
    _inputs.axes("ax", ax)
    if three_d and ax is not None:
        raise ValueError("ax: expected none with three_d, which draws a new figure")
    grid = torch.linspace(low, high, points)
    q2, q1 = torch.meshgrid(grid, grid, indexing="ij")
    with torch.no_grad():
        z = _inputs.array("f(q1, q2)", f(q1, q2), shape=(points, points), allow_nan=False)
    x = np.linspace(low, high, points)
    if three_d:
        figure, ax = _view_in_space(x, z, title, xlabel, ylabel, zlabel)
    else:
        figure, ax = canvas(ax, (5.4, 4.3))
        ax.set_title(title)
    if np.ptp(z) < 1e-12:  # a constant has no contour lines
        image = ax.imshow(z, extent=(low, high, low, high), origin="lower", cmap=VALUES, norm=colour_scale(z, None))
    else:
        levels = MaxNLocator(12).tick_values(z.min(), z.max())
        image = ax.contourf(x, x, z, levels=levels, cmap=VALUES, alpha=0.85)
        edges = ax.contour(x, x, z, levels=levels, colors="#333333", linewidths=0.7, linestyles="solid")
        ax.clabel(edges, edges.levels[::2], fontsize=9, fmt=lambda v: number(v, "{:g}"))
    if arrows:
        _uphill(ax, x, z)
    ax.set(xlabel=xlabel, ylabel=ylabel, aspect="equal")
    ax.grid(False)
    ax.alt = (f"{ax.get_title()}. {zlabel} over {xlabel} and {ylabel}, both from {low:g} to {high:g}: it goes from "
              f"{z.min():.3g} to {z.max():.3g}")
    ax.figure.colorbar(image, ax=ax, label=zlabel)
    return figure


def _uphill(ax, x, z):
    """Unit arrows along the gradient, on a coarse grid; none where the surface is flat."""
    d2, d1 = np.gradient(z, x[1] - x[0])
    at = np.linspace(0, len(x) - 1, 9).round().astype(int)[1:-1]
    u, v = d1[np.ix_(at, at)], d2[np.ix_(at, at)]
    length = np.hypot(u, v)
    length[length < 1e-5 * max(1.0, np.abs(z).max())] = np.nan  # rounding error points anywhere
    ax.quiver(x[at], x[at], u / length, v / length, color="black", scale=19, width=0.006, pivot="mid", zorder=3)


def _view_in_space(x, z, title, xlabel, ylabel, zlabel):
    figure, _ = panels(size=(10.2, 4.3), title=title)
    figure.clear()
    figure.suptitle(title)
    space = figure.add_subplot(1, 2, 1, projection="3d")
    space.plot_surface(*np.meshgrid(x, x), z, cmap=VALUES, edgecolor="#333333", linewidth=0.2, rcount=21, ccount=21)
    space.set(xlabel=xlabel, ylabel=ylabel)
    space.zaxis.set_rotate_label(False)
    space.set_zlabel(zlabel, rotation=90)
    space.set_title("in space")
    space.view_init(elev=24, azim=-125)
    flat = figure.add_subplot(1, 2, 2)
    flat.set_title("from above")
    return figure, flat
