"""How benchmarks are timed: contenders in turn, in short blocks, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import qmix_course

BLOCKS = 15


def seconds(call: Callable[[], None], repeats: int, wait: Callable[[], None] = lambda: None,
            clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds a call, over ``repeats`` calls. ``wait`` returns when the device has done what it was asked to.

    ``clock``: ``time.process_time`` counts what this process computed, whoever else was at work meanwhile."""
    wait()
    began = clock()
    for _ in range(repeats):
        call()
    wait()
    return (clock() - began) / repeats


def alternate(contenders: dict, block_seconds: float = 0.15, blocks: int = BLOCKS,
              wait: Callable[[], None] = lambda: None, clock: Callable[[], float] = time.perf_counter) -> dict:
    """Seconds a call of each contender in ``blocks`` short blocks, taken in turn; the first block warms up."""
    repeats = {}
    for name, call in contenders.items():
        call()
        repeats[name] = max(1, round(block_seconds / max(seconds(call, 3, wait, clock), 1e-9)))
    times = {name: [] for name in contenders}
    for _ in range(blocks + 1):
        for name, call in contenders.items():
            times[name].append(seconds(call, repeats[name], wait, clock))
    return {name: values[1:] for name, values in times.items()}


def milliseconds(times: list[float]) -> float:
    """The median block."""
    return 1e3 * statistics.median(times)


def ratio(slow: list[float], fast: list[float]) -> dict:
    """How many times longer ``slow`` takes: median, smallest and largest over the paired blocks."""
    ratios = [one / other for one, other in zip(slow, fast, strict=True)]
    return {"ratio_median": statistics.median(ratios), "ratio_min": min(ratios), "ratio_max": max(ratios)}


def store(name: str, result: dict) -> None:
    """Into benchmarks/results, and the same into the package, whose lessons show it in Colab too."""
    for folder in (Path(__file__).parent / "results", Path(qmix_course.__file__).parent / "data"):
        (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
