"""Part III's worlds: QMIX, VDN, IQL, QPLEX and OW-QMIX in six tasks, all with the same settings, beside what needs no
training and what is published.

Every run has a folder below build/worlds (see qmix_course.experiment): one that is finished is not made again, and one
that was killed goes on where it was. A world whose package is missing is left out, and what is stored of it stays.
``--quick``: two seeds and an eighth of the steps, for a look; it is not stored.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from benchmarks.tables import teams, worlds_rules
from qmix_course import data, experiment, plots
from qmix_course.choices import make_env, make_run
from qmix_course.envs import TeamEnv
from qmix_course.envs.skirmish_scripts import ScriptedTeam
from qmix_course.evaluation import evaluate
from qmix_course.intervals import bootstrap, iqm
from qmix_course.plan import Plan
from qmix_course.teams import load_team

NAME, TITLE = "worlds", "Part III's worlds: greedy returns, five seeds"
SEEDS, EPISODES = range(5), 256
WAYS = ("qmix", "vdn", "iql", "qplex", "ow-qmix")
QUICK = {"seeds": range(2), "steps": 8}             # so many seeds, and steps divided by this
FOLDER = Path(__file__).parents[2] / "build" / "worlds"
DTYPE = "float32"

# What the worlds have in common; each changes what it names.
COMMON = {"num_envs": 32, "capacity": 50_000, "batch_size": 128, "learning_starts": 2_000, "update_every": 16,
          "learning_rate": 1e-3, "tau": 0.02, "evaluation_episodes": 32, "gamma": 0.9, "double_q": True,
          "hidden": [128, 128]}
FORAGING = {"gamma": 0.95, "learning_rate": 5e-4, "tau": 0.01, "capacity": 100_000, "epsilon_steps": 60_000,
            "evaluate_every": 10_000}
BATTLE = {"gamma": 0.99, "hidden": [64, 64], "shared": True, "update_every": 32, "epsilon_steps": 60_000,
          "evaluate_every": 10_000}
EPYMARL = "EPyMARL (Papoudakis et al. 2021, arXiv 2006.07869)"
JAXMARL = "JaxMARL (Rutherford et al. 2024, arXiv 2311.10090)"


@dataclass(frozen=True)
class World:
    """One task: its name in ``choices.make_env``, the package that it needs, what is trained, what is beside it.

    ``rules``: a name for each function of the environment that makes what ``evaluate`` plays. ``full``: a return above
    it is a battle that was won. ``published``: figures of others, or why there are none to hold ours against.
    """

    env: str
    title: str
    steps: int
    settings: dict
    rules: dict[str, Callable]
    published: str
    package: str | None = None
    full: float | None = None


# EPyMARL's returns in simple_spread, and half the width of their intervals (Table 3 of arXiv 2006.07869).
SPREAD = {"QMIX": (-126.62, 2.96), "VDN": (-131.03, 1.85), "IQL": (-132.63, 2.22)}


def in_mpe2s_units(published: float, steps: int = 25) -> float:
    """A return of EPyMARL's simple_spread as mpe2 would pay it to the team.

    At each step mpe2 pays G / 2 − C / 6 in the mean: G is minus the distance of each landmark from whoever is nearest,
    C counts collisions, once for each of the two. EPyMARL's own fork of the older package pays every agent the sum over
    all of G minus its collisions, one of them with itself: 3 G − C − 3. (What its paper prints is a mean over the
    agents, says its issue 29.) The fork moves agents by their new velocity, mpe2 by the one before: nearly the same.
    """
    return (published + 3 * steps) / 6


def _rule(actions: Callable) -> Callable:
    return lambda env: lambda obs, available: actions(obs)


WORLDS = {
    "speaker": World(
        "qmix_course.envs:SpeakerListener", "speaker and listener", 128_000,
        {"learning_starts": 500, "epsilon_steps": 16_000, "evaluate_every": 8_000},
        {"told the goal": _rule(worlds_rules.told_the_goal)},
        f"{EPYMARL} has this task in an older version, which pays each agent twice as much; its figure: not found. "
        f"{JAXMARL}: not found"),
    "lbf_5x5": World(
        "lbf:Foraging-5x5-2p-1f-v3", "LBF 5x5-2p-1f", 120_000, FORAGING,
        {"told together": _rule(partial(worlds_rules.fetch_together, size=5))},
        f"{EPYMARL} has other LBF tasks, not this one", "lbforaging"),
    "lbf_5x5_coop": World(
        "lbf:Foraging-5x5-2p-1f-coop-v3", "LBF 5x5-2p-1f-coop", 120_000, FORAGING,
        {"told together": _rule(partial(worlds_rules.fetch_together, size=5))},
        f"{EPYMARL} has 8x8-2p-2f-coop, not this one; its figure: not found. With the settings of here QMIX learned "
        "nothing of that one in 160,000 steps (0.00, one seed)", "lbforaging"),
    "smax_3m": World(
        "smax:3m", "SMAX 3m", 160_000, BATTLE,
        {"weakest": lambda env: worlds_rules.RuleTeam(env.spec, worlds_rules.shoot_the_weakest)},
        f"{JAXMARL} made SMAX; a figure for 3m: not found", "jaxmarl", full=1.5),
    "spread": World(
        "pettingzoo:mpe2.simple_spread_v3", "simple_spread", 48_000,
        {"shared": True, "epsilon_steps": 24_000, "evaluate_every": 4_000},
        {"a landmark each": _rule(worlds_rules.one_landmark_each)},
        f"{EPYMARL}, Table 3, 2M steps, highest mean return on the way, 5 seeds, ± 95%: "
        + "; ".join(f"{way} {mean} ± {half}, here {in_mpe2s_units(mean):.1f} ± {half / 6:.1f}"
                    for way, (mean, half) in SPREAD.items())
        + " (see in_mpe2s_units)", "mpe2"),
    "skirmish_5m_vs_6m": World(
        "skirmish:5m_vs_6m", "Skirmish 5m_vs_6m", 80_000, BATTLE | {"epsilon_steps": 30_000},
        {rule: partial(ScriptedTeam, rule=rule) for rule in ("nearest", "weakest", "kite")},
        "none: the world is this course's own", full=19.0),
}


def plan(name: str, quick: bool = False) -> Plan:
    """What is trained in one world."""
    world = WORLDS[name]
    steps, seeds = (world.steps // QUICK["steps"], QUICK["seeds"]) if quick else (world.steps, SEEDS)
    return Plan(world.env, WAYS, seeds, steps, settings=COMMON | world.settings, dtype=DTYPE)


def missing(name: str) -> bool:
    package = WORLDS[name].package
    return package is not None and find_spec(package) is None


def run(name: str, choices: dict, folder: str) -> dict:
    """One run, from wherever ``folder`` has it: its curve, and what its team does in the end."""
    _, error = experiment.train_run(choices, folder, sweeper=0)     # 0: it stops if the process that asked for it dies
    place = Path(folder) / "runs" / choices["name"]
    if error is not None:
        raise RuntimeError(f"{place}: {error}")
    if not (place / "played.json").exists():
        env, team, _ = _with_dtype(make_run, choices)
        played = _told(name, _with_dtype(env.clone, EPISODES), load_team(place / "team.pt", team))
        (place / "played.json").write_text(json.dumps(played), encoding="utf-8")
    with open(place / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {"world": name, "way": choices["algorithm"], "seed": choices["seed"],
            "steps": [int(row["steps"]) for row in rows],
            "greedy": [round(float(row["greedy_return"]), 4) for row in rows], "seconds": float(rows[-1]["seconds"]),
            **json.loads((place / "played.json").read_text(encoding="utf-8"))}


def by_hand(name: str) -> dict:
    """What a team that draws and the rules do in the episodes on which the trained teams are judged."""
    world, env = WORLDS[name], _with_dtype(make_env, WORLDS[name].env, EPISODES)
    makers = {"random": lambda env: worlds_rules.draws(env.spec)} | world.rules
    return {"world": name, "rules": {rule: _told(name, env, make(env)) for rule, make in makers.items()}}


def _with_dtype(function, *arguments, **options):
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, DTYPE))
    try:
        return function(*arguments, **options)
    finally:
        torch.set_default_dtype(before)


def _told(name: str, env: TeamEnv, team) -> dict:
    """What a team does in one greedy episode in each row."""
    played, full = _with_dtype(evaluate, env, team, seed=1), WORLDS[name].full
    won = {} if full is None else {"won": float((played.returns > full).double().mean())}
    return {"return": round(played.mean_return, 4), "length": round(played.mean_length, 2)} | won


def tasks(quick: bool = False, folder: Path | None = None) -> list[tuple]:
    folder = str(folder or FOLDER)
    found = []
    for name, world in WORLDS.items():
        if missing(name):
            print(f"{world.title} is left out: {world.package} is not installed; what is stored of it stays")
            continue
        found += [(by_hand, (name,))] + [(run, (name, each, folder)) for each in plan(name, quick).runs()]
    return found


def collect(results: list[dict]) -> dict:
    """What was found, and of the worlds that were left out what was stored before."""
    try:
        old = data.load(NAME)["worlds"]
    except FileNotFoundError:
        old = {}
    worlds = {}
    for name, world in WORLDS.items():
        mine = [each for each in results if each["world"] == name]
        if not mine:
            worlds |= {name: old[name]} if name in old else {}
            continue
        rules = next(each["rules"] for each in mine if "rules" in each)
        runs = {way: [{key: value for key, value in each.items() if key not in ("world", "way")}
                      for each in mine if each.get("way") == way] for way in WAYS}
        worlds[name] = {"title": world.title, "env": world.env, "date": date.today().isoformat(),
                        "torch": torch.__version__.split("+")[0], "steps": runs[WAYS[0]][0]["steps"][-1],
                        "settings": COMMON | world.settings, "published": world.published, "rules": rules, "runs": runs}
    every = [each for world in worlds.values() for runs in world["runs"].values() for each in runs]
    return {"core_seconds": round(sum(each["seconds"] for each in every)),      # those of earlier days count too
            "settings": {"episodes": EPISODES, "dtype": DTYPE}, "worlds": worlds}


def scores(runs: list[dict], key: str = "return") -> list[float]:
    return [each[key] for each in runs]


def best_rule(world: dict) -> str:
    """The rule that wins most often, of equals the one that is worth most."""
    return max((rule for rule in world["rules"] if rule != "random"),
               key=lambda rule: (world["rules"][rule].get("won", 0.0), world["rules"][rule]["return"]))


def show(stored: dict) -> list[str]:
    settings = stored["settings"]
    lines = [f"return of {settings['episodes']} greedy episodes after the last step, {settings['dtype']}: interquartile"
             " mean, 95% interval (bootstrap over seeds), all seeds; in battles also the share won",
             "expected: above random everywhere; published figures stand below each world"]
    for world in stored["worlds"].values():
        lines.append(f"{world['title']}: {world['steps']:,} steps, seeds {scores(world['runs'][WAYS[0]], 'seed')}, "
                     f"made on {world['date']}")
        for rule, found in world["rules"].items():
            lines.append(f"  {rule:16}{found['return']:8.2f}" + (f"{'':26}won {found['won']:.2f}" if "won" in found
                                                                 else ""))
        for way, runs in world["runs"].items():
            got = scores(runs)
            low, high = bootstrap(got)
            line = (f"  {_name(way):16}{iqm(got):8.2f}  {low:8.2f} to {high:6.2f}  "
                    + "".join(f"{each:8.2f}" for each in sorted(got)))
            if "won" in runs[0]:
                line += "   won " + " ".join(f"{each:.2f}" for each in sorted(scores(runs, "won")))
            lines.append(line)
        lines.append(f"  published: {world['published']}")
    return lines


def markdown(stored: dict) -> str:
    """The table of benchmarks/README.md: interquartile means and, in brackets, their 95% intervals."""
    lines = ["| world, steps | random | by hand | " + " | ".join(_name(way) for way in WAYS) + " |",
             "|---|" + "---:|" * (2 + len(WAYS))]
    for world in stored["worlds"].values():
        by_hand = world["rules"][best_rule(world)]
        cells = [f"{world['title']}, {world['steps']:,}", _cell(world["rules"]["random"]), _cell(by_hand)]
        for runs in (world["runs"][way] for way in WAYS):
            low, high = bootstrap(scores(runs))
            won = {"won": iqm(scores(runs, "won"))} if "won" in by_hand else {}
            cells.append(_cell({"return": iqm(scores(runs))} | won) + f" ({low:.2f} to {high:.2f})")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _name(way: str) -> str:
    return teams.NAMES[way.replace("-", "_")]


def _cell(found: dict) -> str:
    return f"{found['return']:.2f}" + (f", won {found['won']:.2f}" if "won" in found else "")


def curve(runs: list[dict]) -> tuple:
    """Steps, interquartile mean over the seeds, and the ends of its 95% interval."""
    values = np.array([each["greedy"] for each in runs])                    # [seeds, entries]
    ends = [bootstrap(column, samples=500) for column in values.T]
    return runs[0]["steps"], iqm(values.T), [low for low, _ in ends], [high for _, high in ends]


def figure(stored: dict):
    worlds = stored["worlds"]
    figure, axes = plots.panels(-(-len(worlds) // 2), 2, size=(10.5, 3.4 * -(-len(worlds) // 2)), title=TITLE,
                                squeeze=False)
    for ax, world in zip(axes.ravel(), worlds.values()):
        plots.bands({_name(way): curve(runs) for way, runs in world["runs"].items()}, world["title"], "steps",
                    "greedy return", ax=ax)
        rule = best_rule(world)
        for name, style in ((rule, (0, (4, 3))), ("random", ":")):
            ax.axhline(world["rules"][name]["return"], color="#444444", linestyle=style, linewidth=1.2, label=name)
        ax.legend(loc="best", fontsize=8)
    for ax in axes.ravel()[len(worlds):]:
        ax.remove()
    return figure
