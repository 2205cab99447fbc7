"""The first check: right answers pass, each usual mistake gets its own hint, nothing raises."""

import math

import numpy as np
import pytest
import torch

from qmix_course.checks import lesson00
from qmix_course.checks.verdict import NotCorrect, Verdict


def right_plain(reward, next_values, terminated):
    if terminated:
        return reward
    return reward + 0.9 * max(next_values)


def right_masked(reward, next_values, terminated):
    return reward + 0.9 * (1 - terminated) * np.max(next_values)


def right_torch(reward, next_values, terminated):
    return torch.tensor(reward, dtype=torch.float64) + 0.9 * (not terminated) * torch.tensor(next_values, dtype=torch.float64).max()


@pytest.mark.parametrize("answer", [right_plain, right_masked, right_torch])
def test_right_answers_pass(answer):
    assert lesson00.one_step_target(answer).kind == "correct"


@pytest.mark.parametrize("number", range(len(lesson00.MISTAKES)))
def test_every_usual_mistake_gets_its_own_hint(number):
    title, wrong, hint = lesson00.MISTAKES[number]
    verdict = lesson00.one_step_target(wrong)
    assert (verdict.kind, verdict.title, verdict.hint) == ("wrong", title, hint)


@pytest.mark.parametrize("answer, kind, said", [
    (..., "not attempted", ""),
    (lambda r, v, end: ..., "not attempted", ""),
    (lambda r, v, end: None, "not attempted", "returns nothing"),
    (3.0, "wrong shape or type", "expected a function"),
    (lambda r, v, end: [1.0], "wrong shape or type", "list"),
    (lambda r, v, end: True, "wrong shape or type", "bool"),
    (lambda r, v, end: torch.zeros(2), "wrong shape or type", "Tensor"),
    (lambda r, v, end: math.nan, "wrong", "expected"),
    (lambda r, v, end: 0.0, "wrong", "expected"),
    (lambda r, v, end: r + 0.99 * (0 if end else max(v)), "wrong", "expected"),
    (lambda r, v, end: v.sort() or r + (0 if end else 0.9 * v[-1]), "wrong", "changes the list"),
    (lambda r, v, end: None if end else r + 0.9 * max(v), "wrong shape or type", "nothing in others"),
    (lambda r, v, end: r if end else None, "wrong shape or type", "nothing in others"),
    (lambda r, v, end: round(right_plain(r, v, end), 2), "wrong", "rounded"),
    (lambda r, v, end: np.float32(right_plain(r, v, end)), "wrong", "rounded"),
    (lambda r, v, end: r + (0 if end else 0.9 * max(abs(x) for x in v)), "wrong", "expected"),
    (lambda r, v, end: r / 0, "error in your code", "ZeroDivisionError"),
    (lambda r, v: r, "error in your code", "TypeError"),
])
def test_everything_else_gets_a_verdict(answer, kind, said):
    verdict = lesson00.one_step_target(answer)
    assert verdict.kind == kind and said in repr(verdict)


def test_an_error_names_its_line():
    def answer(reward, next_values, terminated):
        best = max(next_values)
        return reward + gamma * best                                  # noqa: F821

    assert "line 3 of answer" in lesson00.one_step_target(answer).hint


def test_strict_mode_raises(monkeypatch):
    monkeypatch.setenv("QMIX_COURSE_STRICT", "1")
    assert lesson00.one_step_target(right_plain).kind == "correct"
    with pytest.raises(NotCorrect, match="not attempted"):
        lesson00.one_step_target(...)


def test_a_verdict_shows_in_a_notebook_and_in_a_terminal():
    verdict = Verdict("wrong", "a < b", "Think.")
    assert repr(verdict) == "wrong: a < b\n  Think." and "a &lt; b" in verdict._repr_html_()
    with pytest.raises(ValueError, match="kind"):
        Verdict("maybe")
