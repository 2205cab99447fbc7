"""Build the lessons: ``python tools/build.py [NN ...]`` turns notebooks/NN_name.py into an executed NN_name.ipynb.

One way only, from the source to the notebook. A cell that raises, warns, prints to stderr or runs for more than 120
seconds stops the build and leaves the old notebook as it was; so does a guess that gets another answer when its cell is
run once more at the end.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from copy import deepcopy
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from qmix_course import process
from tools import kernel
from tools.notebooks import CELL_SECONDS, NOTEBOOKS, read_source, sources
from tools.outputs import IMAGE

LESSON_SECONDS = 60
COLOURS = re.compile(r"\x1b\[[\d;]*m")


class BuildError(Exception):
    """A notebook that does not run cleanly; the message says which cell and why."""


def build(source: Path) -> float:
    """Execute one source and write the notebook beside it; the seconds it took. ``kernel.prepare()`` comes first.

    Raises:
        BuildError: a cell raised, ran for too long, wrote to stderr, or holds a guess that can be made only once.
    """
    notebook = read_source(source)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(source.parent)}},
    )
    begin = time.perf_counter()
    try:
        with client.setup_kernel():
            for at, cell in enumerate(notebook.cells):
                client.execute_cell(cell, at)
            seconds = time.perf_counter() - begin
            built = deepcopy(notebook)
            _refuse_stderr(source, built)
            for at, cell in enumerate(notebook.cells):
                if cell.cell_type == "code" and "lesson.prediction(" in cell.source:
                    _guess_again(source, client, at, built.cells[at])
    except (CellExecutionError, CellTimeoutError) as error:
        raise BuildError(f"{source.name}: {COLOURS.sub('', str(error))}") from None
    _tidy(built)
    _write(built, source.with_suffix(".ipynb"))
    return seconds


def _guess_again(source: Path, client: NotebookClient, position: int, cell: nbformat.NotebookNode) -> None:
    """Whoever has run all cells goes back, writes a guess and runs its cell once more: the answer is still the same."""
    again = client.nb.cells[position]
    client.execute_cell(again, position)
    first, second = (IMAGE.sub("", str([output.get("text") or output.get("data") for output in each.outputs]))
                     for each in (cell, again))
    if first != second:
        raise BuildError(f"{source.name}, cell {position}, gives another answer when it is run once more at the end:"
                         f"\n{cell.source}")


def _refuse_stderr(source: Path, notebook: nbformat.NotebookNode) -> None:
    for position, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                raise BuildError(f"{source.name}, cell {position}, wrote to stderr:\n{cell.source}\n\n{output.text}")


def _tidy(notebook: nbformat.NotebookNode) -> None:
    """Drop what the run left behind: the kernel's version, empty output metadata that differs between clients."""
    notebook.metadata.language_info = nbformat.from_dict({"name": "python"})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    text = nbformat.writes(nbformat.from_dict(notebook), version=4)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    os.replace(draft, path)


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    parser = argparse.ArgumentParser(description="Build and execute lessons.")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons to build, all when none is named")
    numbers = parser.parse_args(arguments).numbers
    failed = 0
    with kernel.prepare():
        for source in sources(numbers, folder):
            try:
                seconds = build(source)
            except BuildError as error:
                failed += 1
                print(f"FAILED  {error}", file=sys.stderr)
            else:
                late = f"   more than {LESSON_SECONDS} s: too long for a lesson" if seconds > LESSON_SECONDS else ""
                print(f"{seconds:6.1f} s  {source.name}{late}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
