"""docs/teaching.md says how to add an exercise. This follows it line by line, in a copy of the course."""

import re
import shlex
import subprocess
import sys

import pytest
from browser import fresh_copy

from tools.notebooks import ROOT

WALK = (ROOT / "docs/teaching.md").read_text(encoding="utf-8").split("## Add an exercise")[1].split("\n## ")[0]
PIECES = re.findall(r"```python\n# (at the end of )?(\S+)\n(.*?)```", WALK, re.DOTALL)
COMMANDS = re.search(r"```sh\n(.*?)```", WALK, re.DOTALL)[1].splitlines()


def test_it_is_about_a_hundred_lines():
    lines = [line for _, _, text in PIECES for line in text.splitlines() if line.strip()]
    assert len(PIECES) == 3 and len(lines) <= 130


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course with what the page says written into it."""
    course = fresh_copy(tmp_path_factory.mktemp("walk") / "course")
    for goes_on, path, text in PIECES:
        file = course / path
        assert file.exists() == bool(goes_on), path
        file.write_text((file.read_text(encoding="utf-8").rstrip("\n") + "\n\n\n" if goes_on else "") + text,
                        encoding="utf-8")
    title = course / "solutions/03_agents.py"
    text = title.read_text(encoding="utf-8")
    assert text.count("**Minutes:** 82") == 1
    title.write_text(text.replace("**Minutes:** 82", "**Minutes:** 88"), encoding="utf-8")
    for folder, last, entry in (("qmix_course/checks", ")", "margins.EXERCISE"),
                                ("tests/catalogue", "}", '"03.9": margins.ANSWERS')):
        init = course / folder / "lesson03/__init__.py"
        text = init.read_text(encoding="utf-8").rstrip("\n")
        before, end = text.rsplit(last, 1)
        text = before.rstrip().rstrip(",") + f", {entry}{last}{end}\n"
        package = f"{folder.replace('/', '.')}.lesson03"
        line = f"from {package} import "
        init.write_text(text.replace(line, f"{line}margins\n{line}"), encoding="utf-8")
    return course


def test_whoever_follows_the_page_has_an_exercise(course):
    for command in COMMANDS:
        python, *words = shlex.split(command)
        assert python == "python"
        done = subprocess.run([sys.executable, *words], cwd=course, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    exercise = (course / "exercises/03_agents.py").read_text(encoding="utf-8")
    assert 'check("03.9", margins)' in exercise and "descending=True" not in exercise
    for page in ("notebooks/03_agents.py", "docs/teaching.md"):
        assert "How sure is each agent?" in (course / page).read_text(encoding="utf-8")
