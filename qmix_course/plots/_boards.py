"""The grid world in pictures: one board, an episode as a film strip, beliefs, every start position."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch, Rectangle

from . import _inputs
from ._pieces import ARROWS, arrow, nudge, squares, star, token
from ._style import COLOURS, canvas, number, panels
from ._tables import colour_scale, heat

STARTS = ("never reaches both goals", "reaches them, but slower", "optimal")


def board(positions, size, goals, ax=None, title=None, walls=None):
    """One picture of the board: agents as numbered shapes, goals as stars of the same colour.

    `positions` [N, 2] and `goals` [N, 2] hold (row, column), row 0 on top; `walls` [W, 2] are blocked cells.
    """
    size = _inputs.size_of("size", size)
    positions = _inputs.cells("positions", positions, size)
    goals = _inputs.cells("goals", goals, size, count=len(positions))
    walls = [] if walls is None else _inputs.cells("walls", walls, size)
    title = _inputs.text("title", title) or "The board"
    figure, ax = canvas(ax, (0.8 + 0.52 * size, 1.0 + 0.52 * size), "compressed")
    squares(ax, size)
    for r, c in walls:
        ax.add_patch(Rectangle((c - 0.5, r - 0.5), 1, 1, facecolor="#555555", edgecolor="black", hatch="xx"))
    for i, cell in enumerate(goals):
        star(ax, cell, i, numbered=not (positions == cell).all(axis=1).any())
    for i, cell in enumerate(positions):
        token(ax, cell, i, [k for k in range(len(positions)) if (positions[k] == cell).all()])
    ax.set(xlabel="column", ylabel="row")
    ax.set_title(title)
    ax.alt = f"{title}: a board of {size} by {size}, {_places(positions, goals)}"
    return figure


def _places(positions, goals):
    """Where everybody is, in words, for the figure's alt text."""
    return ", ".join(f"agent {i} in row {r} and column {c}" + (" on its goal" if (r, c) == tuple(goal) else "")
                     for i, ((r, c), goal) in enumerate(zip(positions.tolist(), goals.tolist()), 1))


def film_strip(episode, title=None, per_row=6, max_boards=12):
    """A row of boards, one a step: arrows show what each agent is about to do, the text below what it earned.

    `episode` has `.positions` [T+1, N, 2], `.actions` [T, N] (0 up, 1 down, 2 left, 3 right, -1 none), `.rewards`
    [T], `.size` and `.goals` [N, 2]. Of a long episode the first `max_boards` - 1 boards and the last are shown.
    """
    film, title = read_episode(episode), _inputs.text("title", title)
    per_row, max_boards = _inputs.whole("per_row", per_row, 1), _inputs.whole("max_boards", max_boards, 2)
    steps = len(film.actions)
    shown = list(range(steps + 1))
    if len(shown) > max_boards:
        shown = shown[: max_boards - 1] + [steps]
    cols = min(per_row, len(shown))
    rows = -(-len(shown) // cols)
    agents = film.positions.shape[1]
    text_lines = 1 + -(-agents // 3)
    size = (1.75 * cols, (2.25 + 0.17 * text_lines) * rows + 0.3)
    figure, axes = panels(rows, cols, size, layout="compressed", squeeze=False)
    figure.suptitle(title or f"One episode: {film.length}, return {number(film.total)}")
    for ax in axes.flat[len(shown):]:
        ax.remove()
    for ax, t in zip(axes.flat, shown):
        draw_moment(ax, film, t)
    if len(shown) <= steps:
        axes.flat[len(shown) - 1].set_title(f"\N{HORIZONTAL ELLIPSIS} end, step {steps}", pad=10)
    return figure


def beliefs(values, size, goals=None, policy=None, title=None, label="value of the best action", titles=None):
    """What each agent believes where: a heat map of the board for each agent.

    `values` [N, size, size] is indexed by agent, row, column (NaN cells are hatched); `policy` [N, size, size] holds
    the preferred action of each cell (0 up, 1 down, 2 left, 3 right, -1 none) and is drawn as arrows.
    """
    size = _inputs.size_of("size", size)
    values = _inputs.array("values", values, shape=(None, size, size))
    count = len(values)
    goals = None if goals is None else _inputs.cells("goals", goals, size, count=count)
    policy = None if policy is None else _inputs.integers("policy", policy, (count, size, size), low=-1, high=3)
    titles = _inputs.labels("titles", titles, count) or [f"agent {i + 1}" for i in range(count)]
    _inputs.text("label", label)
    title = _inputs.text("title", title) or "What each agent believes"
    norm = colour_scale(values, None)
    inches = (1.2 + (0.9 + 0.5 * size) * count, 1.3 + 0.5 * size)
    figure, axes = panels(1, count, inches, title, "compressed", squeeze=False)
    for i, ax in enumerate(axes[0]):
        image = heat(ax, values[i], norm)
        if goals is not None:
            star(ax, goals[i], i)
        if policy is not None:
            for r, c in np.argwhere((policy[i] >= 0) & ~np.isnan(values[i])):
                arrow(ax, (r, c), policy[i, r, c])
        ax.set_xticks(range(size))
        ax.set_yticks(range(size))
        ax.set(xlabel="column", ylabel="row")
        ax.set_title(titles[i])
    figure.colorbar(image, ax=list(axes[0]), label=label, shrink=0.9)
    return figure


def start_map(values, size, title=None, ax=None, names=STARTS):
    """Every start position tried, as a board of boards.

    The large square says where agent 1 starts; inside it, the small square says where agent 2 starts. `values`
    [size, size, size, size] (row 1, column 1, row 2, column 2) or [size*size, size*size] (cell = row * size + column)
    holds 2 optimal, 1 reaches the goals but slower, 0 never, and -1 (or NaN) where there is no such start.
    """
    size = _inputs.size_of("size", size)
    values = _inputs.array("values", values)
    if values.shape not in ((size,) * 4, (size * size,) * 2):
        raise ValueError(f"values: expected shape {[size] * 4} or {[size * size] * 2}, got {list(values.shape)}")
    values = np.where(np.isnan(values), -1, values).reshape((size,) * 4)
    if not np.isin(values, (-1, 0, 1, 2)).all():
        raise ValueError("values: expected 2 (optimal), 1 (slower), 0 (never) or -1 (no such start), "
                         f"got {np.unique(values)}")
    names = _inputs.labels("names", STARTS if names is None else names, 3)
    counts = [int((values == k).sum()) for k in range(3)]
    title = _inputs.text("title", title) or f"Optimal from {counts[2]} of {sum(counts)} starts"
    figure, ax = canvas(ax, (6.4, 6.6), "compressed")

    picture = values.transpose(0, 2, 1, 3).reshape(size * size, size * size)  # rows (r1, r2), columns (c1, c2)
    colours = ("#ffffff", COLOURS[4], "#b5ddf5", COLOURS[0])
    ax.imshow(picture, cmap=ListedColormap(colours), vmin=-1, vmax=2, interpolation="nearest")
    ax.set_xticks(np.arange(size * size + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(size * size + 1) - 0.5, minor=True)
    ax.grid(False, which="major")
    ax.grid(True, which="minor", color="white", linewidth=0.7)
    for k in range(size + 1):
        ax.axhline(k * size - 0.5, color="black", linewidth=2)
        ax.axvline(k * size - 0.5, color="black", linewidth=2)
    never = np.argwhere(picture == 0)
    nowhere = np.argwhere(picture == -1)
    for marker, places, scale in (("x", never, 120), (".", nowhere, 90)):  # signs that survive a print in grey
        if len(places):
            ax.plot(places[:, 1], places[:, 0], marker, color="black", markersize=max(2, scale / size**2),
                    linestyle="none")
    middle = np.arange(size) * size + (size - 1) / 2
    ax.set_xticks(middle, range(size))
    ax.set_yticks(middle, range(size))
    ax.tick_params(which="both", length=0)
    ax.set(xlabel="column of agent 1 (inside each square: column of agent 2)",
           ylabel="row of agent 1 (inside each square: row of agent 2)")
    ax.set_title(title)
    patches = [Patch(facecolor=colours[k + 1], edgecolor="black", label=f"{names[k]}: {counts[k]}",
                     hatch="" if k else "xx") for k in (2, 1, 0)]
    if len(nowhere):
        patches.append(Patch(facecolor=colours[0], edgecolor="black", label="no such start", hatch=".."))
    ax.legend(handles=patches, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
    ax.alt = f"{title}. Every start on a board of {size} by {size}: " + ", ".join(
        f"{names[k]} {counts[k]}" for k in (2, 1, 0))
    return figure


class Film:
    """An episode read and checked: numpy arrays, and the return."""

    def __init__(self, positions, actions, rewards, size, goals):
        self.positions, self.actions, self.rewards, self.size, self.goals = positions, actions, rewards, size, goals
        self.total = float(rewards.sum())
        self.length = f"{len(actions)} step{'s' if len(actions) > 1 else ''}"

    def settled(self, t):
        """[N] True where an agent sits on its goal at time t, and so does not move."""
        return (self.positions[t] == self.goals).all(axis=-1)


def read_episode(episode):
    """Check an episode's attributes and shapes."""
    get = {name: _inputs.attribute("episode", episode, name)
           for name in ("positions", "actions", "rewards", "size", "goals")}
    size = _inputs.size_of("episode.size", get["size"])
    goals = _inputs.cells("episode.goals", get["goals"], size)
    agents = len(goals)
    rewards = _inputs.array("episode.rewards", get["rewards"], ndim=1, allow_nan=False)
    steps = len(rewards)
    actions = _inputs.integers("episode.actions", get["actions"], (steps, agents), low=-1, high=3)
    positions = _inputs.integers("episode.positions", get["positions"], (steps + 1, agents, 2), low=0, high=size - 1)
    return Film(positions, actions, rewards, size, goals)


def draw_moment(ax, film, t):
    """Draw the board at time t of a film, with the coming actions and the reward that they earn."""
    board(film.positions[t], film.size, film.goals, ax=ax, title="The board")
    ax.set_title("start" if t == 0 else f"step {t}", pad=10)  # room for an arrow that points off the board
    ax.set(xticks=[], yticks=[], ylabel="")
    ax.alt = f"{ax.get_title()}: {_places(film.positions[t], film.goals)}"
    if t == len(film.actions):
        ax.set_title(f"end, step {t}", pad=10)
        ax.set_xlabel(f"return {number(film.total)}", fontweight="bold", labelpad=8)
        return
    signs = []
    for i, action in enumerate(film.actions[t]):
        rests = film.settled(t)[i] or action < 0
        signs.append(f"{i + 1} {'rests' if rests else ARROWS[action]}")
        if not rests:
            nudge(ax, film.positions[t, i], action)
    lines = ["   ".join(signs[k:k + 3]) for k in range(0, len(signs), 3)]
    ax.set_xlabel("\n".join(lines + [f"reward {number(film.rewards[t])}"]), labelpad=8)
