"""The command line, as a person would use it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image

from qmix_course import checkpoint
from qmix_course.__main__ import FILES, main, show_episode
from qmix_course.algorithms import VDN
from qmix_course.choices import ALGORITHMS
from qmix_course.envs import GridWorld

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_train_writes_a_run_and_evaluate_replays_it(tmp_path, capsys):
    assert main(["train", "--env", "grid", "--algorithm", "qmix", "--seed", "0", "--steps", "4000"]) == 0
    folder = tmp_path / "runs" / "grid-qmix-seed0"
    assert {p.name for p in folder.iterdir()} == {"checkpoint.pt", "checkpoint-best.pt", "curves.png",
                                                  "episode.gif", "history.csv",
                                                  "run.json"}
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
    # Another configuration is refused by name; the same one has nothing left to do; a longer one goes on.
    assert main(["train", "--steps", "3000", "--resume"]) == 2
    assert "config.total_steps is 4000 in the file and 3000 here" in capsys.readouterr().err
    assert main(["train", "--steps", "4000", "--resume"]) == 0
    assert main(["train", "--steps", "5000", "--resume"]) == 0
    assert len((folder / "history.csv").read_text().splitlines()) == 11
    assert json.loads((folder / "run.json").read_text())["steps"] == 5000
    assert main(["evaluate", str(folder)]) == 0 and "5,024 steps of training" in capsys.readouterr().out


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
    run = subprocess.Popen([sys.executable, "-m", "qmix_course", "train", "--preset", "reference", "--run",
                            tmp_path / "run"],
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


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_trains_and_is_replayed(algorithm, capsys):
    assert main(["train", "--env", "two-optima", "--algorithm", algorithm, "--steps", "960"]) == 0
    assert "the best possible is 1.00." in capsys.readouterr().out
    assert main(["evaluate", f"runs/two-optima-{algorithm}-seed0"]) == 0
    assert "960 steps of training" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, folder, said", [
    (["--env", "m-step", "--algorithm", "maven"], "m-step-maven-seed0", "the best possible is 13.00."),
    (["--env", "cue", "--recurrent"], "cue-qmix-seed0-recurrent", "the best possible is 1.00."),
    (["--env", "predator-prey", "--algorithm", "cw-qmix", "--punishment", "-2"], "predator-prey-cw-qmix-seed0-p-2",
     " steps."),
    (["--env", "two-step", "--parameter-noise"], "two-step-qmix-seed0-parameter-noise", "the best possible is 8.00."),
])
def test_the_tasks_of_part_two(arguments, folder, said, capsys):
    assert main(["train", *arguments, "--steps", "640"]) == 0
    assert said in capsys.readouterr().out
    assert main(["evaluate", f"runs/{folder}"]) == 0
    assert said in capsys.readouterr().out


def test_where_beginnings_differ_many_episodes_are_averaged(capsys):
    assert main(["train", "--env", "predator-prey", "--algorithm", "vdn", "--steps", "1280"]) == 0
    said = capsys.readouterr().out
    assert "Mean of 100 greedy episodes" in said and "best possible" not in said
    assert main(["train", "--steps", "640"]) == 0        # the grid world always begins in the same way
    assert "Mean of" not in capsys.readouterr().out


def test_beginnings_that_only_the_agents_tell_apart_differ_too(tmp_path, capsys):
    """A state that never changes, as a stranger's world may have."""
    class Blind(GridWorld):
        def _pack(self, *outcome):
            step = super()._pack(*outcome)
            step.state.zero_()
            return step

    for starts, said in ((True, True), (False, False)):
        env = Blind(random_starts=starts)
        show_episode(env, VDN.for_env(env), tmp_path, None, 100)
        assert ("Mean of 100 greedy episodes" in capsys.readouterr().out) == said


def test_options_that_do_not_fit_are_refused_before_a_folder_is_made(capsys):
    assert main(["train", "--punishment", "-1"]) == 2
    assert "only predator-prey has one" in capsys.readouterr().err
    assert main(["train", "--env", "predator-prey", "--punishment", "1"]) == 2
    assert "punishment" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_run_from_before_there_were_these_options_is_still_replayed(capsys):
    assert main(["train", "--env", "climbing", "--steps", "640"]) == 0
    file = Path("runs/climbing-qmix-seed0/run.json")
    choices = json.loads(file.read_text())
    file.write_text(json.dumps({name: choices[name] for name in ("env", "algorithm", "seed", "preset", "steps")}))
    assert main(["evaluate", "runs/climbing-qmix-seed0"]) == 0
    assert "the best possible is 11.00" in capsys.readouterr().out


def test_what_is_no_run_json_is_refused_by_its_name(capsys):
    assert main(["train", "--env", "climbing", "--steps", "640"]) == 0
    file = Path("runs/climbing-qmix-seed0/run.json")
    choices = json.loads(file.read_text())
    capsys.readouterr()
    for wrong in (b"", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b"{}", *(
            json.dumps(choices | {name: value}).encode() for name, value in (
                ("settings", []), ("env", 3), ("env", None), ("algorithm", []), ("seed", "0"), ("preset", "x"),
                ("preset", [])))):
        file.write_bytes(wrong)
        assert main(["evaluate", "runs/climbing-qmix-seed0"]) == 2, wrong[:50]
        assert "run.json was not written by the train command" in capsys.readouterr().err, wrong[:50]


def test_a_second_run_in_one_folder_changes_nothing_of_the_first(tmp_path, capsys):
    """Its choices were written before it was refused; had the first then been killed, `evaluate` would have made
    another team."""
    said = {}

    class Stop(main.__globals__["StopOnCtrlC"]):
        def __call__(self):
            if not said:
                said["code"] = main(["train", "--env", "climbing", "--run", str(tmp_path / "r"), "--steps", "320"])
                said["choices"] = (tmp_path / "r" / "run.json").exists()
            return False
    with mock.patch("qmix_course.__main__.StopOnCtrlC", Stop):
        assert main(["train", "--run", str(tmp_path / "r"), "--steps", "640"]) == 0
    assert said == {"code": 2, "choices": False} and "another run is writing" in capsys.readouterr().err
    assert json.loads((tmp_path / "r" / "run.json").read_text())["env"] == "grid"


def test_a_file_where_the_runs_folder_belongs_is_named(tmp_path, capsys):
    (tmp_path / "note").write_text("mine")
    for run in (tmp_path / "note", tmp_path / "note" / "a" / "b"):
        assert main(["train", "--steps", "320", "--run", str(run)]) == 2
        assert f"--run: expected a folder, got {run}, but {tmp_path / 'note'} is a file" in \
            capsys.readouterr().err
    assert (tmp_path / "note").read_text() == "mine"


@pytest.mark.parametrize("name", FILES)
def test_a_folder_where_a_file_of_the_run_belongs_is_named_before_the_training(name, tmp_path, capsys):
    """All six that a run writes."""
    (tmp_path / name).mkdir()
    for more in ([], ["--resume"]):
        assert main(["train", "--steps", "320", "--run", str(tmp_path), *more]) == 2
        assert f"--run: a file is to be written to {tmp_path / name}, but there is a folder" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_run_writes_the_files_that_are_looked_at_beforehand(tmp_path):
    assert main(["train", "--steps", "640", "--run", str(tmp_path)]) == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(FILES)


@pytest.mark.parametrize("arguments, words", [
    (["--steps", "1600"], "ε is still 0.81, because it falls over epsilon_steps = 8,000 steps"),
    (["--steps", "1600"], "--set epsilon_steps=800\n"), (["--steps", "1600", "--set", "epsilon_steps=800"], None),
    (["--steps", "1600", "--set", "epsilon_start=0.05"], None)])
def test_train_says_its_settings_and_where_exploration_ends(arguments, words, capsys):
    assert main(["train", *arguments, "--set", "learning_rate=5e-4"]) == 0
    said = capsys.readouterr().out
    assert "settings: seed=0, total_steps=1600, " in said and "learning_rate=0.0005, " in said
    assert (words or "") in said and ("ε is still" in said) == (words is not None)


@pytest.mark.parametrize("arguments, said", [
    (["--steps", "400"], True), (["--steps", "400", "--set", "evaluate_every=40"], False)])
def test_a_run_that_looks_once_says_so(arguments, said, capsys):
    assert main(["train", *arguments, "--set", "learning_starts=64"]) == 0
    words = "looked at once, in the end, as evaluate_every = 500. For ten looks: --set evaluate_every=40"
    assert (words in capsys.readouterr().out) == said
