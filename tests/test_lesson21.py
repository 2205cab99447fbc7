"""What lesson 21 shows was measured as its benchmarks say, and its exercises' truths are what the library does."""

import json
import math
from pathlib import Path

import pytest
import torch

from qmix_course import data
from qmix_course.checks.lesson21 import lab_workers, machines, measure_batch, needed, replay_bytes
from qmix_course.replay import ReplayBuffer
from tests.catalogue.lesson21.machines import played
from tests.catalogue.lesson21.measure_batch import MEASURED, one_by_one

try:
    import benchmarks
    from benchmarks import parts, scale
except ImportError:                                 # a wheel has no benchmarks
    scale = None


def test_the_package_shows_what_the_benchmarks_wrote():
    for name in ("gpu", "fused"):
        written = Path(benchmarks.__file__).parent / "results" / f"{name}.json"
        assert data.load(name) == json.loads(written.read_text())
    assert data.load("fused")["made_by"] == "benchmarks/fused.py"


def test_the_stored_parts_and_rows_are_those_of_the_script():
    stored = data.load("scale")
    for shares in stored["parts"].values():
        assert list(shares) == list(parts.PARTS) and sum(shares.values()) == pytest.approx(1)
    for rules in stored["learned"].values():
        assert list(rules) == list(scale.RULES)
        for rule, each in rules.items():
            assert list(each) == [str(rows) for rows in scale.ROWS]
            assert all(len(row["share"]) == len(scale.SEEDS) == 10 for row in each.values())


def test_what_was_learned_with_512_rows_can_be_measured_again():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        again = scale.learned("two-step", 512, "2 updates a call")
    finally:
        torch.set_default_dtype(before)
    assert again == data.load("scale")["learned"]["two-step"]["2 updates a call"]["512"]


def test_a_stopwatch_accounts_for_all_of_the_time():
    shares = parts.stopwatch(scale.run_of(8, "an update every 16 steps"), 12)
    assert list(shares) == list(parts.PARTS) and sum(shares.values()) == pytest.approx(1)
    assert all(share > 0 for share in shares.values())


def test_needed_put_back_into_amdahls_law_gives_what_was_wanted():
    for shares, part, wanted in needed.needed_cases():
        factor = needed.needed(shares, part, wanted)
        reached = 1 / sum(share / (factor if name == part else 1) for name, share in shares.items())
        assert reached == pytest.approx(wanted) if factor < math.inf else reached <= wanted + 1e-12


@pytest.mark.parametrize("dtype, float_bytes", [(torch.float32, 4), (torch.float64, 8)])
def test_the_bytes_of_a_replay_are_those_of_its_tensors(dtype, float_bytes):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        for spec, _, length, memory_dim, _ in replay_bytes.replay_cases():
            rows = vars(ReplayBuffer(3, spec, length, memory_dim)._rows).values()
            wanted = replay_bytes.replay_bytes(spec, 3, length, memory_dim, float_bytes)
            assert sum(each.nbytes for each in rows) == wanted
    finally:
        torch.set_default_dtype(before)


def test_machines_are_counted_as_they_are_filled():
    for case in machines.machine_cases():
        assert machines.machines(*case) == played(*case)


def test_the_seeds_of_the_mended_sweep_are_their_own():
    for seeds, workers, steps in lab_workers.worker_cases():
        alone = [lab_workers.scores([seed], 1, steps)[0] for seed in seeds]
        assert lab_workers.scores(seeds, workers, steps) == alone and len(set(alone)) == len(seeds)


def test_the_experiment_of_the_exercise_says_b_with_any_seed_left_out():
    assert [rule(MEASURED) for rule in measure_batch.PLAN.follows.values()] == [False, True, False, False]
    for k in range(10):
        less = {arm: row[:k] + row[k + 1:] for arm, row in MEASURED.items()}
        assert measure_batch.PLAN.follows["B"](less)
    for arm in measure_batch.ARMS:
        assert measure_batch.run(arm, [3, 9]) == [MEASURED[arm][3], MEASURED[arm][9]] == one_by_one(arm, [3, 9])
