"""progress on a folder that one names, as in Colab: no clone around, and notebooks under any names."""

import json
import os
import shutil

import pytest

from qmix_course.__main__ import main
from qmix_course.checks.exercise import LESSONS
from qmix_course.desk import standing
from tests.catalogue.lesson07.lab_limit import one_list
from tests.catalogue.lesson17.lab_units import by_half
from tools.notebooks import EXERCISES, NOTEBOOKS, SOLUTIONS

NAME = "00_start_here.ipynb"


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """A folder of notebooks, and no course anywhere near."""
    folder = tmp_path / "Colab Notebooks"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(standing, "__file__", str(tmp_path / "site" / "qmix_course" / "desk" / "standing.py"))
    return folder


def rows(text: str) -> dict:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines()}


def answered(path, text: str) -> None:
    """The empty exercise of lesson 00 with this for its body."""
    notebook = json.loads((EXERCISES / NAME).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "answer_00_1":
            cell["source"] = "".join(cell["source"]).replace("    ...", text)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_notebooks_count_whatever_their_names(drive, capsys):
    shutil.copy(SOLUTIONS / NAME, drive / "Kopie von meinem Kurs.ipynb")
    shutil.copy(next(EXERCISES.glob("03_*.ipynb")), drive / "Copy of 03_agents.ipynb")
    shutil.copy(next(NOTEBOOKS.glob("04_*.ipynb")), drive / "04_factorisation.ipynb")
    assert main(["progress", str(drive)]) == 0
    said = rows(capsys.readouterr().out)
    assert said["00"] == ["1", "0", "0", "1/1"] and said["03"][:2] == ["0", "0"] and "started" not in said["03"]
    assert said["04"][-2:] == ["not", "started"], "a lesson holds no exercises"
    assert len(said) == 1 + len(LESSONS) + 1 and said["all"][0] == "1"


def test_of_several_the_last_one_worked_on_counts_and_this_is_said(drive, capsys):
    files = [drive / "Copy of 00_start_here.ipynb", drive / "00_start_here (1).ipynb", drive / NAME]
    shutil.copy(EXERCISES / NAME, files[0])
    answered(files[1], "    return 0.0")
    shutil.copy(SOLUTIONS / NAME, files[2])
    for age, path in enumerate(files):
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    main(["progress", str(drive)])
    out = capsys.readouterr().out
    assert [line.split()[1:] for line in out.splitlines() if line.startswith("00 ")] == [["0", "1", "0", "0/1"]]
    assert (f"00: {files[1].name} counts, the last one saved that you worked on; the same exercises are in "
            f"{files[0].name}, {NAME}" in out)


def test_without_ids_the_headings_tell(drive, capsys):
    """Whatever wrote the file anew may have dropped nbgrader's ids."""
    notebook = json.loads((SOLUTIONS / NAME).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    (drive / "mine.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert main(["progress", str(drive)]) == 0
    assert rows(capsys.readouterr().out)["00"] == ["1", "0", "0", "1/1"]


@pytest.mark.parametrize("wrong", ["gone", "Colab Notebooks/a.ipynb"])
def test_what_is_no_folder_is_told(drive, capsys, wrong):
    (drive / "a.ipynb").write_text("x")
    assert main(["progress", wrong]) == 2
    assert "is no folder" in capsys.readouterr().err


def test_an_empty_folder_is_all_to_do(drive, capsys):
    assert main(["progress", str(drive)]) == 0
    assert rows(capsys.readouterr().out)["all"][:2] == ["0", "0"]


def test_an_old_copy_that_answers_an_earlier_exercise_is_told_so(drive, capsys):
    """In the notebook, which still hands its function to the check, and in the terminal, where the name is missing."""
    from qmix_course.checks import check
    from qmix_course.checks.exercise import exercises

    def central_weights(agent_qs, actions, y, q_greedy, alpha):
        return agent_qs

    verdict = check("13.1", central_weights)
    assert verdict.kind == "not attempted" and "an earlier exercise 13.1" in verdict.title
    assert "reset 13" in verdict.hint and not verdict.folds
    assert check("13.1", central_weights, 1).kind == "not attempted", "whatever the number of answers was"
    assert check("13.1", lambda *_: 0.0).kind != "not attempted"
    notebook = json.loads(next(EXERCISES.glob("13_*.ipynb")).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "answer_13_1":
            cell["source"] = "def central_weights(agent_qs, actions, y, q_greedy, alpha):\n    return y"
    path = drive / "13_weighted_qmix.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    found = standing.verdicts("13", path)
    assert found["13.1"] == verdict and found["13.3"].kind == "not attempted" and not found["13.3"].title
    every = []
    for lesson in LESSONS:                                  # a notebook has the names of one lesson
        old = [name for exercise in exercises(lesson) for name in exercise.formerly]
        new = [name for exercise in exercises(lesson) for name in exercise.answers]
        assert not set(old) & set(new) and len(set(old)) == len(old), lesson
        every += old
    assert every


def test_a_copy_that_names_a_line_where_a_cause_is_asked_is_told_that_it_is_older():
    from qmix_course.checks import check

    verdict = check("07.7", 3, one_list)
    assert verdict.kind == "not attempted" and "an earlier exercise 07.7" in verdict.title
    assert "reset 07" in verdict.hint
    assert check("17.4", 3, by_half).kind == check("07.7", None, one_list).kind == "wrong shape or type"
    assert check("07.7", "F", one_list).title == "cause: expected one letter, A to E, as text, got 'F'"
