"""The build: the same bytes every time, no trace of the machine, and it stops at every fault."""

import base64
import re
import subprocess
import sys

import nbformat
import pytest

from tools import build, notebooks

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "conftest"]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"]


def test_building_again_gives_the_same_bytes(pair, built):
    pair.with_suffix(".ipynb").unlink()
    build.build(pair)
    assert pair.with_suffix(".ipynb").read_bytes() == built[1]


def test_a_notebook_keeps_no_trace_of_the_machine(built):
    notebook = nbformat.reads(built[1].decode(), as_version=4)
    assert notebook.metadata == notebooks.METADATA
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    pictures = [base64.b64decode(png) for png in re.findall(r'image/png;base64,([^"\\]+)', built[1].decode())]
    assert len(pictures) == 1 and b"Software" not in pictures[0]


def test_cells_with_the_same_text_have_ids_of_their_own(pair):
    pair.write_text(f"{notebooks.HEADER}\n# %%\nx = 1\n\n# %%\nx = 1\n", encoding="utf-8")
    first, second = notebooks.read_source(pair).cells
    assert first.source == second.source and first.id != second.id


def test_cells_keep_their_ids_when_a_neighbour_changes(pair):
    before = [cell.id for cell in notebooks.read_source(pair).cells]
    pair.write_text(pair.read_text().replace("You will have seen", "You have seen"), encoding="utf-8")
    after = [cell.id for cell in notebooks.read_source(pair).cells]
    assert before[1:] == after[1:] and before[0] != after[0] and len(set(after)) == len(after)


FAULTS = {
    "an exception": ("1 / 0", "ZeroDivisionError"),
    "stderr": ("import sys; print('oh', file=sys.stderr)", "wrote to stderr"),
    "a warning of the cell": ("import warnings; warnings.warn('oh', DeprecationWarning)", "DeprecationWarning: oh"),
    "a warning inside numpy": ("import numpy; numpy.mean([])", "RuntimeWarning: Mean of empty slice"),
    "a warning of torch": ("import torch; torch.range(0, 3)", "UserWarning"),
    "a guess that can be made once": ("from qmix_course import lesson\nturn = globals().get('turn', 0) + 1\n"
                                      "with lesson.prediction(..., turn):\n    print('so it is')",
                                      "gives another answer when it is run once more"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_build_stops_at(fault, pair, built):
    code, message = FAULTS[fault]
    pair.write_text(f"{notebooks.HEADER}\n# %%\n{code}\n", encoding="utf-8")
    with pytest.raises(build.BuildError, match=message) as caught:
        build.build(pair)
    assert ("wrote to stderr" in str(caught.value)) == (fault == "stderr")
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


def nbval(source):
    command = [*PYTEST, *NBVAL, str(source.with_suffix(".ipynb"))]
    return subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True)


def test_nbval_passes_what_was_built_and_fails_when_an_expected_output_was_changed(pair):
    result = nbval(pair)
    assert result.returncode == 0, result.stdout
    path = pair.with_suffix(".ipynb")
    path.write_text(path.read_text(encoding="utf-8").replace('"row 1\\n"', '"row 2\\n"'), encoding="utf-8")
    result = nbval(pair)
    assert result.returncode == 1 and "Cell outputs differ" in result.stdout
    assert re.search(r"1 failed, \d+ passed", result.stdout)
