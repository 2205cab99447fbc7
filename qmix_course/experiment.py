"""Many runs, each in a folder of its own: trained side by side, never twice, and gathered in one table.

``FOLDER/runs/NAME/`` holds run.json, while it trains a checkpoint, and in the end history.csv and team.pt, or what went
wrong in error.txt. ``FOLDER/results.csv`` has a row for each evaluation of every finished run of the plan.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import time
import traceback
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch

from qmix_course import checkpoint, errors, strangers
from qmix_course.bars import bar
from qmix_course.choices import make_run
from qmix_course.collect import env_state
from qmix_course.envs.base import TeamEnv
from qmix_course.history import History
from qmix_course.plan import DTYPES, Plan
from qmix_course.teams import save_team
from qmix_course.training import train

OF_A_RUN = ("env", "algorithm", "variant", "seed")
# The clock is left out: results are the same to the bit, however many processes worked.
COLUMNS = [each.name for each in fields(History) if each.name != "seconds"]
CHECKPOINTS = ("checkpoint.pt", "checkpoint-best.pt")     # the best on the way is nobody's score here
PATIENCE = 120.0                # seconds that a run waits for a process that trains it already, and stops soon


@dataclass(frozen=True)
class Swept:
    """What a sweep left: the number of ``runs`` of the plan, how many of them were ``done`` before, and ``failed``: the
    error of each run that did not get through, by the run's name."""

    folder: Path
    runs: int
    done: int
    failed: dict[str, str]


def sweep(plan: Plan, folder: str | Path, jobs: int = -1) -> Swept:
    """Train every run of ``plan`` that ``folder`` does not hold yet, and write results.csv there.

    ``jobs`` processes work side by side, -1: one for each processor. With ``joblib.parallel_config(backend="ray")``
    around the call they are Ray's, on whatever machines that has (they all need to see ``folder``); so with Dask's.
    Results do not depend on how many there are. A sweep that was killed goes on where it was when it is called again; a
    longer plan adds to what is there. A run that fails is reported, tried again by the next call, and stops no other.
    ``ValueError`` if another sweep works in ``folder`` at this moment, or a run's history there cannot be read.
    """
    parallel = _joblib()
    errors.instance("plan", plan, Plan)
    folder = errors.path("folder", folder)
    if jobs != -1:
        jobs = errors.whole_number("jobs", jobs, at_most=10_000)
    check_folder("folder", folder, ("results.csv", "plan.json"))
    for name, mark in (("results.csv", "exploring_return"), ("plan.json", '"algorithm"')):
        text = (folder / name).read_text(encoding="utf-8", errors="replace") if (folder / name).exists() else ""
        if text.strip() and mark not in text:           # a spreadsheet may have saved it in a form of its own
            raise ValueError(f"folder: {folder / name} was not written by a sweep, and it would be replaced; move it "
                             "away, or name another folder")
    plan.check()
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(checkpoint.hold(folder / "results.csv"))
        except checkpoint.InUse:
            raise ValueError(f"folder: another sweep is working in {folder} at this moment; wait for it, or name "
                             f"another folder") from None
        runs = plan.runs()
        _gather(folder, runs)               # so that whatever happens, it holds no results of an older plan
        write_whole(folder / "plan.json", json.dumps(asdict(plan), indent=1) + "\n")
        waiting = [run for run in runs if not (_place(folder, run) / "history.csv").exists()]
        with bar(total=len(runs), initial=len(runs) - len(waiting), unit="run") as shown:
            found = _train_all(waiting, folder, jobs, parallel, shown)
        failed = {name: error for name, error in sorted(found.items()) if error is not None}
        _gather(folder, runs)
    return Swept(folder, len(runs), len(runs) - len(waiting), failed)


def _joblib():
    try:
        import joblib
    except ImportError:
        raise ImportError("sweep needs joblib: pip install joblib") from None
    return joblib


def _train_all(waiting: list[dict], folder: Path, jobs: int, joblib, shown) -> dict[str, str | None]:
    """Each run's error, None for those that are done. If a process dies, those that were at work are tried alone."""

    class Watched(joblib.Parallel):
        def print_progress(self):               # called whenever a run is done, in every backend
            shown.update(self.n_completed_tasks - getattr(self, "counted", 0))
            self.counted = self.n_completed_tasks

    def work(runs: list[dict], jobs: int) -> dict:
        if jobs != 1:           # joblib keeps its processes: those of an earlier sweep know its folder and its code
            joblib.externals.loky.get_reusable_executor().shutdown()
        task = joblib.delayed(train_run)
        return dict(Watched(jobs, batch_size=1)(task(run, str(folder.absolute()), os.getpid()) for run in runs))

    try:
        return work(waiting, jobs)
    except BrokenProcessPool:                   # killed from outside, or by a system that ran out of memory
        found = {}
    for run in [run for run in waiting if (_place(folder, run) / "working").exists()]:
        try:
            found |= work([run], jobs=2)        # with two, it is a process of its own
        except BrokenProcessPool:
            found[run["name"]] = "its process died twice (was it killed? is there enough memory?)"
    left = [run for run in waiting if run["name"] not in found]
    return found | (_train_all(left, folder, jobs, joblib, shown) if left else {})


def train_run(run: dict, folder: str, sweeper: int) -> tuple[str, str | None]:
    """Train one run in its folder, from its checkpoint if there is one: its name, and its error or None.

    ``sweeper``: the process that started the sweep. If that dies, this one stops with a checkpoint.
    """
    place = _place(folder, run)
    place.mkdir(parents=True, exist_ok=True)
    parent = os.getppid()
    orphaned = lambda: os.getpid() != sweeper and os.getppid() != parent
    before = torch.get_default_dtype(), torch.get_num_threads(), os.environ.get("QMIX_COURSE_PROGRESS")
    try:
        with _alone(place):
            if not (place / "history.csv").exists():
                (place / "working").touch()
                torch.set_default_dtype(DTYPES[run["dtype"]])
                torch.set_num_threads(1)        # others run beside it
                os.environ["QMIX_COURSE_PROGRESS"] = "0"
                _train(run, place, orphaned)
            for name in ("working", "error.txt", *CHECKPOINTS):
                (place / name).unlink(missing_ok=True)
        return run["name"], None
    except Exception as error:
        write_whole(place / "error.txt", traceback.format_exc())
        (place / "working").unlink(missing_ok=True)
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        return run["name"], " ".join([said, *(f"({note})" for note in strangers.notes_of(error))])
    finally:
        torch.set_default_dtype(before[0])
        torch.set_num_threads(before[1])
        os.environ.pop("QMIX_COURSE_PROGRESS", None)
        if before[2] is not None:
            os.environ["QMIX_COURSE_PROGRESS"] = before[2]


def _train(run: dict, place: Path, orphaned) -> None:
    write_whole(place / "run.json", json.dumps(run, indent=1) + "\n")
    env, algorithm, config = make_run(run)
    file = place / "checkpoint.pt" if _can_go_on(env) else None
    if file is not None:
        try:
            checkpoint.load(file)
        except (OSError, ValueError):           # damaged, or killed before the first was whole: from the beginning
            for name in CHECKPOINTS:
                (place / name).unlink(missing_ok=True)
    history = train(env, algorithm, config, checkpoint=file, resume=file is not None and file.exists(), stop=orphaned)
    if history.steps[-1] < config.total_steps:
        raise SystemExit("the sweep that this run belongs to has ended")
    save_team(place / "team.pt", algorithm)
    write_whole(place / "history.csv", _table([each.name for each in fields(History)], zip(*asdict(history).values())))


def _can_go_on(env: TeamEnv) -> bool:
    """Whether a checkpoint can hold the environment's state; if not, a run that was killed begins anew."""
    try:
        return env_state(env) is not None
    except ValueError:
        return False
    except Exception:                           # some have none before the first reset
        env.reset(seed=0)
        return env_state(env) is not None


@contextlib.contextmanager
def _alone(place: Path):
    """Nobody else trains in ``place`` within this block; a process that outlived its sweep is waited for."""
    with contextlib.ExitStack() as stack:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                stack.enter_context(checkpoint.hold(place / "run.json"))
                break
            except checkpoint.InUse:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield


def _gather(folder: Path, runs: list[dict]) -> None:
    """results.csv from the histories of the finished runs, in the order of the plan."""
    rows = []
    for run in runs:
        path = _place(folder, run) / "history.csv"
        if path.exists():
            rows += [[run[name] for name in OF_A_RUN] + [row[name] for name in COLUMNS] for row in _history(path)]
    write_whole(folder / "results.csv", _table([*OF_A_RUN, *COLUMNS], rows))


def _history(path: Path) -> list[dict[str, str]]:
    """The entries of a finished run, at least one."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        numbers = [float(value) for row in rows for value in row.values()]
    except (csv.Error, TypeError, ValueError):
        numbers = []
    if numbers and reader.fieldnames == [each.name for each in fields(History)]:
        return rows
    raise ValueError(f"folder: {path} is not the history of a run (was it edited, or its disk full?); delete it, and "
                     "the next sweep trains this run again")


def _table(columns, rows) -> str:
    """The text of a CSV file."""
    import io

    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


def _place(folder: str | Path, run: dict) -> Path:
    return Path(folder) / "runs" / run["name"]


def check_folder(name: str, folder: Path, files: tuple[str, ...]) -> None:
    """``ValueError``, before any work: ``folder`` or one above it is a file, or in it one of ``files`` is a folder."""
    taken = next((place for place in (folder, *folder.parents) if place.exists() and not place.is_dir()), None)
    if taken is not None:
        raise ValueError(f"{name}: expected a folder, got {folder}, but {taken} is a file")
    taken = next((folder / file for file in files if (folder / file).is_dir()), None)
    if taken is not None:
        raise ValueError(f"{name}: a file is to be written to {taken}, but there is a folder; move it away, or name "
                         "another place")


def write_whole(path: Path, text: str) -> None:
    """The whole file or, if this process dies meanwhile, what was there before."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_results(folder: str | Path) -> list[dict]:
    """The rows of ``FOLDER/results.csv``: texts for env, algorithm and variant, numbers for all else.

    ``FileNotFoundError`` where no sweep has written one, ``ValueError`` if it is none, or holds what no sweep writes.
    """
    path = errors.path("folder", folder) / "results.csv"
    if not path.is_file():
        raise FileNotFoundError(f"folder: {path.parent} holds no results.csv; a sweep writes it")
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != [*OF_A_RUN, *COLUMNS]:
            raise ValueError(f"folder: {path} has other columns than a sweep's results")
        whole, rows, last = ("seed", "steps", "episodes", "updates"), [], {}
        for row in reader:
            try:
                rows.append({name: value if name in OF_A_RUN[:3] else int(value) if name in whole else float(value)
                             for name, value in row.items()})
            except (TypeError, ValueError):
                raise ValueError(f"folder: {path}, line {reader.line_num}: expected a number in every column after the "
                                 "first three; was it edited?") from None
            run = tuple(rows[-1][name] for name in OF_A_RUN)
            if rows[-1]["steps"] <= last.get(run, 0):
                raise ValueError(f"folder: {path}, line {reader.line_num}: expected the steps of a run to rise; are "
                                 "the results in it twice?")
            last[run] = rows[-1]["steps"]
        return rows
