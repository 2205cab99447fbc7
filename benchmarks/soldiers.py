"""The team whose battle opens lesson 00: QMIX on Skirmish's 2s3z, trained once and kept for playing.

    python -m benchmarks.soldiers             # a few minutes on one thread

Writes qmix_course/data/soldiers.pt, weights in half precision: an eighth of the memory of float64, and what the team
does with them is what counts. One seed is an example; how often such teams win, over seeds, stands in ``make tables``.
"""

from __future__ import annotations

from pathlib import Path

import torch

import qmix_course
from qmix_course import process
from qmix_course.algorithms import QMIX
from qmix_course.envs import Skirmish
from qmix_course.evaluation import evaluate
from qmix_course.teams import load_team, save_team
from qmix_course.training import TrainConfig, train

SCENARIO, SEED = "2s3z", 10
CONFIG = TrainConfig(seed=SEED, total_steps=160_000, capacity=50_000, learning_starts=2_000, update_every=32,
                     learning_rate=1e-3, epsilon_steps=80_000, evaluate_every=20_000)
OUT = Path(qmix_course.__file__).parent / "data" / "soldiers.pt"


def trained(config: TrainConfig = CONFIG) -> QMIX:
    """One network for all five soldiers, with ids among its inputs, in half precision."""
    env = Skirmish(SCENARIO, num_envs=32)
    team = QMIX.for_env(env, seed=config.seed, shared=True, double_q=True)
    train(env, team, config)
    return team.half()


def won(team: QMIX, seed: int, battles: int = 200) -> int:
    many = Skirmish(SCENARIO, num_envs=battles)
    return int(many.won(evaluate(many, team, seed=seed).returns).sum())


if __name__ == "__main__":
    process.forgive_output()
    torch.set_num_threads(process.threads())
    save_team(OUT, trained())
    team = load_team(OUT, QMIX.for_env(Skirmish(SCENARIO), shared=True, double_q=True))
    print(f"{OUT.name}: {OUT.stat().st_size:,} bytes; battles won of 200: {won(team, seed=1)}")
