"""The two-step game: what QMIX, VDN and IQL learn under uniform data, beside the paper's table and the exact one."""

from __future__ import annotations

from dataclasses import asdict

import torch

from benchmarks.tables import teams
from qmix_course import exact, plots
from qmix_course.envs import TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.training import TrainConfig

NAME, TITLE = "two_step", "The two-step game (Rashid et al. 2018)"
SEEDS = range(10)
CONFIG = TrainConfig(total_steps=8_000, update_every=8, batch_size=64, learning_rate=3e-3, tau=0.05, epsilon_start=1.0,
                     epsilon_end=1.0, epsilon_steps=3_000, evaluate_every=8_000)
SIZES = {"hidden": (32,), "embed_dim": 8, "hypernet_dim": 32}
# What the paper's QMIX learned, as an implementation's tests state it: the start, 2A, 2B.
PAPER = [[[6.93, 6.93], [7.92, 7.92]], [[7.0, 7.0], [7.0, 7.0]], [[0.0, 1.0], [1.0, 8.0]]]


def run(name: str) -> dict:
    """Every seed's greedy return, and Q_tot[3, 2, 2] (IQL: the agents' own values [3, N, A]), rounded to 4 digits."""
    env = TwoStepGame(num_envs=32)
    trained = teams.train_many(name, env, CONFIG, SEEDS, **SIZES)
    read = exact.agent_qs if name == "iql" else exact.q_tot
    return {"greedy_return": [evaluate(TwoStepGame(), team).mean_return for team in trained],
            "table": [read(team, env.model()).round(decimals=4).tolist() for team in trained]}


def tasks() -> list[tuple]:
    return [(run, (name,)) for name in ("qmix", "vdn", "iql")]


def collect(results: list[dict]) -> dict:
    return {"settings": {"seeds": list(SEEDS), "sizes": SIZES, "config": asdict(CONFIG)}, "paper": PAPER,
            "exact": exact.solve(TwoStepGame(), gamma=0.99).q.tolist(),
            "runs": dict(zip(("qmix", "vdn", "iql"), results))}


def largest(tables: list, reference: list) -> float:
    """The largest difference of any entry in any seed."""
    return float((torch.tensor(tables) - torch.tensor(reference)).abs().max())


def show(stored: dict) -> list[str]:
    qmix = stored["runs"]["qmix"]["table"]
    lines = [f"QMIX, {len(qmix)} seeds, largest difference of any of the 12 entries of Q_tot",
             f"  from the exact table: expected below 0.05, got {largest(qmix, stored['exact']):.4f}   (exact.solve, γ "
             f"= 0.99)",
             f"  from the paper's table: expected below 0.05, got {largest(qmix, stored['paper']):.4f}   (Rashid et "
             f"al. 2018)"]
    for name, expected in (("qmix", 8), ("vdn", 7), ("iql", 7)):
        returns = stored["runs"][name]["greedy_return"]
        lines.append(f"{teams.NAMES[name]:5} greedy return: expected {expected}, got {expected} in "
                     f"{sum(abs(r - expected) < 1e-9 for r in returns)} of {len(returns)} seeds")
    vdn = torch.tensor(stored["runs"]["vdn"]["table"])[:, 2].mean(0)
    lines.append("VDN in 2B: expected [[-1.5, 2.5], [2.5, 6.5]] (exact least squares), got a mean over the seeds of "
                 f"{[[round(x, 2) for x in row] for row in vdn.tolist()]}")
    return lines


def figure(stored: dict):
    rows = {"exact": stored["exact"], "QMIX, seed 0": stored["runs"]["qmix"]["table"][0],
            "VDN, seed 0": stored["runs"]["vdn"]["table"][0]}
    figure, axes = plots.panels(3, 3, size=(8.6, 6.4), title="The two-step game: exact values, and two trained teams")
    for row, (name, tables) in zip(axes, rows.items()):
        for ax, table, where in zip(row, tables, ("the start", "2A", "2B")):
            plots.table(torch.tensor(table), title=f"{name}: {where}", ax=ax, limits=(-2, 8))
    return figure
