"""A check ends, whatever memory the answer asks for."""

import gc
import itertools
import sys
import threading
import time

import pytest
import torch
from endless import assert_ended, forever, judge, sleeps, still_running

from qmix_course.checks import limit

pytestmark = pytest.mark.every_python                   # how a thread is stopped differs from one Python to the next


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited beforehand")
@pytest.mark.parametrize("greedy", [
    lambda x: list(itertools.product(range(5), repeat=20)), lambda x: torch.zeros(2**34), lambda x: [0] * 2**40,
    lambda x: bytearray(2**36),
])
def test_too_much_memory_is_an_error_in_the_code(greedy, monkeypatch):
    monkeypatch.setattr(limit, "GIGABYTES", 0.5)
    verdict = judge(greedy)
    assert verdict.kind == "error in your code" and "memory" in verdict.title + verdict.hint, verdict
    assert judge(lambda x: 2 * x).kind == "correct"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited beforehand")
def test_no_thread_is_started_while_memory_is_limited(monkeypatch):
    """Without memory it would not come to say that it has started, and who started it would wait without end."""
    import resource

    limits, start = [], threading.Thread.start

    def noted(thread):
        limits.append((thread.name, resource.getrlimit(resource.RLIMIT_AS)[0]))
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    monkeypatch.setattr(limit, "WAITING", 1)
    before = resource.getrlimit(resource.RLIMIT_AS)[0]
    assert "ran too long" in judge(sleeps).title
    assert limits[-1] == ("stop", before) and limits[0][0] == "answer"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited beforehand")
def test_what_fills_a_list_in_c_is_not_left_to_fill_the_machine(monkeypatch):
    """It is told to end in the callback of the garbage collector alone, where that is not heard, and then goes on;
    only the limit ends it, so the limit stays until then."""
    def fills(x):
        return list(itertools.product(range(5), repeat=10))         # somewhat more than a gigabyte

    def callback(*_):
        time.sleep(0)                                       # here the watcher gets its turn

    used = limit.memory.used
    monkeypatch.setattr(limit, "GIGABYTES", 0.5)
    monkeypatch.setattr(limit.memory, "used", lambda: 2 * used())          # so it is seen before the limit is met
    gc.callbacks.append(callback)
    try:
        assert "memory" in str(judge(fills))           # of Python 3.12 on only the limit is heard at all
        assert "fills" not in still_running()
    finally:
        gc.callbacks.remove(callback)
    assert judge(lambda x: 2 * x).kind == "correct"


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such limit elsewhere")
def test_a_thread_that_gets_no_turn_is_not_taken_for_one_that_takes_no_more(monkeypatch):
    """A busy machine, played: the thread computes for 0.02 s a look, and takes memory at every tenth one."""
    looks = []

    class Ended:
        def wait(self, _):
            looks.append(len(looks))
            return False

    monkeypatch.setattr(limit.memory, "seconds", lambda _: 0.02 * len(looks))
    monkeypatch.setattr(limit.memory, "used", lambda: 2**30 * (1 + len(looks) // 10) if len(looks) < 40 else 0)
    limit._while_it_takes_more(None, Ended(), 1.0)
    assert 40 < len(looks) < 100
    looks.clear()                                           # one that sleeps is not waited for
    monkeypatch.setattr(limit.memory, "seconds", lambda _: 1.0)
    monkeypatch.setattr(limit.memory, "used", lambda: 2**30)
    limit._while_it_takes_more(None, Ended(), 1.0)
    assert len(looks) == 3


def test_the_seconds_of_a_thread_are_its_own():
    assert limit.memory.seconds(threading.Thread()) == 0 == limit.memory.seconds(threading.Thread(target=sleeps))
    if sys.platform == "linux":
        before = limit.memory.seconds(threading.main_thread())
        sum(range(10**7))
        assert 0 < limit.memory.seconds(threading.main_thread()) - before < 60


def test_no_memory_to_watch_it_with_is_an_error_in_the_code_too(monkeypatch):
    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(limit, "_wait", no_memory)
    verdict = judge(forever)
    assert verdict.kind == "error in your code" and "gigabytes of memory" in verdict.title
    assert_ended("forever")


def test_no_memory_to_say_what_happened_is_an_error_in_the_code_too(monkeypatch):
    """The thread ends without a result and without an error."""
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)
    monkeypatch.setattr(threading.Thread, "is_alive", lambda thread: False)
    verdict = judge(lambda x: 2 * x)
    assert verdict.kind == "error in your code" and "gigabytes of memory" in verdict.title


def test_what_collects_without_end_is_stopped(monkeypatch):
    def hoards(x):
        kept = []
        while True:
            kept.append(torch.zeros(1000, 1000))

    monkeypatch.setattr(limit, "GIGABYTES", 0.5)
    verdict = judge(hoards)
    assert verdict.kind == "error in your code" and "memory" in verdict.title + verdict.hint


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such limit elsewhere")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_limits_that_overlap_leave_nothing_behind(order):
    """A check may end before another one that it began in, or after it."""
    import resource

    def soft():
        return resource.getrlimit(resource.RLIMIT_AS)[0]

    before = soft()
    held = [limit.memory.limited(gigabytes) for gigabytes in (40, 20)]
    for each in held:
        each.__enter__()
    assert soft() != before
    held[order[0]].__exit__(None, None, None)
    assert soft() != before
    held[order[1]].__exit__(None, None, None)
    assert soft() == before
