"""python -m benchmarks.gpu: the same updates and the same runs on the CPU and on a GPU, side by side.

Prints a table and writes benchmarks/results/gpu.json. Needs a GPU. One thread on the CPU, float32, medians of paired
blocks; a run's figure is of all that it does: environment, acting, replay, updates, evaluation.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from copy import deepcopy
from dataclasses import replace
from datetime import date

os.environ.setdefault("QMIX_COURSE_PROGRESS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch

from benchmarks.timing import store
from qmix_course import process
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld, TeamSpec
from qmix_course.learner import Learner
from qmix_course.replay import Batch
from qmix_course.training import TrainConfig, train

BLOCKS = 3
# agents, hidden units, rows of a batch, steps of a row (1: MLP agents on transitions; more: GRU agents on episodes)
UPDATES = ((2, 64, 128, 1), (2, 64, 1024, 1), (8, 256, 1024, 1), (8, 256, 8192, 1),
           (2, 64, 32, 25), (8, 64, 32, 100), (8, 128, 256, 100), (32, 128, 256, 100))


def updater(device: str, agents: int, hidden: int, rows: int, length: int):
    """One update, ready to be called, on a batch of random numbers of these sizes."""
    spec = TeamSpec(n_agents=agents, n_actions=6, obs_dim=32, state_dim=64, episode_limit=length)
    recurrent = length > 1
    torch.manual_seed(0)
    team = QMIX(spec, recurrent=recurrent, hidden=hidden if recurrent else (hidden, hidden)).to(device)
    learner = Learner([team], [deepcopy(team).requires_grad_(False)], TrainConfig(device=device))
    batch = vars(Batch.padding(rows, length, spec, team.memory_dim, device)).copy()
    batch |= {name: torch.randn_like(batch[name]) for name in ("obs", "state", "reward")}
    batch |= {"mask": torch.ones_like(batch["mask"])}
    batch = Batch(**batch)
    return lambda: learner.update([batch])


def seconds(call, device: str, at_least: float = 0.3) -> float:
    """Of one call, in the mean of as many as take ``at_least`` seconds."""
    count, began = 0, time.perf_counter()
    while count < 1 or time.perf_counter() - began < at_least:
        call()
        count += 1
    if device != "cpu":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / count


def run(device: str, rows: int) -> float:
    """Environment steps a second of a whole run on the grid world, one update for every 16 steps of a row."""
    env = GridWorld(num_envs=rows)
    config = replace(TrainConfig(), total_steps=200 * rows, update_every=4 * rows, learning_starts=32 * rows,
                     batch_size=32 * rows, capacity=320 * rows, evaluate_every=100 * rows, device=device)
    began = time.perf_counter()
    train(env, QMIX.for_env(env, seed=0), config)
    return config.total_steps / (time.perf_counter() - began)


def main() -> None:
    if not torch.cuda.is_available():
        raise SystemExit("benchmarks/gpu.py needs a GPU, and torch sees none here")
    torch.set_num_threads(1)
    card, table = torch.cuda.get_device_name(), {"updates": [], "runs": []}
    print(f"{card}, torch {torch.__version__}; CPU: one thread\n\nan update, ms\n"
          f"{'agents':>8}{'hidden':>8}{'rows':>8}{'steps':>8}{'CPU':>10}{'GPU':>10}{'times':>8}")
    for sizes in UPDATES:
        calls = {device: updater(device, *sizes) for device in ("cpu", "cuda")}
        for device, call in calls.items():
            seconds(call, device, 0.05)
        blocks = [{device: seconds(call, device) for device, call in calls.items()} for _ in range(BLOCKS)]
        cpu, gpu = (statistics.median(block[device] for block in blocks) for device in ("cpu", "cuda"))
        times = statistics.median(block["cpu"] / block["cuda"] for block in blocks)
        shown = "".join(f"{size:>8}" for size in sizes)
        table["updates"].append(dict(zip(("agents", "hidden", "rows", "steps"), sizes))
                                | {"cpu_ms": 1e3 * cpu, "gpu_ms": 1e3 * gpu, "times": times})
        print(f"{shown}{1e3 * cpu:>10.2f}{1e3 * gpu:>10.2f}{times:>8.2f}", flush=True)
    print("\na whole run on the grid world, environment steps a second")
    for rows in (32, 256, 1024):
        run("cuda", 32)
        figures = {device: statistics.median(run(device, rows) for _ in range(2)) for device in ("cpu", "cuda")}
        table["runs"].append({"rows": rows, "batch": 32 * rows} | figures)
        print(f"{rows:>6} rows, batches of {32 * rows:>6}: CPU {figures['cpu']:>9,.0f}   GPU {figures['cuda']:>9,.0f}",
              flush=True)
    about = {"made_by": "benchmarks/gpu.py", "date": date.today().isoformat(), "gpu": card, "torch": torch.__version__,
             "python": platform.python_version(), "blocks": BLOCKS}
    store("gpu", about | table)


if __name__ == "__main__":
    process.forgive_output()
    main()
