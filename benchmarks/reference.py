"""The `reference` preset on the grid world, a few seeds, curve by curve; lessons 08 and 09 show what it stores.

    python -m benchmarks.reference            # about a minute a seed

Writes qmix_course/data/reference.json (package data, so that the lessons have it in Colab too).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date
from pathlib import Path

import torch

import qmix_course
from qmix_course import process
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.training import History, TrainConfig, train

SEEDS = range(3)
EVALUATE_EVERY = 250
OUT = Path(qmix_course.__file__).parent / "data" / "reference.json"
COLUMNS = ("steps", "episodes", "epsilon", "loss", "exploring_return", "greedy_return", "greedy_length")


def run(seed: int) -> History:
    """One run of the slow preset, in one environment."""
    env = GridWorld(size=5, num_envs=1)
    return train(env, QMIX.for_env(env, seed=seed), TrainConfig.reference(seed=seed, evaluate_every=EVALUATE_EVERY))


def number(value: float) -> float | None:
    """Five digits are enough for a figure; what was not measured (NaN) is null in the file."""
    return None if math.isnan(value) else float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    torch.set_default_dtype(torch.float64)      # as the lessons do
    torch.set_num_threads(1)
    runs = []
    for seed in SEEDS:
        history = run(seed)
        runs.append({"seed": seed} | {name: [number(value) for value in getattr(history, name)] for name in COLUMNS})
        print(f"seed {seed}: {history.steps[-1]} steps, {history.episodes[-1]} episodes, "
              f"greedy return {history.greedy_return[-1]:.2f}, {history.seconds[-1]:.0f} s")
    config = asdict(TrainConfig.reference(evaluate_every=EVALUATE_EVERY))
    settings = {"environment": "GridWorld(size=5, num_envs=1)", "algorithm": "QMIX", "dtype": "float64",
                "torch": torch.__version__.split("+")[0], "config": {k: v for k, v in config.items() if k != "seed"}}
    OUT.write_text(json.dumps({"made_by": "benchmarks/reference.py", "date": date.today().isoformat(),
                               "settings": settings, "runs": runs}) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}")


if __name__ == "__main__":
    process.forgive_output()
    main()
