"""A learner's own notebooks: find the course, run a notebook, say where its exercises stand."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from qmix_course import finding, process
from qmix_course.checks import Verdict, check, exercises
from qmix_course.copies import shipped
from qmix_course.reading import DeskError, read_cells

RUN_SECONDS = 120


def course_folder() -> Path:
    """The folder that holds exercises/: the working directory, one above it, or the clone this package stands in.

    Raises:
        DeskError: the course was installed without its exercises.
    """
    def has_exercises(folder: Path) -> bool:
        return (folder / "exercises" / "00_start_here.ipynb").exists()

    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if has_exercises(folder) and not (folder.name == "my" and has_exercises(folder.parent)):    # my/ mirrors the course
            return folder
    raise DeskError("the exercises are not here: these commands work in a clone of the course. "
                    "Elsewhere, as in Colab, open the exercise notebook itself; checks, hints and solutions work in it, and "
                    "progress FOLDER looks at the notebooks in a folder")


def untouched(path: Path, lesson: str, folder: Path) -> bool:
    """Whether every answer cell of my notebook is still as it was shipped."""
    def answers(cells: list[dict]) -> list[tuple[str, str]]:
        return [(cell["id"], cell["source"].strip()) for cell in cells if cell["id"].startswith("answer_")]

    return answers(read_cells(path)) == answers(read_cells(shipped(lesson, folder)))


@dataclass(frozen=True)
class Ran:
    """What a run of a notebook left: its names, and the cells that raised: their id → what, in one line."""

    names: dict
    failed: dict[str, str]


def run(path: Path) -> Ran:
    """Run the cells of a notebook in order, all but the checks, as Jupyter would; a cell that raises does not stop it."""
    names: dict = {"__name__": "__main__", "display": lambda *_, **__: None}
    failed = {}
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        for position, cell in enumerate(read_cells(path)):
            if cell["id"].startswith("check_"):
                continue
            message = _run_cell(cell["source"], position, names)
            if message:
                failed[cell["id"] or f"code cell {position + 1}"] = message
    finally:
        os.chdir(before)
    return Ran(names, failed)


def _run_cell(source: str, position: int, names: dict) -> str:
    """Run one cell; what it raised, in one line, or nothing."""
    from IPython.core.inputtransformer2 import TransformerManager

    label = f"<code cell {position + 1}>"
    try:
        text = TransformerManager().transform_cell(source)
        linecache.cache[label] = (len(text), None, text.splitlines(keepends=True), label)
        tree = compile(text, label, "exec", ast.PyCF_ONLY_AST)
        names["get_ipython"] = lambda: _NoMagics()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(tree, label, "exec"), names)
    except (Exception, SystemExit) as error:
        line = getattr(error, "lineno", None)
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == label:
                line = trace.tb_lineno
            trace = trace.tb_next
        return f"{f'line {line}: ' if line else ''}{type(error).__name__}: {error}".splitlines()[0]
    return ""


class _NoMagics:
    """Stands where a cell uses a line magic, which has no meaning outside Jupyter."""

    def __getattr__(self, name):
        return lambda *_, **__: None


def verdicts(lesson: str, path: Path) -> dict[str, Verdict]:
    """Number → verdict on the answers in one notebook, which is run for it in this process."""
    ran = run(path)
    found = {}
    for exercise in exercises(lesson):
        missing = [name for name in exercise.answers if name not in ran.names]
        failed = ran.failed.get(f"answer_{exercise.number.replace('.', '_')}")
        if failed:
            found[exercise.number] = Verdict("error in your code", failed, "The cell of the answer does not run.")
        elif missing:
            found[exercise.number] = Verdict("not attempted", f"the notebook defines no {' and no '.join(missing)}",
                                             *[f"{cell} raised: {said}" for cell, said in list(ran.failed.items())[:1]])
        else:
            found[exercise.number] = check(exercise.number, *(ran.names[name] for name in exercise.answers))
    return found


def verdicts_apart(lesson: str, path: Path) -> dict[str, Verdict]:
    """As ``verdicts``, in a process of its own: whatever a notebook does, it does to that process only.

    Raises:
        DeskError: it ran for more than two minutes, or took its process down.
    """
    read_cells(path)                                        # a broken file is told before a process is started
    environment = {**os.environ, "QMIX_COURSE_STRICT": "0", "QMIX_COURSE_PROGRESS": "0"}
    command = [sys.executable, "-c", "from qmix_course import desk; import sys; desk._report(*sys.argv[1:])", lesson, str(path.resolve())]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).resolve().parents[1]), environment.get("PYTHONPATH")]))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, env=environment, encoding="utf-8")
    except subprocess.TimeoutExpired:
        raise DeskError(f"{path.name} ran for more than {RUN_SECONDS // 60} minutes: is there a loop that never ends?") from None
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DeskError(f"{path.name} could not be checked: its process ended with {done.returncode} ({last})")
    return {number: Verdict(**parts) for number, parts in json.loads(lines[-1]).items()}


def judge(lesson: str, notebooks: list[finding.Notebook], course: Path | None) -> tuple[list[Path], dict[str, Verdict]]:
    """Those of the notebooks that hold a lesson's exercises, and the verdicts on the first of them: the one saved last among
    those that were worked on. No notebooks, no verdicts.

    ``notebooks``: from ``finding.look`` · ``course``: where the course is, if it is here: what is as it was shipped need
    not be run.

    Raises:
        DeskError: it cannot be read, or its run does not end well.
    """
    held = [notebook for notebook in notebooks if lesson in notebook.lessons]
    readable = [notebook.path for notebook in held if not notebook.error]
    if held and not readable:
        raise DeskError(held[0].error)
    newest: dict[str, Verdict] = {}
    for path in readable:
        as_shipped = course is not None and untouched(path, lesson, course)
        found = {} if as_shipped else verdicts_apart(lesson, path)
        if any(verdict.kind != "not attempted" for verdict in found.values()):
            return [path, *(other for other in readable if other != path)], found
        newest = newest or found or {exercise.number: Verdict("not attempted") for exercise in exercises(lesson)}
    return readable, newest


def _report(lesson: str, path: str) -> None:
    """Print the verdicts as one line of JSON: the other end of ``verdicts_apart``."""
    import matplotlib
    import torch

    matplotlib.use("Agg")
    torch.set_num_threads(process.threads())
    out = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()):
        found = verdicts(lesson, Path(path))
    keep = ("kind", "title", "hint", "detail")
    print(json.dumps({number: {name: getattr(verdict, name) for name in keep} for number, verdict in found.items()}), file=out)
