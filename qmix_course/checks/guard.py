"""While an answer runs: the parts of the library that are off limits raise, and seeding is noticed."""

from __future__ import annotations

import importlib
import random
import types

import numpy
import torch

SEEDERS = ((torch, "manual_seed"), (torch.random, "manual_seed"), (torch, "seed"), (numpy.random, "seed"),
           (random, "seed"))


class OffLimits(Exception):
    """An answer called a part of the library that its exercise asks for."""


class Guard:
    """``with Guard(("qmix_course.mixers.QMixer",)) as guard:`` – afterwards ``guard.called`` and ``guard.seeded``.

    A class is closed method by method, and a function of the course by its code, so that names which were imported
    before are closed too.
    """

    def __init__(self, names: tuple[str, ...] = ()):
        self.names = names
        self.called: list[str] = []
        self.seeded = False
        self._undo: list = []

    def __enter__(self) -> Guard:
        try:
            for name in self.names:
                self._close(name)
            for module, name in SEEDERS:
                self.replace(module, name, self._noticed(getattr(module, name)))
        except BaseException:
            self.open()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.open()

    def open(self) -> None:
        """Everything is as it was. It may be asked for twice: an answer that is stopped may be stopped in the midst of
        this, and may come to it when another check has closed the same parts again."""
        for undo in reversed(self._undo):
            undo()
        self._undo = []

    def _close(self, name: str) -> None:
        module, _, last = name.rpartition(".")
        owner = importlib.import_module(module)
        part = getattr(owner, last)
        raising = self._raising(last)
        if isinstance(part, type):
            for key, value in list(vars(part).items()):
                if isinstance(value, types.FunctionType):
                    self.replace(part, key, raising)
        elif (isinstance(part, types.FunctionType) and not part.__code__.co_freevars
              and module.startswith("qmix_course")):
            before = part.__code__
            # The new code cannot close over anything: it finds this guard among its constants' stand-in, a global.
            key = f"_guard_{id(self)}_{last}"
            part.__globals__[key] = raising
            body: dict = {}
            exec(f"def {last}(*inputs, **named):\n    return {key}(*inputs, **named)", body)
            part.__code__ = body[last].__code__
            self._undo.append(lambda: (setattr(part, "__code__", before), part.__globals__.pop(key, None)))
        else:
            self.replace(owner, last, raising)

    def replace(self, owner, name: str, value) -> None:
        inherited = isinstance(owner, type) and name not in vars(owner)
        before = None if inherited else vars(owner)[name] if isinstance(owner, type) else getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append((lambda: name in vars(owner) and delattr(owner, name))
                          if inherited else (lambda: setattr(owner, name, before)))

    def _raising(self, name: str):
        def raising(*_, **__):
            self.called.append(name)
            raise OffLimits(f"{name} is off limits here")

        return raising

    def _noticed(self, seeder):
        def noticed(*inputs, **named):
            self.seeded = True
            return seeder(*inputs, **named)

        return noticed
