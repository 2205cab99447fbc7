"""Comparing and showing: types that only look right, digits that were lost, hints that fit the case."""

import decimal
import fractions
import math
import warnings

import numpy
import pytest
import torch

from qmix_course.checks import Exercise, Mistake, Verdict, values
from qmix_course.checks.room import Room

TABLE = torch.tensor([[1.5, -2.25], [0.3, 3.7]], dtype=torch.float64)


def quietly(make):
    """Torch warns of both."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


class Agrees(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class Own(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


@pytest.mark.parametrize("got, want, kind", [
    (3 + 0j, 3.0, "wrong shape or type"), (torch.tensor(3 + 0j), 3, "wrong shape or type"),
    (TABLE.to(torch.complex128), TABLE, "wrong shape or type"),
    (torch.arange(4).to(torch.complex64), torch.arange(4), "wrong shape or type"),
    (TABLE.to_sparse(), TABLE, "wrong shape or type"), (TABLE.to("meta"), TABLE, "wrong shape or type"),
    (quietly(lambda: torch.quantize_per_tensor(TABLE.float(), 0.1, 0, torch.qint8)), TABLE, "wrong shape or type"),
    (quietly(lambda: torch.nested.nested_tensor([TABLE[0], TABLE[1, :1]])), TABLE, "wrong shape or type"),
    (torch.tensor(3.0).to_sparse(), 3.0, "wrong shape or type"),
    (torch.tensor(3.0, device="meta"), 3.0, "wrong shape or type"),
    (numpy.array([1.5, None], dtype=object), TABLE, "wrong shape or type"),
    (numpy.array(None, dtype=object), 3.0, "wrong shape or type"),
    (numpy.array("3"), 3.0, "wrong shape or type"), (decimal.Decimal(3), 3.0, "wrong shape or type"),
    ("3", 3.0, "wrong shape or type"),
    (None, 3.0, "wrong shape or type"), (3.0, 3, "wrong shape or type"), (True, 1, "wrong shape or type"),
    ([3.0], 3.0, "wrong shape or type"),
    ({1, 2}, [1, 2], "wrong shape or type"), (TABLE.bool(), TABLE, "wrong shape or type"), (math.nan, 3.0, "wrong"),
    (Agrees(4.0), 3.0, "wrong"), (Own([9.0, 9.0]), torch.ones(2), "wrong"), (10**400, 3.0, "wrong"),
    (10**400, 3, "wrong"),
    (-10**400, 3, "wrong"), (math.inf, 3.0, "wrong"),
])
def test_what_only_looks_right_is_told_by_its_kind(got, want, kind):
    assert values.problem(got, want, 1e-9).kind == kind
    assert len(values.describe(got)) < 200 and values.table(got, want)
    assert not values.loosely_equal(got, want, 1e-9) or kind != "wrong"


@pytest.mark.parametrize("got, want", [
    (fractions.Fraction(3), 3.0), (numpy.float64(3), 3.0), (torch.tensor([3.0]), 3.0), (numpy.int64(3), 3),
    (torch.nn.Parameter(TABLE), TABLE),
    (Agrees(3.0), 3.0), (TABLE.T.contiguous().T, TABLE), (math.nan, math.nan),
])
def test_what_is_right_in_another_dress_is_right(got, want):
    assert values.problem(got, want, 1e-9) is None


EXACT = [0.873315721, -2.3300177, 1234.5678912, 0.1 + 0.2, 5 / 7]


@pytest.mark.parametrize("lose, why", [
    (lambda x: round(x, 2), "rounding"), (lambda x: round(x, 4), "rounding"),
    (lambda x: int(x * 1000) / 1000, "rounding"),
    (lambda x: float(f"{x:.4g}"), "rounding"), (lambda x: float(numpy.float32(x)), "float32"),
    (lambda x: float(numpy.float32(x) * numpy.float32(3)) / 3, "float32"),
    (lambda x: torch.tensor(x, dtype=torch.bfloat16).double().item(), "float32"),
    (lambda x: float(numpy.float16(x)), "float32"),
    (lambda x: x * 1.001, ""), (lambda x: x + 1e-3, ""), (lambda x: x + 1e-5, ""), (lambda x: x * (1 + 3e-5), ""),
    (lambda x: 0.0, ""),
])
def test_lost_digits_are_explained_by_what_lost_them(lose, why):
    assert values.lost_digits([lose(x) for x in EXACT], EXACT) == why


def test_estimates_are_not_told_that_precision_was_lost():
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn(1000, 5, generator=generator, dtype=torch.float64)
    means = [x + float(draws[:, k].mean()) * 1e-2 for k, x in enumerate(EXACT)]
    assert values.lost_digits(means, EXACT) == ""
    assert values.lost_digits([0.0], [0.0]) == values.lost_digits([], []) == values.lost_digits([1], [2]) == ""


# ---- hints
# -------------------------------------------------------------------------------------------------------------

def exercise(cases, truth):
    return Exercise("00.7", "Made up", {"made_up": "function"}, 1, 2, "x", ("h", "i"),
                    (Mistake("never", "Which?", "no", lambda *_: "never"),),
                    lambda room, answer: room.compare(answer, cases, truth) or Verdict("correct"))


def judge(answer, cases=((0.873315721,), (-2.3300177,)), truth=lambda x: 2 * x) -> Verdict:
    return Room(exercise(list(cases), truth)).judge((answer,))


def searches(x):
    grid = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    return float(grid[(grid - 2 * x).abs().argmin()])


def rounds(x):
    return round(2 * x, 2)


def test_a_grid_search_is_no_rounding():
    assert "precision" not in judge(searches).title and "grid" in judge(searches).hint
    assert "precision" in judge(rounds).title
    assert "precision" in judge(lambda x: float(f"{2 * x:.3f}")).title
    assert "precision" in judge(lambda x: float(numpy.float32(2 * x))).title
    assert "samples" in judge(lambda x: 2 * x * 1.0005).hint


def falls_off(x):
    if x > 0:
        return 2 * x


def no_return(x):
    2 * x  # noqa: B018


def says_none(x):
    if x > 0:
        return 2 * x
    return None


def says_nothing(x):
    if x > 0:
        return 2 * x
    return  # noqa: R502


def in_place(x):
    return [x].sort()


def inner(x):
    def helper():
        return 3
    helper()


@pytest.mark.parametrize("answer, said", [
    (falls_off, "every way through it end in a return"), (no_return, "has no return"), (inner, "has no return"),
    (says_none, "Line 4 returns None"),
    (says_nothing, "Line 4 returns None"), (in_place, "in place"), (lambda x: print(end=""), "The result is None"),
])
def test_how_nothing_was_returned_is_told_by_the_code(answer, said):
    verdict = judge(answer)
    assert (verdict.kind == "wrong shape or type" and verdict.title == "your function returns nothing"
            and said in verdict.hint), verdict


def test_nan_has_its_own_hint():
    assert "nan" in judge(lambda x: math.nan).hint and "nan" not in judge(lambda x: 0.0).hint


def test_only_a_case_that_fits_on_paper_is_worked_out_on_paper():
    assert "on paper" in judge(lambda x: 3 * x).hint
    large = [(torch.arange(71.0),)]
    verdict = judge(lambda table: 3 * table, large, lambda table: 2 * table)
    assert "on paper" not in verdict.hint and "70 of 71 entries differ, the first of them:" in verdict.detail
    assert "[1]: expected 2, got 3" in verdict.detail
    mixed = [(torch.arange(71.0),), (torch.ones(2),)]
    assert "on paper" in judge(lambda table: 3 * table, mixed,
                               lambda table: 2 * table).hint, "the smallest case is shown"


def test_nobody_is_sent_to_paper_with_a_case_that_cannot_be_written_down():
    """What an answer makes of a team, an environment or a whole run has no line to run, and no sum to do by hand."""
    for case, hint in (((torch.nn.Linear(1, 1), 0.5), "print what your function has after each step"),
                       ((0.5, 1), "on paper"), ((torch.zeros(30), torch.nn.Linear(1, 1)), "in common")):
        verdict = Room(whole_case(case)).judge((lambda *_: 3.0,))
        assert verdict.kind == "wrong" and hint in verdict.hint, verdict
        assert ("paper" in verdict.hint) == (hint == "on paper")


def whole_case(case) -> Exercise:
    def look(room, answer):
        room.compare(answer, [case], lambda *_: 1.0)
        return Verdict("correct")

    return Exercise("00.9", "Run", {"run": "function"}, 1, 2, "run", ("h", "i"), (), look)


@pytest.mark.parametrize("got, want, said", [
    (torch.tensor([0, 3]), torch.tensor([2, 3]), "different at: 0"),
    (torch.tensor([[True]]), torch.tensor([[False]]), "different at: [0, 0]"),
    ([1, 2], [1, 4], "different at: 1"), (3, 5, "got:      3"),
])
def test_there_is_no_largest_difference_between_actions(got, want, said):
    shown = values.table(got, want)
    assert said in shown and "largest" not in shown
    assert "largest difference: 2" in values.table(torch.tensor([1.0]), torch.tensor([3.0]))


@pytest.mark.parametrize("answer", [lambda x: [1.0], lambda x: numpy.ones(3), lambda x: "x",
                                    lambda x: torch.ones(2).to_sparse(), lambda x: object()])
def test_a_result_that_the_check_cannot_use_is_a_wrong_type(answer):
    # As if it stood among the checks: their own lines are not the learner's.
    text = ("def look(room, answer):\n    return Verdict('correct' if float(room.ask(answer, "
            "1.5).detach().view(()).item()) == 3 else 'wrong')")
    exec(compile(text, values.__file__, "exec"), {"Verdict": Verdict}, made_here := {})
    look = made_here["look"]
    made = Exercise("00.7", "Made up", {"made_up": "function"}, 1, 2, "x", ("h", "i"), (), look)
    verdict = Room(made).judge((answer,))
    assert verdict.kind == "wrong shape or type" and "your answer gave" in verdict.title, verdict


@pytest.mark.parametrize("number", ["03.1", "11.1"])
@pytest.mark.parametrize("result", [[1, 2], [], numpy.zeros(3), numpy.zeros((2, 2)), (1,), "x", {1: 2}, {1}, 1j])
def test_lists_and_arrays_are_a_wrong_type(number, result):
    from qmix_course.checks import check

    assert check(number, lambda *_, **__: result).kind == "wrong shape or type"
