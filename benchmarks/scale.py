"""Where a training run's time goes, and what rows, seeds, threads, processes and compiling bring, for lesson 21.

    python -m benchmarks.scale              # a quarter of an hour on one core; writes qmix_course/data/scale.json
    python -m benchmarks.scale threads      # these parts anew, the others as they were

Times depend on the machine and on what else it does: contenders are taken in turn, in short blocks, and but for threads
and processes it is processor time that counts. What was learned does not depend on it: float64, ten seeds, and any of
it can be measured again (tests/test_lesson21.py does).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path

os.environ["QMIX_COURSE_PROGRESS"] = "0"
import torch

import qmix_course
from benchmarks.parts import stopwatch
from benchmarks.timing import alternate, milliseconds, ratio
from qmix_course import process
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld, TeamSpec, TwoStepGame
from qmix_course.experiment import sweep
from qmix_course.learner import Learner
from qmix_course.plan import Plan
from qmix_course.replay import Batch
from qmix_course.seeds import train_seeds
from qmix_course.training import Run, TrainConfig

OUT = Path(qmix_course.__file__).parent / "data" / "scale.json"
ROWS, SEEDS = (8, 32, 128, 512), range(10)
STEPS, EVALUATE_EVERY, LEARNING_STARTS = 8_192, 512, 512
RULES = {"an update every 16 steps": lambda rows: 16, "2 updates a call": lambda rows: rows // 2}
TASKS = {"grid": (GridWorld, 8.65), "two-step": (TwoStepGame, 8.0)}
SMALL, LARGE = (2, 64, 128), (8, 256, 1024)             # agents, hidden units, rows of the batch


def settings(rows: int, rule: str) -> TrainConfig:
    return TrainConfig(total_steps=STEPS, evaluate_every=EVALUATE_EVERY, learning_starts=LEARNING_STARTS,
                       update_every=RULES[rule](rows))


def learned(task: str, rows: int, rule: str, seeds=SEEDS) -> dict:
    """For each seed: whether the team is optimal at its last look, and at what share of its 16 looks; the updates."""
    make, best = TASKS[task]
    env = make(num_envs=rows)
    histories = train_seeds(env, [QMIX.for_env(env, seed=seed) for seed in seeds], settings(rows, rule), list(seeds))
    looks = [[abs(each - best) < 1e-3 for each in history.greedy_return] for history in histories]
    return {"last": [int(each[-1]) for each in looks], "share": [sum(each) / len(each) for each in looks],
            "updates": histories[0].updates[-1]}


def run_of(rows: int, rule: str) -> Run:
    """A run that has made its first updates and looks at nothing."""
    env = GridWorld(num_envs=rows)
    run = Run(env, QMIX.for_env(env), replace(settings(rows, rule), total_steps=10**9, evaluate_every=10**9))
    while run.updates < 2:
        run.advance()
    return run


def parts() -> dict:
    return {f"{rows} rows": stopwatch(run_of(rows, "an update every 16 steps"), 4_096 // rows) for rows in (1, *ROWS)}


def speed_of_rows() -> dict:
    """Steps a second of a whole training run, by rule and rows."""
    runs = {(rule, rows): run_of(rows, rule) for rule in RULES for rows in (1, *ROWS) if RULES[rule](rows)}
    times = alternate({key: run.advance for key, run in runs.items()}, 0.3, 9, clock=time.process_time)
    return {rule: {rows: rows / statistics.median(times[rule, rows]) for rows in (1, *ROWS) if (rule, rows) in times}
            for rule in RULES}


def learner(agents: int, hidden: int, rows: int, teams: int = 1, compile: bool = False):
    """One update of so many teams side by side, ready to be called."""
    spec = TeamSpec(n_agents=agents, n_actions=4, obs_dim=6, state_dim=8, episode_limit=100)
    torch.manual_seed(0)
    online = [QMIX(spec, hidden=(hidden, hidden)) for _ in range(teams)]
    mine = Learner(online, [deepcopy(team).requires_grad_(False) for team in online], TrainConfig(compile=compile))
    batch = vars(Batch.padding(rows, 1, spec)).copy()
    batch |= {name: torch.randn_like(batch[name]) for name in ("obs", "state", "reward")}
    batch = Batch(**batch | {"mask": torch.ones_like(batch["mask"])})
    return lambda: mine.update([batch] * teams)


def side_by_side() -> dict:
    """How many times faster K teams are updated together than one after the other."""
    times = alternate({teams: learner(*SMALL, teams) for teams in (1, 2, 4, 8, 16, 32)}, 0.3, 9,
                      clock=time.process_time)
    return {teams: teams * ratio(times[1], each)["ratio_median"] for teams, each in times.items()}


def compiled() -> dict:
    call = learner(*SMALL, compile=True)
    began = time.perf_counter()                         # the compiler is a process of its own
    call()
    seconds = time.perf_counter() - began
    times = alternate({"plain": learner(*SMALL), "compiled": call}, 0.3, 9, clock=time.process_time)
    return {"seconds": seconds} | {f"{name}_ms": milliseconds(each) for name, each in times.items()}


def threads() -> dict:
    """Milliseconds of an update with one and with two threads."""
    def caller(count, call):
        def with_threads():
            torch.set_num_threads(count)
            call()
        return with_threads
    calls = {(name, count): caller(count, learner(*sizes)) for name, sizes in (("small", SMALL), ("large", LARGE))
             for count in (1, 2)}
    times = alternate(calls, 0.3, 9)
    torch.set_num_threads(1)
    return {name: {count: milliseconds(times[name, count]) for count in (1, 2)} for name in ("small", "large")}


def threads_beside_others() -> dict:
    """The same while a process that never waits runs on each core."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    try:
        return threads()
    finally:
        for each in others:
            each.kill()
            each.wait()


def processes() -> dict:
    """Seconds of one sweep of 16 runs with one process and with two, their start included: short runs and longer ones.
    """
    spent = {}
    for name, steps in (("short", 4_096), ("long", 32_768)):
        plan = Plan("two-step", ["vdn", "qmix"], seeds=8, steps=steps, settings={"evaluate_every": 4_096})
        for jobs in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                assert not sweep(plan, folder, jobs).failed
                spent.setdefault(name, {})[jobs] = time.perf_counter() - began
    return spent


def all_learned() -> dict:
    torch.set_default_dtype(torch.float64)
    table = {task: {rule: {rows: learned(task, rows, rule) for rows in ROWS} for rule in RULES} for task in TASKS}
    torch.set_default_dtype(torch.float32)
    return table


MEASURES = {"parts": parts, "rows": speed_of_rows, "seeds": side_by_side, "threads": threads,
            "threads beside others": threads_beside_others, "compile": compiled, "processes": processes,
            "learned": all_learned}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("names", nargs="*", choices=[*MEASURES, []], help="what to measure (default: everything)")
    names = parser.parse_args().names or list(MEASURES)
    torch.set_num_threads(1)
    result = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
    result |= {"made_by": "benchmarks/scale.py", "date": date.today().isoformat(), "torch": torch.__version__,
               "load": "two cores, on which other programs ran; contenders in turn, medians of blocks",
               "settings": {"steps": STEPS, "evaluate_every": EVALUATE_EVERY, "rows": ROWS, "seeds": list(SEEDS)}}
    for name in names:
        result[name] = MEASURES[name]()
        print(name, result[name], flush=True)
        OUT.write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    process.forgive_output()
    main()
