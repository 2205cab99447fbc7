"""A course of one lesson for tests of the learner's copies: its notebooks, a start in it, a new version of a file."""

import json

from qmix_course.__main__ import main

LESSON, EXERCISE = "my/notebooks/03_agents.ipynb", "my/exercises/03_agents.ipynb"


def notebook(*sources: str, output: str = "", stub: str = "...") -> bytes:
    """A small notebook: these code cells, the last one an answer; ``output`` stands below the first."""
    cells = [{"cell_type": "code", "execution_count": 1, "id": f"c{k}", "metadata": {}, "source": [source],
              "outputs": [{"output_type": "stream", "name": "stdout", "text": [output]}] if output and k == 0 else []}
             for k, source in enumerate([*sources, stub])]
    cells[-1]["metadata"] = {"nbgrader": {"grade_id": "answer_03_1", "solution": True}}
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def lay_course(tmp_path):
    """A course of one lesson, its exercises and a page."""
    folder = tmp_path / "a course"
    for name, content in (("exercises/00_start_here.ipynb", notebook().replace(b"answer_03_1", b"answer_00_1")),
                          ("exercises/03_agents.ipynb", notebook("1")),
                          ("notebooks/03_agents.ipynb", notebook("lesson")), ("docs/glossary.md", b"words\n"),
                          ("exercises/03_agents-Copy1.ipynb", notebook("of somebody who worked here"))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def start(capsys, *words) -> str:
    assert main(["start", *words]) == 0
    return capsys.readouterr().out


def pull(course, name: str, content: bytes) -> None:
    (course / name.removeprefix("my/")).write_bytes(content)
