"""What an answer changes in the whole program is put back after its check."""

import builtins
import copy
import decimal
import gc
import json
import locale
import logging
import math
import os
import random
import signal
import sys
import sysconfig
import threading
import time
import warnings

import matplotlib
import matplotlib.pyplot as plt
import numpy
import pytest
import torch

import qmix_course.mixers
from qmix_course.checks import Exercise, Mistake, Verdict, limit, surroundings
from qmix_course.checks.room import Room

PLAIN = Exercise("00.7", "Twice", {"twice": "function"}, 1, 2, "double", ("h", "i"),
                 (Mistake("negative", "Which sign?", "no", lambda x: -2 * x),),
                 lambda room, answer: room.compare(answer, [(1.5,), (-2.0,)], lambda x: 2 * x) or Verdict("correct"))

CHANGES = {
    "threads": (lambda: torch.set_num_threads(torch.get_num_threads() + 1), torch.get_num_threads),
    "numpy's errors": (lambda: numpy.seterr(all="raise"), numpy.geterr),
    "warnings": (lambda: warnings.simplefilter("error"), lambda: list(warnings.filters)),
    "showwarning": (lambda: setattr(warnings, "showwarning", print), lambda: warnings.showwarning),
    "folder": (lambda: os.chdir("/"), os.getcwd),
    "environment": (lambda: os.environ.update(QMIX_COURSE_STRICT="0", NEW="1"), lambda: dict(os.environ)),
    "environment less": (lambda: os.environ.pop("PATH", None), lambda: dict(os.environ)),
    "recursion": (lambda: sys.setrecursionlimit(5000), sys.getrecursionlimit),
    "dtype": (lambda: torch.set_default_dtype(torch.float16), torch.get_default_dtype),
    "device": (lambda: torch.set_default_device("meta"), torch.get_default_device),
    "grad": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "anomaly": (lambda: torch.autograd.set_detect_anomaly(True), torch.is_anomaly_enabled),
    "matmul": (lambda: torch.set_float32_matmul_precision("medium"), torch.get_float32_matmul_precision),
    "torch's print": (lambda: torch.set_printoptions(precision=1), lambda: repr(torch.tensor(1 / 3))),
    "numpy's print": (lambda: numpy.set_printoptions(precision=1), lambda: repr(numpy.ones(3) / 3)),
    "random": (lambda: random.random(), random.getstate),
    "random of numpy": (lambda: numpy.random.rand(), lambda: numpy.random.get_state()[1].tolist()),
    "random of torch": (lambda: torch.rand(1), lambda: torch.get_rng_state().tolist()),
    "rc": (lambda: matplotlib.rcParams.update({"font.size": 99}), lambda: dict.copy(matplotlib.rcParams)),
    "figures": (lambda: plt.figure(), plt.get_fignums),
    "path": (lambda: sys.path.insert(0, "/nowhere"), lambda: list(sys.path)),
    "modules": (lambda: sys.modules.__setitem__("math", None), lambda: sys.modules["math"]),
    "a built-in replaced": (lambda: setattr(builtins, "sum", max), lambda: builtins.sum),
    "a built-in added": (lambda: setattr(builtins, "double", max), lambda: hasattr(builtins, "double")),
    "a module's function": (lambda: setattr(math, "sqrt", lambda x: x), lambda: math.sqrt),
    "torch": (lambda: setattr(torch, "allclose", lambda *_, **__: True), lambda: torch.allclose),
    "a method of torch": (lambda: setattr(torch.Tensor, "max", lambda self: self), lambda: torch.Tensor.max),
    "the course": (lambda: setattr(qmix_course.mixers.QMixer, "mix", None), lambda: qmix_course.mixers.QMixer.mix),
    "a check": (lambda: setattr(Verdict, "__repr__", lambda self: "correct"), lambda: Verdict.__repr__),
    "comparison": (lambda: setattr(sys.modules["qmix_course.checks.values"], "problem", lambda *_: None),
                   lambda: sys.modules["qmix_course.checks.values"].problem),
    "strict": (lambda: setattr(sys.modules["qmix_course.checks.asking"], "STRICT", None),
               lambda: sys.modules["qmix_course.checks.asking"].STRICT),
    "streams": (lambda: setattr(sys, "stdout", None), lambda: sys.stdout),
    "hooks": (lambda: setattr(sys, "excepthook", None), lambda: sys.excepthook),
    "trace": (lambda: sys.settrace(lambda *_: None), sys.gettrace),
    "trace of threads": (lambda: threading.settrace(print), threading.gettrace),
    "profile": (lambda: sys.setprofile(lambda *_: None), sys.getprofile),
    "collector": (gc.disable, gc.isenabled),
    "collector's sizes": (lambda: gc.set_threshold(9), gc.get_threshold),
    "switches": (lambda: sys.setswitchinterval(1.0), sys.getswitchinterval),
    "logging": (lambda: logging.disable(50), lambda: logging.root.manager.disable),
    "logging's handlers": (lambda: logging.root.addHandler(logging.NullHandler()), lambda: list(logging.root.handlers)),
    "decimals": (lambda: setattr(decimal.getcontext(), "prec", 2), lambda: decimal.getcontext().prec),
    "language": (lambda: locale.setlocale(locale.LC_ALL, "C"), lambda: locale.setlocale(locale.LC_ALL)),
    "rights of new files": (lambda: os.umask(0o777), surroundings._umask),
    "digits": (lambda: sys.set_int_max_str_digits(700), sys.get_int_max_str_digits),
    "arguments": (lambda: sys.argv.append("x"), lambda: list(sys.argv)),
    "imports": (lambda: sys.meta_path.insert(0, None), lambda: list(sys.meta_path)),
    "environment replaced": (lambda: setattr(os, "environ", {}), lambda: id(os.environ)),
    "hooks of all modules": (lambda: torch.nn.modules.module.register_module_forward_hook(print),
                             lambda: len(torch.nn.modules.module._global_forward_hooks)),
    "the clock": (lambda: setattr(time, "monotonic", lambda: 0.0), lambda: time.monotonic),
    "copies": (lambda: setattr(copy, "deepcopy", lambda x: x), lambda: copy.deepcopy),
    "json": (lambda: setattr(json, "dumps", str), lambda: json.dumps),
    "beginnings": (lambda: setattr(torch.nn.init, "orthogonal_", print), lambda: torch.nn.init.orthogonal_),
    "a layer": (lambda: setattr(torch.nn.GRUCell, "forward", None), lambda: torch.nn.GRUCell.forward),
    "an optimiser": (lambda: setattr(torch.optim.SGD, "step", None), lambda: torch.optim.SGD.step),
    "a type": (lambda: setattr(torch, "float64", torch.float32), lambda: torch.float64),
    "a number": (lambda: setattr(math, "pi", 3.0), lambda: math.pi),
    "input": (lambda: setattr(builtins, "input", max), lambda: builtins.input),
    "autocast": (lambda: torch.set_autocast_enabled("cpu", True), lambda: torch.is_autocast_enabled("cpu")),
}
if hasattr(signal, "setitimer"):                        # not on Windows
    import resource

    def zone(name):
        os.environ["TZ"] = name
        time.tzset()

    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    CHANGES |= {
        "an alarm": (lambda: signal.alarm(1000), lambda: signal.getitimer(signal.ITIMER_REAL)),
        "limits": (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files[0] - 1, files[1])),
                   lambda: resource.getrlimit(resource.RLIMIT_NOFILE)),
        "time zone": (lambda: zone("Asia/Tokyo"), lambda: time.tzname)}
REPLACES = {"a built-in replaced", "a module's function", "torch", "a method of torch", "the course", "a check",
            "comparison", "strict", "the clock", "copies", "json", "beginnings", "a layer", "an optimiser", "a type",
            "a number"}


@pytest.mark.parametrize("what", CHANGES)
def test_what_an_answer_changes_is_put_back(what):
    change, look = CHANGES[what]
    before = look()

    def answer(x):
        change()
        return x + x

    verdict = Room(PLAIN).judge((answer,))
    assert look() == before
    if what in REPLACES:
        assert verdict.kind != "correct" and "your answer replaces" in verdict.title, verdict
    else:
        assert verdict.kind == "correct", verdict


@pytest.mark.parametrize("what", CHANGES)
def test_also_when_it_ends_in_an_error(what):
    change, look = CHANGES[what]
    before = look()

    def answer(x):
        change()
        raise RuntimeError("no")

    assert Room(PLAIN).judge((answer,)).kind == "error in your code"
    assert look() == before


def test_modules_that_came_in_stay():
    def answer(x):
        import colorsys  # noqa: F401
        return 2 * x

    sys.modules.pop("colorsys", None)
    assert Room(PLAIN).judge((answer,)).kind == "correct"
    assert "colorsys" in sys.modules


def test_deterministic_algorithms_are_put_back_and_the_compiler_is_not_loaded_for_it(monkeypatch):
    calls = []
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda *a, **k: calls.append(a))
    assert Room(PLAIN).judge((lambda x: 2 * x,)).kind == "correct" and calls == []


def test_a_deleted_working_directory_does_not_stop_a_check(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    try:
        assert Room(PLAIN).judge((lambda x: 2 * x,)).kind == "correct"
    finally:
        os.chdir(tmp_path)


def test_an_answer_computes_on_one_thread():
    """On two, the second waits for small pieces of work, and waiting that way counts as computing: with another
    program beside it a right answer to 05.4 took more than its 20 seconds."""
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        assert Room(PLAIN).judge((lambda x: seen.append(torch.get_num_threads()) or 2 * x,)).kind == "correct"
        assert set(seen) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_what_torch_itself_replaces_is_no_answers_doing():
    """The first optimiser of a class puts a step of torch's in the place of its own, and torch need not lie in this
    environment's folder."""
    assert limit.is_library(torch.__file__) and limit.is_library(numpy.__file__)
    places = {str(path) for path in sysconfig.get_paths().values()}
    own = [place for place in limit.LIBRARIES if place not in places]
    assert any(torch.__file__.startswith(place) for place in own), "by its own place, not by the environment's"

    def answer(x):
        torch.optim.SGD.step = torch.optim.Optimizer.profile_hook_step(torch.optim.SGD.step)
        return 2 * x

    before = torch.optim.SGD.step
    try:
        assert Room(PLAIN).judge((answer,)).kind == "correct"
    finally:
        torch.optim.SGD.step = before
