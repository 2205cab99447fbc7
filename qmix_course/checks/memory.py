"""How much memory the process takes, and a limit on it while an answer runs."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch


def used() -> int:
    """Bytes of memory in use; 0 where nobody tells: not on Linux, and without psutil, which Jupyter brings."""
    if sys.platform == "linux":
        return _pages()[1]
    process = _process()
    return process.memory_info().rss if process else 0


def _pages() -> list[int]:
    """On Linux: bytes of addresses and of memory in use."""
    return [int(pages) * _page_size() for pages in Path("/proc/self/statm").read_text().split()[:2]]


def seconds(thread: threading.Thread) -> float:
    """For how long a thread has computed, in steps of 0.01 s; 0 where nobody tells, or once it has ended."""
    try:
        stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
    except OSError:
        return 0.0
    own, system = stat.rpartition(")")[2].split()[11:13]
    return (int(own) + int(system)) / os.sysconf("SC_CLK_TCK")


@cache
def _page_size() -> int:
    import resource

    return resource.getpagesize()


@cache
def _process():
    try:
        import psutil
    except ImportError:
        return None
    return psutil.Process()


@contextlib.contextmanager
def limited(gigabytes: float) -> Iterator[None]:
    """On Linux, what asks for too much memory gets a MemoryError, before the machine runs out of it. Not beside a
    GPU: its driver reserves addresses without end."""
    if sys.platform != "linux" or _has_gpu():
        yield
        return
    import resource

    mine = _pages()[0] + int(gigabytes * 2**30), threading.current_thread()
    with _turn:
        if _limits:
            _hold(resource)
        if not _limits:
            _before[:] = resource.getrlimit(resource.RLIMIT_AS)
        _limits.append(mine)
        _hold(resource)
    try:
        yield
    finally:
        with _turn:
            if mine in _limits:
                _limits.remove(mine)
                _hold(resource)


# Checks may overlap in any order: one may end while another has not. The lowest limit counts, and the last one to end
# puts back what was there before the first. One that an answer asked for itself is over once that answer was given up,
# although nobody hears of its end: it may sleep on, and what stops it may come into the very lines that let go.
_turn, _limits, _before = threading.Lock(), [], []          # of limits: bytes, and whose check it is


def _hold(resource) -> None:
    _limits[:] = [each for each in _limits if each[1].is_alive() and not getattr(each[1], "given_up", False)]
    soft, hard = _before
    known = [limit for limit in (*(each[0] for each in _limits), soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(known) if _limits else soft, hard))


@cache
def _has_gpu() -> bool:
    return torch.cuda.is_available()
