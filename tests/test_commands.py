"""The commands of the README and the files behind them. Make runs for real, with a stand-in for Python."""

import os
import re
import shutil
import subprocess
import textwrap
import tomllib

import pytest
from packaging.requirements import Requirement

from tools.notebooks import ROOT

WORLDS = [f"requirements-{name}.txt" for name in ("lbf", "rware", "vmas", "smax", "worlds")]
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt", "requirements-pettingzoo.txt", *WORLDS]
FILES = ["Makefile", "pyproject.toml", "constraints.txt", *REQUIREMENTS]
# Stands for python3 and for .venv/bin/python: makes the environment, writes down what else it is asked to do.
PYTHON = """#!/bin/sh
echo "$@" >> calls.txt
case "$*" in
  "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *version_info*) exit ${TOO_OLD:-0} ;;
esac
"""


@pytest.fixture
def copy(tmp_path):
    """The files that make reads, in a folder with a space in its name, and a python that only takes notes."""
    folder = tmp_path / "my course"
    folder.mkdir()
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    python = folder / "stand-in"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return folder


def make(folder, *arguments, **variables):
    surroundings = {"PATH": "/usr/local/bin:/usr/bin:/bin", **variables}
    command = ["make", "PYTHON=./stand-in", *arguments]
    return subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True)


def calls(folder):
    path = folder / "calls.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [" ".join(line.replace("--allow-root", "").split()) for line in lines]  # there for root only


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


@needs_make
def test_make_lab_sets_up_and_opens_the_first_lesson(copy):
    result = make(copy, "lab")
    assert result.returncode == 0, result.stderr
    check, venv, *rest = calls(copy)
    assert "(3, 11) <= sys.version_info < (3, 14)" in check and venv == "-m venv .venv"
    assert rest == [
        "-m pip --disable-pip-version-check install -r requirements.txt -c constraints.txt",
        "-m pip --disable-pip-version-check install --no-deps --editable .",
        "-m qmix_course start",
        "-m jupyterlab --ServerApp.root_dir=. my/notebooks/00_start_here.ipynb",
    ]


@needs_make
def test_a_second_run_starts_at_once(copy):
    assert make(copy, "lab").returncode == 0
    calls(copy)
    assert make(copy, "-q", ".venv/.learn").returncode == 0
    make(copy, "lab")
    assert calls(copy) == ["-m qmix_course start", "-m jupyterlab --ServerApp.root_dir=. "
                                                   "my/notebooks/00_start_here.ipynb"]


@needs_make
def test_make_test_adds_what_tests_need_and_runs_everything(copy):
    make(copy, "lab")
    calls(copy)
    assert make(copy, "test").returncode == 0
    install, tests = calls(copy)
    assert install.endswith("-r requirements-dev.txt -r requirements-pettingzoo.txt -c constraints.txt")
    assert tests.startswith("-m pytest ") and tests.endswith(" tests notebooks exercises solutions")
    assert "--nbval --nbval-current-env --nbval-cell-timeout=120" in tests
    assert make(copy, "-q", ".venv/.dev").returncode == 0


@needs_make
def test_the_readme_gives_the_same_commands_for_those_without_make(copy):
    make(copy, "lab")
    make(copy, "test")
    wanted = {line.replace("--disable-pip-version-check ", "") for line in calls(copy) if "version_info" not in line}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    given = set(re.findall(r"^python (-m .*?)\s*$", readme, re.MULTILINE))
    assert wanted <= given, wanted - given


@needs_make
@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt", "pyproject.toml"])
def test_changed_requirements_are_installed_again(name, copy):
    make(copy, "lab")
    later = (copy / ".venv" / ".learn").stat().st_mtime + 1
    os.utime(copy / name, (later, later))
    assert make(copy, "-q", ".venv/.learn").returncode == 1


@needs_make
def test_an_old_python_is_told_what_to_do(copy):
    result = make(copy, "lab", TOO_OLD="1")
    assert result.returncode != 0 and "needs Python 3.11, 3.12 or 3.13" in result.stdout
    assert not (copy / ".venv").exists()


@needs_make
def test_a_set_up_that_broke_off_is_done_again(copy):
    (copy / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(copy / "stand-in", copy / ".venv" / "bin" / "python")
    make(copy, "lab")
    assert "-m venv .venv" in calls(copy)


@needs_make
def test_the_newest_dependencies_can_be_asked_for(copy):
    make(copy, "test", "CONSTRAINTS=")
    installs = [line for line in calls(copy) if " install " in line]
    assert len(installs) == 3 and not any("constraints" in line for line in installs)


@needs_make
def test_make_test_worlds_installs_them_once_and_skips_nothing(copy):
    shutil.copytree(ROOT / "tests", copy / "tests", ignore=shutil.ignore_patterns("__pycache__", "catalogue"))
    make(copy, "test")
    calls(copy)
    assert make(copy, "test-worlds").returncode == 0
    install, tests = calls(copy)
    assert " -r requirements-worlds.txt -r requirements-ray.txt " in install and install.endswith(" -c constraints.txt")
    assert tests.startswith("-m pytest ") and "tests/test_worlds_" in tests
    for file in sorted((ROOT / "tests").glob("test_*.py")):
        if re.search(r"^ *(\w+ = )?package\(", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"tests/{file.name} " in tests + " "
    make(copy, "test-worlds")
    assert [line for line in calls(copy) if "install" in line] == []
    assert re.search(r"^test-worlds: export QMIX_COURSE_WORLDS = 1$", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_every_world_is_an_extra_from_the_file_that_make_installs():
    """Each range is written once; the file for all names the others."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["dynamic"][
        "optional-dependencies"]
    named = [f"requirements-{name}.txt" for name in ("pettingzoo", "lbf", "rware", "vmas", "smax")]
    everything = (ROOT / "requirements-worlds.txt").read_text().splitlines()
    assert [line.removeprefix("-r ") for line in everything if not line.startswith("#")] == named
    assert extras["worlds"] == {"file": named}
    for world in ("lbf", "rware", "vmas", "smax"):
        assert set(extras[world]["file"]) <= set(named) and f"requirements-{world}.txt" in extras[world]["file"]
    packages = [package for name in named for package in requirements(name)]
    assert len(packages) == len(set(packages))


def targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)\b(?= *(?:#|`|$|\n))", readme))
    assert {"lab", "test"} <= named <= targets()
    for name in re.findall(r"(?:-r|-c) ([\w.-]+\.txt)", readme):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"python ((?:tools|benchmarks)/\w+\.py)", readme):
        assert (ROOT / name).exists(), name


def test_every_target_is_phony_and_explained():
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())
    assert phony == targets()
    shown = set(re.findall(r"make ([a-z-]+)", makefile.partition("PYTHON ?=")[0]))
    assert shown == targets() - {"help", "clean"}


def test_ci_and_the_workflows_call_make_test():
    run = (ROOT / ".ci" / "run").read_text().rstrip()
    assert run.endswith("\nmake test") and "export CI=true" in run, "in CI a missing browser is a failure"
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert "make test" in workflow and all(f'"{version}"' in workflow for version in ("3.11", "3.12", "3.13"))
    weekly = (ROOT / ".github" / "workflows" / "weekly.yml").read_text()
    assert "make test CONSTRAINTS=" in weekly and "cron:" in weekly


def test_a_version_that_main_brings_gets_the_tag_that_its_notebooks_install(tmp_path):
    """Once: a tag that is there stays where it is."""
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    lines = textwrap.dedent(workflow.partition("        run: |\n")[2])
    here = {"cwd": tmp_path / "copy", "check": True, "capture_output": True, "text": True, "env": os.environ | {
        f"GIT_{who}_{what}": "qmix@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "origin"], check=True)
    subprocess.run(["git", "clone", "-q", tmp_path / "origin", tmp_path / "copy"], check=True, capture_output=True)
    (tmp_path / "copy" / "qmix_course").mkdir()
    shutil.copy(ROOT / "qmix_course" / "__init__.py", tmp_path / "copy" / "qmix_course")
    installed = re.search(r"\{REPOSITORY\}@(v[\d.]+)", (ROOT / "tools" / "setup_cell.py").read_text()).group(1)
    heads = []
    for change in ("first", "second"):
        (tmp_path / "copy" / "notes.txt").write_text(change)
        subprocess.run(["git", "add", "."], **here)
        subprocess.run(["git", "commit", "-qm", change], **here)
        subprocess.run(["bash", "-e", "-c", lines], **here)
        heads.append(subprocess.run(["git", "rev-parse", "HEAD"], **here).stdout.strip())
    tags = subprocess.run(["git", "ls-remote", "--tags", "origin"], **here).stdout.split()
    assert tags == [heads[0], f"refs/tags/{installed}"]


# Requirements


def requirements(name):
    lines = (ROOT / name).read_text().splitlines()
    found = [Requirement(line) for line in lines if line.strip() and not line.startswith(("#", "-r "))]
    return {requirement.name.lower(): requirement.specifier for requirement in found}


COLAB = {
    "torch": ["2.6.0+cu124", "2.8.0+cu126"],
    "numpy": ["2.0.2", "2.2.6"],
    "matplotlib": ["3.10.0"],
    "pillow": ["11.3.0"],
    "tqdm": ["4.67.1"],
}


@pytest.mark.parametrize("name", COLAB)
def test_the_ranges_admit_what_colab_has(name):
    for version in COLAB[name]:
        assert requirements("requirements.txt")[name].contains(version), version


def test_the_constraints_are_exact_and_within_the_ranges():
    pins = requirements("constraints.txt")
    exact = re.compile(r"==[\w.]+")
    assert all(exact.fullmatch(str(pin)) for pin in pins.values()), "exact, and no local version such as +cpu"
    for name in REQUIREMENTS:
        for package, allowed in requirements(name).items():
            assert allowed.contains(str(pins[package])[2:]), package
    assert str(pins["torch"]) == "==2.13.0"


def test_what_tests_need_is_not_asked_of_learners():
    assert not set(requirements("requirements.txt")) & {"torchrl", "pettingzoo", "mpe2", "nbgrader", "selenium"}


def test_the_citation_names_the_version():
    version = re.search(r'__version__ = "([^"]+)"', (ROOT / "qmix_course" / "__init__.py").read_text()).group(1)
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
