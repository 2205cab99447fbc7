"""A check must end, whatever the answer does; what the answer changed is put back."""

import contextlib
import gc
import itertools
import queue
import random
import sys
import threading
import time
from dataclasses import replace

import pytest
import torch

from qmix_course.checks import Exercise, Mistake, Verdict, check, limit
from qmix_course.checks.room import Room

pytestmark = pytest.mark.every_python                   # how a thread is stopped differs from one Python to the next


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


ENDLESS = [forever, swallows_errors, swallows_everything, swallows_in_finally, suppresses, generates, recurses, sleeps,
           naps,
           waits_for_a_lock, waits_for_a_queue, waits_for_itself, torches, starts_threads, handles_it_again]

WAITING = [sleeps, naps, waits_for_a_lock, waits_for_a_queue, waits_for_itself]

PLAIN = Exercise("00.7", "Twice", {"twice": "function"}, 1, 2, "double", ("h", "i"),
                 (Mistake("negative", "Which sign?", "no", lambda x: -2 * x),),
                 lambda room, answer: room.compare(answer, [(1.5,), (-2.0,)], lambda x: 2 * x) or Verdict("correct"))


def judge(answer) -> Verdict:
    return Room(PLAIN).judge((answer,))


@pytest.fixture
def soon(monkeypatch, request):
    """A short limit, and on a busy computer nothing that computes is taken for something that waits."""
    answer = request.node.callspec.params["answer"] if hasattr(request.node, "callspec") else sleeps
    monkeypatch.setattr(limit, "SECONDS", 0.5 if answer not in WAITING else 20)
    monkeypatch.setattr(limit, "WAITING", 1 if answer in WAITING else 60)


@pytest.mark.parametrize("answer", ENDLESS)
def test_an_answer_that_never_ends_gets_a_verdict_with_its_line(answer, soon):
    before = threading.active_count(), sys.getswitchinterval(), sys.stdout
    begun = time.monotonic()
    verdict = judge(answer)
    assert time.monotonic() - begun < 60
    assert verdict.kind == "error in your code" and "it ran too long and was stopped in line" in verdict.title, verdict
    assert ("more than 1 seconds of waiting"
            if answer in WAITING else "more than 0.5 seconds") in verdict.title and verdict.detail
    assert ("wait for" if answer in WAITING else "loop that never ends") in verdict.hint
    assert (sys.getswitchinterval(), sys.stdout) == before[1:]
    assert judge(lambda x: 2 * x).kind == "correct", "the next check works"


@pytest.mark.parametrize("answer", [recurses, swallows_everything, suppresses])
def test_a_stop_that_comes_into_a_callback_of_the_garbage_collector_is_not_reported(answer, soon, monkeypatch):
    """Such a callback can raise nowhere: Python reports it, and after an endless recursion the report would never end.
    """
    heard = []
    monkeypatch.setattr(sys, "unraisablehook", heard.append)
    callback = lambda *_: sum(range(10))                                            # noqa: E731
    gc.callbacks.append(callback)
    thresholds = gc.get_threshold()
    gc.set_threshold(20, 2, 2)                              # so that it comes often
    try:
        verdict = judge(answer)
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(callback)
    assert "it ran too long" in verdict.title, verdict
    assert not heard


@pytest.mark.parametrize("answer", [forever, recurses, swallows_everything, sleeps, naps])
def test_a_debugger_works_after_a_stop(answer, soon):
    """A Stop that no thread has taken keeps Python 3.11 from ever entering a function that is traced."""
    assert "it ran too long" in judge(answer).title
    lines = []

    def trace(frame, event, _):
        lines.append(event)
        return trace

    def debugged():
        sys.settrace(trace)
        sum(map(abs, [1, 2]))
        judge(lambda x: 2 * x)

    thread = threading.Thread(target=debugged, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive() and lines


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


@pytest.mark.parametrize("answer", [answer for answer in ENDLESS if answer not in WAITING])
def test_what_loops_in_python_has_really_ended(answer, monkeypatch):
    monkeypatch.setattr(limit, "SECONDS", 0.2)
    assert "too long" in judge(answer).title
    assert_ended(answer.__name__)


def test_the_line_is_the_learners():
    def answer(x):
        steps = 0
        while steps >= 0:
            steps += torch.ones(3).sum().item() * 0
        return x

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limit, "SECONDS", 0.3)
        verdict = judge(answer)
    assert "line 3 of answer" in verdict.title or "line 4 of answer" in verdict.title
    assert "steps" in verdict.detail


class Clock:
    """A clock, and a thread that computes a part of the time and would end after so many seconds. Also the event of its
    end."""

    def __init__(self, share, ends):
        self.now, self.share, self.ends = 0.0, share, ends

    def monotonic(self):
        return self.now

    def process_time(self):
        return self.share * self.now

    def wait(self, _):
        self.now += 0.05

    def is_alive(self):
        return self.now < self.ends


@pytest.mark.parametrize("share, ends, why, at", [
    (1.0, 9, "", 9), (1.0, 999, "more than 10 seconds", 10),
    (0.1, 50, "", 50), (0.05, 50, "", 50),        # a busy computer, on which a right answer takes its time
    (0.1, 999, "more than 10 seconds", 60),
    (0.001, 9, "", 9), (0.001, 999, "more than 10 seconds of waiting", 10),
    (0.0, 999, "more than 10 seconds of waiting", 10),
])
def test_what_counts_is_time_computed_not_time_by_the_clock(share, ends, why, at, monkeypatch):
    clock = Clock(share, ends)
    monkeypatch.setattr(limit, "time", clock)
    assert limit._wait(clock, clock, 10.0) == why
    assert clock.now == pytest.approx(at, abs=0.5)


def test_the_stop_button_is_heard(monkeypatch):
    import _thread

    monkeypatch.setattr(limit, "SECONDS", 30)
    threading.Timer(0.5, _thread.interrupt_main).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        judge(forever)
    assert time.monotonic() - begun < 20
    assert judge(lambda x: 2 * x).kind == "correct"
    assert_ended("forever")


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

    monkeypatch.setattr(limit, "LEAVE", 0.2)
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


@pytest.mark.parametrize("leaves", [SystemExit, KeyboardInterrupt, GeneratorExit, type("Own", (BaseException,), {})])
def test_what_leaves_by_an_exception_gets_a_verdict(leaves):
    def answer(x):
        raise leaves

    assert judge(answer).kind == "error in your code"


def test_input_does_not_wait():
    verdict = judge(lambda x: float(input("how many? ")))
    assert verdict.kind == "error in your code" and "nobody is there" in verdict.title
    assert input is not None and "nobody" not in input.__name__


def test_a_check_inside_an_answer_ends_with_it(monkeypatch):
    monkeypatch.setattr(limit, "SECONDS", 0.2)
    assert judge(lambda x: check("00.1", forever)).kind != "correct"
    assert judge(lambda x: 2 * x).kind == "correct"
    assert_ended("forever")


def test_off_limits_parts_work_again_after_a_stop(soon):
    from qmix_course.mixers import QMixer

    closed = replace(PLAIN, off_limits=("qmix_course.mixers.QMixer", "qmix_course.exploration.greedy"))
    assert "too long" in Room(closed).judge((sleeps,)).title
    assert QMixer(2, 3)(torch.zeros(4, 2), torch.zeros(4, 3)).shape == (4,)


def test_random_numbers_are_as_they_were(monkeypatch):
    monkeypatch.setattr(limit, "SECONDS", 0.2)
    torch.manual_seed(3)
    random.seed(3)
    before = torch.get_rng_state(), random.getstate()
    judge(forever)
    assert torch.equal(before[0], torch.get_rng_state()) and before[1] == random.getstate()
