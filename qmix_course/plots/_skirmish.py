"""Battles in pictures: who stands where with how much health, who shoots at whom, who has fallen; and as a film."""

import numpy as np
from matplotlib.patches import Circle, Rectangle, RegularPolygon

from qmix_course import errors, touch
from qmix_course.envs.skirmish_watch import Scenes

from . import _inputs
from ._animation import inputs, made, rgb
from ._style import COLOURS, Plot, canvas, number, panels, picture

TEAM, ENEMY, GONE = COLOURS[0], COLOURS[1], "#999999"
RADIUS, INCHES, MARGIN = 0.45, 0.1, 1.3           # of a unit: in places, but at least so many inches


def battle(scenes, t=0, ax=None, title=None):
    """One moment of a battle: the team as numbered circles, enemies as numbered diamonds, who has fallen as a cross.

    `scenes` is one of those that `skirmish_watch.watch` gives. A bar says how much health is left; a line is a shot
    that the coming step brings. With several kinds of units, m, s or z beside the number says which. Of the field the
    part is shown in which this battle takes place; units that would hide each other are drawn a little apart.
    """
    scenes, t = _scenes(scenes), _inputs.whole("t", t, 0)
    if t >= len(scenes.places):
        raise ValueError(f"t: expected at most {len(scenes.places) - 1}, the battle's last moment, got {t}")
    title = _inputs.text("title", title) or _heading(scenes, t)
    low, high = _part(scenes)
    width, height = (high - low) * 0.3
    figure, ax = canvas(ax, (max(width, 2.6), height + 0.5), "compressed")
    _moment(ax, scenes, t, 0.3, title)
    return figure


def battle_strip(scenes, moments=None, title=None, per_row=4):
    """Several moments of a battle side by side: `moments`, or eight that are spread over all of it."""
    scenes, title, per_row = _scenes(scenes), _inputs.text("title", title), _inputs.whole("per_row", per_row, 1)
    last = len(scenes.places) - 1
    if moments is None:
        moments = np.unique(np.linspace(0, last, min(8, last + 1)).round().astype(int))
    moments = _inputs.integers("moments", moments, (None,), low=0, high=last)
    if not len(moments):
        raise ValueError("moments: expected at least one, got none")
    columns = min(per_row, len(moments))
    rows = -(-len(moments) // columns)
    low, high = _part(scenes)
    scale = min(0.22, 2.8 / (high - low)[0])                        # inches for each unit of length
    width, height = (high - low) * scale
    figure, axes = panels(rows, columns, (width * columns + 0.4, (height + 0.65) * rows + 0.4),
                          title or _end(scenes), "compressed", squeeze=False)
    for ax, t in zip(axes.flat, moments.tolist()):
        _moment(ax, scenes, t, scale, _heading(scenes, t))
    for ax in axes.flat[len(moments):]:
        ax.remove()
    return figure


def animate_battle(scenes, path=None, fps=3, title=None):
    """A battle as a film, `fps` steps a second, as `animate` shows an episode of the grid world.

    `scenes` as in `battle`; `path` writes a file too, .png or .gif. Returns an `Animation`.
    """
    scenes = _scenes(scenes)
    path, fps, title = inputs(path, fps, title, "One battle")
    text = f"Animation: {title}"                # no more: how it goes may come out of training
    low, high = _part(scenes)
    places = [[[round(x, 2), round(y, 2)] for x, y in _apart(scenes, t, RADIUS)] for t in range(len(scenes.places))]
    data = {"places": places, "health": scenes.health.tolist(), "full": scenes.full.tolist(),
            "shots": [each.nonzero().tolist() for each in scenes.shots], "rewards": scenes.rewards.tolist()}
    piece = touch.battle(**data, n=scenes.n, letters=_letters(scenes), part=[*low.tolist(), *high.tolist()],
                         title=title, end=_end(scenes), seconds=1 / fps,
                         still=picture(battle_strip(scenes, title=title).png(), text))
    return made([_frame(scenes, t, title) for t in range(len(scenes.places))], fps, text, piece, path)


def _moment(ax, scenes, t, scale, title):
    _draw(ax, scenes, t, scale)
    standing = [int((side > 0).sum()) for side in (scenes.health[t, :scenes.n], scenes.health[t, scenes.n:])]
    ax.set(title=title, xlabel=f"{standing[0]} against {standing[1]}")
    ax.alt = f"{title}: {_words(scenes, t)}"


def _scenes(scenes):
    return errors.instance("scenes", scenes, Scenes)


def _part(scenes):
    """The lower left and upper right corner of the part of the field that is shown."""
    places = scenes.places.double().numpy().reshape(-1, 2)
    low, high = places.min(0) - MARGIN, places.max(0) + MARGIN
    middle, half = (low + high) / 2, np.maximum(high - low, 6) / 2
    return middle - half, middle + half


def _number(scenes, u):
    """Units are counted from 1 on either side."""
    return u + 1 if u < scenes.n else u - scenes.n + 1


def _apart(scenes, t, radius):
    """Where the units are drawn at time t: of those that stand on each other, each later one more to the right."""
    places, alive, near = scenes.places[t].tolist(), (scenes.health[t] > 0).tolist(), 1.6 * radius
    for u, place in enumerate(places):
        while alive[u] and any(alive[v] and max(abs(place[0] - x), abs(place[1] - y)) < near - 1e-9
                               for v, (x, y) in enumerate(places[:u])):
            place[0] += near
    return places


def _letters(scenes):
    return scenes.letters if len(set(scenes.letters)) > 1 else " " * len(scenes.letters)


def _end(scenes):
    steps = len(scenes.rewards)
    how = "won" if scenes.won else "not won"
    return f"{steps} step{'s' if steps != 1 else ''}, {how}, return {number(float(scenes.rewards.sum()))}"


def _heading(scenes, t):
    return "start" if t == 0 else f"end, step {t}" if t == len(scenes.rewards) else f"step {t}"


def _words(scenes, t):
    """Who is left with how much health, and who shoots, for the alt text."""
    left = [f"{'agent' if u < scenes.n else 'enemy'} {_number(scenes, u)} has {scenes.health[t, u]:g} of "
            f"{scenes.full[u]:g}" for u in range(len(scenes.full)) if scenes.health[t, u] > 0]
    fired = 0 if t == len(scenes.shots) else int(scenes.shots[t].sum())
    return f"{', '.join(left) or 'nobody is left'}; {fired} shots in the coming step"


def _draw(ax, scenes, t, scale):
    (low, high), radius = _part(scenes), max(RADIUS, INCHES / scale)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(True)
    places = _apart(scenes, t, radius)
    health, full = scenes.health[t].double().numpy(), scenes.full.double().numpy()
    if t < len(scenes.shots):
        for shooter, hit in scenes.shots[t].nonzero().tolist():
            ax.plot(*zip(places[shooter], places[hit]), linestyle="-" if shooter < scenes.n else (0, (4, 2)),
                    linewidth=1.8, alpha=0.8, zorder=2, color=TEAM if shooter < scenes.n else ENEMY)
    for u in np.argsort(health > 0, kind="stable"):                 # the fallen lie below the others
        x, y = places[u]
        ours = u < scenes.n
        colour = (TEAM if ours else ENEMY) if health[u] > 0 else GONE
        if health[u] <= 0:
            ax.plot(x, y, "x", color=colour, markersize=7, markeredgewidth=2, zorder=1)
            continue
        shape = Circle((x, y), radius) if ours else RegularPolygon((x, y), 4, radius=1.3 * radius)
        shape.set(facecolor=colour, edgecolor="white", linewidth=0.8, zorder=3)
        ax.add_patch(shape)
        name = f"{_number(scenes, u)}{_letters(scenes)[u].strip()}"
        ax.text(x, y, name, ha="center", va="center_baseline", fontsize=9, fontweight="bold", color="white", zorder=4)
        share = health[u] / full[u]
        bar = dict(zorder=3.5, linewidth=0.6, edgecolor="#333333")
        corner = (x - 1.2 * radius, y + 1.4 * radius)
        for part, face in ((1.0, "white"), (share, "#009E73" if share > 0.4 else "#CC0000")):
            ax.add_patch(Rectangle(corner, 2.4 * radius * part, 0.45 * radius, facecolor=face, **bar))


def _frame(scenes, t, title):
    """The battle at time t as an RGB array; every frame has the same size and the same places."""
    low, high = _part(scenes)
    width, height = (high - low) * 0.3
    figure = Plot(figsize=(max(width, 3.0) + 0.2, height + 0.75), dpi=90)
    figure.suptitle(title, y=0.985, va="top")
    ax = figure.add_axes((0.02, 0.02, 0.96, height / (height + 0.75) - 0.02))
    _draw(ax, scenes, t, 0.3)
    ax.set_title(_heading(scenes, t) if t < len(scenes.rewards) else _end(scenes), fontsize=9)
    return rgb(figure)
