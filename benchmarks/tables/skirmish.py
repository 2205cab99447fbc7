"""Skirmish: how often do trained teams win, over seeds, and what have they learned to do? Beside rules of thumb."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import torch

from benchmarks.tables import teams
from qmix_course import plots
from qmix_course.envs import Skirmish
from qmix_course.envs.skirmish_scripts import RULES, ScriptedTeam
from qmix_course.envs.skirmish_watch import deeds, watch
from qmix_course.evaluation import evaluate
from qmix_course.training import TrainConfig, train

NAME, TITLE = "skirmish", "Skirmish: how often the team wins, five seeds"
SEEDS, BATTLES = range(5), 200
CONFIG = TrainConfig(total_steps=80_000, capacity=50_000, batch_size=128, learning_starts=2_000, update_every=32,
                     learning_rate=1e-3, tau=0.02, epsilon_steps=30_000, evaluate_every=10_000)
TEAM = {"shared": True, "double_q": True}
LONG = replace(CONFIG, total_steps=160_000, evaluate_every=20_000, epsilon_steps=60_000)
# scenario → its settings, and who is trained there
RUNS = {"3m": (CONFIG, ("qmix", "vdn", "iql")), "3s_vs_3z": (LONG, ("qmix",))}


def run(scenario: str, name: str, seed: int) -> dict:
    """The share of battles won at each evaluation, and what the team does at the end. In float32, which is faster."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        env, many = Skirmish(scenario, num_envs=32), Skirmish(scenario, num_envs=BATTLES)
        team, won = teams.make(name, env, seed, **TEAM), []
        history = train(env, team, replace(RUNS[scenario][0], seed=seed), on_evaluation=lambda _: won.append(
            float(many.won(evaluate(many, team, seed=1).returns).double().mean())))
        return {"steps": history.steps, "won": won, "deeds": asdict(deeds(watch(many, team, seed=2)))}
    finally:
        torch.set_default_dtype(before)


def scripted(scenario: str, rule: str) -> dict:
    """What a rule of thumb does in the battles on which the trained teams are counted."""
    env = Skirmish(scenario, num_envs=BATTLES)
    return {"deeds": asdict(deeds(watch(env, ScriptedTeam(env, rule), seed=2)))}


def tasks() -> list[tuple]:
    return ([(run, (scenario, name, seed)) for scenario, (_, ways) in RUNS.items() for name in ways for seed in SEEDS]
            + [(scripted, (scenario, rule)) for scenario in RUNS for rule in RULES])


def collect(results: list[dict]) -> dict:
    found = iter(results)
    runs = {scenario: {name: [next(found) for _ in SEEDS] for name in ways} for scenario, (_, ways) in RUNS.items()}
    rules = {scenario: {rule: next(found) for rule in RULES} for scenario in RUNS}
    return {"settings": {"seeds": list(SEEDS), "battles": BATTLES, "dtype": "float32", "num_envs": 32,
                         "config": {scenario: asdict(config) for scenario, (config, _) in RUNS.items()},
                         "team": TEAM},
            "runs": runs, "rules": rules}


def rate(run: dict) -> float:
    """The share of battles won by the team as it was after the last step."""
    return run["deeds"]["wins"] / run["deeds"]["battles"]


def counted(runs: list[dict]) -> dict:
    """The deeds of several teams added up, as what a reader wants to know."""
    total = {key: sum(run["deeds"][key] for run in runs) for key in runs[0]["deeds"]}
    return {"shots a kill": total["shots"] / max(total["kills"], 1), "fallen": total["fallen"] / total["battles"],
            "wasted": total["wasted"] / max(total["dealt"] + total["wasted"], 1),
            "focused": total["focused"] / max(total["volleys"], 1)}


def show(stored: dict) -> list[str]:
    lines = [f"share of {BATTLES} battles won after the last step, {len(SEEDS)} seeds in order; then shots for each"
             " kill, units lost in a battle, damage wasted, volleys at one target",
             "expected: no published figures, the world is this course's own; VDN and QMIX above every rule on 3m"]
    for scenario, ways in stored["runs"].items():
        lines.append(f"{scenario}, {stored['settings']['config'][scenario]['total_steps']:,} steps")
        rows = {teams.NAMES[name]: runs for name, runs in ways.items()}
        rows |= {f"rule: {rule}": [found] for rule, found in stored["rules"][scenario].items()}
        for title, runs in rows.items():
            told = counted(runs)
            lines.append(f"  {title:14}" + "".join(f"{value:6.2f}" for value in sorted(map(rate, runs))).ljust(32)
                         + f"{told['shots a kill']:8.1f}{told['fallen']:7.2f}{told['wasted']:7.1%}"
                           f"{told['focused']:7.0%}")
    return lines


def figure(stored: dict):
    figure, axes = plots.panels(1, len(stored["runs"]), size=(9.5, 4.2), title=TITLE)
    for ax, (scenario, ways) in zip(np.ravel(axes), stored["runs"].items()):
        values = {teams.NAMES[name]: list(map(rate, runs)) for name, runs in ways.items()}
        values |= {f"rule: {rule}": [rate(found)] for rule, found in stored["rules"][scenario].items()}
        plots.bars(values, title=scenario, xlabel="share of battles won, one dot for each seed", dots=True, ax=ax)
        ax.set_xlim(0, 1.12)
    return figure
