"""A teacher's path: nbgrader takes a solution notebook as it is, makes the assignment from it, and grades."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from qmix_course.checks import exercises
from tools.notebooks import EXERCISES, ROOT, SOLUTIONS, sources

LESSON = "03"
NAME = sources([LESSON], SOLUTIONS)[0].stem


def nbgrader(course, *words):
    """Run one of nbgrader's commands in the course folder, strictly: a verdict other than correct raises."""
    command = [sys.executable, "-m", "nbgrader", *words, "--course-dir", str(course)]
    environment = os.environ | {"QMIX_COURSE_STRICT": "1", "PYTHONPATH": str(ROOT),
                                # nbgrader calls alembic by its name, so it must be found without an activated
                                # environment
                                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


def relax(folder):
    """Every answer cell switches strict mode off, in all the ways that do not take a search."""
    path = folder / f"{NAME}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("answer_"):
            cell["source"] = ("".join(cell["source"]) + "\nimport os\nos.environ['QMIX_COURSE_STRICT'] = "
                                                        "'0'\nos.unsetenv('QMIX_COURSE_STRICT')\n")
    path.write_text(json.dumps(notebook), encoding="utf-8")


def bring_a_course(folder):
    """A course of one's own, whose checks are content with everything, beside the notebook."""
    (folder / "qmix_course" / "checks").mkdir(parents=True)
    (folder / "qmix_course" / "__init__.py").write_text("")
    (folder / "qmix_course" / "lesson.py").write_text("def start(number): pass\n")
    (folder / "qmix_course" / "checks"
     / "__init__.py").write_text("def check(*_): return 'correct'\nhint = solution = check\n")


FORGERS = {"relaxes": relax, "brings": bring_a_course}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder as docs/teaching.md describes it, with one assignment and two students."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "tools" / "nbgrader_config.py", folder)
    (folder / "source" / NAME).mkdir(parents=True)
    shutil.copy(SOLUTIONS / f"{NAME}.ipynb", folder / "source" / NAME)
    nbgrader(folder, "generate_assignment", NAME, "--create")
    released = folder / "release" / NAME / f"{NAME}.ipynb"
    for student in ("solved", "empty", *FORGERS):
        handed_in = folder / "submitted" / student / NAME
        handed_in.mkdir(parents=True)
        shutil.copy(SOLUTIONS / f"{NAME}.ipynb" if student == "solved" else released, handed_in / f"{NAME}.ipynb")
        if student in FORGERS:
            FORGERS[student](handed_in)
    nbgrader(folder, "autograde", NAME, "--create")
    return folder


def test_the_assignment_has_the_cells_of_our_exercise(course):
    import nbformat

    released = nbformat.read(course / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    ours = nbformat.read(EXERCISES / f"{NAME}.ipynb", as_version=4)
    assert [cell.source for cell in released.cells] == [cell.source for cell in ours.cells]


def test_full_marks_for_the_solution_and_none_for_the_empty_one(course, monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        scores = {row.student.id: (row.score, row.max_score) for row in gradebook.assignment_submissions(NAME)}
    points = sum(exercise.difficulty for exercise in exercises(LESSON))
    assert scores == {"solved": (points, points), "empty": (0, points)} | dict.fromkeys(FORGERS, (0, points))
