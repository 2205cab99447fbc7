"""Notebook files as learners' disks hold them: read with care, told by name when they cannot be."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

MOST_BYTES = 200_000_000


class DeskError(ValueError):
    """Something about the learner's files that only the learner can put right; the message says what."""


def shown(path: Path) -> str:
    """A path as messages name it: from my/ on, or the file in its folder."""
    parts = path.parts
    begin = len(parts) - 1 - parts[::-1].index("my") if "my" in parts[:-1] else -2
    return "/".join(parts[begin:])


def lesson_in_name(path: Path) -> str:
    """``"03"`` for 03_agents.ipynb and for Copy of 03_agents.ipynb, ``"capstone"`` for the capstone, else nothing."""
    found = re.search(r"(?<!\d)\d\d(?=_)|capstone", path.stem)
    return found[0] if found else ""


def read_bytes(path: Path) -> bytes:
    """What a file holds.

    Raises:
        DeskError: the file is missing, no file, too large, or not to be opened.
    """
    name, number = shown(path), lesson_in_name(path)
    try:
        if path.is_symlink() and not path.exists():
            raise DeskError(f"{name} is a link that leads nowhere" + _fresh(number))
        if not path.exists():
            raise DeskError(f"{name} is not there" + (f": python -m qmix_course start {number}" if number else ""))
        if not path.is_file():
            raise DeskError(f"{name} is {'a folder' if path.is_dir() else 'no plain file'}, not a notebook")
        if path.stat().st_size > MOST_BYTES:
            raise DeskError(f"{name} is too large to read, {path.stat().st_size:,} bytes: clear its outputs in Jupyter "
                            "and save it")
        return path.read_bytes()
    except OSError as error:
        raise DeskError(f"{name} cannot be read ({error.strerror or error})") from None


def read_cells(path: Path) -> list[dict]:
    """The code cells of a notebook: {"source": text, "id": nbgrader's grade_id or ""}.

    Raises:
        DeskError: the file is missing, half saved, or no notebook.
    """
    return [cell for cell in read_all_cells(path) if cell["type"] == "code"]


def read_all_cells(path: Path) -> list[dict]:
    """As ``read_cells``, and the cells of text as well; "type" says which is which."""
    content = read_bytes(path)
    try:
        return parse(content)
    except json.JSONDecodeError as error:
        raise DeskError(f"{shown(path)} is broken in line {error.lineno}: it was perhaps saved only in part. Save it "
                        f"again in Jupyter{_fresh(lesson_in_name(path), ', or')}") from None
    except UnicodeDecodeError:
        raise DeskError(f"{shown(path)} is no notebook: it is not text in UTF-8") from None
    except ValueError as error:
        raise DeskError(f"{shown(path)} is no notebook: {error}") from None


def _fresh(number: str, join: str = ": remove it, or") -> str:
    return f"{join} take a fresh copy with: python -m qmix_course reset {number}" if number else ""


def parse(content: bytes) -> list[dict]:
    """The cells of a notebook: {"type", "source", "id": nbgrader's grade_id or ""}.

    Raises:
        ValueError: it is no notebook, and why; json.JSONDecodeError and UnicodeDecodeError among them.
    """
    try:
        notebook = json.loads(content)                      # bytes: a byte-order mark is understood
    except (RecursionError, MemoryError):
        raise ValueError("it is nested too deeply") from None
    if not isinstance(notebook, dict):
        raise ValueError("it holds no list of cells")
    if "worksheets" in notebook or notebook.get("nbformat") in (1, 2, 3):
        raise ValueError("its format is older than 4. Open it in JupyterLab and save it: that brings it up to date")
    if not isinstance(notebook.get("cells"), list):
        raise ValueError("it has no list of cells")
    return [_cell(number, cell) for number, cell in enumerate(notebook["cells"], start=1)]


def _cell(number: int, cell: object) -> dict:
    """One cell, every field looked at before it is used."""
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        raise ValueError(f'cell {number} does not say what it is (it has no "cell_type")')
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise ValueError(f'cell {number} has no text (its "source" is missing, or no text)')
    metadata = cell.get("metadata", {})
    graded = metadata.get("nbgrader", {}) if isinstance(metadata, dict) else None
    grade_id = graded.get("grade_id", "") if isinstance(graded, dict) else None
    if not isinstance(grade_id, str):
        raise ValueError(f'cell {number} has "metadata" of a kind that no notebook has')
    return {"type": cell["cell_type"], "source": source, "id": grade_id}


def fingerprint(content: bytes) -> str:
    """What a person wrote in a file: of a notebook the cells, without outputs and counts; else every byte."""
    try:
        written = json.dumps([[cell["type"], cell["source"]] for cell in parse(content)]).encode()
    except ValueError:
        written = content
    return hashlib.sha256(written).hexdigest()
