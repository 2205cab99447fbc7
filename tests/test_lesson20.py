"""What lesson 20 shows of many runs belongs to today's settings, and its checked experiment has a clear outcome."""

from qmix_course import data, exact, intervals
from qmix_course.checks.lesson20 import measure_rate
from qmix_course.choices import make_env
from qmix_course.plan import Plan, search
from tests.catalogue.lesson20.measure_rate import MEASURED

try:
    from benchmarks import tricks
except ImportError:                                 # a wheel has no benchmarks
    tricks = None


def test_the_tricks_were_measured_as_benchmarks_tricks_says():
    stored = data.load("tricks")
    assert stored["made_by"] == "benchmarks/tricks.py" and stored["date"]
    assert stored["settings"]["tricks"] == tricks.TRICKS and stored["settings"]["steps"] == tricks.STEPS
    assert list(stored["tricks"]) == ["grid", "two-step"]
    for table in stored["tricks"].values():
        assert tuple(table) == tricks.ALGORITHMS
        for row in table.values():
            assert list(row) == list(tricks.TRICKS)
            for scores in row.values():
                assert len(scores) == len(tricks.SEEDS) == 10
                assert all(0 <= score <= 1 and score * 16 == round(score * 16) for score in scores)
    for table in stored["last"].values():
        assert all(set(last) <= {0, 1} and len(last) == 10 for row in table.values() for last in row.values())


def test_the_search_was_chosen_on_other_seeds_than_it_is_reported_on():
    found, tries = data.load("tricks")["search"], search(tricks.RANGES, tricks.TRIES, seed=0)
    assert not set(found["choose_on"]) & set(found["report_on"])
    for each in found["found"].values():
        assert [one["settings"] for one in each["tries"]] == list(tries.values())
        sums = [sum(one["scores"]) for one in each["tries"]]
        assert sums[each["chosen"]] == max(sums) and len(each["fresh"]) == len(found["report_on"])


def test_a_stored_score_can_be_measured_again(tmp_path):
    """One run of the table, trained afresh."""
    plan = Plan("grid", "vdn", [3], tricks.STEPS, {"evaluate_every": tricks.EVALUATE_EVERY},
                {"updates ÷ 4": tricks.TRICKS["updates ÷ 4"]})
    (run,), = tricks.looks(plan, tmp_path, 1).values()
    assert tricks.score(run) == data.load("tricks")["tricks"]["grid"]["vdn"]["updates ÷ 4"][3]
    assert exact.solve(make_env("grid", 1)).best_return > 8


def test_the_many_runs_are_others_and_can_be_measured_again(tmp_path):
    many = data.load("tricks")["many"]
    assert many["seeds"] == list(tricks.MANY) and list(many["scores"]) == ["vdn", "qmix"]
    assert not set(many["seeds"]) & {*tricks.SEEDS, *tricks.CHOOSE_ON, *tricks.REPORT_ON}
    for scores in many["scores"].values():
        assert len(scores) == 100 and all(0 <= score <= 1 and score * 16 == round(score * 16) for score in scores)
    vdn, qmix = (intervals.iqm(scores) for scores in many["scores"].values())
    assert round(qmix - vdn, 2) == 0.09
    plan = Plan("grid", "qmix", [341], tricks.STEPS, {"evaluate_every": tricks.EVALUATE_EVERY})
    (run,), = tricks.looks(plan, tmp_path, 1).values()
    assert tricks.score(run) == many["scores"]["qmix"][41]


def test_the_experiment_of_the_exercise_says_a_and_nearly_anybody_would():
    """With the first ten seeds, and however many of them one more or less would change."""
    assert [rule(MEASURED) for rule in measure_rate.PLAN.follows.values()] == [True, False, False, False]
    for k in range(10):
        less = {arm: row[:k] + row[k + 1:] for arm, row in MEASURED.items()}
        assert measure_rate.PLAN.follows["A"](less)
    assert [measure_rate.run(arm, [3, 9]) for arm in measure_rate.RATES] == [
        [MEASURED[arm][3], MEASURED[arm][9]] for arm in measure_rate.RATES]
    assert intervals.improvement(*MEASURED.values())[0] == 0.9
