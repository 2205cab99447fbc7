"""The README says what is there: the syllabus agrees with the lessons, links lead somewhere, its code runs."""

import re
from pathlib import Path

import pytest
import torch

from qmix_course.lesson import TITLES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ["README.md", "CONTRIBUTING.md", "docs/algorithm.md", "docs/glossary.md", "docs/teaching.md"]


@pytest.mark.parametrize("number", TITLES)
def test_the_syllabus_agrees_with_the_lessons(number):
    source, = (ROOT / "notebooks").glob(f"{number}_*.py")
    lesson = source.read_text(encoding="utf-8")
    row, = re.findall(rf"^\| \[{number} .*$", README, re.MULTILINE)
    title, link, built, minutes, badge, exercises = re.fullmatch(
        r"\| \[(.*?)\]\((.*?)\) \| (.*?) \| (\d+) \| (.*) \| (.*) \|", row).groups()
    assert title == f"{number} {TITLES[number]}" and f"# # Lesson {number} · {TITLES[number]}\n" in lesson
    assert link == f"notebooks/{source.stem}.ipynb"
    assert re.search(rf"\*\*Minutes:\*\* {minutes}\b", lesson)
    assert badge in lesson and badge.endswith(f"/notebooks/{source.stem}.ipynb)") and built
    assert exercises == badge.replace("/notebooks/", "/exercises/")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (ROOT / page).parent.joinpath(link).exists(), link


def test_the_code_of_the_readme_runs(capsys):
    torch.set_default_dtype(torch.float32)
    code, *others = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {})
    trained, chance = map(float, capsys.readouterr().out.split())
    assert trained == pytest.approx(8.65, abs=1e-4) and chance < -50
    assert len(others) == 2             # run in test_experiment_clusters.py and test_on_evaluation.py
