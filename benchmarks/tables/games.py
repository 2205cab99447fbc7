"""Six one-shot games and nine algorithms: in how many seeds is the greedy joint action the best one? (uniform data)"""

from __future__ import annotations

from dataclasses import asdict

import torch

from benchmarks.tables import teams
from qmix_course import exact, plots
from qmix_course.envs import PAYOFFS, MatrixGame, penalty
from qmix_course.evaluation import evaluate, success_interval
from qmix_course.training import TrainConfig

NAME, TITLE = "games", "Six games, nine algorithms: seeds whose greedy joint action is a best one"
SEEDS = range(20)
GAMES = {"climbing": PAYOFFS["climbing"], "penalty": penalty(-25), "qtran": PAYOFFS["qtran"], "qplex1": PAYOFFS["qplex1"],
         "qplex3": PAYOFFS["qplex3"], "anti_coordination": PAYOFFS["anti_coordination"]}
# QTRAN's Table 1 (Son et al. 2019), as printed there for QTRAN's game.
PRINTED = {
    "vdn": [[-5.42, -4.57, -4.70], [-4.35, -3.51, -3.63], [-3.87, -3.02, -3.14]],
    "qmix": [[-8.08, -8.08, -8.08], [-8.08, 0.01, 0.03], [-8.08, 0.01, 0.02]],
    "qtran": [[8.00, 6.13, 6.12], [2.10, 0.23, 0.23], [1.92, 0.04, 0.04]],
    "qtran_joint": [[8.00, -12.02, -12.02], [-12.00, 0.00, 0.00], [-12.00, 0.00, -0.01]],
}
CONFIG = TrainConfig(total_steps=16_000, update_every=8, batch_size=32, learning_rate=2e-3, epsilon_start=1.0, epsilon_end=1.0,
                     evaluate_every=16_000)
SIZES = {"hidden": (32,), "embed_dim": 32, "hypernet_dim": 32}


def run(game: str, name: str) -> dict:
    """Every seed's greedy joint action, what it pays, and the learned tables, rounded to 3 digits.

    ``table``: Q_tot, for QTRAN Q′ (None for IQL) · ``joint_table``: what the unrestricted network of QTRAN or weighted QMIX
    believes (None for the others).
    """
    env = MatrixGame(GAMES[game], num_envs=32)
    trained = teams.train_many(name, env, CONFIG, SEEDS, **SIZES)
    model = env.model()
    tables = [None if name == "iql" else exact.q_tot(team, model)[0].round(decimals=3).tolist() for team in trained]
    joint = [exact.agent_qs(team, model)[0].argmax(-1).tolist() for team in trained]
    value = [evaluate(MatrixGame(GAMES[game]), team).mean_return for team in trained]
    return {"value": value, "joint": joint, "table": tables, "joint_table": [unrestricted(team, env) for team in trained]}


@torch.no_grad()
def unrestricted(team, env: MatrixGame) -> list | None:
    """[A, A]: the table of a team's unrestricted network, or None where it has none."""
    if not hasattr(team, "q_joint"):
        return None
    n, n_actions = env.spec.n_agents, env.spec.n_actions
    actions = torch.cartesian_prod(*[torch.arange(n_actions)] * n)
    state = torch.ones(len(actions), 1)
    return team.q_joint(actions, state).view([n_actions] * n).round(decimals=3).tolist()


def tasks() -> list[tuple]:
    return [(run, (game, name)) for name in reversed(teams.NAMES) for game in GAMES]


def collect(results: list[dict]) -> dict:
    found = iter(results)
    runs = {name: {game: next(found) for game in GAMES} for name in reversed(teams.NAMES)}
    return {"settings": {"seeds": list(SEEDS), "sizes": SIZES, "config": asdict(CONFIG)},
            "printed": PRINTED,
            "games": {game: {"payoff": [list(row) for row in payoff], "best": max(map(max, payoff)),
                             "runs": {name: runs[name][game] for name in teams.NAMES}} for game, payoff in GAMES.items()}}


def solved(stored: dict, game: str, name: str) -> int:
    """In how many seeds the greedy joint action pays the most."""
    found = stored["games"][game]
    return sum(abs(value - found["best"]) < 1e-9 for value in found["runs"][name]["value"])


def show(stored: dict) -> list[str]:
    seeds = len(stored["settings"]["seeds"])
    lines = [f"of {seeds} seeds, with the 95% interval of the rate", f"{'':12}" + "".join(f"{game:>20}" for game in stored["games"])]
    for name, title in teams.NAMES.items():
        cells = []
        for game in stored["games"]:
            count = solved(stored, game, name)
            low, high = success_interval(count, seeds)
            cells.append(f"{count:>9} {low:.2f}-{high:.2f}")
        lines.append(f"{title:12}" + "".join(f"{cell:>20}" for cell in cells))
    goals = {name: solved(stored, "qtran", name) for name in ("qtran", "qtran_alt", "cw_qmix")}
    lines += [f"{teams.NAMES[name]} in QTRAN's game: expected at least 19 of 20, got {count}" for name, count in goals.items()]
    return lines + table_1(stored)


def table_1(stored: dict) -> list[str]:
    """QTRAN's Table 1: what was printed there, and seed 0 here."""
    runs, lines = stored["games"]["qtran"]["runs"], ["QTRAN's Table 1: printed (Son et al. 2019), and seed 0 here"]
    here = {name: runs[name]["table"][0] for name in ("vdn", "qmix", "qtran")} | {"qtran_joint": runs["qtran"]["joint_table"][0]}
    for name, printed in stored["printed"].items():
        lines += [f"  {name:12} printed {printed}", f"  {'':12} here    {[[round(x, 2) for x in row] for row in here[name]]}"]
    return lines


def figure(stored: dict):
    counts = torch.tensor([[solved(stored, game, name) for game in stored["games"]] for name in teams.NAMES])
    figure, ax = plots.panels(1, 1, size=(9.5, 5.0), title=None)
    plots.table(counts.double(), row_labels=list(teams.NAMES.values()), col_labels=[g.replace("_", "-") for g in stored["games"]],
                title=f"Seeds of {len(stored['settings']['seeds'])} whose greedy joint action is a best one", fmt="{:.0f}", ax=ax)
    return figure
