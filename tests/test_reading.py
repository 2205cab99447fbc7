"""Notebook files of every broken kind: each is told by name, and none by a traceback."""

import json
import os

import pytest

from qmix_course.__main__ import main
from qmix_course.desk import finding, reading

CELL = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": None}


def book(**changed) -> bytes:
    return json.dumps({"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | changed).encode()


def cell(**changed) -> bytes:
    return book(cells=[CELL, {name: value for name, value in (CELL | changed).items() if value is not ...}])


BROKEN = {
    "empty": (b"", "is broken in line 1"),
    "half": (book()[:60], "is broken in line 1"),
    "conflict": (b"{\n<<<<<<< HEAD\n}", "is broken in line 2"),
    "a list": (b"[]", "holds no list of cells"),
    "a dictionary": (b"{}", "has no list of cells"),
    "null": (b"null", "holds no list of cells"),
    "NaN": (b"NaN", "holds no list of cells"),
    "text": (b'"cells"', "holds no list of cells"),
    "deep lists": (b"[" * 200_000, "nested too deeply"),
    "deep dictionaries": (b'{"a":' * 200_000, "nested too deeply"),
    "deep and closed": (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
    "deep outputs": (book()[:-1] + b', "more": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
    "a long number": (b'{"cells": ' + b"9" * 5_000 + b"}", "is no notebook"),
    "not UTF-8": (book().replace(b"x = 1", b"\xe9\xe8"), "not text in UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is no notebook"),
    "old format": (b'{"nbformat": 3, "worksheets": [{"cells": []}]}', "older than 4"),
    "old format, no sheets": (book(nbformat=3), "older than 4"),
    "cells null": (book(cells=None), "has no list of cells"),
    "cells a number": (b'{"cells": NaN}', "has no list of cells"),
    "cells a dictionary": (book(cells={"0": CELL}), "has no list of cells"),
    "cell a text": (book(cells=["x = 1"]), "cell 1 does not say what it is"),
    "cell null": (book(cells=[CELL, None]), "cell 2 does not say what it is"),
    "no type": (cell(cell_type=...), "cell 2 does not say what it is"),
    "type a number": (cell(cell_type=1), "cell 2 does not say what it is"),
    "no source": (cell(source=...), "cell 2 has no text"),
    "source null": (cell(source=None), "cell 2 has no text"),
    "source NaN": (cell(source=float("nan")), "cell 2 has no text"),
    "source a list of numbers": (cell(source=["x", 1]), "cell 2 has no text"),
    "source a dictionary": (cell(source={"text": "x"}), "cell 2 has no text"),
    "markdown without source": (cell(cell_type="markdown", source=...), "cell 2 has no text"),
    "metadata null": (cell(metadata=None), 'cell 2 has "metadata" of a kind'),
    "metadata a list": (cell(metadata=["nbgrader"]), 'cell 2 has "metadata" of a kind'),
    "nbgrader a text": (cell(metadata={"nbgrader": "yes"}), 'cell 2 has "metadata" of a kind'),
    "grade_id a number": (cell(metadata={"nbgrader": {"grade_id": 3}}), 'cell 2 has "metadata" of a kind'),
    "grade_id a list": (cell(metadata={"nbgrader": {"grade_id": []}}), 'cell 2 has "metadata" of a kind'),
}
STRANGE = {
    "byte-order mark": b"\xef\xbb\xbf" + book(),
    "UTF-16": book().decode().encode("utf-16"),
    "no metadata": cell(metadata=...),
    "NaN beside": book(metadata={"x": float("nan")}),
    "half a character": cell(source="'\ud800'"),
    "other types beside": book(metadata=[], nbformat="4", nbformat_minor=None),
    "unknown cells": cell(cell_type="drawing"),
    "outputs of wrong types": cell(outputs="none", execution_count="x"),
}


@pytest.fixture
def my(tmp_path, monkeypatch):
    """A course with one exercise, and the learner's folder."""
    folder = tmp_path / "course"
    for name in ("exercises", "my/exercises"):
        (folder / name).mkdir(parents=True)
    (folder / "exercises" / "00_start_here.ipynb").write_bytes(book())
    monkeypatch.chdir(folder)
    return folder / "my" / "exercises"


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_notebook_is_told_by_name(my, capsys, kind):
    content, said = BROKEN[kind]
    path = my / "00_start_here.ipynb"
    path.write_bytes(content)
    with pytest.raises(reading.DeskError, match="my/exercises/00_start_here.ipynb") as caught:
        reading.read_cells(path)
    assert said in str(caught.value)
    assert main(["check", "00"]) == 2 and str(caught.value) in capsys.readouterr().err
    assert main(["progress"]) == 0 and f"00: {caught.value}" in capsys.readouterr().out
    assert main(["progress", str(my)]) == 0 and f"00: {caught.value}" in capsys.readouterr().out
    assert main(["start", "00"]) == 0 and path.read_bytes() == content
    assert finding.look(my)[0].error == str(caught.value)


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_notebook_is_read(my, kind):
    path = my / "00_start_here.ipynb"
    path.write_bytes(STRANGE[kind])
    assert reading.read_cells(path)[0] == {"type": "code", "source": "x = 1", "id": ""}
    assert len(reading.fingerprint(STRANGE[kind])) == 64


def test_a_huge_file_is_told_by_name(my, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    (my / "00_start_here.ipynb").write_bytes(book())
    with pytest.raises(reading.DeskError, match="00_start_here.ipynb is too large to read, .* clear its outputs"):
        reading.read_cells(my / "00_start_here.ipynb")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_what_is_no_plain_file_is_not_waited_for(my):
    os.mkfifo(my / "00_start_here.ipynb")
    with pytest.raises(reading.DeskError, match="is no plain file"):
        reading.read_cells(my / "00_start_here.ipynb")


def test_the_fingerprint_is_what_a_person_wrote():
    same = [book(), cell(source=["x ", "= 1"]).replace(b"nothing", b""), book(metadata={"kernel": 1})]
    assert reading.fingerprint(same[0]) == reading.fingerprint(same[2])
    ran = book(cells=[CELL | {"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}],
                              "execution_count": 7}])
    assert reading.fingerprint(ran) == reading.fingerprint(book())
    assert (reading.fingerprint(cell()) != reading.fingerprint(book())
            != reading.fingerprint(book(cells=[CELL | {"source": "x = 2"}])))
    assert reading.fingerprint(book(cells=[CELL | {"source": ["x ", "= 1"]}])) == reading.fingerprint(book())


# ---- found by what is in it ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name, lesson", [
    ("03_agents.ipynb", "03"), ("Copy of 03_agents.ipynb", "03"), ("03_agents (2).ipynb", "03"),
    ("Kopie von 12_memory.ipynb", "12"),
    ("capstone.ipynb", "capstone"), ("notes.ipynb", ""), ("1203_x.ipynb", ""),
])
def test_the_lesson_in_a_name(tmp_path, name, lesson):
    assert reading.lesson_in_name(tmp_path / name) == lesson


def test_exercises_are_known_by_ids_or_by_headings_and_kept_copies_do_not_count(tmp_path):
    answer = CELL | {"metadata": {"nbgrader": {"grade_id": "answer_03_2"}}}
    heading = CELL | {"cell_type": "markdown", "source": "## Find the bug 05.4 · Who is it\n\ntext"}
    mention = CELL | {"cell_type": "markdown", "source": "As in exercise 07.1 · and so on"}
    lesson = CELL | {"cell_type": "markdown", "source": "# Lesson 05 · The mixer"}
    cells = {"a.ipynb": [answer, mention], "b.ipynb": [heading], "c.ipynb": [mention], "d.ipynb": [lesson, heading],
             "e.2026-01-02-030405.ipynb": [answer], "f.2026-01-02-030405-2.ipynb": [answer], ".g.ipynb": [answer]}
    for name, held in cells.items():
        (tmp_path / name).write_bytes(book(cells=held))
    found = {notebook.path.name: set(notebook.exercises) for notebook in finding.look(tmp_path)}
    assert found == {"a.ipynb": {"03.2"}, "b.ipynb": {"05.4"}, "c.ipynb": set(), "d.ipynb": set()}


def test_names_are_looked_for_in_notebooks_that_use_the_course_and_are_no_lessons(tmp_path):
    """A folder of Drive holds other notebooks too; to find a piece in one is to run it."""
    use, piece = CELL | {"source": "import qmix_course"}, CELL | {"source": "def observe():\n    pass"}
    lesson = CELL | {"cell_type": "markdown", "source": "# Lesson 02 · The environment"}
    for name, cells in {"mine": [use, piece], "other": [piece], "lesson": [lesson, use, piece],
                        "capstone": [use, piece, CELL | {"source": "capstone.collect()"}]}.items():
        (tmp_path / f"{name}.ipynb").write_bytes(book(cells=cells))
    assert {notebook.path.stem: set(notebook.names) for notebook in finding.look(tmp_path)} == {
        "mine": {"observe"}, "other": set(), "lesson": set(), "capstone": set()}


@pytest.mark.parametrize("source, names", [
    ("def f():\n    x = 1\n", {"f"}), ("class A(B):\n    pass", {"A"}), ("a = b = lambda: 1", {"a", "b"}),
    ("%time x\n!ls\ndef f():\n    return 1", {"f"}), ("def f(:", set()), ("\0", set()), ("(" * 1_000, set()),
])
def test_what_a_cell_defines(source, names):
    assert finding.defined(source) == names
