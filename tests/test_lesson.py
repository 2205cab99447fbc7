"""The one set-up call of a notebook."""

import os
import subprocess
import sys

import matplotlib
import pytest
import torch

from qmix_course import lesson, plots


def test_start_sets_float64_and_prints_the_title(capsys):
    torch.set_default_dtype(torch.float32)
    lesson.start("03")
    assert torch.get_default_dtype() == torch.float64
    assert capsys.readouterr().out == "Lesson 03 · Agent networks and decentralised exploration\n"


def test_start_seeds_torch():
    lesson.start("00")
    first = torch.rand(3)
    lesson.start("10")
    assert torch.equal(torch.rand(3), first)


def test_start_sets_the_style_of_the_figures():
    with matplotlib.rc_context():
        plots.use_style()
        want = settings()
        matplotlib.rcdefaults()
        assert settings() != want
        lesson.start("00")
        assert settings() == want


def settings():
    return {name: str(value) for name, value in matplotlib.rcParams.items() if name != "backend"}


@pytest.mark.parametrize("number", ["3", "003", "77", "", 3, None, ["03"]])
def test_start_refuses_what_is_no_lesson_and_changes_nothing(number):
    torch.set_default_dtype(torch.float32)
    with pytest.raises(ValueError, match="number: expected a lesson") as caught:
        lesson.start(number)
    assert repr(number) in str(caught.value)
    assert torch.get_default_dtype() == torch.float32


OLD = [("Python", "3.10.13 (main)"), ("torch", "2.3.1+cu121"), ("numpy", "1.26.4")]


@pytest.mark.parametrize(("name", "version"), OLD)
def test_start_refuses_old_versions(name, version):
    with pytest.raises(RuntimeError) as caught:
        lesson._check_versions({name: version})
    found = f"the course needs {name} {lesson.OLDEST[name]} or newer, and this is {name} {version.split()[0]}."
    assert found in str(caught.value)


def test_versions_are_compared_as_numbers():
    lesson._check_versions({"Python": "3.13.0 (main)", "torch": "2.13.0+cpu", "numpy": "2.0.2"})
    lesson._check_versions({"torch": "10.0.0a0"})


def test_start_computes_on_one_thread_unless_told_otherwise(monkeypatch):
    torch.set_num_threads(2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    lesson.start("00")
    assert torch.get_num_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    lesson.start("00")
    assert torch.get_num_threads() == 2


def test_start_works_outside_a_notebook():
    code = "from qmix_course import lesson; lesson.start('05')"
    surroundings = os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=surroundings)
    assert result.stdout.decode().split("\n")[0].strip() == "Lesson 05 · The mixer and its hypernetworks"
    assert (result.stderr, result.returncode) == (b"", 0)


@pytest.mark.parametrize("cell, said", [("assert 1 == 2", True), ("assert 1 == 2, 'why'", False), ("1 / 0", False)])
def test_a_number_that_was_changed_gets_a_word_beside_the_assert(cell, said):
    """In a shell of its own: as in a notebook, the cell has failed all the same."""
    code = ("from IPython.testing.globalipapp import start_ipython; shell = start_ipython()\n"
            "shell.run_cell('from qmix_course import lesson; lesson.start(\"03\")')\n"
            f"done = shell.run_cell({cell!r}); print('FAILED', type(done.error_in_exec).__name__)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "FAILED AssertionError" in done.stdout or "FAILED ZeroDivisionError" in done.stdout, done
    assert ("that is a finding" in done.stdout + done.stderr) == said
