"""How fast Skirmish is: unit steps a second, of all units of both sides, under random play, resets included."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch

from benchmarks.timing import alternate
from qmix_course.envs import Skirmish

SCENARIOS, ROWS = ("3m", "5m_vs_6m", "8m", "2s3z"), (1, 32, 256)


def stepper(scenario: str, rows: int) -> Callable[[], None]:
    """One call: one step in every row, with the resets that it makes necessary. Drawing the actions is part of it."""
    env, generator = Skirmish(scenario, num_envs=rows), torch.Generator().manual_seed(0)
    now = [env.reset(seed=0)]

    def step() -> None:
        keys = torch.rand(now[0].available.shape, generator=generator)
        after = env.step(keys.masked_fill_(~now[0].available, -1.0).argmax(-1))
        now[0] = env.reset(where=after.ended) if after.ended.any() else after
    return step


def measure() -> list[dict]:
    times = alternate({(scenario, rows): stepper(scenario, rows) for scenario in SCENARIOS for rows in ROWS})
    table = []
    for (scenario, rows), blocks in times.items():
        units = len(Skirmish(scenario).letters)
        seconds = statistics.median(blocks)
        table.append({"scenario": scenario, "rows": rows, "units": units, "env_steps_per_second": rows / seconds,
                      "unit_steps_per_second": units * rows / seconds})
    return table


def report(table: list[dict]) -> None:
    print("Skirmish, random play           rows   units   env steps/s   unit steps/s")
    for row in table:
        print(f"{row['scenario']:30} {row['rows']:5} {row['units']:7}   {row['env_steps_per_second']:11,.0f}"
              f"   {row['unit_steps_per_second']:12,.0f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    report(measure())
