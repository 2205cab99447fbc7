"""How much each setting matters on the grid world: one changed at a time, around the default preset, a few seeds each.

    python -m benchmarks.sweep                # several minutes on one thread

Measured: the environment steps after which the greedy team plays optimally and does so at every later look of the run.
Writes qmix_course/data/sweep.json (package data, so that lesson 08 has it in Colab too).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import torch
from tqdm import tqdm

import qmix_course
from qmix_course import exact, process
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.training import History, TrainConfig, train

SEEDS = range(5)
EVALUATE_EVERY = 250
NUM_ENVS = 32
OUT = Path(qmix_course.__file__).parent / "data" / "sweep.json"

# What is tried besides the default. `target_every` is the hard update in place of the soft one; `first_weights`
# multiplies every weight and bias of the untrained team.
OTHERS = {
    "learning_rate": (5e-4, 8e-3, 3e-2),
    "batch_size": (32, 256),
    "tau": (0.002, 1.0),
    "target_every": (10, 50),
    "update_every": (8, 64),
    "epsilon_steps": (1, 30_000),
    "gamma": (0.5, 0.9),
    "embed_dim": (4, 128),
    "hidden": ((16, 16), (128, 128)),
    "first_weights": (0.25, 4.0),
}
OF_THE_TEAM = ("gamma", "embed_dim", "hidden")


def run(seed: int, name: str = "", value=None) -> History:
    """One run of the default preset in which the setting ``name`` is ``value``."""
    options = {name: value} if name in OF_THE_TEAM else {}
    changes = {name: value} if name in TrainConfig.__dataclass_fields__ else {}
    if name == "target_every":
        changes["tau"] = None
    env = GridWorld(size=5, num_envs=NUM_ENVS)
    team = QMIX.for_env(env, seed=seed, **options)
    if name == "first_weights":
        with torch.no_grad():
            for weights in team.parameters():
                weights.mul_(value)
    return train(env, team, TrainConfig(seed=seed, evaluate_every=EVALUATE_EVERY, **changes))


def optimal_from(history: History, best_return: float) -> int | None:
    """The first look at which the greedy return is the best one and stays so to the end, in steps; None if there is
    none."""
    first = None
    for steps, greedy in zip(history.steps, history.greedy_return):
        if abs(greedy - best_return) > 1e-6:
            first = None
        elif first is None:
            first = steps
    return first


def main() -> None:
    torch.set_default_dtype(torch.float64)      # as the lessons do
    torch.set_num_threads(1)
    best_return = exact.solve(GridWorld(size=5)).best_return
    tried = [("default", None)] + [(name, value) for name, values in OTHERS.items() for value in values]
    points = []
    for name, value in tqdm(tried):
        steps = [optimal_from(run(seed, name, value), best_return) for seed in SEEDS]
        points.append({"name": name, "value": value, "steps": steps})
        tqdm.write(f"{name} {value}: {steps}")
    team = QMIX.for_env(GridWorld(size=5))
    settings = {"environment": "GridWorld(size=5)", "algorithm": "QMIX", "seeds": list(SEEDS), "dtype": "float64",
                "torch": torch.__version__.split("+")[0], "first_weights": 1.0, "num_envs": NUM_ENVS,
                "gamma": team.gamma, "embed_dim": team.mixer.embed_dim,
                "hidden": [layer.weight.shape[-1] for layer in team.agents.layers[:-1]],
                "config": {k: v for k, v in asdict(TrainConfig(evaluate_every=EVALUATE_EVERY)).items() if k != "seed"}}
    OUT.write_text(json.dumps({"made_by": "benchmarks/sweep.py", "date": date.today().isoformat(),
                               "settings": settings, "points": points}) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}")


if __name__ == "__main__":
    process.forgive_output()
    main()
