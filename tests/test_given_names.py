"""What one exercise binds, no other exercise of the same notebook binds anew, if a cell or function reads it later.

After *Run All*, somebody comes back to an exercise and runs one of its cells. It must print what the text says, so the
names that it reads must still be those of its own exercise.
"""

import ast
import itertools
import re
import symtable

import pytest

from tools.notebooks import SOLUTIONS, number_of, read_source, sources

HEAD = re.compile(r"^## .*?(\d\d\.\d+) ·", re.MULTILINE)
AT_ONCE = {"genexpr", "listcomp", "dictcomp", "setcomp"}        # run where they stand
NEVER_TWICE = itertools.count()


def bindings(source: str) -> dict[str, str]:
    """The global names that a cell binds: each with a text that is the same wherever it is bound to the same thing."""
    names = {}
    for statement in ast.parse(source).body:
        table = symtable.symtable(ast.unparse(statement), "cell", "exec")
        fixed = isinstance(statement, (ast.Import, ast.ImportFrom)) or (
            isinstance(statement, ast.Assign) and not any(isinstance(part, (ast.Call, ast.Name, ast.Attribute))
                                                          for part in ast.walk(statement.value)))
        for symbol in table.get_symbols():
            if symbol.is_assigned() or symbol.is_imported():
                text = ast.unparse(statement)
                names[symbol.get_name()] = text if fixed else f"{text} #{next(NEVER_TWICE)}"
    return names


def reads(source: str) -> set[str]:
    """The global names that a cell needs from others, and all that its functions read when they are called."""
    top = symtable.symtable(source, "cell", "exec")
    own = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    found = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()} - own
    tables = [(table, table.get_name() not in AT_ONCE) for table in top.get_children()]
    while tables:
        table, later = tables.pop()
        found |= {symbol.get_name() for symbol in table.get_symbols()
                  if symbol.is_global() and symbol.is_referenced() and (later or symbol.get_name() not in own)}
        tables += [(inner, later) for inner in table.get_children()]
    return found


def clashes(cells: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of (exercise, source): the pairs (name, exercise) of which a cell or function would read another's value."""
    bound: dict[str, dict[str, str]] = {}
    for exercise, source in cells:
        for name, text in bindings(source).items():
            bound.setdefault(name, {})[exercise] = text
    return {(name, exercise) for exercise, source in cells for name in reads(source)
            if exercise in bound.get(name, {}) and len(set(bound[name].values())) > 1}


def code_of(path) -> list[tuple[str, str]]:
    """(exercise, source) of every code cell; "top" before the first exercise."""
    found, exercise = [], "top"
    for cell in read_source(path).cells:
        if cell.cell_type == "code":
            found.append((exercise, cell.source))
        elif head := HEAD.search(cell.source):
            exercise = head.group(1)
    return found


@pytest.mark.parametrize("path", sources([], SOLUTIONS), ids=number_of)
def test_a_cell_that_is_run_again_reads_what_its_own_exercise_bound(path):
    cells = code_of(path)
    assert path.stem == "capstone" or len({exercise for exercise, _ in cells}) > 1
    assert clashes(cells) == set()


FIRST = [("01.1", "q = make(1)"), ("01.1", "show(q)")]


@pytest.mark.parametrize("cells, found", [
    ([*FIRST, ("01.2", "q = make(2)")], {("q", "01.1")}),
    ([*FIRST, ("01.2", "for q in rows:\n    print(q)")], {("q", "01.1")}),
    ([*FIRST, ("01.2", "q = make(1)")], {("q", "01.1")}),               # the same words, another value perhaps
    ([*FIRST, ("01.2", "def g(q):\n    return [q for q in q]")], set()),
    ([("01.1", "n = 2\ndef f():\n    return n\nf()"), ("01.2", "n = 3")], {("n", "01.1")}),
    ([("01.1", "n, m = 2, 3"), ("01.1", "show(n)"), ("01.2", "n, m = 2, 3")], set()),
    ([("01.1", "q = make(1)\nshow(q)\n[q for _ in range(2)]"), ("01.2", "q = make(2)\nshow(q)")], set()),
    ([("01.1", "import copy"), ("01.1", "copy.copy(1)"), ("01.2", "import copy")], set()),
])
def test_the_test_sees_a_clash_and_nothing_else(cells, found):
    assert clashes(cells) == found


def test_an_experiment_makes_its_data_anew_for_every_training():
    """Data under a global name could be written into by one arm, and would be spoilt for the others and for the check.
    """
    seen = 0
    for path in sources([], SOLUTIONS):
        for _, source in code_of(path):
            seen += "exact.every_step(" in source
            made = [statement for statement in ast.parse(source).body
                    if not isinstance(statement, (ast.FunctionDef, ast.ClassDef))]
            assert not any("exact.every_step(" in ast.unparse(each) for each in made), f"{path.name}: {source}"
    assert seen >= 7
