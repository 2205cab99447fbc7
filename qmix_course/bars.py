"""Progress bars that leave nothing behind.

tqdm writes to stderr, and Jupyter keeps an empty red stripe where that was. So in a notebook a bar is a display of its own,
which is emptied at the end. QMIX_COURSE_PROGRESS=0 in the environment turns all bars off.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from tqdm import tqdm


def bar(iterable: Iterable | None = None, **options) -> tqdm:
    """A tqdm bar that goes away at the end, in a terminal and in a notebook; ``options`` are tqdm's."""
    options = {"leave": False, "disable": os.environ.get("QMIX_COURSE_PROGRESS") == "0", **options}
    if not options["disable"] and _in_notebook():
        options = {"file": _Display(), "position": 0, "ncols": 100, "mininterval": 0.25, **options}
    return tqdm(iterable, **options)


def _in_notebook() -> bool:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")                             # IPython in a terminal has none


class _Display:
    """The file that a bar writes to: shows the last line written, and nothing after a blank one."""

    encoding = "utf-8"

    def __init__(self):
        self.handle = None

    def write(self, text: str) -> None:
        text = text.strip()
        shown = {"text/plain": text} if text else {}             # a display without content takes no room
        if self.handle is not None:
            self.handle.update(shown, raw=True)
        elif text:
            from IPython.display import display

            self.handle = display(shown, raw=True, display_id=True)

    def flush(self) -> None:
        pass
