"""Six one-shot games and nine algorithms: in how many seeds is the greedy joint action the best one? (uniform data)"""

from __future__ import annotations

from dataclasses import asdict, replace

import torch

from benchmarks.tables import teams
from qmix_course import exact, plots
from qmix_course.algorithms import MAVEN, OWQMIX, QTRAN, Algorithm
from qmix_course.envs import PAYOFFS, MatrixGame, penalty
from qmix_course.evaluation import evaluate, success_interval
from qmix_course.replay import Batch
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig

NAME, TITLE = "games", "Six games, nine algorithms: seeds whose greedy joint action is a best one"
SEEDS = range(20)
GAMES = {"climbing": PAYOFFS["climbing"], "penalty": penalty(-25), "qtran": PAYOFFS["qtran"],
         "qplex1": PAYOFFS["qplex1"],
         "qplex3": PAYOFFS["qplex3"], "two_optima": PAYOFFS["two_optima"]}
# QTRAN's Table 1 (Son et al. 2019), as printed there for QTRAN's game.
PRINTED = {
    "vdn": [[-5.42, -4.57, -4.70], [-4.35, -3.51, -3.63], [-3.87, -3.02, -3.14]],
    "qmix": [[-8.08, -8.08, -8.08], [-8.08, 0.01, 0.03], [-8.08, 0.01, 0.02]],
    "qtran": [[8.00, 6.13, 6.12], [2.10, 0.23, 0.23], [1.92, 0.04, 0.04]],
    "qtran_joint": [[8.00, -12.02, -12.02], [-12.00, 0.00, 0.00], [-12.00, 0.00, -0.01]],
}
# Every batch holds each joint action once: uniform data, without the chance of sampling. Soft targets play no part, as
# the games end after one step.
CONFIG = TrainConfig(learning_rate=2e-3, epsilon_steps=3_000)
UPDATES = 2_000
SIZES = {"hidden": (32,), "embed_dim": 32, "hypernet_dim": 32, "central_dim": 64}


def uniform(team: Algorithm, env: MatrixGame) -> Batch:
    """Each joint action once, and with MAVEN once for each latent."""
    n, a = env.spec.n_agents, env.spec.n_actions
    actions = torch.cartesian_prod(*[torch.arange(a)] * n)
    latents = team.n_latents if isinstance(team, MAVEN) else 1
    actions, reward = actions.repeat(latents, 1), env.payoff.flatten().repeat(latents)
    memory = team.memory_of(torch.arange(latents).repeat_interleave(a**n)) if isinstance(team, MAVEN) else None
    empty = Batch.padding(len(actions), 1, env.spec)
    return replace(empty, obs=torch.ones_like(empty.obs), state=torch.ones_like(empty.state),
                   actions=actions.unsqueeze(1),
                   reward=reward.unsqueeze(1), terminated=~empty.terminated, mask=torch.ones_like(empty.mask),
                   memory=memory)


def run(name: str, games: list[str]) -> dict[str, dict]:
    """For each of the games, which are of one size: every seed's greedy joint action, what it pays, and the learned
    tables.

    ``table``: Q_tot, for QTRAN Q′ (None for IQL) · ``joint_table``: what the unrestricted network of QTRAN or weighted
    QMIX believes (None for the others), rounded to 3 digits. MAVEN's are those of the latent that it settles on.
    """
    envs = {game: MatrixGame(GAMES[game]) for game in games}
    trained = {game: [teams.make(name, env, seed, **SIZES) for seed in SEEDS] for game, env in envs.items()}
    pairs = [(team, uniform(team, envs[game])) for game in games for team in trained[game]]
    fit_seeds(*zip(*pairs), CONFIG, UPDATES)
    return {game: {"value": [evaluate(envs[game], team).mean_return for team in trained[game]]}
            | beliefs(name, trained[game], envs[game].model()) for game in games}


def beliefs(name: str, trained: list[Algorithm], model) -> dict:
    settled = [team.settled(model.state[0]) if name == "maven" else team for team in trained]
    return {"joint": [exact.agent_qs(team, model)[0].argmax(-1).tolist() for team in settled],
            "table": [None if name == "iql" else rounded(exact.q_tot(team, model)) for team in settled],
            "joint_table": [unrestricted(team, model) for team in trained]}


def unrestricted(team, model) -> list | None:
    """[A, A]: the table of a team's unrestricted network, or None where it has none."""
    if isinstance(team, QTRAN):
        return rounded(team.joint_table(model))
    return rounded(exact.q_tot(team.central, model)) if isinstance(team, OWQMIX) else None


def rounded(tables: torch.Tensor) -> list:
    """The table[A, A] of the only state, of tables[1, A, A]."""
    return tables[0].round(decimals=3).tolist()


def tasks() -> list[tuple]:
    """One a size of game and algorithm: all games of that size and all seeds at once."""
    sizes = {len(payoff) for payoff in GAMES.values()}
    return [(run, (name, [game for game, payoff in GAMES.items() if len(payoff) == size]))
            for size in sorted(sizes, reverse=True) for name in reversed(teams.NAMES)]


def collect(results: list[dict]) -> dict:
    runs = {game: {} for game in GAMES}
    for (_, (name, _)), found in zip(tasks(), results):
        for game, each in found.items():
            runs[game][name] = each
    return {"settings": {"seeds": list(SEEDS), "updates": UPDATES, "sizes": SIZES, "config": asdict(CONFIG)},
            "printed": PRINTED,
            "games": {game: {"payoff": [list(row) for row in payoff], "best": max(map(max, payoff)),
                             "runs": {name: runs[game][name] for name in teams.NAMES}}
                             for game, payoff in GAMES.items()}}


def solved(stored: dict, game: str, name: str) -> int:
    """In how many seeds the greedy joint action pays the most."""
    found = stored["games"][game]
    return sum(abs(value - found["best"]) < 1e-9 for value in found["runs"][name]["value"])


def show(stored: dict) -> list[str]:
    seeds = len(stored["settings"]["seeds"])
    lines = [f"of {seeds} seeds, with the 95% interval of the rate",
             f"{'':12}" + "".join(f"{game:>20}" for game in stored["games"])]
    for name, title in teams.NAMES.items():
        cells = []
        for game in stored["games"]:
            count = solved(stored, game, name)
            low, high = success_interval(count, seeds)
            cells.append(f"{count:>9} {low:.2f}-{high:.2f}")
        lines.append(f"{title:12}" + "".join(f"{cell:>20}" for cell in cells))
    goals = {name: solved(stored, "qtran", name) for name in ("qtran", "qtran_alt", "cw_qmix")}
    lines += [f"{teams.NAMES[name]} in QTRAN's game: expected at least 19 of 20, got {count}"
              for name, count in goals.items()]
    return lines + table_1(stored)


def table_1(stored: dict) -> list[str]:
    """QTRAN's Table 1: what was printed there, and seed 0 here."""
    runs, lines = stored["games"]["qtran"]["runs"], ["QTRAN's Table 1: printed (Son et al. 2019), and seed 0 here"]
    here = {name: runs[name]["table"][0]
            for name in ("vdn", "qmix", "qtran")} | {"qtran_joint": runs["qtran"]["joint_table"][0]}
    for name, printed in stored["printed"].items():
        lines += [f"  {name:12} printed {printed}",
                  f"  {'':12} here    {[[round(x, 2) for x in row] for row in here[name]]}"]
    return lines


def figure(stored: dict):
    counts = torch.tensor([[solved(stored, game, name) for game in stored["games"]] for name in teams.NAMES])
    figure, ax = plots.panels(1, 1, size=(9.5, 5.0), title=None)
    plots.table(counts.double(), row_labels=list(teams.NAMES.values()),
                col_labels=[g.replace("_", "-") for g in stored["games"]],
                title=f"Seeds of {len(stored['settings']['seeds'])} whose greedy joint action is a best one",
                fmt="{:.0f}", ax=ax, xlabel="game", ylabel="algorithm")
    return figure
