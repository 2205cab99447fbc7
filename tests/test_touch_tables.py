"""The table to edit: the browser's classes and nearest tables are those of the library."""

import random

import numpy as np
import pytest
import torch
from selenium.webdriver.common.keys import Keys
from touching import PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.cones import best_supermodular
from qmix_course.envs import PAYOFFS, penalty
from qmix_course.representation import best_tables, classify


@pytest.fixture(autouse=True)
def exact_numbers():
    torch.set_default_dtype(torch.float64)


def games():
    """Named games, random numbers, and small whole numbers, which are full of ties."""
    dice = random.Random(0)
    found = [*PAYOFFS.values(), penalty(-25), penalty(-100), ((0, 1), (1, 1)), ((0, 0), (0, 0)), ((1, 2, 3),) * 3]
    for size in (2, 3):
        found += [[[dice.uniform(-10, 10) for _ in range(size)] for _ in range(size)] for _ in range(12)]
        found += [[[dice.randrange(-2, 3) for _ in range(size)] for _ in range(size)] for _ in range(25)]
        made = [np.array([[float(i * j + i) for j in range(size)] for i in range(size)]),
                np.array([[float(min(i, j)) for j in range(size)] for i in range(size)]),
                np.array([[float(max(i, j)) for j in range(size)] for i in range(size)]),
                np.array([[2.0 * i - j for j in range(size)] for i in range(size)])]
        found += [table[np.ix_(dice.sample(range(size), size), dice.sample(range(size), size))].tolist()
                  for table in made]
    return [[list(map(float, row)) for row in table] for table in found]


def test_classes_and_nearest_tables_are_the_librarys(page):  # noqa: F811
    page.show(touch.tables())
    kinds = set()
    for payoff in games():
        got = page.js("const table = arguments[0]; return [touch.classify(table), ...['additive', 'qmix', 'monotone']"
                      ".map(kind => touch.nearest(table, kind))]", payoff)
        place = classify(payoff)
        assert got[0]["kind"] == place.kind, payoff
        if place.kind == "igm":
            assert got[0]["why"] == place.why, payoff
        kinds.add(place.kind)
        for kind, found in zip(("additive", "qmix", "monotone"), got[1:]):
            wanted = best_tables(payoff, kind)
            assert len(found) == len(wanted), (payoff, kind)
            for one, other in zip(found, wanted):
                assert one["error"] == pytest.approx(other.error, abs=1e-7)
                assert np.abs(np.array(one["table"]) - other.table.numpy()).max() < 1e-7, (payoff, kind)
    assert kinds == {"additive", "qmix", "monotone", "igm"}
    assert page.complaints() == []


def test_weights_count_as_in_the_library(page):  # noqa: F811
    page.show(touch.tables())
    rng = np.random.default_rng(0)
    for size in (2, 3):
        for _ in range(20):
            payoff, weights = rng.normal(size=(size, size)) * 8, 10 ** rng.uniform(-3, 0, (size, size))
            got = page.js("return touch.bestSupermodular(...arguments)", payoff.tolist(), weights.tolist())
            assert np.abs(np.array(got) - best_supermodular(payoff, weights)).max() < 1e-7


@pytest.mark.parametrize("width", [PHONE, 1200])
def test_an_entry_is_edited_and_all_follows(page, width):  # noqa: F811
    page.show(touch.tables(), width=width)
    assert "of QMIX's class" in page.said()                              # [[0, 1], [1, 8]]
    cell = page.named("payoff of (1, 1)")
    cell.send_keys(Keys.END, Keys.BACKSPACE, "1")                        # OR
    assert "monotone, and beyond QMIX's mixer" in page.said()
    assert "Squared error 0.25" in page.text()
    for keys, word in (((Keys.BACKSPACE,), "is no number"), (("-",), "is no number"),
                       ((Keys.BACKSPACE, "1e9"), "is too large")):
        cell.send_keys(Keys.END, *keys)                        # it is said, and the tables below stay
        assert word in page.said() and "the last table" in page.said()
        assert cell.get_attribute("aria-invalid") == "true" and "Squared error 0.25" in page.text()
    cell.send_keys(Keys.END, *[Keys.BACKSPACE] * 3, "3,5")     # as a decimal comma, and not as 35
    assert page.js("return card.querySelectorAll('input')[3].value") == "3.5" and "Squared error 0.56" in page.text()
    cell.send_keys(Keys.END, *[Keys.BACKSPACE] * 3, "1000000")
    assert "of QMIX's class" in page.said() and cell.get_attribute("aria-invalid") is None
    assert "1.00e6" in page.text() and page.js("return document.documentElement.scrollWidth") <= width
    page.named("Reset: all as at the start").click()
    assert page.named("payoff of (1, 1)").get_attribute("value") == "8"


def test_a_known_game_and_what_each_class_makes_of_it(page):  # noqa: F811
    page.show(touch.tables())
    select = page.named("Begin with")
    select.send_keys("3 × 3: climbing")
    assert "not monotone" in page.said()
    text = page.text()
    assert "Squared error 997.4" in text and "Squared error 1364" in text and text.count("not the best") == 3
    select.send_keys("3 × 3: penalty")
    assert page.js("return [...card.querySelectorAll('input')].map((each) => Number(each.value))") == [
        x for row in penalty(-25) for x in row]
