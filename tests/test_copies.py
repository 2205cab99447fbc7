"""The learner's copies in my/: laid, brought up to date while untouched, kept when changed, never lost."""

import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

from qmix_course.__main__ import main
from qmix_course.desk import copies
from tools.notebooks import ROOT

LESSON, EXERCISE = "my/notebooks/03_agents.ipynb", "my/exercises/03_agents.ipynb"


def notebook(*sources: str, output: str = "", stub: str = "...") -> bytes:
    """A small notebook: these code cells, the last one an answer; ``output`` stands below the first."""
    cells = [{"cell_type": "code", "execution_count": 1, "id": f"c{k}", "metadata": {}, "source": [source],
              "outputs": [{"output_type": "stream", "name": "stdout", "text": [output]}] if output and k == 0 else []}
             for k, source in enumerate([*sources, stub])]
    cells[-1]["metadata"] = {"nbgrader": {"grade_id": "answer_03_1", "solution": True}}
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one lesson, its exercises and a page."""
    folder = tmp_path / "a course"
    for name, content in (("exercises/00_start_here.ipynb", notebook().replace(b"answer_03_1", b"answer_00_1")),
                          ("exercises/03_agents.ipynb", notebook("1")),
                          ("notebooks/03_agents.ipynb", notebook("lesson")), ("docs/glossary.md", b"words\n"),
                          ("exercises/03_agents-Copy1.ipynb", notebook("of somebody who worked here"))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    monkeypatch.chdir(folder)
    return folder


def start(capsys, *words) -> str:
    assert main(["start", *words]) == 0
    return capsys.readouterr().out


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

def pull(course, name: str, content: bytes) -> None:
    (course / name.removeprefix("my/")).write_bytes(content)


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


# ---- reset, and whatever else is there -------------------------------------------------------------------------------

def test_reset_can_begin_a_lesson_again(course, capsys):
    start(capsys)
    (course / LESSON).write_bytes(notebook("mine"))
    assert main(["reset", "03", "--lesson"]) == 0
    assert re.search(r"my/notebooks/03_agents\.ipynb: a fresh copy; the old one is now 03_agents\.[\d-]+\.ipynb",
                     capsys.readouterr().out)
    assert (course / LESSON).read_bytes() == notebook("lesson")
    pull(course, LESSON, notebook("second"))
    assert "the new version" in start(capsys), "a fresh copy is untouched"


needs_links = pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege on Windows")


@needs_links
def test_a_link_that_leads_nowhere_is_told_and_reset_makes_a_copy(course, capsys):
    (course / "my/exercises").mkdir(parents=True)
    (course / EXERCISE).symlink_to("gone.ipynb")
    assert f"{EXERCISE}: a folder or a link that leads nowhere has this name" in start(capsys)
    assert main(["check", "03"]) == 2 and "is a link that leads nowhere" in capsys.readouterr().err
    assert main(["progress"]) == 0 and "is a link that leads nowhere" in capsys.readouterr().out
    assert main(["reset", "03"]) == 0 and "a fresh copy; the old one is now" in capsys.readouterr().out
    assert not (course / EXERCISE).is_symlink() and (course / EXERCISE).read_bytes() == notebook("1")


@needs_links
def test_a_link_to_a_notebook_elsewhere_is_the_learners(course, capsys):
    elsewhere = course / "drive.ipynb"
    elsewhere.write_bytes(notebook("1"))
    (course / "my/exercises").mkdir(parents=True)
    (course / EXERCISE).symlink_to(elsewhere)
    start(capsys)
    pull(course, EXERCISE, notebook("2"))
    start(capsys)
    assert (course / EXERCISE).is_symlink() and elsewhere.read_bytes() == notebook("1")
    main(["reset", "03"])
    assert elsewhere.read_bytes() == notebook("1") and (course / EXERCISE).read_bytes() == notebook("2")


def test_a_folder_in_the_way_is_told(course, capsys):
    (course / EXERCISE).mkdir(parents=True)
    assert f"{EXERCISE}: a folder" in start(capsys)
    assert main(["reset", "03"]) == 2 and f"{EXERCISE} is a folder: move it away" in capsys.readouterr().err
    assert main(["check", "03"]) == 2 and f"{EXERCISE} is a folder, not a notebook" in capsys.readouterr().err
    shutil.rmtree(course / "my")
    (course / "my").write_text("a file")
    assert main(["start"]) == 2 and "is in the way" in capsys.readouterr().err
    assert main(["reset", "03"]) == 2 and "is in the way" in capsys.readouterr().err
    assert (course / "my").read_text() == "a file"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(course, capsys):
    (course / "my").mkdir()
    (course / "my").chmod(0o500)
    try:
        assert main(["start"]) == 2 and "Permission denied" in capsys.readouterr().err
    finally:
        (course / "my").chmod(0o700)


def test_what_is_refused_while_moving_loses_nothing(course, capsys, monkeypatch):
    """A disk that is full, a folder that may not be written, a file that another program holds."""
    start(capsys)
    (course / EXERCISE).write_bytes(b"my work")

    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(course / EXERCISE))

    monkeypatch.setattr(copies.os, "replace", refuse)
    assert main(["reset", "03"]) == 2 and "Permission denied" in capsys.readouterr().err
    assert [path.read_bytes() for path in (course / "my/exercises").glob("03*")] == [b"my work"]


def test_a_disk_without_links_works_too(course, capsys, monkeypatch):
    def no_links(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(copies.os, "link", no_links)
    start(capsys)
    (course / EXERCISE).write_bytes(b"my work")
    main(["reset", "03"])
    assert (course / EXERCISE).read_bytes() == notebook("1")
    assert not copies.lay(course / EXERCISE, b"other") and (course / EXERCISE).read_bytes() == notebook("1")


STEPS = [(copies.os, "replace"), (copies.os, "link"), (pathlib.Path, "rename"), (pathlib.Path, "unlink"),
         (pathlib.Path, "exists"),
         (pathlib.Path, "write_bytes"), (copies, "open")]


def run_with(monkeypatch, moment, between, work) -> int:
    """``work()``, with ``between()`` just before the step on files with this number: how many steps there were."""
    steps = 0

    def come_between(real):
        def step(*words, **named):
            nonlocal steps
            steps += 1
            if steps == moment + 1:
                between()
            return real(*words, **named)
        return step

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, come_between(getattr(owner, name, open)), raising=False)
    with contextlib.suppress(copies.DeskError):
        work()
    monkeypatch.undo()
    return steps


def save(course) -> None:
    """As Jupyter does, at any moment."""
    with io.open(course / EXERCISE, "wb") as file:
        file.write(b"saved meanwhile")


def held(course) -> list[bytes]:
    return [path.read_bytes() for path in (course / "my/exercises").glob("03_agents*.ipynb")]


@pytest.mark.parametrize("other", [lambda course: copies.reset("03", course), copies.start, save],
                         ids=["reset", "start", "save"])
@pytest.mark.parametrize("moment", range(12))
def test_whatever_happens_between_two_steps_of_a_reset_nothing_is_lost(course, capsys, monkeypatch, moment, other):
    """Another reset, a start, or Jupyter's save comes just before one step, and runs to its end."""
    start(capsys)
    (course / EXERCISE).write_bytes(b"my work")
    pull(course, EXERCISE, notebook("second"))
    steps = run_with(monkeypatch, moment, lambda: other(course), lambda: copies.reset("03", course))
    assert moment < 7 or steps <= moment, "every step is tried"
    assert b"my work" in held(course) or (other is save and b"saved meanwhile" in held(course))
    assert other is not save or steps <= moment or b"saved meanwhile" in held(course)
    assert b"" not in held(course) and (course / EXERCISE).read_bytes() in (notebook("second"), b"saved meanwhile")


@pytest.mark.parametrize("other", [lambda course: copies.reset("03", course), copies.start, save],
                         ids=["reset", "start", "save"])
@pytest.mark.parametrize("moment", range(16))
def test_whatever_happens_while_a_copy_is_brought_up_to_date_nothing_is_lost(course, capsys, monkeypatch, moment,
                                                                             other):
    start(capsys)
    pull(course, EXERCISE, notebook("second"))
    steps = run_with(monkeypatch, moment, lambda: other(course), lambda: copies.start(course))
    assert other is not save or steps <= moment or b"saved meanwhile" in held(course)
    assert b"" not in held(course) and (course / EXERCISE).read_bytes() in (notebook("second"), b"saved meanwhile")


RESET = """
import sys, time, pathlib
from qmix_course.desk import copies
folder, ready = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
for trial in range(int(sys.argv[3])):
    ready.with_suffix(f".{trial}.{sys.argv[4]}").touch()
    go = ready.with_suffix(f".{trial}.go")
    while not go.exists():
        pass
    try:
        copies.reset("03", folder)
    except copies.DeskError as error:
        print(error)
    ready.with_suffix(f".{trial}.{sys.argv[4]}.done").touch()
"""


def test_two_resets_at_the_same_moment_lose_nothing(course, capsys, tmp_path):
    """150 trials, both processes let go at once. Before, 2 of 60 trials lost the learner's work."""
    start(capsys)
    trials, ready = 150, tmp_path / "ready"
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen([sys.executable, "-c", RESET, str(course), str(ready), str(trials), name],
                                  env=surroundings,
                                  stdout=subprocess.PIPE, text=True) for name in ("a", "b")]
    try:
        for trial in range(trials):
            for name in ("a", "b"):
                wait_for(ready.with_suffix(f".{trial}.{name}"), processes)
            work = f"work {trial}".encode()
            (course / EXERCISE).write_bytes(work)
            ready.with_suffix(f".{trial}.go").touch()
            for name in ("a", "b"):
                wait_for(ready.with_suffix(f".{trial}.{name}.done"), processes)
            assert work in held(course), trial
            assert (course / EXERCISE).read_bytes() == notebook("1"), trial
            assert b"" not in held(course)
        assert [process.communicate(timeout=30)[0] for process in processes] == ["", ""]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert not [path for path in (course / "my/exercises").iterdir() if path.name.startswith(".")]


def wait_for(path, processes) -> None:
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.0005)
