"""The shape that every lesson has, so that a learner knows where everything is."""

from __future__ import annotations

import re

from nbformat import NotebookNode

from qmix_course import lesson
from tools import minutes
from tools.notebooks import colab_badge, setup_cell

HEADINGS = ["The problem", "Build it", "The same as the library", "Break it", "Sum up"]
SUM_UP = ["What you can do now", "Common misreadings", "Exercises", "Sources"]
MAX_LINES = 26  # "steps of at most about twenty lines", and no line above 100 columns: some are folded
PREDICT = "**Predict"
FOLD = re.compile(r"^<details><summary>[^<\n]+</summary>\n\n((?:(?!<details|^#).)+?)\n\n</details>$",
                  re.MULTILINE | re.DOTALL)
GUESS = re.compile(r"^guess = \.\.\. +# \S.*\n", re.MULTILINE)


def check_anatomy(notebook: NotebookNode, stem: str) -> list[str]:
    """Complaints about the shape of the lesson ``stem`` (``"03_agents"``). Lesson 00 is free in the middle."""
    number = stem[:2]
    if number not in lesson.TITLES:
        return [f"qmix_course.lesson.TITLES has no lesson {number}"]
    if len(notebook.cells) < 4:
        return ["a lesson has at least a title, the set-up cell, lesson.start and something to learn"]
    complaints = _check_title(notebook, stem) + _check_start(notebook.cells, number)
    complaints += _check_predictions(notebook.cells) + _check_folds(notebook.cells)
    headings = _headings(notebook.cells)
    if [text for level, text, _ in headings if level == 1] != [lesson.title(number)]:
        complaints.append(f"the one heading of the first level must be '# {lesson.title(number)}'")
    if number != "00":
        complaints += _check_middle(notebook.cells, headings)
    return complaints


def _check_title(notebook: NotebookNode, stem: str) -> list[str]:
    cell = notebook.cells[0]
    if cell.cell_type != "markdown":
        return ["the first cell must be the title, in markdown"]
    complaints = []
    if colab_badge(stem) not in cell.source:
        complaints.append(f"the title cell lacks its Colab badge: {colab_badge(stem)}")
    if minutes.LINE.findall(cell.source) != [minutes.label(notebook)]:
        complaints.append(f"the title cell must say {minutes.label(notebook)!r}: run tools/minutes.py")
    if minutes.minutes(notebook)[0] > minutes.MOST:
        complaints.append(f"the main path takes {minutes.minutes(notebook)[0]} minutes, at most {minutes.MOST}: cut, "
                          f"or move depth into '## {minutes.FURTHER}'")
    if not re.search(r"^\*\*You need:\*\* \S", cell.source, re.MULTILINE):
        complaints.append("the title cell lacks a line '**You need:** …'")
    objectives = cell.source.partition("**After this lesson you can**")[2]
    if not 3 <= len(re.findall(r"^- ", objectives, re.MULTILINE)) <= 5:
        complaints.append("the title cell lacks '**After this lesson you can**' with 3 to 5 items below it")
    return complaints


def _check_start(cells: list[NotebookNode], number: str) -> list[str]:
    complaints = []
    if cells[1].cell_type != "code" or cells[1].source != setup_cell():
        complaints.append("the second cell must be the set-up cell: run tools/address.py")
    start = f'from qmix_course import lesson\n\nlesson.start("{number}")'
    if cells[2].cell_type != "code" or cells[2].source != start:
        complaints.append(f"the third cell must be just {start!r}")
    return complaints


def _headings(cells: list[NotebookNode]) -> list[tuple[int, str, int]]:
    """(level, text, cell) of every heading, in order; what stands between ``` fences is none."""
    found = []
    for position, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            text = re.sub(r"^```.*?^```", "", cell.source, flags=re.MULTILINE | re.DOTALL)
            for match in re.finditer(r"^(#+) +(.+?)\s*$", text, re.MULTILINE):
                found.append((len(match.group(1)), match.group(2), position))
    return found


def _check_middle(cells: list[NotebookNode], headings: list[tuple[int, str, int]]) -> list[str]:
    second = [text for level, text, _ in headings if level == 2]
    if second not in (HEADINGS, [*HEADINGS, minutes.FURTHER]):
        return [f"the headings of the second level must be {HEADINGS}, in this order, and then {minutes.FURTHER} if "
                f"need be; they are {second}"]
    at = {text: position for level, text, position in headings if level == 2}
    complaints = []
    end = at.get(minutes.FURTHER, len(cells))
    last = [text for level, text, position in headings if level == 3 and at["Sum up"] <= position < end]
    if last != SUM_UP:
        complaints.append(f"'Sum up' must have the headings {SUM_UP} of the third level, and has {last}")
    complaints += _check_build_it(cells, at["Build it"], at["The same as the library"])
    for name, end in zip(HEADINGS[:4], HEADINGS[1:]):
        if not any(cell.cell_type == "code" for cell in cells[at[name] : at[end]]):
            complaints.append(f"'{name}' has no code cell")
    return complaints


def _check_build_it(cells: list[NotebookNode], begin: int, end: int) -> list[str]:
    complaints = []
    for position in range(begin, end):
        cell = cells[position]
        if cell.cell_type == "code":
            lines = sum(bool(line.strip()) for line in cell.source.splitlines())
            if lines > MAX_LINES:
                complaints.append(f"cell {position}: a step of {lines} lines, at most {MAX_LINES}")
    return complaints


def _check_predictions(cells: list[NotebookNode]) -> list[str]:
    """At least two a lesson; below each the cell that takes the guess and folds the answer away."""
    complaints = []
    asked = [position for position, cell in enumerate(cells) if cell.cell_type == "markdown"
             and re.search(rf"^{re.escape(PREDICT)}", cell.source, re.MULTILINE)]
    if len(asked) < 2:
        complaints.append(f"the lesson has {len(asked)} cells with '{PREDICT}', at least 2")
    for position in asked:
        below = cells[position + 1] if position + 1 < len(cells) else None
        source = below.source if below is not None and below.cell_type == "code" else ""
        if not GUESS.match(source) or "with lesson.prediction(guess, " not in source:
            complaints.append(f"cell {position}: the cell after a {PREDICT}** begins with 'guess = ...  # what to "
                              f"write' and answers in 'with lesson.prediction(guess, …)'")
        elif any(output.output_type == "stream" or "<details" not in output.get("data", {}).get("text/html", "")
                 for output in below.get("outputs", [])):
            complaints.append(f"cell {position + 1}: prints or shows an answer outside of the fold")
    return complaints


def _check_folds(cells: list[NotebookNode]) -> list[str]:
    """What explains an answer is folded in its markdown cell. Blank lines let a page set the text inside."""
    return [f"cell {position}: a fold is '<details><summary>…</summary>', text without a heading, '</details>', each "
            "on a line of its own with blank lines between" for position, cell in enumerate(cells)
            if cell.cell_type == "markdown" and re.search("</?(details|summary)", FOLD.sub("", cell.source))]
