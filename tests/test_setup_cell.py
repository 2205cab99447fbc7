"""The set-up cell, run as it stands in the lessons where Colab would run it: no repository around, no course installed.

The stand-in for Colab is a new virtual environment that sees this one's packages through links, all but the course; the
stand-in for the repository's address is a local git repository with a copy of the working tree.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy
import pytest
import torch

import qmix_course
from tools import notebooks

TEXT = {"check": True, "capture_output": True, "text": True, "encoding": "utf-8"}
RUN = """
import qmix_course, torch, numpy
print(qmix_course.__file__)
print(torch.__file__, torch.__version__, numpy.__file__, numpy.__version__)
from qmix_course import lesson
lesson.start("00")
"""


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """The python of a clean environment: torch, numpy and pip are there, the course and JupyterLab are not."""
    if os.name == "nt":
        pytest.skip("making links needs a privilege on Windows")
    folder = tmp_path_factory.mktemp("colab")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    packages = folder / "packages"
    packages.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not any(word in path.name for word in ("qmix", "editable", "jupyterlab")):
            (packages / path.name).symlink_to(path)
    python = folder / "env" / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", where], **TEXT).stdout.strip()
    Path(site, "outer.pth").write_text(f"{packages}\n")
    return python


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The address of a local git repository that holds the library as it is now."""
    folder = tmp_path_factory.mktemp("origin") / "qmix-course"
    paths = [notebooks.ROOT / name for name in ("pyproject.toml", "LICENSE", "README.md")]
    paths += notebooks.ROOT.glob("requirements*.txt")
    paths += (path for path in notebooks.ROOT.glob("qmix_course/**/*") if path.is_file())
    for path in paths:
        if path.exists() and path.parent.name != "__pycache__":
            copy = folder / path.relative_to(notebooks.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (folder / "README.md").touch()
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    # After the release the course goes on, and Colab does not follow: what is on main is broken there.
    release, later = folder / "qmix_course" / "__init__.py", ["tag", f"v{qmix_course.__version__}"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "The course"], later):
        subprocess.run(["git", *command], cwd=folder, check=True)
    release.write_text("raise ImportError('not released')\n")
    for command in (["add", "."], [*who, "commit", "-q", "-m", "Later"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder.as_uri()


def cell_with(address):
    """The set-up cell with another address in it."""
    assert notebooks.setup_cell().count(notebooks.repository()) == 1
    return notebooks.setup_cell().replace(notebooks.repository(), address)


def run_cell(python, folder, address):
    """What a notebook in ``folder`` prints that runs the set-up cell and then RUN."""
    script = cell_with(address) + RUN
    # PIP_NO_BUILD_ISOLATION=0 is pip's spelling of "no isolation": the setuptools that is here will do.
    surroundings = os.environ | {"PYTHONIOENCODING": "utf-8", "PIP_NO_BUILD_ISOLATION": "0"}
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        surroundings.pop(name, None)
    try:
        return subprocess.run([python, "-c", script], cwd=folder, env=surroundings, **TEXT).stdout.splitlines()
    except subprocess.CalledProcessError as error:
        pytest.fail(f"{error}\n{error.stdout}\n{error.stderr}")


def stamps(package):
    """Size and time of every file of an installed package."""
    folder = Path(sysconfig.get_path("purelib"), package)
    return {path: (s.st_size, s.st_mtime_ns) for path in folder.rglob("*.py") if (s := path.stat())}


def test_every_lesson_has_the_very_cell_that_is_tested_here():
    for source in (path for folder in (notebooks.NOTEBOOKS, notebooks.EXERCISES, notebooks.SOLUTIONS)
                   for path in notebooks.sources([], folder)):
        assert notebooks.read_source(source).cells[1].source == notebooks.setup_cell(), source.name


def test_the_cell_is_short():
    assert len(notebooks.setup_cell().splitlines()) <= 16


def test_in_colab_the_cell_installs_the_course_once_and_touches_nothing_else(colab, clone, tmp_path):
    before = {name: stamps(name) for name in ("torch", "numpy")}
    course, versions, title = run_cell(colab, tmp_path, clone)
    assert Path(course).is_relative_to(colab.parents[1]), "installed into the clean environment"
    assert title == "Lesson 00 · Start here"
    assert torch.__version__ in versions.split() and numpy.__version__ in versions.split()
    added = {path.name for path in Path(course).parents[1].iterdir()} - {"outer.pth"}
    assert all(name.startswith("qmix_course") for name in added), added
    assert before == {name: stamps(name) for name in ("torch", "numpy")}
    # The second time there is nothing to install: an address that leads nowhere does no harm.
    assert run_cell(colab, tmp_path, "file:///nowhere") == [course, versions, title]


def test_in_colab_checks_hints_and_solutions_work(colab, clone, tmp_path):
    """A whole solved exercise notebook, as it would run there, strictly; then a hint and a reference solution."""
    source = notebooks.sources(["07"], notebooks.SOLUTIONS)[0].read_text(encoding="utf-8")
    code = source.replace(notebooks.repository(), clone) + '\nprint(hint("07.1", 1))\nprint(solution("07.1"))\n'
    (tmp_path / "notebook.py").write_text(code, encoding="utf-8")
    surroundings = os.environ | {"PYTHONIOENCODING": "utf-8", "PIP_NO_BUILD_ISOLATION": "0", "QMIX_COURSE_STRICT": "1"}
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        surroundings.pop(name, None)
    said = subprocess.run([colab, "notebook.py"], cwd=tmp_path, env=surroundings, **TEXT).stdout
    assert "Hint 1 of" in said and "Why the usual mistakes fail" in said


def test_without_internet_the_cell_says_what_to_do(colab, tmp_path):
    code = cell_with("file:///nowhere").replace('find_spec("qmix_course")', 'find_spec("not_there")')
    result = subprocess.run([colab, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    last = result.stderr.splitlines()[-1]
    assert result.returncode != 0 and "CalledProcessError" not in result.stderr
    assert "Go online, then run this cell again" in last and "work in a clone of file:///nowhere" in last


def test_in_a_clone_the_cell_uses_the_clone_and_installs_nothing(tmp_path):
    package = tmp_path / "a clone" / "qmix_course"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("here = True\n")
    lesson = tmp_path / "a clone" / "my" / "03"
    lesson.mkdir(parents=True)
    code = cell_with("file:///nowhere") + "\nimport qmix_course; print(qmix_course.here)"
    assert subprocess.run([sys.executable, "-c", code], cwd=lesson, **TEXT).stdout.split() == ["True"]
