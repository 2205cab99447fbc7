"""A learner's own notebooks in ``my/``: copy them, run them, check them, begin again."""

from __future__ import annotations

import ast
import contextlib
import datetime
import io
import json
import linecache
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from qmix_course.checks import Verdict, check, exercises
from qmix_course.checks.exercise import LESSONS

RUN_SECONDS = 120


class DeskError(ValueError):
    """Something about the learner's files that only the learner can put right; the message says what."""


def course_folder() -> Path:
    """The folder that holds exercises/: the working directory, one above it, or the clone this package stands in.

    Raises:
        DeskError: the course was installed without its exercises.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / "exercises" / "00_start_here.ipynb").exists():
            return folder
    raise DeskError("the exercises are not here: these commands work in a clone of the course. "
                    "In Colab, open the exercise notebook itself; checks, hints and solutions work in it")


def shipped(lesson: str, folder: Path) -> Path:
    """The exercise notebook of one lesson, or the capstone, as it came with the course."""
    found = sorted((folder / "exercises").glob(f"{lesson}_*.ipynb")) or sorted((folder / "exercises").glob(f"{lesson}.ipynb"))
    if not found or not (lesson in LESSONS or lesson == "capstone"):
        raise DeskError(f'there are exercises for the lessons {LESSONS[0]} to {LESSONS[-1]} and "capstone", not for {lesson!r}')
    return found[0]


def all_numbers(folder: Path) -> list[str]:
    """Every lesson with exercises, then the capstone."""
    return [path.stem.split("_")[0] for path in sorted((folder / "exercises").glob("*.ipynb"))]


def lessons(folder: Path) -> list[str]:
    """Every lesson with exercises."""
    return [number for number in all_numbers(folder) if number in LESSONS]


def start(lesson: str, folder: Path) -> tuple[Path, bool]:
    """Copy one notebook to my/, unless one of its name is there: the copy, and whether it is new."""
    source = shipped(lesson, folder)
    copy = folder / "my" / source.name
    copy.parent.mkdir(exist_ok=True)
    try:
        with open(copy, "xb") as file:                     # fails, rather than overwrites
            file.write(source.read_bytes())
    except FileExistsError:
        return copy, False
    return copy, True


def reset(lesson: str, folder: Path) -> tuple[Path, Path | None]:
    """A fresh copy in my/; what was there is kept beside it under a dated name: the copy, and the kept one."""
    source = shipped(lesson, folder)
    copy, kept = folder / "my" / source.name, None
    if copy.exists():
        stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
        kept = copy.with_name(f"{copy.stem}.{stamp}.ipynb")
        count = 1
        while kept.exists():
            count += 1
            kept = copy.with_name(f"{copy.stem}.{stamp}-{count}.ipynb")
        copy.rename(kept)
    return start(lesson, folder)[0], kept


# ---- reading and running a notebook ----------------------------------------------------------------------------------

def read_cells(path: Path) -> list[dict]:
    """The code cells of a notebook: {"source": text, "id": nbgrader's grade_id or ""}.

    Raises:
        DeskError: the file is missing, half saved, or no notebook.
    """
    shown, number = f"{path.parent.name}/{path.name}", path.stem.split("_")[0]
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeskError(f"{shown} is not there: python -m qmix_course start {number}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"{shown} cannot be read ({error})") from None
    try:
        notebook = json.loads(text)
        cells = [{"source": "".join(cell["source"]), "id": cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")}
                 for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except json.JSONDecodeError as error:
        raise DeskError(f"{shown} is broken in line {error.lineno}: it was perhaps saved only in part. Save it again in "
                        f"Jupyter, or take a fresh copy with: python -m qmix_course reset {number}") from None
    except (KeyError, TypeError, AttributeError):
        raise DeskError(f"{shown} is no notebook: it has no list of cells") from None
    return cells


def untouched(path: Path, folder: Path) -> bool:
    """Whether every answer cell of my notebook is still as it was shipped."""
    def answers(cells: list[dict]) -> dict[str, str]:
        return {cell["id"]: cell["source"].strip() for cell in cells if cell["id"].startswith("answer_")}

    return answers(read_cells(path)) == answers(read_cells(shipped(path.stem.split("_")[0], folder)))


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


def _report(lesson: str, path: str) -> None:
    """Print the verdicts as one line of JSON: the other end of ``verdicts_apart``."""
    import matplotlib
    import torch

    matplotlib.use("Agg")
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    out = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()):
        found = verdicts(lesson, Path(path))
    keep = ("kind", "title", "hint", "detail")
    print(json.dumps({number: {name: getattr(verdict, name) for name in keep} for number, verdict in found.items()}), file=out)
