"""Break the library on purpose and see whether a test notices: ``python tools/mutants.py [--files mixers.py ...]``.

A mutant is the library with one small mistake: − for +, ≤ for <, 1 for 0, a condition turned round, a statement left
out. It is written into a copy of the course, never into the course, and the library tests that concern its file run
there until one fails: then the mutant is killed. A survivor is a line that no test watches, or a change that changes
nothing. Type hints, decorators, texts and what stands in a ``raise`` are left alone; the checks at the doors are not.

Prints a line for each survivor and a table; exits with 1 only if the library as it is fails its tests.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qmix_course import process

ROOT, PACKAGE = Path(__file__).resolve().parents[1], "qmix_course"
COPIED = (PACKAGE, "tests", "tools", "benchmarks", "pyproject.toml")
LOSSES = "loss_doors defaults update sequences torchrl_part2 seeds state_units watch memory learner"
# The tests that concern a file, the most specific first.
TESTS = {
    "mixers.py": "mixers qplex weighted_qmix defaults by_hand torchrl_part2 representation doors fuzz",
    "agents.py": "agents gru_agents practice defaults by_hand torchrl_part2 sequence_bench maven doors fuzz",
    "exploration.py": "agents parameter_noise defaults collecting doors fuzz",
    "row_groups.py": "row_groups sequence_bench",
    "replay.py": "replay practice defaults collecting memory sequences update doors fuzz",
    "collect.py": "collecting memory sequences maven parameter_noise run doors fuzz",
    "training.py": "training run going_on checkpoints watch update parameter_noise practice doors fuzz learner "
                   "own_mistakes settings_said",
    "target.py": "training update doors learner",
    "learner.py": "learner practice seeds going_on training watch checkpoints",
    "algorithms/base.py": f"update sequences row_groups state_units agents collecting qtran doors fuzz {LOSSES}",
    "algorithms/cw_qmix.py": "weighted_qmix defaults",
    "algorithms/iql.py": LOSSES,
    "algorithms/maven.py": "maven defaults parameter_noise state_units watch fuzz learner",
    "algorithms/ow_qmix.py": "weighted_qmix defaults state_units watch fuzz learner",
    "algorithms/qmix.py": f"mixers by_hand doors fuzz {LOSSES}",
    "algorithms/qplex.py": "qplex defaults state_units watch fuzz learner",
    "algorithms/qtran.py": "qtran defaults state_units watch fuzz learner",
    "algorithms/vdn.py": f"mixers {LOSSES}",
}
# What tests import beside the library: imported once, here, and every fork of this process has it.
PRELOADED = ("torch._dynamo", "torchrl.objectives", "pytest", "matplotlib.pyplot", "hypothesis", "jupytext", "nbclient",
             "pettingzoo")

PAIRS = ((ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.BitAnd, ast.BitOr), (ast.And, ast.Or), (ast.Eq, ast.NotEq),
         (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Is, ast.IsNot), (ast.In, ast.NotIn),
         ("max", "min"), ("amax", "amin"), ("argmax", "argmin"), ("maximum", "minimum"), ("any", "all"))
OTHER = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])} | {ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult}
PLAIN = (ast.Name, ast.Attribute, ast.Call)         # conditions without an operator, which become their opposite
SPARE = 20                      # seconds that a mutant has on top of three times what its tests take without one
DROPPED = {"abs", "detach", "clone", "copy", "clamp", "masked_fill", "square", "sigmoid"}        # x.abs() becomes x


class Mutant(NamedTuple):
    file: str
    line: int
    change: str                 # before → after, cut to where they differ
    text: str                   # of the whole file


def changes(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """(a node, what to write in its place): every mistake that can be made at ``node`` itself."""

    def other(**fields) -> tuple[ast.AST, ast.AST]:
        return node, type(node)(**dict(ast.iter_fields(node)) | fields)

    match node:
        case ast.BinOp() | ast.BoolOp() if type(node.op) in OTHER:
            yield other(op=OTHER[type(node.op)]())
        case ast.Compare():
            for i, op in enumerate(node.ops):
                yield other(ops=[*node.ops[:i], OTHER[type(op)](), *node.ops[i + 1:]])
        case ast.UnaryOp(operand=ast.Constant(value=1)):            # -1: the last axis becomes the last but one
            yield other(operand=ast.Constant(2))
        case ast.UnaryOp():                                         # ~x, not x, -x
            yield node, node.operand
        case ast.Constant(value=bool(value)):
            yield node, ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield node, ast.Constant(type(value)(0) if value == 1 else value + 1)
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in DROPPED:
            yield node, value
        case ast.Attribute(attr=name) if name in OTHER:
            yield other(attr=OTHER[name])
        case ast.Name(id=name) if name in OTHER:
            yield other(id=OTHER[name])
        case ast.Expr(value=ast.Call()) | ast.Assign(targets=[ast.Subscript()]):
            yield node, ast.Pass()
        case ast.AugAssign():
            yield node, ast.Pass()
            yield other(op=OTHER[type(node.op)]())
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if isinstance(test, PLAIN):
            yield test, ast.UnaryOp(ast.Not(), test)


def nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in ``node`` that may be mutated, in the order of the text."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if (isinstance(child, ast.AST) and not isinstance(child, ast.Raise | ast.JoinedStr)
                    and name not in ("annotation", "returns", "decorator_list")):
                yield child
                if not (isinstance(child, ast.UnaryOp) and isinstance(child.operand, ast.Constant)):    # -1 is one
                    yield from nodes(child)


def mutants(source: str, file: str) -> list[Mutant]:
    """Every mutant of a file."""
    lines, found = source.encode().splitlines(keepends=True), []
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    for node in nodes(ast.parse(source)):
        for old, new in changes(node):
            begin, end = starts[old.lineno - 1] + old.col_offset, starts[old.end_lineno - 1] + old.end_col_offset
            before, after = ast.unparse(old), ast.unparse(new)
            cut = max(0, len(os.path.commonprefix([before, after])) - 30)
            written = after if isinstance(new, ast.stmt) else f"({after})"
            text = source.encode()[:begin] + written.encode() + source.encode()[end:]
            found.append(Mutant(file, old.lineno, f"{before[cut:][:70]}  →  {after[cut:][:70]}", text.decode()))
    return found


def sample(found: dict[str, list[Mutant]], count: int, seed: int) -> list[Mutant]:
    """``count`` of them, from each file in proportion to what it has; the same ones for the same seed."""
    row = [mutant for file, each in found.items()
           for mutant in random.Random(f"{seed} {file}").sample(each, len(each))]
    count = min(count, len(row))
    return [row[number * len(row) // count] for number in range(count)]


def run_tests(folder: Path, names: Iterable[str], seconds: float | None) -> None:
    """In a process of its own: the tests of these names, with the library of ``folder``; it ends with their code.

    ``seconds``: of computing, its limit; ten times as long by the clock, for what waits for ever. None for a first run,
    which has none, and keeps what Python compiles.
    """
    if seconds is not None and hasattr(signal, "alarm"):        # nobody catches these, so they end a loop in torch too
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.alarm(max(1, round(10 * seconds)))
    handle = os.open(folder.with_suffix(".txt"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.chdir(folder)
    os.environ |= {"OMP_NUM_THREADS": "1", "QMIX_COURSE_PROGRESS": "0", "PYTHONPATH": str(folder)}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path[:] = [str(folder), *(path for path in sys.path if path != str(ROOT))]
    sys.dont_write_bytecode = seconds is not None
    for name in [name for name in sys.modules if name.split(".")[0] in COPIED]:
        del sys.modules[name]
    found = importlib.import_module(PACKAGE).__file__
    if folder not in Path(found).parents:
        raise ImportError(f"{PACKAGE}: expected the one in {folder}, got {found}")
    files = [f"tests/test_{name}.py" for name in names]
    code = importlib.import_module("pytest").main(["-x", "-q", "-p", "no:cacheprovider", "-m", "library", *files])
    sys.stdout.flush()
    os._exit(code)


def start(*arguments) -> multiprocessing.Process:
    """``run_tests(*arguments)`` in a fork of this process where that is safe, else in a new one."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    child = context.Process(target=run_tests, args=arguments)
    child.start()
    return child


def survivors(chosen: list[Mutant], base: Path, seconds: dict[str, float], jobs: int) -> list[Mutant]:
    """Those of ``chosen`` that no test kills. ``base``: the copy to copy; ``seconds``: what each file of tests takes.
    """
    todo, running, alive, began, late = list(chosen), {}, [], time.monotonic(), 0
    free = [shutil.copytree(base, base.with_name(f"copy{number}")) for number in range(jobs)]
    while todo or running:
        while todo and free:
            mutant, folder = todo.pop(0), free.pop()
            (folder / PACKAGE / mutant.file).write_text(mutant.text, encoding="utf-8")
            names = dict.fromkeys(TESTS[mutant.file].split())
            child = start(folder, names, SPARE + 3 * sum(seconds[name] for name in names))
            running[child.sentinel] = child, mutant, folder
        for sentinel in wait(running):
            child, mutant, folder = running.pop(sentinel)
            child.join()
            if child.exitcode == 0:
                alive.append(mutant)
                print(f"survived: {PACKAGE}/{mutant.file}:{mutant.line}: {mutant.change}", flush=True)
            if child.exitcode in (-14, -27):        # SIGALRM, SIGPROF
                late += 1
                print(f"ended by its limit: {PACKAGE}/{mutant.file}:{mutant.line}: {mutant.change}", flush=True)
            shutil.copy2(base / PACKAGE / mutant.file, folder / PACKAGE / mutant.file)
            free.append(folder)
            done = len(chosen) - len(todo) - len(running)
            if done % 20 == 0 or done == len(chosen):
                print(f"{done} of {len(chosen)} in {time.monotonic() - began:.0f} s: {len(alive)} survived, "
                      f"{late} were ended by their limit", flush=True)
    return alive


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Break the library on purpose and see whether a test notices.")
    parser.add_argument("--files", nargs="+", choices=TESTS, default=list(TESTS), metavar="FILE",
                        help=f"of {PACKAGE}, all of these if none is named: {', '.join(TESTS)}")
    parser.add_argument("--count", type=int, default=300, help="mutants to try (300)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    options = parser.parse_args(arguments)
    found = {file: mutants((ROOT / PACKAGE / file).read_text(encoding="utf-8"), file) for file in options.files}
    chosen, seconds = sample(found, options.count, options.seed), {}
    print(f"{len(chosen)} of {sum(map(len, found.values()))} mutants; first the tests without any:", flush=True)
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()                     # what is here by now is here to stay: no fork need look through it for garbage
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        base = Path(name).resolve() / "base"
        base.mkdir()
        for part in COPIED:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, base / part)
        for name in dict.fromkeys(name for mutant in chosen for name in TESTS[mutant.file].split()):
            began, child = time.monotonic(), start(base, [name], None)
            child.join()
            seconds[name] = time.monotonic() - began
            if child.exitcode:
                print(base.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")[-3000:])
                return 1
        print(f"{len(seconds)} files of tests, {sum(seconds.values()):.0f} s", flush=True)
        alive = survivors(chosen, base, seconds, options.jobs)
    print(f"\n{'file':<24} {'mutants':>7} {'killed':>7} {'survived':>8} {'percent':>7}")
    files = list(dict.fromkeys(mutant.file for mutant in chosen))
    for name, files in [*((file, [file]) for file in files), ("together", files)]:
        of, left = (sum(mutant.file in files for mutant in each) for each in (chosen, alive))
        print(f"{name:<24} {of:>7} {of - left:>7} {left:>8} {100 * (of - left) / of:>7.1f}")
    return 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
