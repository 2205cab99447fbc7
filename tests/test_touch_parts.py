"""The doublings to spend of lesson 21: what it says is Amdahl's law, in every way to spend them."""

import itertools

import pytest
from selenium.webdriver.common.keys import Keys
from touching import DESK, PHONE, page  # noqa: F401 - a fixture

from qmix_course import data, touch

SHARES = {"environment": 0.1, "loss": 0.5, "backward": 0.3, "all else": 0.1}


def speed_up(shares, doublings):
    return sum(shares) / sum(share / 2**k for share, k in zip(shares, doublings))


@pytest.mark.parametrize("shares", [SHARES, {"play": 3.0, "learn": 1.0}], ids=["four parts", "two parts"])
def test_every_way_to_spend_them_is_amdahls_law(page, shares):  # noqa: F811
    page.show(touch.parts(shares, doublings=3))
    for spent in itertools.product(range(4), repeat=len(shares)):
        got = page.js("return touch.speedUp(arguments[0])", list(spent))
        wanted = speed_up(shares.values(), spent)
        assert got == pytest.approx(wanted, abs=1e-9), spent
        over, said = sum(spent) - 3, page.said()
        if over > 0:
            assert said == f"{sum(spent)} doublings spent, and only 3 are there: take {over} back."
        else:
            assert said.startswith(f"{sum(spent)} of 3 doublings spent.") and said.endswith(
                f"it is {wanted:.2f} times as fast.")
    assert page.complaints() == []


def test_the_lessons_shares_by_keyboard_on_a_phone(page):  # noqa: F811
    shares = data.load("scale")["parts"]["32 rows"]
    page.show(touch.parts(shares), width=PHONE)
    assert "0 of 6 doublings spent. The run takes 100% of its time: it is 1.00 times as fast." == page.said()
    for name, times in (("loss", 3), ("backward", 2), ("optimiser and target", 1)):
        for _ in range(times):
            page.named(name).send_keys(Keys.ARROW_RIGHT)
    best = speed_up(shares.values(), [{"loss": 3, "backward": 2, "optimiser and target": 1}.get(name, 0)
                                      for name in shares])
    assert page.said().endswith(f"it is {best:.2f} times as fast.")
    rest = sum(share / {"loss": 8, "backward": 4}.get(name, 1) for name, share in shares.items()
               if name != "optimiser and target")
    assert f'If "optimiser and target" took no time at all and the rest stayed as it is now: {1 / rest:.2f} times' \
        in page.text()
    assert page.js("return document.documentElement.scrollWidth <= window.innerWidth")
    assert "backward 6.8%" in page.find("svg")[0].get_attribute("aria-label")
    page.named("Reset: all as at the start").click()
    assert page.said().startswith("0 of 6") and "A slider at 1" in page.text()


def test_no_way_to_spend_six_beats_what_the_lesson_says():
    shares = data.load("scale")["parts"]["32 rows"]
    tried = {spent: speed_up(shares.values(), spent) for spent in itertools.product(range(7), repeat=len(shares))
             if sum(spent) == 6}
    best = dict(zip(shares, max(tried, key=tried.get)))
    assert len(tried) == 1716 and round(max(tried.values()), 2) == 2.47
    assert sum(each >= 2.4 for each in tried.values()) == 4
    assert {name: k for name, k in best.items() if k} == {"loss": 3, "backward": 2, "optimiser and target": 1}


def test_what_is_filled_is_what_is_left(page):  # noqa: F811
    page.show(touch.parts(SHARES), width=DESK)
    widths = "return [...card.querySelectorAll('rect')].map((r) => Number(r.getAttribute('width')))"
    before = page.js(widths)
    page.js("touch.speedUp([0, 1, 2, 0])")
    after = page.js(widths)
    outlines, filled = slice(0, None, 2), slice(1, None, 2)
    assert before[outlines] == before[filled] == after[outlines]
    assert [a / b for a, b in zip(after[filled], before[filled])] == pytest.approx([1, 1 / 2, 1 / 4, 1])
    assert [each / sum(before[filled]) for each in before[filled]] == pytest.approx(list(SHARES.values()))


def test_bad_input():
    for wrong, words in (({}, "shares: expected 2 to 10"), ({"a": 1.0}, "shares: expected 2 to 10"),
                         ({"a": 0.0, "b": 1.0}, "shares\\['a'\\]: expected"), ({1: 1.0, "b": 1.0}, "shares: expected"),
                         ({"a": 1e308, "b": 1e308}, "sum of shares")):
        with pytest.raises(ValueError, match=words):
            touch.parts(wrong)
    with pytest.raises(TypeError, match="shares: expected a dict"):
        touch.parts([1, 2])
    with pytest.raises(ValueError, match="doublings"):
        touch.parts(SHARES, doublings=0)
