"""A learner's copies of lessons, exercises and pages in ``my/``: lay them, bring them up to date, begin again.

``my/`` mirrors the course: my/notebooks, my/exercises, my/docs, so that every relative link leads to a copy. A copy
that holds nothing of the learner's follows the course; outputs of a run are not counted as the learner's, every text
is. A changed copy stays. ``my/.laid.json`` remembers for every copy the fingerprint of the ``text`` that was laid, and
the digest of the course's ``file`` that was last seen. Files appear and move in one step and never over another one, so
that nothing is lost, whatever else happens at the same moment.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import subprocess
import uuid
from pathlib import Path

from qmix_course.checks.exercise import LESSONS
from qmix_course.desk.reading import DeskError, fingerprint, shown

ROOMS = ("notebooks", "exercises", "docs")
KEPT = re.compile(r"\.\d{4}-\d\d-\d\d-\d{6}(-\d+)?$")           # ends the stem of a copy that was set aside
# What happened to a copy: it is new; it has become the new version; nothing; it is the learner's and the course has a
# newer one; something else has its name.
COPIED, FOLLOWED, LEFT, STAYS, BLOCKED = "copied", "followed", "left", "stays", "blocked"


def shipped(lesson: str, folder: Path, room: str = "exercises") -> Path:
    """The notebook of one lesson, or of the capstone, as it came with the course: its exercises, or the lesson itself.
    """
    found = [path for path in _of_course(folder, room) if path.suffix == ".ipynb" and path.stem.split("_")[0] == lesson]
    if not found or not (lesson in LESSONS or lesson == "capstone"):
        if room == "notebooks":
            raise DeskError(f"there are lessons {LESSONS[0]} to {LESSONS[-1]}, not {lesson!r}")
        raise DeskError(f'there are exercises for the lessons {LESSONS[0]} to {LESSONS[-1]} and "capstone", not for '
                        f'{lesson!r}')
    return found[0]


def lessons(folder: Path) -> list[str]:
    """Every lesson with exercises."""
    numbers = [path.stem.split("_")[0] for path in _of_course(folder, "exercises")]
    return [number for number in numbers if number in LESSONS]


def _of_course(folder: Path, room: str) -> list[Path]:
    """The files of a room that a learner gets. Whoever worked in there may have left other notebooks: not those."""
    if room == "docs":
        return sorted((folder / room).glob("*.md"))
    return sorted(path for path in (folder / room).glob("*.ipynb") if re.fullmatch(r"\d\d_\w+|capstone", path.stem))


def mine(source: Path, folder: Path) -> Path:
    """Where the learner's copy of a file of the course is, or would be."""
    return folder / "my" / source.relative_to(folder)


# ---- laying ----------------------------------------------------------------------------------------------------------

def start(folder: Path, lesson: str | None = None) -> list[tuple[Path, str]]:
    """Lay what is missing in my/, and bring up to date what the learner never changed: each copy, and what happened to
    it.

    ``lesson``: one lesson with its exercises, or the capstone, and the pages; None means everything.
    """
    sources = [path for room in ROOMS for path in _of_course(folder, room)]
    if lesson is not None:
        shipped(lesson, folder)                             # says which there are when there is none
        sources = [path for path in sources if path.suffix != ".ipynb" or path.stem.split("_")[0] == lesson]
    laid, done = _read_laid(folder), []
    try:
        for source in sources:
            done.append((mine(source, folder), _bring(source, folder, laid)))
    finally:
        _write_laid(folder, laid)
    return done


def _bring(source: Path, folder: Path, laid: dict) -> str:
    """Lay or bring up to date one copy, and note it in ``laid``: what happened."""
    copy, content, key = mine(source, folder), source.read_bytes(), source.relative_to(folder).as_posix()
    now = {"text": fingerprint(content), "file": _digest(content)}
    if not os.path.lexists(copy):
        lay(copy, content)
        laid[key] = now
        return COPIED
    if not copy.is_file():
        return BLOCKED
    before = laid.get(key, {"text": "", "file": ""})
    if before["file"] == now["file"]:
        return LEFT                                         # the course has nothing new
    held = copy.read_bytes()
    text = fingerprint(held)
    if text != now["text"] or _digest(held) == before["file"]:
        if not _untouched(copy, text, source, folder, before):
            laid[key] = now | {"text": before["text"]}
            return LEFT if before["text"] == now["text"] else STAYS
        if not _replace(copy, text, content):
            return LEFT
        laid[key] = now
        return FOLLOWED
    laid[key] = now
    return LEFT


def _untouched(copy: Path, text: str, source: Path, folder: Path, before: dict) -> bool:
    """Whether a copy with this text is as it was laid; a link is a learner's own doing."""
    if copy.is_symlink():
        return False
    return text == (before["text"] or None) or (not before["text"] and _once_shipped(source, folder, text))


def _once_shipped(source: Path, folder: Path, text: str) -> bool:
    """Whether an earlier version of this file had this text, as far as git is here and remembers: for copies of old."""
    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, check=True, timeout=20).stdout

    name = source.relative_to(folder).as_posix()
    try:
        commits = git("log", "-n", "40", "--format=%H", "--", name).decode().split()
        return any(fingerprint(git("show", f"{commit}:./{name}")) == text for commit in commits)
    except (OSError, subprocess.SubprocessError):
        return False


def _replace(copy: Path, text: str, content: bytes) -> bool:
    """Put a new version in the place of a copy that still has this text; False when it was saved at this very moment.
    """
    aside = set_aside(copy)
    if aside is not None and fingerprint(aside.read_bytes()) != text:
        _move(aside, copy)                                  # and if it was saved twice, both stay
        return False
    lay(copy, content)
    if aside is not None:
        aside.unlink()
    return True


def reset(lesson: str, folder: Path, room: str = "exercises") -> tuple[Path, Path | None]:
    """A fresh copy in my/; what was there is kept beside it under a dated name: the copy, and the kept one."""
    source = shipped(lesson, folder, room)
    copy, content = mine(source, folder), source.read_bytes()
    if copy.is_dir() and not copy.is_symlink():
        raise DeskError(f"{shown(copy)} is a folder: move it away, and a copy can be laid there")
    kept = set_aside(copy) if os.path.lexists(copy) else None
    if not lay(copy, content) and copy.read_bytes() != content:
        raise DeskError(f"{shown(copy)} was saved again at the same moment: close it in Jupyter, then reset it once "
                        f"more"
                        + (f". What was there before is now {kept.name}" if kept else ""))
    _write_laid(folder, {source.relative_to(folder).as_posix(): {"text": fingerprint(content),
                                                                 "file": _digest(content)}})
    return copy, kept


def take_over(folder: Path) -> list[tuple[Path, Path]]:
    """Move exercises of a my/ from before it had rooms to my/exercises: where each was, and where it is now."""
    moved, stems = [], {path.stem: path for path in _of_course(folder, "exercises")}
    for old in sorted((folder / "my").glob("*.ipynb")):
        stem = re.match(r"\w*", old.stem)[0]
        if stem not in stems or old.is_symlink() or not old.is_file():
            continue
        new, source = mine(stems[stem], folder).with_name(old.name), stems[stem]
        _make_folder(new.parent)
        fresh = new.is_file() and old.stem == stem and fingerprint(new.read_bytes()) == fingerprint(source.read_bytes())
        aside = set_aside(new) if fresh else None           # it holds nothing of the learner's, the old one may
        if not _move(old, new):
            new = _claim_dated(new)
            os.replace(old, new)
        if aside is not None:
            aside.unlink()
        moved.append((old, new))
    return moved


# ---- one step, never over another file -------------------------------------------------------------------------------

def lay(path: Path, content: bytes) -> bool:
    """Write a file that was not there, whole or not at all; False when something has its name."""
    _make_folder(path.parent)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        part.write_bytes(content)
        try:
            os.link(part, path)                             # fails, rather than overwrites
            return True
        except FileExistsError:
            return False
        except OSError:                                     # a disk without links
            return _move(part, path)
    finally:
        part.unlink(missing_ok=True)


def set_aside(copy: Path) -> Path | None:
    """Give a file a dated name beside its own: that path, or None when there is no file (any more)."""
    kept = _claim_dated(copy)
    try:
        os.replace(copy, kept)
    except FileNotFoundError:                               # somebody else set it aside a moment ago
        kept.unlink()
        return None
    except OSError:
        kept.unlink()
        raise
    return kept


def _move(old: Path, new: Path) -> bool:
    """Move a file to a name that was free; False when it is not."""
    if not _claim(new):
        return False
    os.replace(old, new)
    return True


def _claim_dated(path: Path) -> Path:
    """A free dated name beside this one, which is ours from now on: an empty file holds it."""
    stamp, count = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S"), 1
    while True:
        dated = path.with_name(f"{path.stem}.{stamp}{f'-{count}' if count > 1 else ''}{path.suffix}")
        if _claim(dated):
            return dated
        count += 1


def _claim(path: Path) -> bool:
    try:
        open(path, "xb").close()
    except FileExistsError:
        return False
    return True


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        there = [place for place in (path, *path.parents) if os.path.lexists(place) and not place.is_dir()]
        raise DeskError(f"{shown((there or [path])[-1])} is in the way: the course wants a folder there. Give it "
                        "another name") from None


# ---- what was laid ---------------------------------------------------------------------------------------------------

def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_laid(folder: Path) -> dict[str, dict[str, str]]:
    """What was laid, as far as its file can be read: without it, every copy counts as one of unknown origin."""
    try:
        laid = json.loads((folder / "my" / ".laid.json").read_bytes())
        return {key: {"text": str(entry["text"]), "file": str(entry["file"])} for key, entry in laid.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return {}


def _write_laid(folder: Path, laid: dict) -> None:
    before = _read_laid(folder)
    if before | laid == before:
        return
    path = folder / "my" / ".laid.json"
    part = path.with_name(f".laid.{uuid.uuid4().hex}")
    try:
        part.write_text(json.dumps(before | laid, indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)
    except IsADirectoryError:
        raise DeskError(f"{shown(path)} is in the way: the course wants a file there. Give it another name") from None
    finally:
        part.unlink(missing_ok=True)
