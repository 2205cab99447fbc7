"""make tables: ``python -m benchmarks.tables [NAME ...]``: what the lessons of Parts II and III show of many seeds.

Runs the pieces of all tables on JOBS processes (default 2) of one thread each, writes qmix_course/data/NAME.json
(package data, so that the lessons have it in Colab too) and docs/tables/NAME.png, and prints expected, got and source.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"        # before torch is imported, here and in the processes
os.environ["QMIX_COURSE_PROGRESS"] = "0"

import torch  # noqa: E402
from tqdm import tqdm  # noqa: E402

import qmix_course  # noqa: E402
from benchmarks.tables import (  # noqa: E402
    formation,
    games,
    m_step,
    memory,
    predator_prey,
    skirmish,
    teams,
    two_step,
    worlds,
)
from qmix_course import plots, process  # noqa: E402

# the longest first
TABLES = {table.NAME: table for table in (worlds, skirmish, formation, predator_prey, m_step, memory, games, two_step)}
DATA = Path(qmix_course.__file__).parent / "data"
FIGURES = Path(__file__).parents[2] / "docs" / "tables"
QUICK = Path(__file__).parents[2] / "build" / "tables"


def compute(names: list[str], jobs: int, quick: bool = False) -> dict[str, dict]:
    """The stored dictionary of each table. ``quick`` is for those that have a small form of their own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=teams.begin) as pool:
        waiting = {name: [pool.submit(teams.timed, function, *arguments)
                          for function, arguments in TABLES[name].tasks(*[True] * quick)]
                   for name in names}
        bar = tqdm(total=sum(map(len, waiting.values())), unit="piece")
        for futures in waiting.values():
            for future in futures:
                future.add_done_callback(lambda _: bar.update())
        stored = {}
        for name, futures in waiting.items():
            results, seconds = zip(*(future.result() for future in futures))
            stored[name] = {"made_by": "make tables", "date": date.today().isoformat(),
                            "torch": torch.__version__.split("+")[0],
                            "core_seconds": round(sum(seconds))} | TABLES[name].collect(list(results))
        bar.close()
    return stored


def main() -> None:
    parser = argparse.ArgumentParser(prog="make tables", description="Compute the tables of Parts II and III afresh.")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*TABLES, []],
                        help=f"of {', '.join(TABLES)} (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--quick", action="store_true",
                        help="a small form of worlds, in about ten minutes; written to build/tables/ alone")
    arguments = parser.parse_args()
    if arguments.quick and arguments.names not in ([], ["worlds"]):
        parser.error("--quick: worlds alone has a small form")
    names = ["worlds"] if arguments.quick else arguments.names or list(TABLES)
    places = [QUICK, QUICK] if arguments.quick else [DATA, FIGURES]
    began = time.perf_counter()
    teams.begin()
    plots.use_style()
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    for name, stored in compute(names, arguments.jobs, arguments.quick).items():
        (places[0] / f"{name}.json").write_text(json.dumps(stored) + "\n", encoding="utf-8")
        TABLES[name].figure(stored).savefig(places[1] / f"{name}.png", dpi=110, bbox_inches="tight",
                                            metadata={"Software": None})
        print(f"\n{TABLES[name].TITLE} ({stored['core_seconds']} core-seconds)\n"
              + "\n".join(TABLES[name].show(stored)))
    print(f"\n{(time.perf_counter() - began) / 60:.1f} minutes on {arguments.jobs} processes; written to "
          f"{' and '.join(sorted({str(place) for place in places}))}")


if __name__ == "__main__":
    process.forgive_output()
    main()
