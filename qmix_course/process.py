"""What the environment of this process asks for, read in one place: threads, the progress bar, what can be printed."""

from __future__ import annotations

import os
import re
import sys


def threads() -> int:
    """The threads to compute with: OMP_NUM_THREADS if it says so, else 1.

    The course's networks are so small that a second thread costs more than it brings. Of a list ("4,2", one number for
    each level of nesting) the first number counts; what is no number above 0 counts as not set.
    """
    first = re.fullmatch(r"\s*(\d{1,4})\s*(,.*)?", os.environ.get("OMP_NUM_THREADS", ""), re.DOTALL)
    return max(1, int(first[1])) if first else 1


def forgive_output() -> None:
    """From now on a character that standard output or error cannot show becomes "?" there, and is no error.

    Where output goes into a file or a pipe, its encoding may know no "ε", "→" or "·" (on Windows, or with LC_ALL=C).
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="replace")


def shows(text: str) -> bool:
    """Whether standard output can show every character of ``text``."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
