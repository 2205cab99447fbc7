"""JupyterLab in a browser: every link of a lesson opens a learner's copy, answers get verdicts, and git sees nothing.
"""

import re
import subprocess

import pytest
from browser import Lab, fresh_copy, programs

from tools.notebooks import ROOT

WRONG = "def one_step_target(reward, next_values, terminated):\n    return reward + 0.9 * max(next_values)\n"
RIGHT = ("def one_step_target(reward, next_values, terminated):\n    return reward + (0 if terminated else 0.9 * "
         "max(next_values))\n")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    programs()
    return fresh_copy(tmp_path_factory.mktemp("a course") / "qmix course")


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    lab = Lab(course, tmp_path_factory.mktemp("jupyter"))
    yield lab
    lab.close()


def changed(course) -> str:
    return subprocess.run(["git", "status", "--porcelain"], cwd=course, capture_output=True, text=True,
                          check=True).stdout


def test_it_opens_lesson_00_and_shows_notebooks_alone(lab, course):
    names = lab.wait(lambda: lab.js("return [...document.querySelectorAll('.jp-DirListing-itemText')].map(item => "
                                    "item.innerText)"),
                     "the files")
    assert "00_start_here.ipynb" in names and all(name.endswith(".ipynb") for name in names)
    assert len(names) == len(list((ROOT / "notebooks").glob("*.ipynb")))


@pytest.mark.parametrize("lesson", ["00_start_here", "05_mixer"])
def test_every_link_opens_the_learners_copy(lab, course, lesson):
    here = f"my/notebooks/{lesson}.ipynb"
    lab.open(here)
    links = [re.sub(r".*?/files/|\?.*", "", link) for link in lab.links()]
    written = set(re.findall(r"\]\(((?!http)[^)#]+)",
                             (ROOT / "notebooks" / f"{lesson}.py").read_text(encoding="utf-8")))
    inside = {link: position for position, link in enumerate(links) if link.startswith("my/")}
    assert len(inside) == len(written) > 2, (inside, written)
    for link, position in inside.items():
        lab.follow(position)
        lab.wait(lambda: lab.path() == link, link)
        assert link.endswith(".ipynb") or "jp-MarkdownViewer" in lab.kind(), (
            "a page opens as it reads, not as it is written")
        lab.close_document()
        lab.open(here)
    assert changed(course) == ""


def test_pages_open_as_they_read_and_lead_back(lab, course):
    lab.open("my/notebooks/08_training.ipynb")
    links = lab.links()
    lab.follow(next(position for position, link in enumerate(links) if "docs/algorithm.md" in link))
    lab.wait(lambda: lab.path() == "my/docs/algorithm.md", "the algorithm")
    assert "jp-MarkdownViewer" in lab.kind()
    links = lab.wait(lab.links, "its links")
    lab.follow(next(position for position, link in enumerate(links) if "07_update_step.ipynb" in link))
    lab.wait(lambda: lab.path() == "my/notebooks/07_update_step.ipynb", "the lesson")


def test_a_wrong_answer_and_a_right_one_get_their_verdicts(lab, course):
    lab.open("my/exercises/00_start_here.ipynb")
    for answer, verdict in ((WRONG, "wrong: the end of an episode is ignored"), (RIGHT, "correct")):
        lab.answer("answer_00_1", answer)
        lab.run_all()
        lab.wait(lambda: lab.said("check_00_1").startswith(verdict), verdict)
        lab.save()
    assert changed(course) == ""


def test_a_lesson_that_trains_leaves_no_stripe_and_git_sees_nothing(lab, course):
    lab.open("my/notebooks/00_start_here.ipynb")
    lab.run_all()
    lab.save()
    left = lab.js("""return [...widget.node.querySelectorAll('.jp-OutputArea-child')].map(child => [
        child.offsetHeight, child.innerText, !!child.querySelector('img, svg, table, div[style]'),
        child.querySelector('.jp-OutputArea-output')?.dataset.mimeType || ''])""")
    assert not [child for child in left if child[3].endswith("stderr")]
    assert all(text.strip() or picture or height == 0 for height, text, picture, _ in left), left
    assert changed(course) == ""
