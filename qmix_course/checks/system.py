"""What an answer may ask of the operating system for the whole program, and how it is put back: alarms, limits, and
the time zone."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from functools import partial

try:
    import resource
except ImportError:                     # Windows
    resource = None


def remember() -> list[Callable[[], None]]:
    """How to put it back; to be called once the environment's variables are as they were."""
    back = [time.tzset] if hasattr(time, "tzset") else []           # reads TZ anew
    if resource is None:
        return back
    if not signal.getitimer(signal.ITIMER_REAL)[0]:                 # somebody else's alarm runs on
        back.append(partial(signal.setitimer, signal.ITIMER_REAL, 0))
    limits = {number: resource.getrlimit(number) for name, number in vars(resource).items()
              if name.startswith("RLIMIT_")}
    return [*back, partial(_set_limits, limits)]


def _set_limits(was: dict[int, tuple[int, int]]) -> None:
    for number, pair in was.items():
        if resource.getrlimit(number) != pair:
            with contextlib.suppress(OSError, ValueError):          # what was lowered for good stays
                resource.setrlimit(number, pair)
