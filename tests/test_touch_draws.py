"""Small studies drawn again and again: the browser's draws and intervals are those of a second version in numpy."""

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys
from test_touch import contrast
from touching import DESK, PHONE, page  # noqa: F401 - a fixture

from qmix_course import data, intervals, touch

SCORES = {name.upper(): each for name, each in data.load("tricks")["many"]["scores"].items()}
WORD = 0xFFFFFFFF


class Dice:
    """The browser's generator (mulberry32), in whole numbers."""

    def __init__(self, seed):
        self.a = seed * 7919 & WORD

    def __call__(self, count):
        self.a = self.a + 1831565813 & WORD
        t = (self.a ^ self.a >> 15) * (1 | self.a) & WORD
        t = (t + ((t ^ t >> 7) * (61 | t) & WORD) & WORD) ^ t
        return int((t ^ t >> 14) / 4294967296 * count)


def study(turn, count, one_pool, pools):
    """The runs, the difference and its interval; the interval by numpy and the library's iqm."""
    dice, runs = Dice(turn), []
    left = [list(pools[0])] * 2 if one_pool else [list(pool) for pool in pools]
    for pool in left:
        runs.append([pool.pop(dice(len(pool))) for _ in range(count)])
    drawn = np.array([[[runs[side][dice(count)] for _ in range(count)] for side in (0, 1)] for _ in range(1_000)])
    found = intervals.iqm(drawn[:, 1]) - intervals.iqm(drawn[:, 0])
    low, high = np.quantile(found, (0.025, 0.975))
    return runs, intervals.iqm(runs[1]) - intervals.iqm(runs[0]), low, high


@pytest.mark.parametrize("one_pool", [False, True])
def test_studies_are_drawn_and_judged_as_by_the_library(page, one_pool):  # noqa: F811
    page.show(touch.draws(SCORES))
    pools = list(SCORES.values())
    for turn in range(1, 9):
        for count in (2, 3, 4, 7, 20, 40):
            got = page.js("return touch.drawStudy(...arguments)", turn, count, one_pool)
            runs, difference, low, high = study(turn, count, one_pool, pools)
            assert got["runs"] == runs
            assert [got[name] for name in ("difference", "low", "high")] == pytest.approx([difference, low, high])
            assert got["says"] == (1 if got["low"] > 0 else 0 if got["high"] < 0 else 2)
    assert page.complaints() == []


def test_no_run_is_drawn_twice(page):  # noqa: F811
    numbered = {name: [k / 200 for k in range(start, start + 80)] for name, start in (("one", 0), ("two", 100))}
    page.show(touch.draws(numbered))
    for one_pool in (False, True):
        runs = page.js("return touch.drawStudy(5, 40, arguments[0])", one_pool)["runs"]
        assert len(set(runs[0] + runs[1])) == 80
        assert set(runs[0]) <= set(numbered["one"]) and set(runs[1]) <= set(numbered["one" if one_pool else "two"])


def shares(page, count, one_pool):  # noqa: F811
    """Of 1,000 studies: the shares that call the other better, the baseline better, nobody."""
    says = page.js("return Array.from({length: 1000}, (_, k) => touch.drawStudy(k + 1, ...arguments).says)", count,
                   one_pool)
    return [says.count(each) / len(says) for each in (1, 0, 2)]


def test_what_the_lesson_says_of_few_and_many_seeds(page):  # noqa: F811
    page.show(touch.draws(SCORES))
    alarms = {count: sum(shares(page, count, True)[:2]) for count in (2, 3, 4, 5, 7, 10, 20, 40)}
    better = {count: shares(page, count, False) for count in (3, 4, 10, 20, 40)}
    assert alarms[2] > 0.2 and round(alarms[3], 2) == 0.16, alarms
    assert all(0.02 < alarms[count] < 0.075 for count in alarms if count > 3), alarms
    assert round(better[3][0], 2) == 0.28 and 0.01 <= better[3][1] <= 0.02, better
    overlooked = {count: better[count][2] for count in better}
    for count, share in {4: 6 / 7, 10: 0.7, 20: 0.5, 40: 1 / 7}.items():
        assert abs(overlooked[count] - share) < 0.03, overlooked
    assert all(better[count][1] == 0 for count in (10, 20, 40)), better


def test_with_replacement_forty_seeds_overlook_more_and_twenty_about_as_many():
    """1,000 studies of each kind by numpy: what drawing from a finite pool does."""
    dice, (vdn, qmix) = np.random.default_rng(0), SCORES.values()
    overlooked = {}
    for count in (10, 20, 40):
        for again in (False, True):
            seen = 0
            for _ in range(1_000):
                base, other = (dice.choice(each, count, replace=again) for each in (vdn, qmix))
                found = (intervals.iqm(other[dice.integers(count, size=(1_000, count))])
                         - intervals.iqm(base[dice.integers(count, size=(1_000, count))]))
                low, high = np.quantile(found, (0.025, 0.975))
                seen += low <= 0 <= high
            overlooked[count, again] = seen / 1_000
    assert abs(overlooked[40, False] - 1 / 7) < 0.03 and 0.19 < overlooked[40, True] < 0.27, overlooked
    assert all(abs(overlooked[count, False] - overlooked[count, True]) < 0.06 for count in (10, 20)), overlooked


def test_every_run_is_a_dot_of_its_own_that_stands_out(page):  # noqa: F811
    page.show(touch.draws(SCORES))
    page.named("seeds each").send_keys(Keys.END)
    dots = page.js("return [...card.querySelectorAll('svg circle')].filter((each) => each.getAttribute('r') === '4')"
                   ".map((each) => ['cx', 'cy', 'fill', 'fill-opacity'].map((name) => each.getAttribute(name)))")
    assert len(dots) == 80 and len({(x, y) for x, y, *_ in dots}) == 80
    assert {(fill, opacity) for _, _, fill, opacity in dots} == {("#0072B2", None), ("#D55E00", None)}
    assert all(contrast(fill, "#ffffff") >= 3 for _, _, fill, _ in dots)


def test_by_keyboard_on_a_phone(page):  # noqa: F811
    page.show(touch.draws(SCORES), width=PHONE)
    assert page.said().startswith("Study 1: QMIX minus VDN: ")
    page.named("A hundred").click()
    assert page.said().startswith("Study 101:") and sum(page.js("return touch.tally()[3]")) == 101
    page.named("seeds each").send_keys(Keys.ARROW_RIGHT)
    assert sum(page.js("return touch.tally()[4]")) == 1 and sum(page.js("return touch.tally()[3]")) == 101
    page.named("both sides from VDN's runs").click()
    assert page.said().startswith("Study 1: VDN, others minus VDN, some seeds: ")
    assert page.js("return Object.keys(touch.tally())") == ["4"]
    assert page.js("return document.documentElement.scrollWidth <= window.innerWidth")
    page.named("Reset: all as at the start").click()
    assert page.said().startswith("Study 1: QMIX minus VDN: ") and page.js("return Object.keys(touch.tally())") == ["3"]


def test_the_words_and_the_count_agree(page):  # noqa: F811
    page.show(touch.draws(SCORES), width=DESK)
    heads = [each.text for each in page.find("th")]
    assert heads == ["seeds", "studies", "QMIX", "VDN", "not clear"]
    seen = dict.fromkeys(heads[2:], 0)
    for _ in range(30):
        seen[page.said().rsplit("Better: ", 1)[1].rstrip(".")] += 1
        cells = [int(each.text) for each in page.find("td")]
        assert cells == [3, sum(seen.values()), *seen.values()]
        page.named("One more study").click()
    assert sum(count > 0 for count in seen.values()) >= 2


def test_bad_input():
    good = [0.5] * 80
    for wrong in ({}, {"a": good}, {"a": good, "b": good, "c": good}, {"a": good, 1: good}):
        with pytest.raises(ValueError, match="pools: expected two names"):
            touch.draws(wrong)
    for wrong in ([0.5] * 79, [*good, 1.5], [*good, -0.1], [good], 0.5):
        with pytest.raises(ValueError, match="pools\\['b'\\]: expected at least 80 scores from 0 to 1"):
            touch.draws({"a": good, "b": wrong})
    with pytest.raises(TypeError, match="pools: expected a dict"):
        touch.draws([good, good])
