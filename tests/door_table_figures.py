"""The public doors of the figures, as door_table.py has those of all else."""

import matplotlib
import numpy as np
import torch
from doors import (
    AX,
    FILM,
    HISTORY,
    Film,
    Slot,
    axes,
    fixed,
    function,
    number,
    numbers,
    switch,
    text,
    thing,
    whole,
    word,
)

from qmix_course import plots, touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.mixers import QMixer

LABELS_OF_2 = Slot(fixed(None), lambda v: v is None or isinstance(v, (list, tuple, range)) and len(v) == 2 and all(
    isinstance(each, (str, int, float)) for each in v))
COUNT = whole(2, 1, 10**9)
BEST = numbers(1.0, none=True)
FIGURES = [
    function("moving_average", plots.moving_average, values=numbers([1.0, 2.0], nan=True), window=whole(2)),
    function("curves", lambda title, best_return, window,
             **history: plots.curves(Film(**history), title, best_return, window),
             title=text(), best_return=BEST, window=whole(2), **HISTORY),
    function("curves of", plots.curves,
             history=Slot(lambda: Film(**{name: slot.good() for name, slot in HISTORY.items()}))),
    function("seeds", plots.seeds,
             histories=Slot(lambda: [Film(**{name: slot.good() for name, slot in HISTORY.items()})]),
             column=Slot(fixed("loss"), lambda v: v in HISTORY, ("histories",)),
             labels=Slot(fixed(None), lambda v: v is None), best_return=BEST, ax=AX, title=text()),
    function("lines", plots.lines, x=numbers([1.0, 2.0]), values=numbers([1.0, 2.0], nan=True), title=text(),
             xlabel=text(), ylabel=text(), log=switch(),
             best=BEST, markers=switch(), ax=thing(axes, matplotlib.axes.Axes, none=True)),
    function("schedule", plots.schedule, values=numbers([1.0, 0.5], nan=True), steps=numbers([0, 1], none=True),
             title=text(), ax=AX),
    function("bands", plots.bands, values=Slot(lambda: {"a": ([1.0, 2.0], [1.0, 1.0], [0.0, 0.0], [2.0, 2.0])}),
             title=text(), xlabel=text(), ylabel=text(), best=BEST, steps=switch(), ax=AX),
    function("bars", plots.bars, values=Slot(lambda: {"a": 1.0, "b": 2.0}, lambda v: v == {"a": 1}), title=text(),
             xlabel=text(), intervals=Slot(lambda: {"a": (0.5, 1.5)}, lambda v: v is None or v == {}), best=BEST,
             fmt=Slot(fixed("{:.2f}")), log=switch(), dots=switch(), ax=AX),
    function("board", plots.board, positions=FILM["goals"], size=whole(3, 3, 30), goals=FILM["goals"], ax=AX,
             title=text(), walls=Slot(lambda: torch.tensor([[1, 1]]), lambda v: legal_cells(v))),
    function("film_strip", lambda title, per_row, max_boards,
             **film: plots.film_strip(Film(**film), title, per_row, max_boards),
             title=text(), per_row=COUNT, max_boards=whole(4, 2, 10**9), **FILM),
    function("animate", lambda path, fps, title, **film: plots.animate(Film(**film), path, fps, title),
             path=Slot(fixed(None), lambda v: v is None), fps=numbers(2.0, low=1e-6, high=50.0), title=text(), **FILM),
    function("beliefs", plots.beliefs, values=numbers([[[1.0, 2.0], [3.0, 4.0]]], nan=True),
             size=whole(2, 2, 2, called=("values",)), goals=numbers([[0, 0]], whole=True, low=0, high=1, none=True),
             policy=numbers([[[0, 1], [2, 3]]], whole=True, low=-1, high=3, none=True), title=text(), label=text(),
             titles=Slot(fixed(None), lambda v: v is None)),
    function("start_map", plots.start_map,
             values=numbers([[[[1.0, 2.0], [0.0, 1.0]]] * 2] * 2, nan=True, whole=True, low=-1, high=2),
             size=whole(2, 2, 2, called=("values",)), title=text(), ax=AX,
             names=Slot(fixed(("a", "b", "c")), lambda v: v is None or isinstance(v, (list, tuple, range))
                        and len(v) == 3 and all(isinstance(each, (str, int)) for each in v))),
    function("field", plots.field, predators=numbers([[2, 0], [0, 2]], whole=True, low=0, high=2, called=("sees",)),
             prey=Slot(FILM["goals"].good, lambda v: FILM["goals"].legal(v)
                       or type(v) is torch.Tensor and bool((v == -1).all())), size=whole(3, 3, 30), sees=whole(0, 0, 1),
                       view=whole(1, 0, 10**6), ax=AX, title=text()),
    function("graph", plots.graph, boxes=Slot(lambda: {"a": (0, 0, "A"), "b": (1, 0, "B")}),
             arrows=Slot(lambda: [("a", "b", "")], lambda v: v in ([], ())), title=text(),
             regions=Slot(lambda: [(0, 0, 1, 1, "r")], lambda v: v in ([], ())), scale=numbers([1.0, 1.0], low=1e-6),
             fontsize=number(10.0, 0.0, 200.0, 0.0)),
    function("surface", plots.surface, f=Slot(lambda: lambda a, b: a + b, callable), title=text(),
             lims=numbers([-1.0, 1.0]), points=whole(9, 3, 200), three_d=switch(), arrows=switch(),
             xlabel=text(), ylabel=text(), zlabel=text(), ax=AX),
    function("table", plots.table, values=numbers([[1.0, 2.0], [3.0, 4.0]], nan=True), row_labels=LABELS_OF_2,
             col_labels=LABELS_OF_2, title=text(),
             highlight=Slot(fixed("max"), lambda v: v is None), ax=AX, fmt=Slot(fixed("{:.1f}"), lambda v: v is None),
             ylabel=text(), xlabel=text(), limits=numbers([0.0, 1.0], none=True)),
    function("tables", plots.tables, values=Slot(lambda: [torch.ones(2, 2), torch.ones(2, 2)]), titles=LABELS_OF_2,
             title=text(), highlight=Slot(fixed("max"), lambda v: v is None or v == [None, None]),
             fmt=Slot(fixed("{:.1f}"), lambda v: v is None)),
    function("panels", plots.panels, rows=whole(1, 1, 20), cols=whole(1, 1, 20),
             size=numbers([3.0, 2.0], low=0.1, high=999.0, none=True), title=text(),
             layout=word("constrained", "constrained", "compressed", "tight")),
    function("play", touch.play, size=whole(3, 2, 6)),
    function("draws", touch.draws, pools=Slot(lambda: {"one": [0.25] * 80, "two": [0.5] * 80})),
    function("parts", touch.parts, shares=Slot(lambda: {"play": 0.2, "learn": 0.8}), doublings=whole(6, 1, 20)),
    function("dice", touch.dice, epsilon=number(0.75, 0.0, 1.0)),
    function("surface", touch.surface, mixer=Slot(lambda: QMixer(2, 1, 2, 0), lambda v: v is None)),
    function("starts", touch.starts, teams=Slot(lambda: {"fresh": QMIX.for_env(GridWorld(3), seed=0)}),
             size=whole(3, 2, 6)),
]


def legal_cells(value):
    return value is None or numbers([[0, 0]], whole=True, low=0, high=2).legal(value) and np.shape(value)[1] == 2
