"""Answers that never end, an exercise to judge them by, and whether they have really ended."""

import collections
import contextlib
import itertools
import itertools as everywhere
import queue
import sys
import threading
import time
from itertools import cycle

import torch

from qmix_course.checks import Exercise, Mistake, Verdict
from qmix_course.checks.room import Room


def forever(x):
    while True:
        x = x + 0


def swallows_errors(x):
    while True:
        try:
            x = 1 / 0
        except Exception:
            pass


def swallows_everything(x):
    while True:
        try:
            while True:
                x = x + 1
        except BaseException:
            pass


def swallows_in_finally(x):
    while True:
        try:
            x = x + 1
        finally:
            continue


def suppresses(x):
    while True:
        with contextlib.suppress(BaseException):
            sum(i for i in itertools.count())


def generates(x):
    def numbers():
        while True:
            try:
                yield 1
            except BaseException:
                yield 2
    return sum(numbers())


def recurses(x):
    try:
        return recurses(x)
    except BaseException:
        return recurses(x)


def counts_in_c(x):
    return max(itertools.count())


def cycles_in_c(x):
    return sum(cycle([0]))


def repeats_in_c(x):
    return collections.deque(everywhere.repeat(0), maxlen=0)


def tries_all_in_c(x):
    return max(itertools.product(range(9), repeat=40), default=0)


def sleeps(x):
    time.sleep(60)                      # not for ever: what is left behind would meet the tests that come after


def naps(x):
    while True:
        time.sleep(0.01)


def waits_for_a_lock(x):
    lock = threading.Lock()
    with lock:
        lock.acquire(timeout=60)


def waits_for_a_queue(x):
    return queue.Queue().get(timeout=60)


def waits_for_itself(x):
    threading.current_thread().ident and threading.Event().wait(60)


def torches(x):
    while True:
        x = torch.eye(50) @ torch.eye(50)


def starts_threads(x):
    threading.Thread(target=lambda: time.sleep(3), daemon=True).start()
    while True:
        pass


def handles_it_again(x):
    try:
        forever(x)
    except BaseException:
        forever(x)


ENDLESS = [forever, swallows_errors, swallows_everything, swallows_in_finally, suppresses, generates, recurses,
           counts_in_c, cycles_in_c, repeats_in_c, tries_all_in_c, sleeps, naps,
           waits_for_a_lock, waits_for_a_queue, waits_for_itself, torches, starts_threads, handles_it_again]

WAITING = [sleeps, naps, waits_for_a_lock, waits_for_a_queue, waits_for_itself]

PLAIN = Exercise("00.7", "Twice", {"twice": "function"}, 1, 2, "double", ("h", "i"),
                 (Mistake("negative", "Which sign?", "no", lambda x: -2 * x),),
                 lambda room, answer: room.compare(answer, [(1.5,), (-2.0,)], lambda x: 2 * x) or Verdict("correct"))


def judge(answer) -> Verdict:
    return Room(PLAIN).judge((answer,))


def still_running() -> set[str]:
    """The functions that are on the stack of a thread of an answer."""
    found = set()
    for ident, frame in sys._current_frames().items():
        while ident != threading.get_ident() and frame is not None:
            found.add(frame.f_code.co_name)
            frame = frame.f_back
    return found


def assert_ended(name: str) -> None:
    end = time.monotonic() + 60                     # at once, where the computer has time
    while name in still_running() and time.monotonic() < end:
        time.sleep(0.05)
    assert name not in still_running()
