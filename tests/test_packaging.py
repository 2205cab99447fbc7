"""What is installed, and from what: ranges that agree, a library that needs little, notebooks that need no make."""

import importlib.metadata as metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.notebooks import ROOT

TEXT = {"capture_output": True, "text": True, "encoding": "utf-8"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LIBRARY = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
PYTHONS = ("3.11", "3.12", "3.13")


def requirements(name: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-r ")]     # each file for itself


def closure(wanted: list[Requirement]) -> set[str]:
    """The names of the installed distributions that these requirements bring, and what those bring."""
    found, open_ = set(), [(requirement, None) for requirement in wanted]
    while open_:
        requirement, extra = open_.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": e or ""}) for e in (extra, "")):
            continue
        for asked in ("", *sorted(requirement.extras)):
            key = (canonicalize_name(requirement.name), asked)
            if key in found:
                continue
            found.add(key)
            open_ += [(Requirement(text), asked) for text in metadata.requires(key[0]) or []]
    return {name for name, _ in found}


@pytest.fixture(scope="module")
def python_with(tmp_path_factory):
    """python_with(requirements): the interpreter of a new environment in which these are there and nothing else is."""
    if os.name == "nt":
        pytest.skip("making links needs a privilege on Windows")
    made = {}

    def make(wanted: list[Requirement]) -> Path:
        names = frozenset(closure(wanted))
        if names not in made:
            folder = tmp_path_factory.mktemp("plain")
            venv.create(folder / "env", with_pip=False, symlinks=True)
            python = folder / "env" / "bin" / "python"
            where = "import sysconfig; print(sysconfig.get_path('purelib'))"
            site = Path(subprocess.run([python, "-c", where], check=True, **TEXT).stdout.strip())
            here = Path(sysconfig.get_path("purelib"))
            for name in names:
                tops = {file.parts[0] for file in metadata.files(name) or []
                        if file.parts[0] not in ("..", "__pycache__")}
                for top in tops:
                    if (here / top).exists() and not (site / top).exists():
                        (site / top).symlink_to(here / top)
            made[names] = python
        return made[names]

    return make


def plain_environment(**more) -> dict:
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "PYTHON", "IPYTHON", "JUPYTER"))}
    return kept | {"OMP_NUM_THREADS": "1"} | more


def test_what_the_library_needs_is_what_learners_install_and_more():
    learners = {requirement.name: str(requirement.specifier) for requirement in requirements("requirements.txt")}
    assert {r.name: str(r.specifier) for r in LIBRARY}.items() <= learners.items()
    assert set(learners) - {r.name for r in LIBRARY} == {"jupyterlab", "ipykernel", "joblib", "jupytext", "nbval",
                                                           "pytest"}


def test_every_requirement_is_pinned_at_a_version_that_its_range_allows():
    pins = {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in requirements("constraints.txt")}
    for path in ROOT.glob("requirements*.txt"):
        for requirement in requirements(path.name):
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_every_import_of_the_library_is_declared():
    """Imports at the top of its files; what is imported inside a function serves notebooks, or is an extra of its own.
    Four files are the bridge's to PettingZoo."""
    known = {r.name for r in LIBRARY} - {"pillow"} | {"PIL", "qmix_course"}
    extra = {"foreign.py", "pettingzoo_calls.py", "pettingzoo_row.py", "to_pettingzoo.py", "tuples.py"}
    for path in (ROOT / "qmix_course").rglob("*.py"):
        for module in re.findall(r"^(?:import|from) ([A-Za-z_]\w*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            allowed = known | {"pettingzoo", "gymnasium"} if path.name in extra else known
            assert module in allowed or module in sys.stdlib_module_names, f"{path.name}: {module}"


def test_the_library_trains_with_nothing_but_its_own_dependencies(python_with, tmp_path):
    assert not {"jupyterlab", "ipython", "ipykernel", "nbformat", "pytest", "scipy"} & closure(LIBRARY)
    command = [python_with(LIBRARY), "-m", "qmix_course", "train", "--steps", "600", "--run", str(tmp_path / "run")]
    done = subprocess.run(command, cwd=tmp_path, env=plain_environment(PYTHONPATH=str(ROOT), QMIX_COURSE_PROGRESS="0"),
                          **TEXT)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "episode.gif").exists() and "Greedy return" in done.stdout


def test_the_plain_tools_validate_a_lesson(python_with, tmp_path):
    """After pip install -r requirements.txt, without make: pytest --nbval on a lesson."""
    command = [python_with(requirements("requirements.txt")), "-m", "pytest", "-q", "--nbval",
               "notebooks/00_start_here.ipynb"]
    done = subprocess.run(command, cwd=ROOT, env=plain_environment(), **TEXT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert re.search(r"\d+ passed", done.stdout) and "failed" not in done.stdout


def test_the_versions_of_python_are_the_same_everywhere():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lowest, highest = PYTHONS[0], PYTHONS[-1]
    after = f"3.{int(highest.split('.')[1]) + 1}"
    words = f"{', '.join(PYTHONS[:-1])} or {highest}"
    assert PYPROJECT["project"]["requires-python"] == f">={lowest},<{after}"
    assert PYPROJECT["project"]["classifiers"] == [f"Programming Language :: Python :: {version}"
                                                   for version in PYTHONS]
    assert f"Python {words}" in makefile and f"Python {words}" in readme
    assert f"{tuple(map(int, lowest.split('.')))} <= sys.version_info < {tuple(map(int, after.split('.')))}" in makefile
    assert f"python: {list(PYTHONS)}".replace("'", '"') in workflow


def test_the_lines_that_install_the_course_can_work():
    """Nothing is on an index: a bare name of the course after pip install finds nothing, or somebody else's package."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("qmix_course/**/*.py"), *ROOT.glob("*/*.ipynb")]
    for path in pages:
        for line in re.findall(r"pip install [^\n`]*", path.read_text(encoding="utf-8")):
            for word in re.findall(r"qmix[-_]course(?:\[\w+\])?[^\s\"'`]*(?: @ \S+)?", line):
                assert "git+https://" in line, f"{path.name}: {line}"


# ---- the source distribution -----------------------------------------------------------------------------------------

LEFT_OUT = (".git", ".venv*", "my", "runs", "build", "dist", "*.egg-info", "__pycache__", ".pytest_cache",
            ".ipynb_checkpoints",
            ".jupyter*", ".ruff_cache", ".hypothesis")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder of an unpacked source distribution of the course as it is now."""
    folder = tmp_path_factory.mktemp("sdist")
    shutil.copytree(ROOT, folder / "course", ignore=shutil.ignore_patterns(*LEFT_OUT))
    code = f"from setuptools import build_meta; print(build_meta.build_sdist({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=folder / "course", check=True, **TEXT)
    archive, = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder / "unpacked", filter="data")
    course, = (folder / "unpacked").iterdir()
    return course


def test_the_source_distribution_holds_every_file(unpacked):
    copied = unpacked.parents[1] / "course"
    here = {path.relative_to(copied) for path in copied.rglob("*")
            if path.is_file() and not {"qmix_course.egg-info", "__pycache__"} & set(path.parts)}
    there = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert sorted(map(str, here - there)) == []


def test_the_tests_run_from_the_source_distribution(unpacked):
    some = ["test_readme.py", "test_docs.py", "test_data.py", "test_mixers.py", "test_notebooks.py",
            "test_exercises.py"]
    command = [sys.executable, "-m", "pytest", "-q", *(f"tests/{name}" for name in some)]
    done = subprocess.run(command, cwd=unpacked, env=plain_environment(), **TEXT)
    assert done.returncode == 0, done.stdout[-3000:]
