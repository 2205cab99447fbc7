"""Sweeps: nothing twice, nothing lost, the same results however many processes work."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from qmix_course import experiment
from qmix_course.__main__ import main
from qmix_course.choices import make_run
from qmix_course.experiment import read_results, sweep, train_run, write_whole
from qmix_course.plan import Plan
from qmix_course.teams import load_team
from qmix_course.training import train

pytest.importorskip("joblib")
# joblib leaves the pipes of a pool that broke to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ROOT = Path(__file__).parent.parent
SMALL = {"learning_starts": 32, "batch_size": 16, "capacity": 200, "evaluate_every": 160}


def small(**changes) -> Plan:
    return Plan(**{"env": "two-step", "algorithm": ["vdn", "qmix"], "seeds": 2, "steps": 320, "settings": SMALL}
                | changes)


@pytest.fixture(autouse=True)
def no_bars(monkeypatch):
    monkeypatch.setenv("QMIX_COURSE_PROGRESS", "0")


def never(*_):
    raise AssertionError("it was trained again")


def test_results_are_those_of_train(tmp_path):
    torch.set_default_dtype(torch.float32)
    swept = sweep(small(), tmp_path, jobs=1)
    assert (swept.runs, swept.done, swept.failed) == (4, 0, {})
    assert torch.get_default_dtype() == torch.float32                               # as it was
    rows = read_results(tmp_path)
    assert [(row["algorithm"], row["seed"], row["steps"]) for row in rows] == [
        (algorithm, seed, steps) for algorithm in ("vdn", "qmix") for seed in (0, 1) for steps in (160, 320)]
    torch.set_default_dtype(torch.float64)
    run = small().runs()[3]
    env, team, config = make_run(run)
    history = train(env, team, config)
    assert [row["loss"] for row in rows[-2:]] == history.loss
    assert [row["greedy_return"] for row in rows[-2:]] == history.greedy_return
    _, other, _ = make_run(run | {"seed": 9})
    load_team(tmp_path / "runs" / run["name"] / "team.pt", other)
    assert all(torch.equal(a, b) for a, b in zip(team.parameters(), other.parameters()))


def test_results_do_not_depend_on_the_number_of_processes(tmp_path):
    for jobs in (1, 2):
        sweep(small(), tmp_path / str(jobs), jobs=jobs)
    one, two = ((tmp_path / jobs / "results.csv").read_bytes() for jobs in "12")
    assert one == two and len(one.splitlines()) == 1 + 4 * 2


def test_nothing_is_done_twice_and_a_longer_plan_adds_to_what_is_there(tmp_path, monkeypatch):
    sweep(small(), tmp_path, jobs=1)
    first = (tmp_path / "results.csv").read_text()
    assert sweep(small(seeds=3), tmp_path, jobs=1).done == 4
    longer = (tmp_path / "results.csv").read_text()
    assert set(first.splitlines()) < set(longer.splitlines()) and len(read_results(tmp_path)) == 12
    monkeypatch.setattr(experiment, "_train", never)
    assert sweep(small(seeds=3), tmp_path, jobs=1).failed == {}
    assert sweep(small(), tmp_path, jobs=1).failed == {}                            # a shorter one: its own rows alone
    assert (tmp_path / "results.csv").read_text() == first


@pytest.mark.parametrize("changes", [{"steps": 480}, {"settings": SMALL | {"gamma": 0.5}}, {"dtype": "float32"},
                                     {"variants": {"plain": {"double_q": True}}}])
def test_a_run_with_other_settings_is_another_run(changes):
    assert not {run["name"] for run in small().runs()} & {run["name"] for run in small(**changes).runs()}


@pytest.mark.parametrize("damage", ["", "steps\n", "steps\n3\n", "half"])
def test_a_damaged_history_is_named_before_anything_is_trained(tmp_path, monkeypatch, damage):
    sweep(small(algorithm="vdn", seeds=1), tmp_path, jobs=1)
    file, = tmp_path.rglob("history.csv")
    file.write_text(file.read_text().rsplit(",", 2)[0] if damage == "half" else damage)
    monkeypatch.setattr(experiment, "_train", never)
    with pytest.raises(ValueError, match=f"{file.name} is not the history of a run .*; delete it"):
        sweep(small(algorithm="vdn"), tmp_path, jobs=1)
    monkeypatch.undo()
    file.unlink()
    assert sweep(small(algorithm="vdn", seeds=1), tmp_path, jobs=1).failed == {} and len(read_results(tmp_path)) == 2


def test_a_sweep_that_is_killed_leaves_no_results_of_an_older_plan(tmp_path, monkeypatch):
    """The plan was edited in between: what is reported then must not be what was there before."""
    sweep(small(algorithm="vdn", seeds=1), tmp_path, jobs=1)

    def killed(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "_train_all", killed)
    with pytest.raises(KeyboardInterrupt):
        sweep(small(algorithm="vdn", seeds=1, settings=SMALL | {"gamma": 0.5}), tmp_path, jobs=1)
    assert read_results(tmp_path) == []


def test_a_run_that_fails_is_reported_and_stops_no_other(tmp_path):
    plan = small(algorithm="vdn", variants={"wild": {"learning_rate": 1e30}, "plain": {}})
    swept = sweep(plan, tmp_path, jobs=2)
    assert len(swept.failed) == 2 and all("wild" in name for name in swept.failed)
    assert all(error.startswith("TrainingDiverged: ") for error in swept.failed.values())
    assert {row["variant"] for row in read_results(tmp_path)} == {"plain"}
    for name in swept.failed:
        assert "Traceback" in (tmp_path / "runs" / name / "error.txt").read_text()
    assert set(sweep(plan, tmp_path, jobs=1).failed) == set(swept.failed)           # tried again, found again


def dies(run, folder, sweeper):
    if run["seed"] == 1:
        place = Path(folder) / "runs" / run["name"]
        place.mkdir(parents=True, exist_ok=True)
        (place / "working").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return train_run(run, folder, sweeper)


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
@pytest.mark.filterwarnings("ignore")           # joblib speaks of the worker
def test_a_run_whose_process_is_killed_is_reported_and_stops_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "train_run", dies)
    swept = sweep(small(seeds=3), tmp_path, jobs=2)
    assert len(swept.failed) == 2 and all("-seed1-" in name for name in swept.failed)
    assert all("its process died twice" in error for error in swept.failed.values())
    assert {row["seed"] for row in read_results(tmp_path)} == {0, 2} and len(read_results(tmp_path)) == 8


@pytest.mark.parametrize("left", ["best", "damaged"])
def test_a_run_that_was_killed_before_its_first_checkpoint_begins_anew(tmp_path, left):
    """It had written its best team, and nothing to go on from; or half of that."""
    plan = small(seeds=1)
    whole = sweep(plan, tmp_path / "a", jobs=1)
    assert not whole.failed
    place = tmp_path / "b" / "runs" / next((tmp_path / "a" / "runs").iterdir()).name
    place.mkdir(parents=True)
    (place / "checkpoint-best.pt").write_bytes(b"a team")
    if left == "damaged":
        (place / "checkpoint.pt").write_bytes(b"half")
    assert not sweep(plan, tmp_path / "b", jobs=1).failed
    assert read_results(tmp_path / "b") == read_results(tmp_path / "a")


LONG = """
env = "two-step"
algorithm = ["vdn", "qmix"]
seeds = 2
steps = 6400
[settings]
evaluate_every = 320
"""


def start_sweep(folder, jobs):
    (folder.parent / "plan.toml").write_text(LONG)
    return subprocess.Popen([sys.executable, "-m", "qmix_course", "sweep", folder.parent / "plan.toml", "--folder",
                             folder, "--jobs", str(jobs)],
                            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(what, process, seconds=120):
    began = time.monotonic()
    while not what() and process.poll() is None and time.monotonic() - began < seconds:
        time.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_sweep_goes_on_where_it_was(tmp_path, jobs):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start_sweep(whole, 2).wait(timeout=300) == 0
    process = start_sweep(killed, jobs)
    wait_for(lambda: len(list(killed.glob("runs/*/history.csv"))) >= 1 and list(killed.glob("runs/*/checkpoint.pt")),
             process)
    process.kill()                                                      # -9; nothing is tidied up
    process.wait()
    done = {path: path.stat().st_mtime_ns for path in killed.glob("runs/*/history.csv")}
    assert 1 <= len(done) < 4
    again = start_sweep(killed, jobs)
    said = again.communicate(timeout=300)[0]
    assert again.returncode == 0, said
    assert f"{len(done)} were there" in said or jobs == 2               # a worker may have ended its run meanwhile
    assert (killed / "results.csv").read_bytes() == (whole / "results.csv").read_bytes()
    assert all(path.stat().st_mtime_ns == at for path, at in done.items())
    assert not list(killed.glob("runs/*/checkpoint.pt")) and not list(killed.glob("runs/*/working"))


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_a_killed_run_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    """Not from the beginning: what was played before the kill is not played again."""
    plan = small(algorithm="qmix", seeds=1)
    run = plan.runs()[0]
    place = tmp_path / "runs" / run["name"]
    seen = []

    def stopped(*arguments, stop, **options):
        return train(*arguments, stop=lambda: True, **options)         # after its first step, as an orphan

    monkeypatch.setattr(experiment, "train", stopped)
    with pytest.raises(SystemExit):
        train_run(run, str(tmp_path), os.getpid())
    assert (place / "checkpoint.pt").exists() and not (place / "history.csv").exists()

    def watched(*arguments, resume, **options):
        seen.append(resume)
        return train(*arguments, resume=resume, **options)

    monkeypatch.setattr(experiment, "train", watched)
    sweep(plan, tmp_path, jobs=1)
    sweep(plan, tmp_path / "other", jobs=1)
    assert seen == [True, False]
    assert (tmp_path / "results.csv").read_bytes() == (tmp_path / "other" / "results.csv").read_bytes()


def test_two_sweeps_in_one_folder_at_once_are_refused_by_name(tmp_path):
    first = start_sweep(tmp_path / "runs", 1)
    wait_for(lambda: list(tmp_path.glob("runs/runs/*/run.json")), first)
    with pytest.raises(ValueError, match="another sweep is working in .*runs at this moment"):
        sweep(small(), tmp_path / "runs", jobs=1)
    assert first.wait(timeout=300) == 0
    assert len(json.loads((tmp_path / "runs" / "plan.json").read_text())["seeds"]) == 2
    assert len(read_results(tmp_path / "runs")) == 4 * 20


def test_a_plan_that_cannot_be_is_refused_before_anything_is_made(tmp_path):
    for changes, words in (({"env": "chess"}, "chess"), ({"settings": {"speed": 1}}, "speed"),
                           ({"settings": {"hidden": [0]}}, "hidden"), ({"settings": {"tau": 2.0}}, "tau")):
        with pytest.raises(ValueError, match=words):
            sweep(small(**changes), tmp_path / "new", jobs=1)
    with pytest.raises(TypeError, match="plan"):
        sweep({"env": "grid"}, tmp_path / "new")
    with pytest.raises(ValueError, match="jobs"):
        sweep(small(), tmp_path / "new", jobs=0)
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="folder: expected a folder, got .*file, but .*file is a file"):
        sweep(small(), tmp_path / "file", jobs=1)
    for name in ("results.csv", "plan.json"):
        (tmp_path / name[0] / name).mkdir(parents=True)
        with pytest.raises(ValueError, match=f"folder: a file is to be written to .*{name}, but there is a folder"):
            sweep(small(), tmp_path / name[0], jobs=1)
        assert [each.name for each in (tmp_path / name[0]).iterdir()] == [name]


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing_beside_it(tmp_path):
    (tmp_path / "here").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "here", "text")
    assert [each.name for each in tmp_path.iterdir()] == ["here"]


def test_without_joblib_one_sentence_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(ImportError, match="^sweep needs joblib: pip install joblib$"):
        sweep(small(), tmp_path / "new")
    (tmp_path / "plan.toml").write_text(LONG)
    assert main(["sweep", str(tmp_path / "plan.toml")]) == 2 and "pip install joblib" in capsys.readouterr().err


def test_the_command_line_sweeps_and_reports(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(LONG.replace("6400", "640"))
    assert main(["sweep", "mine.toml", "--jobs", "1"]) == 0
    assert "4 runs: 0 were there, 4 trained now, 0 failed." in capsys.readouterr().out
    with open("runs/mine/results.csv", newline="") as file:
        assert len(list(csv.reader(file))) == 1 + 4 * 2
    assert main(["report", "runs/mine"]) == 0
    assert "2 seeds" in capsys.readouterr().out and Path("runs/mine/report.md").exists()
    assert main(["report", "nothing"]) == 2 and "nothing holds no results.csv" in capsys.readouterr().err
    assert main(["sweep", "nothing.toml"]) == 2 and "no file nothing.toml" in capsys.readouterr().err
