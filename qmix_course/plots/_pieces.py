"""The pieces on a board: squares, goals, agents, arrows."""

import numpy as np
from matplotlib.patches import Circle, Polygon, Rectangle, RegularPolygon
from matplotlib.path import Path
from matplotlib.patheffects import Normal, withStroke

from ._style import COLOURS

ARROWS = ("\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}", "\N{LEFTWARDS ARROW}", "\N{RIGHTWARDS ARROW}")
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # up, down, left, right, as (row, column)


def squares(ax, size):
    """An empty board: light lines, row 0 on top."""
    ax.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
    ax.set_xticks(range(size))
    ax.set_yticks(range(size))
    ax.grid(False)
    for k in range(size + 1):
        edge = k in (0, size)
        style = dict(color="#333333" if edge else "#bbbbbb", linewidth=1.6 if edge else 0.8, zorder=0.5, clip_on=False)
        ax.plot([-0.5, size - 0.5], [k - 0.5, k - 0.5], linestyle="-", **style)
        ax.plot([k - 0.5, k - 0.5], [-0.5, size - 0.5], linestyle="-", **style)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def star(ax, cell, i, numbered=False):
    """The goal of agent i: a star of the agent's colour, hollow."""
    points = Path.unit_regular_star(5, innerCircle=0.5).vertices[:-1] * (0.47, -0.47) + (cell[1], cell[0] + 0.03)
    colour = COLOURS[i % len(COLOURS)]
    ax.add_patch(Rectangle((cell[1] - 0.5, cell[0] - 0.5), 1, 1, facecolor=colour, alpha=0.15, linewidth=0, zorder=0.4))
    ax.add_patch(Polygon(points, closed=True, facecolor="white", edgecolor=colour, linewidth=1.8, zorder=2))
    if numbered:
        ax.text(cell[1], cell[0] + 0.02, str(i + 1), ha="center", va="center_baseline", fontsize=9, zorder=2)


def token(ax, cell, i, sharing):
    """Agent i: a filled, numbered shape of its own; agents that share a cell stand side by side, smaller."""
    radius, (row, col) = 0.34, cell
    if len(sharing) > 1:
        angle = 2 * np.pi * sharing.index(i) / len(sharing) + np.pi
        radius, row, col = 0.2, row + 0.24 * np.sin(angle), col + 0.24 * np.cos(angle)
    colour = COLOURS[i % len(COLOURS)]
    style = dict(facecolor=colour, edgecolor="white", linewidth=1, zorder=3)
    corners = (0, 4, 3, 4, 5, 6, 8)[i % 7]
    if corners == 0:
        ax.add_patch(Circle((col, row), radius, **style))
    else:  # matplotlib's first corner points along +y, which is down on a board
        turn = {2: np.pi, 3: 0}.get(i % 7, np.pi / corners)
        grow = 1.35 if corners == 3 else 1.15
        ax.add_patch(RegularPolygon((col, row), corners, radius=radius * grow, orientation=turn, **style))
    ax.text(col, row, str(i + 1), ha="center", va="center_baseline", fontsize=9, fontweight="bold", color="white",
            zorder=4)


def nudge(ax, cell, action):
    """A short arrow out of an agent, in the direction of its action."""
    d_row, d_col = MOVES[action]
    start, end = (cell[1] + 0.36 * d_col, cell[0] + 0.36 * d_row), (cell[1] + 0.8 * d_col, cell[0] + 0.8 * d_row)
    ax.annotate("", xy=end, xytext=start, zorder=3.5, annotation_clip=False, arrowprops=dict(
        arrowstyle="-|>,head_width=0.25,head_length=0.4", color="black", linewidth=1.6, shrinkA=0, shrinkB=0))


def arrow(ax, cell, action):
    """An arrow across a cell."""
    d_row, d_col = np.array(MOVES[action]) * 0.3
    halo = [withStroke(linewidth=4, foreground="white"), Normal()]
    ax.annotate("", xy=(cell[1] + d_col, cell[0] + d_row), xytext=(cell[1] - d_col, cell[0] - d_row), zorder=3,
                arrowprops=dict(arrowstyle="-|>,head_width=0.25,head_length=0.4", color="black", linewidth=1.5,
                                shrinkA=0, shrinkB=0, path_effects=halo))
