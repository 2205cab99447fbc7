"""The mixer to drag: what the browser computes is what the library's mixer computes, to 1e-9."""

import pytest
import torch
from selenium.webdriver.common.keys import Keys
from touching import PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.mixers import QMixer
from qmix_course.touch._surface import small_mixer


@pytest.fixture(autouse=True)
def exact_numbers():
    torch.set_default_dtype(torch.float64)


def values(mixer, state, q):
    """Q_tot and both slopes, by the library and autograd."""
    q = torch.tensor(q, requires_grad=True)
    total = mixer(q, torch.tensor([state]))
    return [total.item(), *torch.autograd.grad(total, q)[0].tolist()]


def shown(page):  # noqa: F811
    return page.js("return [...card.querySelectorAll('output[data-value]')].map(each => Number(each.dataset.value))")


def pull(page, label, value):  # noqa: F811
    page.js("const input = [...card.querySelectorAll('input')].find(i => i.ariaLabel === arguments[0]); "
            "input.value = arguments[1]; input.dispatchEvent(new Event('input'))", label, value)


@pytest.mark.parametrize("abs_on", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_it_computes_what_the_mixer_computes(page, seed, abs_on):  # noqa: F811
    torch.manual_seed(seed)
    mixer = QMixer(2, 1, embed_dim=1 + seed % 4, hypernet_dim=0) if seed else small_mixer()
    page.show(touch.surface(mixer))
    if not abs_on:
        mixer.non_negative = lambda weights: weights
        page.find("input[type=checkbox]")[0].click()
    for state, q in ((0.35, [1.0, 1.0]), (-0.8, [-2.35, 0.4]), (1.0, [2.9, -3.0])):
        pull(page, "state s", state)
        pull(page, "Q₁, agent 1", q[0])
        pull(page, "Q₂, agent 2", q[1])
        assert shown(page) == pytest.approx(values(mixer, state, q), abs=1e-9)
    with torch.no_grad():                          # a weight of agent 2, dragged in this state: the bias gives way
        mixer.hyper_w1.bias[mixer.embed_dim] += 1.45 - mixer.hyper_w1(torch.ones(1))[mixer.embed_dim]
    pull(page, "W₁ agent 2, unit 1", 1.45)
    for state in (1.0, -0.5):
        pull(page, "state s", state)
        assert shown(page) == pytest.approx(values(mixer, state, [2.9, -3.0]), abs=1e-9)
    assert page.complaints() == []


def test_without_the_absolute_value_a_slope_turns_negative_and_it_is_said(page):  # noqa: F811
    page.show(touch.surface())
    assert "Monotone: nowhere" in page.said() and "FALLS" not in page.text()
    page.named("absolute value on the weights").send_keys(Keys.SPACE)
    assert "Not monotone" in page.said()
    weight = page.named("w₂ unit 2")
    weight.send_keys(Keys.END)                                           # by keyboard alone
    page.named("W₁ agent 1, unit 2").send_keys(Keys.HOME)
    assert "FALLS" in page.text() and shown(page)[1] < 0
    assert page.find("output.down")


def test_a_finger_moves_the_point(page):  # noqa: F811
    page.show(touch.surface(), width=PHONE)
    before = shown(page)
    page.tap(page.find("svg[role=img]")[0])
    assert shown(page) != before
    assert abs(float(page.named("Q₁, agent 1").get_attribute("value"))) < 0.5


@pytest.mark.parametrize("mixer, word", [(QMixer(3, 1, 2, 0), "n_agents"), (QMixer(2, 3, 2, 0), "state_dim"),
                                         (QMixer(2, 1, 2, 8), "hypernet_dim"), (QMixer(2, 1, 5, 0), "embed_dim")])
def test_it_refuses_a_mixer_that_it_cannot_show(mixer, word):
    with pytest.raises(ValueError, match=f"mixer: expected one with {word}"):
        touch.surface(mixer)


def test_it_refuses_weights_that_no_page_can_read():
    mixer = small_mixer()
    torch.nn.init.constant_(mixer.hyper_b1.bias, float("nan"))
    with pytest.raises(ValueError, match="mixer: expected finite weights"):
        touch.surface(mixer)
