"""The learner's copies in my/ are never lost, whatever else happens to them at the same moment."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import time

import pytest
from small_course import EXERCISE, lay_course, notebook, pull, start

from qmix_course.desk import copies
from tools.notebooks import ROOT


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = lay_course(tmp_path)
    monkeypatch.chdir(folder)
    return folder


STEPS = [(copies.os, "replace"), (copies.os, "link"), (pathlib.Path, "rename"), (pathlib.Path, "unlink"),
         (pathlib.Path, "exists"),
         (pathlib.Path, "write_bytes"), (copies, "open")]


def run_with(monkeypatch, moment, between, work) -> int:
    """``work()``, with ``between()`` just before the step on files with this number: how many steps there were."""
    steps = 0

    def come_between(real):
        def step(*words, **named):
            nonlocal steps
            steps += 1
            if steps == moment + 1:
                between()
            return real(*words, **named)
        return step

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, come_between(getattr(owner, name, open)), raising=False)
    with contextlib.suppress(copies.DeskError):
        work()
    monkeypatch.undo()
    return steps


def save(course) -> None:
    """As Jupyter does, at any moment."""
    with io.open(course / EXERCISE, "wb") as file:
        file.write(b"saved meanwhile")


def held(course) -> list[bytes]:
    return [path.read_bytes() for path in (course / "my/exercises").glob("03_agents*.ipynb")]


@pytest.mark.parametrize("other", [lambda course: copies.reset("03", course), copies.start, save],
                         ids=["reset", "start", "save"])
@pytest.mark.parametrize("moment", range(12))
def test_whatever_happens_between_two_steps_of_a_reset_nothing_is_lost(course, capsys, monkeypatch, moment, other):
    """Another reset, a start, or Jupyter's save comes just before one step, and runs to its end."""
    start(capsys)
    (course / EXERCISE).write_bytes(b"my work")
    pull(course, EXERCISE, notebook("second"))
    steps = run_with(monkeypatch, moment, lambda: other(course), lambda: copies.reset("03", course))
    assert moment < 7 or steps <= moment, "every step is tried"
    assert b"my work" in held(course) or (other is save and b"saved meanwhile" in held(course))
    assert other is not save or steps <= moment or b"saved meanwhile" in held(course)
    assert b"" not in held(course) and (course / EXERCISE).read_bytes() in (notebook("second"), b"saved meanwhile")


@pytest.mark.parametrize("other", [lambda course: copies.reset("03", course), copies.start, save],
                         ids=["reset", "start", "save"])
@pytest.mark.parametrize("moment", range(16))
def test_whatever_happens_while_a_copy_is_brought_up_to_date_nothing_is_lost(course, capsys, monkeypatch, moment,
                                                                             other):
    start(capsys)
    pull(course, EXERCISE, notebook("second"))
    steps = run_with(monkeypatch, moment, lambda: other(course), lambda: copies.start(course))
    assert other is not save or steps <= moment or b"saved meanwhile" in held(course)
    assert b"" not in held(course) and (course / EXERCISE).read_bytes() in (notebook("second"), b"saved meanwhile")


RESET = """
import sys, time, pathlib
from qmix_course.desk import copies
folder, ready = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
for trial in range(int(sys.argv[3])):
    ready.with_suffix(f".{trial}.{sys.argv[4]}").touch()
    go = ready.with_suffix(f".{trial}.go")
    while not go.exists():
        pass
    try:
        copies.reset("03", folder)
    except copies.DeskError as error:
        print(error)
    ready.with_suffix(f".{trial}.{sys.argv[4]}.done").touch()
"""


def test_two_resets_at_the_same_moment_lose_nothing(course, capsys, tmp_path):
    """150 trials, both processes let go at once. Before, 2 of 60 trials lost the learner's work."""
    start(capsys)
    trials, ready = 150, tmp_path / "ready"
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen([sys.executable, "-c", RESET, str(course), str(ready), str(trials), name],
                                  env=surroundings,
                                  stdout=subprocess.PIPE, text=True) for name in ("a", "b")]
    try:
        for trial in range(trials):
            for name in ("a", "b"):
                wait_for(ready.with_suffix(f".{trial}.{name}"), processes)
            work = f"work {trial}".encode()
            (course / EXERCISE).write_bytes(work)
            ready.with_suffix(f".{trial}.go").touch()
            for name in ("a", "b"):
                wait_for(ready.with_suffix(f".{trial}.{name}.done"), processes)
            assert work in held(course), trial
            assert (course / EXERCISE).read_bytes() == notebook("1"), trial
            assert b"" not in held(course)
        assert [process.communicate(timeout=30)[0] for process in processes] == ["", ""]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert not [path for path in (course / "my/exercises").iterdir() if path.name.startswith(".")]


def wait_for(path, processes) -> None:
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.0005)
