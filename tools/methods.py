"""Write the measured part of docs/methods.md from the stored results: ``python tools/methods.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from qmix_course import algorithms, data, process
from qmix_course.envs import GridWorld
from qmix_course.intervals import iqm
from tools.notebooks import ROOT

PAGE = ROOT / "docs" / "methods.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
METHODS = {"iql": "IQL", "vdn": "VDN", "qmix": "QMIX", "cw_qmix": "CW-QMIX", "ow_qmix": "OW-QMIX", "qplex": "QPLEX",
           "qtran": "QTRAN", "maven": "MAVEN"}
GAMES = {"climbing": "climbing", "penalty": "penalty", "qtran": "QTRAN's game", "qplex1": "QPLEX's first game",
         "qplex3": "QPLEX's third game", "two_optima": "two optima"}
NOT_RUN = "–"


def measured() -> str:
    """Everything between the two marks."""
    return "\n\n".join([_games(), _others(), _worlds(), _costs()])


def _table(head: list[str], rows: list[list]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _games() -> str:
    """Seeds whose greedy joint action is a best one."""
    games, rows = data.load("games")["games"], []
    for method, name in METHODS.items():
        row = []
        for game in GAMES:
            run, payoff = games[game]["runs"][method], np.array(games[game]["payoff"])
            row.append(sum(payoff[tuple(joint)] == games[game]["best"] for joint in run["joint"]))
        rows.append([name, *row])
    seeds = len(data.load("games")["settings"]["seeds"])
    return (f"**One-shot games**, uniform data: in how many of {seeds} seeds the greedy joint action is a best one "
            f"(lessons 11 to 15).\n\n" + _table(["", *GAMES.values()], rows))


def _others() -> str:
    """Seeds that end at the best return, elsewhere."""
    two, cue, prey, m = (data.load(name) for name in ("two_step", "memory", "predator_prey", "m_step"))
    rows = []
    for method, name in METHODS.items():
        row = [_share(two["runs"].get(method, {}).get("greedy_return"), 8),
               _share(cue["runs"].get(method), cue["best"])]
        row += [_median(prey["runs"][punishment].get(method)) for punishment in prey["runs"]]
        explored = {"qmix": "short", "maven": "maven"}.get(method)
        row.append(_share([run[-1] for run in m["runs"][explored]["greedy_return"]] if explored else None, m["best"]))
        rows.append([name, *row])
    head = ["", "two-step game", "cue, GRU agents", *[f"predator–prey, punishment {p}".replace("-", "−", 1)
                                                      if p != "0" else "predator–prey" for p in prey["runs"]],
            "m-step game"]
    about = ("**Games of several steps**: in how many seeds the best return is reached; in predator–prey the median "
             f"greedy return of {len(prey['settings']['seeds'])} seeds, where {prey['best_return']:g} is the best "
             "(lessons 04, 12, 13 and 16). In the m-step game QMIX explores with ε from 1 to 0.05 in 500 steps.")
    return f"{about}\n\n{_table(head, rows)}"


def _worlds() -> str:
    """The interquartile mean over the seeds, beside play by chance and by a rule that somebody wrote."""
    worlds, rows = data.load("worlds")["worlds"].values(), []
    for method, name in METHODS.items():
        runs = [world["runs"].get(method.replace("_", "-")) for world in worlds]
        if all(runs):
            rows.append([name, *(_number(iqm([run["return"] for run in each])) for each in runs)])
    rules = [{name: found["return"] for name, found in world["rules"].items()} for world in worlds]
    rows += [["random", *(_number(each["random"]) for each in rules)],
             ["best rule", *(_number(max(each.values())) for each in rules)]]
    return ("**Part III's worlds**: returns of greedy episodes, the interquartile mean over five seeds; the budget, "
            "the intervals and the curves are on the results page, `benchmarks/README.md` (lessons 17 and 19).\n\n"
            + _table(["", *(world["title"] for world in worlds)], rows))


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _share(returns: list | None, best: float) -> str:
    if returns is None:
        return NOT_RUN
    return f"{sum(each >= best - 1e-6 for each in returns)} of {len(returns)}"


def _median(run: dict | None) -> str:
    return NOT_RUN if run is None else f"{np.median(run['greedy_return']):.1f}".replace("-", "−")


def _costs() -> str:
    """How many numbers each learns, on the grid world, and beside its agents."""
    env, rows = GridWorld(), []
    for name in METHODS.values():
        team = getattr(algorithms, name.replace("-", "")).for_env(env)
        agents, total = (sum(w.numel() for w in part.parameters()) for part in (team.agents, team))
        rows.append([name, f"{agents:,}", f"{total - agents:,}"])
    return ("**What each one has to learn**, on the 5×5 grid world with the default sizes, in numbers.\n\n"
            + _table(["", "agents", "everything else, in training only"], rows))


def page() -> str:
    """docs/methods.md as it must be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{measured()}\n\n{END}{after}"


if __name__ == "__main__":
    process.forgive_output()
    PAGE.write_text(page(), encoding="utf-8")
