"""A learner's own notebooks: find the course, run a notebook, say where its exercises stand."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from qmix_course import process
from qmix_course.checks import Verdict, check, exercises, surroundings
from qmix_course.desk import finding, sealed
from qmix_course.desk.copies import shipped
from qmix_course.desk.reading import DeskError, read_cells
from qmix_course.desk.running import run_cell

RUN_SECONDS = 600
KEPT = ("kind", "title", "hint", "detail")          # of a verdict, from process to process


def course_folder() -> Path:
    """The folder that holds exercises/: the working directory, one above it, or the clone this package stands in.

    Raises:
        DeskError: the course was installed without its exercises.
    """
    def has_exercises(folder: Path) -> bool:
        return (folder / "exercises" / "00_start_here.ipynb").exists()

    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        # my/ mirrors the course
        if has_exercises(folder) and not (folder.name == "my" and has_exercises(folder.parent)):
            return folder
    raise DeskError("the exercises are not here: these commands work in a clone of the course. "
                    "Elsewhere, as in Colab, open the exercise notebook itself; checks, hints and solutions work in "
                    "it, and progress FOLDER looks at the notebooks in a folder")


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


def run(path: Path, tell: Callable[[dict], None] = lambda _: None, leave_out: Container[str] = ()) -> Ran:
    """Run the cells of a notebook in order, all but the checks, as Jupyter would; a cell that raises, or never ends,
    does not stop it.

    ``tell``: hears which cell begins · ``leave_out``: ids of cells that are not run either.
    """
    names: dict = {"__name__": "__main__", "display": lambda *_, **__: None}
    failed = {}
    cells = read_cells(path)
    with surroundings.quiet():                  # nothing printed, nobody asked, and afterwards everything is as it was
        os.chdir(path.parent)
        for position, cell in enumerate(cells):
            if cell["id"].startswith("check_") or cell["id"] in leave_out:
                continue
            name = cell["id"] or f"code cell {position + 1}"
            tell({"begins": name})
            message = run_cell(cell["source"], position, names)
            if message:
                failed[name] = message
    return Ran(names, failed)


def verdicts(lesson: str, path: Path, tell: Callable[[dict], None] = lambda _: None) -> dict[str, Verdict]:
    """Number → verdict on the answers in one notebook, which is run for it in this process. ``tell`` hears of each at
    once."""
    asked = exercises(lesson)
    ran = run(path, tell)
    found = {}
    for exercise in asked:
        tell({"begins": f"the check of {exercise.number}"})
        missing = [name for name in exercise.answers if name not in ran.names]
        failed = ran.failed.get(exercise.cell)
        if failed:
            verdict = Verdict("error in your code", failed, "The cell of the answer does not run.")
        elif missing:
            verdict = exercise.earlier(ran.names) or Verdict(
                "not attempted", f"the notebook defines no {' and no '.join(missing)}",
                *[f"{cell} raised: {said}" for cell, said in list(ran.failed.items())[:1]])
        else:
            verdict = check(exercise.number, *(ran.names[name] for name in exercise.answers))
        found[exercise.number] = verdict
        tell({"number": exercise.number, "verdict": {name: getattr(verdict, name) for name in KEPT}})
    return found


def verdicts_apart(lesson: str, path: Path) -> dict[str, Verdict]:
    """As ``verdicts``, in a process of its own: whatever a notebook does, it does to that process only.

    Its verdicts come sealed (``sealed.py``): what a notebook prints is no verdict, and none is believed unless all have
    come.

    Raises:
        DeskError: it ran for more than ten minutes, or took its process down.
    """
    read_cells(path)                                        # a broken file is told before a process is started
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "QMIX_COURSE_STRICT": "0", "QMIX_COURSE_PROGRESS": "0",
                   "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
    # -P: a folder qmix_course/ in the working directory is not the course.
    report = "from qmix_course.desk import standing; import sys; standing._report(*sys.argv[1:])"
    command = [sys.executable, "-P", "-c", report, lesson, str(path.resolve())]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file, errors = Path(folder, "records"), Path(folder, "errors")
        file.touch()
        letter, key = sealed.letter(file)
        with open(errors, "wb") as stderr:
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr,
                                     env=environment, start_new_session=True)
        try:
            child.communicate(letter.encode(), timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            late = child.poll() is None
            child.kill()
            child.wait()
            if os.name != "nt":                             # and whatever it has left running
                with contextlib.suppress(ProcessLookupError, PermissionError):      # nobody left; so macOS says it
                    os.killpg(child.pid, signal.SIGKILL)
        last = (errors.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no message"])[-1]
        try:
            records = sealed.read(file, key)
        except ValueError as error:
            raise DeskError(f"{path.name} could not be checked: {error}") from None
    found = {record["number"]: Verdict(**record["verdict"]) for record in records if "number" in record}
    begun = [record["begins"] for record in records if "begins" in record]
    if late and not found:
        raise DeskError(f"{path.name} ran for more than {RUN_SECONDS // 60} minutes: is there a loop that never ends? "
                        f"It was stopped in {begun[-1] if begun else 'its beginning'}")
    if not late and {"done": True} not in records:
        raise DeskError(f"{path.name} could not be checked: its process ended with {child.returncode} ({last})"
                        + (f", in {begun[-1]}" if begun else ""))
    left = Verdict("error in your code", f"not checked: {RUN_SECONDS // 60} minutes were over in "
                                         f"{begun[-1] if begun else 'the beginning'}")
    return {exercise.number: found.get(exercise.number, left) for exercise in exercises(lesson)}


def judge(lesson: str, notebooks: list[finding.Notebook], course: Path | None) -> tuple[list[Path], dict[str, Verdict]]:
    """Those of the notebooks that hold a lesson's exercises, and the verdicts on the first of them: the one saved last
    among those that were worked on. No notebooks, no verdicts.

    ``notebooks``: from ``finding.look`` · ``course``: where the course is, if it is here: what is as it was shipped
    need not be run.

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
    """Tell the verdicts, sealed: the other end of ``verdicts_apart``."""
    tell = sealed.open_letter()
    sys.stdin = io.StringIO()
    import matplotlib
    import torch

    matplotlib.use("Agg")
    torch.set_num_threads(process.threads())
    verdicts(lesson, Path(path), tell)
    tell({"done": True})
    os._exit(0)                                 # does not wait for what an answer has left running
