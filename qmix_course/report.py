"""What a sweep found, told honestly: tables and figures with the number of runs beside every number."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np

from qmix_course import errors, plots
from qmix_course.experiment import read_results
from qmix_course.intervals import bootstrap, improvement, iqm, profile
from qmix_course.plan import Plan

MANY = 8                        # teams that are compared pair by pair; of more, each is compared with the first
FEW = 5                         # runs below which an interval is said to promise too much
EVERYTHING = "all tasks"


def write_report(folder: str | Path, samples: int = 2_000) -> str:
    """Read what ``sweep`` wrote into ``folder``; write report.md and its figures beside it, and return the text.

    The score of a run is the greedy return of its last evaluation, never the best one on the way. For each environment:
    interquartile means with 95% intervals (bootstrap over runs, ``samples`` draws, seeded), the curves, the performance
    profile, the probability of improvement. Where the plan says of all environments what counts as 0 and 1 (``scale``),
    also over all of them, stratified.
    """
    samples = errors.whole_number("samples", samples, at_most=1_000_000)
    rows, folder = read_results(folder), Path(folder)
    plan = _plan(folder)
    teams = team_names(plan)
    wanted = list(itertools.product(plan["env"], teams, plan["seeds"]))
    odd = {_run(row) for row in rows if not math.isfinite(row["greedy_return"])}
    rows = [row for row in rows if _run(row) in wanted and _run(row) not in odd]
    if not rows:
        raise ValueError(f"folder: no run in {folder} has finished, so there is nothing to report" if not odd else
                         f"folder: every run in {folder} that has finished has a return that is no finite number")
    scores = last_scores(rows, teams)
    text = ["# Results", "A run's score is the greedy return of its last evaluation, not the best on the way.",
            *_reservations(rows, plan, teams, wanted, odd)]
    for number, env in enumerate(scores):
        curves = {team: _curve([row for row in rows if row["env"] == env and _team(row, teams) == team], samples)
                  for team in scores[env]}
        figure = plots.bands(curves, f"{env}: interquartile mean and 95% interval", "environment steps",
                             "greedy return")
        part = _section(folder, f"{number}-{_slug(env)}", env, {team: [each] for team, each in scores[env].items()},
                        len(plan["seeds"]), samples, figure)
        if env in plan["scale"]:
            low, high = plan["scale"][env]
            part.insert(2, f"By the plan's scale {_n(low)} counts as 0 here, and {_n(high)} as 1.")
        text += part
    if len(scores) > 1 and set(scores) <= set(plan["scale"]):
        text += _section(folder, EVERYTHING.replace(" ", "-"), EVERYTHING, _together(scores, plan["scale"]),
                         len(plan["seeds"]) * len(scores), samples)
    (folder / "report.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")
    return "\n\n".join(part for part in text if not part.startswith("!"))


def _plan(folder: Path) -> dict:
    """The plan that the sweep in ``folder`` was last called with."""
    path = folder / "plan.json"
    if not path.is_file():
        raise FileNotFoundError(f"folder: {folder} holds no plan.json; a sweep writes it")
    try:
        return asdict(Plan(**json.loads(path.read_text(encoding="utf-8"))))
    except (TypeError, ValueError) as error:
        raise ValueError(f"folder: {path} does not hold a sweep's plan ({error})") from error


def team_names(plan: dict) -> dict[tuple[str, str], str]:
    """What each (algorithm, variant) of a plan is called: without the variant where there is only one."""
    alone = len(plan["variants"]) == 1
    return {(algorithm, variant): algorithm if alone else f"{algorithm}, {variant}"
            for algorithm in plan["algorithm"] for variant in plan["variants"]}


def last_scores(rows: list[dict], teams: dict | None = None) -> dict[str, dict[str, list[float]]]:
    """For each environment and team, the greedy return of every run's last evaluation, in the order of the seeds."""
    last = {}
    for row in rows:
        last[row["env"], _team(row, teams), row["seed"]] = row["greedy_return"]
    scores = {}
    for (env, team, _), score in sorted(last.items(), key=lambda each: each[0][2]):
        scores.setdefault(env, {}).setdefault(team, []).append(score)
    order = list(dict.fromkeys((row["env"], _team(row, teams)) for row in rows))
    return {env: {team: scores[env][team] for other, team in order if other == env}
            for env in dict.fromkeys(env for env, _ in order)}


def _run(row: dict) -> tuple:
    """Which run of the plan a row belongs to."""
    return row["env"], (row["algorithm"], row["variant"]), row["seed"]


def _team(row: dict, teams: dict | None) -> str:
    key = row["algorithm"], row["variant"]
    return (teams or {}).get(key, f"{key[0]}, {key[1]}")


def _curve(rows: list[dict], samples: int) -> tuple:
    """x, middle, low and high of one team, as far as all of its runs go."""
    runs = {}
    for row in rows:
        runs.setdefault(row["seed"], []).append(row)
    length = min(map(len, runs.values()))
    steps = [row["steps"] for row in next(iter(runs.values()))[:length]]
    returns = np.array([[row["greedy_return"] for row in run[:length]] for run in runs.values()])      # [runs, entries]
    ends = [bootstrap(column, samples=min(samples, 500)) for column in returns.T]
    return steps, iqm(returns.T), [low for low, _ in ends], [high for _, high in ends]


def _together(scores: dict, scale: dict) -> dict[str, list[np.ndarray]]:
    """Of the teams that have runs in every environment, the scores with 0 and 1 where the plan puts them."""
    found = {}
    for env, (low, high) in ((env, scale[env]) for env in scores):
        for team, each in scores[env].items():
            found.setdefault(team, []).append((np.array(each) - low) / (high - low))
    return {team: tasks for team, tasks in found.items() if len(tasks) == len(scores)}


def _reservations(rows: list[dict], plan: dict, teams: dict, wanted: list, odd: set) -> list[str]:
    """What a reader must know before believing a number. ``wanted``: the plan's runs; ``odd``: those left out."""
    said = []
    there = {_run(row): row["steps"] for row in rows}
    for why, runs in (("failed, or not yet done", [run for run in wanted if run not in there and run not in odd]),
                      ("a return of theirs is no finite number", [run for run in wanted if run in odd])):
        if runs:
            named = ", ".join(sorted({f"{teams[team]} on {env}" for env, team, _ in runs}))
            said.append(f"**{len(runs)} of {len(wanted)} runs are missing** ({why}): {named}. Those that are left may "
                        "be the lucky ones.")
    for env in plan["env"]:
        budgets = {}
        for (where, team, _), steps in there.items():
            if where == env:
                budgets.setdefault(steps, teams.get(team, str(team)))
        if len(budgets) > 1:
            said.append(f"**Budgets differ on {env}**: " + ", ".join(f"{team} {steps:,} steps"
                                                                    for steps, team in sorted(budgets.items())) + ".")
    if len(plan["seeds"]) < FEW:
        said.append(f"**{len(plan['seeds'])} seed{'s' * (len(plan['seeds']) > 1)}**: an interval from so few runs is "
                    "too narrow, as none of the runs that were not made can be drawn.")
    return said


def _section(folder: Path, stem: str, title: str, teams: dict, planned: int, samples: int, curves=None) -> list[str]:
    """Tables and figures of one environment, or of all: ``teams`` has a list of scores for each task."""
    rows, middles, ends = [], {}, {}
    for team, tasks in teams.items():
        every = np.concatenate(tasks)
        middles[team], ends[team] = iqm(every), bootstrap(tasks, samples=samples)
        low, high = ends[team]
        rows.append([team, f"{len(every)} of {planned}", _n(middles[team]), f"{_n(low)} to {_n(high)}",
                     _n(np.median(every)), f"{_n(every.min())} to {_n(every.max())}"])
    text = [f"## {title}", _markdown(["team", "runs", "interquartile mean", "95% interval", "median", "all"], rows)]
    # percentile ends need not surround the middle when runs are few; a bar's must
    around = {team: (min(ends[team][0], middles[team]), max(ends[team][1], middles[team])) for team in ends}
    figures = {"scores": plots.bars(middles, f"{title}: interquartile mean and 95% interval", "last greedy return"
                                    if curves else "scaled score", intervals=around, dots=True)}
    if curves:
        figures["curves"] = curves
    thresholds = np.linspace(*_range(teams), 101)
    shares = {team: (thresholds, profile(np.concatenate(tasks), thresholds),
                     *bootstrap(tasks, lambda drawn: profile(drawn, thresholds), samples=min(samples, 500)))
              for team, tasks in teams.items()}
    figures["profile"] = plots.bands(shares, f"{title}: share of runs above a score", "score",
                                     "share of runs above it", steps=True)
    pairs = list(itertools.combinations(teams, 2)) if len(teams) <= MANY else [
        (team, next(iter(teams))) for team in list(teams)[1:]]
    better = {f"{one} over {other}": improvement(teams[one], teams[other], samples) for one, other in pairs}
    if better:
        text += ["Probability that a run of the one scores higher than a run of the other (a tie counts half):",
                 _markdown(["", "probability", "95% interval"],
                           [[name, f"{p:.2f}", f"{low:.2f} to {high:.2f}"] for name, (p, low, high) in better.items()])]
    for name, figure in figures.items():
        file = f"{stem}-{name}.png"
        figure.savefig(folder / file, bbox_inches="tight")
        text.append(f"![{repr(figure).removeprefix('Figure: ')}]({file})")
    return text


def _range(teams: dict) -> tuple[float, float]:
    every = np.concatenate([np.concatenate(tasks) for tasks in teams.values()])
    low, high = every.min(), every.max()
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _n(value: float) -> str:
    return f"{value:.4g}"


def _slug(text: str) -> str:
    return "".join(each if each.isalnum() else "_" for each in text)
