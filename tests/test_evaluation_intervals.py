"""The interval of a success rate, against the formula's defining equation and scipy-free known values."""

import math

import pytest

from qmix_course.evaluation import success_interval


@pytest.mark.parametrize("successes, trials", [(0, 1), (1, 1), (10, 20), (20, 20), (0, 20), (3, 7), (19, 20)])
def test_the_ends_lie_196_standard_errors_from_what_was_seen(successes, trials):
    """Wilson's interval is the set of rates p with |seen − p| ≤ 1.96 √(p (1 − p) / n)."""
    seen = successes / trials
    for end in success_interval(successes, trials):
        distance = 1.959963984540054 * math.sqrt(end * (1 - end) / trials)
        assert math.isclose(abs(seen - end), distance, abs_tol=1e-9) or end in (0.0, 1.0)
    low, high = success_interval(successes, trials)
    assert 0 <= low <= seen <= high <= 1 and low < high


def test_known_values():
    assert success_interval(20, 20) == pytest.approx((0.838875, 1.0), abs=1e-6)
    assert success_interval(10, 20) == pytest.approx((0.299298, 0.700702), abs=1e-6)


def test_what_is_refused():
    with pytest.raises(ValueError, match="successes: expected at most trials = 5, got 6"):
        success_interval(6, 5)
    with pytest.raises(ValueError, match="trials: expected at least 1"):
        success_interval(0, 0)
