"""The m-step game: in how many seeds does each way of exploring find the jackpot, and keep it, within one budget?"""

from __future__ import annotations

from dataclasses import asdict, replace

import torch

from qmix_course import plots
from qmix_course.algorithms import MAVEN, QMIX
from qmix_course.envs import Model, MStepGame
from qmix_course.evaluation import success_interval
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

NAME, TITLE = "m_step", "The 10-step game (Mahajan et al. 2019): seeds that end at m + 3 = 13"
STEPS, SEEDS = 10, range(20)
SIZES = {"hidden": (32,), "embed_dim": 8, "hypernet_dim": 16}
CONFIG = TrainConfig(total_steps=20_000, update_every=32, batch_size=16, capacity=1_000, learning_rate=3e-3, tau=0.05,
                     learning_starts=200, epsilon_start=0.05, epsilon_end=0.05, epsilon_steps=3_000,
                     evaluate_every=2_000)
LATENT = {"n_latents": 8, "mi_weight": 1.0, "temperature": 5.0}


class EpisodeQMIX(QMIX):
    """QMIX on replay rows that are whole episodes, as MAVEN has them: an update sees as many episodes."""

    recurrent = True


# name → what it is called, the kind of team, its options, what it changes in CONFIG
WAYS = {
    "short": ("ε 1 → 0.05 in 500 steps", EpisodeQMIX, {}, {"epsilon_start": 1.0, "epsilon_steps": 500}),
    "long": ("ε 1 → 0.05 in 10,000 steps", EpisodeQMIX, {}, {"epsilon_start": 1.0, "epsilon_steps": 10_000}),
    "all": ("ε 1 → 0.05 in 20,000 steps", EpisodeQMIX, {}, {"epsilon_start": 1.0, "epsilon_steps": 20_000}),
    "fifth": ("ε = 0.2 throughout", EpisodeQMIX, {}, {"epsilon_start": 0.2, "epsilon_end": 0.2}),
    "half": ("ε = 0.5 throughout", EpisodeQMIX, {}, {"epsilon_start": 0.5, "epsilon_end": 0.5}),
    "noise": ("parameter noise, ε = 0.2", EpisodeQMIX, {},
              {"epsilon_start": 0.2, "epsilon_end": 0.2, "parameter_noise": True}),
    "maven": ("MAVEN, ε = 0.05", MAVEN, LATENT, {}),
    "no_mi": ("MAVEN without the bound", MAVEN, LATENT | {"mi_weight": 0.0}, {}),
}


class Counted(MStepGame):
    """The game, which also counts the jackpots that are paid in it, and keeps its clones at hand."""

    def __init__(self, steps: int, num_envs: int = 1):
        super().__init__(steps, num_envs)
        self._clones, self._jackpots = [], 0

    def _advance(self, actions: torch.Tensor):
        step = super()._advance(actions)
        self._jackpots += int((step.reward == 4).sum())
        return step

    def clone(self, num_envs: int | None = None):
        self._clones.append(Counted(self.steps, self.num_envs if num_envs is None else num_envs))
        return self._clones[-1]


def run(name: str) -> dict:
    """Every seed's greedy returns, one an evaluation, and how many jackpots it met while it explored."""
    _, kind, options, changes = WAYS[name]
    env = Counted(STEPS, num_envs=32)
    teams = [kind.for_env(env, seed=seed, **SIZES, **options) for seed in SEEDS]
    histories = train_seeds(env, teams, replace(CONFIG, **changes), list(SEEDS))
    return {"greedy_return": [history.greedy_return for history in histories], "steps": histories[0].steps,
            "episodes": [history.episodes[-1] for history in histories],
            "jackpots": [each._jackpots for each in env._clones]}


def chance(model: Model, habit: torch.Tensor, epsilon: float) -> float:
    """The exact probability that one episode pays 4, if the agents are ε-greedy around habit[X, N]."""
    own = torch.full((*habit.shape, 2), epsilon / 2).scatter(-1, habit.unsqueeze(-1), 1 - epsilon / 2)
    joint = own[:, 0, :, None] * own[:, 1, None, :]                                                 # [X, A, A]
    found = torch.zeros(len(habit))
    for _ in range(len(habit)):                                     # more than enough backward steps
        ahead = torch.where(model.terminated, (model.reward == 4).to(found.dtype), found[model.next_state])
        found = (joint * ahead).sum((1, 2))
    return float(found[0])


def tasks() -> list[tuple]:
    return [(run, (name,)) for name in reversed(WAYS)]


def collect(results: list[dict]) -> dict:
    model = MStepGame(STEPS).model()
    epsilons = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0]
    habits = {"first": torch.zeros(len(model.state), 2, dtype=torch.int64)}                         # (0, 0) everywhere
    # the way to branch (1, 1)
    habits["second"] = habits["first"] + (torch.arange(len(model.state)) == 0).long().unsqueeze(1)
    return {"settings": {"steps": STEPS, "seeds": list(SEEDS), "num_envs": 32, "sizes": SIZES, "config": asdict(CONFIG),
                         "latent": LATENT},
            "best": STEPS + 3, "lazy": STEPS, "ways": {name: way[0] for name, way in WAYS.items()},
            "runs": dict(zip(reversed(WAYS), results)),
            "chance": {"epsilon": epsilons}
            | {name: [chance(model, habit, e) for e in epsilons] for name, habit in habits.items()}}


def solved(stored: dict, name: str) -> int:
    """In how many seeds greedy play ends with m + 3."""
    return sum(returns[-1] == stored["best"] for returns in stored["runs"][name]["greedy_return"])


def show(stored: dict) -> list[str]:
    seeds = len(stored["settings"]["seeds"])
    lines = [f"{'':30} ends at 13   95% interval   lazy (10)   met a jackpot   median jackpots met"]
    for name, title in stored["ways"].items():
        runs = stored["runs"][name]
        count, met = solved(stored, name), runs["jackpots"]
        low, high = success_interval(count, seeds)
        lazy = sum(returns[-1] == stored["lazy"] for returns in runs["greedy_return"])
        lines.append(f"{title:30} {count:>5} of {seeds}   {low:.2f}-{high:.2f}      {lazy:>5}       "
                     f"{sum(m > 0 for m in met):>5}           {sorted(met)[len(met) // 2]:>5}")
    lines.append("Exact chance of a jackpot in one episode, ε-greedy around a team that is lazy in branch (0, 0), and "
                 "in (1, 1):")
    found = stored["chance"]
    lines += [f"  ε = {e:<5} {first:.2e}   {second:.2e}" for e, first, second in zip(*found.values())]
    return lines + ["The authors' code runs 105,000 steps with 16 latents; their figure was not read, so no number is "
                    "compared."]


def figure(stored: dict):
    seeds = len(stored["settings"]["seeds"])
    shares = {title: solved(stored, name) / seeds for name, title in stored["ways"].items()}
    intervals = {title: success_interval(solved(stored, name), seeds) for name, title in stored["ways"].items()}
    return plots.bars(shares, f"The {stored['settings']['steps']}-step game: who reaches the jackpot?",
                      f"share of {seeds} seeds that end there, with its 95% interval", intervals=intervals)
