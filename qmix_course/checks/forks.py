"""What an answer forks ends with the answer: ``os.fork`` gives a second process that stands in the middle of the check,
and without care it would examine the rest of the answer, too, and fork again at every question.

A child is told by its process number. Where an answer's code comes back to the check the child ends; where the check
calls code of the answer in other ways it ends when it would fork once more. And no child outlives a check by much: no
thread watches it, so an alarm does. Children that run something of their own and end, as those of ``multiprocessing``,
are left alone, and so are programs that are started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

from qmix_course.checks.limit import ANSWER

SECONDS = 120                   # after which a child is ended, whatever it does


class _Here:
    child = False               # whether this process was forked by an answer


def _before() -> None:
    if _Here.child and threading.current_thread().name == ANSWER:
        os._exit(0)


def _in_child() -> None:
    if threading.current_thread().name == ANSWER:
        _Here.child = True
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)


if hasattr(os, "register_at_fork"):                     # nothing forks on Windows
    os.register_at_fork(before=_before, after_in_child=_in_child)


@contextlib.contextmanager
def only_here() -> Iterator[None]:
    """A process that was forked inside ends where this ends, without a word and without cleaning up."""
    here = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != here:
            os._exit(0)
