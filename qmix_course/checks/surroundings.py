"""What surrounds an answer while it is examined, and that everything is as it was afterwards, whatever the answer did.

What holds for one thread only (grad mode, numpy's error state, contexts, trace functions) needs no care here: an answer
has a thread of its own (limit.py), which takes all of that with it.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import functools
import gc
import io
import itertools
import locale
import logging
import math
import operator
import os
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from types import ModuleType

import numpy
import torch

from qmix_course.checks import limit, system
from qmix_course.checks.limit import is_library

SEEDS = 20_261, 20_262, 20_263          # random, numpy, torch
OWN = ("__annotations__", "__dict__", "__weakref__", "__warningregistry__")         # what Python itself writes

# Whose functions an answer may use and must leave alone, beside what the course itself imports: modules, and classes
# with their methods.
SHARED = (builtins, math, random, itertools, functools, numpy, numpy.random, numpy.linalg, torch, torch.nn,
          torch.nn.functional, torch.nn.init, torch.optim, torch.linalg, torch.random, torch.autograd)
CLASSES = (torch.Tensor, torch.Generator, *(part for module in (torch.nn, torch.optim) for part in vars(module).values()
                                            if isinstance(part, type)))
HOOKS = [place for name, place in vars(torch.nn.modules.module).items()      # of all modules
         if name.startswith("_global_") and isinstance(place, dict)]


@contextlib.contextmanager
def quiet() -> Iterator[list[str]]:
    """Known random numbers, float64, one thread, no warnings, nothing printed (an answer runs many times), nothing
    asked; afterwards everything is as it was, and the list given holds what had been replaced in a library."""
    if limit.given_up():                        # what it would set nobody would put back
        raise limit.Stop
    replaced: list[str] = []
    with limit.unreported():
        put_back = _remember(replaced)
        try:
            with (warnings.catch_warnings(), no_input(),
                  contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())):
                warnings.simplefilter("ignore")
                # the cases are small: a second thread only waits, and waiting counts as computing
                torch.set_num_threads(1)
                random.seed(SEEDS[0])
                numpy.random.seed(SEEDS[1])
                torch.default_generator.manual_seed(SEEDS[2])         # the processor's alone
                torch.set_default_dtype(torch.float64)
                yield replaced
        finally:
            for back in () if limit.given_up() else put_back:
                back()


class NobodyThere(EOFError):
    """``input()`` where nobody can type."""


@contextlib.contextmanager
def no_input() -> Iterator[None]:
    """``input()`` raises at once, rather than wait for somebody to type."""
    def nobody(*_, **__):
        raise NobodyThere("input() waits for somebody to type, and nobody is there: an answer gets all it needs as "
                          "arguments")

    asked, stdin = builtins.input, sys.stdin
    builtins.input, sys.stdin = nobody, io.StringIO()
    try:
        yield
    finally:
        builtins.input, sys.stdin = asked, stdin


# ---- putting back
# ------------------------------------------------------------------------------------------------------

def _remember(replaced: list[str]) -> list[Callable[[], None]]:
    """How to put back whatever an answer may change in the whole program."""
    back = [_setting(get, put) for get, put in _settings()]
    back += [_contents(place) for place in (os.environ, sys.path, sys.argv, sys.meta_path, sys.path_hooks,
                                            logging.root.handlers, *HOOKS)]
    back += [_contents(sys.modules, added=False)]
    back += system.remember()
    back += [_names(owner, replaced) for owner in dict.fromkeys((*SHARED, *CLASSES, *_course()))]
    back += [_streams(), *_figures()]
    return back


def _settings() -> list[tuple[Callable, Callable]]:
    return [
        (random.getstate, random.setstate),
        (numpy.random.get_state, numpy.random.set_state),
        (torch.get_rng_state, torch.set_rng_state),
        (torch.get_default_dtype, torch.set_default_dtype),
        (torch.get_num_threads, torch.set_num_threads),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        (_deterministic, _set_deterministic),
        (lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
         lambda was: torch.autograd.set_detect_anomaly(*was)),
        (lambda: (torch.backends.mkldnn.enabled, torch.backends.cudnn.enabled, torch.backends.cudnn.deterministic,
                  torch.backends.cudnn.benchmark),
         _set_backends),
        (lambda: copy.copy(torch._tensor_str.PRINT_OPTS),
         lambda was: vars(torch._tensor_str.PRINT_OPTS).update(vars(was))),
        (numpy.get_printoptions, lambda was: numpy.set_printoptions(**was)),
        (numpy.geterr, lambda was: numpy.seterr(**was)),
        (lambda: os.environ, lambda was: setattr(os, "environ", was)),
        (os.getcwd, os.chdir),
        (_umask, os.umask),
        (lambda: locale.setlocale(locale.LC_ALL), lambda was: locale.setlocale(locale.LC_ALL, was)),
        (sys.get_int_max_str_digits, sys.set_int_max_str_digits),
        (sys.getrecursionlimit, sys.setrecursionlimit),
        (sys.getswitchinterval, sys.setswitchinterval),
        (lambda: (threading.gettrace(), threading.getprofile()),
         lambda was: (threading.settrace(was[0]), threading.setprofile(was[1]))),
        (gc.isenabled, lambda was: gc.enable() if was else gc.disable()),
        (gc.get_threshold, lambda was: gc.set_threshold(*was)),
        (lambda: (logging.root.level, logging.root.manager.disable), _set_logging),
        (lambda: threading.stack_size(), lambda was: threading.stack_size(was)),
    ]


def _setting(get: Callable, put: Callable) -> Callable[[], None]:
    try:
        was = get()
    except OSError:                             # a working directory that is no longer there
        return lambda: None
    return lambda: put(was)


def _umask() -> int:
    was = os.umask(0o077)                       # there is no other way to ask
    os.umask(was)
    return was


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_deterministic(was: tuple[bool, bool]) -> None:
    if _deterministic() != was:        # even to set the same again would load torch's compiler, which takes seconds
        torch.use_deterministic_algorithms(was[0], warn_only=was[1])


def _set_backends(was: tuple) -> None:
    mkldnn, cudnn = torch.backends.mkldnn, torch.backends.cudnn
    if (mkldnn.enabled, cudnn.enabled, cudnn.deterministic, cudnn.benchmark) != was:
        mkldnn.enabled, cudnn.enabled, cudnn.deterministic, cudnn.benchmark = was


def _set_logging(was: tuple) -> None:
    logging.root.setLevel(was[0])
    logging.disable(was[1])


def _contents(place, added: bool = True) -> Callable[[], None]:
    """What a list or a dictionary held. ``added``: take out again what came in."""
    was = place.copy() if isinstance(place, list) else dict(place)
    equal = operator.eq if place is os.environ else operator.is_

    def back() -> None:
        if isinstance(place, list):
            place[:] = was
            return
        now = dict(place)
        if now.keys() == was.keys() and all(map(equal, now.values(), was.values())):
            return
        for key in now.keys() - was.keys() if added else ():
            del place[key]
        for key, value in was.items():
            if key not in now or not equal(now[key], value):
                place[key] = value

    return back


def _names(owner, replaced: list[str]) -> Callable[[], None]:
    """What a module or a class holds, each name by identity. What came in goes again from a class and from builtins;
    elsewhere it may be a part of the library that was first used now."""
    was = dict(vars(owner))
    return partial(_put_back, owner, was, list(map(id, was.values())), replaced)


def _put_back(owner, was: dict, ids: list[int], replaced: list[str]) -> None:
    now = vars(owner)
    if list(map(id, now.values())) == ids:
        return
    for name, value in was.items():
        other = now.get(name, ...)
        kept = callable(value) or isinstance(value, (float, torch.dtype)) or _ours(owner)
        if other is not value and name not in OWN and not _of_a_library(other) and kept:
            replaced.append(f"{owner.__name__}.{name}")
            setattr(owner, name, value)
    if isinstance(owner, type) or owner is builtins:
        for name in [name for name in now if name not in was and not name.startswith("__")]:
            if isinstance(owner, type) and hasattr(owner.__base__, name):
                replaced.append(f"{owner.__name__}.{name}")
            delattr(owner, name)


def _of_a_library(value) -> bool:
    """Whether a library put this in a place of its own: some replace their functions when they are first used."""
    code = getattr(value, "__code__", None)
    return code is not None and is_library(code.co_filename) and not _ours(value)


def _ours(owner) -> bool:
    return (getattr(owner, "__module__", None) or owner.__name__).partition(".")[0] == "qmix_course"


def _course() -> list:
    """The course's own modules and classes, and what they import (``sys`` apart, see ``_streams``)."""
    return _parts(len(sys.modules))


@cache
def _parts(loaded: int) -> list:
    """As long as no module is added."""
    modules = [module for name, module in list(sys.modules.items())
               if name.partition(".")[0] == "qmix_course" and module is not None]
    parts = [(module, part) for module in modules for part in vars(module).values()]
    return [*modules, *(part for _, part in parts if isinstance(part, ModuleType) and part is not sys),
            *(part for module, part in parts if isinstance(part, type) and part.__module__ == module.__name__)]


def _streams() -> Callable[[], None]:
    names = ("stdin", "stdout", "stderr", "displayhook", "excepthook", "unraisablehook", "breakpointhook")
    was = {name: getattr(sys, name) for name in names}

    def back() -> None:
        for name, value in was.items():
            setattr(sys, name, value)

    return back


def _figures() -> list[Callable[[], None]]:
    """Matplotlib's settings, and no figure left open; nothing where it is not in use."""
    matplotlib, pyplot = sys.modules.get("matplotlib"), sys.modules.get("matplotlib.pyplot")
    if matplotlib is None:
        return []
    settings = dict.copy(matplotlib.rcParams)
    was_open = set(pyplot.get_fignums()) if pyplot else set()

    def back() -> None:
        for key, value in settings.items():
            if dict.get(matplotlib.rcParams, key) is not value and dict.get(matplotlib.rcParams, key) != value:
                dict.__setitem__(matplotlib.rcParams, key, value)
        now = sys.modules.get("matplotlib.pyplot")
        for number in set(now.get_fignums()) - was_open if now else ():
            now.close(number)

    return [back]
