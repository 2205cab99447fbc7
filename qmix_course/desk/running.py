"""Running one cell of a learner's notebook outside Jupyter: its magics, its limit, and what it raised."""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import re
import sys
from types import CodeType

from qmix_course.checks import limit
from qmix_course.checks.code import place
from qmix_course.strangers import in_short

CELL_SECONDS = 20               # of computing in one cell: most cells of exercises define, they do not train
MEASURE_SECONDS = 240           # … in one of an experiment, which trains for eight seeds: a slow computer needs long

# Magics that run Python in the notebook's names: those of a whole cell, and of a line.
RUN_THE_CELL = {"time", "timeit", "capture", "prun", "debug", "memit", "mprun", "lprun", "snakeviz", "pyinstrument",
                "scalene"}
RUN_THE_LINE = {"time", "timeit", "prun", "debug", "memit", "mprun", "lprun", "snakeviz"}


def run_cell(source: str, position: int, names: dict) -> str:
    """Run one cell among ``names``; what it raised, in one line, or nothing."""
    from IPython.core.inputtransformer2 import TransformerManager

    label = f"<code cell {position + 1}>"
    try:
        text = TransformerManager().transform_cell(_without_magics(source))
        linecache.cache[label] = (len(text), None, text.splitlines(keepends=True), label)
        tree = compile(text, label, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        names["get_ipython"] = lambda: _Shell(names)
        run = compile(tree, label, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        limit.within(lambda: _exec(run, names), seconds_of(source))
    except limit.Overrun as overrun:
        where = place(overrun.frame, overrun.line)[0].replace(" of <module>", "") + ": " if overrun.frame else ""
        return f"{where}it ran too long and was stopped: {overrun.why}"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        line = getattr(error, "lineno", None)
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == label:
                line = trace.tb_lineno
            trace = trace.tb_next
        return f"{f'line {line}: ' if line else ''}{in_short(error)}"
    return ""


def seconds_of(source: str) -> float:
    """Of computing that this cell may take. Every experiment asks for ``measure`` and ``measured``."""
    return MEASURE_SECONDS if "measure" in source else CELL_SECONDS


def _exec(run: CodeType, names: dict) -> None:
    """A cell may ``await`` outside of functions, as in Jupyter."""
    if run.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(run, names))
    else:
        exec(run, names)


def _without_magics(source: str) -> str:
    """The cell without the magics above it that run it (``%%time``), on as many lines; other cell magics stay."""
    lines = source.split("\n")
    for k, line in enumerate(lines):
        found = re.match(r"\s*%%(\w+)", line)
        if found and found[1] in RUN_THE_CELL:
            lines[k] = ""
        elif line.strip() and not line.lstrip().startswith("#"):
            break
    return "\n".join(lines)


class _Shell:
    """Stands where a cell uses a magic: what would run Python runs it, all others have no meaning outside Jupyter."""

    def __init__(self, names: dict):
        self._names = names

    def run_line_magic(self, name: str, line: str, *_, **__):
        if name not in RUN_THE_LINE:
            return None
        text = re.sub(r"^(\s*-\w+(\s*\d+)?)+\s+", "", line)
        inside = sys._getframe(1).f_locals
        try:
            return eval(text, self._names, inside)
        except SyntaxError:
            exec(text, self._names, inside)
        return None

    def __getattr__(self, name):
        return lambda *_, **__: None
