"""Find exercises by what is in a notebook, whatever its name: Drive and browsers rename copies, in many languages."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from qmix_course.desk.copies import KEPT
from qmix_course.desk.reading import DeskError, lesson_in_name, read_all_cells

HEADING = re.compile(r"^## .*?\b(\d\d\.\d+) ·", re.MULTILINE)
OF_COURSE = re.compile(r"^# Lesson \d\d ·", re.MULTILINE)


@dataclass(frozen=True)
class Notebook:
    """What was found in one file. ``exercises``: numbers such as "03.1", by nbgrader's ids, or by the headings where
    those were lost; ``names``: what its cells define at top level, if it uses the course and is no lesson; ``error``:
    why it cannot be read.
    """

    path: Path
    exercises: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    error: str = ""

    @property
    def lessons(self) -> set[str]:
        """The lessons whose exercises it holds; where it cannot be read, the one that its name speaks of."""
        return {lesson_in_name(self.path)} if self.error else {number[:2] for number in self.exercises}


def look(folder: Path) -> list[Notebook]:
    """Every notebook in a folder, the one that was saved last first. What ``reset`` set aside does not count.

    Raises:
        DeskError: there is no such folder.
    """
    if not folder.is_dir():
        raise DeskError(f"{folder} is no folder")
    paths = [path for path in folder.iterdir() if path.suffix.lower() == ".ipynb" and not KEPT.search(path.stem)
             and not path.name.startswith(".")]
    return [_look(path) for path in sorted(paths, key=lambda path: (-_saved(path), path.name))]


def _saved(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _look(path: Path) -> Notebook:
    try:
        cells = read_all_cells(path)
    except DeskError as error:
        return Notebook(path, error=str(error))
    code = [cell["source"] for cell in cells if cell["type"] == "code"]
    if any("capstone.collect" in source for source in code):
        return Notebook(path)                               # it asks for pieces itself
    texts = [cell["source"] for cell in cells if cell["type"] == "markdown"]
    of_course = any(OF_COURSE.search(text) for text in texts)
    answers = [re.fullmatch(r"answer_(\d\d)_(\d+)", cell["id"]) for cell in cells]
    exercises = {f"{answer[1]}.{answer[2]}" for answer in answers if answer}
    if not exercises and not of_course:
        exercises = {number for text in texts for number in HEADING.findall(text)}
    # Somebody's other notebooks, which may define anything and do anything, are not looked at for names.
    about_it = not of_course and any("qmix_course" in source for source in code)
    return Notebook(path, frozenset(exercises), frozenset().union(*map(defined, code)) if about_it else frozenset())


def defined(source: str) -> set[str]:
    """The functions, classes and names that a cell defines at its top level; of a cell that is no Python, none."""
    try:
        tree = ast.parse(re.sub(r"^\s*[%!?].*$", "pass", source, flags=re.MULTILINE))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return names | {target.id for target in targets if isinstance(target, ast.Name)}
