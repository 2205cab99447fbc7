"""The learner's commands, in a course folder with the exercises of one lesson."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from qmix_course.__main__ import main
from qmix_course.desk import standing
from tools.notebooks import EXERCISES, ROOT, SOLUTIONS

STUB = "    ..."
RIGHT = "    return reward if terminated else reward + 0.9 * max(next_values)"
NAME = "00_start_here.ipynb"


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = tmp_path / "a course"
    (folder / "exercises").mkdir(parents=True)
    shutil.copy(EXERCISES / NAME, folder / "exercises")
    monkeypatch.chdir(folder)
    return folder


def answer(course, text: str) -> None:
    """Write ``text`` into the answer cell of my copy, as an editor of notebooks would."""
    path = course / "my" / "exercises" / NAME
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "answer_00_1":
            cell["source"] = "".join(cell["source"]).replace(STUB, text).splitlines(keepends=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def rows(text: str) -> dict:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines()}


def test_start_copies_and_never_overwrites(course, capsys):
    assert main(["start"]) == 0 and "my/exercises/00_start_here.ipynb: copied" in capsys.readouterr().out
    copy = course / "my" / "exercises" / NAME
    assert copy.read_bytes() == (course / "exercises" / NAME).read_bytes()
    copy.write_text("mine")
    assert main(["start", "00"]) == 0 and "already there, left as it is" in capsys.readouterr().out
    assert copy.read_text() == "mine"


def test_the_commands_work_below_the_course_folder_too(course, capsys, monkeypatch):
    main(["start"])
    monkeypatch.chdir(course / "my")
    assert main(["progress"]) == 0 and rows(capsys.readouterr().out.split("\n", 1)[1])["all"] == ["0", "0", "1", "0/1"]


def test_reset_keeps_a_dated_copy(course, capsys):
    assert main(["reset", "00"]) == 0
    for text in ("one", "two", "three"):                       # three in one second: none is lost
        (course / "my" / "exercises" / NAME).write_text(text)
        assert main(["reset", "00"]) == 0
    assert re.search(r"the old one is now 00_start_here\.\d{4}-\d\d-\d\d-\d{6}(-\d)?\.ipynb", capsys.readouterr().out)
    assert (course / "my" / "exercises" / NAME).read_bytes() == (course / "exercises" / NAME).read_bytes()
    kept = [path.read_text() for path in (course / "my" / "exercises").glob("00_start_here.2*.ipynb")]
    assert sorted(kept) == ["one", "three", "two"]


@pytest.mark.parametrize("text, row, said, code", [
    (STUB, ["0", "0", "1"], "00.1 The target of one step: not attempted", 1),
    (RIGHT, ["1", "0", "0"], "00.1 The target of one step: correct", 0),
    ("    return reward + 0.9 * max(next_values)", ["0", "1", "0"], "wrong: the end of an episode is ignored", 1),
    ("    return rewrd", ["0", "1", "0"], "line 3 of one_step_target: NameError", 1),
    ("    return (reward", ["0", "1", "0"], "error in your code: line 3: SyntaxError", 1),
    ("    pass\n\n\nraise SystemExit(1)", ["0", "1", "0"], "error in your code: line 6: SystemExit", 1),
    ("    %time print(1)\n    return 3.0", ["0", "1", "0"], "the values are not the expected ones", 1),
    ("    pass\n\n\ndel one_step_target", ["0", "0", "1"], "defines no one_step_target", 1),
    ("    print('{}')\n    return 0.0", ["0", "1", "0"], "wrong", 1),
])
def test_check_and_progress_say_where_a_saved_notebook_stands(course, capsys, text, row, said, code):
    main(["start", "00"])
    answer(course, text)
    capsys.readouterr()
    assert main(["check", "00.1"]) == code
    assert said in capsys.readouterr().out
    assert main(["progress"]) == 0
    assert rows(capsys.readouterr().out)["00"] == [*row, f"{row[0]}/1"]


@pytest.mark.parametrize("content, said", [
    (lambda text: text[:900], "is broken in line"),
    (lambda text: "", "is broken in line 1"),
    (lambda text: "[1, 2]", "is no notebook"),
    (lambda text: '{"cells": [{"cell_type": "code"}]}', "is no notebook"),
    (lambda text: '{"cells": null}', "is no notebook"),
])
def test_a_broken_notebook_gets_a_clear_message_and_stays_as_it_is(course, capsys, content, said):
    main(["start"])
    path = course / "my" / "exercises" / NAME
    path.write_text(content(path.read_text(encoding="utf-8")), encoding="utf-8")
    before = path.read_bytes()
    assert main(["check", "00"]) == 2
    message = capsys.readouterr().err
    assert said in message and "my/exercises/00_start_here.ipynb" in message and "Traceback" not in message
    assert main(["progress"]) == 0 and said in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_copy_without_its_exercises_is_not_called_missing(course, capsys):
    main(["start"])
    path = course / "my" / "exercises" / NAME
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    capsys.readouterr()
    said = f"my/exercises/{NAME} holds no exercise of lesson 00 any more"
    for words in (["check", "00"], ["check", "00.1"]):
        assert main(words) == 2 and said in capsys.readouterr().err
    assert main(["progress"]) == 0 and said in capsys.readouterr().out
    assert main(["reset", "00"]) == 0 and main(["progress"]) == 0
    assert said not in capsys.readouterr().out


def test_a_notebook_that_takes_its_process_down_gets_a_message(course, capsys):
    main(["start"])
    answer(course, "    ...\n\n\nimport os\nos._exit(7)")
    assert main(["check", "00"]) == 2
    assert "its process ended with 7" in capsys.readouterr().err


def test_a_notebook_that_never_ends_is_stopped(course, capsys, monkeypatch):
    monkeypatch.setattr(standing, "RUN_SECONDS", 8)
    main(["start"])
    answer(course, "    ...\n\n\nwhile True:\n    pass")
    assert main(["check", "00"]) == 2
    assert "a loop that never ends" in capsys.readouterr().err


def test_what_a_notebook_does_to_the_library_stays_in_its_own_process(course, capsys):
    main(["start"])
    answer(course, RIGHT + "\n\n\nimport qmix_course.mixers\nqmix_course.mixers.QMixer.non_negative = None")
    assert main(["check", "00"]) == 0
    from qmix_course.mixers import QMixer

    assert QMixer.non_negative is not None


def test_hints_come_one_at_a_time(course, capsys):
    assert main(["hint", "00.1"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Hint 1 of 3: ") and "There are 2 more: python -m qmix_course hint 00.1 2" in out
    assert main(["hint", "0.1"]) == 0 and capsys.readouterr().out == out
    assert main(["hint", "00.1", "3"]) == 0 and "more" not in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("words, said", [
    (["start", "77"], "exercises for the lessons"), (["start", "../x"], "exercises for the lessons"),
    (["reset", "12"], "exercises for the lessons"), (["check", "00.9"], "lesson 00 has the exercises 00.1"),
    (["check", "x"], "expected a lesson"), (["check", "00"], "is not there: python -m qmix_course start 00"),
    (["check"], "nothing in my/ yet"), (["hint", "00.1", "9"], "hints 1 to 3"), (["hint", "1"], 'as "03.1"'),
])
def test_a_wrong_command_says_what_is_wrong(course, capsys, words, said):
    assert main(words) == 2
    assert said in capsys.readouterr().err and not (course / "my").exists()


def test_without_the_exercises_the_commands_say_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(standing, "__file__", str(tmp_path / "site" / "qmix_course" / "desk" / "standing.py"))
    assert main(["progress"]) == 2 and "a clone of the course" in capsys.readouterr().err


def test_the_reference_solutions_pass_from_a_terminal(tmp_path, monkeypatch, capsys):
    (tmp_path / "exercises").mkdir()
    (tmp_path / "my" / "exercises").mkdir(parents=True)
    for path in EXERCISES.glob("0[03]_*.ipynb"):
        shutil.copy(path, tmp_path / "exercises")
        shutil.copy(SOLUTIONS / path.name, tmp_path / "my" / "exercises")
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 0
    assert main(["progress"]) == 0
    assert rows(capsys.readouterr().out)["all"][1:3] == ["0", "0"]


def test_the_package_is_found_from_anywhere(tmp_path):
    """The commands of the README, as typed in a clone."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "qmix_course", "hint", "00.1"], cwd=tmp_path, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("Hint 1")
