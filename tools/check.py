"""Check lessons and exercises without running them: ``python tools/check.py [NN ...]``.

Each source and its built notebook agree cell by cell, nothing is stale or machine-dependent, and every lesson has the
course's anatomy. Prints one line for each complaint; exits with 1 if there is any.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import nbformat

from qmix_course import process
from tools import anatomy, exercise_check, outputs
from tools.notebooks import NOTEBOOKS, sources
from tools.pairs import check_pair, check_pairs

MAX_OPT_OUTS = 0.02


def check_opt_outs(notebooks: list[nbformat.NotebookNode]) -> list[str]:
    """At most 2 code cells in 100, over all lessons together, are not compared."""
    cells = [cell for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"]
    out = sum(outputs.opts_out(cell) for cell in cells)
    if out > MAX_OPT_OUTS * len(cells):
        return [f"{out} of {len(cells)} code cells opt out of comparison, at most {MAX_OPT_OUTS:.0%} may"]
    return []


def check_folder(folder: Path = NOTEBOOKS, numbers: list[str] | None = None) -> list[str]:
    """Every complaint about the lessons in a folder, as ``name: complaint``; all lessons when none is named."""
    complaints = [] if numbers else check_pairs(folder)
    notebooks = []
    for source in sources(numbers or [], folder):
        if not source.with_suffix(".ipynb").exists():
            complaints += [f"{source.name} was never built: run tools/build.py"] if numbers else []
            continue
        notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
        notebooks.append(notebook)
        found = check_pair(source) + outputs.check_outputs(notebook) + anatomy.check_anatomy(notebook, source.stem)
        complaints += [f"{source.stem}: {complaint}" for complaint in found]
    return complaints if numbers else complaints + check_opt_outs(notebooks)


def main() -> int:
    parser = argparse.ArgumentParser(description="Check lessons and exercises without running them.")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons to check, all when none is named")
    numbers = parser.parse_args().numbers
    lessons = [number for number in numbers if number != "capstone"]
    complaints = check_folder(NOTEBOOKS, lessons) if lessons or not numbers else []
    complaints += exercise_check.check_exercises(numbers)
    for complaint in complaints:
        print(complaint)
    if not complaints:
        print(f"{len(sources(lessons))} lessons and their exercises: pairs agree, nothing is stale, the anatomy is "
              f"right")
    return 1 if complaints else 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
