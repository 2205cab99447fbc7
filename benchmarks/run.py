"""make bench: how fast the course's code is, in one table and benchmarks/results/bench.json.

Everything runs on one thread. These figures depend on the machine and on what else it does; contenders are therefore
alternated in short blocks, and ratios are medians of paired blocks (benchmarks/timing.py).
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path

os.environ.setdefault("QMIX_COURSE_PROGRESS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")              # see benchmarks/sequences.py
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import torch  # noqa: E402

from benchmarks import battles, outside, sequences  # noqa: E402
from benchmarks.sequences import course_update  # noqa: E402
from benchmarks.timing import BLOCKS, alternate, milliseconds, ratio  # noqa: E402
from qmix_course import process  # noqa: E402
from qmix_course.algorithms import QMIX  # noqa: E402
from qmix_course.envs import GridWorld, TeamSpec  # noqa: E402
from qmix_course.replay import Batch  # noqa: E402
from qmix_course.training import TrainConfig, train  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "bench.json"
SEEDS = 20


# ---- the environment -------------------------------------------------------------------------------------------------


def environment() -> list[dict]:
    """Steps of the grid world: alone, and with random actions where rows that end are reset, which is counted too."""
    def stepper(rows: int, ends: bool) -> Callable[[], None]:
        # Without down and right agent 0 never gets home, so no episode ends.
        env = GridWorld(num_envs=rows, episode_limit=100 if ends else 10**9)
        env.reset(seed=0)
        generator = torch.Generator().manual_seed(0)
        actions = torch.randint(4 if ends else 2, (64, rows, 2), generator=generator) * (1 if ends else 2)
        actions, counter = actions.unbind(), iter(range(10**9))

        def step() -> None:
            after = env.step(actions[next(counter) % 64])
            if ends and after.ended.any():
                env.reset(where=after.ended)
        return step

    sizes = (1, 32, 1024, 8192, 32768)
    times = alternate({(rows, ends): stepper(rows, ends) for rows in sizes for ends in (False, True)})
    table = []
    for rows in sizes:
        alone, whole = (statistics.median(times[rows, ends]) for ends in (False, True))
        table.append({"rows": rows, "env_steps_per_second": rows / alone, "agent_steps_per_second": 2 * rows / alone,
                      "nanoseconds_per_env_step": 1e9 * alone / rows,
                      "agent_steps_per_second_with_resets": 2 * rows / whole})
    return table


# ---- the update ------------------------------------------------------------------------------------------------------


def random_rows(rows: int, length: int, spec: TeamSpec) -> Batch:
    generator = torch.Generator().manual_seed(0)
    empty = Batch.padding(rows, length, spec)
    return replace(
        empty, obs=torch.rand(empty.obs.shape, generator=generator),
        state=torch.rand(empty.state.shape, generator=generator),
        actions=torch.randint(spec.n_actions, empty.actions.shape, generator=generator), mask=empty.mask + 1,
        reward=torch.randn(empty.reward.shape, generator=generator),
        terminated=torch.rand(empty.reward.shape, generator=generator) < 0.1)


def updates() -> list[dict]:
    transition = TeamSpec(n_agents=2, n_actions=4, obs_dim=6, state_dim=8, episode_limit=100)
    small = TeamSpec(n_agents=2, n_actions=6, obs_dim=15, state_dim=30, episode_limit=50)
    large = TeamSpec(n_agents=8, n_actions=14, obs_dim=128, state_dim=216, episode_limit=60)
    cases = {"transition": (transition, 64, 1), "sequence 32×50, 2 agents": (small, 32, 50),
             "sequence 32×60, 8 agents": (large, 32, 60)}
    table = []
    for name, (spec, rows, length) in cases.items():
        torch.manual_seed(0)
        times = alternate({"course": course_update(QMIX(spec), random_rows(rows, length, spec))})["course"]
        table.append({"case": name, "milliseconds": milliseconds(times),
                      "updates_per_second": 1e3 / milliseconds(times)})
    return table


def against_torchrl() -> dict | None:
    """The transition update and the same one through TorchRL's QMixerLoss, from equal weights on equal rows."""
    try:
        from benchmarks import torchrl_update
    except ModuleNotFoundError:
        return None
    spec = TeamSpec(n_agents=2, n_actions=4, obs_dim=6, state_dim=8, episode_limit=100)
    torch.manual_seed(0)
    algorithm, batch = QMIX(spec), random_rows(64, 1, spec)
    rows = torchrl_update.as_tensordict(batch)
    difference = (torchrl_update.make_loss(algorithm)(rows)["loss"] - algorithm.loss(batch, deepcopy(algorithm))).item()
    contenders = {"course": course_update(algorithm, batch), "compiled": course_update(algorithm, batch, compile=True)}
    for name, fused in (("torchrl", None), ("torchrl_fused_adam", True)):
        update = torchrl_update.make_update(algorithm, 1e-5, 0.005, fused)
        contenders[name] = lambda update=update: update(rows)
    times = alternate(contenders)
    result = {"difference_of_the_losses": difference, "course_milliseconds": milliseconds(times["course"]),
              "compiled_milliseconds": milliseconds(times["compiled"])}
    for name in ("torchrl", "torchrl_fused_adam"):
        result[name] = {"milliseconds": milliseconds(times[name]), **ratio(times[name], times["course"]),
                        "of_compiled": ratio(times[name], times["compiled"])}
    return result


# ---- until the team is optimal ---------------------------------------------------------------------------------------


def until_optimal(algorithm=QMIX) -> dict:
    """Steps and seconds until the greedy policy is optimal and stays so for ten evaluations, one every 250 steps,
    counted at the first of the ten; the seconds include the evaluations."""
    steps, times = [], []
    for seed in range(SEEDS):
        env = GridWorld(num_envs=32)
        history = train(env, algorithm.for_env(env, seed=seed), TrainConfig(seed=seed, evaluate_every=250))
        best = [abs(value - 8.65) < 1e-3 for value in history.greedy_return]
        first = next((k for k in range(len(best) - 9) if all(best[k:k + 10])), None)
        steps.append(None if first is None else history.steps[first])
        times.append(None if first is None else history.seconds[first])
    solved = [s for s in steps if s is not None]
    return {"seeds": SEEDS, "solved": len(solved), "steps": steps, "seconds": times,
            "steps_median": statistics.median(solved), "steps_worst": max(solved),
            "seconds_median": statistics.median(t for t in times if t is not None),
            "seconds_worst": max(t for t in times if t is not None)}


def main() -> None:
    warnings.filterwarnings("ignore")                              # TorchRL's, about its own settings
    torch.set_num_threads(1)
    result = {"date": date.today().isoformat(), "python": platform.python_version(), "torch": torch.__version__,
              "processor": platform.processor() or platform.machine(), "threads": 1, "dtype": "float32",
              "environment": environment(), "skirmish": battles.measure(), "update": updates(),
              "torchrl": against_torchrl(),
              "outside": outside.measure(), "sequences": sequences.measure(), "until_optimal": until_optimal()}
    print("grid world, 2 agents      rows   env steps/s   agent steps/s   ns a step   agent steps/s with resets")
    for row in result["environment"]:
        print(f"{row['rows']:30,}   {row['env_steps_per_second']:11,.0f}   {row['agent_steps_per_second']:13,.0f}"
              f"   {row['nanoseconds_per_env_step']:9,.0f}   {row['agent_steps_per_second_with_resets']:25,.0f}")
    print()
    battles.report(result["skirmish"])
    print("\nQMIX update                           ms   updates/s")
    for row in result["update"]:
        print(f"{row['case']:30} {row['milliseconds']:9.2f}   {row['updates_per_second']:9,.0f}")
    if result["torchrl"] is None:
        print("\nTorchRL is not installed: no comparison (it comes with requirements-dev.txt)")
    else:
        row = result["torchrl"]
        print(f"\nthe transition update: {row['course_milliseconds']:.2f} ms here; the same through TorchRL's "
              f"QMixerLoss (the two losses differ by {row['difference_of_the_losses']:.0e}):")
        for name, words in (("torchrl", "with torch's default Adam"),
                            ("torchrl_fused_adam", "with the fused Adam of the course")):
            other = row[name]
            print(f"  {words:35} {other['milliseconds']:.2f} ms, ratio {other['ratio_median']:.2f} "
                  f"({other['ratio_min']:.2f} to {other['ratio_max']:.2f} over {BLOCKS} paired blocks); "
                  f"{other['of_compiled']['ratio_median']:.2f} of the compiled one's "
                  f"{row['compiled_milliseconds']:.2f} ms")
    print()
    outside.report(result["outside"])
    print()
    sequences.report(result["sequences"])
    row = result["until_optimal"]
    print(f"\noptimal for good: {row['solved']} of {row['seeds']} seeds; environment steps median "
          f"{row['steps_median']:,.0f}, worst {row['steps_worst']:,}; seconds median {row['seconds_median']:.2f}, "
          f"worst {row['seconds_worst']:.2f}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nwritten to {RESULTS.relative_to(Path(__file__).parent.parent)}")


if __name__ == "__main__":
    process.forgive_output()
    main()
