"""In a notebook: which names a cell would have defined, had its last run not failed.

After a failed run the old definition is still there, and a check would judge that one.
"""

from __future__ import annotations

import re
import sys
from functools import cache

from qmix_course.checks.verdict import NotCorrect
from qmix_course.strangers import in_short

DEFINES = re.compile(r"^(?:async +)?(?:def|class) +(\w+)|^((?:(?:\w[\w, *]*|[(\[][\w, "
                     r"*]+[)\]])\s*(?::[^=\n]+)?(?:[-+*/@%&|^]|//|\*\*)?=(?!=)\s*)+)",
                     re.MULTILINE)


def defined(text: str) -> set[str]:
    """The names that a cell defines at its left margin; its text need not be right Python."""
    return {name for function, targets in DEFINES.findall(text)
            for name in re.findall(r"[^\W\d]\w*", function or re.sub(r":[^=]+=", "=", targets))}


class CellLog:
    """What became of the last run of each definition: ``failed``, a name → what the cell raised, in one line."""

    def __init__(self):
        self.failed: dict[str, str] = {}
        self._before: BaseException | None = None

    def begins(self, info) -> None:
        """A cell begins: what it defines is no longer what failed before."""
        self._before = getattr(sys, "last_value", None)
        for name in defined(info.raw_cell or ""):
            self.failed.pop(name, None)

    def ends(self, result) -> None:
        """A cell has ended, well or badly."""
        error = result.error_before_exec or result.error_in_exec
        shown = getattr(sys, "last_value", None)            # %%time and its like show an error and go on
        if error is None and shown is not self._before and (result.info.raw_cell or "").lstrip().startswith("%%"):
            error = shown
        if error is not None and not isinstance(error, NotCorrect):
            said = in_short(error)
            self.failed |= dict.fromkeys(defined(result.info.raw_cell or ""), said)


@cache
def log_of(shell) -> CellLog:
    """The log of a notebook's kernel, which begins now."""
    log = CellLog()
    shell.events.register("pre_run_cell", log.begins)
    shell.events.register("post_run_cell", log.ends)
    return log


def log() -> CellLog | None:
    """The log of the notebook that this runs in; None elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return log_of(shell) if hasattr(shell, "kernel") else None
