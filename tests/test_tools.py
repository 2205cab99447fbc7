"""The tools that build and check the lessons: each check is broken on purpose and must notice."""

import re
import subprocess
import sys

import nbformat
import pytest
import tiny_lesson

from tools import address, build, check, matrix, notebooks

NBVAL = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The text of the tiny lesson and the notebook that was built from it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(notebooks.ROOT))
        folder = tmp_path_factory.mktemp("lessons")
        path = folder / f"{tiny_lesson.STEM}.py"
        path.write_text(tiny_lesson.source(), encoding="utf-8")
        build.build(path)
        return path.read_text(encoding="utf-8"), path.with_suffix(".ipynb").read_bytes()


@pytest.fixture
def pair(built, tmp_path, monkeypatch):
    """A fresh copy of the built pair: the path of its source."""
    monkeypatch.setenv("PYTHONPATH", str(notebooks.ROOT))
    source = tmp_path / f"{tiny_lesson.STEM}.py"
    source.write_text(built[0], encoding="utf-8")
    source.with_suffix(".ipynb").write_bytes(built[1])
    return source


def edit_notebook(source, change):
    path = source.with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


# Building


def test_building_again_gives_the_same_bytes(pair, built):
    pair.with_suffix(".ipynb").unlink()
    build.build(pair)
    assert pair.with_suffix(".ipynb").read_bytes() == built[1]


def test_a_notebook_keeps_no_trace_of_the_machine(built):
    notebook = nbformat.reads(built[1].decode(), as_version=4)
    assert notebook.metadata == notebooks.METADATA
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    assert b"Software" not in built[1]


def test_cells_keep_their_ids_when_a_neighbour_changes(pair):
    before = [cell.id for cell in notebooks.read_source(pair).cells]
    pair.write_text(pair.read_text().replace("You will have seen", "You have seen"), encoding="utf-8")
    after = [cell.id for cell in notebooks.read_source(pair).cells]
    assert before[1:] == after[1:] and before[0] != after[0] and len(set(after)) == len(after)


FAULTS = {
    "an exception": ("1 / 0", "ZeroDivisionError"),
    "stderr": ("import sys; print('oh', file=sys.stderr)", "wrote to stderr"),
    "a warning of the cell": ("import warnings; warnings.warn('beware', DeprecationWarning)", "DeprecationWarning: beware"),
    "a warning of numpy": ("import numpy; numpy.log(numpy.zeros(1))", "RuntimeWarning"),
    "a warning of torch": ("torch.range(0, 3)", "Warning"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_build_stops_at(fault, pair, built):
    code, message = FAULTS[fault]
    pair.write_text(f"{notebooks.HEADER}\n# %%\n{code}\n", encoding="utf-8")
    with pytest.raises(build.BuildError, match=message):
        build.build(pair)
    assert pair.with_suffix(".ipynb").read_bytes() == built[1], "a failed build leaves the old notebook"


def test_a_warning_of_the_library_stops_the_kernel(tmp_path, monkeypatch):
    package = tmp_path / "qmix_course"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "old.py").write_text("import warnings\nwarnings.warn('going away', DeprecationWarning)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    source = tmp_path / "01_x.py"
    source.write_text(f"{notebooks.HEADER}\n# %%\nimport qmix_course.old\n")
    with pytest.raises(build.BuildError, match="DeprecationWarning: going away"):
        build.build(source)


def test_an_unknown_lesson_is_refused(tmp_path):
    with pytest.raises(ValueError, match="lesson 77"):
        notebooks.sources(["77"], tmp_path)


# nbval


def nbval(source):
    return subprocess.run([*NBVAL, str(source.with_suffix(".ipynb"))], cwd=notebooks.ROOT, capture_output=True, text=True)


def test_nbval_passes_what_was_built_and_fails_when_an_expected_output_was_changed(pair):
    result = nbval(pair)
    assert result.returncode == 0, result.stdout
    path = pair.with_suffix(".ipynb")
    path.write_text(path.read_text(encoding="utf-8").replace('"row 1\\n"', '"row 2\\n"'), encoding="utf-8")
    result = nbval(pair)
    assert result.returncode == 1 and "Cell outputs differ" in result.stdout
    assert re.search(r"1 failed, \d+ passed", result.stdout)


# Checking


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
    monkeypatch.setattr(check, "MAX_BYTES", 1_000)
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


@pytest.mark.parametrize("text", ["8.65 in 4 steps", "shape (32, 2, 6)", "6.93 / 7.92", "steps 1:4", "and/or", "20 of 20 seeds"])
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
    assert any("1 of 7 code cells opt out of comparison, at most 2%" in complaint for complaint in found)


def test_opting_out_with_a_reason_is_right(pair, monkeypatch):
    monkeypatch.setattr(check, "MAX_OPT_OUTS", 0.2)
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
    "no minutes": ("**Minutes:** 15", "**Minutes:** 45", "N from 10 to 30"),
    "no needs": ("**You need:** nothing.", "Nothing is needed.", "**You need:** …"),
    "no objectives": ("**After this lesson you can**", "**Goals**", "with 3 to 5 items"),
    "another badge": ("/02_tiny.ipynb", "/02_other.ipynb", "lacks its Colab badge"),
    "another set-up": ("Run this cell first.", "Run this.", "the second cell must be the set-up cell"),
    "another start": ('lesson.start(\\"02\\")', 'lesson.start(\\"03\\")', "the third cell must be just"),
    "a section renamed": ("## Break it", "## Break", "the headings of the second level"),
    "a section more": ("### Exercises", "## Exercises", "the headings of the second level"),
    "no misreadings": ("### Common misreadings", "### Errors", "'Sum up' must have"),
    "one prediction": ("**Predict.** How", "How", "has 1 cells that begin with"),
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
        notebook.cells[10] = nbformat.v4.new_markdown_cell("Nothing to run.")

    edit_notebook(pair, change)
    found = "\n".join(check.check_folder(pair.parent))
    assert "a step of 30 lines, at most 24" in found and "'The same as the library' has no code cell" in found


def test_a_source_with_another_header_is_noticed(pair):
    pair.write_text(pair.read_text(encoding="utf-8").replace("tags,-all", "all"), encoding="utf-8")
    assert any("does not begin with the header" in found for found in check.check_folder(pair.parent))


# The repository's address


@pytest.fixture
def tree(pair, tmp_path):
    """A small repository around the tiny lesson."""
    root = tmp_path / "tree"
    for folder in ("notebooks", "tools"):
        (root / folder).mkdir(parents=True)
    for name in ("pyproject.toml", "CITATION.cff", "tools/setup_cell.py"):
        (root / name).write_bytes((notebooks.ROOT / name).read_bytes())
    for path in (pair, pair.with_suffix(".ipynb")):
        path.rename(root / "notebooks" / path.name)
    name = notebooks.repository().removeprefix("https://github.com/")
    (root / "README.md").write_text(
        f"    git clone https://github.com/{name}.git\n\nSee https://github.com/other/project and"
        f" [open](https://colab.research.google.com/github/{name}/blob/main/notebooks/02_tiny.ipynb).\n"
    )
    return root


def test_what_is_committed_carries_the_address():
    name = notebooks.repository().removeprefix("https://github.com/")
    cell = address.with_address(notebooks.setup_cell(), name)
    assert cell == notebooks.setup_cell()
    for path in address._files(notebooks.ROOT):
        text = path.read_text(encoding="utf-8")
        after = address.with_address(text, name)
        if path.suffix == ".py" and path.parent.name in address.FOLDERS:
            after = address.with_setup_cell(after, cell)
        assert after == text, f"{path.name}: run tools/address.py"


def test_a_new_address_is_written_everywhere_and_the_pairs_still_agree(tree):
    old = notebooks.repository().removeprefix("https://github.com/")
    changed = {path.name for path in address.write(tree, "https://github.com/ada-l/my.course")}
    assert changed == {"pyproject.toml", "CITATION.cff", "README.md", "setup_cell.py", "02_tiny.py", "02_tiny.ipynb"}
    for path in address._files(tree):
        text = path.read_text(encoding="utf-8")
        assert old not in text and "ada-l/my.course" in text, path
    assert "https://github.com/other/project" in (tree / "README.md").read_text()
    assert check.check_pair(tree / "notebooks" / "02_tiny.py") == []
    assert address.write(tree) == []


def test_a_changed_set_up_cell_reaches_the_sources(tree):
    cell = tree / "tools" / "setup_cell.py"
    cell.write_text(cell.read_text() + "print('ready')\n")
    assert [path.name for path in address.write(tree)] == ["02_tiny.py"]
    source = (tree / "notebooks" / "02_tiny.py").read_text(encoding="utf-8")
    assert "print('ready')\n\n# %%\nfrom qmix_course import lesson\n" in source
    assert any("the text differs" in found for found in check.check_pair(tree / "notebooks" / "02_tiny.py"))


@pytest.mark.parametrize("wrong", ["github.com/a/b", "https://github.com/a", "https://github.com/a/b/", "https://github.com/a/b c"])
def test_a_wrong_address_is_refused_and_nothing_is_written(wrong, tree):
    before = (tree / "pyproject.toml").read_bytes()
    with pytest.raises(ValueError, match="owner/name"):
        address.write(tree, wrong)
    assert (tree / "pyproject.toml").read_bytes() == before


# The matrix of numerical settings


def test_each_processor_gets_the_settings_it_can_run():
    assert len(matrix.settings("AVX512")) == len(matrix.SETTINGS) == 7
    assert set(matrix.SETTINGS) - set(matrix.settings("AVX2")) == {"ATEN_CPU_CAPABILITY=avx512"}
    assert set(matrix.SETTINGS) - set(matrix.settings("DEFAULT")) == {"ATEN_CPU_CAPABILITY=avx512", "ATEN_CPU_CAPABILITY=avx2"}


CLOSINGS = {
    "======= 12 passed in 3.21s =======": (0, (12, 0, [])),
    "FAILED notebooks/03_a.ipynb::Cell 4\n=== 1 failed, 11 passed in 3s ===": (1, (11, 1, ["03_a"])),
    "ERROR notebooks/04_b.ipynb::Cell 0\n1 failed, 2 errors in 3s": (1, (0, 3, ["04_b"])),
    "no tests ran in 0.01s": (5, (0, 1, ["pytest ended with 5"])),
    "": (-9, (0, 1, ["pytest ended with -9"])),
    "3 passed in 1s": (3, (3, 1, ["pytest ended with 3"])),
}


@pytest.mark.parametrize("text", CLOSINGS)
def test_the_matrix_reads_what_pytest_says(text):
    code, want = CLOSINGS[text]
    assert matrix.read_result(text, code) == want


def test_the_matrix_runs_the_kernels_in_the_setting(tmp_path, monkeypatch):
    source = tmp_path / "01_setting.py"
    source.write_text(f'{notebooks.HEADER}\n# %%\nimport os\n\nprint(os.environ.get("MKL_CBWR"))\n')
    monkeypatch.delenv("MKL_CBWR", raising=False)
    build.build(source)
    paths = [source.with_suffix(".ipynb")]
    assert matrix.run(paths, {}) == (1, 0, [])
    assert matrix.run(paths, {"MKL_CBWR": "COMPATIBLE"}) == (0, 1, ["01_setting"])
