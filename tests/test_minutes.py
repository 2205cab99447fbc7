"""The minutes of a lesson: what counts, at which pace."""

import nbformat
import pytest

from tools import minutes
from tools.notebooks import setup_cell


def notebook(*cells):
    make = {"text": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    return nbformat.v4.new_notebook(cells=[make[kind](source) for kind, source in cells])


@pytest.mark.parametrize("text, count", [
    ("one two, three", 3), ("a [long link](https://a.b/c d) here", 4), ("$Q_{tot} = a + b$ is", 2),
    ("$$\na + b\n$$", 10),
    ("- **bold** — it", 2), ("### Sources\n\nmany words here", 0),
    ("### Exercises\n\nmany\n\n### Steps\n\ntwo words", 3),
    ("### Sources\n\nmany\n\n## Going further\n\nmore", 3),
])
def test_words(text, count):
    assert minutes.words(notebook(("text", text)).cells) == count


def test_lines_are_those_one_reads():
    cells = notebook(("code", setup_cell()), ("code", 'from qmix_course import lesson\n\nlesson.start("02")'),
                     ("code", "# why\nx = 1\n\ny = 2"), ("text", "code")).cells
    assert minutes.lines(cells) == 3


def test_the_pace():
    """1,000 words are 5 minutes, 80 lines 10, and one is for computing."""
    assert minutes.minutes(notebook(("text", "word " * 1_000), ("code", "x = 1\n" * 80))) == (16, 0)


def test_minutes_and_their_label():
    text, code = ("text", "word " * 400), ("code", "x = 1\n" * 20)
    assert minutes.minutes(notebook(text, code)) == (6, 0) and minutes.label(notebook(text, code)) == "**Minutes:** 6"
    further = ("text", "## Going further\n\n" + "word " * 398)
    assert minutes.minutes(notebook(text, code, further, code)) == (6, 5)
    assert minutes.label(notebook(text, code, further, code)) == "**Minutes:** 6, and 5 more for *Going further*"


def test_the_label_is_written_into_a_lesson(pair):
    text = pair.read_text(encoding="utf-8")
    pair.write_text(text.replace("**Minutes:** 3", "**Minutes:** 99"), encoding="utf-8")
    assert minutes.write(pair) == 3 and pair.read_text(encoding="utf-8") == text
