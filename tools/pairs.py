"""A source and the notebook that was built from it: do they belong together?"""

from __future__ import annotations

from pathlib import Path

import nbformat

from tools.notebooks import HEADER, read_source

MAX_BYTES = 1_500_000


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
