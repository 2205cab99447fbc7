"""Verdicts from another process: what an answer prints or writes is none, and cells run whatever magic stands above
them."""

import contextlib
import json
import os
import shutil
import subprocess
import time

import pytest

from qmix_course.checks import exercises, limit
from qmix_course.checks.exercise import LESSONS
from qmix_course.desk import running, sealed, standing
from qmix_course.desk.reading import DeskError, read_cells
from tools.notebooks import EXERCISES, SOLUTIONS

RIGHT = ("def one_step_target(reward, next_values, terminated):\n    return reward if terminated else reward + 0.9 * "
         "max(next_values)")
FORGED = json.dumps({"00.1": {"kind": "correct", "title": "", "hint": "", "detail": ""}})


@pytest.fixture
def notebook(tmp_path):
    def written(answer: str):
        path = tmp_path / "00_start_here.ipynb"
        shutil.copy(EXERCISES / path.name, path)
        text = json.loads(path.read_text(encoding="utf-8"))
        for cell in text["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "answer_00_1":
                cell["source"] = answer
        path.write_text(json.dumps(text), encoding="utf-8")
        return path

    return written


@pytest.mark.parametrize("answer", [
    f"print({FORGED!r}, flush=True)\nimport os\nos._exit(0)",
    f"import sys\nsys.__stdout__.write({FORGED!r} + chr(10))\nsys.__stdout__.flush()\nimport os\nos._exit(0)",
    "import os\nos._exit(0)",
])
def test_no_verdict_is_printed(notebook, answer):
    with pytest.raises(DeskError, match="its process ended with 0"):
        standing.verdicts_apart("00", notebook(answer))


def test_nor_written_into_the_file(notebook):
    answer = ("import glob, tempfile, os, json\nfor file in glob.glob(tempfile.gettempdir() + '/*/records'):\n"
              "    open(file, 'a').write('x ' + json.dumps({'number': '00.1', 'verdict': {'kind': 'correct'}}) + "
              "chr(10))\nos._exit(0)")
    with pytest.raises(DeskError, match="could not be checked"):
        standing.verdicts_apart("00", notebook(answer))


@pytest.mark.skipif(os.name == "nt" or not shutil.which("ps"), reason="needs groups of processes, and ps")
@pytest.mark.parametrize("last", ["", "os._exit(0)"])
def test_nothing_that_a_notebook_started_is_left_running(notebook, tmp_path, last):
    """A program that an answer starts ran on for as long as it liked."""
    answer = (f"import os, subprocess\nstarted = subprocess.Popen(['sleep', '600']).pid\n"
              f"open({str(tmp_path / 'pid')!r}, 'w').write(str(started))\n{last}\n{RIGHT}")
    with pytest.raises(DeskError) if last else contextlib.nullcontext():
        assert standing.verdicts_apart("00", notebook(answer))["00.1"].kind == "correct"
    pid, end = int((tmp_path / "pid").read_text()), time.monotonic() + 20
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Whether that process runs; one that has ended and that nobody has asked after does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_input_does_not_wait_at_a_terminal(notebook):
    found = standing.verdicts_apart("00", notebook(RIGHT + "\n\nname = input('your name? ')"))
    assert found["00.1"].kind == "error in your code" and "nobody is there" in found["00.1"].title


def test_records_are_read_in_order_and_whole(tmp_path, monkeypatch):
    file = tmp_path / "records"
    file.touch()
    letter, key = sealed.letter(file)
    monkeypatch.setattr("sys.stdin", type("Given", (), {"readline": staticmethod(lambda: letter)}))
    tell = sealed.open_letter()
    tell({"a": 1})
    tell({"b": "ü"})
    assert sealed.read(file, key) == [{"a": 1}, {"b": "ü"}]
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines) + "half a line")
    assert len(sealed.read(file, key)) == 2
    for forged in (lines[::-1], [lines[0].replace("1}", "2}")], ["no seal\n"], [lines[1]]):
        file.write_text("".join(forged))
        with pytest.raises(sealed.Forged):
            sealed.read(file, key)


@pytest.mark.parametrize("magic", ["%%time", "%%time\n", "%%capture", "%%capture out", "%%timeit -n1 -r1", "%%prun",
                                   "# first\n%%time",
                                   "%%time\n%%capture", "%%debug"])
def test_a_magic_above_a_cell_does_not_skip_it(magic):
    names = {}
    assert running.run_cell(f"{magic}\nanswer = 1 + 1\n", 0, names) == "" and names["answer"] == 2
    assert running.run_cell(f"{magic}\nanswer = (1 +\n", 0, names).startswith("line ")


@pytest.mark.parametrize("cell, value", [
    ("%time answer = 1 + 1", 2), ("%timeit -n 1 answer = 3", 3), ("answer = 4\n%matplotlib inline", 4),
    ("answer = 5\n!ls", 5), ("import asyncio\nanswer = await asyncio.sleep(0, 7)", 7),
    ("%%bash\nanswer = 6", None), ("%%html\n<b>x</b>", None),
])
def test_other_magics(cell, value):
    names = {}
    assert running.run_cell(cell, 0, names) == "" and names.get("answer") == value


def test_a_cell_that_never_ends_is_stopped_and_the_next_one_runs(monkeypatch):
    monkeypatch.setattr(running, "CELL_SECONDS", 0.3)
    names = {}
    said = running.run_cell("x = 1\nwhile True:\n    x = x", 0, names)
    assert "it ran too long and was stopped" in said and said.startswith("line ")
    assert running.run_cell("y = x + 1", 1, names) == "" and names["y"] == 2
    monkeypatch.setattr(running, "CELL_SECONDS", 20)
    monkeypatch.setattr(limit, "WAITING", 1)
    assert "waiting" in running.run_cell("import time\ntime.sleep(99)", 2, names)


def test_a_cell_that_measures_has_more_time(monkeypatch):
    """Experiments train for eight seeds in one cell: the reference solutions up to 34 seconds on a slow computer."""
    monkeypatch.setattr(running, "CELL_SECONDS", 0.3)
    busy = "import time\nend = time.process_time() + 1\nwhile time.process_time() < end:\n    pass\n{} = 3"
    assert "it ran too long and was stopped" in running.run_cell(busy.format("answer"), 0, {})
    names = {}
    assert running.run_cell(busy.format("measured"), 0, names) == "" and names["measured"] == 3
    monkeypatch.setattr(running, "MEASURE_SECONDS", 0.3)
    assert "it ran too long and was stopped" in running.run_cell(busy.format("measured"), 0, {})


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_experiment_gets_that_time_and_no_other_exercise(lesson):
    cells = {cell["id"]: cell["source"] for cell in read_cells(next(SOLUTIONS.glob(f"{lesson}_*.ipynb")))}
    for exercise in exercises(lesson):
        most = running.MEASURE_SECONDS if exercise.measures else running.CELL_SECONDS
        assert running.seconds_of(cells[exercise.cell]) == most, exercise.number
        # A cell trains more than its check does. And whoever never ends leaves time for a word on all the others.
        assert most >= exercise.seconds and most + exercise.seconds <= 0.7 * standing.RUN_SECONDS
