"""The cue task: which teams learn what to do late from what they saw early? Agents with and without memory, 20 seeds.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import torch

from benchmarks.tables import teams
from qmix_course import exact, plots
from qmix_course.algorithms import QMIX, Algorithm
from qmix_course.envs import Cue, TeamSpec
from qmix_course.evaluation import evaluate, success_interval
from qmix_course.mixers import QMixer
from qmix_course.training import TrainConfig, train

NAME, TITLE = "memory", "The cue task: greedy return, 20 seeds"
SEEDS = range(20)
CONFIG = TrainConfig(total_steps=8_000, capacity=2_000, batch_size=64, update_every=32, learning_rate=1e-2, tau=0.05,
                     epsilon_steps=5_000, evaluate_every=8_000, evaluation_episodes=2)
REMEMBERS, SMALL_MIXER = {"recurrent": True, "hidden": 16}, {"embed_dim": 8, "hypernet_dim": 16}
# name → what it is called, the algorithm, the agents
WAYS = {
    "vdn_forgets": ("VDN, no memory", "vdn", {"hidden": (32,)}),
    "iql": ("IQL, memory", "iql", REMEMBERS),
    "vdn": ("VDN, memory", "vdn", REMEMBERS),
    "vdn_separate": ("VDN, memory, a network each", "vdn", REMEMBERS | {"shared": False, "agent_id": False}),
    "vdn_nameless": ("VDN, memory, shared without ids", "vdn", REMEMBERS | {"agent_id": False}),
    "qmix": ("QMIX, memory", "qmix", REMEMBERS | SMALL_MIXER),
    "qmix_no_cue": ("QMIX, memory, mixer without cue", "qmix_no_cue", REMEMBERS | SMALL_MIXER),
}


class NoCueMixer(QMixer):
    """A ``QMixer`` that is told the step and not the cue: the state's two halves, one a cue, are added up."""

    def mix(self, agent_qs: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        step = sum(state.chunk(2, 1))
        return super().mix(agent_qs, torch.cat([step, torch.zeros_like(step)], 1))


class NoCueQMIX(QMIX):
    """QMIX with that mixer."""

    def __init__(self, spec: TeamSpec, embed_dim: int, hypernet_dim: int, **options):
        super().__init__(spec, embed_dim, hypernet_dim, **options)
        self.mixer = NoCueMixer(spec.n_agents, spec.state_dim, embed_dim, hypernet_dim)


def make(algorithm: str, env: Cue, seed: int, options: dict) -> Algorithm:
    if algorithm == "qmix_no_cue":
        return NoCueQMIX.for_env(env, seed=seed, **options)
    return teams.make(algorithm, env, seed, **options)


def run(name: str) -> list[float]:
    """Every seed's exact greedy return after the last step: one episode for each cue."""
    _, algorithm, options = WAYS[name]
    env, cues, returns = Cue(num_envs=32), torch.tensor([0, 1]), []
    for seed in SEEDS:
        team = make(algorithm, env, seed, options)
        train(env, team, replace(CONFIG, seed=seed))
        returns.append(evaluate(Cue(num_envs=2), team, cues=cues).mean_return)
    return returns


def tasks() -> list[tuple]:
    return [(run, (name,)) for name in WAYS]


def collect(results: list[list[float]]) -> dict:
    return {"settings": {"seeds": list(SEEDS), "num_envs": 32, "config": asdict(CONFIG)},
            "best": exact.solve(Cue()).best_return,
            "best_memoryless": exact.best_memoryless(Cue())[0], "ways": {name: way[0] for name, way in WAYS.items()},
            "runs": dict(zip(WAYS, results))}


def solved(stored: dict, name: str) -> int:
    """In how many seeds the team is right about both cues."""
    return sum(value == stored["best"] for value in stored["runs"][name])


def show(stored: dict) -> list[str]:
    lines = [f"best with memory {stored['best']:g}, best without {stored['best_memoryless']:g} (both exact)"]
    for name, title in stored["ways"].items():
        count, seeds = solved(stored, name), len(stored["runs"][name])
        low, high = success_interval(count, seeds)
        lines.append(f"{title:34} right about both cues in {count:>2} of {seeds} seeds   {low:.2f}-{high:.2f}   "
                     f"highest return {max(stored['runs'][name]):g}")
    return lines


def figure(stored: dict):
    seeds = len(stored["settings"]["seeds"])
    intervals = {title: success_interval(solved(stored, name), seeds) for name, title in stored["ways"].items()}
    shares = {title: solved(stored, name) / seeds for name, title in stored["ways"].items()}
    return plots.bars(shares, "The cue task: who learns both cues?", f"share of {seeds} seeds, with its 95% interval",
                      intervals=intervals)
