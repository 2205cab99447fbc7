"""Robots in pictures: where they began, the ways they took, the shape that they make; and as a film."""

from matplotlib.patches import Circle

from qmix_course import errors, touch
from qmix_course.envs.formation import NEAR
from qmix_course.envs.formation_watch import Tracks

from . import _inputs
from ._animation import inputs, made, rgb
from ._style import COLOURS, Plot, number, panels, picture

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


def animate_tracks(episode, path=None, fps=4, title=None):
    """An episode of robots as a film, `fps` steps a second, as `animate` shows one of the grid world: the robots and
    the ways they took, how far they see, who is in whose way.

    `episode`: one of those that `formation_watch.follow` gives; `path` writes a file too, .png or .gif. Returns an
    `Animation`; where no scripts run it is the picture of `tracks`.
    """
    errors.instance("episode", episode, Tracks)
    path, fps, title = inputs(path, fps, title, "Robots on a plane")
    times, text = range(len(episode.places)), f"Animation: {title}"     # no more: how it goes may come out of training
    piece = touch.robots(episode.places.round(decimals=4).tolist(), episode.goals.round(decimals=4).tolist(),
                         [_close(episode.places[t]) for t in times], episode.rewards.tolist(), episode.size,
                         episode.view, title, _end(episode), 1 / fps, picture(tracks(episode, title).png(), text))
    return made([_frame(episode, t, title) for t in times], fps, text, piece, path)


def _end(each):
    steps = len(each.rewards)
    return (f"{'the shape is there' if each.formed else 'no shape'}, {steps} step{'s' if steps != 1 else ''}, return "
            f"{number(float(each.rewards.sum()))}")


def _close(places):
    """The pairs (i, j), i < j, that are in each other's way, from places[N, 2]."""
    apart = (places[:, None] - places).square().sum(-1).sqrt()
    return (apart < NEAR).triu(1).nonzero().tolist()


def _frame(each, t, title):
    """The plane at time t as an RGB array; every frame has the same size and the same places."""
    figure = Plot(figsize=(3.6, 4.1), dpi=90)
    figure.suptitle(title, y=0.985, va="top")
    ax = figure.add_axes((0.03, 0.02, 0.94, 0.84))
    ax.set(xlim=(-0.4, each.size + 0.4), ylim=(-0.4, each.size + 0.4), aspect="equal", xticks=[], yticks=[])
    ax.grid(False)
    ax.plot(*each.goals.T.tolist(), "x", color="#444444", markersize=9, markeredgewidth=1.5, zorder=1)
    for i, place in enumerate(each.places[t].tolist()):
        colour = COLOURS[i % len(COLOURS)]
        ax.add_patch(Circle(place, each.view, fill=False, linestyle="--", linewidth=0.8, edgecolor=colour))
        ax.plot(*zip(*each.places[:t + 1, i].tolist()), "-", color=colour, linewidth=1.6, zorder=2)
        ax.plot(*place, "o", color=colour, markersize=12, zorder=4)
        ax.text(*place, str(i + 1), ha="center", va="center_baseline", color="white", fontsize=8, fontweight="bold",
                zorder=5)
    for i, j in _close(each.places[t]):
        ax.plot(*each.places[t, [i, j]].T.tolist(), "-", color="#CC0000", linewidth=6, zorder=3)
    ax.set_title("start" if t == 0 else f"step {t}" if t < len(each.rewards) else _end(each), fontsize=9)
    return rgb(figure)


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
