"""The pieces of Part II: weights and pulls, λ against advantages, one number of memory."""

import itertools

import numpy as np
import pytest
import torch
from selenium.webdriver.common.keys import Keys
from torch import nn
from touching import PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.cones import best_supermodular
from qmix_course.touch._weights import GAMES


@pytest.fixture(autouse=True)
def exact_numbers():
    torch.set_default_dtype(torch.float64)


def optimistic(payoff, alpha):
    """The smallest optimistic loss and its table: in every pair of orders, weigh and fit until nothing moves."""
    found = []
    for orders in itertools.product(itertools.permutations(range(len(payoff))), repeat=2):
        at = np.ix_(*orders)
        y, table = payoff[at], np.zeros_like(payoff)
        for _ in range(100):
            before, w = table, np.where(table + 1e-9 < y, 1.0, alpha)
            table = best_supermodular(y, w)
            if np.abs(table - before).max() < 1e-10:
                break
        whole = np.empty_like(payoff)
        whole[at] = table
        found.append((round(float((np.where(table < y, 1.0, alpha) * (table - y) ** 2).sum()), 6), whole))
    return min(found, key=lambda each: each[0])


def test_nearest_tables_and_pulls_are_the_librarys(page):  # noqa: F811
    page.show(touch.weights())
    for name, payoff in GAMES.items():
        payoff = np.array(payoff, dtype=float)
        for alpha in (1.0, 0.5, 0.1, 0.01, 0.001):
            got = page.js("return touch.optimistic(...arguments)", payoff.tolist(), alpha)
            loss, table = optimistic(payoff, alpha)
            assert got["loss"] == pytest.approx(loss, abs=2e-6), (name, alpha)
            assert np.abs(np.array(got["table"]) - table).max() < 1e-5, (name, alpha)
            assert abs(np.sum(got["pulls"])) < 1e-6
    assert page.complaints() == []


def test_alpha_is_pulled_until_climbing_is_solved(page):  # noqa: F811
    page.show(touch.weights(), width=PHONE)
    assert "points at (2,2), which pays 5.0: not the best" in page.said()
    knob = page.named("α (1 to 0.001)")
    for _ in range(30):
        knob.send_keys(Keys.ARROW_LEFT)
    assert "the best." in page.said() and "(0,0)" in page.said()
    knob.send_keys(Keys.END)
    page.named("Game").send_keys("QTRAN's game")
    assert "pays 8.0: the best." in page.said()                            # lesson 11: the class is not to blame


def test_lambda_makes_the_table_and_never_breaks_igm(page):  # noqa: F811
    page.show(touch.advantages())
    payoff = torch.tensor([[8.0, -12.0, -12.0], [-12.0, 6.0, 0.0], [-12.0, 0.0, 6.0]])
    rng = torch.Generator().manual_seed(0)
    lam = 20 * torch.rand(2, 3, 3, generator=rng)
    for i, a, b in itertools.product(range(2), range(3), range(3)):
        page.js("touch.set(arguments[0], [arguments[1], arguments[2]], arguments[3])", i, a, b, lam[i, a, b].item())
    a1, a2 = torch.tensor([0.0, -1.0, -1.0]).unsqueeze(1), torch.tensor([0.0, -1.0, -1.0])
    wanted = 8 + lam[0] * a1 + lam[1] * a2
    assert torch.allclose(torch.tensor(page.js("return touch.table()")), wanted, atol=1e-9)
    assert "whatever λ is" in page.said() and torch.equal(torch.tensor(touch.advantages().data["payoff"]).double(),
                                                          payoff)


def test_by_keyboard_an_entry_is_made_and_igm_is_broken(page):  # noqa: F811
    page.show(touch.advantages())
    knob = page.named("λ₂ at this cell")                                    # the cell (0, 1) is picked
    for _ in range(38):
        knob.send_keys(Keys.ARROW_RIGHT)
    assert page.find("button[aria-pressed=true]")[0].text == "−12.00 ✓" and "4 of 9 entries are right" in page.said()
    assert "whatever λ is" in page.said()
    page.named("let λ fall below zero").send_keys(Keys.SPACE)
    assert "whatever" not in page.said()
    knob.send_keys(Keys.HOME)
    assert "IGM is broken: 1 entry is above" in page.said() and page.find("[role=status].down")


def test_a_finger_picks_a_cell(page):  # noqa: F811
    page.show(touch.advantages(), width=PHONE)
    page.tap(page.find("td button")[0])
    assert "no λ changes anything here" in page.text()


@pytest.mark.parametrize("keep, listen, write, cue", [(3, 0, 2, 1), (5.5, -9, 3, -1), (-1, 2, 0.5, 1), (0, 0, 0, -1)])
def test_the_memory_is_pytorchs_gru(page, keep, listen, write, cue):  # noqa: F811
    page.show(touch.memory())
    steps = page.js("return touch.run(arguments[0])", dict(keep=keep, listen=listen, write=write, cue=cue, corridor=12))
    cell = nn.GRUCell(2, 1)              # inputs: is the cue shown, and the cue as ±1
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.weight_ih[1, 0], cell.bias_ih[1], cell.weight_ih[2, 1] = listen, keep, write
        h = torch.zeros(1, 1)
        for t, step in enumerate(steps):
            h = cell(torch.tensor([[1.0, float(cue)]]) if t == 0 else torch.zeros(1, 2), h)
            assert step["h"] == pytest.approx(h.item(), abs=1e-12)
    assert len(steps) == 14


def test_a_gate_that_listens_keeps_the_cue(page):  # noqa: F811
    page.show(touch.memory(), width=PHONE)
    assert "as good as lost" in page.said()
    page.named("gate's bias (keep)").send_keys(Keys.END)
    assert "as good as lost" in page.said()                                 # it keeps, and lets nothing in
    page.named("gate, cue shown").send_keys(Keys.HOME)
    assert "cue 0 can be read off" in page.said()
    page.named("corridor's steps").send_keys(Keys.END)
    page.named("Cue").send_keys("1")
    assert "cue 1 can be read off" in page.said()
    page.tap(page.named("One step back"))
    assert "Step 21:" in page.text()
