"""Somebody else's environment, mpe2's simple_spread (3 agents): where the time of a step goes, by rows side by side."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.timing import alternate, milliseconds, ratio
from qmix_course.algorithms import QMIX
from qmix_course.collect import Collector
from qmix_course.training import Run, TrainConfig

ROWS = (1, 4, 8, 32)
WORDS = {"bridge": "through the bridge", "collector": "with the collector: agents act, rows are written",
         "training": "training, default settings"}


def measure() -> dict | None:
    """Milliseconds a step of one environment, and how many times the environment's own; None where mpe2 is not
    installed."""
    try:
        from mpe2 import simple_spread_v3

        from qmix_course.envs.pettingzoo import from_parallel_env
    except ModuleNotFoundError:
        return None
    make = simple_spread_v3.parallel_env
    contenders = {("environment", 1): alone(make())}
    for rows in ROWS:
        for name, of in (("bridge", through_the_bridge), ("collector", collecting), ("training", training)):
            contenders[name, rows] = of(from_parallel_env(make, num_envs=rows))
    times = {(name, rows): [each / rows for each in measured]
             for (name, rows), measured in alternate(contenders, block_seconds=0.5).items()}
    own = times["environment", 1]
    return {f"{name}, {rows}": {"milliseconds": milliseconds(each), "steps_per_second": 1e3 / milliseconds(each),
                                "of_environment": ratio(each, own)} for (name, rows), each in times.items()}


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
    actions = list(torch.randint(5, (64, env.num_envs, 3), generator=torch.Generator().manual_seed(0)))

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
    own = result["environment, 1"]
    print(f"simple_spread, 3 agents: the environment alone takes {own['milliseconds']:.3f} ms a step "
          f"({own['steps_per_second']:,.0f} steps/s)")
    print("                                                 rows   ms a step   steps/s   × the environment")
    for name, words in WORDS.items():
        for rows in ROWS:
            row = result[f"{name}, {rows}"]
            of = row["of_environment"]
            print(f"  {words if rows == ROWS[0] else '':48} {rows:2} {row['milliseconds']:11.3f} "
                  f"{row['steps_per_second']:9,.0f} {of['ratio_median']:11.2f} "
                  f"({of['ratio_min']:.2f} to {of['ratio_max']:.2f})")
