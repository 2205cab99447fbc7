"""The checks of the lessons: each fault is made on purpose, in a copy, and must be noticed."""

import re

import nbformat
import pytest

from tools import check, notebooks, pairs


def edit_notebook(source, change):
    path = source.with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_a_sound_lesson_has_no_complaint(pair):
    assert check.check_folder(pair.parent) == []


def change_source(notebook):
    code_cells(notebook)[3].source += "  # changed"


def forget_output(notebook):
    for cell in code_cells(notebook):
        cell.execution_count = None
        cell.outputs = []


def never_execute_one(notebook):
    code_cells(notebook)[4].execution_count = None


def execute_out_of_order(notebook):
    code_cells(notebook)[4].execution_count = 9


def change_type(notebook):
    notebook.cells[3] = nbformat.v4.new_raw_cell(notebook.cells[3].source, id=notebook.cells[3].id)


def change_tags(notebook):
    notebook.cells[4].metadata["tags"] = ["nbval-ignore-output"]


def drop_cell(notebook):
    del notebook.cells[5]


def keep_kernel_version(notebook):
    notebook.metadata.language_info["version"] = "3.11.7"


DRIFTS = {
    "another text": (change_source, "the text differs"),
    "another type": (change_type, "the type differs"),
    "other tags": (change_tags, "the metadata differs"),
    "a cell less": (drop_cell, "cells and the notebook"),
    "nothing executed": (forget_output, "never executed"),
    "one cell not executed": (never_execute_one, "1 code cells were never executed"),
    "another order": (execute_out_of_order, "not executed once each, in order"),
    "a version in the metadata": (keep_kernel_version, "the notebook's metadata"),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_pair_that_drifted_is_noticed(drift, pair):
    change, complaint = DRIFTS[drift]
    edit_notebook(pair, change)
    assert any(complaint in found for found in check.check_folder(pair.parent)), check.check_folder(pair.parent)


def test_missing_halves_and_shared_numbers_are_noticed(pair):
    pair.with_name("03_alone.py").write_text(pair.read_text(encoding="utf-8"), encoding="utf-8")
    pair.with_name("02_twin.py").write_text(pair.read_text(encoding="utf-8"), encoding="utf-8")
    pair.with_name("04_orphan.ipynb").write_bytes(pair.with_suffix(".ipynb").read_bytes())
    found = check.check_folder(pair.parent)
    assert "03_alone.py was never built: run tools/build.py" in found
    assert "04_orphan.ipynb has no source 04_orphan.py" in found
    assert "two lessons have the number 02" in found


def test_a_large_notebook_is_noticed(pair, monkeypatch):
    monkeypatch.setattr(pairs, "MAX_BYTES", 1_000)
    assert any("bytes, at most 1,000" in found for found in check.check_folder(pair.parent))


STORED = {
    "<object object at 0x7f3a5c0d>": "a memory address",
    "saved in /home/ada/runs": "a path",
    "saved in C:\\\\Users\\\\ada": "a path",
    "File /usr/lib/python3/site-packages/x.py": "a path",
    "torch 2.13.0": "a version",
    "UserWarning: beware": "a warning",
    "at 12:30:05": "a time",
    "solved in 3.2 s": "a time",
    "took 12 ms": "a time",
    "about 5 seconds": "a time",
}


@pytest.mark.parametrize("text", STORED)
def test_stored_output_that_gives_the_machine_away_is_noticed(text, pair):
    path = pair.with_suffix(".ipynb")
    path.write_text(path.read_text(encoding="utf-8").replace('"row 1\\n"', f'"{text}\\n"'), encoding="utf-8")
    assert any(f"the stored output holds {STORED[text]}" in found for found in check.check_folder(pair.parent))


HONEST = ["8.65 in 4 steps", "shape (32, 2, 6)", "6.93 / 7.92", "steps 1:4", "and/or", "20 of 20 seeds"]


@pytest.mark.parametrize("text", HONEST)
def test_honest_output_is_left_alone(text, pair):
    path = pair.with_suffix(".ipynb")
    path.write_text(path.read_text(encoding="utf-8").replace('"row 1\\n"', f'"{text}\\n"'), encoding="utf-8")
    assert check.check_folder(pair.parent) == []


def test_stored_errors_stderr_and_other_kinds_are_noticed(pair):
    def change(notebook):
        code_cells(notebook)[3].outputs = [nbformat.v4.new_output("error", ename="KeyError", evalue="", traceback=[])]
        code_cells(notebook)[4].outputs = [nbformat.v4.new_output("stream", name="stderr", text="oh")]
        code_cells(notebook)[5].outputs = [nbformat.v4.new_output("display_data", data={"image/gif": "R0lG"})]

    edit_notebook(pair, change)
    found = "\n".join(check.check_folder(pair.parent))
    assert "an error is stored: KeyError" in found and "stderr is stored" in found and "image/gif" in found


@pytest.mark.parametrize("alt", ["", 'alt="" ', 'alt="a figure" '])
def test_a_picture_that_says_nothing_in_words_is_noticed(alt, pair):
    path = pair.with_suffix(".ipynb")
    text = path.read_text(encoding="utf-8")
    assert r'<img alt=\"' in text
    path.write_text(re.sub(r'<img alt=\\".*?\\" ', lambda _: "<img " + alt.replace('"', r'\"'), text), encoding="utf-8")
    assert any("without an alt text" in found for found in check.check_folder(pair.parent))


def opt_out(source, comment):
    """Opt the cell that adds out of comparison, in both files."""
    text = source.read_text(encoding="utf-8")
    old = "# %%\nimport torch\n\ntorch.tensor"
    new = f'# %% tags=["nbval-ignore-output"]\n{comment}import torch\n\ntorch.tensor'
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    written = notebooks.read_source(source)

    def change(notebook):
        notebook.cells[4].source = written.cells[4].source
        notebook.cells[4].metadata = written.cells[4].metadata

    edit_notebook(source, change)


def test_opting_out_needs_a_reason_and_stays_rare(pair):
    opt_out(pair, "")
    found = check.check_folder(pair.parent)
    assert any("without a comment '# Not compared: <why>'" in complaint for complaint in found)
    assert any("1 of 8 code cells opt out of comparison, at most 2%" in complaint for complaint in found)


def test_opting_out_with_a_reason_is_right(pair, monkeypatch):
    monkeypatch.setattr(check, "MAX_OPT_OUTS", 0.2)
    for path in (pair, pair.with_suffix(".ipynb")):         # a comment is a line to read
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("**Minutes:** 3", "**Minutes:** 4"), encoding="utf-8")
    opt_out(pair, "# Not compared: float32 differs from processor to processor.\n")
    assert check.check_folder(pair.parent) == []




@pytest.mark.parametrize("line", ["# NBVAL_SKIP", "# NBVAL_IGNORE_OUTPUT", "%time 1", "!ls"])
def test_other_ways_out_of_comparison_are_noticed(line, pair):
    def change(notebook):
        notebook.cells[4].source = f"{line}\n{notebook.cells[4].source}"

    edit_notebook(pair, change)
    found = "\n".join(check.check_folder(pair.parent))
    assert "the one way out of comparison" in found or "lessons are plain Python" in found


@pytest.mark.parametrize("tag", ["nbval-skip", "raises-exception"])
def test_other_tags_are_noticed(tag, pair):
    def change(notebook):
        notebook.cells[4].metadata["tags"] = [tag]

    edit_notebook(pair, change)
    assert any(f"{tag}: the one way out of comparison" in found for found in check.check_folder(pair.parent))


MISSHAPEN = {
    "another title": ("# Lesson 02 · The environment", "# The environment", "the one heading of the first level"),
    "no minutes": ("**Minutes:** 3", "**Minutes:** 5", "must say '**Minutes:** 3': run tools/minutes.py"),
    "no needs": ("**You need:** nothing.", "Nothing is needed.", "**You need:** …"),
    "no objectives": ("**After this lesson you can**", "**Goals**", "with 3 to 5 items"),
    "another badge": ("/02_tiny.ipynb", "/02_other.ipynb", "lacks its Colab badge"),
    "another set-up": ("Run this cell first.", "Run this.", "the second cell must be the set-up cell"),
    "another start": ('lesson.start(\\"02\\")', 'lesson.start(\\"03\\")', "the third cell must be just"),
    "a section renamed": ("## Break it", "## Break", "the headings of the second level"),
    "a section more": ("### Exercises", "## Exercises", "the headings of the second level"),
    "no misreadings": ("### Common misreadings", "### Errors", "'Sum up' must have"),
    "one prediction": ("**Predict.** How", "How", "the lesson has 1 cells with"),
    "no place for a guess": ("guess = ...  # a number", "guess = ...", "begins with 'guess = ...  # what to write'"),
    "no fold": ("with lesson.prediction(guess, 2)", "if lesson.title('02')",
                "answers in 'with lesson.prediction(guess, …)'"),
}


@pytest.mark.parametrize("fault", MISSHAPEN)
def test_a_misshapen_lesson_is_noticed(fault, pair):
    before, after, complaint = MISSHAPEN[fault]
    path = pair.with_suffix(".ipynb")
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    assert any(complaint in found for found in check.check_folder(pair.parent)), check.check_folder(pair.parent)


def test_long_steps_and_sections_without_code_are_noticed(pair):
    def change(notebook):
        code_cells(notebook)[3].source = "\n".join(f"x{i} = {i}" for i in range(30))
        notebook.cells[11] = nbformat.v4.new_markdown_cell("Nothing to run.")

    edit_notebook(pair, change)
    found = "\n".join(check.check_folder(pair.parent))
    assert "a step of 30 lines, at most 26" in found and "'The same as the library' has no code cell" in found


def test_a_prediction_without_the_code_that_answers_it_is_noticed(pair):
    def change(notebook):
        notebook.cells[6] = nbformat.v4.new_markdown_cell("It goes up.")

    edit_notebook(pair, change)
    assert any("answers in 'with lesson.prediction" in found for found in check.check_folder(pair.parent))


def test_an_answer_that_stands_open_is_noticed(pair):
    def change(notebook):
        cell = next(cell for cell in code_cells(notebook) if "guess, 2" in cell.source)
        cell.outputs.insert(0, nbformat.v4.new_output("stream", text="row 0\n"))

    edit_notebook(pair, change)
    assert any("shows an answer outside of the fold" in found for found in check.check_folder(pair.parent))


def test_a_main_path_that_is_too_long_is_noticed_and_going_further_is_not_in_it(pair):
    def add(text):
        def change(notebook):
            notebook.cells.append(nbformat.v4.new_markdown_cell(text))
        return change

    edit_notebook(pair, add("## More\n\n" + "word " * 9_000))
    assert any("the main path takes 48 minutes, at most 45" in found for found in check.check_folder(pair.parent))
    edit_notebook(pair, lambda notebook: notebook.cells.pop())
    edit_notebook(pair, add("## Going further\n\n" + "word " * 9_000))
    found = "\n".join(check.check_folder(pair.parent))
    assert "main path takes" not in found and "must say '**Minutes:** 3, and 46 more for *Going further*'" in found


def test_a_source_with_another_header_is_noticed(pair):
    pair.write_text(pair.read_text(encoding="utf-8").replace("tags,nbgrader,-all", "all"), encoding="utf-8")
    assert any("does not begin with the header" in found for found in check.check_folder(pair.parent))
