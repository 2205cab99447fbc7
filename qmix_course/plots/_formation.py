"""Robots in pictures: where they began, the ways they took, the shape that they make."""

from qmix_course import errors
from qmix_course.envs.formation_watch import Tracks

from . import _inputs
from ._style import COLOURS, number, panels

HELD = 8                    # episodes in one figure


def tracks(episodes, title=None, per_row=4):
    """The ways of the robots, one panel for each episode: an open circle where a robot began, its way, and a full
    circle with its number where it is at the end. Crosses are the shape, laid over the last places.

    `episodes`: up to 8 of those that `formation_watch.follow` gives, or one.
    """
    episodes = [episodes] if isinstance(episodes, Tracks) else errors.sequence("episodes", episodes, "episodes")
    if not 1 <= len(episodes) <= HELD:
        raise ValueError(f"episodes: expected 1 to {HELD}, got {len(episodes)}")
    for each in episodes:
        errors.instance("episodes", each, Tracks)
    title, per_row = _inputs.text("title", title), _inputs.whole("per_row", per_row, 1)
    columns = min(per_row, len(episodes))
    rows = -(-len(episodes) // columns)
    figure, axes = panels(rows, columns, (2.5 * columns + 0.4, 3.1 * rows + 0.4), title or "The ways of the robots",
                          "constrained", squeeze=False)
    for ax, each in zip(axes.flat, episodes):
        _draw(ax, each)
    for ax in axes.flat[len(episodes):]:
        ax.remove()
    return figure


def _draw(ax, each):
    steps, n = len(each.rewards), each.places.shape[1]
    how = "the shape is there" if each.formed else "no shape"
    ax.set(xlim=(-0.4, each.size + 0.4), ylim=(-0.4, each.size + 0.4), aspect="equal", xticks=[], yticks=[],
           title=f"{how}, {steps} step{'s' if steps != 1 else ''}",
           xlabel=f"return {number(float(each.rewards.sum()))}, in the way {int(each.crowded[1:].sum())}")
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(True)
    ax.plot(*each.goals.T.tolist(), "x", color="#444444", markersize=9, markeredgewidth=1.5, zorder=1)
    for i in range(n):
        way, colour = each.places[:, i].tolist(), COLOURS[i % len(COLOURS)]
        ax.plot(*zip(*way), "-", color=colour, linewidth=1.6, zorder=2)
        ax.plot(*way[0], "o", markerfacecolor="white", color=colour, markersize=7, zorder=3)
        ax.plot(*way[-1], "o", color=colour, markersize=12, zorder=4)
        ax.text(*way[-1], str(i + 1), ha="center", va="center_baseline", color="white", fontsize=8, fontweight="bold",
                zorder=5)
    robots = "; ".join(f"robot {i + 1} from ({x:.1f}, {y:.1f}) to ({u:.1f}, {v:.1f})" for i, ((x, y), (u, v)) in
                       enumerate(zip(each.places[0].tolist(), each.places[-1].tolist())))
    ax.alt = f"{ax.get_title()}: {robots}"
