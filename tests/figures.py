"""One call of every figure of the course, what the calls draw, and what tests look at in a figure."""

import io
from types import SimpleNamespace

import numpy as np
import torch

from qmix_course import plots
from qmix_course.envs import Skirmish
from qmix_course.envs.skirmish_scripts import ScriptedTeam
from qmix_course.envs.skirmish_watch import watch

NAN = float("nan")
GOALS = [[4, 0], [0, 4]]
EPISODE = SimpleNamespace(size=5, goals=torch.tensor(GOALS), rewards=torch.tensor([-0.65, -0.45, -0.25, 10.0]),
                          positions=torch.tensor([[[k, 0], [4 - k, 4]] for k in range(5)]),
                          actions=torch.tensor([[1, 0]] * 4))
CLIMBING = [[11, -30, 0], [-30, 7, 6], [0, 0, 5]]


def changed(**parts):
    """The episode with other parts."""
    return SimpleNamespace(**{**vars(EPISODE), **parts})


def history(seed=0, length=30, **parts):
    rng = np.random.default_rng(seed)
    steps = 250 * np.arange(1, length + 1)
    columns = dict(steps=steps.tolist(), exploring_return=(-30 + rng.standard_normal(length)).tolist(),
                   greedy_return=rng.uniform(-10, 8.65, length).tolist(), loss=rng.uniform(0.1, 1, length).tolist(),
                   epsilon=np.linspace(1, 0.05, length).tolist())
    columns["exploring_return"][0] = columns["loss"][0] = NAN
    return SimpleNamespace(**{**columns, **parts})


def start_values():
    values = np.full((3, 3, 3, 3), 2)
    for r, c in np.ndindex(3, 3):
        values[r, c, r, c] = -1
    values[0, 0, 0, 1], values[0, 0, 2, 2], values[2, 0, 2, 1] = 0, 0, 1
    return values


def battle():
    env = Skirmish("3m", num_envs=2)
    return watch(env, ScriptedTeam(env, "weakest"))[1]


FIGURES = {
    "curves": lambda: plots.curves(history(), "One run", 8.65),
    "seeds": lambda: plots.seeds({"IQL": [history(k) for k in range(3)], "QMIX": [history(9)]}, best_return=8.65),
    "lines": lambda: plots.lines([0, 1, 2], {"a": [1, 2, 3], "b": [3, 2, 1]}, "Two", "x", "y", best=2),
    "schedule": lambda: plots.schedule({"default": [1, 0.5, 0.05]}, [0, 100, 200]),
    "bars": lambda: plots.bars({"IQL": [7, 7, 8], "QMIX": 8}, "Return", "return", {"QMIX": (7, 9)}, best=8),
    "table": lambda: plots.table(CLIMBING, title="Climbing", highlight="max"),
    "tables": lambda: plots.tables({"payoff": CLIMBING, "other": [[1, 2]]}, title="Both", highlight="max"),
    "surface": lambda: plots.surface(lambda a, b: a + 2 * b),
    "surface in space": lambda: plots.surface(lambda a, b: a + 2 * b, three_d=True),
    "board": lambda: plots.board(torch.tensor([[0, 0], [4, 4]]), 5, GOALS, walls=[[2, 2]]),
    "film_strip": lambda: plots.film_strip(EPISODE),
    "beliefs": lambda: plots.beliefs(np.arange(50.0).reshape(2, 5, 5), 5, GOALS, np.zeros((2, 5, 5), dtype=int)),
    "start_map": lambda: plots.start_map(start_values(), 3),
    "graph": lambda: plots.graph({"a": (0, 0, "replay"), "b": (1.5, 0, "batch")}, [("a", "b", "sample")], "Loop"),
    "battle": lambda: plots.battle(battle(), 6),
    "battle_strip": lambda: plots.battle_strip(battle()),
    "architecture": lambda: plots.architecture(),
    "mixer": lambda: plots.mixer(),
}
DIAGRAMS = {"graph", "architecture", "mixer"}  # no axes, so no axis labels


def png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", dpi=figure.dpi)
    return buffer.getvalue()


def charts(figure):
    """The axes of a figure but for its colour bars."""
    return [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def patches(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]
