"""Check exercises and solutions without running them: their shape, that they are up to date, and their verdicts."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from qmix_course import lesson
from qmix_course.checks import exercises
from qmix_course.checks.exercise import LESSONS
from tools import outputs
from tools.exercise_list import with_exercise_list
from tools.make_exercises import TEXTS, exercise_text, solutions_text
from tools.notebooks import EXERCISES, SOLUTIONS, colab_badge, number_of, setup_cell, sources
from tools.pairs import check_pair, check_pairs

ANSWER = {"grade": False, "locked": False, "schema_version": 3, "solution": True, "task": False}
SAVE_A_COPY = ("In Colab, first *File > Save a copy in Drive*: without it, your answers are gone when you close the "
               "page.")
CHECK = {"grade": True, "locked": True, "schema_version": 3, "solution": False, "task": False}


def check_exercises(numbers: list[str] | None = None) -> list[str]:
    """Every complaint about exercises/ and solutions/, as ``name: complaint``; all lessons when none is named."""
    complaints = [] if numbers else check_pairs(SOLUTIONS) + check_pairs(EXERCISES) + _check_same_names()
    if TEXTS.read_text(encoding="utf-8") != solutions_text(sources([], SOLUTIONS)):
        complaints.append("qmix_course/checks/solutions.json is not up to date: run tools/make_exercises.py")
    complaints += [f"{lesson.name}: the list of its exercises is not up to date: run tools/make_exercises.py"
                   for lesson in sources([]) if lesson.read_text(encoding="utf-8") != with_exercise_list(lesson)]
    for source in sources(numbers or [], SOLUTIONS):
        exercise = EXERCISES / source.name
        if not (exercise.exists() and exercise.with_suffix(".ipynb").exists()
                and source.with_suffix(".ipynb").exists()):
            complaints.append(f"{source.stem} was never built: run tools/make_exercises.py")
            continue
        if exercise.read_text(encoding="utf-8") != exercise_text(source):
            complaints.append(f"exercises/{source.name} is not what its solution gives: run tools/make_exercises.py")
        for path in (source, exercise):
            notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
            found = check_pair(path) + outputs.check_outputs(notebook) + check_shape(notebook, source.stem)
            found += _check_verdicts(notebook, "correct" if path is source else "not attempted")
            complaints += [f"{path.parent.name}/{path.stem}: {complaint}" for complaint in found]
    return complaints


def _check_same_names() -> list[str]:
    names = {folder.name: {path.name for path in folder.glob("*.py")} for folder in (SOLUTIONS, EXERCISES)}
    return [f"{name} stands in one of solutions/ and exercises/ only"
            for name in sorted(names["solutions"] ^ names["exercises"])]


def check_shape(notebook: nbformat.NotebookNode, stem: str) -> list[str]:
    """Title, set-up and start as they must be; for each exercise its heading, its answer cell, its check cell."""
    number = number_of(Path(stem))
    cells = notebook.cells
    complaints = []
    if colab_badge(stem, "exercises") not in cells[0].source:
        complaints.append(f"the title cell lacks its Colab badge: {colab_badge(stem, 'exercises')}")
    if SAVE_A_COPY not in cells[0].source:
        complaints.append(f"the title cell must say that Colab forgets: {SAVE_A_COPY}")
    if cells[1].source != setup_cell():
        complaints.append("the second cell must be the set-up cell: run tools/address.py")
    if number not in LESSONS:
        return complaints
    if not cells[0].source.startswith(f"# Exercises {number} · {lesson.TITLES[number]}\n"):
        complaints.append(f"the title must be '# Exercises {number} · {lesson.TITLES[number]}'")
    if cells[2].source != f'from qmix_course import lesson\n\nlesson.start("{number}")':
        complaints.append(f'the third cell must be just lesson.start("{number}")')
    listed = exercises(number)
    minutes = re.search(r"^\*\*Minutes:\*\* (\d+)$", cells[0].source, re.MULTILINE)
    if not minutes or int(minutes[1]) != sum(exercise.minutes for exercise in listed):
        complaints.append(f"the title cell must say '**Minutes:** {sum(exercise.minutes for exercise in listed)}', the "
                          f"sum")
    at = -1
    for exercise in listed:
        asks = exercise.cell.replace("answer", "check")
        names = ", ".join(exercise.answers)
        heading = [k for k, cell in enumerate(cells) if cell.source.startswith(exercise.heading() + "\n")]
        answer = _with_id(cells, exercise.cell, ANSWER)
        check = _with_id(cells, asks, CHECK | {"points": exercise.difficulty})
        if len(heading) != 1 or answer is None or check is None or not at < heading[0] < answer < check:
            complaints.append(f"{exercise.number}: needs one heading as Exercise.heading() gives it, then its answer "
                              f"cell ({exercise.cell}), then its check cell ({asks}), with nbgrader's metadata")
            continue
        at = check
        if cells[check].source.strip() != f'check("{exercise.number}", {names})':
            complaints.append(f'{exercise.number}: the check cell must hold just check("{exercise.number}", {names})')
    return complaints


def _with_id(cells: list, grade_id: str, metadata: dict) -> int | None:
    for position, cell in enumerate(cells):
        if dict(cell.metadata.get("nbgrader", {})) == metadata | {"grade_id": grade_id}:
            return position
    return None


def _check_verdicts(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    complaints = []
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id.startswith("check_"):
            said = [output.data.get("text/plain") for output in cell.outputs if output.output_type == "execute_result"]
            if said != [kind]:
                complaints.append(f"{grade_id} says {said}, expected {kind!r}")
    return complaints
