"""The command line, as a person would use it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from qmix_course import checkpoint
from qmix_course.__main__ import main

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_train_writes_a_run_and_evaluate_replays_it(tmp_path, capsys):
    assert main(["train", "--env", "grid", "--algorithm", "qmix", "--seed", "0", "--steps", "4000"]) == 0
    folder = tmp_path / "runs" / "grid-qmix-seed0"
    assert {p.name for p in folder.iterdir()} == {"checkpoint.pt", "curves.png", "episode.gif", "history.csv", "run.json"}
    with Image.open(folder / "curves.png") as curves, Image.open(folder / "episode.gif") as episode:
        assert curves.size[0] > 300 and episode.n_frames >= 5                   # the start and four steps
    said = capsys.readouterr().out
    assert "Greedy return 8.65 in 4 steps; the best possible is 8.65." in said
    assert main(["evaluate", str(folder)]) == 0
    assert "Greedy return 8.65 in 4 steps" in capsys.readouterr().out
    assert len((folder / "history.csv").read_text().splitlines()) == 9          # a header and eight evaluations
    # A run is never overwritten.
    kept = (folder / "checkpoint.pt").read_bytes()
    assert main(["train", "--steps", "4000"]) == 2 and "--resume" in capsys.readouterr().err
    assert (folder / "checkpoint.pt").read_bytes() == kept
    # Another configuration is refused by name; the same one has nothing left to do.
    assert main(["train", "--steps", "5000", "--resume"]) == 2
    assert "config.total_steps is 4000 in the file and 5000 here" in capsys.readouterr().err
    assert main(["train", "--steps", "4000", "--resume"]) == 0


@pytest.mark.parametrize("env, algorithm, best", [("two-step", "iql", "8.00"), ("climbing", "vdn", "11.00")])
def test_the_other_games(env, algorithm, best, capsys):
    assert main(["train", "--env", env, "--algorithm", algorithm, "--steps", "640"]) == 0
    assert f"the best possible is {best}" in capsys.readouterr().out


def test_what_is_not_there_is_named(capsys):
    assert main(["evaluate", "nothing"]) == 2
    assert "nothing" in capsys.readouterr().err
    assert main(["train", "--resume"]) == 2
    assert "no file" in capsys.readouterr().err
    for arguments in (["train", "--env", "chess"], ["train", "--algorithm", "qmax"], ["train", "--preset", "fast"], []):
        with pytest.raises(SystemExit):
            main(arguments)
    assert main(["train", "--seed", "-1"]) == 2 and "seed" in capsys.readouterr().err
    assert not Path("runs").exists() or not list(Path("runs").rglob("checkpoint.pt"))


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent differently there")
def test_ctrl_c_stops_with_a_checkpoint(tmp_path):
    run = subprocess.Popen([sys.executable, "-m", "qmix_course", "train", "--preset", "reference", "--run", tmp_path / "run"],
                           cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           env=os.environ | {"OMP_NUM_THREADS": "1", "QMIX_COURSE_PROGRESS": "0"})
    file, began = tmp_path / "run" / "checkpoint.pt", time.monotonic()
    while not file.exists() and run.poll() is None and time.monotonic() - began < 120:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 130 and "--resume" in out and "Traceback" not in err
    assert 500 <= checkpoint.load(file)["state"]["steps"] < 27_000


def test_the_progress_bar_says_what_matters(tmp_path):
    run = subprocess.run([sys.executable, "-m", "qmix_course", "train", "--steps", "1600", "--run", tmp_path / "run"],
                         cwd=ROOT, capture_output=True, text=True,
                         env={k: v for k, v in os.environ.items() if k != "QMIX_COURSE_PROGRESS"})
    assert run.returncode == 0
    for word in ("episodes=", "ε=", "loss=", "exploring=", "greedy=", "step/s"):
        assert word in run.stderr, word
