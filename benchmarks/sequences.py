"""The recurrent QMIX update over whole episodes: the course's, one pass a layer, against a loop step by step.

    python -m benchmarks.sequences                   # part of make bench
    python -m benchmarks.sequences --device cuda     # the same on a GPU, if there is one

Three contenders, from equal weights on equal episodes: ``course``; ``loop``, a GRU cell called step by step;
``classic``, the same loop as the first implementations run it, with a target network that asks for gradients, whose
graph is thrown away. Before anything is timed their losses and gradients are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")           # the profiler remarks on tensors older than itself
os.environ.setdefault("KINETO_LOG_LEVEL", "99")                 # and on its own start and stop
import torch  # noqa: E402
from torch import nn  # noqa: E402

from benchmarks import floor  # noqa: E402
from benchmarks.classic_loop import LoopQMIX  # noqa: E402
from benchmarks.timing import alternate, milliseconds, ratio  # noqa: E402
from qmix_course import process  # noqa: E402
from qmix_course.algorithms import QMIX  # noqa: E402
from qmix_course.envs import TeamSpec  # noqa: E402
from qmix_course.learner import Learner  # noqa: E402
from qmix_course.replay import Batch  # noqa: E402
from qmix_course.training import TrainConfig, soft_update  # noqa: E402

RESULTS = Path(__file__).parent / "results"
ROWS = 32                                                       # episodes a batch
SHAPES = {"32×60, 8 agents": (TeamSpec(n_agents=8, n_actions=14, obs_dim=128, state_dim=216, episode_limit=60), 1.1),
          "32×50, 2 agents": (TeamSpec(n_agents=2, n_actions=6, obs_dim=15, state_dim=30, episode_limit=50), 1.3)}
AGENTS, STEPS = (2, 4, 8, 16, 32, 64), (10, 25, 50, 100, 200)   # how it grows: the other sizes as in the first shape


def episodes(spec: TeamSpec, rows: int = ROWS) -> Batch:
    """Random episodes of every length from half the limit to the limit; about one action in five is not available."""
    generator = torch.Generator().manual_seed(0)
    batch, length = Batch.padding(rows, spec.episode_limit, spec, floor.HIDDEN), spec.episode_limit
    played = torch.randint((length + 1) // 2, length + 1, (rows, 1), generator=generator)
    batch.obs[:], batch.state[:] = (torch.rand(each.shape, generator=generator) for each in (batch.obs, batch.state))
    batch.available[:] = torch.rand(batch.available.shape, generator=generator) < 0.8
    batch.available[..., 0] = True
    batch.actions.random_(0, spec.n_actions, generator=generator)
    batch.last_actions[:, 1:] = batch.actions
    batch.reward[:] = torch.randn(batch.reward.shape, generator=generator)
    batch.mask[:] = torch.arange(length) < played
    batch.terminated[:] = torch.arange(length) == played - 1
    return batch


def teams(spec: TeamSpec, device: str = "cpu") -> tuple[QMIX, LoopQMIX, Batch]:
    """The two networks with equal weights, and a batch, on ``device``, in torch's default dtype."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        course = QMIX(spec, floor.EMBED, floor.HYPERNET, recurrent=True, hidden=floor.HIDDEN, double_q=True).to(device)
    batch = episodes(spec)
    return course, LoopQMIX(course).to(device), Batch(**{f.name: getattr(batch, f.name).to(device)
                                                         for f in fields(Batch)})


def difference(spec: TeamSpec, device: str, dtype: torch.dtype, tolerance: float) -> float:
    """The largest difference of course and loop, in loss and gradients, relative to each tensor's largest entry."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    course, loop, batch = teams(spec, device)
    torch.set_default_dtype(before)
    one, other = course.loss(batch, deepcopy(course)), loop.loss(batch, deepcopy(loop))
    one.backward(), other.backward()
    pairs = [(one, other), *zip(loop.in_order(course, lambda p: p.grad), (p.grad for p in loop.parameters()))]
    worst = max(((a - b).abs().max() / b.abs().max()).item() for a, b in pairs)
    if not worst < tolerance:
        raise AssertionError(f"course and loop do not compute the same: they differ by {worst:.1e} in {dtype}")
    return worst


def course_update(team: QMIX, batch: Batch, compile: bool = False) -> Callable[[], None]:
    """One whole update of the course, as ``train`` makes it. ``compile``: with the loss compiled."""
    team = deepcopy(team)
    config = TrainConfig(learning_rate=1e-5, tau=0.005, max_grad_norm=10.0, compile=compile)
    learner = Learner([team], [deepcopy(team).requires_grad_(False)], config)
    return lambda: learner.update([batch])


def make_update(team: nn.Module, batch: Batch, freeze: bool = True) -> Callable[[], None]:
    """One whole update of a loop: loss, gradient, clip, Adam, soft target. ``freeze``: the target asks for no
    gradients."""
    team = deepcopy(team)
    target = deepcopy(team).requires_grad_(not freeze)
    optimiser = torch.optim.Adam(team.parameters(), lr=1e-5, fused=True)

    def update() -> None:
        loss = team.loss(batch, target)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(team.parameters(), 10.0)
        optimiser.step()
        soft_update(target, team, 0.005)
    return update


# ---- memory ----------------------------------------------------------------------------------------------------------


def peak_megabytes(update: Callable[[], None], device: str) -> float:
    """The most memory that tensors take during one update, beyond what was there before it: 10⁶ bytes."""
    update()                                                            # Adam's averages are there from now on
    if device == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        update()
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        update()
    with tempfile.TemporaryDirectory() as folder:
        profile.export_chrome_trace(f"{folder}/trace.json")
        events = json.loads(Path(folder, "trace.json").read_text(encoding="utf-8"))["traceEvents"]
    now = peak = 0
    for event in sorted((event for event in events if event.get("name") == "[memory]"), key=lambda event: event["ts"]):
        now += event["args"]["Bytes"]                                   # below zero where memory is given back
        peak = max(peak, now)
    return peak / 1e6


# ---- the tables ------------------------------------------------------------------------------------------------------


def compare(name: str, device: str) -> dict:
    """One shape: the three contenders side by side, the floor measured between them, and memory."""
    spec, aim = SHAPES[name]
    differences = {"float64": difference(spec, device, torch.float64, 1e-9),
                   "float32": difference(spec, device, torch.float32, 1e-2)}
    course, loop, batch = teams(spec, device)
    updates = {"course": course_update(course, batch), "loop": make_update(loop, batch),
               "classic": make_update(loop, batch, freeze=False)}
    wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    size = 8192 if device == "cuda" else 1024
    yardsticks = {"square": floor.square_product(size, device), "products": floor.products_alone(spec, ROWS, device)}
    times = alternate(updates | yardsticks, wait=wait)
    work = floor.operations(spec, ROWS)
    rate = 2 * size ** 3 / (1e-3 * milliseconds(times["square"]))
    result = {"shape": name, "aim": aim, "largest_difference": differences, "gflop": work / 1e9,
              "gflop_per_second": rate / 1e9, "floor_milliseconds": 1e3 * work / rate,
              "products_alone_milliseconds": milliseconds(times["products"]), "contenders": {}}
    for key, update in updates.items():
        result["contenders"][key] = {
            "milliseconds": milliseconds(times[key]), "of_course": ratio(times[key], times["course"]),
            "floor_reached": result["floor_milliseconds"] / milliseconds(times[key]),
            "products_share": 1 / ratio(times[key], times["products"])["ratio_median"],
            "peak_megabytes": peak_megabytes(update, device)}
    return result


def grow(device: str) -> list[dict]:
    """Course and loop with more agents and with more steps, all other sizes as in the first shape.

    ``full``: the same with rows that are all as long as the limit. The course computes little of the padding, the loop
    all of it, as the first implementations do: the difference of the two ratios is what that brings.
    """
    base, _ = next(iter(SHAPES.values()))
    specs = [(n, base.episode_limit) for n in AGENTS] + [(base.n_agents, steps) for steps in STEPS]
    wait, table = torch.cuda.synchronize if device == "cuda" else (lambda: None), []
    for n_agents, steps in specs:
        spec = TeamSpec(n_agents, base.n_actions, base.obs_dim, base.state_dim, episode_limit=steps)
        course, loop, batch = teams(spec, device)
        updates = {"course": course_update(course, batch), "loop": make_update(loop, batch)}
        times = alternate(updates, blocks=5, wait=wait)
        whole = replace(batch, mask=torch.ones_like(batch.mask), terminated=torch.zeros_like(batch.terminated))
        updates_of_whole = {"course": course_update(course, whole), "loop": make_update(loop, whole)}
        full = alternate(updates_of_whole, blocks=5, wait=wait)
        table.append({"agents": n_agents, "steps": steps, **ratio(times["loop"], times["course"]),
                      "full": ratio(full["loop"], full["course"])}
                     | {f"{key}_milliseconds": milliseconds(times[key]) for key in updates}
                     | {f"{key}_peak_megabytes": peak_megabytes(update, device) for key, update in updates.items()})
    return table


def measure(device: str = "cpu") -> dict:
    """All of it, on one thread and in float32."""
    return {"device": device if device == "cpu" else torch.cuda.get_device_name(), "threads": torch.get_num_threads(),
            "dtype": str(torch.get_default_dtype()).removeprefix("torch."),
            "shapes": [compare(name, device) for name in SHAPES], "growth": grow(device)}


def report(result: dict) -> None:
    """Print it."""
    print(f"recurrent double-Q QMIX, batches of {ROWS} whole episodes, {result['dtype']}, on {result['device']}: "
          "the course's update against a loop")
    for row in result["shapes"]:
        print(f"\n{row['shape']:22} {'ms':>8}   times the course's (min to max)   floor ÷ ms   "
              "products' share   peak MB")
        for name, one in row["contenders"].items():
            times = one["of_course"]
            span = f"{times['ratio_median']:.2f} ({times['ratio_min']:.2f} to {times['ratio_max']:.2f})"
            print(f"  {name:20} {one['milliseconds']:8.2f}   {span:>31}   {one['floor_reached']:10.0%}   "
                  f"{one['products_share']:15.0%}   {one['peak_megabytes']:7.1f}")
        print(f"  aim: the loop takes {row['aim']} times as long. Losses and gradients differ by at most "
              f"{row['largest_difference']['float64']:.0e} (float64), {row['largest_difference']['float32']:.0e} "
              f"(float32)")
        print(f"  floor: {row['gflop']:.2f} GFLOP of matrix products at {row['gflop_per_second']:,.0f} GFLOP/s, the "
              f"rate of a large square product: {row['floor_milliseconds']:.2f} ms")
        print("  products' share: these products alone, in their own shapes, take "
              f"{row['products_alone_milliseconds']:.2f} ms")
    print("\nother sizes as in the first shape; MB: peak of what tensors take during one update, in 10⁶ bytes")
    print("full: loop / course where all rows have the same length, so that there is no padding")
    print("agents  steps   course ms   loop ms   loop / course   full   course MB   loop MB")
    for row in result["growth"]:
        print(f"{row['agents']:6}  {row['steps']:5}   {row['course_milliseconds']:9.2f}   "
              f"{row['loop_milliseconds']:7.2f}   {row['ratio_median']:13.2f}   {row['full']['ratio_median']:4.2f}   "
              f"{row['course_peak_megabytes']:9.1f}   "
              f"{row['loop_peak_megabytes']:7.1f}")
    if result["device"] == "cpu":
        print("On a GPU: not measured here (python -m benchmarks.sequences --device cuda)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    device = parser.parse_args().device
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("--device cuda: this torch sees no GPU")
    torch.set_num_threads(1)
    result = {"date": date.today().isoformat(), "torch": torch.__version__, **measure(device)}
    report(result)
    out = RESULTS / f"sequences_{device}.json"
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written to benchmarks/results/{out.name}")


if __name__ == "__main__":
    process.forgive_output()
    main()
