"""python -m benchmarks.fused: whole training loops on simple_spread, the course's beside one fused JAX program.

Three contenders with the same task, sizes, batch, and updates for each step, taken in turn in short blocks on one core:
``fused`` is one compiled program (benchmarks/fused_loop.py, JaxMARL's environment); ``stepped`` is the course's
training on the same environment, one compiled call a step; ``mpe2`` is the course's training on the PettingZoo
version, written in Python and numpy, row after row. Compile time is counted apart. All seconds are seconds of processor
time, which other programs on the same machine disturb least. Prints a table and writes benchmarks/results/fused.json,
and a copy into the package for lesson 21. Needs JaxMARL (requirements-smax.txt), and mpe2 for the third.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from datetime import date
from importlib.metadata import version

os.environ.setdefault("QMIX_COURSE_PROGRESS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import torch

from benchmarks import fused_loop
from benchmarks.parts import stopwatch
from benchmarks.timing import alternate, ratio, store
from qmix_course import process
from qmix_course.algorithms import QMIX
from qmix_course.envs.base import TeamEnv
from qmix_course.training import Run, TrainConfig

LENGTH, BATCH, CAPACITY, HIDDEN, EPSILON = 25, 32, 1_024, 64, 0.1
# Rows of the environment, and updates after each round of one episode in every row. JaxMARL's own baselines play 8 rows
# and update once; the first QMIX implementations update after every single episode.
CASES, QUICK = ((8, 1), (8, 8), (64, 1), (512, 8)), ((2, 1),)


def course(env: TeamEnv, rows: int, updates: int) -> Run:
    """A training run of the course that has made its first update."""
    torch.set_default_dtype(torch.float32)
    config = TrainConfig(total_steps=10**9, capacity=CAPACITY, batch_size=BATCH, learning_starts=0,
                         update_every=rows * LENGTH // updates, learning_rate=5e-4, tau=0.01, epsilon_start=EPSILON,
                         epsilon_end=EPSILON, evaluate_every=10**9)
    run = Run(env, QMIX.for_env(env, recurrent=True, hidden=HIDDEN), config)
    while len(run.buffer) < BATCH:
        run.advance()
    return run


def a_round(run: Run) -> Callable[[], None]:
    """Plays one episode in every row, and learns as often as is due."""
    def call() -> None:
        for _ in range(LENGTH):
            run.advance()
    return call


def fused(env, team: QMIX, rows: int, updates: int) -> tuple[Callable[[], None], Callable[[], None], float]:
    """A round, a round without its updates, and the seconds that compiling the first one took."""
    settings = fused_loop.Settings(rows, LENGTH, updates, BATCH, CAPACITY, 5e-4, 10.0, 0.01, team.gamma, EPSILON)
    begin, collect, play = fused_loop.make(env, settings)
    state = {"all": begin(team), "play": begin(team, 1)}
    began = time.process_time()
    play = play.lower(state["all"]).compile()
    seconds = time.process_time() - began

    def caller(name: str, program) -> Callable[[], None]:
        def call() -> None:
            state[name], returns = program(state[name])
            jax.block_until_ready(returns)
            jax.block_until_ready(state[name].size)
        return call
    for _ in range(-(-BATCH // rows)):
        state["all"], _ = collect(state["all"])
    return caller("all", play), caller("play", collect), seconds


def environments(rows: int, jax_env) -> dict[str, TeamEnv]:
    """The course's contenders that can be had here."""
    from qmix_course.envs.jaxmarl import from_jaxmarl

    found = {"stepped": from_jaxmarl(jax_env, rows, episode_limit=LENGTH)}
    try:
        from mpe2 import simple_spread_v3

        from qmix_course.envs.pettingzoo import from_parallel_env
        if rows <= 64:                                          # beyond, a round of it takes a minute
            found["mpe2"] = from_parallel_env(lambda: simple_spread_v3.parallel_env(max_cycles=LENGTH), rows)
    except ModuleNotFoundError:
        pass
    return found


def measure(cases=CASES, blocks: int = 15, block_seconds: float = 0.5) -> dict:
    from qmix_course.envs.jaxmarl import _jaxmarl

    jaxmarl = _jaxmarl()
    jax.config.update("jax_enable_compilation_cache", False)    # the compile time is part of what is measured
    jax_env, table = jaxmarl.make("MPE_simple_spread_v3"), []
    for rows, updates in cases:
        runs = {name: course(env, rows, updates) for name, env in environments(rows, jax_env).items()}
        team = QMIX(runs["stepped"].env.spec, recurrent=True, hidden=HIDDEN)
        whole, play, seconds = fused(jax_env, team, rows, updates)
        calls = {"fused": whole, "fused, without updates": play} | {name: a_round(run) for name, run in runs.items()}
        times = alternate(calls, block_seconds, blocks, clock=time.process_time)
        contenders = {name: {"steps_per_second": rows * LENGTH / statistics.median(each),
                             "of_fused": ratio(each, times["fused"])} for name, each in times.items()}
        shares = {name: stopwatch(run, LENGTH * max(2, 64 // rows)) for name, run in runs.items()}
        table.append({"rows": rows, "updates": updates, "compile_seconds": seconds, "contenders": contenders,
                      "shares": shares})
    return {"settings": {"steps": LENGTH, "batch": BATCH, "hidden": HIDDEN, "capacity": CAPACITY, "agents": 3},
            "cases": table}


def report(result: dict) -> None:
    for case in result["cases"]:
        print(f"\n{case['rows']} rows, {case['updates']} update(s) after each {case['rows'] * LENGTH:,} steps; the "
              f"fused program took {case['compile_seconds']:.1f} s to compile")
        for name, row in case["contenders"].items():
            of = row["of_fused"]
            print(f"  {name:24} {row['steps_per_second']:10,.0f} steps/s   {of['ratio_median']:6.2f} × fused's time "
                  f"({of['ratio_min']:.2f} to {of['ratio_max']:.2f})")
        for name, shares in case["shares"].items():
            print(f"  {name}: " + ", ".join(f"{part} {share:.0%}" for part, share in shares.items()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fused")
    parser.add_argument("--quick", action="store_true", help="one small case, nothing is written")
    quick = parser.parse_args().quick
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")           # simple_spread pays its agents differently, which is said each time
    result = measure(QUICK, 2, 0.1) if quick else measure()
    report(result)
    if not quick:
        about = {"made_by": "benchmarks/fused.py", "date": date.today().isoformat(), "threads": 1, "dtype": "float32",
                 "torch": torch.__version__, "jax": jax.__version__, "jaxmarl": version("jaxmarl"),
                 "python": platform.python_version(), "processor": platform.processor() or platform.machine(),
                 "load": "one core of a machine with two, on which other programs ran; processor time, blocks in turn"}
        store("fused", about | result)


if __name__ == "__main__":
    process.forgive_output()
    main()
