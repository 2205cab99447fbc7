"""The endless and the very long iterators of ``itertools``, within reach of a stop while an answer runs.

``max(itertools.count())`` is one single call into C that never comes back and never lets go of Python's lock, so nobody
could end it. With a generator in the iterator's place each item is a step of Python's own, between which a stop is
heard. Only names of the answer's module are changed, and only while it is examined: everybody else keeps itertools.
"""

from __future__ import annotations

import contextlib
import itertools
import types
from collections.abc import Callable, Iterator

LONG = ("count", "cycle", "repeat", "product", "permutations", "combinations", "combinations_with_replacement")


def _in_steps(make: Callable) -> Callable:
    def walk(made):
        for each in made:
            yield each

    def begin(*given, **named):
        return walk(make(*given, **named))              # wrong arguments are told at once, as ever

    begin.__name__ = begin.__qualname__ = make.__name__
    return begin


STEPPED = {getattr(itertools, name): _in_steps(getattr(itertools, name)) for name in LONG}
MODULE = types.ModuleType("itertools", itertools.__doc__)
vars(MODULE).update(vars(itertools) | {make.__name__: stepped for make, stepped in STEPPED.items()})


@contextlib.contextmanager
def in_steps(answers: tuple) -> Iterator[None]:
    """While this lasts, ``itertools`` and what was imported from it step through Python in the answers' modules."""
    undo = []
    for known in {id(known): known for answer in answers for known in _modules(answer)}.values():
        for name, value in list(known.items()):
            other = MODULE if value is itertools else STEPPED.get(value) if isinstance(value, type) else None
            if other is not None:
                known[name] = other
                undo.append((known, name, other, value))
    try:
        yield
    finally:
        for known, name, other, value in undo:
            if known.get(name) is other:                # the answer may have bound it anew
                known[name] = value


def _modules(answer) -> Iterator[dict]:
    """The global names that a function, or a class's methods, or what an object is called by, reads."""
    kind = type(answer)                                 # an odd object may refuse to be asked for more
    for part in vars(answer).values() if issubclass(kind, type) else [answer, vars(kind).get("__call__")]:
        if type(part) in (staticmethod, classmethod, types.MethodType):
            part = part.__func__
        if type(part) is types.FunctionType:
            yield part.__globals__
