"""The learner's copies in my/: begun again, and whatever stands in the way of it."""

import os
import re
import shutil

import pytest
from small_course import EXERCISE, LESSON, lay_course, notebook, pull, start

from qmix_course.__main__ import main
from qmix_course.desk import copies


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = lay_course(tmp_path)
    monkeypatch.chdir(folder)
    return folder


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


@pytest.mark.parametrize("where", ["my", "my/exercises"])
@pytest.mark.parametrize("link", [False, pytest.param(True, marks=needs_links)])
def test_what_stands_where_a_folder_belongs_is_told_by_its_own_name(course, capsys, where, link):
    (course / where).parent.mkdir(exist_ok=True)
    (course / where).symlink_to("gone") if link else (course / where).write_text("a note")
    for words in (["start"], ["reset", "03"]):
        assert main(words) == 2
        assert f"{'my/exercises' if '/' in where else f'{course.name}/my'} is in the way" in capsys.readouterr().err
    assert link or (course / where).read_text() == "a note"


def test_a_folder_where_the_desk_keeps_its_notes_is_told_by_name(course, capsys):
    (course / "my" / ".laid.json").mkdir(parents=True)
    assert main(["start"]) == 2 and "my/.laid.json is in the way: the course wants a file" in capsys.readouterr().err
    assert [each.name for each in (course / "my").glob(".laid*")] == [".laid.json"]
    (course / "my" / ".laid.json").rmdir()
    assert main(["start"]) == 0


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
