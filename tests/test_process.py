"""What the environment says, and what it may say wrongly, does no harm."""

import io
import os
import subprocess
import sys

import pytest
import torch

from qmix_course import lesson, process
from qmix_course.__main__ import main
from tools.notebooks import ROOT

SPELLINGS = {"1": 1, "2": 2, " 3 ": 3, "4,2": 4, "4, 2,1": 4, "": 1, " ": 1, "0": 1, "0,3": 1, "-2": 1, "two": 1,
             "2.5": 1, ",2": 1,
             "99999999999999999999": 1, "²": 1, "٣": 3}


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_number_of_threads_is_read_whatever_stands_there(text, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert process.threads() == SPELLINGS[text]
    lesson.start("00")
    assert torch.get_num_threads() == SPELLINGS[text]


def test_one_thread_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert process.threads() == 1


COMMANDS = (["train", "--steps", "64", "--run", "run"], ["evaluate", "run"], ["hint", "14.1"], ["hint", "03.2"],
            ["check", "99"])


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_every_command_prints_in_any_encoding(encoding, tmp_path, monkeypatch):
    """As with LC_ALL=C, or where Windows sends output into a file."""
    monkeypatch.chdir(tmp_path)
    said = {}
    for command in COMMANDS:
        pipe = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, encoding=encoding))
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        assert main(command) == (2 if "99" in command else 0)
        sys.stdout.flush()
        said[command[0]] = pipe.getvalue().decode(encoding)
        monkeypatch.undo()
        monkeypatch.chdir(tmp_path)
    assert "Greedy return" in said["evaluate"] and "? ?" not in said["evaluate"], (
        "arrows have another form where there are none")


def test_the_terminal_is_asked_for_its_encoding(tmp_path):
    """The same once more from outside."""
    surroundings = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "qmix_course", "hint", "14.1"], cwd=tmp_path, env=surroundings,
                          capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_script_that_starts_a_lesson_prints_in_any_encoding(tmp_path):
    code = 'from qmix_course import lesson\nlesson.start("11")\nprint("Q → ε")'
    surroundings = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=surroundings, capture_output=True)
    assert (done.returncode, done.stdout.split()[-3:]) == (0, [b"Q", b"?", b"?"]), done.stderr
