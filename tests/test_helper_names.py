"""No notebook with exercises hides ``check``, ``hint`` or ``solution`` behind a name of its own."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HELPERS = {"check", "hint", "solution"}
SOURCES = sorted((ROOT / "solutions").glob("*.py"))


def names_bound(source: str) -> set[str]:
    """The names that a notebook's cells bind at top level: by assignment, loop, definition or import."""
    bound = set()

    def visit(node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "qmix_course.checks":
            bound.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            for child in ast.iter_child_nodes(node):
                visit(child)

    visit(ast.parse("\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))))
    return bound


def test_a_name_that_is_bound_is_found():
    source = "solution = 1\nfor hint in (): pass\ndef check(): ...\n[x for x in ()]\ndef f():\n    y = 1\n"
    assert names_bound(source) == HELPERS | {"f"}
    assert not names_bound("from qmix_course.checks import check, hint, solution\n")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_cell_hides_a_helper(path):
    assert not HELPERS & names_bound(path.read_text(encoding="utf-8"))
