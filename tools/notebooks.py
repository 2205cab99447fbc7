"""Where the notebooks are, how a source is read, and what build and check share."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS, EXERCISES, SOLUTIONS = ROOT / "notebooks", ROOT / "exercises", ROOT / "solutions"
SETUP_CELL = ROOT / "tools" / "setup_cell.py"
CELL_SECONDS = 120

# The first lines of every source. Outputs, versions and editors' metadata stay out of it.
HEADER = """\
# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,nbgrader,-all
#     notebook_metadata_filter: kernelspec,jupytext,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---
"""

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def sources(numbers: list[str], folder: Path = NOTEBOOKS) -> list[Path]:
    """The sources of these lessons (``["03", "07"]``, also ``"capstone"``), of all when the list is empty.

    Raises:
        ValueError: a lesson has no source.
    """
    found = sorted(folder.glob("[0-9][0-9]_*.py")) + sorted(folder.glob("capstone.py"))
    if not numbers:
        return found
    missing = sorted(set(numbers) - {number_of(path) for path in found})
    if missing:
        raise ValueError(f"no source {folder.name}/NN_*.py for lesson {', '.join(missing)}")
    return [path for path in found if number_of(path) in numbers]


def number_of(path: Path) -> str:
    """``"03"`` for 03_agents.py, ``"capstone"`` for capstone.py."""
    return path.stem.split("_")[0]


def read_source(path: Path) -> nbformat.NotebookNode:
    """The notebook that a source describes: no outputs, the course's metadata, the same cell ids at every call.

    A cell's id comes from its text, so an unchanged cell keeps its id, and building twice gives the same bytes.
    """
    notebook = jupytext.read(path, fmt="py:percent")
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        text = f"{cell.cell_type}\n{cell.source}"
        seen[text] = seen.get(text, 0) + 1
        cell.id = hashlib.sha256(f"{seen[text]}\n{text}".encode()).hexdigest()[:8]
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def setup_cell() -> str:
    """The text of the set-up cell, as it stands in every notebook."""
    return SETUP_CELL.read_text(encoding="utf-8").strip()


def repository() -> str:
    """The repository's address, from pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^Repository = "([^"]+)"$', text, re.MULTILINE).group(1)


def colab_badge(stem: str, folder: str = "notebooks") -> str:
    """The badge of one notebook (``"03_agents"``), as its title cell has it."""
    owner_and_name = repository().removeprefix("https://github.com/")
    page = f"https://colab.research.google.com/github/{owner_and_name}/blob/main/{folder}/{stem}.ipynb"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({page})"
