"""What a linter sees, and what the house's plan must not show: names never used, imports out of order, circles of
imports."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter

import nbformat

from tools.notebooks import EXERCISES, NOTEBOOKS, ROOT, SOLUTIONS, read_source, sources


def test_the_linter_has_nothing_to_say():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "."], cwd=ROOT, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def imports(folders) -> dict[str, set[str]]:
    """Each module's imports of the other modules, wherever in the file they stand."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    found = {}
    for module, path in modules.items():
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in modules else node.module
                          for alias in node.names}
        found[module] = (names & modules.keys()) - {module}
    return found


def test_no_module_imports_one_that_imports_it():
    """In the library, its checks and the tools. A package's own __init__ names its parts, so a part may not import from
    it."""
    list(TopologicalSorter(imports(["qmix_course", "tools"])).static_order())        # CycleError names a circle


COURSE = {"capstone", "checks", "data", "desk", "lesson", "prediction"}


def test_the_library_imports_nothing_of_what_serves_the_course():
    """A reader who wants QMIX never opens lessons' set-up, desk, checks, capstone or stored results. The command line
    serves both."""
    for module, others in imports(["qmix_course"]).items():
        part = module.split(".")[1] if "." in module else ""
        if part and part not in COURSE | {"__main__"}:
            assert not [other for other in others if other.split(".")[1:2] and other.split(".")[1] in COURSE], module


def test_the_plan_in_the_packages_docstring_names_every_room():
    import qmix_course

    rooms = {path.stem for path in (ROOT / "qmix_course").iterdir()
             if path.suffix == ".py" or (path / "__init__.py").exists()}
    plan = qmix_course.__doc__.split("\n\n")[-1]
    assert set(re.findall(r"``(\w+)``", plan)) == rooms - {"__init__", "__main__"}
    assert set(re.findall(r"``(\w+)``", plan.split("serves the")[-1])) == COURSE


def test_no_file_is_too_long_to_be_read_in_one_sitting():
    long = {str(path.relative_to(ROOT)): lines for folder in ("qmix_course", "tools", "benchmarks")
            for path in (ROOT / folder).rglob("*.py")
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300}
    assert not long


def test_no_code_line_of_a_notebook_is_above_100_columns():
    """A browser wraps text; a line of code that is too long makes its cell scroll sideways."""
    long = [f"{source.parent.name}/{source.name}: {line}" for folder in (NOTEBOOKS, EXERCISES, SOLUTIONS)
            for source in sources([], folder) for cell in read_source(source).cells if cell.cell_type == "code"
            for line in cell.source.splitlines() if len(line) > 100]
    assert not long


def test_no_printed_line_of_a_notebook_is_above_112_columns():
    """JupyterLab breaks longer ones in the middle of a word, in a window of 1,280 pixels. Folds break between words."""
    wide = [f"{path.name}: {line}" for folder in (NOTEBOOKS, EXERCISES, SOLUTIONS) for path in folder.glob("*.ipynb")
            for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])
            for line in output.get("text", "").splitlines() if len(line) > 112]
    assert wide == []
