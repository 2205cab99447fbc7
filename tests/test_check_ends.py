"""A check must end, whatever the answer does; what the answer changed is put back."""

import gc
import itertools
import random
import sys
import threading
import time
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
import torch
from endless import (
    ENDLESS,
    PLAIN,
    WAITING,
    assert_ended,
    forever,
    judge,
    naps,
    recurses,
    sleeps,
    suppresses,
    swallows_everything,
)

from qmix_course import exact, strangers
from qmix_course.checks import check, limit
from qmix_course.checks.exercise import find
from qmix_course.checks.guard import Guard, OffLimits
from qmix_course.checks.room import Room
from qmix_course.desk import running, standing
from qmix_course.desk.running import run_cell

pytestmark = pytest.mark.every_python                   # how a thread is stopped differs from one Python to the next


@pytest.fixture
def soon(monkeypatch, request):
    """A short limit, and on a busy computer nothing that computes is taken for something that waits."""
    answer = request.node.callspec.params["answer"] if hasattr(request.node, "callspec") else sleeps
    monkeypatch.setattr(limit, "SECONDS", 0.5 if answer not in WAITING else 20)
    monkeypatch.setattr(limit, "WAITING", 1 if answer in WAITING else 60)


@pytest.mark.parametrize("answer", ENDLESS)
def test_an_answer_that_never_ends_gets_a_verdict_with_its_line(answer, soon, monkeypatch):
    before = threading.active_count(), sys.getswitchinterval(), sys.stdout
    begun = time.monotonic()
    verdict = judge(answer)
    assert time.monotonic() - begun < 60
    assert verdict.kind == "error in your code" and "it ran too long and was stopped in line" in verdict.title, verdict
    assert ("more than 1 seconds of waiting"
            if answer in WAITING else "more than 0.5 seconds") in verdict.title and verdict.detail
    assert ("wait for" if answer in WAITING else "loop that never ends") in verdict.hint
    assert (sys.getswitchinterval(), sys.stdout) == before[1:]
    monkeypatch.setattr(limit, "SECONDS", 20)                # on a busy computer its turn may come late
    monkeypatch.setattr(limit, "WAITING", 60)
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


@pytest.mark.parametrize("answer", [answer for answer in ENDLESS if answer not in WAITING])
def test_what_loops_in_python_has_really_ended(answer, monkeypatch):
    monkeypatch.setattr(limit, "SECONDS", 0.2)
    assert "too long" in judge(answer).title
    assert_ended(answer.__name__)


def test_long_iterators_give_what_they_give_and_are_put_back():
    """While an answer runs they step through Python; in the answer's module alone, and only then."""
    seen = {}

    class Answer:
        def __call__(self, x):
            seen["within"] = itertools.count, permutations
            assert list(itertools.islice(itertools.count(3, 2), 3)) == [3, 5, 7]
            assert [next(each) for each in [itertools.cycle("ab")] * 3] == ["a", "b", "a"]
            assert list(permutations(range(3), 2)) == real(range(3), 2)
            assert list(itertools.product([0, 1], repeat=2)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
            assert list(itertools.chain([1], itertools.repeat(2, 2))) == [1, 2, 2]
            with pytest.raises(TypeError, match="count"):
                itertools.count(1, 2, 3)
            return 2 * x

    real, kept = (lambda *given: list(itertools.permutations(*given))), (itertools, permutations)
    for answer in (Answer(), Answer().__call__, lambda x: Answer()(x)):
        verdict = judge(answer)
        assert verdict.kind == "correct", verdict
        assert seen["within"] != (itertools.count, permutations)
        assert (itertools, permutations) == kept and itertools.count is type(itertools.count())

    def binds_it_anew(x):
        globals()["permutations"] = "mine"
        return 2 * x

    try:
        assert judge(binds_it_anew).kind == "correct" and permutations == "mine"
    finally:
        globals()["permutations"] = kept[1]


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


@pytest.mark.parametrize("answers, limit_is", [({"double": "function"}, 20), ({"measure": "function"}, 120)])
def test_who_trains_teams_may_compute_six_times_as_long(answers, limit_is, monkeypatch):
    """On a slow computer a right answer to 14.6 computed for more than 60 seconds."""
    asked, within = [], limit.within
    monkeypatch.setattr(limit, "within", lambda work, seconds: asked.append(seconds) or within(work, seconds))
    assert Room(replace(PLAIN, answers=answers)).judge((lambda x: 2 * x,)).kind == "correct" and asked == [limit_is]


def test_the_teachers_page_names_these_limits():
    page = (Path(__file__).parents[1] / "docs" / "teaching.md").read_text(encoding="utf-8")
    usual, experiment = PLAIN.seconds, replace(PLAIN, answers={"measure": "function"}).seconds
    assert f"more than {usual} seconds (in an experiment, which trains teams, {experiment}), or waits for " in page
    assert f"{running.CELL_SECONDS} seconds of computing, and {running.MEASURE_SECONDS} where it says `measure`" in page
    assert standing.RUN_SECONDS == 600 and "gives up after ten minutes" in page


def test_the_stop_button_is_heard(monkeypatch):
    import _thread
    import signal

    monkeypatch.setattr(limit, "SECONDS", 30)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)       # a shell's background job ignores it
    try:
        threading.Timer(0.5, _thread.interrupt_main).start()
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            judge(forever)
        assert time.monotonic() - begun < 20
    finally:
        signal.signal(signal.SIGINT, before)
    assert judge(lambda x: 2 * x).kind == "correct"
    assert_ended("forever")


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
    monkeypatch.setattr(limit, "SECONDS", 20)                # what was left may compute for a moment more
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


@pytest.fixture
def unheard(monkeypatch):
    """Code in C hears nothing of a stop and ends when it is done."""
    monkeypatch.setattr(limit, "WAITING", 0.5)
    monkeypatch.setattr(limit, "_raise_in", lambda *_: None)
    monkeypatch.setattr(limit, "_settle", lambda: None)


def memory_limit():
    try:
        import resource
    except ImportError:                                     # Windows has no such limit
        return None
    return resource.getrlimit(resource.RLIMIT_AS)


def wakes_late(x):
    time.sleep(3)


def asks_one_that_wakes_late(x):
    return judge(wakes_late)


@pytest.mark.parametrize("answer", [wakes_late, asks_one_that_wakes_late])
def test_what_ends_late_puts_nothing_back(answer, unheard):
    """Its check is long over, and others may have set their own."""
    held = memory_limit()
    assert "ran too long" in judge(answer).title
    assert memory_limit() == held, "at once, and not when what was given up has ended"
    random.seed(5)
    before = torch.get_default_dtype(), random.getstate(), sys.stdout
    assert before[0] == torch.float32
    assert_ended(answer.__name__)
    assert before == (torch.get_default_dtype(), random.getstate(), sys.stdout)


def asks_after_the_end(x):
    time.sleep(2)
    return judge(lambda y: 2 * y)


def test_a_check_that_begins_late_sets_nothing(unheard):
    assert "ran too long" in judge(asks_after_the_end).title
    assert_ended("asks_after_the_end")
    assert torch.get_default_dtype() == torch.float32


def test_what_ends_late_opens_nothing_that_another_check_has_closed():
    left, now = Guard(("qmix_course.exact.solve",)), Guard(("qmix_course.exact.solve",))
    left.__enter__()
    left.open()
    with now:
        left.open()
        with pytest.raises(OffLimits):
            exact.solve(None, 0.9)


def test_an_exception_that_cannot_say_what_it_is_gets_a_verdict():
    """Its own text raises, and the check ended in a traceback."""
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def answer(x):
        raise Odd

    verdict = Room(PLAIN).judge((answer,))
    assert (verdict.kind, verdict.title) == ("error in your code", "line 2 of answer: Odd")
    assert run_cell("class Odd(Exception):\n    __str__ = None\nraise Odd", 0, {}) == "line 3: Odd"
    assert strangers.told(Odd()).startswith("Odd") and strangers.words_of(Odd()) == "Odd"


@pytest.mark.parametrize("number", ["01.1", "04.2", "06.2"])
def test_an_answer_that_refuses_every_question_gets_a_verdict(number):
    """It was asked for a name that it cannot give, and the check ended in a traceback."""
    class Odd:
        def __getattr__(self, name):
            raise RuntimeError(f"no {name}")

    assert check(number, *[Odd()] * len(find(number).answers)).kind == "wrong shape or type"
