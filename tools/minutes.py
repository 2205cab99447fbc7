"""How long a lesson takes: ``python tools/minutes.py`` computes it and writes it into the lessons and the README.

Minutes = words / 200 + lines of code / 8 + 1, rounded up. 200 words a minute is unhurried reading, 8 lines a minute is
reading code and its output; the one minute is what a lesson may compute at most. A formula counts as one word, one that
stands on its own line as ten. Not counted: the set-up cell, the lists of exercises and of sources, the labels of folds,
outputs. The main path is everything before the heading *Going further*, the rest is counted apart.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nbformat import NotebookNode

from qmix_course import process
from tools.notebooks import ROOT, read_source, setup_cell, sources

WORDS, LINES, RUN = 200, 8, 1           # words a minute, lines of code a minute, minutes of computing
MOST = 45                               # of a main path
FURTHER = "Going further"
LISTS = ("Exercises", "Sources")        # headings whose text is there to look things up
LINE = re.compile(r"^\*\*Minutes:\*\* \S.*$", re.MULTILINE)


def minutes(notebook: NotebookNode) -> tuple[int, int]:
    """The minutes of a lesson's main path, and those of *Going further* (0 if there is none)."""
    main, further = split(notebook)
    return math.ceil(_time(main) + RUN), math.ceil(_time(further))


def split(notebook: NotebookNode) -> tuple[list[NotebookNode], list[NotebookNode]]:
    """The cells of the main path, and those from the heading *Going further* on."""
    at = next((position for position, cell in enumerate(notebook.cells) if cell.cell_type == "markdown"
               and re.search(rf"^## {FURTHER}$", cell.source, re.MULTILINE)), len(notebook.cells))
    return notebook.cells[:at], notebook.cells[at:]


def words(cells: list[NotebookNode]) -> int:
    """Words of prose: links by their text, a formula as one word or, on a line of its own, as ten."""
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for heading in LISTS:
        text = re.sub(rf"^### {heading}$.*?(?=^##|\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"<summary>.*?</summary>|</?details>", "", text)
    text = re.sub(r"\$\$.*?\$\$", " x" * 10 + " ", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$]*\$", "x", text)
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def lines(cells: list[NotebookNode]) -> int:
    """Lines of code that are not empty, without the set-up cell and ``lesson.start``."""
    read = [cell.source for cell in cells if cell.cell_type == "code" and cell.source != setup_cell()
            and "lesson.start(" not in cell.source]
    return sum(bool(line.strip()) for source in read for line in source.splitlines())


def _time(cells: list[NotebookNode]) -> float:
    return words(cells) / WORDS + lines(cells) / LINES


def label(notebook: NotebookNode) -> str:
    """The line of the title cell: ``**Minutes:** 41, and 17 more for *Going further*``."""
    main, further = minutes(notebook)
    return f"**Minutes:** {main}" + (f", and {further} more for *{FURTHER}*" if further else "")


def write(source: Path) -> int:
    """Put the computed minutes into a lesson's title cell; returns those of the main path."""
    notebook, text = read_source(source), source.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("# **Minutes:**"))
    source.write_text(text.replace(line, f"# {label(notebook)}", 1), encoding="utf-8")
    return minutes(notebook)[0]


def main() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    for source in sources([]):
        count = write(source)
        text = re.sub(rf"^(\| \[{source.stem[:2]} [^|]*\|[^|]*\| )\d+ ", rf"\g<1>{count} ", text, flags=re.MULTILINE)
        main_path, further = split(read_source(source))
        print(f"{source.stem:<24}{count:>3} minutes{'' if count <= MOST else ' (too many)':<12} "
              f"{words(main_path):>5} words {lines(main_path):>4} lines   further {words(further):>5} "
              f"{lines(further):>4}")
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    process.forgive_output()
    main()
