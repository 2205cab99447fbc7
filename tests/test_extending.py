"""The page on parts of one's own is followed to the letter: from an installed wheel, in another folder."""

import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from test_packaging import LIBRARY, TEXT, plain_environment, python_with  # noqa: F401

from tools.notebooks import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A folder that holds what the wheel of the course installs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "course"
    shutil.copytree(ROOT / "qmix_course", source / "qmix_course", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    code = f"from setuptools import build_meta; print(build_meta.build_wheel({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, **TEXT)
    archive, = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder / "installed")
    return folder / "installed"


def test_it_is_less_than_a_hundred_lines():
    lines = [line for block in CODE for line in block.splitlines() if line.strip()]
    assert len(CODE) == 5 and len(lines) < 100, len(lines)


def test_who_follows_the_page_has_a_trained_team(python_with, wheel, tmp_path):  # noqa: F811
    (tmp_path / "meet.py").write_text("\n\n".join(CODE), encoding="utf-8")
    around = plain_environment(PYTHONPATH=str(wheel), QMIX_COURSE_PROGRESS="0")
    done = subprocess.run([python_with(LIBRARY), "meet.py"], cwd=tmp_path, timeout=300, env=around, **TEXT)
    assert done.returncode == 0, done.stdout + done.stderr
    chance, after, lifted = map(float, re.search(r"random: (\S+)\nafter: (\S+), lifted in (\d+) of 200",
                                                 done.stdout).groups())
    assert chance < -5 and after > 8 and lifted >= 180
    assert {path.name for path in (tmp_path / "runs" / "meet").iterdir()} == {"checkpoint.pt", "checkpoint-best.pt",
                                                                                "film.png"}
    for line in ("evaluate --env meet:Meet", "train --env meet:Meet --algorithm meet:HuberQMIX --set size=4"):
        assert f"python -m qmix_course {line}" in PAGE
        short = ["--steps", "640", "--set", "learning_starts=100"] if line.startswith("train") else []
        done = subprocess.run([python_with(LIBRARY), "-m", "qmix_course", *line.split(), *short], cwd=tmp_path,
                              timeout=300, env=around, **TEXT)
        assert done.returncode == 0 and "mean of 32" in done.stdout.lower(), done.stdout + done.stderr
