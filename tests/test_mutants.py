"""The tool that breaks the library on purpose: what it changes, what it leaves alone, and who survives it."""

import ast
import subprocess
import sys

import pytest

from tools import mutants
from tools.notebooks import ROOT

TINY = '''
"""A file with - signs in its docstring."""

def most(values: list[int] = [], *, floor: "1 + 1" = 0) -> "a < b":
    """max of them; never < floor."""
    if not values:
        raise ValueError(f"expected more than {0 + 0} values" + "")
    values.sort()
    return max(floor, (values[-1] - floor).abs()) if floor else True
'''


def test_each_mutant_is_one_mistake():
    found = mutants.mutants(TINY, "tiny.py")
    assert [(each.line, each.change.replace("  →  ", " > ")) for each in found] == [
        (4, "0 > 1"),
        (6, "not values > values"),
        (8, "values.sort() > pass"),
        (9, "floor > not floor"),
        (9, "max > min"),
        (9, "(values[-1] - floor).abs() > values[-1] - floor"),
        (9, "values[-1] - floor > values[-1] + floor"),
        (9, "-1 > -2"),
        (9, "True > False"),
    ]
    plain = ast.unparse(ast.parse(TINY)).splitlines()
    for each in found:
        broken = ast.unparse(ast.parse(each.text)).splitlines()
        assert sum(a != b for a, b in zip(plain, broken, strict=True)) == 1, each.change


BECOMES = {
    "x = a + b * c": ["x = a - b * c", "x = a + b / c"],
    "x = a // 2": ["x = a * 2", "x = a // 3"],
    "x = a < b <= 1": ["x = a <= b <= 1", "x = a < b < 1", "x = a < b <= 0"],
    "x = a == b": ["x = a != b"],
    "x = a is not None": ["x = a is None"],
    "x = a in b": ["x = a not in b"],
    "x = (a and b) or c": ["x = (a and b) and c", "x = (a or b) or c"],
    "x = ~a & b": ["x = ~a | b", "x = a & b"],
    "x = (a - b).detach()": ["x = a - b", "x = (a + b).detach()"],
    "x = a.amax(-1)": ["x = a.amin(-1)", "x = a.amax(-2)"],
    "x = [not a, -b]": ["x = [a, -b]", "x = [not a, b]"],
    "x = False": ["x = True"],
    "x[0] = a": ["pass", "x[1] = a"],
    "x += 1.0": ["pass", "x -= 1.0", "x += 0.0"],
    "f(a)": ["pass"],
    "if f(a):\n    b": ["if not f(a):\n    b"],
    "while a:\n    b": ["while not a:\n    b"],
    'x = f"{a + 1}"': [],
    "@f(1)\ndef a(b: 1) -> 2:\n    c": [],
}


@pytest.mark.parametrize("before", BECOMES)
def test_what_becomes_of(before):
    broken = [ast.unparse(ast.parse(each.text)) for each in mutants.mutants(before, "a.py")]
    assert sorted(broken) == sorted(ast.unparse(ast.parse(each)) for each in BECOMES[before])


def test_the_sample_is_the_same_for_a_seed_and_takes_from_each_file_in_proportion():
    found = {file: [mutants.Mutant(file, line, "", "") for line in range(count)]
             for file, count in (("a", 60), ("b", 30), ("c", 10))}
    chosen = mutants.sample(found, 20, seed=3)
    assert chosen == mutants.sample(found, 20, seed=3) != mutants.sample(found, 20, seed=4)
    assert len(set(chosen)) == 20 and [sum(one.file == file for one in chosen) for file in "abc"] == [12, 6, 2]
    assert sorted(mutants.sample(found, 1000, seed=3)) == [one for each in found.values() for one in each]


def test_every_file_of_the_library_that_learns_has_tests_which_exist():
    package = ROOT / "qmix_course"
    assert set(mutants.TESTS) >= {f"algorithms/{path.name}" for path in (package / "algorithms").glob("[a-z]*.py")}
    for file, names in mutants.TESTS.items():
        paths = [package / file, *(ROOT / "tests" / f"test_{name}.py" for name in names.split())]
        assert all(path.exists() for path in paths), file


PRICE = "def price(n, free=False):\n    return 0 if free else 2 * n + 1\n"
FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\nmarkers = ["library"]\n', "tiny/__init__.py": "",
    "tiny/watched.py": PRICE, "tests/test_watched.py": "price(3) == 7 and price(3, True) == 0",
    "tiny/unwatched.py": PRICE, "tests/test_unwatched.py": "price(3) > 0",
    "tiny/endless.py": "def price():\n    while len([]):\n        pass\n", "tests/test_endless.py": "price() is None",
}
TEST = """import pytest
from tiny.{} import price

@pytest.mark.library
def test_price():
    assert {}
"""
SCRIPT = """import sys
from pathlib import Path
from tools import mutants

mutants.ROOT, mutants.PACKAGE, mutants.PRELOADED, mutants.SPARE = Path(sys.argv[1]), "tiny", ["pytest"], 1
mutants.COPIED = ["tiny", "tests", "pyproject.toml"]
mutants.TESTS = {f"{name}.py": name for name in ("watched", "unwatched", "endless")}
sys.exit(mutants.main([]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what the script changes in the tool comes along in a fork only")
def test_a_good_test_kills_what_a_careless_one_lets_live(tmp_path):
    """Two functions are the same; the tests of one look at the answer. A mutant of the third never ends."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEST.format(name[11:-3], text) if name.startswith("tests/") else text)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split() for line in done.stdout.splitlines()[-4:]] == [
        ["watched.py", "7", "7", "0", "100.0"], ["unwatched.py", "7", "2", "5", "28.6"],
        ["endless.py", "1", "1", "0", "100.0"], ["together", "15", "10", "5", "66.7"]]
    assert sorted(line.split(": ", 1)[1] for line in done.stdout.splitlines() if line.startswith("survived")) == [
        f"tiny/unwatched.py:2: {change}" for change in (
            "0  →  1", "1  →  0", "2  →  3", "2 * n  →  2 / n", "2 * n + 1  →  2 * n - 1")]
    assert "5 survived, 1 were ended by their limit" in done.stdout
    assert all((tmp_path / name).read_text() == FILES[name] for name in FILES if name.startswith("tiny/"))

    test = tmp_path / "tests/test_watched.py"
    test.write_text(test.read_text().replace("== 7", "== 8"))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1 and "assert (7 == 8" in done.stdout and "survived" not in done.stdout
