"""What tests share: torch as it was before, and a tiny lesson to build, break and check."""

import pytest
import tiny_lesson
import torch

from tools import build, notebooks

# These run notebooks, install things, start many processes or train for long. All others together are `pytest -m quick`.
SLOW = {"test_build", "test_capstone", "test_catalogue", "test_commands", "test_command_line", "test_desk", "test_exercises",
        "test_cells", "test_matrix", "test_nbgrader", "test_packaging", "test_sealed", "test_setup_cell", "test_tables"}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == notebooks.ROOT / "tests" and item.path.stem not in SLOW:
            item.add_marker("quick")


@pytest.fixture(autouse=True)
def as_it_was():
    """``lesson.start`` sets torch's default dtype and threads; no test passes that on to the next."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    yield
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
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
