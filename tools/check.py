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
from tools.notebooks import HEADER, NOTEBOOKS, read_source, sources

MAX_BYTES = 1_500_000
MAX_OPT_OUTS = 0.02


def check_pairs(folder: Path) -> list[str]:
    """Every source has its notebook, every notebook its source, and no two lessons share a number."""
    stems = {suffix: {path.stem for path in folder.glob(f"*{suffix}")} for suffix in (".py", ".ipynb")}
    complaints = [f"{stem}.py was never built: run tools/build.py" for stem in sorted(stems[".py"] - stems[".ipynb"])]
    complaints += [f"{stem}.ipynb has no source {stem}.py" for stem in sorted(stems[".ipynb"] - stems[".py"])]
    numbers = [stem[:2] for stem in stems[".py"]]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    complaints += [f"two lessons have the number {number}" for number in twice]
    return complaints


def check_pair(source: Path) -> list[str]:
    """One source against its notebook: the same cells, all executed, in order, small, in the course's header."""
    notebook_path = source.with_suffix(".ipynb")
    complaints = []
    if not source.read_text(encoding="utf-8").startswith(HEADER):
        complaints.append("the source does not begin with the header of tools/notebooks.py")
    if notebook_path.stat().st_size > MAX_BYTES:
        complaints.append(f"{notebook_path.name} has {notebook_path.stat().st_size:,} bytes, at most {MAX_BYTES:,}")
    written = read_source(source)
    built = nbformat.read(notebook_path, as_version=4)
    complaints += _compare_cells(written.cells, built.cells)
    if built.metadata != written.metadata:
        complaints.append("the notebook's metadata is not what tools/build.py writes")
    complaints += _check_executed(built)
    return complaints


def _compare_cells(written: list, built: list) -> list[str]:
    if len(written) != len(built):
        return [f"the source has {len(written)} cells and the notebook {len(built)}: build it again"]
    complaints = []
    for position, (want, have) in enumerate(zip(written, built)):
        for name, left, right in (
            ("type", want.cell_type, have.cell_type),
            ("text", want.source, have.source),
            ("metadata", want.metadata, have.metadata),
        ):
            if left != right:
                complaints.append(f"cell {position}: the {name} differs between source and notebook: build it again")
        if set(want.metadata) - {"tags", "nbgrader"}:
            complaints.append(f"cell {position}: metadata other than tags and nbgrader: {sorted(want.metadata)}")
    return complaints


def _check_executed(notebook: nbformat.NotebookNode) -> list[str]:
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    if None in counts:
        return [f"{counts.count(None)} code cells were never executed: build it again"]
    if counts != list(range(1, len(counts) + 1)):
        return [f"the code cells were not executed once each, in order: {counts}"]
    return []


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
        print(f"{len(sources(lessons))} lessons and their exercises: pairs agree, nothing is stale, the anatomy is right")
    return 1 if complaints else 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
