"""Predator–prey with punishment at a small size: who still learns to hunt when a lone attempt costs p?"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import torch

from benchmarks.tables import teams
from qmix_course import plots
from qmix_course.envs import PredatorPrey
from qmix_course.exploration import epsilon_greedy
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

NAME, TITLE = "predator_prey", "Predator–prey with punishment p, 4 × 4, two predators, one prey"
SEEDS, PUNISHMENTS = range(5), (0, -1, -2)
NAMES = ("cw_qmix", "ow_qmix", "qplex", "qmix", "vdn", "iql")              # the longest first
GAME = {"size": 4, "n_predators": 2, "n_prey": 1, "view": 2, "episode_limit": 30}
SIZES = {"hidden": (64,), "embed_dim": 32, "hypernet_dim": 32, "double_q": True}
CONFIG = TrainConfig(total_steps=40_000, capacity=20_000, batch_size=64, learning_starts=1_000, update_every=16,
                     learning_rate=1e-3, tau=0.02, epsilon_steps=20_000, evaluate_every=4_000, evaluation_episodes=100)
# In the thread people report that VDN, QMIX and QPLEX hunt at p = −2 in the authors' own code when ε falls over
# 1,000,000 steps (24 to 38 of 40), and an author answers that in the paper's figure 2 it fell over 50,000.
SOURCES = ["Rashid et al. 2020 (Weighted QMIX)", "https://github.com/oxwhirl/wqmix/issues/3"]


def run(punishment: int, name: str) -> dict:
    """Every seed's greedy return at each evaluation, and the last one by itself. In float32, which is faster here."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        env = PredatorPrey(**GAME, punishment=float(punishment), num_envs=32)
        sizes = SIZES | ({"central_dim": 64} if name in ("cw_qmix", "ow_qmix") else {})
        histories = train_seeds(env, [teams.make(name, env, seed, **sizes) for seed in SEEDS], CONFIG, list(SEEDS))
    finally:
        torch.set_default_dtype(before)
    return {"greedy_return": [history.greedy_return[-1] for history in histories],
            "curve": [history.greedy_return for history in histories], "steps": histories[0].steps}


def random_return(punishment: int, episodes: int = 2_000) -> float:
    """The mean return of a team that plays available actions at random (one seed)."""
    env = PredatorPrey(**GAME, punishment=float(punishment), num_envs=episodes)
    generator = torch.Generator().manual_seed(0)
    playing, total = torch.ones(episodes, dtype=torch.bool), torch.zeros(episodes)
    step = env.reset(seed=0)
    while playing.any():
        step = env.step(epsilon_greedy(torch.zeros(step.available.shape), step.available, 1.0, generator))
        total += step.reward * playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return float(total.mean())


class Loaded(PredatorPrey):
    """The game with dice that are given instead of drawn."""

    dice = None

    def _roll(self) -> np.ndarray:
        return np.tile(self.dice, (self.num_envs, 1))


def best_return(punishment: int) -> float:
    """The exact mean return of the best team that sees the whole board and acts as one, by dynamic programming.

    No team of agents that see less can be better. Two predators, one prey: all placements × available joint actions,
    and for each all that chance can do, which is two orders of the predators and, with one prey and up to 4 free cells,
    12 dice.
    """
    cells = torch.cartesian_prod(*[torch.arange(GAME["size"] ** 2)] * 3)
    cells = cells[(cells[:, 0] != cells[:, 1]) & (cells[:, 0] != cells[:, 2]) & (cells[:, 1] != cells[:, 2])]
    places = torch.stack([cells // GAME["size"], cells % GAME["size"]], -1)                    # [X, 3, 2]
    available = PredatorPrey(**GAME, num_envs=len(cells)).reset(predators=places[:, :2], prey=places[:, 2:]).available
    at, first, second = (available[:, 0, :, None] & available[:, 1, None, :]).nonzero().T      # [Y] states and actions
    env = Loaded(**GAME, punishment=float(punishment), num_envs=len(at))
    number = torch.full((GAME["size"] ** 6,), -1)
    base = torch.tensor([GAME["size"] ** 4, GAME["size"] ** 2, 1])
    number[cells @ base] = torch.arange(len(cells))
    reward, following = torch.zeros(len(at)), []
    for order in ((0.1, 0.9), (0.9, 0.1)):
        for die in (torch.arange(12) + 0.5) / 12:
            env.dice = np.array([*order, 0.5, float(die)])
            env.reset(predators=places[at, :2], prey=places[at, 2:])
            step = env.step(torch.stack([first, second], 1))
            reward += step.reward / 24
            after = (torch.cat([env.predators, env.prey], 1) @ torch.tensor([GAME["size"], 1])) @ base
            following.append(torch.where(step.terminated, len(cells), number[after.clamp(min=0)]))
    value = torch.zeros(len(cells) + 1)                                                        # the last one: over
    for _ in range(GAME["episode_limit"]):
        q = reward + torch.stack([value[each] for each in following]).mean(0)
        value = torch.full_like(value, -torch.inf).scatter_reduce(0, at, q, "amax")
        value[-1] = 0.0
    return float(value[:-1].mean())


def references() -> dict:
    """What a random team gets for each p, and the most that is possible (which p does not change: nobody need try
    alone)."""
    return {"random_return": {str(p): round(random_return(p), 2) for p in PUNISHMENTS},
            "best_return": round(best_return(-2), 4)}


def tasks() -> list[tuple]:
    return [(run, (p, name)) for name in NAMES for p in PUNISHMENTS] + [(references, ())]


def collect(results: list[dict]) -> dict:
    found = iter(results)
    cells = {name: {str(p): next(found) for p in PUNISHMENTS} for name in NAMES}
    return {"settings": {"game": GAME, "seeds": list(SEEDS), "sizes": SIZES, "config": asdict(CONFIG),
                         "dtype": "float32"},
            "sources": SOURCES,
            "runs": {str(p): {name: cells[name][str(p)] for name in reversed(NAMES)}
                     for p in PUNISHMENTS}} | results[-1]


def show(stored: dict) -> list[str]:
    lines = [f"greedy return after {CONFIG.total_steps:,} steps, mean of {CONFIG.evaluation_episodes} episodes, "
             f"{len(SEEDS)} seeds in order; the best possible is {stored['best_return']:.2f}",
             "expected (Rashid et al. 2020): with punishment the weighted ones do better than QMIX"]
    for p, runs in stored["runs"].items():
        lines.append(f"p = {p:>2} (a random team: {stored['random_return'][p]:.2f})")
        lines += [f"  {teams.NAMES[name]:8}" + "".join(f"{value:8.2f}" for value in sorted(found["greedy_return"]))
                  for name, found in runs.items()]
    return lines


def figure(stored: dict):
    figure, axes = plots.panels(1, len(PUNISHMENTS), size=(11.5, 4.2), title=TITLE)
    for ax, (p, runs) in zip(np.ravel(axes), stored["runs"].items()):
        values = {teams.NAMES[name]: found["greedy_return"] for name, found in runs.items()}
        plots.bars(values, title=f"p = {p}", xlabel="greedy return, one dot a seed", dots=True,
                   best=stored["best_return"], ax=ax)
        ax.set_xlim(-1.5, 12.5)                                     # one scale for all three
    return figure
