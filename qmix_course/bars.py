"""Progress bars that leave nothing behind.

tqdm writes to stderr, and Jupyter keeps an empty red stripe where that was. So in a notebook a bar is a display of its
own, which goes away at the end: with all output of the cell where there is no other, else by becoming empty.
QMIX_COURSE_PROGRESS=0 in the environment turns all bars off.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from tqdm import tqdm


def bar(iterable: Iterable | None = None, **options) -> tqdm:
    """A tqdm bar that goes away at the end, in a terminal and in a notebook; ``options`` are tqdm's."""
    options = {"leave": False, "disable": os.environ.get("QMIX_COURSE_PROGRESS") == "0", **options}
    if not options["disable"] and _notebook() is not None:
        options = {"file": _Display(), "position": 0, "mininterval": 0.25, **options}
    return tqdm(iterable, **options)


def watch_cells() -> None:
    """From the next cell of this notebook on, know whether a cell shows anything but bars. ``lesson.start`` asks for
    it."""
    shell = _notebook()
    if shell is not None:
        shell.events.register("pre_run_cell", _begin_cell)


def _notebook():
    """The IPython shell of a notebook, or None elsewhere, also in IPython in a terminal."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell if hasattr(shell, "kernel") else None


class _Cell:
    """What a cell has shown so far: ``own`` messages of bars, ``alive`` bars, and how many messages there were before
    it."""

    def __init__(self, before: int | None = None):
        self.before, self.own, self.alive = before, 0, 0

    def shows_nothing_else(self) -> bool:
        """Everything that is shown is a message, and so the kernel's number of messages tells."""
        if self.before is None:
            return False
        sys.stdout.flush()
        sys.stderr.flush()
        return _notebook().kernel.session.message_count - self.before == self.own


def _begin_cell(*_) -> None:
    shell = _notebook()
    shell.qmix_course_cell = _Cell(getattr(getattr(shell.kernel, "session", None), "message_count", None))


class _Display:
    """The file that a bar writes to: shows the last line written, and nothing after a blank one."""

    encoding = "utf-8"

    def __init__(self):
        self.handle = None
        self.cell = getattr(_notebook(), "qmix_course_cell", None) or _Cell()

    def write(self, text: str) -> None:
        from IPython.display import clear_output, display

        shown = {"text/plain": text.strip()}
        if not text.strip():
            if self.handle is None:
                return
            self.cell.alive -= 1
            if self.cell.alive == 0 and self.cell.shows_nothing_else():
                clear_output()
            else:
                self.handle.update({}, raw=True)                # a display without content takes no room
            self.handle = None
        elif self.handle is None:
            self.handle = display(shown, raw=True, display_id=True)
            self.cell.alive += 1
        else:
            self.handle.update(shown, raw=True)
        self.cell.own += 1

    def flush(self) -> None:
        pass
