"""The same sweep on Ray's and on Dask's processes, through joblib, to the bit. Skipped where they are missing."""

import logging
import time

import pytest
from outside import package

from qmix_course.experiment import read_results, sweep
from qmix_course.plan import Plan
from tools.notebooks import ROOT

joblib = pytest.importorskip("joblib")
pytestmark = pytest.mark.filterwarnings("ignore")           # of what Ray and Dask say
PLAN = Plan("two-step", ["vdn", "qmix"], seeds=2, steps=320, settings={
    "learning_starts": 32, "batch_size": 16, "capacity": 200, "evaluate_every": 160})


@pytest.fixture(scope="module")
def ray():
    ray = package("ray")
    from ray.util.joblib import register_ray

    register_ray()
    for tries_left in (2, 1, 0):
        try:
            ray.init(num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
            break
        except Exception:               # on a busy machine its own processes may be too slow for it
            ray.shutdown()
            if not tries_left:
                raise
    yield
    ray.shutdown()


@pytest.fixture
def dask():
    distributed = package("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, \
            distributed.Client(cluster):
        yield


@pytest.mark.parametrize("backend", ["ray", "dask"])
def test_the_results_are_those_of_one_process(tmp_path, monkeypatch, request, backend):
    monkeypatch.setenv("QMIX_COURSE_PROGRESS", "0")
    request.getfixturevalue(backend)
    with joblib.parallel_config(backend=backend):
        swept = sweep(PLAN, tmp_path / backend)
    assert (swept.runs, swept.failed) == (4, {})
    sweep(PLAN, tmp_path / "one", jobs=1)
    assert (tmp_path / backend / "results.csv").read_bytes() == (tmp_path / "one" / "results.csv").read_bytes()


def test_the_lines_of_the_readme_run_on_ray(tmp_path, monkeypatch, ray):
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("```")
    code = next(block.removeprefix("python\n") for block in blocks if "register_ray()" in block)
    plan = next(block.removeprefix("toml\n") for block in blocks if block.startswith("toml\n"))
    plan = plan.replace('["grid", "two-step"]', '"two-step"').replace("10 ", "1 ").replace("8000", "640")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text(plan)
    exec(code, {})
    rows = read_results("runs/study")
    assert {row["variant"] for row in rows} == {"double_q=false", "double_q=true"} and len(rows) == 2 * 2 * 2


def test_the_cell_of_lesson_21_runs_as_it_is_printed(tmp_path, monkeypatch, capsys):
    """Last in this file: the cell starts its own Ray."""
    ray = package("ray")
    monkeypatch.setenv("QMIX_COURSE_PROGRESS", "0")
    source = (ROOT / "notebooks" / "21_scale.py").read_text(encoding="utf-8")
    cell, = [cell for cell in source.split("# %%") if "register_ray()" in cell and not cell.startswith(" [markdown]")]
    sweep(PLAN, tmp_path / "one", jobs=1)
    one, seconds = (tmp_path / "one" / "results.csv").read_bytes(), {}
    ray.shutdown()
    try:
        exec(cell, {"time": time, "sweep": sweep, "plan": PLAN, "folders": {3: tmp_path / "cluster"}, "one": one,
                    "seconds": seconds})
    finally:
        ray.shutdown()
    assert list(seconds) == ["Ray's local cluster, two workers"] and "byte for byte" in capsys.readouterr().out
