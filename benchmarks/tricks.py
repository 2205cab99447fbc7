"""Tricks × algorithms on two tasks, a random search, and a hundred seeds of two methods, for lesson 20: ``python -m
benchmarks.tricks``.

868 short runs, about half an hour on one core. They go through ``experiment.sweep`` into build/tricks/, so a second
call goes on where the first was stopped. Writes qmix_course/data/tricks.json (package data, so that lesson 20 has it in
Colab too).

The score of a run is the share of its looks (one every 250 steps, 16 in all) at which the greedy team plays optimally:
0 never, 1 always. ``last`` has only the last look, 0 or 1. Every run has the same number of steps.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

import torch

import qmix_course
from qmix_course import exact, process
from qmix_course.choices import make_env
from qmix_course.experiment import read_results, sweep
from qmix_course.plan import Plan, search

OUT = Path(qmix_course.__file__).parent / "data" / "tricks.json"
FOLDER = Path("build") / "tricks"
ALGORITHMS = ("iql", "vdn", "qmix")
SEEDS = range(10)
STEPS, EVALUATE_EVERY = 4_000, 250
TRICKS = {"default": {}, "batch ÷ 4": {"batch_size": 32}, "ε falls at once": {"epsilon_steps": 1},
          "learning rate ÷ 8": {"learning_rate": 5e-4}, "updates ÷ 4": {"update_every": 64}}
# What practice adds, one thing at a time, to the same default.
PRACTICE = {"layer norm": {"layer_norm": True}, "orthogonal start": {"orthogonal": True},
            "learning rate falls to 0": {"learning_rate_steps": STEPS}, "rewards ÷ spread": {"reward_units": "spread"},
            "rewards standardised": {"reward_units": "standard"}}

# The search: as many tries for each algorithm, half as many steps, chosen on some seeds, reported on others.
RANGES = {"learning_rate": {"low": 3e-4, "high": 3e-2, "log": True}, "tau": {"low": 0.002, "high": 0.2, "log": True},
          "batch_size": [32, 64, 128], "epsilon_steps": {"low": 100, "high": 30_000, "log": True}}
TRIES, CHOOSE_ON, REPORT_ON = 8, range(100, 103), range(200, 210)
MANY = range(300, 400)              # seeds of two methods with default settings, to draw small studies from


def score(looks: list[bool]) -> float:
    return sum(looks) / len(looks)


def looks(plan: Plan, folder: Path, jobs: int) -> dict:
    """(environment, algorithm, variant) → for each seed, whether the team was optimal, look by look."""
    swept = sweep(plan, folder, jobs)
    assert not swept.failed, swept.failed
    best = {name: exact.solve(make_env(name, 1)).best_return for name in plan.env}
    found = {}
    for row in read_results(folder):
        runs = found.setdefault((row["env"], row["algorithm"], row["variant"]), {})
        runs.setdefault(row["seed"], []).append(abs(row["greedy_return"] - best[row["env"]]) < 1e-6)
    return {key: list(runs.values()) for key, runs in found.items()}


def compared(variants: dict, name: str, jobs: int, common: dict) -> tuple[dict, dict]:
    """Environment → algorithm → variant → a number for each seed: the share of good looks, and the last one."""
    seen = looks(Plan(["grid", "two-step"], ALGORITHMS, SEEDS, variants=variants, **common), FOLDER / name, jobs)
    return tuple({env: {algorithm: {each: [rule(run) for run in seen[env, algorithm, each]] for each in variants}
                        for algorithm in ALGORITHMS} for env in ("grid", "two-step")}
                 for rule in (score, lambda run: int(run[-1])))


def many(jobs: int) -> dict:
    """Algorithm → the score of each of many seeds on the grid world."""
    seen = looks(Plan("grid", ["vdn", "qmix"], MANY, STEPS, {"evaluate_every": EVALUATE_EVERY}), FOLDER / "many", jobs)
    return {"seeds": list(MANY), "scores": {algorithm: [score(run) for run in runs]
                                            for (_, algorithm, _), runs in seen.items()}}


def measure(jobs: int) -> dict:
    """What is stored."""
    common = {"steps": STEPS, "settings": {"evaluate_every": EVALUATE_EVERY}}
    table, last = compared(TRICKS, "tricks", jobs, common)
    practice = compared(PRACTICE, "practice", jobs, common)
    common["steps"] = STEPS // 2
    tries = search(RANGES, TRIES, seed=0)
    tried = looks(Plan("grid", ["vdn", "qmix"], CHOOSE_ON, variants=tries, **common), FOLDER / "tries", jobs)
    found = {}
    for algorithm in ("vdn", "qmix"):
        mine = {name: [score(run) for run in tried["grid", algorithm, name]] for name in tries}
        chosen = max(mine, key=lambda name: sum(mine[name]))            # the first of equals
        fresh = looks(Plan("grid", algorithm, REPORT_ON, variants={chosen: tries[chosen]}, **common),
                      FOLDER / f"chosen-{algorithm}", jobs)
        found[algorithm] = {"tries": [{"settings": tries[name], "scores": mine[name]} for name in tries],
                            "chosen": list(tries).index(chosen),
                            "fresh": [score(run) for run in fresh["grid", algorithm, chosen]]}
    return {"settings": {"steps": STEPS, "evaluate_every": EVALUATE_EVERY, "dtype": "float64", "tricks": TRICKS,
                         "practice": PRACTICE, "seeds": list(SEEDS)},
            "tricks": table, "last": last, "practice": practice[0], "practice_last": practice[1],
            "search": {"ranges": RANGES, "choose_on": list(CHOOSE_ON), "report_on": list(REPORT_ON), "found": found},
            "many": many(jobs)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tricks")
    parser.add_argument("--jobs", type=int, default=-1, help="processes (default: one for each processor)")
    torch.set_default_dtype(torch.float64)
    measured = measure(parser.parse_args().jobs)
    OUT.write_text(json.dumps({"made_by": "benchmarks/tricks.py", "date": date.today().isoformat(),
                               "torch": torch.__version__.split("+")[0]} | measured) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}")


if __name__ == "__main__":
    process.forgive_output()
    main()
