"""The report: the numbers are those of the runs, and what makes them doubtful is said."""

import csv
import json
from dataclasses import asdict

import numpy as np
import pytest

from qmix_course.experiment import COLUMNS, OF_A_RUN
from qmix_course.intervals import bootstrap, improvement, iqm
from qmix_course.plan import Plan
from qmix_course.report import last_scores, write_report

SCORES = {("grid", "vdn"): [1.0, 2.0, 3.0, 8.0, 8.0], ("grid", "qmix"): [6.0, 7.0, 7.5, 8.0, 8.5],
          ("two-step", "vdn"): [7.0] * 5, ("two-step", "qmix"): [8.0, 8.0, 8.0, 8.0, 7.0]}


def write(folder, scores, plan, steps=lambda env, team: 1_000):
    """A folder as a sweep leaves it: two evaluations a run, the first one far better than the last."""
    (folder / "plan.json").write_text(json.dumps(plan))
    with open(folder / "results.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*OF_A_RUN, *COLUMNS])
        for (env, algorithm), each in scores.items():
            for seed, score in enumerate(each):
                for at, value in ((500, 99.0), (steps(env, algorithm), score)):
                    writer.writerow([env, algorithm, "plain", seed, at, 10, 5, 0.1, 0.2, float("nan"), value, 4.0])


def plan(**changes):
    return asdict(Plan(["grid", "two-step"], ["vdn", "qmix"], **{"seeds": 5} | changes))


def test_the_numbers_are_those_of_the_last_evaluations(tmp_path):
    write(tmp_path, SCORES, plan())
    text = write_report(tmp_path, samples=500)
    low, high = bootstrap(SCORES["grid", "vdn"], samples=500)
    assert f"| vdn | 5 of 5 | {iqm(SCORES['grid', 'vdn']):.4g} | {low:.4g} to {high:.4g} | 3 | 1 to 8 |" in text
    p, low, high = improvement(SCORES["grid", "vdn"], SCORES["grid", "qmix"], samples=500)
    assert f"| vdn over qmix | {p:.2f} | {low:.2f} to {high:.2f} |" in text
    assert "99" not in text                                             # never the best on the way
    assert "missing" not in text and "Budgets" not in text and "**" not in text and "all tasks" not in text
    written = (tmp_path / "report.md").read_text()
    assert written.count("![") == 6
    for line in written.splitlines():
        if line.startswith("!["):
            assert (tmp_path / line.split("](")[1].rstrip(")")).stat().st_size > 5_000
    assert write_report(tmp_path, samples=500) == text                        # seeded


def test_over_all_tasks_scores_are_scaled_and_draws_stratified(tmp_path):
    write(tmp_path, SCORES, plan(scale={"grid": [0, 10], "two-step": [7, 8]}))
    before, text = write_report(tmp_path, samples=500).split("## all tasks")
    assert "By the plan's scale 0 counts as 0 here, and 10 as 1." in before
    scaled = [np.array(SCORES["grid", "qmix"]) / 10, np.array(SCORES["two-step", "qmix"]) - 7]
    low, high = bootstrap(scaled, samples=500)
    assert f"| qmix | 10 of 10 | {iqm(np.concatenate(scaled)):.4g} | {low:.4g} to {high:.4g} |" in text


def test_what_makes_the_numbers_doubtful_is_said(tmp_path):
    write(tmp_path, {key: each[:3] for key, each in SCORES.items()} | {("grid", "vdn"): [1.0]}, plan(seeds=3),
          steps=lambda env, team: 2_000 if (env, team) == ("grid", "qmix") else 1_000)
    text = write_report(tmp_path, samples=100)
    assert "**2 of 12 runs are missing**" in text and "vdn on grid" in text
    assert "**Budgets differ on grid**: vdn 1,000 steps, qmix 2,000 steps." in text
    assert "**3 seeds**" in text


def test_variants_are_named_and_a_sweep_without_a_finished_run_has_no_report(tmp_path):
    write(tmp_path, SCORES, plan(variants={"plain": {}, "double": {"double_q": True}}))
    assert "| vdn, plain |" in write_report(tmp_path, samples=100)
    write(tmp_path, {}, plan())
    with pytest.raises(ValueError, match="no run in .* has finished"):
        write_report(tmp_path)
    (tmp_path / "results.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="other columns"):
        write_report(tmp_path)


def test_scores_come_in_the_order_of_the_seeds():
    rows = [{"env": "grid", "algorithm": "vdn", "variant": "plain", "seed": seed, "steps": steps,
             "greedy_return": value}
            for seed, steps, value in ((1, 5, 0.0), (1, 9, 10.0), (0, 5, 3.0))]
    assert last_scores(rows) == {"grid": {"vdn, plain": [3.0, 10.0]}}


def test_runs_without_a_finite_return_are_left_out_and_named(tmp_path):
    write(tmp_path, SCORES | {("grid", "vdn"): [1.0, float("nan"), 3.0, float("inf"), 8.0]}, plan())
    text = write_report(tmp_path, samples=100)
    assert "**2 of 20 runs are missing** (a return of theirs is no finite number): vdn on grid." in text
    assert "| vdn | 3 of 5 | 4 |" in text and "not yet done" not in text
    write(tmp_path, {("grid", "vdn"): [float("nan")]}, plan())
    with pytest.raises(ValueError, match="every run in .* that has finished has a return that is no finite number"):
        write_report(tmp_path)


def test_results_that_are_not_of_the_plan_are_not_told(tmp_path):
    """As after a sweep of a shorter plan that was killed."""
    write(tmp_path, SCORES, plan())
    (tmp_path / "plan.json").write_text(json.dumps(asdict(Plan("grid", "vdn", seeds=1))))
    text = write_report(tmp_path, samples=100)
    assert "| vdn | 1 of 1 | 1 |" in text and "qmix" not in text and "two-step" not in text
    assert "**1 seed**:" in text


def test_a_bar_in_a_name_breaks_no_table(tmp_path):
    two = Plan("grid", "vdn", seeds=2, variants={"plain": {}, "a|b": {}})
    write(tmp_path, {("grid", "vdn"): [1.0, 2.0]}, asdict(two))
    text = (tmp_path / "results.csv").read_text()
    (tmp_path / "results.csv").write_text(text + "".join(line.replace("plain", "a|b") + "\n"
                                                         for line in text.splitlines()[1:]))
    table = [line for line in write_report(tmp_path, samples=100).splitlines() if line.startswith("|")]
    assert "| vdn, a\\|b | 2 of 2 |" in "\n".join(table)
    assert {line.replace("\\|", "").count("|") for line in table} == {7, 4}


@pytest.mark.parametrize("file, text, words", [
    ("plan.json", "{", "plan.json does not hold a sweep's plan"), ("plan.json", "3", "does not hold a sweep's plan"),
    ("plan.json", '{"env": "grid"}', "does not hold a sweep's plan"), ("plan.json", None, "holds no plan.json"),
    ("results.csv", "grid,vdn", "results.csv, line 2: expected a number"),
    ("results.csv", 2 * "grid,vdn,plain,0,500,10,5,0.1,0.2,nan,1.0,4.0\n", "line 3: .* steps of a run to rise.*twice"),
    ("results.csv", "grid,vdn,plain,0,500,10,5,0.1,0.2,nan,,4.0", "results.csv, line 2: expected a number")])
def test_what_is_damaged_is_named(tmp_path, file, text, words):
    write(tmp_path, {}, plan())
    if text is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(((tmp_path / file).read_text() if file == "results.csv" else "") + text)
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        write_report(tmp_path)
