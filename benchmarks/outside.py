"""Somebody else's environment, mpe2's simple_spread (3 agents, one row): where the time of a step goes."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.timing import alternate, milliseconds, ratio
from qmix_course.algorithms import QMIX
from qmix_course.collect import Collector
from qmix_course.training import Run, TrainConfig

NAMES = {"environment": "the environment alone", "bridge": "through the bridge",
         "collector": "with the collector: agents act, rows are written", "training": "training, default settings"}


def measure() -> dict | None:
    """Milliseconds a step, and how many times the environment's own; None where mpe2 is not installed."""
    try:
        from mpe2 import simple_spread_v3

        from qmix_course.envs.pettingzoo import from_parallel_env
    except ModuleNotFoundError:
        return None
    make = simple_spread_v3.parallel_env
    times = alternate({"environment": alone(make()), "bridge": through_the_bridge(from_parallel_env(make())),
                       "collector": collecting(from_parallel_env(make())),
                       "training": training(from_parallel_env(make()))}, block_seconds=0.5)
    return {name: {"milliseconds": milliseconds(each), "steps_per_second": 1e3 / milliseconds(each),
                   "of_environment": ratio(each, times["environment"])} for name, each in times.items()}


def alone(env) -> Callable[[], None]:
    env.reset(seed=0)
    actions = torch.randint(5, (64, 3), generator=torch.Generator().manual_seed(0)).tolist()

    def step() -> None:
        if not env.agents:
            env.reset()
        actions.append(actions.pop(0))
        env.step(dict(zip(env.agents, actions[0])))
    return step


def through_the_bridge(env) -> Callable[[], None]:
    env.reset(seed=0)
    actions = list(torch.randint(5, (64, 1, 3), generator=torch.Generator().manual_seed(0)))

    def step() -> None:
        actions.append(actions.pop(0))
        after = env.step(actions[0])
        if after.ended.any():
            env.reset(where=after.ended)
    return step


def collecting(env) -> Callable[[], None]:
    collector = Collector(env, QMIX.for_env(env), 0, torch.Generator().manual_seed(0))
    return lambda: collector.step(0.1)


def training(env) -> Callable[[], None]:
    """A run past its first update; looks at greedy play every 500 steps are counted."""
    run = Run(env, QMIX.for_env(env), TrainConfig(total_steps=10**9))
    while not run.updates:
        run.advance()
    return run.advance


def report(result: dict | None) -> None:
    if result is None:
        print("mpe2 is not installed: no simple_spread (it comes with requirements-pettingzoo.txt)")
        return
    print("simple_spread, 3 agents, one row                      ms a step   steps/s   × the environment")
    for name, words in NAMES.items():
        row = result[name]
        print(f"  {words:50} {row['milliseconds']:9.3f} {row['steps_per_second']:9,.0f} "
              f"{row['of_environment']['ratio_median']:11.2f} ({row['of_environment']['ratio_min']:.2f} to "
              f"{row['of_environment']['ratio_max']:.2f})")
