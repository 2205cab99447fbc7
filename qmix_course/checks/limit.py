"""A limit on time and memory: code of a learner runs in a thread of its own, and is left when it takes too long.

A thread, because waiting for one works alike on Linux, macOS and Windows, whatever the code does: it loops, sleeps,
waits for a lock. What a thread sets for itself alone (torch's grad mode, numpy's error state, …) ends with it, too. A
loop that swallows exceptions is told again and again until it ends. Out of reach is one single call into C that never
comes back, as ``sum(range(10**20))``: there only a restart of the kernel helps. (For ``itertools`` see ``steps``.)
"""

from __future__ import annotations

import contextlib
import ctypes
import operator
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType

import numpy
import torch

from qmix_course.checks import memory

SECONDS = 20        # of computing for one check, all its questions together; right answers take up to 5, see Exercise
WAITING = 10                # of waiting, computing nothing
GIGABYTES = 4               # that it may take on top of what is there
IDLE = 0.02                 # of its time; less, and it waits
ANSWER = "answer"           # the name of an answer's thread
MEMORY = "more than {} gigabytes of memory"
FULL = 30.0                 # seconds in which what goes on taking memory has met the limit
LEAVE = 1.0                 # seconds in which code that is told to end usually does
COLLECT = 5.0               # seconds in which a slow computer's garbage collector has looked through gigabytes

# Wherever they are installed: torch need not be in this environment's own folder.
LIBRARIES = tuple({*map(str, (Path(__file__).parents[1], Path(numpy.__file__).parent, Path(torch.__file__).parent)),
                   *(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))})


class Stop(SystemExit):
    """Raised inside code that has taken too long. No ``Exception``, so that ``except Exception`` does not keep it;
    and a thread that ends by it says nothing."""


class Overrun(Exception):
    """Code took too long, or too much memory: ``why``. ``frame``: where its own innermost function stood, or None;
    ``line``: the line there."""

    def __init__(self, why: str, frame: FrameType | None):
        super().__init__(why)
        self.why, self.frame, self.line = why, frame, frame.f_lineno if frame else 0


def within(work: Callable, seconds: float | None = None):
    """``work()``, in a thread of its own: its result, or what it raised.

    Raises:
        Overrun: it took more than ``seconds`` (by default ``SECONDS``), or more memory than ``GIGABYTES``.
    """
    seconds = SECONDS if seconds is None else seconds
    told: dict = {}
    ended = threading.Event()   # not join(): a Ctrl-C inside it marks a thread that runs as ended (Python 3.10 to 3.12)

    def run() -> None:
        REPORTS.hook = id                       # in this thread alone: a function in C that does nothing
        try:
            told["result"] = work()
        except BaseException as error:
            told["error"] = error
        ended.set()

    thread = threading.Thread(target=run, name=ANSWER, daemon=True)
    thread._invoke_excepthook = lambda *_: None             # nor does it when Stop comes at its very end
    thread.asked_by, thread.given_up = threading.current_thread(), False
    overrun = None
    try:
        with memory.limited(GIGABYTES):
            thread.start()
            why = _wait(thread, ended, seconds)
            if why and not told:
                overrun, thread.given_up = Overrun(why, own_frame(sys._current_frames().get(thread.ident))), True
                _stop(thread)
                if "waiting" not in why:
                    _while_it_takes_more(thread, ended, COLLECT if "memory" in why else LEAVE)
    except MemoryError:                         # there was none left even to watch it
        overrun, thread.given_up = Overrun(MEMORY.format(GIGABYTES), None), True
        _stop(thread)
    except BaseException:                       # the Stop button, which may be pressed again
        thread.given_up = True
        try:
            _stop(thread)
        finally:
            _stop_later(thread)
        raise
    if overrun:
        _stop_later(thread)        # not under the limit: a thread that finds no memory never says that it has started
        raise overrun
    if not told:                                # nor was there enough to say what happened
        raise Overrun(MEMORY.format(GIGABYTES), None)
    if "error" in told:
        raise told["error"]
    return told["result"]


@contextlib.contextmanager
def unreported() -> Iterator[None]:
    """What Python can raise nowhere, in a destructor or a callback of the garbage collector, is reported unless it
    comes from an answer. Where one is stopped that is the stop itself, and after an endless recursion its text is a
    traceback without end."""
    if sys.unraisablehook is not REPORTS:
        type(REPORTS).hook = staticmethod(sys.unraisablehook)
        sys.unraisablehook = REPORTS
    try:
        yield
    finally:                                    # one that was left is still told to end
        left = any(thread.name == ANSWER and thread.is_alive() for thread in threading.enumerate())
        sys.unraisablehook = REPORTS if left else REPORTS.hook


class _Reports(threading.local):
    """``sys.unraisablehook`` with a ``hook`` a thread. Calling it runs no line of Python, which would only raise the
    next ``Stop``."""

    hook = staticmethod(sys.__unraisablehook__)
    __call__ = property(operator.attrgetter("hook"))


REPORTS = _Reports()


def own_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame, from this one outwards, that is neither the course's nor a library's."""
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def is_library(filename: str) -> bool:
    """Whether a file belongs to the course, to Python, or to an installed package."""
    return filename.startswith((*LIBRARIES, "<frozen"))


def _wait(thread: threading.Thread, ended: threading.Event, seconds: float) -> str:
    """Why the thread must be stopped, or nothing once it has ended.

    What counts is the time that it computes: on a busy computer a right answer may need much longer by the clock. But
    one that computes nothing for so long waits for something that does not come. In small steps: so Ctrl-C is heard on
    Windows, too.
    """
    most = memory.used() + GIGABYTES * 2**30
    begun = woken = time.monotonic()
    computed = at_last = time.process_time()
    while True:
        if ended.wait(0.05) or not thread.is_alive():
            return ""
        now, clock = time.process_time(), time.monotonic()
        if now - at_last > IDLE * (clock - woken) + 0.05:
            at_last, woken = now, clock
        if (now - computed > seconds or clock - woken > WAITING or clock - begun > 6 * seconds) and not _debugged():
            return (f"more than {WAITING:g} seconds of waiting"
                    if clock - woken > WAITING else f"more than {seconds:g} seconds")
        if memory.used() > most:
            return MEMORY.format(GIGABYTES)


def _stop(thread: threading.Thread) -> None:
    """Raise ``Stop`` in the thread again and again, until it ends or a second has gone."""
    again = _again(thread.ident)
    with _at_every_line(thread.ident):
        end = time.monotonic() + LEAVE
        while thread.is_alive() and time.monotonic() < end:
            _raise_in(thread, again)
            time.sleep(0.005)


def _while_it_takes_more(thread: threading.Thread, ended: threading.Event, patience: float) -> None:
    """``list(…)`` in C hears of nothing. Where it takes memory without end it meets the limit, which is lifted
    afterwards: not before it has given back what it took, either. On a busy computer it may get no turn for a while,
    and the garbage collector may look through all that it has taken: what counts is whether it takes more while it
    computes, for ``patience`` seconds of its own."""
    end, before, ran, last, idle = time.monotonic() + FULL, 0, memory.seconds(thread), None, 0
    while not ended.wait(LEAVE) and time.monotonic() < end:
        now, seconds = memory.used(), memory.seconds(thread)
        idle = idle + 1 if seconds == last else 0
        if abs(now - before) > 2**23:
            before, ran, idle = now, seconds, 0
        elif seconds - ran >= patience or idle > 1:         # it has computed for a while and taken nothing, or sleeps
            return
        last = seconds


def given_up() -> bool:
    """Whether this is the thread of an answer that nobody waits for any more. Whatever it would put back has been put
    back already, and by now somebody else may have set it."""
    thread = threading.current_thread()
    while thread is not None:                   # or of a check that such an answer asked for itself
        if getattr(thread, "given_up", False):
            return True
        thread = getattr(thread, "asked_by", None)
    return False


def _stop_later(thread: threading.Thread) -> None:
    """Somebody goes on telling it: what sleeps or waits ends as soon as it wakes. So do checks that it asked for
    itself, whose watcher it is that has been stopped."""
    for inner in threading.enumerate():
        if getattr(inner, "asked_by", None) is thread and inner.is_alive():
            _stop(inner)
            _stop_later(inner)
    threading.Thread(target=_keep_telling, args=(thread, _again(thread.ident)), name="stop", daemon=True).start()


def _keep_telling(thread: threading.Thread, again: Callable | None) -> None:
    while thread.is_alive():
        _raise_in(thread, again)
        _settle()
        thread.join(0.05)
    _settle()


def _settle() -> None:
    """Take a ``Stop`` oneself. One that nobody has taken yet, in a thread that sleeps or has ended, keeps Python
    looking for it at every call, and in Python 3.11 a debugger then waits at the first one for ever. One that is
    taken ends this; a thread that wakes up looks for its own. Not in the main thread, where Ctrl-C would come first."""
    try:
        _tell(threading.get_ident(), Stop)
        while True:
            pass
    except Stop:
        pass


def _raise_in(thread: threading.Thread, again: Callable | None) -> None:
    kind = Stop
    if again is not None:
        # Python makes an exception in the thread that catches it; making this one sets the thread's trace function.
        # There is no Python code in it, which would find no room at the bottom of an endless recursion.
        kind = type("Stop", (Stop,), {"__init__": partial(sys.settrace, again)})
        frame = sys._current_frames().get(thread.ident)
        while frame is not None:
            frame.f_trace = again
            frame = frame.f_back
    _tell(thread.ident, kind)


def _tell(ident: int, kind: type) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(kind))


def _again(ident: int) -> Callable | None:
    """Before Python 3.12: a trace function that raises ``Stop`` after each line of the thread, for code that catches
    it. All in C: an exception that came inside of a trace function would end the tracing."""
    if sys.version_info >= (3, 12):
        return None
    raise_in = ctypes.PyDLL(ctypes.pythonapi._name).PyThreadState_SetAsyncExc
    # the last three, frame, event, argument, are not used
    raise_in.argtypes = [ctypes.c_ulong] + 4 * [ctypes.py_object]
    raise_in.restype = None
    return partial(raise_in, ident, Stop)


@contextlib.contextmanager
def _at_every_line(ident: int) -> Iterator[None]:
    """From Python 3.12 on: every line of this thread raises ``Stop``. (Before: ``_again``.)"""
    if sys.version_info < (3, 12):
        yield
        return
    watch, tool = sys.monitoring, 4

    def stop(*_):
        if threading.get_ident() == ident:
            raise Stop

    try:
        watch.use_tool_id(tool, "qmix_course")
    except ValueError:                              # somebody else has it
        yield
        return
    events = watch.events.LINE | watch.events.PY_START
    for event in (watch.events.LINE, watch.events.PY_START):
        watch.register_callback(tool, event, stop)
    watch.set_events(tool, events)
    try:
        yield
    finally:
        watch.set_events(tool, 0)
        for event in (watch.events.LINE, watch.events.PY_START):
            watch.register_callback(tool, event, None)
        watch.free_tool_id(tool)


def _debugged() -> bool:
    """Whether a debugger is attached: then a person takes the time."""
    tracer = sys.gettrace()
    tool = sys.monitoring.get_tool(sys.monitoring.DEBUGGER_ID) if hasattr(sys, "monitoring") else None
    return tool is not None or "pydev" in (getattr(tracer, "__module__", "")
                                           or "") or "bdb" in (getattr(tracer, "__module__", "") or "")
