"""What all checks share: verdicts, hints, the room that an answer is examined in, what is off limits."""

import math
import textwrap
from dataclasses import replace

import numpy as np
import pytest
import torch

from qmix_course.checks import Exercise, Mistake, NotCorrect, Verdict, check, exercises, hint, solution
from qmix_course.checks.guard import Guard
from qmix_course.checks.room import Room
from qmix_course.exploration import greedy
from qmix_course.mixers import QMixer


def right_plain(reward, next_values, terminated):
    if terminated:
        return reward
    return reward + 0.9 * max(next_values)


def right_masked(reward, next_values, terminated):
    return reward + 0.9 * (1 - terminated) * np.max(next_values)


def right_torch(reward, next_values, terminated):
    return (torch.tensor(reward, dtype=torch.float64) + 0.9 * (not terminated)
            * torch.tensor(next_values, dtype=torch.float64).max())


@pytest.mark.parametrize("answer, kind, said", [
    (..., "not attempted", ""),
    (lambda r, v, end: ..., "not attempted", ""),
    (lambda r, v, end: None, "not attempted", ""),
    (3.0, "wrong shape or type", "expected a function"),
    (lambda r, v, end: [1.0], "wrong shape or type", "list"),
    (lambda r, v, end: True, "wrong shape or type", "bool"),
    (lambda r, v, end: torch.zeros(2), "wrong shape or type", "tensor"),
    (lambda r, v, end: math.nan, "wrong", "expected"),
    (lambda r, v, end: 0.0, "wrong", "expected"),
    (lambda r, v, end: r + 0.99 * (0 if end else max(v)), "wrong", "expected"),
    (lambda r, v, end: v.sort() or r + (0 if end else 0.9 * v[-1]), "wrong", "changes what it was given"),
    (lambda r, v, end: None if end else r + 0.9 * max(v), "wrong shape or type", "returns nothing"),
    (lambda r, v, end: r if end else None, "wrong shape or type", "returns nothing"),
    (lambda r, v, end: round(right_plain(r, v, end), 2), "wrong", "no round"),
    (lambda r, v, end: np.float32(right_plain(r, v, end)), "wrong", "no round"),
    (lambda r, v, end: r + (0 if end else 0.9 * max(abs(x) for x in v)), "wrong", "expected"),
    (lambda r, v, end: r / 0, "error in your code", "ZeroDivisionError"),
    (lambda r, v: r, "error in your code", "TypeError"),
])
def test_everything_else_gets_a_verdict(answer, kind, said):
    verdict = check("00.1", answer)
    assert verdict.kind == kind and said in repr(verdict)


def test_an_error_names_its_line():
    def answer(reward, next_values, terminated):
        best = max(next_values)
        return reward + gamma * best                                  # noqa: F821

    verdict = check("00.1", answer)
    assert verdict.title == "line 3 of answer: NameError: name 'gamma' is not defined"
    assert "return reward + gamma * best" in verdict.detail
    assert "number of its arguments" in check("00.1", lambda reward: reward).hint


def test_an_error_inside_torch_is_told_with_the_learners_line():
    def answer(reward, next_values, terminated):
        values = torch.tensor(next_values)
        return values.gather(0, torch.tensor(99))

    assert check("00.1", answer).title.startswith("line 3 of answer: RuntimeError")


def test_an_answer_that_leaves_the_program_gets_a_verdict():
    def answer(*_):
        raise SystemExit(3)

    assert check("00.1", answer).kind == "error in your code"


def test_strict_mode_raises(monkeypatch):
    monkeypatch.setenv("QMIX_COURSE_STRICT", "1")
    assert check("00.1", right_plain).kind == "correct"
    with pytest.raises(NotCorrect, match="not attempted"):
        check("00.1", ...)


@pytest.mark.parametrize("call, said", [
    (lambda: check("00.9", right_plain), "lesson 00 has the exercises 00.1"),
    (lambda: check("3", right_plain), "as \"03.1\""),
    (lambda: check(0.1, right_plain), "as \"03.1\""),
    (lambda: hint("00.1", 0), "hints 1 to 3"),
    (lambda: hint("00.1", True), "hints 1 to 3"),
    (lambda: exercises("99"), "expected one of"),
])
def test_a_number_that_is_none_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_the_wrong_number_of_answers_is_refused():
    with pytest.raises(TypeError, match="expected one_step_target, got 2 answers"):
        check("00.1", right_plain, right_plain)


def test_a_verdict_shows_in_a_notebook_and_in_a_terminal():
    verdict = Verdict("wrong", "a < b", "Think of `x < y`.", "1 < 2", (("More", "a & `b`"), ("Hint 1 of 1", "`c`")))
    assert repr(verdict) == "wrong: a < b\n  Think of `x < y`.\n  1 < 2"
    assert all(text in verdict._repr_html_()
               for text in ("a &lt; b", "<code>x &lt; y</code>", ">1 &lt; 2</pre>", "<summary>More</summary>",
                            "a &amp; `b`", "<code>c</code>"))
    with pytest.raises(ValueError, match="kind"):
        Verdict("maybe")


def test_hints_fold_below_a_verdict_and_the_solution_below_a_right_one():
    folds = check("00.1", ...).folds
    assert [summary for summary, _ in folds] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3"]
    (summary, text), = check("00.1", right_plain).folds
    assert "reference solution" in summary and text == solution("00.1")
    assert "def one_step_target" in text and all(m.why[:20] in text for m in exercises("00")[0].mistakes)
    assert repr(hint("00.1", 2)).startswith("Hint 2 of 3: ")


def test_the_shown_case_can_be_run_and_gives_what_the_verdict_says():
    detail = check("00.1", lambda r, v, end: r + 0.5 * (not end) * max(v)).detail
    line, expected, got, difference = detail.splitlines()
    case = line.removeprefix("run: ")
    assert eval(case, {"one_step_target": right_plain}) == pytest.approx(float(expected.split()[-1]), rel=1e-5)
    assert eval(case, {"one_step_target": lambda r, v,
                       end: r + 0.5 * (not end) * max(v)}) == pytest.approx(float(got.split()[-1]), rel=1e-5)
    assert float(difference.split()[-1]) > 0


# ---- a made-up exercise: twice a table
# ---------------------------------------------------------------------------------

CASES = [(torch.tensor([[1.5, -2.0], [0.25, 3.0]]),), (torch.arange(6.0).view(3, 2),)]


def look_at_twice(room, answer):
    room.compare(answer, CASES, lambda table: 2 * table)
    return Verdict("correct")


TWICE = Exercise("00.7", "Twice", {"twice": "function"}, 1, 2, "double", ("h", "i"),
                 (Mistake("transposed", "Which axis is which?", "rows are not columns", lambda table: 2 * table.T),),
                 look_at_twice, off_limits=("qmix_course.exploration.greedy", "qmix_course.mixers.QMixer",
                                            "torch.nn.functional.elu"))


def judge(answer) -> Verdict:
    return Room(TWICE).judge((answer,))


def keeps_count(table, calls=[]):                                         # noqa: B006
    calls.append(1)
    return 2 * table + len(calls) // 3


def in_place(table):
    table *= 2
    return table


@pytest.mark.parametrize("answer, kind, said", [
    (lambda table: 2 * table, "correct", ""),
    (lambda table: table + table, "correct", ""),
    (lambda table: 2 * table.T, "wrong", "transposed"),
    (lambda table: (2 * table).tolist(), "wrong shape or type", "expected a tensor of shape [2, 2], float"),
    (lambda table: (2 * table).numpy(), "wrong shape or type", "got a numpy array"),
    (lambda table: (2 * table).long(), "wrong shape or type", "int64"),
    (lambda table: (2 * table).sum(), "wrong shape or type", "shape []"),
    (lambda table: (2 * table)[None], "wrong shape or type", "shape [1, 2, 2]"),
    (lambda table: (2 * table + 1e-3), "wrong", "Close, but not the exact values"),
    (lambda table: 3 * table, "wrong", "largest difference: 3"),
    (lambda table: table / 0, "wrong", "expected"),
    (lambda table: torch.full_like(table, math.nan), "wrong", "expected"),
    (in_place, "wrong", "changes what it was given"),
    (keeps_count, "wrong", "two different answers"),
    (lambda table: torch.manual_seed(0) and 2 * table, "wrong", "seeds a global generator"),
    (lambda table: np.random.seed(0) or 2 * table, "wrong", "seeds a global generator"),
    (lambda table: QMixer(2, 3) and 2 * table, "wrong", "QMixer is off limits"),
    (lambda table: torch.nn.functional.elu(table) * 0 + 2 * table, "wrong", "elu is off limits"),
])
def test_what_a_room_finds(answer, kind, said):
    verdict = judge(answer)
    assert verdict.kind == kind and said in repr(verdict), verdict


def test_a_table_is_shown_as_expected_and_got():
    assert textwrap.dedent("""\
        expected: 
          [3.0, -4.0]
          [0.5, 6.0]""").replace(".0", "") in judge(lambda table: 3 * table).detail


def test_right_numbers_in_a_wrong_type_are_not_told_a_misconception_that_these_cases_cannot_show():
    symmetric = replace(TWICE, look=lambda room,
                        answer: room.compare(answer, [(torch.eye(2),)], lambda table: 2 * table))
    assert Room(symmetric).judge((lambda table: (2 * table).tolist(),)).kind == "wrong shape or type"


def test_an_unknown_mistake_is_an_authors_error():
    broken = replace(TWICE, look=lambda room, answer: (_ for _ in ()).throw(room.wrong("nobody wrote this")))
    assert "LookupError" in repr(Room(broken).judge((lambda table: table,)))


def test_what_is_off_limits_works_again_afterwards():
    q, everything = torch.tensor([[0.5, 1.0]]), torch.ones(1, 2, dtype=torch.bool)
    with Guard(("qmix_course.exploration.greedy", "qmix_course.mixers.QMixer", "torch.nn.functional.elu")) as guard:
        for call in (lambda: greedy(q, everything), lambda: QMixer(2, 3), lambda: torch.nn.functional.elu(q)):
            with pytest.raises(Exception, match="off limits"):
                call()
    assert guard.called == ["greedy", "QMixer", "elu"]
    assert greedy(q, everything).tolist() == [1]
    assert (QMixer(2, 3)(torch.zeros(4, 2), torch.zeros(4, 3)).shape == (4,)
            and torch.nn.functional.elu(q).shape == (1, 2))


def test_what_an_answer_prints_does_not_flood_the_notebook(capsys):
    assert judge(lambda table: print("here", table) or 2 * table).kind == "correct"
    assert capsys.readouterr().out == ""


def test_what_a_text_calls_near_is_near_however_large_the_numbers_are():
    """11.2 and 04.4 ask for 1e-6, also of entries far above 1, and of whatever holds a number."""
    from tests.catalogue.lesson04.best_sum import by_pinv
    from tests.catalogue.lesson11.least_error import subsets

    for kind in (float, np.float64, np.array):
        assert check("11.2", lambda payoff, weights: kind(subsets(payoff, weights))).kind == "correct"
    for off in (np.float32, lambda error: error * (1 + 9e-7)):
        assert check("11.2", lambda payoff, weights: off(subsets(payoff, weights))).kind == "wrong"
    assert check("04.4", lambda table, weights: by_pinv(table, weights) + 9e-7).kind == "correct"
    assert check("04.4", lambda table, weights: by_pinv(table, weights) * (1 + 9e-7)).kind == "wrong"


@pytest.mark.parametrize("most", [30_000, 50_000])
def test_a_share_that_takes_many_updates_is_asked_for(most):
    from tests.catalogue.lesson06.updates_until import logarithms as exact

    assert check("06.4", exact).kind == "correct"
    assert check("06.4", lambda share, tau: min(most, exact(share, tau))).kind != "correct"


@pytest.mark.parametrize("line, beside", [(7, True), (4, False)])
def test_half_a_repair_of_05_6_does_not_keep_silent_about_the_line(line, beside):
    def half(agent_qs, state, hyper_w1, hyper_b1, hyper_w2, hyper_b2):
        w1 = hyper_w1(state).relu().view(*agent_qs.shape, -1)
        hidden = torch.nn.functional.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + hyper_b1(state))
        return (hidden * hyper_w2(state).abs()).sum(-1) + hyper_b2(state).squeeze(-1)

    verdict = check("05.6", line, half)
    assert "cut off" in verdict.title and ("not in line 7" in verdict.detail) == beside
