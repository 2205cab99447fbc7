"""Answers to 20.3."""

import tempfile

import numpy as np

from qmix_course import intervals
from qmix_course.checks import experiment
from qmix_course.checks.lesson20.measure_rate import ANOTHER, LEVEL, PLAN, histories
from qmix_course.experiment import read_results, sweep
from qmix_course.plan import Plan
from qmix_course.report import last_scores
from tests.catalogue import Answers
from tests.catalogue.experiments import answers


def by_sweep(arm, seeds):
    plan = Plan("two-step", "qmix", list(seeds), 3_000,
                {"evaluate_every": 500, "learning_rate": float(arm.split()[-1])})
    with tempfile.TemporaryDirectory() as folder:
        swept = sweep(plan, folder, jobs=1)
        assert not swept.failed
        (scores,) = last_scores(read_results(folder))["two-step"].values()
    return scores


def side_by_side(arm, seeds):
    return np.array([history.greedy_return[-1] for history in histories(arm, seeds)])


# What both give for the seeds 0 to 9; test_lesson20.py holds it.
MEASURED = {"rate 4e-3": [8.0, 8.0, 8.0, 7.0, 7.0, 8.0, 8.0, 8.0, 8.0, 8.0], "rate 1e-3": [7.0] * 10}
RIGHT = intervals.improvement(*MEASURED.values())[1:]
plain = answers(PLAN, [by_sweep, side_by_side], MEASURED, "A")


def with_interval(answer, interval=RIGHT):
    return *answer[:2], interval, answer[2]


GOOD = (by_sweep, MEASURED, "A")
ANSWERS = Answers(
    right=[with_interval(plain.right[0]), with_interval(plain.right[1], np.array(RIGHT)),
           with_interval(plain.right[2], [0.76, 1])],
    wrong=[*((name, with_interval(answer)) for name, answer in plain.wrong),
           ("the interval is the other arm's", with_interval(GOOD, (0.0, 0.25))),
           ("the ends are exchanged", with_interval(GOOD, RIGHT[::-1])),
           ("the interval is that of a return, not of a probability",
            with_interval(GOOD, intervals.bootstrap(MEASURED["rate 4e-3"]))),
           (ANOTHER, with_interval(GOOD, (0.4, 0.9))),
           (LEVEL, with_interval(GOOD, intervals.improvement(*MEASURED.values(), level=0.9)[1:])),
           (LEVEL, with_interval(GOOD, intervals.improvement(*MEASURED.values(), level=0.99)[1:])),
           (experiment.NOT_MEASURED.name, with_interval((by_sweep, {arm: [8.0] * 10 for arm in MEASURED}, "C"),
                                                        (0.5, 0.5)))],
)
