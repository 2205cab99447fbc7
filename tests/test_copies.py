"""The learner's copies in my/: laid, brought up to date while untouched, kept when changed, taken over from before."""

import json
import re
import subprocess

import pytest
from small_course import EXERCISE, LESSON, lay_course, notebook, pull, start

from qmix_course.desk import copies
from tools.notebooks import ROOT


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = lay_course(tmp_path)
    monkeypatch.chdir(folder)
    return folder


def test_my_mirrors_the_course(course, capsys):
    out = start(capsys)
    laid = {path.relative_to(course).as_posix() for path in (course / "my").rglob("*") if path.is_file()}
    assert laid == {LESSON, EXERCISE, "my/exercises/00_start_here.ipynb", "my/docs/glossary.md", "my/.laid.json"}
    assert f"{LESSON}: copied" in out and "-Copy1" not in out
    assert (course / LESSON).read_bytes() == (course / "notebooks/03_agents.ipynb").read_bytes()
    assert start(capsys) == "my/: 4 copies are there already, left as they are\n"
    (course / LESSON).unlink()
    assert f"{LESSON}: copied" in start(capsys)


@pytest.mark.parametrize("file", [name for room in ("notebooks", "exercises", "docs") for name in
                                  sorted(f"{room}/{path.name}" for path in (ROOT / room).glob("*")
                                         if path.suffix in (".ipynb", ".md"))])
def test_every_link_of_a_copy_leads_to_a_copy(file, tmp_path_factory):
    """In the course as it is: what a page or a notebook links to is laid as well, at the same relative place."""
    laid = {copies.mine(path, ROOT) for room in copies.ROOMS for path in copies._of_course(ROOT, room)}
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".ipynb"):
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"]
                         if cell["cell_type"] == "markdown")
    assert (ROOT / "my" / file) in laid
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)          # a call in a line of code is no link
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        if not link.startswith(("http", "attachment:")):
            assert (ROOT / "my" / file).parent.joinpath(link).resolve() in laid, (
                f"{link} leads out of my/: learners cannot follow it")


# ---- a new version ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [None, notebook("lesson", output="a run")], ids=["never opened", "run and saved"])
def test_a_copy_that_was_never_changed_follows(course, capsys, held):
    start(capsys)
    if held:
        (course / LESSON).write_bytes(held)
    pull(course, LESSON, notebook("lesson, second edition"))
    pull(course, "my/docs/glossary.md", b"more words\n")
    out = start(capsys)
    assert (f"{LESSON}: the new version; you had not changed yours" in out
            and "my/docs/glossary.md: the new version" in out)
    assert (course / LESSON).read_bytes() == notebook("lesson, second edition")
    assert (course / "my/docs/glossary.md").read_bytes() == b"more words\n"
    assert sorted(path.name for path in (course / "my/notebooks").iterdir()) == ["03_agents.ipynb"]


def test_new_outputs_reach_a_copy_that_was_never_opened_and_spare_one_that_was_run(course, capsys):
    start(capsys)
    (course / EXERCISE).write_bytes(notebook("1", output="mine"))
    for name in (LESSON, EXERCISE):
        pull(course, name, notebook("lesson" if name == LESSON else "1", output="theirs"))
    start(capsys)
    assert (course / LESSON).read_bytes() == notebook("lesson", output="theirs")
    assert (course / EXERCISE).read_bytes() == notebook("1", output="mine")


@pytest.mark.parametrize("mine", [notebook("lesson", stub="my answer"), notebook("lesson", "a note"), b"", b"{broken",
                                  b"\xff\xfe"])
def test_a_changed_copy_stays_and_this_is_said_once_for_each_version(course, capsys, mine):
    start(capsys)
    (course / LESSON).write_bytes(mine)
    assert "stays" not in start(capsys), "there is nothing new"
    for edition in ("second", "third"):
        pull(course, LESSON, notebook(edition))
        assert f"{LESSON}: yours, so it stays" in (said := start(capsys)) and "reset 03 --lesson" in said
        assert "stays" not in start(capsys)
    assert (course / LESSON).read_bytes() == mine


def test_a_change_that_was_taken_back_follows_again(course, capsys):
    start(capsys)
    (course / LESSON).write_bytes(notebook("mine"))
    pull(course, LESSON, notebook("second"))
    start(capsys)
    (course / LESSON).write_bytes(notebook("lesson"))
    pull(course, LESSON, notebook("third"))
    assert "the new version" in start(capsys) and (course / LESSON).read_bytes() == notebook("third")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"notebooks/03_agents.ipynb": 3}',
                                     '{"notebooks/03_agents.ipynb": {}}', "[" * 200_000])
def test_without_its_notes_nothing_is_overwritten(course, capsys, content):
    start(capsys)
    (course / "my/.laid.json").write_text(content)
    (course / LESSON).write_bytes(notebook("mine"))
    (course / EXERCISE).write_bytes(notebook("1", output="run"))
    pull(course, LESSON, notebook("second"))
    assert "yours, so it stays" in start(capsys) and (course / LESSON).read_bytes() == notebook("mine")
    pull(course, EXERCISE, notebook("2"))
    assert f"{EXERCISE}: the new version" in start(capsys), "it was as shipped when it was seen again"


# ---- a my/ of before -------------------------------------------------------------------------------------------------


def commit(course, message: str) -> None:
    for command in (["init", "-q"], ["add", "exercises", "notebooks", "docs"],
                    ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", "commit", "-qm",
                     message]):
        subprocess.run(["git", *command], cwd=course, check=True)


def test_an_old_flat_folder_is_taken_over_without_loss(course, capsys):
    commit(course, "first")
    (course / "my").mkdir()
    before = {"03_agents.ipynb": notebook("1", stub="solved"), "03_agents.2026-01-02-030405.ipynb": notebook("earlier"),
              "03_agents-Copy1.ipynb": notebook("a try"),
              "00_start_here.ipynb": notebook(output="only run").replace(b"answer_03_1", b"answer_00_1"),
              "scratch.ipynb": b"mine"}
    for name, content in before.items():
        (course / "my" / name).write_bytes(content)
    pull(course, EXERCISE, notebook("1", "new"))
    pull(course, "my/exercises/00_start_here.ipynb", notebook("new"))
    commit(course, "second")
    out = start(capsys)
    assert "my/03_agents.ipynb is now my/exercises/03_agents.ipynb" in out and f"{EXERCISE}: yours, so it stays" in out
    for name in ("03_agents.ipynb", "03_agents.2026-01-02-030405.ipynb", "03_agents-Copy1.ipynb"):
        assert (course / "my/exercises" / name).read_bytes() == before[name], name
    assert (course / "my/scratch.ipynb").read_bytes() == b"mine"
    assert (course / "my/exercises/00_start_here.ipynb").read_bytes() == notebook("new"), (
        "as it was shipped once: it follows")
    assert "is now" not in start(capsys)


def test_an_old_copy_and_a_new_one_both_stay(course, capsys):
    start(capsys)
    (course / EXERCISE).write_bytes(notebook("1", stub="new work"))
    (course / "my/03_agents.ipynb").write_bytes(notebook("1", stub="old work"))
    start(capsys)
    held = [path.read_bytes() for path in (course / "my/exercises").glob("03_agents*.ipynb")]
    assert sorted(held) == sorted([notebook("1", stub="new work"), notebook("1", stub="old work")])
    assert (course / EXERCISE).read_bytes() == notebook("1", stub="new work")
    (course / EXERCISE).write_bytes((course / "exercises/03_agents.ipynb").read_bytes())
    (course / "my/03_agents.ipynb").write_bytes(notebook("1", stub="old work"))
    start(capsys)
    assert (course / EXERCISE).read_bytes() == notebook("1", stub="old work"), "an untouched copy gives way"
